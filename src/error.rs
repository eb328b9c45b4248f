use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl_engine::{Diagnostic, JsonError};
use asl_tasks::{MocksError, RoutesError};

use crate::printable::line;
use crate::report;

/// Why a command does nothing, or no more.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line is wrong, or a file cannot be read.
    Usage(String),
    /// The definition is refused.
    Definition { file: PathBuf, text: String, diagnostics: Vec<Diagnostic> },
    /// What should be JSON is not. `from` is its file, or what stands for it.
    NotJson { what: &'static str, from: String, text: String, error: Box<JsonError> },
    /// The routing file is refused.
    Routes(String),
    /// States whose resources have no route; nothing was run.
    NoRoutes(Vec<String>),
    /// The mocks of a test are refused, or a task has neither a mock nor anything else that serves it.
    Mocks(String),
    /// A mistake of ours ended a run.
    Bug(String),
    /// In the middle of a run came a task that nothing serves.
    Unserved(String),
    /// Somebody told the process to end before or after an execution.
    Interrupted,
    /// The output has no reader any more.
    ClosedPipe,
}

impl Error {
    /// A file that cannot be read.
    pub(crate) fn unreadable(what: &str, file: &Path, error: &io::Error) -> Self {
        let file = file.display();
        Self::Usage(match error.kind() {
            io::ErrorKind::InvalidData => format!("{what} {file} is not UTF-8 text"),
            _ => format!("cannot read {what} {file}: {error}"),
        })
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::NotJson { .. } => 2.into(),
            Self::Definition { .. } | Self::Routes(_) | Self::NoRoutes(_) | Self::Mocks(_) | Self::Unserved(_) => {
                3.into()
            }
            // What `sysexits.h` calls an internal software error.
            Self::Bug(_) => 70.into(),
            Self::Interrupted => 130.into(),
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }

    /// The text for a person, with colours.
    pub(crate) fn report(&self) -> String {
        match self {
            Self::Usage(text) | Self::Routes(text) | Self::Mocks(text) => report::error(text),
            Self::Unserved(text) => {
                report::error(text) + &report::note("the run was given up there; what came before has been done")
            }
            Self::Bug(text) => {
                report::error(&format!("asl has made a mistake: {text}"))
                    + &report::note(concat!(
                        "this is no failure of the execution. Please report this text, the definition and asl ",
                        env!("CARGO_PKG_VERSION")
                    ))
            }
            Self::NotJson { what, from, text, error } => {
                report::not_json(&format!("{what} is not JSON"), error, from, text)
            }
            Self::NoRoutes(missing) => {
                let mut out = String::new();
                for text in missing {
                    out += &report::error(text);
                    out.push('\n');
                }
                out += "nothing was run\n";
                out
            }
            Self::Definition { file, text, diagnostics } => {
                let mut out = report::diagnostics(diagnostics, &file.display().to_string(), text);
                let count = diagnostics.len();
                let problems = if count == 1 { "problem" } else { "problems" };
                let _ = writeln!(out, "{}: {count} {problems}; nothing was run", line(&file.display().to_string()));
                if file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
                    out += "help: definitions in YAML are read by asl check only; this command takes JSON\n";
                }
                out
            }
            Self::Interrupted | Self::ClosedPipe => String::new(),
        }
    }
}

impl From<MocksError> for Error {
    fn from(error: MocksError) -> Self {
        match error {
            MocksError::Unreadable { file, source } => Self::unreadable("the mocks", &file, &source),
            MocksError::Routes(error) => error.into(),
            error @ MocksError::Invalid { .. } => Self::Mocks(error.to_string()),
        }
    }
}

impl From<RoutesError> for Error {
    fn from(error: RoutesError) -> Self {
        match error {
            RoutesError::Unreadable { file, source } => Self::unreadable("the routing file", &file, &source),
            error @ RoutesError::Invalid { .. } => Self::Routes(error.to_string()),
        }
    }
}
