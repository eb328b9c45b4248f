//! `download`: fetches resources over HTTP and stores them in S3.

use std::sync::Arc;
use std::time::Duration;

use asl_aws::Clients;
use asl_aws::web::{self, Downloads, chain};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use asl_settings::seconds;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use tokio::task::JoinSet;

use super::{function_error, input};
use crate::dependencies::Dependencies;
use crate::routes::{BucketName, Settings};

/// The settings of a route to `download`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Download {
    /// The S3 bucket that the resources are stored in.
    bucket: BucketName,
    /// How many seconds one resource may take, redirects and body included.
    #[serde(deserialize_with = "seconds")]
    timeout_seconds: f64,
    /// The most bytes that one resource may have.
    max_body_bytes: u64,
}

impl Default for Download {
    fn default() -> Self {
        Self { bucket: BucketName("images".to_owned()), timeout_seconds: 10.0, max_body_bytes: 100 * 1024 * 1024 }
    }
}

impl Settings for Download {
    fn handler(&self, dependencies: &Dependencies) -> Arc<dyn Handler> {
        let worker = Worker {
            settings: self.clone(),
            clients: Arc::clone(&dependencies.clients),
            web: dependencies.downloads.clone(),
        };
        Arc::new(Downloader(Arc::new(worker)))
    }

    fn buckets(&self) -> Vec<String> {
        vec![self.bucket.0.clone()]
    }
}

/// Fetches resources over HTTP and stores them in S3.
///
/// A resource that cannot be had is an entry of the answer; one that cannot be stored fails the task.
pub(crate) struct Downloader(Arc<Worker>);

struct Worker {
    settings: Download,
    clients: Arc<Clients>,
    web: Downloads,
}

impl Downloader {
    async fn run(&self, input: &Value) -> Outcome {
        let paths = input::resource_paths(input)?;
        let batch_input = input::member(input, "batchInput")?;
        let (base, base_url) = input::base_url(batch_input)?;
        let at_once = input::lambda_concur(batch_input)?;
        let target =
            Arc::new(Target { base: base.to_owned(), host: base_url.host_str().unwrap_or_default().to_owned() });

        // Tasks of their own, so that all threads of the runtime take part. Dropping the set ends them.
        let mut running = JoinSet::new();
        let mut waiting = paths.iter().enumerate();
        let mut entries = vec![Value::Null; paths.len()];
        loop {
            for (at, path) in waiting.by_ref().take(at_once - running.len()) {
                let (worker, target) = (Arc::clone(&self.0), Arc::clone(&target));
                let path = path.as_str().unwrap_or_default().to_owned();
                running.spawn(async move { worker.entry(&target, &path).await.map(|entry| (at, entry)) });
            }
            match running.join_next().await {
                None => return Ok(Value::from(entries)),
                Some(Ok(ended)) => {
                    let (at, entry) = ended?;
                    entries[at] = entry;
                }
                Some(Err(error)) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime shuts down: nobody waits for this answer any more.
                    Err(_) => return std::future::pending().await,
                },
            }
        }
    }
}

/// Where the resources of one task are.
struct Target {
    base: String,
    host: String,
}

impl Worker {
    /// Fetches and stores `{base}/{path}`, and tells what came of it.
    async fn entry(&self, target: &Target, path: &str) -> Result<Value, Failure> {
        let url = format!("{}/{path}", target.base);
        let fetched = match key(&target.host, path) {
            Ok(key) => self.fetch(&url).await.map(|body| (key, body)),
            Err(error) => Err((StatusCode::BAD_REQUEST, error.to_string())),
        };
        match fetched {
            Ok((key, body)) => {
                self.store(&key, body).await?;
                let status = Value::from(u32::from(StatusCode::OK.as_u16()));
                Ok(Value::from([("url", Value::from(url)), ("statusCode", status), ("filename", Value::from(key))]))
            }
            Err((status, message)) => {
                let status = Value::from(u32::from(status.as_u16()));
                Ok(Value::from([("url", Value::from(url)), ("statusCode", status), ("message", Value::from(message))]))
            }
        }
    }

    /// The bytes at `url`, or the status of the entry and its message.
    async fn fetch(&self, url: &str) -> Result<Bytes, (StatusCode, String)> {
        let no_answer = |message: String| (StatusCode::BAD_REQUEST, message);
        let failed = |error: reqwest::Error| no_answer(self.transport_error(url, error));
        let client = self.web.client().map_err(|error| no_answer(error.to_string()))?;
        let timeout = Duration::from_secs_f64(self.settings.timeout_seconds);
        let response = client.get(url).timeout(timeout).send().await.map_err(failed)?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            return Err((status, format!("Could not find: {url}")));
        }
        if status != StatusCode::OK {
            let reason = status.canonical_reason().unwrap_or("unknown");
            return Err((status, format!("HTTP error {} - {reason}", status.as_u16())));
        }
        let max = self.settings.max_body_bytes;
        let too_long = || no_answer(format!("Too large: {url} has more than {max} bytes (max_body_bytes)"));
        web::body(response, max).await.map_err(failed)?.ok_or_else(too_long)
    }

    fn transport_error(&self, url: &str, error: reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("No answer within {} s: {url}", self.settings.timeout_seconds);
        }
        format!("Could not fetch {url}: {}", web::transport_error(error))
    }

    async fn store(&self, key: &str, body: Bytes) -> Result<(), Failure> {
        let put = self.clients.s3().await.put_object().bucket(&self.settings.bucket.0).key(key);
        let put = put.body(ByteStream::new(SdkBody::from(body)));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.store_failure(key, &error)),
        }
    }

    /// The error is the code of S3, such as `NoSuchBucket`, or `SdkClientException` where S3 did not answer.
    fn store_failure<E>(&self, key: &str, error: &SdkError<E>) -> Failure
    where
        SdkError<E>: ProvideErrorMetadata + std::error::Error,
    {
        let message = error.message().map_or_else(|| chain(error), str::to_owned);
        let message = format!("Cannot store {key} in the bucket {}: {message}", self.settings.bucket.0);
        function_error(error.code().unwrap_or("SdkClientException"), message)
    }
}

impl Handler for Downloader {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.0.clients.s3_reaches_aws()
    }
}

/// A path does not end with what an object can be named after.
#[derive(Debug, PartialEq, thiserror::Error)]
enum NoObjectName {
    #[error("No object name: {0:?} does not end with the name of a file")]
    NoFile(String),
    #[error("No object name: {path:?} ends with {segment:?}")]
    Dots { path: String, segment: String },
    #[error("No object name: {0:?} has a control character in its last segment")]
    Control(String),
}

/// The object key of a resource: `{host}/{last path segment}`, the segment as it is written.
fn key(host: &str, path: &str) -> Result<String, NoObjectName> {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let segment = path[..end].rsplit(['/', '\\']).next().unwrap_or_default();
    match segment {
        "" => Err(NoObjectName::NoFile(path.to_owned())),
        "." | ".." => Err(NoObjectName::Dots { path: path.to_owned(), segment: segment.to_owned() }),
        _ if segment.chars().any(char::is_control) => Err(NoObjectName::Control(path.to_owned())),
        _ => Ok(format!("{host}/{segment}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_host_and_the_last_segment() {
        for (path, expected) in [
            ("ad/ad.gif", "h/ad.gif"),
            ("ad.gif", "h/ad.gif"),
            ("/etc/passwd", "h/passwd"),
            ("../../x", "h/x"),
            ("..\\..\\x", "h/x"),
            ("a.gif?size=../3", "h/a.gif"),
            ("a.gif#b/c", "h/a.gif"),
            ("..%2f..%2fx", "h/..%2f..%2fx"),
            ("%2e%2e", "h/%2e%2e"),
            ("é 1.gif", "h/é 1.gif"),
            ("http://other/y", "h/y"),
            ("...", "h/..."),
        ] {
            assert_eq!(key("h", path).unwrap(), expected, "{path}");
        }
        for (path, expected) in [
            ("", r#"No object name: "" does not end with the name of a file"#),
            ("a/", r#"No object name: "a/" does not end with the name of a file"#),
            ("?a", r#"No object name: "?a" does not end with the name of a file"#),
            ("a/..", r#"No object name: "a/.." ends with "..""#),
            (".", r#"No object name: "." ends with ".""#),
            ("a\0b", r#"No object name: "a\0b" has a control character in its last segment"#),
        ] {
            assert_eq!(key("h", path).unwrap_err().to_string(), expected);
        }
    }
}
