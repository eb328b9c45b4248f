//! What Step Functions makes of a service's answer: a result with the metadata of the HTTP response, or a failure with the
//! names and texts of the SDK that it uses.

use asl_engine::{Failure, Object, Outcome, Value};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use asl_aws::in_process::http_date;
use asl_aws::{CallError, OperationOutput, Service, ServiceError};

/// How the SDK for Java 1, which the optimized integrations use, names a service and its errors.
#[derive(Debug)]
pub(super) struct Names {
    /// What error names start with.
    pub(super) prefix: &'static str,
    /// What causes call the service.
    pub(super) service: &'static str,
    /// The error of every code that has none of its own.
    pub(super) other: &'static str,
}

/// The order in which `AllHttpHeaders` were recorded; others come behind.
const ORDER: [&str; 9] = [
    "Server",
    "Connection",
    "x-amzn-RequestId",
    "connection",
    "x-amz-crc32",
    "Content-Length",
    "Date",
    "X-Amzn-Trace-Id",
    "Content-Type",
];

/// The result of an optimized integration, with `SdkHttpMetadata` and `SdkResponseMetadata`.
pub(super) fn with_metadata(answer: OperationOutput) -> Value {
    let is_older = answer.headers.contains_key(header::SERVER);
    let shown = |name: &HeaderName| if is_older { shown(name.as_str()) } else { shown_now(name.as_str()) };
    let mut names: Vec<(String, &HeaderName)> = answer.headers.keys().map(|name| (shown(name), name)).collect();
    names.sort_by_key(|(shown, _)| shown.to_lowercase());
    let last = |(shown, name): &(String, &HeaderName)| {
        let value = answer.headers.get_all(*name).iter().next_back()?.to_str().ok()?;
        Some((shown.clone(), Value::from(value)))
    };
    let texts = names.iter().filter_map(last).collect();
    names.sort_by_key(|(shown, _)| ORDER.iter().position(|known| known == shown).unwrap_or(ORDER.len()));
    let all = names.into_iter().map(|(shown, name)| (shown, values(&answer.headers, name))).collect();
    let http: Value =
        [("AllHttpHeaders", all), ("HttpHeaders", texts), ("HttpStatusCode", Value::from(u32::from(answer.status)))]
            .into();
    let response = Value::from([("RequestId", answer.request_id.map_or(Value::Null, Value::from))]);
    answer.result.with("SdkHttpMetadata", http).with("SdkResponseMetadata", response).into()
}

/// Headers with the list of their values.
pub(super) fn headers(headers: &HeaderMap) -> Value {
    headers.keys().map(|name| (shown(name.as_str()), values(headers, name))).collect()
}

/// The values of a header.
fn values(headers: &HeaderMap, name: &HeaderName) -> Value {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(Value::from).collect()
}

/// `result` with the metadata of an integration whose service is in this process and sends no HTTP response. The request gets
/// this id.
pub fn answered_here(result: Object, request_id: String) -> Value {
    let length = Value::from(result.clone()).json_len().to_string();
    let date = http_date();
    let headers = [
        (header::CONTENT_TYPE, "application/x-amz-json-1.0"),
        (header::CONTENT_LENGTH, length.as_str()),
        (header::CONNECTION, "keep-alive"),
        (header::DATE, date.as_str()),
        (HeaderName::from_static("x-amzn-requestid"), request_id.as_str()),
    ];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?)));
    with_metadata(OperationOutput { result, status: 200, headers: headers.collect(), request_id: Some(request_id) })
}

/// The name of a header as AWS shows it: HTTP does not keep the case.
fn shown(name: &str) -> String {
    if name == "x-amzn-requestid" {
        return "x-amzn-RequestId".to_owned();
    }
    if name.starts_with("x-") {
        return name.to_owned();
    }
    let mut at_start = true;
    name.chars()
        .map(|letter| {
            let shown = if at_start { letter.to_ascii_uppercase() } else { letter };
            at_start = letter == '-';
            shown
        })
        .collect()
}

/// The same where a service has a newer front, without a `Server`, as SQS, SNS and Step Functions were recorded.
fn shown_now(name: &str) -> String {
    if name == "connection" { name.to_owned() } else { shown(name) }
}

impl Names {
    /// The failure of an optimized integration.
    pub(super) fn failure(&self, error: CallError) -> Failure {
        let refused = match error {
            error @ CallError::Parameters { .. } => return Failure::new("States.Runtime", error.to_string()),
            CallError::Client(unanswered) => {
                let cause = match unanswered.attempts {
                    0 => unanswered.error.to_string(),
                    _ => format!("Unable to execute HTTP request: {}", unanswered.error),
                };
                return Failure::new(format!("{}.SdkClientException", self.prefix), cause);
            }
            CallError::Service(refused) => refused,
        };
        let cause = format!(
            "{} (Service: {}; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)",
            text(&refused.message),
            self.service,
            refused.status,
            text(&refused.code),
            text(&refused.request_id),
        );
        let name = match refused.known {
            Some((shape, _)) if shape.ends_with("Exception") => shape.to_owned(),
            Some((shape, _)) => format!("{}Exception", shape.trim_end_matches("CallError")),
            None => self.other.to_owned(),
        };
        Failure::new(format!("{}.{name}", self.prefix), cause)
    }
}

/// The failure of an integration of the SDK for Java 2.
pub(super) fn sdk_failure(service: &Service, error: CallError) -> Failure {
    let prefix = service.prefix;
    match &error {
        CallError::Parameters { .. } => Failure::new("States.Runtime", error.to_string()),
        CallError::Client(unanswered) => {
            let cause = match unanswered.attempts {
                0 => unanswered.error.to_string(),
                attempts => {
                    format!("Unable to execute HTTP request: {} (SDK Attempt Count: {attempts})", unanswered.error)
                }
            };
            Failure::new(format!("{prefix}.SdkClientException"), cause)
        }
        CallError::Service(refused) => Failure::new(
            match refused.known {
                Some((_, class)) => format!("{prefix}.{class}"),
                None => format!("{prefix}.{prefix}Exception"),
            },
            sdk_cause(prefix, refused),
        ),
    }
}

fn sdk_cause(prefix: &str, refused: &ServiceError) -> String {
    let extended = refused.extended_request_id.as_deref();
    let extended = extended.map_or(String::new(), |id| format!(", Extended Request ID: {id}"));
    format!(
        "{} (Service: {prefix}, Status Code: {}, Request ID: {}{extended}) (SDK Attempt Count: {})",
        text(&refused.message),
        refused.status,
        text(&refused.request_id),
        refused.attempts,
    )
}

/// What Java writes.
fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("null")
}

/// The outcome of a call of the SDK for Java 2.
pub(super) fn sdk_outcome(service: &Service, called: Result<OperationOutput, CallError>) -> Outcome {
    called.map(|answer| answer.result.into()).map_err(|error| sdk_failure(service, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use asl_aws::{SendError, Unanswered};

    #[test]
    fn headers_are_shown_as_aws_shows_them() {
        for (name, expected) in [
            ("content-length", "Content-Length"),
            ("date", "Date"),
            ("x-amzn-requestid", "x-amzn-RequestId"),
            ("x-amz-crc32", "x-amz-crc32"),
        ] {
            assert_eq!(shown(name), expected);
        }
    }

    fn refused(service: &str, code: &str, message: &str) -> CallError {
        let known = Service::find(service).unwrap().error(code);
        let (code, message) = (Some(code.to_owned()), Some(message.to_owned()));
        let request_id = Some("r".to_owned());
        CallError::Service(ServiceError {
            code,
            known,
            message,
            status: 400,
            request_id,
            extended_request_id: None,
            attempts: 1,
        })
    }

    #[test]
    fn failures_are_those_that_were_recorded() {
        let sdk = |service, error| sdk_failure(Service::find(service).unwrap(), error).to_string();
        assert_eq!(
            sdk("sfn", refused("sfn", "InvalidToken", "Invalid Token: 'Invalid token'")),
            "Sfn.InvalidTokenException: Invalid Token: 'Invalid token' \
             (Service: Sfn, Status Code: 400, Request ID: r) (SDK Attempt Count: 1)"
        );
        assert_eq!(
            sdk("dynamodb", refused("dynamodb", "ValidationException", "m")),
            "DynamoDb.DynamoDbException: m (Service: DynamoDb, Status Code: 400, Request ID: r) (SDK Attempt Count: 1)"
        );
        let unanswered =
            CallError::Client(Unanswered { error: SendError::Connection("refused".to_owned()), attempts: 3 });
        assert_eq!(
            sdk("kms", unanswered),
            "Kms.SdkClientException: Unable to execute HTTP request: refused (SDK Attempt Count: 3)"
        );
        let names = Names { prefix: "SQS", service: "AmazonSQS", other: "AmazonSQSException" };
        assert_eq!(
            names.failure(refused("sqs", "MissingParameter", "m")).to_string(),
            "SQS.AmazonSQSException: m (Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; \
             Request ID: r; Proxy: null)"
        );
        assert_eq!(
            names.failure(refused("sqs", "QueueDoesNotExist", "m")).error.as_deref(),
            Some("SQS.QueueDoesNotExistException")
        );
    }
}
