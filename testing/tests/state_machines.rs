//! State machines that a case starts: they run for real where their definitions are at hand.

use std::fs;
use std::path::Path;

use asl_engine::Program;
use asl_testing::{CaseResult, Goal, TestFile, TestFileError, Verdict};
use tempfile::TempDir;

const PAYMENT: &str = r#"{"StartAt": "Charge", "States": {
  "Charge": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:charge", "TimeoutSeconds": 60, "Next": "Settle"},
  "Settle": {"Type": "Wait", "Seconds": 30, "End": true}}}"#;

fn order(pattern: &str, machine: &str, more: &str) -> String {
    format!(
        r#"{{"StartAt": "Pay", "States": {{"Pay": {{"Type": "Task", "Resource": "arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {{"StateMachineArn": "{machine}", "Input": {{"amount.$": "$.amount"}}{more}}},
        "End": true}}}}}}"#
    )
}

const ARN: &str = "arn:aws:states:us-east-1:1:stateMachine:payment";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn read(folder: &Path, test: &str) -> Result<TestFile, TestFileError> {
    TestFile::parse(&folder.join("order.test.yaml"), test.to_owned())
}

fn run(folder: &TempDir, test: &str) -> CaseResult {
    let file = read(folder.path(), test).unwrap_or_else(|error| panic!("{test}: {error:?}"));
    file.cases[0].run(&file, 1)
}

fn told(result: &CaseResult) -> String {
    match &result.verdict {
        Verdict::Passed => "passed".to_owned(),
        Verdict::Bug(bug) => panic!("{bug}"),
        Verdict::Failed(failed) => failed.stuck.clone().unwrap_or_else(|| format!("{:?}", failed.unmet)),
    }
}

#[test]
fn it_runs_with_mocks_of_its_own_and_takes_its_time() {
    let files = [("order.asl.json", &*order(".sync:2", ARN, "")), ("payment.asl.json", PAYMENT)];
    let test = r"
defaults: {input: {amount: 3}, state_machines: {payment: {mocks: {Charge: {result: '{% amount * 100 %}', after: 10s}}}}}
cases:
  - name: it
    expect: {output: {partial: {Status: SUCCEEDED, Output: 300, Input: {amount: 3}}}, duration: 40s}";
    let result = run(&folder(&files), test);
    assert_eq!(told(&result), "passed");
    let [(name, taken)] = &result.started[..] else { panic!("{:?}", result.started) };
    let goals = asl_testing::goals(&Program::parse(PAYMENT).unwrap());
    let states: Vec<u64> =
        goals.iter().filter(|goal| matches!(goal, Goal::State(_))).map(|goal| taken.count(*goal)).collect();
    assert_eq!((&**name, &states[..]), ("payment", &[1, 1][..]));
    // Its data as text.
    let files = [("order.asl.json", &*order(".sync", ARN, "")), ("payment.asl.json", PAYMENT)];
    assert!(told(&run(&folder(&files), test)).contains("300"));
}

#[test]
fn its_failure_is_that_of_the_task() {
    let files = [("order.asl.json", &*order(".sync", ARN, "")), ("payment.asl.json", PAYMENT)];
    let test = "
cases:
  - name: it
    input: {amount: 3}
    state_machines: {payment: {mocks: {Charge: {timeout: true}}}}
    expect: {error: States.TaskFailed, cause: {matches: '\"Error\":\"States.Timeout\"'}, duration: 1m}";
    assert_eq!(told(&run(&folder(&files), test)), "passed");
}

#[test]
fn without_sync_nobody_waits_and_a_name_is_taken_once() {
    let definition = order("", ARN, r#", "Name": "same""#).replace(r#""End": true"#, r#""Next": "Again""#);
    let again = order("", ARN, r#", "Name": "same""#).replace("\"Pay\"", "\"Again\"");
    let again = &again[again.find("\"States\": {").unwrap() + "\"States\": {".len()..];
    let both = format!(
        "{}, {again}",
        &definition[..definition.len() - 2].replace("\"Input\": {\"amount.$\": \"$.amount\"}, ", "")
    );
    let both = both.replace("\"Input\": {\"amount.$\": \"$.amount\"}, ", "");
    let files = [("order.asl.json", &*both), ("payment.asl.json", PAYMENT)];
    let test = "
cases:
  - name: it
    state_machines: {payment: {mocks: {Charge: {result: 1}}}}
    expect: {error: StepFunctions.ExecutionAlreadyExistsException, duration: 0s}";
    assert_eq!(told(&run(&folder(&files), test)), "passed");
}

#[test]
fn a_mock_of_the_task_comes_first() {
    let files = [("order.asl.json", &*order(".sync:2", ARN, "")), ("payment.asl.json", "{}")];
    let test = "
cases:
  - {name: it, input: {amount: 3}, mocks: {Pay: {result: {Output: paid}}}, expect: {output: {Output: paid}}}";
    assert_eq!(told(&run(&folder(&files), test)), "passed");
}

#[test]
fn a_placeholder_is_the_name_of_its_machine() {
    let files = [("order.asl.json", &*order(".sync:2", "${Payment}", "")), ("pay.json", PAYMENT)];
    let test = "
state_machines: {'${Payment}': pay.json}
cases:
  - name: it
    input: {amount: 3}
    state_machines: {'${Payment}': {mocks: {Charge: {result: 1}}}}
    expect: {output: {partial: {Output: 1}}}";
    assert_eq!(told(&run(&folder(&files), test)), "passed");
}

#[test]
fn one_that_starts_itself_comes_to_an_end() {
    let files = [("order.asl.json", &*order(".sync:2", "arn:aws:states:us-east-1:1:stateMachine:order", ""))];
    let told = told(&run(&folder(&files), "cases: [{name: it, input: {amount: 3}}]"));
    assert_eq!(told, "the state machine 'order' is started within 16 others");
}

#[test]
fn what_is_missing_is_told() {
    let order = order(".sync:2", ARN, "");
    let case = "cases: [{name: it, input: {amount: 3}}]";
    for (files, expected) in [
        (
            vec![("order.asl.json", &*order)],
            "the state 'Pay' calls arn:aws:states:::states:startExecution.sync:2, and has no mock: say below 'mocks' what it \
             answers, or below 'state_machines' where the definition of 'payment' is",
        ),
        (
            vec![("order.asl.json", &*order), ("payment.asl.json", PAYMENT)],
            "the state 'Charge' calls arn:aws:lambda:us-east-1:1:function:charge, and has no mock: say below \
             'state_machines: {payment: {mocks: …}}' what it answers",
        ),
        (
            vec![("order.asl.json", &*order), ("payment.asl.json", "{}")],
            "payment.asl.json has errors, which `asl check ",
        ),
    ] {
        let told = told(&run(&folder(&files), case));
        assert!(told.contains(expected), "{told}");
    }
    for (test, expected) in [
        ("state_machines: [a]\ncases: [{name: it}]", "'state_machines' is an object, not a list"),
        ("state_machines: {payment: {}}\ncases: [{name: it}]", "the state machine has no definition"),
        ("state_machines: {payment: nothing.json}\ncases: [{name: it}]", "the definition cannot be read: "),
        ("cases: [{name: it, state_machines: {paiment: {mocks: {}}}}]", "no state machine 'paiment' is at hand"),
        (
            "cases: [{name: it, state_machines: {payment: {mocks: {Chrage: {result: 1}}}}}]",
            "the definition has no state 'Chrage'",
        ),
        ("cases: [{name: it, state_machines: {payment: {mock: {}}}}]", "a started state machine has no field 'mock'"),
    ] {
        let folder = folder(&[("order.asl.json", &*order), ("payment.asl.json", PAYMENT)]);
        let Err(TestFileError::Invalid { problems, .. }) = read(folder.path(), test) else { panic!("{test} is taken") };
        assert!(problems[0].message.starts_with(expected), "{test}: {problems:?}");
    }
}
