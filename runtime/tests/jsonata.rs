//! State machines in JSONata, and in both query languages.

mod support;

use asl_engine::{Failure, Quotas, TaskRequest, Value};
use asl_runtime::simulation::Answer;
use support::{Ran, output, run, run_with, two};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

fn machine(states: &str) -> String {
    format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "S", "States": {{{states}}}}}"#)
}

/// A state machine in JSONata of one state with these fields.
fn one(fields: &str) -> String {
    machine(&format!(r#""S": {{{fields}, "End": true}}"#))
}

/// A state machine in JSONata of the state `S` and a state `T` that it leads to.
fn leading_to_t(fields: &str) -> String {
    machine(&format!(r#""S": {{{fields}}}, "T": {{"Type": "Succeed"}}"#))
}

/// A state machine in JSONata of the state `S` and, after it, `T`.
fn both(first: &str, second: &str) -> String {
    two(first, second).replacen('{', r#"{"QueryLanguage": "JSONata", "#, 1)
}

fn task(fields: &str) -> String {
    format!(r#""Type": "Task", "Resource": "{FUNCTION}"{fields}"#)
}

fn map(fields: &str, states: &str) -> String {
    format!(r#""Type": "Map"{fields}, "ItemProcessor": {{"StartAt": "I", "States": {{{states}}}}}"#)
}

/// The EvaluationFailed event: what it follows, its location, and the cause without the words that all have.
fn evaluation_failed(ran: &Ran) -> (String, String) {
    let event = ran.json.iter().find(|event| event["type"].as_str() == Some("EvaluationFailed"));
    let event = event.unwrap_or_else(|| panic!("nothing failed: {:#?}", ran.events));
    let details = &event["evaluationFailedEventDetails"];
    assert_eq!(details["error"].as_str(), Some("States.QueryEvaluationError"));
    let cause = details["cause"].as_str().expect("a cause");
    let entered = cause.split_once("). ").expect("where it was");
    assert!(entered.0.starts_with("An error occurred while executing the state '"), "{cause}");
    let location = details["location"].as_str().unwrap_or("nowhere");
    (format!("{}<{} {location}", event["id"], event["previousEventId"]), entered.1.to_owned())
}

#[test]
fn every_state_shapes_its_output() {
    let pass_item = r#""I": {"Type": "Pass", "End": true}"#;
    let branches = |first: &str| {
        format!(
            r#""Type": "Parallel", {first} "Branches": [{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "End": true}}}}}},
               {{"StartAt": "B", "States": {{"B": {{"Type": "Pass", "Output": "{{% $states.input.n + 1 %}}", "End": true}}}}}}]"#
        )
    };
    for (fields, expected) in [
        (r#""Type": "Pass""#.to_owned(), r#"{"n":1,"list":[1,2]}"#),
        (r#""Type": "Pass", "Output": null"#.to_owned(), "null"),
        (r#""Type": "Pass", "Output": " {% 1 %} ""#.to_owned(), r#"" {% 1 %} ""#),
        (
            r#""Type": "Pass", "Output": {"x.$": "$.n", "a": [1.50, "{% $states.input.n %}", {"b": "{% [] %}"}]}"#
                .to_owned(),
            r#"{"x.$":"$.n","a":[1.50,1,{"b":[]}]}"#,
        ),
        (
            r#""Type": "Wait", "Seconds": "{% $states.input.n %}", "Output": "{% $states.input.list %}""#.to_owned(),
            "[1,2]",
        ),
        (task(""), r#"{"n":1,"list":[1,2]}"#),
        (task(r#", "Arguments": {}"#), "{}"),
        (
            task(r#", "Arguments": "{% $states.input.list[-1] %}", "Output": {"r": "{% $states.result %}"}"#),
            r#"{"r":2}"#,
        ),
        (
            task(r#", "TimeoutSeconds": "{% $states.input.n %}", "Output": "{% $keys($states) %}""#),
            r#"["input","context","result"]"#,
        ),
        (branches(""), r#"[{"n":1,"list":[1,2]},2]"#),
        (branches(r#""Arguments": {"n": 7}, "Output": "{% $states.result[1] %}","#), "8"),
        (map(r#", "Items": "{% $states.input.list %}""#, pass_item), "[1,2]"),
        (map(r#", "Items": [3, "{% $states.input.n %}"], "Output": "{% $sum($states.result) %}""#, pass_item), "4"),
        (
            map(
                r#", "Items": ["a", "b"], "MaxConcurrency": "{% 1 %}", "ItemSelector": {"i": "{% $states.context.Map.Item.Index %}",
                    "v": "{% $states.context.Map.Item.Value & $states.input.n %}"}"#,
                pass_item,
            ),
            r#"[{"i":0,"v":"a1"},{"i":1,"v":"b1"}]"#,
        ),
    ] {
        assert_eq!(output(&run(&one(&fields), r#"{"n":1,"list":[1,2]}"#)), expected, "{fields}");
    }
    assert_eq!(output(&run(&one(&map("", pass_item)), "[4]")), "[4]");
    let succeed = machine(r#""S": {"Type": "Succeed", "Output": "{% $states.input.a %}"}"#);
    assert_eq!(output(&run(&succeed, r#"{"a":[1]}"#)), "[1]");
    let fail = machine(r#""S": {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "as {{ told"}"#);
    assert_eq!(output(&run(&fail, r#"{"e":"Boom"}"#)), "Boom: as {{ told");
}

#[test]
fn rules_and_their_outputs() {
    let definition = leading_to_t(
        r#""Type": "Choice", "Default": "T", "Output": "default", "Assign": {"by": "default"}, "Choices": [
           {"Condition": "{% $states.input.n > 5 %}", "Next": "T", "Output": {"large": "{% $states.input.n %}"}, "Assign": {"by": "rule"}},
           {"Condition": "{% $states.input.n > 3 %}", "Next": "T"}]"#,
    );
    for (input, expected, by) in [
        (r#"{"n":6}"#, r#"{"large":6}"#, Some("\"rule\"")),
        (r#"{"n":4}"#, r#"{"n":4}"#, None),
        (r#"{"n":1}"#, r#""default""#, Some("\"default\"")),
    ] {
        let ran = run(&definition, input);
        assert_eq!(output(&ran), expected, "{input}");
        assert_eq!(ran.json[2]["stateExitedEventDetails"]["assignedVariables"]["by"].as_str(), by, "{input}");
    }
    let always = leading_to_t(
        r#""Type": "Choice", "Choices": [{"Condition": false, "Next": "T"}, {"Condition": true, "Next": "T"}]"#,
    );
    assert_eq!(output(&run(&always, "1")), "1");
}

#[test]
fn expressions_that_give_nothing_fail_the_state() {
    let item = r#""I": {"Type": "Pass", "End": true}"#;
    let given = |expression: &str, field: &str, what: &str| {
        format!("The JSONata expression '{expression}' specified for the field '{field}' {what}")
    };
    let nothing = |field: &str| given("$gone", field, "returned nothing (undefined).");
    let wrong = |expression: &str, field: &str, wanted: &str, found: &str, value: &str| {
        let what =
            format!("returned an unexpected result type. Expected '{wanted}', but was '{found}' for value: {value}");
        given(expression, field, &what)
    };
    for (fields, place, cause) in [
        (
            r#""Type": "Pass", "Output": {"a": [0, "{%  $gone %}"]}"#.to_owned(),
            "3<2 Output/a[1]",
            nothing("Output/a[1]"),
        ),
        (r#""Type": "Pass", "Assign": {"a": "{% $gone %}"}"#.to_owned(), "3<2 Assign/a", nothing("Assign/a")),
        (
            r#""Type": "Pass", "Output": "{% $abs('x') %}""#.to_owned(),
            "3<2 Output",
            given(
                "$abs('x')",
                "Output",
                "threw an error during evaluation. T0410: Argument 1 of function \"abs\" does not match function signature",
            ),
        ),
        (
            r#""Type": "Pass", "Output": "{% $replace('a', '', 'b') %}""#.to_owned(),
            "3<2 Output",
            given(
                "$replace('a', '', 'b')",
                "Output",
                "threw an error during evaluation: Second argument of replace function cannot be an empty string",
            ),
        ),
        (
            r#""Type": "Pass", "Output": "{% [1, $sum] %}""#.to_owned(),
            "3<2 Output",
            given("[1, $sum]", "Output", "returned an unsupported result type."),
        ),
        (task(r#", "Arguments": {"a": "{% $gone %}"}"#), "3<2 Arguments/a", nothing("Arguments/a")),
        (task(r#", "Output": {"a": "{% $gone %}"}"#), "6<5 Output/a", nothing("Output/a")),
        (
            task(r#", "TimeoutSeconds": "{% 'x' %}""#),
            "3<2 TimeoutSeconds",
            wrong("'x'", "TimeoutSeconds", "number", "string", "\"x\""),
        ),
        (
            task(r#", "TimeoutSeconds": "{% 1.5 %}""#),
            "3<2 TimeoutSeconds",
            "The TimeoutSeconds field cannot be parsed as an integer: 1.5".to_owned(),
        ),
        (
            task(r#", "HeartbeatSeconds": "{% -1 %}""#),
            "3<2 HeartbeatSeconds",
            // As recorded of TimeoutSeconds.
            "HeartbeatSeconds must be between 0 and 99999999 but was: -1".to_owned(),
        ),
        (
            task(r#", "Credentials": {"RoleArn": "{% 1 %}"}"#),
            "3<2 Credentials/RoleArn",
            wrong("1", "Credentials/RoleArn", "string", "number", "1"),
        ),
        (
            r#""Type": "Wait", "Timestamp": "{% 'soon' %}""#.to_owned(),
            "3<2 Timestamp",
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: soon"
                .to_owned(),
        ),
        (
            r#""Type": "Wait", "Seconds": "{% -1 %}""#.to_owned(),
            "3<2 Seconds",
            "The Seconds field must not be less than 0 but was: -1".to_owned(),
        ),
        (
            map(r#", "Items": "{% {'a': 1} %}""#, item),
            "3<2 Items",
            wrong("{'a': 1}", "Items", "array", "object", r#"{"a":1}"#),
        ),
        (map("", item), "3<2 nowhere", "Map state input must be an array but was: {}".to_owned()),
        (
            map(r#", "Items": [1], "MaxConcurrency": "{% null %}""#, item),
            "3<2 MaxConcurrency",
            wrong("null", "MaxConcurrency", "number", "null", "null"),
        ),
        (
            map(r#", "Items": [1], "ItemSelector": {"a": "{% $gone %}"}"#, item),
            "4<3 ItemSelector/a",
            nothing("ItemSelector/a"),
        ),
    ] {
        let ran = run(&one(&fields), "{}");
        assert_eq!(evaluation_failed(&ran), (place.to_owned(), cause), "{fields}");
        let last = ran.events.last().expect("events");
        assert!(last.ends_with("ExecutionFailed"), "{last}");
    }
    let fail = machine(r#""S": {"Type": "Fail", "Error": "{% 1 %}"}"#);
    assert_eq!(
        evaluation_failed(&run(&fail, "{}")),
        ("3<2 Error".to_owned(), wrong("1", "Error", "string", "number", "1"))
    );
    let choice = leading_to_t(r#""Type": "Choice", "Choices": [{"Condition": "{% 'true' %}", "Next": "T"}]"#);
    let expected = wrong("'true'", "Choices[0]/Condition", "boolean", "string", "\"true\"");
    assert_eq!(evaluation_failed(&run(&choice, "{}")), ("3<2 Choices[0]/Condition".to_owned(), expected));
}

#[test]
fn a_fan_out_fails_with_its_expression() {
    let item = r#""I": {"Type": "Pass", "Output": "{% $gone %}", "End": true}"#;
    let ran = run(&one(&map(r#", "Items": [1]"#, item)), "{}");
    let expected = [
        "5<4 PassStateEntered",
        "6<5 EvaluationFailed",
        "7<6 MapIterationFailed",
        "8<6 MapStateFailed",
        "9<8 ExecutionFailed",
    ];
    assert_eq!(ran.events[4..], expected);
    let selector = run(&one(&map(r#", "Items": [1], "ItemSelector": "{% $gone %}""#, item)), "{}");
    assert_eq!(
        selector.events[2..],
        ["3<2 MapStateStarted", "4<3 EvaluationFailed", "5<4 MapStateFailed", "6<5 ExecutionFailed"]
    );
}

#[test]
fn failed_expressions_are_retried_and_caught() {
    let caught = |error: &str, fields: &str| {
        leading_to_t(&task(&format!(
            r#", "End": true, {fields}, "Catch": [{{"ErrorEquals": ["States.TaskFailed"], "Next": "T", "Output": "not this"}},
               {{"ErrorEquals": ["{error}"], "Next": "T", "Output": "{{% $states.errorOutput.Error & ' ' & $states.context.State.RetryCount %}}"}}]"#
        )))
    };
    let retry = r#""Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 2}]"#;
    let expected = r#""States.QueryEvaluationError 0""#;
    assert_eq!(output(&run(&caught("States.ALL", r#""Arguments": "{% $gone %}""#), "{}")), expected);
    assert_eq!(output(&run(&caught("States.QueryEvaluationError", r#""Output": "{% $gone %}""#), "{}")), expected);
    let definition = caught("States.ALL", &format!(r#""Assign": {{"a": "{{% $gone %}}"}}, {retry}"#));
    let mut calls = 0;
    let ran = run_with(&definition, "{}", Quotas::default(), |_| {
        calls += 1;
        Answer::from(Ok(Value::Null))
    });
    assert_eq!((output(&ran), calls), (r#""States.QueryEvaluationError 2""#.to_owned(), 3));
    // A task that fails with this name has failed itself.
    let ran = run(&caught("States.ALL", r#""Comment": """#), r#"{"fail":"States.QueryEvaluationError"}"#);
    assert!(ran.events.iter().all(|event| !event.ends_with("EvaluationFailed")), "{:?}", ran.events);
}

#[test]
fn catchers_see_the_error_and_may_fail_themselves() {
    let catching = |fields: &str| {
        leading_to_t(&task(&format!(
            r#", "End": true, "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "T"{fields}}}]"#
        )))
    };
    let input = r#"{"fail":"Boom"}"#;
    assert_eq!(output(&run(&catching(""), input)), r#"{"Error":"Boom","Cause":"as told"}"#);
    let keys = catching(r#", "Output": "{% $keys($states) %}", "Assign": {"e": "{% $states.errorOutput.Cause %}"}"#);
    let ran = run(&keys, input);
    assert_eq!(output(&ran), r#"["input","context","errorOutput"]"#);
    let exited = ran.json.iter().find(|event| event["type"].as_str() == Some("TaskStateExited")).expect("it is left");
    assert_eq!(exited["stateExitedEventDetails"]["assignedVariables"].to_string(), r#"{"e":"\"as told\""}"#);
    let ran = run(&catching(r#", "Output": {"a": "{% $gone %}"}"#), input);
    let cause =
        "The JSONata expression '$gone' specified for the field 'Catch[0]/Output/a' returned nothing (undefined).";
    assert_eq!(evaluation_failed(&ran), ("6<5 Catch[0]/Output/a".to_owned(), cause.to_owned()));
    assert_eq!(ran.events[6], "7<6 ExecutionFailed");
}

#[test]
fn numbers_are_written_as_java_writes_them() {
    for (expression, input, expected) in [
        ("$states.input", "1.0", "1"),
        ("$states.input", "9007199254740993", "9007199254740993"),
        ("$states.input", "9223372036854775808", "9.223372036854776E18"),
        ("[$states.input]", "1.50", "[1.5]"),
        ("$states.input", "[1.50]", "[1.50]"),
        ("$states.input * 2", "0.5", "1"),
        ("1/3", "0", "0.3333333333333333"),
        ("1e25", "0", "1.0E25"),
        ("[1/0, -1/0, 0/0]", "0", r#"["Infinity","-Infinity","NaN"]"#),
    ] {
        let fields = format!(r#""Type": "Pass", "Output": "{{% {expression} %}}""#);
        assert_eq!(output(&run(&one(&fields), input)), expected, "{expression} of {input}");
    }
}

#[test]
fn variables_are_shared_by_both_languages() {
    let jsonpath = r#""Type": "Pass", "Assign": {"n": 20, "text": "a"}"#;
    let jsonata = r#""Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"n": "{% $n + 1 %}", "old": "{% $n %}"},
                     "Output": {"n": "{% $n %}"}"#;
    let ran = run(&two(jsonpath, jsonata), "{}");
    assert_eq!(output(&ran), r#"{"n":20}"#);
    assert_eq!(ran.json[4]["stateExitedEventDetails"]["assignedVariables"].to_string(), r#"{"n":"21","old":"20"}"#);
    let back = r#""Type": "Pass", "Parameters": {"n.$": "$n"}"#;
    let first = r#""Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"n": "{% 40 + 2 %}"}"#;
    assert_eq!(output(&run(&two(first, back), "{}")), r#"{"n":42}"#);
    let inner = map(
        r#", "Items": [1, 2], "MaxConcurrency": 1"#,
        r#""I": {"Type": "Pass", "Assign": {"mine": "{% $states.input %}"}, "Next": "J"},
           "J": {"Type": "Pass", "Output": "{% $n & $mine %}", "End": true}"#,
    );
    let ran = run(&both(r#""Type": "Pass", "Assign": {"n": "outer"}"#, &inner), "{}");
    assert_eq!(output(&ran), r#"["outer1","outer2"]"#);
    let leaked = run(&both(&inner.replace("$n & $mine", "$mine"), r#""Type": "Pass", "Output": "{% $mine %}""#), "{}");
    assert_eq!(evaluation_failed(&leaked).0.split(' ').next_back(), Some("Output"));
}

#[test]
fn variables_are_bounded() {
    let text = |bytes: usize| format!("{{% $pad('', {}, 'x') %}}", bytes - 2);
    let quota = 256 * 1024;
    let assign = |members: &str| run(&one(&format!(r#""Type": "Pass", "Output": 1, "Assign": {{{members}}}"#)), "{}");
    assert_eq!(output(&assign(&format!(r#""a": "{}""#, text(quota - 6)))), "1");
    let over = assign(&format!(r#""a": "{}""#, text(quota + 1)));
    let failed = |what: &str| {
        format!(
            "States.DataLimitExceeded: An error occurred while executing the state 'S' (entered at the event id #2). {what}"
        )
    };
    assert_eq!(output(&over), failed("The variable 'a' exceeds the maximum variable size of 262144 bytes."));
    let together = assign(&format!(r#""a": "{0}", "b": "{0}""#, text(quota / 2)));
    assert_eq!(
        output(&together),
        failed("The Assign field exceeds the maximum size of 262144 bytes for all its variables.")
    );
    let quotas = Quotas { variables_bytes: Some(200), ..Quotas::default() };
    let first = format!(r#""Type": "Pass", "Assign": {{"a": "{}"}}"#, text(120));
    let answer = |_: &TaskRequest| Answer::from(Err(Failure::new("x", "y")));
    let again = run_with(&both(&first, &first), "{}", quotas, answer);
    assert_eq!(output(&again), "{}");
    let more = run_with(&both(&first, &first.replace("\"a\"", "\"b\"")), "{}", quotas, answer);
    assert!(
        output(&more).ends_with("All variables together exceed the maximum size of 200 bytes."),
        "{}",
        output(&more)
    );
}

#[test]
fn times_and_random_numbers_are_those_of_the_execution() {
    let fields = r#""Type": "Wait", "Seconds": 90, "Output": {"now": "{% $now() %}", "ids": "{% [1..3].$uuid() %}", "n": "{% $random() %}"}"#;
    let (first, second) = (run(&one(fields), "{}"), run(&one(fields), "{}"));
    assert_eq!(output(&first), output(&second));
    let shown = first.finished.outcome.expect("it succeeds");
    assert_eq!(shown["now"].as_str(), Some("1970-01-01T00:01:30.000Z"));
    let ids = shown["ids"].as_array().expect("three");
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{shown}");
}

#[test]
fn members_of_an_object_are_items_of_child_executions() {
    let distributed = |fields: &str| {
        let states = r#""I": {"Type": "Pass", "End": true}"#;
        one(&map(fields, states)).replace(
            "\"ItemProcessor\": {",
            r#""ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "#,
        )
    };
    let input = r#"{"a":1,"b":[2]}"#;
    let items = r#"[{"Key":"a","Value":1},{"Key":"b","Value":[2]}]"#;
    assert_eq!(output(&run(&distributed(r#", "Items": "{% $states.input %}""#), input)), items);
    assert_eq!(output(&run(&distributed(""), input)), items);
    let selected = distributed(r#", "ItemSelector": "{% $states.context.Map.Item.(Key & Index) %}""#);
    assert_eq!(output(&run(&selected, input)), r#"["a0","b1"]"#);
    let batched = distributed(
        r#", "ItemBatcher": {"MaxItemsPerBatch": "{% 2 %}", "BatchInput": {"of": "{% $count($keys($states.input)) %}"}}"#,
    );
    let batches = format!(r#"[{{"BatchInput":{{"of":2}},"Items":{items}}}]"#);
    assert_eq!(output(&run(&batched, input)), batches);
}

#[test]
fn expressions_end() {
    for expression in ["($f := function($x){ $f($x) + 1 }; $f(1))", "[1..1e7]"] {
        let ran = run(&one(&format!(r#""Type": "Pass", "Output": "{{% {expression} %}}""#)), "{}");
        let (place, _) = evaluation_failed(&ran);
        assert_eq!(place, "3<2 Output", "{expression}");
    }
}

#[test]
fn only_a_task_that_waits_is_shown_its_token() {
    let fields = |resource: &str| {
        format!(
            r#""Type": "Task", "Resource": "{resource}", "Arguments": {{"t": "{{% $exists($states.context.Task.Token) %}}"}}"#
        )
    };
    for (resource, expected) in
        [("arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken", r#"{"t":true}"#), (FUNCTION, r#"{"t":false}"#)]
    {
        assert_eq!(output(&run(&one(&fields(resource)), "{}")), expected, "{resource}");
    }
}
