//! What a service says when it does not do what it is asked.

use std::fmt;

use crate::answer::Response;
use crate::model::{Operation, Protocol, Service};
use crate::names::INVALID_BUCKET;
use crate::xml::{self, Element};

/// What a service says when it does not do what it is asked.
#[derive(Debug, Default, PartialEq)]
pub struct ServiceError {
    /// Its code for the error, such as `NoSuchKey`.
    pub code: Option<String>,
    /// Its shape in the model of the service, such as `NoSuchKey`, and its class in the SDK for Java 2.
    pub known: Option<(&'static str, &'static str)>,
    /// Its text.
    pub message: Option<String>,
    /// The status of the response.
    pub status: u16,
    /// The id of the request.
    pub request_id: Option<String>,
    /// S3 has a second one.
    pub extended_request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
}

impl ServiceError {
    /// What S3 says of a bucket whose name is none.
    pub(crate) fn invalid_bucket() -> Self {
        Self {
            code: Some("InvalidBucketName".to_owned()),
            known: None,
            message: Some(INVALID_BUCKET.to_owned()),
            status: 400,
            request_id: Some(uuid::Uuid::new_v4().to_string()),
            extended_request_id: None,
            attempts: 1,
        }
    }

    /// Whether the same request may succeed a little later: the service is too busy, or has a fault.
    pub fn is_passing(&self) -> bool {
        const BUSY: [&str; 4] = ["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"];
        let code = self.code.as_deref().unwrap_or_default();
        self.status == 429 || self.status >= 500 || BUSY.iter().any(|busy| code.contains(busy))
    }

    /// Whether the service does not know what the request is about.
    pub fn is_not_found(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        self.status == 404 || ["NotFound", "DoesNotExist", "NonExistent"].iter().any(|word| code.contains(word))
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.as_deref().unwrap_or("no text");
        let message = self.message.as_deref().unwrap_or("no text");
        write!(f, "{code}: {message}")
    }
}

/// The error in a response that does not mean success.
pub(crate) fn read(
    service: &'static Service,
    operation: &'static Operation,
    response: &Response,
    attempts: u32,
) -> ServiceError {
    let mut error = ServiceError {
        status: response.status,
        request_id: response.request_id(),
        extended_request_id: response.header("x-amz-id-2").map(str::to_owned),
        attempts,
        ..ServiceError::default()
    };
    match service.protocol {
        Protocol::Json { .. } | Protocol::Cbor { .. } | Protocol::RestJson => read_json(response, &mut error),
        Protocol::Query { .. } | Protocol::Ec2 { .. } | Protocol::RestXml { .. } => read_xml(response, &mut error),
    }
    if error.code.is_none() && response.body.is_empty() {
        // The answer to a HEAD request has no body.
        error.code = match (operation.name, response.status) {
            ("HeadObject", 404) => Some("NoSuchKey".to_owned()),
            ("HeadBucket", 404) => Some("NoSuchBucket".to_owned()),
            _ => None,
        };
    }
    error.known = error.code.as_deref().and_then(|code| service.error(code));
    // A service that spoke the query protocol before still has the codes of that time.
    if let Some((code, _)) = response.header("x-amzn-query-error").and_then(|text| text.split_once(';')) {
        error.code = Some(code.to_owned());
    }
    error
}

fn read_json(response: &Response, error: &mut ServiceError) {
    let body = response.json().unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned);
    // `com.amazonaws.sqs#QueueDoesNotExist` or `InvalidParameter:http://…`
    let bare = |code: String| {
        let code = code.split(':').next().unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().to_owned()
    };
    error.code =
        response.header("x-amzn-errortype").map(str::to_owned).or_else(|| text(&["__type", "code", "Code"])).map(bare);
    error.message = text(&["message", "Message", "errorMessage"]);
}

fn read_xml(response: &Response, error: &mut ServiceError) {
    let Some(root) = response.text().ok().and_then(|text| xml::read(text).ok()) else { return };
    let described = match root.get("Errors") {
        Some(errors) => errors.get("Error"),
        None => root.get("Error"),
    };
    let described = described.unwrap_or(&root);
    let text = |element: &Element, name: &str| element.text_of(name).map(str::to_owned);
    error.code = text(described, "Code");
    error.message = text(described, "Message").or_else(|| text(described, "message"));
    let request_id =
        || ["RequestId", "RequestID"].iter().find_map(|name| text(&root, name).or_else(|| text(described, name)));
    error.request_id = error.request_id.take().or_else(request_id);
    error.extended_request_id = error.extended_request_id.take().or_else(|| text(described, "HostId"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read() {
        let id = ("x-amzn-requestid", "r");
        for (service, action, headers, body, expected) in [
            (
                "sfn",
                "startExecution",
                &[id][..],
                r#"{"__type":"InvalidToken","message":"m"}"#,
                "InvalidToken InvalidTokenException m r",
            ),
            (
                "sqs",
                "sendMessage",
                &[id, ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")],
                r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}"#,
                "AWS.SimpleQueueService.NonExistentQueue QueueDoesNotExistException m r",
            ),
            (
                "lambda",
                "invoke",
                &[id, ("x-amzn-errortype", "ResourceNotFoundException:http://a/")],
                r#"{"Type":"User","Message":"m"}"#,
                "ResourceNotFoundException ResourceNotFoundException m r",
            ),
            (
                "s3",
                "getObject",
                &[],
                "<Error><Code>NoSuchKey</Code><Message>m</Message><RequestId>r</RequestId><HostId>h</HostId></Error>",
                "NoSuchKey NoSuchKeyException m r",
            ),
            ("s3", "headObject", &[], "", "NoSuchKey NoSuchKeyException null null"),
            (
                "sns",
                "publish",
                &[],
                "<ErrorResponse><Error><Code>NotFound</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                "NotFound NotFoundException m r",
            ),
            (
                "ec2",
                "runInstances",
                &[],
                "<Response><Errors><Error><Code>X</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>",
                "X null m r",
            ),
            ("sfn", "startExecution", &[], "<html>", "null null null null"),
        ] {
            let service = Service::find(service).unwrap();
            let error = read(service, service.operation(action).unwrap(), &Response::of_test(404, headers, body), 1);
            let text = |text: Option<&str>| text.unwrap_or("null").to_owned();
            let class = error.known.map(|known| known.1);
            let parts = [error.code.as_deref(), class, error.message.as_deref(), error.request_id.as_deref()];
            assert_eq!(parts.map(text).join(" "), expected, "{action} {body}");
        }
    }
}
