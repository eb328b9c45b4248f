//! Service integrations against servers of AWS's protocols that are not ours: moto plays fifteen services.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};
use crate::support::moto::{self, ACCOUNT};

/// A state of the test: its name, its resource behind `arn:aws:states:::`, its parameters and what it gives.
pub(crate) type Step = (&'static str, &'static str, Value, Expected);

pub(crate) enum Expected {
    /// These members, among others.
    Has(Value),
    /// This error, and a cause that starts like this and ends like that.
    Fails(&'static str, &'static str, &'static str),
}

use Expected::{Fails, Has};

/// How the SDK for Java 1 and for Java 2 end a cause.
const JAVA_1: &str = "; Proxy: null)";
const JAVA_2: &str = ") (SDK Attempt Count: 1)";

fn objects() -> Vec<Step> {
    let key = "k/é 1";
    let object = json!({ "Bucket": "files", "Key": key });
    let no_key = "The specified key does not exist. (Service: S3, Status Code: 404, Request ID: ";
    let metadata = json!({ "m": "n" });
    let put = json!({ "Bucket": "files", "Key": key, "Body": { "a": 1 }, "Metadata": metadata });
    let delete = json!({ "Bucket": "files", "Delete": { "Objects": [{ "Key": key }] } });
    vec![
        ("createBucket", "aws-sdk:s3:createBucket", json!({ "Bucket": "files" }), Has(json!({ "Location": "/files" }))),
        ("put", "aws-sdk:s3:putObject", put, Has(json!({ "ETag": "\"bb6cb5c68df4652941caf652a366f2d8\"" }))),
        (
            "get",
            "aws-sdk:s3:getObject",
            object.clone(),
            Has(json!({ "Body": "{\"a\":1}", "ContentLength": 7, "Metadata": metadata })),
        ),
        (
            "list",
            "aws-sdk:s3:listObjectsV2",
            json!({ "Bucket": "files", "Prefix": "k/" }),
            Has(json!({ "Contents": [{ "Key": key, "Size": 7 }], "IsTruncated": false, "KeyCount": 1 })),
        ),
        ("deleteObjects", "aws-sdk:s3:deleteObjects", delete, Has(json!({ "Deleted": [{ "Key": key }] }))),
        ("noObject", "aws-sdk:s3:getObject", object.clone(), Fails("S3.NoSuchKeyException", no_key, JAVA_2)),
        ("noHead", "aws-sdk:s3:headObject", object, Fails("S3.NoSuchKeyException", "null (Service: S3, ", JAVA_2)),
    ]
}

fn keys_and_secrets() -> Vec<Step> {
    let encrypt = json!({ "KeyId.$": "$.key.KeyMetadata.KeyId", "Plaintext": "aGVsbG8=" });
    let secret = json!({ "Name": "n", "SecretString": { "password": "x" } });
    vec![
        ("key", "aws-sdk:kms:createKey", json!({}), Has(json!({ "KeyMetadata": { "Enabled": true } }))),
        ("encrypt", "aws-sdk:kms:encrypt", encrypt, Has(json!({}))),
        (
            "decrypt",
            "aws-sdk:kms:decrypt",
            json!({ "CiphertextBlob.$": "$.encrypt.CiphertextBlob" }),
            Has(json!({ "Plaintext": "aGVsbG8=" })),
        ),
        ("secret", "aws-sdk:secretsmanager:createSecret", secret, Has(json!({ "Name": "n" }))),
        (
            "getSecret",
            "aws-sdk:secretsmanager:getSecretValue",
            json!({ "SecretId": "n" }),
            Has(json!({ "SecretString": "{\"password\":\"x\"}", "VersionStages": ["AWSCURRENT"] })),
        ),
        (
            "noSecret",
            "aws-sdk:secretsmanager:getSecretValue",
            json!({ "SecretId": "none" }),
            Fails(
                "SecretsManager.ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
                JAVA_2,
            ),
        ),
    ]
}

fn messages() -> Vec<Step> {
    let attributes = json!({ "a": { "DataType": "String", "StringValue": "1" } });
    let queue = "$.queue.QueueUrl";
    let send = json!({ "QueueUrl.$": queue, "MessageBody": { "hello": "world" }, "MessageAttributes": attributes });
    let received = json!({ "Body": "{\"hello\":\"world\"}", "MessageAttributes": attributes });
    let no_queue = json!({ "QueueUrl": format!("http://127.0.0.1/{ACCOUNT}/none"), "MessageBody": "m" });
    let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:t");
    let sent =
        json!({ "MD5OfMessageBody": "fbc24bcc7a1794758fc1327fcfebdaf6", "SdkHttpMetadata": { "HttpStatusCode": 200 } });
    vec![
        ("queue", "aws-sdk:sqs:createQueue", json!({ "QueueName": "q" }), Has(json!({}))),
        ("send", "sqs:sendMessage", send, Has(sent)),
        (
            "receive",
            "aws-sdk:sqs:receiveMessage",
            json!({ "QueueUrl.$": queue, "MessageAttributeNames": ["All"] }),
            Has(json!({ "Messages": [received] })),
        ),
        (
            "noQueue",
            "sqs:sendMessage",
            no_queue,
            Fails(
                "SQS.QueueDoesNotExistException",
                "The specified queue does not exist. (Service: AmazonSQS; ",
                JAVA_1,
            ),
        ),
        ("topic", "aws-sdk:sns:createTopic", json!({ "Name": "t" }), Has(json!({ "TopicArn": topic }))),
        ("publish", "sns:publish", json!({ "TopicArn": topic, "Message": { "a": 1 } }), Has(json!({}))),
        ("topics", "aws-sdk:sns:listTopics", json!({}), Has(json!({ "Topics": [{ "TopicArn": topic }] }))),
        (
            "noTopic",
            "sns:publish",
            json!({ "TopicArn": format!("{topic}none"), "Message": "m" }),
            Fails("SNS.NotFoundException", "", JAVA_1),
        ),
        (
            "events",
            "events:putEvents",
            json!({ "Entries": [{ "Source": "s", "DetailType": "t", "Detail": { "a": 1 } }] }),
            Has(json!({ "FailedEntryCount": 0 })),
        ),
    ]
}

fn rows() -> Vec<Step> {
    let key = json!({ "id": { "S": "1" } });
    let table = json!({
        "TableName": "rows",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let update = json!({
        "TableName": "rows",
        "Key": key,
        "UpdateExpression": "SET x = :x",
        "ExpressionAttributeValues": { ":x": { "S": "y" } },
        "ReturnValues": "UPDATED_NEW",
    });
    let item = json!({ "id": { "S": "1" }, "m": { "M": { "n": { "N": "1" } } } });
    let none = json!({ "TableName": "none", "Key": key });
    let no_table = "Requested resource not found (Service: ";
    vec![
        ("table", "aws-sdk:dynamodb:createTable", table, Has(json!({ "TableDescription": { "TableName": "rows" } }))),
        ("putItem", "dynamodb:putItem", json!({ "TableName": "rows", "Item": item }), Has(json!({}))),
        ("updateItem", "dynamodb:updateItem", update, Has(json!({ "Attributes": { "x": { "S": "y" } } }))),
        ("getItem", "dynamodb:getItem", json!({ "TableName": "rows", "Key": key }), Has(json!({ "Item": item }))),
        ("scan", "aws-sdk:dynamodb:scan", json!({ "TableName": "rows" }), Has(json!({ "Items": [item], "Count": 1 }))),
        ("deleteItem", "dynamodb:deleteItem", json!({ "TableName": "rows", "Key": key }), Has(json!({}))),
        ("noTable", "dynamodb:getItem", none.clone(), Fails("DynamoDB.ResourceNotFoundException", no_table, JAVA_1)),
        ("noTableSdk", "aws-sdk:dynamodb:getItem", none, Fails("DynamoDb.ResourceNotFoundException", no_table, JAVA_2)),
    ]
}

/// Services of other protocols.
fn others() -> Vec<Step> {
    let policy = json!({ "Version": "2012-10-17", "Statement": [] });
    let role = json!({ "RoleName": "r", "AssumeRolePolicyDocument": policy, "Tags": [{ "Key": "a", "Value": "b" }] });
    let filter = json!({ "Filters": [{ "Name": "instance-state-name", "Values": ["running"] }] });
    let tags = json!([{ "Key": "k", "Value": "v" }]);
    vec![
        ("identity", "aws-sdk:sts:getCallerIdentity", json!({}), Has(json!({ "Account": ACCOUNT }))),
        (
            "role",
            "aws-sdk:iam:createRole",
            role,
            Has(json!({ "Role": { "RoleName": "r", "Tags": [{ "Key": "a", "Value": "b" }] } })),
        ),
        ("instances", "aws-sdk:ec2:describeInstances", filter, Has(json!({ "Reservations": [] }))),
        (
            "zone",
            "aws-sdk:route53:createHostedZone",
            json!({ "Name": "example.com", "CallerReference": "1" }),
            Has(json!({ "HostedZone": { "Name": "example.com.", "CallerReference": "1" } })),
        ),
        ("logGroup", "aws-sdk:cloudwatchlogs:createLogGroup", json!({ "LogGroupName": "g" }), Has(json!({}))),
        (
            "logGroups",
            "aws-sdk:cloudwatchlogs:describeLogGroups",
            json!({ "LogGroupNamePrefix": "g" }),
            Has(json!({ "LogGroups": [{ "LogGroupName": "g", "StoredBytes": 0 }] })),
        ),
        (
            "cluster",
            "aws-sdk:ecs:createCluster",
            json!({ "ClusterName": "c", "Tags": tags }),
            Has(json!({ "Cluster": { "ClusterName": "c", "Status": "ACTIVE", "Tags": tags } })),
        ),
        (
            "noFunction",
            "aws-sdk:lambda:getFunction",
            json!({ "FunctionName": "none" }),
            Fails("Lambda.ResourceNotFoundException", "Function not found: arn:aws:lambda:", JAVA_2),
        ),
    ]
}

/// Moto runs one execution, and no other after it.
fn executions() -> Vec<Step> {
    let passing = json!({ "Type": "Pass", "Result": { "done": true }, "End": true });
    let definition = json!({ "StartAt": "A", "States": { "A": passing } });
    let machine = json!({ "Name": "m", "RoleArn.$": "$.role.Role.Arn", "Definition": definition });
    let start = |machine: &str| {
        let arn = format!("arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{machine}");
        json!({ "StateMachineArn": arn, "Name": "e", "Input": { "x": 1 } })
    };
    let ended = json!({ "Status": "SUCCEEDED", "Input": { "x": 1 }, "Output": { "done": true } });
    let no_machine = "State Machine Does Not Exist: 'arn:aws:states:us-east-1:123456789012:stateMachine:none' (Service: \
                      AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: ";
    vec![
        ("machine", "aws-sdk:sfn:createStateMachine", machine, Has(json!({}))),
        ("run", "states:startExecution.sync:2", start("m"), Has(ended)),
        (
            "again",
            "states:startExecution",
            start("m"),
            Fails("StepFunctions.ExecutionAlreadyExistsException", "Execution Already Exists: 'arn:", JAVA_1),
        ),
        (
            "noMachine",
            "states:startExecution",
            start("none"),
            Fails("StepFunctions.StateMachineDoesNotExistException", no_machine, JAVA_1),
        ),
    ]
}

/// A machine of all steps, one after another, each with its result or its error under its name.
pub(crate) fn definition(steps: &[Step]) -> Value {
    let mut states = json!({ "Done": { "Type": "Succeed" } });
    for (at, (name, resource, parameters, _)) in steps.iter().enumerate() {
        let (next, path) = (steps.get(at + 1).map_or("Done", |step| step.0), format!("$.{name}"));
        states[name] = json!({
            "Type": "Task",
            "Resource": format!("arn:aws:states:::{resource}"),
            "Parameters": parameters,
            "ResultPath": path,
            "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": path, "Next": next }],
            "Next": next,
        });
    }
    json!({ "StartAt": steps[0].0, "States": states })
}

/// Whether `value` has everything that `expected` has.
fn has(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => {
            expected.iter().all(|(name, expected)| value.get(name).is_some_and(|value| has(value, expected)))
        }
        (Value::Array(value), Value::Array(expected)) => {
            value.len() == expected.len() && value.iter().zip(expected).all(|(value, expected)| has(value, expected))
        }
        _ => value == expected,
    }
}

pub(crate) fn check(steps: &[Step], output: &Value) {
    for (name, _, _, expected) in steps {
        let result = &output[name];
        match expected {
            Has(expected) => {
                assert!(
                    has(result, expected) && result.get("Cause").is_none(),
                    "{name}: {result:#}\nhas not {expected:#}"
                );
            }
            Fails(error, starts, ends) => {
                let cause = result["Cause"].as_str().unwrap_or_default();
                let fits = result["Error"] == *error && cause.starts_with(starts) && cause.ends_with(ends);
                assert!(fits, "{name}: {result:#}");
            }
        }
    }
}

#[test]
fn any_service_is_called_as_step_functions_does() {
    let Some(moto) = moto::start() else { return };
    moto.run_state_machines();
    let steps: Vec<Step> =
        [objects(), keys_and_secrets(), messages(), rows(), others(), executions()].into_iter().flatten().collect();
    let folder = Folder::new();
    folder.write("all.json", definition(&steps).to_string());
    let services = "s3 dynamodb sns sqs events kms secretsmanager sts iam ec2 route53 cloudwatchlogs ecs lambda states";
    let places = services.split(' ').map(|name| format!("{name} = {{ endpoint_url = \"{}\" }}\n", moto.endpoint()));
    folder.write("routes.toml", format!("[services]\n{}", places.collect::<String>()));
    let mut command = folder.command(&["run", "all.json"]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let output = Ended::from(command.output().expect("asl starts")).json();
    check(&steps, &output);
    assert!(output["run"]["StartDate"].is_number(), "the SDK for Java 1 has milliseconds: {}", output["run"]);
    let created = output["key"]["KeyMetadata"]["CreationDate"].as_str().unwrap_or_default();
    assert!(created.ends_with('Z'), "the SDK for Java 2 has times as text: {created}");
    assert!(folder.files(".asl").is_empty(), "nothing is kept here");
}

/// The same steps give the same with the embedded services, as far as they have the operations.
#[test]
fn the_embedded_services_give_the_same() {
    let embedded = "put get list deleteObjects noObject noHead send receive publish events putItem updateItem getItem scan deleteItem noTable noTableSdk \
                    createBucket queue table";
    let steps = [objects(), messages(), rows()].into_iter().flatten();
    let steps = steps.filter(|step| embedded.split_whitespace().any(|name| name == step.0)).map(|step| match step {
        ("noObject", resource, _, expected) => {
            ("noObject", resource, json!({ "Bucket": "files", "Key": "none" }), expected)
        }
        ("publish", resource, _, expected) => (
            "publish",
            resource,
            json!({ "TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": "m" }),
            expected,
        ),
        step => step,
    });
    let steps: Vec<Step> = steps.collect();
    let folder = Folder::new();
    folder.write("all.json", definition(&steps).to_string());
    check(&steps, &folder.asl(&["run", "all.json"]).json());
    let events = folder.files(".asl/events");
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn what_is_not_said_is_asked_for_before_the_start() {
    const CHILD: &str = "arn:aws:states:us-east-1:1:stateMachine:child";
    let folder = Folder::new();
    let steps = [
        ("a", "aws-sdk:kms:encrypt", json!({}), Has(json!({}))),
        ("b", "aws-sdk:secretsmanager:getSecretValues", json!({}), Has(json!({}))),
        ("c", "states:startExecution.sync:2", json!({ "StateMachineArn": CHILD }), Has(json!({}))),
    ];
    folder.write("all.json", definition(&steps).to_string());
    let ended = folder.asl(&["run", "all.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    for told in [
        "the state 'a' has no route for the resource arn:aws:states:::aws-sdk:kms:encrypt",
        "kms = \"aws\"",
        "the service secretsmanager has no action \"getSecretValues\", did you mean \"getSecretValue\"?",
        "the state 'c' needs the state machine child, which is not there",
        "[state_machines.child]\ndefinition = \"child.asl.json\"",
    ] {
        assert!(ended.stderr.contains(told), "{told}\n{}", ended.stderr);
    }
}
