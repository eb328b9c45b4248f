//! Frames: the interpreter, as a step function over data.

mod io;
mod join;
mod protocol;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use join::{Join, JoinStep, Joined};
pub use protocol::{Ended, EventIds, Next, Now, Reply, Request, Step, Termination, UnexpectedReply};

use crate::context::{Context, Execution, MapItem};
use crate::definition::ast::StateType;
use crate::history::{EventId, EventKind, HistoryEvent, Iteration, TaskName};
use crate::program::{Kind, Program, ResourceKind, ScopeId, State, StateId};
use crate::retry::{self, Random};
use crate::task::{Failure, TaskRequest};
use crate::time::Timestamp;
use crate::value::Value;

/// The version of a Frame's saved form.
const VERSION: u32 = 1;

/// One sequential run of one `States` block: a whole execution, a branch or an iteration.
///
/// A Frame is data: it can be saved (`serde`) after any step and goes on elsewhere. It does nothing by itself; a host
/// calls [`Frame::step`] and does what it asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    version: u32,
    execution: Arc<Execution>,
    role: Role,
    /// Where this Frame stands among all Frames of the execution: empty for the execution's own.
    path: Arc<str>,
    scope: ScopeId,
    state: StateId,
    /// The raw input of the state.
    input: Value,
    map_item: Option<MapItem>,
    phase: Phase,
    entered_time: Timestamp,
    entered_event: EventId,
    last_event: EventId,
    /// How often each Retrier of the state was used.
    retries: Vec<u32>,
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
    Task { request: TaskRequest, task: TaskName },
    /// A Wait state waits.
    Wait { until: Timestamp },
    /// A Retrier waits.
    Retry { until: Timestamp },
    /// The children of a Map or Parallel state run.
    Fork,
    /// It is over.
    Ended,
}

impl Phase {
    /// What the Frame has to be answered with.
    fn waits_for(&self) -> &'static str {
        match self {
            Self::Start | Self::Enter => "Go",
            Self::Task { .. } => "Task or DeadlinePassed",
            Self::Wait { .. } | Self::Retry { .. } => "Woke",
            Self::Fork => "Joined",
            Self::Ended => "nothing, for it has ended",
        }
    }
}

impl Frame {
    /// The Frame of a whole execution.
    pub fn new(program: &Program, execution: Execution) -> Self {
        let input = execution.input.clone();
        let random = Random::new(execution.seed);
        Self::child(program, Arc::new(execution), 0, Role::Execution, "".into(), input, None, 0, random)
    }

    #[expect(clippy::too_many_arguments, reason = "a child takes each of these from another place")]
    fn child(
        program: &Program,
        execution: Arc<Execution>,
        scope: ScopeId,
        role: Role,
        path: Arc<str>,
        input: Value,
        map_item: Option<MapItem>,
        last_event: EventId,
        random: Random,
    ) -> Self {
        Self {
            version: VERSION,
            role,
            path,
            scope,
            state: program.start(scope),
            input,
            map_item,
            phase: Phase::Start,
            entered_time: execution.start_time,
            entered_event: 0,
            last_event,
            retries: Vec::new(),
            random,
            execution,
        }
    }

    /// Goes on by at most one state. Never blocks and never fails by what the definition or its data say: those
    /// failures are part of the run. The error is a host's mistake, and leaves the Frame as it was.
    pub fn step(&mut self, program: &Program, now: &mut Now, reply: Reply) -> Result<Step, UnexpectedReply> {
        let state = program.state(self.scope, self.state);
        let mut run = Run { frame: self, state, now, events: Vec::new() };
        let next = match (run.frame.phase.clone(), reply) {
            (Phase::Start, Reply::Go) => {
                run.open();
                run.enter()
            }
            (Phase::Enter, Reply::Go) => run.enter(),
            (Phase::Wait { .. }, Reply::Woke) => run.wait_over(),
            (Phase::Retry { .. }, Reply::Woke) => run.attempt(),
            (Phase::Task { task, .. }, Reply::Task(outcome)) => run.task_ended(task, outcome),
            (Phase::Task { task, .. }, Reply::DeadlinePassed) => run.task_timed_out(task),
            (Phase::Fork, Reply::Joined(joined)) => run.joined(joined),
            (phase, Reply::Stop { because }) if phase != Phase::Ended => run.stop(because),
            (phase, Reply::Terminate(termination)) if phase != Phase::Ended => run.terminate(termination),
            (phase, reply) => return Err(UnexpectedReply::new(&state.name, phase.waits_for(), &reply)),
        };
        let events = run.events;
        Ok(Step { events, next })
    }

    /// What the Frame waits for: what a host has to do again after a crash. A task keeps its token; a Join starts anew.
    /// `None` means that it waits for `Reply::Go`, or has ended.
    pub fn outstanding(&self, program: &Program) -> Option<Request> {
        match &self.phase {
            Phase::Task { request, .. } => Some(Request::Task(request.clone())),
            Phase::Wait { until } | Phase::Retry { until } => Some(Request::Sleep { until: *until }),
            Phase::Fork => {
                let state = program.state(self.scope, self.state);
                // What could be computed before can be computed again.
                self.join(state).ok().map(|join| Request::Fork(Box::new(join)))
            }
            Phase::Start | Phase::Enter | Phase::Ended => None,
        }
    }

    /// The state that the Frame is in.
    pub fn state<'a>(&self, program: &'a Program) -> &'a str {
        &program.state(self.scope, self.state).name
    }

    /// Where the Frame stands in the execution: empty for the execution itself, else the states and positions that
    /// lead to it, such as `/Fetch all[3]`.
    pub fn path(&self) -> &str {
        &self.path
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
        }
        .to_value()
    }

    /// Names the attempt that the Frame is at; the same after a crash.
    fn token(&self, state: &State) -> Arc<str> {
        let Self { execution, path, entered_event, .. } = self;
        format!("{}{path}/{}@{entered_event}#{}", execution.arn, state.name, self.retry_count()).into()
    }

    /// Adds to a failure of the state's own data what AWS says before it.
    fn located(&self, state: &State, failure: Failure) -> Failure {
        located(&state.name, self.entered_event, failure)
    }
}

fn located(state: &str, entered_event: EventId, failure: Failure) -> Failure {
    let cause = failure.cause.as_deref().unwrap_or_default();
    let cause =
        format!("An error occurred while executing the state '{state}' (entered at the event id #{entered_event}). {cause}");
    Failure { cause: Some(cause.into()), ..failure }
}

/// One call of `step`.
struct Run<'a> {
    frame: &'a mut Frame,
    state: &'a State,
    now: &'a mut Now,
    events: Vec<HistoryEvent>,
}

impl Run<'_> {
    /// Records an event and makes it the one that leads to the next.
    fn emit(&mut self, kind: EventKind) -> EventId {
        let id = self.emit_aside(self.frame.last_event, kind);
        self.frame.last_event = id;
        id
    }

    /// Records an event that leads to no other.
    fn emit_aside(&mut self, previous: EventId, kind: EventKind) -> EventId {
        let event = self.now.event(previous, kind);
        let id = event.id;
        self.events.push(event);
        id
    }

    fn open(&mut self) {
        match self.frame.role.clone() {
            Role::Execution => {
                let execution = &self.frame.execution;
                let (input, role_arn) = (execution.input.clone(), execution.role_arn.clone());
                // AWS links the first state to no event.
                self.emit_aside(0, EventKind::ExecutionStarted { input, role_arn });
            }
            Role::Branch => {}
            Role::Iteration(iteration) => {
                self.emit(EventKind::MapIterationStarted(iteration));
            }
        }
    }

    fn enter(&mut self) -> Next {
        self.frame.entered_time = self.now.at;
        self.frame.retries = vec![0; self.state.retry.len()];
        let entered = EventKind::StateEntered {
            state_type: self.state.state_type(),
            name: self.state.name.clone(),
            input: self.frame.input.clone(),
        };
        self.frame.entered_event = self.emit(entered);
        self.attempt()
    }

    /// Does what the state is for: the first time, or again for a Retrier.
    fn attempt(&mut self) -> Next {
        match self.try_attempt() {
            Ok(next) => next,
            Err(failure) => {
                let failure = self.frame.located(self.state, failure);
                self.fail(failure)
            }
        }
    }

    /// The error is a failure of the state's own data.
    fn try_attempt(&mut self) -> Result<Next, Failure> {
        let state = self.state;
        match &state.kind {
            Kind::Pass { result } => {
                let result = match result {
                    Some(result) => result.clone(),
                    None => self.frame.effective_input(state)?,
                };
                self.complete(result)
            }
            Kind::Succeed => {
                let input = self.frame.selected_input(state)?;
                self.exit(input, None)
            }
            Kind::Fail { error, cause } => {
                let failure = self.frame.failure(state, error.as_ref(), cause.as_ref())?;
                Ok(self.fail(failure))
            }
            Kind::Choice { rules, default } => {
                let input = self.frame.selected_input(state)?;
                match self.frame.choose(state, rules, *default, &input)? {
                    Some(next) => self.exit(input, Some(next)),
                    None => Ok(self.fail(Failure::new(
                        "States.NoChoiceMatched",
                        format!("Failed to transition out of the state. The state '{}' has no matching rule and no Default.", state.name),
                    ))),
                }
            }
            Kind::Wait(wait) => {
                let until = self.frame.wake_time(state, wait, self.now.at)?;
                self.frame.phase = Phase::Wait { until };
                Ok(Next::Ask(Request::Sleep { until }))
            }
            Kind::Task(task) => self.call(task),
            Kind::Parallel { .. } => {
                self.frame.random.next();
                let mut join = self.frame.join(state)?;
                join.begin(self.emit(EventKind::ParallelStateStarted));
                Ok(self.fork(join))
            }
            Kind::Map(_) => {
                // Each attempt gives its children other seeds.
                self.frame.random.next();
                let mut join = self.frame.join(state)?;
                join.begin(self.emit(EventKind::MapStateStarted { length: join.len() }));
                Ok(self.fork(join))
            }
        }
    }

    fn fork(&mut self, join: Join) -> Next {
        self.frame.phase = Phase::Fork;
        Next::Ask(Request::Fork(Box::new(join)))
    }

    fn call(&mut self, task: &crate::program::Task) -> Result<Next, Failure> {
        let token = self.frame.token(self.state);
        let shown = task.resource.arn.ends_with(".waitForTaskToken").then_some(&token);
        let input = self.frame.parameters(self.state, shown)?;
        let timeout = self.frame.seconds(self.state, "TimeoutSeconds", task.timeout_seconds.as_ref())?;
        let heartbeat = self.frame.seconds(self.state, "HeartbeatSeconds", task.heartbeat_seconds.as_ref())?;
        let resource = task.resource.arn.clone();
        let name = match &task.resource.kind {
            ResourceKind::Lambda => {
                self.emit(EventKind::LambdaFunctionScheduled {
                    resource: resource.clone(),
                    input: input.clone(),
                    timeout_in_seconds: timeout,
                });
                self.emit(EventKind::LambdaFunctionStarted);
                TaskName { resource_type: "lambda".into(), resource: resource.clone() }
            }
            ResourceKind::Integration { service, action } => {
                let name = TaskName { resource_type: service.clone(), resource: action.clone() };
                self.emit(EventKind::TaskScheduled {
                    task: name.clone(),
                    region: self.frame.execution.region().into(),
                    parameters: input.clone(),
                    timeout_in_seconds: timeout,
                    heartbeat_in_seconds: heartbeat,
                });
                self.emit(EventKind::TaskStarted(name.clone()));
                name
            }
        };
        let request = TaskRequest {
            state: self.state.name.clone(),
            resource,
            input,
            deadline: timeout.map(|seconds| self.now.at.plus_seconds(seconds)),
            heartbeat_seconds: heartbeat,
            token,
        };
        self.frame.phase = Phase::Task { request: request.clone(), task: name };
        Ok(Next::Ask(Request::Task(request)))
    }

    fn is_lambda(&self) -> bool {
        matches!(&self.state.kind, Kind::Task(task) if task.resource.kind == ResourceKind::Lambda)
    }

    fn task_ended(&mut self, task: TaskName, outcome: crate::task::Outcome) -> Next {
        let lambda = self.is_lambda();
        match outcome {
            Ok(output) => {
                let recorded = output.clone();
                self.emit(match lambda {
                    true => EventKind::LambdaFunctionSucceeded { output: recorded },
                    false => EventKind::TaskSucceeded { task, output: recorded },
                });
                self.completed(output)
            }
            Err(failure) => {
                let recorded = failure.clone();
                self.emit(match lambda {
                    true => EventKind::LambdaFunctionFailed(recorded),
                    false => EventKind::TaskFailed { task, failure: recorded },
                });
                self.fail(failure)
            }
        }
    }

    fn task_timed_out(&mut self, task: TaskName) -> Next {
        let failure = Failure { error: Some("States.Timeout".into()), cause: None, span: None };
        let recorded = failure.clone();
        self.emit(match self.is_lambda() {
            true => EventKind::LambdaFunctionTimedOut(recorded),
            false => EventKind::TaskTimedOut { task, failure: recorded },
        });
        self.fail(failure)
    }

    fn joined(&mut self, joined: Joined) -> Next {
        self.frame.last_event = joined.last_event;
        match joined.outcome {
            Ok(outputs) => {
                // The exited event follows what led to this one.
                self.emit_aside(joined.last_event, match self.state.kind {
                    Kind::Map(_) => EventKind::MapStateSucceeded,
                    _ => EventKind::ParallelStateSucceeded,
                });
                self.completed(outputs)
            }
            Err(failure) => self.fail(failure),
        }
    }

    fn wait_over(&mut self) -> Next {
        let exited = self.frame.selected_input(self.state).and_then(|input| self.exit(input, self.state.next));
        self.unless_failed(exited)
    }

    fn completed(&mut self, result: Value) -> Next {
        let completed = self.complete(result);
        self.unless_failed(completed)
    }

    fn unless_failed(&mut self, next: Result<Next, Failure>) -> Next {
        next.unwrap_or_else(|failure| {
            let failure = self.frame.located(self.state, failure);
            self.fail(failure)
        })
    }

    /// Puts a result into the input and leaves the state.
    fn complete(&mut self, result: Value) -> Result<Next, Failure> {
        let output = self.frame.merge(self.state, result)?;
        self.exit(output, self.state.next)
    }

    /// Leaves the state: OutputPath, the exited event, and the next state or the end of the scope.
    fn exit(&mut self, output: Value, next: Option<StateId>) -> Result<Next, Failure> {
        let output = self.frame.selected_output(self.state, output)?;
        Ok(self.leave(output, next))
    }

    fn leave(&mut self, output: Value, next: Option<StateId>) -> Next {
        self.emit(EventKind::StateExited {
            state_type: self.state.state_type(),
            name: self.state.name.clone(),
            output: output.clone(),
        });
        match next {
            Some(next) => {
                self.frame.state = next;
                self.frame.input = output;
                self.frame.phase = Phase::Enter;
                Next::Continue
            }
            None => self.end(Ok(output)),
        }
    }

    /// Retries, catches, or ends with the failure.
    fn fail(&mut self, failure: Failure) -> Next {
        let error = failure.error.as_deref();
        let retrier = self.state.retry.iter().position(|retrier| retry::matches(&retrier.error_equals, error));
        if let Some(at) = retrier {
            let retrier = &self.state.retry[at];
            let used = self.frame.retries[at];
            if i64::from(used) < retrier.max_attempts {
                let until = self.now.at.plus_millis(retrier.delay_millis(used, &mut self.frame.random));
                self.frame.retries[at] += 1;
                self.frame.phase = Phase::Retry { until };
                return Next::Ask(Request::Sleep { until });
            }
        }
        let ends_at_once = error == Some("States.Runtime");
        match self.state.kind {
            Kind::Map(_) if !ends_at_once => {
                self.emit(EventKind::MapStateFailed);
            }
            Kind::Parallel { .. } if !ends_at_once => {
                self.emit(EventKind::ParallelStateFailed);
            }
            _ => {}
        }
        let Some(catcher) = self.state.catch.iter().find(|catcher| retry::matches(&catcher.error_equals, error)) else {
            return self.end(Err(failure));
        };
        match self.frame.place(catcher.result_path.as_ref(), failure.error_output()) {
            Ok(output) => self.leave(output, Some(catcher.next)),
            Err(failure) => {
                let failure = self.frame.located(self.state, failure);
                self.end(Err(failure))
            }
        }
    }

    /// Ends because another child failed.
    fn stop(&mut self, because: EventId) -> Next {
        self.frame.last_event = because;
        if let Role::Iteration(iteration) = self.frame.role.clone() {
            self.emit_aside(because, EventKind::MapIterationAborted(iteration));
        }
        self.abort_task();
        self.frame.phase = Phase::Ended;
        let outcome = Err(Failure { error: None, cause: None, span: None });
        Next::End(Ended { outcome, last_event: because, closing_event: because })
    }

    /// Ends the execution from outside.
    fn terminate(&mut self, termination: Termination) -> Next {
        let failure = match termination {
            Termination::TimedOut => {
                self.emit(EventKind::ExecutionTimedOut);
                Failure { error: Some("States.Timeout".into()), cause: None, span: None }
            }
            Termination::Aborted(failure) => {
                self.emit(EventKind::ExecutionAborted(failure.clone()));
                failure
            }
        };
        self.frame.phase = Phase::Ended;
        let last_event = self.frame.last_event;
        Next::End(Ended { outcome: Err(failure), last_event, closing_event: last_event })
    }

    /// A Task inside a branch or an iteration that ends early is recorded as aborted.
    fn abort_task(&mut self) {
        let state_type = self.state.state_type();
        let entered = !matches!(self.frame.phase, Phase::Start | Phase::Enter);
        if entered && state_type == StateType::Task {
            self.emit_aside(self.frame.last_event, EventKind::StateAborted(state_type));
        }
    }

    fn end(&mut self, outcome: crate::task::Outcome) -> Next {
        let last_event = self.frame.last_event;
        let mut closing_event = last_event;
        match (self.frame.role.clone(), &outcome) {
            (Role::Execution, Ok(output)) => {
                self.emit(EventKind::ExecutionSucceeded { output: output.clone() });
            }
            (Role::Execution, Err(failure)) => {
                self.emit(EventKind::ExecutionFailed(failure.clone()));
            }
            (Role::Iteration(iteration), Ok(_)) => {
                closing_event = self.emit_aside(last_event, EventKind::MapIterationSucceeded(iteration));
            }
            (Role::Iteration(iteration), Err(_)) => {
                self.emit_aside(last_event, EventKind::MapIterationFailed(iteration));
                self.abort_task();
            }
            (Role::Branch, Ok(_)) => {}
            (Role::Branch, Err(_)) => self.abort_task(),
        }
        self.frame.phase = Phase::Ended;
        Next::End(Ended { outcome, last_event, closing_event })
    }
}
