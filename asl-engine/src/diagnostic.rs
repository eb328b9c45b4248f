//! What is wrong with a definition, and where.

use std::fmt;

use crate::value::Value;

/// A range of bytes in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl Span {
    /// The line and the column (in characters) of the start, both from 1.
    pub fn line_column(self, text: &str) -> (usize, usize) {
        let before = &text.as_bytes()[..self.start.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
        (line, column)
    }
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// AWS takes the definition; something about it is doubtful, or `asl` cannot run it yet.
    Warning,
    /// AWS refuses to create this state machine.
    Error,
}

impl Severity {
    /// AWS's word: `WARNING` or `ERROR`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// One finding about a definition, with AWS's own code and message where AWS has them.
///
/// `Display` gives the line that AWS gives: `CODE: message at /location`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// AWS's code, such as `SCHEMA_VALIDATION_FAILED` or `MISSING_TRANSITION_TARGET`; `NOT_SUPPORTED_YET` where AWS takes
    /// what `asl` cannot run yet.
    pub code: &'static str,
    /// Whether the definition is refused.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The path of the field in the definition, as AWS writes it: `/States/Fetch/Next`. Empty where AWS names no place.
    pub location: String,
    /// The bytes of the definition's text that are at fault.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if !self.location.is_empty() {
            write!(f, " at {}", self.location)?;
        }
        Ok(())
    }
}

/// AWS takes it; `asl` does not run it yet.
pub(crate) const UNSUPPORTED: &str = "NOT_SUPPORTED_YET";

impl Diagnostic {
    /// The element of `diagnostics` that AWS's ValidateStateMachineDefinition answers.
    pub fn to_json(&self) -> Value {
        let text = |text: &str| Value::from(text);
        let mut members =
            vec![("severity", text(self.severity.name())), ("code", text(self.code)), ("message", text(&self.message))];
        if !self.location.is_empty() {
            members.push(("location", text(&self.location)));
        }
        members.into_iter().collect()
    }
}

/// The message of `InvalidDefinition`, with which AWS's CreateStateMachine refuses a definition of these findings; `None`
/// where AWS takes it.
///
/// ```
/// use asl_engine::{CheckOptions, diagnose, refusal};
///
/// let diagnostics = diagnose(r#"{"States": {"A": {"Type": "Pass", "End": true}}}"#, CheckOptions::default());
/// let expected = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /'";
/// assert_eq!(refusal(&diagnostics).as_deref(), Some(expected));
/// ```
pub fn refusal(diagnostics: &[Diagnostic]) -> Option<String> {
    let refused = |found: &&Diagnostic| found.severity == Severity::Error;
    let line = |found: &Diagnostic| {
        let location = if found.location.is_empty() { "null" } else { &found.location };
        format!("{}: {} at {location}", found.code, found.message)
    };
    let lines: Vec<String> = diagnostics.iter().filter(refused).map(line).collect();
    (!lines.is_empty()).then(|| format!("Invalid State Machine Definition: '{}'", lines.join(", ")))
}
