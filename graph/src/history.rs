//! The marks of an execution, from its history.
//!
//! A history tells what was entered and left, by the names of states, which are used once in a machine. Which way was taken
//! follows from what was entered next: of several rules of a Choice state that lead to the same state, the first one is taken to be
//! it, and of several Catchers or Retriers the first one that names the error.

use std::collections::{BTreeMap, BTreeSet};

use asl_engine::model::{Model, StateId, StateNode, Transition, TransitionId, TransitionKind};
use asl_engine::{Program, StateType, Timestamp, Value};
use thiserror::Error;

use crate::marks::{Mark, Marks, Status};

/// Why something is no history of a program.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HistoryError {
    /// Neither a list of events nor an object that has one.
    #[error("it is no history: a list of events is wanted, or an object with one as `events`")]
    NoEvents,
    /// An item has no `type` or no `id`.
    #[error("it is no history: events[{0}] has no `id` and `type`")]
    NoEvent(usize),
    /// None of the states that were entered is one of the program.
    #[error("it is the history of another state machine: it enters '{0}', which is not in the definition")]
    OtherMachine(String),
    /// It begins with another state: often it is that of a child execution of a Map Run.
    #[error(
        "it begins with the state '{found}', and the definition with '{start}': FILE#MapState is what a child execution runs"
    )]
    OtherStart {
        /// The state that it begins with.
        found: String,
        /// The state that the definition begins with.
        start: String,
    },
}

/// The marks of a history as AWS's `GetExecutionHistory` gives it: `{"events": […]}`, or the list alone.
///
/// `childExecutions`, as `asl run --events` adds them, count as far as they are those of Map Runs. Times are those between
/// `…StateEntered` and `…StateExited`.
///
/// ```
/// use asl_engine::Program;
/// use asl_graph::{Status, history};
///
/// let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
/// let program = Program::parse(text).unwrap();
/// let events = r#"[
///     {"id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": "2024-02-29T12:00:00.000Z"},
///     {"id": 2, "previousEventId": 0, "type": "PassStateEntered", "timestamp": "2024-02-29T12:00:00.000Z",
///         "stateEnteredEventDetails": {"name": "A"}},
///     {"id": 3, "previousEventId": 2, "type": "PassStateExited", "timestamp": "2024-02-29T12:00:01.500Z",
///         "stateExitedEventDetails": {"name": "A"}},
///     {"id": 4, "previousEventId": 3, "type": "ExecutionSucceeded", "timestamp": "2024-02-29T12:00:01.500Z"}
/// ]"#;
/// let marks = history::marks(&program, &events.parse().unwrap()).unwrap();
/// let mark = marks.state(program.model().scopes()[0].start);
/// assert_eq!((mark.status, mark.count, mark.millis), (Status::Succeeded, 1, Some(1500)));
/// ```
pub fn marks(program: &Program, history: &Value) -> Result<Marks, HistoryError> {
    let own = history.get("events").unwrap_or(history).as_array().ok_or(HistoryError::NoEvents)?;
    let mut reader = Reader::new(program);
    reader.read(own)?;
    if let (Some(name), true) = (reader.unknown.take(), reader.states.is_empty()) {
        return Err(HistoryError::OtherMachine(name));
    }
    // The states of a child execution are inside of a Map state of the whole.
    let first = own.iter().find_map(|event| event.get("stateEnteredEventDetails")?.get("name")?.as_str());
    let start = program.model().scopes().first().and_then(|scope| program.model().state(scope.start));
    let is_whole = own.first().is_some_and(|event| event["type"].as_str() == Some("ExecutionStarted"));
    if let (Some(first), Some(start), true) = (first, start, is_whole)
        && *start.name != *first
    {
        return Err(HistoryError::OtherStart { found: first.to_owned(), start: start.name.to_string() });
    }
    for child in history.get("childExecutions").and_then(Value::as_array).map(|all| &**all).unwrap_or_default() {
        // `…:execution:MACHINE/MAP-RUN:NAME`; others were started by a task, and are of other machines.
        let arn = child.get("executionArn").and_then(Value::as_str).unwrap_or_default();
        if let Some(events) = child.get("events").and_then(Value::as_array).filter(|_| arn.contains('/')) {
            reader.read(events)?;
        }
    }
    let mut marks = Marks::default();
    reader.states.into_iter().for_each(|(id, mark)| marks.mark_state(id, mark));
    reader.transitions.into_iter().for_each(|(id, mark)| marks.mark_transition(id, mark));
    Ok(marks)
}

struct Reader<'a> {
    model: &'a Model,
    names: BTreeMap<&'a str, &'a StateNode>,
    /// `ErrorEquals` of Retriers and Catchers.
    errors: BTreeMap<TransitionId, Vec<String>>,
    /// `Error` of Fail states: events do not have it where a Parallel state fails by one.
    raised: BTreeMap<StateId, String>,
    states: BTreeMap<StateId, Mark>,
    transitions: BTreeMap<TransitionId, Mark>,
    /// A state that was entered and is not one of the program.
    unknown: Option<String>,
}

/// An event, with what of it says the way.
#[derive(Debug)]
struct Event<'a> {
    id: i64,
    previous: i64,
    kind: &'a str,
    at: Option<i64>,
    /// The state that it enters or leaves.
    state: Option<&'a StateNode>,
    error: Option<String>,
}

impl Event<'_> {
    fn enters(&self) -> bool {
        self.kind.ends_with("StateEntered")
    }

    fn exits(&self) -> bool {
        self.kind.ends_with("StateExited")
    }

    /// Whether an attempt of a state failed with it.
    fn is_failure(&self) -> bool {
        self.kind.ends_with("Failed") || self.kind.ends_with("TimedOut")
    }

    fn ends_execution(&self) -> bool {
        matches!(self.kind, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted")
    }
}

impl<'a> Reader<'a> {
    fn new(program: &'a Program) -> Self {
        let model = program.model();
        let errors = model.transitions().iter().filter_map(|transition| {
            let is_of_error = matches!(transition.kind, TransitionKind::Retrier(_) | TransitionKind::Catcher(_));
            let text = program.source().get(transition.span.start..transition.span.end).filter(|_| is_of_error)?;
            let value: Value = text.parse().ok()?;
            let names = value.get("ErrorEquals")?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned);
            Some((transition.id, names.collect()))
        });
        let raised = model.states().iter().filter(|state| state.state_type == StateType::Fail).filter_map(|state| {
            let text = program.source().get(state.span.start..state.span.end)?;
            let member: Value = format!("{{{text}}}").parse().ok()?;
            Some((state.id, member.get(&state.name)?.get("Error")?.as_str()?.to_owned()))
        });
        Self {
            model,
            names: model.states().iter().map(|state| (&*state.name, state)).collect(),
            errors: errors.collect(),
            raised: raised.collect(),
            states: BTreeMap::new(),
            transitions: BTreeMap::new(),
            unknown: None,
        }
    }

    /// Reads the events of one execution.
    fn read(&mut self, events: &'a [Value]) -> Result<(), HistoryError> {
        let mut all = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            let event = self.event(event).ok_or(HistoryError::NoEvent(index))?;
            all.push(event);
        }
        // AWS lists them from the last to the first where it is asked to.
        all.sort_by_key(|event| event.id);
        let positions: BTreeMap<i64, usize> = all.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
        // An event follows one with a smaller number: what does not is no chain.
        let previous = |at: usize| positions.get(&all.get(at)?.previous).copied().filter(|before| *before < at);
        let chain = |at: usize| std::iter::successors(previous(at), |at| previous(*at));

        let mut open: BTreeSet<usize> = BTreeSet::new();
        let mut exits: BTreeMap<usize, bool> = BTreeMap::new();
        let mut failed: BTreeSet<usize> = BTreeSet::new();
        for (at, event) in all.iter().enumerate() {
            if event.enters() {
                if let (Some(state), Some(before)) = (event.state, previous(at)) {
                    let of = all.get(before).filter(|before| before.exits()).and_then(|before| before.state);
                    let error = exits.get(&before).copied().unwrap_or_default().then(|| error(&all, chain(before)));
                    if let Some(transition) = of.and_then(|of| self.taken(of, state.id, error)) {
                        self.transitions.entry(transition).or_default().add(Status::Succeeded, None);
                    }
                }
                open.insert(at);
            } else if event.exits() {
                let Some(state) = event.state else { continue };
                let entered = chain(at).find(|at| {
                    all.get(*at)
                        .is_some_and(|entered| entered.enters() && entered.state.map(|of| of.id) == Some(state.id))
                });
                let is_caught = previous(at).and_then(|at| all.get(at)).is_some_and(Event::is_failure);
                exits.insert(at, is_caught);
                let Some(entered) = entered.filter(|entered| open.remove(entered)) else { continue };
                let took = event.at.zip(all.get(entered).and_then(|entered| entered.at)).map(|(to, from)| to - from);
                let status = if is_caught { Status::Caught } else { Status::Succeeded };
                self.states.entry(state.id).or_default().add(status, took);
                let ends = |transition: &&Transition| transition.kind == TransitionKind::End;
                if let Some(end) = self.model.transitions_of(state.id).iter().find(ends).filter(|_| !is_caught) {
                    self.transitions.entry(end.id).or_default().add(Status::Succeeded, None);
                }
            } else if event.is_failure() {
                // What it failed in goes no further, up to the Map whose iteration it is.
                let is_iteration = |at: &usize| all.get(*at).is_some_and(|event| event.kind == "MapIterationStarted");
                let of = chain(at).take_while(|at| event.kind == "ExecutionFailed" || !is_iteration(at));
                if matches!(
                    event.kind,
                    "ExecutionFailed" | "ExecutionTimedOut" | "MapIterationFailed" | "ParallelStateFailed"
                ) {
                    failed.extend(of.filter(|at| open.contains(at)));
                }
            } else if is_started(event.kind) {
                // A new attempt behind one that failed.
                let before = previous(at).and_then(|before| all.get(before)).filter(|before| before.is_failure());
                let entered = chain(at).filter_map(|at| all.get(at)).find(|event| event.enters());
                if let (Some(before), Some(state)) = (before, entered.and_then(|entered| entered.state)) {
                    let named = |transition: &&Transition| {
                        matches!(transition.kind, TransitionKind::Retrier(_))
                            && self.names(transition.id, before.error.as_deref())
                    };
                    if let Some(retrier) = self.model.transitions_of(state.id).iter().find(named) {
                        self.transitions.entry(retrier.id).or_default().add(Status::Succeeded, None);
                    }
                }
            }
        }
        let has_ended = all.iter().any(Event::ends_execution);
        for at in open {
            let Some(state) = all.get(at).and_then(|event| event.state) else { continue };
            let status = match (failed.contains(&at), has_ended) {
                (true, _) => Status::Failed,
                (false, true) => Status::Aborted,
                (false, false) => Status::Running,
            };
            self.states.entry(state.id).or_default().add(status, None);
        }
        Ok(())
    }

    fn event(&mut self, event: &'a Value) -> Option<Event<'a>> {
        let kind = event.get("type")?.as_str()?;
        let details = |name: &str| event.get(name)?.get("name")?.as_str();
        let name = details("stateEnteredEventDetails").or_else(|| details("stateExitedEventDetails"));
        let state = name.and_then(|name| self.names.get(name).copied());
        if let (Some(name), None) = (name, state) {
            self.unknown.get_or_insert_with(|| name.to_owned());
        }
        let of_error =
            event.as_object()?.values().find_map(|details| details.get("error")?.as_str()).map(str::to_owned);
        let raised = state.filter(|_| kind == "FailStateEntered").and_then(|state| self.raised.get(&state.id).cloned());
        Some(Event {
            id: event.get("id")?.as_i64()?,
            previous: event.get("previousEventId").and_then(Value::as_i64).unwrap_or_default(),
            kind,
            at: event.get("timestamp").and_then(millis),
            state,
            error: of_error.or(raised),
        })
    }

    /// The transition from one state to another; `error` is there where a Catcher took it.
    fn taken(&self, from: &StateNode, to: StateId, error: Option<Option<&str>>) -> Option<TransitionId> {
        let leads = |transition: &&Transition| transition.to == Some(to);
        let mut leading = self.model.transitions_of(from.id).iter().filter(leads);
        let is_catcher = |transition: &&Transition| matches!(transition.kind, TransitionKind::Catcher(_));
        match error {
            None => leading.find(|transition| !is_catcher(transition)),
            Some(error) => {
                let catchers: Vec<&Transition> = leading.filter(is_catcher).collect();
                let named = catchers.iter().find(|transition| self.names(transition.id, error));
                named.or(catchers.first()).copied()
            }
        }
        .map(|transition| transition.id)
    }

    /// Whether `ErrorEquals` has an error, or what stands for it.
    fn names(&self, id: TransitionId, error: Option<&str>) -> bool {
        let names = self.errors.get(&id).map(|names| &**names).unwrap_or_default();
        names.iter().any(|name| Some(&**name) == error || matches!(&**name, "States.ALL" | "States.TaskFailed"))
    }
}

/// The error that was caught before a state was left.
fn error<'e>(all: &'e [Event<'_>], mut chain: impl Iterator<Item = usize>) -> Option<&'e str> {
    chain.find_map(|at| all.get(at)?.error.as_deref())
}

/// Whether an event starts an attempt of a state.
fn is_started(kind: &str) -> bool {
    matches!(
        kind,
        "TaskScheduled" | "LambdaFunctionScheduled" | "ActivityScheduled" | "MapStateStarted" | "ParallelStateStarted"
    )
}

/// A time in milliseconds: a text, or the seconds since 1970 as the API and older programs have it.
fn millis(timestamp: &Value) -> Option<i64> {
    match timestamp.as_str() {
        Some(text) => Timestamp::parse(text).map(|at| at.0),
        None => timestamp.as_number().map(|seconds| (seconds.as_f64() * 1000.0).round() as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = r#"{"StartAt": "Each", "States": {
        "Each": {"Type": "Map", "Next": "Which", "Catch": [
            {"ErrorEquals": ["Other"], "Next": "Which"}, {"ErrorEquals": ["Bad"], "Next": "Which"}
        ],
            "ItemProcessor": {"StartAt": "Work", "States": {
                "Work": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "Next": "Tell", "Retry": [
                    {"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Busy"]}
                ]},
                "Tell": {"Type": "Pass", "End": true}
            }}},
        "Which": {"Type": "Choice", "Default": "Bad", "Choices": [{"Variable": "$.a", "IsPresent": true, "Next": "Each"}]},
        "Bad": {"Type": "Fail"}
    }}"#;

    /// Events by their numbers, those before them, their types, and the state or the error.
    fn history(events: &[(i64, i64, &str, &str)]) -> Value {
        let event = |(id, previous, kind, text): &(i64, i64, &str, &str)| {
            let mut members: Vec<(&str, Value)> = vec![
                ("id", (*id).into()),
                ("previousEventId", (*previous).into()),
                ("type", (*kind).into()),
                ("timestamp", Value::from(*id)),
            ];
            let (details, name) = match *kind {
                kind if kind.ends_with("StateEntered") => ("stateEnteredEventDetails", "name"),
                kind if kind.ends_with("StateExited") => ("stateExitedEventDetails", "name"),
                _ => ("lambdaFunctionFailedEventDetails", "error"),
            };
            if !text.is_empty() {
                members.push((details, [(name, Value::from(*text))].into()));
            }
            members.into_iter().collect::<Value>()
        };
        events.iter().map(event).collect()
    }

    /// Two iterations interleave: one is tried again and ends, the other one fails, and the Map with it, which catches it.
    const EVENTS: [(i64, i64, &str, &str); 22] = [
        (1, 0, "ExecutionStarted", ""),
        (2, 0, "MapStateEntered", "Each"),
        (3, 2, "MapStateStarted", ""),
        (4, 3, "MapIterationStarted", ""),
        (5, 3, "MapIterationStarted", ""),
        (6, 4, "TaskStateEntered", "Work"),
        (7, 5, "TaskStateEntered", "Work"),
        (8, 6, "LambdaFunctionScheduled", ""),
        (9, 7, "LambdaFunctionScheduled", ""),
        (10, 8, "LambdaFunctionFailed", "Busy"),
        (11, 10, "LambdaFunctionScheduled", ""),
        (12, 11, "LambdaFunctionSucceeded", ""),
        (13, 12, "TaskStateExited", "Work"),
        (14, 13, "PassStateEntered", "Tell"),
        (15, 14, "PassStateExited", "Tell"),
        (16, 9, "LambdaFunctionFailed", "Bad"),
        (17, 16, "MapIterationFailed", ""),
        (18, 17, "MapStateFailed", ""),
        (19, 18, "MapStateExited", "Each"),
        (20, 19, "ChoiceStateEntered", "Which"),
        (21, 20, "ChoiceStateExited", "Which"),
        (22, 21, "FailStateEntered", "Bad"),
    ];

    fn shown(history: &Value) -> Vec<String> {
        let program = Program::parse(DEFINITION).unwrap();
        let marks = marks(&program, history).unwrap();
        let model = program.model();
        let states = model.states().iter().map(|state| format!("{}: {}", state.name, marks.state(state.id).text()));
        let taken = model.transitions().iter().filter(|transition| marks.transition(transition.id).count > 0);
        let taken = taken.map(|transition| {
            let from = model.state(transition.from).map_or("", |state| &*state.name);
            format!("{from} {:?} {}", transition.kind, marks.transition(transition.id).count)
        });
        states.chain(taken).collect()
    }

    #[test]
    fn the_chain_of_events_says_what_was_taken() {
        let mut events = EVENTS.to_vec();
        let states = ["Each: ! error caught · 17.0 s", "Work: ✗ failed · 2× · 7.0 s", "Tell: ✓ succeeded · 1.0 s"];
        let taken = ["Each Catcher(1) 1", "Work Next 1", "Work Retrier(1) 1", "Tell End 1", "Which Default 1"];
        let expected = |bad: &str| -> Vec<String> {
            let bad = ["Which: ✓ succeeded · 1.0 s", bad];
            states.iter().chain(&bad).chain(&taken).map(|line| (*line).to_owned()).collect()
        };
        assert_eq!(shown(&history(&events)), expected("Bad: … running"));
        events.push((23, 22, "ExecutionFailed", ""));
        assert_eq!(shown(&history(&events)), expected("Bad: ✗ failed"));
        events.reverse();
        assert_eq!(shown(&[("events", history(&events))].into()), expected("Bad: ✗ failed"));
    }

    #[test]
    fn what_is_no_history_of_the_machine_is_refused() {
        let program = Program::parse(DEFINITION).unwrap();
        let other = history(&[(1, 0, "PassStateEntered", "Elsewhere")]);
        for (text, expected) in [
            (r#"{"status": "FAILED"}"#.to_owned(), HistoryError::NoEvents),
            ("3".to_owned(), HistoryError::NoEvents),
            (r#"[{"id": 1, "type": "ExecutionStarted"}, {"id": 2}]"#.to_owned(), HistoryError::NoEvent(1)),
            (other.to_string(), HistoryError::OtherMachine("Elsewhere".into())),
        ] {
            assert_eq!(marks(&program, &text.parse().unwrap()).unwrap_err(), expected);
        }
        assert!(marks(&program, &"[]".parse().unwrap()).unwrap().is_empty());
    }
}
