//! Where time went: `--time` and `--trace` of `asl run` and `asl history`.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::folder::Folder;

/// A task that fails twice, and child executions that wait.
const ORDER: &str = r#"{
  "StartAt": "Ask",
  "States": {
    "Ask": {
      "Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:ask", "ResultPath": "$.answer", "Next": "Each",
      "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1, "JitterStrategy": "NONE"}]
    },
    "Each": {
      "Type": "Map", "ItemsPath": "$.items", "End": true,
      "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Rest",
        "States": {"Rest": {"Type": "Wait", "Seconds": 1, "End": true}}
      }
    }
  }
}"#;

const ROUTES: &str = "\
[[mocks]]
state = 'Ask'
invocations = '0-1'
throw = { error = 'Busy', cause = 'try later' }

[[mocks]]
state = 'Ask'
invocations = '2'
return = 'yes'
after_seconds = 0.2
";

fn ready() -> Folder {
    let folder = Folder::new();
    folder.write("order.json", ORDER);
    folder.write("routes.toml", ROUTES);
    folder
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path(name)).expect("it is written")
}

#[test]
fn a_run_tells_where_its_time_went_as_its_history_does() {
    let folder = ready();
    let input = r#"{"items": [1, 2]}"#;
    let ended = folder.asl(&["run", "order.json", "--input", input, "--time=run.svg", "--trace", "run.json"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "[1,2]\n"));
    let shown = folder.asl(&["history", "--time=history.svg", "--trace", "history.json"]);
    assert_eq!((shown.code, &*shown.stderr), (Some(0), ""), "{shown:?}");
    // The same table, picture and trace: only what the run and the history know goes into them.
    assert_eq!(shown.stdout, ended.stderr);
    assert_eq!(read(&folder, "run.svg"), read(&folder, "history.svg"));
    assert_eq!(read(&folder, "run.json"), read(&folder, "history.json"));
    let lines: Vec<Vec<&str>> = ended.stderr.lines().map(|line| line.split_whitespace().collect()).collect();
    let of =
        |state: &str| lines.iter().find(|line| line.contains(&state)).unwrap_or_else(|| panic!("{state} {ended:?}"));
    for (state, visits) in [("Each/Rest", "2"), ("Ask", "1")] {
        let line = of(state);
        let total: f64 = line[0].parse().expect("seconds");
        assert!((2.0..9.0).contains(&total) && line[1..3] == ["s", visits], "{ended:?}");
    }
    assert!(ended.stderr.contains("attempt 1: Busy\n") && ended.stderr.contains("attempt 3\n"), "{ended:?}");
    let svg = read(&folder, "run.svg");
    for text in
        [">Ask</text>", ">[1] Rest</text>", "class=\"bar retrying\"", "class=\"bar task\"", "prefers-color-scheme:dark"]
    {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn a_trace_is_as_otlp_has_it_in_json() {
    let folder = ready();
    let ended = folder.asl(&["run", "order.json", "--input", r#"{"items": [1, 2]}"#, "--trace=trace.json"]);
    // Nobody asked for the table.
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    let trace: Value = serde_json::from_str(&read(&folder, "trace.json")).expect("it is JSON");
    let spans = otlp::spans(&trace);
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().expect("a name")).collect();
    for (name, count) in
        [("order", 1), ("Ask", 1), ("ask", 3), ("Each", 1), ("Each[0]", 1), ("Each[1]", 1), ("Rest", 2)]
    {
        assert_eq!(names.iter().filter(|other| **other == name).count(), count, "{name} {names:?}");
    }
    let failed = spans.iter().filter(|span| span["status"]["code"] == 2);
    let failed: Vec<(&Value, &Value)> = failed.map(|span| (&span["name"], &span["status"]["message"])).collect();
    assert_eq!(failed, [(&Value::from("ask"), &Value::from("try later")); 2]);
}

#[test]
fn what_cannot_be_written_is_told_before_anything_runs() {
    let folder = ready();
    for (argument, told) in [
        ("--time=order.png", "error: --time: order.png does not end in .svg: it is a picture\n"),
        ("--time=no/order.svg", "error: --time: there is no folder no\n"),
        ("--trace=no/trace.json", "error: --trace: there is no folder no\n"),
        ("--time=-", "error: --time: - is not stdout here: name a file\n"),
        ("--trace=-", "error: --trace: - is not stdout here: name a file\n"),
    ] {
        for verb in [&["run", "order.json"][..], &["history"]] {
            let arguments: Vec<&str> = verb.iter().copied().chain([argument]).collect();
            let ended = folder.asl(&arguments);
            assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(2), "", told), "{arguments:?}");
        }
    }
    assert!(!folder.path(".asl").exists());
}

#[test]
fn a_failure_has_its_times_too() {
    let folder = ready();
    folder.write("mocks.toml", "[[mocks]]\nstate = 'Ask'\nthrow = { error = 'Broken' }\nafter_seconds = 90\n");
    let ended = folder.asl(&["run", "order.json", "--mocks", "mocks.toml", "--time", "--trace", "trace.json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let table = ended.stderr.split("\ncause").last().expect("a report");
    assert!(table.contains("1 min 30 s in all, by the clock: 1 min 30 s in tasks"), "{ended:?}");
    let trace: Value = serde_json::from_str(&read(&folder, "trace.json")).expect("it is JSON");
    let spans = otlp::spans(&trace);
    assert_eq!(spans.iter().filter(|span| span["status"]["code"] == 2).count(), 3);
}

#[test]
fn what_a_task_has_started_is_in_its_trace() {
    let folder = Folder::new();
    folder.write(
        "parent.json",
        r#"{"StartAt": "Start it", "States": {"Start it": {"Type": "Task", "End": true, "OutputPath": "$.Output",
            "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": {"Input": {},
                "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:child"}}}}"#,
    );
    folder.write("child.json", r#"{"StartAt": "Do", "States": {"Do": {"Type": "Pass", "End": true}}}"#);
    folder.write("routes.toml", "[state_machines.child]\ndefinition = 'child.json'\n");
    for number in ["1", "2"] {
        let events = format!("--events={number}.json");
        let ended = folder.asl(&["run", "parent.json", &events, "--trace", "trace.json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let trace: Value = serde_json::from_str(&read(&folder, "trace.json")).expect("it is JSON");
    let spans = otlp::spans(&trace);
    let named =
        |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name} {spans:?}"));
    assert_eq!(named("child")["parentSpanId"], named("states.startExecution")["spanId"]);
    assert_eq!(named("Do")["parentSpanId"], named("child")["spanId"]);
    // Executions that are started have other names each time.
    let same = folder.asl(&["diff", "1.json", "2.json"]);
    assert_eq!(same.code, Some(0), "{same:?}");
    assert!(same.stdout.contains("both did the same: 2 visits of states\n"), "{same:?}");
}

/// What OTLP allows: opentelemetry/proto/trace/v1/trace.proto, with the "JSON Protobuf Encoding" of its specification.
mod otlp {
    use super::*;

    /// The spans of a trace, each of which is looked at.
    pub(super) fn spans(trace: &Value) -> Vec<Value> {
        only(trace, &["resourceSpans"]);
        let mut spans = Vec::new();
        for of_resource in list(&trace["resourceSpans"]) {
            only(of_resource, &["resource", "scopeSpans"]);
            attributes(&of_resource["resource"]["attributes"]);
            for of_scope in list(&of_resource["scopeSpans"]) {
                only(of_scope, &["scope", "spans"]);
                only(&of_scope["scope"], &["name", "version"]);
                spans.extend(list(&of_scope["spans"]).iter().cloned());
            }
        }
        let ids: BTreeSet<&str> = spans.iter().map(|span| hex(&span["spanId"], 16)).collect();
        assert_eq!(ids.len(), spans.len());
        let traces: BTreeSet<&str> = spans.iter().map(|span| hex(&span["traceId"], 32)).collect();
        assert_eq!(traces.len(), 1);
        for span in &spans {
            check(span);
            let parent = span.get("parentSpanId").map(|parent| hex(parent, 16));
            assert!(parent.is_none_or(|parent| ids.contains(parent)), "{span}");
        }
        assert_eq!(spans.iter().filter(|span| span.get("parentSpanId").is_none()).count(), 1);
        spans
    }

    fn check(span: &Value) {
        only(
            span,
            &[
                "traceId",
                "spanId",
                "parentSpanId",
                "name",
                "kind",
                "startTimeUnixNano",
                "endTimeUnixNano",
                "attributes",
                "events",
                "status",
            ],
        );
        assert!((1..=5).contains(&span["kind"].as_i64().expect("an enum is a number")), "{span}");
        assert!(nanos(&span["startTimeUnixNano"]) <= nanos(&span["endTimeUnixNano"]), "{span}");
        attributes(&span["attributes"]);
        only(&span["status"], &["code", "message"]);
        assert!(span["status"].get("code").is_none_or(|code| code == 1 || code == 2), "{span}");
        for event in list(&span["events"]) {
            only(event, &["timeUnixNano", "name", "attributes"]);
            assert!(nanos(&event["timeUnixNano"]) > 0);
            attributes(&event["attributes"]);
        }
    }

    fn attributes(all: &Value) {
        let mut keys = BTreeSet::new();
        for attribute in list(all) {
            only(attribute, &["key", "value"]);
            assert!(keys.insert(attribute["key"].as_str().expect("a key")), "twice: {all}");
            only(&attribute["value"], &["stringValue", "intValue"]);
            let value = attribute["value"].as_object().expect("an object");
            assert_eq!(value.len(), 1, "{attribute}");
            // Numbers of 64 bits are texts.
            assert!(value.values().all(Value::is_string), "{attribute}");
            assert!(
                value
                    .get("intValue")
                    .is_none_or(|number| number.as_str().is_some_and(|text| text.parse::<i64>().is_ok()))
            );
        }
    }

    #[track_caller]
    fn only(value: &Value, names: &[&str]) {
        let members = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
        assert!(members.keys().all(|name| names.contains(&name.as_str())), "{value}");
    }

    fn list(value: &Value) -> &[Value] {
        value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
    }

    fn hex(id: &Value, digits: usize) -> &str {
        let id = id.as_str().expect("an id is a text");
        assert!(
            id.len() == digits
                && id.bytes().all(|byte| byte.is_ascii_hexdigit())
                && id.bytes().any(|byte| byte != b'0'),
            "{id}"
        );
        id
    }

    fn nanos(time: &Value) -> u64 {
        time.as_str().expect("a number of 64 bits is a text").parse().expect("nanoseconds")
    }
}
