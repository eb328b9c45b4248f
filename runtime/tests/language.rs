//! Parts of the language that need more than one Frame to be seen: variables, Map Runs, callbacks, quotas.

mod support;

use std::sync::Arc;

use asl_engine::{Execution, Failure, Program, Quotas, Reply, TaskRequest, Timestamp, Value};
use asl_runtime::Status;
use asl_runtime::simulation::{self, Answer};
use support::{output, run, run_with, two};

#[test]
fn variables_are_read_where_paths_are() {
    let assign = r#""Type": "Pass", "Assign": {"n": 2, "o": {"a": [1, 2]}, "in.$": "$.x"}"#;
    let cases = [
        (r#""Type": "Pass", "InputPath": "$o.a[1]""#, "2"),
        (r#""Type": "Pass", "Parameters": {"v.$": "States.MathAdd($n, 1)", "t": "$n"}"#, r#"{"t":"$n","v":3}"#),
        (r#""Type": "Pass", "OutputPath": "$in""#, "7"),
        (r#""Type": "Wait", "SecondsPath": "$n""#, r#"{"x":7}"#),
        (
            r#""Type": "Map", "ItemsPath": "$o.a", "ItemProcessor": {"StartAt": "I", "States": {
                "I": {"Type": "Pass", "Assign": {"mine": 1}, "Parameters": {"n.$": "$n"}, "Next": "J"},
                "J": {"Type": "Pass", "Parameters": {"n.$": "$n", "mine.$": "$mine"}, "End": true}}}"#,
            r#"[{"mine":1,"n":2},{"mine":1,"n":2}]"#,
        ),
    ];
    for (second, expected) in cases {
        assert_eq!(output(&run(&two(assign, second), r#"{"x":7}"#)), expected, "{second}");
    }
}

#[test]
fn assign_sees_the_result_and_the_variables_of_before() {
    let definition = two(
        r#""Type": "Pass", "Result": {"r": 1}, "Assign": {"a.$": "$.r"}"#,
        r#""Type": "Pass", "Assign": {"a": 9, "b.$": "$a"}, "OutputPath": "$a""#,
    );
    let ran = run(&definition, "{}");
    assert_eq!(output(&ran), "1");
    assert_eq!(ran.json[4]["stateExitedEventDetails"]["assignedVariables"].to_string(), r#"{"a":"9","b":"1"}"#);
}

#[test]
fn a_catcher_and_a_choice_rule_assign_too() {
    let task = r#"{"StartAt": "S", "States": {
        "S": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true,
              "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"error.$": "$.Error"}, "Next": "C"}]},
        "C": {"Type": "Choice", "Default": "D", "Assign": {"which": "default"},
              "Choices": [{"Variable": "$error", "StringEquals": "Boom", "Assign": {"which": "rule"}, "Next": "D"}]},
        "D": {"Type": "Pass", "Parameters": {"error.$": "$error", "which.$": "$which"}, "End": true}}}"#;
    assert_eq!(output(&run(task, r#"{"fail":"Boom"}"#)), r#"{"which":"rule","error":"Boom"}"#);
    assert_eq!(output(&run(task, r#"{"fail":"Other"}"#)), r#"{"which":"default","error":"Other"}"#);
}

fn distributed(fields: &str) -> String {
    format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", {fields} "End": true, "ItemProcessor": {{
            "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "W", "States": {{
                "W": {{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true}}}}}}}}}}}}"#
    )
}

#[test]
fn a_map_run_has_its_own_events_and_those_of_its_children_elsewhere() {
    let ran = run(&distributed(r#""Label": "each","#), r#"[1,2,3]"#);
    assert_eq!(output(&ran), "[1,2,3]");
    let expected = [
        "1<0 ExecutionStarted",
        "2<0 MapStateEntered",
        "3<2 MapStateStarted",
        "4<3 MapRunStarted",
        "5<4 MapRunSucceeded",
        "6<5 MapStateSucceeded",
        "7<4 MapStateExited",
        "8<7 ExecutionSucceeded",
    ];
    assert_eq!(ran.events, expected);
    let arn = ran.json[3]["mapRunStartedEventDetails"]["mapRunArn"].to_string();
    assert!(arn.starts_with("\"arn:aws:states:us-east-1:000000000000:mapRun:machine/each:"), "{arn}");
}

#[test]
fn failed_children_are_tolerated_up_to_the_threshold() {
    let items = r#"[1,{"fail":"A"},{"fail":"B"},4]"#;
    let tolerated =
        r#"[1,{"Status":"FAILED","Error":"A","Cause":"as told"},{"Status":"FAILED","Error":"B","Cause":"as told"},4]"#;
    let exceeded = "States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded";
    let cases = [
        ("", exceeded),
        (r#""ToleratedFailureCount": 1,"#, exceeded),
        (r#""ToleratedFailureCount": 2,"#, tolerated),
        (r#""ToleratedFailurePercentage": 49,"#, exceeded),
        (r#""ToleratedFailurePercentage": 50,"#, tolerated),
        // A tolerance of 0 is none: sfnx 3.1.0 (PyPI), "measured"; one source.
        (r#""ToleratedFailurePercentage": 100, "ToleratedFailureCount": 0,"#, tolerated),
    ];
    for (fields, expected) in cases {
        let ran = run(&distributed(fields), items);
        assert_eq!(output(&ran), expected, "{fields}");
        if expected == exceeded {
            assert_eq!(ran.events[4..7], ["5<4 MapRunFailed", "6<5 MapStateFailed", "7<6 ExecutionFailed"]);
        }
    }
}

fn inline(fields: &str) -> String {
    format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", {fields} "MaxConcurrency": 1, "End": true, "ItemProcessor": {{
            "StartAt": "W", "States": {{
                "W": {{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true}}}}}}}}}}}}"#
    )
}

#[test]
fn failed_iterations_are_tolerated_up_to_the_threshold() {
    let items = r#"[{"fail":"A"},{"fail":"B"},3]"#;
    let tolerated =
        r#"[{"Status":"FAILED","Error":"A","Cause":"as told"},{"Status":"FAILED","Error":"B","Cause":"as told"},3]"#;
    let exceeded = "States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded";
    let cases = [
        ("", "A: as told"),
        (r#""Label": "each","#, "A: as told"),
        (r#""ToleratedFailureCount": 0,"#, exceeded),
        (r#""ToleratedFailureCount": 1,"#, exceeded),
        (r#""ToleratedFailureCount": 2,"#, tolerated),
        (r#""ToleratedFailurePercentage": 66,"#, exceeded),
        (r#""ToleratedFailurePercentage": 67,"#, tolerated),
    ];
    for (fields, expected) in cases {
        assert_eq!(output(&run(&inline(fields), items)), expected, "{fields}");
    }
    let ran = run(&inline(r#""ToleratedFailureCount": 1,"#), r#"[{"fail":"A"},2]"#);
    let names: Vec<_> = ran.events.iter().map(|event| event.rsplit(' ').next().unwrap_or_default()).collect();
    let failed = names.iter().position(|name| *name == "MapIterationFailed").expect("one failed");
    assert_eq!(names[failed + 1..failed + 3], ["TaskStateAborted", "MapIterationStarted"]);
    assert_eq!(names[names.len() - 3..], ["MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"]);
}

#[test]
fn a_map_run_has_one_name_whatever_its_reader_draws() {
    let fields = r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "b", "Key.$": "States.UUID()"}},"#;
    let definition = distributed(fields).replace(
        r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f""#,
        r#""Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id"}"#,
    );
    let ran = run_with(&definition, "{}", Quotas::default(), |_| Answer::from(Ok(Value::from("[1]"))));
    let of_run = ran.json[3]["mapRunStartedEventDetails"]["mapRunArn"].as_str().expect("an ARN").to_owned();
    let label = of_run.rsplit('/').next().and_then(|last| last.split(':').next()).expect("a label");
    let child = output(&ran);
    assert!(child.contains(&format!(":execution:machine/{label}:")), "{of_run} is not the parent of {child}");
}

#[test]
fn items_are_batched_by_number_and_by_size() {
    let cases = [
        (r#""ItemBatcher": {"MaxItemsPerBatch": 2},"#, r#"[{"Items":[1,2]},{"Items":[3]}]"#),
        (
            r#""ItemBatcher": {"MaxInputBytesPerBatch": 15, "BatchInput": {"k": 1}},"#,
            r#"[{"BatchInput":{"k":1},"Items":[1]},{"BatchInput":{"k":1},"Items":[2]},{"BatchInput":{"k":1},"Items":[3]}]"#,
        ),
        (
            r#""ItemBatcher": {"MaxItemsPerBatch": 3}, "ItemSelector": {"i.$": "$$.Map.Item.Index"},"#,
            r#"[{"Items":[{"i":0},{"i":1},{"i":2}]}]"#,
        ),
    ];
    for (fields, expected) in cases {
        assert_eq!(output(&run(&distributed(fields), "[1,2,3]")), expected, "{fields}");
    }
}

#[test]
fn a_child_execution_knows_itself_and_not_its_parents_variables() {
    let definition = r#"{"StartAt": "S", "States": {
        "S": {"Type": "Pass", "Assign": {"v": 1}, "Next": "M"},
        "M": {"Type": "Map", "Label": "l", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "P", "States": {
                "P": {"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id", "in.$": "$$.Execution.Input", "m.$": "$$.StateMachine.Id"}, "End": true}}}}}}"#;
    let ran = run(definition, r#"["x"]"#);
    let child = &ran.finished.outcome.as_ref().expect("it succeeds").as_array().expect("a list")[0];
    assert_eq!(child["in"].as_str(), Some("x"));
    assert_eq!(child["m"].as_str(), Some("arn:aws:states:us-east-1:000000000000:stateMachine:machine/l"));
    let id = child["id"].as_str().expect("a text");
    assert!(id.starts_with("arn:aws:states:us-east-1:000000000000:execution:machine/l:"), "{id}");
    let reads_outer = definition.replace(r#""id.$": "$$.Execution.Id""#, r#""id.$": "$v""#);
    assert_eq!(run(&reads_outer, r#"["x"]"#).finished.status, Status::Failed);
}

#[test]
fn a_callback_is_submitted_first_and_misses_its_heartbeat() {
    let definition = r#"{"StartAt": "S", "States": {"S": {"Type": "Task", "HeartbeatSeconds": 5, "End": true,
        "Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken", "Parameters": {"t.$": "$$.Task.Token"}}}}"#;
    let submitted = || vec![Reply::Submitted(Value::from("sent"))];
    let answer = |_: &TaskRequest| Answer {
        before: submitted(),
        outcome: Some(Ok(Value::from("done"))),
        after_millis: 1,
        ..Answer::default()
    };
    let ran = run_with(definition, "{}", Quotas::default(), answer);
    assert_eq!(output(&ran), r#""done""#);
    assert_eq!(ran.events[3..6], ["4<3 TaskStarted", "5<4 TaskSubmitted", "6<5 TaskSucceeded"]);
    let told = |_: &TaskRequest| Answer {
        times_out: Some(Failure::new("States.Timeout", "nobody is there")),
        ..Answer::default()
    };
    let ran = run_with(definition, "{}", Quotas::default(), told);
    assert_eq!(output(&ran), "States.Timeout: nobody is there");
    assert_eq!(ran.events[4], "5<4 TaskTimedOut");
    let silent = |_: &TaskRequest| Answer { before: submitted(), ..Answer::default() };
    let ran = run_with(definition, "{}", Quotas::default(), silent);
    assert_eq!(output(&ran), "States.Timeout");
    assert_eq!(ran.json[5]["timestamp"].as_str(), Some("1970-01-01T00:00:05.000Z"));
    // Heartbeats keep it alive, where they come often enough.
    for (heartbeat_millis, expected) in [(5000, r#""done""#), (5001, "States.Timeout"), (0, "States.Timeout")] {
        let alive = |_: &TaskRequest| Answer {
            after_millis: 60_000,
            heartbeat_millis: Some(heartbeat_millis),
            ..Answer::from(Ok(Value::from("done")))
        };
        assert_eq!(output(&run_with(definition, "{}", Quotas::default(), alive)), expected, "{heartbeat_millis}");
    }
}

const ENDLESS: &str = r#"{"StartAt": "A", "States": {
    "A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Succeed"},
    "B": {"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": true, "Next": "A"}], "Default": "C"}}}"#;

#[test]
fn an_endless_loop_ends_with_its_last_event() {
    let ran = run(ENDLESS, "{}");
    assert_eq!(ran.finished.status, Status::Failed);
    assert_eq!(output(&ran), "States.Runtime: The execution reached the maximum number of history events (25000).");
    assert_eq!(ran.events.len(), 25_000);
    assert_eq!(ran.events[24_999], "25000<24999 ExecutionFailed");
}

#[test]
fn the_quota_of_a_child_execution_is_its_own() {
    let processor =
        ENDLESS.replacen('{', r#"{"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "#, 1);
    let definition = format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "ToleratedFailureCount": 5, "ItemProcessor": {processor}, "End": true}}}}}}"#
    );
    let quotas = Quotas { history_events: Some(50), ..Quotas::default() };
    let ran = run_with(&definition, "[1]", quotas, |_| Answer::from(Ok(Value::Null)));
    let cause = "The execution reached the maximum number of history events (50).";
    assert_eq!(output(&ran), format!(r#"[{{"Status":"FAILED","Error":"States.Runtime","Cause":"{cause}"}}]"#));
}

#[test]
fn branches_share_one_quota() {
    let branch =
        r#"{"StartAt": "X", "States": {"X": {"Type": "Pass", "Next": "Y"}, "Y": {"Type": "Pass", "End": true}}}"#;
    let definition = format!(
        r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "End": true, "Branches": [{branch}, {}]}}}}}}"#,
        branch.replace('X', "V").replace('Y', "W")
    );
    for most in 5..=14 {
        let quotas = Quotas { history_events: Some(most), ..Quotas::default() };
        let ran = run_with(&definition, "1", quotas, |_| Answer::from(Ok(Value::Null)));
        let last = if most < 14 { "ExecutionFailed" } else { "ExecutionSucceeded" };
        assert_eq!(ran.events.last().expect("events"), &format!("{most}<{} {last}", most - 1));
    }
}

#[test]
fn payloads_are_bounded_as_json_text() {
    let text = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
    let task = r#"{"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}}}"#;
    let answer =
        |bytes: usize| move |_: &TaskRequest| Answer::from(text(bytes).parse().map_err(|_| Failure::new("x", "y")));
    let fits = run_with(task, r#"{"FunctionName":"f"}"#, Quotas::default(), answer(262_144));
    assert_eq!(fits.finished.status, Status::Succeeded);
    let cause = |what: &str| {
        format!(
            "States.DataLimitExceeded: The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
        )
    };
    let over = run_with(task, r#"{"FunctionName":"f"}"#, Quotas::default(), answer(262_145));
    assert_eq!(output(&over), cause("lambda"));
    assert_eq!(over.events[4], "5<4 TaskFailed");
    assert_eq!(
        run_with(task, r#"{"FunctionName":"f"}"#, Quotas::NONE, answer(262_145)).finished.status,
        Status::Succeeded
    );
    let pass = r#"{"StartAt": "S", "States": {"S": {"Type": "Pass", "ResultPath": "$.b", "End": true}}}"#;
    let doubled = run(pass, &format!(r#"{{"a":{}}}"#, text(200_000)));
    assert_eq!(output(&doubled), cause("S"));
}

#[test]
fn events_in_a_row_have_the_texts_that_each_has_alone() {
    let input = format!(r#"{{"x":["{}"]}}"#, "long ".repeat(100));
    let definition = two(r#""Type": "Pass", "Assign": {"a.$": "$"}"#, r#""Type": "Pass", "Parameters": {"b.$": "$a"}"#);
    let program = Arc::new(Program::parse(&definition).expect("a definition"));
    let execution = Execution::local("machine", "run", input.parse().expect("JSON"), Timestamp(0), 3);
    let mut events = Vec::new();
    let answer = |_: &TaskRequest| Answer::from(Ok(Value::Null));
    simulation::run(program, execution, answer, |event| events.push(event)).expect("it ends");
    let alone: Vec<Value> = events.iter().map(asl_engine::HistoryEvent::to_json).collect();
    assert_eq!(asl_engine::history::to_json(&events).collect::<Vec<_>>(), alone);
    let texts: Vec<String> = alone.iter().map(Value::to_string).collect();
    assert_eq!(asl_engine::history::to_json_text(&events).collect::<Vec<_>>(), texts);
}
