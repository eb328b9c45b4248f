//! `asl run --break`: an execution that pauses, and goes on as a person says, on the terminal or on the page.

use hyper::Method;
use serde_json::{Value, json};

use crate::open::Shown;
use crate::support::folder::Folder;
use crate::support::http::{get, send};
use crate::support::server::{Server, until};
use crate::support::terminal::Terminal;

const DEFINITION: &str = r#"{"StartAt": "Each", "States": {
    "Each": {"Type": "Map", "Next": "Sum", "ItemProcessor": {"StartAt": "Work", "States": {
        "Work": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work", "End": true}}}},
    "Sum": {"Type": "Pass", "Parameters": {"of.$": "$"}, "End": true}}}"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("each.json", DEFINITION);
    folder.write("routes.toml", "[[mocks]]\nstate = 'Work'\nreturn = 'done'\n");
    folder
}

#[test]
fn a_person_on_a_terminal_says_how_it_goes_on() {
    for mocks in [&[][..], &["--mocks", "routes.toml"]] {
        let folder = folder();
        let arguments = ["run", "each.json", "--input", "[1, 2]", "--break", "Work", "--break", "Sum"];
        let mut terminal = Terminal::start(folder.command(&[&arguments[..], mocks].concat()), 24, 80);
        terminal.until(&["paused before the state 'Work' (Task) in Each[0]", "input: 1", "[q]uit >"]);
        terminal.keys("what\n");
        terminal.until(&["give the state another input"]);
        terminal.keys("g\n");
        terminal.until(&["'Work' (Task) in Each[1]"]);
        terminal.keys("r\n");
        terminal.until(&["paused before the state 'Sum' (Pass)", r#"input: ["done","done"]"#]);
        terminal.keys("i {\"other\": true}\nd\ng\n");
        let (code, shown) = terminal.ended();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("\"of\": {"), "{shown}");
    }
}

#[test]
fn a_step_goes_to_the_next_state_and_quitting_stops_the_execution() {
    let folder = folder();
    let mut terminal =
        Terminal::start(folder.command(&["run", "each.json", "--input", "[1]", "--break", "Each"]), 24, 40);
    terminal.until(&["'Each' (Map)"]);
    terminal.keys("s\n");
    terminal.until(&["'Work' (Task)"]);
    terminal.keys("q\n");
    let (code, shown) = terminal.ended();
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("ABORTED"), "{shown}");
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let folder = folder();
    for (arguments, parts) in [
        (&["--break", "Work"][..], ["there is none", "--open asks on the page"]),
        (&["--break", "Wrk", "--open"], ["each.json has no state 'Wrk'", "did you mean 'Work'?"]),
        (&["--break", "Elsewhere"], ["each.json has no state 'Elsewhere'", "asl graph each.json"]),
    ] {
        let ended = folder.asl(&[&["run", "each.json"], arguments].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(parts.iter().all(|part| ended.stderr.contains(part)), "{ended:?}");
    }
}

/// Tells a server something about an execution.
#[track_caller]
fn tell(url: &str, what: &str, body: &Value, status: u16) {
    let answer =
        send(Method::POST, &format!("{url}/_asl/{what}"), &[("content-type", "application/json")], body.to_string());
    assert_eq!(answer.status(), status, "{body} {answer:?}");
}

#[test]
fn the_page_shows_the_pause_and_lets_it_go_on() {
    let folder = folder();
    let shown = Shown::by(folder.command(&["run", "each.json", "--input", "[1]", "--break", "Sum", "--open"]));
    let pause = until(|| Some(shown.course()["pause"].clone()).filter(Value::is_object));
    assert_eq!((&pause["name"], &pause["state"]), (&json!("Sum"), &json!("/States/Sum")));
    assert_eq!((&pause["input"], &shown.course()["breakpoints"]), (&json!(["done"]), &json!(["Sum"])));
    let body = |pause: i64, more: Value| {
        let mut body = json!({"executionArn": shown.arn, "pause": pause});
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        body
    };
    tell(&shown.url, "resume", &json!({"executionArn": shown.arn}), 400);
    tell(&shown.url, "resume", &body(1, json!({"variables": 3})), 400);
    tell(&shown.url, "resume", &body(1, json!({"breakpoints": ["None"]})), 400);
    // Another pause than the one that it is at.
    tell(&shown.url, "resume", &body(9, json!({})), 200);
    assert_eq!(shown.course()["pause"]["name"], "Sum");
    tell(&shown.url, "resume", &body(1, json!({"input": [3]})), 200);
    until(|| Some(()).filter(|()| shown.course()["status"] == "SUCCEEDED"));
    let (code, stdout, _) = shown.interrupt();
    assert_eq!((code, stdout.trim()), (Some(0), r#"{"of":[3]}"#));
}

#[test]
fn an_execution_of_a_server_pauses_where_it_is_told_to() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--memory"]);
    let activity = server.ask("CreateActivity", &json!({"name": "work"}))["activityArn"].clone();
    let machine = server.create(
        "work",
        &json!({"StartAt": "Work", "States": {
            "Work": {"Type": "Task", "Resource": activity, "Next": "Last"}, "Last": {"Type": "Pass", "End": true}}}),
    );
    let arn = server.start_execution(&machine, "paused", &json!({}));
    tell(&server.url, "breakpoints", &json!({"executionArn": arn, "breakpoints": ["Last"]}), 200);
    let course = || -> Value {
        let answer = get(&format!("{}/_asl/course?executionArn={}", server.url, arn.replace(':', "%3A")));
        serde_json::from_slice(answer.body()).expect("JSON")
    };
    // They are known before it pauses, and while it does.
    until(|| Some(()).filter(|()| course()["breakpoints"] == json!(["Last"])));
    let work = server.ask("GetActivityTask", &json!({"activityArn": activity}));
    server.ask("SendTaskSuccess", &json!({"taskToken": work["taskToken"], "output": "1"}));
    let pause = until(|| Some(course()["pause"].clone()).filter(Value::is_object));
    assert_eq!((&pause["name"], &course()["status"]), (&json!("Last"), &json!("RUNNING")));
    tell(&server.url, "breakpoints", &json!({"executionArn": arn, "breakpoints": []}), 200);
    until(|| Some(()).filter(|()| course()["breakpoints"] == json!([])));
    tell(&server.url, "resume", &json!({"executionArn": arn, "pause": pause["number"]}), 200);
    until(|| Some(()).filter(|()| course()["status"] == "SUCCEEDED"));
}
