//! The embedded services over HTTP on loopback, for other processes: an SDK in a Lambda function, the `aws` tool.
//!
//! One port serves all of them. A request is for the service that it is signed for; the signature itself is not checked.

pub(crate) mod error;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use asl_aws::{Clients, Place};
use asl_loopback::{self as loopback, Refused};
use asl_settings::shown;
use aws_smithy_types::body::SdkBody;
use error::EndpointError;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::{AbortHandle, JoinSet};

use crate::callback_api;
use crate::lambda_api;

/// The embedded services cannot be served to other processes.
#[derive(Debug, thiserror::Error)]
#[error("the embedded services cannot be served at {address}: {source}{}", in_use(source))]
pub struct ListenError {
    /// Where they should be.
    pub address: SocketAddr,
    /// Why not.
    pub source: io::Error,
}

fn in_use(error: &io::Error) -> &'static str {
    let is_taken = error.kind() == io::ErrorKind::AddrInUse;
    if is_taken { "\nAnother run may have it: without [endpoint], each run takes a port of its own" } else { "" }
}

/// The server of the embedded services, started when its address is first asked for. It ends with this.
pub(crate) struct LazyEndpoint {
    /// What the routing file says.
    listen: Option<SocketAddr>,
    served: Arc<HttpServices>,
    running: OnceCell<Endpoint>,
}

impl LazyEndpoint {
    /// A server at `listen`, or on a free port where that says nothing.
    pub(crate) fn new(listen: Option<SocketAddr>, clients: Arc<Clients>) -> Self {
        Self { listen, served: Arc::new(HttpServices { clients }), running: OnceCell::new() }
    }

    /// Where other processes on this machine reach the embedded services, such as `http://127.0.0.1:40123`; the first call
    /// starts the server.
    pub(crate) async fn url(&self) -> Result<String, ListenError> {
        let start = || Endpoint::start(self.listen, Arc::clone(&self.served));
        Ok(self.running.get_or_try_init(start).await?.url.clone())
    }

    /// What answers the requests.
    pub(crate) fn services(&self) -> Arc<HttpServices> {
        Arc::clone(&self.served)
    }

    /// Where the routing file says that other processes reach the embedded services.
    pub(crate) fn listens(&self) -> Option<SocketAddr> {
        self.listen
    }
}

/// A running server of the embedded services. Dropping it stops the server and closes its connections.
#[derive(Debug)]
struct Endpoint {
    /// `http://127.0.0.1:port`
    url: String,
    accepting: AbortHandle,
}

/// The most bytes of a request: DynamoDB takes 16 MB, the others less.
const REQUEST_MAX: usize = 16 << 20;

/// What answers requests for the services in this process.
pub struct HttpServices {
    clients: Arc<Clients>,
}

impl Endpoint {
    /// Starts at `listen`, or on a free loopback port.
    async fn start(listen: Option<SocketAddr>, served: Arc<HttpServices>) -> Result<Self, ListenError> {
        let address = listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
        let failed = |source| ListenError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let accepting = tokio::spawn(accept(listener, served)).abort_handle();
        Ok(Self { url, accepting })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, served: Arc<HttpServices>) {
    // Owned here, so that aborting this task aborts the connections too.
    let mut connections = JoinSet::new();
    let server = loopback::server();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = Arc::clone(&served);
                let service = service_fn(move |request| {
                    let served = Arc::clone(&served);
                    async move { Ok::<_, Infallible>(served.receive(request).await) }
                });
                connections.spawn(server.serve_connection(TokioIo::new(stream), service));
            }
            // Too many open files, most likely: a connection that ends gives one back.
            Err(_) => {
                connections.join_next().await;
                tokio::task::yield_now().await;
            }
        }
    }
}

impl HttpServices {
    /// Whether a request is for S3, which takes what names no other service.
    pub fn is_for_s3<B>(request: &Request<B>) -> bool {
        service(request) == "s3"
    }

    /// Answers a request of a program on this machine.
    async fn receive(&self, request: Request<Incoming>) -> http::Response<SdkBody> {
        let host = loopback::host(&request);
        self.answer_to(request, host).await
    }

    /// Answers a request that came under this name, or says why it is refused.
    pub async fn answer_to(
        &self,
        mut request: Request<Incoming>,
        host: Result<String, Refused>,
    ) -> http::Response<SdkBody> {
        let service = service(&request);
        let received = match host {
            // An object is not held in memory: it is written as it arrives.
            Ok(host) if service == "s3" => {
                in_path(&mut request, &host);
                return self.answer(&service, request.map(SdkBody::from_body_1_x)).await;
            }
            received => received.map(drop),
        };
        let (parts, body) = request.into_parts();
        // The headers are needed for the body too.
        let head = Request::from_parts(parts.clone(), ());
        let body = match received {
            Ok(()) => loopback::body(Request::from_parts(parts, body), REQUEST_MAX).await,
            Err(refused) => Err(refused),
        };
        match body {
            Ok(body) => self.answer(&service, head.map(|()| SdkBody::from(body))).await,
            Err(refused) => EndpointError::from(refused).to(&head),
        }
    }

    async fn answer(&self, service: &str, request: Request<SdkBody>) -> http::Response<SdkBody> {
        // The answers to task tokens belong to this process, wherever its state machines start others.
        let is_callback = service == "states" && callback_api::is_callback(&request);
        match self.clients.places().get(name(service)) {
            _ if is_callback => {}
            Some(Place::Aws) => return not_here(&request, service, "AWS"),
            Some(Place::Endpoint { endpoint_url, .. }) => {
                // There may be a password in it.
                let place = url::Url::parse(endpoint_url).map_or_else(|_| String::new(), |url| shown(&url));
                return not_here(&request, service, place.trim_end_matches('/'));
            }
            Some(Place::Embedded) | None => {}
        }
        match self.clients.embedded(name(service)) {
            Some(embedded) => embedded.answer(request).await,
            None => {
                let message = format!("the service {service} is not embedded");
                EndpointError::new("UnknownService", message).to(&request)
            }
        }
    }
}

/// Puts the bucket that stands before `.localhost` into the path, where the embedded S3 looks for it.
fn in_path<B>(request: &mut Request<B>, host: &str) {
    let Some(bucket) = host.strip_suffix(".localhost").filter(|name| *name != "s3") else { return };
    // `images.s3.localhost` as well.
    let bucket = bucket.strip_suffix(".s3").unwrap_or(bucket);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    // It was a path before, and a host has no characters that no path has.
    if let Ok(uri) = format!("/{bucket}{path}").parse() {
        *request.uri_mut() = uri;
    }
}

/// The name of a service by what its requests are signed for.
fn name(signed: &str) -> &str {
    match signed {
        "events" => "eventbridge",
        "states" => "sfn",
        signed => signed,
    }
}

fn not_here(request: &Request<SdkBody>, service: &str, place: &str) -> http::Response<SdkBody> {
    let message = format!("the routing file puts {service} at {place}: send the request there");
    EndpointError::new("ServiceNotEmbedded", message).to(request)
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
            "" if request.uri().path().starts_with(lambda_api::FUNCTIONS) => "lambda",
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
    fn a_bucket_before_the_host_goes_into_the_path() {
        for (host, uri, expected) in [
            ("images.localhost", "/a/b?x=1", "/images/a/b?x=1"),
            ("images.localhost", "/", "/images/"),
            ("my.images.s3.localhost", "/a", "/my.images/a"),
            ("s3.localhost", "/images/a", "/images/a"),
            ("localhost", "/images/a", "/images/a"),
            ("images.localhost", "http://images.localhost:1/a", "/images/a"),
        ] {
            let mut request = Request::get(uri).body(()).unwrap();
            in_path(&mut request, host);
            assert_eq!(request.uri().to_string(), expected, "{host} {uri}");
        }
    }

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
            ("/2015-03-31/functions/f/invocations", &[], "lambda"),
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
