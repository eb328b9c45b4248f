//! What a step tells besides its events: the transition that it took, and the data at the stages of the state's work.

mod support;

use std::collections::BTreeSet;

use asl_engine::model::StateId;
use asl_engine::{
    Execution, Failure, Frame, Now, Outcome, Program, Reply, Stage, Stages, Step, TaskRequest, Timestamp, Value,
};
use support::{echo, run};

/// Runs a definition and shows each transition that was taken: `State Kind -> target`.
fn taken(definition: &str, input: &str, tasks: &mut dyn FnMut(&TaskRequest) -> Option<Outcome>) -> Vec<String> {
    let program = Program::parse(definition).expect("a definition");
    let model = program.model();
    let name = |id: StateId| &*model.state(id).expect("a state of the model").name;
    let mut lines = Vec::new();
    for step in run(definition, input, true, tasks).steps {
        let at = name(step.state);
        let Some(id) = step.transition else { continue };
        let transition = model.transition(id).expect("a transition of the model");
        assert_eq!((transition.id, name(transition.from)), (id, at));
        assert!(model.transitions_of(step.state).contains(transition));
        let target = transition.to.map(|id| format!(" -> {}", name(id))).unwrap_or_default();
        lines.push(format!("{at} {:?}{target}", transition.kind));
    }
    lines
}

#[test]
fn a_state_is_left_by_the_field_that_says_so() {
    let definition = r#"{"StartAt": "Which", "States": {
        "Which": {"Type": "Choice", "Default": "Wait", "Choices": [
            {"Variable": "$.n", "NumericEquals": 0, "Next": "Good"}, {"Variable": "$.n", "NumericEquals": 1, "Next": "Less"}
        ]},
        "Less": {"Type": "Pass", "Result": {"n": 0}, "Next": "Which"},
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "End"},
        "End": {"Type": "Pass", "End": true},
        "Good": {"Type": "Succeed"}
    }}"#;
    let by_rules = ["Which ChoiceRule(1) -> Less", "Less Next -> Which", "Which ChoiceRule(0) -> Good", "Good End"];
    assert_eq!(taken(definition, r#"{"n": 1}"#, &mut echo), by_rules);
    let by_default = ["Which Default -> Wait", "Wait Next -> End", "End End"];
    assert_eq!(taken(definition, r#"{"n": 2}"#, &mut echo), by_default);
}

const HANDLED: &str = r#"{"StartAt": "Each", "States": {
    "Each": {
        "Type": "Map", "Next": "Done",
        "ItemProcessor": {"StartAt": "Work", "States": {"Work": {
            "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work", "Next": "After",
            "Retry": [{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Busy"], "MaxAttempts": 2}],
            "Catch": [{"ErrorEquals": ["Other"], "Next": "After"}, {"ErrorEquals": ["Busy"], "Next": "Stop"}]
        }, "After": {"Type": "Pass", "End": true}, "Stop": {"Type": "Fail", "Error": "Stopped"}}},
        "Retry": [{"ErrorEquals": ["Stopped"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    },
    "Done": {"Type": "Succeed"}
}}"#;

#[test]
fn an_error_takes_the_retrier_or_the_catcher_that_names_it() {
    let mut fail = |_: &TaskRequest| Some(Err(Failure::new("Busy", "as told")));
    // A Fail state is not left by a transition.
    let attempt = ["Work Retrier(1)", "Work Retrier(1)", "Work Catcher(1) -> Stop"];
    let expected = [&attempt[..], &["Each Retrier(0)"], &attempt, &["Each Catcher(0) -> Done", "Done End"]].concat();
    assert_eq!(taken(HANDLED, "[1]", &mut fail), expected);
    let expected = ["Work Next -> After", "After End", "Each Next -> Done", "Done End"];
    assert_eq!(taken(HANDLED, "[1]", &mut echo), expected);
}

#[test]
fn an_error_that_nothing_takes_takes_no_transition() {
    let mut fail = |_: &TaskRequest| Some(Err(Failure::new("Lost", "as told")));
    assert_eq!(taken(HANDLED, "[1]", &mut fail), ["Each Catcher(0) -> Done", "Done End"]);
    let runtime = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "$.missing", "End": true}}}"#;
    assert_eq!(taken(runtime, "{}", &mut echo), [""; 0]);
}

#[test]
fn branches_take_their_own_transitions() {
    let definition = r#"{"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "L", "States": {"L": {"Type": "Pass", "Next": "Same"}, "Same": {"Type": "Succeed"}}},
        {"StartAt": "R", "States": {"R": {"Type": "Wait", "Seconds": 1, "End": true}}}
    ]}}}"#;
    let steps = run(definition, "{}", false, &mut echo).steps;
    assert_eq!(taken(definition, "{}", &mut echo), ["L Next -> Same", "Same End", "R End", "Both End"]);
    let states: BTreeSet<StateId> = steps.iter().map(|step| step.state).collect();
    assert_eq!(states.len(), 4, "each step says which state it was in");
}

/// The steps of an execution whose Frame is answered so.
fn steps(definition: &str, input: &str, asks: bool, replies: impl IntoIterator<Item = Reply>) -> Vec<Step> {
    let program = Program::parse(definition).expect("a definition");
    let execution = Execution::local("machine", "run", input.parse().expect("JSON"), Timestamp(0), 7);
    let mut frame = Frame::new(&program, execution);
    let mut now = Now { stages: asks, ..Now::new(Timestamp(0)) };
    let step = |reply| frame.step(&program, &mut now, reply).expect("the reply that was asked for");
    replies.into_iter().map(step).collect()
}

/// What was told: `Stage value`, with `Assign value` and `Failure error: cause` behind.
fn told(step: &Step) -> Vec<String> {
    let Stages { data, assigned, failure } = &**step.stages.as_ref().expect("it was asked for");
    let data = data.iter().map(|(stage, value)| format!("{stage:?} {value}"));
    let assigned = assigned.iter().map(|value| format!("Assign {value}"));
    let failure = failure.iter().map(|failure| format!("Failure {failure}"));
    data.chain(assigned).chain(failure).collect()
}

const WORK: &str = r#"{"StartAt": "Work", "States": {
    "Work": {
        "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work", "End": true,
        "InputPath": "$.in", "Parameters": {"n.$": "$.n"}, "ResultSelector": {"sum.$": "$.sum"}, "ResultPath": "$.out",
        "Assign": {"sum.$": "$.sum"},
        "Catch": [{"ErrorEquals": ["Busy"], "Next": "Told", "Assign": {"error.$": "$.Error"}}]
    },
    "Told": {"Type": "Succeed"}
}}"#;

#[test]
fn stages_are_told_by_the_step_that_comes_to_them() {
    let input = r#"{"in":{"n":1}}"#;
    let result: Value = r#"{"sum":3,"more":4}"#.parse().expect("JSON");
    let done = steps(WORK, input, true, [Reply::Go, Reply::Task(Ok(result))]);
    let asked = [format!("Input {input}"), r#"AfterInputPath {"n":1}"#.into(), r#"AfterParameters {"n":1}"#.into()];
    assert_eq!(told(&done[0]), asked);
    let answered = [
        r#"Result {"sum":3,"more":4}"#,
        r#"AfterResultSelector {"sum":3}"#,
        r#"AfterResultPath {"in":{"n":1},"out":{"sum":3}}"#,
        r#"Assign {"sum":3}"#,
    ];
    assert_eq!(told(&done[1]), answered);
}

#[test]
fn a_failure_is_told_as_retry_and_catch_see_it() {
    let fail = Reply::Task(Err(Failure::new("Busy", "as told")));
    let failed = steps(WORK, r#"{"in":{"n":1}}"#, true, [Reply::Go, fail, Reply::Go]);
    assert_eq!(told(&failed[1]), [""; 0]);
    assert_eq!(told(&failed[2]), [r#"Assign {"error":"Busy"}"#, "Failure Busy: as told"]);

    let lost = steps(WORK, "{}", true, [Reply::Go]);
    let cause = "An error occurred while executing the state 'Work' (entered at the event id #2). \
                 Invalid path '$.in' : No results for path: $['in']";
    assert_eq!(told(&lost[0]), ["Input {}".to_owned(), format!("Failure States.Runtime: {cause}")]);
}

#[test]
fn the_stages_of_jsonata_are_those_that_it_has() {
    let definition = r#"{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {
        "Type": "Map", "Items": "{% $states.input %}", "MaxConcurrency": "{% 1 + 1 %}", "End": true,
        "ItemProcessor": {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "Output": "{% 1 %}", "End": true}}}
    }}}"#;
    let begun = steps(definition, "[1]", true, [Reply::Go]);
    assert_eq!(told(&begun[0]), ["Input [1]", "MaxConcurrency 2"]);
    assert!(begun[0].stages.as_ref().is_some_and(|stages| stages.data[1] == (Stage::MaxConcurrency, 2.into())));
}

#[test]
fn nothing_is_told_unless_it_is_asked_for() {
    assert!(steps(WORK, r#"{"in":{"n":1}}"#, false, [Reply::Go]).iter().all(|step| step.stages.is_none()));
}
