//! The saved form of a ledger: pieces under keys, of which a commit writes those that have changed.
//!
//! A piece is JSON text. There is one for each Frame with its Join, one for each result that a Join keeps, one for each execution,
//! and one for each larger value, however many Frames hold it. So what a commit writes is proportional to what changed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use asl_engine::{
    EventIds, Execution, ForeignProgram, Reply, SavedFrame, SavedJoin, SavedResult, TaskRequest, Timestamp, Value,
};
use serde::{Deserialize, Serialize};

use super::{Finished, FrameId, MapRun, Waits};

mod restore;
mod saver;

pub use saver::Saver;

/// The version of the saved form. A form of another one is refused. The forms 1 and 2 are read, too: in the form 1, only Map Runs
/// that read or write objects are another, and are told as damaged; neither has Frames at rest, which wait for a redrive.
const VERSION: u32 = 3;

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
    /// A Map Run of the execution itself.
    MapRun(usize),
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
            Self::MapRun(at) => write!(f, "map-run/{at}"),
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
            ["map-run", at] => Self::MapRun(number(at)?),
            ["result", id, index] => Self::Result(number(id)?, number(index)?),
            ["value", id] => Self::Value(number(id)? as u64),
            _ => return Err(refused()),
        })
    }
}

/// What a commit does to one piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The piece.
    pub key: Key,
    /// What it is now; `None` where it is gone.
    pub piece: Option<Arc<Piece>>,
}

/// A piece of a saved ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece(Content);

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Root(Root),
    Execution(Holding<Execution>),
    Events(EventIds),
    Frame(Box<Holding<SavedNode>>),
    MapRun(Box<MapRun>),
    Result(Holding<SavedResult>),
    Value(Value),
}

impl Piece {
    /// Its JSON text, which a store keeps.
    pub fn text(&self) -> String {
        let text = match &self.0 {
            Content::Root(root) => serde_json::to_string(root),
            Content::Execution(execution) => serde_json::to_string(execution),
            Content::Events(ids) => serde_json::to_string(ids),
            Content::Frame(node) => serde_json::to_string(node),
            Content::MapRun(run) => serde_json::to_string(run),
            Content::Result(result) => serde_json::to_string(result),
            Content::Value(value) => return value.json_text(),
        };
        // They have no maps but those with names as keys, so they can be written.
        text.unwrap_or_default()
    }

    /// The piece with this name and text, without the values that it shares.
    fn read(key: Key, text: &str) -> Result<Self, RestoreError> {
        fn read<T: for<'de> Deserialize<'de>>(key: Key, text: &str) -> Result<T, RestoreError> {
            serde_json::from_str(text).map_err(|error| damaged(key, error))
        }
        Ok(Self(match key {
            Key::Root => {
                let Version { version } = read(key, text)?;
                if !(1..=VERSION).contains(&version) {
                    return Err(RestoreError::Version { found: version });
                }
                Content::Root(read(key, text)?)
            }
            Key::Execution(_) => Content::Execution(read(key, text)?),
            Key::Events(_) => Content::Events(read(key, text)?),
            Key::Frame(_) => Content::Frame(read(key, text)?),
            Key::MapRun(_) => Content::MapRun(read(key, text)?),
            Key::Result(..) => Content::Result(read(key, text)?),
            Key::Value(_) => Content::Value(text.parse().map_err(|error| damaged(key, error))?),
        }))
    }

    fn values(&self) -> &[SavedValue] {
        match &self.0 {
            Content::Execution(Holding { values, .. }) | Content::Result(Holding { values, .. }) => values,
            Content::Frame(holding) => &holding.values,
            Content::Root(_) | Content::Events(_) | Content::MapRun(_) | Content::Value(_) => &[],
        }
    }

    fn values_mut(&mut self) -> &mut [SavedValue] {
        match &mut self.0 {
            Content::Execution(Holding { values, .. }) | Content::Result(Holding { values, .. }) => values,
            Content::Frame(holding) => &mut holding.values,
            Content::Root(_) | Content::Events(_) | Content::MapRun(_) | Content::Value(_) => &mut [],
        }
    }

    /// The shared values that it holds.
    fn held(&self) -> impl Iterator<Item = ValueId> {
        self.values().iter().filter_map(|value| value.shared)
    }
}

/// A saved ledger: all its pieces. As text it is an object of their texts by their names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Saved(BTreeMap<Key, Arc<Piece>>);

impl Saved {
    /// The pieces that a store has kept, by their names.
    pub fn read(texts: impl IntoIterator<Item = (String, String)>) -> Result<Self, RestoreError> {
        let mut pieces = Vec::new();
        let mut values = HashMap::new();
        for (name, text) in texts {
            let key: Key = name.parse()?;
            let piece = Piece::read(key, &text)?;
            if let (Key::Value(id), Content::Value(value)) = (key, &piece.0) {
                values.insert(id, value.clone());
            }
            pieces.push((key, piece));
        }
        for (key, piece) in &mut pieces {
            for saved in piece.values_mut() {
                let Some(id) = saved.shared else { continue };
                let value = values.get(&id).ok_or_else(|| damaged(*key, format!("{} is missing", Key::Value(id))))?;
                saved.value = value.clone();
            }
        }
        Ok(Self(pieces.into_iter().map(|(key, piece)| (key, Arc::new(piece))).collect()))
    }

    /// Takes in what a commit writes.
    pub fn apply(&mut self, writes: impl IntoIterator<Item = Write>) {
        for Write { key, piece } in writes {
            match piece {
                Some(piece) => _ = self.0.insert(key, piece),
                None => _ = self.0.remove(&key),
            }
        }
    }
}

impl TryFrom<BTreeMap<String, String>> for Saved {
    type Error = RestoreError;

    fn try_from(pieces: BTreeMap<String, String>) -> Result<Self, RestoreError> {
        Self::read(pieces)
    }
}

impl From<Saved> for BTreeMap<String, String> {
    fn from(saved: Saved) -> Self {
        saved.0.into_iter().map(|(key, piece)| (key.to_string(), piece.text())).collect()
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

/// The child executions whose events are recorded: all or none of them, or those that start before this Frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum RecordsChildren {
    All(bool),
    Before(FrameId),
}

impl RecordsChildren {
    fn of(before: FrameId) -> Self {
        match before {
            0 => Self::All(false),
            FrameId::MAX => Self::All(true),
            before => Self::Before(before),
        }
    }

    fn before(self) -> FrameId {
        match self {
            Self::All(false) => 0,
            Self::All(true) => FrameId::MAX,
            Self::Before(before) => before,
        }
    }
}

fn damaged(key: Key, reason: impl fmt::Display) -> RestoreError {
    RestoreError::Damaged { key: key.to_string(), reason: reason.to_string() }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Root {
    version: u32,
    /// Of the program.
    fingerprint: Arc<str>,
    deadline: Option<Timestamp>,
    at: Timestamp,
    records_children: RecordsChildren,
    /// The number of the next Frame.
    next: FrameId,
    /// How many waits there were.
    waits: u64,
    /// The number of the next shared value.
    next_value: ValueId,
    ready: VecDeque<(FrameId, Reply)>,
    starting: VecDeque<FrameId>,
    has_begun: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keeps: bool,
    finished: Option<Finished>,
}

/// The version alone, which every form has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedNode {
    frame: SavedFrame,
    parent: Option<(FrameId, usize)>,
    history: FrameId,
    /// Boxed: few Frames have one, and it is large.
    fork: Option<Box<(SavedJoin, Option<Arc<TaskRequest>>)>>,
    waits: Waits,
    wait: u64,
}

/// Something without its values, and these in the order in which it tells them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Holding<T> {
    what: T,
    values: Vec<SavedValue>,
}

/// A value that a piece holds. As text it is the value itself, or where it is shared its number alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "WrittenValue", from = "WrittenValue")]
struct SavedValue {
    shared: Option<ValueId>,
    value: Value,
}

#[derive(Serialize, Deserialize)]
enum WrittenValue {
    #[serde(rename = "here")]
    Here(Value),
    #[serde(rename = "shared")]
    Shared(ValueId),
}

impl From<SavedValue> for WrittenValue {
    fn from(SavedValue { shared, value }: SavedValue) -> Self {
        shared.map_or(Self::Here(value), Self::Shared)
    }
}

impl From<WrittenValue> for SavedValue {
    fn from(written: WrittenValue) -> Self {
        match written {
            WrittenValue::Here(value) => Self { shared: None, value },
            // It is put here when all pieces are read.
            WrittenValue::Shared(id) => Self { shared: Some(id), value: Value::Null },
        }
    }
}
