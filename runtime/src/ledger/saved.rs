//! The saved form of a ledger: pieces under keys, of which a commit writes those that have changed.
//!
//! A piece is JSON text. There is one for each Frame with its Join, one for each result that a Join keeps, one for each execution,
//! and one for each larger value, however many Frames hold it. So what a commit writes is proportional to what changed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use asl_engine::{
    EventIds, Execution, ForeignProgram, Program, Reply, SavedFrame, SavedJoin, SavedResult, TaskRequest, Timestamp,
    Value,
};
use serde::{Deserialize, Serialize};

use super::nodes::Nodes;
use super::{Batch, Finished, Fork, FrameId, Ledger, Node, Waits};

/// The version of the saved form. A form of another one is refused, unless it can be read as this one.
const VERSION: u32 = 1;

/// Values whose JSON text is shorter are saved where they stand.
const SHARED_FROM: usize = 100;

/// Names a value that is saved once.
type ValueId = u64;

/// Names a piece of a saved ledger, as `frame/3` or `result/3/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// What belongs to no Frame.
    Root,
    /// The execution that a Frame is.
    Execution(FrameId),
    /// The event ids of that execution.
    Events(FrameId),
    /// A Frame, with its Join.
    Frame(FrameId),
    /// What a child of this Frame, at this position, came to.
    Result(FrameId, usize),
    /// A value that Frames share.
    Value(u64),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Execution(id) => write!(f, "execution/{id}"),
            Self::Events(id) => write!(f, "events/{id}"),
            Self::Frame(id) => write!(f, "frame/{id}"),
            Self::Result(id, index) => write!(f, "result/{id}/{index}"),
            Self::Value(id) => write!(f, "value/{id}"),
        }
    }
}

impl FromStr for Key {
    type Err = RestoreError;

    fn from_str(text: &str) -> Result<Self, RestoreError> {
        let refused = || RestoreError::Damaged { key: text.to_owned(), reason: "no piece has such a name".to_owned() };
        let number = |text: &str| text.parse::<usize>().map_err(|_| refused());
        Ok(match text.split('/').collect::<Vec<_>>()[..] {
            ["root"] => Self::Root,
            ["execution", id] => Self::Execution(number(id)?),
            ["events", id] => Self::Events(number(id)?),
            ["frame", id] => Self::Frame(number(id)?),
            ["result", id, index] => Self::Result(number(id)?, number(index)?),
            ["value", id] => Self::Value(number(id)? as u64),
            _ => return Err(refused()),
        })
    }
}

/// What a commit does to one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// It is this now.
    Put(Key, String),
    /// It is gone.
    Delete(Key),
}

/// A saved ledger: all its pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Saved(BTreeMap<Key, String>);

impl Saved {
    /// Takes in what a commit writes.
    pub fn apply(&mut self, writes: impl IntoIterator<Item = Write>) {
        for write in writes {
            match write {
                Write::Put(key, text) => _ = self.0.insert(key, text),
                Write::Delete(key) => _ = self.0.remove(&key),
            }
        }
    }
}

impl FromIterator<(Key, String)> for Saved {
    fn from_iter<I: IntoIterator<Item = (Key, String)>>(pieces: I) -> Self {
        Self(pieces.into_iter().collect())
    }
}

impl TryFrom<BTreeMap<String, String>> for Saved {
    type Error = RestoreError;

    fn try_from(pieces: BTreeMap<String, String>) -> Result<Self, RestoreError> {
        pieces.into_iter().map(|(key, text)| Ok((key.parse()?, text))).collect()
    }
}

impl From<Saved> for BTreeMap<String, String> {
    fn from(saved: Saved) -> Self {
        saved.0.into_iter().map(|(key, text)| (key.to_string(), text)).collect()
    }
}

/// Why a saved ledger cannot be restored. What is stored stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A piece is missing or cannot be read.
    #[error("the saved execution is damaged: {key}: {reason}")]
    Damaged {
        /// The piece.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another release has saved it.
    #[error("the execution was saved in the form {found}; this release reads the form {VERSION}")]
    Version {
        /// The version of the form.
        found: u32,
    },
    /// The definition has changed since.
    #[error(
        "the definition has changed since the execution was started: an execution goes on in its own definition only"
    )]
    ChangedDefinition,
    /// The definition lacks something that the execution needs.
    #[error("the definition has changed since the execution was started: {0}")]
    ForeignProgram(#[from] ForeignProgram),
}

#[derive(Serialize, Deserialize)]
struct Root {
    version: u32,
    /// Of the program.
    fingerprint: Arc<str>,
    deadline: Option<Timestamp>,
    at: Timestamp,
    records_children: bool,
    /// The number of the next Frame.
    next: FrameId,
    /// How many waits there were.
    waits: u64,
    ready: VecDeque<(FrameId, Reply)>,
    starting: VecDeque<FrameId>,
    has_begun: bool,
    finished: Option<Finished>,
}

/// The version alone, which every form has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct SavedNode {
    frame: SavedFrame,
    parent: Option<(FrameId, usize)>,
    history: FrameId,
    fork: Option<(SavedJoin, Option<Arc<TaskRequest>>)>,
    waits: Waits,
    wait: u64,
    /// The values of the Frame and its Join, in the order in which these tell them.
    values: Vec<SavedValue>,
}

#[derive(Serialize, Deserialize)]
struct Holding<T> {
    what: T,
    values: Vec<SavedValue>,
}

#[derive(Serialize, Deserialize)]
enum SavedValue {
    #[serde(rename = "here")]
    Here(Value),
    #[serde(rename = "shared")]
    Shared(ValueId),
}

/// Knows what is saved of a ledger, so that a commit writes what has changed only.
#[derive(Clone, Debug, Default)]
pub struct Saver {
    next_value: ValueId,
    by_address: HashMap<usize, ValueId>,
    /// The shared values, and by how many places they are held.
    values: BTreeMap<ValueId, (Value, usize)>,
    /// The pieces, with the shared values that each holds.
    pieces: BTreeMap<Key, Vec<ValueId>>,
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
                    self.delete_results(*id, usize::MAX, &mut writes);
                }
            }
        }
        for (id, index) in &batch.results {
            let fork = ledger.nodes.get(*id).and_then(|node| node.fork.as_ref());
            match fork.and_then(|fork| fork.join.saved_result(*index)) {
                Some(result) => self.put_result(Key::Result(*id, *index), result, &mut writes),
                None => self.delete(Key::Result(*id, *index), &mut writes),
            }
        }
        for id in &batch.counted {
            match ledger.histories.get(id) {
                Some(ids) => self.put(Key::Events(*id), ids, Vec::new(), &mut writes),
                None => self.delete(Key::Events(*id), &mut writes),
            }
        }
        let root = Root {
            version: VERSION,
            fingerprint: ledger.program.fingerprint().clone(),
            deadline: ledger.deadline,
            at: ledger.at,
            records_children: ledger.records_children,
            next: ledger.nodes.next_id(),
            waits: ledger.waits,
            ready: ledger.ready.clone(),
            starting: ledger.starting.clone(),
            has_begun: ledger.has_begun,
            finished: ledger.finished.clone(),
        };
        self.put(Key::Root, &root, Vec::new(), &mut writes);
        writes
    }

    fn put_node(&mut self, id: FrameId, node: &Node, program: &Program, writes: &mut Vec<Write>) {
        let (mut values, mut held) = (Vec::new(), Vec::new());
        let mut take = |value: &mut Value| values.push(self.take(value, &mut held, writes));
        let mut frame = node.frame.save(program);
        frame.values(&mut take);
        let fork = node.fork.as_ref().map(|fork| {
            let mut join = fork.join.save();
            join.values(&mut take);
            (join, fork.asked.clone())
        });
        let saved = SavedNode {
            frame,
            parent: node.parent,
            history: node.history,
            fork,
            waits: node.waits.clone(),
            wait: node.wait,
            values,
        };
        self.put(Key::Frame(id), &saved, held, writes);
        if node.history == id && !self.pieces.contains_key(&Key::Execution(id)) {
            self.put_execution(id, node.frame.execution(), writes);
        }
        let gone = node.fork.as_ref().map_or(usize::MAX, |fork| fork.join.results_gone_before());
        self.delete_results(id, gone, writes);
    }

    fn put_execution(&mut self, id: FrameId, execution: &Execution, writes: &mut Vec<Write>) {
        let (mut execution, mut held) = (execution.clone(), Vec::new());
        let values = vec![self.take(&mut execution.input, &mut held, writes)];
        self.put(Key::Execution(id), &Holding { what: execution, values }, held, writes);
    }

    fn put_result(&mut self, key: Key, mut result: SavedResult, writes: &mut Vec<Write>) {
        let (mut values, mut held) = (Vec::new(), Vec::new());
        result.values(&mut |value| values.push(self.take(value, &mut held, writes)));
        self.put(key, &Holding { what: result, values }, held, writes);
    }

    /// Takes a value out of what is saved, and says where it is found again.
    fn take(&mut self, value: &mut Value, held: &mut Vec<ValueId>, writes: &mut Vec<Write>) -> SavedValue {
        let value = std::mem::take(value);
        let address = value.address().filter(|_| value.json_len() >= SHARED_FROM);
        let Some(address) = address else { return SavedValue::Here(value) };
        let id = *self.by_address.entry(address).or_insert_with(|| {
            let id = self.next_value;
            self.next_value += 1;
            writes.push(Write::Put(Key::Value(id), value.json_text()));
            self.values.insert(id, (value, 0));
            id
        });
        if let Some((_, uses)) = self.values.get_mut(&id) {
            *uses += 1;
        }
        held.push(id);
        SavedValue::Shared(id)
    }

    fn put(&mut self, key: Key, piece: &impl Serialize, held: Vec<ValueId>, writes: &mut Vec<Write>) {
        // It has no maps but those with names as keys, so it can be written.
        let text = serde_json::to_string(piece).unwrap_or_default();
        writes.push(Write::Put(key, text));
        if let Some(before) = self.pieces.insert(key, held) {
            self.release(before, writes);
        }
    }

    fn delete(&mut self, key: Key, writes: &mut Vec<Write>) {
        if let Some(held) = self.pieces.remove(&key) {
            writes.push(Write::Delete(key));
            self.release(held, writes);
        }
    }

    /// Deletes the results of a Frame's children before this position.
    fn delete_results(&mut self, id: FrameId, before: usize, writes: &mut Vec<Write>) {
        while let Some((key, _)) = self.pieces.range(Key::Result(id, 0)..Key::Result(id, before)).next() {
            self.delete(*key, writes);
        }
    }

    fn release(&mut self, held: Vec<ValueId>, writes: &mut Vec<Write>) {
        for id in held {
            let Some((value, uses)) = self.values.get_mut(&id) else { continue };
            *uses -= 1;
            if *uses == 0 {
                if let Some(address) = value.address() {
                    self.by_address.remove(&address);
                }
                self.values.remove(&id);
                writes.push(Write::Delete(Key::Value(id)));
            }
        }
    }
}

impl Ledger {
    /// A saved ledger again, and what knows what is saved of it. What was to be done is in [`Ledger::open`].
    pub fn restore(program: Arc<Program>, saved: &Saved) -> Result<(Self, Saver), RestoreError> {
        Restoring { saved, saver: Saver::default() }.ledger(program)
    }
}

struct Restoring<'a> {
    saved: &'a Saved,
    saver: Saver,
}

fn damaged(key: Key, reason: impl fmt::Display) -> RestoreError {
    RestoreError::Damaged { key: key.to_string(), reason: reason.to_string() }
}

impl Restoring<'_> {
    fn ledger(mut self, program: Arc<Program>) -> Result<(Ledger, Saver), RestoreError> {
        let Version { version } = self.read(Key::Root)?;
        if version != VERSION {
            return Err(RestoreError::Version { found: version });
        }
        let root: Root = self.read(Key::Root)?;
        if root.fingerprint != *program.fingerprint() {
            return Err(RestoreError::ChangedDefinition);
        }
        self.saver.pieces.insert(Key::Root, Vec::new());
        let (mut histories, mut executions) = (BTreeMap::new(), BTreeMap::new());
        let mut frames = Vec::new();
        let mut results: BTreeMap<FrameId, Vec<(usize, SavedResult)>> = BTreeMap::new();
        for key in self.saved.0.keys().copied() {
            match key {
                Key::Execution(id) => _ = executions.insert(id, Arc::new(self.execution(key)?)),
                Key::Events(id) => {
                    self.saver.pieces.insert(key, Vec::new());
                    histories.insert(id, self.read::<EventIds>(key)?);
                }
                Key::Frame(id) => frames.push(id),
                Key::Result(id, index) => results.entry(id).or_default().push((index, self.result(key)?)),
                Key::Value(id) => self.saver.next_value = self.saver.next_value.max(id + 1),
                Key::Root => {}
            }
        }
        let mut nodes = Nodes::default();
        for id in frames {
            let results = results.remove(&id).unwrap_or_default();
            nodes.put_back(id, self.node(id, &program, &executions, results)?);
        }
        // A child knows its parent: so a Frame that has forked need not be saved whenever a child starts.
        let children: Vec<_> = nodes.iter().filter_map(|(id, node)| Some((id, node.parent?))).collect();
        for (id, (parent, index)) in children {
            if let Some(Node { fork: Some(fork), .. }) = nodes.get_mut(parent) {
                fork.running.insert(index, id);
            }
        }
        nodes.go_on_from(root.next);
        let ledger = Ledger {
            program,
            deadline: root.deadline,
            at: root.at,
            records_children: root.records_children,
            histories,
            nodes,
            waits: root.waits,
            ready: root.ready,
            starting: root.starting,
            has_begun: root.has_begun,
            finished: root.finished,
            batch: Batch::default(),
        };
        Ok((ledger, self.saver))
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, key: Key) -> Result<T, RestoreError> {
        let text = self.saved.0.get(&key).ok_or_else(|| damaged(key, "it is missing"))?;
        serde_json::from_str(text).map_err(|error| damaged(key, error))
    }

    fn execution(&mut self, key: Key) -> Result<Execution, RestoreError> {
        let Holding { what: mut execution, values } = self.read::<Holding<Execution>>(key)?;
        let mut values = self.values(key, values)?;
        execution.input = values.next().ok_or_else(|| damaged(key, "it has no input"))?;
        Ok(execution)
    }

    fn result(&mut self, key: Key) -> Result<SavedResult, RestoreError> {
        let Holding { what: mut result, values } = self.read::<Holding<SavedResult>>(key)?;
        let mut values = self.values(key, values)?;
        result.values(&mut |value| *value = values.next().unwrap_or_default());
        Ok(result)
    }

    fn node(
        &mut self,
        id: FrameId,
        program: &Program,
        executions: &BTreeMap<FrameId, Arc<Execution>>,
        results: Vec<(usize, SavedResult)>,
    ) -> Result<Node, RestoreError> {
        let key = Key::Frame(id);
        let SavedNode { mut frame, parent, history, fork, waits, wait, values } = self.read(key)?;
        let mut values = self.values(key, values)?;
        let mut put = |value: &mut Value| *value = values.next().unwrap_or_default();
        frame.values(&mut put);
        let execution = executions.get(&history).ok_or_else(|| damaged(Key::Execution(history), "it is missing"))?;
        let frame = frame.restore(program, execution)?;
        let fork = match fork {
            None => None,
            Some((mut join, asked)) => {
                join.values(&mut put);
                let join = join.restore(program, &frame, results)?;
                Some(Fork { join, running: BTreeMap::new(), asked })
            }
        };
        Ok(Node { frame, parent, history, fork, waits, wait, is_changed: false })
    }

    /// The values of a piece.
    fn values(&mut self, key: Key, saved: Vec<SavedValue>) -> Result<std::vec::IntoIter<Value>, RestoreError> {
        let mut held = Vec::new();
        let mut values = Vec::with_capacity(saved.len());
        for value in saved {
            values.push(match value {
                SavedValue::Here(value) => value,
                SavedValue::Shared(id) => {
                    held.push(id);
                    self.value(id)?
                }
            });
        }
        self.saver.pieces.insert(key, held);
        Ok(values.into_iter())
    }

    fn value(&mut self, id: ValueId) -> Result<Value, RestoreError> {
        if let Some((value, uses)) = self.saver.values.get_mut(&id) {
            *uses += 1;
            return Ok(value.clone());
        }
        let key = Key::Value(id);
        let text = self.saved.0.get(&key).ok_or_else(|| damaged(key, "it is missing"))?;
        let value: Value = text.parse().map_err(|error| damaged(key, error))?;
        if let Some(address) = value.address() {
            self.saver.by_address.insert(address, id);
        }
        self.saver.values.insert(id, (value.clone(), 1));
        Ok(value)
    }
}
