//! What one step does, state type by state type.

use std::sync::Arc;

use super::io::{Exit, Sight};
use super::protocol::{ChildEnd, Ended, Next, Now, Request, Termination};
use super::stages::{Stage, Visit};
use super::variables::with_variables;
use super::{Frame, Phase, Rest, Role};
use crate::definition::ast::StateType;
use crate::history::{EventId, EventKind, HistoryEvent};
use crate::program::Kind;
use crate::program::model::{TransitionId, TransitionKind};
use crate::task::{Failure, Outcome, QUERY_EVALUATION_ERROR};
use crate::template::Template;
use crate::value::{Value, cut};

/// How much is kept of a failure that was caught, in characters.
const CAUGHT: usize = 300;

/// One call of `step`.
pub(super) struct Run<'a> {
    pub(super) frame: &'a mut Frame,
    pub(super) state: Visit<'a>,
    pub(super) now: &'a mut Now,
    pub(super) events: Vec<HistoryEvent>,
    /// The one that was taken.
    pub(super) transition: Option<TransitionId>,
    /// Where the children of the state failed, if they did.
    pub(super) failed_in: Vec<Arc<str>>,
    /// Whether the step has entered the state.
    has_entered: bool,
    /// Whether it was the children of the state that failed.
    pub(super) children_failed: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(frame: &'a mut Frame, state: Visit<'a>, now: &'a mut Now, events: Vec<HistoryEvent>) -> Self {
        let (transition, failed_in) = (None, Vec::new());
        Self { frame, state, now, events, transition, failed_in, has_entered: false, children_failed: false }
    }
}

impl Run<'_> {
    /// Records an event and makes it the one that leads to the next.
    pub(super) fn emit(&mut self, kind: EventKind) -> EventId {
        let id = self.emit_aside(self.frame.last_event, kind);
        self.frame.last_event = id;
        id
    }

    /// Records an event that leads to no other.
    pub(super) fn emit_aside(&mut self, previous: EventId, kind: EventKind) -> EventId {
        let event = self.now.event(previous, kind);
        let id = event.id;
        if self.now.records {
            self.events.push(event);
        }
        id
    }

    pub(super) fn open(&mut self) {
        match self.frame.role.clone() {
            Role::Execution => {
                if !self.frame.path.is_empty() {
                    // A child execution of a Map Run starts when its turn comes.
                    Arc::make_mut(&mut self.frame.execution).start_time = self.now.at;
                }
                let execution = &self.frame.execution;
                let (input, input_text) = (execution.input.clone(), execution.input_text.clone());
                let role_arn = execution.role_arn.clone();
                // AWS links the first state to no event.
                self.emit_aside(0, EventKind::ExecutionStarted { input, input_text, role_arn });
            }
            Role::Branch => {}
            Role::Iteration(iteration) => {
                self.emit(EventKind::MapIterationStarted(iteration));
            }
        }
    }

    pub(super) fn enter(&mut self) -> Next {
        self.state.note(Stage::Input, &self.frame.input);
        self.frame.entered_time = self.now.at;
        self.frame.visits += 1;
        self.frame.retries = vec![0; self.state.retry.len()];
        let entered = EventKind::StateEntered {
            state_type: self.state.state_type(),
            name: self.state.name.clone(),
            input: self.frame.input.clone(),
        };
        self.frame.entered_event = self.emit(entered);
        self.has_entered = true;
        self.attempt()
    }

    /// Does what the state is for: the first time, or again for a Retrier.
    pub(super) fn attempt(&mut self) -> Next {
        match self.try_attempt() {
            Ok(next) => next,
            Err(failure) => self.fail_itself(failure),
        }
    }

    /// The error is a failure of the state's own data.
    fn try_attempt(&mut self) -> Result<Next, Failure> {
        let state = self.state;
        match &state.kind {
            Kind::Pass { result } => {
                let result = match result {
                    Some(result) => {
                        self.state.note(Stage::Result, result);
                        result.clone()
                    }
                    None => self.frame.effective_input(state, None)?,
                };
                self.complete(result)
            }
            Kind::Succeed => {
                let exit = self.pass_on(state.assign.as_ref(), state.io.output())?;
                self.exit(exit, TransitionKind::End)
            }
            Kind::Fail { error, cause } => {
                let failure = self.frame.failure(state, error.as_ref(), cause.as_ref())?;
                let caught = self.frame.caught.as_ref().map(|caught| format!("before it was caught: {caught}"));
                Ok(self.fail(failure.with_help(caught)))
            }
            Kind::Choice { choices, default } => {
                let input = self.frame.selected_input(state)?;
                let chosen = self.frame.choose(state, choices, &input)?;
                let (assign, output, taken) = match (chosen.and_then(|at| Some((at, choices.get(at)?))), default) {
                    (Some((at, choice)), _) => {
                        (choice.assign.as_ref(), choice.output.as_ref(), TransitionKind::ChoiceRule(at))
                    }
                    (None, Some(_)) => (state.assign.as_ref(), state.io.output(), TransitionKind::Default),
                    (None, None) => {
                        let cause = "Failed to transition out of the state. The state does not point to a next state.";
                        let hint = format!("no rule of '{}' holds, and it has no Default", state.name);
                        return Err(Failure::runtime(cause).with_hint(hint));
                    }
                };
                let exit = self.frame.hand_on(state, assign, output, Sight::of(&input), &input)?;
                self.exit(exit, taken)
            }
            Kind::Wait(wait) => {
                let until = self.frame.wake_time(state, wait, self.now.at)?;
                self.frame.phase = Phase::Wait { until };
                Ok(Next::Ask(Request::Sleep { until }))
            }
            Kind::Task(task) => self.call(task),
            Kind::Parallel { .. } | Kind::Map(_) => {
                // Each attempt gives its children other seeds.
                self.frame.random.next();
                let random = self.frame.random.clone();
                let mut join = self.frame.join(state)?;
                self.emit(match &state.kind {
                    Kind::Map(_) => EventKind::MapStateStarted { length: join.len() },
                    _ => EventKind::ParallelStateStarted,
                });
                self.frame.complete_join(state, &mut join)?;
                if let Some(map_run_arn) = join.map_run_arn() {
                    self.emit(EventKind::MapRunStarted { map_run_arn });
                }
                self.frame.open_join(state, &mut join)?;
                Ok(self.fork(join, random))
            }
        }
    }

    pub(super) fn wait_over(&mut self) -> Next {
        let state = self.state;
        let passed = self.pass_on(state.assign.as_ref(), state.io.output());
        let exited = passed.and_then(|exit| self.exit(exit, state.next_or_end()));
        self.unless_failed(exited)
    }

    /// Hands on the input.
    fn pass_on(&self, assign: Option<&Template>, output: Option<&Template>) -> Result<Exit, Failure> {
        let input = self.frame.selected_input(self.state)?;
        self.frame.hand_on(self.state, assign, output, Sight::of(&input), &input)
    }

    pub(super) fn completed(&mut self, result: Value) -> Next {
        self.state.note(Stage::Result, &result);
        let completed = self.complete(result);
        self.unless_failed(completed)
    }

    pub(super) fn unless_failed(&mut self, next: Result<Next, Failure>) -> Next {
        next.unwrap_or_else(|failure| self.fail_itself(failure))
    }

    /// Fails for the state's own data.
    fn fail_itself(&mut self, failure: Failure) -> Next {
        let failure = self.told(self.frame.located(&self.state, failure));
        self.fail(failure)
    }

    /// Records a failure of an expression. It has no location any more, so that it is recorded once.
    pub(super) fn told(&mut self, mut failure: Failure) -> Failure {
        let location = failure.take_location();
        if failure.error.as_deref() != Some(QUERY_EVALUATION_ERROR) {
            return failure;
        }
        self.emit(EventKind::EvaluationFailed { failure: failure.clone(), location, state: self.state.name.clone() });
        failure
    }

    /// Puts a result into the input and leaves the state.
    fn complete(&mut self, result: Value) -> Result<Next, Failure> {
        let exit = self.frame.merge(self.state, result)?;
        self.exit(exit, self.state.next_or_end())
    }

    /// Leaves the state: OutputPath, the exited event, and the next state or the end of the scope.
    fn exit(&mut self, exit: Exit, taken: TransitionKind) -> Result<Next, Failure> {
        let output = self.frame.selected_output(self.state, exit.output)?;
        Ok(match self.within_quota(&self.state.name, output) {
            Ok(output) => self.leave(Exit { output, ..exit }, taken),
            Err(failure) => self.fail(failure),
        })
    }

    fn leave(&mut self, exit: Exit, taken: TransitionKind) -> Next {
        let Exit { output, assigned } = exit;
        if let Some(assigned) = &assigned {
            self.frame.variables = with_variables(&self.frame.variables, assigned);
        }
        self.emit(EventKind::StateExited {
            state_type: self.state.state_type(),
            name: self.state.name.clone(),
            output: output.clone(),
            assigned_variables: assigned,
        });
        self.transition = Some(self.state.transition(taken));
        match self.state.target(taken) {
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
    pub(super) fn fail(&mut self, failure: Failure) -> Next {
        self.state.note_failure(&failure);
        let error = failure.error_for_handlers();
        if let Some(at) = self.state.retrier(error) {
            let retrier = &self.state.retry[at];
            let used = self.frame.retries[at];
            if i64::from(used) < retrier.max_attempts {
                let until = self.now.at.plus_millis(retrier.delay_millis(used, &self.frame.random));
                self.frame.retries[at] += 1;
                self.transition = Some(self.state.transition(TransitionKind::Retrier(at)));
                self.frame.phase = Phase::Retry { until };
                return Next::Ask(Request::Sleep { until });
            }
        }
        let ends_at_once = failure.ends_execution();
        match self.state.kind {
            Kind::Map(_) if !ends_at_once => {
                self.emit(EventKind::MapStateFailed);
            }
            Kind::Parallel { .. } if !ends_at_once => {
                self.emit(EventKind::ParallelStateFailed);
            }
            _ => {}
        }
        let Some(at) = self.state.catcher(error) else { return self.end(Err(failure)) };
        let catcher = &self.state.catch[at];
        let cause = failure.cause.as_deref().map_or(String::new(), |cause| format!(": {}", cut(cause, CAUGHT)));
        let error = failure.error.as_deref().unwrap_or("an error without a name");
        self.frame.caught = Some(format!("'{}' failed: {error}{cause}", self.state.name).into());
        match self.frame.caught(self.state, catcher, failure.error_output()) {
            Ok(exit) => self.leave(exit, TransitionKind::Catcher(at)),
            Err(failure) => {
                let failure = self.told(self.frame.located(&self.state, failure));
                self.end(Err(failure))
            }
        }
    }

    /// Ends because another child failed.
    pub(super) fn stop(&mut self, because: EventId) -> Next {
        if let Role::Iteration(iteration) = self.frame.role.clone()
            && self.frame.phase != Phase::Start
        {
            self.emit_aside(because, EventKind::MapIterationAborted(iteration));
        }
        self.abort_task(because);
        self.frame.halt();
        let (outcome, child) = (Err(Failure::default()), self.child_end());
        Next::End(Box::new(Ended {
            outcome,
            last_event: because,
            closing_event: because,
            child,
            failed_in: Vec::new(),
        }))
    }

    /// Ends the execution from outside.
    pub(super) fn terminate(&mut self, termination: Termination) -> Next {
        let failure = match termination {
            Termination::TimedOut => {
                let failure = Failure::timeout();
                self.emit_aside(0, EventKind::ExecutionTimedOut(failure.clone()));
                failure.with_hint("TimeoutSeconds of the state machine ran out")
            }
            Termination::HistoryFull => {
                let most = self.frame.execution.quotas.history_events.unwrap_or(self.now.ids.next);
                // The failure is the last event that there may be.
                self.now.ids.next = most;
                self.frame.last_event = most.saturating_sub(1);
                let cause = format!("The execution reached the maximum number of history events ({most}).");
                let failure = Failure::new("States.Runtime", cause);
                self.emit(EventKind::ExecutionFailed(failure.clone()));
                failure
            }
            Termination::Aborted(failure) => {
                self.emit_aside(0, EventKind::ExecutionAborted(failure.clone()));
                failure
            }
        };
        let failed_in = if self.has_entered() { vec![self.state.name.clone()] } else { Vec::new() };
        self.frame.halt();
        let (last_event, child) = (self.frame.last_event, self.child_end());
        Next::End(Box::new(Ended { outcome: Err(failure), last_event, closing_event: last_event, child, failed_in }))
    }

    /// The child execution that ends now, where it is one.
    fn child_end(&self) -> Option<Box<ChildEnd>> {
        let is_child = self.frame.role == Role::Execution && !self.frame.path.is_empty();
        is_child.then(|| Box::new(ChildEnd { execution: self.frame.execution.clone(), at: self.now.at }))
    }

    /// A Task inside a branch or an iteration that ends early is recorded as aborted.
    fn abort_task(&mut self, because: EventId) {
        let state_type = self.state.state_type();
        if self.has_entered() && state_type == StateType::Task {
            self.emit_aside(because, EventKind::StateAborted(state_type));
        }
    }

    /// Where the Frame goes on after this failure, when its execution is redriven.
    fn rest(&self, failure: &Failure) -> Rest {
        match self.frame.rest() {
            Rest::Fork { .. } if !self.children_failed || self.begins_anew(failure) => Rest::Inside,
            Rest::Start | Rest::Enter if self.has_entered => Rest::Inside,
            rest => rest,
        }
    }

    /// Whether the Frame is inside its state.
    fn has_entered(&self) -> bool {
        !matches!(self.frame.phase, Phase::Start | Phase::Enter)
    }

    fn end(&mut self, outcome: Outcome) -> Next {
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
            // The execution ends at once, and nothing more is recorded of what it was inside of.
            (Role::Iteration(_) | Role::Branch, Err(failure)) if failure.ends_execution() => {}
            (Role::Iteration(iteration), Err(_)) => {
                self.emit_aside(last_event, EventKind::MapIterationFailed(iteration));
                self.abort_task(last_event);
            }
            (Role::Branch, Ok(_)) => {}
            (Role::Branch, Err(_)) => self.abort_task(last_event),
        }
        let rest = match &outcome {
            Ok(_) => Rest::Done,
            Err(failure) => self.rest(failure),
        };
        self.frame.phase = Phase::Ended { rest };
        let mut failed_in = Vec::new();
        if outcome.is_err() {
            failed_in.push(self.state.name.clone());
            failed_in.append(&mut self.failed_in);
        }
        Next::End(Box::new(Ended { outcome, last_event, closing_event, child: self.child_end(), failed_in }))
    }
}
