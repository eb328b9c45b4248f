//! The children of Frames that have forked: started as their Joins say, and stopped.

use asl_engine::{EventId, JoinStep, Next, Reply, Step};

use super::{Bug, Effect, FrameId, Ledger, MapRunStatus, STARTED, Waits};

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
                JoinStep::Redrive(index) => self.redrive_child(id, index),
                JoinStep::Ask(request) => {
                    fork.asked = Some(request.clone());
                    let wait = node.wait_for(id, Waits::ForTask { told: Vec::new() }, &mut self.waits);
                    self.recorder.batch.effects.push(Effect::Call(wait, request));
                }
                JoinStep::Wait => return Ok(()),
                JoinStep::Stop => {
                    let stops = Self::stops(&fork.join, None);
                    for (index, child) in std::mem::take(&mut fork.running) {
                        self.stop_children(child, None)?;
                        let step = self.stop_node(child, stops.clone())?;
                        let Some(fork) = self.nodes.get_mut(id).and_then(|node| node.fork.as_mut()) else { continue };
                        if self.keeps {
                            fork.kept.insert(index, child);
                        }
                        if let Some(Step { next: Next::End(ended), .. }) = step {
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
                    self.end_map_run(id, MapRunStatus::of(&joined.outcome));
                    let told = (!joined.ends_execution()).then_some(joined.last_event);
                    self.stop_children(id, told)?;
                    if joined.outcome.is_ok() {
                        self.forget(id);
                    }
                    self.ready.push_back((id, Reply::Joined(joined)));
                    return Ok(());
                }
            }
        }
    }

    /// Stops what still runs below a Frame, the innermost first: because of an event, or without a word.
    pub(super) fn stop_children(&mut self, id: FrameId, because: Option<EventId>) -> Result<(), Bug> {
        self.end_map_run(id, MapRunStatus::Aborted);
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        let Some(mut fork) = node.fork.take() else { return Ok(()) };
        self.recorder.mark(node, id);
        // It starts none any more.
        self.starting.retain(|other| *other != id);
        let stops = Self::stops(&fork.join, because);
        // What is inside an execution that is aborted ends without a word.
        let because = because.filter(|_| !fork.join.starts_executions());
        for (index, child) in std::mem::take(&mut fork.running) {
            self.stop_children(child, because)?;
            self.stop_node(child, stops.clone())?;
            if self.keeps {
                fork.kept.insert(index, child);
            }
        }
        if self.keeps
            && let Some(node) = self.nodes.get_mut(id)
        {
            node.fork = Some(fork);
        }
        Ok(())
    }

    /// Stops one Frame whose children are stopped, with a last reply or without a word.
    fn stop_node(&mut self, id: FrameId, reply: Option<Reply>) -> Result<Option<Step>, Bug> {
        if !self.keeps {
            let (Some(mut node), Some(reply)) = (self.drop_node(id), reply) else { return Ok(None) };
            let history = node.history;
            let mut ids = if history == id { node.ids } else { self.ids(history) };
            let step = self.recorder.step(&self.program, id, &mut node, &mut ids, reply)?;
            self.set_ids(history, ids);
            return Ok(Some(step));
        }
        let Some(node) = self.nodes.get(id) else { return Ok(None) };
        let history = node.history;
        let mut ids = self.ids(history);
        let Some(node) = self.nodes.get_mut(id) else { return Ok(None) };
        let step = match reply {
            // It was to go on, and has not yet.
            _ if node.frame.is_over() => {
                self.ready.retain(|(other, _)| *other != id);
                None
            }
            Some(reply) => Some(self.recorder.step(&self.program, id, node, &mut ids, reply)?),
            None => {
                node.frame.halt();
                None
            }
        };
        self.set_ids(history, ids);
        self.rest_node(id);
        Ok(step)
    }
}
