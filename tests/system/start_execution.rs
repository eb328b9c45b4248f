//! State machines that start others.

use std::io::Read;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};

/// A machine that starts `child` in this way.
fn starts(pattern: &str) -> String {
    let child = "arn:aws:states:us-east-1:123456789012:stateMachine:child";
    let start = json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:::states:startExecution{pattern}"),
        "Parameters": { "StateMachineArn": child, "Name": "n", "Input.$": "$" },
        "OutputPath": "$.ExecutionArn",
        "End": true
    });
    json!({ "StartAt": "Start", "States": { "Start": start } }).to_string()
}

const CHILD: &str = "arn:aws:states:us-east-1:123456789012:execution:child:n";
const ROUTES: &str = "[state_machines.child]\ndefinition = 'child.asl.yaml'\n";

/// The types of the events of what was started, by its ARN.
fn histories(stdout: &str) -> Vec<(String, Vec<String>)> {
    let printed: Value = serde_json::from_str(stdout).expect("the histories are JSON");
    let types = |events: &Value| {
        let events = events.as_array().expect("events").iter();
        events.map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
    };
    let children = printed["childExecutions"].as_array().expect("child executions").iter();
    children
        .map(|child| (child["executionArn"].as_str().expect("an ARN").to_owned(), types(&child["events"])))
        .collect()
}

#[test]
fn events_has_what_was_started_to_its_end() {
    for pattern in ["", ".sync", ".sync:2"] {
        let folder = Folder::new();
        folder.write("start.json", starts(pattern));
        folder.write("child.asl.yaml", "StartAt: P\nStates:\n  P: {Type: Pass, End: true}\n");
        folder.write("routes.toml", ROUTES);
        let ended = folder.asl(&["run", "start.json", "--events"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let events = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"];
        assert_eq!(histories(&ended.stdout), [(CHILD.to_owned(), events.map(str::to_owned).to_vec())], "{pattern}");
    }
}

/// What a run has started ends all the same when the run is given up, and that is told after the reason.
#[test]
fn a_run_that_is_given_up_waits_for_what_it_has_started() {
    let folder = Folder::new();
    let mut parent: Value = serde_json::from_str(&starts("")).expect("a definition");
    parent["States"]["Start"]["End"] = Value::Null;
    let start = parent["States"]["Start"].as_object_mut().expect("a state");
    start.remove("End");
    start.remove("OutputPath");
    start.insert("Next".to_owned(), json!("Call"));
    parent["States"]["Call"] = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName.$": "States.Format('no{}', 'body')", "Payload": {} },
        "End": true
    });
    folder.write("start.json", parent.to_string());
    folder.write("child.asl.yaml", "StartAt: F\nStates:\n  F: {Type: Fail, Error: Odd, Cause: as told}\n");
    folder.write("routes.toml", ROUTES);
    let ended = folder.asl(&["run", "start.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    let told = |text: &str| ended.stderr.find(text).unwrap_or_else(|| panic!("{text} is not told: {}", ended.stderr));
    assert!(told("no route") < told(&format!("the execution {CHILD} that was started FAILED: Odd: as told")));
}

#[test]
fn an_interrupt_of_the_wait_is_in_the_history() {
    let folder = Folder::new();
    folder.write("start.json", starts(""));
    folder.write("child.asl.yaml", "StartAt: W\nStates:\n  W: {Type: Wait, Seconds: 3600, End: true}\n");
    folder.write("routes.toml", ROUTES);
    let mut command = folder.command(&["run", "start.json", "--events"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
    let note = format!("note: waiting for what was started: {CHILD}\n");
    let mut said = vec![0; note.len()];
    child.stderr.as_mut().expect("stderr is piped").read_exact(&mut said).expect("it says that it waits");
    assert_eq!(String::from_utf8_lossy(&said), note);
    kill(Pid::from_raw(child.id().try_into().expect("a process id")), Signal::SIGINT).expect("it runs");
    let ended = Ended::from(child.wait_with_output().expect("asl ends"));
    assert_eq!((ended.code, &*ended.stderr), (Some(130), &*format!("warning: interrupted; not ended: {CHILD}\n")));
    let events = ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"];
    assert_eq!(histories(&ended.stdout), [(CHILD.to_owned(), events.map(str::to_owned).to_vec())]);
}
