//! Why a request is not answered with success.

use std::fmt::Display;

use http::StatusCode;

use crate::OpenError;

/// Why a request is refused, or not answered.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SqsError {
    pub(super) status: StatusCode,
    /// The name in the JSON protocol.
    pub(super) name: &'static str,
    /// The code of the older query protocol.
    pub(super) code: &'static str,
    /// SQS's text.
    pub(crate) message: String,
}

impl From<OpenError> for SqsError {
    fn from(error: OpenError) -> Self {
        Self::internal(error.to_string())
    }
}

impl SqsError {
    pub(super) fn internal(message: String) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, name: "InternalError", code: "InternalError", message }
    }

    /// What the caller can set right.
    pub(super) fn refuse(name: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, name, code: name, message: message.into() }
    }

    pub(super) fn no_queue() -> Self {
        let code = "AWS.SimpleQueueService.NonExistentQueue";
        Self { code, ..Self::refuse("QueueDoesNotExist", "The specified queue does not exist.") }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::refuse("MissingParameter", format!("The request must contain the parameter {parameter}."))
    }

    pub(super) fn invalid(value: impl Display, parameter: &str, reason: &str) -> Self {
        let message = format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}");
        Self::refuse("InvalidParameterValue", message)
    }
}
