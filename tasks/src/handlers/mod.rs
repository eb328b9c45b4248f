//! Handlers that come with the crate and stand for the functions of the download-images workflow.

pub(crate) mod batch;
pub(crate) mod consolidate;
pub(crate) mod download;
mod input;

use asl_engine::{Failure, Value};

/// A failure as Step Functions reports one of a Lambda function: the error is the type, the cause is JSON text.
pub(crate) fn function_error(error_type: &str, message: impl Into<String>) -> Failure {
    let cause = Value::from([("errorMessage", Value::from(message.into())), ("errorType", Value::from(error_type))]);
    Failure::new(error_type, cause.to_string())
}
