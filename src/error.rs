use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl_engine::{Diagnostic, JsonError, nearest};
use asl_project::{
    Definition, DefinitionError, HistoryError, NotReady, Placeholder, ProjectError, TemplateError, Unserved,
};
use asl_runtime::simulation::Stuck;
use asl_tasks::{MocksError, RoutesError, StoredError};

use crate::printable::line;
use crate::report;

/// Why a command does nothing, or no more.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line is wrong, or a file cannot be read.
    Usage(String),
    /// The definition is refused.
    Definition { definition: Box<Definition>, diagnostics: Vec<Diagnostic> },
    /// Nothing is filled in for placeholders of the definition.
    Unfilled { definition: Box<Definition>, unfilled: Vec<Placeholder>, routes: Option<PathBuf> },
    /// What should be JSON is not. `from` is its file, or what stands for it.
    NotJson { what: &'static str, from: String, text: String, error: Box<JsonError> },
    /// The routing file is refused.
    Routes(String),
    /// States whose resources have no route; nothing was run.
    NoRoutes(Vec<Unserved>),
    /// The mocks of a test are refused, or a task has neither a mock nor anything else that serves it.
    Mocks(String),
    /// There are no tests to run.
    Tests(String),
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
            io::ErrorKind::IsADirectory => format!("{what} {file} is a folder; a file is wanted"),
            io::ErrorKind::InvalidData => format!("{what} {file} is not UTF-8 text"),
            _ => format!("cannot read {what} {file}: {error}"),
        })
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::NotJson { .. } => 2.into(),
            Self::Definition { .. }
            | Self::Unfilled { .. }
            | Self::Routes(_)
            | Self::NoRoutes(_)
            | Self::Mocks(_)
            | Self::Tests(_)
            | Self::Unserved(_) => 3.into(),
            // What `sysexits.h` calls an internal software error.
            Self::Bug(_) => 70.into(),
            Self::Interrupted => 130.into(),
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }

    /// The text for a person, with colours.
    pub(crate) fn report(&self) -> String {
        match self {
            Self::Usage(text) | Self::Routes(text) | Self::Mocks(text) | Self::Tests(text) => report::error(text),
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
                for unserved in missing {
                    out += &report::error(&unserved.to_string());
                    out.push('\n');
                }
                out += "nothing was run\n";
                out
            }
            Self::Definition { definition, diagnostics } => {
                let mut out = report::diagnostics(diagnostics, definition);
                let count = report::said_once(diagnostics).len();
                let problems = if count == 1 { "problem" } else { "problems" };
                let file = definition.file().display().to_string();
                let _ = writeln!(out, "{}: {count} {problems}; nothing was run", line(&file));
                out
            }
            Self::Unfilled { definition, unfilled, routes } => {
                report::unfilled(unfilled, definition, routes.as_deref()) + "nothing was run\n"
            }
            Self::Interrupted | Self::ClosedPipe => String::new(),
        }
    }
}

impl From<StoredError> for Error {
    fn from(error: StoredError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<MocksError> for Error {
    fn from(error: MocksError) -> Self {
        match error {
            MocksError::Routes(error) => error.into(),
            error @ MocksError::Invalid { .. } => Self::Mocks(error.with_hints()),
        }
    }
}

impl From<RoutesError> for Error {
    fn from(error: RoutesError) -> Self {
        match error {
            RoutesError::Unreadable { file, source } => Self::unreadable("the routing file", &file, &source),
            error @ (RoutesError::Invalid { .. } | RoutesError::Differs { .. }) => Self::Routes(error.with_hints()),
        }
    }
}

impl From<ProjectError> for Error {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Routes(error) => error.into(),
            ProjectError::DataIsNoFolder(data) => Self::Usage(format!("--data: {} is not a folder", data.display())),
            ProjectError::Unreadable(error) => error.into(),
            ProjectError::Unfilled { definition, unfilled } => Self::Unfilled { definition, unfilled, routes: None },
            ProjectError::Definition { definition, diagnostics } => Self::Definition { definition, diagnostics },
        }
    }
}

impl From<DefinitionError> for Error {
    fn from(error: DefinitionError) -> Self {
        let known = |known: &[String]| format!("help: its state machines are {}", known.join(", "));
        let text = error.to_string();
        Self::Usage(match error {
            DefinitionError::Unreadable { file, source } => return Self::unreadable("the definition", &file, &source),
            DefinitionError::Template(TemplateError::NoSuchMachine { name, known: names, .. }) => {
                match nearest(&name, names.iter().map(String::as_str)) {
                    Some(near) => format!("{text}\nhelp: did you mean '{near}'?"),
                    None => format!("{text}\n{}", known(&names)),
                }
            }
            DefinitionError::Template(TemplateError::Several { file, known: names }) => {
                let one = names.first().map(String::as_str).unwrap_or_default();
                format!("{text}, and one is wanted: say {}#{one}\n{}", file.display(), known(&names))
            }
            DefinitionError::Template(_) => text,
            DefinitionError::NoMap { map, known, .. } => match nearest(&map, known.iter().map(String::as_str)) {
                Some(near) => format!("{text}\nhelp: did you mean '{near}'?"),
                None if known.is_empty() => {
                    format!("{text}\nhelp: it is no template, either: nothing in it can be named")
                }
                None => format!("{text}\nhelp: it has {}", known.join(", ")),
            },
        })
    }
}

impl From<HistoryError> for Error {
    fn from(error: HistoryError) -> Self {
        let help = match &error {
            HistoryError::Empty(_) => "\nhelp: asl run stores the history of each execution below --data",
            HistoryError::NoSuchExecution(_) => "\nhelp: asl history --list shows those that are",
            HistoryError::Unreadable { .. } | HistoryError::Damaged { .. } => "",
        };
        Self::Usage(format!("{error}{help}"))
    }
}

impl From<NotReady> for Error {
    fn from(error: NotReady) -> Self {
        Self::Routes(error.to_string())
    }
}

impl From<Stuck> for Error {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::Bug(bug) => Self::Bug(bug.to_string()),
            stuck => Self::Mocks(stuck.to_string()),
        }
    }
}
