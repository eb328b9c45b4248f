//! What is told and stored of executions: the lines on stderr, `asl history` and `asl logs`.

use std::process::Stdio;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::folder::{Ended, Folder};

/// A task that fails and is caught, and a state behind it.
const CAUGHT: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:charge", "Next": "Confirm",
      "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 1, "JitterStrategy": "NONE"}],
      "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Confirm"}]
    },
    "Confirm": {"Type": "Pass", "End": true}
  }
}"#;

const ROUTES: &str = "[[mocks]]\nstate = 'Charge'\nthrow = { error = 'E', cause = 'because' }\n";

fn in_ci(folder: &Folder, arguments: &[&str]) -> Ended {
    Ended::from(folder.command(arguments).env("CI", "true").output().expect("asl starts"))
}

#[test]
fn in_ci_each_state_is_a_line_and_the_end_says_where_to_look() {
    let folder = Folder::new();
    folder.write("order.json", CAUGHT);
    folder.write("routes.toml", ROUTES);
    let ended = in_ci(&folder, &["run", "order.json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let [retried, caught, charged, confirmed, end] = lines[..] else { panic!("{ended:?}") };
    assert_eq!(retried, "↻ Charge: E: because; attempt 2 of 2 in 1.0 s");
    assert_eq!(caught, "↷ Charge: E: because; caught");
    assert!(charged.starts_with("✓ Charge 1."), "{charged}");
    assert!(confirmed.starts_with("✓ Confirm 0."), "{confirmed}");
    assert!(end.starts_with("SUCCEEDED in 1."), "{end}");
    let name = end.split("asl history ").nth(1).expect("where the history is");
    let shown = folder.asl(&["history", name]);
    assert!(shown.stdout.starts_with(&format!("{name}: SUCCEEDED in 1.")), "{shown:?}");
    assert!(shown.stdout.contains("LambdaFunctionFailed  E  because\n"), "{shown:?}");
    // Neither a terminal nor CI: nobody reads it.
    assert_eq!(folder.asl(&["run", "order.json"]).stderr, "");
}

#[test]
fn a_failure_that_nothing_takes_is_told_once() {
    let folder = Folder::new();
    folder.write(
        "order.json",
        CAUGHT.replace("\"Catch\"", "\"Comment\": \"\", \"Katch\"").replace(
            "\"Katch\": [{\"ErrorEquals\": [\"States.ALL\"], \"Next\": \"Confirm\"}]",
            "\"TimeoutSeconds\": 9",
        ),
    );
    folder.write("routes.toml", ROUTES);
    let ended = in_ci(&folder, &["run", "order.json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines[1], "✗ Charge: E: because", "{ended:?}");
    assert_eq!(lines[2], "execution: FAILED in the state 'Charge': E", "{ended:?}");
    assert!(lines.last().expect("lines").starts_with("FAILED in 1."), "{ended:?}");
}

#[test]
fn the_history_is_that_which_events_prints() {
    let folder = Folder::new();
    folder.write("order.json", CAUGHT);
    folder.write("routes.toml", ROUTES);
    let ended = folder.asl(&["run", "order.json", "--events=history.json"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "{\"Error\":\"E\",\"Cause\":\"because\"}\n"),
        "{ended:?}"
    );
    let written = folder.files("").remove("history.json").expect("the file");
    let stored = folder.asl(&["history", "--json"]);
    let json = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
    assert_eq!(json(&written), json(stored.stdout.as_bytes()));
    let refused = folder.asl(&["run", "order.json", "--events=no/folder/history.json"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert_eq!(refused.stderr, "error: --events: there is no folder no/folder\n", "before anything runs");
    let refused = folder.asl(&["run", "order.json", "--events=-"]);
    assert_eq!(refused.stderr, "error: --events: - is not stdout here: name a file\n");
}

#[test]
fn a_run_that_is_killed_leaves_what_happened() {
    let folder = Folder::new();
    folder.write("wait.json", r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": true}}}"#);
    let mut running = folder.command(&["run", "wait.json"]).stderr(Stdio::null()).spawn().expect("asl starts");
    let since = Instant::now();
    let shown = loop {
        let shown = folder.asl(&["history"]);
        if shown.stdout.contains("WaitStateEntered") || since.elapsed().as_secs() > 60 {
            break shown;
        }
    };
    kill(Pid::from_raw(running.id() as i32), Signal::SIGKILL).expect("it is killed");
    running.wait().expect("it is gone");
    assert!(shown.stdout.contains(": it has not ended, or its program was killed, 2 events\n"), "{shown:?}");
    assert_eq!(folder.asl(&["history"]).stdout, shown.stdout);
    let list = folder.asl(&["history", "--list"]);
    assert!(list.stdout.ends_with("wait  it has not ended, or its program was killed\n"), "{list:?}");
}

#[test]
fn what_is_not_there_is_told() {
    let folder = Folder::new();
    for arguments in [&["history"][..], &["history", "--list"], &["logs"]] {
        let ended = folder.asl(arguments);
        let expected = if arguments.contains(&"--list") { Some(0) } else { Some(2) };
        assert_eq!(ended.code, expected, "{ended:?}");
    }
    let told = "error: no execution is stored below .asl/executions\nhelp: asl run stores the history of each execution below --data\n";
    assert_eq!(folder.asl(&["history"]).stderr, told);
    // What cannot be stored fails no run.
    folder.write("p.json", r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#);
    folder.write(".asl/executions", "a file in the way");
    let ended = folder.asl(&["run", "p.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "{}\n"), "{ended:?}");
    assert!(ended.stderr.starts_with("warning: the history is not stored: "), "{ended:?}");
}
