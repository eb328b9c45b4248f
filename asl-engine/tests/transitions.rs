//! Which transitions steps take, and that the model has them.

mod support;

use std::collections::BTreeSet;

use asl_engine::model::StateId;
use asl_engine::{Failure, Outcome, Program, TaskRequest};
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
