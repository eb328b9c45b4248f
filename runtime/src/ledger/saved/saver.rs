//! What has changed of a ledger since it was saved last.

use std::collections::HashMap;
use std::sync::Arc;

use asl_engine::{Execution, Program, Value};

use super::super::{Batch, FrameId, Ledger, Node};
use super::{
    Content, Holding, Key, Piece, RecordsChildren, RestoreError, Root, SHARED_FROM, Saved, SavedNode, SavedValue,
    VERSION, ValueId, Write, restore,
};

/// Knows what is saved of a ledger, so that a commit writes what has changed only.
#[derive(Clone, Debug, Default)]
pub struct Saver {
    saved: Saved,
    next_value: ValueId,
    by_address: HashMap<usize, ValueId>,
    /// By how many places a shared value is held.
    uses: HashMap<ValueId, usize>,
}

impl Saver {
    /// What a commit of the batch has to write, once the ledger has made it.
    pub fn save(&mut self, ledger: &Ledger, batch: &Batch) -> Vec<Write> {
        let mut writes = Vec::new();
        for id in &batch.changed {
            match ledger.nodes.get(*id) {
                Some(node) => self.put_node(*id, node, &ledger.program, &mut writes),
                None => {
                    for key in [Key::Frame(*id), Key::Execution(*id)] {
                        self.delete(key, &mut writes);
                    }
                    self.delete_results(*id, &mut writes);
                }
            }
        }
        for (id, index) in &batch.results {
            let key = Key::Result(*id, *index);
            let fork = ledger.nodes.get(*id).and_then(|node| node.fork.as_ref());
            match fork.and_then(|fork| fork.join.saved_result(*index)) {
                Some(mut result) => {
                    let mut values = Vec::new();
                    result.values(&mut |value| values.push(self.take(value, &mut writes)));
                    self.put(key, Content::Result(Holding { what: result, values }), &mut writes);
                }
                None => self.delete(key, &mut writes),
            }
        }
        let mut counted = batch.counted.clone();
        counted.sort_unstable();
        counted.dedup();
        for id in &counted {
            match ledger.nodes.get(*id) {
                Some(node) => self.put(Key::Events(*id), Content::Events(node.ids), &mut writes),
                None => self.delete(Key::Events(*id), &mut writes),
            }
        }
        for at in &batch.map_runs {
            if let Some(run) = ledger.map_runs.get(*at) {
                self.put(Key::MapRun(*at), Content::MapRun(Box::new(run.clone())), &mut writes);
            }
        }
        let root = Root {
            version: VERSION,
            fingerprint: ledger.program.fingerprint().clone(),
            deadline: ledger.deadline,
            at: ledger.recorder.at,
            records_children: RecordsChildren::of(ledger.recorder.records_before),
            next: ledger.nodes.next_id(),
            waits: ledger.waits,
            next_value: self.next_value,
            ready: ledger.ready.clone(),
            starting: ledger.starting.clone(),
            has_begun: ledger.has_begun,
            keeps: ledger.keeps,
            finished: ledger.finished.clone(),
        };
        self.put(Key::Root, Content::Root(root), &mut writes);
        writes
    }

    fn put_node(&mut self, id: FrameId, node: &Node, program: &Program, writes: &mut Vec<Write>) {
        let mut values = Vec::new();
        let mut take = |value: &mut Value| values.push(self.take(value, writes));
        let mut frame = node.frame.save(program);
        frame.values(&mut take);
        let fork = node.fork.as_ref().map(|fork| {
            let mut join = fork.join.save();
            join.values(&mut take);
            let mut asked = fork.asked.clone();
            if let Some(asked) = &mut asked {
                take(&mut Arc::make_mut(asked).input);
            }
            Box::new((join, asked))
        });
        let now = fork.as_ref().map(|fork| fork.0.attempt());
        if self.forked(id).is_some_and(|before| Some(before) != now) {
            self.delete_results(id, writes);
        }
        let Node { parent, history, waits, wait, .. } = node;
        let what = SavedNode { frame, parent: *parent, history: *history, fork, waits: waits.clone(), wait: *wait };
        self.put(Key::Frame(id), Content::Frame(Box::new(Holding { what, values })), writes);
        if node.history == id && !self.has_execution(id, node.frame.execution()) {
            let mut what = Execution::clone(node.frame.execution());
            let values = vec![self.take(&mut what.input, writes)];
            self.put(Key::Execution(id), Content::Execution(Holding { what, values }), writes);
        }
    }

    /// The attempt whose Join is saved of a Frame.
    fn forked(&self, id: FrameId) -> Option<&str> {
        match self.saved.0.get(&Key::Frame(id)).map(|piece| &piece.0) {
            Some(Content::Frame(holding)) => holding.what.fork.as_ref().map(|fork| fork.0.attempt()),
            _ => None,
        }
    }

    /// Whether the execution is saved as it is. A child execution starts, and changes, when its first step is made; any does when
    /// it is redriven.
    fn has_execution(&self, id: FrameId, execution: &Execution) -> bool {
        match self.saved.0.get(&Key::Execution(id)).map(|piece| &piece.0) {
            Some(Content::Execution(Holding { what, .. })) => {
                (what.start_time, what.redrive_count) == (execution.start_time, execution.redrive_count)
            }
            _ => false,
        }
    }

    /// Takes a value out of what is saved, and says where it is found again.
    fn take(&mut self, value: &mut Value, writes: &mut Vec<Write>) -> SavedValue {
        let value = std::mem::take(value);
        let address = value.address().filter(|_| value.json_len() >= SHARED_FROM);
        let Some(address) = address else { return SavedValue { shared: None, value } };
        let id = match self.by_address.get(&address) {
            Some(id) => *id,
            None => {
                let id = self.next_value;
                self.next_value += 1;
                self.by_address.insert(address, id);
                self.put(Key::Value(id), Content::Value(value.clone()), writes);
                id
            }
        };
        *self.uses.entry(id).or_default() += 1;
        SavedValue { shared: Some(id), value }
    }

    fn put(&mut self, key: Key, content: Content, writes: &mut Vec<Write>) {
        let piece = Arc::new(Piece(content));
        writes.push(Write { key, piece: Some(piece.clone()) });
        if let Some(before) = self.saved.0.insert(key, piece) {
            self.release(&before, writes);
        }
    }

    fn delete(&mut self, key: Key, writes: &mut Vec<Write>) {
        if let Some(before) = self.saved.0.remove(&key) {
            writes.push(Write { key, piece: None });
            self.release(&before, writes);
        }
    }

    /// Deletes the results of a Frame's children.
    fn delete_results(&mut self, id: FrameId, writes: &mut Vec<Write>) {
        while let Some((key, _)) = self.saved.0.range(Key::Result(id, 0)..=Key::Result(id, usize::MAX)).next() {
            self.delete(*key, writes);
        }
    }

    fn release(&mut self, piece: &Piece, writes: &mut Vec<Write>) {
        for id in piece.held() {
            let Some(uses) = self.uses.get_mut(&id) else { continue };
            *uses -= 1;
            if *uses == 0 {
                self.uses.remove(&id);
                let key = Key::Value(id);
                if let Some(Content::Value(value)) = self.saved.0.remove(&key).as_deref().map(|piece| &piece.0)
                    && let Some(address) = value.address()
                {
                    self.by_address.remove(&address);
                }
                writes.push(Write { key, piece: None });
            }
        }
    }

    /// The ledger that is saved. What was to be done is in [`Ledger::open`].
    pub fn ledger(&self, program: Arc<Program>) -> Result<Ledger, RestoreError> {
        restore::ledger(&self.saved, program)
    }
}

impl From<Saved> for Saver {
    fn from(saved: Saved) -> Self {
        let mut saver = Self::default();
        for (key, piece) in &saved.0 {
            for id in piece.held() {
                *saver.uses.entry(id).or_default() += 1;
            }
            match (key, &piece.0) {
                (Key::Value(id), Content::Value(value)) => {
                    if let Some(address) = value.address() {
                        saver.by_address.insert(address, *id);
                    }
                }
                (_, Content::Root(root)) => saver.next_value = root.next_value,
                _ => {}
            }
        }
        Self { saved, ..saver }
    }
}

impl Ledger {
    /// A saved ledger again, and what knows what is saved of it. What was to be done is in [`Ledger::open`].
    pub fn restore(program: Arc<Program>, saved: Saved) -> Result<(Self, Saver), RestoreError> {
        let saver = Saver::from(saved);
        Ok((saver.ledger(program)?, saver))
    }
}
