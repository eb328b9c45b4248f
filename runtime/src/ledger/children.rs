//! The children of Frames that have forked: started as their Joins say, and stopped.

use asl_engine::{EventId, JoinStep, Next, Reply, Step};

use super::{Bug, Effect, FrameId, Ledger, STARTED, Waits};

impl Ledger {
    /// Does what the Join of a Frame wants.
    pub(super) fn poll(&mut self, id: FrameId) -> Result<(), Bug> {
        loop {
            let next_id = self.nodes.next_id();
            let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
            self.recorder.mark(node, id);
            let history = node.history;
            let Some(fork) = &mut node.fork else { return Ok(()) };
            self.recorder.batch.results.extend(fork.join.take_changed_results().map(|index| (id, index)));
            if fork.join.starts_executions() && self.ready.len() >= STARTED {
                if !self.starting.contains(&id) {
                    self.starting.push_back(id);
                }
                return Ok(());
            }
            match fork.join.poll(&self.program) {
                JoinStep::Start(index, frame) => {
                    fork.running.insert(index, next_id);
                    let history = if fork.join.starts_executions() { next_id } else { history };
                    self.add(frame, Some((id, index)), history);
                }
                JoinStep::Ask(request) => {
                    fork.asked = Some(request.clone());
                    let wait = node.wait_for(id, Waits::ForTask { told: Vec::new() }, &mut self.waits);
                    self.recorder.batch.effects.push(Effect::Call(wait, request));
                }
                JoinStep::Wait => return Ok(()),
                JoinStep::Stop => {
                    for (index, child) in std::mem::take(&mut fork.running) {
                        self.stop_children(child, Some(0))?;
                        let Some(step) = self.stop_node(child, Some(0))? else { continue };
                        if let Some(fork) = self.nodes.get_mut(id).and_then(|node| node.fork.as_mut())
                            && let Next::End(ended) = step.next
                        {
                            fork.join.stopped(index, *ended);
                        }
                    }
                }
                JoinStep::Finish(joined) => {
                    if std::mem::replace(&mut node.waits, Waits::No) != Waits::No {
                        self.recorder.batch.effects.push(Effect::Cancel(node.wait_id(id)));
                        // An answer may be on its way already.
                        self.ready.retain(|(other, _)| *other != id);
                    }
                    let told = (!joined.ends_execution()).then_some(joined.last_event);
                    self.stop_children(id, told)?;
                    self.ready.push_back((id, Reply::Joined(joined)));
                    return Ok(());
                }
            }
        }
    }

    /// Stops what still runs below a Frame, the innermost first: because of an event, or without a word.
    fn stop_children(&mut self, id: FrameId, because: Option<EventId>) -> Result<(), Bug> {
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        let Some(fork) = node.fork.take() else { return Ok(()) };
        self.recorder.mark(node, id);
        for child in fork.running.into_values() {
            self.stop_children(child, because)?;
            self.stop_node(child, because)?;
        }
        Ok(())
    }

    /// Stops one Frame whose children are stopped.
    fn stop_node(&mut self, id: FrameId, because: Option<EventId>) -> Result<Option<Step>, Bug> {
        let (Some(mut node), Some(because)) = (self.drop_node(id), because) else { return Ok(None) };
        let history = node.history;
        let mut ids = if history == id { node.ids } else { self.ids(history) };
        let step = self.recorder.step(&self.program, id, &mut node, &mut ids, Reply::Stop { because })?;
        self.set_ids(history, ids);
        Ok(Some(step))
    }
}
