//! Joins: the children of a Map or Parallel state. The policy of MaxConcurrency and of the first failure stands here
//! and nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::items::{BATCHED, Batcher, Next, Source};
use super::map_run::{MapRun, Tolerance};
use super::mode::Mode;
use super::protocol::Ended;
use super::results::Results;
use super::{Child, Frame, Role};
use crate::context::{Execution, MapItem};
use crate::history::{EventId, Iteration};
use crate::program::model::ScopeId;
use crate::program::{Kind, Map, Program, StateIndex};
use crate::result_writer;
use crate::retry::Random;
use crate::task::{Failure, Outcome, TaskRequest};
use crate::time::Timestamp;
use crate::value::Value;

/// The bookkeeping of a fan-out. Children are built one by one, as there is room for them.
///
/// Poll it when it is new and after each `ended`, `answered` and `stopped`, until it finishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Join {
    pub(super) parent: Parent,
    pub(super) work: Work,
    pub(super) limit: usize,
    /// Set where the children are executions of their own.
    pub(super) map_run: Option<MapRun>,
    /// How many failures it bears; `None` ends it with the first one, and for its reason.
    pub(super) tolerance: Option<Tolerance>,
    pub(super) started_event: EventId,
    pub(super) random: Random,
    /// How many children were started, and how many of these run.
    pub(super) next: usize,
    pub(super) running: usize,
    pub(super) results: Results,
    /// What was asked for and not answered.
    pub(super) asked: Option<Asked>,
    /// The last events of ended children whose places are free again.
    pub(super) freed: Vec<EventId>,
    pub(super) closing_event: EventId,
    pub(super) failed: Option<Joined>,
    /// Whether the children that run were told to stop.
    pub(super) stopping: bool,
    /// The children that did not succeed and go on, since it was redriven, with their numbers of items.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) again: BTreeMap<usize, usize>,
    /// What was still to be done when it failed, where all that will never be done was told since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unstarted: Option<Box<Unstarted>>,
    /// Whether results could not be written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_lost: bool,
}

/// The position of the child that would have been started next, and where its input comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unstarted {
    pub(super) next: usize,
    pub(super) work: Work,
}

/// What a Join asks for besides its children.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Asked {
    Items,
    Written,
}

/// The state that forked, and what its children inherit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Parent {
    #[serde(skip, default = "super::saved::nobody")]
    pub(super) execution: Arc<Execution>,
    #[serde(skip)]
    pub(super) scope: ScopeId,
    #[serde(skip)]
    pub(super) state: StateIndex,
    pub(super) path: Arc<str>,
    pub(super) map_item: Option<MapItem>,
    pub(super) variables: Value,
    pub(super) entered_time: Timestamp,
    pub(super) entered_event: EventId,
    pub(super) retry_count: u32,
    /// The time of the step that forked.
    pub(super) now: Timestamp,
    /// The effective input.
    pub(super) input: Value,
    /// A Join of a test is not saved.
    #[serde(skip)]
    pub(super) mode: Mode,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Work {
    Branches {
        #[serde(skip)]
        scopes: Vec<ScopeId>,
    },
    Items {
        #[serde(skip)]
        scope: ScopeId,
        source: Source,
        /// How many items each child gets at once.
        batcher: Option<Batcher>,
    },
}

/// What a Join wants next.
#[derive(Debug)]
pub enum JoinStep {
    /// Start this child.
    Start(usize, Box<Frame>),
    /// Let this child go on, which ended without success before the Join was [redriven](Join::redrive).
    Redrive(usize),
    /// Call this task, which has neither a deadline nor a heartbeat, and hand in its outcome with `answered`. Until then,
    /// nothing else is asked for.
    Ask(Arc<TaskRequest>),
    /// Wait for a child to end, or for an answer.
    Wait,
    /// Stop the children that still run, in their order, and hand in each with `stopped`.
    Stop,
    /// Stop the children that still run, in their order, forget what was asked for, and answer the parent.
    Finish(Joined),
}

/// How the children ended together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// The list of their outputs, or the first failure.
    pub outcome: Outcome,
    /// The event that led to the end.
    pub last_event: EventId,
    /// Where the child failed whose failure it is: its state, and the states inside that which led to it.
    pub failed_in: Vec<Arc<str>>,
}

impl Joined {
    /// Whether a child failed in a way that ends the execution at once: what else runs is dropped without an event.
    pub fn ends_execution(&self) -> bool {
        self.outcome.as_ref().is_err_and(Failure::ends_execution)
    }
}

/// The next child, or why there is none.
enum NextChild {
    Start(Box<Frame>),
    Ask(TaskRequest),
    Waits,
    None,
}

impl Join {
    /// How many children there will be at least, as far as that is known before any is started: one for each item where these
    /// are not read from elsewhere.
    pub fn len(&self) -> usize {
        match &self.work {
            Work::Branches { scopes } => scopes.len(),
            Work::Items { source, .. } => source.len().unwrap_or(0),
        }
    }

    /// Whether there are no children, as far as that is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the children are executions with histories of their own: the child executions of a Map Run.
    pub fn starts_executions(&self) -> bool {
        self.map_run.is_some()
    }

    /// The positions of the children whose saved results have changed since this was asked last.
    pub fn take_changed_results(&mut self) -> impl Iterator<Item = usize> {
        std::mem::take(&mut self.results.changed).into_iter()
    }

    pub(super) fn map_run_arn(&self) -> Option<Arc<str>> {
        self.map_run.as_ref().map(|run| run.arn.clone())
    }

    /// The Join as it would be without its results.
    pub(super) fn without_results(&self) -> Self {
        Self {
            parent: self.parent.clone(),
            work: self.work.clone(),
            limit: self.limit,
            map_run: self.map_run.clone(),
            tolerance: self.tolerance.clone(),
            started_event: self.started_event,
            random: self.random.clone(),
            next: self.next,
            running: self.running,
            results: self.results.without_list(),
            asked: self.asked,
            freed: self.freed.clone(),
            closing_event: self.closing_event,
            failed: self.failed.clone(),
            stopping: self.stopping,
            again: self.again.clone(),
            unstarted: self.unstarted.clone(),
            is_lost: self.is_lost,
        }
    }

    /// What to do now.
    pub fn poll(&mut self, program: &Program) -> JoinStep {
        loop {
            if let Some(failed) = self.failed.clone() {
                return self.end_with(failed, program);
            }
            if self.asked.is_none()
                && let Some(request) = self.results.request()
            {
                return self.ask(Asked::Written, request);
            }
            // Results are not collected faster than they are written.
            if self.running < self.limit && self.asked != Some(Asked::Written) {
                if let Some((index, _)) = self.again.pop_first() {
                    self.running += 1;
                    return JoinStep::Redrive(index);
                }
                match self.next_child(program) {
                    Ok(NextChild::Start(frame)) => {
                        let items = self.items_of(&frame.input);
                        if let Some(run) = &mut self.map_run {
                            run.tallies.started(items);
                        }
                        self.next += 1;
                        self.running += 1;
                        return JoinStep::Start(self.next - 1, frame);
                    }
                    Ok(NextChild::Ask(request)) => return self.ask(Asked::Items, request),
                    Ok(NextChild::Waits | NextChild::None) => {}
                    Err(failure) => {
                        self.fail(failure, self.started_event);
                        continue;
                    }
                }
            }
            if self.running > 0 || self.asked.is_some() {
                return JoinStep::Wait;
            }
            // Now it is known how many items there were.
            if let Some(Err(failure)) = self.tolerance.as_ref().map(|tolerance| tolerance.exceeded(self.items())) {
                self.fail(failure, self.started_event);
                continue;
            }
            self.results.finish();
            if let Some(request) = self.results.request() {
                return self.ask(Asked::Written, request);
            }
            let state = program.state(self.parent.scope, self.parent.state);
            let outcome = self.results.result(&state.name);
            return JoinStep::Finish(Joined { outcome, last_event: self.closing_event, failed_in: Vec::new() });
        }
    }

    fn ask(&mut self, asked: Asked, request: TaskRequest) -> JoinStep {
        self.asked = Some(asked);
        JoinStep::Ask(Arc::new(request))
    }

    pub(super) fn fail(&mut self, failure: Failure, last_event: EventId) {
        self.fail_in(Vec::new(), failure, last_event);
    }

    fn fail_in(&mut self, failed_in: Vec<Arc<str>>, failure: Failure, last_event: EventId) {
        self.failed.get_or_insert(Joined { outcome: Err(failure), last_event, failed_in });
    }

    /// Goes on after a failure: what a ResultWriter collects is written all the same, with those that run and those that will
    /// never start.
    fn end_with(&mut self, failed: Joined, program: &Program) -> JoinStep {
        if self.results.writer.is_none() {
            return JoinStep::Finish(failed);
        }
        if self.running > 0 && !std::mem::replace(&mut self.stopping, true) {
            return JoinStep::Stop;
        }
        if self.asked.is_some() {
            return JoinStep::Wait;
        }
        let error = failed.outcome.as_ref().err().and_then(|failure| failure.error.as_deref());
        let tells_of_items = error == Some("States.ExceedToleratedFailureThreshold");
        if tells_of_items && let Some(step) = self.tell_pending(program) {
            return step;
        }
        self.results.finish();
        match self.results.request() {
            Some(request) if error != Some("States.ResultWriterFailed") => self.ask(Asked::Written, request),
            _ => JoinStep::Finish(failed),
        }
    }

    /// Hands the items that will never be worked on to the ResultWriter; what has to be asked for first comes out.
    fn tell_pending(&mut self, program: &Program) -> Option<JoinStep> {
        if self.unstarted.is_none() {
            self.unstarted = Some(Box::new(Unstarted { next: self.next, work: self.work.clone() }));
        }
        loop {
            if let Some(request) = self.results.request() {
                return Some(self.ask(Asked::Written, request));
            }
            match self.next_input(program) {
                Ok(Next::Input { input, .. }) => {
                    self.results.add_pending(self.next, &input);
                    self.next += 1;
                }
                Ok(Next::Ask(request)) => return Some(self.ask(Asked::Items, request)),
                // What cannot be read or selected is nothing to tell of.
                Ok(Next::Waits | Next::End) | Err(_) => return None,
            }
        }
    }

    /// Takes the answer to what was asked for.
    pub fn answered(&mut self, outcome: Outcome) {
        let taken = match (self.asked.take(), &mut self.work) {
            (Some(Asked::Items), Work::Items { source, .. }) => source.answered(outcome),
            (Some(Asked::Written), _) => match outcome {
                Ok(answer) => {
                    self.results.answered(&answer);
                    Ok(())
                }
                Err(failure) => {
                    self.is_lost = true;
                    Err(result_writer::failed(failure.to_string()))
                }
            },
            _ => Ok(()),
        };
        if let Err(failure) = taken {
            let last_event = self.started_event;
            // A failure to write what is left of a failed run is no other failure.
            if self.failed.is_some() {
                self.results.writer = None;
            }
            self.fail(failure, last_event);
        }
    }

    /// Takes note of a child's end. The first failure decides.
    pub fn ended(&mut self, index: usize, ended: Ended) {
        self.running = self.running.saturating_sub(1);
        let Ended { outcome, last_event, closing_event, child, failed_in } = ended;
        let items = child.as_ref().map_or(1, |end| self.items_of(&end.execution.input));
        if let Some(run) = &mut self.map_run {
            run.tallies.ended(items, &outcome, false);
        }
        if let Err(failure) = &outcome
            && let Err(failure) = self.bear(index, items, failure, child.as_ref().map(|end| &end.execution.name))
        {
            // Child executions have histories of their own.
            match self.map_run {
                Some(_) => self.fail(failure, self.started_event),
                None => {
                    let is_map = matches!(self.work, Work::Items { .. });
                    let failure = if is_map { failure.in_item(index) } else { failure };
                    self.fail_in(failed_in, failure, last_event);
                }
            }
            if self.map_run.is_none() {
                return;
            }
        }
        self.results.add(index, outcome, child, false);
        // Lets others follow the events of an ended child, which are its own where it is an execution.
        if self.map_run.is_none() {
            self.freed.push(last_event);
            self.closing_event = closing_event;
        }
    }

    /// Takes note of a child that was stopped.
    pub fn stopped(&mut self, index: usize, ended: Ended) {
        self.running = self.running.saturating_sub(1);
        let items = ended.child.as_ref().map_or(1, |end| self.items_of(&end.execution.input));
        if let Some(run) = &mut self.map_run {
            run.tallies.ended(items, &ended.outcome, true);
        }
        self.results.add(index, ended.outcome, ended.child, true);
    }

    /// Bears the failure of a child with so many items, or gives the failure of all.
    fn bear(&mut self, index: usize, items: usize, failure: &Failure, name: Option<&Arc<str>>) -> Result<(), Failure> {
        let all = self.all_items();
        let Some(tolerance) = &mut self.tolerance else { return Err(failure.clone()) };
        tolerance.failed(items, || {
            format!("the child execution {index} ({}) failed first: {failure}", name.map_or("", |name| name))
        });
        tolerance.exceeded(all)
    }

    /// How many items the input of a child execution has.
    pub(super) fn items_of(&self, input: &Value) -> usize {
        match &self.work {
            Work::Items { batcher: Some(_), .. } => input[BATCHED].as_array().map_or(1, |items| items.len()),
            _ => 1,
        }
    }

    /// How many items there are in all; `None` where that is not known yet.
    pub(super) fn all_items(&mut self) -> Option<usize> {
        let needed = self.tolerance.as_ref().is_some_and(Tolerance::needs_total);
        match &mut self.work {
            Work::Branches { scopes } => Some(scopes.len()),
            Work::Items { source, .. } if needed => source.total(),
            Work::Items { .. } => None,
        }
    }

    /// How many items there were, once all of them are taken.
    fn items(&self) -> Option<usize> {
        match &self.work {
            Work::Branches { scopes } => Some(scopes.len()),
            Work::Items { source, .. } => Some(source.taken()),
        }
    }

    /// The input of the next child, where the children work on items.
    fn next_input(&mut self, program: &Program) -> Result<Next, Failure> {
        let state = program.state(self.parent.scope, self.parent.state);
        let seed = self.random.clone().next();
        let (parent, index) = (&self.parent, self.next);
        let selector = match &state.kind {
            Kind::Map(Map { item_selector, .. }) => item_selector.as_ref(),
            _ => None,
        };
        let select = |item: &MapItem, random: &Random| match selector {
            None => Ok(item.input()),
            Some(selector) => {
                parent.select(&state.name, selector, item, random).map_err(|failure| parent.located(state, failure))
            }
        };
        match &mut self.work {
            Work::Items { source, batcher: None, .. } => source.next_input(&Random::new(seed ^ index as u64), select),
            // The items of a batch draw from other numbers than the child does.
            Work::Items { source, batcher: Some(batcher), .. } => batcher.next_input(source, !seed, select),
            Work::Branches { .. } => Ok(Next::End),
        }
    }

    fn next_child(&mut self, program: &Program) -> Result<NextChild, Failure> {
        let index = self.next;
        let seed = self.random.clone().next() ^ index as u64;
        let parent = &self.parent;
        let mut random = Random::new(seed);
        let (scope, role, input, map_item) = match &self.work {
            Work::Branches { scopes } => match scopes.get(index) {
                None => return Ok(NextChild::None),
                Some(scope) => (*scope, Role::Branch, parent.input.clone(), parent.map_item.clone()),
            },
            Work::Items { scope, .. } => {
                let scope = *scope;
                let (input, item, drawn) = match self.next_input(program)? {
                    Next::Input { input, item, random } => (input, item, random),
                    Next::Ask(request) => return Ok(NextChild::Ask(request)),
                    Next::Waits => return Ok(NextChild::Waits),
                    Next::End => return Ok(NextChild::None),
                };
                if let Some(drawn) = drawn {
                    random = drawn;
                }
                let name = program.state(self.parent.scope, self.parent.state).name.clone();
                (scope, Role::Iteration(Iteration { name, index }), input, item)
            }
        };
        let parent = &self.parent;
        let path = [&*parent.path, "[", &index.to_string(), "]"].concat().into();
        let last_event = self.freed.pop().unwrap_or(self.started_event);
        let child = match &self.map_run {
            None => Child {
                execution: parent.execution.clone(),
                role,
                path,
                scope,
                input,
                map_item,
                variables: parent.variables.clone(),
                last_event,
                random,
            },
            // A child execution sees nothing of its parent.
            Some(run) => Child {
                execution: Arc::new(run.execution(&parent.execution, input.clone(), &random)),
                role: Role::Execution,
                path,
                scope,
                input,
                map_item: None,
                variables: Value::empty_object(),
                last_event: 0,
                random,
            },
        };
        Ok(NextChild::Start(Box::new(Frame::child(program, child))))
    }
}
