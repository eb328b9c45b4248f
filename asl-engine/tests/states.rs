//! What each type of state makes of its input, and what is recorded of it.

mod support;

use asl_engine::{Failure, Outcome, TaskRequest, Value};
use support::{echo, run};

/// A definition that starts at the state `S`, with a state `T` where the fields of `S` name one.
fn machine(fields: &str) -> String {
    let target = if fields.contains("\"T\"") { r#", "T": {"Type": "Pass", "End": true}"# } else { "" };
    format!(r#"{{"StartAt": "S", "States": {{"S": {fields}{target}}}}}"#)
}

/// Runs one state called `S` and gives its output as text, or `Error: cause`.
fn state(fields: &str, input: &str) -> String {
    let definition = machine(fields);
    outcome(run(&definition, input, false, &mut echo).outcome)
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Ok(output) => output.to_string(),
        Err(failure) => failure.to_string(),
    }
}

const PREFIX: &str = "States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). ";

fn check(cases: &[(&str, &str, &str)]) {
    for (fields, input, expected) in cases {
        let expected = expected.replace("RUNTIME ", PREFIX);
        assert_eq!(state(fields, input), expected, "{fields} with {input}");
    }
}

#[test]
fn pass_states() {
    check(&[
        (r#"{"Type": "Pass", "End": true}"#, r#"{"a":1}"#, r#"{"a":1}"#),
        (r#"{"Type": "Pass", "Result": {"b": 2}, "End": true}"#, r#"{"a":1}"#, r#"{"b":2}"#),
        (
            r#"{"Type": "Pass", "Result": 2, "ResultPath": "$.x.y", "End": true}"#,
            r#"{"a":1}"#,
            r#"{"a":1,"x":{"y":2}}"#,
        ),
        (r#"{"Type": "Pass", "Result": 2, "ResultPath": null, "End": true}"#, r#"{"a":1}"#, r#"{"a":1}"#),
        (r#"{"Type": "Pass", "InputPath": null, "End": true}"#, r#"{"a":1}"#, "{}"),
        (r#"{"Type": "Pass", "OutputPath": null, "End": true}"#, r#"{"a":1}"#, "{}"),
        (r#"{"Type": "Pass", "InputPath": "$.a", "End": true}"#, r#"{"a":[1]}"#, "[1]"),
        (r#"{"Type": "Pass", "InputPath": "$.a", "ResultPath": "$.b", "End": true}"#, r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
        (r#"{"Type": "Pass", "OutputPath": "$.a", "End": true}"#, r#"{"a":[1]}"#, "[1]"),
        (
            r#"{"Type": "Pass", "Parameters": {"k": [{"v.$": "$.a"}], "n.$": "$$.State.Name"}, "End": true}"#,
            r#"{"a":1}"#,
            r#"{"k":[{"v":1}],"n":"S"}"#,
        ),
        (r#"{"Type": "Pass", "End": true}"#, "null", "null"),
        (r#"{"Type": "Pass", "Parameters": {"all.$": "$"}, "End": true}"#, "null", r#"{"all":null}"#),
        (
            r#"{"Type": "Pass", "InputPath": "$.b", "End": true}"#,
            r#"{"a":1}"#,
            "RUNTIME Invalid path '$.b' : No results for path: $['b']",
        ),
        (
            r#"{"Type": "Pass", "OutputPath": "$.b.c", "End": true}"#,
            r#"{"a":1}"#,
            "RUNTIME Invalid path '$.b.c' : Missing property in path $['b']",
        ),
        (
            r#"{"Type": "Pass", "Parameters": {"v.$": "$.b"}, "End": true}"#,
            r#"{"a":1}"#,
            "RUNTIME The JSONPath '$.b' specified for the field 'v.$' could not be found in the input '{\"a\":1}'",
        ),
    ]);
}

#[test]
fn choice_states() {
    let choice = |rule: &str| {
        format!(
            r#"{{"Type": "Choice", "Choices": [{{{rule}, "Next": "Yes"}}], "Default": "No"}},
                "Yes": {{"Type": "Pass", "Result": "yes", "End": true}}, "No": {{"Type": "Succeed"}}"#
        )
    };
    let cases = [
        (r#""Variable": "$.a", "NumericEquals": 1"#, r#"{"a":1.0}"#, true),
        (r#""Variable": "$.a", "NumericGreaterThanEqualsPath": "$.b""#, r#"{"a":2,"b":3}"#, false),
        (r#""Variable": "$.a", "StringMatches": "*.gif""#, r#"{"a":"x.gif"}"#, true),
        (r#""Variable": "$.a", "BooleanEquals": false"#, r#"{"a":"false"}"#, false),
        (r#""Variable": "$.a", "IsPresent": false"#, "{}", true),
        (r#""Variable": "$.a", "IsNull": true"#, r#"{"a":null}"#, true),
        (r#""Variable": "$.a", "TimestampLessThan": "2024-01-01T00:00:00Z""#, r#"{"a":"2023-12-31T23:59:59Z"}"#, true),
        (
            r#""And": [{"Variable": "$.a", "IsString": true}, {"Variable": "$.a", "StringLessThan": "b"}]"#,
            r#"{"a":"a"}"#,
            true,
        ),
        (
            r#""Or": [{"Variable": "$.a", "IsNumeric": true}, {"Variable": "$.a", "IsBoolean": true}]"#,
            r#"{"a":"a"}"#,
            false,
        ),
        (r#""Not": {"Variable": "$.a", "IsTimestamp": true}"#, r#"{"a":"yesterday"}"#, true),
    ];
    for (rule, input, holds) in cases {
        let expected = if holds { "\"yes\"" } else { input };
        assert_eq!(state(&choice(rule), input), expected, "{rule} with {input}");
    }
    check(&[(
        &choice(r#""Variable": "$.b", "IsNull": true"#),
        r#"{"a":1}"#,
        "RUNTIME Invalid path '$.b': The choice state's condition path references an invalid value.",
    )]);
}

/// Measured on AWS in us-east-1 in 2026: the template, IsPresent, and that the argument of a function and a step behind
/// the index fail. The texts of the latter are Jayway's with the JsonNode provider, and what the other fields do follows
/// from the null.
#[test]
fn an_index_beyond_the_end_of_a_list() {
    let pass = |fields: &str| format!(r#"{{"Type": "Pass", {fields}, "End": true}}"#);
    let map = r#"{"Type": "Map", "ItemsPath": "$.items[0]", "End": true,
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}"#;
    let input = r#"{"items":[]}"#;
    let choice = |rule: &str| {
        format!(
            r#"{{"Type": "Choice", "Choices": [{{"Variable": "$.items[0]", {rule}, "Next": "Yes"}}], "Default": "No"}},
                "Yes": {{"Type": "Pass", "Result": "yes", "End": true}}, "No": {{"Type": "Succeed"}}"#
        )
    };
    check(&[
        (&pass(r#""Parameters": {"x.$": "$.items[0]"}"#), input, r#"{"x":null}"#),
        (&pass(r#""Parameters": {"x.$": "$.items[0,1]"}"#), input, r#"{"x":[null,null]}"#),
        (
            &pass(r#""Parameters": {"x.$": "$.items[5].x"}"#),
            input,
            "RUNTIME The JSONPath '$.items[5].x' specified for the field 'x.$' could not be found in the input '{\"items\":[]}'",
        ),
        (
            &pass(r#""Parameters": {"x.$": "States.ArrayLength($.items[0])"}"#),
            input,
            "RUNTIME The function 'States.ArrayLength($.items[0])' had the following error: The JsonPath argument for the \
             field '$.items[0]' could not be found in the input '{\"items\":[]}'",
        ),
        (
            &pass(r#""Parameters": {"x.$": "States.Array($.a[0])"}"#),
            r#"{"a":5}"#,
            "RUNTIME The function 'States.Array($.a[0])' had the following error: Filter: [0] can only be applied to \
             arrays. Current context is: 5",
        ),
        (&pass(r#""InputPath": "$.items[0]""#), input, "null"),
        (&pass(r#""OutputPath": "$.items[-1]""#), input, "null"),
        (
            &pass(r#""InputPath": "$.items[0].x""#),
            input,
            "RUNTIME Invalid path '$.items[0].x' : Property ['x'] not found in path $['items'][0]",
        ),
        (map, input, "RUNTIME Reference path \"$.items[0]\" must point to array."),
        (&choice(r#""IsPresent": true"#), input, input),
        (&choice(r#""IsPresent": false"#), input, "\"yes\""),
        (&choice(r#""IsPresent": true"#), r#"{"items":[null]}"#, "\"yes\""),
        (
            &choice(r#""IsNull": true"#),
            input,
            "RUNTIME Invalid path '$.items[0]': The choice state's condition path references an invalid value.",
        ),
    ]);
}

const QUERY: &str =
    "States.QueryEvaluationError: An error occurred while executing the state 'S' (entered at the event id #2). ";

/// What AWS gives where its JSONata is not that of npm. Of the functions, `jsonata/functions/cases.txt` has more.
#[test]
fn jsonata_is_that_of_aws() {
    let fault = |expression: &str, text: &str| {
        format!("{QUERY}The JSONata expression '{expression}' specified for the field 'Output' {text}")
    };
    let internal = "threw an internal error during evaluation.";
    let coded = "threw an error during evaluation. D3137: Hash algorithm 'null' must be one of SHA-1, SHA-384, SHA-256, \
                 SHA-512, MD5";
    for (expression, expected) in [
        // sfnx 3.1.0 (PyPI), which says that it has measured them.
        ("$string($states.input.n)", "\"1700000000123456\"".to_owned()),
        ("'' & $states.input.n / 3", "\"566666666707818\"".to_owned()),
        ("'' & 2 / 3", "\"0.666666666666666\"".to_owned()),
        ("$decodeUrlComponent('a+b')", "\"a b\"".to_owned()),
        ("5 % $states.input.zero", fault("5 % $states.input.zero", internal)),
        ("$hash('a', $states.input.none)", fault("$hash('a', $states.input.none)", coded)),
        (r#"$parse(\"{'a': 1}\")"#, r#"{"a":1}"#.to_owned()),
        // Reports of others, who have measured them.
        ("$base64decode('!!!')", fault("$base64decode('!!!')", internal)),
        ("{'k': [1/0]}", r#"{"k":["Infinity"]}"#.to_owned()),
    ] {
        let fields =
            format!(r#"{{"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{{% {expression} %}}", "End": true}}"#);
        assert_eq!(state(&fields, r#"{"n": 1700000000123456, "zero": 0}"#), expected, "{expression}");
    }
}

/// A recording of April 2026 for -1; the bounds of a wait are from sfnx 3.1.0 (PyPI) only.
#[test]
fn numbers_that_expressions_give_have_bounds() {
    let run_with = |fields: &str, input: &str| {
        let definition = machine(&format!(r#"{{{fields}, "QueryLanguage": "JSONata", "End": true}}"#));
        let run = run(&definition, input, false, &mut echo);
        match run.outcome {
            Ok(_) => "done".to_owned(),
            failed => outcome(failed),
        }
    };
    let timeout = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}, "TimeoutSeconds": "{% $states.input %}""#;
    let wait = r#""Type": "Wait", "Seconds": "{% $states.input %}""#;
    for (fields, input, expected) in [
        (timeout, "-1", format!("{QUERY}TimeoutSeconds must be between 0 and 99999999 but was: -1")),
        (timeout, "100000000", format!("{QUERY}TimeoutSeconds must be between 0 and 99999999 but was: 100000000")),
        (timeout, "1.6", format!("{QUERY}The TimeoutSeconds field cannot be parsed as an integer: 1.6")),
        (timeout, "3", "done".to_owned()),
        (wait, "0.0", "done".to_owned()),
        (wait, "100000000", "done".to_owned()),
        (wait, "1.5", format!("{QUERY}The Seconds field cannot be parsed as an integer: 1.5")),
    ] {
        assert_eq!(run_with(fields, input), expected, "{fields} with {input}");
    }
}

#[test]
fn wait_states() {
    let wait = |field: &str, input: &str| {
        let definition = format!(r#"{{"StartAt": "S", "States": {{"S": {{"Type": "Wait", {field}, "End": true}}}}}}"#);
        let run = run(&definition, input, false, &mut echo);
        match run.outcome {
            Ok(_) => run.end.to_string(),
            failed => outcome(failed).replace(PREFIX, "RUNTIME "),
        }
    };
    let cases = [
        (r#""Seconds": 90"#, "{}", "2024-02-29T12:01:30.000Z"),
        (r#""SecondsPath": "$.s""#, r#"{"s":0}"#, "2024-02-29T12:00:00.000Z"),
        (r#""Timestamp": "2030-01-01T00:00:00Z""#, "{}", "2030-01-01T00:00:00.000Z"),
        (r#""Timestamp": "1999-01-01T00:00:00Z""#, "{}", "2024-02-29T12:00:00.000Z"),
        (r#""TimestampPath": "$.t""#, r#"{"t":"2024-03-01T01:00:00+01:00"}"#, "2024-03-01T00:00:00.000Z"),
        (r#""SecondsPath": "$.s""#, "{}", "RUNTIME The SecondsPath parameter does not reference an input value: $.s"),
        (
            r#""SecondsPath": "$.s""#,
            r#"{"s":-1}"#,
            "RUNTIME The SecondsPath parameter references a negative value: $.s == -1",
        ),
        (
            r#""SecondsPath": "$.s""#,
            r#"{"s":-1.5}"#,
            "RUNTIME The SecondsPath parameter cannot be parsed as a long value: $.s == -1.5",
        ),
        (
            r#""TimestampPath": "$.t""#,
            r#"{"t":"2016-12-05 21:29:29Z"}"#,
            "RUNTIME The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format \
             string: $.t == 2016-12-05 21:29:29Z",
        ),
    ];
    for (field, input, expected) in cases {
        assert_eq!(wait(field, input), expected, "{field} with {input}");
    }
}

#[test]
fn fail_and_succeed_states() {
    check(&[
        (r#"{"Type": "Fail", "Error": "E", "Cause": "c"}"#, "{}", "E: c"),
        (r#"{"Type": "Fail"}"#, "{}", "failed without an error name"),
        (r#"{"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$$.State.Name"}"#, r#"{"e":"E"}"#, "E: S"),
        (
            r#"{"Type": "Fail", "Error": "E", "CausePath": "States.Format('{} and {}', $.a, $.b)"}"#,
            r#"{"a":1,"b":2}"#,
            "E: 1 and 2",
        ),
        (
            r#"{"Type": "Fail", "CausePath": "States.Array()"}"#,
            "{}",
            "RUNTIME The CausePath field refers to value [] which is not a valid string: States.Array()",
        ),
        (
            r#"{"Type": "Fail", "ErrorPath": "$.e"}"#,
            "{}",
            "RUNTIME The JSONPath '$.e' specified for the field 'ErrorPath' could not be found in the input '{}'",
        ),
        (r#"{"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}"#, r#"{"a":{"b":1}}"#, "1"),
    ]);
}

const TASK: &str = "arn:aws:states:::aws-sdk:dynamodb:putItem";

fn task(fields: &str) -> String {
    machine(&format!(r#"{{"Type": "Task", "Resource": "{TASK}", {fields}}}"#))
}

#[test]
fn task_states_shape_their_input_and_result() {
    let definition = task(
        r#""InputPath": "$.in", "Parameters": {"p.$": "$.x", "r.$": "$$.State.RetryCount"},
           "ResultSelector": {"s.$": "$.p"}, "ResultPath": "$.out", "OutputPath": "$.out", "End": true"#,
    );
    let mut asked = Vec::new();
    let run = run(&definition, r#"{"in":{"x":5}}"#, false, &mut |request| {
        asked.push(request.input.to_string());
        echo(request)
    });
    assert_eq!(asked, [r#"{"p":5,"r":0}"#]);
    assert_eq!(outcome(run.outcome), r#"{"s":5}"#);
}

#[test]
fn each_retrier_counts_for_itself_and_backs_off() {
    let definition = task(
        r#""Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 10, "MaxAttempts": 2},
                     {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}], "End": true"#,
    );
    let mut errors = ["A", "B", "A", "B"].into_iter();
    let mut tokens = Vec::new();
    let run = run(&definition, "{}", false, &mut |request: &TaskRequest| {
        tokens.push(request.token.clone());
        Some(Err(Failure::new(errors.next().expect("no more attempts"), "no")))
    });
    assert_eq!(outcome(run.outcome), "B: no");
    assert_eq!(run.end.to_string(), "2024-02-29T12:00:31.000Z");
    tokens.dedup();
    assert_eq!(tokens.len(), 4, "each attempt has its own token");
}

#[test]
fn a_catcher_puts_the_error_where_it_says() {
    let definition = task(
        r#""Retry": [{"ErrorEquals": ["Other"]}],
           "Catch": [{"ErrorEquals": ["X"], "Next": "T"},
                     {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "T"}], "End": true"#,
    );
    let run = run(&definition, r#"{"a":1}"#, false, &mut |_| Some(Err(Failure::new("E", "c"))));
    assert_eq!(
        run.history(),
        "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n5<4 TaskFailed\n\
         6<5 TaskStateExited\n7<6 PassStateEntered\n8<7 PassStateExited\n9<8 ExecutionSucceeded"
    );
    assert_eq!(outcome(run.outcome), r#"{"a":1,"error":{"Error":"E","Cause":"c"}}"#);
}

#[test]
fn a_task_that_does_not_answer_in_time_fails_with_a_timeout() {
    let definition = task(r#""TimeoutSecondsPath": "$.limit", "End": true"#);
    let run = run(&definition, r#"{"limit":5}"#, false, &mut |_| None);
    assert_eq!(run.end.to_string(), "2024-02-29T12:00:05.000Z");
    assert_eq!(
        run.history(),
        "1<0 ExecutionStarted\n2<0 TaskStateEntered\n3<2 TaskScheduled\n4<3 TaskStarted\n5<4 TaskTimedOut\n6<5 ExecutionFailed"
    );
    assert_eq!(outcome(run.outcome), "States.Timeout");
}

#[test]
fn maps_give_each_item_its_own_context() {
    check(&[
        (
            r#"{"Type": "Map", "ItemsPath": "$.xs", "End": true,
                "ItemSelector": {"i.$": "$$.Map.Item.Index", "x.$": "$$.Map.Item.Value", "k.$": "$.k"},
                "Iterator": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}"#,
            r#"{"xs":["a","b"],"k":1}"#,
            r#"[{"x":"a","i":0,"k":1},{"x":"b","i":1,"k":1}]"#,
        ),
        (
            r#"{"Type": "Map", "End": true, "ResultPath": "$.out",
                "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}"#,
            "{}",
            "RUNTIME Reference path \"$\" must point to array.",
        ),
        (
            r#"{"Type": "Map", "End": true, "MaxConcurrencyPath": "$.n", "ItemsPath": "$.xs",
                "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}"#,
            r#"{"n":"two","xs":[]}"#,
            "RUNTIME The MaxConcurrencyPath field refers to value \"two\" which is not a valid integer: $.n",
        ),
        (
            r#"{"Type": "Map", "End": true,
                "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}"#,
            "[]",
            "[]",
        ),
    ]);
}

#[test]
fn a_map_over_lists_flattens_them() {
    check(&[(
        r#"{"Type": "Map", "End": true, "ResultSelector": {"results.$": "$[*][*]"},
            "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}"#,
        r#"[[1,2],[],[{"a":3}]]"#,
        r#"{"results":[1,2,{"a":3}]}"#,
    )]);
}

#[test]
fn the_first_failing_child_fails_its_map() {
    let definition = r#"{"StartAt": "M", "States": {
        "M": {"Type": "Map", "MaxConcurrency": 1, "Next": "T", "Catch": [{"ErrorEquals": ["E"], "Next": "T"}],
            "ItemProcessor": {"StartAt": "C", "States": {
                "C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "F"}], "Default": "P"},
                "F": {"Type": "Fail", "Error": "E"}, "P": {"Type": "Pass", "End": true}}}},
        "T": {"Type": "Pass", "End": true}}}"#;
    let run = run(definition, "[0,1,2]", false, &mut echo);
    assert_eq!(
        run.history(),
        "1<0 ExecutionStarted\n2<0 MapStateEntered\n3<2 MapStateStarted\n4<3 MapIterationStarted\n5<4 ChoiceStateEntered\n\
         6<5 ChoiceStateExited\n7<6 PassStateEntered\n8<7 PassStateExited\n9<8 MapIterationSucceeded\n\
         10<8 MapIterationStarted\n11<10 ChoiceStateEntered\n12<11 ChoiceStateExited\n13<12 FailStateEntered\n\
         14<13 MapIterationFailed\n15<13 MapStateFailed\n16<15 MapStateExited\n17<16 PassStateEntered\n\
         18<17 PassStateExited\n19<18 ExecutionSucceeded"
    );
    assert_eq!(outcome(run.outcome), r#"{"Error":"E","Cause":null}"#);
}

#[test]
fn parallel_branches_answer_in_their_order() {
    check(&[(
        r#"{"Type": "Parallel", "End": true, "Parameters": {"v.$": "$.a"}, "ResultPath": "$.out", "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "OutputPath": "$.v", "End": true}}},
            {"StartAt": "B", "States": {"B": {"Type": "Pass", "Result": "b", "End": true}}}]}"#,
        r#"{"a":1}"#,
        r#"{"a":1,"out":[1,"b"]}"#,
    )]);
}

#[test]
fn data_that_grows_without_end_fails_before_it_overflows_anything() {
    let definition = r#"{"StartAt": "S", "States": {
        "S": {"Type": "Pass", "Parameters": {"x.$": "$"}, "Next": "S2"},
        "S2": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "T"}], "Default": "S"},
        "T": {"Type": "Succeed"}}}"#;
    let failure = run(definition, "{}", false, &mut echo).outcome.unwrap_err();
    assert!(failure.cause.unwrap().ends_with("The data nests deeper than 500 levels"));
}

#[test]
fn a_result_path_through_a_scalar_is_a_failure() {
    check(&[(
        r#"{"Type": "Pass", "Result": 1, "ResultPath": "$.a.b", "End": true}"#,
        r#"{"a":5}"#,
        "States.ResultPathMatchFailure: An error occurred while executing the state 'S' (entered at the event id #2). \
         Unable to apply step \"b\" of the reference path $.a.b to 5",
    )]);
    assert_eq!(state(r#"{"Type": "Pass", "Result": null, "End": true}"#, "{}"), Value::Null.to_string());
}
