//! Why a routing file cannot be used.

use std::ops::Range;
use std::path::{Path, PathBuf};

use asl_engine::nearest;

use crate::mocks::InvalidMocks;

/// Why a routing file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RoutesError {
    /// The file cannot be read.
    #[error("{}: the routing file cannot be read: {source}", file.display())]
    Unreadable {
        /// The file as it was given.
        file: PathBuf,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// The text is not a routing file.
    #[error("{}:{line}:{column}: {why}", file.display())]
    Invalid {
        /// The file as it was given.
        file: PathBuf,
        /// The line of the fault, from 1.
        line: usize,
        /// The column of the fault in characters, from 1.
        column: usize,
        /// What is wrong and what is allowed.
        why: InvalidRoutes,
    },
    /// A file says something of a service that others say otherwise, which use it, too.
    #[error("{}: {what} is said otherwise in another routing file of this server, and there is one for all of them", file.display())]
    Differs {
        /// What it is said of.
        what: String,
        /// The file.
        file: PathBuf,
    },
}

impl RoutesError {
    /// What may be meant.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Invalid { why: InvalidRoutes::UnknownHandler { near: Some(near), .. }, .. } => {
                vec![format!("did you mean {near:?}?")]
            }
            Self::Invalid { why: InvalidRoutes::Mocks(mocks), .. } => mocks.hints(),
            Self::Invalid { why: InvalidRoutes::Toml(message), .. } => {
                meant(message).map(|near| format!("did you mean {near:?}?")).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The message and its hints on one line.
    pub fn with_hints(&self) -> String {
        self.hints().into_iter().fold(self.to_string(), |message, hint| format!("{message}; {hint}"))
    }
}

/// The field that an unknown one was probably meant to be: of `unknown field "enttry", expected one of "code", "entry"`.
fn meant(message: &str) -> Option<&str> {
    let (unknown, expected) = message.strip_prefix("unknown field \"")?.split_once("\", expected ")?;
    nearest(unknown, expected.split('"').skip(1).step_by(2))
}

/// Types of Rust as a person calls them.
const TYPES: [(&str, &str); 6] = [
    ("a nonzero usize", "a whole number from 1 on"),
    ("a nonzero u64", "a whole number from 1 on"),
    ("expected usize", "expected a whole number from 0 on"),
    ("expected u64", "expected a whole number from 0 on"),
    ("expected u32", "expected a whole number from 0 on"),
    ("expected f64", "expected a number"),
];

/// What is wrong with a routing file. The message is without the hints.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidRoutes {
    /// It is no TOML, or its entries are not what stands there.
    #[error("{0}")]
    Toml(String),
    /// A list of tables is written as something else.
    #[error("{0} must be written as [[{0}]]")]
    NotAList(&'static str),
    /// A route has no `resource` or no `handler`.
    #[error("the route has no {0}")]
    Missing(&'static str),
    /// There is no such handler.
    #[error("unknown handler {name:?}; allowed: {allowed}")]
    UnknownHandler {
        /// Its name.
        name: String,
        /// The names of all handlers.
        allowed: String,
        /// One that is nearly the same.
        near: Option<String>,
    },
    /// It needs what is not part of this build.
    #[error("{0}")]
    LeftOut(String),
    /// DynamoDB's rules for names.
    #[error("{0:?} is no table name: those have 3 to 255 letters, digits, underscores, hyphens and dots")]
    TableName(String),
    /// Step Functions' rules for names.
    #[error(
        "{0:?} is no name of a state machine: those have 1 to 80 characters, without white space and <>{{}}[]?*\"#%\\^|~`$&,;:/"
    )]
    StateMachineName(String),
    /// What is published goes to another SNS.
    #[error("subscriptions belong to the embedded SNS, but services.sns is another one")]
    SnsElsewhere,
    /// A subscription names a queue of another SQS.
    #[error("a subscription's queue is in the embedded SQS, but services.sqs is another one")]
    SqsElsewhere,
    /// Nothing says how e-mails are sent.
    #[error("e-mails need a [mail] with the server that sends them")]
    NoMail,
    /// A trigger names an API that is not there.
    #[error("a trigger names the api {0:?}, and there is no [apis.{0}]")]
    NoSuchApi(String),
    /// What a `[[mocks]]` says.
    #[error(transparent)]
    Mocks(Box<InvalidMocks>),
}

/// What is wrong with a text, and where in bytes.
pub(crate) struct InvalidAt {
    why: InvalidRoutes,
    span: Option<Range<usize>>,
}

impl From<toml::de::Error> for InvalidAt {
    fn from(error: toml::de::Error) -> Self {
        let message = error.message().replace('`', "\"").replace('\n', "; ");
        let message = TYPES.iter().fold(message, |message, (rust, plain)| message.replace(rust, plain));
        let why = InvalidRoutes::Toml(message);
        Self { why, span: error.span() }
    }
}

impl InvalidRoutes {
    pub(super) fn at(self, span: Range<usize>) -> InvalidAt {
        InvalidAt { why: self, span: Some(span) }
    }
}

impl InvalidAt {
    /// The same, at `span` where it does not say where.
    pub(super) fn within(self, span: Range<usize>) -> Self {
        Self { span: self.span.or(Some(span)), ..self }
    }

    pub(super) fn locate(self, text: &str, file: &Path) -> RoutesError {
        let at = self.span.map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        RoutesError::Invalid {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            why: self.why,
        }
    }
}
