//! `ASL_LOG`: what is told of a run on stderr.

use serde_json::json;

use crate::support::folder::{Ended, Folder};

/// Two tasks: one that fails by what its input is, one that does not. Both have a secret in their input.
fn folder() -> Folder {
    let function = |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}");
    let check = json!({ "Type": "Task", "Resource": function("check"), "Next": "Invoke",
        "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Invoke" }] });
    let invoke = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Parameters": { "FunctionName": "check", "Payload": [200, "s3cret"] }, "OutputPath": "$.Payload" });
    let definition = json!({ "StartAt": "Check", "States": { "Check": check, "Invoke": invoke } });
    let folder = Folder::new();
    folder.write("order.json", definition.to_string());
    let route = "[[routes]]\nresource = 'arn:aws:lambda:*:*:function:check'\nhandler = 'consolidate'\n";
    folder.write("routes.toml", route);
    folder
}

fn run(log: Option<&str>) -> Ended {
    let folder = folder();
    let mut command = folder.command(&["run", "order.json", "--input", r#"{"password": "s3cret"}"#]);
    if let Some(log) = log {
        command.env("ASL_LOG", log);
    }
    let ended = Ended::from(command.output().expect("asl starts"));
    assert!(!ended.stderr.contains("s3cret") && !ended.stderr.contains("password"), "{}", ended.stderr);
    ended
}

#[test]
fn nothing_is_logged_unless_it_is_asked_for() {
    for log in [None, Some(""), Some("off")] {
        let ended = run(log);
        assert_eq!(ended, Ended { code: Some(0), stdout: "false\n".to_owned(), stderr: String::new() }, "{log:?}");
    }
}

#[test]
fn each_task_is_one_line_with_its_execution_state_and_attempt() {
    let ended = run(Some("asl_runtime=debug"));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "false\n"));
    let tasks: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("task ended")).collect();
    let [check, invoke] = tasks[..] else { panic!("two tasks: {}", ended.stderr) };
    for (line, state, error) in [(check, "Check", true), (invoke, "Invoke", false)] {
        assert!(line.contains(" DEBUG execution{arn=\"arn:aws:states:us-east-1:"), "{line}");
        assert!(line.contains(&format!("task{{frame=\"\" state=\"{state}\" attempt=0 resource=\"arn:aws:")), "{line}");
        assert!(line.contains(" handler=\"asl_tasks::") && line.contains(" ms="), "{line}");
        assert_eq!(line.contains(" error=\"TypeError\""), error, "{line}");
    }
    let [.., last] = ended.stderr.lines().collect::<Vec<_>>()[..] else { panic!("there are lines") };
    assert!(last.contains(" INFO execution{arn=") && last.contains(" status=\"SUCCEEDED\""), "{last}");
    assert_eq!(ended.stderr.lines().count(), 3, "{}", ended.stderr);
}

#[test]
fn handlers_say_what_they_serve_and_where() {
    let ended = run(Some("asl_tasks=debug"));
    let inner: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("called by another handler")).collect();
    let [inner] = inner[..] else { panic!("one of them calls another: {}", ended.stderr) };
    assert!(
        inner.contains("state=\"Invoke\"") && inner.contains("handler=\"asl_tasks::handlers::consolidate"),
        "{inner}"
    );
    assert!(inner.contains("resource=\"arn:aws:lambda:us-east-1:000000000000:function:check\""), "{inner}");
    assert!(ended.stderr.contains("handler found state=\"Check\""), "{}", ended.stderr);
    assert!(!ended.stderr.contains("task ended"), "{}", ended.stderr);
}

#[test]
fn everything_is_told_without_data() {
    let ended = run(Some("trace"));
    assert!(
        ended.stderr.lines().all(|line| line.contains(" asl_runtime::") || line.contains(" asl_tasks::")),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_asl_does_not_know_is_refused() {
    let ended = run(Some("hyper=trace"));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("error: ASL_LOG is \"hyper=trace\": a level is wanted"), "{}", ended.stderr);
}
