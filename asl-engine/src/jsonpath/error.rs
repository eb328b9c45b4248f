use std::fmt;

use crate::diagnostic::Span;

/// Why a path was refused or gave no result, in the words of Jayway JsonPath 2.0.0.
///
/// `Display` writes the message alone, as AWS shows it after `Invalid path '…' : `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    /// Whether the path's text or its evaluation is at fault.
    pub stage: Stage,
    /// What kind of error it is.
    pub class: ErrorClass,
    /// Jayway's message. `null` stands where Java's exception has no message.
    pub message: String,
    /// The bytes of the path's text that it is about, where one step is at fault: [`Stage::Compile`] has them always.
    pub span: Option<Span>,
}

impl PathError {
    pub(super) fn compile(class: ErrorClass, message: impl Into<String>, span: Span) -> Self {
        Self { stage: Stage::Compile, class, message: message.into(), span: Some(span) }
    }

    pub(super) fn evaluate(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { stage: Stage::Evaluate, class, message: message.into(), span: None }
    }

    /// Whether a step cannot be applied to what it meets, such as an index to a number.
    pub(crate) fn is_unfit(&self) -> bool {
        self.class == ErrorClass::InvalidPath
    }

    /// Whether the path is sound and the document merely lacks what it asks for.
    pub fn is_not_found(&self) -> bool {
        self.class == ErrorClass::PathNotFound
    }
}

/// When an error came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// While the text of the path was read.
    Compile,
    /// While the path was applied to a document.
    Evaluate,
}

/// The kind of an error, named after the Java exception that Jayway raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The path is malformed, or one of its steps cannot be applied to what it meets.
    InvalidPath,
    /// The document lacks what the path asks for.
    PathNotFound,
    /// A filter compares a number with text that is not a number.
    NumberFormat,
    /// A filter's `=~` has no pattern on either side.
    ClassCast,
    /// A filter stands as a bare `?`, or the pattern of `=~` is null.
    NullPointer,
    /// The path is empty or the document is null.
    IllegalArgument,
    /// The path ends with a scan, which only the path `.` does unnoticed.
    IllegalState,
    /// More than five bare `?` in one filter.
    ArrayIndexOutOfBounds,
    /// A bound of this implementation: filters nested too deeply, or too many nodes to visit. Not one of Jayway's.
    Limit,
}

impl ErrorClass {
    /// The simple name of the Java exception, such as `PathNotFoundException`; `LimitExceeded` for a bound of ours.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidPath => "InvalidPathException",
            Self::PathNotFound => "PathNotFoundException",
            Self::NumberFormat => "NumberFormatException",
            Self::ClassCast => "ClassCastException",
            Self::NullPointer => "NullPointerException",
            Self::IllegalArgument => "IllegalArgumentException",
            Self::IllegalState => "IllegalStateException",
            Self::ArrayIndexOutOfBounds => "ArrayIndexOutOfBoundsException",
            Self::Limit => "LimitExceeded",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
