//! Frames: the interpreter, as a step function over data.

mod fork;
mod io;
mod items;
mod join;
mod map_run;
mod mode;
mod protocol;
mod redrive;
mod results;
mod run;
mod saved;
mod stages;
mod tally;
mod task;
mod values;
mod variables;

use std::cell::RefCell;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use join::{Join, JoinStep, Joined};
pub(crate) use mode::Mode;
pub use protocol::{ChildEnd, Ended, EventIds, Next, Now, Reply, Request, Step, Termination, UnexpectedReply};
pub use saved::{ForeignProgram, SavedFrame, SavedJoin, SavedResult};
pub use stages::{Stage, Stages};
pub use tally::{MapRunCounts, MapRunState, MapRunUpdate};

use crate::context::{Context, Execution, MapItem};
use crate::definition::ast::StateType;
use crate::history::{EventId, Iteration};
use crate::program::model::{ScopeId, StateId};
use crate::program::{Kind, Program, State, StateIndex};
use crate::retry::Random;
use crate::task::{Failure, TaskRequest, task_token};
use crate::time::Timestamp;
use crate::value::Value;
use run::Run;
use stages::Visit;

/// One sequential run of one `States` block: a whole execution, a branch or an iteration.
///
/// A Frame is data: it can be saved ([`Frame::save`]) after any step and goes on elsewhere. It does nothing by itself; a host
/// calls [`Frame::step`] and does what it asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    #[serde(skip, default = "saved::nobody")]
    execution: Arc<Execution>,
    role: Role,
    /// Where this Frame stands among all Frames of the execution: empty for the execution's own.
    path: Arc<str>,
    #[serde(skip)]
    scope: ScopeId,
    #[serde(skip)]
    state: StateIndex,
    /// The raw input of the state.
    input: Value,
    map_item: Option<MapItem>,
    /// The variables that can be read, as an object.
    variables: Value,
    phase: Phase,
    entered_time: Timestamp,
    entered_event: EventId,
    last_event: EventId,
    /// The time of the last step.
    now: Timestamp,
    /// How many states were entered: tells the visits of one state apart.
    visits: u64,
    /// How often each Retrier of the state was used.
    retries: Vec<u32>,
    random: Random,
    /// The failure that a Catcher took last, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caught: Option<Box<str>>,
    /// A Frame of a test is not saved.
    #[serde(skip)]
    mode: Mode,
}

/// What a Frame begins with.
struct Child {
    execution: Arc<Execution>,
    role: Role,
    path: Arc<str>,
    scope: ScopeId,
    input: Value,
    map_item: Option<MapItem>,
    variables: Value,
    last_event: EventId,
    random: Random,
}

/// What a Frame is to its parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Role {
    Execution,
    Branch,
    Iteration(Iteration),
}

/// Where a Frame is between two steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Phase {
    /// Nothing has happened yet.
    Start,
    /// The state is about to be entered.
    Enter,
    /// A Task was asked for.
    Task { request: Arc<TaskRequest> },
    /// The task has failed.
    Failed { failure: Failure },
    /// A Wait state waits.
    Wait { until: Timestamp },
    /// A Retrier waits.
    Retry { until: Timestamp },
    /// The children of a Map or Parallel state run. `random` is where the random numbers stood when the Join was made.
    Fork { random: Random },
    /// There is no room for another event.
    HistoryFull,
    /// It is over.
    Ended {
        /// Where it goes on when its execution is redriven.
        rest: Rest,
    },
}

/// Where a Frame was when it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Rest {
    /// It has done all that it had to do.
    Done,
    /// Nothing had happened yet.
    Start,
    /// A state was about to be entered.
    Enter,
    /// Inside its state, whose work is done again.
    Inside,
    /// The children of its state ran, and those that did not succeed go on.
    Fork { random: Random },
}

impl Phase {
    fn is_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    /// What the Frame has to be answered with.
    fn waits_for(&self) -> &'static str {
        match self {
            Self::Start | Self::Enter | Self::Failed { .. } => "Go",
            Self::Task { .. } => "Task or DeadlinePassed",
            Self::Wait { .. } | Self::Retry { .. } => "Woke",
            Self::Fork { .. } => "Joined",
            Self::HistoryFull => "Terminate",
            Self::Ended { .. } => "nothing, for it has ended",
        }
    }
}

impl Frame {
    /// The Frame of a whole execution.
    pub fn new(program: &Program, execution: Execution) -> Self {
        let child = Child {
            role: Role::Execution,
            path: "".into(),
            scope: ScopeId::default(),
            input: execution.input.clone(),
            map_item: None,
            variables: Value::empty_object(),
            last_event: 0,
            random: Random::new(execution.seed),
            execution: Arc::new(execution),
        };
        Self::child(program, child)
    }

    /// The same, which begins at this state of the machine's own with this data and these variables, as if all states before had been
    /// there: a fork of another execution. None where no such state is outside of Map and Parallel states.
    ///
    /// ```
    /// use asl_engine::{Execution, Frame, Program, Timestamp, Value};
    ///
    /// let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}"#;
    /// let program = Program::parse(definition).unwrap();
    /// let frame = || Frame::new(&program, Execution::local("m", "fork", 1.into(), Timestamp(0), 0));
    /// assert!(frame().starting_at(&program, "B", 2.into(), Value::empty_object()).is_some());
    /// assert!(frame().starting_at(&program, "C", 2.into(), Value::empty_object()).is_none());
    /// ```
    pub fn starting_at(self, program: &Program, state: &str, input: Value, variables: Value) -> Option<Self> {
        let (scope, state) = program.find(state).filter(|(scope, _)| *scope == ScopeId::default())?;
        Some(Self { scope, state, input, variables, ..self })
    }

    fn child(program: &Program, child: Child) -> Self {
        let Child { execution, role, path, scope, input, map_item, variables, last_event, random } = child;
        Self {
            role,
            path,
            scope,
            state: program.start(scope),
            input,
            map_item,
            variables,
            phase: Phase::Start,
            entered_time: execution.start_time,
            entered_event: 0,
            last_event,
            now: execution.start_time,
            visits: 0,
            retries: Vec::new(),
            random,
            caught: None,
            mode: Mode::Execution,
            execution,
        }
    }

    /// The same from its beginning: a child execution that starts again.
    fn restarted(&self, program: &Program) -> Self {
        let child = Child {
            execution: self.execution.clone(),
            role: self.role.clone(),
            path: self.path.clone(),
            scope: self.scope,
            input: self.execution.input.clone(),
            map_item: None,
            variables: Value::empty_object(),
            last_event: 0,
            random: Random::new(self.execution.seed),
        };
        // No attempt has the token of one before.
        Self { visits: self.visits, ..Self::child(program, child) }
    }

    /// A Frame that is about to enter the one state of a test, which sees this context object.
    pub(crate) fn tested(
        program: &Program,
        execution: Execution,
        (scope, state): (ScopeId, StateIndex),
        variables: Value,
        context: Value,
    ) -> Self {
        let mode = Mode::Test { context: Box::new(context) };
        Self { scope, state, variables, phase: Phase::Enter, mode, ..Self::new(program, execution) }
    }

    /// Lets a Retrier of the entered state have been used so often.
    pub(crate) fn set_retries(&mut self, retrier: usize, count: u32) {
        if let Some(used) = self.retries.get_mut(retrier) {
            *used = count;
        }
    }

    /// Goes on by at most one state. Never blocks and never fails by what the definition or its data say: those
    /// failures are part of the run. The error is a host's mistake (or a saved Frame
    /// that belongs to another program), and leaves the Frame as it was.
    pub fn step(&mut self, program: &Program, now: &mut Now, reply: Reply) -> Result<Step, UnexpectedReply> {
        if !program.has(self.scope, self.state) {
            return Err(UnexpectedReply::foreign_program());
        }
        let state = program.state(self.scope, self.state);
        let before = std::mem::replace(&mut self.now, now.at);
        let stages = now.stages.then(RefCell::default);
        let visit = Visit::new(state, stages.as_ref());
        let events = std::mem::take(&mut now.spare);
        let mut run = Run::new(self, visit, now, events);
        let next = match (run.frame.phase.clone(), reply) {
            (Phase::Start, Reply::Go) => {
                run.open();
                run.enter()
            }
            (Phase::Start, Reply::Open) => {
                run.open();
                run.frame.phase = Phase::Enter;
                Next::Continue
            }
            (Phase::Enter, Reply::Go) => run.enter(),
            (Phase::Failed { failure }, Reply::Go) => run.fail(failure),
            (Phase::Wait { .. }, Reply::Woke) => run.wait_over(),
            (Phase::Retry { .. }, Reply::Woke) => run.attempt(),
            (
                Phase::Task { request },
                reply @ (Reply::Task(_)
                | Reply::DeadlinePassed
                | Reply::TimedOut(_)
                | Reply::Started { .. }
                | Reply::Submitted(_)),
            ) => {
                let Kind::Task(task) = &state.kind else {
                    run.frame.now = before;
                    return Err(UnexpectedReply::foreign_program());
                };
                let resource = &task.resource;
                match reply {
                    Reply::Started { worker_name } => run.activity_started(resource, worker_name),
                    Reply::Submitted(output) => run.task_submitted(resource, output),
                    Reply::Task(outcome) => run.task_ended(resource, outcome),
                    Reply::TimedOut(failure) => run.task_timed_out(resource, failure),
                    _ => run.deadline_passed(task, &request),
                }
            }
            (Phase::Fork { .. }, Reply::Joined(joined)) => run.joined(joined),
            (Phase::Ended { .. }, Reply::Redrive { .. }) if run.frame.is_restarted(program) => run.restart(program),
            (Phase::Ended { rest }, Reply::Redrive { join }) if rest != Rest::Done => run.redrive(rest, join),
            (phase, Reply::Stop { because }) if !phase.is_ended() => run.stop(because),
            (phase, Reply::Terminate(termination)) if !phase.is_ended() => run.terminate(termination),
            (phase, reply) => {
                run.frame.now = before;
                return Err(UnexpectedReply::new(&state.name, phase.waits_for(), &reply));
            }
        };
        let Run { mut events, transition, .. } = run;
        let stages = stages.map(|stages| Box::new(stages.into_inner()));
        if let Some(most) = self.execution.quotas.history_events
            && now.ids.next > most
            && !(now.ids.next == most + 1 && self.role == Role::Execution && matches!(next, Next::End(_)))
        {
            events.retain(|event| event.id < most);
            self.phase = Phase::HistoryFull;
            return Ok(Step { events, next: Next::HistoryFull, state: state.id, transition: None, stages });
        }
        Ok(Step { events, next, state: state.id, transition, stages })
    }

    /// What the Frame waits for: what a host has to do again after a crash. A task keeps its token; a Join starts anew.
    /// `None` means that it waits for `Reply::Go`, or has ended.
    pub fn outstanding(&self, program: &Program) -> Option<Request> {
        match &self.phase {
            Phase::Task { request } => Some(Request::Task(request.clone())),
            Phase::Wait { until } | Phase::Retry { until } => Some(Request::Sleep { until: *until }),
            Phase::Fork { random } => {
                let state = program.state(self.scope, self.state);
                // What could be computed before can be computed again, from the same random numbers.
                let before = Self { random: random.clone(), ..self.clone() };
                before.whole_join(Visit::new(state, None)).ok().map(|join| Request::Fork(Box::new(join)))
            }
            Phase::Start | Phase::Enter | Phase::Failed { .. } | Phase::HistoryFull | Phase::Ended { .. } => None,
        }
    }

    /// The execution that it belongs to.
    pub fn execution(&self) -> &Arc<Execution> {
        &self.execution
    }

    /// The state that the Frame is in.
    pub fn state<'a>(&self, program: &'a Program) -> &'a Arc<str> {
        &program.state(self.scope, self.state).name
    }

    /// Where the Frame stands in the execution: empty for the execution itself, else the state, visit, attempt and
    /// position that lead to it, such as `/Fetch all@2#0[3]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Until when the Frame waits at most, and the event of its state's entry: in a Wait state, for a Retrier, or for a task that
    /// has to answer by then.
    pub fn waits_until(&self) -> Option<(EventId, Timestamp)> {
        let until = match &self.phase {
            Phase::Wait { until } | Phase::Retry { until } => *until,
            Phase::Task { request } => request.deadline?,
            _ => return None,
        };
        Some((self.entered_event, until))
    }

    /// The variables that the Frame can read, as an object.
    pub fn variables(&self) -> &Value {
        &self.variables
    }

    /// Whether the Frame is about to enter a state.
    pub(crate) fn is_between_states(&self) -> bool {
        self.phase == Phase::Enter
    }

    /// The state that `Reply::Go` lets it enter, if it does that.
    pub fn enters(&self, program: &Program) -> Option<StateId> {
        matches!(self.phase, Phase::Start | Phase::Enter).then(|| program.state(self.scope, self.state).id)
    }

    /// Whether nothing has happened yet: `Reply::Open` lets it begin and enter no state.
    pub fn is_new(&self) -> bool {
        self.phase == Phase::Start
    }

    /// Gives the state that is about to be entered another input, and other variables, which are an object.
    pub fn set_data(&mut self, input: Value, variables: Value) {
        (self.input, self.variables) = (input, variables);
    }

    /// The raw input of the state that the Frame is in.
    pub fn input(&self) -> &Value {
        &self.input
    }

    fn retry_count(&self) -> u32 {
        self.retries.iter().sum()
    }

    fn context(&self, state: &State, token: Option<&Arc<str>>) -> Value {
        let can_retry = matches!(state.state_type(), StateType::Task | StateType::Parallel | StateType::Map);
        Context {
            execution: &self.execution,
            state: &state.name,
            entered_time: self.entered_time,
            retry_count: can_retry.then(|| self.retry_count()),
            map_item: self.map_item.as_ref(),
            token,
            given: self.mode.given_context(),
        }
        .to_value()
    }

    /// The path of what the Frame is at: of its state, of this visit to it, and of this attempt.
    fn attempt_path(&self, state: &State) -> String {
        [&*self.path, "/", &*state.name, "@", &self.visits.to_string(), "#", &self.retry_count().to_string()].concat()
    }

    /// Names the attempt that the Frame is at; the same after a crash. It is a secret where others are told it.
    fn token(&self, state: &State, is_told: bool) -> Arc<str> {
        let attempt = [&*self.execution.arn, &*self.attempt_path(state)].concat();
        if is_told { task_token(&self.execution.token_secret, &attempt) } else { attempt.into() }
    }

    /// Adds to a failure of the state's own data what AWS says before it.
    fn located(&self, state: &State, failure: Failure) -> Failure {
        self.mode.located(&state.name, self.entered_event, failure)
    }
}
