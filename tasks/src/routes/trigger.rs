//! What starts executions at a server: `[[triggers]]` of the routing file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use asl_engine::Value;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::BucketName;

/// What calls something at a server: mostly, what starts executions of a state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// What is called.
    pub calls: Calls,
    /// What calls it.
    pub starts: Starts,
    /// Whether a request is answered when the execution has ended: for EXPRESS state machines.
    pub is_sync: bool,
    /// The API of a request, as `[apis]` calls it.
    pub api: Option<String>,
    /// What an event or a schedule hands on, with the names of `PutTargets`: `Input`, `InputPath` or `InputTransformer`; nothing for the
    /// event itself.
    pub given: serde_json::Map<String, serde_json::Value>,
}

/// What a trigger calls, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calls {
    /// A state machine: an execution starts.
    StateMachine(String),
    /// A function.
    Function(String),
    /// A queue of SQS: it gets a message.
    Queue(String),
    /// A topic of SNS: something is published there.
    Topic(String),
}

/// What starts an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Starts {
    /// A request: of this method, or of any, at this path, or at any.
    Http {
        /// `POST`; none for all.
        method: Option<String>,
        /// `/orders`, `/orders/{id}` or `/files/{proxy+}`; none for all.
        path: Option<String>,
        /// Whether a function gets the request in the first version of the format.
        is_payload_1: bool,
        /// The parts of a request that are members of an input; none where the body is the input.
        parts: Vec<RequestPart>,
        /// Whether a request that waits is answered with the output alone.
        answers_output: bool,
    },
    /// A schedule.
    Schedule {
        /// `rate(5 minutes)` or `cron(0 12 * * ? *)`.
        expression: String,
    },
    /// An event that fits a pattern.
    Event {
        /// A pattern of EventBridge.
        pattern: Value,
        /// The bus.
        bus: String,
    },
    /// Objects of a bucket that are written or deleted.
    Objects {
        /// The bucket.
        bucket: String,
        /// The types of changes, as S3 has them: `s3:ObjectCreated:*`.
        events: Vec<String>,
        /// What keys begin with.
        prefix: String,
        /// What keys end with.
        suffix: String,
    },
    /// Messages of a queue of SQS, which are deleted when the function has taken them.
    Messages {
        /// The name of the queue.
        queue: String,
        /// How many messages a call has at most.
        batch_size: u32,
        /// Whether the function says which of them it has not taken (`ReportBatchItemFailures`).
        reports_failures: bool,
    },
}

/// A part of a request, as a member of the input of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestPart {
    /// The body, as JSON.
    Body,
    /// The headers.
    Header,
    /// The parameters of the query.
    Querystring,
    /// The parameters of the path.
    Path,
}

impl Trigger {
    /// The state machine whose executions it starts.
    pub fn state_machine(&self) -> Option<&str> {
        match &self.calls {
            Calls::StateMachine(name) => Some(name),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    state_machine: Option<String>,
    function: Option<String>,
    queue: Option<String>,
    topic: Option<String>,
    http: Option<String>,
    schedule: Option<String>,
    event: Option<toml::Value>,
    messages: Option<String>,
    objects: Option<BucketName>,
    #[serde(default)]
    events: Vec<String>,
    prefix: Option<String>,
    suffix: Option<String>,
    bus: Option<String>,
    input: Option<toml::Value>,
    input_path: Option<String>,
    input_template: Option<String>,
    #[serde(default)]
    input_paths: BTreeMap<String, String>,
    payload: Option<String>,
    #[serde(default)]
    request: Vec<RequestPart>,
    api: Option<String>,
    answer: Option<Answer>,
    batch_size: Option<u32>,
    #[serde(default)]
    report_batch_item_failures: bool,
    #[serde(default)]
    sync: bool,
}

/// What a request that waits is answered with.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Execution,
    Output,
}

impl Written {
    fn calls(&mut self) -> Result<Calls, &'static str> {
        let all = [
            self.state_machine.take().map(Calls::StateMachine),
            self.function.take().map(Calls::Function),
            self.queue.take().map(Calls::Queue),
            self.topic.take().map(Calls::Topic),
        ];
        let mut all = all.into_iter().flatten();
        match (all.next(), all.next()) {
            (Some(calls), None) => Ok(calls),
            _ => Err("a trigger has one of state_machine, function, queue and topic"),
        }
    }

    fn starts(&mut self) -> Result<Starts, &'static str> {
        let given =
            (self.http.take(), self.schedule.take(), self.event.take(), self.messages.take(), self.objects.take());
        match given {
            (Some(route), None, None, None, None) => match route_key(&route) {
                Some((method, path)) => {
                    let is_payload_1 = self.payload.as_deref() == Some("1.0");
                    let (parts, answers_output) = (self.request.clone(), self.answer == Some(Answer::Output));
                    Ok(Starts::Http { method, path, is_payload_1, parts, answers_output })
                }
                None => Err("http must be a method and a path such as \"POST /orders\", or \"$default\""),
            },
            (None, Some(expression), None, None, None) => Ok(Starts::Schedule { expression }),
            (None, None, Some(pattern), None, None) => {
                let bus = self.bus.take().unwrap_or_else(|| "default".to_owned());
                Ok(Starts::Event { pattern: json(&pattern), bus })
            }
            (None, None, None, None, Some(BucketName(bucket))) => {
                let events = match std::mem::take(&mut self.events) {
                    events if events.is_empty() => vec!["s3:ObjectCreated:*".to_owned()],
                    events => events,
                };
                let (prefix, suffix) = (self.prefix.take(), self.suffix.take());
                let (prefix, suffix) = (prefix.unwrap_or_default(), suffix.unwrap_or_default());
                Ok(Starts::Objects { bucket, events, prefix, suffix })
            }
            (None, None, None, Some(queue), None) => {
                let reports_failures = std::mem::take(&mut self.report_batch_item_failures);
                Ok(Starts::Messages { queue, batch_size: self.batch_size.take().unwrap_or(10), reports_failures })
            }
            _ => Err("a trigger has one of http, schedule, event, messages and objects"),
        }
    }

    /// What the target gets, as `PutTargets` has it.
    fn given(&mut self, starts: &Starts) -> Result<serde_json::Map<String, serde_json::Value>, &'static str> {
        let transformer = self.input_template.take().map(|template| {
            serde_json::json!({ "InputTemplate": template, "InputPathsMap": std::mem::take(&mut self.input_paths) })
        });
        let given = [
            ("Input", self.input.as_ref().map(|input| json(input).to_string().into())),
            ("InputPath", self.input_path.take().map(Into::into)),
            ("InputTransformer", transformer),
        ];
        let mut given: serde_json::Map<_, _> =
            given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        if given.len() > 1 || !self.input_paths.is_empty() {
            return Err(
                "a trigger has one of input, input_path and input_template; input_paths belongs to input_template",
            );
        }
        match starts {
            Starts::Schedule { .. } if given.is_empty() => _ = given.insert("Input".to_owned(), "{}".into()),
            Starts::Schedule { .. } | Starts::Event { .. } => {}
            Starts::Http { .. } | Starts::Messages { .. } | Starts::Objects { .. } if given.is_empty() => {}
            Starts::Http { .. } | Starts::Messages { .. } | Starts::Objects { .. } => {
                return Err(
                    "input belongs to a schedule or an event: a request, messages and objects are the input themselves",
                );
            }
        }
        Ok(given)
    }
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut written = Written::deserialize(from)?;
        let calls = written.calls().map_err(D::Error::custom)?;
        let starts = written.starts().map_err(D::Error::custom)?;
        let given = written.given(&starts).map_err(D::Error::custom)?;
        let custom = |text: &str| Err(D::Error::custom(text));
        let is_objects = matches!(starts, Starts::Objects { .. });
        if is_objects && matches!(calls, Calls::StateMachine(_)) {
            return custom(
                "objects call a function, a queue or a topic; a bucket of event_buckets starts a state_machine by an event",
            );
        }
        if !written.events.is_empty() || written.prefix.is_some() || written.suffix.is_some() {
            return custom("events, prefix and suffix belong to objects");
        }
        let Written { sync, bus, payload, batch_size, report_batch_item_failures, request, answer, api, .. } = written;
        let is_http = matches!(starts, Starts::Http { .. });
        if sync && !(is_http && matches!(calls, Calls::StateMachine(_))) {
            return custom("sync belongs to http and a state_machine: nobody waits for the end of another execution");
        }
        if is_http && matches!(calls, Calls::Queue(_) | Calls::Topic(_)) {
            return custom("http calls a state_machine or a function");
        }
        let is_start = is_http && matches!(calls, Calls::StateMachine(_));
        if !request.is_empty() && !is_start || answer.is_some() && !sync {
            return custom("request belongs to http and a state_machine, and answer to sync");
        }
        if matches!(starts, Starts::Messages { .. }) && !matches!(calls, Calls::Function(_)) {
            return custom("messages call a function");
        }
        let is_known = payload.as_deref().is_none_or(|it| matches!(it, "1.0" | "2.0"));
        if payload.is_some() && !(is_known && is_http && matches!(calls, Calls::Function(_))) {
            return custom("payload is \"1.0\" or \"2.0\", and belongs to http and a function");
        }
        if api.is_some() && !is_http {
            return custom("api belongs to http");
        }
        if bus.is_some() {
            return custom("bus belongs to event");
        }
        if batch_size.is_some() || report_batch_item_failures {
            return custom("batch_size and report_batch_item_failures belong to messages");
        }
        check(&starts).map_err(D::Error::custom)?;
        Ok(Self { calls, starts, is_sync: sync, api, given })
    }
}

/// Refuses what starts nothing: a text that is no schedule, and what is no pattern.
#[cfg(feature = "embedded")]
fn check(starts: &Starts) -> Result<(), String> {
    match starts {
        Starts::Http { .. } | Starts::Messages { .. } | Starts::Objects { .. } => Ok(()),
        Starts::Schedule { expression } => match asl_embedded::Schedule::parse(expression) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "{expression:?} is no schedule of EventBridge; \"rate(5 minutes)\" and \"cron(0 12 * * ? *)\" are"
            )),
        },
        Starts::Event { pattern, .. } => match asl_embedded::EventPattern::parse(&pattern.to_string()) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// Nothing here knows schedules and patterns.
#[cfg(not(feature = "embedded"))]
fn check(starts: &Starts) -> Result<(), String> {
    match starts {
        Starts::Http { .. } | Starts::Messages { .. } | Starts::Objects { .. } => Ok(()),
        Starts::Schedule { .. } => Err(crate::left_out::told("a trigger with a schedule", "embedded")),
        Starts::Event { .. } => Err(crate::left_out::told("a trigger with an event", "embedded")),
    }
}

/// A route as API Gateway has it: `POST /orders`, `ANY /orders` or `$default`.
fn route_key(text: &str) -> Option<(Option<String>, Option<String>)> {
    if text == "$default" {
        return Some((None, None));
    }
    let (method, path) = text.split_once(' ')?;
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_path = path.starts_with('/') && !path.contains(char::is_whitespace);
    (is_method && is_path).then(|| (Some(method.to_owned()).filter(|method| method != "ANY"), Some(path.to_owned())))
}

/// What TOML says, as JSON says it.
fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
        toml::Value::Float(number) => number.to_string().parse().unwrap_or_default(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(items) => items.iter().map(json).collect(),
        toml::Value::Table(members) => members.iter().map(|(name, value)| (name.as_str(), json(value))).collect(),
    }
}

/// An API of API Gateway: what its routes have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Whether it is a REST API, and no HTTP API.
    #[serde(default, rename = "type", deserialize_with = "is_rest")]
    pub is_rest: bool,
    /// Its stage; none for `$default`.
    pub stage: Option<String>,
    /// Which pages of other sites may ask it.
    pub cors: Option<Cors>,
}

/// Which pages of other sites may ask an API: a CORS configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Their origins: `https://example.com`, `https://*` or `*`.
    pub allow_origins: Vec<String>,
    /// With which methods.
    pub allow_methods: Vec<String>,
    /// With which headers.
    pub allow_headers: Vec<String>,
    /// Which headers of answers they see.
    pub expose_headers: Vec<String>,
    /// How long a browser need not ask again.
    pub max_age_seconds: Option<u32>,
    /// Whether they send cookies.
    pub allow_credentials: bool,
}

fn is_rest<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match String::deserialize(from)?.as_str() {
        "REST" => Ok(true),
        "HTTP" => Ok(false),
        other => Err(D::Error::custom(format!("the type of an API is \"HTTP\" or \"REST\", not {other:?}"))),
    }
}

/// The definition of a state machine: its file, and of which type it is at a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineFile {
    /// The file.
    pub definition: PathBuf,
    /// Whether its executions are EXPRESS.
    pub is_express: bool,
    /// What is logged of them at a server, and where.
    pub logging: Option<MachineLogging>,
}

/// The logging configuration of a state machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineLogging {
    /// Which events.
    pub level: LogLevel,
    /// Whether inputs and outputs stand in them.
    #[serde(default)]
    pub include_execution_data: bool,
    /// The log group.
    pub log_group: String,
}

/// Which events of executions are logged, by AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// All of them.
    All,
    /// Errors.
    Error,
    /// Executions that fail.
    Fatal,
}

impl LogLevel {
    /// AWS's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigger(text: &str) -> Result<Trigger, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn routes_are_those_of_api_gateway() {
        for (written, method, path) in [
            ("POST /orders", Some("POST"), Some("/orders")),
            ("ANY /orders/new", None, Some("/orders/new")),
            ("$default", None, None),
        ] {
            let read = trigger(&format!("state_machine = 'm'\nhttp = '{written}'")).expect(written);
            let (method, path) = (method.map(ToOwned::to_owned), path.map(ToOwned::to_owned));
            let expected = Starts::Http { method, path, is_payload_1: false, parts: Vec::new(), answers_output: false };
            assert_eq!((read.starts, read.is_sync), (expected, false));
        }
    }

    #[test]
    fn what_starts_nothing_is_refused() {
        for (written, part) in [
            ("state_machine = 'm'", "one of http, schedule, event, messages and objects"),
            (
                "state_machine = 'm'\nfunction = 'f'\nhttp = 'POST /a'",
                "one of state_machine, function, queue and topic",
            ),
            ("queue = 'q'\nhttp = 'POST /a'", "http calls a state_machine or a function"),
            ("state_machine = 'm'\nmessages = 'q'", "messages call a function"),
            ("state_machine = 'm'\nobjects = 'bucket'", "objects call a function, a queue or a topic"),
            ("function = 'f'\nhttp = 'POST /a'\nprefix = 'a'", "events, prefix and suffix belong to objects"),
            ("function = 'f'\nobjects = 'B'", "is no bucket name"),
            ("function = 'f'\nhttp = 'POST /a'\npayload = '3.0'", "payload is \"1.0\" or \"2.0\""),
            ("function = 'f'\nhttp = 'POST /a'\nrequest = ['body']", "request belongs to http and a state_machine"),
            ("state_machine = 'm'\nhttp = 'POST /a'\nanswer = 'output'", "answer to sync"),
            ("function = 'f'\nmessages = 'q'\napi = 'a'", "api belongs to http"),
            ("function = 'f'\nhttp = 'POST /a'\nbus = 'b'", "bus belongs to event"),
            ("function = 'f'\nhttp = 'POST /a'\nbatch_size = 1", "report_batch_item_failures belong to messages"),
            ("function = 'f'\nschedule = 'rate(1 day)'\ninput = 1\ninput_path = '$'", "one of input, input_path"),
            ("state_machine = 'm'\nhttp = '/orders'", "a method and a path"),
            (
                "state_machine = 'm'\nhttp = 'POST /a'\nschedule = 'rate(1 day)'",
                "one of http, schedule, event, messages and objects",
            ),
            ("state_machine = 'm'\nhttp = 'POST /a'\ninput = 1", "input belongs to a schedule"),
            ("state_machine = 'm'\nschedule = 'rate(1 day)'\nsync = true", "sync belongs to http"),
            ("function = 'f'\nhttp = 'POST /a'\nsync = true", "sync belongs to http"),
            ("http = 'POST /a'", "one of state_machine"),
            #[cfg(feature = "embedded")]
            ("state_machine = 'm'\nschedule = 'rate(1 minutes)'", "\"rate(1 minutes)\" is no schedule of EventBridge"),
            #[cfg(feature = "embedded")]
            ("state_machine = 'm'\nevent = { source = 's' }", "Reason: \"source\" must be an object or an array"),
            #[cfg(feature = "embedded")]
            ("state_machine = 'm'\nevent = 's'", "Reason: Filter is not an object"),
        ] {
            let refused = trigger(written).expect_err(written);
            assert!(refused.contains(part), "{written}: {refused}");
        }
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn patterns_and_inputs_are_what_toml_says() {
        let read =
            trigger("state_machine = 'm'\nevent = { source = ['s'], detail.n = [{ numeric = ['>', 1] }] }").unwrap();
        let pattern = r#"{"source":["s"],"detail":{"n":[{"numeric":[">",1]}]}}"#.parse().unwrap();
        assert_eq!(read.starts, Starts::Event { pattern, bus: "default".to_owned() });
        let read = trigger("state_machine = 'm'\nschedule = 'rate(1 day)'\ninput = { a = [1, 1.5] }").unwrap();
        assert_eq!(read.starts, Starts::Schedule { expression: "rate(1 day)".to_owned() });
        assert_eq!(read.given["Input"], r#"{"a":[1,1.5]}"#);
        let read = trigger(
            "queue = 'q'\nevent = { source = ['s'] }\nbus = 'b'\ninput_template = '<a>'\ninput_paths = { a = '$.detail' }",
        );
        let read = read.unwrap();
        let transformer = serde_json::json!({ "InputTemplate": "<a>", "InputPathsMap": { "a": "$.detail" } });
        assert_eq!((read.calls, &read.given["InputTransformer"]), (Calls::Queue("q".to_owned()), &transformer));
        let read = trigger("function = 'f'\nmessages = 'q'").unwrap();
        assert_eq!(read.starts, Starts::Messages { queue: "q".to_owned(), batch_size: 10, reports_failures: false });
    }
}
