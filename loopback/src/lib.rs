//! Requests at a server on loopback: they come from programs on this machine, and not from a page that a browser shows.
//!
//! A page of any site can send requests to loopback, and with a name of its own that suddenly means loopback it could also
//! read the answers. Browsers say where a request comes from, and under which name they look for the server.

use std::net::Ipv6Addr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HOST, ORIGIN};
use http::uri::Authority;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::time::{Instant, timeout};

/// How long the headers of a request may take.
const HEADERS_MAX: Duration = Duration::from_secs(30);

/// The most bytes of the headers of a request.
const HEADERS_SIZE: usize = 64 * 1024;

/// How long the next piece of a body may take.
const PIECE_MAX: Duration = Duration::from_secs(30);

/// How long a whole body may take.
const BODY_MAX: Duration = Duration::from_secs(15 * 60);

/// Why a request is not taken: a status and a text.
#[derive(Debug, PartialEq)]
pub struct Refused(pub StatusCode, pub String);

fn forbidden(message: &str) -> Refused {
    Refused(StatusCode::FORBIDDEN, message.to_owned())
}

/// A server of connections that wait for nobody forever.
pub fn server() -> http1::Builder {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS_MAX).max_buf_size(HEADERS_SIZE);
    server
}

/// The name under which the server is asked, without the port: `localhost`, what ends in `.localhost`, or an address of
/// loopback. Refuses what is asked under another name, or by a page of another origin.
pub fn host<B>(request: &Request<B>) -> Result<String, Refused> {
    let host = named_host(request)?;
    check_origin(request)?;
    Ok(host)
}

/// The same of a request that a page of another origin may send.
pub fn named_host<B>(request: &Request<B>) -> Result<String, Refused> {
    let headers = request.headers();
    let bad = |message: &str| Refused(StatusCode::BAD_REQUEST, message.to_owned());
    let mut given = headers.get_all(HOST).iter();
    let (Some(named), None) = (given.next(), given.next()) else {
        return Err(bad("a request needs one Host header"));
    };
    let named = named.to_str().ok().and_then(|named| named.parse::<Authority>().ok());
    let named = named.ok_or_else(|| bad("the Host header is not the name of a host"))?;
    // A whole URL in the place of a path has the last word.
    let asked = request.uri().authority().unwrap_or(&named);
    for authority in [&named, asked] {
        if !is_loopback(authority.host()) {
            return Err(forbidden("this server is asked as localhost or 127.0.0.1; another Host is refused"));
        }
    }
    Ok(asked.host().to_ascii_lowercase())
}

/// Refuses what a page of another origin than this server's asks. The server may be one of HTTPS.
pub fn check_origin<B>(request: &Request<B>) -> Result<(), Refused> {
    let headers = request.headers();
    let named = headers.get(HOST).map(|named| named.as_bytes()).unwrap_or_default();
    let is_own = |origin: &[u8]| {
        let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(named))
    };
    if headers.get_all(ORIGIN).iter().any(|origin| !is_own(origin.as_bytes())) {
        return Err(forbidden("requests of web pages are refused: the Origin is another one"));
    }
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        return Err(forbidden("requests of web pages are refused: Sec-Fetch-Site names another site"));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    // The SDKs put this before the name of a server of Step Functions.
    let host = host.strip_prefix("sync-").unwrap_or(&host);
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    }
    let is_address = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_address || host == "localhost" || host.ends_with(".localhost")
}

/// The whole body of a request of at most `most` bytes, which arrives in time.
pub async fn body<B: Body<Data = Bytes> + Unpin>(request: Request<B>, most: usize) -> Result<Bytes, Refused>
where
    B::Error: std::fmt::Display,
{
    let too_large = || Refused(StatusCode::PAYLOAD_TOO_LARGE, format!("the body has more than {most} bytes"));
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most)) {
        return Err(too_large());
    }
    let ends = Instant::now() + BODY_MAX;
    let (mut body, mut read) = (request.into_body(), BytesMut::new());
    loop {
        let piece = timeout(PIECE_MAX.min(ends.saturating_duration_since(Instant::now())), body.frame());
        let late = |_| Refused(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time".to_owned());
        let Some(frame) = piece.await.map_err(late)? else { return Ok(read.freeze()) };
        let unreadable = |error| Refused(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}"));
        let Ok(piece) = frame.map_err(unreadable)?.into_data() else { continue };
        if read.len() + piece.len() > most {
            return Err(too_large());
        }
        read.extend_from_slice(&piece);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    fn asked(uri: &str, headers: &[(&str, &str)]) -> Result<String, u16> {
        let mut request = Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        host(&request.body(()).unwrap()).map_err(|Refused(status, _)| status.as_u16())
    }

    #[test]
    fn programs_of_this_machine_are_served_and_pages_are_not() {
        for (uri, headers, expected) in [
            ("/", &[("host", "127.0.0.1:4566")][..], Ok("127.0.0.1")),
            ("/", &[("host", "LOCALHOST:1")], Ok("localhost")),
            ("/", &[("host", "images.localhost:4566")], Ok("images.localhost")),
            ("/", &[("host", "[::1]:4566")], Ok("[::1]")),
            ("/", &[("host", "127.1.2.3")], Ok("127.1.2.3")),
            ("/", &[("host", "sync-localhost:8083")], Ok("sync-localhost")),
            ("/", &[("host", "sync-127.0.0.1:8083")], Ok("sync-127.0.0.1")),
            ("http://localhost/a", &[("host", "localhost")], Ok("localhost")),
            ("/", &[("host", "localhost:1"), ("origin", "http://localhost:1")], Ok("localhost")),
            ("/", &[("host", "localhost:1"), ("origin", "https://LOCALHOST:1")], Ok("localhost")),
            ("/", &[("host", "localhost:1"), ("sec-fetch-site", "none")], Ok("localhost")),
            ("/", &[], Err(400)),
            ("/", &[("host", "")], Err(400)),
            ("/", &[("host", "a b")], Err(400)),
            ("/", &[("host", "localhost"), ("host", "localhost")], Err(400)),
            ("/", &[("host", "example.com")], Err(403)),
            ("/", &[("host", "127.0.0.1.example.com")], Err(403)),
            ("/", &[("host", "localhost.example.com")], Err(403)),
            ("/", &[("host", "0.0.0.0")], Err(403)),
            ("/", &[("host", "[::2]")], Err(403)),
            ("http://example.com/", &[("host", "localhost")], Err(403)),
            ("http://localhost/", &[("host", "example.com")], Err(403)),
            ("/", &[("host", "localhost:1"), ("origin", "http://example.com")], Err(403)),
            ("/", &[("host", "localhost:1"), ("origin", "http://localhost:2")], Err(403)),
            ("/", &[("host", "localhost:1"), ("origin", "null")], Err(403)),
            ("/", &[("host", "localhost:1"), ("sec-fetch-site", "cross-site")], Err(403)),
            ("/", &[("host", "localhost:1"), ("sec-fetch-site", "same-site")], Err(403)),
        ] {
            assert_eq!(asked(uri, headers), expected.map(str::to_owned), "{uri} {headers:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_are_bounded_in_size_and_time() {
        let whole = |length: usize| Request::post("/").body(Full::new(Bytes::from(vec![b'x'; length]))).unwrap();
        assert_eq!(body(whole(10), 10).await.unwrap().len(), 10);
        assert_eq!(body(whole(11), 10).await.unwrap_err().0, StatusCode::PAYLOAD_TOO_LARGE);
        let announced = Request::post("/").header(CONTENT_LENGTH, "99999999999999999999").header(CONTENT_LENGTH, "1");
        let announced = announced.body(Full::new(Bytes::new())).unwrap();
        assert_eq!(body(announced, 10).await.unwrap(), Bytes::new());
        let announced = Request::post("/").header(CONTENT_LENGTH, "11").body(Full::new(Bytes::new())).unwrap();
        assert_eq!(body(announced, 10).await.unwrap_err().0, StatusCode::PAYLOAD_TOO_LARGE);

        let drips = |pause: u64| {
            let drop = move |_| async move {
                tokio::time::sleep(Duration::from_secs(pause)).await;
                Some((Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"x"))), ()))
            };
            Request::post("/").body(StreamBody::new(Box::pin(stream::unfold((), drop)))).unwrap()
        };
        for (pause, seconds) in [(31, 30), (29, 15 * 60)] {
            let started = Instant::now();
            assert_eq!(body(drips(pause), 1000).await.unwrap_err().0, StatusCode::REQUEST_TIMEOUT);
            assert_eq!(started.elapsed().as_secs(), seconds);
        }
    }
}
