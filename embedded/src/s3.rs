//! The embedded S3: the protocol layer of `s3s` over plain files.
//!
//! An object is the file `{root}/{bucket}/{key}`, so that a person can open it. Writing one replaces the file at once:
//! a reader sees the old object or the new one. Objects are not synced to the disk one by one.

mod answers;
mod attributes;
mod backend;
mod body;
mod changes;
mod checksum;
mod conditions;
mod index;
mod keys;
mod listing;
mod multipart;
mod objects;
mod refused;
mod signed;
mod store;

use std::collections::BTreeSet;
use std::path::PathBuf;

use asl_aws::InProcess;
use asl_aws::in_process::{LinePlace, Missing, respond, xml_text};
use asl_aws::names::{INVALID_BUCKET, is_bucket};
use asl_engine::Value;
use asl_runtime::BoxFuture;
use asl_runtime::blocking;
use aws_smithy_types::body::SdkBody;
use backend::Backend;
pub(crate) use changes::{Change, Changes};
pub use changes::{Notification, Notifications};
use futures_util::StreamExt;
use http::StatusCode;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::validation::NameValidation;
use tokio::sync::OnceCell;

use super::OpenError;

/// An S3 whose data is opened at the first request.
pub(crate) struct S3 {
    root: PathBuf,
    buckets: BTreeSet<String>,
    changes: Changes,
    opened: OnceCell<S3Service>,
}

impl S3 {
    /// An S3 with its objects below `root`, in which `buckets` are created when they are missing.
    pub(crate) fn new(root: PathBuf, buckets: BTreeSet<String>) -> Self {
        let changes = Changes::default();
        Self { root, buckets, changes, opened: OnceCell::new() }
    }

    /// The objects that are written and deleted from here on; the first time only.
    pub(crate) fn changes(&self) -> Option<tokio::sync::mpsc::UnboundedReceiver<Change>> {
        self.changes.watch()
    }

    async fn open(&self) -> Result<S3Service, OpenError> {
        let (root, buckets, changes) = (self.root.clone(), self.buckets.clone(), self.changes.clone());
        let backend = blocking(move || Backend::open(root, &buckets, changes)).await?;
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

impl From<RequestError> for s3s::S3Error {
    fn from(error: RequestError) -> Self {
        let code = s3s::S3ErrorCode::from_bytes(error.code.as_bytes());
        let mut told = Self::with_message(code.unwrap_or(s3s::S3ErrorCode::Custom(error.code.into())), error.message);
        told.set_status_code(error.status);
        told
    }
}

/// The most bytes that come in one request.
const PUT_MAX: u64 = 5 << 30;

/// What is said of more.
const TOO_LARGE: &str = "Your proposed upload exceeds the maximum allowed size";

/// The most bytes of a request that is no object: of a document.
const DOCUMENT_MAX: usize = 16 << 20;

/// The most bytes of a form, which is held in memory.
const FORM_MAX: usize = 256 << 20;

impl S3 {
    async fn run(
        &self,
        mut parts: http::request::Parts,
        body: body::Incoming,
    ) -> Result<http::Response<SdkBody>, RequestError> {
        check_bucket(&parts.uri)?;
        refused::check(&parts)?;
        let sent = signed::take_off(&mut parts, time::OffsetDateTime::now_utc())?;
        let body = if is_object(&parts) {
            match body {
                body::Incoming::Whole(whole) if !sent.is_in_chunks() => s3s::Body::from(whole),
                body => s3s::Body::from(s3s::dto::StreamingBlob::wrap(body::pieces(body, &sent))),
            }
        } else {
            let is_form = parts.method == http::Method::POST && parts.uri.query().is_none();
            let body = document(body, &sent, if is_form { FORM_MAX } else { DOCUMENT_MAX }).await?;
            sent.trailers(|trailers| parts.headers.extend(trailers.cloned().unwrap_or_default()));
            checksum::check(&parts.headers, sent.signed.as_deref(), &body)?;
            // The protocol layer passes over it.
            if parts.method == http::Method::PUT && parts.uri.query().is_none() && contains(&body, b"<Tags>") {
                return Err(RequestError::new("NotImplemented", "Tags of buckets are not part of the embedded S3"));
            }
            if !is_form && !body.is_empty() {
                parts.headers.insert(http::header::CONTENT_LENGTH, body.len().into());
            }
            s3s::Body::from(if is_form { signed::unsigned_form(body) } else { body })
        };
        parts.extensions.insert(sent);
        let service = self.opened.get_or_try_init(|| self.open()).await?;
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        match service.call(http::Request::from_parts(parts, body)).await {
            Ok(response) => Ok(answers::finished(response, &method, &uri).await),
            Err(error) => Err(RequestError::new("InvalidRequest", format!("The request cannot be read: {error:?}"))),
        }
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// Whether the body of a request is an object or a part of one, which is written as it arrives.
fn is_object(parts: &http::request::Parts) -> bool {
    let has_key = parts.uri.path().trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let is_plain = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        matches!(name, "" | "partNumber" | "uploadId" | "x-id")
            || name.starts_with("x-amz-")
            || name.starts_with("X-Amz-")
    };
    parts.method == http::Method::PUT
        && has_key
        && !parts.headers.contains_key("x-amz-copy-source")
        && parts.uri.query().unwrap_or_default().split('&').all(is_plain)
}

/// A whole body of at most `most` bytes.
async fn document(body: body::Incoming, sent: &body::Sent, most: usize) -> Result<bytes::Bytes, RequestError> {
    let mut pieces = std::pin::pin!(body::pieces(body, sent));
    let mut whole = bytes::BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| RequestError::new("IncompleteBody", error.to_string()))?;
        if whole.len() + piece.len() > most {
            return Err(RequestError::new("MaxMessageLengthExceeded", "Your request was too big."));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

impl InProcess for S3 {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let is_head = request.method() == http::Method::HEAD;
            let (parts, body) = request.into_parts();
            let announced = parts.headers.get(http::header::CONTENT_LENGTH);
            let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
            let is_too_large = announced.is_some_and(|length| length > PUT_MAX);
            let waits = is_too_large || parts.headers.contains_key(http::header::EXPECT);
            let body = body::Incoming::new(body).await;
            let answer = match is_too_large {
                true => Err(RequestError::new("EntityTooLarge", TOO_LARGE)),
                false => self.run(parts, body.clone()).await,
            };
            let mut answer = answer.unwrap_or_else(|error| error.response(is_head));
            if !body.is_read() && answer.status().is_client_error() {
                if waits {
                    // The client sends no body now, or too much of it, and no other request may be taken for one.
                    answer.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
                } else {
                    body.drain().await;
                }
            }
            answer
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
const OPERATIONS: [&str; 28] = [
    "CreateBucket",
    "HeadBucket",
    "DeleteBucket",
    "ListBuckets",
    "GetBucketLocation",
    "GetBucketVersioning",
    "GetBucketAcl",
    "PutObject",
    "CopyObject",
    "GetObject",
    "HeadObject",
    "GetObjectAttributes",
    "GetObjectAcl",
    "GetObjectTagging",
    "PutObjectTagging",
    "DeleteObjectTagging",
    "DeleteObject",
    "DeleteObjects",
    "ListObjects",
    "ListObjectsV2",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "ListParts",
    "ListMultipartUploads",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    // A form of a browser, which no SDK sends.
    "PostObject",
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

impl RequestError {
    /// The answer; one to a HEAD request has no body.
    fn response(&self, is_head: bool) -> http::Response<SdkBody> {
        let request_id = uuid::Uuid::new_v4().to_string();
        let (code, message) = (self.code, xml_text(&self.message));
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
             <RequestId>{request_id}</RequestId></Error>"
        );
        let mut answer =
            respond(self.status, "application/xml", &request_id, if is_head { String::new() } else { body });
        answers::add_ids(answer.headers_mut());
        answer
    }
}

#[cfg(test)]
mod tests;
