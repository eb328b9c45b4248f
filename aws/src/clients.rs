//! The clients of the services of AWS: one code path, whether the other end is AWS, another server or this process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use asl_runtime::{Background, BoxFuture};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use crate::config;
use crate::in_process::{self, InProcess};
use crate::model::Service;
use crate::places::{Place, Services};
use crate::remote::Remote;
use crate::target::path_style;

/// The services that are in this process, by their names in `arn:aws:states:::aws-sdk:NAME:action`.
pub type Embedded = BTreeMap<&'static str, Arc<dyn InProcess>>;

/// The clients of the services. Making them is cheap: nothing is opened or connected to before the first call that needs it.
///
/// [`Clients::call`] calls any operation of any service as Step Functions does. What handlers and ItemReaders do with objects goes
/// through the client of the AWS SDK.
pub struct Clients {
    places: Services,
    embedded: Embedded,
    s3: OnceCell<aws_sdk_s3::Client>,
    aws: OnceCell<SdkConfig>,
    /// Only where services are.
    endpoints: OnceCell<SdkConfig>,
    remote: Remote,
    stopping: Background,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Clients {
    /// Clients for services at `places`, with `embedded` for those that are embedded.
    pub fn new(places: Services, embedded: Embedded) -> Self {
        Self {
            places,
            embedded,
            s3: OnceCell::new(),
            aws: OnceCell::new(),
            endpoints: OnceCell::new(),
            remote: Remote::default(),
            stopping: Background::default(),
        }
    }

    /// The client of S3.
    pub async fn s3(&self) -> &aws_sdk_s3::Client {
        let client = async || {
            let place = self.places.get("s3").unwrap_or(&Place::Embedded);
            let (Ok(service), false) = (Service::find("s3"), *place == Place::Embedded) else {
                let config = in_process::config(self.embedded.get("s3").cloned());
                let config = aws_sdk_s3::config::Builder::from(&config).allow_no_auth().force_path_style(true);
                let config = config.endpoint_resolver(in_process::PathStyle).interceptor(in_process::Unadorned);
                return aws_sdk_s3::Client::from_conf(config.build());
            };
            let config = self.config(service, place).await;
            let path_style = path_style(&config);
            let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(path_style);
            aws_sdk_s3::Client::from_conf(config.build())
        };
        self.s3.get_or_init(client).await
    }

    /// Where each service is.
    pub fn places(&self) -> &Services {
        &self.places
    }

    /// The services in this process.
    pub fn embedded(&self) -> &Embedded {
        &self.embedded
    }

    /// What tells services that nobody waits for them any more.
    pub fn stopping(&self) -> &Background {
        &self.stopping
    }

    /// What of the real AWS the calls of `service` reach: nothing where the environment or the profile names an endpoint.
    pub fn reaches_aws<'a>(&'a self, service: &'a Service) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            if self.places.get(service.name) != Some(&Place::Aws) {
                return Vec::new();
            }
            let named = config::endpoint_url(self.endpoints.get_or_init(config::load_endpoints).await, service);
            if named.is_some() { Vec::new() } else { vec![service.prefix.to_owned()] }
        })
    }

    /// What of the real AWS the calls of [`Clients::s3`] reach.
    pub fn s3_reaches_aws(&self) -> BoxFuture<'_, Vec<String>> {
        match Service::find("s3") {
            Ok(service) => self.reaches_aws(service),
            Err(_) => Box::pin(async { Vec::new() }),
        }
    }

    /// The configuration of calls to AWS itself, as the AWS tools find it.
    pub(crate) async fn aws(&self) -> &SdkConfig {
        self.aws.get_or_init(|| config::load(SharedHttpClient::new(self.remote.http().clone()))).await
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }
}
