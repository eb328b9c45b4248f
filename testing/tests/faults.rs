//! Faults that were planted in small machines are found, and none in machines that deal with what may come.

use std::fs;

use asl_testing::{Fault, FaultKind, TestFile, Verdict, faults};

/// A machine, in YAML, and the mocks of its tasks.
struct Machine {
    name: &'static str,
    definition: String,
    mocks: &'static str,
}

/// A machine that begins with a task with these fields, and has these states beside it.
fn machine(name: &'static str, task: &str, others: &str) -> Machine {
    let resource = "arn:aws:lambda:us-east-1:123456789012:function:pay";
    let definition = format!(
        "StartAt: Pay\nStates:\n  Pay: {{Type: Task, Resource: '{resource}', TimeoutSeconds: 60, {task}}}\n{others}"
    );
    Machine { name, definition, mocks: "{Pay: {result: {paid: true}}}" }
}

fn found(machine: &Machine) -> Vec<Fault> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.asl.yaml"), &machine.definition).unwrap();
    let test =
        format!("cases:\n  - name: it works\n    input: {{id: 7, items: [1, 2]}}\n    mocks: {}\n", machine.mocks);
    let file = TestFile::parse(&folder.path().join("m.test.yaml"), test)
        .unwrap_or_else(|error| panic!("{}: {error:?}", machine.name));
    let result = file.cases[0].run(&file, 1);
    assert!(matches!(result.verdict, Verdict::Passed), "{}: {:?}", machine.name, result.verdict);
    let faults = faults(&file, &file.cases[0], 1);
    for fault in faults.iter().filter(|fault| !fault.test_file.is_empty()) {
        let again = fault.test_file.clone();
        let shown =
            TestFile::parse(&folder.path().join("m.test.yaml"), again).unwrap_or_else(|error| panic!("{error:?}"));
        let result = shown.cases[0].run(&shown, 1);
        assert!(
            matches!(result.verdict, Verdict::Passed),
            "{}: {}\n{:?}",
            machine.name,
            fault.test_file,
            result.verdict
        );
    }
    faults
}

const DONE: &str = "  Done: {Type: Pass, End: true}\n";
const NAMES_ID: &str = "  Done: {Type: Pass, Parameters: {id.$: $.id}, End: true}\n";
const ASKS_ID: &str = "  Ask: {Type: Choice, Choices: [{Variable: $.id, NumericEquals: 7, Next: Done}], Default: Done}\n  Done: {Type: Pass, End: true}\n";

fn in_a_map(task: &str, map: &str) -> String {
    format!(
        "StartAt: Each\nStates:\n  Each:\n    Type: Map\n    ItemsPath: $.items\n    ItemSelector: {{item.$: $$.Map.Item.Value}}\n    \
         ItemProcessor:\n      StartAt: Pay\n      States:\n        Pay: {{Type: Task, Resource: 'arn:aws:lambda:us-east-1:123456789012:function:pay', {task}}}\n        \
         Name: {{Type: Pass, Parameters: {{item.$: $.item}}, End: true}}\n    {map}\n  Done: {{Type: Pass, End: true}}\n"
    )
}

fn in_parallel(parallel: &str) -> String {
    format!(
        "StartAt: Both\nStates:\n  Both:\n    Type: Parallel\n    Branches:\n      - StartAt: Pay\n        States:\n          \
         Pay: {{Type: Task, Resource: 'arn:aws:lambda:us-east-1:123456789012:function:pay', End: true}}\n      - StartAt: Beside\n        States:\n          \
         Beside: {{Type: Pass, End: true}}\n    {parallel}\n  Done: {{Type: Pass, End: true}}\n"
    )
}

fn in_jsonata(catcher: &str) -> String {
    format!(
        "QueryLanguage: JSONata\nStartAt: Pay\nStates:\n  Pay: {{Type: Task, Resource: 'arn:aws:lambda:us-east-1:123456789012:function:pay', \
         Output: '{{% $states.input %}}', Catch: [{{ErrorEquals: [States.ALL], {catcher} Next: Done}}], Next: Done}}\n  \
         Done: {{Type: Pass, Output: {{id: '{{% $states.input.id %}}'}}, End: true}}\n"
    )
}

const MOCK: &str = "{Pay: {result: {paid: true}}}";

fn planted() -> Vec<(Machine, FaultKind)> {
    let later = |state: &str| FaultKind::FailsLater { state: state.to_owned(), cause: String::new() };
    let of = |name, definition| Machine { name, definition, mocks: MOCK };
    vec![
        (machine("nothing is caught", "End: true", ""), FaultKind::Uncaught),
        (
            machine("one error is caught", "Catch: [{ErrorEquals: [CardRefused], Next: Done}], Next: Done", DONE),
            FaultKind::Uncaught,
        ),
        (
            machine(
                "timeouts are not caught",
                "Catch: [{ErrorEquals: [States.TaskFailed], Next: Done}], Next: Done",
                DONE,
            ),
            FaultKind::Uncaught,
        ),
        (
            machine("a retry is all", "Retry: [{ErrorEquals: [States.ALL], MaxAttempts: 2}], Next: Done", DONE),
            FaultKind::Uncaught,
        ),
        (
            machine(
                "the input is lost for a Choice",
                "ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], Next: Ask}], Next: Ask",
                ASKS_ID,
            ),
            later("Ask"),
        ),
        (
            machine(
                "the input is lost for a path",
                "ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], Next: Done}], Next: Done",
                NAMES_ID,
            ),
            later("Done"),
        ),
        (
            machine(
                "it is tried again at once",
                "ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], ResultPath: $.e, Next: Pay}], Next: Done",
                DONE,
            ),
            FaultKind::Endless,
        ),
        (
            machine(
                "it waits for days",
                "ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], ResultPath: $.e, Next: Sleep}], Next: Done",
                "  Sleep: {Type: Wait, Seconds: 40000, Next: Pay}\n  Done: {Type: Pass, End: true}\n",
            ),
            FaultKind::TooLong(0),
        ),
        (
            machine(
                "it retries for days",
                "Retry: [{ErrorEquals: [States.ALL], MaxAttempts: 1000, IntervalSeconds: 3600, BackoffRate: 1}], Catch: [{ErrorEquals: [States.ALL], Next: Done}], Next: Done",
                DONE,
            ),
            FaultKind::TooLong(0),
        ),
        (of("an item fails", in_a_map("ResultPath: $.p, Next: Name", "Next: Done")), FaultKind::Uncaught),
        (
            of(
                "an item is lost",
                in_a_map("ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], Next: Name}], Next: Name", "Next: Done"),
            ),
            later("Name"),
        ),
        (of("a branch fails", in_parallel("Next: Done")), FaultKind::Uncaught),
        (of("the output of a Catcher lacks a field", in_jsonata("Output: {failed: true},")), later("Done")),
    ]
}

fn sound() -> Vec<Machine> {
    let of = |name, definition| Machine { name, definition, mocks: MOCK };
    let all = "Catch: [{ErrorEquals: [States.ALL], ResultPath: $.error, Next: Done}], Next: Done";
    vec![
        machine("all is caught", all, DONE),
        machine(
            "two errors are all",
            "Catch: [{ErrorEquals: [States.TaskFailed, States.Timeout], Next: Done}], Next: Done",
            DONE,
        ),
        machine(
            "a Fail state is meant",
            "Catch: [{ErrorEquals: [States.ALL], Next: Failed}], Next: Done",
            "  Failed: {Type: Fail, Error: PayFailed}\n  Done: {Type: Pass, End: true}\n",
        ),
        machine(
            "a Fail state takes its texts from the error",
            "Catch: [{ErrorEquals: [States.ALL], Next: Failed}], Next: Done",
            "  Failed: {Type: Fail, ErrorPath: $.Error, CausePath: $.Cause}\n  Done: {Type: Pass, End: true}\n",
        ),
        machine(
            "retries and then a Catcher",
            &format!("Retry: [{{ErrorEquals: [States.ALL], MaxAttempts: 3}}], ResultPath: $.p, {all}"),
            DONE,
        ),
        machine("the input stays for a path", &format!("ResultPath: $.p, {all}"), NAMES_ID),
        machine(
            "the input stays for a Choice",
            "ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], ResultPath: $.e, Next: Ask}], Next: Ask",
            ASKS_ID,
        ),
        machine(
            "a Choice asks whether it is there",
            "ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], Next: Ask}], Next: Ask",
            "  Ask: {Type: Choice, Choices: [{And: [{Variable: $.id, IsPresent: true}, {Variable: $.id, NumericEquals: 7}], Next: Done}], Default: Done}\n  Done: {Type: Pass, End: true}\n",
        ),
        of(
            "items are caught",
            in_a_map(
                "ResultPath: $.p, Catch: [{ErrorEquals: [States.ALL], ResultPath: $.e, Next: Name}], Next: Name",
                "Next: Done",
            ),
        ),
        of(
            "the Map state catches",
            in_a_map("ResultPath: $.p, Next: Name", "Catch: [{ErrorEquals: [States.ALL], Next: Done}]\n    Next: Done"),
        ),
        of(
            "the Parallel state catches",
            in_parallel("Catch: [{ErrorEquals: [States.ALL], Next: Done}]\n    Next: Done"),
        ),
        of(
            "the output of a Catcher has all",
            in_jsonata("Output: '{% $merge([$states.input, {\"failed\": true}]) %}',"),
        ),
    ]
}

#[test]
fn planted_faults_are_found() {
    let planted = planted();
    assert!(planted.len() >= 12);
    for (machine, expected) in planted {
        let found = found(&machine);
        let is_expected = |fault: &&Fault| match (&fault.kind, &expected) {
            (FaultKind::FailsLater { state, .. }, FaultKind::FailsLater { state: expected, .. }) => state == expected,
            (kind, expected) => std::mem::discriminant(kind) == std::mem::discriminant(expected),
        };
        assert!(found.iter().any(|fault| is_expected(&fault)), "{}: {found:?}", machine.name);
        // What is planted is all that there is.
        assert!(found.iter().all(|fault| is_expected(&fault)), "{}: {found:?}", machine.name);
    }
}

#[test]
fn nothing_is_found_in_sound_machines() {
    let sound = sound();
    assert!(sound.len() >= 12);
    for machine in sound {
        assert_eq!(found(&machine), [], "{}", machine.name);
    }
}
