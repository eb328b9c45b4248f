//! The embedded S3: the protocol layer of `s3s` over plain files.
//!
//! An object is the file `{root}/{bucket}/{key}`, so that a person can open it. Writing one replaces the file at once:
//! a reader sees the old object or the new one. Objects are not synced to the disk one by one.

mod backend;
mod keys;
mod multipart;
mod signed;

use std::collections::BTreeSet;
use std::path::PathBuf;

use aws_smithy_types::body::SdkBody;
use http::StatusCode;
use http_body_util::BodyExt;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::sync::OnceCell;

use super::{OpenError, Service, blocking, respond};
use backend::Backend;

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
        Ok(S3ServiceBuilder::new(backend).build())
    }
}

impl Service for S3 {
    async fn answer(&self, request: http::Request<SdkBody>) -> http::Response<SdkBody> {
        let service = match self.opened.get_or_try_init(|| self.open()).await {
            Ok(service) => service,
            Err(error) => return fault(&error.to_string()),
        };
        let (mut parts, body) = request.into_parts();
        // The SDK's own bodies are one piece; s3s keeps such a piece as it is.
        let body = super::whole_body(body).await.and_then(|body| signed::take_off(&mut parts, body));
        let body = match body {
            Ok(bytes) => s3s::Body::from(bytes),
            Err(message) => return fault(&message),
        };
        match service.call(http::Request::from_parts(parts, body)).await {
            Ok(response) => response.map(|body| SdkBody::from_body_1_x(body.map_err(BodyError))),
            Err(error) => fault(&format!("The request cannot be read: {error:?}")),
        }
    }
}

/// An error of a body, which the SDK wants to be an error type of its own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct BodyError(Box<dyn std::error::Error + Send + Sync>);

/// The answer for a fault of the service itself.
fn fault(message: &str) -> http::Response<SdkBody> {
    let request_id = uuid::Uuid::new_v4().to_string();
    let message = super::xml_text(message);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InternalError</Code><Message>{message}</Message>\
         <RequestId>{request_id}</RequestId></Error>"
    );
    respond(StatusCode::INTERNAL_SERVER_ERROR, "application/xml", &request_id, body)
}

#[cfg(test)]
mod tests;
