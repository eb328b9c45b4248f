//! What holds for every state machine and every text, shown for generated ones.

mod generate;
mod redriven;
#[path = "../support/restarting.rs"]
mod restarting;
#[path = "../../../asl-engine/tests/support/mod.rs"]
mod support;
mod tasks;
mod transitions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use asl_engine::test_state::{InspectionLevel, Mock, TestState};
use asl_engine::{
    CheckOptions, EventKind, Execution, Failure, HistoryEvent, Program, Quotas, StateMachineType, Timestamp, diagnose,
};
use asl_runtime::{Finished, Status, simulation};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::Value as Json;

/// Low, so that endless machines end soon.
const QUOTAS: Quotas = Quotas { history_events: Some(200), payload_bytes: Some(256 * 1024), ..Quotas::NONE };

const START: Timestamp = Timestamp(1_700_000_000_000);

/// The same cases each time; a failing one is shrunk.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() }
}

fn run(program: Program, input: &Json, order: u64) -> (Finished, Vec<HistoryEvent>) {
    let input = input.to_string().parse().expect("JSON");
    let mut execution = Execution::local("machine", "run", input, START, 5);
    execution.quotas = QUOTAS;
    let mut events = Vec::new();
    let answer = |request: &_| tasks::answer(request, order);
    let finished = simulation::run(Arc::new(program), execution, answer, |event| events.push(event));
    (finished.expect("a task that never answers has a deadline"), events)
}

fn machine(definition: &str) -> Program {
    Program::parse(definition).unwrap_or_else(|diagnostics| panic!("{definition}\n{diagnostics:#?}"))
}

fn closes_execution(event: &HistoryEvent) -> bool {
    use EventKind::{ExecutionAborted, ExecutionFailed, ExecutionSucceeded, ExecutionTimedOut};
    matches!(event.kind, ExecutionSucceeded { .. } | ExecutionFailed(_) | ExecutionTimedOut(_) | ExecutionAborted(_))
}

/// What is wrong with a history, whatever the machine. State names are used once in a generated machine.
fn fault(events: &[HistoryEvent]) -> Option<String> {
    let mut inside: BTreeMap<&str, usize> = BTreeMap::new();
    for (event, id) in events.iter().zip(1..) {
        let at = |what: &str| Some(format!("event {id}, {}, {what}", event.type_name()));
        if event.id != id {
            return at("has another id");
        }
        if event.previous_id >= event.id {
            return at("follows itself or a later one");
        }
        if closes_execution(event) != (event.id == events.len() as u64) {
            return at("does not close the execution where it should, or does where it should not");
        }
        match &event.kind {
            EventKind::StateEntered { name, .. } => *inside.entry(name).or_default() += 1,
            EventKind::StateExited { name, .. } => match inside.get_mut(&**name) {
                Some(count @ 1..) => *count -= 1,
                _ => return at("exits a state more often than it was entered"),
            },
            EventKind::ExecutionStarted { .. } if id != 1 => return at("comes late"),
            _ => {}
        }
    }
    let earlier = events.windows(2).find(|pair| pair[0].timestamp > pair[1].timestamp);
    earlier.map(|pair| format!("event {} is older than the one before", pair[1].id))
}

/// Whether every attempt of a Map or Parallel state that was begun came to a good end.
fn fan_outs_succeeded(events: &[HistoryEvent]) -> bool {
    use EventKind::{MapStateStarted, MapStateSucceeded, ParallelStateStarted, ParallelStateSucceeded};
    let count = |of: fn(&EventKind) -> bool| events.iter().filter(|event| of(&event.kind)).count();
    count(|kind| matches!(kind, MapStateStarted { .. } | ParallelStateStarted))
        == count(|kind| matches!(kind, MapStateSucceeded | ParallelStateSucceeded))
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn a_machine_ends_and_its_history_is_sound(definition in generate::machine(), input in generate::input()) {
        let (finished, events) = run(machine(&definition), &input, 0);
        prop_assert_eq!(fault(&events), None);
        prop_assert!(events.len() <= 200);
        let last = events.last().map(HistoryEvent::type_name);
        let expected = if finished.status == Status::Succeeded { "ExecutionSucceeded" } else { "ExecutionFailed" };
        prop_assert_eq!(last.as_deref(), Some(expected));
    }

    #[test]
    fn saving_changes_nothing(definition in generate::machine(), input in generate::input()) {
        let input = input.to_string();
        let plain = support::run_within(QUOTAS, &definition, &input, false, &mut tasks::outcome);
        let saved = support::run_within(QUOTAS, &definition, &input, true, &mut tasks::outcome);
        prop_assert_eq!(saved, plain);
    }

    #[test]
    fn transitions_lead_where_the_history_goes(definition in generate::machine(), input in generate::input()) {
        let run = support::run_within(QUOTAS, &definition, &input.to_string(), false, &mut tasks::outcome);
        prop_assert_eq!(transitions::fault(machine(&definition).model(), &run), None);
    }

    /// After every Batch the ledger is saved and restored, and its effects are lost or done twice.
    #[test]
    fn crashes_change_nothing(definition in generate::machine(), input in generate::input(), seed in 1..u64::MAX) {
        let program = Arc::new(machine(&definition));
        let restart = |seed| {
            let mut execution = Execution::local("machine", "run", input.to_string().parse().expect("JSON"), START, 5);
            execution.quotas = QUOTAS;
            let restarted = restarting::run(&program, execution, &mut |request| tasks::answer(request, 0), restarting::chances(seed));
            restarted.expect("a task that never answers has a deadline")
        };
        let (plain, crashed) = (restart(0), restart(seed));
        let (finished, events) = run(machine(&definition), &input, 0);
        let own = plain.recorded.iter().filter(|recorded| &*recorded.execution.name == "run");
        let own: Vec<&HistoryEvent> = own.map(|recorded| &recorded.event).collect();
        prop_assert_eq!((&plain.finished, own), (&finished, events.iter().collect()));
        prop_assert_eq!(crashed, plain);
    }

    /// Stopped or failed at any moment, redriven, saved and restored, an execution comes to the output of one that was not: what
    /// tasks, tokens and times make of it is left out.
    #[test]
    fn a_redriven_execution_comes_to_the_same(definition in generate::machine(), input in generate::input(), seed in any::<u64>()) {
        let (plain, events) = run(machine(&definition), &input, 0);
        // A child execution may go round for ever, and its parent not mind.
        let is_endless = format!("{:?}", plain.outcome).contains("maximum number of history events");
        if plain.outcome.is_err() || !fan_outs_succeeded(&events) || is_endless {
            return Ok(());
        }
        let program = Arc::new(machine(&definition));
        let mut execution = Execution::local("machine", "run", input.to_string().parse().expect("JSON"), START, 5);
        execution.quotas = Quotas { history_events: Some(2000), ..QUOTAS };
        let redriven = redriven::run(&program, execution, seed);
        prop_assert_eq!(redriven::fault(&redriven.recorded), None);
        // What draws random numbers may go round for ever this time.
        if !redriven::draws(&definition) {
            prop_assert_eq!(redriven::without_event_ids(&redriven.outcome), redriven::without_event_ids(&plain.outcome));
        }
    }

    /// Where an execution succeeds and no attempt of a fan-out fails, each child does its work to the end, whatever the others do, so that the output and the
    /// number of events are the same. Which of two failures comes first is for the order to say: see the next test.
    #[test]
    fn the_order_of_children_changes_no_output(
        definition in generate::machine(), input in generate::input(),
    ) {
        let (first, events) = run(machine(&definition), &input, 0);
        if first.outcome.is_err() || !fan_outs_succeeded(&events) {
            return Ok(());
        }
        for order in 1..4 {
            let (other, other_events) = run(machine(&definition), &input, order);
            prop_assert_eq!(fault(&other_events), None);
            prop_assert_eq!((&other, other_events.len()), (&first, events.len()));
        }
    }

    #[test]
    fn the_child_that_fails_first_decides(failing in prop::collection::vec(any::<bool>(), 1..6), order in any::<u64>()) {
        let definition = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
            "StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish", "End": true}}}}}}"#;
        let item = |(at, fails): (usize, &bool)| if *fails { serde_json::json!({"fail": at.to_string()}) } else { at.into() };
        let items: Json = failing.iter().enumerate().map(item).collect();
        let mut times = Vec::new();
        let execution = Execution::local("machine", "run", items.to_string().parse().expect("JSON"), Timestamp(0), 5);
        let answer = |request: &asl_engine::TaskRequest| {
            let answer = tasks::answer(request, order);
            times.push(answer.after_millis);
            answer
        };
        let finished = simulation::run(Arc::new(machine(definition)), execution, answer, |_| {}).expect("it ends");
        let first = (0..failing.len()).filter(|at| failing[*at]).min_by_key(|at| times[*at]);
        let expected = first.map(|at| (Failure::new(at.to_string(), "as told").to_string(), vec![at]));
        let failure = finished.outcome.err().map(|failure| (failure.to_string(), failure.items().to_vec()));
        prop_assert_eq!(failure, expected);
    }

    #[test]
    fn any_text_is_checked_run_and_tested(text in "\\PC{0,120}", input in "\\PC{0,60}") {
        try_everything(&text, &input)?;
    }

    #[test]
    fn a_spoilt_machine_is_checked_run_and_tested(
        definition in generate::machine(), input in generate::input(), changes in prop::collection::vec(change(), 1..4),
    ) {
        let mut definition: Json = definition.parse().expect("JSON");
        let mut input = input;
        for (in_input, at, value) in changes {
            spoil(if in_input { &mut input } else { &mut definition }, at, value);
        }
        try_everything(&definition.to_string(), &input.to_string())?;
    }
}

/// What `spoil` needs: whether the input is spoilt, where, and what is put there; `None` takes something away.
fn change() -> impl Strategy<Value = (bool, Index, Option<Json>)> {
    const ODD: [&str; 22] = [
        "null",
        "true",
        "-1",
        "0",
        "1e308",
        "99999999999999999999",
        "\"\"",
        "\"$\"",
        "\"$$\"",
        "\"$v.x\"",
        "\"$.a[?(@.b)]\"",
        "\"$..*\"",
        "\"S0\"",
        "\"States.ALL\"",
        "\"States.Array($.n, States.UUID())\"",
        "\"States.Format('{', $)\"",
        "[]",
        "{}",
        "[[]]",
        "{\"a.$\": \"$.list\"}",
        "{\"Mode\": \"DISTRIBUTED\"}",
        "\"Map\"",
    ];
    (
        any::<bool>(),
        any::<Index>(),
        prop::option::weighted(0.8, select(&ODD[..]).prop_map(|text| text.parse().expect("JSON"))),
    )
}

/// Puts a value in the place of one of all values inside `json`, or takes that one away.
fn spoil(json: &mut Json, at: Index, value: Option<Json>) {
    fn places(json: &Json, place: &str, found: &mut Vec<String>) {
        found.push(place.to_owned());
        match json {
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| places(item, &format!("{place}/{at}"), found))
            }
            Json::Object(members) => {
                members.iter().for_each(|(name, value)| places(value, &format!("{place}/{name}"), found))
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    places(json, "", &mut found);
    let place = at.get(&found);
    match (value, place.rsplit_once('/')) {
        (Some(value), _) => *json.pointer_mut(place).expect("a place in it") = value,
        (None, Some((parent, name))) => match json.pointer_mut(parent) {
            Some(Json::Object(members)) => _ = members.shift_remove(name),
            Some(Json::Array(items)) => _ = name.parse().map(|at: usize| items.remove(at)),
            _ => {}
        },
        (None, None) => {}
    }
}

/// Checks, compiles and runs a text as a definition, and tests its state `S0` and itself as a state.
fn try_everything(text: &str, input: &str) -> Result<(), TestCaseError> {
    for (machine_type, placeholders) in [(StateMachineType::Standard, false), (StateMachineType::Express, true)] {
        for found in diagnose(text, CheckOptions { machine_type, placeholders }) {
            prop_assert!(text.get(found.span.start..found.span.end).is_some(), "{:?}", found);
        }
    }
    let json: Json = input.parse().unwrap_or_else(|_| input.into());
    if let Ok(program) = Program::parse(text) {
        let (_, events) = run(program, &json, 1);
        prop_assert!(events.len() <= 200 && events.last().is_some_and(closes_execution));
    }
    let value: asl_engine::Value = json.to_string().parse().expect("JSON");
    let mocks = [None, Some(Mock::result(value.clone())), Some(Mock::error(Failure::new("Busy", "as told")))];
    for (state_name, mock) in [None, Some("S0")].into_iter().flat_map(|name| mocks.clone().map(|mock| (name, mock))) {
        let test = TestState { state_name, mock, ..TestState::new(text, value.clone()) };
        if let Ok(tested) = test.run() {
            prop_assert!(tested.to_json(InspectionLevel::Trace).get("status").is_some());
        }
    }
    Ok(())
}

/// The generator is worth something only while its machines do what machines can do.
#[test]
fn generated_machines_do_everything() {
    let mut runner = TestRunner::new(cases(1));
    let (mut seen, mut succeeded, mut fanned_out, mut full) = (BTreeSet::new(), 0, 0, 0);
    let mut transitions = BTreeSet::new();
    for _ in 0..300 {
        let tree = (generate::machine(), generate::input()).new_tree(&mut runner).expect("a machine");
        let (definition, input) = tree.current();
        let (finished, events) = run(machine(&definition), &input, 0);
        let fans_out = events.iter().any(|event| matches!(event.kind, EventKind::MapStateStarted { length: 2.. }));
        succeeded += usize::from(finished.outcome.is_ok());
        fanned_out += usize::from(finished.outcome.is_ok() && fans_out && fan_outs_succeeded(&events));
        full += usize::from(events.len() == 200);
        seen.extend(events.iter().map(HistoryEvent::type_name));
        let steps = support::run_within(QUOTAS, &definition, &input.to_string(), false, &mut tasks::outcome).steps;
        transitions.extend(transitions::kinds(machine(&definition).model(), &steps));
    }
    for expected in EVENTS {
        assert!(seen.contains(expected), "{expected} is not among {seen:?}");
    }
    assert_eq!(transitions.len(), 6, "all kinds of transitions are taken: {transitions:?}");
    assert!(succeeded > 100 && succeeded < 250 && fanned_out > 20 && full > 0, "{succeeded} {fanned_out} {full}");
}

/// Events of all types of states, and of all that can become of their work.
const EVENTS: [&str; 26] = [
    "ActivityFailed",
    "ActivityStarted",
    "ActivitySucceeded",
    "ChoiceStateExited",
    "EvaluationFailed",
    "ExecutionFailed",
    "ExecutionSucceeded",
    "FailStateEntered",
    "LambdaFunctionFailed",
    "LambdaFunctionSucceeded",
    "MapIterationAborted",
    "MapIterationFailed",
    "MapIterationSucceeded",
    "MapRunFailed",
    "MapRunSucceeded",
    "MapStateExited",
    "MapStateFailed",
    "ParallelStateExited",
    "ParallelStateFailed",
    "PassStateExited",
    "SucceedStateExited",
    "TaskStateAborted",
    "TaskStateExited",
    "TaskSubmitted",
    "TaskTimedOut",
    "WaitStateExited",
];
