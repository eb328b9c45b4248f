//! A blocking HTTP client for what a test asks a server itself.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends a request to an `http://host:port/…` URL and returns the whole answer, whatever its status.
pub(crate) fn send(method: Method, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let uri: Uri = url.parse().expect("a URL");
    let authority = uri.authority().expect("a URL with a host").as_str().to_owned();
    let mut request = Request::builder().method(method).header("host", &authority);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.uri(uri.path_and_query().map_or("/", |path| path.as_str())).body(Full::new(body.into()));
    let exchange = async {
        let stream = TcpStream::connect(&authority).await.expect("the server accepts connections");
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.expect("an HTTP connection");
        tokio::spawn(connection);
        let answer = sender.send_request(request.expect("a valid request")).await.expect("an answer");
        let (head, body) = answer.into_parts();
        Response::from_parts(head, body.collect().await.expect("a whole body").to_bytes())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    runtime.block_on(exchange)
}

/// Gets a URL.
pub(crate) fn get(url: &str) -> Response<Bytes> {
    send(Method::GET, url, &[], "")
}
