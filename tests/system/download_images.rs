//! The main job against the embedded services.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::images::{RUN, base_url, definition, input, lay_out, serve};
use crate::support::not_run;
use crate::support::stored::{Stored, TABLE, entry};
use crate::support::web_server::WebServer;

/// The subject of our definition's notifications.
pub(crate) const SUBJECT: &str = "Images that could not be downloaded";

/// What `asl` says when our definition failed because of missing images.
pub(crate) const FAILED: &str = "\
execution: FAILED in the state 'Some images are missing'
cause: One or more resources failed to download
";

/// The paths of an input.
pub(crate) fn paths(input: &Value) -> Vec<&str> {
    input["resourcePaths"].as_array().expect("a list").iter().map(|path| path.as_str().expect("a text")).collect()
}

/// The output of a run that stored every image.
pub(crate) fn all_stored(server: &WebServer, input: &Value) -> Value {
    let results: Vec<_> = paths(input).into_iter().map(|path| entry(server, path)).collect();
    json!({ "results": results, "allSucceeded": true })
}

/// The message about images that a server does not have.
pub(crate) fn could_not_find(server: &WebServer, path: &str) -> String {
    json!([format!("Could not find: {}/{path}", base_url(server))]).to_string()
}

#[test]
fn every_image_is_stored_and_recorded() {
    let (server, folder) = (serve(), Folder::new());
    let input = input("success.input.json", &server);
    lay_out(&folder, &input);
    let ended = folder.asl(&RUN);
    assert_eq!(ended.json(), all_stored(&server, &input));
    assert_eq!(ended.stdout.lines().count(), 1, "one line for a program that reads it");

    let paths = paths(&input);
    assert_eq!(paths.len(), 100);
    assert_eq!(Stored::embedded(&folder.path(".asl"), TABLE), Stored::expected(&server, &paths, "", &[]));
    let received = server.received();
    let lines: BTreeSet<_> = received.iter().map(|request| request.line.clone()).collect();
    assert_eq!(lines, paths.iter().map(|path| format!("GET /data/flags/{path}")).collect());
    assert_eq!(received.len(), 100, "each image is asked for once");
}

#[test]
fn a_missing_image_is_notified_and_the_others_are_stored() {
    let (server, folder) = (serve(), Folder::new());
    let input = input("fail.input.json", &server);
    lay_out(&folder, &input);
    let ended = folder.asl(&RUN);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(1), "", FAILED));

    let found: Vec<_> = paths(&input).into_iter().filter(|path| *path != "zz/zz.gif").collect();
    assert_eq!(found.len(), 6);
    let expected = Stored::expected(&server, &found, SUBJECT, &[could_not_find(&server, "zz/zz.gif")]);
    assert_eq!(Stored::embedded(&folder.path(".asl"), TABLE), expected);
}

#[test]
fn the_definition_in_jsonata_does_the_same() {
    for name in ["success.input.json", "fail.input.json"] {
        let server = serve();
        let input = input(name, &server);
        let run = |file: &str| {
            let folder = Folder::new();
            lay_out(&folder, &input);
            std::fs::copy(definition(file), folder.path("definition.json")).expect("the definition is copied");
            let ended = folder.asl(&RUN);
            (ended.code, ended.stdout, ended.stderr, Stored::embedded(&folder.path(".asl"), TABLE))
        };
        let (in_jsonpath, in_jsonata) = (run("definition.json"), run("definition.jsonata.json"));
        assert_eq!(in_jsonata, in_jsonpath, "{name}");
        assert_eq!(in_jsonpath.0, Some(i32::from(name == "fail.input.json")));
    }
}

#[test]
fn later_runs_add_to_what_is_stored() {
    let (server, folder) = (serve(), Folder::new());
    let [fail, success] = ["fail.input.json", "success.input.json"].map(|name| input(name, &server));
    lay_out(&folder, &fail);
    folder.write("success.json", success.to_string());
    let run = |input| folder.asl(&["run", "definition.json", "--input", input, "--data", "kept here"]).code;
    assert_eq!((run("input.json"), run("success.json"), run("input.json")), (Some(1), Some(0), Some(1)));

    let messages = [could_not_find(&server, "zz/zz.gif"), could_not_find(&server, "zz/zz.gif")];
    let expected = Stored::expected(&server, &paths(&success), SUBJECT, &messages);
    assert_eq!(Stored::embedded(&folder.path("kept here"), TABLE), expected);
    assert!(!folder.path(".asl").exists());
}

#[test]
fn the_history_is_that_of_aws() {
    let (server, folder) = (serve(), Folder::new());
    lay_out(&folder, &input("success.input.json", &server));
    let history = folder.asl(&["run", "definition.json", "--input", "input.json", "--events"]).json();
    let counts = check_history(&history, "ExecutionSucceeded");
    // 20 batches and 100 rows.
    assert_eq!((counts["MapIterationStarted"], counts["MapIterationSucceeded"]), (120, 120));
    assert_eq!((counts["MapStateStarted"], counts["MapStateSucceeded"]), (2, 2));
    assert_eq!((counts["LambdaFunctionScheduled"], counts["LambdaFunctionSucceeded"]), (22, 22));
    assert_eq!((counts["TaskScheduled"], counts["TaskSucceeded"]), (100, 100));
    assert_eq!((counts["TaskStateEntered"], counts["TaskStateExited"]), (122, 122));
    assert_eq!((counts["ChoiceStateEntered"], counts["PassStateEntered"]), (1, 1));

    lay_out(&folder, &input("fail.input.json", &server));
    let ended = folder.asl(&["run", "definition.json", "--input", "input.json", "--events"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), FAILED));
    let history = serde_json::from_str(&ended.stdout).expect("the history is JSON");
    let counts = check_history(&history, "ExecutionFailed");
    // 2 batches, 6 rows and 1 notification.
    assert_eq!((counts["MapIterationStarted"], counts["MapIterationSucceeded"]), (8, 8));
    assert_eq!((counts["TaskScheduled"], counts["TaskSucceeded"]), (7, 7));
    assert_eq!(counts["FailStateEntered"], 1);
    let last = history["events"].as_array().and_then(|events| events.last());
    assert_eq!(
        last.map(|event| &event["executionFailedEventDetails"]),
        Some(&json!({ "cause": "One or more resources failed to download" }))
    );
}

/// Checks what holds for every history, and counts its events by their type.
pub(crate) fn check_history(history: &Value, last: &str) -> BTreeMap<String, usize> {
    let events = history["events"].as_array().expect("a list of events");
    let mut counts = BTreeMap::new();
    let mut time = "";
    for (event, id) in events.iter().zip(1..) {
        assert_eq!(event["id"], json!(id));
        let previous = event["previousEventId"].as_u64().expect("a number");
        assert!(previous < id, "{event}");
        let from_outside = event["type"] == "ExecutionAborted";
        assert!(
            previous > 0 || id <= 2 || from_outside,
            "only the first two and an end from outside follow nothing: {event}"
        );
        let at = event["timestamp"].as_str().expect("a time");
        assert!(time <= at, "{time}, and later {at}");
        time = at;
        *counts.entry(event["type"].as_str().expect("a type").to_owned()).or_insert(0) += 1;
    }
    let kind = |event: Option<&Value>| event.map(|event| event["type"].clone());
    assert_eq!((kind(events.first()), kind(events.last())), (Some(json!("ExecutionStarted")), Some(json!(last))));
    counts
}

/// The definition that a CDK app deploys; it lies beside the checkout.
fn deployed_definition() -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/download-images/definition.json");
    if !file.is_file() {
        not_run(&format!("there is no {}", file.display()));
        return None;
    }
    Some(file)
}

#[test]
fn the_definition_of_a_cdk_app_runs_unchanged() {
    const TABLE: &str = "StepFunctionMapIoStack-urlToNameA9092B61";
    const SUBJECT: &str = "Failed stepfunction download tasks";
    let Some(file) = deployed_definition() else { return };
    let server = serve();
    for name in ["success.input.json", "fail.input.json"] {
        let folder = Folder::new();
        let input = input(name, &server);
        folder.write("input.json", input.to_string());
        let routes = definition("cdk.routes.toml");
        let [file, routes] = [&file, &routes].map(|path| path.to_str().expect("a UTF-8 path"));
        let ended = folder.asl(&["run", file, "--routes", routes, "--input", "input.json"]);

        let (found, missing): (Vec<_>, Vec<_>) = paths(&input).into_iter().partition(|path| *path != "zz/zz.gif");
        let messages: Vec<_> = missing.into_iter().map(|path| could_not_find(&server, path)).collect();
        if messages.is_empty() {
            assert_eq!(ended.json(), all_stored(&server, &input));
        } else {
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
            assert!(ended.stderr.contains("\ncause: One or more resources failed to download\n"), "{}", ended.stderr);
        }
        let stored = Stored::embedded(&folder.path(".asl"), TABLE);
        assert_eq!(stored, Stored::expected(&server, &found, SUBJECT, &messages));
    }
}
