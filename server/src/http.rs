//! The requests that reach the server: which of them it takes, and who answers them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use asl_aws::{InProcess, Service, Style};
use asl_loopback::{self as loopback, Refused};
use asl_tasks::{Calls, HttpServices, RequestPart, Starts, Trigger, is_bucket};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::api::error::ApiError;
use crate::console;
use crate::cors;
use crate::metrics;
use crate::proxy::message;
use crate::server::Shared;
use crate::triggers;

/// The most bytes of a request of the API: a definition has 1 MiB, whose JSON text may be six times as long.
pub(crate) const REQUEST_MAX: usize = 8 << 20;

/// How long the beginning of a connection over TLS may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// How long nobody is let in after nobody could be.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// How many connections are open at a time; more wait until one is closed.
const CONNECTIONS: usize = 10_000;

/// What requests of the API name: `AWSStepFunctions.StartExecution`.
const TARGET: &str = "AWSStepFunctions.";

/// Who may send requests.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// Whether requests of other machines come in at all.
    pub(crate) is_loopback: bool,
    /// What requests have to show.
    pub(crate) token: Option<Arc<str>>,
}

impl Guard {
    /// The name under which the server is asked, or why the request is refused.
    fn host(&self, request: &Request<Incoming>) -> Result<String, Refused> {
        let host = self.asked_host(request)?;
        self.check_token(request).map(|()| host)
    }

    fn check_token(&self, request: &Request<Incoming>) -> Result<(), Refused> {
        match &self.token {
            Some(token) if !shows(request, token) => {
                Err(Refused(StatusCode::FORBIDDEN, "the access token of this server is missing or wrong".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The same for what a page of another site may ask.
    fn host_of_page(&self, request: &Request<Incoming>) -> Result<String, Refused> {
        let host = self.asked_of_page(request)?;
        self.check_token(request).map(|()| host)
    }

    /// The same for what a page of another site may ask before it shows anything.
    fn asked_of_page(&self, request: &Request<Incoming>) -> Result<String, Refused> {
        if self.is_loopback { loopback::named_host(request) } else { Ok(String::new()) }
    }

    /// The same for what shows nothing of anybody: the files of the console.
    fn asked_host(&self, request: &Request<Incoming>) -> Result<String, Refused> {
        match self.is_loopback {
            true => loopback::host(request),
            false => loopback::check_origin(request).map(|()| String::new()),
        }
    }
}

/// Whether a request shows the token: as `Authorization: Bearer TOKEN`, or as the access key of an AWS client.
fn shows(request: &Request<Incoming>, token: &str) -> bool {
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bearer = authorization.strip_prefix("Bearer ").map(str::trim);
    let key = authorization.split_once("Credential=").and_then(|(_, credential)| credential.split('/').next());
    [bearer, key].into_iter().flatten().any(|shown| is_equal(shown.as_bytes(), token.as_bytes()))
}

/// Compares in a time that does not tell how much of it is right.
fn is_equal(shown: &[u8], token: &[u8]) -> bool {
    shown.len() == token.len() && shown.iter().zip(token).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Takes connections until it is told to stop, and serves them until it is dropped.
pub(crate) async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stopping: Arc<Notify>,
) {
    // Owned here, so that dropping this closes the connections, too.
    let mut connections = JoinSet::new();
    let server = loopback::server();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.notified() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                // Small answers are not held back.
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(shared.answer(request).await) }
                });
                match tls.clone() {
                    None => _ = connections.spawn(server.serve_connection(TokioIo::new(stream), service)),
                    Some(tls) => {
                        let server = server.clone();
                        connections.spawn(async move {
                            // Who says nothing holds nobody up.
                            match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
                                Ok(Ok(stream)) => server.serve_connection(TokioIo::new(stream), service).await,
                                Ok(Err(_)) | Err(_) => Ok(()),
                            }
                        });
                    }
                }
            }
            // Too many open files, most likely: a connection that ends gives one back.
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
    }
    // Nobody connects any more.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Counts requests that are being answered.
struct Answering<'a>(&'a AtomicUsize);

impl<'a> Answering<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    async fn answer(self: &Arc<Self>, request: Request<Incoming>) -> Response<SdkBody> {
        let _answering = Answering::new(&self.answering);
        if self.is_stopping.load(Ordering::Relaxed) {
            return ApiError::unavailable("the server ends").response();
        }
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_api = header("x-amz-target").starts_with(TARGET);
        let is_signed = header("authorization").starts_with("AWS");
        let is_signed = is_signed || request.uri().query().is_some_and(|query| query.contains("X-Amz-Credential="));
        let path = request.uri().path();
        if request.method() == Method::GET && path == "/health" {
            return self.health();
        }
        let host = self.guard.host(&request);
        if is_api {
            return match host {
                Ok(_) => self.answer_api(request).await,
                Err(refused) => refusal(refused),
            };
        }
        let is_plain = !is_signed && header("x-amz-target").is_empty();
        // What an AWS client signs, or names an operation for, is for a service.
        let triggers = if is_plain { self.triggers() } else { Vec::new() };
        // The console and the figures are no API's: no page of another site asks them, whatever a route for all paths fits.
        let is_own = path.starts_with(console::PREFIX) || path == "/metrics";
        let preflight = cors::preflight(&request).filter(|_| is_plain && !is_own);
        let trigger = triggers::of_request(&triggers, preflight.as_ref().unwrap_or(request.method()), path);
        let api = trigger.as_ref().and_then(|(trigger, _)| self.apis.get(trigger.api.as_ref()?));
        let origin = cors::allowed_origin(api, &request);
        if let (Some(_), Some(cors)) = (&preflight, api.and_then(|api| api.cors.as_ref())) {
            return match self.guard.asked_of_page(&request) {
                Ok(_) => cors::answer(cors, origin),
                Err(refused) => refusal(refused),
            };
        }
        let trigger = match preflight {
            Some(_) => triggers::of_request(&triggers, request.method(), path),
            None => trigger,
        };
        // Its files hold nothing of anybody.
        if is_plain && console::is_file_asked(&request, trigger.as_ref().map(|(trigger, _)| *trigger)) {
            return match self.guard.asked_host(&request) {
                Ok(_) => console::file(path, request.headers()),
                Err(refused) => refusal(refused),
            };
        }
        if is_plain && path.starts_with(console::PREFIX) {
            return match host {
                Ok(_) => self.answer_console(request).await,
                Err(refused) => refusal(refused),
            };
        }
        if is_plain && request.method() == Method::GET && path == "/metrics" {
            return match host {
                Ok(_) => text(StatusCode::OK, "text/plain; version=0.0.4", metrics::text(self)),
                Err(refused) => refusal(refused),
            };
        }
        if let Some((trigger, parameters)) = trigger {
            let host = if origin.is_some() && !is_own { self.guard.host_of_page(&request) } else { host };
            let mut answer = match (host, &trigger.calls) {
                (Ok(_), Calls::Function(function)) => {
                    self.proxied(function, trigger, parameters, request).await.unwrap_or_else(refusal)
                }
                (Ok(_), Calls::StateMachine(machine)) => self.triggered(machine, trigger, &parameters, request).await,
                // Neither has an API before it.
                (Ok(_), Calls::Queue(_) | Calls::Topic(_)) => refusal(Refused(StatusCode::NOT_FOUND, String::new())),
                (Err(refused), _) => refusal(refused),
            };
            cors::allow(api, origin, answer.headers_mut());
            return answer;
        }
        if is_plain && host.is_ok() && self.is_for_api(&request).await {
            return self.no_route();
        }
        self.services.answer_to(request, host).await
    }

    /// Whether a request that no service is named in is for an API, and not for a bucket.
    async fn is_for_api(&self, request: &Request<Incoming>) -> bool {
        if self.apis.is_empty() || !HttpServices::is_for_s3(request) {
            return false;
        }
        let bucket = request.uri().path().split('/').nth(1).unwrap_or_default();
        let (Ok(s3), true) = (Service::find("s3"), is_bucket(bucket)) else { return true };
        let Ok(head) = s3.operation("headBucket") else { return true };
        let asked = asl_engine::Value::from([("Bucket", bucket.into())]);
        self.router.clients().call(s3, head, &asked, Style::Optimized).await.is_err()
    }

    /// What API Gateway answers where it has no route.
    fn no_route(&self) -> Response<SdkBody> {
        match self.apis.values().all(|api| api.is_rest) {
            true => message(StatusCode::FORBIDDEN, "Missing Authentication Token"),
            false => message(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    fn health(&self) -> Response<SdkBody> {
        match self.journal.trouble() {
            None => text(StatusCode::OK, "application/json", r#"{"status":"ok"}"#.to_owned()),
            Some(trouble) => {
                let body = asl_engine::Value::from([("status", "failing".into()), ("journal", trouble.into())]);
                text(StatusCode::SERVICE_UNAVAILABLE, "application/json", body.to_string())
            }
        }
    }

    async fn answer_api(&self, request: Request<Incoming>) -> Response<SdkBody> {
        let (parts, body) = request.into_parts();
        let head = Request::from_parts(parts.clone(), ());
        match loopback::body(Request::from_parts(parts, body), REQUEST_MAX).await {
            Ok(body) => self.api.answer(head.map(|()| SdkBody::from(body))).await,
            Err(refused) => refusal(refused),
        }
    }

    /// Starts an execution with the body of a request, or with an object of its parts.
    async fn triggered(
        &self,
        machine: &str,
        trigger: &Trigger,
        parameters: &[(String, String)],
        request: Request<Incoming>,
    ) -> Response<SdkBody> {
        let (head, body) = request.into_parts();
        let asked = Request::from_parts(head.clone(), body);
        let body = match loopback::body(asked, REQUEST_MAX).await {
            Ok(body) => body,
            Err(refused) => return refusal(refused),
        };
        let Ok(input) = std::str::from_utf8(&body) else {
            return ApiError::new("InvalidExecutionInput", "the body of the request is not UTF-8").response();
        };
        let operation = if trigger.is_sync { "StartSyncExecution" } else { "StartExecution" };
        let input = if input.is_empty() { "{}" } else { input };
        let (parts, answers_output) = match &trigger.starts {
            Starts::Http { parts, answers_output, .. } => (parts.as_slice(), *answers_output),
            _ => (&[] as &[_], false),
        };
        let input = match parts {
            [] => input.to_owned(),
            parts => with_parts(parts, input, &head, parameters),
        };
        let arn = self.machine_arn(machine);
        let parameters = asl_engine::Value::from([("stateMachineArn", arn.into()), ("input", input.into())]);
        let asked = Request::post("/").header("x-amz-target", format!("{TARGET}{operation}"));
        match asked.body(SdkBody::from(parameters.to_string())) {
            Ok(asked) => {
                let answer = self.api.answer(asked).await;
                if answers_output { output_of(answer) } else { answer }
            }
            Err(error) => ApiError::fault("InternalFailure", error.to_string()).response(),
        }
    }
}

/// An input with the parts of a request as its members: the text of the body, and of the others an object with a text for each name.
fn with_parts(parts: &[RequestPart], body: &str, head: &http::request::Parts, path: &[(String, String)]) -> String {
    let texts = |pairs: Vec<(String, String)>| -> String {
        let members = pairs.into_iter().map(|(name, value)| (name, serde_json::Value::String(value)));
        serde_json::Value::Object(members.collect()).to_string()
    };
    let members = parts.iter().map(|part| match part {
        RequestPart::Body => format!("\"body\":{body}"),
        RequestPart::Path => format!("\"path\":{}", texts(path.to_vec())),
        RequestPart::Querystring => {
            let query = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
            format!("\"querystring\":{}", texts(query.into_owned().collect()))
        }
        RequestPart::Header => {
            let headers = head.headers.iter();
            let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
            let headers = headers.filter_map(|(name, value)| Some((name.to_string(), text(value)?)));
            format!("\"header\":{}", texts(headers.collect()))
        }
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// The output of an execution in the place of the execution, or its error with the status 500.
fn output_of(answer: Response<SdkBody>) -> Response<SdkBody> {
    let told = answer.body().bytes().and_then(|body| serde_json::from_slice::<serde_json::Value>(body).ok());
    let Some(told) = told.filter(|_| answer.status().is_success()) else { return answer };
    match &told["status"] {
        serde_json::Value::String(status) if status == "SUCCEEDED" => {
            text(StatusCode::OK, "application/json", told["output"].as_str().unwrap_or_default().to_owned())
        }
        _ => {
            let told = serde_json::json!({ "error": told["error"], "cause": told["cause"] });
            text(StatusCode::INTERNAL_SERVER_ERROR, "application/json", told.to_string())
        }
    }
}

fn refusal(Refused(status, message): Refused) -> Response<SdkBody> {
    let code = match status {
        StatusCode::FORBIDDEN => "AccessDeniedException",
        StatusCode::PAYLOAD_TOO_LARGE => "RequestEntityTooLarge",
        StatusCode::REQUEST_TIMEOUT => "RequestTimeout",
        _ => "SerializationException",
    };
    let mut response = ApiError::new(code, message).response();
    *response.status_mut() = status;
    response
}

pub(crate) fn text(status: StatusCode, content_type: &'static str, body: String) -> Response<SdkBody> {
    let mut response = Response::new(SdkBody::from(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

/// Where the server is reached.
pub(crate) fn url(address: SocketAddr, is_tls: bool) -> String {
    // What listens everywhere is reached here.
    let shown = match address.ip() {
        ip if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        _ => address,
    };
    format!("{}://{shown}", if is_tls { "https" } else { "http" })
}
