//! Brings a request to where its service is, and its answer back.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};
use http_body_util::BodyExt;
use uuid::Uuid;

use crate::answer::{self, Refusal, Response};
use crate::clients::Clients;
use crate::error::SendError;
use crate::in_process::ENDPOINT;
use crate::model::{Operation, Service};
use crate::places::Place;
use crate::request::Request;
use crate::target::{Target, target};
use crate::web::{Sdk, chain};
use crate::{Fault, Unanswered};

/// How often a request is sent before its failure is told, as the SDKs of AWS do.
const ATTEMPTS: u32 = 3;

/// The most bytes of an answer. No state can have as many, unless the quotas are lifted.
const ANSWER_MAX: usize = 64 << 20;

/// What is needed to reach services outside of this process.
#[derive(Default)]
pub(crate) struct Remote {
    http: Sdk,
}

impl Clients {
    pub(crate) async fn send(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        request: Request,
    ) -> Result<Response, Fault> {
        let client = |error| Fault::Client(Unanswered { error, attempts: 0 });
        let place = match self.places().get(service.name) {
            Some(Place::Embedded) => {
                let request = in_process(&request).map_err(client)?;
                let embedded = self.embedded().get(service.name);
                let embedded = embedded.ok_or_else(|| client(SendError::NotEmbedded(service.name)))?;
                return whole(embedded.answer(request).await).await.map_err(client);
            }
            Some(place) => place,
            None => return Err(client(SendError::NoPlace(service.name))),
        };
        // There are servers that decode a path before they take it apart: then this would name an object.
        if request.bucket.as_deref().is_some_and(|bucket| bucket.contains('/') && !bucket.starts_with("arn:")) {
            return Err(Fault::Service(Refusal::invalid_bucket()));
        }
        let config = self.config(service, place).await;
        let target = target(service, &request, &config).await.map_err(client)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let signed = signed(service, operation, &request, &target, &config).await.map_err(client)?;
            let answered = self.remote().exchange(signed).await;
            let failure = match answered {
                Ok(response) if (200..300).contains(&response.status) => return Ok(response),
                Ok(response) => {
                    let refusal = answer::refusal(service, operation, &response, attempts);
                    if !(may_pass(response.status) || refusal.code.as_deref().is_some_and(is_throttled)) {
                        return Err(Fault::Service(refusal));
                    }
                    Fault::Service(refusal)
                }
                Err(error) => Fault::Client(Unanswered { error, attempts }),
            };
            if attempts == ATTEMPTS {
                return Err(failure);
            }
            tokio::time::sleep(pause(attempts)).await;
        }
    }
}

impl Remote {
    pub(crate) fn http(&self) -> &Sdk {
        &self.http
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<Response, SendError> {
        let request = reqwest::Request::try_from(request).map_err(unsendable)?;
        let mut response = self.http.client()?.execute(request).await.map_err(lost)?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_MAX {
                return Err(SendError::TooLong(ANSWER_MAX));
            }
        }
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        Ok(Response { status, headers, body: body.freeze() })
    }
}

/// The request with its signature.
async fn signed(
    service: &'static Service,
    operation: &'static Operation,
    request: &Request,
    target: &Target,
    config: &SdkConfig,
) -> Result<http::Request<Bytes>, SendError> {
    let mut sent = http::Request::builder().method(request.method).uri(&target.url);
    if let Some(headers) = sent.headers_mut() {
        headers.extend(request.headers.clone());
    }
    let mut sent =
        sent.body(request.body.clone()).map_err(|error| SendError::Request(format!("{}: {error}", target.url)))?;
    if !operation.signed {
        return Ok(sent);
    }
    let provider = config.credentials_provider().ok_or_else(|| SendError::NoCredentials("no provider".to_owned()))?;
    let found = provider.provide_credentials().await;
    // The first text says only that there are none.
    let why = |error: CredentialsError| error.source().map_or_else(|| error.to_string(), chain);
    let identity = found.map_err(|error| SendError::NoCredentials(why(error)))?.into();
    let mut settings = SigningSettings::default();
    if service.signing_name == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&target.region)
        .name(&target.name)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(unsendable)?;
    let headers = request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(request.method, &target.url, headers, body);
    let signed = signable.and_then(|signable| sign(signable, &parameters.into()));
    let (instructions, _) = signed.map_err(unsendable)?.into_parts();
    for (name, value) in instructions.headers() {
        let name = name.parse::<HeaderName>().map_err(unsendable)?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| SendError::Request(format!("the {name} of the request is no text of a header")))?;
        sent.headers_mut().insert(name, value);
    }
    Ok(sent)
}

/// The request as an embedded service reads it: neither signed nor sent anywhere.
fn in_process(request: &Request) -> Result<http::Request<SdkBody>, SendError> {
    let mark = if request.query.is_empty() { "" } else { "?" };
    let mut sent = http::Request::builder()
        .method(request.method)
        .uri(format!("{ENDPOINT}{}{mark}{}", request.path, request.query));
    if let Some(headers) = sent.headers_mut() {
        headers.extend(request.headers.clone());
        headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    }
    sent.body(SdkBody::from(request.body.clone())).map_err(unsendable)
}

async fn whole(response: http::Response<SdkBody>) -> Result<Response, SendError> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| SendError::Connection(error.to_string()))?.to_bytes();
    Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// No request can be made, for the reason that is told.
fn unsendable(error: impl std::error::Error) -> SendError {
    SendError::Request(chain(&error))
}

/// The connection failed.
fn lost(error: reqwest::Error) -> SendError {
    SendError::Connection(chain(&error))
}

/// Whether the same request may succeed a little later.
fn may_pass(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

fn is_throttled(code: &str) -> bool {
    ["Throttl", "TooManyRequests", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "LimitExceeded.Request"]
        .iter()
        .any(|part| code.contains(part))
}

/// How long to wait after an attempt that failed: twice as long each time, and never the same for all.
fn pause(attempts: u32) -> Duration {
    let most = 200_u64 << attempts.min(6);
    let random = Uuid::new_v4().as_u128() % u128::from(most);
    Duration::from_millis(u64::try_from(random).unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again() {
        assert!(may_pass(503) && may_pass(429) && !may_pass(400) && !may_pass(501));
        assert!(is_throttled("ThrottlingException") && is_throttled("Throttling") && !is_throttled("LimitExceeded"));
        assert!(pause(1) < Duration::from_millis(400));
    }
}
