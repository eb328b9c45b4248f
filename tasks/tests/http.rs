//! HTTP Tasks (`arn:aws:states:::http:invoke`) and the handler `http`, against a real server.

mod support;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use asl_engine::{Outcome, Value};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use support::{Fixture, serve};

const INVOKE: &str = "arn:aws:states:::http:invoke";
const ARN: &str = "arn:aws:events:eu-west-1:123456789012:connection/my-api/81210c42-8af1-456b-9c4a-6ff02fc664ac";

/// A connection with a secret of its own in a file.
const API_KEY: &str = r#"
[connections."arn:aws:events:*:*:connection/my-api/*"]
api_key = { name = "X-Api-Key", value = { file = "SECRET" } }
"#;

/// What stands in the file `SECRET` of every test.
const SECRET: &str = "c0rrect-h0rse";

/// A fixture whose routing file may name the secret `SECRET`.
fn fixture(routes: &str) -> Fixture {
    // Written once: a test that reads it must not find it half written by another.
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("http-secret");
        std::fs::write(&file, format!("{SECRET}\n")).unwrap();
        file
    });
    let file = &*FILE;
    Fixture::new(&routes.replace("\"SECRET\"", &format!("{:?}", file.to_str().unwrap())))
}

/// The parameters of an HTTP Task, with the members of `more`.
fn parameters(endpoint: &str, more: &str) -> String {
    let more: Value = more.parse().unwrap();
    let parameters: Value = [
        ("ApiEndpoint", Value::from(endpoint)),
        ("Method", Value::from("POST")),
        ("InvocationConfig", Value::from([("ConnectionArn", Value::from(ARN))])),
    ]
    .into();
    let members = more.as_object().unwrap().iter();
    let all = members
        .fold(parameters.as_object().unwrap().clone(), |all, (name, value)| all.with(name.clone(), value.clone()));
    Value::from(all).to_string()
}

/// A server that answers what it was asked.
async fn echo() -> String {
    let echo = async |request: Request| {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let headers =
            parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), Value::from(value.to_str().unwrap())));
        let seen = Value::from([
            ("method", Value::from(parts.method.as_str())),
            ("uri", Value::from(parts.uri.to_string())),
            ("headers", headers.collect()),
            ("body", Value::from(String::from_utf8(body.to_vec()).unwrap())),
        ]);
        ([(header::CONTENT_TYPE, "application/json")], seen.to_string())
    };
    serve(Router::new().fallback(any(echo))).await
}

/// A server that always gives the same answer.
async fn fixed(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> String {
    let (status, body) = (StatusCode::from_u16(status).unwrap(), body.into());
    serve(Router::new().fallback(any(async move || (status, [(header::CONTENT_TYPE, content_type)], body)))).await
}

async fn seen(fixture: &Fixture, input: &str) -> Value {
    fixture.call(INVOKE, input).await.unwrap()["ResponseBody"].clone()
}

fn failed(outcome: Outcome) -> String {
    let text = outcome.unwrap_err().to_string();
    assert!(!text.contains(SECRET), "{text}");
    text
}

#[tokio::test]
async fn an_http_task_sends_what_it_says_with_the_credential_of_its_connection() {
    let origin = echo().await;
    let more = r#"{"Headers": {"Request-Id": "r1", "Accept": ["a/b", "c/d"], "User-Agent": "me"},
        "QueryParameters": {"q": "a b", "n": 3, "list": ["x", "y"], "left out": null},
        "RequestBody": {"Job": "Engineer"}}"#;
    let seen = seen(&fixture(API_KEY), &parameters(&format!("{origin}/path?a=1"), more)).await;
    assert_eq!(seen["method"].as_str(), Some("POST"));
    assert_eq!(seen["uri"].as_str(), Some("/path?a=1&q=a%20b&n=3&list=x&list=y"));
    assert_eq!(seen["body"].as_str(), Some(r#"{"Job":"Engineer"}"#));
    for (name, expected) in [
        ("x-api-key", SECRET),
        ("request-id", "r1"),
        ("content-type", "application/json; charset=UTF-8"),
        ("user-agent", "Amazon|StepFunctions|HttpInvoke|eu-west-1"),
        ("range", "bytes=0-262144"),
    ] {
        assert_eq!(seen["headers"][name].as_str(), Some(expected), "{name}");
    }
}

#[tokio::test]
async fn the_result_has_headers_body_and_status() {
    let origin = fixed(201, "application/json; charset=utf-8", r#"{"id": [1, 2.50]}"#).await;
    let result = fixture(API_KEY).call(INVOKE, &parameters(&origin, "{}")).await.unwrap();
    let names: Vec<&str> = result.as_object().unwrap().iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["Headers", "ResponseBody", "StatusCode", "StatusText"]);
    assert_eq!(result["Headers"]["content-type"].to_string(), r#"["application/json; charset=utf-8"]"#);
    assert_eq!(result["ResponseBody"]["id"][0].as_i64(), Some(1));
    assert_eq!(result["StatusCode"].as_i64(), Some(201));
    assert_eq!(result["StatusText"].as_str(), Some("Created"));
}

#[tokio::test]
async fn bodies_are_texts_or_url_encoded_where_the_task_says_so() {
    let origin = echo().await;
    let fixture = fixture(API_KEY);
    for (more, expected) in [
        (r#"{"RequestBody": "<a/>", "Headers": {"Content-Type": "text/xml"}}"#, "<a/>"),
        (r#"{"RequestBody": {"a": ["b"]}, "Transform": {"RequestBodyEncoding": "NONE"}}"#, r#"{"a":["b"]}"#),
        (r#"{"RequestBody": {"a": ["b"]}, "Transform": {"RequestBodyEncoding": "URL_ENCODED"}}"#, "a%5B0%5D=b"),
        (
            r#"{"RequestBody": {"a": ["b", "c"]}, "Transform": {"RequestBodyEncoding": "URL_ENCODED",
                "RequestEncodingOptions": {"ArrayFormat": "COMMAS"}}}"#,
            "a=b,c",
        ),
        ("{}", ""),
    ] {
        assert_eq!(seen(&fixture, &parameters(&origin, more)).await["body"].as_str(), Some(expected), "{more}");
    }
}

#[tokio::test]
async fn what_a_connection_adds_overwrites_what_the_task_gives() {
    let origin = echo().await;
    let fixture = fixture(
        r#"
        [connections."*"]
        basic = { username = "nobody", password = { env = "ASL_NO_SUCH_VARIABLE" } }
        [connections."arn:aws:events:*:*:connection/my-api/*"]
        basic = { username = "me", password = { file = "SECRET" } }
        headers = { header-param = "from connection" }
        query = { QueryParam = "from connection" }
        body = { BodyParam = "from connection" }
        "#,
    );
    let more = r#"{"Headers": {"Header-Param": "from task"}, "QueryParameters": {"QueryParam": "from task", "b": "c"},
        "RequestBody": {"Job": "Engineer", "BodyParam": "from task"}}"#;
    let seen = seen(&fixture, &parameters(&origin, more)).await;
    assert_eq!(seen["uri"].as_str(), Some("/?QueryParam=from%20connection&b=c"));
    assert_eq!(seen["body"].as_str(), Some(r#"{"Job":"Engineer","BodyParam":"from connection"}"#));
    assert_eq!(seen["headers"]["header-param"].as_str(), Some("from connection"));
    assert_eq!(seen["headers"]["authorization"].as_str(), Some("Basic bWU6YzBycmVjdC1oMHJzZQ=="));

    let text = parameters(&origin, r#"{"RequestBody": "a text"}"#);
    assert!(failed(fixture.call(INVOKE, &text).await).starts_with("States.Runtime: The RequestBody of the HTTP Task"));
}

#[tokio::test]
async fn every_other_status_is_an_error_of_its_own() {
    for (status, expected) in [
        (400, "States.Http.StatusCode.400: Bad Request"),
        (404, "States.Http.StatusCode.404: Not Found"),
        (429, "States.Http.StatusCode.429: Too Many Requests"),
        (503, "States.Http.StatusCode.503: Service Unavailable"),
        (302, "States.Http.StatusCode.302: Found"),
        (599, "States.Http.StatusCode.599: "),
    ] {
        let origin = fixed(status, "application/json", format!("{{\"echo\": {SECRET:?}}}")).await;
        assert_eq!(failed(fixture(API_KEY).call(INVOKE, &parameters(&origin, "{}")).await), expected);
    }
}

#[tokio::test]
async fn what_a_state_cannot_hold_fails_it() {
    for (content_type, body, expected) in [
        ("image/gif", Bytes::from_static(b"GIF"), "States.Runtime: Unsupported response content-type 'image/gif'"),
        (
            "application/octet-stream; x=y",
            Bytes::from_static(b"a"),
            "States.Runtime: Unsupported response content-type 'application/octet-stream'",
        ),
        ("text/plain", Bytes::from_static(b"\xff\xfe"), "States.Runtime: The response is no UTF-8 text"),
        (
            "text/plain",
            vec![b'a'; 17 << 20].into(),
            "States.DataLimitExceeded: The response of ORIGIN/ has more than 16777216 bytes",
        ),
    ] {
        let origin = fixed(200, content_type, body).await;
        let failure = failed(fixture(API_KEY).call(INVOKE, &parameters(&origin, "{}")).await);
        assert_eq!(failure.replace(&origin, "ORIGIN"), expected);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_socket_error_without_the_query() {
    let more = r#"{"QueryParameters": {"key": "c0rrect-h0rse"}}"#;
    let endpoint = "http://me:c0rrect-h0rse@127.0.0.1:1/path?key=c0rrect-h0rse";
    let failure = failed(fixture(API_KEY).call(INVOKE, &parameters(endpoint, more)).await);
    assert!(failure.starts_with("States.Http.Socket: Cannot call http://127.0.0.1:1/path: "), "{failure}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_a_socket_error_after_60_seconds() {
    let origin = serve(Router::new().fallback(any(std::future::pending::<StatusCode>))).await;
    let fixture = fixture(API_KEY);
    let input = parameters(&origin, "{}");
    // The clock goes on by itself once nothing else is left to do.
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let failure = failed(fixture.call(INVOKE, &input).await);
    assert_eq!(failure, format!("States.Http.Socket: {origin}/ did not answer within 60 seconds"));
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn a_connection_that_is_missing_or_unusable_is_named() {
    let input = parameters("http://127.0.0.1:1", "{}");
    assert_eq!(
        failed(fixture("").call(INVOKE, &input).await),
        format!(
            "Events.ConnectionResource.ResourceNotFound: Connection 'my-api' does not exist. \
             Add it to the routing file:\n\n[connections.\"{ARN}\"]\n\
             api_key = {{ name = \"X-Api-Key\", value = {{ env = \"API_KEY\" }} }}"
        )
    );
    let routes = API_KEY.replace("file = \"SECRET\"", "env = \"ASL_NO_SUCH_VARIABLE\"");
    assert_eq!(
        failed(fixture(&routes).call(INVOKE, &input).await),
        format!(
            "Events.ConnectionResource.InvalidConnectionState: The connection {ARN} cannot be used: \
             the environment variable ASL_NO_SUCH_VARIABLE is not set"
        )
    );
}

/// A server with an authorization endpoint that counts its tokens, and an API that takes the last one only.
async fn oauth(lifetime: &'static str) -> (String, Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>) {
    let (tokens, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (issued, noted, current) = (Arc::clone(&tokens), Arc::clone(&asked), Arc::clone(&tokens));
    let token = async move |request: Request| {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        noted.lock().unwrap().push(format!("{query} {}", String::from_utf8(body.to_vec()).unwrap()));
        let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
        format!(r#"{{"access_token": "token-{number}", "token_type": "Bearer"{lifetime}}}"#)
    };
    let api = async move |request: Request| -> Response {
        let expected = format!("Bearer token-{}", current.load(Ordering::SeqCst));
        match request.headers().get(header::AUTHORIZATION) {
            Some(value) if *value == expected => "welcome".into_response(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    let origin = serve(Router::new().route("/token", any(token)).fallback(any(api))).await;
    (origin, tokens, asked)
}

fn oauth_routes(origin: &str) -> String {
    format!(
        r#"
        [connections."arn:aws:events:*:*:connection/my-api/*".oauth]
        authorization_endpoint = "{origin}/token"
        client_id = "client 1"
        client_secret = {{ file = "SECRET" }}
        parameters = {{ query = {{ tenant = "t" }}, body = {{ audience = "a" }} }}
        "#
    )
}

#[tokio::test]
async fn an_oauth_token_is_kept_until_it_is_refused() {
    let (origin, tokens, asked) = oauth(r#", "expires_in": 3600"#).await;
    let fixture = fixture(&oauth_routes(&origin));
    let input = parameters(&format!("{origin}/api"), "{}");
    for _ in 0..2 {
        assert_eq!(fixture.call(INVOKE, &input).await.unwrap()["ResponseBody"].as_str(), Some("welcome"));
    }
    assert_eq!(
        *asked.lock().unwrap(),
        [format!("tenant=t grant_type=client_credentials&client_id=client%201&client_secret={SECRET}&audience=a")]
    );
    // The server knows a newer token, so ours is refused: another one is fetched, and the call made again.
    tokens.fetch_add(1, Ordering::SeqCst);
    assert!(fixture.call(INVOKE, &input).await.is_ok());
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_oauth_token_is_fetched_anew_when_it_is_about_to_expire() {
    let (origin, tokens, _) = oauth(r#", "expires_in": 20"#).await;
    let fixture = fixture(&oauth_routes(&origin));
    let input = parameters(&format!("{origin}/api"), "{}");
    for _ in 0..2 {
        fixture.call(INVOKE, &input).await.unwrap();
    }
    assert_eq!(tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_authorization_endpoint_that_refuses_is_named_without_what_it_says() {
    let origin = fixed(403, "text/plain", format!("no {SECRET}")).await;
    let failure = failed(fixture(&oauth_routes(&origin)).call(INVOKE, &parameters(&origin, "{}")).await);
    assert_eq!(
        failure,
        format!(
            "Events.ConnectionResource.InvalidConnectionState: The connection {ARN} cannot be used: \
             its authorization endpoint, {origin}/token, answered 403 Forbidden"
        )
    );
    let origin = fixed(200, "text/plain", format!("no {SECRET}")).await;
    let failure = failed(fixture(&oauth_routes(&origin)).call(INVOKE, &parameters(&origin, "{}")).await);
    assert!(failure.ends_with("did not answer with an access_token"), "{failure}");
}

fn route(url: &str, more: &str) -> Fixture {
    fixture(&format!("[[routes]]\nresource = \"function\"\nhandler = \"http\"\nurl = \"{url}\"\n{more}"))
}

#[tokio::test]
async fn a_route_posts_the_input_and_returns_the_answer() {
    let origin = echo().await;
    let fixture =
        route(&format!("{origin}/work?v=1"), "headers = { Authorization = { file = \"SECRET\" }, X-A = 'b' }");
    let seen = fixture.call("function", r#"{"n": [1, 2]}"#).await.unwrap();
    assert_eq!((seen["method"].as_str(), seen["uri"].as_str()), (Some("POST"), Some("/work?v=1")));
    assert_eq!(seen["body"].as_str(), Some(r#"{"n":[1,2]}"#));
    assert_eq!(seen["headers"]["content-type"].as_str(), Some("application/json"));
    assert_eq!(seen["headers"]["authorization"].as_str(), Some(SECRET));
    assert_eq!(seen["headers"]["x-a"].as_str(), Some("b"));
}

#[tokio::test]
async fn an_answer_of_a_route_without_a_body_is_null() {
    let origin = fixed(204, "text/plain", "").await;
    assert_eq!(route(&origin, "").call("function", "{}").await, Ok(Value::Null));
}

#[tokio::test]
async fn errors_of_a_route_are_those_of_its_status_or_of_a_function() {
    for (status, body, expected) in [
        (500, "", "States.Http.StatusCode.500: Internal Server Error"),
        (422, "too\nlong: c0rrect-h0rse", "States.Http.StatusCode.422: too\nlong: ***"),
        (
            400,
            r#"{"errorType": "OrderRefused", "errorMessage": "no c0rrect-h0rse", "stackTrace": []}"#,
            r#"OrderRefused: {"errorType":"OrderRefused","errorMessage":"no ***","stackTrace":[]}"#,
        ),
        (400, r#"{"errorType": "OrderRefused"}"#, r#"States.Http.StatusCode.400: {"errorType": "OrderRefused"}"#),
        (200, "NaN", "Http.InvalidJson: The answer of ORIGIN/ is no JSON: "),
        (200, "", ""),
    ] {
        let origin = fixed(status, "application/json", body).await;
        let fixture = route(&format!("{origin}?key=c0rrect-h0rse"), "headers = { X-Key = { file = \"SECRET\" } }");
        match fixture.call("function", "{}").await {
            Ok(value) => assert_eq!((value, expected), (Value::Null, "")),
            outcome => {
                let failure = failed(outcome).replace(&origin, "ORIGIN");
                assert!(failure.starts_with(expected), "{failure}");
            }
        }
    }
}

#[tokio::test]
async fn a_route_follows_no_redirect() {
    let moved =
        async || (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "http://127.0.0.1:1/?key=c0rrect-h0rse")]);
    let origin = serve(Router::new().fallback(any(moved))).await;
    assert_eq!(
        failed(route(&origin, "").call("function", "{}").await),
        format!("States.Http.StatusCode.308: {origin}/ answered 308 Permanent Redirect; redirects are not followed")
    );
}

#[tokio::test]
async fn a_route_bounds_time_and_size() {
    let origin = fixed(200, "application/json", vec![b'1'; 7 << 20]).await;
    assert_eq!(
        failed(route(&origin, "").call("function", "{}").await),
        format!("States.DataLimitExceeded: The answer of {origin}/ has more than 6291456 bytes")
    );
    let origin = serve(Router::new().fallback(any(std::future::pending::<StatusCode>))).await;
    let fixture = route(&origin, "timeout_seconds = 2.5");
    tokio::time::pause();
    let failure = failed(fixture.call("function", "{}").await);
    assert_eq!(failure, format!("States.Http.Socket: {origin}/ did not answer within 2.5 s"));
}

#[tokio::test]
async fn a_route_whose_secret_is_missing_says_so_before_the_start() {
    let routes = "[[routes]]\nresource = \"function\"\nhandler = \"http\"\nurl = { env = \"ASL_NO_SUCH_VARIABLE\" }";
    let fixture = Fixture::new(routes);
    let prepared = fixture.router.handler("function").unwrap().prepare("function").await;
    assert_eq!(prepared.unwrap_err().to_string(), "the environment variable ASL_NO_SUCH_VARIABLE is not set");
    // A secret URL is not told either, when nobody listens there.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hook");
    std::fs::write(&file, format!("http://127.0.0.1:1/{SECRET}")).unwrap();
    let routes = routes.replace("env = \"ASL_NO_SUCH_VARIABLE\"", &format!("file = {:?}", file.to_str().unwrap()));
    let fixture = Fixture::new(&routes);
    let failure = failed(fixture.call("function", "{}").await);
    assert!(failure.starts_with("States.Http.Socket: Cannot call the URL in the file "), "{failure}");
}

#[test]
fn what_is_wrong_with_a_connection_or_a_route_is_named() {
    let error = |text: &str| {
        let parsed = asl_tasks::Routes::parse(text, Path::new("r"));
        parsed.unwrap_err().to_string()
    };
    for (text, expected) in [
        ("[connections.a]", "r:1:1: a connection has one of basic, api_key and oauth"),
        (
            "[connections.a]\nbasic = { username = 'u', password = 'p' }",
            "r:2:38: expected { env = \"NAME\" } or { file = \"path\" }: a secret does not stand in this file",
        ),
        (
            "[connections.a]\napi_key = { name = 'a b', value = { env = 'A' } }",
            "r:2:20: \"a b\" is no name of a header",
        ),
        (
            "[connections.a]\nbearer = 'x'",
            "r:2:1: unknown field \"bearer\", expected one of \"basic\", \"api_key\", \"oauth\", \"headers\", \
             \"query\", \"body\"",
        ),
        ("[[routes]]\nresource = 'a'\nhandler = 'http'", "r:1:1: missing field \"url\""),
        ("[[routes]]\nresource = 'a'\nhandler = 'http'\nurl = 'ftp://a'", "r:4:7: expected an http or https URL"),
        (
            "[[routes]]\nresource = 'a'\nhandler = 'http'\nurl = 'http://a'\nheaders = { 'a b' = 'c' }",
            "r:5:11: \"a b\" is no name of a header",
        ),
        (
            "[[routes]]\nresource = 'a'\nhandler = 'http'\nurl = 'http://a'\ntimeout_seconds = 0.0",
            "r:5:19: expected a number of seconds above 0, not 0",
        ),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
}

/// A server repeats what it was told, and encodes it in its own way.
#[tokio::test]
async fn a_secret_that_is_repeated_is_hidden_however_it_is_encoded() {
    let percent: String = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let json: String = SECRET.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let headers = "headers = { authorization = { file = \"SECRET\" } }";
    for (body, expected) in [
        (format!("no {SECRET}."), "no ***."),
        (format!("no {percent}."), "no ***."),
        (format!("{{\"m\":\"{json}\"}}"), "{\"m\":\"***\"}"),
        // Of "me:c0rrect-h0rse".
        ("Basic bWU6YzBycmVjdC1oMHJzZQ==".to_owned(), "Basic bWU6***=="),
        // As a function that fails tells it, and in the name of its error.
        (
            format!("{{\"errorMessage\":\"m {json}\",\"errorType\":\"E{json}\"}}"),
            "E***: {\"errorMessage\":\"m ***\",\"errorType\":\"E***\"}",
        ),
    ] {
        let origin = fixed(400, "text/plain", body.clone()).await;
        let failure = failed(route(&origin, headers).call("function", "{}").await);
        assert!(failure.ends_with(expected), "{body}: {failure}");
    }
    // A secret URL has its key in the path.
    let origin = fixed(400, "text/plain", format!("no hook {SECRET}")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hook");
    std::fs::write(&file, format!("{origin}/{SECRET}?x=1")).unwrap();
    let text = format!("[[routes]]\nresource = \"function\"\nhandler = \"http\"\nurl = {{ file = {file:?} }}");
    assert!(failed(Fixture::new(&text).call("function", "{}").await).ends_with("no hook ***"));

    let origin = fixed(200, "image/c0rrect-h0rse", "x").await;
    let failure = failed(fixture(API_KEY).call(INVOKE, &parameters(&origin, "{}")).await);
    assert_eq!(failure, "States.Runtime: Unsupported response content-type 'image/***'");
}
