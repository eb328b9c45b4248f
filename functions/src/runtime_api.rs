//! The Lambda Runtime API: how one process gets its invocations and gives its answers.
//!
//! Each process has a server of its own on loopback, whose address it finds in `AWS_LAMBDA_RUNTIME_API`.
//! AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

use asl_loopback::{self as loopback, Refused};

/// The most bytes that a function may answer: 6 MB and some room for what Lambda puts around it.
pub(super) const MAX_RESPONSE: u64 = 6_291_556;

/// What every path starts with.
const VERSION: &str = "/2018-06-01/runtime/";

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
    /// Starts on a free loopback port.
    pub(super) async fn start(on_invocation: impl OnInvocation + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (invocations, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            phase: watch::Sender::new(Phase::Starts),
            connections: watch::Sender::new(0),
            invocations: tokio::sync::Mutex::new(receiver),
            current: Mutex::new(None),
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
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if let Err(Refused(status, message)) = loopback::host(&request) {
            return refused(status, "InvalidRequest", message);
        }
        let path = request.uri().path().to_owned();
        let Some(operation) = path.strip_prefix(VERSION) else { return not_found(&path) };
        let parts: Vec<&str> = operation.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.response(id, request.into_body()).await,
            (&Method::POST, ["invocation", id, "error"]) => match read(request.into_body()).await {
                Ok(Ok(error)) => self.ended(id, InvocationAnswer::Error(error)),
                Ok(Err(size)) => self.ended(id, InvocationAnswer::TooLarge(size)),
                Err(response) => response,
            },
            (&Method::POST, ["init", "error"]) => match read(request.into_body()).await {
                Ok(error) => {
                    self.phase.send_replace(Phase::InitFailed(error.unwrap_or_default()));
                    accepted()
                }
                Err(response) => response,
            },
            _ => not_found(&path),
        }
    }

    /// Waits for an invocation. When the process hangs up meanwhile, none is lost.
    async fn next(&self) -> Response<Full<Bytes>> {
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
        event(&invocation)
    }

    async fn response(&self, id: &str, body: Incoming) -> Response<Full<Bytes>> {
        match read(body).await {
            Ok(Ok(response)) => self.ended(id, InvocationAnswer::Response(response)),
            Ok(Err(size)) => {
                let answered = self.ended(id, InvocationAnswer::TooLarge(size));
                if answered.status() != StatusCode::ACCEPTED {
                    return answered;
                }
                let message = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).");
                refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
            }
            Err(response) => response,
        }
    }

    fn ended(&self, id: &str, answer: InvocationAnswer) -> Response<Full<Bytes>> {
        let current = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            current.take_if(|(current, _)| &**current == id)
        };
        match current {
            Some((_, sender)) => {
                self.on_invocation.ends();
                // Whoever asked may have given up: then the process is ended.
                let _ = sender.send(answer);
                accepted()
            }
            None => refused(StatusCode::BAD_REQUEST, "InvalidRequestID", format!("Invalid request ID: {id}")),
        }
    }
}

/// The body, or its length where it is too long: that is read to its end, so that the process gets an answer.
async fn read(mut body: Incoming) -> Result<Result<Bytes, u64>, Response<Full<Bytes>>> {
    let mut bytes = BytesMut::new();
    let mut length = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(refused(StatusCode::BAD_REQUEST, "InvalidRequest", "the body ends too early".to_owned()));
        };
        let Ok(data) = frame.into_data() else { continue };
        length += data.len() as u64;
        if length <= MAX_RESPONSE {
            bytes.extend_from_slice(&data);
        } else {
            bytes = BytesMut::new();
        }
    }
    Ok(if length <= MAX_RESPONSE { Ok(bytes.freeze()) } else { Err(length) })
}

fn event(invocation: &Invocation) -> Response<Full<Bytes>> {
    let mut response = json(StatusCode::OK, invocation.payload.clone());
    let trace_id = uuid::Uuid::new_v4().simple().to_string();
    // The first part is the second of the start; nothing is traced here.
    let trace = format!("Root=1-{}-{};Sampled=0", &trace_id[..8], &trace_id[8..]);
    let mut set = |name: &'static str, value: &str| {
        // What cannot stand in a header was no ARN and no JSON.
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set("lambda-runtime-aws-request-id", &invocation.request_id);
    set("lambda-runtime-deadline-ms", &invocation.deadline_ms.to_string());
    set("lambda-runtime-invoked-function-arn", &invocation.arn);
    set("lambda-runtime-trace-id", &trace);
    if let Some(client_context) = &invocation.client_context {
        set("lambda-runtime-client-context", client_context);
    }
    response
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn accepted() -> Response<Full<Bytes>> {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n")
}

fn refused(status: StatusCode, error_type: &str, message: String) -> Response<Full<Bytes>> {
    json(status, super::errors::body(error_type, &message))
}

fn not_found(path: &str) -> Response<Full<Bytes>> {
    refused(StatusCode::NOT_FOUND, "NotFound", format!("the Lambda Runtime API has no {path}"))
}
