//! `arn:aws:states:::http:invoke`: calls an HTTP API.
//!
//! See <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html>. AWS calls https endpoints only; here
//! plain http is allowed, for servers on this machine.

mod connection;
mod encode;
mod task;

use std::sync::Arc;
use std::time::Duration;

use asl_aws::web::{self, Caller};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use asl_settings::{hidden, shown};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RANGE, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

use self::connection::{Added, with_query};
pub(crate) use self::connection::{Connection, Connections};
use self::encode::form;
use self::task::HttpTask;

/// How long a call may take, whatever `TimeoutSeconds` says.
const LIMIT: Duration = Duration::from_secs(60);

/// The most bytes of an answer's body that are read. What a state may hold is less, unless its quotas are lifted.
const BODY_MAX: u64 = 16 * 1024 * 1024;

/// Calls an HTTP API.
pub(crate) struct Invoke {
    pub(crate) caller: Caller,
    pub(crate) connections: Connections,
}

impl Invoke {
    async fn run(&self, parameters: &Value) -> Outcome {
        let task = HttpTask::read(parameters)?;
        match tokio::time::timeout(LIMIT, self.call(&task)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let cause = format!("{} did not answer within {} seconds", shown(&task.endpoint), LIMIT.as_secs());
                Err(Failure::new("States.Http.Socket", cause))
            }
        }
    }

    async fn call(&self, task: &HttpTask<'_>) -> Outcome {
        let caller = &self.caller;
        let client = caller.client().map_err(|error| runtime(error.to_string()))?;
        let added = self.connections.added(task.connection, caller).await?;
        let hide = |added: &Added| {
            let secrets = added.secrets.clone();
            move |failure| hidden(failure, &secrets)
        };
        let mut response = send(client, task, &added).await.map_err(hide(&added))?;
        let mut last = hide(&added);
        if added.token
            && matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED)
        {
            self.connections.forget_token(task.connection).await;
            let added = self.connections.added(task.connection, caller).await?;
            response = send(client, task, &added).await.map_err(hide(&added))?;
            last = hide(&added);
        }
        result(response, &task.endpoint).await.map_err(last)
    }
}

impl Handler for Invoke {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

fn runtime(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new("States.Runtime", cause)
}

/// Sends the request: what the connection adds overwrites what the task gives.
async fn send(client: &reqwest::Client, task: &HttpTask<'_>, added: &Added) -> Result<reqwest::Response, Failure> {
    let query = overwritten(&task.query, &added.query)?;
    let region = task.connection.split(':').nth(3).filter(|region| !region.is_empty()).unwrap_or("us-east-1");
    let mut headers = task.headers.clone();
    for (name, value) in &added.headers {
        headers.insert(name, value.clone());
    }
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(USER_AGENT, &format!("Amazon|StepFunctions|HttpInvoke|{region}"));
    set(RANGE, "bytes=0-262144");
    let body = body(task, added)?;
    if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    }
    let request = client.request(task.method.clone(), with_query(task.endpoint.clone(), &query)).headers(headers);
    let request = body.into_iter().fold(request, |request, body| request.body(body));
    request.send().await.map_err(|error| socket(&task.endpoint, error))
}

/// The text that is sent: a text as it is, anything else as JSON or URL-encoded.
fn body(task: &HttpTask<'_>, added: &Added) -> Result<Option<String>, Failure> {
    let empty = Value::empty_object();
    let body = match task.body {
        None if added.body.is_empty() => return Ok(None),
        given => overwritten(given.unwrap_or(&empty), &added.body)?,
    };
    Ok(Some(match (&body, task.encoding) {
        (Value::String(text), _) => text.to_string(),
        (body, Some(arrays)) => form(body, arrays),
        (body, None) => body.to_string(),
    }))
}

/// The object with the members that a connection adds.
fn overwritten(value: &Value, added: &[(String, String)]) -> Result<Value, Failure> {
    if added.is_empty() {
        return Ok(value.clone());
    }
    let members = value.as_object().ok_or_else(|| {
        runtime("The RequestBody of the HTTP Task is no JSON object, so the body parameters of its connection have no place")
    })?;
    let set = |members: asl_engine::Object, (name, value): &(String, String)| {
        members.with(name.as_str(), Value::from(value.as_str()))
    };
    Ok(Value::from(added.iter().fold(members.clone(), set)))
}

fn socket(endpoint: &Url, error: reqwest::Error) -> Failure {
    Failure::new("States.Http.Socket", format!("Cannot call {}: {}", shown(endpoint), web::transport_error(error)))
}

/// `{Headers, ResponseBody, StatusCode, StatusText}`, or the failure for what an HTTP Task does not take.
async fn result(response: reqwest::Response, endpoint: &Url) -> Outcome {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    if !status.is_success() {
        return Err(Failure::new(format!("States.Http.StatusCode.{}", status.as_u16()), reason));
    }
    let headers = shown_headers(response.headers());
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if content_type == "application/octet-stream"
        || ["image/", "video/", "audio/"].iter().any(|kind| content_type.starts_with(kind))
    {
        return Err(runtime(format!("Unsupported response content-type '{content_type}'")));
    }
    let body = web::body(response, BODY_MAX).await.map_err(|error| socket(endpoint, error))?;
    let body = body.ok_or_else(|| {
        let cause = format!("The response of {} has more than {BODY_MAX} bytes", shown(endpoint));
        Failure::new("States.DataLimitExceeded", cause)
    })?;
    let body = response_body(&body, &content_type)?;
    let body = body.map(|body| ("ResponseBody", body));
    let status = Value::from(u32::from(status.as_u16()));
    let members = [("StatusCode", status), ("StatusText", Value::from(reason))];
    Ok([("Headers", headers)].into_iter().chain(body).chain(members).collect())
}

/// Every header by its name in lower case, with the list of its values.
fn shown_headers(headers: &HeaderMap) -> Value {
    let values = |name| {
        let values = headers.get_all(name).iter();
        values.map(|value| Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned())).collect::<Value>()
    };
    headers.keys().map(|name| (name.as_str(), values(name))).collect()
}

/// The body as JSON where its type says so and it is, else as a text; none where it is empty.
fn response_body(body: &Bytes, content_type: &str) -> Result<Option<Value>, Failure> {
    let text = std::str::from_utf8(body).map_err(|_| runtime("The response is no UTF-8 text"))?;
    if text.is_empty() {
        return Ok(None);
    }
    let json = content_type == "application/json" || content_type.ends_with("+json");
    let parsed = if json { text.parse().ok() } else { None };
    Ok(Some(parsed.unwrap_or_else(|| Value::from(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_where_their_type_says_so_and_they_are() {
        for (body, content_type, expected) in [
            (r#"{"a":1}"#, "application/json", r#"{"a":1}"#),
            (r#"{"a":1}"#, "application/problem+json", r#"{"a":1}"#),
            (r#"{"a":1}"#, "text/plain", r#""{\"a\":1}""#),
            ("NaN", "application/json", r#""NaN""#),
        ] {
            let read = response_body(&Bytes::from(body), content_type).unwrap().unwrap();
            assert_eq!(read.to_string(), expected);
        }
        assert_eq!(response_body(&Bytes::new(), "application/json"), Ok(None));
        assert!(response_body(&Bytes::from_static(b"\xff"), "text/plain").is_err());
    }
}
