//! States that cannot process data of another shape are found, with one change that shows it, and none where all shapes are dealt with.

use std::fs;

use asl_testing::{TestFile, Unprocessed, Verdict, fuzz};

const PAY: &str = "{Type: Task, Resource: 'arn:aws:lambda:us-east-1:1:function:pay'";

fn found(definition: &str, seed: u64) -> Vec<Unprocessed> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.asl.yaml"), definition).unwrap();
    let path = folder.path().join("m.test.yaml");
    let test = "cases:\n  - name: it\n    input: {id: 7, order: {items: [{price: 1}, {price: 2}]}}\n    mocks: {Pay: {result: {paid: {sum: 3}}}}\n";
    let test = if definition.contains("Pay") {
        test.to_owned()
    } else {
        test.replace("    mocks: {Pay: {result: {paid: {sum: 3}}}}\n", "")
    };
    let file = TestFile::parse(&path, test).unwrap_or_else(|error| panic!("{definition}: {error:?}"));
    let result = file.cases[0].run(&file, 1);
    assert!(matches!(result.verdict, Verdict::Passed), "{definition}: {:?}", result.verdict);
    let found = fuzz(&file, &file.cases[0], seed, 300);
    for one in &found {
        let shown = TestFile::parse(&path, one.test_file.clone()).unwrap_or_else(|error| panic!("{error:?}"));
        let again = shown.cases[0].run(&shown, 1);
        assert!(matches!(again.verdict, Verdict::Passed), "{}\n{:?}", one.test_file, again.verdict);
    }
    found
}

#[test]
fn each_failure_is_told_once_with_the_change_that_shows_it() {
    for (states, expected) in [
        // A path in the input.
        ("  A: {Type: Pass, Parameters: {id.$: $.id}, End: true}\n".to_owned(), &["A: $.id of the input is gone"][..]),
        // One in what a task answers, behind a state that takes everything.
        (
            format!("  A: {PAY}, Next: B}}\n  B: {{Type: Pass, InputPath: $.paid.sum, End: true}}\n").replace("A:", "Pay:"),
            &["B: $.paid.sum of what 'Pay' answers is gone"],
        ),
        // An expression that gives nothing, and one that cannot add.
        (
            "  A: {Type: Pass, QueryLanguage: JSONata, Output: '{% $states.input.id + 1 %}', End: true}\n".to_owned(),
            &["A: $.id of the input is gone", "A: $.id of the input is null, not 7"],
        ),
        // Two states, each with its own.
        (
            "  A: {Type: Pass, Parameters: {id.$: $.id, order.$: $.order}, Next: B}\n  \
             B: {Type: Map, ItemsPath: $.order.items, ItemProcessor: {StartAt: C, States: {C: {Type: Pass, InputPath: $.price, End: true}}}, End: true}\n"
                .to_owned(),
            &[
                "A: $.id of the input is gone",
                "A: $.order of the input is gone",
                "B: $.order.items of the input is gone",
                "C: $.order.items[0].price of the input is gone",
            ],
        ),
        // What takes everything.
        ("  A: {Type: Pass, End: true}\n".to_owned(), &[]),
        (
            "  A: {Type: Choice, Choices: [{Variable: $.id, IsPresent: true, Next: B}], Default: C}\n  \
             B: {Type: Pass, InputPath: $.id, End: true}\n  C: {Type: Succeed}\n"
                .to_owned(),
            &[],
        ),
        // What is caught is dealt with; what a Fail state says is meant.
        (format!("  Pay: {PAY}, Catch: [{{ErrorEquals: [States.ALL], Next: B}}], End: true}}\n  B: {{Type: Fail, Error: Own}}\n"), &[]),
    ] {
        let first = if states.contains("Pay") { "Pay" } else { "A" };
        let definition = format!("StartAt: {first}\nStates:\n{states}");
        let found = found(&definition, 1);
        let mut told: Vec<String> = found
            .iter()
            .map(|one| format!("{}: {}", one.state.as_deref().unwrap_or_default(), one.changes.join(" and ")))
            .collect();
        told.sort();
        // Of several items and several wrong types, any is right.
        let told: Vec<String> = told.iter().map(|told| told.replace("items[1]", "items[0]")).collect();
        assert_eq!(told, expected, "{definition}");
    }
}

#[test]
fn the_same_seed_makes_the_same_changes() {
    let definition = "StartAt: A\nStates:\n  A: {Type: Pass, Parameters: {a.$: $.id, b.$: $.order.items}, End: true}\n";
    assert_eq!(found(definition, 5), found(definition, 5));
}

/// What is found in a machine that starts another, with these mocks.
fn found_with(files: &[(&str, &str)], test: &str, runs: usize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let file = TestFile::parse(&folder.path().join("m.test.yaml"), test.to_owned())
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert!(matches!(file.cases[0].run(&file, 1).verdict, Verdict::Passed));
    let told = |one: Unprocessed| format!("{:?} {}", one.machine, one.changes.join(" and "));
    let mut all: Vec<String> = fuzz(&file, &file.cases[0], 1, runs).into_iter().map(told).collect();
    all.sort();
    all
}

#[test]
fn what_aws_always_answers_is_always_there() {
    let given = |resource: &str| match resource.split(':').next() {
        Some("lambda") => "{FunctionName: f}",
        Some("states") => "{StateMachineArn: a}",
        _ => "{TableName: t, Key: {a: {S: x}}}",
    };
    for (resource, result, path, expected) in [
        ("lambda:invoke", "{Payload: {a: 1}, StatusCode: 200}", "$.Payload", &[][..]),
        ("lambda:invoke", "{Payload: {a: 1}, StatusCode: 200}", "$.StatusCode", &[]),
        ("lambda:invoke", "{Payload: {a: 1}}", "$.Payload.a", &["None $.Payload.a of what 'Call' answers is gone"]),
        ("states:startExecution.sync:2", "{Output: {a: 1}, Status: SUCCEEDED}", "$.Output", &[]),
        ("states:startExecution", "{ExecutionArn: a}", "$.ExecutionArn", &[]),
        ("dynamodb:getItem", "{Item: {a: {S: x}}}", "$.Item", &["None $.Item of what 'Call' answers is gone"]),
    ] {
        let definition = format!(
            "StartAt: Call\nStates:\n  Call: {{Type: Task, Resource: 'arn:aws:states:::{resource}', Parameters: {}, Next: Use}}\n  \
             Use: {{Type: Pass, InputPath: {path}, End: true}}\n",
            given(resource)
        );
        let test = format!("cases: [{{name: it, mocks: {{Call: {{result: {result}}}}}}}]");
        assert_eq!(found_with(&[("m.asl.yaml", &definition)], &test, 300), expected, "{resource} {path}");
    }
}

#[test]
fn a_started_state_machine_has_its_own_data() {
    let outer = "StartAt: Start\nStates:\n  Start: {Type: Task, Resource: 'arn:aws:states:::states:startExecution.sync:2', End: true,\n    \
                 Parameters: {StateMachineArn: 'arn:aws:states:us-east-1:1:stateMachine:inner', Input: {a.$: $.a}}}\n";
    let inner = "StartAt: Pay\nStates:\n  Pay: {Type: Task, Resource: 'arn:aws:lambda:us-east-1:1:function:pay', Next: Use}\n  \
                 Use: {Type: Pass, InputPath: $.paid, Next: Given}\n  Given: {Type: Pass, Parameters: {x.$: $$.Execution.Input.a.b}, End: true}\n";
    let test = "cases: [{name: it, input: {a: {b: 1}}, state_machines: {inner: {mocks: {Pay: {result: {paid: 1}}}}}}]";
    let expected = [
        r#"None $.a of the input is gone"#,
        r#"Some("inner") $.a.b of the input is gone"#,
        r#"Some("inner") $.paid of what 'Pay' of inner answers is gone"#,
    ];
    assert_eq!(found_with(&[("m.asl.yaml", outer), ("inner.asl.yaml", inner)], test, 300), expected);
}

#[test]
fn a_list_is_changed_as_often_as_its_many_items() {
    let definition = "StartAt: A\nStates:\n  A: {Type: Pass, InputPath: $.items, End: true}\n";
    let items: Vec<String> = (0..1000).map(|n| format!("{{sku: s{n}, price: {n}}}")).collect();
    let test = format!("cases: [{{name: it, input: {{items: [{}]}}}}]", items.join(", "));
    assert_eq!(found_with(&[("m.asl.yaml", definition)], &test, 50), ["None $.items of the input is gone"]);
}
