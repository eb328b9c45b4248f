//! What a failed run shows beside the error: the data, the place, the item, what ran out, what was caught before.

use serde_json::{Value, json};

use crate::support::folder::Folder;

/// The lines on stderr of a run on virtual time that fails, without the source that is shown.
fn told(states: &Value, more: &Value, mocks: &str, input: &str) -> Vec<String> {
    let folder = Folder::new();
    let mut definition = json!({ "StartAt": "First", "States": states });
    for (name, value) in more.as_object().expect("an object") {
        definition[name] = value.clone();
    }
    folder.write("d.json", format!("{definition:#}"));
    folder.write("mocks.toml", mocks);
    let ended = folder.asl(&["run", "d.json", "--mocks", "mocks.toml", "--input", input]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let is_source = |line: &&str| line.trim_start().starts_with(|c: char| c == '|' || c.is_ascii_digit());
    ended.stderr.lines().filter(|line| !is_source(line)).map(str::to_owned).collect()
}

#[track_caller]
fn has(told: &[String], expected: &str) {
    assert!(told.iter().any(|line| line == expected), "{expected}: {told:#?}");
}

const ORDER: &str = r#"{"order": {"id": 7, "items": [{"sku": "a"}, {}]}}"#;

#[test]
fn a_path_that_finds_nothing_is_shown_with_the_data_and_the_names_there() {
    let pass = json!({ "First": { "Type": "Pass", "Parameters": { "x.$": "$.order.idd" }, "End": true } });
    let lines = told(&pass, &json!({}), "", ORDER);
    has(&lines, "note: $.order has no 'idd': did you mean 'id'?");
    has(&lines, r#"      $.order is {"id":7,"items":[{"sku":"a"},{}]}"#);
    let query = json!({ "First": { "Type": "Pass", "Output": "{% $states.input.order.total * 2 %}", "End": true } });
    let lines = told(&query, &json!({ "QueryLanguage": "JSONata" }), "", ORDER);
    has(&lines, "note: $states.input.order has no 'total'");
}

#[test]
fn the_item_of_a_map_and_its_state_are_told() {
    let work = json!({ "StartAt": "Work", "States": {
        "Work": { "Type": "Pass", "Parameters": { "x.$": "$.sku" }, "End": true } } });
    let map = json!({ "First": { "Type": "Map", "ItemsPath": "$.order.items", "ItemProcessor": work, "End": true } });
    let lines = told(&map, &json!({}), "", ORDER);
    let expected = "execution: FAILED in the state 'Work' of 'First', item 1 (the first is 0): States.Runtime";
    assert_eq!(lines[0], expected, "{lines:#?}");
    has(&lines, "note: $ has no 'sku'");
    has(&lines, "      $ is {}");
}

#[test]
fn what_ran_out_and_what_was_caught_before_is_told() {
    let resource = "arn:aws:states:us-east-1:1:activity:nobody";
    let task = |fields: &Value| {
        let mut task = json!({ "Type": "Task", "Resource": resource, "End": true });
        for (name, value) in fields.as_object().expect("an object") {
            task[name] = value.clone();
        }
        match task.get("Catch") {
            Some(_) => json!({ "First": task, "Give up": { "Type": "Fail", "Error": "GaveUp" } }),
            None => json!({ "First": task }),
        }
    };
    let late = "[[mocks]]\nstate = 'First'\nreturn = 1\nafter_seconds = 10\n";
    let lines = told(&task(&json!({ "TimeoutSeconds": 1 })), &json!({}), late, "{}");
    has(&lines, "note: TimeoutSeconds (1) of the state 'First' ran out");
    let lines = told(&task(&json!({ "HeartbeatSeconds": 2 })), &json!({}), late, "{}");
    has(&lines, "note: HeartbeatSeconds (2) of the state 'First' ran out");
    let lines = told(&task(&json!({})), &json!({ "TimeoutSeconds": 1 }), late, "{}");
    has(&lines, "note: TimeoutSeconds of the state machine ran out");
    let catch = json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Give up" }] });
    let mock = "[[mocks]]\nstate = 'First'\nthrow = { error = 'Declined', cause = 'no money' }\n";
    let lines = told(&task(&catch), &json!({}), mock, "{}");
    assert_eq!(lines[0], "execution: FAILED in the state 'Give up': GaveUp", "{lines:#?}");
    has(&lines, "note: before it was caught: 'First' failed: Declined: no money");
}

#[test]
fn the_place_of_a_wrong_parameter_and_of_a_part_of_an_expression_is_shown() {
    let folder = Folder::new();
    let place = |definition: &str, expected: &str| {
        folder.write("d.json", definition);
        let ended = folder.asl(&["run", "d.json"]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        // Before it, a warning may have said so.
        let failure = ended.stderr.split_once("execution: FAILED").expect("a failure").1;
        assert!(failure.lines().any(|line| line.trim() == format!("--> {expected}")), "{expected}: {ended:?}");
    };
    let task = "{\n  \"StartAt\": \"S\",\n  \"States\": {\"S\": {\"Type\": \"Task\", \"End\": true,\n    \
        \"Resource\": \"arn:aws:states:::sqs:sendMessage\",\n    \"Parameters\": {\n      \
        \"QueueUrl\": \"https://sqs.us-east-1.amazonaws.com/1/q\",\n      \"MessageBdy\": \"m\"}}}}";
    place(task, "d.json:7:7");
    let query = "{\"QueryLanguage\": \"JSONata\", \"StartAt\": \"S\", \"States\": {\"S\": {\"Type\": \"Pass\", \"End\": true,\n  \
        \"Output\": \"{% $sum([1, 2]) + $length('a long text') - $uppercase('b') %}\"}}}";
    place(query, "d.json:2:55");
}
