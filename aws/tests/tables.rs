//! Tasks held against the tables: what they are given, and what a mock says that they answer.

use asl_aws::{parameter_table, result_table};
use asl_engine::Value;
use asl_engine::test_state::{
    FieldValidation::{self, Present, Strict},
    Mock,
    MockCheck::{self, Fits, NoModel},
    TestState,
};

fn task(integration: &str) -> String {
    format!(r#"{{"Type":"Task","Resource":"arn:aws:states:::{integration}","End":true}}"#)
}

/// What is wrong with parameters that are the whole input of the task.
fn faults(integration: &str, parameters: &str) -> String {
    let (definition, parameters) = (task(integration), parameters.parse::<Value>().unwrap());
    let mock = Some(Mock { field_validation: FieldValidation::None, ..Mock::result(Value::empty_object()) });
    let test = TestState { mock, inputs: Some(parameter_table), ..TestState::new(&definition, parameters.clone()) };
    let Some(failure) = test.run().unwrap().failure else { return String::new() };
    let cause = failure.cause.unwrap();
    let (_, told) = cause.split_once("The Parameters '").unwrap();
    told.strip_prefix(&format!("{parameters}' could not be used to start the Task: ")).unwrap().to_owned()
}

fn held(service: &str, action: &str, result: &str, field_validation: FieldValidation) -> Result<MockCheck, String> {
    let definition = task(&format!("{service}:{action}"));
    let mock = Some(Mock { field_validation, ..Mock::result(result.parse().unwrap()) });
    let test = TestState { mock, outputs: Some(result_table), ..TestState::new(&definition, Value::empty_object()) };
    match test.run() {
        Ok(tested) => Ok(tested.mock_check),
        Err(refusal) => Err(refusal.message.strip_prefix("Mock result schema validation error: ").unwrap().to_owned()),
    }
}

/// Quoted by users of AWS: Stack Overflow 76373088 (Payload), 65623332 (Headers); aws-cdk issue 12284 (Size, from when the
/// machine is created); Classmethod, "tsnote-step-functions-api-gateway-call-fails-to-save-state-machine" (authorization).
#[test]
fn wrong_parameters_are_told_in_the_words_of_aws() {
    for (integration, parameters, expected) in [
        (
            "lambda:invoke",
            r#"{"FunctionName":"add","Payload":1}"#,
            "[The value for the field 'Payload' must be a STRING]",
        ),
        (
            "apigateway:invoke",
            r#"{"ApiEndpoint":"e","Method":"GET","Headers":{"a":"b"}}"#,
            "[The value of the field 'Headers' has an invalid format]",
        ),
        (
            "apigateway:invoke",
            r#"{"ApiEndpoint":"e","Method":"GET","QueryParameters":"?a=b"}"#,
            "[The value of the field 'QueryParameters' has an invalid format]",
        ),
        (
            "apigateway:invoke.waitForTaskToken",
            r#"{"ApiEndpoint":"e","Method":"GET","Headers":{"Authorization":["b"],"X-Amz-Date":["d"],"x-a":["c"]}}"#,
            "[The 'Headers' field contains unsupported values: [authorization, x-amz-date]]",
        ),
        (
            "batch:submitJob.sync",
            r#"{"JobName":"j","JobQueue":"q","JobDefinition":"d","ArrayProperties":{"Size":"5"}}"#,
            "[The value for the field 'Size' must be an INTEGER]",
        ),
        (
            "dynamodb:putItem",
            r#"{"TableName":"t","Item":{"id":{"S":5},"l":{"L":[{"BOOL":"true"}]}}}"#,
            "[The value for the field 'S' must be a STRING, The value for the field 'BOOL' must be a BOOLEAN]",
        ),
        (
            "ecs:runTask.sync",
            r#"{"TaskDefinition":"t","Overrides":{"ContainerOverrides":[{"Environment":[{"name":"A","Value":1}]}]}}"#,
            "[The field \"name\" is not supported by Step Functions, The value for the field 'Value' must be a STRING]",
        ),
        ("glue:startJobRun.sync", "{}", "[The field 'JobName' is required but was missing]"),
        ("sns:publish", r#"{"TopicArn":"t","Subject":"s"}"#, "[The field 'Message' is required but was missing]"),
        (
            "lambda:invoke",
            r#"{"Payload":{},"TaskToken":"t"}"#,
            "[The field \"TaskToken\" is not supported by Step Functions, The field 'FunctionName' is required but was missing]",
        ),
        ("ecs:runTask", r#"{"TaskDefinition":"t","Tags":{}}"#, "[The value for the field 'Tags' must be an ARRAY]"),
        (
            "glue:startJobRun",
            r#"{"JobName":"j","Arguments":[]}"#,
            "[The value for the field 'Arguments' must be an OBJECT]",
        ),
        ("sqs:sendMessage", "[]", "[The parameters must be a JSON object]"),
        (
            "aws-sdk:lambda:invoke",
            r#"{"functionName":1}"#,
            "[The field \"functionName\" is not supported by Step Functions]",
        ),
    ] {
        assert_eq!(faults(integration, parameters), expected, "{integration}");
    }
}

/// The first four stand in recorded executions.
#[test]
fn sound_parameters_pass() {
    for (integration, parameters) in [
        ("lambda:invoke", r#"{"FunctionName":"f","Payload":[1]}"#),
        ("lambda:invoke", r#"{"FunctionName":"f","Payload":null}"#),
        ("sns:publish", r#"{"TopicArn":"t","Message":{"a":1}}"#),
        ("states:startExecution.sync:2", r#"{"StateMachineArn":"m","Input":{"a":1}}"#),
        ("emr-serverless:createApplication.sync", r#"{"Name":"a","ReleaseLabel":"emr-6.9.0","Type":"SPARK"}"#),
        ("aws-sdk:lambda:invoke", r#"{"FunctionName":"f"}"#),
    ] {
        assert_eq!(faults(integration, parameters), "", "{integration}");
    }
}

#[test]
fn results_are_held_against_their_model() {
    let cases = [
        ("aws-sdk:kms", "encrypt", r#"{"CiphertextBlob":"x","New":1}"#, Ok(Fits)),
        ("aws-sdk:kms", "encrypt", "[]", Err("The result must be an object")),
        ("aws-sdk:kms", "noSuchAction", "[]", Ok(NoModel)),
        ("states", "startExecution.sync", "{}", Ok(NoModel)),
        ("states", "startExecution", "{}", Err("Required field 'ExecutionArn' is missing")),
        ("lambda", "invoke", r#"{"Payload":{"a":1}}"#, Ok(Fits)),
        ("aws-sdk:lambda", "invoke", r#"{"Payload":{"a":1}}"#, Err("Field 'Payload' must be a string")),
        ("dynamodb", "getItem", r#"{"Item":{"k":{"M":{"n":{"N":"1"}}}}}"#, Ok(Fits)),
        ("dynamodb", "getItem", r#"{"Item":{"k":{"M":{"n":{"N":1}}}}}"#, Err("Field 'N' must be a string")),
        ("dynamodb", "getItem", r#"{"Item":{"k":{"L":[{"BOOL":1}]}}}"#, Err("Field 'BOOL' must be a boolean")),
        ("aws-sdk:dynamodb", "getItem", r#"{"Item":{"k":{"L":[{"Bool":1}]}}}"#, Err("Field 'Bool' must be a boolean")),
        ("aws-sdk:dynamodb", "getItem", r#"{"Item":{"k":{"BOOL":1}}}"#, Ok(Fits)),
    ];
    for (service, action, result, expected) in cases {
        assert_eq!(held(service, action, result, Strict), expected.map_err(str::to_owned), "{service}:{action}");
    }
    assert_eq!(held("states", "startExecution", "{}", Present), Ok(Fits));
}
