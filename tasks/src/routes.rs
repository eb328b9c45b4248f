//! The routing file: which handler serves which resource, and where the services of AWS are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_aws::names::{is_bucket, is_step_functions_name};
use asl_aws::{Place, Services};
#[cfg(feature = "embedded")]
use asl_embedded::{Mail, Subscribers, Subscription, Table};
use asl_engine::nearest;
use asl_runtime::Handler;
use asl_runtime::Pattern;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::handlers::KINDS;
use crate::integrations::http::Connection;
use crate::left_out;
#[cfg(not(feature = "embedded"))]
use crate::left_out::{Embedded as Mail, Embedded as Subscription, Embedded as Table};
use crate::mocks::{self, Mock};
use crate::world::World;

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
    /// The EventBridge connections that HTTP Tasks name, by the pattern of their ARNs.
    pub(crate) connections: BTreeMap<String, Connection>,
    /// Who gets what the embedded SNS publishes.
    #[cfg(feature = "embedded")]
    pub(crate) subscribers: Subscribers,
    /// Where the embedded services are reached from other processes.
    pub endpoint: Endpoint,
    /// The routes; the first that matches is taken.
    pub routes: Vec<Route>,
    /// The state machines that tasks can start in this process, by name: the files of their definitions.
    pub state_machines: BTreeMap<String, PathBuf>,
    /// What the tasks of some states answer instead of being called.
    pub(crate) mocks: BTreeMap<String, Vec<Mock>>,
    /// The file that the routes were read from: named where a route is missing.
    pub file: Option<PathBuf>,
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

impl TryFrom<String> for BucketName {
    type Error = String;

    /// S3's rules for bucket names, but for what it reserves.
    fn try_from(name: String) -> Result<Self, String> {
        if is_bucket(&name) {
            return Ok(Self(name));
        }
        let rule = "3 to 63 lower-case letters, digits, dots and hyphens, between a letter or a digit at both ends, no two dots \
                    in a row, and are no IP address";
        Err(format!("{name:?} is no bucket name: those have {rule}"))
    }
}

/// A state machine that tasks can start.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateMachine {
    definition: PathBuf,
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
    fn handler(&self, world: &World) -> Arc<dyn Handler>;

    /// The buckets that the embedded S3 has for it from the start.
    fn buckets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Reads the settings of a route.
type Read = fn(Spanned<DeValue<'_>>) -> Result<Arc<dyn Settings>, Fault>;

/// A kind of handler that routes can name.
pub(crate) struct Kind {
    /// The `handler` of a route.
    pub(crate) name: &'static str,
    read: Read,
}

impl Kind {
    /// A kind whose settings are the other members of the route.
    pub(crate) const fn of<S: Settings + DeserializeOwned + 'static>(name: &'static str) -> Self {
        Self { name, read: |settings| Ok(Arc::new(read::<S>(settings)?)) }
    }

    fn find(handler: &Spanned<String>) -> Result<&'static Self, Fault> {
        let name = handler.as_ref().as_str();
        KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
            if let Some((_, feature)) = left_out::HANDLERS.iter().find(|(left_out, _)| *left_out == name) {
                let message = left_out::told(&format!("the handler {name:?}"), feature);
                return Fault { message, span: Some(handler.span()) };
            }
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            let near = nearest(name, names.iter().copied());
            let near = near.map_or(";".to_owned(), |near| format!(", did you mean {near:?}?"));
            let message = format!("unknown handler {name:?}{near} allowed: {}", names.join(", "));
            Fault { message, span: Some(handler.span()) }
        })
    }
}

/// Why a routing file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RoutesError {
    /// The file cannot be read.
    #[error("{}: the routing file cannot be read: {source}", file.display())]
    Unreadable {
        /// The file as it was given.
        file: PathBuf,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// The text is not a routing file.
    #[error("{}:{line}:{column}: {message}", file.display())]
    Invalid {
        /// The file as it was given.
        file: PathBuf,
        /// The line of the fault, from 1.
        line: usize,
        /// The column of the fault in characters, from 1.
        column: usize,
        /// What is wrong and what is allowed.
        message: String,
    },
}

impl Routes {
    /// Reads a routing file.
    pub fn read(file: &Path) -> Result<Self, RoutesError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| RoutesError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(&text, file)
    }

    /// The folder where relative paths of the file start.
    pub fn folder(&self) -> &Path {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// Reads the text of a routing file. `file` is what errors call it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, RoutesError> {
        let mut routes = parse(text).map_err(|fault| fault.locate(text, file))?;
        routes.file = Some(file.to_owned());
        Ok(routes)
    }
}

/// A fault of the text, and where in bytes.
pub(crate) struct Fault {
    message: String,
    span: Option<Range<usize>>,
}

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Self {
        Self { message: error.message().replace('`', "\"").replace('\n', "; "), span: error.span() }
    }
}

impl Fault {
    fn locate(self, text: &str, file: &Path) -> RoutesError {
        let at = self.span.map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        RoutesError::Invalid {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: self.message,
        }
    }
}

/// Everything but the lists of tables. They are taken out before, and stand here so that they are named among what is allowed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default)]
    services: Services,
    #[serde(default)]
    tables: BTreeMap<String, Table>,
    #[serde(default)]
    buckets: BTreeSet<BucketName>,
    #[serde(default)]
    connections: BTreeMap<String, Connection>,
    #[serde(default)]
    subscriptions: Vec<Spanned<Subscription>>,
    mail: Option<Mail>,
    #[serde(default)]
    endpoint: Endpoint,
    #[serde(default)]
    state_machines: BTreeMap<String, StateMachine>,
    #[serde(default, rename = "routes")]
    _routes: Option<IgnoredAny>,
    #[serde(default, rename = "mocks")]
    _mocks: Option<IgnoredAny>,
}

fn parse(text: &str) -> Result<Routes, Fault> {
    let document = DeTable::parse(text)?;
    let span = document.span();
    let mut document = document.into_inner();
    let routes = entries(&mut document, "routes")?.into_iter().map(route).collect::<Result<Vec<_>, _>>()?;
    let mut mocks = BTreeMap::new();
    for entry in entries(&mut document, "mocks")? {
        let span = entry.span();
        mocks::table::add(read(entry)?, &mut mocks).map_err(|message| Fault { message, span: Some(span) })?;
    }
    let tables = document.get("tables").and_then(|tables| tables.get_ref().as_table());
    for (name, _) in tables.into_iter().flatten() {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let text: &str = name.get_ref();
        if !(3..=255).contains(&text.len()) || !text.chars().all(allowed) {
            let rule = "3 to 255 letters, digits, underscores, hyphens and dots";
            let message = format!("{text:?} is no table name: those have {rule}");
            return Err(Fault { message, span: Some(name.span()) });
        }
    }
    let machines = document.get("state_machines").and_then(|machines| machines.get_ref().as_table());
    for (name, _) in machines.into_iter().flatten() {
        let text: &str = name.get_ref();
        if !is_step_functions_name(text) {
            let rule = "1 to 80 characters, without white space and <>{}[]?*\"#%\\^|~`$&,;:/";
            let message = format!("{text:?} is no name of a state machine: those have {rule}");
            return Err(Fault { message, span: Some(name.span()) });
        }
    }
    let head: Head = read(Spanned::new(span, DeValue::Table(document)))?;
    let state_machines = head.state_machines.into_iter().map(|(name, machine)| (name, machine.definition)).collect();
    let Head { services, tables, buckets, endpoint, connections, subscriptions, mail, .. } = head;
    let buckets = buckets.into_iter().map(|BucketName(name)| name).collect();
    #[cfg(feature = "embedded")]
    check_subscriptions(&subscriptions, &services, mail.as_ref())?;
    #[cfg(feature = "embedded")]
    let subscribers = Subscribers { subscriptions: subscriptions.into_iter().map(Spanned::into_inner).collect(), mail };
    // What is told them is refused when it is read.
    #[cfg(not(feature = "embedded"))]
    let _ = (tables, subscriptions, mail);
    #[cfg(not(feature = "embedded"))]
    check_buckets(&buckets, &routes, &services)?;
    Ok(Routes {
        services,
        #[cfg(feature = "embedded")]
        tables,
        buckets,
        connections,
        #[cfg(feature = "embedded")]
        subscribers,
        endpoint,
        state_machines,
        routes,
        mocks,
        file: None,
    })
}

/// Whether what the subscriptions need is embedded, or there.
#[cfg(feature = "embedded")]
fn check_subscriptions(
    subscriptions: &[Spanned<Subscription>],
    services: &Services,
    mail: Option<&Mail>,
) -> Result<(), Fault> {
    for subscription in subscriptions {
        let message = if services.get("sns") != Some(&Place::Embedded) {
            "subscriptions belong to the embedded SNS, but services.sns is another one"
        } else if subscription.as_ref().is_sqs() && services.get("sqs") != Some(&Place::Embedded) {
            "a subscription's queue is in the embedded SQS, but services.sqs is another one"
        } else if mail.is_none() && subscription.as_ref().is_email() {
            "e-mails need a [mail] with the server that sends them"
        } else {
            continue;
        };
        return Err(Fault { message: message.to_owned(), span: Some(subscription.span()) });
    }
    Ok(())
}

/// Whether the buckets of the file and of its routes are in an S3 that is there.
#[cfg(not(feature = "embedded"))]
fn check_buckets(buckets: &BTreeSet<String>, routes: &[Route], services: &Services) -> Result<(), Fault> {
    let has_some = !buckets.is_empty() || routes.iter().any(|route| !route.settings.buckets().is_empty());
    if has_some && services.get("s3") == Some(&Place::Embedded) {
        let told = left_out::told("the embedded s3, in which the buckets of this file are,", "embedded");
        return Err(Fault { message: format!("{told}; say in [services] where s3 is"), span: None });
    }
    Ok(())
}

/// The entries of `[[name]]`, taken out of the document.
fn entries<'a>(document: &mut DeTable<'a>, name: &str) -> Result<Vec<Spanned<DeValue<'a>>>, Fault> {
    let Some(entries) = document.remove(name) else { return Ok(Vec::new()) };
    let span = entries.span();
    match entries.into_inner() {
        DeValue::Array(entries) => Ok(entries.into_iter().collect()),
        _ => Err(Fault { message: format!("{name} must be written as [[{name}]]"), span: Some(span) }),
    }
}

fn route(entry: Spanned<DeValue<'_>>) -> Result<Route, Fault> {
    let span = entry.span();
    let DeValue::Table(mut entry) = entry.into_inner() else {
        return Err(Fault { message: "routes must be written as [[routes]]".to_owned(), span: Some(span) });
    };
    let mut text = |key: &str| match entry.remove(key) {
        Some(value) => read::<Spanned<String>>(value),
        None => Err(Fault { message: format!("the route has no {key}"), span: Some(span.clone()) }),
    };
    let (resource, handler) = (text("resource")?, text("handler")?);
    let settings = (Kind::find(&handler)?.read)(Spanned::new(span, DeValue::Table(entry)))?;
    Ok(Route { resource: Pattern::from(resource.into_inner()), settings })
}

fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, Fault> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| {
        let mut fault = Fault::from(error);
        fault.span.get_or_insert(span);
        fault
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Routes::parse(text, Path::new("routes.toml")).unwrap_err().to_string()
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
        "#;
        let routes = Routes::parse(text, Path::new("r.toml")).unwrap();
        let endpoint_url = "http://127.0.0.1:5000".to_owned();
        let sns = Place::Endpoint { endpoint_url, region: "eu-west-1".to_owned() };
        let places = ["s3", "dynamodb", "sns", "kms"].map(|name| routes.services.get(name));
        assert_eq!(places, [Some(&Place::Aws), Some(&Place::Embedded), Some(&sns), None]);
        assert_eq!(routes.endpoint.listen, Some(([127, 0, 0, 1], 4566).into()));
        assert_eq!(routes.tables["Stack-urlToName"], Table { key: "url".to_owned() });
        assert!(routes.buckets.iter().eq(["images", "more.images"]));
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
                r#"routes.toml:1:1: unknown field "a", expected one of "services", "tables", "buckets", "connections", "subscriptions", "mail", "endpoint", "state_machines", "routes", "mocks""#,
            ),
            ("\n[services]\ns4 = 'aws'", r#"routes.toml:3:1: there is no service "s4", did you mean "s3"?"#),
            (
                "[services]\nevents = 'aws'\neventbridge = 'aws'",
                "routes.toml:1:1: eventbridge stands there twice, under two names",
            ),
            (
                "[services]\nkms = 'embedded'",
                "routes.toml:1:1: kms is not embedded; s3, dynamodb, sns, sqs, eventbridge are",
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
            ("[tables.abc]\nhash = 'url'", r#"routes.toml:2:1: unknown field "hash", expected "key""#),
            (
                "[endpoint]\nlisten = '0.0.0.0:4566'",
                r#"routes.toml:2:10: listen must be a loopback address such as "127.0.0.1:4566", not "0.0.0.0:4566""#,
            ),
            ("[routes]\nresource = 'a'", "routes.toml:1:1: routes must be written as [[routes]]"),
            ("[[routes]]\nhandler = 'batch'", "routes.toml:1:1: the route has no resource"),
            ("\n[[routes]]\nresource = 'a'", "routes.toml:2:1: the route has no handler"),
            (
                "[[routes]]\nresource = 'a'\nhandler = 'bach'",
                r#"routes.toml:3:11: unknown handler "bach", did you mean "batch"? allowed: batch, download, consolidate, function, http, wasm"#,
            ),
            (
                "[[routes]]\nresource = 'a'\nhandler = 'batch'\nbucket = 'b'",
                r#"routes.toml:4:1: unknown field "bucket", expected "size""#,
            ),
            (
                "[[routes]]\nresource = 'a'\nhandler = 'batch'\nsize = 0",
                "routes.toml:4:8: invalid value: integer \"0\", expected a nonzero usize",
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
