//! The thread that writes.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asl_engine::Timestamp;
use asl_engine::history::EventTexts;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::oneshot;
use tracing::{error, info};

use super::super::{Commit, Commits, Document, Entry, JournalError, LedgerCommit, ListedUnder};
use super::read::as_sql;
use crate::ledger::{Recorded, Write};

/// How many commits go into one transaction at most: a client waits for all of them.
const TOGETHER: usize = 1_000;

/// How long the writer waits before it tries again what could not be kept.
const AGAIN: Duration = Duration::from_secs(1);

/// How many executions are dropped at once: commits wait for it.
const DROPPED: usize = 100;

/// What is asked of the writer, and who waits for it.
pub(super) enum Task {
    Commit(Box<Commit>, Waiting),
    DropEndedBefore(Timestamp, Waiting),
}

type Waiting = oneshot::Sender<Result<bool, JournalError>>;

/// What others see of the writer.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) trouble: Option<String>,
    pub(super) commits: Commits,
    /// Nothing is tried again any more.
    pub(super) is_closing: bool,
}

pub(super) struct Writer {
    connection: Connection,
    tasks: Receiver<Task>,
    state: Arc<Mutex<State>>,
    numbers: Numbers,
}

/// The numbers of executions that run, by their ARNs.
#[derive(Default)]
struct Numbers(HashMap<Arc<str>, i64>);

impl Writer {
    pub(super) fn new(connection: Connection, tasks: Receiver<Task>, state: Arc<Mutex<State>>) -> Self {
        Self { connection, tasks, state, numbers: Numbers::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until nobody can ask for more.
    pub(super) fn run(mut self) {
        // What could not be kept so far.
        let mut left: Vec<(Box<Commit>, Waiting)> = Vec::new();
        loop {
            let first = match left.is_empty() {
                true => match self.tasks.recv() {
                    Ok(task) => Some(task),
                    Err(_) => return,
                },
                false => match self.tasks.recv_timeout(AGAIN) {
                    Ok(task) => Some(task),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) if self.state().is_closing => return self.give_up(left),
                    Err(RecvTimeoutError::Disconnected) => None,
                },
            };
            let more = std::iter::from_fn(|| self.tasks.try_recv().ok()).take(TOGETHER);
            let mut drops = Vec::new();
            for task in first.into_iter().chain(more) {
                match task {
                    Task::Commit(commit, waiting) => left.push((commit, waiting)),
                    Task::DropEndedBefore(at, waiting) => drops.push((at, waiting)),
                }
            }
            if !left.is_empty() {
                left = self.write(left);
            }
            for (at, waiting) in drops {
                let dropped = drop_ended_before(&mut self.connection, at);
                let _ = waiting.send(dropped.map_err(|error| JournalError(error.to_string())));
            }
        }
    }

    /// Writes these commits, and gives those back that have to be tried again.
    fn write(&mut self, commits: Vec<(Box<Commit>, Waiting)>) -> Vec<(Box<Commit>, Waiting)> {
        match transaction(&mut self.connection, &mut self.numbers, commits.iter().map(|(commit, _)| &**commit)) {
            Ok(()) => {
                self.kept(commits.len());
                for (_, waiting) in commits {
                    // Who does not wait needs no answer.
                    let _ = waiting.send(Ok(true));
                }
                Vec::new()
            }
            Err(error) if passes(&error) => {
                let trouble = JournalError(error.to_string());
                if self.state().trouble.replace(trouble.0.clone()).is_none() {
                    error!(%trouble, "nothing can be kept, and executions wait until it can");
                }
                let mut left = Vec::new();
                for (commit, waiting) in commits {
                    match commit.may_fail {
                        true => _ = waiting.send(Err(trouble.clone())),
                        false => left.push((commit, waiting)),
                    }
                }
                left
            }
            // It is one of them: the others are kept.
            Err(_) => {
                for (commit, waiting) in commits {
                    let written = transaction(&mut self.connection, &mut self.numbers, [&*commit].into_iter());
                    if written.is_ok() {
                        self.kept(1);
                    }
                    let _ = waiting.send(written.map(|()| true).map_err(|error| JournalError(error.to_string())));
                }
                Vec::new()
            }
        }
    }

    fn kept(&self, commits: usize) {
        let mut state = self.state();
        state.commits.commits += commits as u64;
        state.commits.transactions += 1;
        if state.trouble.take().is_some() {
            info!("executions are kept again");
        }
    }

    fn give_up(&self, left: Vec<(Box<Commit>, Waiting)>) {
        let trouble = self.state().trouble.clone().unwrap_or_default();
        for (_, waiting) in left {
            let _ = waiting.send(Err(JournalError(trouble.clone())));
        }
    }
}

/// Whether the same may be kept later: the disk is full or fails, or another program holds the file.
fn passes(error: &rusqlite::Error) -> bool {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, FileLockingProtocolFailed, OutOfMemory, PermissionDenied,
        ReadOnly, SystemIoFailure,
    };
    matches!(
        error.sqlite_error_code(),
        Some(
            CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | FileLockingProtocolFailed
                | OutOfMemory
                | PermissionDenied
                | ReadOnly
                | SystemIoFailure
        )
    )
}

fn transaction<'a>(
    connection: &mut Connection,
    numbers: &mut Numbers,
    commits: impl Iterator<Item = &'a Commit>,
) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Numbers that are handed out in a transaction that fails are not those of anything.
    let mut new = Vec::new();
    let mut over = Vec::new();
    let write = || {
        for commit in commits {
            for entry in &commit.entries {
                put(&transaction, numbers, &mut new, entry)?;
            }
            if let Some(ledger) = &commit.ledger {
                keep(&transaction, numbers, &mut new, ledger)?;
                if ledger.is_over {
                    over.push(ledger.arn.clone());
                }
            }
            for Document { kind, name, text } in &commit.documents {
                match text {
                    Some(text) => transaction
                        .prepare_cached("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)")?
                        .execute(params![kind, name, text])?,
                    None => transaction
                        .prepare_cached("DELETE FROM documents WHERE kind = ? AND name = ?")?
                        .execute(params![kind, name])?,
                };
            }
            for ended in commit.entries.iter().filter(|entry| entry.stopped.is_some()) {
                over.push(ended.arn.clone());
            }
        }
        Ok(())
    };
    let written = write();
    let done = written.and_then(|()| transaction.commit());
    let forgotten = if done.is_ok() { over } else { new };
    for arn in forgotten {
        numbers.0.remove(&arn);
    }
    done
}

fn put(
    connection: &Connection,
    numbers: &mut Numbers,
    new: &mut Vec<Arc<str>>,
    entry: &Entry,
) -> Result<(), rusqlite::Error> {
    let Entry { arn, listed_under, status, started, stopped, document } = entry;
    let ListedUnder { state_machine, version, alias, map_run } = listed_under;
    let stopped = stopped.map(|at| at.0);
    let listed_at = entry.listed_at().0;
    let number: i64 = connection
        .prepare_cached(
            "INSERT INTO executions \
             (arn, state_machine, version, alias, map_run, status, started, stopped, listed_at, document) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (arn) DO UPDATE SET \
             status = excluded.status, started = excluded.started, stopped = excluded.stopped, \
             listed_at = excluded.listed_at, document = excluded.document RETURNING number",
        )?
        .query_row(
            params![arn, state_machine, version, alias, map_run, status, started.0, stopped, listed_at, document],
            |row| row.get(0),
        )?;
    if numbers.0.insert(arn.clone(), number).is_none() {
        new.push(arn.clone());
    }
    Ok(())
}

impl Numbers {
    fn find(
        &mut self,
        connection: &Connection,
        new: &mut Vec<Arc<str>>,
        arn: &Arc<str>,
    ) -> Result<Option<i64>, rusqlite::Error> {
        if let Some(number) = self.0.get(arn) {
            return Ok(Some(*number));
        }
        let mut asked = connection.prepare_cached("SELECT number FROM executions WHERE arn = ?")?;
        let number = asked.query_row([arn], |row| row.get(0)).optional()?;
        if let Some(number) = number {
            self.0.insert(arn.clone(), number);
            new.push(arn.clone());
        }
        Ok(number)
    }
}

fn keep(
    connection: &Connection,
    numbers: &mut Numbers,
    new: &mut Vec<Arc<str>>,
    ledger: &LedgerCommit,
) -> Result<(), rusqlite::Error> {
    let LedgerCommit { arn, writes, recorded, is_over } = ledger;
    record(connection, numbers, new, recorded)?;
    let Some(number) = numbers.find(connection, new, arn)? else { return Ok(()) };
    if *is_over {
        connection.prepare_cached("DELETE FROM pieces WHERE execution = ?")?.execute([number])?;
        return Ok(());
    }
    for Write { key, piece } in writes {
        let name = key.to_string();
        match piece {
            Some(piece) => connection
                .prepare_cached("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)")?
                .execute(params![number, name, piece.text()])?,
            None => connection
                .prepare_cached("DELETE FROM pieces WHERE execution = ? AND name = ?")?
                .execute(params![number, name])?,
        };
    }
    Ok(())
}

/// Writes events, a row for those of each execution.
fn record(
    connection: &Connection,
    numbers: &mut Numbers,
    new: &mut Vec<Arc<str>>,
    recorded: &[Recorded],
) -> Result<(), rusqlite::Error> {
    /// The events of one execution, a line each.
    struct Lines {
        arn: Arc<str>,
        first: u64,
        last: u64,
        texts: String,
    }
    let mut texts = EventTexts::in_seconds();
    let mut of_execution: BTreeMap<&str, Lines> = BTreeMap::new();
    for Recorded { execution, event, .. } in recorded {
        let lines = of_execution.entry(&execution.arn).or_insert_with(|| Lines {
            arn: execution.arn.clone(),
            first: event.id,
            last: event.id,
            texts: String::new(),
        });
        if !lines.texts.is_empty() {
            lines.texts.push('\n');
        }
        lines.last = event.id;
        texts.write(event, &mut lines.texts);
    }
    for Lines { arn, first, last, texts } in of_execution.into_values() {
        // The histories of EXPRESS children are not kept: they have no entries.
        let Some(number) = numbers.find(connection, new, &arn)? else { continue };
        connection.prepare_cached("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?)")?.execute(params![
            number,
            as_sql(first),
            as_sql(last),
            texts
        ])?;
    }
    Ok(())
}

/// Drops some of the executions that have ended before this time; says whether there are more.
fn drop_ended_before(connection: &mut Connection, at: Timestamp) -> Result<bool, rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let old: Vec<i64> = transaction
        .prepare_cached("SELECT number FROM executions WHERE listed_at < ? AND stopped IS NOT NULL LIMIT ?")?
        .query_map(params![at.0, DROPPED as i64], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for number in &old {
        for sql in [
            "DELETE FROM events WHERE execution = ?",
            "DELETE FROM pieces WHERE execution = ?",
            "DELETE FROM executions WHERE number = ?",
        ] {
            transaction.prepare_cached(sql)?.execute([number])?;
        }
    }
    transaction.commit()?;
    Ok(old.len() == DROPPED)
}
