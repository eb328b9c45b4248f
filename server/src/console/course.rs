//! What the history of an execution tells so far: what is marked in the graph, and the visits to states.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Program, Timestamp, Value};
use asl_graph::{Chart, history};
use asl_history::{Answer, Attempt, Course, Frame, FrameKind, Span, Visit};
use asl_project::Details;
use asl_runtime::Ledger;

use super::recorded::RecordedExecution;
use super::{Query, number, object, pauses};
use crate::api::error::ApiError;
use crate::server::Shared;

/// `events`, `status`, `marks`, `frames` and `visits` of an execution, and its `pause` where it pauses now.
pub(super) fn of_execution(shared: &Arc<Shared>, query: &Query) -> Result<Value, ApiError> {
    let RecordedExecution { details, program, history, course } = RecordedExecution::asked(shared, query)?;
    let paths = state_paths(&program);
    // A child execution runs what is inside of a Map state of the whole.
    let is_child = details.listed_under.map_run.is_some() || details.more.state_machine_arn.contains('/');
    let history = match is_child {
        false => history,
        true => {
            let child = Value::from([
                ("executionArn", Value::from(details.arn.clone())),
                ("events", history["events"].clone()),
            ]);
            Value::from([("events", Value::from(Vec::new())), ("childExecutions", [child].into_iter().collect())])
        }
    };
    // A history of another revision marks nothing.
    let marks = history::marks(&program, &history).unwrap_or_default();
    let frames = (0..course.frames.len()).map(|at| frame(&course.frames[at], course.frame_path(at)));
    let is_now = query.get("until").is_none();
    let waits = if is_now { waits(shared, &details, &program, &course) } else { BTreeMap::new() };
    let visits = (0..course.visits.len()).map(|at| {
        let until = waits.get(&course.visits[at].event);
        visit(&course.visits[at], course.path(at), &paths, until.copied())
    });
    let breakpoints = is_now.then(|| pauses::breakpoints(shared, &details.arn, &program)).flatten();
    let pause = is_now.then(|| pauses::pause(shared, &details.arn, &program)).flatten();
    Ok(object([
        ("events", Some(number(course.events))),
        ("status", Some(details.status.clone().into())),
        ("pause", pause),
        ("breakpoints", breakpoints),
        ("marks", Some(Chart::new(&program).marks_json(&marks))),
        ("frames", Some(frames.collect())),
        ("visits", Some(visits.collect())),
    ]))
}

/// Until when states wait, by the ids of the events of their entries: the history does not tell it of Retriers and of tasks.
fn waits(shared: &Shared, details: &Details, program: &Arc<Program>, course: &Course) -> BTreeMap<u64, Timestamp> {
    let can_wait = |visit: &Visit| visit.span.to.is_none() && matches!(&*visit.state_type, "Wait" | "Task");
    if &*details.status != "RUNNING" || !course.visits.iter().any(can_wait) {
        return BTreeMap::new();
    }
    // What has ended meanwhile, or is in the ledger of another execution, is not told.
    let Ok(saved) = shared.journal.saved(&details.arn) else { return BTreeMap::new() };
    let Ok((ledger, _)) = Ledger::restore(Arc::clone(program), saved) else { return BTreeMap::new() };
    ledger.waits_until().collect()
}

/// The paths of the states in the definition, by their names, which are used once in a state machine.
pub(super) fn state_paths(program: &Program) -> BTreeMap<Arc<str>, Arc<str>> {
    program.model().states().iter().map(|state| (state.name.clone(), state.path.clone())).collect()
}

fn frame(frame: &Frame, path: String) -> Value {
    let (kind, index) = match frame.kind {
        FrameKind::Execution => ("Execution", None),
        FrameKind::Branch => ("Branch", None),
        FrameKind::Iteration(index) => ("Iteration", Some(number(index))),
        FrameKind::Child(index) => ("Child", Some(number(index))),
    };
    let [from, to] = times(frame.span);
    object([
        ("kind", Some(kind.into())),
        ("index", index),
        ("owner", frame.owner.map(|(visit, _)| number(visit))),
        ("path", Some(path.into())),
        ("from", from),
        ("to", to),
        ("status", Some(frame.status.name().into())),
    ])
}

fn visit(visit: &Visit, path: String, paths: &BTreeMap<Arc<str>, Arc<str>>, until: Option<Timestamp>) -> Value {
    let [from, to] = times(visit.span);
    object([
        ("frame", Some(number(visit.frame))),
        ("path", Some(path.into())),
        ("state", paths.get(&visit.name).cloned().map(Value::from)),
        ("name", Some(visit.name.clone().into())),
        ("type", Some(visit.state_type.clone().into())),
        ("number", Some(number(visit.number))),
        ("event", Some(i64::try_from(visit.event).unwrap_or(i64::MAX).into())),
        ("status", Some(visit.status.name().into())),
        ("from", from),
        ("to", to),
        ("until", until.map(|Timestamp(millis)| millis.into())),
        ("attempts", Some(visit.attempts.iter().map(attempt).collect())),
    ])
}

fn attempt(attempt: &Attempt) -> Value {
    let [from, to] = times(attempt.span);
    let error = match &attempt.answer {
        Some(Answer::Failed { error, .. }) => error.clone(),
        _ => None,
    };
    object([
        ("from", from),
        ("to", to),
        ("status", Some(attempt_status(attempt).into())),
        ("resource", attempt.sent.as_ref().and_then(|sent| sent.get("resource").cloned())),
        ("error", error.map(Value::from)),
        ("mapRunArn", attempt.map_run_arn.clone().map(Value::from)),
    ])
}

pub(super) fn attempt_status(attempt: &Attempt) -> &'static str {
    match &attempt.answer {
        None => "RUNNING",
        Some(Answer::Succeeded(_)) => "SUCCEEDED",
        Some(Answer::Failed { error, .. }) if error.as_deref() == Some("States.Timeout") => "TIMED_OUT",
        Some(Answer::Failed { .. }) => "FAILED",
    }
}

/// A beginning and an end in milliseconds since 1970.
pub(super) fn times(span: Span) -> [Option<Value>; 2] {
    [span.from, span.to].map(|at| at.map(|Timestamp(millis)| millis.into()))
}
