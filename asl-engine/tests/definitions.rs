//! What is wrong with definitions, in AWS's words where AWS has them, and where in the text it stands.

#[path = "support/findings.rs"]
mod support;

use asl_engine::{CheckOptions, Severity, StateMachineType, diagnose, refusal};
use support::{check, findings, machine, state};

#[test]
fn fields_that_are_missing_or_too_many() {
    check(&[
        (r#""Type": "Pass", "Next": "T""#, ""),
        (r#""Next": "T""#, "The field 'Type' is required at @"),
        (
            r#""Type": "Pass""#,
            "This object should have only one of the following fields: [Next, End] at @ (where the state ends its branch or the execution, write '\"End\": true')",
        ),
        (r#""Type": "Choice""#, "These fields are required: [Choices] at @"),
        (
            r#""Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true}]"#,
            "These fields are required: [Next] at @/Choices[0]",
        ),
        (r#""Type": "Task", "Next": "T""#, "These fields are required: [Resource] at @"),
        (
            r#""Type": "Pass", "Next": "T", "End": true"#,
            "There should only be one of the following fields: [Next, End] at @",
        ),
        (
            r#""Type": "Wait", "Seconds": 1, "SecondsPath": "$.a", "Next": "T""#,
            "There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at @",
        ),
        (
            r#""Type": "Wait", "Next": "T""#,
            "This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at @",
        ),
        (
            r#""Type": "Map", "Next": "T""#,
            "This object should have only one of the following fields: [ItemProcessor, Iterator] at @",
        ),
        (
            r#""Type": "Fail", "Error": "E", "ErrorPath": "$.e""#,
            "There should only be one of the following fields: [Error, ErrorPath] at @",
        ),
        (r#""Type": "Pass", "TimeoutSeconds": 1, "Next": "T""#, "Field 'TimeoutSeconds' is not supported at @"),
        (
            r#""Type": "Pass", "Paramters": {}, "Next": "T""#,
            "Field 'Paramters' is not supported at @ (did you mean 'Parameters'?)",
        ),
        (
            r#""Type": "Pass", "comment": "", "Next": "T""#,
            "Field 'comment' is not supported at @ (did you mean 'Comment'?)",
        ),
        (r#""Type": "Fail", "End": true"#, "Field 'End' is not supported at @"),
    ]);
}

#[test]
fn values_that_do_not_fit() {
    check(&[
        (
            r#""Type": "Tsak""#,
            "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at @/Type \
             (did you mean 'Task'?)",
        ),
        (r#""Type": "Wait", "Seconds": 100000000, "Next": "T""#, "Maximum value is 99999999 at @/Seconds"),
        (
            r#""Type": "Wait", "Seconds": 10000000000000000000000, "Next": "T""#,
            "Maximum value is 99999999 at @/Seconds",
        ),
        (r#""Type": "Wait", "Seconds": -1, "Next": "T""#, "Minimum value is 0 at @/Seconds"),
        (r#""Type": "Wait", "Seconds": 1.5, "Next": "T""#, "Expected value of type Integer at @/Seconds"),
        (
            r#""Type": "Wait", "Seconds": "1", "Next": "T""#,
            "Expected value of type Integer at @/Seconds (write it without quotes)",
        ),
        (
            r#""Type": "Wait", "Seconds": "$.s", "Next": "T""#,
            "Expected value of type Integer at @/Seconds (a path goes into the field 'SecondsPath')",
        ),
        (
            r#""Type": "Wait", "Timestamp": "2016-12-05 21:29:29Z", "Next": "T""#,
            "String does not match RFC3339 timestamp at @/Timestamp (such as 2024-02-29T12:00:00Z)",
        ),
        (r#""Type": "Parallel", "Branches": [], "Next": "T""#, "Value cannot be empty at @/Branches"),
        (r#""Type": "Choice", "Choices": [], "Default": "T""#, "Value cannot be empty at @/Choices"),
        (r#""Type": "Choice", "Choices": [{"And": [], "Next": "T"}]"#, "Value cannot be empty at @/Choices[0]/And"),
        (
            r#""Type": "Pass", "Parameters": "$.a", "Next": "T""#,
            "NO_OBJECT: The field 'Parameters' is no object: it is passed on as it stands at @/Parameters \
             (paths and calls are only filled in where the name of a member ends in '.$')",
        ),
        (
            r#""Type": "Pass", "Parameters": {"a": {"b": 1, "b.$": "$.b"}}, "Next": "T""#,
            "Duplicate field 'b' at @/Parameters ('b.$' fills in the field 'b', which is here as well)",
        ),
        (
            r#""Type": "Task", "Resource": "greet", "Next": "T""#,
            "Value is not a valid resource ARN at @/Resource \
            (a Lambda function is arn:aws:lambda:REGION:ACCOUNT:function:NAME, a service arn:aws:states:::SERVICE:ACTION)",
        ),
        (
            r#""Type": "Pass", "Parameters": {"a": {"b.$": "States.Nope()"}}, "Next": "T""#,
            "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at @/Parameters \
             ('States.Nope' is not an intrinsic function)",
        ),
    ]);
}

#[test]
fn paths() {
    check(&[
        (
            r#""Type": "Pass", "OutputPath": "Test", "Next": "T""#,
            "Value must be a valid JSONPath. at @/OutputPath (a path starts with '$')",
        ),
        (r#""Type": "Pass", "OutputPath": "$.a[?(@.b == 1)]", "Next": "T""#, ""),
        (
            r#""Type": "Choice", "Choices": [{"Variable": "$.a[$$.Execution.Id]S", "IsNull": true, "Next": "T"}]"#,
            "Value is not a Reference Path: '[' must be followed by ' or '[' at @/Choices[0]/Variable (it has to name one place: no '*', no '..', no slice and no filter)",
        ),
        (r#""Type": "Choice", "Choices": [{"Variable": "$$.Execution.Id", "IsNull": true, "Next": "T"}]"#, ""),
        (
            r#""Type": "Wait", "SecondsPath": "$.a[*]", "Next": "T""#,
            "Value is not a Reference Path: '[' must be followed by ' or '[' at @/SecondsPath (it has to name one place: no '*', no '..', no slice and no filter)",
        ),
        (
            r#""Type": "Wait", "SecondsPath": "$$.Execution.Input.n", "Next": "T""#,
            "Value is not a Reference Path: '$' is not expected here at @/SecondsPath (it has to name one place: no '*', no '..', no slice and no filter)",
        ),
        (r#""Type": "Pass", "InputPath": "$name.x", "Assign": {"a.$": "States.Format('{}', $name)"}, "Next": "T""#, ""),
        (r#""Type": "Wait", "SecondsPath": "$name", "Next": "T""#, ""),
        (
            r#""Type": "Fail", "CausePath": "States.Format('{}'""#,
            "Value must be a valid JSONPath or a valid intrinsic function call at @/CausePath (')' is missing at the end)",
        ),
        (
            r#""Type": "Fail", "Error": "$.error""#,
            "NO_PATH: The field 'Error' takes '$.error' as a text at @/Error \
             (to take the value from there, use the field 'ErrorPath')",
        ),
    ]);
}

#[test]
fn choice_rules() {
    let rule = |rule: &str| state(&format!(r#""Type": "Choice", "Choices": [{{{rule}, "Next": "T"}}]"#));
    for (fields, expected) in [
        (
            r#""Variable": "$.a""#,
            "This object should have only one of the following fields: [OPERATORS] at @/Choices[0] (it says how to compare: \
             'StringEquals', 'IsPresent' and the like)",
        ),
        (
            r#""Variable": "$.a", "IsNull": true, "IsPresent": true"#,
            "There should only be one of the following fields: [OPERATORS] at @/Choices[0]",
        ),
        (
            r#""Variable": "$.a", "StringEqual": "x""#,
            "This object should have only one of the following fields: [OPERATORS] at @/Choices[0] (it says how to compare: \
             'StringEquals', 'IsPresent' and the like); \
             Field 'StringEqual' is not supported at @/Choices[0] (did you mean 'StringEquals'?)",
        ),
        (
            r#""Varable": "$.a", "IsNull": true"#,
            "The object must have only one of the following fields, [And, Or, Not, Variable, Condition] at @/Choices[0]; \
             Field 'Varable' is not supported at @/Choices[0] (did you mean 'Variable'?)",
        ),
        (
            r#""And": [{"Variable": "$.a", "IsNull": true}], "Variable": "$.a", "IsNull": true"#,
            "The object must have only one of the following fields, [And, Or, Not, Variable, Condition] at @/Choices[0]; \
             Field 'IsNull' is not supported at @/Choices[0]",
        ),
        (
            r#""Variable": "a", "IsNull": true"#,
            "Value is not a Reference Path: Reference path didn't start with '$' at @/Choices[0]/Variable \
             (a path starts with '$')",
        ),
        (
            r#""Variable": "$.a", "StringEqualsPath": "States.Format('x')""#,
            "Value is not a Reference Path: Reference path didn't start with '$' at @/Choices[0]/StringEqualsPath \
             (a path starts with '$')",
        ),
        (
            r#""Variable": "$.a", "NumericEquals": "$.b""#,
            "Expected value of type Number at @/Choices[0]/NumericEquals (a path goes into the field 'NumericEqualsPath')",
        ),
        (
            r#""Variable": "$.a", "StringEquals": "$.b""#,
            "NO_PATH: The field 'StringEquals' takes '$.b' as a text at @/Choices[0]/StringEquals \
             (to take the value from there, use the field 'StringEqualsPath')",
        ),
        (
            r#""Not": {"Variable": "$.a", "IsNull": true, "Next": "T"}"#,
            "Field 'Next' is not supported at @/Choices[0]/Not",
        ),
    ] {
        assert_eq!(rule(fields), expected.replace("OPERATORS", OPERATORS), "{fields}");
    }
}

/// In AWS's order (recorded, `Feature.ChoiceValidation-003` of the second body).
const OPERATORS: &str = "StringEquals, IsBoolean, StringLessThan, IsNumeric, BooleanEquals, StringLessThanEqualsPath, NumericLessThan, NumericGreaterThan, NumericLessThanPath, StringMatches, TimestampLessThanEqualsPath, NumericEquals, TimestampGreaterThan, StringGreaterThanEqualsPath, TimestampGreaterThanEqualsPath, TimestampLessThanEquals, NumericLessThanEqualsPath, TimestampEquals, BooleanEqualsPath, IsTimestamp, StringLessThanEquals, NumericLessThanEquals, StringLessThanPath, TimestampGreaterThanPath, StringGreaterThan, StringGreaterThanPath, IsString, StringEqualsPath, TimestampEqualsPath, TimestampLessThan, StringGreaterThanEquals, NumericGreaterThanPath, NumericGreaterThanEquals, NumericEqualsPath, TimestampLessThanPath, IsNull, IsPresent, TimestampGreaterThanEquals, NumericGreaterThanEqualsPath";

#[test]
fn tasks() {
    let task = |fields: &str| {
        let arn = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "T""#;
        state(&format!("{arn}, {fields}"))
    };
    for (fields, expected) in [
        (
            r#""TimeoutSeconds": 5, "HeartbeatSeconds": 5"#,
            "The field 'HeartbeatSeconds' must be smaller than 'TimeoutSeconds' at @",
        ),
        (r#""TimeoutSeconds": 0"#, "Minimum value is 1 at @/TimeoutSeconds"),
        (r#""Credentials": {"RoleArn.$": "$.role"}"#, ""),
        (r#""Credentials": {}"#, "The field 'RoleArn' is required but was missing at @/Credentials"),
        (r#""Retry": []"#, ""),
        (r#""Retry": [{"ErrorEquals": []}]"#, "Value cannot be empty at @/Retry[0]/ErrorEquals"),
        (r#""Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]"#, "Minimum value is 1.0 at @/Retry[0]/BackoffRate"),
        (
            r#""Retry": [{"ErrorEquals": ["States.TimeOut"]}]"#,
            "UNKNOWN_ERROR_NAME: No error is called 'States.TimeOut' at @/Retry[0]/ErrorEquals (did you mean 'States.Timeout'?)",
        ),
        (
            r#""Catch": [{"ErrorEquals": ["A"], "Next": "TT"}]"#,
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: TT at @/Catch[0]/Next (did you mean 'T'?)",
        ),
        (
            r#""Parameters": {"a": {"b": ["$.x"], "c": "$5"}}"#,
            "NO_DOLLAR: The field 'b' is passed on as the text '$.x' at @/Parameters \
             (to pass on what it stands for, call the field 'b.$')",
        ),
    ] {
        assert_eq!(task(fields), expected, "{fields}");
    }
}

const NO_END: &str = "MISSING_END_STATE: Workflow has no terminal state \
                      (a state ends it with '\"End\": true', or with the type Succeed or Fail)";

#[test]
fn where_transitions_lead() {
    let graph = |states: &str| {
        let text = format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#);
        findings(&text, CheckOptions::default()).join("; ")
    };
    for (states, expected) in [
        (r#""A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}"#, NO_END),
        (
            r#""A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Pass", "Next": "A"}"#,
            &format!("{NO_END}; MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"),
        ),
        // Recorded (`Validation.BasicStructure-003` of the second body): what leads somewhere leads there, though it may not.
        (
            r#""A": {"Type": "Succeed", "Next": "B"}, "B": {"Type": "Succeed"}"#,
            "SCHEMA_VALIDATION_FAILED: Field 'Next' is not supported at /States/A",
        ),
        (
            "",
            &format!(
                "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States; \
            MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /StartAt; {NO_END}"
            ),
        ),
        (
            r#""A": {"End": true}"#,
            &format!("SCHEMA_VALIDATION_FAILED: The field 'Type' is required at /States/A; {NO_END}"),
        ),
        // An end in a branch counts, and what never ends is ours to warn of (sfnx 3.1.0, PyPI; one source).
        (
            r#""A": {"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}], "Next": "A"}"#,
            "NO_END: No state ends what starts here at /StartAt \
             (a state ends it with '\"End\": true', or with the type Succeed or Fail)",
        ),
        (
            r#""A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Succeed"}"#,
            "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C",
        ),
        (
            r#""A": {"Type": "Pass", "Next": "NOPE"}"#,
            &format!("MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next; {NO_END}"),
        ),
        (
            r#""A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "X1"}], "Default": "Y1"}, "E": {"Type": "Fail"}"#,
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: X1 at /States/A/Choices[0]/Next; \
             MISSING_TRANSITION_TARGET: Missing 'Next' target: Y1 at /States/A/Default; \
             MISSING_TRANSITION_TARGET: State \"E\" is not reachable. at /States/E",
        ),
        (
            r#""A": {"Type": "Succeed"}, "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "Next": "B"}"#,
            "UNREACHABLE_STATE: No way leads from StartAt to the state 'B' at /States/B \
             (only states that cannot be reached themselves lead to it); \
             UNREACHABLE_STATE: No way leads from StartAt to the state 'C' at /States/C \
             (only states that cannot be reached themselves lead to it)",
        ),
        (
            r#""A": {"Type": "Succeed"}, "A": {"Type": "Succeed"}"#,
            "DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A (the other one is at /States/A)",
        ),
        // What cannot be read may lead anywhere.
        (
            r#""A": {"Type": "Pas"}, "B": {"Type": "Succeed"}"#,
            "SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: \
             [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/A/Type (did you mean 'Pass'?)",
        ),
    ] {
        assert_eq!(graph(states), expected, "{states}");
    }
}

#[test]
fn a_refusal_is_one_line_of_all_errors() {
    let text =
        r#"{"StartAt": "p1", "States": {"p1": {"Type": "Pass", "Next": "p3"}, "p2": {"Type": "Pass", "End": true}}}"#;
    let expected = "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: p3 at /States/p1/Next, \
                    MISSING_TRANSITION_TARGET: State \"p2\" is not reachable. at /States/p2'";
    assert_eq!(refusal(&diagnose(text, CheckOptions::default())).as_deref(), Some(expected));
    let endless = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}"#;
    let expected = "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'";
    assert_eq!(refusal(&diagnose(endless, CheckOptions::default())).as_deref(), Some(expected));
    let doubtful = machine(r#""Type": "Pass", "Result": "$.a", "Next": "T""#);
    let found = diagnose(&doubtful, CheckOptions::default());
    assert_eq!((found[0].code, found[0].severity), ("PASS_RESULT_IS_STATIC", Severity::Warning));
    assert_eq!(refusal(&found), None);
}

#[test]
fn query_languages() {
    for (text, expected) in [
        (
            r#"{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}}}"#,
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/S",
        ),
        (
            r#"{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "InputPath": "$.a", "End": true}}}"#,
            "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage at /States/S",
        ),
        (
            r#"{"StartAt": "S", "States": {"S": {"Type": "Pass", "Output": 1, "End": true}}}"#,
            "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S",
        ),
        (
            r#"{"QueryLanguage": "JSONpath", "StartAt": "S", "States": {"S": {"Type": "Pass", "End": true}}}"#,
            "Value should be one of the following: [JSONPath, JSONata] at /QueryLanguage",
        ),
        (
            r#"{"StartAt": "S", "States": {"S": {"Type": "Map", "ItemProcessor": {"QueryLanguage": "JSONata", "StartAt": "T", "States": {"T": {"Type": "Succeed"}}}, "End": true}}}"#,
            "Field 'QueryLanguage' is not supported at /States/S/ItemProcessor",
        ),
    ] {
        let expected = format!("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {expected}'");
        assert_eq!(refusal(&diagnose(text, CheckOptions::default())), Some(expected), "{text}");
    }
}

#[test]
fn express_state_machines() {
    let express = CheckOptions { machine_type: StateMachineType::Express, ..CheckOptions::default() };
    for (resource, expected) in [
        ("arn:aws:states:::lambda:invoke", None),
        ("arn:aws:states:::states:startExecution.sync", Some("'.sync' service integration")),
        ("arn:aws:states:::sns:publish.waitForTaskToken", Some("'.waitForTaskToken' service integration ")),
        ("arn:aws:states:us-east-1:123456789012:activity:a", Some("Activity ARN")),
    ] {
        let token = r#""Parameters": {"Token.$": "$$.Task.Token"}"#;
        let text = machine(&format!(r#""Type": "Task", "Resource": "{resource}", {token}, "Next": "T""#));
        let found = diagnose(&text, express);
        let message = expected.map(|what| format!("Express state machine does not support {what}"));
        assert_eq!(found.first().map(|found| found.message.clone()), message, "{resource}");
        assert_eq!(diagnose(&text, CheckOptions::default()), [], "{resource}");
    }
}

#[test]
fn texts_that_are_no_definition() {
    for (text, expected) in [
        (
            "",
            "SCHEMA_VALIDATION_FAILED: Expected value of type Object at / (there is no definition here: the text is empty)",
        ),
        (
            "no definition",
            "INVALID_JSON_DESCRIPTION: Unrecognized token 'no': was expecting (JSON String, Number, Array, Object or token 'null', \
             'true' or 'false')\n at [Source: (String)\"no definition\"; line: 1, column: 3] (expected a value, found 'no')",
        ),
        ("[]", "SCHEMA_VALIDATION_FAILED: Expected value of type Object at /"),
        ("{}", "SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"),
    ] {
        assert_eq!(findings(text, CheckOptions::default()).join("; "), expected, "{text}");
    }
}

#[test]
fn placeholders_stand_for_what_is_not_known_yet() {
    let unknown = CheckOptions { placeholders: true, ..CheckOptions::default() };
    let text = r#"{
        "StartAt": "A", "TimeoutSeconds": ${Timeout},
        "States": {
            "A": {"Type": "Task", "Resource": "${Function}", "Retry": [{"ErrorEquals": ["A"], "MaxAttempts": ${Attempts}}], "Next": "B"},
            "B": {"Type": "Wait", "Seconds": "${Seconds}", "Next": "${After}"},
            "C": {"Type": "Task", "Resource": "arn:${AWS::Partition}:states:::dynamodb:putItem", "Parameters": ${Parameters}, "End": true},
            "D": {"Type": "Choice", "Choices": ${Choices}, "Default": "C", "OutputPath": "oops"}
        }
    }"#;
    assert_eq!(
        findings(text, unknown),
        ["SCHEMA_VALIDATION_FAILED: Value must be a valid JSONPath. at /States/D/OutputPath (a path starts with '$')"]
    );
    assert_eq!(diagnose(text, CheckOptions::default())[0].code, "INVALID_JSON_DESCRIPTION");
}

#[test]
fn findings_point_into_the_text() {
    let text = r#"{"StartAt": "é", "States": {"é": {"Type": "Pass", "Nxt": "é", "End": 1}}}"#;
    let shown: Vec<&str> =
        diagnose(text, CheckOptions::default()).iter().map(|found| &text[found.span.start..found.span.end]).collect();
    assert_eq!(shown, [r#""Nxt""#, "1"]);
}

/// Texts and bounds that cdk-preflight measured with ValidateStateMachineDefinition (rules `pf-sfn-asl-…`, 2026-09-05); one
/// source.
#[test]
fn what_was_measured_elsewhere() {
    let task = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "T""#;
    let activity = r#""Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "Next": "T""#;
    let map = |config: &str| {
        format!(
            r#""Type": "Map", "Next": "T", "ItemProcessor": {{"ProcessorConfig": {{{config}}}, "StartAt": "I",
               "States": {{"I": {{"Type": "Succeed"}}}}}}"#
        )
    };
    for (fields, expected) in [
        (
            map(r#""Mode": "DISTRIBUTED""#),
            "These fields are required: [ExecutionType] at @/ItemProcessor/ProcessorConfig",
        ),
        (
            map(r#""Mode": "INLINE", "ExecutionType": "STANDARD""#),
            "Field 'ExecutionType' is not supported at @/ItemProcessor/ProcessorConfig",
        ),
        (
            map(r#""Mode": "DISTRIBUTED", "ExecutionType": "FAST""#),
            "Value should be one of the following: [STANDARD, EXPRESS] at @/ItemProcessor/ProcessorConfig/ExecutionType",
        ),
        (
            format!(r#"{activity}, "Credentials": {{"RoleArn": "arn:aws:iam::123456789012:role/r"}}"#),
            "The field 'Credentials' is not supported for activities at @/Credentials",
        ),
        (
            format!(
                r#"{task}, "Retry": [{{"ErrorEquals": ["A"], "IntervalSeconds": 0, "MaxDelaySeconds": 31622400}}]"#
            ),
            "",
        ),
        (
            format!(r#"{task}, "Retry": [{{"ErrorEquals": ["A"], "MaxDelaySeconds": 31622401}}]"#),
            "Maximum value is 31622400 at @/Retry[0]/MaxDelaySeconds",
        ),
        (
            format!(r#"{task}, "Retry": [{{"ErrorEquals": ["A"], "JitterStrategy": "HALF"}}]"#),
            "Value should be one of the following: [NONE, FULL] at @/Retry[0]/JitterStrategy",
        ),
        (
            format!(
                r#"{task}, "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "T"}}, {{"ErrorEquals": ["A"], "Next": "T"}}]"#
            ),
            "States.ALL must appear alone and at end of list at @/Catch[0]/ErrorEquals",
        ),
        (
            r#""Type": "Wait", "SecondsPath": "seconds", "Next": "T""#.to_owned(),
            "Value must be a valid JSONPath. at @/SecondsPath (a path starts with '$')",
        ),
        (
            r#""Type": "Pass", "ResultPath": "result", "Next": "T""#.to_owned(),
            "Value must be a valid JSONPath. at @/ResultPath (a path starts with '$')",
        ),
    ] {
        assert_eq!(state(&fields), expected, "{fields}");
    }
    let version = |version: &str| {
        let text = format!(
            r#"{{"Version": "{version}", "TimeoutSeconds": 0, "StartAt": "T", "States": {{"T": {{"Type": "Fail"}}}}}}"#
        );
        findings(&text, CheckOptions::default()).join("; ")
    };
    assert_eq!(version("1.0"), "");
    assert_eq!(
        version("2.0"),
        "SCHEMA_VALIDATION_FAILED: Value should be one of the following: [1.0] at /Version (did you mean '1.0'?)"
    );
}

/// Seen in published definitions that AWS takes.
#[test]
fn what_is_not_refused() {
    check(&[
        (r#""Type": "Wait", "SecondsPath": "$.size ", "Next": "T""#, ""),
        (r#""Type": "Pass", "ResultPath": "$.size ", "InputPath": "$.a[0] ", "Next": "T""#, ""),
        (r#""Type": "Pass", "Parameters": {"a.$": "$.size "}, "Next": "T""#, ""),
        (r#""Type": "Choice", "Choices": [{"Variable": "$.size ", "IsNull": true, "Next": "T"}]"#, ""),
        (r#""Type": "Pass", "Parameters": {"a": "$.waitMilliseconds / 1000"}, "Next": "T""#, ""),
    ]);
}

/// AWS CloudFormation user guide, "Intrinsic function reference".
#[test]
fn functions_of_cloudformation_stand_for_values() {
    let unknown = CheckOptions { placeholders: true, ..CheckOptions::default() };
    let text = r#"{"StartAt": "A", "TimeoutSeconds": {"Ref": "Timeout"}, "States": {
        "A": {"Type": "Task", "Resource": {"Fn::GetAtt": ["F", "Arn"]}, "Parameters": {"Fn::Sub": "${X}"}, "Next": {"Ref": "Next"}},
        "B": {"Type": "Choice", "Choices": {"Fn::If": ["C", [], []]}, "Default": {"Fn::ImportValue": "D"}, "Nxt": {"Ref": "N"}},
        "C": {"Type": "Pass", "End": {"Ref": "End"}}}}"#;
    assert_eq!(findings(text, unknown), ["SCHEMA_VALIDATION_FAILED: Field 'Nxt' is not supported at /States/B"]);
    assert!(!diagnose(text, CheckOptions::default()).is_empty());
}

#[test]
fn a_task_token_that_nobody_is_told() {
    const INVOKE: &str = "arn:aws:states:::lambda:invoke.waitForTaskToken";
    for (query_language, fields, is_passed) in [
        ("JSONPath", r#""Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}"#, true),
        ("JSONPath", r#""Parameters": {"FunctionName": "f", "Payload.$": "States.Format('{}', $$.Task.Token)"}"#, true),
        ("JSONPath", r#""Parameters": {"FunctionName": "f", "Payload.$": "$$"}"#, true),
        ("JSONPath", r#""Parameters": {"FunctionName": "f", "Payload.$": "$$.Execution"}"#, false),
        ("JSONPath", r#""Parameters": {"FunctionName": "f", "Payload.$": "$"}"#, false),
        ("JSONPath", r#""Comment": "no parameters""#, false),
        ("JSONata", r#""Arguments": {"FunctionName": "f", "Payload": "{% $states.context.Task.Token %}"}"#, true),
        ("JSONata", r#""Arguments": "{% {'FunctionName': 'f', 'Payload': $states.context} %}""#, true),
        ("JSONata", r#""Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"}"#, false),
    ] {
        let task = format!(
            r#""Type": "Task", "QueryLanguage": "{query_language}", "Resource": "{INVOKE}", {fields}, "End": true"#
        );
        let text = format!(r#"{{"StartAt": "S", "States": {{"S": {{{task}}}}}}}"#);
        let codes: Vec<_> = diagnose(&text, CheckOptions::default()).iter().map(|found| found.code).collect();
        let expected: &[&str] = if is_passed { &[] } else { &["TOKEN_NOT_PASSED"] };
        assert_eq!(codes, expected, "{fields}");
    }
}
