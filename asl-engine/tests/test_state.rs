//! TestState: what is refused, what becomes of a state, and what is shown of its data.

use asl_engine::test_state::{
    Configuration, FieldValidation, HandlerKind, InspectionLevel, Mock, MockCheck, Reason, Stage, Status, TestState,
    Tested, Verdict,
};
use asl_engine::{Failure, Value};

const TASK: &str = r#"{
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:getItem",
    "InputPath": "$.in",
    "Parameters": {"TableName": "t", "Key.$": "$.key"},
    "ResultSelector": {"n.$": "$.Item.n.N"},
    "ResultPath": "$.out",
    "OutputPath": "$.out",
    "Retry": [
        {"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 2},
        {"ErrorEquals": ["Busy", "Broken"], "MaxAttempts": 0}
    ],
    "Catch": [
        {"ErrorEquals": ["Lost"], "ResultPath": "$.error", "Next": "Find"},
        {"ErrorEquals": ["States.ALL"], "Next": "Give up"}
    ],
    "Next": "Go on"
}"#;

const MAP: &str = r#"{
    "Type": "Map",
    "InputPath": "$.in",
    "ItemsPath": "$.list",
    "ItemSelector": {"at.$": "$$.Map.Item.Index", "of.$": "$$.Execution.Name"},
    "MaxConcurrency": 3,
    "ItemProcessor": {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "Result": 1, "End": true}}},
    "End": true
}"#;

fn value(text: &str) -> Value {
    text.parse().expect("JSON")
}

fn request<'a>(definition: &'a str, input: &str, mock: Option<Mock>) -> TestState<'a> {
    TestState { mock, outputs: Some(outputs), ..TestState::new(definition, value(input)) }
}

/// What the host tells of the API behind `TASK`.
fn outputs(resource: &str) -> Option<Value> {
    let table = r##"{"shape":"#GetItemOutput","shapes":{"GetItemOutput":{"type":"object","members":{"Item":"#Item"}},
        "Item":{"type":"map","values":"any"}}}"##;
    resource.ends_with(":dynamodb:getItem").then(|| value(table))
}

fn result(text: &str) -> Option<Mock> {
    Some(Mock::result(value(text)))
}

fn error(name: &str) -> Option<Mock> {
    Some(Mock::error(Failure::new(name, "because")))
}

/// `stage=value` for each stage that was reached.
fn stages(tested: &Tested) -> String {
    let stage = |(stage, value): &(Stage, Value)| format!("{}={value}", stage.name());
    tested.stages.iter().map(stage).collect::<Vec<_>>().join(" ")
}

fn inspected(tested: &Tested) -> Value {
    tested.to_json(InspectionLevel::Debug)["inspectionData"].clone()
}

#[test]
fn every_stage_of_a_task_is_seen() {
    let tested =
        request(TASK, r#"{"in":{"key":{"k":{"N":"1"}}}}"#, result(r#"{"Item":{"n":{"N":"7"}}}"#)).run().unwrap();
    assert_eq!((tested.status, tested.mock_check), (Status::Succeeded, MockCheck::Fits));
    assert_eq!(tested.next_state.as_deref(), Some("Go on"));
    assert_eq!(tested.output, Some(value(r#"{"n":"7"}"#)));
    let expected = [
        r#"input={"in":{"key":{"k":{"N":"1"}}}}"#,
        r#"afterInputPath={"key":{"k":{"N":"1"}}}"#,
        r#"afterParameters={"TableName":"t","Key":{"k":{"N":"1"}}}"#,
        r#"result={"Item":{"n":{"N":"7"}}}"#,
        r#"afterResultSelector={"n":"7"}"#,
        r#"afterResultPath={"in":{"key":{"k":{"N":"1"}}},"out":{"n":"7"}}"#,
    ];
    assert_eq!(stages(&tested), expected.join(" "));
}

#[test]
fn retriers_and_catchers_say_whether_they_take_an_error() {
    use Verdict::{CannotBeTaken, ComesLater, NamesOthers, Takes, UsedUp};
    let used_up = |max_attempts| UsedUp { max_attempts };
    let cases = [
        ("Busy", 0, Status::Retriable, [Takes, ComesLater, NamesOthers, ComesLater], Some(3)),
        ("Busy", 1, Status::Retriable, [Takes, ComesLater, NamesOthers, ComesLater], Some(6)),
        ("Busy", 2, Status::CaughtError, [used_up(2), ComesLater, NamesOthers, Takes], None),
        ("Broken", 0, Status::CaughtError, [NamesOthers, used_up(0), NamesOthers, Takes], None),
        ("Lost", 0, Status::CaughtError, [NamesOthers, NamesOthers, Takes, ComesLater], None),
        ("States.Runtime", 0, Status::Failed, [NamesOthers, NamesOthers, NamesOthers, CannotBeTaken], None),
    ];
    for (name, count, status, verdicts, seconds) in cases {
        let configuration = Configuration { retrier_retry_count: Some(count), ..Configuration::default() };
        let test = TestState { configuration, ..request(TASK, r#"{"in":{"key":{}}}"#, error(name)) };
        let tested = test.run().unwrap();
        assert_eq!((tested.status, tested.retry_backoff_seconds), (status, seconds), "{name} {count}");
        let said: Vec<Verdict> = tested.handlers.iter().map(|handler| handler.verdict).collect();
        assert_eq!(said, verdicts, "{name} {count}");
        assert_eq!(tested.handlers[2].kind, HandlerKind::Catcher);
    }
}

#[test]
fn a_catcher_puts_the_error_where_it_says() {
    let tested = request(TASK, r#"{"in":{"key":{}}}"#, error("Lost")).run().unwrap();
    assert_eq!(tested.next_state.as_deref(), Some("Find"));
    let output = r#"{"in":{"key":{}},"error":{"Error":"Lost","Cause":"because"}}"#;
    assert_eq!(tested.output, Some(value(output)));
    assert_eq!(inspected(&tested)["errorDetails"], value(r#"{"catchIndex":0}"#));
}

#[test]
fn failures_of_the_states_own_data_name_no_event() {
    let tested = request(TASK, r#"{"in":{}}"#, result("{}")).run().unwrap();
    assert_eq!(tested.status, Status::Failed);
    let failure = tested.failure.unwrap();
    let cause = "The JSONPath '$.key' specified for the field 'Key.$' could not be found in the input '{}'";
    assert_eq!((failure.error.as_deref(), failure.cause.as_deref()), (Some("States.Runtime"), Some(cause)));
    let span = failure.span().unwrap();
    assert_eq!(&TASK[span.start..span.end], r#""$.key""#);
}

#[test]
fn what_is_shown_depends_on_the_type_of_the_state() {
    let parallel = r#"{"Type": "Parallel", "InputPath": "$.a", "Parameters": {"b.$": "$"}, "End": true, "Branches": [
        {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}}]}"#;
    let choice = r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}]}"#;
    let cases = [
        (r#"{"Type": "Succeed", "InputPath": "$.a"}"#, None, "input afterInputPath"),
        (r#"{"Type": "Fail"}"#, None, "input afterInputPath"),
        (choice, None, "input afterInputPath"),
        (r#"{"Type": "Wait", "Seconds": 99999, "End": true}"#, None, "input afterInputPath"),
        (r#"{"Type": "Pass", "Result": 1, "End": true}"#, None, "input result afterResultSelector afterResultPath"),
        (
            r#"{"Type": "Pass", "End": true}"#,
            None,
            "input afterInputPath afterParameters afterResultSelector afterResultPath",
        ),
        (parallel, result("[5]"), "input afterResultSelector afterResultPath"),
    ];
    for (definition, mock, expected) in cases {
        let tested = request(definition, r#"{"a":1}"#, mock).run().unwrap();
        let shown = inspected(&tested);
        let names: Vec<&str> = shown.as_object().unwrap().iter().map(|(name, _)| &**name).collect();
        assert_eq!(names.join(" "), expected, "{definition}");
        assert_eq!(tested.to_json(InspectionLevel::Info).get("inspectionData"), None);
    }
}

#[test]
fn the_iterations_of_a_map_are_prepared_and_not_run() {
    let context = Some(value(r#"{"Execution":{"Name":"mine"}}"#));
    let test = TestState { context, ..request(MAP, r#"{"in":{"list":["a","b"]}}"#, result("[1,2]")) };
    let tested = test.run().unwrap();
    let expected = r#"{"input":"{\"in\":{\"list\":[\"a\",\"b\"]}}","afterInputPath":"{\"list\":[\"a\",\"b\"]}","afterItemsPath":"[\"a\",\"b\"]","maxConcurrency":3,"afterItemSelector":"[{\"at\":0,\"of\":\"mine\"},{\"at\":1,\"of\":\"mine\"}]","afterResultSelector":"[1,2]","afterResultPath":"[1,2]"}"#;
    assert_eq!(inspected(&tested).to_string(), expected);

    let context = Some(Value::empty_object());
    let tested = TestState { context, ..request(MAP, r#"{"in":{"list":[1]}}"#, result("[1]")) }.run().unwrap();
    assert_eq!(tested.status, Status::Failed);
    let cause = "The JSONPath '$$.Execution.Name' specified for the field 'of.$' could not be found in the input \
                 '{\"Map\":{\"Item\":{\"Index\":0,\"Value\":1}}}'";
    let failure = tested.failure.unwrap();
    assert_eq!((failure.error.as_deref(), failure.cause.as_deref()), (Some("States.Runtime"), Some(cause)));
}

/// A Map of child executions, with these fields.
fn distributed(fields: &str) -> String {
    let processor = r#"{"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": true}}}"#;
    format!(r#"{{"Type": "Map", "ItemProcessor": {processor}, {fields}, "End": true}}"#)
}

#[test]
fn failed_iterations_are_held_against_what_is_tolerated() {
    let cases = [
        (r#""ToleratedFailureCount": 1"#, 1, Status::Succeeded),
        (r#""ToleratedFailureCount": 1"#, 2, Status::Failed),
        (r#""ToleratedFailurePercentage": 50"#, 2, Status::Succeeded),
        (r#""ToleratedFailurePercentage": 50"#, 3, Status::Failed),
        (r#""ToleratedFailureCount": 3, "ToleratedFailurePercentage": 50"#, 3, Status::Failed),
        (r#""MaxConcurrency": 2"#, 4, Status::Succeeded),
    ];
    for (fields, failed, status) in cases {
        let definition = distributed(fields);
        let configuration = Configuration { map_iteration_failure_count: Some(failed), ..Configuration::default() };
        let test = TestState { configuration, ..request(&definition, "[1,2,3,4]", result("[1,2,3,4]")) };
        let tested = test.run().unwrap();
        assert_eq!(tested.status, status, "{fields} with {failed} of 4");
        if let Some(failure) = tested.failure {
            assert_eq!(failure.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
        }
    }
}

#[test]
fn batches_are_shown_after_their_items() {
    let fields = r#""ItemSelector": {"n.$": "$$.Map.Item.Value"}, "ToleratedFailurePercentage": 20,
        "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"b": 1}}"#;
    let tested = request(&distributed(fields), "[1,2,3]", result("[1,2]")).run().unwrap();
    let shown = inspected(&tested);
    assert_eq!(shown["afterItemSelector"].as_str(), Some(r#"[{"n":1},{"n":2},{"n":3}]"#));
    let batches = r#"[{"BatchInput":{"b":1},"Items":[{"n":1},{"n":2}]},{"BatchInput":{"b":1},"Items":[{"n":3}]}]"#;
    assert_eq!(shown["afterItemBatcher"].as_str(), Some(batches));
    assert_eq!(shown["toleratedFailurePercentage"].to_string(), "20.0");
}

#[test]
fn a_state_is_found_in_whichever_scope() {
    let machine = format!(r#"{{"StartAt": "Each", "States": {{"Each": {MAP}}}}}"#);
    let tested = TestState { state_name: Some("Inner"), ..request(&machine, "{}", None) }.run().unwrap();
    assert_eq!((tested.output, tested.next_state), (Some(1.into()), None));

    let refusal = TestState { state_name: Some("Iner"), ..request(&machine, "{}", None) }.run().unwrap_err();
    let known = vec!["Each".to_owned(), "Inner".to_owned()];
    assert_eq!(refusal.reason, Reason::NoSuchState { similar: Some("Inner".to_owned()), known });
}

#[test]
fn the_context_object_is_that_of_an_execution_with_the_input() {
    let pass = r#"{"Type": "Pass", "Parameters": {"c.$": "$$"}, "End": true}"#;
    let test = TestState { role_arn: Some("arn:aws:iam::1:role/r".into()), ..request(pass, r#"{"a":1}"#, None) };
    let expected = r#"{"c":{"Execution":{"Id":"arn:aws:states:us-east-1:000000000000:express:StateName:StateName","Input":{"a":1},"Name":"StateName","RoleArn":"arn:aws:iam::1:role/r","StartTime":"1970-01-01T00:00:00.000Z"},"StateMachine":{"Id":"arn:aws:states:us-east-1:000000000000:stateMachine:StateName","Name":"StateName"},"State":{"Name":"StateName","EnteredTime":"1970-01-01T00:00:00.000Z"}}}"#;
    assert_eq!(test.run().unwrap().output.unwrap().to_string(), expected);
}

#[test]
fn variables_are_read_and_assigned() {
    let pass = r#"{"Type": "Pass", "Parameters": {"v.$": "$v"}, "Assign": {"v.$": "$.v[0]", "x": 1}, "End": true}"#;
    let test = TestState { variables: value(r#"{"v":[7],"y":0}"#), ..request(pass, "{}", None) };
    let tested = test.run().unwrap();
    assert_eq!(tested.output, Some(value(r#"{"v":[7]}"#)));
    assert_eq!(inspected(&tested)["variables"].as_str(), Some(r#"{"v":7,"y":0,"x":1}"#));
}

#[test]
fn a_task_that_waits_for_its_token_has_one() {
    let wait = r#"{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}, "End": true}"#;
    assert_eq!(request(wait, "{}", result("{}")).run().unwrap().status, Status::Succeeded);
    let context = Some(value(r#"{"Task":{"Token":"mine"}}"#));
    let tested = TestState { context, ..request(wait, "{}", result("{}")) }.run().unwrap();
    let parameters = r#"{"QueueUrl":"q","MessageBody":{"t":"mine"}}"#;
    assert_eq!(inspected(&tested)["afterParameters"].as_str(), Some(parameters));
}

#[test]
fn requests_that_do_not_fit_are_refused() {
    const PASS: &str = r#"{"Type": "Pass", "End": true}"#;
    const PARALLEL: &str =
        r#"{"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}], "End": true}"#;
    const WRITER: &str = r#"{"Type": "Map", "ItemsPath": "$.in", "End": true,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}}"#;
    const WHOLE: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    let both = Mock { error_output: Some(Failure::new("E", "")), ..Mock::result(1.into()) };
    let neither = Mock { field_validation: FieldValidation::None, ..Mock::default() };
    let counts = |count| Configuration { map_iteration_failure_count: Some(count), ..Configuration::default() };
    let context = |text: &str| Some(value(text));
    let task = || request(TASK, r#"{"in":{"key":{}}}"#, result("{}"));
    let map = || request(MAP, r#"{"in":{"list":[1]}}"#, result("[1]"));
    let only_one = "A test mock should have only one of the following fields: [result, errorOutput].";
    let cases = [
        (TestState { mock: Some(both), ..task() }, only_one),
        (TestState { mock: Some(neither), ..task() }, only_one),
        (
            TestState { reveal_secrets: true, ..task() },
            "TestState does not support RevealSecrets when a mock is specified.",
        ),
        (
            TestState { mock: None, configuration: counts(0), ..map() },
            "TestState does not support MapIterationFailureCount when a mock is not specified.",
        ),
        (
            TestState { configuration: counts(2), ..map() },
            "Map iteration failure count must be less than or equal to the number of Map iterations",
        ),
        (TestState { mock: None, ..task() }, "RoleArn must be specified when testing a Task state"),
        (
            TestState { mock: None, ..map() },
            "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, \
             Succeed, Fail, Choice]",
        ),
        (request(WRITER, r#"{"in":[1]}"#, result("[1]")), "Mocked result must be a JSON object."),
        (
            TestState { role_arn: Some("".into()), ..TestState::new(PASS, value("1")) },
            "1 validation error detected: Value '' at 'roleArn' failed to satisfy constraint: Member must have length \
             greater than or equal to 1",
        ),
        (request(PASS, "1", result("1")), "State type 'Pass' is not supported when a mock is specified"),
        (request(MAP, "1", result("{}")), "Mocked result must be an array."),
        (request(PARALLEL, "1", Some(Mock::text("no JSON"))), "Mocked result must be an array."),
        (request(TASK, r#"{"in":{"key":{}}}"#, Some(Mock::text("no JSON"))), "Mocked result must be valid JSON"),
        (TestState { state_name: Some("C"), ..TestState::new(WHOLE, value("1")) }, "State not found in definition"),
        (
            request(TASK, "1", result(r#"{"Item":[]}"#)),
            "Mock result schema validation error: Field 'Item' must be an object",
        ),
        (
            TestState { context: context(r#"{"Tusk":{}}"#), ..task() },
            "Invalid Context object provided: Field 'Tusk' is not allowed",
        ),
        (
            TestState { context: context(r#"{"State":{"Nam":1}}"#), ..task() },
            "Invalid Context object provided: Field 'Nam' is not allowed",
        ),
        (
            TestState { context: context(r#"{"State":{"Name":1}}"#), ..task() },
            "Invalid Context object provided: State.Name must be a string",
        ),
        (
            TestState { context: context(r#"{"Execution":{"Id":1}}"#), ..task() },
            "Invalid Context object provided: Execution.Id must be a string",
        ),
        (
            TestState { context: context(r#"{"Execution":[]}"#), ..task() },
            "Invalid Context object provided: Execution must be an object",
        ),
        (
            TestState { context: context(r#"{"Map":{"Item":{"Index":0}}}"#), ..map() },
            "Invalid Context object provided: 'Map' field is not supported when mocking a Context object",
        ),
        (TestState { context: context("[]"), ..task() }, "Invalid Context object provided: It must be a JSON object"),
        (
            TestState { context: context(r#"{"Task":{"Token":"t"}}"#), ..task() },
            "Invalid Context object provided: Context object contains 'Task' when state is not a Task state with a \
             '.sync' or '.waitForTaskToken' service integration pattern",
        ),
    ];
    for (test, expected) in cases {
        assert_eq!(test.run().unwrap_err().message, expected);
    }
}

#[test]
fn a_task_without_a_mock_is_refused_whoever_runs_it() {
    let test = TestState { role_arn: Some("arn:aws:iam::1:role/r".into()), ..request(TASK, "{}", None) };
    let refusal = test.run().unwrap_err();
    assert_eq!((refusal.code, refusal.reason), ("NOT_SUPPORTED_YET", Reason::NeedsMock));
}

/// AWS API reference, `TestState`: what is supported only with a mock. The text is ours.
#[test]
fn tasks_that_wait_for_others_need_a_mock() {
    for resource in [
        "arn:aws:states:us-east-1:123456789012:activity:a",
        "arn:aws:states:::glue:startJobRun.sync",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    ] {
        let task = format!(r#"{{"Type": "Task", "Resource": "{resource}", "End": true}}"#);
        let refusal = request(&task, "{}", None).run().unwrap_err();
        assert_eq!((refusal.code, refusal.reason), ("InvalidDefinition", Reason::NeedsMock), "{resource}");
    }
}

/// AWS API reference, `InspectionData`.
#[test]
fn what_an_items_pointer_finds_is_seen() {
    let map = r#"{"Type": "Map", "End": true, "ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/a/list"}, "Parameters": {"Bucket": "b", "Key": "k"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}}"#;
    let data = Some(r#"{"a":{"list":[5,6]}}"#.into());
    let configuration = Configuration { map_item_reader_data: data, ..Configuration::default() };
    let tested = TestState { configuration, ..request(map, "{}", result("[1,2]")) }.run().unwrap();
    assert_eq!(inspected(&tested)["afterItemsPointer"].as_str(), Some("[5,6]"));
    assert_eq!(tested.output, Some(value("[1,2]")));
}

/// The host may tell which fields the resources take.
#[test]
fn parameters_are_held_against_the_tables_of_the_host() {
    let task = r#"{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:x:y", "Parameters": {"B": 1}, "End": true}"#;
    let inputs = |_: &str| r##"{"shape":"#0","shapes":{"0":{"members":{"A":"ANY"}}}}"##.parse().ok();
    let tested = TestState { inputs: Some(inputs), ..request(task, "{}", result("{}")) }.run().unwrap();
    let cause = "The Parameters '{\"B\":1}' could not be used to start the Task: \
                 [The field \"B\" is not supported by Step Functions]";
    assert_eq!(tested.failure, Some(Failure::new("States.Runtime", cause)));
}

/// A function is no integration: what it is said to return may be any text. (A guess: recordings show integrations only.)
#[test]
fn a_mocked_function_may_return_a_text() {
    let task = r#"{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}"#;
    for (text, output) in [("no JSON", "\"no JSON\""), ("\"JSON\"", "\"JSON\""), ("[1]", "[1]")] {
        let tested = request(task, "{}", Some(Mock::text(text))).run().unwrap();
        assert_eq!(tested.output.unwrap().to_string(), output);
    }
}

/// AWS SDK model, `TestStateInput` (botocore 1.44.8); the form of the text as AWS has it for other operations.
#[test]
fn fields_have_their_lengths() {
    const PASS: &str = r#"{"Type": "Pass", "End": true}"#;
    let text = |length: usize| Value::from("x".repeat(length - 2));
    let named = |name: &'static str| TestState { state_name: Some(name), ..TestState::new("{}", Value::Null) };
    let long = "x".repeat(1_048_577);
    let failing = |error: usize, cause: usize| {
        let failure = Failure::new("x".repeat(error), "x".repeat(cause));
        request(TASK, r#"{"in":{"key":{}}}"#, Some(Mock::error(failure)))
    };
    let at = |field: &str, constraint: &str| {
        format!("Value at '{field}' failed to satisfy constraint: Member must have length {constraint}")
    };
    for (test, field, constraint) in [
        (TestState::new("", Value::Null), "definition", "greater than or equal to 1"),
        (TestState::new(&long, Value::Null), "definition", "less than or equal to 1048576"),
        (TestState::new(PASS, text(262_145)), "input", "less than or equal to 262144"),
        (named(""), "stateName", "greater than or equal to 1"),
        (failing(257, 1), "mock.errorOutput.error", "less than or equal to 256"),
        (failing(1, 32_769), "mock.errorOutput.cause", "less than or equal to 32768"),
        (
            TestState { context: Some(text(262_145)), ..TestState::new(PASS, Value::Null) },
            "context",
            "less than or equal to 262144",
        ),
        (request(TASK, "{}", Some(Mock::result(text(262_145)))), "mock.result", "less than or equal to 262144"),
    ] {
        let refusal = test.run().unwrap_err();
        assert_eq!(refusal.message, format!("1 validation error detected: {}", at(field, constraint)));
    }
    let both = TestState { variables: text(262_145), ..TestState::new(PASS, text(262_145)) };
    let most = "less than or equal to 262144";
    assert_eq!(
        both.run().unwrap_err().message,
        format!("2 validation errors detected: {}; {}", at("input", most), at("variables", most))
    );
    assert!(TestState::new(PASS, text(262_144)).run().is_ok());
    assert!(failing(256, 32_768).run().is_ok());
}

/// AWS API reference, `TestState`: "can run for up to five minutes".
#[test]
fn a_test_takes_five_minutes_at_most() {
    for (seconds, status) in [(300, Status::Succeeded), (301, Status::Failed)] {
        let wait = format!(r#"{{"Type": "Wait", "Seconds": {seconds}, "End": true}}"#);
        let tested = request(&wait, "{}", None).run().unwrap();
        assert_eq!(tested.status, status);
        let error = tested.failure.and_then(|failure| failure.error);
        assert_eq!(error.as_deref(), (status == Status::Failed).then_some("States.Timeout"));
    }
}

#[test]
fn field_validation_can_be_left_out() {
    let odd = |field_validation| {
        let mock = Mock { field_validation, ..Mock::result(value(r#"{"Item":7}"#)) };
        request(TASK, r#"{"in":{"key":{}}}"#, Some(mock)).run()
    };
    assert!(odd(FieldValidation::Strict).is_err() && odd(FieldValidation::Present).is_err());
    assert_eq!(odd(FieldValidation::None).unwrap().mock_check, MockCheck::NotNeeded);
}

#[test]
fn a_definition_of_one_state_is_placed_in_its_own_text() {
    let text = r#"{"Type": "Pass", "Parameters": {"a.$": 1}, "Next": "There", "Retry": []}"#;
    let refusal = request(text, "{}", None).run().unwrap_err();
    assert_eq!(refusal.code, "InvalidDefinition");
    let Reason::Definition(diagnostics) = refusal.reason else { panic!("the definition is at fault") };
    let found: Vec<_> =
        diagnostics.iter().map(|found| (&*found.location, &text[found.span.start..found.span.end])).collect();
    assert!(found.iter().all(|(location, _)| location.starts_with("/States/StateName")), "{found:?}");
    assert!(found.iter().any(|(_, shown)| *shown == "1"), "{found:?}");
}

#[test]
fn states_that_are_not_there_can_be_led_to() {
    let choice = r#"{"Type": "Choice", "Choices": [
        {"Variable": "$.a", "IsPresent": true, "Next": "StateName"},
        {"Variable": "$.b", "IsPresent": true, "Next": "Elsewhere"}], "Default": "Elsewhere"}"#;
    for (input, expected) in [(r#"{"a":1}"#, "StateName"), (r#"{"b":1}"#, "Elsewhere"), ("{}", "Elsewhere")] {
        let tested = request(choice, input, None).run().unwrap();
        assert_eq!(tested.next_state.as_deref(), Some(expected));
    }
}

#[test]
fn spoilt_definitions_are_refused_and_nothing_breaks() {
    for definition in [TASK, MAP] {
        for at in (0..definition.len()).filter(|at| definition.is_char_boundary(*at)) {
            let cut = format!("{}{}", &definition[..at], &definition[at + 1..]);
            for text in [&definition[..at], &cut] {
                // Whether it is still a definition does not matter here.
                let _ = request(text, r#"{"in":{"key":{},"list":[1]}}"#, result("[1]")).run();
                let _ = TestState { state_name: Some("Inner"), ..request(text, "1", None) }.run();
            }
        }
    }
}

#[test]
fn a_stage_that_is_reached_twice_stays_where_it_was_first() {
    // The ItemReader's Parameters read the input again, after MaxConcurrency.
    let definition = r#"{
        "Type": "Map",
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
                       "Parameters": {"Bucket": "b", "Key.$": "$.key"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                          "StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": true}}},
        "End": true
    }"#;
    let tested = request(definition, r#"{"key":"k"}"#, error("Lost")).run().unwrap();
    assert_eq!(stages(&tested), r#"input={"key":"k"} afterInputPath={"key":"k"} maxConcurrency=0"#);
}
