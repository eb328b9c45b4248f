//! S3, DynamoDB, SNS, SQS and EventBridge inside this process: no account, no credentials, and no port unless other processes
//! use them.
//!
//! Each is a [`Service`] that answers HTTP requests as that of AWS does, and opens its data at the first of them.

pub(crate) mod dynamodb;
pub(crate) mod events;
mod files;
pub(crate) mod names;
pub(crate) mod s3;
pub(crate) mod sns;
pub(crate) mod sqs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http_body_util::BodyExt;
use time::OffsetDateTime;

use self::sns::Subscribers;
use crate::routes::Table;
use crate::services::web::Caller;

/// The embedded services of one data folder. Making them is cheap: each opens its data at its first request.
#[derive(Clone)]
pub(crate) struct Embedded {
    pub(crate) s3: Arc<s3::S3>,
    pub(crate) dynamodb: Arc<dynamodb::DynamoDb>,
    pub(crate) sns: Arc<sns::Sns>,
    pub(crate) sqs: Arc<sqs::Sqs>,
    pub(crate) events: Arc<events::Events>,
}

impl Embedded {
    /// Services that keep their data below `data_dir`, with `tables` and `buckets` in it from the start. What is published
    /// goes to `subscribers`, whose relative paths start at `folder`, with the help of `caller`.
    pub(crate) fn new(
        data_dir: &Path,
        tables: BTreeMap<String, Table>,
        buckets: BTreeSet<String>,
        subscribers: Subscribers,
        folder: PathBuf,
        caller: Caller,
    ) -> Self {
        let sqs = Arc::new(sqs::Sqs::new(data_dir.join("sqs.sqlite")));
        let sns = sns::Sns::new(data_dir.join("sns"), subscribers, folder, caller, Arc::clone(&sqs));
        Self {
            s3: Arc::new(s3::S3::new(data_dir.join("s3"), buckets)),
            dynamodb: Arc::new(dynamodb::DynamoDb::new(data_dir.join("dynamodb.sqlite"), tables)),
            sns: Arc::new(sns),
            sqs,
            events: Arc::new(events::Events::new(data_dir.join("events"))),
        }
    }
}

impl Embedded {
    /// The services that are embedded, as `arn:aws:states:::aws-sdk:NAME:action` calls them.
    pub(crate) const NAMES: [&str; 5] = ["s3", "dynamodb", "sns", "sqs", "eventbridge"];

    /// The answer of the service `name`; none where it is not embedded.
    pub(crate) async fn answer(&self, name: &str, request: http::Request<SdkBody>) -> Option<http::Response<SdkBody>> {
        Some(match name {
            "s3" => self.s3.answer(request).await,
            "dynamodb" => self.dynamodb.answer(request).await,
            "sns" => self.sns.answer(request).await,
            "sqs" => self.sqs.answer(request).await,
            "eventbridge" => self.events.answer(request).await,
            _ => return None,
        })
    }
}

/// What the SDK is told to connect to. Nothing ever looks the name up.
pub(crate) const ENDPOINT: &str = "http://embedded.localhost";

/// The region and the account of what the embedded services name by an ARN: those of executions in this process.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// An AWS service that answers requests in this process.
pub(crate) trait Service: Send + Sync + 'static {
    /// Answers one request. A fault of the service is an answer too, with a status from 500 on.
    fn answer(&self, request: http::Request<SdkBody>) -> impl Future<Output = http::Response<SdkBody>> + Send;
}

/// The SDK's HTTP client for an embedded service.
pub(crate) struct InProcess<S>(Arc<S>);

impl<S> InProcess<S> {
    pub(crate) fn new(service: Arc<S>) -> Self {
        Self(service)
    }
}

impl<S: Service> HttpConnector for InProcess<S> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = service.answer(request).await;
            HttpResponse::try_from(response).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

impl<S: Service> HttpClient for InProcess<S> {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self(Arc::clone(&self.0)))
    }
}

impl<S> fmt::Debug for InProcess<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

/// Why an embedded service cannot be used. Later requests try again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the folder {} cannot be created: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the database {} cannot be opened: {message}", path.display())]
    Database { path: PathBuf, message: String },
    #[error("the table {table} cannot be created: {message}")]
    Table { table: String, message: String },
}

/// Runs what waits for the disk on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // The work panicked, or the runtime shuts down and nobody looks at the answer.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}

/// The whole body of a request; the SDK's own bodies are one piece, which is not copied.
pub(crate) async fn whole_body(body: SdkBody) -> Result<Bytes, String> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(format!("the body of the request cannot be read: {error}")),
    }
}

/// A response with the headers that AWS sends, as far as they mean something inside a process.
pub(crate) fn respond(
    status: http::StatusCode,
    content_type: &'static str,
    request_id: &str,
    body: String,
) -> http::Response<SdkBody> {
    const HTTP_DATE: &[time::format_description::BorrowedFormatItem<'_>] = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let mut response = http::Response::new(SdkBody::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let date = OffsetDateTime::now_utc().format(HTTP_DATE).ok();
    for (name, value) in [(DATE, date.as_deref()), (REQUEST_ID, Some(request_id))] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    *response.body_mut() = SdkBody::from(body);
    response
}

const REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-amzn-requestid");

/// `text` as the content of an XML element.
pub(crate) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
