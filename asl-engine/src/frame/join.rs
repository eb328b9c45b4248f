//! Joins: the children of a Map or Parallel state. The policy of MaxConcurrency and of the first failure stands here
//! and nowhere else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::protocol::Ended;
use super::{Frame, Role};
use crate::context::{Execution, MapItem};
use crate::history::{EventId, Iteration};
use crate::program::{Kind, Map, Program, ScopeId, StateId};
use crate::retry::Random;
use crate::task::{Failure, Outcome};
use crate::time::Timestamp;
use crate::value::{Array, Value};

/// The bookkeeping of a fan-out. Children are built one by one, as there is room for them.
///
/// Poll it when it is new and after each `ended`, until it finishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Join {
    pub(super) parent: Parent,
    pub(super) work: Work,
    pub(super) limit: usize,
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
    pub(super) entered_time: Timestamp,
    pub(super) entered_event: EventId,
    pub(super) retry_count: u32,
    /// The effective input.
    pub(super) input: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Work {
    Branches(Vec<ScopeId>),
    Items { scope: ScopeId, items: Array },
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

impl Join {
    /// How many children there are in all.
    pub fn len(&self) -> usize {
        match &self.work {
            Work::Branches(branches) => branches.len(),
            Work::Items { items, .. } => items.len(),
        }
    }

    /// Whether there are no children.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
                self.freed.push(ended.last_event);
                self.closing_event = ended.closing_event;
            }
            Err(failure) => {
                self.failed.get_or_insert(Joined { outcome: Err(failure), last_event: ended.last_event });
            }
        }
    }

    fn child(&mut self, program: &Program, index: usize) -> Result<Frame, Failure> {
        let parent = &self.parent;
        let state = program.state(parent.scope, parent.state);
        let random = Random::new(self.random.clone().next() ^ index as u64);
        let (scope, role, input, map_item) = match &self.work {
            Work::Items { scope, items } => {
                let item = MapItem { index, value: items[index].clone() };
                let input = match &state.kind {
                    Kind::Map(Map { item_selector: Some(selector), .. }) => {
                        parent.select(program, selector, &item, &random)?
                    }
                    _ => item.value.clone(),
                };
                let iteration = Iteration { name: state.name.clone(), index };
                (*scope, Role::Iteration(iteration), input, Some(item))
            }
            Work::Branches(branches) => (branches[index], Role::Branch, parent.input.clone(), parent.map_item.clone()),
        };
        let last_event = self.freed.pop().unwrap_or(self.started_event);
        let path = format!("{}/{}[{index}]", parent.path, state.name).into();
        let execution = parent.execution.clone();
        Ok(Frame::child(program, execution, scope, role, path, input, map_item, last_event, random))
    }
}
