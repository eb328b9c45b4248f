//! The ARNs of the API, with AWS's refusals of others.

use super::error::ApiError;

/// The parts of an ARN of Step Functions: `arn:PARTITION:states:REGION:ACCOUNT:KIND:NAME…`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arn<'a> {
    /// The whole.
    pub(crate) text: &'a str,
    /// The name of the state machine or activity.
    pub(crate) name: &'a str,
    /// What stands behind the name.
    pub(crate) rest: Option<&'a str>,
}

impl<'a> Arn<'a> {
    /// An ARN of one of these kinds.
    pub(crate) fn of(text: &'a str, kinds: &[&str]) -> Result<Self, ApiError> {
        if !text.starts_with("arn:") {
            return Err(ApiError::invalid_arn(&format!("Invalid ARN prefix: {text}")));
        }
        let parts: Vec<&str> = text.splitn(8, ':').collect();
        let ["arn", _, "states", _, _, kind, name, ref rest @ ..] = parts[..] else {
            return Err(ApiError::invalid_arn(&format!("Invalid ARN: {text}")));
        };
        if !kinds.contains(&kind) {
            return Err(ApiError::invalid_arn(&format!("Resource type not valid in this context: {kind}")));
        }
        Ok(Self { text, name, rest: rest.first().copied() })
    }

    /// The ARN of a state machine, or of a version or alias of one.
    pub(crate) fn state_machine(text: &'a str) -> Result<Self, ApiError> {
        Self::of(text, &["stateMachine"])
    }

    /// The ARN of an execution.
    pub(crate) fn execution(text: &'a str) -> Result<Self, ApiError> {
        let arn = Self::of(text, &["execution"])?;
        match arn.rest {
            Some(_) => Ok(arn),
            None => Err(ApiError::invalid_arn(&format!("Invalid ARN: {text}"))),
        }
    }

    /// The ARN of an activity.
    pub(crate) fn activity(text: &'a str) -> Result<Self, ApiError> {
        Self::of(text, &["activity"])
    }

    /// The ARN without what stands behind the name.
    pub(crate) fn unqualified(&self) -> &'a str {
        match self.rest {
            Some(rest) => &self.text[..self.text.len() - rest.len() - 1],
            None => self.text,
        }
    }

    /// The number of the version that it names.
    pub(crate) fn version(&self) -> Option<u64> {
        self.rest?.parse().ok()
    }
}
