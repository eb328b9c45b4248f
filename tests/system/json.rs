//! `--json` of the verbs: what each tells, for a program.

use serde_json::{Value, json};

use crate::support::folder::Folder;

/// A task, an hour of waiting, and an end by what the task gave.
const ORDER: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:charge", "Next": "Wait"},
    "Wait": {"Type": "Wait", "Seconds": 3600, "Next": "Paid?"},
    "Paid?": {"Type": "Choice", "Default": "Fail", "Choices": [
      {"Variable": "$.paid", "BooleanEquals": true, "Next": "Done"}
    ]},
    "Done": {"Type": "Succeed"},
    "Fail": {"Type": "Fail", "Error": "NotPaid", "Cause": "no money"}
  }
}"#;

const PAID: &str = "[[mocks]]\nstate = 'Charge'\nreturn = { paid = true }\n";
const UNPAID: &str = "[[mocks]]\nstate = 'Charge'\nreturn = { paid = false }\n";

/// What has nothing to tell as JSON.
const WITHOUT: [&str; 4] = ["completions", "debug", "man", "top"];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("order.json", ORDER);
    folder.write("paid.toml", PAID);
    folder.write("unpaid.toml", UNPAID);
    folder
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn every_verb_that_tells_something_tells_it_as_json() {
    let folder = Folder::new();
    assert_eq!(folder.asl(&["man", "--output", "pages"]).code, Some(0));
    let pages = folder.files("pages");
    let verbs: Vec<&str> = pages.keys().filter_map(|name| name.strip_prefix("asl-")?.strip_suffix(".1")).collect();
    assert!(verbs.contains(&"run") && WITHOUT.iter().all(|verb| verbs.contains(verb)), "{verbs:?}");
    for verb in verbs {
        let help = folder.asl(&[verb, "--help"]).stdout;
        assert_eq!(help.contains(" --json"), !WITHOUT.contains(&verb), "asl {verb} --json, or WITHOUT of this test");
    }
}

#[test]
fn an_execution_is_described_however_it_ends() {
    let folder = folder();
    let ended = folder.asl(&["run", "order.json", "--mocks", "paid.toml", "--json"]);
    let told = ended.json();
    let name = told["name"].as_str().expect("a name").to_owned();
    let (start, stop) = (told["startDate"].clone(), told["stopDate"].clone());
    let expected = json!({
        "executionArn": format!("arn:aws:states:us-east-1:000000000000:execution:order:{name}"),
        "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:order",
        "name": name, "status": "SUCCEEDED", "startDate": start, "stopDate": stop, "output": r#"{"paid":true}"#
    });
    assert_eq!(told, expected);
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    // An hour of virtual time has passed.
    let minutes = |at: &Value| at.as_str().expect("a time")[14..].to_owned();
    assert!(start != stop && minutes(&start) == minutes(&stop), "{start} {stop}");

    let failed = folder.asl(&["run", "order.json", "--mocks", "unpaid.toml", "--json", "--events=events.json"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("FAILED in the state 'Fail': NotPaid"), "{failed:?}");
    let told = parsed(&failed.stdout);
    assert_eq!(
        (&told["status"], &told["error"], &told["cause"]),
        (&json!("FAILED"), &json!("NotPaid"), &json!("no money"))
    );
    assert!(told.get("output").is_none() && folder.path("events.json").is_file(), "{told}");
}

#[test]
fn a_run_with_its_tasks_is_described_as_its_history_is_stored() {
    let folder = folder();
    folder.write("routes.toml", PAID);
    let told = folder.asl(&["run", "order.json", "--skip-waits", "--json"]).json();
    let stored = folder.asl(&["history", told["executionArn"].as_str().expect("an ARN"), "--json"]).json();
    let events = stored["events"].as_array().expect("events");
    let at = |event: Option<&Value>| event.expect("an event")["timestamp"].as_str().expect("a time").to_owned();
    assert_eq!(at(events.first()), told["startDate"]);
    // Times of one form sort as texts.
    assert!(Some(&*at(events.last())) <= told["stopDate"].as_str(), "{told}");

    let listed = folder.asl(&["history", "--list", "--json"]).json();
    let mut expected = told.clone();
    expected.as_object_mut().expect("an object").remove("output");
    assert_eq!(listed, json!({ "executions": [expected] }));

    let refused = folder.asl(&["run", "nowhere.json", "--json"]);
    assert_eq!((refused.code, &*refused.stdout), (Some(2), ""), "{refused:?}");
    let both = folder.asl(&["run", "order.json", "--json", "--events"]);
    assert_eq!((both.code, &*both.stdout), (Some(2), ""), "{both:?}");
    assert!(both.stderr.contains("--json and --events would both print on stdout"), "{both:?}");
}

#[test]
fn what_functions_printed_has_its_time_and_its_request() {
    let folder = folder();
    let told = folder.asl(&["run", "order.json", "--mocks", "paid.toml"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    folder.write("routes.toml", PAID);
    let told = folder.asl(&["run", "order.json", "--skip-waits", "--json"]).json();
    assert_eq!(folder.asl(&["logs", "--json"]).json(), json!([]));
    let at = told["startDate"].as_str().expect("a time");
    folder.write(
        ".asl/logs/charge.log",
        format!("{at} - starting\n{at} r-1 {{\"level\": \"info\"}} and more\n{at} r-1 \n"),
    );
    let lines = [
        json!({ "time": at, "function": "charge", "line": "starting" }),
        json!({ "time": at, "function": "charge", "requestId": "r-1", "line": "{\"level\": \"info\"} and more" }),
        json!({ "time": at, "function": "charge", "requestId": "r-1", "line": "" }),
    ];
    assert_eq!(folder.asl(&["logs", "--json"]).json(), json!(lines));
}

#[test]
fn a_recorded_test_is_json_that_is_run() {
    let folder = folder();
    let ran = folder.asl(&["run", "order.json", "--mocks", "unpaid.toml", "--events=events.json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let record = ["record", "events.json", "--definition", "order.json"];
    let printed = folder.asl(&[&record[..], &["--json"]].concat()).json();
    assert_eq!(printed["definition"], "order.json");
    let case = &printed["cases"][0];
    assert_eq!(
        (&case["name"], &case["mocks"]["Charge"]),
        (&json!("recorded"), &json!({ "result_as_is": { "paid": false } }))
    );
    assert_eq!(case["expect"]["error"], json!({ "exact": "NotPaid" }));
    folder.write("printed.test.json", printed.to_string());
    let written = folder.asl(&[&record[..], &["--output", "written.test.json"]].concat());
    assert_eq!((written.code, &*written.stdout), (Some(0), ""), "{written:?}");
    let text = String::from_utf8(folder.files("").remove("written.test.json").expect("a file")).expect("UTF-8");
    assert_eq!(parsed(&text)["cases"][0]["expect"]["history"], "written.history");

    let report = folder.asl(&["test", "--json"]).json();
    assert_eq!((&report["passed"], &report["failed"]), (&json!(2), &json!(0)), "{report}");
    let mut cases = folder.asl(&["test", "--json", "--list"]).json();
    cases["cases"].as_array_mut().expect("cases").sort_by_key(|case| case["file"].to_string());
    let case = |file: &str| json!({ "file": file, "name": "recorded" });
    assert_eq!(cases, json!({ "cases": [case("printed.test.json"), case("written.test.json")] }));
}

#[test]
fn a_graph_is_data_with_what_an_execution_did() {
    let folder = folder();
    let ran = folder.asl(&["run", "order.json", "--mocks", "paid.toml", "--events=events.json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let graph = folder.asl(&["graph", "order.json", "--history", "events.json", "--json"]).json();
    let wait = &graph["states"][1];
    assert_eq!((&wait["path"], &wait["scope"], &wait["type"]), (&json!("/States/Wait"), &json!(""), &json!("Wait")));
    assert_eq!((&wait["status"], &wait["count"], &wait["millis"]), (&json!("SUCCEEDED"), &json!(1), &json!(3_600_000)));
    let rule = json!({
        "kind": "ChoiceRule", "index": 0, "from": "/States/Paid?", "to": "/States/Done",
        "label": "$.paid == true", "title": "$.paid == true", "count": 1
    });
    assert!(graph["transitions"].as_array().expect("transitions").contains(&rule), "{graph}");
    let written = folder.asl(&["graph", "order.json", "--history", "events.json", "--output", "order.graph.json"]);
    assert_eq!((written.code, &*written.stdout), (Some(0), ""), "{written:?}");
    assert_eq!(serde_json::from_slice::<Value>(&folder.files("")["order.graph.json"]).expect("JSON"), graph);
}

#[test]
fn a_demo_is_one_object() {
    let folder = Folder::new();
    let told = folder.asl(&["demo", "--json"]).json();
    let ended: Vec<_> = told["executions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|ended| (ended["status"].as_str().expect("a status"), ended["images"].as_i64(), ended["events"].as_i64()))
        .collect();
    assert_eq!(ended, [("SUCCEEDED", Some(100), Some(864)), ("FAILED", Some(7), Some(84))]);
    assert_eq!(told["objects"], json!({ "folder": ".asl/s3/images", "count": 100 }));
    assert_eq!((&told["rows"]["table"], &told["rows"]["count"]), (&json!("urlToName"), &json!(100)));
    let base_url = told["baseUrl"].as_str().expect("a URL");
    let notice = &told["notifications"][0];
    assert_eq!(notice["message"], format!("[\"Could not find: {base_url}/zz/zz.gif\"]"));
    assert!(folder.path(notice["file"].as_str().expect("a file")).is_file(), "{told}");
}
