//! What happens when the tasks of a case fail, one after the other: failures that nothing takes, errors that lose the input, and
//! executions that do not end.

use std::collections::BTreeSet;

use asl_engine::model::{StateId, TransitionKind};
use asl_engine::{Failure, Program, StateType, Value, history};
use asl_runtime::simulation::Stuck;

use crate::coverage::written;
use crate::duration::shown_duration;
use crate::mocks::Answering;
use crate::record::Recording;
use crate::run::{Bound, Ran};
use crate::test_file::{Case, TestFile};

/// Something that goes wrong when a task fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The state whose task fails.
    pub state: StateId,
    /// With which error.
    pub error: String,
    /// What comes of it.
    pub kind: FaultKind,
    /// The test case that shows it, as a test file of its own.
    pub test_file: String,
}

/// What comes of a failing task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The execution fails: no Catcher takes the error.
    Uncaught,
    /// A Catcher takes the error, and then another state fails over its own data.
    FailsLater {
        /// The state that fails.
        state: String,
        /// Its cause.
        cause: String,
    },
    /// The execution goes on for longer than the bound, in virtual milliseconds.
    TooLong(i64),
    /// The execution goes on and on.
    Endless,
}

/// How long an execution may go on after a failure.
pub const LONGEST_MILLIS: i64 = 24 * 3_600_000;

/// How many events an execution may have more than the case itself: what has more goes round in a circle.
const MOST_EVENTS: usize = 5_000;

impl FaultKind {
    /// What a report says of it.
    pub fn told(&self) -> String {
        match self {
            Self::Uncaught => "no Catcher takes it, and the execution fails".to_owned(),
            Self::FailsLater { state, cause } => format!("it is caught, and then '{state}' fails: {cause}"),
            Self::TooLong(millis) => format!("the execution goes on for {}", shown_duration(*millis)),
            Self::Endless => "the execution goes on and on".to_owned(),
        }
    }
}

/// Runs a case that passes again, with each of its Task states failing by each error that may come, and tells what goes wrong.
///
/// The errors are those that its Retriers and Catchers name, and those of the states around it; and States.TaskFailed, States.Timeout,
/// States.DataLimitExceeded, and where they apply States.HeartbeatTimeout and Lambda.TooManyRequestsException.
pub fn faults(file: &TestFile, case: &Case, seed: u64) -> Vec<Fault> {
    if case.state.is_some() {
        return Vec::new();
    }
    let program = &file.program;
    let seed = case.seed.unwrap_or(seed);
    let mut answering = Answering::new(file, case, seed);
    let whole = case.execute(file, &mut answering);
    let called: BTreeSet<&str> = answering.calls.iter().map(|call| &*call.state).collect();
    let mut faults = Vec::new();
    for state in program.model().states().iter().filter(|state| state.state_type == StateType::Task) {
        if !called.contains(&*state.name) {
            continue;
        }
        for error in errors(program, state.id) {
            let failure =
                Failure { error: Some(error.as_str().into()), cause: Some("injected".into()), ..Failure::default() };
            let bound = Bound { millis: whole.millis + LONGEST_MILLIS, events: whole.recorded.len() + MOST_EVENTS };
            let mut answering = Answering::new(file, case, seed).failing(&state.name, failure, bound);
            let ran = case.execute(file, &mut answering);
            let Some(kind) = kind(&ran, program, state.id, whole.millis, answering.made_up) else { continue };
            let test_file = test_file(file, &ran, &format!("{} fails with {error}", state.name));
            faults.push(Fault { state: state.id, error, kind, test_file });
        }
    }
    faults
}

/// What is wrong with a run in which the task of a state fails; none where that was dealt with.
fn kind(ran: &Ran, program: &Program, state: StateId, usual: i64, made_up: bool) -> Option<FaultKind> {
    let finished = match &ran.ended {
        Ok(finished) => finished,
        Err(Stuck::Refused(_)) => {
            return Some(if ran.millis > usual + LONGEST_MILLIS {
                FaultKind::TooLong(ran.millis)
            } else {
                FaultKind::Endless
            });
        }
        // A task that never answers is the case's own.
        Err(_) => return None,
    };
    let failure = finished.outcome.as_ref().err()?;
    let model = program.model();
    let caught = around(program, state).into_iter().any(|state| {
        let mut ways = model.transitions_of(state).iter();
        ways.any(|way| {
            matches!(way.kind, TransitionKind::Catcher(_)) && ran.taken.count(crate::Goal::Transition(way.id)) > 0
        })
    });
    match (caught, failure.state()) {
        (false, _) => Some(FaultKind::Uncaught),
        // What a state makes of an answer that was made up says nothing.
        (true, Some(failed)) if !made_up => Some(FaultKind::FailsLater {
            state: failed.to_string(),
            cause: failure.cause.as_deref().unwrap_or_default().to_owned(),
        }),
        (true, _) => None,
    }
}

/// A state, and the Map and Parallel states around it.
fn around(program: &Program, state: StateId) -> Vec<StateId> {
    let model = program.model();
    let mut states = vec![state];
    let mut at = model.state(state).map(|state| state.scope);
    while let Some(parent) = at.and_then(|scope| model.scope(scope)).and_then(|scope| scope.parent) {
        states.push(parent);
        at = model.state(parent).map(|state| state.scope);
    }
    states
}

/// The errors that the task of a state may fail with.
fn errors(program: &Program, state: StateId) -> BTreeSet<String> {
    let model = program.model();
    let mut errors: BTreeSet<String> =
        ["States.TaskFailed", "States.Timeout", "States.DataLimitExceeded"].map(str::to_owned).into();
    for state in around(program, state) {
        for way in model.transitions_of(state) {
            if !matches!(way.kind, TransitionKind::Catcher(_) | TransitionKind::Retrier(_)) {
                continue;
            }
            let written = &program.source()[way.span.start..way.span.end];
            let written = written.parse::<Value>().unwrap_or_default();
            let names = written["ErrorEquals"].as_array().into_iter().flat_map(|names| names.iter());
            errors.extend(names.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    // They stand for others, or are no errors of tasks.
    for name in ["States.ALL", "States.Runtime", "States.ExceedToleratedFailureThreshold", "States.ItemReaderFailed"] {
        errors.remove(name);
    }
    let fields = written(program, state);
    if fields.get("HeartbeatSeconds").or(fields.get("HeartbeatSecondsPath")).is_some() {
        errors.insert("States.HeartbeatTimeout".to_owned());
    }
    if fields["Resource"].as_str().is_some_and(|resource| resource.contains(":lambda:")) {
        errors.insert("Lambda.TooManyRequestsException".to_owned());
    }
    errors
}

/// The run as a test case; empty where it has no end.
pub(crate) fn test_file(file: &TestFile, ran: &Ran, name: &str) -> String {
    let own =
        ran.recorded.iter().filter(|recorded| *recorded.execution.arn == *ran.arn).map(|recorded| &recorded.event);
    let events: Value = history::to_json(own).collect();
    let definition = file.definition.file().file_name().unwrap_or_default().to_string_lossy().into_owned();
    match Recording::of(&events, &file.program) {
        Ok(recording) => recording.on_virtual_time().test_file(name, &definition, None),
        Err(_) => String::new(),
    }
}
