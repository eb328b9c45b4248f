//! Several programs at once on one data folder that is not there yet.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};

/// Each stores an object, rows, messages and a notification, without an order among them.
fn definition() -> Value {
    let task = |resource: &str, parameters: Value, next: &str| {
        json!({ "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters,
            "ResultPath": null, "Next": next })
    };
    let row = json!({ "TableName": "rows", "Item": { "id": { "S.$": "$.row" } } });
    let mut messages = task("sqs:sendMessage", json!({ "QueueUrl": "q", "MessageBody.$": "$.row" }), "");
    let topic = "arn:aws:sns:us-east-1:000000000000:t";
    messages.as_object_mut().unwrap().remove("Next");
    messages["End"] = true.into();
    json!({
        "StartAt": "Each",
        "States": { "Each": {
            "Type": "Map",
            "ItemsPath": "$.numbers",
            "ItemSelector": { "row.$": "States.Format('{}-{}', $.name, $$.Map.Item.Value)" },
            "ItemProcessor": { "StartAt": "Put", "States": {
                "Put": task("aws-sdk:s3:putObject", json!({ "Bucket": "images", "Key.$": "$.row", "Body": "x" }), "Row"),
                "Row": task("dynamodb:putItem", row, "Publish"),
                "Publish": task("sns:publish", json!({ "TopicArn": topic, "Message.$": "$.row" }), "Send"),
                "Send": messages,
            } },
            "ResultPath": null,
            "End": true,
        } },
    })
}

#[test]
fn programs_start_together_on_a_fresh_data_folder() {
    const PROGRAMS: usize = 6;
    let folder = Folder::new();
    folder.write("machine.json", definition().to_string());
    folder.write(
        "routes.toml",
        "buckets = ['images']\n[tables.rows]\nkey = 'id'\n[tables.other]\nkey = 'id'\n\
         [[subscriptions]]\ntopic = '*'\nfile = 'told.jsonl'\n",
    );
    let numbers: Vec<usize> = (1..=20).collect();
    for round in 0..3 {
        let data = format!("data{round}");
        let programs: Vec<_> = (0..PROGRAMS)
            .map(|name| {
                let input = json!({ "name": name, "numbers": numbers }).to_string();
                let mut command = folder.command(&["run", "machine.json", "--data", &data, "--input", &input]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts")
            })
            .collect();
        for program in programs {
            let ended = Ended::from(program.wait_with_output().expect("asl ends"));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        }
        let all = PROGRAMS * numbers.len();
        assert_eq!(folder.files(&format!("{data}/s3/images")).len(), all);
        let text = String::from_utf8(folder.files(".")["told.jsonl"].clone()).unwrap();
        assert_eq!(text.lines().count(), all * (round + 1));
        assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "whole lines only");
        let count = r#"{"StartAt":"Rows","States":{"Rows":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:dynamodb:scan",
            "Parameters":{"TableName":"rows","Select":"COUNT"},"ResultPath":"$.rows","Next":"Tables"},
            "Tables":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:dynamodb:listTables","Parameters":{},"ResultPath":"$.tables","Next":"Queue"},
            "Queue":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sqs:getQueueAttributes",
            "Parameters":{"QueueUrl":"q","AttributeNames":["All"]},"ResultPath":"$.queue","End":true}}}"#;
        folder.write("count.json", count);
        let ended = folder.asl(&["run", "count.json", "--data", &data]);
        let found: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
        assert_eq!(found["rows"]["Count"], all);
        assert_eq!(found["tables"]["TableNames"], json!(["other", "rows"]));
        assert_eq!(found["queue"]["Attributes"]["ApproximateNumberOfMessages"], all.to_string());
    }
}
