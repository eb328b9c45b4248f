//! How the services of AWS are called: their protocols, operations and shapes.
//!
//! `api-models/generate.py` makes the data from the models that AWS publishes, and says how it is written. The shapes of a
//! service are read when it is first called.

mod notation;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use asl_engine::nearest;

use crate::error::UnknownName;

const SERVICES: &str = include_str!("../../api-models/services.txt");
const SHAPES: &[u8] = include_bytes!("../../api-models/shapes.z");

/// The most bytes that the shapes of one service take: ten times what the largest takes.
const SHAPES_MAX: usize = 4 << 20;

/// A service of AWS.
#[derive(Debug)]
pub struct Service {
    /// As it stands in `arn:aws:states:::aws-sdk:NAME:action`, such as `cloudwatchlogs`.
    pub name: &'static str,
    /// What the names of its errors start with, such as `CloudWatchLogs`.
    pub prefix: &'static str,
    /// What AWS calls it in settings, such as `Secrets Manager`: `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    pub(crate) id: Box<str>,
    pub(crate) protocol: Protocol,
    /// What the names of its hosts start with.
    pub(crate) host: &'static str,
    /// What requests are signed for.
    pub(crate) signing_name: &'static str,
    /// Where its shapes are.
    part: (usize, usize),
    shapes: OnceLock<Shapes>,
}

/// How requests and answers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Protocol {
    /// JSON, the operation in `X-Amz-Target`.
    Json { version: &'static str, target: &'static str },
    /// CBOR, the service and the operation in the address.
    Cbor { target: &'static str },
    /// JSON, parts of it in the address and in headers.
    RestJson,
    /// A form, answered in XML.
    Query { version: &'static str },
    /// The same with other names and no wrappers.
    Ec2 { version: &'static str },
    /// XML, parts of it in the address and in headers.
    RestXml { namespace: &'static str },
}

/// The operations of a service, and the structures of their inputs and outputs.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    operations: BTreeMap<&'static str, Operation>,
    structures: Vec<Vec<Member>>,
    errors: Vec<Error>,
}

/// An operation of a service.
#[derive(Debug)]
pub struct Operation {
    /// As the model has it, such as `PutItem`.
    pub name: &'static str,
    pub(crate) input: Option<usize>,
    pub(crate) output: Option<usize>,
    pub(crate) method: &'static str,
    pub(crate) uri: &'static str,
    /// What comes before the host, with `{Member}` for members of the input.
    pub(crate) host_prefix: &'static str,
    pub(crate) signed: bool,
}

/// How Step Functions shows names and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Names of members as the SDK for Java 2 has them, times as ISO 8601 text: the integrations of the AWS SDK.
    Sdk,
    /// Names of members as the model has them, times as milliseconds since 1970: the optimized integrations.
    Optimized,
}

/// A member of a structure.
#[derive(Debug)]
pub(crate) struct Member {
    /// As optimized integrations have it: with a capital first letter.
    pub(crate) name: Box<str>,
    /// As the integrations of the AWS SDK have it, where that is not the same.
    sdk_name: Option<Box<str>>,
    pub(crate) wire: &'static str,
    /// Its name in requests of the protocol of EC2.
    pub(crate) query: &'static str,
    pub(crate) location: Location,
    /// Whether an absent value is made up.
    pub(crate) made_up: bool,
    pub(crate) shape: Shape,
}

impl Member {
    /// What parameters and results call it.
    pub(crate) fn shown(&self, style: Style) -> &str {
        match (style, &self.sdk_name) {
            (Style::Sdk, Some(name)) => name,
            _ => &self.name,
        }
    }
}

/// Where a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// In the body, beside others.
    Inside,
    /// It is the body.
    Body,
    Header,
    /// In headers whose names start with its name.
    HeaderPrefix,
    Query,
    Uri,
    Status,
    Attribute,
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    Blob,
    Boolean,
    Number,
    Document,
    /// None: as the protocol has it there.
    Time(Option<TimeFormat>),
    Structure(usize),
    List {
        /// The name of the items in XML.
        item: &'static str,
        flat: bool,
        of: Box<Shape>,
    },
    Map {
        /// The names of keys and values in XML.
        names: (&'static str, &'static str),
        flat: bool,
        of: Box<Shape>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// `2026-01-02T03:04:05.678Z`
    Iso,
    /// Seconds since 1970.
    Unix,
    /// `Fri, 02 Jan 2026 03:04:05 GMT`
    Http,
}

/// An error that a service says it may answer.
#[derive(Debug)]
pub(crate) struct Error {
    code: &'static str,
    shape: &'static str,
    /// Its class in the SDK for Java 2.
    class: &'static str,
}

impl Service {
    /// The service `name`; the error says what is near.
    pub fn find(name: &str) -> Result<&'static Self, UnknownName> {
        let all = all();
        if let Ok(at) = all.binary_search_by(|service| service.name.cmp(name)) {
            return Ok(&all[at]);
        }
        let near = nearest(name, all.iter().map(|service| service.name)).map(str::to_owned);
        Err(UnknownName::Service { name: name.to_owned(), near })
    }

    /// The service of `arn:aws:states:::NAME:action`: the names of the optimized integrations are known too.
    pub fn of_arn(name: &str) -> Result<&'static Self, UnknownName> {
        Self::find(match name {
            "elasticmapreduce" => "emr",
            "emr-containers" => "emrcontainers",
            "emr-serverless" => "emrserverless",
            "events" => "eventbridge",
            "states" => "sfn",
            name => name,
        })
    }

    /// The operation that a resource calls `action`, such as `putItem`; the error says what is near.
    pub fn operation(&'static self, action: &str) -> Result<&'static Operation, UnknownName> {
        let operations = &self.shapes().operations;
        let lower =
            |name: &str| name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect();
        let name = capital(action);
        match operations.get(&*name) {
            // An action starts with a small letter.
            Some(operation) if *name != *action => Ok(operation),
            _ => {
                let actions: Vec<String> = operations.keys().map(|name| lower(name)).collect();
                let near = nearest(action, actions.iter().map(String::as_str)).map(str::to_owned);
                Err(UnknownName::Action { service: self.name, name: action.to_owned(), near })
            }
        }
    }

    /// The operation of a name that stands in this program, such as `PutItem`.
    pub fn known_operation(&'static self, name: &str) -> Option<&'static Operation> {
        self.shapes().operations.get(name)
    }

    /// The members of a structure.
    pub(crate) fn members(&'static self, structure: usize) -> &'static [Member] {
        self.shapes().structures.get(structure).map_or(&[], Vec::as_slice)
    }

    /// The shape of the error with this code, or with this name, and its class in the SDK for Java 2.
    pub fn error(&'static self, code: &str) -> Option<(&'static str, &'static str)> {
        let errors = &self.shapes().errors;
        let found = errors.iter().find(|error| error.code == code).or(errors.iter().find(|error| error.shape == code));
        found.map(|error| (error.shape, error.class))
    }

    fn shapes(&'static self) -> &'static Shapes {
        self.shapes.get_or_init(|| {
            let (start, size) = self.part;
            let part = SHAPES.get(start..start + size).unwrap_or_default();
            let text = miniz_oxide::inflate::decompress_to_vec_with_limit(part, SHAPES_MAX).unwrap_or_default();
            // Each is read once for the whole run of the program.
            let text: &'static str = Box::leak(String::from_utf8(text).unwrap_or_default().into_boxed_str());
            notation::shapes(self.name, text)
        })
    }
}

/// `name` with a capital first letter.
pub(crate) fn capital(name: &str) -> Box<str> {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect::<String>().into()
}

/// All services, by name.
pub(crate) fn all() -> &'static [Service] {
    static ALL: OnceLock<Vec<Service>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: Vec<Service> = SERVICES.lines().filter_map(notation::service).collect();
        all.sort_by_key(|service| service.name);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_services_can_be_read() {
        assert!(all().len() > 400, "{}", all().len());
        assert!(all().is_sorted_by_key(|service| service.name));
        for service in all() {
            let shapes = service.shapes();
            assert!(!shapes.operations.is_empty(), "{}", service.name);
            let exists = |structure: usize| assert!(structure < shapes.structures.len(), "{}", service.name);
            for operation in shapes.operations.values() {
                operation.input.into_iter().chain(operation.output).for_each(exists);
                assert!(operation.uri.starts_with('/'), "{} {}", service.name, operation.name);
            }
            for member in shapes.structures.iter().flatten() {
                let mut shape = &member.shape;
                while let Shape::List { of, .. } | Shape::Map { of, .. } = shape {
                    shape = of;
                }
                if let Shape::Structure(structure) = shape {
                    exists(*structure);
                }
                assert!(!member.name.is_empty() && !member.wire.is_empty(), "{} {member:?}", service.name);
                assert!(!member.name.contains(['=', '@', ':', '^', '+']), "{} {member:?}", service.name);
            }
        }
    }

    #[test]
    fn names_are_those_of_aws() {
        // The names of errors and services of the developer guide, "Supported AWS SDK service integrations".
        for (name, prefix) in [
            ("acmpca", "AcmPca"),
            ("cloudwatchlogs", "CloudWatchLogs"),
            ("dynamodb", "DynamoDb"),
            ("elasticloadbalancingv2", "ElasticLoadBalancingV2"),
            ("eventbridge", "EventBridge"),
            ("fsx", "FSx"),
            ("iot", "Iot"),
            ("secretsmanager", "SecretsManager"),
            ("sfn", "Sfn"),
        ] {
            assert_eq!(Service::find(name).unwrap().prefix, prefix);
        }
        let error = |service: &str, code: &str| Service::find(service).unwrap().error(code);
        assert_eq!(error("sfn", "InvalidToken"), Some(("InvalidToken", "InvalidTokenException")));
        assert_eq!(error("kms", "KMSInternalException"), Some(("KMSInternalException", "KmsInternalException")));
        assert_eq!(error("sns", "NotFound").map(|names| names.1), Some("NotFoundException"));
        // Renamed in the SDK for Java 2, `customization.config` of the service.
        assert_eq!(
            error("elasticloadbalancing", "LoadBalancerNotFound").map(|names| names.1),
            Some("LoadBalancerNotFoundException")
        );
        assert_eq!(error("s3", "SlowDown"), None);
    }

    #[test]
    fn what_is_unknown_is_told_with_what_is_near() {
        assert_eq!(
            Service::find("dynamoDB").unwrap_err().with_hints(),
            "there is no service \"dynamoDB\", did you mean \"dynamodb\"?"
        );
        assert_eq!(
            Service::find("nothing-like-it").unwrap_err().with_hints(),
            "there is no service \"nothing-like-it\""
        );
        let dynamodb = Service::find("dynamodb").unwrap();
        assert_eq!(dynamodb.operation("putItem").unwrap().name, "PutItem");
        for (action, message) in [
            ("PutItem", "the service dynamodb has no action \"PutItem\", did you mean \"putItem\"?"),
            ("putItems", "the service dynamodb has no action \"putItems\", did you mean \"putItem\"?"),
            ("", "the service dynamodb has no action \"\""),
        ] {
            assert_eq!(dynamodb.operation(action).unwrap_err().with_hints(), message);
        }
    }
}
