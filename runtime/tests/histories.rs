//! Facts of histories that recordings show, each with the recordings or reports that it comes from.

mod support;

use asl_engine::{Failure, Quotas, TaskRequest};
use asl_runtime::simulation::Answer;
use support::{Ran, output, run, run_with, two};

/// The events from the one with this id on.
fn from(ran: &Ran, id: usize) -> Vec<&str> {
    ran.events[id - 1..].iter().map(String::as_str).collect()
}

/// Held-back recordings of executions with `TimeoutSeconds`: the event names its error, follows nothing, and comes when the time
/// is over.
#[test]
fn an_execution_that_runs_too_long_ends_at_its_deadline() {
    let definition =
        r#"{"StartAt": "S", "TimeoutSeconds": 5, "States": {"S": {"Type": "Wait", "Seconds": 60, "End": true}}}"#;
    let ran = run(definition, "{}");
    assert_eq!(from(&ran, 3), ["3<0 ExecutionTimedOut"]);
    let event = &ran.json[2];
    assert_eq!(event["executionTimedOutEventDetails"].to_string(), r#"{"error":"States.Timeout"}"#);
    assert_eq!(event["timestamp"].as_str(), Some("1970-01-01T00:00:05.000Z"));
}

fn parallel(branches: &str) -> String {
    format!(
        r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "Branches": [{branches}],
        "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "C"}}], "Next": "C"}}, "C": {{"Type": "Pass", "End": true}}}}}}"#
    )
}

fn map(item: &str) -> String {
    format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "Iterator": {{"StartAt": "I", "States": {{"I": {item}}}}},
        "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "C"}}], "Next": "C"}}, "C": {{"Type": "Pass", "End": true}}}}}}"#
    )
}

/// Held-back recordings: no event closes what a States.Runtime is raised in. That what runs beside it leaves no event
/// either is our reading of it.
#[test]
fn states_runtime_closes_nothing() {
    let bad = r#"{"Type": "Pass", "Parameters": {"x.$": "$.nope"}, "End": true}"#;
    let expected = ["5<4 PassStateEntered", "6<5 ExecutionFailed"];
    assert_eq!(from(&run(&map(bad), "[{}]"), 5), expected);
    let branch = format!(r#"{{"StartAt": "B", "States": {{"B": {bad}}}}}"#);
    let waits = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}"#;
    let ran = run(&parallel(&format!("{waits}, {branch}")), "{}");
    assert_eq!(from(&ran, 4), ["4<3 WaitStateEntered", "5<3 PassStateEntered", "6<5 ExecutionFailed"]);
}

/// `aws2.jsonl`, Choice.And-006 and its like: no Catcher takes it, of whatever is around it.
#[test]
fn a_choice_that_leads_nowhere_ends_the_execution() {
    let choice = r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "J"}]},
        "J": {"Type": "Pass", "End": true}"#;
    let said = "Failed to transition out of the state. The state does not point to a next state.";
    let ran = run(&map(choice), r#"[{"a": 2}]"#);
    let expected = "States.Runtime: An error occurred while executing the state 'I' (entered at the event id #5). ";
    assert_eq!(output(&ran), format!("{expected}{said}"));
}

/// Recordings since December 2024: once for each attempt, after the event that entered the state.
#[test]
fn a_failed_expression_follows_the_entered_event() {
    let retry = r#""Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}]"#;
    let resource = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let second = format!(
        r#""Type": "Task", "QueryLanguage": "JSONata", "Resource": "{resource}", "Arguments": "{{% 1 + 'a' %}}", {retry}"#
    );
    let ran = run(&two(r#""Type": "Pass""#, &second), "{}");
    let expected = ["4<3 TaskStateEntered", "5<4 EvaluationFailed", "6<5 EvaluationFailed", "7<6 ExecutionFailed"];
    assert_eq!(from(&ran, 4), expected);
}

/// A held-back recording of a function; the same of every timeout is our reading of it.
#[test]
fn a_timeout_that_is_caught_has_an_empty_cause() {
    let resource = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let definition = format!(
        r#"{{"StartAt": "S", "States": {{"S": {{"Type": "Task", "Resource": "{resource}", "TimeoutSeconds": 3, "End": true,
            "Catch": [{{"ErrorEquals": ["States.Timeout"], "Next": "C"}}]}}, "C": {{"Type": "Pass", "End": true}}}}}}"#
    );
    let silent = |_: &TaskRequest| Answer { outcome: None, ..Answer::from(Err(Failure::default())) };
    let ran = run_with(&definition, "{}", Quotas::default(), silent);
    assert_eq!(output(&ran), r#"{"Error":"States.Timeout","Cause":""}"#);
}

/// Held-back recordings: spaces and the forms of numbers are those of the caller until a state changes the input.
#[test]
fn the_text_of_the_input_is_quoted_as_it_came_in() {
    let quoted = |first: &str| {
        let ran = run(&two(first, r#""Type": "Pass", "Parameters": {"x.$": "$.nope"}"#), r#"{ "a":  1.50 }"#);
        assert_eq!(ran.json[0]["executionStartedEventDetails"]["input"].as_str(), Some(r#"{ "a":  1.50 }"#));
        output(&ran).split_once("in the input ").map(|(_, input)| input.to_owned()).unwrap_or_default()
    };
    assert_eq!(quoted(r#""Type": "Wait", "Seconds": 1"#), r#"'{ "a":  1.50 }'"#);
    assert_eq!(quoted(r#""Type": "Pass", "Result": 2, "ResultPath": "$.b""#), r#"'{"a":1.50,"b":2}'"#);
}
