//! Errors of the Step Functions API, in AWS's shapes, names and texts.

use asl_aws::in_process::respond;
use asl_engine::Value;
use asl_project::{LookupError, StartError};
use asl_runtime::journal::JournalError;
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, Response, StatusCode};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct ApiError {
    status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// A member beside the message.
    more: Option<(&'static str, String)>,
}

/// What names of errors of the service begin with. Reported: how AWS writes `__type`.
const OF_SERVICE: &str = "com.amazonaws.swf.service.v2.model#";
/// And those of requests that break the bounds of the model.
const OF_MODEL: &str = "com.amazon.coral.validate#";
/// And those of requests that are none.
const OF_PROTOCOL: &str = "com.amazon.coral.service#";

impl ApiError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into(), more: None }
    }

    /// The service itself cannot answer.
    pub(crate) fn fault(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::new(code, message) }
    }

    /// The service cannot answer now, and may later.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::new("ServiceUnavailable", message) }
    }

    pub(crate) fn with(self, name: &'static str, text: impl Into<String>) -> Self {
        Self { more: Some((name, text.into())), ..self }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(crate) fn invalid_arn(detail: &str) -> Self {
        Self::new("InvalidArn", format!("Invalid Arn: '{detail}'"))
    }

    pub(crate) fn invalid_name(name: &str) -> Self {
        Self::new("InvalidName", format!("Invalid Name: '{name}'"))
    }

    pub(crate) fn no_such_machine(arn: &str) -> Self {
        Self::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
    }

    pub(crate) fn deleting(arn: &str) -> Self {
        Self::new("StateMachineDeleting", format!("State Machine is being deleted: '{arn}'"))
    }

    pub(crate) fn no_such_execution(arn: &str) -> Self {
        Self::new("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
    }

    pub(crate) fn no_such_resource(arn: &str) -> Self {
        Self::new("ResourceNotFound", format!("Resource not found: '{arn}'")).with("resourceName", arn)
    }

    pub(crate) fn invalid_token() -> Self {
        Self::new("InvalidToken", "Invalid Token: 'Invalid token'")
    }

    /// The answer.
    pub(crate) fn response(&self) -> Response<SdkBody> {
        let of = match self.code {
            "ValidationException" if self.message.contains(" validation error") => OF_MODEL,
            "SerializationException" | "UnknownOperationException" => OF_PROTOCOL,
            _ if self.status != StatusCode::BAD_REQUEST => OF_PROTOCOL,
            _ => OF_SERVICE,
        };
        let members = [("__type", format!("{of}{}", self.code)), ("message", self.message.clone())];
        let members = members.into_iter().chain(self.more.clone());
        let body: Value = members.map(|(name, text)| (name, Value::from(text))).collect();
        let request_id = uuid::Uuid::new_v4().to_string();
        let mut response = respond(self.status, "application/x-amz-json-1.0", &request_id, body.to_string());
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        response
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match &error {
            StartError::Journal(_) => Self::unavailable(error.to_string()),
            StartError::TooMany(_) => Self::new(error.code(), format!("Execution Limit Exceeded: '{error}'")),
            _ => Self::new(error.code(), error.to_string()),
        }
    }
}

impl From<LookupError> for ApiError {
    fn from(error: LookupError) -> Self {
        match &error {
            LookupError::NoSuchExecution(arn) => Self::no_such_execution(arn),
            LookupError::NotKept(_) | LookupError::Journal(_) => Self::unavailable(error.to_string()),
        }
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> Self {
        Self::unavailable(error.to_string())
    }
}
