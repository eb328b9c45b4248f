//! Events as AWS's GetExecutionHistory gives them.

use std::sync::Arc;

use super::quoted::Quoted;
use super::{EventKind, HistoryEvent, Iteration, TaskName};
use crate::json;
use crate::task::Failure;
use crate::time::Timestamp;
use crate::value::Value;

/// What an event is told to, member by member: a value, or text.
trait Members {
    /// A member that is a text.
    fn text(&mut self, name: &str, text: &str);
    /// A member that is a number.
    fn number(&mut self, name: &str, number: i64);
    /// A member that is the JSON text of a value.
    fn quoted(&mut self, name: &str, value: &Value);
    /// A member that is an object.
    fn object(&mut self, name: &str, members: &mut dyn FnMut(&mut dyn Members));
    /// `{"truncated": false}`, beside each text that AWS may cut off.
    fn whole(&mut self, name: &str);
    /// The time of the event.
    fn time(&mut self, name: &str, at: Timestamp);
}

/// The events as [`HistoryEvent::to_json`] gives them, one after the other. What a state hands on is what the next one is
/// given, and is turned into text once.
pub fn to_json<'a>(events: impl IntoIterator<Item = &'a HistoryEvent>) -> impl Iterator<Item = Value> {
    let mut values = Values::default();
    events.into_iter().map(move |event| values.event(event))
}

/// The JSON text of each event, as of [`to_json`]: for whoever prints or stores them one by one. A large part of a value is
/// written once for all values that share it.
pub fn to_json_text<'a>(events: impl IntoIterator<Item = &'a HistoryEvent>) -> impl Iterator<Item = String> {
    let mut texts = EventTexts::default();
    events.into_iter().map(move |event| {
        let mut out = String::new();
        texts.write(event, &mut out);
        out
    })
}

/// Writes the JSON text of events, one after the other, as [`to_json_text`] gives it.
#[derive(Default)]
pub struct EventTexts {
    quoted: Quoted,
    times: Times,
}

/// How times are written.
#[derive(Default)]
struct Times {
    in_seconds: bool,
    /// The last time, as JSON text: many events have the same.
    last: Option<(Timestamp, String)>,
}

impl Times {
    fn text(&mut self, at: Timestamp) -> &str {
        if self.last.as_ref().is_none_or(|(last, _)| *last != at) {
            let text = match self.in_seconds {
                true => at.seconds_text(),
                false => format!("\"{at}\""),
            };
            self.last = Some((at, text));
        }
        self.last.as_ref().map_or("", |(_, text)| text)
    }
}

impl EventTexts {
    /// The same with times as the API has them: in seconds since 1970, with milliseconds.
    #[must_use]
    pub fn in_seconds() -> Self {
        Self { times: Times { in_seconds: true, last: None }, ..Self::default() }
    }

    /// Appends the JSON text of an event.
    pub fn write(&mut self, event: &HistoryEvent, out: &mut String) {
        out.push('{');
        let Self { quoted, times } = self;
        event.tell(&mut Text { out, quoted, times, is_first: true });
        out.push('}');
    }
}

/// The members of an object as text.
struct Text<'a> {
    out: &'a mut String,
    quoted: &'a mut Quoted,
    times: &'a mut Times,
    is_first: bool,
}

impl Text<'_> {
    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(',');
        }
        // Names are AWS's, or those of variables: nothing in them is escaped.
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }
}

impl Members for Text<'_> {
    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        json::string(text, self.out);
    }

    fn number(&mut self, name: &str, number: i64) {
        self.name(name);
        self.out.push_str(itoa::Buffer::new().format(number));
    }

    fn quoted(&mut self, name: &str, value: &Value) {
        self.name(name);
        self.quoted.write(value, self.out);
    }

    fn object(&mut self, name: &str, members: &mut dyn FnMut(&mut dyn Members)) {
        self.name(name);
        self.out.push('{');
        let is_first = std::mem::replace(&mut self.is_first, true);
        members(self);
        self.is_first = is_first;
        self.out.push('}');
    }

    fn whole(&mut self, name: &str) {
        self.name(name);
        self.out.push_str("{\"truncated\":false}");
    }

    fn time(&mut self, name: &str, at: Timestamp) {
        self.name(name);
        self.out.push_str(self.times.text(at));
    }
}

/// The members of an object as values.
#[derive(Default)]
struct Values {
    members: Vec<(Arc<str>, Value)>,
    /// The value that was last turned into text.
    last: Option<(Value, Value)>,
}

impl Values {
    fn event(&mut self, event: &HistoryEvent) -> Value {
        event.tell(self);
        std::mem::take(&mut self.members).into_iter().collect()
    }

    fn add(&mut self, name: &str, value: Value) {
        self.members.push((name.into(), value));
    }
}

impl Members for Values {
    fn text(&mut self, name: &str, text: &str) {
        self.add(name, text.into());
    }

    fn number(&mut self, name: &str, number: i64) {
        self.add(name, number.into());
    }

    fn quoted(&mut self, name: &str, value: &Value) {
        let text = match &self.last {
            Some((known, text)) if known.is_same(value) => text.clone(),
            _ => {
                let text = Value::from(value.json_text());
                self.last = Some((value.clone(), text.clone()));
                text
            }
        };
        self.add(name, text);
    }

    fn object(&mut self, name: &str, members: &mut dyn FnMut(&mut dyn Members)) {
        let outer = std::mem::take(&mut self.members);
        members(self);
        let inner = std::mem::replace(&mut self.members, outer);
        self.add(name, inner.into_iter().collect());
    }

    fn whole(&mut self, name: &str) {
        self.add(name, [("truncated", Value::from(false))].into());
    }

    fn time(&mut self, name: &str, at: Timestamp) {
        self.add(name, at.to_string().into());
    }
}

impl HistoryEvent {
    /// The event as the API gives it: `id`, `previousEventId`, `timestamp`, `type` and the details of its type, in
    /// which inputs and outputs are JSON text.
    pub fn to_json(&self) -> Value {
        Values::default().event(self)
    }

    /// The name of the event's type, such as `TaskStateEntered`.
    pub fn type_name(&self) -> String {
        let (of_state, name) = self.kind.type_name();
        [of_state, name].concat()
    }

    fn tell(&self, to: &mut dyn Members) {
        let number = |id: u64| i64::try_from(id).unwrap_or(i64::MAX);
        to.time("timestamp", self.timestamp);
        let (of_state, name) = self.kind.type_name();
        match of_state {
            "" => to.text("type", name),
            _ => to.text("type", &[of_state, name].concat()),
        }
        to.number("id", number(self.id));
        to.number("previousEventId", number(self.previous_id));
        if self.kind.has_details() {
            to.object(&details_name(name), &mut |details| self.kind.details(details));
        }
    }
}

/// `TaskScheduled` has `taskScheduledEventDetails`; all kinds of states share two names.
fn details_name(type_name: &str) -> String {
    let mut name = String::with_capacity(type_name.len() + "EventDetails".len());
    name.extend(type_name.chars().take(1).map(|first| first.to_ascii_lowercase()));
    name + type_name.get(1..).unwrap_or_default() + "EventDetails"
}

fn input(value: &Value, to: &mut dyn Members) {
    to.quoted("input", value);
    to.whole("inputDetails");
}

fn output(value: &Value, to: &mut dyn Members) {
    to.quoted("output", value);
    to.whole("outputDetails");
}

/// The variables, each value as JSON text; nothing where there are none.
fn assigned(variables: &Value, to: &mut dyn Members) {
    let Some(members) = variables.as_object().filter(|members| !members.is_empty()) else { return };
    to.object("assignedVariables", &mut |texts| {
        for (name, value) in members.iter() {
            texts.quoted(name, value);
        }
    });
    to.whole("assignedVariablesDetails");
}

fn credentials(role_arn: &Option<Arc<str>>, to: &mut dyn Members) {
    if let Some(role_arn) = role_arn {
        to.object("taskCredentials", &mut |credentials| credentials.text("roleArn", role_arn));
    }
}

fn failure(failure: &Failure, to: &mut dyn Members) {
    for (name, text) in [("error", &failure.error), ("cause", &failure.cause)] {
        if let Some(text) = text {
            to.text(name, text);
        }
    }
}

fn task(task: &TaskName, to: &mut dyn Members) {
    to.text("resourceType", &task.resource_type);
    to.text("resource", &task.resource);
}

fn iteration(iteration: &Iteration, to: &mut dyn Members) {
    to.text("name", &iteration.name);
    to.number("index", i64::try_from(iteration.index).unwrap_or(i64::MAX));
}

fn seconds(name: &str, value: Option<i64>, to: &mut dyn Members) {
    if let Some(value) = value {
        to.number(name, value);
    }
}

impl EventKind {
    /// The name of the type, in two parts: the type of the state where it is one of these, and the rest.
    fn type_name(&self) -> (&'static str, &'static str) {
        let name = match self {
            Self::StateEntered { state_type, .. } => return (state_type.name(), "StateEntered"),
            Self::StateExited { state_type, .. } => return (state_type.name(), "StateExited"),
            Self::StateAborted(state_type) => return (state_type.name(), "StateAborted"),
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed(_) => "ExecutionFailed",
            Self::ExecutionRedriven { .. } => "ExecutionRedriven",
            Self::EvaluationFailed { .. } => "EvaluationFailed",
            Self::ExecutionTimedOut(_) => "ExecutionTimedOut",
            Self::ExecutionAborted(_) => "ExecutionAborted",
            Self::LambdaFunctionScheduled { .. } => "LambdaFunctionScheduled",
            Self::LambdaFunctionScheduleFailed(_) => "LambdaFunctionScheduleFailed",
            Self::LambdaFunctionStarted => "LambdaFunctionStarted",
            Self::LambdaFunctionStartFailed(_) => "LambdaFunctionStartFailed",
            Self::LambdaFunctionSucceeded { .. } => "LambdaFunctionSucceeded",
            Self::LambdaFunctionFailed(_) => "LambdaFunctionFailed",
            Self::LambdaFunctionTimedOut(_) => "LambdaFunctionTimedOut",
            Self::ActivityScheduled { .. } => "ActivityScheduled",
            Self::ActivityScheduleFailed(_) => "ActivityScheduleFailed",
            Self::ActivityStarted { .. } => "ActivityStarted",
            Self::ActivitySucceeded { .. } => "ActivitySucceeded",
            Self::ActivityFailed(_) => "ActivityFailed",
            Self::ActivityTimedOut(_) => "ActivityTimedOut",
            Self::TaskScheduled { .. } => "TaskScheduled",
            Self::TaskStarted(_) => "TaskStarted",
            Self::TaskSucceeded { .. } => "TaskSucceeded",
            Self::TaskStartFailed { .. } => "TaskStartFailed",
            Self::TaskSubmitted { .. } => "TaskSubmitted",
            Self::TaskSubmitFailed { .. } => "TaskSubmitFailed",
            Self::TaskFailed { .. } => "TaskFailed",
            Self::TaskTimedOut { .. } => "TaskTimedOut",
            Self::MapStateStarted { .. } => "MapStateStarted",
            Self::MapStateSucceeded => "MapStateSucceeded",
            Self::MapStateFailed => "MapStateFailed",
            Self::MapRunStarted { .. } => "MapRunStarted",
            Self::MapRunSucceeded => "MapRunSucceeded",
            Self::MapRunFailed(_) => "MapRunFailed",
            Self::MapRunRedriven { .. } => "MapRunRedriven",
            Self::MapRunAborted => "MapRunAborted",
            Self::MapIterationStarted(_) => "MapIterationStarted",
            Self::MapIterationSucceeded(_) => "MapIterationSucceeded",
            Self::MapIterationFailed(_) => "MapIterationFailed",
            Self::MapIterationAborted(_) => "MapIterationAborted",
            Self::ParallelStateStarted => "ParallelStateStarted",
            Self::ParallelStateSucceeded => "ParallelStateSucceeded",
            Self::ParallelStateFailed => "ParallelStateFailed",
        };
        ("", name)
    }

    fn has_details(&self) -> bool {
        !matches!(
            self,
            Self::StateAborted(_)
                | Self::LambdaFunctionStarted
                | Self::MapStateSucceeded
                | Self::MapStateFailed
                | Self::MapRunSucceeded
                | Self::MapRunAborted
                | Self::ParallelStateStarted
                | Self::ParallelStateSucceeded
                | Self::ParallelStateFailed
        )
    }

    /// The details of the type.
    fn details(&self, to: &mut dyn Members) {
        match self {
            Self::StateEntered { name, input: value, .. } => {
                to.text("name", name);
                input(value, to);
            }
            Self::StateExited { name, output: value, assigned_variables, .. } => {
                to.text("name", name);
                output(value, to);
                if let Some(variables) = assigned_variables {
                    assigned(variables, to);
                }
            }
            Self::ExecutionStarted { input: value, input_text, role_arn } => {
                match input_text {
                    Some(text) => {
                        to.text("input", text);
                        to.whole("inputDetails");
                    }
                    None => input(value, to),
                }
                to.text("roleArn", role_arn);
            }
            Self::ExecutionSucceeded { output: value }
            | Self::LambdaFunctionSucceeded { output: value }
            | Self::ActivitySucceeded { output: value } => output(value, to),
            Self::ExecutionRedriven { redrive_count } => to.number("redriveCount", (*redrive_count).into()),
            Self::EvaluationFailed { failure: found, location, state } => {
                failure(found, to);
                if let Some(location) = location {
                    to.text("location", location);
                }
                to.text("state", state);
            }
            Self::ExecutionFailed(found)
            | Self::ExecutionTimedOut(found)
            | Self::ExecutionAborted(found)
            | Self::LambdaFunctionScheduleFailed(found)
            | Self::LambdaFunctionStartFailed(found)
            | Self::LambdaFunctionFailed(found)
            | Self::LambdaFunctionTimedOut(found)
            | Self::ActivityScheduleFailed(found)
            | Self::ActivityFailed(found)
            | Self::ActivityTimedOut(found)
            | Self::MapRunFailed(found) => failure(found, to),
            Self::LambdaFunctionScheduled { resource, input: value, timeout_in_seconds, role_arn } => {
                to.text("resource", resource);
                input(value, to);
                seconds("timeoutInSeconds", *timeout_in_seconds, to);
                credentials(role_arn, to);
            }
            Self::ActivityScheduled { resource, input: value, timeout_in_seconds, heartbeat_in_seconds } => {
                to.text("resource", resource);
                input(value, to);
                seconds("timeoutInSeconds", *timeout_in_seconds, to);
                seconds("heartbeatInSeconds", *heartbeat_in_seconds, to);
            }
            Self::ActivityStarted { worker_name } => {
                if let Some(name) = worker_name {
                    to.text("workerName", name);
                }
            }
            Self::TaskScheduled {
                task: name,
                region,
                parameters,
                timeout_in_seconds,
                heartbeat_in_seconds,
                role_arn,
            } => {
                task(name, to);
                to.text("region", region);
                to.quoted("parameters", parameters);
                seconds("timeoutInSeconds", *timeout_in_seconds, to);
                seconds("heartbeatInSeconds", *heartbeat_in_seconds, to);
                credentials(role_arn, to);
            }
            Self::TaskStarted(name) => task(name, to),
            Self::TaskSucceeded { task: name, output: value } | Self::TaskSubmitted { task: name, output: value } => {
                task(name, to);
                output(value, to);
            }
            Self::TaskStartFailed { task: name, failure: found }
            | Self::TaskSubmitFailed { task: name, failure: found }
            | Self::TaskFailed { task: name, failure: found }
            | Self::TaskTimedOut { task: name, failure: found } => {
                task(name, to);
                failure(found, to);
            }
            Self::MapStateStarted { length } => to.number("length", i64::try_from(*length).unwrap_or(i64::MAX)),
            Self::MapRunStarted { map_run_arn } => to.text("mapRunArn", map_run_arn),
            Self::MapRunRedriven { map_run_arn, redrive_count } => {
                to.text("mapRunArn", map_run_arn);
                to.number("redriveCount", (*redrive_count).into());
            }
            Self::MapIterationStarted(found)
            | Self::MapIterationSucceeded(found)
            | Self::MapIterationFailed(found)
            | Self::MapIterationAborted(found) => iteration(found, to),
            Self::StateAborted(_)
            | Self::LambdaFunctionStarted
            | Self::MapStateSucceeded
            | Self::MapStateFailed
            | Self::MapRunSucceeded
            | Self::MapRunAborted
            | Self::ParallelStateStarted
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::ast::StateType;
    use crate::time::Timestamp;

    /// Every type of the API reference, by `HistoryEvent`, with its details where it has any.
    #[test]
    fn every_type_has_its_name_and_details() {
        let failure = || Failure::new("E", "C");
        let name = || Arc::new(TaskName { resource_type: "sqs".into(), resource: "sendMessage".into() });
        let iteration = || Iteration { name: "M".into(), index: 2 };
        let one = || Value::from(1);
        let cases: Vec<(EventKind, &str)> = vec![
            (
                EventKind::ExecutionStarted { input: one(), input_text: None, role_arn: "r".into() },
                r#""type":"ExecutionStarted","executionStartedEventDetails":{"input":"1","inputDetails":{"truncated":false},"roleArn":"r"}"#,
            ),
            (
                EventKind::ExecutionStarted { input: one(), input_text: Some(" 1 ".into()), role_arn: "r".into() },
                r#""type":"ExecutionStarted","executionStartedEventDetails":{"input":" 1 ","inputDetails":{"truncated":false},"roleArn":"r"}"#,
            ),
            (
                EventKind::ExecutionTimedOut(Failure::timeout()),
                r#""type":"ExecutionTimedOut","executionTimedOutEventDetails":{"error":"States.Timeout"}"#,
            ),
            (
                EventKind::ExecutionRedriven { redrive_count: 2 },
                r#""type":"ExecutionRedriven","executionRedrivenEventDetails":{"redriveCount":2}"#,
            ),
            (
                EventKind::ExecutionFailed(failure()),
                r#""type":"ExecutionFailed","executionFailedEventDetails":{"error":"E","cause":"C"}"#,
            ),
            (
                EventKind::EvaluationFailed { failure: failure(), location: Some("Output".into()), state: "S".into() },
                r#""type":"EvaluationFailed","evaluationFailedEventDetails":{"error":"E","cause":"C","location":"Output","state":"S"}"#,
            ),
            (EventKind::StateAborted(StateType::Parallel), r#""type":"ParallelStateAborted""#),
            (
                EventKind::LambdaFunctionScheduleFailed(failure()),
                r#""type":"LambdaFunctionScheduleFailed","lambdaFunctionScheduleFailedEventDetails":{"error":"E","cause":"C"}"#,
            ),
            (
                EventKind::ActivityStarted { worker_name: Some("w".into()) },
                r#""type":"ActivityStarted","activityStartedEventDetails":{"workerName":"w"}"#,
            ),
            (
                EventKind::TaskSubmitFailed { task: name(), failure: failure() },
                r#""type":"TaskSubmitFailed","taskSubmitFailedEventDetails":{"resourceType":"sqs","resource":"sendMessage","error":"E","cause":"C"}"#,
            ),
            (
                EventKind::TaskStartFailed { task: name(), failure: failure() },
                r#""type":"TaskStartFailed","taskStartFailedEventDetails":{"resourceType":"sqs","resource":"sendMessage","error":"E","cause":"C"}"#,
            ),
            (
                EventKind::MapIterationAborted(iteration()),
                r#""type":"MapIterationAborted","mapIterationAbortedEventDetails":{"name":"M","index":2}"#,
            ),
            (
                EventKind::MapRunRedriven { map_run_arn: "a".into(), redrive_count: 1 },
                r#""type":"MapRunRedriven","mapRunRedrivenEventDetails":{"mapRunArn":"a","redriveCount":1}"#,
            ),
            (EventKind::MapRunAborted, r#""type":"MapRunAborted""#),
        ];
        for (kind, expected) in cases {
            let event = HistoryEvent { id: 1, previous_id: 0, timestamp: Timestamp(0), kind };
            let json = event
                .to_json()
                .to_string()
                .replace(r#""id":1,"previousEventId":0,"#, "")
                .replace(r#","id":1,"previousEventId":0"#, "");
            assert_eq!(json, format!(r#"{{"timestamp":"1970-01-01T00:00:00.000Z",{expected}}}"#));
        }
    }
}
