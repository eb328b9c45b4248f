//! The saved form of a ledger, release after release: each version has a file in `golden/`, which every release reads.
//!
//! A change of the form needs a new version, and a file of it: `ASL_GOLDEN_BLESS=1` writes that of the current version.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_engine::{Execution, Program, Reply, Timestamp, Value};
use asl_runtime::{Effect, Input, Ledger, Saved, Saver};

/// An execution with everything that can be saved: children that run, have ended and wait for their place, a value that many
/// share, a task that was submitted, one that is retried, a Wait, variables, and a Map Run with a child execution that failed.
const DEFINITION: &str = r#"{"StartAt": "Keep", "States": {
    "Keep": {"Type": "Pass", "Assign": {"kept.$": "$.text"}, "Next": "All"},
    "All": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": true,
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": {"Type": "Task", "End": true,
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work",
                "Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 7}]}}}}}},
        {"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true, "HeartbeatSeconds": 60,
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}}}},
        {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 3600, "End": true}}},
        {"StartAt": "Runs", "States": {"Runs": {"Type": "Map", "ItemsPath": "$.items", "ToleratedFailureCount": 1, "End": true,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Child",
                "States": {"Child": {"Type": "Task", "End": true,
                    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:child"}}}}}}
    ]}}}"#;

const START: Timestamp = Timestamp(1_700_000_000_000);

fn program() -> Arc<Program> {
    Arc::new(Program::parse(DEFINITION).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}")))
}

/// The execution in the middle of its work, as it is saved.
fn saved() -> Saved {
    let input = Value::from([
        ("items", (1..=4).map(Value::from).collect()),
        (
            "text",
            Value::from(
                "a text that is long enough to be saved once, however many Frames hold it; \"quoted\" and é".repeat(2),
            ),
        ),
    ]);
    let execution = Execution::local("machine", "golden", input, START, 3);
    let (mut ledger, mut saver, mut saved) =
        (Ledger::new(program(), execution).redrivable(), Saver::default(), Saved::default());
    let mut inputs = vec![Input::Start];
    // Each function is asked once: the first answers, the second fails and is tried again, and so on.
    for round in 0..3 {
        let batch = ledger.feed(START.plus_seconds(round), inputs.drain(..)).expect("a sound host");
        saved.apply(saver.save(&ledger, &batch));
        for effect in batch.effects {
            let Effect::Call(wait, request) = effect else { continue };
            let reply = match (&*request.state, request.input.as_i64()) {
                ("Ask", _) => Reply::Submitted(Value::from("sent")),
                ("Work", Some(2)) => Reply::Task(Err(asl_engine::Failure::new("Flaky", "as told"))),
                ("Child", Some(2)) => Reply::Task(Err(asl_engine::Failure::new("Odd", "as told"))),
                ("Work" | "Child", Some(1 | 4)) => Reply::Task(Ok(Value::from(10))),
                _ => continue,
            };
            inputs.push(Input::Reply(wait, reply));
        }
    }
    saved
}

/// Goes on with a saved execution: all tasks answer their input, all times come.
fn finish(saved: Saved) -> String {
    let (mut ledger, _) = Ledger::restore(program(), saved).expect("it can be read");
    let mut effects: Vec<Effect> = ledger.open().collect();
    for hours in 1.. {
        let inputs: Vec<Input> = effects
            .drain(..)
            .filter_map(|effect| match effect {
                Effect::Call(wait, request) | Effect::Resume(wait, request, _) => {
                    Some(Input::Reply(wait, Reply::Task(Ok(request.input.clone()))))
                }
                Effect::Sleep(wait, _) => Some(Input::Reply(wait, Reply::Woke)),
                Effect::Cancel(_) => None,
            })
            .collect();
        let batch = ledger.feed(START.plus_seconds(3600 * hours), inputs).expect("a sound host");
        if let Some(finished) = batch.finished {
            let output = finished.outcome.expect("it succeeds");
            return Value::from([("each", output[0].clone()), ("runs", output[3].clone())]).to_string();
        }
        effects = batch.effects;
    }
    unreachable!("every round brings it on")
}

fn file(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/ledger-{version}.json"))
}

/// The version of the form that this release writes.
const CURRENT: u32 = 3;

#[test]
fn the_saved_form_has_not_changed() {
    let text = serde_json::to_string_pretty(&saved()).expect("it can be saved") + "\n";
    if std::env::var_os("ASL_GOLDEN_BLESS").is_some() {
        std::fs::write(file(CURRENT), &text).expect("the file is written");
    }
    let golden = std::fs::read_to_string(file(CURRENT)).expect("the file of the current version");
    assert_eq!(text, golden, "the saved form has changed: give it a new version, and a file of its own");
}

#[test]
fn every_version_is_read() {
    for version in 1..=CURRENT {
        let golden = std::fs::read_to_string(file(version)).expect("the file of the version");
        let saved: Saved = serde_json::from_str(&golden).expect("it can be read");
        let runs = match version {
            1 | 2 => "[10,2,3,10]",
            _ => r#"[10,{"Status":"FAILED","Error":"Odd","Cause":"as told"},3,10]"#,
        };
        assert_eq!(finish(saved), format!(r#"{{"each":[10,2,3,4],"runs":{runs}}}"#), "{version}");
    }
}
