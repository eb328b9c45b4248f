//! TestState of states in JSONata: what is shown of their data, and how they fail.

use asl_engine::Failure;
use asl_engine::test_state::{InspectionLevel, Mock, TestState};

/// The whole response, with the state in JSONata.
fn response(fields: &str, input: &str, variables: &str, mock: Option<Mock>) -> String {
    let definition = format!(r#"{{"QueryLanguage": "JSONata", {fields}}}"#);
    let test = TestState {
        mock,
        variables: variables.parse().expect("JSON"),
        ..TestState::new(&definition, input.parse().expect("JSON"))
    };
    let tested = test.run().unwrap_or_else(|refusal| panic!("{refusal}"));
    tested.to_json(InspectionLevel::Debug).to_string().replace('\\', "")
}

const TASK: &str = r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true,
    "Arguments": {"n": "{% $states.input.n + $more %}"}, "Output": "{% $states.result.total %}",
    "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "T"}]"#;

#[test]
fn the_data_of_a_task() {
    let told = |name| Some(Mock::error(Failure::new(name, "because")));
    let seen = r#""input":"{"n":1}","afterArguments":"{"n":3}""#;
    let variables = r#""variables":"{"more":2}""#;
    for (mock, expected) in [
        (
            Some(Mock::result(r#"{"total": 7}"#.parse().expect("JSON"))),
            format!(
                r#"{{"output":"7","inspectionData":{{{seen},"result":"{{"total":7}}",{variables}}},"status":"SUCCEEDED"}}"#
            ),
        ),
        (
            told("Lost"),
            format!(
                r#"{{"output":""Lost"","error":"Lost","cause":"because","inspectionData":{{{seen},{variables},"errorDetails":{{"catchIndex":0}}}},"nextState":"T","status":"CAUGHT_ERROR"}}"#
            ),
        ),
        (
            Some(Mock::result(r#"{"other": 7}"#.parse().expect("JSON"))),
            format!(
                r#"{{"output":""States.QueryEvaluationError"","error":"States.QueryEvaluationError","cause":"The JSONata expression '$states.result.total' specified for the field 'Output' returned nothing (undefined).","inspectionData":{{{seen},"result":"{{"other":7}}",{variables},"errorDetails":{{"catchIndex":0}}}},"nextState":"T","status":"CAUGHT_ERROR"}}"#
            ),
        ),
    ] {
        assert_eq!(response(TASK, r#"{"n": 1}"#, r#"{"more": 2}"#, mock), expected);
    }
}

#[test]
fn the_data_of_other_states() {
    for (fields, expected) in [
        (
            r#""Type": "Pass", "Assign": {"v": "{% $states.input %}"}, "Output": "{% $states.context.State.Name %}", "End": true"#,
            r#"{"output":""StateName"","inspectionData":{"input":"[1]","variables":"{"v":[1]}"},"status":"SUCCEEDED"}"#,
        ),
        (
            r#""Type": "Pass", "Output": {"a": "{% $gone %}"}, "End": true"#,
            r#"{"error":"States.QueryEvaluationError","cause":"The JSONata expression '$gone' specified for the field 'Output/a' returned nothing (undefined).","inspectionData":{"input":"[1]"},"status":"FAILED"}"#,
        ),
        (
            r#""Type": "Choice", "Choices": [{"Condition": "{% $states.input[0] = 1 %}", "Output": "rule", "Next": "T"}]"#,
            r#"{"output":""rule"","inspectionData":{"input":"[1]"},"nextState":"T","status":"SUCCEEDED"}"#,
        ),
        (
            r#""Type": "Fail", "Error": "{% 'Boom' %}""#,
            r#"{"error":"Boom","inspectionData":{"input":"[1]"},"status":"FAILED"}"#,
        ),
    ] {
        assert_eq!(response(fields, "[1]", "{}", None), expected, "{fields}");
    }
}

#[test]
fn the_data_of_a_map() {
    let fields = r#""Type": "Map", "End": true, "Items": "{% $states.input.list %}", "MaxConcurrency": "{% 2 %}",
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}"}, "Output": "{% $count($states.result) %}",
        "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}"#;
    let mock = Some(Mock::result("[5,6]".parse().expect("JSON")));
    assert_eq!(
        response(fields, r#"{"list": ["a", "b"]}"#, "{}", mock),
        r#"{"output":"2","inspectionData":{"input":"{"list":["a","b"]}","maxConcurrency":2,"afterItemSelector":"[{"v":"a"},{"v":"b"}]"},"status":"SUCCEEDED"}"#
    );
    let mock = Some(Mock::result("[5,6]".parse().expect("JSON")));
    let found = response(&fields.replace("{% 2 %}", "{% -2 %}"), r#"{"list": []}"#, "{}", mock);
    let cause = r#""cause":"The MaxConcurrency field must not be less than 0 but was: -2""#;
    assert!(found.contains(cause), "{found}");
}

/// Recorded: the arguments of a Parallel state are not shown.
#[test]
fn the_data_of_a_parallel_state() {
    let fields = r#""Type": "Parallel", "End": true, "Arguments": "{% $states.input %}", "Output": "{% $states.result[0] %}",
        "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]"#;
    let mock = Some(Mock::result("[5]".parse().expect("JSON")));
    assert_eq!(
        response(fields, "{}", "{}", mock),
        r#"{"output":"5","inspectionData":{"input":"{}"},"status":"SUCCEEDED"}"#
    );
}
