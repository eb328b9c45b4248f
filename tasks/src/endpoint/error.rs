//! Why a request is not served, in the form that its protocol has for errors.

use asl_aws::in_process::{refuse, respond, xml_text};
use aws_smithy_types::body::SdkBody;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use uuid::Uuid;

use asl_loopback::Refused;

/// Why a request is not served, with AWS's name for it.
#[derive(Debug, PartialEq)]
pub(crate) struct EndpointError {
    status: StatusCode,
    name: &'static str,
    message: String,
}

impl From<Refused> for EndpointError {
    fn from(Refused(status, message): Refused) -> Self {
        let name = match status {
            StatusCode::FORBIDDEN => "AccessDeniedException",
            StatusCode::PAYLOAD_TOO_LARGE => "RequestEntityTooLargeException",
            StatusCode::REQUEST_TIMEOUT => "RequestTimeoutException",
            _ => "ValidationException",
        };
        Self { status, name, message }
    }
}

impl EndpointError {
    /// What the caller can set right.
    pub(crate) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, name, message: message.into() }
    }

    /// That there is no such thing.
    pub(crate) fn not_found(name: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, name, message: message.into() }
    }

    /// That it cannot be served here.
    pub(crate) fn fault(name: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, name, message: message.into() }
    }

    /// As the JSON protocols have it.
    pub(crate) fn json(&self) -> Response<SdkBody> {
        refuse(self.status, self.name, &self.message)
    }

    /// As the client of `request` reads it.
    pub(crate) fn to<B>(&self, request: &Request<B>) -> Response<SdkBody> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(|value| value.starts_with(super::FORM)) {
            return self.json();
        }
        let request_id = Uuid::new_v4().to_string();
        let message = xml_text(&self.message);
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{message}</Message></Error>\
             <RequestId>{request_id}</RequestId></ErrorResponse>",
            self.name
        );
        respond(self.status, "text/xml", &request_id, body)
    }
}
