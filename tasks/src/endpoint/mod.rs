//! The embedded services over HTTP on loopback, for other processes: an SDK in a Lambda function, the `aws` tool.
//!
//! One port serves all of them. A request is for the service that it is signed for; the signature itself is not checked.

mod callbacks;
mod refusal;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use aws_smithy_types::body::SdkBody;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use crate::callbacks::Callbacks;
use crate::embedded::Embedded;
use crate::routes::{Place, Services};
use refusal::Refusal;

/// A running server of the embedded services. Dropping it stops the server and closes its connections.
#[derive(Debug)]
pub(crate) struct Endpoint {
    url: String,
    accepting: AbortHandle,
}

/// What answers the requests.
pub(crate) struct Served {
    pub(crate) embedded: Embedded,
    pub(crate) places: Services,
    pub(crate) callbacks: Arc<Callbacks>,
}

impl Endpoint {
    /// Starts at `listen`, or on a free loopback port. The error says why it cannot.
    pub(crate) async fn start(listen: Option<SocketAddr>, served: Served) -> Result<Self, String> {
        let address = listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
        let fault = |error| format!("the embedded services cannot be served at {address}: {error}");
        let listener = TcpListener::bind(address).await.map_err(fault)?;
        let url = format!("http://{}", listener.local_addr().map_err(fault)?);
        let accepting = tokio::spawn(accept(listener, Arc::new(served))).abort_handle();
        Ok(Self { url, accepting })
    }

    /// `http://127.0.0.1:port`
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, served: Arc<Served>) {
    // Owned here, so that aborting this task aborts the connections too.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = Arc::clone(&served);
                let service = service_fn(move |request| {
                    let served = Arc::clone(&served);
                    async move { Ok::<_, Infallible>(served.receive(request).await) }
                });
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            // Too many open files, most likely: a connection that ends gives one back.
            Err(_) => {
                connections.join_next().await;
                tokio::task::yield_now().await;
            }
        }
    }
}

impl Served {
    async fn receive(&self, request: Request<Incoming>) -> http::Response<SdkBody> {
        let (parts, body) = request.into_parts();
        match body.collect().await {
            Ok(body) => self.answer(Request::from_parts(parts, SdkBody::from(body.to_bytes()))).await,
            // Nobody is there any more to read the answer.
            Err(error) => Refusal::internal(format!("the request cannot be read: {error}")).json(),
        }
    }

    async fn answer(&self, request: Request<SdkBody>) -> http::Response<SdkBody> {
        let service = service(&request);
        if service == "states" {
            return callbacks::answer(&self.callbacks, request).await;
        }
        match self.places.get(name(&service)) {
            Some(Place::Aws) => return not_here(&request, &service, "AWS"),
            Some(Place::Endpoint { endpoint_url, .. }) => return not_here(&request, &service, endpoint_url),
            Some(Place::Embedded) | None => {}
        }
        let refusal = Refusal::new("UnknownService", format!("the service {service} is not embedded"));
        let refused = refusal.to(&request);
        self.embedded.answer(name(&service), request).await.unwrap_or(refused)
    }
}

/// The name of a service by what its requests are signed for.
fn name(signed: &str) -> &str {
    if signed == "events" { "eventbridge" } else { signed }
}

fn not_here(request: &Request<SdkBody>, service: &str, place: &str) -> http::Response<SdkBody> {
    let message = format!("the routing file puts {service} at {place}: send the request there");
    Refusal::new("ServiceNotEmbedded", message).to(request)
}

/// What requests of the query protocol say that they are.
const FORM: &str = "application/x-www-form-urlencoded";

/// The service that a request is for, by the name that requests are signed for.
fn service<B>(request: &Request<B>) -> String {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = scope(header(AUTHORIZATION)).map(str::to_owned);
    let presigned = || {
        let mut query = url::form_urlencoded::parse(request.uri().query()?.as_bytes());
        let (_, credential) = query.find(|(name, _)| name == "X-Amz-Credential")?;
        Some(credential.split('/').nth(3)?.to_owned())
    };
    // Also what is presigned in the way of version 2, which only S3 knows.
    let unsigned = || {
        let target = header(http::HeaderName::from_static("x-amz-target"));
        match target.split(['_', '.']).next().unwrap_or_default() {
            "DynamoDB" => "dynamodb",
            "AWSStepFunctions" => "states",
            "AmazonSQS" => "sqs",
            "AWSEvents" => "events",
            "" if request.uri().path() == "/" && header(CONTENT_TYPE).starts_with(FORM) => "sns",
            "" => "s3",
            other => other,
        }
        .to_owned()
    };
    signed.or_else(presigned).unwrap_or_else(unsigned)
}

/// The service of `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/SERVICE/aws4_request, …`.
fn scope(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split([',', ' ']).next()?.rsplit('/').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart() {
        let target = "x-amz-target";
        for (uri, headers, expected) in [
            (
                "/",
                &[(
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=a/b/c/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host",
                )][..],
                "sqs",
            ),
            ("/b/k?X-Amz-Credential=k%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0", &[], "s3"),
            ("/", &[(target, "DynamoDB_20120810.PutItem")], "dynamodb"),
            ("/", &[(target, "AWSStepFunctions.SendTaskSuccess")], "states"),
            ("/", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], "sns"),
            ("/bucket/key", &[], "s3"),
            ("/", &[("authorization", "Basic abc")], "s3"),
            ("/b/k?AWSAccessKeyId=a&Signature=b", &[("content-type", FORM)], "s3"),
        ] {
            let mut request = Request::get(uri);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            assert_eq!(service(&request.body(()).unwrap()), expected, "{uri} {headers:?}");
        }
    }
}
