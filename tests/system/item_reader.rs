//! A Distributed Map reads its items from objects, and writes its results into others.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};
use crate::support::moto;

fn definition(reader: &str) -> String {
    format!(
        r#"{{"StartAt": "Each row", "States": {{"Each row": {{
            "Type": "Map", "End": true, "ItemReader": {reader},
            "ItemProcessor": {{
                "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                "StartAt": "Keep", "States": {{"Keep": {{"Type": "Pass", "End": true}}}}
            }}
        }}}}}}"#
    )
}

const CSV: &str = r#"{
    "Resource": "arn:aws:states:::s3:getObject",
    "Parameters": {"Bucket.$": "$.bucket", "Key": "flags/list.csv"},
    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
}"#;

#[test]
fn rows_of_an_embedded_object_are_items() {
    let folder = Folder::new();
    folder.write("machine.json", definition(CSV));
    folder.write(".asl/s3/lists/flags/list.csv", "code,name\nbr,Brazil\nke,Kenya\n");
    let ended = folder.asl(&["run", "machine.json", "--input", r#"{"bucket": "lists"}"#]);
    assert_eq!(ended.json(), json!([{ "code": "br", "name": "Brazil" }, { "code": "ke", "name": "Kenya" }]));
}

#[test]
fn keys_of_a_bucket_are_items() {
    let folder = Folder::new();
    let reader =
        r#"{"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "lists", "Prefix": "a/"}}"#;
    folder.write("machine.json", definition(reader));
    for key in ["a/1.txt", "a/2.txt", "b/3.txt"] {
        folder.write(&format!(".asl/s3/lists/{key}"), "some text");
    }
    let listed = folder.asl(&["run", "machine.json"]).json();
    let keys: Vec<_> =
        listed.as_array().expect("a list").iter().map(|object| (&object["Key"], &object["Size"])).collect();
    assert_eq!(json!(keys), json!([["a/1.txt", 9], ["a/2.txt", 9]]));
}

#[test]
fn a_missing_object_fails_the_map_run() {
    let folder = Folder::new();
    folder.write("machine.json", definition(CSV));
    folder.write(".asl/s3/lists/other.csv", "");
    let ended = folder.asl(&["run", "machine.json", "--input", r#"{"bucket": "lists"}"#]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("States.ItemReaderFailed") && ended.stderr.contains("NoSuchKey"), "{}", ended.stderr);
}

/// Lists the objects below `in/`, reads the items in them, and writes what becomes of each.
const WHOLE_WAY: &str = r#"{
    "StartAt": "Each", "States": {"Each": {
        "Type": "Map", "End": true, "Label": "each",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "map-run-data", "Prefix": "in/"},
            "ReaderConfig": {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}
        },
        "ItemSelector": {"n.$": "$$.Map.Item.Value.n", "pad.$": "$$.Map.Item.Value.pad", "from.$": "$$.Map.Item.Source"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": true}}
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "map-run-data", "Prefix": "out"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"}
        }
    }}
}"#;

/// How many items each of the two objects has: their results take more than one part of an upload.
const ITEMS: usize = 1_000;

fn items(first: usize) -> String {
    (first..first + ITEMS).map(|n| format!("{{\"n\":{n},\"pad\":\"{:4000}\"}}\n", "")).collect()
}

/// Checks the results in `object`, which gives the text of a key, and answers the keys.
fn check_results(ended: &Ended, object: impl Fn(&str) -> String) -> Vec<String> {
    let details = ended.json()["ResultWriterDetails"].clone();
    assert_eq!(details["Bucket"], "map-run-data");
    let key = details["Key"].as_str().expect("a key").to_owned();
    let manifest: Value = serde_json::from_str(&object(&key)).expect("a manifest");
    let listed = &manifest["ResultFiles"]["SUCCEEDED"];
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{manifest}");
    let (results, size) = (listed[0]["Key"].as_str().expect("a key"), listed[0]["Size"].as_u64());
    let text = object(results);
    assert_eq!(size, Some(text.len() as u64));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(lines.len(), 2 * ITEMS);
    let from = |at: usize| (lines[at]["n"].as_u64(), lines[at]["from"].as_str());
    assert_eq!(from(0), (Some(0), Some("s3://map-run-data/in/one.jsonl")));
    assert_eq!(from(ITEMS), (Some(ITEMS as u64), Some("s3://map-run-data/in/two.jsonl")));
    vec![key, results.to_owned()]
}

#[test]
fn results_of_many_items_are_written_to_the_embedded_s3() {
    let folder = Folder::new();
    folder.write("machine.json", WHOLE_WAY);
    folder.write(".asl/s3/map-run-data/in/one.jsonl", items(0));
    folder.write(".asl/s3/map-run-data/in/two.jsonl", items(ITEMS));
    let ended = folder.asl(&["run", "machine.json"]);
    let read =
        |key: &str| std::fs::read_to_string(folder.path(&format!(".asl/s3/map-run-data/{key}"))).expect("a file");
    check_results(&ended, read);
}

#[test]
fn results_of_many_items_are_written_to_another_server() {
    let Some(moto) = moto::start() else { return };
    moto.create_bucket("map-run-data");
    moto.put("map-run-data", "in/one.jsonl", items(0));
    moto.put("map-run-data", "in/two.jsonl", items(ITEMS));
    let folder = Folder::new();
    folder.write("machine.json", WHOLE_WAY);
    let place = format!("[services]\ns3 = {{ endpoint_url = \"{}\", region = \"us-east-1\" }}\n", moto.endpoint());
    folder.write("routes.toml", place);
    let mut command = folder.command(&["run", "machine.json"]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let ended = Ended::from(command.output().expect("asl starts"));
    let keys =
        check_results(&ended, |key| String::from_utf8(moto.object("map-run-data", key).to_vec()).expect("a text"));
    let mut stored = moto.keys("map-run-data");
    stored.retain(|key| key.starts_with("out/"));
    stored.sort_unstable();
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(stored, keys);
}

#[test]
fn a_bucket_that_is_not_there_is_told_before_the_start() {
    let folder = Folder::new();
    folder.write("machine.json", WHOLE_WAY.replace("\"map-run-data\", \"Prefix\": \"out\"", "\"nowhere-else\""));
    folder.write(".asl/s3/map-run-data/in/one.jsonl", "{\"n\":1,\"pad\":\"\"}");
    let ended = folder.asl(&["run", "machine.json"]);
    assert_eq!(ended.code, Some(3));
    let told = "error: the state 'Each' needs the bucket nowhere-else, which is not there\n\
        It is made by these lines at the start of routes.toml:\n\nbuckets = [\"nowhere-else\"]\n";
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
}

/// Its name is only known when it is written to: the run ends.
#[test]
fn a_bucket_of_results_that_is_not_there_ends_the_run() {
    let folder = Folder::new();
    let computed = "\"Bucket.$\": \"$.bucket\", \"Prefix\": \"out\"";
    folder.write("machine.json", WHOLE_WAY.replace("\"Bucket\": \"map-run-data\", \"Prefix\": \"out\"", computed));
    folder.write(".asl/s3/map-run-data/in/one.jsonl", "{\"n\":1,\"pad\":\"\"}");
    let ended = folder.asl(&["run", "machine.json", "--input", r#"{"bucket": "nowhere-else"}"#]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("the state 'Each' needs the bucket nowhere-else"), "{}", ended.stderr);
}

#[test]
fn the_first_failure_of_a_map_run_is_told() {
    let folder = Folder::new();
    let machine = definition(CSV).replace(
        "{\"Type\": \"Pass\", \"End\": true}",
        "{\"Type\": \"Fail\", \"Error\": \"Bad row\", \"CausePath\": \"$.name\"}",
    );
    folder.write("machine.json", machine);
    folder.write(".asl/s3/lists/flags/list.csv", "code,name\nbr,Brazil\n");
    let ended = folder.asl(&["run", "machine.json", "--input", r#"{"bucket": "lists"}"#]);
    assert_eq!(ended.code, Some(1));
    let note = ended.stderr.lines().find(|line| line.starts_with("note: the child execution 0 ("));
    assert!(note.is_some_and(|note| note.ends_with(") failed first: Bad row: Brazil")), "{}", ended.stderr);
}

/// Which of the child executions failed, and what happened in it.
#[test]
fn the_child_executions_of_a_map_run_can_be_looked_at() {
    let folder = Folder::new();
    let definition = r#"{"StartAt": "Each", "States": {"Each": {
        "Type": "Map", "End": true, "MaxConcurrency": 1,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Even?", "States": {
                "Even?": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 3, "Next": "Odd"}], "Default": "Even"},
                "Even": {"Type": "Pass", "End": true},
                "Odd": {"Type": "Fail", "Error": "Odd", "Cause": "three"}
            }
        }
    }}}"#;
    folder.write("machine.json", definition);
    let ended = folder.asl(&["run", "machine.json", "--input", "[2, 3]", "--events"]);
    assert_eq!(ended.code, Some(1));
    let told = "failed first: Odd: three";
    assert!(ended.stderr.contains("the child execution 1 (") && ended.stderr.contains(told), "{}", ended.stderr);
    let histories: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let types = |events: &Value| -> Vec<String> {
        let events = events.as_array().expect("events").iter();
        events.map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
    };
    assert_eq!(types(&histories["events"]).last().map(String::as_str), Some("ExecutionFailed"));
    let children = histories["childExecutions"].as_array().expect("children");
    assert_eq!(children.len(), 2);
    let last = children.iter().map(|child| types(&child["events"]).pop().expect("events"));
    assert_eq!(last.collect::<Vec<_>>(), ["ExecutionSucceeded", "ExecutionFailed"]);
    assert!(children[1]["executionArn"].as_str().is_some_and(|arn| arn.contains(":execution:machine/")));
    assert_eq!(children[1]["events"][0]["id"], 1);
}
