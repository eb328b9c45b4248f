//! Why a request is not answered with success.

use std::fmt::Display;

use http::StatusCode;

use crate::OpenError;

/// Errors whose code of the older query protocol is not their name: the `awsQueryError` of SQS's model.
const OLDER: [(&str, &str); 9] = [
    ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
    ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
    ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
    ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    ("QueueNameExists", "QueueAlreadyExists"),
    ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
];

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
        let code = OLDER.iter().find(|(known, _)| *known == name).map_or(name, |(_, code)| code);
        Self { status: StatusCode::BAD_REQUEST, name, code, message: message.into() }
    }

    pub(super) fn no_queue() -> Self {
        Self::refuse("QueueDoesNotExist", "The specified queue does not exist.")
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::refuse("MissingParameter", format!("The request must contain the parameter {parameter}."))
    }

    pub(super) fn invalid(value: impl Display, parameter: &str, reason: &str) -> Self {
        let message = format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}");
        Self::refuse("InvalidParameterValue", message)
    }
}
