//! The embedded S3: the protocol layer of `s3s` over plain files.
//!
//! An object is the file `{root}/{bucket}/{key}`, so that a person can open it. Writing one replaces the file at once:
//! a reader sees the old object or the new one. Objects are not synced to the disk one by one.

mod backend;
mod checksum;
mod keys;
mod listing;
mod multipart;
mod signed;
mod store;

use std::collections::BTreeSet;
use std::path::PathBuf;

use asl_aws::InProcess;
use asl_aws::in_process::{LinePlace, Missing, respond, whole_body, xml_text};
use asl_aws::names::{INVALID_BUCKET, is_bucket};
use asl_engine::Value;
use asl_runtime::BoxFuture;
use asl_runtime::blocking;
use aws_smithy_types::body::SdkBody;
use backend::Backend;
use http::StatusCode;
use http_body_util::BodyExt;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::validation::NameValidation;
use tokio::sync::OnceCell;

use super::OpenError;

/// An S3 whose data is opened at the first request.
pub(crate) struct S3 {
    root: PathBuf,
    buckets: BTreeSet<String>,
    opened: OnceCell<S3Service>,
}

impl S3 {
    /// An S3 with its objects below `root`, in which `buckets` are created when they are missing.
    pub(crate) fn new(root: PathBuf, buckets: BTreeSet<String>) -> Self {
        Self { root, buckets, opened: OnceCell::new() }
    }

    async fn open(&self) -> Result<S3Service, OpenError> {
        let (root, buckets) = (self.root.clone(), self.buckets.clone());
        let backend = blocking(move || Backend::open(root, &buckets)).await?;
        let mut service = S3ServiceBuilder::new(backend);
        service.set_validation(Checked);
        Ok(service.build())
    }
}

impl S3 {
    fn missing_bucket(&self, bucket: &str) -> Option<Missing> {
        if !is_bucket(bucket) {
            return Some(Missing::Impossible(format!("the bucket {bucket:?}. {INVALID_BUCKET}")));
        }
        // Looking for one makes nothing.
        if self.buckets.contains(bucket) || self.root.join(bucket).is_dir() {
            return None;
        }
        let all: Value = self.buckets.iter().map(String::as_str).chain([bucket]).map(Value::from).collect();
        let (what, place) = (format!("the bucket {bucket}"), LinePlace::Start);
        Some(Missing::Unmade { what, place, lines: format!("buckets = {all}") })
    }
}

/// The names of buckets are checked before the protocol layer sees them, which would refuse without a text.
struct Checked;

impl NameValidation for Checked {
    fn validate_bucket_name(&self, name: &str) -> bool {
        is_bucket(name)
    }
}

/// Why a request is refused, or not answered: S3's code and text.
#[derive(Debug)]
struct RequestError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl RequestError {
    /// What the caller can set right.
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }
}

impl From<OpenError> for RequestError {
    fn from(error: OpenError) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "InternalError", message: error.to_string() }
    }
}

impl S3 {
    async fn run(&self, request: http::Request<SdkBody>) -> Result<http::Response<SdkBody>, RequestError> {
        let (mut parts, body) = request.into_parts();
        check_bucket(&parts.uri)?;
        let service = self.opened.get_or_try_init(|| self.open()).await?;
        // The SDK's own bodies are one piece; s3s keeps such a piece as it is.
        let body = whole_body(body).await.map_err(|error| RequestError::new("IncompleteBody", error.to_string()))?;
        let body = signed::take_off(&mut parts, body)?;
        match service.call(http::Request::from_parts(parts, s3s::Body::from(body))).await {
            Ok(mut response) => {
                // What is not part of this service is no fault of it.
                if response.status() == StatusCode::NOT_IMPLEMENTED {
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                }
                Ok(response.map(|body| SdkBody::from_body_1_x(body.map_err(BodyError))))
            }
            Err(error) => Err(RequestError::new("InvalidRequest", format!("The request cannot be read: {error:?}"))),
        }
    }
}

impl InProcess for S3 {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let is_head = request.method() == http::Method::HEAD;
            self.run(request).await.unwrap_or_else(|error| error.response(is_head))
        })
    }

    fn has(&self, operation: &str) -> bool {
        OPERATIONS.contains(&operation)
    }

    fn missing<'a>(&'a self, operation: &'a str, parameters: &'a Value) -> BoxFuture<'a, Option<Missing>> {
        Box::pin(async move {
            // These say themselves whether there is one.
            if matches!(operation, "CreateBucket" | "HeadBucket" | "DeleteBucket") {
                return None;
            }
            let source = parameters["CopySource"].as_str().map(|source| source.trim_start_matches('/'));
            let source = source.and_then(|source| Some(source.split_once('/')?.0));
            parameters["Bucket"].as_str().into_iter().chain(source).find_map(|bucket| self.missing_bucket(bucket))
        })
    }
}

/// What it has.
const OPERATIONS: [&str; 15] = [
    "CreateBucket",
    "HeadBucket",
    "DeleteBucket",
    "ListBuckets",
    "PutObject",
    "CopyObject",
    "GetObject",
    "HeadObject",
    "DeleteObject",
    "DeleteObjects",
    "ListObjectsV2",
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
];

/// Refuses a path that starts with something else than the name of a bucket. Whoever wrote it meant the whole first segment,
/// so an encoded slash in it does not lead on to a key.
fn check_bucket(uri: &http::Uri) -> Result<(), RequestError> {
    let path = uri.path().strip_prefix('/').unwrap_or(uri.path());
    let (bucket, _) = path.split_once('/').unwrap_or((path, ""));
    // The characters of such a name are never encoded by those who follow AWS's rules, but may be.
    let decoded = urldecoded(bucket);
    if path.is_empty() || decoded.is_some_and(|bucket| is_bucket(&bucket)) {
        return Ok(());
    }
    Err(RequestError::new("InvalidBucketName", INVALID_BUCKET))
}

/// The text that a part of a path stands for; none where that is no text.
fn urldecoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// An error of a body, which the SDK wants to be an error type of its own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct BodyError(Box<dyn std::error::Error + Send + Sync>);

impl RequestError {
    /// The answer; one to a HEAD request has no body.
    fn response(&self, is_head: bool) -> http::Response<SdkBody> {
        let request_id = uuid::Uuid::new_v4().to_string();
        let (code, message) = (self.code, xml_text(&self.message));
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
             <RequestId>{request_id}</RequestId></Error>"
        );
        respond(self.status, "application/xml", &request_id, if is_head { String::new() } else { body })
    }
}

#[cfg(test)]
mod tests;
