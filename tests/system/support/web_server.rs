//! An HTTP server in the test's own process that answers as the test says and remembers what it was asked.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// What a server answers.
pub(crate) type Answer = Response<Full<Bytes>>;

/// An answer of a status and a body.
pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    Response::builder().status(status).body(Full::new(body.into())).expect("a valid answer")
}

/// A redirection to a path or a URL.
pub(crate) fn redirect(location: &str) -> Answer {
    Response::builder().status(302).header("location", location).body(Full::default()).expect("a valid answer")
}

/// A request that a server got.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The method, a space, and the path with its query.
    pub(crate) line: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

/// A running server; dropping it stops it and closes its connections.
pub(crate) struct WebServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    /// Starts a server on a free loopback port that gives for each path what `answer` gives.
    pub(crate) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let path = |request: &Received| {
            let target = request.line.split(' ').nth(1).unwrap_or_default();
            target.split('?').next().unwrap_or_default().to_owned()
        };
        Self::start_with(move |request| answer(&path(request)))
    }

    /// Starts a server on a free loopback port that gives for each request what `answer` gives.
    pub(crate) fn start_with(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that tokio can use");
        let address = listener.local_addr().expect("a bound port");
        let received = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = oneshot::channel();
        let serving = serve(listener, Arc::new(answer), Arc::clone(&received));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    () = serving => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, received, stop: Some(stop), thread: Some(thread) }
    }

    /// `http://127.0.0.1:port`
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in the order in which their bodies ended.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no request panicked").clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || !matches!(ended, Some(Err(_))), "the web server panicked");
    }
}

async fn serve<F>(listener: std::net::TcpListener, answer: Arc<F>, received: Arc<Mutex<Vec<Received>>>)
where
    F: Fn(&Received) -> Answer + Send + Sync + 'static,
{
    let listener = TcpListener::from_std(listener).expect("a listener");
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (answer, received) = (Arc::clone(&answer), Arc::clone(&received));
        let service = service_fn(move |request: Request<Incoming>| {
            let (answer, received) = (Arc::clone(&answer), Arc::clone(&received));
            async move {
                let line = format!("{} {}", request.method(), request.uri());
                let headers = request.headers().clone();
                // A client that breaks off gets no answer, whatever is returned here.
                let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let request = Received { line, headers, body };
                received.lock().expect("no request panicked").push(request.clone());
                Ok::<_, Infallible>(answer(&request))
            }
        });
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;
    use crate::support::http;

    #[test]
    fn answers_as_told_and_remembers() {
        let server = WebServer::start(|path| match path {
            "/a" => answer(200, "A"),
            "/b" => redirect("/a"),
            _ => answer(404, ""),
        });
        let url = |path: &str| format!("{}{path}", server.origin());
        assert_eq!(http::get(&url("/a")).body(), "A");
        assert_eq!(http::get(&url("/b?x=1")).headers()["location"], "/a");
        assert_eq!(http::send(Method::POST, &url("/c"), &[], "posted").status(), 404);
        let received = server.received();
        let lines: Vec<_> = received.iter().map(|request| request.line.as_str()).collect();
        assert_eq!(lines, ["GET /a", "GET /b?x=1", "POST /c"]);
        assert_eq!(received[2].body, "posted");
    }
}
