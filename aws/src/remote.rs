//! Sends a request to a service outside of this process, with the runtime of AWS's own SDK: its signatures, its retries, its
//! clock.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{
    DisableClockSkewCorrection, ServiceClockSkewClassifier, ServiceClockSkewInterceptor,
};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::Operation as Orchestrated;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::LengthLimitError;

use crate::answer::Response;
use crate::error::{NoHttp, SendError};
use crate::model::{Operation, Service};
use crate::request::Request;
use crate::service_error::{self, ServiceError};
use crate::target::{Target, target};
use crate::web::{ANSWER_MAX, Bounded, Sdk, chain};
use crate::{CallError, Unanswered};

/// What is needed to reach services outside of this process.
#[derive(Debug, Default)]
pub(crate) struct Remote {
    http: Sdk,
    /// By service, how far its clock is from ours, as its answers tell.
    clocks: Mutex<BTreeMap<&'static str, SharedInterceptor>>,
}

impl Remote {
    pub(crate) fn http(&self) -> &Sdk {
        &self.http
    }

    pub(crate) async fn send(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        request: &Request,
        config: &SdkConfig,
    ) -> Result<Response, CallError> {
        let client = |error| CallError::Client(Unanswered { error, attempts: 0 });
        let target = target(service, request, config).await.map_err(client)?;
        let request = http_request(request, &target).map_err(client)?;
        let sent = Attempts::default();
        let asked = Orchestrated::builder()
            .service_name(service.name)
            .operation_name(operation.name)
            .http_client(Bounded(self.http.clone()))
            .endpoint_url(&target.endpoint)
            .timeout_config(config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
            .standard_retry(&config.retry_config().cloned().unwrap_or_else(RetryConfig::standard))
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Refused>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(ServiceClockSkewClassifier::<Refused>::new())
            .interceptor(sent.clone())
            .serializer(Ok::<HttpRequest, BoxError>)
            .deserializer(move |response: &HttpResponse| {
                let response = whole(response).map_err(OrchestratorError::other)?;
                if (200..300).contains(&response.status) {
                    return Ok(response);
                }
                Err(OrchestratorError::operation(Refused::from(service_error::read(service, operation, &response, 1))))
            });
        let asked = match config.behavior_version() {
            Some(version) => asked.behavior_version(version),
            None => asked,
        };
        let asked = if operation.signed {
            asked.runtime_plugin(self.signature(service, target, config).map_err(client)?)
        } else {
            asked.no_auth()
        };
        asked.build().invoke(request).await.map_err(|error| match error {
            SdkError::ServiceError(context) => {
                CallError::Service(ServiceError { attempts: sent.count(), ..*context.into_err().error })
            }
            error => CallError::Client(Unanswered { error: reason(&error), attempts: sent.count() }),
        })
    }

    /// Signs with the credentials of `config`, at the time that the service has.
    fn signature(
        &self,
        service: &'static Service,
        target: Target,
        config: &SdkConfig,
    ) -> Result<StaticRuntimePlugin, SendError> {
        let none = || SendError::NoCredentials("no provider".to_owned());
        let credentials = config.credentials_provider().ok_or_else(none)?;
        let mut signing_options = SigningOptions::default();
        if service.signing_name == "s3" {
            signing_options.double_uri_encode = false;
            signing_options.content_sha256_header = true;
            signing_options.normalize_uri_path = false;
        }
        let mut layer = Layer::new("signature");
        layer.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(Region::new(target.region))),
            name: Some(SigningName::from(target.name)),
            signing_options,
            ..SigV4OperationSigningConfig::default()
        });
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        if let Some(disabled) = config.disable_clock_skew_correction() {
            layer.store_put(DisableClockSkewCorrection::from(disabled));
        }
        let components = RuntimeComponentsBuilder::new("signature")
            .with_auth_scheme(SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
            .with_identity_resolver(SCHEME_ID, credentials)
            // The provider keeps them.
            .with_identity_cache(Some(IdentityCache::no_cache()))
            .with_interceptor(self.clock(service.name));
        Ok(StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components))
    }

    fn clock(&self, service: &'static str) -> SharedInterceptor {
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = || SharedInterceptor::new(ServiceClockSkewInterceptor::new());
        clocks.entry(service).or_insert_with(clock).clone()
    }
}

/// Counts how often a request is sent.
#[derive(Clone, Debug, Default)]
struct Attempts(Arc<AtomicU32>);

impl Attempts {
    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// What a service says instead of an answer, for those who decide whether it is asked again.
#[derive(Debug)]
struct Refused {
    error: Box<ServiceError>,
    metadata: ErrorMetadata,
}

impl From<ServiceError> for Refused {
    fn from(error: ServiceError) -> Self {
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = &error.code {
            metadata = metadata.code(code);
        }
        Self { error: Box::new(error), metadata: metadata.build() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.metadata.fmt(f)
    }
}

impl Error for Refused {}

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

fn http_request(request: &Request, target: &Target) -> Result<HttpRequest, SendError> {
    let mut sent = http::Request::builder().method(request.method).uri(&target.path);
    if let Some(headers) = sent.headers_mut() {
        headers.extend(request.headers.clone());
    }
    let unsendable = |why: String| SendError::Request(format!("{}{}: {why}", target.endpoint, target.path));
    let sent = sent.body(SdkBody::from(request.body.clone())).map_err(|error| unsendable(chain(&error)))?;
    HttpRequest::try_from(sent).map_err(|error| unsendable(chain(&error)))
}

/// An answer whose body has arrived.
fn whole(response: &HttpResponse) -> Result<Response, BoxError> {
    let mut headers = HeaderMap::new();
    for (name, value) in response.headers() {
        headers.append(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
    }
    let body = Bytes::copy_from_slice(response.body().bytes().ok_or("the body is not there")?);
    Ok(Response { status: response.status().as_u16(), headers, body })
}

/// Why there is no answer: the cause that says most.
fn reason(error: &(dyn Error + 'static)) -> SendError {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<CredentialsError>() {
            // The first text says only that there are none.
            return SendError::NoCredentials(error.source().map_or_else(|| error.to_string(), chain));
        }
        if let Some(error) = cause.downcast_ref::<NoHttp>() {
            return SendError::Http(error.clone());
        }
        if cause.is::<LengthLimitError>() {
            return SendError::TooLong(ANSWER_MAX);
        }
        if let Some(error) = cause.downcast_ref::<reqwest::Error>() {
            return SendError::Connection(chain(error));
        }
        next = cause.source();
    }
    SendError::Connection(chain(error))
}
