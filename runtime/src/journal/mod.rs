//! Where executions are kept: what a host commits before it performs the effects of a Batch.

mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::sync::Arc;

use asl_engine::Timestamp;

pub use memory::Memory;
#[cfg(feature = "sqlite")]
pub use sqlite::{OpenError, Sqlite};

use crate::handler::BoxFuture;
use crate::ledger::{Recorded, RestoreError, Saved, Write};

/// Keeps executions: what is known of each, its history, and its ledger while it runs; and documents that others need for that, such as
/// definitions.
///
/// What is read is what was committed.
pub trait Journal: Send + Sync {
    /// Keeps all of a commit, or nothing of it after a crash. It begins at the call, whether the future is polled or not; what is
    /// committed first is kept first.
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), JournalError>>;

    /// Whether what it keeps is there after the end of the program.
    fn is_durable(&self) -> bool;

    /// What is known of an execution.
    fn entry(&self, arn: &str) -> Result<Option<Entry>, JournalError>;

    /// Executions, the newest first: those that have ended by their end, others by their start.
    fn list(&self, asked: &Listing<'_>) -> Result<Vec<Listed>, JournalError>;

    /// How many executions have each status.
    fn counts(&self) -> Result<Vec<(Arc<str>, u64)>, JournalError>;

    /// The executions that have not ended and whose ledger is kept, and those ledgers. One that cannot be read is told, and keeps nobody from the others.
    fn kept(&self) -> Result<Vec<Kept>, JournalError>;

    /// The ledger of an execution; empty where none is kept.
    fn saved(&self, arn: &str) -> Result<Saved, JournalError>;

    /// The events of an execution as JSON texts with times in seconds, as the API has them.
    fn events(&self, arn: &str, asked: Events) -> Result<Vec<String>, JournalError>;

    /// The id of the last event of an execution; 0 where there is none.
    fn last_event(&self, arn: &str) -> Result<u64, JournalError>;

    /// The documents of a kind, by their names.
    fn documents(&self, kind: &str) -> Result<Vec<(String, String)>, JournalError>;

    /// One document.
    fn document(&self, kind: &str, name: &str) -> Result<Option<String>, JournalError>;

    /// Drops the executions that have ended before this time, some at a time, and says whether there are more.
    fn drop_ended_before(&self, at: Timestamp) -> BoxFuture<'static, Result<bool, JournalError>>;

    /// Why it cannot keep anything at the moment, if so: commits of executions wait until it can.
    fn trouble(&self) -> Option<String>;

    /// How many commits there were, and how many of them went together in one transaction.
    fn commits(&self) -> Commits;
}

/// What is kept at once.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// What is known of executions that are new or have changed.
    pub entries: Vec<Entry>,
    /// What has become of a ledger.
    pub ledger: Option<LedgerCommit>,
    /// Documents that are new, different, or gone.
    pub documents: Vec<Document>,
    /// Whether somebody waits for it who can be told that it failed. Where that is not so, it is tried again until it can be kept.
    pub may_fail: bool,
}

/// What a Batch has changed of a ledger, and what it has recorded.
#[derive(Clone, Debug)]
pub struct LedgerCommit {
    /// The ARN of the execution.
    pub arn: Arc<str>,
    /// What has changed of its saved form.
    pub writes: Vec<Write>,
    /// What was recorded, also in child executions.
    pub recorded: Vec<Recorded>,
    /// Whether the ledger need not be kept any more.
    pub is_over: bool,
}

/// What is known of an execution beside its history and its ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Under which ARNs it is listed.
    pub listed_under: ListedUnder,
    /// AWS's word for how it is.
    pub status: Arc<str>,
    /// When it was started.
    pub started: Timestamp,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// All else, as whoever keeps it writes it.
    pub document: Arc<str>,
}

/// The ARNs under which an execution is listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedUnder {
    /// The state machine.
    pub state_machine: Option<Arc<str>>,
    /// The version that was started.
    pub version: Option<Arc<str>>,
    /// The alias that was started.
    pub alias: Option<Arc<str>>,
    /// The Map Run whose child it is.
    pub map_run: Option<Arc<str>>,
}

/// Which executions are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// Under which kind of ARN.
    pub under: Under<'a>,
    /// Those of one status.
    pub status: Option<&'a str>,
    /// Those behind this place.
    pub after: Option<Place>,
    /// No more than these.
    pub most: usize,
}

/// The ARN under which executions are listed.
#[derive(Clone, Copy, Debug)]
pub enum Under<'a> {
    /// All of them.
    All,
    /// Those of a state machine.
    StateMachine(&'a str),
    /// Those of a version.
    Version(&'a str),
    /// Those of an alias.
    Alias(&'a str),
    /// The children of a Map Run.
    MapRun(&'a str),
}

/// Where an execution stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it ended, or started.
    pub at: Timestamp,
    /// Tells apart what stands at the same time.
    pub number: i64,
}

/// An execution in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Where it stands.
    pub place: Place,
    /// What is known of it.
    pub entry: Entry,
}

/// Which events are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Events {
    /// The id of the first one, from 1; in reverse order that of the last one. None is the very last.
    pub from: Option<u64>,
    /// Whether the last ones come first.
    pub is_reversed: bool,
    /// No more than these.
    pub most: usize,
}

/// A text under a name.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is.
    pub kind: &'static str,
    /// Its name, once among those of its kind.
    pub name: Arc<str>,
    /// The text; none where it is gone.
    pub text: Option<Arc<str>>,
}

/// An execution whose ledger is kept.
#[derive(Debug)]
pub struct Kept {
    /// What is known of it.
    pub entry: Entry,
    /// Its ledger.
    pub saved: Result<Saved, RestoreError>,
}

/// What a journal has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// What was kept.
    pub commits: u64,
    /// In how many transactions.
    pub transactions: u64,
}

/// A journal cannot keep or give what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal of executions: {0}")]
pub struct JournalError(pub String);
