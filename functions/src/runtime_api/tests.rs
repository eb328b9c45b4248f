use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[derive(Debug)]
struct Nobody;

impl OnInvocation for Nobody {
    fn begins(&self, _: &Arc<str>) {}

    fn ends(&self) {}
}

/// A server whose process works on the invocation `r`, and what comes of that.
async fn working() -> (RuntimeApi, oneshot::Receiver<InvocationAnswer>) {
    let api = RuntimeApi::start(About::default(), Nobody).await.unwrap();
    let answer = api.invoke(Invocation {
        request_id: "r".into(),
        arn: "arn".into(),
        payload: "{}".into(),
        deadline_ms: 1,
        client_context: None,
    });
    let (status, _) = send(&api, "GET", "/2018-06-01/runtime/invocation/next", "").await;
    assert_eq!(status, 200);
    (api, answer)
}

/// Sends what comes after the first line and the host; the status and the body that come back.
async fn send(api: &RuntimeApi, method: &str, path: &str, rest: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    let rest = if rest.is_empty() { "\r\n" } else { rest };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", api.address());
    stream.write_all((head + rest).as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn with_body(headers: &str, body: &str) -> String {
    format!("{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn streamed(mode: &str, body: &str, trailers: &str) -> String {
    format!(
        "{mode}Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n{trailers}\r\n",
        body.len()
    )
}

#[tokio::test]
async fn answers_are_what_lambda_makes_of_them() {
    const STREAMS: &str = "Lambda-Runtime-Function-Response-Mode: streaming\r\n";
    const TYPE: &str = "Lambda-Runtime-Function-Error-Type: Unlucky\r\n";
    let body = format!("Lambda-Runtime-Function-Error-Body: {}\r\n", BASE64_STANDARD.encode(r#"{"errorType":"E"}"#));
    for (operation, rest, expected) in [
        ("response", with_body("", "[1]"), "response [1]"),
        ("error", with_body(TYPE, r#"{"errorType":"E"}"#), r#"error {"errorType":"E"}"#),
        (
            "error",
            with_body(TYPE, ""),
            r#"error {"errorMessage":"Unknown application error occurred","errorType":"Unlucky"}"#,
        ),
        ("error", with_body("", ""), r#"error {"errorMessage":"Unknown application error occurred"}"#),
        ("response", streamed(STREAMS, "[1]", ""), "response [1]"),
        ("response", streamed(STREAMS, "[1", &format!("{TYPE}{body}")), r#"error {"errorType":"E"}"#),
        ("response", streamed(STREAMS, "[1", &body), r#"error {"errorType":"E"}"#),
        (
            "response",
            streamed(STREAMS, "[1", TYPE),
            r#"error {"errorMessage":"Unknown application error occurred","errorType":"Unlucky"}"#,
        ),
        // Without the mode, trailers are none of an error.
        ("response", streamed("", "[1]", &format!("{TYPE}{body}")), "response [1]"),
    ] {
        let (api, answer) = working().await;
        let path = format!("/2018-06-01/runtime/invocation/r/{operation}");
        let (status, text) = send(&api, "POST", &path, &rest).await;
        assert_eq!(status, 202, "{rest}: {text}");
        let found = match answer.await.unwrap() {
            InvocationAnswer::Response(bytes) => format!("response {}", String::from_utf8_lossy(&bytes)),
            InvocationAnswer::Error(bytes) => format!("error {}", String::from_utf8_lossy(&bytes)),
            InvocationAnswer::TooLarge(size) => format!("too large: {size}"),
        };
        assert_eq!(found, expected, "{rest}");
    }
}

#[tokio::test]
async fn an_invocation_is_answered_once() {
    let (api, _answer) = working().await;
    let path = "/2018-06-01/runtime/invocation/r/response";
    assert_eq!(send(&api, "POST", path, &with_body("", "1")).await.0, 202);
    let (status, text) = send(&api, "POST", path, &with_body("", "2")).await;
    assert_eq!(status, 403);
    assert!(text.starts_with(r#"{"errorType":"InvalidStateTransition""#), "{text}");
    let (status, text) = send(&api, "POST", &path.replace("/r/", "/other/"), &with_body("", "2")).await;
    assert_eq!(status, 400);
    assert!(text.starts_with(r#"{"errorType":"InvalidRequestID""#), "{text}");
}

#[tokio::test]
async fn a_start_fails_with_its_error() {
    for (body, expected) in [
        (r#"{"errorType":"E"}"#, r#"{"errorType":"E"}"#),
        ("", r#"{"errorMessage":"Unknown application error occurred","errorType":"Runtime.Unlucky"}"#),
    ] {
        let api = RuntimeApi::start(About::default(), Nobody).await.unwrap();
        let rest = with_body("Lambda-Runtime-Function-Error-Type: Runtime.Unlucky\r\n", body);
        assert_eq!(send(&api, "POST", "/2018-06-01/runtime/init/error", &rest).await.0, 202);
        assert_eq!(*api.phase().borrow(), Phase::InitFailed(expected.into()));
    }
}

#[tokio::test]
async fn extensions_can_register() {
    let api = RuntimeApi::start(About { name: "f".to_owned(), ..About::default() }, Nobody).await.unwrap();
    let rest = with_body("Lambda-Extension-Name: helper\r\n", r#"{"events":[]}"#);
    let (status, text) = send(&api, "POST", "/2020-01-01/extension/register", &rest).await;
    assert_eq!((status, &*text), (200, r#"{"functionName":"f","functionVersion":"","handler":""}"#));
    assert_eq!(send(&api, "GET", "/2020-01-01/extension/event/next", "").await.0, 403);
    assert_eq!(send(&api, "GET", "/2020-01-01/extension/other", "").await.0, 404);
}
