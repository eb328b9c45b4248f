//! What tasks name, looked up before anything runs and while it runs; and what the code of functions starts and calls here.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::not_run;

/// A machine of one task, whose failures are all caught.
fn task(resource: &str, parameters: &Value) -> String {
    let state = json!({
        "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters,
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }], "End": true
    });
    json!({ "StartAt": "Store", "States": { "Store": state, "Caught": { "Type": "Succeed" } } }).to_string()
}

#[test]
fn a_table_that_is_not_there_is_told_and_its_lines_work() {
    let folder = Folder::new();
    let item = json!({ "TableName": "Orders", "Item": { "id": { "S.$": "$.id" } } });
    folder.write("store.json", task("dynamodb:putItem", &item));
    let run = ["run", "store.json", "--input", r#"{"id": "7"}"#];
    let refused = folder.asl(&run);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(3), ""), "{refused:?}");
    let told = "error: the state 'Store' needs the table Orders, which is not there\n\
        It is made by these lines at the end of routes.toml:\n\n";
    let lines = refused.stderr.strip_prefix(told).and_then(|rest| rest.split_once("\n\n")).expect("what to do").0;
    assert!(folder.files(".asl").is_empty(), "looking for it makes nothing");
    folder.write("routes.toml", lines);
    assert_eq!(folder.asl(&run).code, Some(0), "{lines}");
    // It is there now, whatever the routing file says.
    folder.write("routes.toml", "");
    assert_eq!(folder.asl(&run).code, Some(0));
}

#[test]
fn queues_and_topics_are_looked_up_in_their_lists() {
    let queue = "https://sqs.us-east-1.amazonaws.com/1/ordres";
    let topic = "arn:aws:sns:us-east-1:1:alarms";
    for (resource, parameters, computed, input, kind, name) in [
        (
            "sqs:sendMessage",
            json!({ "QueueUrl": queue, "MessageBody": "m" }),
            json!({ "QueueUrl.$": "$.it", "MessageBody": "m" }),
            json!({ "it": queue }),
            "queue",
            "ordres",
        ),
        (
            "sns:publish",
            json!({ "TopicArn": topic, "Message": "m" }),
            json!({ "TopicArn.$": "$.it", "Message": "m" }),
            json!({ "it": topic }),
            "topic",
            "alarms",
        ),
    ] {
        let folder = Folder::new();
        let (constant, input) = (task(resource, &parameters), input.to_string());
        folder.write("send.json", &constant);
        let run = ["run", "send.json", "--input", &input];
        // Without a list each is there as soon as it is named.
        assert_eq!(folder.asl(&run).code, Some(0), "{resource}");
        let lists = "queues = ['orders']\ntopics = ['alarm']\n";
        let near = if kind == "queue" { "orders" } else { "alarm" };
        for text in [&constant, &task(resource, &computed)] {
            let folder = Folder::new();
            folder.write("send.json", text);
            folder.write("routes.toml", lists);
            let refused = folder.asl(&run);
            assert_eq!(refused.code, Some(3), "{refused:?}");
            let told = format!(
                "error: the state 'Store' needs the {kind} {name} (did you mean {near}?), which is not there\n\
                 It is made by these lines at the start of routes.toml:\n\n"
            );
            let lines =
                refused.stderr.strip_prefix(&told).and_then(|rest| rest.split_once("\n\n").or(Some((rest, ""))));
            let line = lines.unwrap_or_else(|| panic!("{refused:?}")).0.lines().next().expect("a line");
            let other = if kind == "queue" { "topics = ['alarm']" } else { "queues = ['orders']" };
            folder.write("routes.toml", format!("{line}\n{other}\n"));
            let ended = folder.asl(&run);
            assert_eq!((ended.code, ended.stdout.contains("MessageId")), (Some(0), true), "{line} {ended:?}");
        }
    }
}

/// No Catcher takes what only this machine lacks.
#[test]
fn a_name_that_is_computed_ends_the_run() {
    let folder = Folder::new();
    for (resource, parameters, told) in [
        ("dynamodb:getItem", json!({ "TableName.$": "$.name", "Key": { "id": { "S": "1" } } }), "the table Orders"),
        ("aws-sdk:s3:getObject", json!({ "Bucket.$": "$.bucket", "Key": "k" }), "the bucket receipts"),
        ("states:startExecution", json!({ "StateMachineArn.$": "$.arn" }), "the state machine ship"),
        ("lambda:invoke", json!({ "FunctionName.$": "$.name" }), "no route for the resource arn:aws:lambda:"),
    ] {
        folder.write("store.json", task(resource, &parameters));
        let arn = "arn:aws:states:us-east-1:1:stateMachine:ship";
        let input = json!({ "name": "Orders", "bucket": "receipts", "arn": arn }).to_string();
        let ended = folder.asl(&["run", "store.json", "--input", &input]);
        assert_eq!(ended.code, Some(3), "{resource}: {ended:?}");
        let first = ended.stderr.lines().next().unwrap_or_default();
        assert!(first.starts_with("error: the state 'Store' ") && first.contains(told), "{resource}: {ended:?}");
        assert!(ended.stderr.contains("note: the run was given up there"), "{resource}: {ended:?}");
        let shown = folder.asl(&["history"]).stdout;
        assert!(shown.contains(": given up after ") && shown.contains(told), "{resource}: {shown}");
    }
}

/// Without a word it would hang.
#[test]
fn an_activity_without_a_worker_is_told() {
    const PAINT: &str = "arn:aws:states:us-east-1:1:activity:paint";
    for (routes, told) in [
        ("", "[endpoint] in the routing file gives it an address, or a route stands in its place"),
        ("[endpoint]\nlisten = '127.0.0.1:0'\n", "it asks for its work at http://127.0.0.1:0 (GetActivityTask)"),
    ] {
        let folder = Folder::new();
        let paint = json!({ "Type": "Task", "Resource": PAINT, "End": true });
        folder.write("paint.json", json!({ "StartAt": "Paint", "States": { "Paint": paint } }).to_string());
        folder.write("routes.toml", routes);
        let mut run = folder.command(&["run", "paint.json"]).stderr(Stdio::piped()).spawn().expect("asl starts");
        let mut line = String::new();
        BufReader::new(run.stderr.take().expect("a pipe")).read_line(&mut line).expect("a line");
        run.kill().expect("it runs");
        run.wait().expect("it ends");
        assert_eq!(line, format!("note: the state 'Paint' waits for a worker of {PAINT}: {told}\n"));
    }
}

/// Where a definition makes its tables, the service says what is missing, and a Catcher takes it.
#[test]
fn a_definition_that_makes_its_table_can_look_for_it_first() {
    let folder = Folder::new();
    let key = json!([{ "AttributeName": "id", "KeyType": "HASH" }]);
    let types = json!([{ "AttributeName": "id", "AttributeType": "S" }]);
    let item = json!({ "TableName": "Orders", "Item": { "id": { "S": "7" } } });
    let put = json!({
        "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": item, "ResultPath": "$.put",
        "Catch": [{ "ErrorEquals": ["DynamoDB.ResourceNotFoundException"], "Next": "Make" }], "End": true
    });
    let make = json!({
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:createTable", "Next": "Put", "ResultPath": "$.made",
        "Parameters": { "TableName": "Orders", "KeySchema": key, "AttributeDefinitions": types,
            "BillingMode": "PAY_PER_REQUEST" }
    });
    folder.write("make.json", json!({ "StartAt": "Put", "States": { "Put": put, "Make": make } }).to_string());
    let ended = folder.asl(&["run", "make.json"]);
    assert_eq!(ended.json()["put"]["SdkHttpMetadata"]["HttpStatusCode"], 200, "{ended:?}");
}

#[test]
fn the_code_of_a_function_near_the_routing_file_is_found() {
    let folder = Folder::new();
    folder
        .write("greet.json", task("lambda:invoke", &json!({ "FunctionName": "GreetFunction", "Payload": { "a": 1 } })));
    folder.write("functions/greet/app.py", "def handler(event, context):\n    return event\n");
    let refused = folder.asl(&["run", "greet.json"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    let lines = refused.stderr.split_once("[[routes]]").and_then(|(_, rest)| rest.split_once("\n\n")).expect("lines").0;
    let expected = "\nresource = \"arn:aws:lambda:us-east-1:000000000000:function:GreetFunction\"\n\
        handler = \"function\"\nruntime = \"python3\"\ncode = \"functions/greet\"\nentry = \"app.handler\"";
    assert_eq!(lines, expected, "{refused:?}");
    // A route of nearly that name is told, too.
    folder.write(
        "routes.toml",
        "[[routes]]\nresource = 'arn:aws:lambda:*:*:function:GreetFunktion'\nhandler = 'batch'\n",
    );
    let refused = folder.asl(&["run", "greet.json"]);
    assert!(refused.stderr.contains("A route has arn:aws:lambda:*:*:function:GreetFunktion"), "{refused:?}");
}

/// A function that starts a state machine, waits for another and calls a function, each by boto3.
const CALLER: &str = r#"
import json
import boto3
from botocore.config import Config

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:child"


def handler(event, context):
    # botocore 1.44 puts "sync-" before the host of start_sync_execution, also before an IP address.
    states = boto3.client("stepfunctions", config=Config(inject_host_prefix=False))
    functions = boto3.client("lambda")
    started = states.start_execution(stateMachineArn=MACHINE, name="n", input='"begun"')
    ended = states.start_sync_execution(stateMachineArn=MACHINE, input='"waited for"')
    answer = functions.invoke(FunctionName="double", Payload=json.dumps(event["number"]))
    failed = functions.invoke(FunctionName="double", Payload='"no number"')
    try:
        functions.invoke(FunctionName="triple", Payload="1")
    except functions.exceptions.ResourceNotFoundException as error:
        missing = error.response["Error"]["Message"]
    return {
        "started": started["executionArn"].rsplit(":", 1)[1],
        "described": states.describe_execution(executionArn=started["executionArn"])["input"],
        "ended": [ended["status"], ended["output"]],
        "doubled": json.loads(answer["Payload"].read()),
        "failed": [failed["FunctionError"], json.loads(failed["Payload"].read())["errorType"]],
        "missing": missing,
    }


def double(event, context):
    return event["x"] if isinstance(event, str) else event * 2
"#;

#[test]
fn the_code_of_functions_starts_machines_and_calls_functions() {
    let there = Command::new("python3").args(["-c", "import ensurepip, venv"]).status();
    if !there.is_ok_and(|status| status.success()) {
        not_run("there is no python3 with venv");
        return;
    }
    let folder = Folder::new();
    let resource = "arn:aws:lambda:us-east-1:1:function:caller";
    let call = json!({ "Type": "Task", "Resource": resource, "End": true });
    folder.write("call.json", json!({ "StartAt": "Call", "States": { "Call": call } }).to_string());
    folder.write("child.json", r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#);
    folder.write("code/app.py", CALLER);
    folder.write("code/requirements.txt", "boto3==1.44.8\n");
    let route = |name: &str, entry: &str| {
        format!(
            "[[routes]]\nresource = 'arn:aws:lambda:*:*:function:{name}'\nhandler = 'function'\nruntime = 'python3'\n\
             code = 'code'\nentry = 'app.{entry}'\ntimeout_seconds = 60\n"
        )
    };
    let machine = "[state_machines.child]\ndefinition = 'child.json'\n";
    folder.write("routes.toml", format!("{machine}{}{}", route("caller", "handler"), route("double", "double")));
    let ended = folder.asl(&["run", "call.json", "--input", r#"{"number": 21}"#]);
    if ended.stderr.contains("cannot install") {
        not_run(&ended.stderr);
        return;
    }
    let expected = json!({
        "started": "n", "described": "\"begun\"", "ended": ["SUCCEEDED", "\"waited for\""], "doubled": 42,
        "failed": ["Unhandled", "TypeError"],
        "missing": "Function not found: arn:aws:lambda:us-east-1:000000000000:function:triple"
    });
    assert_eq!(ended.json(), expected);
}
