//! Where the services are: in this process, in AWS, or at another server.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::Service;

/// The services that can be in this process, as `arn:aws:states:::aws-sdk:NAME:action` calls them. Lambda has the functions of
/// the routing file, and Step Functions its state machines.
pub const EMBEDDED: [&str; 7] = ["s3", "dynamodb", "sns", "sqs", "eventbridge", "lambda", "sfn"];

/// Where each service is. The embedded ones are in this process unless it is said otherwise; where another service is has to
/// be said before it can be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services(BTreeMap<&'static str, Place>);

impl Services {
    /// Where the service `name` is, by its name in `arn:aws:states:::aws-sdk:NAME:action`.
    pub fn get(&self, name: &str) -> Option<&Place> {
        let embedded = EMBEDDED.contains(&name).then_some(&Place::Embedded);
        self.0.get(name).or(embedded)
    }

    /// Takes over what others say, too. Gives the name of a service that they say otherwise of.
    pub fn join(&mut self, others: Self) -> Result<(), &'static str> {
        for (name, place) in others.0 {
            match self.0.get(name) {
                Some(known) if *known != place => return Err(name),
                _ => _ = self.0.insert(name, place),
            }
        }
        Ok(())
    }

    /// The environment variables that lead the SDKs of AWS to the servers that stand here, such as
    /// `("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:5000")`.
    pub fn endpoint_variables(&self) -> Vec<(String, String)> {
        let at_server = |(name, place): (&&'static str, &Place)| {
            let Place::Endpoint { endpoint_url, .. } = place else { return None };
            let id = Service::find(name).ok()?.id.to_uppercase().replace(' ', "_");
            Some((format!("AWS_ENDPOINT_URL_{id}"), endpoint_url.clone()))
        };
        self.0.iter().filter_map(at_server).collect()
    }
}

/// The name of a service in a routing file: that of the integrations of the AWS SDK, or that of the optimized ones.
struct ServiceName(&'static str);

impl<'de> Deserialize<'de> for ServiceName {
    fn deserialize<D: Deserializer<'de>>(name: D) -> Result<Self, D::Error> {
        let name = String::deserialize(name)?;
        Service::of_arn(&name).map(|service| Self(service.name)).map_err(|error| D::Error::custom(error.with_hints()))
    }
}

impl<'de> Deserialize<'de> for Services {
    fn deserialize<D: Deserializer<'de>>(services: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Services;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of services")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Services, A::Error> {
                let mut places = BTreeMap::new();
                while let Some(ServiceName(name)) = entries.next_key()? {
                    let place: Place = entries.next_value()?;
                    if place == Place::Embedded && !EMBEDDED.contains(&name) {
                        let message = format!("{name} is not embedded; {} are", EMBEDDED.join(", "));
                        return Err(A::Error::custom(message));
                    }
                    if places.insert(name, place).is_some() {
                        return Err(A::Error::custom(format!("{name} stands there twice, under two names")));
                    }
                }
                Ok(Services(places))
            }
        }
        services.deserialize_map(Entries)
    }
}

/// Where a service is: `"embedded"`, `"aws"` or `{ endpoint_url = "http://127.0.0.1:5000" }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PlaceText")]
pub enum Place {
    /// In this process, with its data in the data folder.
    #[default]
    Embedded,
    /// In AWS, with credentials and region as the AWS tools find them.
    Aws,
    /// At another server that speaks the protocol of the service, with the credentials that would be used for AWS.
    Endpoint {
        /// An http or https URL.
        endpoint_url: String,
        /// The region that requests are signed for.
        region: String,
    },
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected \"embedded\", \"aws\" or { endpoint_url = \"http://…\", region = \"us-east-1\" }"
)]
enum PlaceText {
    Name(String),
    Endpoint(EndpointText),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointText {
    endpoint_url: String,
    #[serde(default = "us_east_1")]
    region: String,
}

fn us_east_1() -> String {
    "us-east-1".to_owned()
}

/// What a routing file says of a service is no place.
#[derive(Debug, thiserror::Error)]
enum PlaceError {
    #[error("unknown place {0:?}; allowed: \"embedded\", \"aws\", {{ endpoint_url = \"http://…\" }}")]
    Unknown(String),
    #[error("endpoint_url must be an http or https URL, not {0:?}")]
    EndpointUrl(String),
}

impl TryFrom<PlaceText> for Place {
    type Error = PlaceError;

    fn try_from(text: PlaceText) -> Result<Self, PlaceError> {
        match text {
            PlaceText::Name(name) => match name.as_str() {
                "embedded" => Ok(Self::Embedded),
                "aws" => Ok(Self::Aws),
                _ => Err(PlaceError::Unknown(name)),
            },
            PlaceText::Endpoint(EndpointText { endpoint_url, region }) => match url::Url::parse(&endpoint_url) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self::Endpoint { endpoint_url, region }),
                _ => Err(PlaceError::EndpointUrl(endpoint_url)),
            },
        }
    }
}
