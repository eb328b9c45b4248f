//! Executions that were run elsewhere: on AWS, or by another program. Their histories are what is known of them.

use std::sync::Arc;

use asl_engine::{Timestamp, Value};
use asl_history::{Event, HistoryError};
use asl_runtime::journal::{ListedUnder, Memory};

use crate::details::{Details, FailureTexts, More};
use crate::state_machines::StateMachine;

/// Keeps an execution of a state machine from its history, as GetExecutionHistory gives it, under this name; gives its ARN.
///
/// Child executions of Map Runs are not kept.
///
/// # Errors
///
/// Where the history is none, or has no events.
pub fn keep_elsewhere(
    journal: &Memory,
    machine: &StateMachine,
    name: &str,
    history: &Value,
) -> Result<Arc<str>, HistoryError> {
    let events = Event::all(history)?;
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Err(HistoryError::Empty) };
    let text = |event: &Event, name: &str| event.details.get(name).map(shown);
    let ended = match last.kind.strip_prefix("Execution") {
        Some("Succeeded") => "SUCCEEDED",
        Some("Failed") => "FAILED",
        Some("TimedOut") => "TIMED_OUT",
        Some("Aborted") => "ABORTED",
        _ => "RUNNING",
    };
    let failure = FailureTexts { error: text(last, "error"), cause: text(last, "cause") };
    let arn: Arc<str> = format!("{}:{name}", machine.arn.replacen(":stateMachine:", ":execution:", 1)).into();
    let details = Details {
        arn: arn.clone(),
        listed_under: ListedUnder { state_machine: Some(machine.arn.clone()), ..ListedUnder::default() },
        status: ended.into(),
        started: first.at.unwrap_or_default(),
        stopped: (ended != "RUNNING").then(|| last.at.unwrap_or_default()),
        more: More {
            name: name.into(),
            state_machine_arn: machine.arn.clone(),
            input: text(first, "input").unwrap_or_else(|| "{}".into()),
            revision: machine.revision.clone(),
            output: if ended == "SUCCEEDED" { text(last, "output") } else { None },
            failure: matches!(ended, "FAILED" | "TIMED_OUT" | "ABORTED").then_some(failure),
            redriven: None,
            map_runs: Vec::new(),
            given_up: None,
            test_case: None,
            trace_header: None,
        },
    };
    let list = history.get("events").unwrap_or(history).as_array().map(|all| &**all).unwrap_or_default();
    // They may come from the last to the first; their ids count from 1 in the order of time.
    let mut list: Vec<(u64, String)> = list.iter().filter_map(in_seconds).collect();
    list.sort_by_key(|(id, _)| *id);
    journal.keep_elsewhere(details.entry(), list.into_iter().map(|(_, text)| text).collect());
    Ok(arn)
}

/// A text is itself; all else is the text of its JSON.
fn shown(value: &Value) -> Arc<str> {
    value.as_str().map_or_else(|| value.to_string().into(), Into::into)
}

/// An event with its time in seconds, as the API has it, and its id.
fn in_seconds(event: &Value) -> Option<(u64, String)> {
    let Event { id, at, .. } = Event::of_json(event)?;
    let members = event.as_object()?.iter().map(|(name, value)| match (&**name, at) {
        ("timestamp", Some(at)) => (name.clone(), seconds(at)),
        _ => (name.clone(), value.clone()),
    });
    Some((id, members.collect::<Value>().to_string()))
}

fn seconds(at: Timestamp) -> Value {
    at.seconds_text().parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use asl_engine::Program;
    use asl_runtime::journal::{Events, Journal};

    use super::*;

    #[test]
    fn a_history_of_aws_is_an_execution_that_has_ended() {
        let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
        let machine = StateMachine::local("m", Arc::new(Program::parse(definition).unwrap()));
        let history = r#"{"events": [
            {"id": 2, "type": "ExecutionFailed", "timestamp": "2026-04-01T12:00:01.500000+00:00",
                "executionFailedEventDetails": {"error": "E", "cause": "why"}},
            {"id": 1, "type": "ExecutionStarted", "timestamp": 1775044800.25, "executionStartedEventDetails": {"input": "{\"a\":1}"}}
        ]}"#;
        let journal = Memory::default();
        let arn = keep_elsewhere(&journal, &machine, "old", &history.parse().unwrap()).unwrap();
        let details = Details::of_entry(journal.entry(&arn).unwrap().unwrap()).unwrap();
        assert_eq!((&*details.status, &*details.more.input), ("FAILED", r#"{"a":1}"#));
        assert_eq!(details.more.failure.unwrap().cause.as_deref(), Some("why"));
        let asked = |from, is_reversed| journal.events(&arn, Events { from, is_reversed, most: 1 }).unwrap();
        assert!(asked(None, false)[0].contains(r#""timestamp":1775044800.25"#), "{:?}", asked(None, false));
        assert!(asked(Some(2), false)[0].contains(r#""timestamp":1775044801.5"#), "{:?}", asked(Some(2), false));
        assert_eq!(asked(None, true), asked(Some(2), false));
        assert_eq!((journal.last_event(&arn).unwrap(), asked(Some(3), false).len()), (2, 0));
        assert_eq!(keep_elsewhere(&journal, &machine, "none", &"[]".parse().unwrap()), Err(HistoryError::Empty));
    }
}
