//! Reads stored histories.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use asl_engine::{Timestamp, Value};

use super::{HistoryError, StoredHistories};

/// A stored execution.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredExecution {
    /// Its file.
    pub file: PathBuf,
    /// Its ARN.
    pub arn: String,
    /// The ARN of its state machine.
    pub state_machine_arn: String,
    /// Its name.
    pub name: String,
    /// When it started.
    pub start_time: Timestamp,
    /// AWS's word for how it ended, and when; nothing where it still runs, or where its program was killed.
    pub ended: Option<(String, Timestamp)>,
    /// Why it was given up, if it was: no failure of its definition.
    pub given_up: Option<String>,
}

/// What is stored of an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredHistory {
    /// The execution.
    pub execution: StoredExecution,
    /// Its events, as AWS's GetExecutionHistory has them.
    pub events: Vec<Value>,
    /// The ARNs and events of child executions of its Map Runs, in the order in which they started.
    pub children: Vec<(String, Vec<Value>)>,
}

impl StoredHistories {
    /// All of them, the oldest one first.
    pub fn list(&self) -> Result<Vec<StoredExecution>, HistoryError> {
        self.all()?.iter().map(|file| Ok(read(file, false)?.execution)).collect()
    }

    /// The history of an execution that is named by its name, the start of it, or its ARN; without a name, of the newest one.
    pub fn find(&self, name: Option<&str>) -> Result<StoredHistory, HistoryError> {
        let files = self.all()?;
        let Some(name) = name else {
            let newest = files.last().ok_or_else(|| HistoryError::Empty(self.folder.clone()))?;
            return read(newest, true);
        };
        let mut found = None;
        for file in files.iter().rev() {
            let execution = read(file, false)?.execution;
            if execution.name == name || execution.arn == name {
                return read(file, true);
            }
            if found.is_none() && execution.name.starts_with(name) {
                found = Some(file);
            }
        }
        match found {
            Some(file) => read(file, true),
            None => child(&files, name),
        }
    }

    fn all(&self) -> Result<Vec<PathBuf>, HistoryError> {
        self.files().map_err(|source| HistoryError::Unreadable { file: self.folder.clone(), source })
    }
}

/// The history of a child execution.
fn child(files: &[PathBuf], name: &str) -> Result<StoredHistory, HistoryError> {
    for file in files.iter().rev() {
        let StoredHistory { execution, children, .. } = read(file, true)?;
        let is_it = |arn: &str| arn == name || arn.rsplit(':').next() == Some(name);
        let Some((arn, events)) = children.into_iter().find(|(arn, _)| is_it(arn)) else { continue };
        let time = |event: Option<&Value>| Timestamp::parse(event?.get("timestamp")?.as_str()?);
        let status = events.last().and_then(|last| last.get("type")?.as_str()?.strip_prefix("Execution"));
        let ended = status.and_then(|status| Some((status.to_uppercase(), time(events.last())?)));
        let start_time = time(events.first()).unwrap_or(execution.start_time);
        let name = name.rsplit(':').next().unwrap_or(name).to_owned();
        let execution = StoredExecution { arn, name, start_time, ended, ..execution };
        return Ok(StoredHistory { execution, events, children: Vec::new() });
    }
    Err(HistoryError::NoSuchExecution(name.to_owned()))
}

/// Reads a file: with its events, or only what it is about.
fn read(path: &Path, events: bool) -> Result<StoredHistory, HistoryError> {
    let unreadable = |source| HistoryError::Unreadable { file: path.to_owned(), source };
    let mut lines = BufReader::new(File::open(path).map_err(unreadable)?).lines().enumerate();
    let damaged = |line: usize| HistoryError::Damaged { file: path.to_owned(), line: line + 1 };
    let first = lines.next().ok_or_else(|| damaged(0))?.1.map_err(unreadable)?;
    let mut history = StoredHistory {
        execution: about(path, &first).ok_or_else(|| damaged(0))?,
        events: Vec::new(),
        children: Vec::new(),
    };
    let mut last: Option<(usize, String)> = None;
    for (line, text) in lines {
        let text = match text {
            // A program that is killed may leave half a character.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => break,
            text => text.map_err(unreadable)?,
        };
        if let Some((line, text)) = last.replace((line, text)).filter(|_| events) {
            add(&mut history, &text).ok_or_else(|| damaged(line))?;
        }
    }
    // It may be cut off in the last line.
    if let Some((_, text)) = last {
        let _ = add(&mut history, &text);
    }
    Ok(history)
}

fn about(file: &Path, line: &str) -> Option<StoredExecution> {
    let value: Value = line.parse().ok()?;
    let about = value.get("execution")?;
    let text = |name: &str| Some(about.get(name)?.as_str()?.to_owned());
    Some(StoredExecution {
        file: file.to_owned(),
        arn: text("executionArn")?,
        state_machine_arn: text("stateMachineArn")?,
        name: text("name")?,
        start_time: Timestamp(about.get("startDate")?.as_i64()?),
        ended: None,
        given_up: None,
    })
}

fn add(history: &mut StoredHistory, line: &str) -> Option<()> {
    let value: Value = line.parse().ok()?;
    if let Some(ended) = value.get("ended") {
        let at = Timestamp(ended.get("stopDate")?.as_i64()?);
        history.execution.ended = Some((ended.get("status")?.as_str()?.to_owned(), at));
        history.execution.given_up = ended.get("givenUp").and_then(Value::as_str).map(str::to_owned);
        return Some(());
    }
    let event = value.get("event")?.clone();
    let Some(child) = value.get("executionArn").and_then(Value::as_str) else {
        history.events.push(event);
        return Some(());
    };
    match history.children.iter_mut().rev().find(|(arn, _)| arn == child) {
        Some((_, events)) => events.push(event),
        None => history.children.push((child.to_owned(), vec![event])),
    }
    Some(())
}
