use std::fmt;

/// Why an expression cannot be read or evaluated.
///
/// Codes and messages are those of the JSONata reference implementation, version 2.0.6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonataError {
    /// `T2001`, `D3030`, `S0201`, …; [`Self::INTERNAL`] where AWS has none.
    pub code: &'static str,
    /// The text for people, with the values at fault.
    pub message: String,
    /// The byte of the expression at which it was noticed, where that is known.
    pub position: Option<usize>,
}

impl JsonataError {
    /// The code of what JSONata has no error for and Java has: AWS tells of an internal error, without a reason.
    pub const INTERNAL: &'static str = "INTERNAL";

    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), position: None }
    }

    /// This error with its place, unless it has one already.
    pub(crate) fn at(self, position: usize) -> Self {
        Self { position: self.position.or(Some(position)), ..self }
    }
}

impl fmt::Display for JsonataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for JsonataError {}
