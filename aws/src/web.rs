//! HTTP and TLS, for downloads, for calls and for the AWS SDK: one stack for all.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http_body_util::Limited;
use reqwest::redirect::Policy;

use crate::error::NoHttp;

/// How many redirects a download follows.
const MAX_REDIRECTS: usize = 10;

/// The client for downloads, made when it is first used: it keeps its connections and follows redirects.
#[derive(Clone, Debug, Default)]
pub struct Downloads(Arc<OnceLock<Result<reqwest::Client, NoHttp>>>);

impl Downloads {
    /// The client; the error says why there is none.
    pub fn client(&self) -> Result<&reqwest::Client, &NoHttp> {
        let redirects = || {
            Policy::custom(|attempt| match attempt.previous().len() {
                0..=MAX_REDIRECTS => attempt.follow(),
                _ => attempt.error(format!("more than {MAX_REDIRECTS} redirects")),
            })
        };
        let user_agent = concat!("asl/", env!("CARGO_PKG_VERSION"));
        let made = || client(|builder| builder.redirect(redirects()).user_agent(user_agent));
        self.0.get_or_init(made).as_ref()
    }
}

/// The client for calls with a body or credentials, made when it is first used. It follows no redirects: those could hand
/// a credential to another server.
#[derive(Clone, Debug, Default)]
pub struct Caller(Arc<OnceLock<Result<reqwest::Client, NoHttp>>>);

impl Caller {
    /// The client; the error says why there is none.
    pub fn client(&self) -> Result<&reqwest::Client, &NoHttp> {
        self.0.get_or_init(|| client(|builder| builder.redirect(Policy::none()))).as_ref()
    }
}

/// What sends requests.
pub type LoopbackClient = reqwest::Client;

/// A request of it.
pub type LoopbackRequest = reqwest::RequestBuilder;

/// A client for this machine, which goes by no proxy.
pub fn loopback_client() -> Result<reqwest::Client, NoHttp> {
    client(|builder| builder.redirect(Policy::none()).no_proxy())
}

/// A client for one server whose certificate is signed by one of `roots`, in PEM, and by nobody else.
pub fn trusting_client(roots: &[u8]) -> Result<reqwest::Client, NoHttp> {
    let roots = reqwest::Certificate::from_pem_bundle(roots).map_err(|error| NoHttp(chain(&error)))?;
    if roots.is_empty() {
        return Err(NoHttp("there is no certificate in it".to_owned()));
    }
    client(|builder| builder.redirect(Policy::none()).tls_certs_only(roots.clone()))
}

/// The whole body of an answer; none where it has more than `max` bytes.
pub async fn body(mut response: reqwest::Response, max: u64) -> reqwest::Result<Option<Bytes>> {
    if response.content_length().unwrap_or(0) > max {
        return Ok(None);
    }
    // Most bodies arrive in one piece, which is then not copied.
    let Some(first) = response.chunk().await? else { return Ok(Some(Bytes::new())) };
    let mut body = BytesMut::from(first);
    while body.len() as u64 <= max {
        match response.chunk().await? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(Some(body.freeze())),
        }
    }
    Ok(None)
}

/// Why a request was not answered, without its URL: that can hold a credential.
pub fn transport_error(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

fn client(settings: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Result<reqwest::Client, NoHttp> {
    // An embedding program may have chosen its cryptography before: then that is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || settings(reqwest::Client::builder());
    // A machine without root certificates can still speak plain HTTP; there, https fails when it is used.
    let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
    client.map_err(|error| NoHttp(chain(&error)))
}

/// The texts of an error and of what caused it, each once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        next = error.source();
    }
    text
}

/// The HTTP client for services of AWS, of ours and of the SDK, for all that is outside of this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sdk(Arc<OnceLock<Result<reqwest::Client, NoHttp>>>);

impl Sdk {
    /// The client behind it. The error says why there is none.
    pub(crate) fn client(&self) -> Result<&reqwest::Client, NoHttp> {
        self.0.get_or_init(|| client(sdk_settings)).as_ref().map_err(Clone::clone)
    }
}

/// A redirect would need another signature. The connect timeout is that of the SDK's current behaviour version.
fn sdk_settings(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.redirect(Policy::none()).connect_timeout(Duration::from_millis(3100))
}

impl HttpConnector for Sdk {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client().cloned();
        HttpConnectorFuture::new(async move {
            let client = client.map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
            let request = request.map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.execute(request).await.map_err(connector_error)?;
            let response = http::Response::<reqwest::Body>::from(response).map(SdkBody::from_body_1_x);
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The most bytes of an answer. No state can have as many, unless the quotas are lifted.
pub(crate) const ANSWER_MAX: usize = 64 << 20;

/// The same client for answers that become values: one that is too long is broken off.
#[derive(Clone, Debug)]
pub(crate) struct Bounded(pub(crate) Sdk);

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answered = self.0.call(request);
        let bounded = |body| SdkBody::from_body_1_x(Limited::new(body, ANSWER_MAX));
        HttpConnectorFuture::new(async move { Ok(answered.await?.map(bounded)) })
    }
}

impl HttpClient for Bounded {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

impl HttpClient for Sdk {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
