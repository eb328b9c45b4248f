//! A journal in one SQLite file, which survives the end of the program and of the machine at any moment.
//!
//! One thread writes. What is committed while it waits for the disk goes together into its next transaction, so that many executions
//! share one wait. A write-ahead log with `synchronous=FULL` is on the disk before a commit is said to be kept.

mod read;
mod write;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use asl_engine::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

use self::write::{State, Task, Writer};
use super::{Commit, Commits, Entry, Events, Journal, JournalError, Kept, Listed, Listing};
use crate::handler::BoxFuture;
use crate::ledger::Saved;

/// The form of the file. A later release reads this one.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE executions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        arn TEXT NOT NULL UNIQUE,
        state_machine TEXT,
        version TEXT,
        alias TEXT,
        map_run TEXT,
        status TEXT NOT NULL,
        started INTEGER NOT NULL,
        stopped INTEGER,
        listed_at INTEGER NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX by_time ON executions (listed_at, number);
    CREATE INDEX by_status ON executions (status, listed_at, number);
    CREATE INDEX of_state_machine ON executions (state_machine, listed_at, number) WHERE state_machine IS NOT NULL;
    CREATE INDEX of_state_machine_by_status ON executions (state_machine, status, listed_at, number)
        WHERE state_machine IS NOT NULL;
    CREATE INDEX of_version ON executions (version, listed_at, number) WHERE version IS NOT NULL;
    CREATE INDEX of_alias ON executions (alias, listed_at, number) WHERE alias IS NOT NULL;
    CREATE INDEX of_map_run ON executions (map_run, listed_at, number) WHERE map_run IS NOT NULL;
    CREATE TABLE pieces (
        execution INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (execution, name)
    ) WITHOUT ROWID;
    CREATE TABLE events (
        execution INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        texts TEXT NOT NULL,
        PRIMARY KEY (execution, first)
    ) WITHOUT ROWID;
    CREATE TABLE documents (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) WITHOUT ROWID;";

/// How long a connection waits for another program, such as one that looks at the file or copies it.
const BUSY: Duration = Duration::from_secs(10);

/// A journal in an SQLite file. One program at a time has it.
#[derive(Debug)]
pub struct Sqlite {
    file: PathBuf,
    tasks: Mutex<Option<Sender<Task>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    state: Arc<Mutex<State>>,
    /// Connections that read, while nobody does.
    readers: Mutex<Vec<Connection>>,
    /// Held while this is there.
    _lock: File,
}

/// A journal cannot be opened. The file stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program has it.
    #[error("{} is used by another program that is running", .0.display())]
    InUse(PathBuf),
    /// The file was written by a later release.
    #[error("{} was written by a later release, in the form {found}; this one reads the form {VERSION}", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Its form.
        found: i64,
    },
    /// Its folder cannot be used.
    #[error("cannot open {}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no database, or a damaged one.
    #[error("cannot open {}: {source}", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl Sqlite {
    /// Opens the journal in this file, or makes it.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { file: file.to_owned(), source };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(file.with_extension("lock"));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(file.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let broken = |source| OpenError::Database { file: file.to_owned(), source };
        let connection = open(file).map_err(broken)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(broken)?;
        match found {
            0 => {
                let made = format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;");
                connection.execute_batch(&made).map_err(broken)?;
            }
            VERSION => {}
            _ => return Err(OpenError::Version { file: file.to_owned(), found }),
        }
        let (sender, tasks) = channel();
        let state = Arc::new(Mutex::new(State::default()));
        let writer = Writer::new(connection, tasks, Arc::clone(&state));
        let writer = std::thread::Builder::new().name("journal".to_owned()).spawn(|| writer.run()).map_err(failed)?;
        Ok(Self {
            file: file.to_owned(),
            tasks: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
            state,
            readers: Mutex::default(),
            _lock: lock,
        })
    }

    fn send(&self, task: impl FnOnce(oneshot::Sender<Result<bool, JournalError>>) -> Task) -> Answer {
        let (sender, answer) = oneshot::channel();
        if let Some(tasks) = &*self.tasks.lock().unwrap_or_else(PoisonError::into_inner) {
            // Where the writer is gone, so is the other end of the answer.
            let _ = tasks.send(task(sender));
        }
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `read` reads.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, JournalError> {
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let failed = |error: rusqlite::Error| JournalError(error.to_string());
        let connection = pooled.map_or_else(|| open(&self.file), Ok).map_err(failed)?;
        let found = read(&connection).map_err(failed)?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(found)
    }
}

type Answer = oneshot::Receiver<Result<bool, JournalError>>;

fn open(file: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

async fn answered(answer: Answer) -> Result<bool, JournalError> {
    answer.await.unwrap_or_else(|_| Err(JournalError("it is closed".to_owned())))
}

/// What was committed before is kept first.
impl Drop for Sqlite {
    fn drop(&mut self) {
        self.state().is_closing = true;
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A panic of the writer has been told by then.
            let _ = writer.join();
        }
    }
}

impl Journal for Sqlite {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), JournalError>> {
        let answer = self.send(|answer| Task::Commit(Box::new(commit), answer));
        Box::pin(async { answered(answer).await.map(drop) })
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn entry(&self, arn: &str) -> Result<Option<Entry>, JournalError> {
        self.read(|connection| read::entry(connection, arn))
    }

    fn list(&self, asked: &Listing<'_>) -> Result<Vec<Listed>, JournalError> {
        self.read(|connection| read::list(connection, asked))
    }

    fn counts(&self) -> Result<Vec<(Arc<str>, u64)>, JournalError> {
        self.read(read::counts)
    }

    fn kept(&self) -> Result<Vec<Kept>, JournalError> {
        self.read(read::kept)
    }

    fn saved(&self, arn: &str) -> Result<Saved, JournalError> {
        let saved = self.read(|connection| read::saved(connection, arn))?;
        saved.map_err(|error| JournalError(error.to_string()))
    }

    fn events(&self, arn: &str, asked: Events) -> Result<Vec<String>, JournalError> {
        self.read(|connection| read::events(connection, arn, asked))
    }

    fn last_event(&self, arn: &str) -> Result<u64, JournalError> {
        self.read(|connection| read::last_event(connection, arn))
    }

    fn documents(&self, kind: &str) -> Result<Vec<(String, String)>, JournalError> {
        self.read(|connection| read::documents(connection, kind))
    }

    fn document(&self, kind: &str, name: &str) -> Result<Option<String>, JournalError> {
        self.read(|connection| read::document(connection, kind, name))
    }

    fn drop_ended_before(&self, at: Timestamp) -> BoxFuture<'static, Result<bool, JournalError>> {
        let answer = self.send(|answer| Task::DropEndedBefore(at, answer));
        Box::pin(answered(answer))
    }

    fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    fn commits(&self) -> Commits {
        self.state().commits
    }
}
