//! Services of AWS that answer in this process: how they are asked, by the SDK and by us, and what their answers are made of.
//!
//! A request inside a process cannot get lost, so it is neither signed, nor tried again, nor watched; and what the SDK does once for
//! every object is kept small.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use asl_engine::Value;
use asl_runtime::BoxFuture;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_s3::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http_body_util::BodyExt;
use time::OffsetDateTime;

use crate::request::encode;

/// What clients are told to connect to. Nothing ever looks the name up.
pub const ENDPOINT: &str = "http://embedded.localhost";

/// A service of AWS that answers requests in this process.
pub trait InProcess: Send + Sync {
    /// Answers one request. A fault of the service is an answer too, with a status from 500 on.
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>>;

    /// Whether it has an operation, by its name in the API: `PutItem`.
    fn has(&self, operation: &str) -> bool;

    /// Something that `parameters` of an operation name and that is not there. Of parameters that are not known yet, null stands
    /// there.
    fn missing<'a>(&'a self, operation: &'a str, parameters: &'a Value) -> BoxFuture<'a, Option<Missing>> {
        let _ = (operation, parameters);
        Box::pin(std::future::ready(None))
    }
}

/// Something that a request names and that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A thing that lines in the routing file make.
    Unmade {
        /// What it is, such as `the table Orders`.
        what: String,
        /// Where in the routing file the lines go.
        place: LinePlace,
        /// The lines.
        lines: String,
    },
    /// What nothing serves: a text that goes on after "the state 'S' ", with what to do.
    Unserved(String),
    /// There can be no such thing, for this reason.
    Impossible(String),
}

impl Missing {
    /// What is missing and what to do; goes on after "the state 'S' ". `routes` is the routing file.
    pub fn told(&self, routes: Option<&Path>) -> String {
        match self {
            Self::Unserved(told) => told.clone(),
            Self::Impossible(why) => format!("names {why}"),
            Self::Unmade { what, place, lines } => {
                let file = routes.map_or("the routing file".to_owned(), |file| file.display().to_string());
                let place = match place {
                    LinePlace::Start => "start",
                    LinePlace::End => "end",
                };
                format!(
                    "needs {what}, which is not there\nIt is made by these lines at the {place} of {file}:\n\n{lines}"
                )
            }
        }
    }
}

/// The operation that a request of the JSON protocols is for: `PutItem` of `X-Amz-Target: DynamoDB_20120810.PutItem`.
pub fn target_operation<B>(request: &http::Request<B>) -> &str {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

/// The parameters of a request of the JSON protocols; the error says why there are none.
pub async fn json_parameters(request: http::Request<SdkBody>) -> Result<Value, String> {
    let body = whole_body(request.into_body()).await.map_err(|error| error.to_string())?;
    let parameters = std::str::from_utf8(&body).ok().and_then(|text| text.parse::<Value>().ok());
    let parameters = parameters.filter(|parameters| parameters.as_object().is_some());
    parameters.ok_or_else(|| "the request is not a JSON object".to_owned())
}

/// A parameter that has to be there; the error is AWS's text where it is not.
pub fn required<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, String> {
    let constraint = "failed to satisfy constraint: Member must not be null";
    let missing = || format!("1 validation error detected: Value null at '{name}' {constraint}");
    parameters.get(name).and_then(Value::as_str).ok_or_else(missing)
}

/// A name as a key of a routing file: `[tables.NAME]`.
pub fn toml_key(name: &str) -> Cow<'_, str> {
    // A dot in a bare key would be a table in a table.
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.chars().all(is_bare) { name.into() } else { Value::from(name).to_string().into() }
}

/// Where in a routing file lines are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinePlace {
    /// Before the first table.
    Start,
    /// Behind all that is there.
    End,
}

/// The SDK's HTTP client for a service in this process; none where this program has no such service.
#[derive(Clone)]
struct Client(Option<Arc<dyn InProcess>>);

impl HttpConnector for Client {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.0.clone();
        HttpConnectorFuture::new(async move {
            let service = service.ok_or_else(|| ConnectorError::user("the service is not embedded".into()))?;
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = service.answer(request).await;
            HttpResponse::try_from(response).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

impl HttpClient for Client {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

/// The settings of a client whose requests `service` answers in this process.
pub(crate) fn config(service: Option<Arc<dyn InProcess>>) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(SharedHttpClient::new(Client(service)))
        .endpoint_url(ENDPOINT)
        .region(Region::from_static("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build()
}

/// Every bucket is a path of the one endpoint. The SDK's own rules for S3 come to the same, after some 3 µs.
#[derive(Debug)]
pub(crate) struct PathStyle;

impl ResolveEndpoint for PathStyle {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        let url = match params.bucket() {
            // Encoded, so that what is no name of a bucket reaches none.
            Some(bucket) => format!("{ENDPOINT}/{}", encode(bucket, false)),
            None => ENDPOINT.to_owned(),
        };
        EndpointFuture::ready(Ok(Endpoint::builder().url(url).build()))
    }
}

/// Leaves out the header that tells AWS about the SDK, a tenth of what a request costs.
#[derive(Debug)]
pub(crate) struct Unadorned;

impl Intercept for Unadorned {
    fn name(&self) -> &'static str {
        "Unadorned"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(disable_interceptor::<UserAgentInterceptor>("nobody reads it"));
        Ok(())
    }
}

/// The whole body of a request; the SDK's own bodies are one piece, which is not copied.
pub async fn whole_body(body: SdkBody) -> Result<Bytes, UnreadableBody> {
    Ok(body.collect().await.map_err(UnreadableBody)?.to_bytes())
}

/// The body of a request ends before it is complete.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request cannot be read: {0}")]
pub struct UnreadableBody(BoxError);

/// A response with the headers that AWS sends, as far as they mean something inside a process.
pub fn respond(
    status: http::StatusCode,
    content_type: &'static str,
    request_id: &str,
    body: String,
) -> http::Response<SdkBody> {
    let mut response = http::Response::new(SdkBody::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let date = http_date();
    // As recorded in results.
    let connection = Some("keep-alive");
    for (name, value) in [(CONNECTION, connection), (DATE, Some(date.as_str())), (REQUEST_ID, Some(request_id))] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    *response.body_mut() = SdkBody::from(body);
    response
}

/// The date of this moment as HTTP has it.
pub fn http_date() -> String {
    OffsetDateTime::now_utc().format(crate::time::HTTP).unwrap_or_default()
}

/// A refusal as the JSON protocols have it, with the name of the error where the REST protocols look for it, too.
pub fn refuse(status: http::StatusCode, name: &'static str, message: &str) -> http::Response<SdkBody> {
    let body = Value::from([("__type", Value::from(name)), ("message", message.into())]).to_string();
    let mut response = respond(status, "application/x-amz-json-1.0", &uuid::Uuid::new_v4().to_string(), body);
    response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(name));
    response
}

const ERROR_TYPE: http::HeaderName = http::HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: http::HeaderName = http::HeaderName::from_static("x-amzn-requestid");

/// `text` as the content of an XML element.
pub fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
