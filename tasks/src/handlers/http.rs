//! `http`: posts the input of a task to a URL; the JSON of the answer is the result.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use asl_aws::web::{self, Caller};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler, PrepareError};
use asl_settings::{Address, Setting, SettingError, hidden, hide, seconds};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use crate::dependencies::Dependencies;
use crate::routes::Settings;

/// The most bytes of an answer: what the payload of a Lambda function may have.
const BODY_MAX: u64 = 6 * 1024 * 1024;

/// The settings of a route to `http`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    url: Address,
    #[serde(default, deserialize_with = "header_names")]
    headers: BTreeMap<String, Setting>,
    /// How many seconds the answer may take.
    #[serde(default = "one_minute", deserialize_with = "seconds")]
    timeout_seconds: f64,
}

fn one_minute() -> f64 {
    60.0
}

fn header_names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Setting>, D::Error> {
    let headers = BTreeMap::<String, Setting>::deserialize(deserializer)?;
    match headers.keys().find(|name| name.parse::<HeaderName>().is_err()) {
        Some(name) => Err(serde::de::Error::custom(format!("{name:?} is no name of a header"))),
        None => Ok(headers),
    }
}

impl Settings for Http {
    fn handler(&self, dependencies: &Dependencies) -> Arc<dyn Handler> {
        Arc::new(Post {
            settings: self.clone(),
            folder: dependencies.folder.clone(),
            caller: dependencies.caller.clone(),
        })
    }
}

/// Posts the input of a task.
///
/// A status that is no success is the error `States.Http.StatusCode.` with its number, or what a body like
/// `{"errorType": …, "errorMessage": …}` says, as for a function.
struct Post {
    settings: Http,
    folder: PathBuf,
    caller: Caller,
}

/// The request that a route describes, with its secrets.
struct Prepared {
    url: url::Url,
    headers: HeaderMap,
    /// What may not stand in an error.
    secrets: Vec<String>,
}

/// No request can be made of a route.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("{0:?} is no name of a header")]
    HeaderName(String),
    #[error("the header {name} of the route to {url} cannot be sent")]
    HeaderValue { name: String, url: Address },
}

impl Post {
    fn read(&self) -> Result<Prepared, RequestError> {
        let url = self.settings.url.read(&self.folder)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("asl/", env!("CARGO_PKG_VERSION"))));
        let mut secrets = self.settings.url.secrets(&url);
        for (name, setting) in &self.settings.headers {
            let text = setting.read(&self.folder)?;
            let unfit = |_| RequestError::HeaderValue { name: name.clone(), url: self.settings.url.clone() };
            let header: HeaderName = name.parse().map_err(|_| RequestError::HeaderName(name.clone()))?;
            let mut value = HeaderValue::from_str(&text).map_err(unfit)?;
            if setting.is_secret() {
                value.set_sensitive(true);
                secrets.push(text);
            }
            headers.insert(header, value);
        }
        Ok(Prepared { url, headers, secrets })
    }

    async fn run(&self, input: &Value) -> Outcome {
        let Prepared { url, headers, secrets } =
            self.read().map_err(|error| Failure::new("States.Runtime", error.to_string()))?;
        let socket = |error: reqwest::Error| {
            let cause = if error.is_timeout() {
                format!("{} did not answer within {} s", self.settings.url, self.settings.timeout_seconds)
            } else {
                format!("Cannot call {}: {}", self.settings.url, web::transport_error(error))
            };
            Failure::new("States.Http.Socket", cause)
        };
        let client = self.caller.client().map_err(|error| Failure::new("States.Runtime", error.to_string()))?;
        let timeout = Duration::from_secs_f64(self.settings.timeout_seconds);
        let request = client.post(url).headers(headers).timeout(timeout).body(input.to_string());
        let response = request.send().await.map_err(socket)?;
        let status = response.status();
        let redirects = status.is_redirection() && response.headers().contains_key(LOCATION);
        let body = web::body(response, BODY_MAX).await.map_err(socket)?.ok_or_else(|| {
            let cause = format!("The answer of {} has more than {BODY_MAX} bytes", self.settings.url);
            Failure::new("States.DataLimitExceeded", cause)
        })?;
        if status.is_success() {
            return self.result(&body);
        }
        // What it was told, the other side can repeat; once more where the text is JSON with escapes in it.
        let text = hide(&String::from_utf8_lossy(&body), &secrets);
        if let Some(failure) = function_failure(&text) {
            return Err(hidden(failure, &secrets));
        }
        let cause = match text.trim() {
            _ if redirects => format!("{} answered {status}; redirects are not followed", self.settings.url),
            "" => status.canonical_reason().unwrap_or_default().to_owned(),
            text => text.chars().take(CAUSE_MAX).collect(),
        };
        Err(Failure::new(format!("States.Http.StatusCode.{}", status.as_u16()), cause))
    }

    /// The body as JSON; `null` where there is none.
    fn result(&self, body: &Bytes) -> Outcome {
        if body.is_empty() {
            return Ok(Value::Null);
        }
        let parsed = std::str::from_utf8(body).map_err(|error| error.to_string());
        let parsed = parsed.and_then(|text| text.parse::<Value>().map_err(|error| error.to_string()));
        parsed.map_err(|fault| {
            Failure::new("Http.InvalidJson", format!("The answer of {} is no JSON: {fault}", self.settings.url))
        })
    }
}

/// The most characters of a body that a cause repeats.
const CAUSE_MAX: usize = 2000;

/// What a body in the form of a function's error says: the error is its type, the cause its JSON text.
fn function_failure(text: &str) -> Option<Failure> {
    let body: Value = text.parse().ok()?;
    let error = body.get("errorType")?.as_str()?;
    body.get("errorMessage")?;
    Some(Failure::new(error, body.to_string()))
}

impl Handler for Post {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn prepare<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        Box::pin(async { Ok(self.read().map(drop)?) })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}
