//! What a service integration answers: the result with the metadata of the HTTP response, or AWS's error name and text.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::{Failure, Object, Value};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::services::web::chain;

/// The HTTP response of a call, as far as results show it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    /// The body of the response.
    pub(super) body: Vec<u8>,
}

/// Keeps the response of the call that it is given to. With several attempts, that of the last one.
#[derive(Clone, Debug, Default)]
pub(super) struct Keep(Arc<Mutex<Answer>>);

impl Keep {
    pub(super) fn take(&self) -> Answer {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Keep {
    fn name(&self) -> &'static str {
        "Keep"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: response.body().bytes().unwrap_or_default().to_vec(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        Ok(())
    }
}

impl Answer {
    /// `result` with `SdkHttpMetadata` and `SdkResponseMetadata`, as Step Functions adds them.
    pub(super) fn with_metadata(&self, result: Object, request_id: Option<&str>) -> Value {
        let all = self.headers.iter().map(|(name, value)| {
            let values: Value = [Value::from(value.as_str())].into_iter().collect();
            (shown(name), values)
        });
        let last = self.headers.iter().map(|(name, value)| (shown(name), Value::from(value.as_str())));
        let http: Value = [
            ("AllHttpHeaders", all.collect::<Value>()),
            ("HttpHeaders", last.collect::<Value>()),
            ("HttpStatusCode", Value::from(u32::from(self.status))),
        ]
        .into();
        let response = Value::from([("RequestId", request_id.map_or(Value::Null, Value::from))]);
        Value::from(result.with("SdkHttpMetadata", http).with("SdkResponseMetadata", response))
    }
}

/// `result` as an integration answers it whose service is in this process and sends no HTTP response.
pub fn with_metadata(result: Object) -> Value {
    let request_id = uuid::Uuid::new_v4().to_string();
    let length = Value::from(result.clone()).json_len().to_string();
    let headers = [
        ("content-length", length),
        ("content-type", "application/x-amz-json-1.0".to_owned()),
        ("x-amzn-requestid", request_id.clone()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
    Answer { status: 200, headers, body: Vec::new() }.with_metadata(result, Some(&request_id))
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

/// How Step Functions names a service and its errors.
pub(super) struct Names {
    /// What error names start with.
    pub(super) prefix: &'static str,
    /// What causes call the service.
    pub(super) service: &'static str,
    /// The error of every code that is not among `known`.
    pub(super) other: &'static str,
    /// The codes that have an error of their own, and its name where it is not the code with `Exception` at its end.
    pub(super) known: &'static [(&'static str, Option<&'static str>)],
}

impl Names {
    /// The failure that Step Functions reports for `error`.
    pub(super) fn failure<E>(&self, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        SdkError<E, HttpResponse>: RequestId,
    {
        let SdkError::ServiceError(answered) = error else {
            let cause = format!("Unable to execute HTTP request: {}", chain(error));
            return Failure::new(format!("{}.SdkClientException", self.prefix), cause);
        };
        let metadata = answered.err().meta();
        let code = metadata.code().unwrap_or("null");
        let cause = format!(
            "{} (Service: {}; Status Code: {}; Error Code: {code}; Request ID: {}; Proxy: null)",
            metadata.message().unwrap_or("null"),
            self.service,
            answered.raw().status(),
            error.request_id().unwrap_or("null"),
        );
        Failure::new(format!("{}.{}", self.prefix, self.error(code)), cause)
    }

    fn error(&self, code: &str) -> String {
        match self.known.iter().find(|(known, _)| *known == code) {
            Some((_, Some(name))) => (*name).to_owned(),
            Some((code, None)) if code.ends_with("Exception") => (*code).to_owned(),
            Some((code, None)) => format!("{code}Exception"),
            None => self.other.to_owned(),
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
