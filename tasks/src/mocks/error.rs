//! Why mocks cannot be used.

use std::path::PathBuf;

use asl_engine::JsonError;

use crate::routes::RoutesError;

/// Why a file of mocks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MocksError {
    /// The text is not a mock configuration file. The message is without the hints.
    #[error("{}: {why}", file.display())]
    Invalid {
        /// The file as it was given.
        file: PathBuf,
        /// What is wrong, and where.
        why: Box<InvalidMocks>,
    },
    /// The text is not a routing file.
    #[error(transparent)]
    Routes(#[from] RoutesError),
}

impl MocksError {
    /// What may be meant.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Invalid { why, .. } => why.hints(),
            Self::Routes(error) => error.hints(),
        }
    }

    /// The message and its hints on one line.
    pub fn with_hints(&self) -> String {
        self.hints().into_iter().fold(self.to_string(), |message, hint| format!("{message}; {hint}"))
    }
}

/// What is wrong with mocks. `at` is where in a mock configuration file, such as `MockedResponses/R/0`. The message is without the
/// hints.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum InvalidMocks {
    #[error("this is not JSON: {0}")]
    NotJson(#[from] JsonError),
    #[error("{at}: a JSON object is wanted")]
    NotAnObject { at: String },
    #[error("{at}: a text is wanted, not {found}")]
    NotText { at: String, found: String },
    #[error("{at}: the name of a mocked response is wanted, not {found}")]
    NotAName { at: String, found: String },
    #[error("{at} has no {name}")]
    Missing { at: String, name: String },
    #[error("{at}: unknown field {name:?}; allowed: {allowed}")]
    UnknownField { at: String, name: String, allowed: String },
    /// A name that another part of the file should have.
    #[error("{at} has {names}, and no {what} '{name}'")]
    UnknownName { at: String, names: String, what: &'static str, name: String, near: Option<String> },
    #[error("{at} has several test cases; add # and the name of one of them: {names}")]
    SeveralTestCases { at: String, names: String },
    #[error("{at}: either Return or Throw is wanted")]
    NoOutcome { at: String },
    #[error("{at}: {why}")]
    At { at: String, why: Box<Self> },
    #[error("{0:?} is no number of an invocation such as \"0\", and no range such as \"1-2\"")]
    Invocations(String),
    #[error("the invocations {one} and {other} overlap")]
    Overlap { one: String, other: String },
    #[error("a TOML file has no test cases, so '#{0}' names nothing")]
    TestCaseOfToml(String),
    #[error(
        "the mock of the state '{state}' needs one of return, return_json and throw; of a Wait state, after_seconds"
    )]
    NotOneOutcome { state: String },
    #[error("the mock of the state '{state}': JSON has no {number}")]
    NotInJson { state: String, number: f64 },
    #[error("return_json of the state '{state}' is not JSON: {source}")]
    ReturnJson { state: String, source: JsonError },
    #[error("after_seconds must be a number of seconds, not {0}")]
    AfterSeconds(f64),
}

impl InvalidMocks {
    /// What may be meant.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::UnknownName { near: Some(near), .. } => vec![format!("did you mean '{near}'?")],
            Self::At { why, .. } => why.hints(),
            _ => Vec::new(),
        }
    }

    /// The same of what is at `at`.
    pub(super) fn at(self, at: &str) -> Self {
        Self::At { at: at.to_owned(), why: Box::new(self) }
    }
}
