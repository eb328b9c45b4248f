//! `asl answer`: tasks that wait for their tokens, answered from another process.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use serde_json::json;

use crate::support::folder::{Ended, Folder};

/// A run that waits, and the token that it has told.
struct Waiting {
    run: Child,
    stderr: BufReader<ChildStderr>,
    token: String,
}

fn wait_in(folder: &Folder) -> Waiting {
    let parameters = json!({
        "QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/approvals",
        "MessageBody": { "token.$": "$$.Task.Token" }
    });
    let approve = json!({
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": parameters,
        "TimeoutSeconds": 3600, "End": true
    });
    folder.write("approve.json", json!({ "StartAt": "Approve", "States": { "Approve": approve } }).to_string());
    let mut command = folder.command(&["run", "approve.json"]);
    let mut run = command.env("CI", "1").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
    let mut stderr = BufReader::new(run.stderr.take().expect("a pipe"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("a line");
    let told = "⏸ Approve waits for its task token, 1 h 0 min at most: asl answer ";
    let token = line.strip_prefix(told).and_then(|rest| rest.strip_suffix(" --output '{}'\n"));
    let token = token.unwrap_or_else(|| panic!("{line}")).to_owned();
    Waiting { run, stderr, token }
}

impl Waiting {
    fn ended(self) -> Ended {
        let mut stderr = self.stderr;
        let output = self.run.wait_with_output().expect("it ends");
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut rest).expect("text");
        Ended { stderr: rest, ..Ended::from(output) }
    }
}

#[test]
fn a_task_that_waits_is_listed_and_answered() {
    let folder = Folder::new();
    let waiting = wait_in(&folder);
    let listed = folder.asl(&["answer"]);
    assert!(listed.stdout.starts_with(&format!("{}  Approve of run-", waiting.token)), "{listed:?}");
    assert_eq!(folder.asl(&["answer", &waiting.token, "--heartbeat"]).code, Some(0));
    let answered = folder.asl(&["answer", &waiting.token, "--output", r#"{"by": "me"}"#]);
    assert!(answered.code == Some(0) && answered.stderr.ends_with(" succeeds\n"), "{answered:?}");
    let token = waiting.token.clone();
    let ended = waiting.ended();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "{\"by\":\"me\"}\n"), "{ended:?}");
    let again = folder.asl(&["answer", &token, "--output", "1"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.starts_with(&format!("error: no task waits for the token {token}\n")), "{again:?}");
    assert_eq!(folder.asl(&["answer"]).stderr, "no task of a run with the data in .asl waits for its token\n");
}

#[test]
fn programs_are_told_who_waits_and_who_was_answered() {
    let folder = Folder::new();
    assert_eq!(folder.asl(&["answer", "--json"]).json(), json!([]));
    let waiting = wait_in(&folder);
    let listed = folder.asl(&["answer", "--json"]).json();
    let execution = listed[0]["executionArn"].as_str().expect("an ARN");
    assert!(execution.starts_with("arn:aws:states:us-east-1:000000000000:execution:approve:run-"), "{execution}");
    let task = json!({ "taskToken": waiting.token, "state": "Approve", "executionArn": execution });
    assert_eq!(listed, json!([task]));
    for (answer, action) in [(&["--heartbeat"][..], "SendTaskHeartbeat"), (&["--output", "1"], "SendTaskSuccess")] {
        let answered = folder.asl(&[&["answer", &waiting.token, "--json"], answer].concat()).json();
        let mut expected = task.clone();
        expected["action"] = action.into();
        assert_eq!(answered, expected);
    }
    let gone = folder.asl(&["answer", &waiting.token, "--heartbeat", "--json"]);
    assert_eq!((gone.code, &*gone.stdout), (Some(1), ""), "{gone:?}");
    assert_eq!(waiting.ended().code, Some(0));
}

#[test]
fn a_failure_is_an_answer_and_a_killed_run_is_told() {
    let folder = Folder::new();
    let waiting = wait_in(&folder);
    let failed = folder.asl(&["answer", &waiting.token, "--error", "Refused", "--cause", "not today"]);
    assert_eq!(failed.code, Some(0), "{failed:?}");
    let ended = waiting.ended();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("FAILED in the state 'Approve': Refused\ncause: not today\n"), "{ended:?}");

    let mut waiting = wait_in(&folder);
    waiting.run.kill().expect("it runs");
    waiting.run.wait().expect("it ends");
    let gone = folder.asl(&["answer", &waiting.token, "--output", "1"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(gone.stderr.starts_with("error: the run that waited for this token is gone"), "{gone:?}");
    // Also one that looks like an option.
    let hyphen = folder.asl(&["answer", "-SxQ", "--output", "{}"]);
    assert!(hyphen.stderr.starts_with("error: no task waits for the token -SxQ\n"), "{hyphen:?}");
    let nothing = folder.asl(&["answer", &waiting.token]);
    assert!(nothing.code == Some(2) && nothing.stderr.contains("--output JSON, --error NAME"), "{nothing:?}");
}
