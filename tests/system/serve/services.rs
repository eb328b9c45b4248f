//! The embedded SQS, SNS, EventBridge and DynamoDB at the address of `asl serve`, with boto3 and the SDK for JavaScript.

use super::clients::drive;
use super::operations::{BOTO3, JAVASCRIPT, called_as_documented, node_with_sdk, python_with_boto3};

const SERVICES: [(&str, &str); 4] =
    [("sqs:", "SQS"), ("sns:", "SNS"), ("events:", "EventBridge"), ("dynamodb:", "DynamoDB")];

#[test]
fn boto3() {
    if let Some(command) = python_with_boto3("services_boto3.py") {
        called_as_documented(&drive(command), &SERVICES, BOTO3);
    }
}

#[test]
fn the_sdk_for_javascript() {
    let packages = ["client-sqs", "client-sns", "client-eventbridge", "client-dynamodb"];
    if let Some(command) = node_with_sdk("services_javascript.mjs", &packages) {
        called_as_documented(&drive(command), &SERVICES, JAVASCRIPT);
    }
}
