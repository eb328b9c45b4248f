//! The routing file: which handler serves which resource, and where the services of AWS are.

mod error;
mod file;
mod trigger;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "embedded")]
use asl_aws::Place;
use asl_aws::Services;
use asl_aws::names::{is_bucket, is_queue, is_topic};
#[cfg(feature = "embedded")]
use asl_embedded::{QueueSettings, Subscribers, Table};
use asl_engine::nearest;
use asl_runtime::{Handler, Pattern};
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::DeValue;

use self::error::InvalidAt;
pub use self::error::{InvalidRoutes, RoutesError};
pub use self::trigger::{Api, Calls, Cors, LogLevel, MachineFile, MachineLogging, RequestPart, Starts, Trigger};
use crate::dependencies::Dependencies;
use crate::handlers::KINDS;
use crate::integrations::http::Connection;
use crate::left_out;
use crate::mocks::Mock;
use crate::mocks::table::MockedWaits;

/// Which handler serves which resource, and where the services are.
///
/// ```
/// use std::path::Path;
///
/// use asl_tasks::Routes;
///
/// let text = r#"
/// buckets = ["images"]                              # the embedded S3 creates the bucket when it is missing
///
/// [services]
/// s3 = "aws"                                             # credentials and region as the AWS tools find them
/// dynamodb = { endpoint_url = "http://127.0.0.1:5000" }  # an emulator; region = "us-east-1" unless told otherwise
/// sns = "embedded"                                       # also without this line
/// secretsmanager = "aws"                                 # any other service, by its name in arn:aws:states:::aws-sdk:…
///
/// [tables.urlToName]                                # the embedded DynamoDB creates the table when it is missing
/// key = "url"
///
/// [substitutions]                                   # what is filled in for `${Name}` in definitions
/// BatchFunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:batchLambda"
///
/// [check]
/// allow = ["PLACEHOLDER"]                           # warnings that `asl check` leaves out
///
/// [[routes]]                                        # the first route whose resource fits is taken
/// resource = "arn:aws:lambda:*:*:function:*batchLambda*"
/// handler = "batch"
/// size = 5
///
/// [connections."arn:aws:events:*:*:connection/my-api/*"]     # the credentials of HTTP Tasks: basic, api_key or oauth
/// basic = { username = "me", password = { env = "MY_API_PASSWORD" } }
///
/// [mail]                                            # how the embedded SNS sends e-mails
/// server = "smtp://127.0.0.1:1025"                  # or starttls://, smtps://, with username and password
/// from = "asl@example.com"
///
/// [[subscriptions]]                                 # who gets what is published there: email, http, sqs or file
/// topic = "arn:aws:sns:*:*:failedDownloads"
/// email = "ops@example.com"
/// "#;
/// let routes = Routes::parse(text, Path::new("routes.toml")).unwrap();
/// assert_eq!(routes.routes.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// Where the services are.
    pub services: Services,
    /// The tables that the embedded DynamoDB creates when they are missing, by name.
    #[cfg(feature = "embedded")]
    pub tables: BTreeMap<String, Table>,
    /// The buckets that the embedded S3 creates when they are missing.
    pub buckets: BTreeSet<String>,
    /// The buckets whose changes are events of the embedded EventBridge.
    pub event_buckets: BTreeSet<String>,
    /// The queues of the embedded SQS; none where every queue is there as soon as it is named.
    pub queues: Option<BTreeSet<String>>,
    /// How some of these queues are.
    #[cfg(feature = "embedded")]
    pub queue_settings: BTreeMap<String, QueueSettings>,
    /// The topics of the embedded SNS beside those of subscriptions; none where every topic is there.
    pub topics: Option<BTreeSet<String>>,
    /// The EventBridge connections that HTTP Tasks name, by the pattern of their ARNs.
    pub(crate) connections: BTreeMap<String, Connection>,
    /// Who gets what the embedded SNS publishes, by routing file.
    #[cfg(feature = "embedded")]
    pub(crate) subscribers: Vec<Subscribers>,
    /// Where the embedded services are reached from other processes.
    pub endpoint: Endpoint,
    /// The routes; the first that matches is taken.
    pub routes: Vec<Route>,
    /// The state machines that tasks can start in this process, by name: the files of their definitions.
    pub state_machines: BTreeMap<String, MachineFile>,
    /// What starts executions at a server.
    pub triggers: Vec<Trigger>,
    /// The APIs that requests of triggers come to, by the names that triggers say.
    pub apis: BTreeMap<String, Api>,
    /// What is filled in for the placeholders of definitions, by name.
    pub substitutions: BTreeMap<String, String>,
    /// How definitions are checked.
    pub check: CheckSettings,
    /// What the tasks of some states answer instead of being called.
    pub(crate) mocks: BTreeMap<String, Vec<Mock>>,
    /// How long some Wait states take.
    pub(crate) mocked_waits: MockedWaits,
    /// The file that the routes were read from: named where a route is missing, and relative paths start at its folder.
    pub file: Option<PathBuf>,
    /// The file that is named where a route is missing, where `file` is made anew from something else.
    pub written_by_hand: Option<PathBuf>,
}

/// How the definitions beside the routing file are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckSettings {
    /// The codes of the warnings that are not told.
    pub allow: Vec<String>,
}

/// Where the embedded services are reached from other processes on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoint {
    /// A loopback address and port, such as `127.0.0.1:4566`; a free port where there is none.
    #[serde(deserialize_with = "loopback")]
    pub listen: Option<SocketAddr>,
}

fn loopback<'de, D: Deserializer<'de>>(text: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(text)?;
    match text.parse::<SocketAddr>() {
        // Nothing is asked of who sends requests there.
        Ok(address) if address.ip().is_loopback() => Ok(Some(address)),
        _ => {
            Err(D::Error::custom(format!("listen must be a loopback address such as \"127.0.0.1:4566\", not {text:?}")))
        }
    }
}

/// The name of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct BucketName(pub(crate) String);

/// S3's rules for bucket names, but for what it reserves.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is no bucket name: those have 3 to 63 lower-case letters, digits, dots and hyphens, between a letter or a digit at \
     both ends, no two dots in a row, and are no IP address"
)]
pub(crate) struct NoBucketName(String);

impl TryFrom<String> for BucketName {
    type Error = NoBucketName;

    fn try_from(name: String) -> Result<Self, NoBucketName> {
        if is_bucket(&name) { Ok(Self(name)) } else { Err(NoBucketName(name)) }
    }
}

/// A name that SQS takes for a queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct QueueName(pub(crate) String);

/// The queues of a routing file: a list of names, or a table for each.
#[derive(Clone, Debug)]
pub(crate) struct Queues<S>(pub(crate) BTreeMap<QueueName, Option<S>>);

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Queues<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read<S>(std::marker::PhantomData<S>);

        impl<'de, S: Deserialize<'de>> Visitor<'de> for Read<S> {
            type Value = Queues<S>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names, or a table for each queue")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Self::Value, A::Error> {
                let mut queues = BTreeMap::new();
                while let Some(name) = names.next_element()? {
                    queues.insert(name, None);
                }
                Ok(Queues(queues))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut tables: A) -> Result<Self::Value, A::Error> {
                let mut queues = BTreeMap::new();
                while let Some((name, settings)) = tables.next_entry()? {
                    queues.insert(name, Some(settings));
                }
                Ok(Queues(queues))
            }
        }

        from.deserialize_any(Read(std::marker::PhantomData))
    }
}

/// A name that SNS takes for a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct TopicName(pub(crate) String);

/// A name that SQS or SNS does not take.
#[derive(Debug, thiserror::Error)]
#[error(
    "{name:?} is no name of a {kind}: those have at most {most} letters, digits, hyphens and underscores, and may end with .fifo"
)]
pub(crate) struct NoPlainName {
    name: String,
    kind: &'static str,
    most: usize,
}

impl TryFrom<String> for QueueName {
    type Error = NoPlainName;

    fn try_from(name: String) -> Result<Self, NoPlainName> {
        if is_queue(&name) { Ok(Self(name)) } else { Err(NoPlainName { name, kind: "queue", most: 80 }) }
    }
}

impl TryFrom<String> for TopicName {
    type Error = NoPlainName;

    fn try_from(name: String) -> Result<Self, NoPlainName> {
        if is_topic(&name) { Ok(Self(name)) } else { Err(NoPlainName { name, kind: "topic", most: 256 }) }
    }
}

/// One route: which resources go to which handler.
#[derive(Clone, Debug)]
pub struct Route {
    /// The resources that this route serves.
    pub resource: Pattern,
    /// What serves them: the `handler` of the routing file with its settings.
    pub(crate) settings: Arc<dyn Settings>,
}

/// The settings of a kind of handler that routes can name.
pub(crate) trait Settings: fmt::Debug + Send + Sync {
    /// The handler that these settings describe.
    fn handler(&self, dependencies: &Dependencies) -> Arc<dyn Handler>;

    /// The buckets that the embedded S3 has for it from the start.
    fn buckets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Reads the settings of a route.
type Read = fn(Spanned<DeValue<'_>>) -> Result<Arc<dyn Settings>, InvalidAt>;

/// A kind of handler that routes can name.
pub(crate) struct HandlerKind {
    /// The `handler` of a route.
    pub(crate) name: &'static str,
    read: Read,
}

impl HandlerKind {
    /// A kind whose settings are the other members of the route.
    pub(crate) const fn of<S: Settings + DeserializeOwned + 'static>(name: &'static str) -> Self {
        Self { name, read: |settings| Ok(Arc::new(file::read::<S>(settings)?)) }
    }

    fn find(name: &str) -> Result<&'static Self, InvalidRoutes> {
        KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            if let Some((_, feature)) = left_out::HANDLERS.iter().find(|(left_out, _)| *left_out == name) {
                return InvalidRoutes::LeftOut(left_out::told(&format!("the handler {name:?}"), feature));
            }
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            let near = nearest(name, names.iter().copied()).map(str::to_owned);
            InvalidRoutes::UnknownHandler { name: name.to_owned(), allowed: names.join(", "), near }
        })
    }
}

impl Routes {
    /// Reads a routing file.
    pub fn read(file: &Path) -> Result<Self, RoutesError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| RoutesError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(&text, file)
    }

    /// Whether the task of a state is mocked.
    pub fn mocks(&self, state: &str) -> bool {
        self.mocks.contains_key(state)
    }

    /// The file to which somebody adds what is missing.
    pub fn advised_file(&self) -> Option<PathBuf> {
        self.written_by_hand.clone().or_else(|| self.file.clone())
    }

    /// The tables of the embedded DynamoDB below a data folder that are not what is said of them here: requests for them fail.
    #[cfg(feature = "embedded")]
    pub fn changed_tables(&self, data_dir: &Path) -> Vec<asl_embedded::ChangedTable> {
        match self.services.get("dynamodb") {
            Some(Place::Embedded) => asl_embedded::changed_tables(data_dir, &self.tables),
            _ => Vec::new(),
        }
    }

    /// The folder where relative paths of the file start.
    pub fn folder(&self) -> &Path {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// Reads the text of a routing file. `file` is what errors call it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, RoutesError> {
        let mut routes = file::parse(text).map_err(|invalid| invalid.locate(text, file))?;
        routes.file = Some(file.to_owned());
        #[cfg(feature = "embedded")]
        for subscribers in &mut routes.subscribers {
            subscribers.folder = file.parent().unwrap_or(Path::new("")).to_owned();
        }
        Ok(routes)
    }

    /// Takes over what the services of `other` have: one program has them for both ([`Router::beside`](crate::Router::beside)). Where
    /// one of both has no list of queues or topics, every one is there.
    pub fn share_services(&mut self, other: &mut Self) -> Result<(), RoutesError> {
        let file = other.file.clone().unwrap_or_default();
        let differs = |what: String| Err(RoutesError::Differs { what, file: file.clone() });
        if let Err(name) = self.services.join(std::mem::take(&mut other.services)) {
            return differs(format!("services.{name}"));
        }
        #[cfg(feature = "embedded")]
        for (name, table) in std::mem::take(&mut other.tables) {
            match self.tables.get(&name) {
                Some(known) if *known != table => return differs(format!("tables.{name}")),
                _ => _ = self.tables.insert(name, table),
            }
        }
        #[cfg(feature = "embedded")]
        for (name, settings) in std::mem::take(&mut other.queue_settings) {
            match self.queue_settings.get(&name) {
                Some(known) if *known != settings => return differs(format!("queues.{name}")),
                _ => _ = self.queue_settings.insert(name, settings),
            }
        }
        let both = |first: &mut Option<BTreeSet<String>>, second: Option<BTreeSet<String>>| {
            *first = first.take().zip(second).map(|(first, second)| &first | &second);
        };
        both(&mut self.queues, other.queues.take());
        both(&mut self.topics, other.topics.take());
        self.buckets.append(&mut other.buckets);
        self.event_buckets.append(&mut other.event_buckets);
        #[cfg(feature = "embedded")]
        self.buckets.extend(other.routes.iter().flat_map(|route| route.settings.buckets()));
        #[cfg(feature = "embedded")]
        self.subscribers.append(&mut other.subscribers);
        self.triggers.append(&mut other.triggers);
        for (name, api) in std::mem::take(&mut other.apis) {
            match self.apis.get(&name) {
                Some(known) if *known != api => return differs(format!("apis.{name}")),
                _ => _ = self.apis.insert(name, api),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use asl_embedded::{KeyAttribute, KeyType};

    use super::*;

    fn error(text: &str) -> String {
        Routes::parse(text, Path::new("routes.toml")).unwrap_err().with_hints()
    }

    #[test]
    fn an_empty_file_means_embedded_services_and_no_routes() {
        let routes = Routes::parse("", Path::new("r.toml")).unwrap();
        assert!(routes.routes.is_empty() && routes.tables.is_empty());
        assert_eq!(routes.file.as_deref(), Some(Path::new("r.toml")));
        assert_eq!(routes.services.get("s3"), Some(&Place::Embedded));
    }

    #[test]
    fn services_and_tables_are_read() {
        let text = r#"
            services = { s3 = "aws", sns = { endpoint_url = "http://127.0.0.1:5000", region = "eu-west-1" } }
            buckets = ["images", "more.images"]
            endpoint = { listen = "127.0.0.1:4566" }
            [tables."Stack-urlToName"]
            key = "url"
            [tables.prices]
            key = "product"
            sort_key = { name = "since", type = "N" }
        "#;
        let routes = Routes::parse(text, Path::new("r.toml")).unwrap();
        let endpoint_url = "http://127.0.0.1:5000".to_owned();
        let sns = Place::Endpoint { endpoint_url, region: "eu-west-1".to_owned() };
        let places = ["s3", "dynamodb", "sns", "kms"].map(|name| routes.services.get(name));
        assert_eq!(places, [Some(&Place::Aws), Some(&Place::Embedded), Some(&sns), None]);
        assert_eq!(routes.endpoint.listen, Some(([127, 0, 0, 1], 4566).into()));
        let attribute = |name: &str, kind| KeyAttribute { name: name.to_owned(), kind };
        let url = Table { key: attribute("url", KeyType::S), ..Table::default() };
        assert_eq!(routes.tables["Stack-urlToName"], url);
        let sort_key = Some(attribute("since", KeyType::N));
        let sorted = Table { key: attribute("product", KeyType::S), sort_key, ..Table::default() };
        assert_eq!(routes.tables["prices"], sorted);
        assert!(routes.buckets.iter().eq(["images", "more.images"]));
    }

    #[test]
    fn queues_are_names_or_tables() {
        let read = |text: &str| Routes::parse(text, Path::new("r.toml"));
        let names = read("queues = ['a', 'b']").unwrap();
        assert_eq!((names.queues.map(|it| it.len()), names.queue_settings.len()), (Some(2), 0));
        let tables = read("[queues.a]\n[queues.'b.fifo']\ndelay_seconds = 3").unwrap();
        assert_eq!((tables.queues.map(|it| it.len()), tables.queue_settings.len()), (Some(2), 2));
        for (text, expected) in [
            ("[queues.a]\ndelay = 3", "routes.toml:2:1: unknown field `delay`, expected one of"),
            (
                "queues = 3",
                "routes.toml:1:10: invalid type: integer `3`, expected a list of names, or a table for each queue",
            ),
        ] {
            let told = error(text).replace('"', "`");
            assert!(told.starts_with(expected), "{told}");
        }
    }

    #[test]
    fn substitutions_are_texts_however_they_are_written() {
        let text = "[substitutions]\nTopic = 'orders'\nMax = 5\nRate = 0.5\nFast = true\n'AWS::Region' = 'eu-west-1'";
        let substitutions = Routes::parse(text, Path::new("r.toml")).unwrap().substitutions;
        let expected =
            [("AWS::Region", "eu-west-1"), ("Fast", "true"), ("Max", "5"), ("Rate", "0.5"), ("Topic", "orders")];
        assert!(substitutions.iter().map(|(name, value)| (&**name, &**value)).eq(expected), "{substitutions:?}");
    }

    #[test]
    fn routes_keep_their_order_and_settings() {
        let text =
            "[[routes]]\nresource = 'b'\nhandler = 'batch'\nsize = 7\n[[routes]]\nresource = 'a'\nhandler = 'batch'";
        let routes = Routes::parse(text, Path::new("r.toml")).unwrap().routes;
        let read: Vec<String> = routes.iter().map(|route| format!("{} {:?}", route.resource, route.settings)).collect();
        assert_eq!(read, ["b Batch { size: 7 }", "a Batch { size: 5 }"]);
    }

    #[test]
    fn errors_name_file_line_and_what_is_allowed() {
        for (text, expected) in [
            (
                "\n[[subscriptions]]\ntopic = '*'\nemail = 'a@b.c'",
                "routes.toml:2:1: e-mails need a [mail] with the server that sends them",
            ),
            (
                "services = { sns = 'aws' }\n[[subscriptions]]\ntopic = '*'\nfile = 'f'",
                "routes.toml:2:1: subscriptions belong to the embedded SNS, but services.sns is another one",
            ),
            (
                "services = { sqs = 'aws' }\n[[subscriptions]]\ntopic = '*'\nsqs = 'q'",
                "routes.toml:2:1: a subscription's queue is in the embedded SQS, but services.sqs is another one",
            ),
            (
                "a = 1",
                r#"routes.toml:1:1: unknown field "a", expected one of "services", "tables", "buckets", "event_buckets", "queues", "topics", "connections", "subscriptions", "mail", "endpoint", "state_machines", "triggers", "apis", "substitutions", "check", "routes", "mocks""#,
            ),
            ("\n[services]\ns4 = 'aws'", r#"routes.toml:3:1: there is no service "s4", did you mean "s3"?"#),
            (
                "[services]\nevents = 'aws'\neventbridge = 'aws'",
                "routes.toml:1:1: eventbridge stands there twice, under two names",
            ),
            (
                "[services]\nkms = 'embedded'",
                "routes.toml:1:1: kms is not embedded; s3, dynamodb, sns, sqs, eventbridge, lambda, sfn are",
            ),
            (
                "[services]\ns3 = 'azure'",
                r#"routes.toml:2:6: unknown place "azure"; allowed: "embedded", "aws", { endpoint_url = "http://…" }"#,
            ),
            (
                "[services]\ns3 = { endpoint = 'http://a' }",
                r#"routes.toml:2:6: expected "embedded", "aws" or { endpoint_url = "http://…", region = "us-east-1" }"#,
            ),
            (
                "[services]\ns3 = { endpoint_url = 'localhost:5000' }",
                r#"routes.toml:2:6: endpoint_url must be an http or https URL, not "localhost:5000""#,
            ),
            (
                "buckets = ['Images']",
                r#"routes.toml:1:11: "Images" is no bucket name: those have 3 to 63 lower-case letters, digits, dots and hyphens, between a letter or a digit at both ends, no two dots in a row, and are no IP address"#,
            ),
            (
                "[tables.a]\nkey = 'url'",
                r#"routes.toml:1:9: "a" is no table name: those have 3 to 255 letters, digits, underscores, hyphens and dots"#,
            ),
            (
                "[tables.abc]\nhash = 'url'",
                r#"routes.toml:2:1: unknown field "hash", expected one of "key", "sort_key", "indexes", "ttl""#,
            ),
            (
                "[endpoint]\nlisten = '0.0.0.0:4566'",
                r#"routes.toml:2:10: listen must be a loopback address such as "127.0.0.1:4566", not "0.0.0.0:4566""#,
            ),
            ("[substitutions]\nA = 1\nB = [1]", "routes.toml:3:5: a substitution is a text, a number or a Boolean"),
            (
                "[tables.abc]\nkye = 'url'",
                r#"routes.toml:2:1: unknown field "kye", expected one of "key", "sort_key", "indexes", "ttl"; did you mean "key"?"#,
            ),
            (
                "[[triggers]]\nfunction = 'f'\nhttp = 'POST /a'\napi = 'a'",
                "routes.toml:1:1: a trigger names the api \"a\", and there is no [apis.a]",
            ),
            ("[apis.a]\ntype = 'SOAP'", "routes.toml:2:8: the type of an API is \"HTTP\" or \"REST\", not \"SOAP\""),
            ("[routes]\nresource = 'a'", "routes.toml:1:1: routes must be written as [[routes]]"),
            ("[[routes]]\nhandler = 'batch'", "routes.toml:1:1: the route has no resource"),
            ("\n[[routes]]\nresource = 'a'", "routes.toml:2:1: the route has no handler"),
            (
                "[[routes]]\nresource = 'a'\nhandler = 'bach'",
                r#"routes.toml:3:11: unknown handler "bach"; allowed: batch, download, consolidate, function, http, process, wasm; did you mean "batch"?"#,
            ),
            (
                "[[routes]]\nresource = 'a'\nhandler = 'batch'\nbucket = 'b'",
                r#"routes.toml:4:1: unknown field "bucket", expected "size""#,
            ),
            (
                "[[routes]]\nresource = 'a'\nhandler = 'batch'\nsize = 0",
                "routes.toml:4:8: invalid value: integer \"0\", expected a whole number from 1 on",
            ),
            (
                "[[routes]]\nresource = 3\nhandler = 'batch'",
                "routes.toml:2:12: invalid type: integer \"3\", expected a string",
            ),
            ("é = [", "routes.toml:1:6: unclosed array, expected \"]\""),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Routes::read(Path::new("no/such/routes.toml")).unwrap_err().to_string();
        assert_eq!(
            error,
            "no/such/routes.toml: the routing file cannot be read: No such file or directory (os error 2)"
        );
    }
}
