//! A Frame saved and restored after every step changes nothing.

mod support;

use asl_engine::{Failure, Outcome, TaskRequest};
use support::run;

/// Every type of state, with failures that are retried, caught, timed out and passed on.
const EVERYTHING: &str = r#"{
    "StartAt": "Prepare",
    "States": {
        "Prepare": {"Type": "Pass", "Parameters": {"items.$": "$.items", "at.$": "$$.Execution.StartTime"}, "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Each"},
        "Each": {
            "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "ResultPath": "$.each",
            "ItemSelector": {"index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value"},
            "Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 3, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.caught", "Next": "Both"}],
            "ItemProcessor": {"StartAt": "Work", "States": {
                "Work": {
                    "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work", "TimeoutSeconds": 5,
                    "Retry": [{"ErrorEquals": ["Flaky", "States.Timeout"], "MaxAttempts": 2, "JitterStrategy": "FULL"}],
                    "ResultPath": "$.result", "Next": "Done?"
                },
                "Done?": {"Type": "Choice", "Choices": [{"Variable": "$.result", "IsNull": true, "Next": "Stop"}], "Default": "Good"},
                "Stop": {"Type": "Fail", "Error": "Again", "CausePath": "$$.State.EnteredTime"},
                "Good": {"Type": "Succeed"}
            }},
            "Next": "Both"
        },
        "Both": {
            "Type": "Parallel", "End": true,
            "Parameters": {"at.$": "$.at", "items.$": "$.items", "id.$": "States.UUID()"},
            "Branches": [
                {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "OutputPath": "$.at", "End": true}}},
                {"StartAt": "Right", "States": {"Right": {
                    "Type": "Map", "ItemsPath": "$.items", "End": true,
                    "Iterator": {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": true}}}
                }}}
            ]
        }
    }
}"#;

/// The same in JSONata: times and random numbers wherever a Join is made again after a crash.
const IN_JSONATA: &str = r#"{
    "QueryLanguage": "JSONata", "StartAt": "Prepare",
    "States": {
        "Prepare": {"Type": "Pass", "Assign": {"seed": "{% $random() %}", "at": "{% $millis() %}"}, "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": "{% $floor($seed * 60) %}", "Output": {"items": "{% $states.input.items %}", "id": "{% $uuid() %}"}, "Next": "Each"},
        "Each": {
            "Type": "Map", "Items": "{% $append($states.input.items, $now()) %}", "MaxConcurrency": "{% $count($states.input.items) - 2 %}",
            "ItemSelector": {"value": "{% $states.context.Map.Item.Value %}", "id": "{% $uuid() %}", "at": "{% $now() %}"},
            "Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 3, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {"items": "{% $states.input.items %}", "caught": "{% $states.errorOutput %}"}, "Next": "Both"}],
            "ItemProcessor": {"StartAt": "Work", "States": {
                "Work": {
                    "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work", "TimeoutSeconds": "{% 5 %}",
                    "Arguments": {"in": "{% $states.input %}", "at": "{% $now() %}"},
                    "Retry": [{"ErrorEquals": ["Flaky", "States.Timeout"], "MaxAttempts": 2, "JitterStrategy": "FULL"}],
                    "Output": "{% $states.result ? $states.result.in : null %}", "Next": "Done?"
                },
                "Done?": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input = null %}", "Next": "Stop"}], "Default": "Good"},
                "Stop": {"Type": "Fail", "Error": "Again", "Cause": "{% $states.context.State.EnteredTime & $uuid() %}"},
                "Good": {"Type": "Succeed", "Output": {"seed": "{% $seed %}", "after": "{% $millis() - $at %}", "in": "{% $states.input %}"}}
            }},
            "Next": "Both"
        },
        "Both": {
            "Type": "Parallel", "End": true,
            "Arguments": {"id": "{% $uuid() %}", "in": "{% $states.input %}"},
            "Branches": [
                {"StartAt": "Left", "States": {"Left": {"Type": "Wait", "Seconds": 1, "Output": "{% $now() & $random() %}", "End": true}}},
                {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "Output": "{% $states.input.gone %}", "End": true}}}
            ],
            "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Output": "{% $states %}", "Next": "Shown"}]
        },
        "Shown": {"Type": "Succeed"}
    }
}"#;

/// Answers by the number of the call, so that two runs get the same answers.
fn flaky(failing: usize) -> impl FnMut(&TaskRequest) -> Option<Outcome> {
    let mut calls = 0;
    move |request| {
        calls += 1;
        match calls % failing {
            0 => None,
            1 => Some(Err(Failure::new("Flaky", "try again"))),
            2 => Some(Ok(asl_engine::Value::Null)),
            _ => Some(Ok(request.input.clone())),
        }
    }
}

#[test]
fn saving_changes_nothing() {
    for (definition, failing) in
        [EVERYTHING, IN_JSONATA].into_iter().flat_map(|definition| (3..9).map(move |n| (definition, n)))
    {
        let input = r#"{"items":[1,"two",[3.0,12345678901234567890],{"four":null},"é\u0000"]}"#;
        let plain = run(definition, input, false, &mut flaky(failing));
        let saved = run(definition, input, true, &mut flaky(failing));
        assert_eq!(saved, plain, "with every call number {failing} failing");
        assert!(plain.events.len() > 50);
    }
}

#[test]
fn the_download_workflow_can_be_saved_anywhere() {
    for definition in [
        include_str!("../../definitions/download-images/definition.json"),
        include_str!("../../definitions/download-images/definition.jsonata.json"),
    ] {
        the_workflow_can_be_saved_anywhere(definition);
    }
}

fn the_workflow_can_be_saved_anywhere(definition: &str) {
    let answer = |request: &TaskRequest| {
        let text = match request.resource.rsplit(':').next() {
            Some("batch") => r#"{"tasks":[{"resourcePaths":["a","b"]},{"resourcePaths":["c"]}]}"#,
            Some("download") => {
                r#"[{"url":"u","statusCode":200,"filename":"f"},{"url":"v","statusCode":404,"message":"m"}]"#
            }
            Some("consolidate") => "false",
            _ => "{}",
        };
        Some(Ok(text.parse().expect("JSON")))
    };
    let plain = run(definition, "{}", false, &mut { answer });
    let saved = run(definition, "{}", true, &mut { answer });
    assert_eq!(saved, plain);
    assert_eq!(plain.outcome.unwrap_err().to_string(), "One or more resources failed to download");
}
