//! One execution whose states go to a process, to a sandbox, to a server that is not ours, and nowhere.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};
use crate::support::moto;

#[test]
fn each_state_goes_where_its_route_says() {
    let Some(moto) = moto::start() else { return };
    moto.create_table("texts", "text");
    let folder = Folder::new();
    folder.write("mixed.json", definition().to_string());
    folder.write("routes.toml", routes(moto.endpoint()));
    let mut command = folder.command(&["run", "mixed.json", "--input", r#"{"text": "the quick brown fox"}"#]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let ended = Ended::from(command.output().expect("asl starts"));
    let output = json!({ "text": "THE QUICK BROWN FOX", "count": { "words": 4 }, "told": { "MessageId": "mocked" } });
    assert_eq!(ended.json(), output);
    assert_eq!(moto.rows("texts"), [json!({ "text": { "S": "THE QUICK BROWN FOX" }, "words": { "N": "4" } })]);
    assert!(!folder.path(".asl/dynamodb.sqlite").exists(), "the embedded DynamoDB was not asked");
    assert!(folder.files(".asl/sns").is_empty(), "nothing was published");
}

fn definition() -> Value {
    json!({
        "StartAt": "Shout",
        "States": {
            "Shout": { "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:shout", "Next": "Count" },
            "Count": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": { "FunctionName": "count-words", "Payload.$": "States.JsonToString($.text)" },
                "ResultSelector": { "words.$": "$.Payload" },
                "ResultPath": "$.count",
                "Next": "Store"
            },
            "Store": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:putItem",
                "Parameters": {
                    "TableName": "texts",
                    "Item": { "text": { "S.$": "$.text" }, "words": { "N.$": "States.Format('{}', $.count.words)" } }
                },
                "ResultPath": null,
                "Next": "Tell"
            },
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": { "TopicArn": "arn:aws:sns:us-east-1:123456789012:texts", "Message.$": "$.text" },
                "ResultPath": "$.told",
                "End": true
            }
        }
    })
}

fn routes(moto: &str) -> String {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    format!(
        r#"
        [services]
        dynamodb = {{ endpoint_url = "{moto}", region = "us-east-1" }}

        [[routes]]
        resource = "arn:aws:lambda:*:*:function:shout"
        handler = "function"
        runtime = "provided"
        code = "{docs}/functions.in/custom"

        [[routes]]
        resource = "arn:aws:lambda:*:*:function:count-words"
        handler = "wasm"
        component = "{docs}/wasm.in/count-words.wasm"

        [[mocks]]
        state = "Tell"
        return = {{ MessageId = "mocked" }}
        "#
    )
}

#[test]
fn what_reaches_aws_and_mocks_of_nothing_are_told_before_the_start() {
    let folder = Folder::new();
    let definition = json!({
        "StartAt": "Encrypt it?",
        "States": {
            "Encrypt it?": {
                "Type": "Choice",
                "Choices": [{ "Variable": "$.secret", "IsPresent": true, "Next": "Encrypt" }],
                "Default": "Done"
            },
            "Encrypt": { "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:kms:encrypt", "Next": "Tell" },
            "Tell": { "Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true },
            "Done": { "Type": "Pass", "End": true }
        }
    });
    folder.write("secret.json", definition.to_string());
    folder.write("routes.toml", "services = { kms = 'aws' }\n[[mocks]]\nstate = 'Encript'\nreturn = {}\n");
    let ended = folder.asl(&["run", "secret.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "{}\n"));
    assert_eq!(
        ended.stderr,
        "warning: the mock of 'Encript' is not used: no Task state has this name; did you mean 'Encrypt'?\n\
         note: this run reaches AWS: Kms ('Encrypt')\n"
    );
    folder.write("routes.toml", "services = { kms = 'aws' }\n[[mocks]]\nstate = 'Encrypt'\nreturn = {}\n");
    assert_eq!(folder.asl(&["run", "secret.json"]).stderr, "", "a mock reaches nobody");
}
