//! Joins: the children of a Map or Parallel state. The policy of MaxConcurrency and of the first failure stands here
//! and nowhere else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::items::Items;
use super::map_run::{MapRun, Tolerance, failed_result};
use super::protocol::Ended;
use super::{Child, Frame, Role, located};
use crate::context::{Execution, MapItem};
use crate::history::{EventId, Iteration};
use crate::program::{Kind, Map, Program, ScopeId, StateId};
use crate::retry::Random;
use crate::task::{Failure, Outcome};
use crate::time::Timestamp;
use crate::value::Value;

/// The bookkeeping of a fan-out. Children are built one by one, as there is room for them.
///
/// Poll it when it is new and after each `ended`, until it finishes.
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
    pub(super) next: usize,
    pub(super) running: usize,
    pub(super) results: Vec<Option<Value>>,
    /// The last events of ended children whose places are free again.
    pub(super) freed: Vec<EventId>,
    pub(super) closing_event: EventId,
    pub(super) failed: Option<Joined>,
}

/// The state that forked, and what its children inherit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Parent {
    pub(super) execution: Arc<Execution>,
    pub(super) scope: ScopeId,
    pub(super) state: StateId,
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
    /// The context object of a test of one state.
    #[serde(skip)]
    pub(super) given_context: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Work {
    Branches(Vec<ScopeId>),
    Items {
        scope: ScopeId,
        items: Items,
    },
    /// Inputs of several items each, with how many these are.
    Batches {
        scope: ScopeId,
        batches: Vec<(Value, usize)>,
    },
}

/// What a Join wants next.
#[derive(Debug)]
pub enum JoinStep {
    /// Start this child.
    Start(usize, Box<Frame>),
    /// Wait for a child to end.
    Wait,
    /// Stop the children that still run, in their order, and answer the parent.
    Finish(Joined),
}

/// How the children ended together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// The list of their outputs, or the first failure.
    pub outcome: Outcome,
    /// The event that led to the end.
    pub last_event: EventId,
}

impl Joined {
    /// Whether a child failed in a way that ends the execution at once: what else runs is dropped without an event.
    pub fn ends_execution(&self) -> bool {
        self.outcome.as_ref().is_err_and(Failure::ends_execution)
    }
}

impl Work {
    fn len(&self) -> usize {
        match self {
            Self::Branches(branches) => branches.len(),
            Self::Items { items, .. } => items.len(),
            Self::Batches { batches, .. } => batches.len(),
        }
    }
}

impl Join {
    /// How many children there are in all.
    pub fn len(&self) -> usize {
        self.work.len()
    }

    /// Whether the children are executions with histories of their own: the child executions of a Map Run.
    pub fn starts_executions(&self) -> bool {
        self.map_run.is_some()
    }

    /// Whether there are no children.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn map_run_arn(&self) -> Option<Arc<str>> {
        self.map_run.as_ref().map(|run| run.arn.clone())
    }

    /// What to do now.
    pub fn poll(&mut self, program: &Program) -> JoinStep {
        if let Some(joined) = &self.failed {
            return JoinStep::Finish(joined.clone());
        }
        if self.next < self.len() && self.running < self.limit {
            return match self.child(program, self.next) {
                Ok(frame) => {
                    self.next += 1;
                    self.running += 1;
                    self.results.push(None);
                    JoinStep::Start(self.next - 1, Box::new(frame))
                }
                Err(failure) => {
                    let joined = Joined { outcome: Err(failure), last_event: self.started_event };
                    self.failed = Some(joined.clone());
                    JoinStep::Finish(joined)
                }
            };
        }
        if self.running > 0 {
            return JoinStep::Wait;
        }
        let outputs: Value = self.results.iter_mut().map(|result| result.take().unwrap_or_default()).collect();
        JoinStep::Finish(Joined { outcome: Ok(outputs), last_event: self.closing_event })
    }

    /// Takes note of a child's end. The first failure decides.
    pub fn ended(&mut self, index: usize, ended: Ended) {
        self.running = self.running.saturating_sub(1);
        match ended.outcome {
            Ok(output) => {
                if let Some(result) = self.results.get_mut(index) {
                    *result = Some(output);
                }
                self.passed(ended.last_event, ended.closing_event);
            }
            Err(failure) => match self.bear(index, failure) {
                Ok(failed) => {
                    if let Some(result) = self.results.get_mut(index) {
                        *result = Some(failed);
                    }
                    self.passed(ended.last_event, ended.closing_event);
                }
                Err(failure) => {
                    // Child executions have histories of their own.
                    let last_event = if self.map_run.is_some() { self.started_event } else { ended.last_event };
                    self.failed.get_or_insert(Joined { outcome: Err(failure), last_event });
                }
            },
        }
    }

    /// Lets others follow the events of an ended child, which are its own where it is an execution.
    fn passed(&mut self, last_event: EventId, closing_event: EventId) {
        if self.map_run.is_none() {
            self.freed.push(last_event);
            self.closing_event = closing_event;
        }
    }

    /// The result of a failed child where its failure is tolerated; the failure of all where it is not.
    fn bear(&mut self, index: usize, failure: Failure) -> Result<Value, Failure> {
        let Some(tolerance) = &mut self.tolerance else { return Err(failure) };
        let (items, of) = match &self.work {
            Work::Batches { batches, .. } => {
                let items = batches.get(index).map_or(0, |(_, items)| *items);
                (items, batches.iter().map(|(_, items)| items).sum())
            }
            work => (1, work.len()),
        };
        tolerance.failed(items, of).map(|()| failed_result(&failure))
    }

    fn child(&mut self, program: &Program, index: usize) -> Result<Frame, Failure> {
        let parent = &self.parent;
        let state = program.state(parent.scope, parent.state);
        let random = Random::new(self.random.clone().next() ^ index as u64);
        let (scope, role, input, map_item) = match &self.work {
            Work::Items { scope, items } => {
                let item = items.get(index).unwrap_or_default();
                let input = match &state.kind {
                    Kind::Map(Map { item_selector: Some(selector), .. }) => parent
                        .select(&state.name, selector, &item, &random)
                        .map_err(|failure| match parent.given_context {
                            None => located(&state.name, parent.entered_event, failure),
                            Some(_) => failure,
                        })?,
                    _ => item.input(),
                };
                let iteration = Iteration { name: state.name.clone(), index };
                (*scope, Role::Iteration(iteration), input, Some(item))
            }
            Work::Batches { scope, batches } => (*scope, Role::Execution, batches[index].0.clone(), None),
            Work::Branches(branches) => (branches[index], Role::Branch, parent.input.clone(), parent.map_item.clone()),
        };
        let path = format!("{}[{index}]", parent.path).into();
        let mut child = Child {
            execution: parent.execution.clone(),
            role,
            path,
            scope,
            input,
            map_item,
            variables: parent.variables.clone(),
            last_event: self.freed.pop().unwrap_or(self.started_event),
            random,
        };
        if let Some(run) = &self.map_run {
            // A child execution sees nothing of its parent.
            let execution = run.execution(&parent.execution, child.input.clone(), &child.random);
            child = Child {
                execution: Arc::new(execution),
                role: Role::Execution,
                map_item: None,
                variables: Value::empty_object(),
                last_event: 0,
                ..child
            };
        }
        Ok(Frame::child(program, child))
    }
}
