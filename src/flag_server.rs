//! Serves the bundled flag images on loopback, so that `asl demo` has something real to download without a network.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use include_dir::{Dir, include_dir};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

static FLAGS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/definitions/download-images/flags");

/// Where the images lie on the server, as on the site that the workflow's inputs name.
const PREFIX: &str = "/data/flags";

/// A running server of the bundled flags. Dropping it stops the server and closes its connections.
#[derive(Debug)]
pub(crate) struct FlagServer {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl FlagServer {
    /// Starts on a free loopback port; must be called within a tokio runtime.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener)).abort_handle();
        Ok(Self { address, accepting })
    }

    /// The `baseUrl` of the workflow's input: what an image's path (`de/de.gif`) is appended to, behind a slash.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}{PREFIX}", self.address)
    }
}

impl Drop for FlagServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener) {
    // Owned here, so that aborting this task aborts the connections too.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let service = service_fn(|request| ready(Ok::<_, Infallible>(answer(&request))));
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

fn answer(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are served here\n".to_owned());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match image(path) {
        Some(bytes) => respond(StatusCode::OK, "image/gif", Bytes::from_static(bytes)),
        None => text(StatusCode::NOT_FOUND, format!("there is no flag at {path}\n")),
    }
}

fn image(path: &str) -> Option<&'static [u8]> {
    let name = path.strip_prefix(PREFIX)?.strip_prefix('/')?;
    FLAGS.get_file(name).map(include_dir::File::contents)
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", Bytes::from(body))
}

fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Empty};
    use hyper::client::conn::http1::{SendRequest, handshake};
    use tokio::net::TcpStream;

    use super::*;

    /// The paths that the workflow's own input asks for.
    fn success_paths() -> Vec<String> {
        let input = include_str!("../definitions/download-images/success.input.json");
        let input: serde_json::Value = serde_json::from_str(input).expect("the input is JSON");
        let paths = input["resourcePaths"].as_array().expect("resourcePaths is a list");
        paths.iter().map(|path| path.as_str().expect("a path is a string").to_owned()).collect()
    }

    type Connection = SendRequest<Empty<Bytes>>;

    async fn connect(server: &FlagServer) -> io::Result<Connection> {
        let stream = TcpStream::connect(server.address).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn send(connection: &mut Connection, method: Method, path: &str) -> hyper::Result<Response<Bytes>> {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let (head, body) = connection.send_request(request.body(Empty::new()).unwrap()).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }

    #[tokio::test]
    async fn serves_every_image_of_the_success_input() {
        let server = FlagServer::start().await.unwrap();
        assert_eq!(server.base_url(), format!("http://127.0.0.1:{}/data/flags", server.address.port()));
        let mut connection = connect(&server).await.unwrap();
        let paths = success_paths();
        assert_eq!(paths.len(), 100);
        for path in paths {
            let response = send(&mut connection, Method::GET, &format!("/data/flags/{path}")).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()["content-type"], "image/gif");
            let bytes = response.into_body();
            assert!(bytes.starts_with(b"GIF89a") && bytes.len() < 400, "{path}: {} bytes", bytes.len());
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        let server = FlagServer::start().await.unwrap();
        let mut connection = connect(&server).await.unwrap();
        for path in [
            "/",
            "/data/flags",
            "/data/flags/",
            "/data/flags/de",
            "/data/flags/zz/zz.gif",
            "/data/flagsde/de.gif",
            "/data/flags/../routes.toml",
            "/data/flags/%2e%2e/routes.toml",
            "/de/de.gif",
        ] {
            let response = send(&mut connection, Method::GET, path).await.unwrap();
            assert_eq!(response.status(), 404, "{path}");
            assert_eq!(response.into_body(), format!("there is no flag at {path}\n"));
        }
    }

    #[tokio::test]
    async fn only_reads() {
        let server = FlagServer::start().await.unwrap();
        let mut connection = connect(&server).await.unwrap();
        let refused = send(&mut connection, Method::POST, "/data/flags/de/de.gif").await.unwrap();
        assert_eq!((refused.status().as_u16(), refused.headers()["allow"].to_str().unwrap()), (405, "GET, HEAD"));
        let head = send(&mut connection, Method::HEAD, "/data/flags/de/de.gif").await.unwrap();
        assert_eq!(head.status(), 200);
        assert!(head.into_body().is_empty());
    }

    #[tokio::test]
    async fn dropping_the_handle_stops_it() {
        let server = FlagServer::start().await.unwrap();
        let address = server.address;
        let mut connection = connect(&server).await.unwrap();
        send(&mut connection, Method::GET, "/data/flags/de/de.gif").await.unwrap();
        drop(server);
        let kept_alive = send(&mut connection, Method::GET, "/data/flags/de/de.gif").await;
        assert!(kept_alive.is_err(), "{kept_alive:?}");
        let refused = TcpStream::connect(address).await;
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
