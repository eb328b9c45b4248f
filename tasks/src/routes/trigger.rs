//! What starts executions at a server: `[[triggers]]` of the routing file.

use std::path::PathBuf;

use asl_engine::Value;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What starts executions of a state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// The name of the state machine.
    pub state_machine: String,
    /// What starts them.
    pub starts: Starts,
    /// Whether a request is answered when the execution has ended: for EXPRESS state machines.
    pub is_sync: bool,
}

/// What starts an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Starts {
    /// A request: of this method, or of any, at this path, or at any.
    Http {
        /// `POST`; none for all.
        method: Option<String>,
        /// `/orders`; none for all.
        path: Option<String>,
    },
    /// A schedule, with this input.
    Schedule {
        /// `rate(5 minutes)` or `cron(0 12 * * ? *)`.
        expression: String,
        /// The input.
        input: Value,
    },
    /// An event on the default bus that fits this pattern: it is the input.
    Event {
        /// A pattern of EventBridge.
        pattern: Value,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    state_machine: String,
    http: Option<String>,
    schedule: Option<String>,
    event: Option<toml::Value>,
    input: Option<toml::Value>,
    #[serde(default)]
    sync: bool,
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Written { state_machine, http, schedule, event, input, sync } = Written::deserialize(from)?;
        let custom = |text: &str| Err(D::Error::custom(text));
        if input.is_some() && schedule.is_none() {
            return custom("input belongs to a schedule: a request and an event are the input themselves");
        }
        if sync && http.is_none() {
            return custom("sync belongs to http: nobody waits for the end of another execution");
        }
        let starts = match (http, schedule, event) {
            (Some(route), None, None) => match route_key(&route) {
                Some((method, path)) => Starts::Http { method, path },
                None => return custom("http must be a method and a path such as \"POST /orders\", or \"$default\""),
            },
            (None, Some(expression), None) => {
                let input = input.as_ref().map_or_else(Value::empty_object, json);
                Starts::Schedule { expression, input }
            }
            (None, None, Some(pattern)) => Starts::Event { pattern: json(&pattern) },
            _ => return custom("a trigger has one of http, schedule and event"),
        };
        check(&starts).map_err(D::Error::custom)?;
        Ok(Self { state_machine, starts, is_sync: sync })
    }
}

/// Refuses what starts nothing: a text that is no schedule, and what is no pattern.
#[cfg(feature = "embedded")]
fn check(starts: &Starts) -> Result<(), String> {
    match starts {
        Starts::Http { .. } => Ok(()),
        Starts::Schedule { expression, .. } => match asl_embedded::Schedule::parse(expression) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "{expression:?} is no schedule of EventBridge; \"rate(5 minutes)\" and \"cron(0 12 * * ? *)\" are"
            )),
        },
        Starts::Event { pattern } => match asl_embedded::EventPattern::parse(&pattern.to_string()) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// Nothing here knows schedules and patterns.
#[cfg(not(feature = "embedded"))]
fn check(starts: &Starts) -> Result<(), String> {
    match starts {
        Starts::Http { .. } => Ok(()),
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

/// The definition of a state machine: its file, and of which type it is at a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineFile {
    /// The file.
    pub definition: PathBuf,
    /// Whether its executions are EXPRESS.
    pub is_express: bool,
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
            let expected = Starts::Http { method: method.map(ToOwned::to_owned), path: path.map(ToOwned::to_owned) };
            assert_eq!((read.starts, read.is_sync), (expected, false));
        }
    }

    #[test]
    fn what_starts_nothing_is_refused() {
        for (written, part) in [
            ("state_machine = 'm'", "one of http, schedule and event"),
            ("state_machine = 'm'\nhttp = '/orders'", "a method and a path"),
            ("state_machine = 'm'\nhttp = 'POST /a'\nschedule = 'rate(1 day)'", "one of http, schedule and event"),
            ("state_machine = 'm'\nhttp = 'POST /a'\ninput = 1", "input belongs to a schedule"),
            ("state_machine = 'm'\nschedule = 'rate(1 day)'\nsync = true", "sync belongs to http"),
            ("http = 'POST /a'", "state_machine"),
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
        assert_eq!(read.starts, Starts::Event { pattern });
        let read = trigger("state_machine = 'm'\nschedule = 'rate(1 day)'\ninput = { a = [1, 1.5] }").unwrap();
        let input = r#"{"a":[1,1.5]}"#.parse().unwrap();
        assert_eq!(read.starts, Starts::Schedule { expression: "rate(1 day)".to_owned(), input });
    }
}
