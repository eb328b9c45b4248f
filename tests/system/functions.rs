//! Functions as processes, by the command itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::support::folder::{Ended, Folder};
use crate::support::not_run;

/// A custom runtime that does what its events say.
const RUNTIME: &str = include_str!("../../tasks/tests/support/runtime.py");

const ROUTES: &str = "[[routes]]\nresource = \"arn:aws:lambda:*:*:function:f\"\nhandler = \"function\"\n\
                      runtime = \"provided\"\ncode = \"code\"\ntimeout_seconds = 60\n";

/// Whether Python can run; says so where it cannot.
fn has_python() -> bool {
    let there = Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status();
    let there = there.is_ok_and(|status| status.success());
    if !there {
        not_run("there is no python3 from 3.10 on");
    }
    there
}

/// A folder with a definition of one Task state, which calls the function of `runtime.py` with the input of the execution.
fn folder(state: &serde_json::Value, routes: &str) -> Folder {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    folder.write("definition.json", json!({ "StartAt": "Call", "States": { "Call": state } }).to_string());
    folder.write("routes.toml", routes);
    folder.write("code/bootstrap", RUNTIME);
    std::fs::set_permissions(folder.path("code/bootstrap"), PermissionsExt::from_mode(0o755)).expect("it is there");
    folder
}

fn call() -> serde_json::Value {
    json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true })
}

#[test]
fn what_a_function_printed_is_shown_when_it_fails_and_with_logs() {
    if !has_python() {
        return;
    }
    let routes = format!("{ROUTES}environment = {{ AT_START = \"loading\" }}\n");
    let folder = folder(&call(), &routes);
    let fine = r#"{"do": "print and answer", "text": "one\ntwo\n"}"#;
    let ended = folder.asl(&["run", "definition.json", "--input", fine]);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("null\n", ""));
    let ended = folder.asl(&["run", "definition.json", "--logs", "--input", fine]);
    assert_eq!(ended.stdout, "null\n");
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines[0], "f start | loading");
    assert!(lines[1].starts_with("f ") && lines[1].ends_with(" | one") && lines[2].ends_with(" | two"), "{lines:?}");

    // The first call finds what was printed at the start of its process, which failed.
    folder.write("routes.toml", routes.replace("AT_START", "EXIT_AT_START = \"3\", AT_START"));
    let ended = folder.asl(&["run", "definition.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines[0], "execution: FAILED in the state 'Call': Runtime.ExitError");
    assert!(lines[1].ends_with("Error: Runtime exited with error: exit status 3\"}"), "{lines:?}");
    assert_eq!(lines[2..], ["printed by f in this call (its log is .asl/logs/f.log):", "  loading"]);
    let log = std::fs::read_to_string(folder.path(".asl/logs/f.log")).expect("there is a log");
    assert!(log.lines().all(|line| line.as_bytes()[23] == b'Z'), "{log}");
}

#[test]
fn a_function_that_fails_can_be_caught_and_the_execution_goes_on() {
    if !has_python() {
        return;
    }
    let mut state = call();
    state["Retry"] = json!([{ "ErrorEquals": ["Sandbox.Timedout"], "IntervalSeconds": 1, "MaxAttempts": 0 }]);
    state["Catch"] = json!([{ "ErrorEquals": ["Runtime.ExitError"], "ResultPath": "$.error", "Next": "After" }]);
    let folder = folder(&state, ROUTES);
    let definition = std::fs::read_to_string(folder.path("definition.json")).expect("it is there");
    let mut definition: serde_json::Value = serde_json::from_str(&definition).expect("it is JSON");
    definition["States"]["After"] = json!({ "Type": "Pass", "OutputPath": "$.error.Error", "End": true });
    folder.write("definition.json", definition.to_string());
    let ended = folder.asl(&["run", "definition.json", "--input", r#"{"do": "exit", "code": 7}"#]);
    assert_eq!(ended.json(), json!("Runtime.ExitError"));
}

#[test]
fn a_token_that_a_function_gets_is_waited_for() {
    if !has_python() {
        return;
    }
    let state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 1, "End": true,
        "Parameters": { "FunctionName": "f", "Payload": { "token.$": "$$.Task.Token" } },
    });
    let folder = folder(&state, ROUTES);
    let ended = folder.asl(&["run", "definition.json", "--events"]);
    let history: serde_json::Value = serde_json::from_str(&ended.stdout).expect("the history is JSON");
    let types =
        history["events"].as_array().expect("a list").iter().map(|event| event["type"].as_str().expect("a type"));
    let types: Vec<_> = types.collect();
    let expected = [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskTimedOut",
        "ExecutionTimedOut",
    ];
    assert_eq!(types[..6], expected[..6]);
    let submitted = history["events"][4]["taskSubmittedEventDetails"]["output"].as_str().expect("a text");
    let submitted: serde_json::Value = serde_json::from_str(submitted).expect("the output is JSON");
    assert!(submitted["Payload"]["token"].as_str().is_some_and(|token| !token.is_empty()), "{submitted}");
}

#[test]
fn what_is_wrong_with_a_function_is_told_before_anything_runs() {
    let folder = folder(&call(), &ROUTES.replace("\"provided\"", "\"python3.12\"\nentry = \"app.handler\""));
    let ended = folder.asl(&["run", "definition.json"]);
    let code = folder.path("code").canonicalize().expect("it is there");
    let expected = format!(
        "error: the state 'Call' cannot be run: there is no app.py in {}, which the entry \"app.handler\" asks for\n",
        code.display()
    );
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(3), "", expected.as_str()));
    for (from, to, expected) in [
        (
            "\"provided\"",
            "\"ruby3.3\"",
            "error: routes.toml:4:11: Lambda's runtime \"ruby3.3\" is not among those of asl (Python, Node.js, Java); a bootstrap",
        ),
        (
            "code = ",
            "kode = ",
            "error: routes.toml:5:1: unknown field \"kode\", expected one of \"runtime\", \"code\", \"entry\",",
        ),
        (
            "timeout_seconds = 60",
            "timeout_seconds = 0",
            "error: routes.toml:6:19: expected a number of seconds above 0, not 0",
        ),
        ("code = \"code\"\n", "", "error: routes.toml:1:1: missing field \"code\""),
    ] {
        folder.write("routes.toml", ROUTES.replace(from, to));
        let ended = folder.asl(&["run", "definition.json"]);
        assert!(ended.code == Some(3) && ended.stderr.starts_with(expected), "{ended:?}");
    }
}

/// Starts `asl` with a function that hangs and has a child; gives the connections of both.
fn hanging(folder: &Folder) -> (std::process::Child, [TcpStream; 2]) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound port").port();
    let input = format!(r#"{{"do": "hold and hang", "child": true, "port": {port}}}"#);
    let mut command = folder.command(&["run", "definition.json", "--input", &input]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
    let streams = [(); 2].map(|()| {
        let stream = listener.accept().expect("the function connects").0;
        BufReader::new(&stream).read_line(&mut String::new()).expect("it says who it is");
        stream
    });
    (child, streams)
}

/// Waits until the other end is closed, which is when the last process that has it ends.
fn ended(mut stream: &TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
    // Nobody reads what is written there any more.
    while stream.write_all(b"!").is_ok() {}
}

#[test]
fn an_interrupt_ends_functions_with_their_children() {
    if !has_python() {
        return;
    }
    let folder = folder(&call(), ROUTES);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (child, streams) = hanging(&folder);
        kill(Pid::from_raw(child.id().try_into().expect("a process id")), signal).expect("asl runs");
        let asl = Ended::from(child.wait_with_output().expect("asl ends"));
        assert_eq!(asl.code, Some(130), "{asl:?}");
        streams.iter().for_each(ended);
    }
}

#[test]
fn functions_end_when_asl_is_killed() {
    if !has_python() {
        return;
    }
    let folder = folder(&call(), ROUTES);
    let (mut child, streams) = hanging(&folder);
    child.kill().expect("asl runs");
    child.wait().expect("asl ends");
    streams.iter().for_each(ended);
}

#[test]
fn the_timeout_of_a_state_ends_its_function() {
    if !has_python() {
        return;
    }
    let mut state = call();
    state["TimeoutSeconds"] = json!(1);
    let folder = folder(&state, ROUTES);
    let (child, streams) = hanging(&folder);
    let asl = Ended::from(child.wait_with_output().expect("asl ends"));
    assert!(asl.stderr.contains("States.Timeout"), "{asl:?}");
    streams.iter().for_each(ended);
}
