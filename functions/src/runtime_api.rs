//! The Lambda Runtime API: how one process gets its invocations and gives its answers.
//!
//! Each process has a server of its own on loopback, whose address it finds in `AWS_LAMBDA_RUNTIME_API`.
//! AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::Value;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

use asl_loopback::{self as loopback, Refused};

use super::extensions::{self, About, Extensions};

/// What the API answers.
pub(super) type Answer = Response<Full<Bytes>>;

/// The most bytes that a function may answer: 6 MB and some room for what Lambda puts around it.
pub(super) const MAX_RESPONSE: u64 = 6_291_556;

/// What every path starts with.
const VERSION: &str = "/2018-06-01/runtime/";

const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";

/// The type of an error: a header of one, or a trailer of a stream that fails.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// The error that ends a stream, in base64: a trailer of it.
const ERROR_BODY: &str = "lambda-runtime-function-error-body";

/// What Lambda calls an answer that is no error.
const RESPONSE: &str = "InvocationResponse";

/// One call of a function.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    /// Names the call: a UUID.
    pub(super) request_id: Arc<str>,
    /// The ARN that was called.
    pub(super) arn: Arc<str>,
    /// The input, JSON.
    pub(super) payload: Bytes,
    /// When the function has to have answered, in milliseconds since 1970.
    pub(super) deadline_ms: u128,
    /// What a caller of the Lambda API tells the function beside the input: JSON.
    pub(super) client_context: Option<Arc<str>>,
}

/// What a function gave.
#[derive(Debug)]
pub(super) enum InvocationAnswer {
    /// Its result, hopefully JSON.
    Response(Bytes),
    /// A result with more than [`MAX_RESPONSE`] bytes: this many.
    TooLarge(u64),
    /// Its error, hopefully JSON with `errorType` and `errorMessage`.
    Error(Bytes),
}

/// What a process does, as far as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// It has not asked for an invocation yet.
    Starts,
    /// It waits for an invocation.
    Waits,
    /// It has one.
    Works,
    /// It could not start, and said why: JSON.
    InitFailed(Bytes),
}

/// The server of one process; dropping it closes its connections.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    invocations: mpsc::UnboundedSender<(Invocation, oneshot::Sender<InvocationAnswer>)>,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    phase: watch::Sender<Phase>,
    connections: watch::Sender<usize>,
    invocations: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Invocation, oneshot::Sender<InvocationAnswer>)>>,
    /// The invocation that the process works on.
    current: Mutex<Option<(Arc<str>, oneshot::Sender<InvocationAnswer>)>>,
    /// The invocation that was answered last.
    answered: Mutex<Option<Arc<str>>>,
    extensions: Extensions,
    /// Told when an invocation begins and ends.
    on_invocation: Box<dyn OnInvocation>,
}

/// What is told of each invocation that is handed over.
pub(super) trait OnInvocation: Send + Sync + std::fmt::Debug {
    /// `request_id` comes next.
    fn begins(&self, request_id: &Arc<str>);

    /// The invocation is answered, of which nobody knows yet.
    fn ends(&self);
}

impl RuntimeApi {
    /// Starts on a free loopback port, for a process of the function that is `about`.
    pub(super) async fn start(about: About, on_invocation: impl OnInvocation + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (invocations, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            phase: watch::Sender::new(Phase::Starts),
            connections: watch::Sender::new(0),
            invocations: tokio::sync::Mutex::new(receiver),
            current: Mutex::new(None),
            answered: Mutex::new(None),
            extensions: Extensions::new(about),
            on_invocation: Box::new(on_invocation),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self { address, shared, invocations, accepting })
    }

    /// `127.0.0.1:port`
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the process does, now and from now on.
    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.shared.phase.subscribe()
    }

    /// Hands an invocation to the process when it next asks for one. Nothing comes of it when the process goes away.
    pub(super) fn invoke(&self, invocation: Invocation) -> oneshot::Receiver<InvocationAnswer> {
        let (sender, answer) = oneshot::channel();
        // The receiver lives as long as this.
        let _ = self.invocations.send((invocation, sender));
        answer
    }

    /// Whether the process has got this invocation and has not answered it.
    pub(super) fn works_on(&self, request_id: &str) -> bool {
        let current = self.shared.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().is_some_and(|(id, _)| &**id == request_id)
    }

    /// Waits until there is no connection: what a process that has ended had sent is read by then.
    pub(super) async fn settled(&self) {
        // The sender is in `self`.
        let _ = self.shared.connections.subscribe().wait_for(|connections| *connections == 0).await;
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Owned here, so that aborting this task aborts the connections too.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.connections.send_modify(|connections| *connections += 1);
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                // Too many open files, most likely: a connection that ends gives one back.
                Err(_) => {
                    if connections.join_next().await.is_some() {
                        shared.connections.send_modify(|connections| *connections -= 1);
                    }
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => shared.connections.send_modify(|connections| *connections -= 1),
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // An answer is not held back until there is more to send.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    // What goes wrong with a connection is seen in the process: it ends, or it does not answer.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if let Err(Refused(status, message)) = loopback::host(&request) {
            return refused(status, "InvalidRequest", message);
        }
        let path = request.uri().path().to_owned();
        if let Some(operation) = path.strip_prefix(extensions::VERSION) {
            return self.extension(operation, request).await;
        }
        let Some(operation) = path.strip_prefix(VERSION) else { return not_found(&path) };
        let parts: Vec<&str> = operation.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.response(id, request).await,
            (&Method::POST, ["invocation", id, "error"]) => match error(request).await {
                Ok(answer) => self.ended(id, "InvocationErrorResponse", answer),
                Err(response) => response,
            },
            (&Method::POST, ["init", "error"]) => match error(request).await {
                Ok(answer) => {
                    let error = if let InvocationAnswer::Error(error) = answer { error } else { Bytes::new() };
                    self.phase.send_replace(Phase::InitFailed(error));
                    accepted()
                }
                Err(response) => response,
            },
            _ => not_found(&path),
        }
    }

    async fn extension(&self, operation: &str, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        match (&head.method, operation) {
            (&Method::POST, "register") => match read(body).await {
                Ok(read) => self.extensions.register(&head.headers, &read.bytes.unwrap_or_default()),
                Err(response) => response,
            },
            (&Method::GET, "event/next") => self.extensions.next(&head.headers).await,
            (&Method::POST, "init/error" | "exit/error") => self.extensions.failed(&head.headers),
            _ => not_found(head.uri.path()),
        }
    }

    /// Waits for an invocation. When the process hangs up meanwhile, none is lost.
    async fn next(&self) -> Answer {
        let mut invocations = self.invocations.lock().await;
        if matches!(*self.phase.borrow(), Phase::InitFailed(_)) {
            return refused(StatusCode::FORBIDDEN, "InvalidStateTransition", "The init failed".to_owned());
        }
        self.phase.send_replace(Phase::Waits);
        let Some((invocation, answer)) = invocations.recv().await else {
            return refused(StatusCode::GONE, "ServiceShutdown", "No more invocations".to_owned());
        };
        self.on_invocation.begins(&invocation.request_id);
        self.phase.send_replace(Phase::Works);
        let id = Arc::clone(&invocation.request_id);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((id, answer));
        let trace_id = uuid::Uuid::new_v4().simple().to_string();
        // The first part is the second of the start; nothing is traced here.
        let trace = format!("Root=1-{}-{};Sampled=0", &trace_id[..8], &trace_id[8..]);
        self.extensions.invoked(&invocation, &trace);
        event(&invocation, &trace)
    }

    async fn response(&self, id: &str, request: Request<Incoming>) -> Answer {
        let streams = request.headers().get(RESPONSE_MODE).is_some_and(|mode| mode.as_bytes() == b"streaming");
        let Read { bytes, length, trailers } = match read(request.into_body()).await {
            Ok(read) => read,
            Err(response) => return response,
        };
        // What a stream has brought before it failed is lost for who does not take it piece by piece.
        if let Some(failed) = trailers.filter(|_| streams).and_then(|trailers| stream_error(&trailers)) {
            return self.ended(id, RESPONSE, InvocationAnswer::Error(failed));
        }
        let Some(response) = bytes else {
            let answered = self.ended(id, RESPONSE, InvocationAnswer::TooLarge(length));
            if answered.status() != StatusCode::ACCEPTED {
                return answered;
            }
            let message = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).");
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message);
        };
        self.ended(id, RESPONSE, InvocationAnswer::Response(response))
    }

    /// Hands on what came of an invocation; `how` it came is what a second answer is told.
    fn ended(&self, id: &str, how: &str, answer: InvocationAnswer) -> Answer {
        let current = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            current.take_if(|(current, _)| &**current == id)
        };
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        match current {
            Some((id, sender)) => {
                *answered = Some(id);
                self.on_invocation.ends();
                // Whoever asked may have given up: then the process is ended.
                let _ = sender.send(answer);
                accepted()
            }
            None if answered.as_deref() == Some(id) => {
                let message = format!(
                    "State transition from Ready to {how} failed for runtime. Error: State transition is not allowed"
                );
                refused(StatusCode::FORBIDDEN, "InvalidStateTransition", message)
            }
            None => refused(StatusCode::BAD_REQUEST, "InvalidRequestID", format!("Invalid request ID: {id}")),
        }
    }
}

/// What an error says that has come with its type as a header, and what it says without a body.
async fn error(request: Request<Incoming>) -> Result<InvocationAnswer, Answer> {
    let (head, body) = request.into_parts();
    let Read { bytes, length, .. } = read(body).await?;
    Ok(match bytes {
        Some(bytes) if bytes.is_empty() => InvocationAnswer::Error(unknown_error(&head.headers)),
        Some(bytes) => InvocationAnswer::Error(bytes),
        None => InvocationAnswer::TooLarge(length),
    })
}

/// An error of which nothing is known but its type, where that is told.
fn unknown_error(headers: &HeaderMap) -> Bytes {
    let error_type = headers.get(ERROR_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let message = ("errorMessage", Value::from("Unknown application error occurred"));
    let error_type = error_type.map(|error_type| ("errorType", Value::from(error_type)));
    [Some(message), error_type].into_iter().flatten().collect::<Value>().to_string().into()
}

/// The error that ended a stream.
fn stream_error(trailers: &HeaderMap) -> Option<Bytes> {
    let body = trailers.get(ERROR_BODY).and_then(|body| BASE64_STANDARD.decode(body).ok()).unwrap_or_default();
    match trailers.contains_key(ERROR_TYPE) {
        true if body.is_empty() => Some(unknown_error(trailers)),
        false if body.is_empty() => None,
        _ => Some(body.into()),
    }
}

/// A body that was read to its end.
struct Read {
    /// The body, unless it is too long.
    bytes: Option<Bytes>,
    length: u64,
    trailers: Option<HeaderMap>,
}

/// Reads a body to its end, so that the process gets an answer also where it is too long.
async fn read(mut body: Incoming) -> Result<Read, Answer> {
    let mut bytes = BytesMut::new();
    let mut length = 0_u64;
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(refused(StatusCode::BAD_REQUEST, "InvalidRequest", "the body ends too early".to_owned()));
        };
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                trailers = frame.into_trailers().ok();
                continue;
            }
        };
        length += data.len() as u64;
        if length <= MAX_RESPONSE {
            bytes.extend_from_slice(&data);
        } else {
            bytes = BytesMut::new();
        }
    }
    Ok(Read { bytes: (length <= MAX_RESPONSE).then(|| bytes.freeze()), length, trailers })
}

fn event(invocation: &Invocation, trace: &str) -> Answer {
    let mut response = json(StatusCode::OK, invocation.payload.clone());
    let mut set = |name: &'static str, value: &str| {
        // What cannot stand in a header was no ARN and no JSON.
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set("lambda-runtime-aws-request-id", &invocation.request_id);
    set("lambda-runtime-deadline-ms", &invocation.deadline_ms.to_string());
    set("lambda-runtime-invoked-function-arn", &invocation.arn);
    set("lambda-runtime-trace-id", trace);
    if let Some(client_context) = &invocation.client_context {
        set("lambda-runtime-client-context", client_context);
    }
    response
}

pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn accepted() -> Answer {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n")
}

pub(super) fn refused(status: StatusCode, error_type: &str, message: String) -> Answer {
    json(status, super::errors::body(error_type, &message))
}

fn not_found(path: &str) -> Answer {
    refused(StatusCode::NOT_FOUND, "NotFound", format!("the Lambda Runtime API has no {path}"))
}

#[cfg(test)]
mod tests;
