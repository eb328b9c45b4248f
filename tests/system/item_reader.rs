//! A Distributed Map reads its items from an object.

use serde_json::json;

use crate::support::folder::Folder;

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
