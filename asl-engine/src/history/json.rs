use std::sync::Arc;

use super::quoted::Quoted;
use super::{EventKind, HistoryEvent, Iteration, TaskName};
use crate::json;
use crate::task::Failure;
use crate::value::Value;

/// Gives the JSON text of a value, as a string. A parameter, so that texts can be shared.
type Quote<'a> = &'a mut dyn FnMut(&Value) -> Value;

/// The events as [`HistoryEvent::to_json`] gives them, one after the other. What a state hands on is what the next one is
/// given, and is turned into text once.
pub fn to_json<'a>(events: impl IntoIterator<Item = &'a HistoryEvent>) -> impl Iterator<Item = Value> {
    let mut last: Option<(Value, Value)> = None;
    events.into_iter().map(move |event| {
        event.json_with(&mut |value| match &last {
            Some((known, text)) if known.is_same(value) => text.clone(),
            _ => {
                let text = Value::from(value.json_text());
                last = Some((value.clone(), text.clone()));
                text
            }
        })
    })
}

/// The JSON text of each event, as of [`to_json`]: for whoever prints or stores them one by one. A large part of a value is
/// written once for all values that share it.
pub fn to_json_text<'a>(events: impl IntoIterator<Item = &'a HistoryEvent>) -> impl Iterator<Item = String> {
    let mut quoted = Quoted::default();
    events.into_iter().map(move |event| {
        // Each value leaves a text of its own in its place, by which it is found again.
        let mut held: Vec<(Arc<str>, Value)> = Vec::new();
        let json = event.json_with(&mut |value| {
            let place: Arc<str> = held.len().to_string().into();
            held.push((place.clone(), value.clone()));
            place.into()
        });
        let bytes: usize = held.iter().map(|(_, value)| value.json_len()).sum();
        let mut out = String::with_capacity(json.json_len() + bytes + bytes / 4);
        write_holding(&json, &held, &mut quoted, &mut out);
        out
    })
}

/// Writes an event, with the values that are held in their places.
fn write_holding(event: &Value, held: &[(Arc<str>, Value)], quoted: &mut Quoted, out: &mut String) {
    match event {
        Value::Object(members) => {
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json::string(name, out);
                out.push(':');
                write_holding(value, held, quoted, out);
            }
            out.push('}');
        }
        Value::String(text) => match held.iter().find(|(place, _)| Arc::ptr_eq(place, text)) {
            Some((_, value)) => quoted.write(value, out),
            None => json::string(text, out),
        },
        other => json::write(other, out),
    }
}

impl HistoryEvent {
    /// The event as the API gives it: `id`, `previousEventId`, `timestamp`, `type` and the details of its type, in
    /// which inputs and outputs are JSON text.
    pub fn to_json(&self) -> Value {
        self.json_with(&mut |value| value.json_text().into())
    }

    fn json_with(&self, quote: Quote<'_>) -> Value {
        let (type_name, details) = self.kind.parts(quote);
        let number = |id: u64| Value::from(i64::try_from(id).unwrap_or(i64::MAX));
        let mut parts: Vec<(Arc<str>, Value)> = vec![
            ("timestamp".into(), self.timestamp.to_string().into()),
            ("type".into(), type_name.clone().into()),
            ("id".into(), number(self.id)),
            ("previousEventId".into(), number(self.previous_id)),
        ];
        if let Some(details) = details {
            parts.push((details_name(&type_name).into(), details));
        }
        parts.into_iter().collect()
    }

    /// The name of the event's type, such as `TaskStateEntered`.
    pub fn type_name(&self) -> String {
        self.kind.parts(&mut |_| Value::Null).0
    }
}

/// `TaskScheduled` has `taskScheduledEventDetails`; all kinds of states share two names.
fn details_name(type_name: &str) -> String {
    let name = match type_name {
        name if name.ends_with("StateEntered") => "stateEntered".to_owned(),
        name if name.ends_with("StateExited") => "stateExited".to_owned(),
        name => name[..1].to_lowercase() + &name[1..],
    };
    name + "EventDetails"
}

fn input(value: &Value, quote: Quote<'_>) -> [(&'static str, Value); 2] {
    [("input", quote(value)), ("inputDetails", [("truncated", Value::from(false))].into())]
}

fn output(value: &Value, quote: Quote<'_>) -> [(&'static str, Value); 2] {
    [("output", quote(value)), ("outputDetails", [("truncated", Value::from(false))].into())]
}

/// The variables, each value as JSON text; nothing where there are none.
fn assigned(variables: &Value, quote: Quote<'_>) -> Vec<(&'static str, Value)> {
    match variables {
        Value::Object(members) if !members.is_empty() => {
            let texts = members.iter().map(|(name, value)| (name.clone(), quote(value))).collect();
            let details = [("truncated", Value::from(false))].into();
            vec![("assignedVariables", texts), ("assignedVariablesDetails", details)]
        }
        _ => Vec::new(),
    }
}

fn credentials(role_arn: &Option<Arc<str>>) -> Option<(&'static str, Value)> {
    role_arn.clone().map(|role_arn| ("taskCredentials", [("roleArn", role_arn.into())].into()))
}

fn failed(found: &Failure) -> Value {
    failure(found).into_iter().collect()
}

fn task_failed(name: &TaskName, found: &Failure) -> Value {
    task(name).into_iter().chain(failure(found)).collect()
}

fn failure(failure: &Failure) -> Vec<(&'static str, Value)> {
    let parts = [("error", &failure.error), ("cause", &failure.cause)];
    parts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?.into()))).collect()
}

fn task(task: &TaskName) -> [(&'static str, Value); 2] {
    [("resourceType", task.resource_type.clone().into()), ("resource", task.resource.clone().into())]
}

fn iteration(iteration: &Iteration) -> Value {
    let index = i64::try_from(iteration.index).unwrap_or(i64::MAX);
    [("name", iteration.name.clone().into()), ("index", index.into())].into()
}

fn seconds(name: &'static str, value: Option<i64>) -> Option<(&'static str, Value)> {
    value.map(|value| (name, value.into()))
}

impl EventKind {
    /// The name of the type, and the details where the type has any.
    fn parts(&self, quote: Quote<'_>) -> (String, Option<Value>) {
        let (name, details): (&str, Option<Value>) = match self {
            Self::StateEntered { state_type, name, input: value } => {
                let mut parts = vec![("name", Value::from(name.clone()))];
                parts.extend(input(value, quote));
                return (format!("{}StateEntered", state_type.name()), Some(parts.into_iter().collect()));
            }
            Self::StateExited { state_type, name, output: value, assigned_variables } => {
                let mut parts = vec![("name", Value::from(name.clone()))];
                parts.extend(output(value, quote));
                if let Some(variables) = assigned_variables {
                    parts.extend(assigned(variables, quote));
                }
                return (format!("{}StateExited", state_type.name()), Some(parts.into_iter().collect()));
            }
            Self::StateAborted(state_type) => return (format!("{}StateAborted", state_type.name()), None),
            Self::ExecutionStarted { input: value, input_text, role_arn } => {
                let mut parts = input(value, quote).to_vec();
                if let Some(text) = input_text {
                    parts[0].1 = text.clone().into();
                }
                parts.push(("roleArn", role_arn.clone().into()));
                ("ExecutionStarted", Some(parts.into_iter().collect()))
            }
            Self::ExecutionSucceeded { output: value } => ("ExecutionSucceeded", Some(output(value, quote).into())),
            Self::ExecutionFailed(found) => ("ExecutionFailed", Some(failed(found))),
            Self::ExecutionRedriven { redrive_count } => {
                ("ExecutionRedriven", Some([("redriveCount", (*redrive_count).into())].into()))
            }
            Self::EvaluationFailed { failure: found, location, state } => {
                let location = location.clone().map(|location| ("location", location.into()));
                let place = location.into_iter().chain([("state", state.clone().into())]);
                ("EvaluationFailed", Some(failure(found).into_iter().chain(place).collect()))
            }
            Self::ExecutionTimedOut(found) => ("ExecutionTimedOut", Some(failed(found))),
            Self::ExecutionAborted(found) => ("ExecutionAborted", Some(failed(found))),
            Self::LambdaFunctionScheduled { resource, input: value, timeout_in_seconds, role_arn } => {
                let mut parts = vec![("resource", Value::from(resource.clone()))];
                parts.extend(input(value, quote));
                parts.extend(seconds("timeoutInSeconds", *timeout_in_seconds));
                parts.extend(credentials(role_arn));
                ("LambdaFunctionScheduled", Some(parts.into_iter().collect()))
            }
            Self::LambdaFunctionScheduleFailed(found) => ("LambdaFunctionScheduleFailed", Some(failed(found))),
            Self::LambdaFunctionStarted => ("LambdaFunctionStarted", None),
            Self::LambdaFunctionStartFailed(found) => ("LambdaFunctionStartFailed", Some(failed(found))),
            Self::LambdaFunctionSucceeded { output: value } => {
                ("LambdaFunctionSucceeded", Some(output(value, quote).into()))
            }
            Self::LambdaFunctionFailed(found) => ("LambdaFunctionFailed", Some(failed(found))),
            Self::LambdaFunctionTimedOut(found) => ("LambdaFunctionTimedOut", Some(failed(found))),
            Self::ActivityScheduled { resource, input: value, timeout_in_seconds, heartbeat_in_seconds } => {
                let mut parts = vec![("resource", Value::from(resource.clone()))];
                parts.extend(input(value, quote));
                parts.extend(seconds("timeoutInSeconds", *timeout_in_seconds));
                parts.extend(seconds("heartbeatInSeconds", *heartbeat_in_seconds));
                ("ActivityScheduled", Some(parts.into_iter().collect()))
            }
            Self::ActivityScheduleFailed(found) => ("ActivityScheduleFailed", Some(failed(found))),
            Self::ActivityStarted { worker_name } => {
                let name = worker_name.clone().map(|name| ("workerName", Value::from(name)));
                ("ActivityStarted", Some(name.into_iter().collect()))
            }
            Self::ActivitySucceeded { output: value } => ("ActivitySucceeded", Some(output(value, quote).into())),
            Self::ActivityFailed(found) => ("ActivityFailed", Some(failed(found))),
            Self::ActivityTimedOut(found) => ("ActivityTimedOut", Some(failed(found))),
            Self::TaskScheduled {
                task: name,
                region,
                parameters,
                timeout_in_seconds,
                heartbeat_in_seconds,
                role_arn,
            } => {
                let mut parts = task(name).to_vec();
                parts.extend([("region", region.clone().into()), ("parameters", quote(parameters))]);
                parts.extend(seconds("timeoutInSeconds", *timeout_in_seconds));
                parts.extend(seconds("heartbeatInSeconds", *heartbeat_in_seconds));
                parts.extend(credentials(role_arn));
                ("TaskScheduled", Some(parts.into_iter().collect()))
            }
            Self::TaskStarted(name) => ("TaskStarted", Some(task(name).into())),
            Self::TaskSucceeded { task: name, output: value } => {
                ("TaskSucceeded", Some(task(name).into_iter().chain(output(value, quote)).collect()))
            }
            Self::TaskStartFailed { task: name, failure: found } => ("TaskStartFailed", Some(task_failed(name, found))),
            Self::TaskSubmitted { task: name, output: value } => {
                ("TaskSubmitted", Some(task(name).into_iter().chain(output(value, quote)).collect()))
            }
            Self::TaskSubmitFailed { task: name, failure: found } => {
                ("TaskSubmitFailed", Some(task_failed(name, found)))
            }
            Self::TaskFailed { task: name, failure: found } => ("TaskFailed", Some(task_failed(name, found))),
            Self::TaskTimedOut { task: name, failure: found } => ("TaskTimedOut", Some(task_failed(name, found))),
            Self::MapStateStarted { length } => {
                let length = i64::try_from(*length).unwrap_or(i64::MAX);
                ("MapStateStarted", Some([("length", length.into())].into()))
            }
            Self::MapStateSucceeded => ("MapStateSucceeded", None),
            Self::MapStateFailed => ("MapStateFailed", None),
            Self::MapRunStarted { map_run_arn } => {
                ("MapRunStarted", Some([("mapRunArn", map_run_arn.clone().into())].into()))
            }
            Self::MapRunSucceeded => ("MapRunSucceeded", None),
            Self::MapRunFailed(found) => ("MapRunFailed", Some(failed(found))),
            Self::MapRunRedriven { map_run_arn, redrive_count } => {
                let arn = ("mapRunArn", map_run_arn.clone().into());
                ("MapRunRedriven", Some([arn, ("redriveCount", (*redrive_count).into())].into()))
            }
            Self::MapRunAborted => ("MapRunAborted", None),
            Self::MapIterationStarted(found) => ("MapIterationStarted", Some(iteration(found))),
            Self::MapIterationSucceeded(found) => ("MapIterationSucceeded", Some(iteration(found))),
            Self::MapIterationFailed(found) => ("MapIterationFailed", Some(iteration(found))),
            Self::MapIterationAborted(found) => ("MapIterationAborted", Some(iteration(found))),
            Self::ParallelStateStarted => ("ParallelStateStarted", None),
            Self::ParallelStateSucceeded => ("ParallelStateSucceeded", None),
            Self::ParallelStateFailed => ("ParallelStateFailed", None),
        };
        (name.to_owned(), details)
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
