//! Histories of executions that are stored in files, to be looked at when the program is long over.
//!
//! A file has one line of JSON for each thing: first the execution, then its events as they happen, each as AWS's
//! GetExecutionHistory has it, last how it ended. An event of a child execution of a Map Run stands beside the ARN of that.

mod read;
mod write;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use read::{StoredExecution, StoredHistory};
pub(crate) use write::{Recording, Recordings};

/// How many histories are kept.
const KEPT: usize = 100;
/// Behind the name of a file that is one.
const ENDING: &str = ".jsonl";

/// The stored histories below a folder for data.
#[derive(Clone, Debug)]
pub struct StoredHistories {
    folder: PathBuf,
}

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is none at all.
    #[error("no execution is stored below {}", .0.display())]
    Empty(PathBuf),
    /// There is none of this name.
    #[error("no execution {0} is stored")]
    NoSuchExecution(String),
    /// The file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The file is no history.
    #[error("{} is no history: line {line} is not what is written there", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

impl StoredHistories {
    /// Those below this folder for data.
    pub fn below(data: &Path) -> Self {
        Self { folder: data.join("executions") }
    }

    /// Their files, the oldest one first.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(ENDING) {
                files.push(path);
            }
        }
        // Names start with the time of the start.
        files.sort_unstable();
        Ok(files)
    }
}

#[cfg(test)]
mod tests;
