//! `arn:aws:states:::http:invoke`: calls an HTTP API.
//!
//! See <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html>. AWS calls https endpoints only; here
//! plain http is allowed, for servers on this machine.

mod connection;
mod encode;

use std::sync::Arc;
use std::time::Duration;

use asl_aws::web::{self, Caller};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use asl_settings::{hidden, shown, web_url};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RANGE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use self::connection::{Added, with_query};
pub(crate) use self::connection::{Connection, Connections};
use self::encode::{ArrayFormat, form, text};

/// How long a call may take, whatever `TimeoutSeconds` says.
const LIMIT: Duration = Duration::from_secs(60);

/// The most bytes of an answer's body that are read. What a state may hold is less, unless its quotas are lifted.
const BODY_MAX: u64 = 16 * 1024 * 1024;

/// The headers that an HTTP Task may not set, in lower case. `User-Agent` and `Range` are overwritten.
const FORBIDDEN: [&str; 32] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];

/// What the names of further headers that an HTTP Task may not set start with.
const FORBIDDEN_STARTS: [&str; 3] = ["x-forwarded-", "x-amz-", "x-amzn-"];

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

/// What an HTTP Task asks for.
#[derive(Debug)]
struct HttpTask<'a> {
    endpoint: Url,
    method: Method,
    connection: &'a str,
    headers: HeaderMap,
    query: Value,
    body: Option<&'a Value>,
    /// How the body is URL-encoded; none where it is sent as JSON.
    encoding: Option<ArrayFormat>,
}

fn runtime(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new("States.Runtime", cause)
}

impl<'a> HttpTask<'a> {
    fn read(parameters: &'a Value) -> Result<Self, Failure> {
        let members = object(parameters, "The parameters of http:invoke")?;
        let (mut endpoint, mut method, mut connection) = (None, None, None);
        let (mut headers, mut query, mut body, mut encoding) = (HeaderMap::new(), Value::empty_object(), None, None);
        for (name, value) in members.iter() {
            match &**name {
                "ApiEndpoint" => endpoint = Some(self::endpoint(value)?),
                "Method" => method = Some(self::method(value)?),
                "Authentication" | "InvocationConfig" => connection = Some(connection_arn(name, value)?),
                "Headers" => headers = self::headers(value)?,
                "QueryParameters" => {
                    let members = object(value, "QueryParameters")?;
                    let given = members.iter().filter(|(_, value)| **value != Value::Null);
                    query = given.map(|(name, value)| (name.clone(), value.clone())).collect();
                }
                "RequestBody" => body = Some(value),
                "Transform" => encoding = self::encoding(value)?,
                _ => return Err(not_supported(name)),
            }
        }
        let missing = |name: &str| runtime(format!("The parameters of http:invoke have no {name}"));
        Ok(Self {
            endpoint: endpoint.ok_or_else(|| missing("ApiEndpoint"))?,
            method: method.ok_or_else(|| missing("Method"))?,
            connection: connection.ok_or_else(|| missing("ConnectionArn in Authentication or InvocationConfig"))?,
            headers,
            query,
            body,
            encoding,
        })
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a asl_engine::Object, Failure> {
    value.as_object().ok_or_else(|| runtime(format!("{what} must be a JSON object")))
}

fn not_supported(field: &str) -> Failure {
    runtime(format!("The field \"{field}\" is not supported by Step Functions"))
}

fn endpoint(value: &Value) -> Result<Url, Failure> {
    let url = value
        .as_str()
        .ok_or("expected a text".to_owned())
        .and_then(|text| web_url(text).map_err(|error| error.to_string()));
    url.map_err(|fault| runtime(format!("The value for the field 'ApiEndpoint' is not valid: {fault}")))
}

fn method(value: &Value) -> Result<Method, Failure> {
    const METHODS: [Method; 7] =
        [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::HEAD];
    let found = METHODS.into_iter().find(|method| value.as_str() == Some(method.as_str()));
    found.ok_or_else(|| {
        runtime(
            "The value for the field 'Method' is not valid: expected GET, POST, PUT, DELETE, PATCH, OPTIONS or HEAD",
        )
    })
}

fn connection_arn<'a>(field: &str, value: &'a Value) -> Result<&'a str, Failure> {
    let members = object(value, field)?;
    match members.iter().find(|(name, _)| &***name != "ConnectionArn") {
        Some((other, _)) => Err(not_supported(other)),
        None => members
            .get("ConnectionArn")
            .and_then(Value::as_str)
            .ok_or_else(|| runtime(format!("{field} has no ConnectionArn that is a text"))),
    }
}

fn headers(value: &Value) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in object(value, "Headers")?.iter() {
        let lower = name.to_ascii_lowercase();
        if FORBIDDEN.contains(&lower.as_str()) || FORBIDDEN_STARTS.iter().any(|start| lower.starts_with(start)) {
            return Err(runtime(format!("The header '{name}' is not allowed in the Headers of an HTTP Task")));
        }
        let header: HeaderName = lower.parse().map_err(|_| runtime(format!("'{name}' is no name of a header")))?;
        let values = value.as_array().map_or(std::slice::from_ref(value), |values| values);
        for value in values.iter().filter(|value| **value != Value::Null) {
            let value = HeaderValue::from_str(&text(value))
                .map_err(|_| runtime(format!("The value of the header '{name}' cannot be sent")))?;
            headers.append(header.clone(), value);
        }
    }
    Ok(headers)
}

fn encoding(transform: &Value) -> Result<Option<ArrayFormat>, Failure> {
    let (mut encoded, mut arrays) = (false, ArrayFormat::default());
    for (name, value) in object(transform, "Transform")?.iter() {
        match &**name {
            "RequestBodyEncoding" => {
                encoded = match value.as_str() {
                    Some("NONE") => false,
                    Some("URL_ENCODED") => true,
                    _ => return Err(runtime("RequestBodyEncoding must be NONE or URL_ENCODED")),
                };
            }
            "RequestEncodingOptions" => {
                for (name, value) in object(value, "RequestEncodingOptions")?.iter() {
                    if &**name != "ArrayFormat" {
                        return Err(not_supported(name));
                    }
                    arrays = value
                        .as_str()
                        .and_then(ArrayFormat::named)
                        .ok_or_else(|| runtime("ArrayFormat must be INDICES, REPEAT, COMMAS or BRACKETS"))?;
                }
            }
            _ => return Err(not_supported(name)),
        }
    }
    Ok(encoded.then_some(arrays))
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

    fn read(json: &str) -> Result<(), String> {
        let value: Value = json.parse().unwrap();
        HttpTask::read(&value).map(drop).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_is_wrong_with_the_parameters_is_named() {
        let arn = r#""Authentication": {"ConnectionArn": "arn"}"#;
        let with = |more: &str| format!(r#"{{"ApiEndpoint": "https://a", "Method": "GET", {arn}{more}}}"#);
        assert_eq!(read(&with("")), Ok(()));
        for (json, expected) in [
            ("[]".to_owned(), "The parameters of http:invoke must be a JSON object"),
            ("{}".to_owned(), "The parameters of http:invoke have no ApiEndpoint"),
            (r#"{"ApiEndpoint": "https://a"}"#.to_owned(), "The parameters of http:invoke have no Method"),
            (
                r#"{"ApiEndpoint": "https://a", "Method": "GET"}"#.to_owned(),
                "The parameters of http:invoke have no ConnectionArn in Authentication or InvocationConfig",
            ),
            (
                r#"{"ApiEndpoint": "a?key=secret"}"#.to_owned(),
                "The value for the field 'ApiEndpoint' is not valid: expected an http or https URL \
                 (relative URL without a base)",
            ),
            (
                r#"{"Method": "get"}"#.to_owned(),
                "The value for the field 'Method' is not valid: \
                 expected GET, POST, PUT, DELETE, PATCH, OPTIONS or HEAD",
            ),
            (
                r#"{"InvocationConfig": {"Arn": "a"}}"#.to_owned(),
                "The field \"Arn\" is not supported by Step Functions",
            ),
            (r#"{"Authentication": {}}"#.to_owned(), "Authentication has no ConnectionArn that is a text"),
            (with(r#", "Body": 1"#), "The field \"Body\" is not supported by Step Functions"),
            (
                with(r#", "Headers": {"Authorization": "Bearer t"}"#),
                "The header 'Authorization' is not allowed in the Headers of an HTTP Task",
            ),
            (
                with(r#", "Headers": {"X-Amz-Date": "x"}"#),
                "The header 'X-Amz-Date' is not allowed in the Headers of an HTTP Task",
            ),
            (with(r#", "Headers": {"a b": "x"}"#), "'a b' is no name of a header"),
            (with(r#", "Headers": {"a": "x\ny"}"#), "The value of the header 'a' cannot be sent"),
            (with(r#", "QueryParameters": "a=b""#), "QueryParameters must be a JSON object"),
            (
                with(r#", "Transform": {"RequestBodyEncoding": "FORM"}"#),
                "RequestBodyEncoding must be NONE or URL_ENCODED",
            ),
            (
                with(r#", "Transform": {"RequestEncodingOptions": {"ArrayFormat": "LIST"}}"#),
                "ArrayFormat must be INDICES, REPEAT, COMMAS or BRACKETS",
            ),
        ] {
            assert_eq!(read(&json), Err(format!("States.Runtime: {expected}")), "{json}");
        }
    }

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
