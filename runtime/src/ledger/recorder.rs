//! Steps Frames and takes down what they do.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::model::{Model, StateId};
use asl_engine::{EventIds, EventKind, HistoryEvent, Now, Program, Reply, StateType, Step, Timestamp};

use super::{Batch, Bug, FrameId, Node, Recorded};

/// The time of a ledger, and the Batch that is being made.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub(super) at: Timestamp,
    /// The events of executions that began before this Frame are recorded, those of the execution itself always.
    pub(super) records_before: FrameId,
    /// Whether nothing waits for a time to come.
    pub(super) skips_waits: bool,
    /// How many milliseconds Wait states of these names take, whatever they say.
    pub(super) waits: Arc<BTreeMap<Arc<str>, i64>>,
    pub(super) batch: Batch,
    /// How many events the last Batch had: the next one will have about as many.
    pub(super) recorded: usize,
    /// An empty list for the events of the next step.
    pub(super) spare: Vec<HistoryEvent>,
}

impl Recorder {
    pub(super) fn new(at: Timestamp) -> Self {
        let (batch, waits) = (Batch::default(), Arc::default());
        Self { at, records_before: 0, skips_waits: false, waits, batch, recorded: 0, spare: Vec::new() }
    }

    /// Until when a state waits that would wait `until` then.
    pub(super) fn until(&self, program: &Program, state: StateId, until: Timestamp) -> Timestamp {
        if self.waits.is_empty() {
            return until;
        }
        let state = program.model().state(state).filter(|state| state.state_type == StateType::Wait);
        let given = state.and_then(|state| self.waits.get(&state.name));
        given.map_or(until, |millis| self.at.plus_millis(*millis))
    }

    /// Says in the Batch that a Frame has changed.
    pub(super) fn mark(&mut self, node: &mut Node, id: FrameId) {
        if !std::mem::replace(&mut node.is_changed, true) {
            self.batch.changed.push(id);
        }
    }

    /// Steps a Frame whose execution has these event ids.
    pub(super) fn step(
        &mut self,
        program: &Program,
        id: FrameId,
        node: &mut Node,
        ids: &mut EventIds,
        reply: Reply,
    ) -> Result<Step, Bug> {
        let records = node.history == 0 || node.history < self.records_before;
        let spare = std::mem::take(&mut self.spare);
        let mut now = Now { at: self.at, ids: *ids, records, stages: false, spare };
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
