use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl_engine::Diagnostic;

use crate::report;

/// Why a command does nothing, or no more.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line is wrong, or a file cannot be read.
    Usage(String),
    /// The definition is refused.
    Definition { file: PathBuf, text: String, diagnostics: Vec<Diagnostic> },
    /// The routing file is refused, or lacks a route.
    Routes(String),
    /// The output has no reader any more.
    ClosedPipe,
}

impl Error {
    /// A file that cannot be read.
    pub(crate) fn unreadable(what: &str, file: &Path, error: &io::Error) -> Self {
        Self::Usage(format!("cannot read {what} {}: {error}", file.display()))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => 2.into(),
            Self::Definition { .. } | Self::Routes(_) => 3.into(),
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }

    /// The text for a person, with colours.
    pub(crate) fn report(&self) -> String {
        match self {
            Self::Usage(text) | Self::Routes(text) => report::error(text),
            Self::Definition { file, text, diagnostics } => {
                let mut out = String::new();
                for diagnostic in diagnostics {
                    out += &report::diagnostic(diagnostic, &file.display().to_string(), text);
                }
                let count = diagnostics.len();
                let problems = if count == 1 { "problem" } else { "problems" };
                let _ = writeln!(out, "{}: {count} {problems}; nothing was run", file.display());
                out
            }
            Self::ClosedPipe => String::new(),
        }
    }
}
