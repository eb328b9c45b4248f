//! `wasi:http`: the requests of a guest, as far as `network` of its route grants them.

use std::error::Error as _;
use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};
use tokio::time::timeout;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks};

use super::network::Network;
use super::output::Captured;

/// What sends the HTTP requests of components: the client, which is asked for at the first request, or why there is none. It must
/// not follow redirects: those would lead to where the route grants nothing.
pub type HttpClient = Arc<dyn Fn() -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

/// The most bytes of the headers of a request: more than servers take. They are kept outside of the guest's memory.
const HEADERS: usize = 32 * 1024;

/// The most bytes of a body that are kept outside of the guest's memory until they are sent.
const BODY_PIECE: usize = 64 * 1024;

/// What one call has of `wasi:http`.
pub(super) struct Http {
    context: WasiHttpCtx,
    sender: Sender,
}

impl Http {
    /// What is refused, and what goes wrong, is told in `stderr`, too: guests make little of it.
    pub(super) fn new(network: Network, client: HttpClient, stderr: Captured) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(HEADERS);
        Self { context, sender: Sender { network, client, stderr } }
    }

    pub(super) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView { hooks: &mut self.sender, table, ctx: &mut self.context }
    }
}

#[derive(Clone)]
struct Sender {
    network: Network,
    client: HttpClient,
    stderr: Captured,
}

/// Ends when the request has been sent as a whole.
type Sent = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Sender {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Sent,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Sent), Error>> + Send> {
        let (sender, options) = (self.clone(), options.unwrap_or_default());
        Box::new(async move {
            let response = sender.send(request, options).await?;
            Ok((response, Box::new(async { Ok(()) }) as Sent))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_PIECE
    }
}

impl Sender {
    async fn send(
        &self,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<http::Response<WasiBody>, Error> {
        let request = request.map(|body| reqwest::Body::wrap(Outgoing(Mutex::new(body))));
        let request = reqwest::Request::try_from(request).map_err(|_| Error::HttpRequestUriInvalid)?;
        let url = request.url();
        let peer =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        if !self.network.grants(url) {
            self.stderr
                .note(&format!("asl: an HTTP request to {peer} was refused: network of the route does not grant it"));
            return Err(Error::HttpRequestDenied);
        }
        let failed = |why: &dyn std::fmt::Display| {
            self.stderr.note(&format!("asl: an HTTP request to {peer} failed: {why}"));
        };
        let client = (self.client)().map_err(|error| {
            failed(&error);
            Error::InternalError(Some(error.to_string()))
        })?;
        let answered = within(until_answered(options), client.execute(request)).await;
        let answered = answered.inspect_err(|error| failed(&error));
        let (parts, body) = http::Response::<reqwest::Body>::from(answered?).into_parts();
        Ok(http::Response::from_parts(parts, incoming(body, options.between_bytes_timeout)))
    }
}

/// How long an answer may take: the client connects and sends as one.
fn until_answered(options: RequestOptions) -> Option<Duration> {
    let connecting = options.connect_timeout.unwrap_or_default();
    options.first_byte_timeout.map(|answering| connecting.saturating_add(answering))
}

async fn within<T>(limit: Option<Duration>, answer: impl Future<Output = reqwest::Result<T>>) -> Result<T, Error> {
    let answer = pin!(answer);
    let answered = match limit {
        Some(limit) => timeout(limit, answer).await.map_err(|_| Error::ConnectionReadTimeout)?,
        None => answer.await,
    };
    answered.map_err(error_of)
}

fn incoming(body: reqwest::Body, between: Option<Duration>) -> WasiBody {
    let Some(limit) = between else { return body.map_err(error_of).boxed_unsync() };
    let frames = stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout(limit, body.frame()).await {
            Ok(Some(Ok(frame))) => Some((Ok(frame), Some(body))),
            Ok(Some(Err(error))) => Some((Err(error_of(error)), None)),
            Ok(None) => None,
            Err(_) => Some((Err(Error::ConnectionReadTimeout), None)),
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// What guests are told of what went wrong, in the words of `wasi:http`.
fn error_of(error: reqwest::Error) -> Error {
    // It can hold a credential.
    let error = error.without_url();
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        match cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => return Error::ConnectionRefused,
            Some(ErrorKind::TimedOut) => return Error::ConnectionTimeout,
            Some(ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe) => {
                return Error::ConnectionTerminated;
            }
            _ => {}
        }
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    Error::InternalError(Some(text))
}

/// The body of a request. The client wants one that threads can share; only one of them ever has it.
struct Outgoing(Mutex<WasiBody>);

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let body = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
