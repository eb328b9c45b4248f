//! Steps Frames and takes down what they do.

use std::collections::BTreeMap;

use asl_engine::model::{Model, StateId};
use asl_engine::{EventIds, EventKind, HistoryEvent, Now, Program, Reply, Step, Timestamp};

use super::{Batch, Bug, FrameId, Node, Recorded};

/// The time and the event ids of the executions of a ledger, and the Batch that is being made.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub(super) at: Timestamp,
    /// Whether the events of child executions are recorded, too.
    pub(super) records_children: bool,
    /// The event ids of the execution itself (0) and of each child execution that runs, by the number of its Frame.
    pub(super) histories: BTreeMap<FrameId, EventIds>,
    pub(super) batch: Batch,
    /// How many events the last Batch had: the next one will have about as many.
    pub(super) recorded: usize,
    /// An empty list for the events of the next step.
    pub(super) spare: Vec<HistoryEvent>,
}

impl Recorder {
    pub(super) fn new(at: Timestamp) -> Self {
        Self {
            at,
            records_children: false,
            histories: BTreeMap::from([(0, EventIds::default())]),
            batch: Batch::default(),
            recorded: 0,
            spare: Vec::new(),
        }
    }

    /// Says in the Batch that a Frame has changed.
    pub(super) fn mark(&mut self, node: &mut Node, id: FrameId) {
        if !std::mem::replace(&mut node.is_changed, true) {
            self.batch.changed.push(id);
        }
    }

    pub(super) fn step(&mut self, program: &Program, id: FrameId, node: &mut Node, reply: Reply) -> Result<Step, Bug> {
        let ids = self.histories.entry(node.history).or_default();
        let records = node.history == 0 || self.records_children;
        let spare = std::mem::take(&mut self.spare);
        let mut now = Now { at: self.at, ids: ids.clone(), records, stages: false, spare };
        let mut step = node.frame.step(program, &mut now, reply)?;
        if *ids != now.ids {
            *ids = now.ids;
            if self.batch.counted.last() != Some(&node.history) {
                self.batch.counted.push(node.history);
            }
        }
        if let Some(transition) = step.transition {
            self.batch.taken.push((id, transition));
        }
        for event in step.events.drain(..) {
            let state = happened_in(&event.kind, step.state, program.model());
            let transition = step.transition.filter(|_| matches!(event.kind, EventKind::StateExited { .. }));
            let execution = node.frame.execution().clone();
            self.batch.recorded.push(Recorded { execution, frame: id, state, transition, event });
        }
        self.spare = std::mem::take(&mut step.events);
        Ok(step)
    }
}

/// The state that an event of a Frame in `state` happened in: those that frame an iteration belong to its Map state.
fn happened_in(event: &EventKind, state: StateId, model: &Model) -> Option<StateId> {
    match event {
        EventKind::MapIterationStarted(_)
        | EventKind::MapIterationSucceeded(_)
        | EventKind::MapIterationFailed(_)
        | EventKind::MapIterationAborted(_) => model.scope(model.state(state)?.scope)?.parent,
        EventKind::ExecutionStarted { .. }
        | EventKind::ExecutionSucceeded { .. }
        | EventKind::ExecutionFailed(_)
        | EventKind::ExecutionTimedOut(_)
        | EventKind::ExecutionAborted(_)
        | EventKind::ExecutionRedriven { .. } => None,
        _ => Some(state),
    }
}
