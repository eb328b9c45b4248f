//! A blocking HTTP client for what a test asks a server itself.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends a request to an `http://host:port/…` URL and returns the whole answer, whatever its status.
pub(crate) fn send(method: Method, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    try_send(method, url, headers, body).expect("a whole answer")
}

/// As [`send`], to a server that may have gone: then there is no answer.
pub(crate) fn try_send(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Option<Response<Bytes>> {
    let uri: Uri = url.parse().expect("a URL");
    let authority = uri.authority().expect("a URL with a host").as_str().to_owned();
    let mut request = Request::builder().method(method).header("host", &authority);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.uri(uri.path_and_query().map_or("/", |path| path.as_str())).body(Full::new(body.into()));
    let exchange = async {
        let stream = TcpStream::connect(&authority).await.ok()?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let answer = sender.send_request(request.expect("a valid request")).await.ok()?;
        let (head, body) = answer.into_parts();
        Some(Response::from_parts(head, body.collect().await.ok()?.to_bytes()))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    runtime.block_on(exchange)
}

/// Gets a URL.
pub(crate) fn get(url: &str) -> Response<Bytes> {
    send(Method::GET, url, &[], "")
}
