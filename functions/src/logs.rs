//! What the code of functions prints: kept in files, and shown to whoever wants to see it.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use asl_engine::Failure;
use time::OffsetDateTime;
use time::macros::format_description;

use asl_settings::{hidden, hide};

/// A file that is longer becomes `NAME.log.1`, where it replaces the one before: what functions print takes at most twice
/// this much for each.
const MAX_FILE: u64 = 10 * 1024 * 1024;

/// How many failures are remembered with what was printed before them.
const MAX_FAILURES: usize = 16;

/// The logs of all functions of a router.
#[derive(Default)]
pub struct Logs {
    folder: PathBuf,
    watcher: OnceLock<Box<Watcher>>,
    failures: Mutex<VecDeque<(Option<Arc<str>>, Printed)>>,
    notes: Mutex<Vec<String>>,
}

type Watcher = dyn Fn(&PrintedLine<'_>) + Send + Sync;

/// A line that a function printed.
#[derive(Clone, Copy, Debug)]
pub struct PrintedLine<'a> {
    /// The name of the function.
    pub function: &'a str,
    /// The invocation in which it was printed; none at the start of a process.
    pub request_id: Option<&'a str>,
    /// The text, on one line and without control characters.
    pub text: &'a str,
}

/// What a function printed in an invocation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The name of the function.
    pub function: String,
    /// The file with everything that it printed.
    pub file: PathBuf,
    /// The last lines of the invocation.
    pub lines: Vec<String>,
}

impl Logs {
    /// Logs whose files lie in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, ..Self::default() }
    }

    /// Shows each line also to `watcher`. Only the first one is taken.
    pub fn watch(&self, watcher: impl Fn(&PrintedLine<'_>) + Send + Sync + 'static) {
        let _ = self.watcher.set(Box::new(watcher));
    }

    /// The log of a function.
    pub(crate) fn log(self: &Arc<Self>, function: &str) -> Log {
        // A name is part of a file name, and comes from an ARN.
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
        let file = self.folder.join(function.chars().map(plain).collect::<String>() + ".log");
        let (function, logs) = (function.to_owned(), Arc::clone(self));
        Log { function, path: file, file: Mutex::new(None), logs, secrets: Vec::new() }
    }

    /// Takes note of what a person should know before a function runs.
    #[cfg(unix)]
    pub(crate) fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// What a person should know of the functions that are prepared, and was not told yet.
    pub fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was printed in the invocation that ended with `failure`.
    pub fn printed(&self, failure: &Failure) -> Option<Printed> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.iter().rev().find(|(cause, _)| *cause == failure.cause).map(|(_, printed)| printed.clone())
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The log of one function, in `NAME.log` and in `NAME.log.1` before that.
#[derive(Debug)]
pub(crate) struct Log {
    function: String,
    path: PathBuf,
    file: Mutex<Option<Open>>,
    logs: Arc<Logs>,
    /// What stands in no line.
    secrets: Vec<String>,
}

#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
}

impl Log {
    /// This log, with `secrets` in no line.
    pub(crate) fn hiding(self, secrets: Vec<String>) -> Self {
        Self { secrets, ..self }
    }

    /// What the function printed, without its secrets.
    pub(crate) fn hide(&self, text: &str) -> String {
        hide(text, &self.secrets)
    }

    /// A failure of the function, without its secrets.
    pub(crate) fn hidden(&self, failure: Failure) -> Failure {
        hidden(failure, &self.secrets)
    }

    /// Takes a line. What cannot be written is lost: a function does not fail because of its log.
    pub(crate) fn line(&self, request_id: Option<&str>, text: &str) {
        if let Some(watcher) = self.logs.watcher.get() {
            watcher(&PrintedLine { function: &self.function, request_id, text });
        }
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let at = OffsetDateTime::now_utc().format(format).unwrap_or_default();
        let _ = self.write(&format!("{at} {} {text}\n", request_id.unwrap_or("-")));
    }

    /// Remembers what was printed in the invocation that ended with `failure`.
    pub(crate) fn failed(&self, failure: &Failure, lines: Vec<String>) {
        let printed = Printed { function: self.function.clone(), file: self.path.clone(), lines };
        let mut failures = self.logs.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() == MAX_FAILURES {
            failures.pop_front();
        }
        failures.push_back((failure.cause.clone(), printed));
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut file: MutexGuard<'_, Option<Open>> = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.as_ref().is_some_and(|file| file.length >= MAX_FILE) {
            *file = None;
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        let open = match &mut *file {
            Some(open) => open,
            None => file.insert(Open::new(&self.path)?),
        };
        open.length += line.len() as u64;
        open.file.write_all(line.as_bytes())
    }
}

impl Open {
    fn new(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }
}

/// `text` on one line that does nothing to a terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(c),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_and_watched() {
        let folder = tempfile::tempdir().unwrap();
        let logs = Arc::new(Logs::new(folder.path().join("logs")));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let watcher = Arc::clone(&seen);
        logs.watch(move |line| {
            let line = format!("{} {:?} {}", line.function, line.request_id, line.text);
            watcher.lock().unwrap().push(line);
        });
        let log = logs.log("../a b");
        log.line(None, "starts");
        log.line(Some("r"), "works");
        assert_eq!(*seen.lock().unwrap(), ["../a b None starts", "../a b Some(\"r\") works"]);
        let text = std::fs::read_to_string(folder.path().join("logs/___a_b.log")).unwrap();
        let lines: Vec<_> = text.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(lines, ["- starts", "r works"]);
    }

    #[test]
    fn files_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(Logs::new(folder.path().to_owned())).log("f");
        let line = "x".repeat(1024 * 1024);
        for _ in 0..25 {
            log.line(None, &line);
        }
        let length = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().len();
        assert!(length("f.log.1") < MAX_FILE + 2 * line.len() as u64 && length("f.log.1") >= MAX_FILE);
        assert!(length("f.log") < MAX_FILE);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_was_printed_is_found_by_the_failure() {
        let folder = tempfile::tempdir().unwrap();
        let logs = Arc::new(Logs::new(folder.path().to_owned()));
        let log = logs.log("f");
        for number in 0..20 {
            log.failed(&Failure::new("E", number.to_string()), vec![number.to_string()]);
        }
        assert_eq!(logs.printed(&Failure::new("E", "19")).unwrap().lines, ["19"]);
        assert_eq!(logs.printed(&Failure::new("E", "3")), None);
    }

    #[test]
    fn garbage_does_nothing_to_a_terminal() {
        assert_eq!(printable("a\tb\u{1b}[31m\u{7}é\u{a0}"), "a\tb\\u{1b}[31m\\u{7}é\u{a0}");
    }
}
