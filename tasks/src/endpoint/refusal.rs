//! Why a request is not served, in the form that its protocol has for errors.

use asl_aws::in_process::{respond, xml_text};
use aws_smithy_types::body::SdkBody;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use serde_json::json;
use uuid::Uuid;

use asl_loopback::Refused;

/// A refusal with AWS's name for it.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
}

impl From<Refused> for Refusal {
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

impl Refusal {
    /// What the caller can set right.
    pub(crate) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, name, message: message.into() }
    }

    /// As the JSON protocols have it.
    pub(crate) fn json(&self) -> Response<SdkBody> {
        let body = json!({ "__type": self.name, "message": self.message }).to_string();
        let mut response = respond(self.status, "application/x-amz-json-1.0", &Uuid::new_v4().to_string(), body);
        // Where the REST protocols look for the name.
        response.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(self.name));
        response
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
