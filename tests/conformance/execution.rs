//! Executions: a definition, an input, and the history that AWS recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Execution, Program, TaskRequest, Timestamp};
use asl_runtime::simulation::Answer;
use asl_runtime::{Finished, simulation};
use serde_json::{Value, json};

use crate::Verdict;
use crate::compare::{Bindings, agree, normal, normal_event};
use crate::mocks::Mocks;
use crate::restarting;

/// Runs a case and compares.
pub(crate) fn check(case: &Value) -> Verdict {
    let Some(subcases) = case["subcases"].as_array() else { return execution(case, case) };
    let mut first_difference = None;
    for subcase in subcases {
        match execution(case, subcase) {
            Verdict::Strict => {}
            Verdict::Lax(difference) => first_difference = Some(difference),
            differs => return differs,
        }
    }
    first_difference.map_or(Verdict::Strict, Verdict::Lax)
}

fn execution(case: &Value, run: &Value) -> Verdict {
    let text = match &run["definition"] {
        Value::String(text) => text.clone(),
        definition => definition.to_string(),
    };
    let program = match Program::parse(&text) {
        Ok(program) => Arc::new(program.with_inputs(asl_aws::parameter_table)),
        Err(diagnostics) => return Verdict::Differs(format!("refused: {}", diagnostics[0])),
    };
    let name = |field: &str| case[field].as_str().unwrap_or("unnamed").to_owned();
    let start = Timestamp::parse("2026-11-22T07:10:10Z").unwrap_or_default();
    let input = asl_engine::Value::from(run.get("input").unwrap_or(&json!({})));
    let mut execution = Execution::local(&name("stateMachineName"), &name("executionName"), input, start, 1);
    execution.arn = execution.arn.replace("000000000000", "111111111111").into();
    execution.state_machine_arn = execution.state_machine_arn.replace("000000000000", "111111111111").into();
    if let Some(role_arn) = case["roleArn"].as_str() {
        execution.role_arn = role_arn.into();
    }
    if crash_changes_it(&program, &execution, || {
        let mut mocks = Mocks::of(case);
        move |request: &_| mocks.answer(request)
    }) {
        return Verdict::Differs("a crash changes it".to_owned());
    }
    let mut mocks = Mocks::of(case);
    let mut events = Vec::new();
    let answer = |request: &asl_engine::TaskRequest| mocks.answer(request);
    let finished = match simulation::run(program, execution, answer, |event| events.push(normal_event(&event))) {
        Ok(finished) => finished,
        Err(stuck) => return Verdict::Differs(format!("stuck: {stuck}")),
    };
    let mut bindings = Bindings::of(case);
    if let Err(difference) = lax(&run["expected"], &finished, &mut bindings) {
        return Verdict::Differs(difference);
    }
    let recorded = normal(&recorded_events(case, run));
    match strict(&run["expected"], recorded.as_array(), &finished, &events, bindings) {
        Ok(()) => Verdict::Strict,
        Err(difference) => Verdict::Lax(difference),
    }
}

/// The events that AWS would record today.
pub(crate) fn recorded_events(case: &Value, run: &Value) -> Value {
    let mut recorded = run["expected"]["events"].clone();
    follow_map_runs(&mut recorded);
    if recorded_before_december_2024(case) {
        follow_entered_states(&mut recorded);
    }
    recorded
}

/// Whether a host that crashes after every Batch, and loses its effects or does them twice, comes to something else or with other
/// tasks.
pub(crate) fn crash_changes_it<A: FnMut(&TaskRequest) -> Answer>(
    program: &Arc<Program>,
    execution: &Execution,
    answers: impl Fn() -> A,
) -> bool {
    let restarted = |seed| restarting::run(program, execution.clone(), &mut answers(), restarting::chances(seed));
    restarted(0) != restarted(7)
}

/// Until 2024 AWS recorded that a distributed Map state is left after its Map Run succeeded; since then, after it started.
fn follow_map_runs(recorded: &mut Value) {
    let Some(events) = recorded.as_array_mut() else { return };
    let succeeded: BTreeMap<String, Value> = events
        .iter()
        .filter(|event| event["type"] == "MapRunSucceeded")
        .map(|event| (event["id"].to_string(), event["previousEventId"].clone()))
        .collect();
    for event in events.iter_mut().filter(|event| event["type"] == "MapStateExited") {
        if let Some(started) = succeeded.get(&event["previousEventId"].to_string()) {
            event["previousEventId"] = started.clone();
        }
    }
}

/// `recorded` is `12-11-2024, 10:00:00`.
fn recorded_before_december_2024(case: &Value) -> bool {
    let parts = case["recorded"].as_str().unwrap_or_default().split([',', '-']);
    let parts: Vec<u32> = parts.filter_map(|part| part.parse().ok()).collect();
    matches!(parts[..], [_, month, year, ..] if (year, month) < (2024, 12))
}

/// Until November 2024 AWS recorded that an expression that fails when its state is entered follows what the state followed; since
/// then, the event that entered the state.
fn follow_entered_states(recorded: &mut Value) {
    let Some(events) = recorded.as_array_mut() else { return };
    for at in 1..events.len() {
        let (before, event) = events.split_at_mut(at);
        let (before, event) = (&before[at - 1], &mut event[0]);
        let enters = before["type"].as_str().is_some_and(|name| name.ends_with("StateEntered"));
        if event["type"] == "EvaluationFailed" && enters && event["previousEventId"] == before["previousEventId"] {
            event["previousEventId"] = before["id"].clone();
        }
    }
}

/// Status, error and output.
fn lax(expected: &Value, finished: &Finished, bindings: &mut Bindings) -> Result<(), String> {
    let status = json!(finished.status.name());
    agree(&expected["status"], &status, bindings, "status")?;
    match &finished.outcome {
        Ok(output) => agree(&parsed(expected.get("output")), &parsed(Some(&Value::from(output))), bindings, "output"),
        Err(failure) => {
            let error = failure.error.as_deref().map_or(Value::Null, Value::from);
            agree(expected.get("error").unwrap_or(&Value::Null), &error, bindings, "error")
        }
    }
}

fn parsed(value: Option<&Value>) -> Value {
    normal(&json!({ "v": value }))["v"].clone()
}

/// The cause and the whole history.
fn strict(
    expected: &Value,
    recorded: Option<&Vec<Value>>,
    finished: &Finished,
    events: &[Value],
    mut bindings: Bindings,
) -> Result<(), String> {
    if let Err(failure) = &finished.outcome {
        let cause = failure.cause.as_deref().map_or(Value::Null, Value::from);
        agree(&parsed(expected.get("cause")), &parsed(Some(&cause)), &mut bindings, "cause")?;
    }
    let Some(recorded) = recorded else { return Ok(()) };
    agree_as_histories(recorded, events, bindings)
}

/// Whether two histories agree; what is concurrent, in any order.
pub(crate) fn agree_as_histories(recorded: &[Value], events: &[Value], mut bindings: Bindings) -> Result<(), String> {
    let as_listed = in_order(recorded, events, &mut bindings.clone());
    let concurrent = |event: &Value| {
        let name = event["type"].as_str().unwrap_or_default();
        name.starts_with("MapIteration") || name.starts_with("Parallel")
    };
    match as_listed {
        Err(_) if recorded.iter().any(concurrent) => in_any_order(recorded, events, &mut bindings),
        result => result,
    }
}

fn in_order(recorded: &[Value], events: &[Value], bindings: &mut Bindings) -> Result<(), String> {
    for (index, event) in recorded.iter().enumerate() {
        let ours = events.get(index).unwrap_or(&Value::Null);
        agree(event, ours, bindings, &format!("event {}", index + 1))?;
    }
    match events.get(recorded.len()) {
        Some(extra) => Err(format!("event {}: not recorded, ours {extra}", recorded.len() + 1)),
        None => Ok(()),
    }
}

/// Each event has one of the same content on the other side, that follows an event of the same content; ids may differ.
fn in_any_order(recorded: &[Value], events: &[Value], bindings: &mut Bindings) -> Result<(), String> {
    // Some recordings lost their ids and the event that closes a Parallel state.
    let zeroed = recorded.iter().any(|event| event["id"] == json!([0]) || event["id"] == json!(0));
    let mut left: Vec<Value> = described(events, zeroed);
    if zeroed {
        left.retain(|event| event["type"] != "ParallelStateSucceeded");
    }
    let mut wanted = described(recorded, zeroed);
    if zeroed {
        wanted.retain(|event| event["type"] != "ParallelStateSucceeded");
    }
    for event in &wanted {
        let mut nearest = None;
        let found = left.iter().position(|ours| {
            let mut tried = bindings.clone();
            let result = agree(event, ours, &mut tried, "");
            match result {
                Ok(()) => {
                    *bindings = tried;
                    true
                }
                Err(difference) => {
                    if ours["type"] == event["type"] {
                        nearest.get_or_insert(difference);
                    }
                    false
                }
            }
        });
        match found {
            Some(at) => {
                left.remove(at);
            }
            None => return Err(format!("no event like {event}; {}", nearest.unwrap_or_default())),
        }
    }
    // Where ids were lost, equal events were lost with them.
    let known =
        |ours: &Value| zeroed && wanted.iter().any(|event| agree(event, ours, &mut bindings.clone(), "").is_ok());
    left.iter().find(|ours| !known(ours)).map_or(Ok(()), |extra| Err(format!("not recorded: {extra}")))
}

/// The events without ids, each with the type and name of the event that it follows.
fn described(events: &[Value], zeroed: bool) -> Vec<Value> {
    let by_id: BTreeMap<String, &Value> = events.iter().map(|event| (event["id"].to_string(), event)).collect();
    let describe = |event: &Value| {
        let mut described = event.clone();
        let Some(members) = described.as_object_mut() else { return described };
        members.remove("id");
        if let Some(previous) = members.remove("previousEventId")
            && !zeroed
        {
            let previous = by_id.get(&previous.to_string()).map_or(Value::Null, |previous| {
                let mut previous = (*previous).clone();
                let members = previous.as_object_mut().expect("an event is an object");
                members.remove("id");
                members.remove("previousEventId");
                previous
            });
            members.insert("follows".to_owned(), previous);
        }
        // The text names an event by its number.
        described
    };
    events.iter().map(describe).collect()
}
