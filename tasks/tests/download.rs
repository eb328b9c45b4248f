//! The `download` handler against web servers on loopback.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use asl_engine::{Failure, Value};
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, Uri, header};
use axum::response::Redirect;
use axum::routing::get;
use support::{Fixture, serve};
use tokio::sync::Barrier;

const DOWNLOAD: &str = "[[routes]]\nresource = 'download'\nhandler = 'download'\n";

/// Serves what the tests ask for; the text of a flag is its path.
fn flags() -> axum::Router {
    axum::Router::new()
        .route("/flags/{cc}/{file}", get(|uri: Uri| async move { format!("flag of {}", uri.path()) }))
        .route("/flags/gone", get(|| async { StatusCode::GONE }))
        .route("/flags/empty.gif", get(|| async {}))
        .route("/flags/nothing.gif", get(|| async { StatusCode::NO_CONTENT }))
        .route("/flags/broken", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "details") }))
        .route("/flags/moved.gif", get(|| async { Redirect::permanent("/flags/ad/ad.gif") }))
        .route("/flags/loop", get(|| async { Redirect::temporary("/flags/loop") }))
        .route("/flags/nowhere", get(|| async { Redirect::temporary("http://127.0.0.1:1/x") }))
        .route("/flags/bytes.bin", get(|| async { Bytes::from_static(&[0, 255, 10, 13, 0]) }))
        .route("/flags/big", get(|| async { vec![7; 1001] }))
        .route("/flags/fits", get(|| async { vec![7; 1000] }))
        .route(
            "/flags/endless",
            get(|| async {
                let chunk = Bytes::from(vec![7; 400]);
                Body::from_stream(futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone())))
            }),
        )
        .route("/flags/cut", get(|| async { ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(cut())) }))
}

/// A body that ends before it is whole.
fn cut() -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    futures_util::stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("cut"))])
}

async fn entry(fixture: &Fixture, base: &str, path: &str) -> String {
    let output = fixture.download(base, &[path], 1).await.unwrap();
    assert_eq!(output.as_array().unwrap().len(), 1);
    output[0].to_string().replace(base, "BASE")
}

#[tokio::test]
async fn resources_are_stored_and_told_in_their_order() {
    let fixture = Fixture::new(DOWNLOAD);
    let base = serve(flags()).await + "/flags";
    let output =
        fixture.download(&base, &["ae/ae.gif", "zz.gif", "ad/ad.gif", "bytes.bin", "empty.gif"], 2).await.unwrap();
    let expected = r#"[{"url":"BASE/ae/ae.gif","statusCode":200,"filename":"127.0.0.1/ae.gif"},{"url":"BASE/zz.gif","statusCode":404,"message":"Could not find: BASE/zz.gif"},{"url":"BASE/ad/ad.gif","statusCode":200,"filename":"127.0.0.1/ad.gif"},{"url":"BASE/bytes.bin","statusCode":200,"filename":"127.0.0.1/bytes.bin"},{"url":"BASE/empty.gif","statusCode":200,"filename":"127.0.0.1/empty.gif"}]"#;
    assert_eq!(output.to_string().replace(&base, "BASE"), expected);
    assert_eq!(fixture.object("127.0.0.1/ae.gif").unwrap(), b"flag of /flags/ae/ae.gif");
    assert_eq!(fixture.object("127.0.0.1/ad.gif").unwrap(), b"flag of /flags/ad/ad.gif");
    assert_eq!(fixture.object("127.0.0.1/bytes.bin").unwrap(), [0, 255, 10, 13, 0]);
    assert_eq!(fixture.object("127.0.0.1/empty.gif").unwrap(), b"");
    assert_eq!(
        fixture.stored(),
        ["ad.gif", "ae.gif", "bytes.bin", "empty.gif"].map(|name| format!("images/127.0.0.1/{name}"))
    );
}

#[tokio::test]
async fn what_cannot_be_had_is_an_entry_with_a_message() {
    let fixture = Fixture::new(&format!("{DOWNLOAD}max_body_bytes = 1000"));
    let base = serve(flags()).await + "/flags";
    let refused = "tcp connect error: Connection refused (os error 111)";
    for (path, status, message) in [
        ("zz", 404, "Could not find: BASE/zz"),
        ("gone", 410, "HTTP error 410 - Gone"),
        ("broken", 500, "HTTP error 500 - Internal Server Error"),
        ("nothing.gif", 204, "HTTP error 204 - No Content"),
        ("loop", 400, "Could not fetch BASE/loop: error following redirect: more than 10 redirects"),
        (
            "nowhere",
            400,
            &format!("Could not fetch BASE/nowhere: error sending request: client error (Connect): {refused}"),
        ),
        ("big", 400, "Too large: BASE/big has more than 1000 bytes (max_body_bytes)"),
        ("endless", 400, "Too large: BASE/endless has more than 1000 bytes (max_body_bytes)"),
        ("a/", 400, r#"No object name: "a/" does not end with the name of a file"#),
        ("a/..", 400, r#"No object name: "a/.." ends with "..""#),
    ] {
        let url = Value::from(format!("BASE/{path}"));
        let expected =
            Value::from([("url", url), ("statusCode", Value::from(status)), ("message", Value::from(message))]);
        assert_eq!(entry(&fixture, &base, path).await, expected.to_string());
    }
    assert!(entry(&fixture, &base, "fits").await.contains("\"statusCode\":200"));
    assert_eq!(fixture.stored(), ["images/127.0.0.1/fits"]);
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_not_stored() {
    let fixture = Fixture::new(DOWNLOAD);
    let base = serve(flags()).await + "/flags";
    let entry = entry(&fixture, &base, "cut").await;
    assert!(
        entry.starts_with(r#"{"url":"BASE/cut","statusCode":400,"message":"Could not fetch BASE/cut: "#),
        "{entry}"
    );
    assert_eq!(fixture.stored(), [] as [&str; 0]);
}

#[tokio::test]
async fn redirects_are_followed_and_the_name_is_that_of_the_path() {
    let fixture = Fixture::new(DOWNLOAD);
    let base = serve(flags()).await + "/flags";
    let expected = r#"{"url":"BASE/moved.gif","statusCode":200,"filename":"127.0.0.1/moved.gif"}"#;
    assert_eq!(entry(&fixture, &base, "moved.gif").await, expected);
    assert_eq!(fixture.object("127.0.0.1/moved.gif").unwrap(), b"flag of /flags/ad/ad.gif");
}

#[tokio::test]
async fn an_unreachable_host_is_told_with_its_cause() {
    let fixture = Fixture::new(DOWNLOAD);
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let base = format!("http://127.0.0.1:{port}");
    let expected = concat!(
        r#"{"url":"BASE/a","statusCode":400,"message":"Could not fetch BASE/a: error sending request: "#,
        r#"client error (Connect): tcp connect error: Connection refused (os error 111)"}"#
    );
    assert_eq!(entry(&fixture, &base, "a").await, expected);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let fixture = Fixture::new(&format!("{DOWNLOAD}timeout_seconds = 0.05"));
    let app = axum::Router::new().route("/slow", get(|| async { std::future::pending::<()>().await }));
    let base = serve(app).await;
    let expected = r#"{"url":"BASE/slow","statusCode":400,"message":"No answer within 0.05 s: BASE/slow"}"#;
    assert_eq!(entry(&fixture, &base, "slow").await, expected);
}

#[tokio::test]
async fn as_many_requests_as_lambda_concur_are_made_at_once() {
    let fixture = Fixture::new(DOWNLOAD);
    // Every request waits for two others: with three at once all pass, and a fourth would be counted.
    let (barrier, running, most) = (Arc::new(Barrier::new(3)), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let (running, seen) = (Arc::new(running), Arc::clone(&most));
    let app = axum::Router::new().fallback(move || {
        let (barrier, running, most) = (Arc::clone(&barrier), Arc::clone(&running), Arc::clone(&seen));
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            barrier.wait().await;
            running.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let base = serve(app).await;
    let output = fixture.download(&base, &["1", "2", "3", "4", "5", "6", "7", "8", "9"], 3).await.unwrap();
    assert!(output.as_array().unwrap().iter().all(|entry| entry["statusCode"].as_i64() == Some(200)));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn dropping_the_call_ends_its_requests() {
    /// Tells when the server gives up a request, which it does when the client has gone.
    struct Gone(Option<tokio::sync::oneshot::Sender<()>>);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.take().unwrap().send(());
        }
    }
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let app = axum::Router::new().fallback(move || {
        let (gone, ended) = tokio::sync::oneshot::channel();
        arrived.send(ended).unwrap();
        let gone = Gone(Some(gone));
        async move {
            std::future::pending::<()>().await;
            drop(gone);
        }
    });
    let fixture = Fixture::new(DOWNLOAD);
    let base = serve(app).await;
    let ended = tokio::select! {
        _ = fixture.download(&base, &["a"], 1) => unreachable!("the server never answers"),
        ended = arrivals.recv() => ended.unwrap(),
    };
    ended.await.unwrap();
    assert_eq!(fixture.stored(), [] as [&str; 0]);
}

#[tokio::test]
async fn paths_never_lead_out_of_the_bucket() {
    let fixture = Fixture::new(DOWNLOAD);
    let app = axum::Router::new().fallback(|uri: Uri| async move { uri.to_string() });
    let base = serve(app).await + "/a/b";
    for (path, asked, name) in [
        ("../../x", "/x", "x"),
        ("/etc/passwd", "/a/b//etc/passwd", "passwd"),
        ("..%2f..%2fy", "/a/b/..%2f..%2fy", "..%2f..%2fy"),
        ("c.gif?d=/../../e", "/a/b/c.gif?d=/../../e", "c.gif"),
        ("é f.gif", "/a/b/%C3%A9%20f.gif", "é f.gif"),
        ("g%20h.gif", "/a/b/g%20h.gif", "g%20h.gif"),
    ] {
        let entry = fixture.download(&base, &[path], 1).await.unwrap()[0].clone();
        assert_eq!(entry["filename"].as_str(), Some(&*format!("127.0.0.1/{name}")), "{path}");
        assert_eq!(fixture.object(&format!("127.0.0.1/{name}")).unwrap(), asked.as_bytes(), "{path}");
    }
    assert!(fixture.stored().iter().all(|file| file.starts_with("images/127.0.0.1/")));
    // A key that is too long fails the task, as a store that cannot take it does.
    let long = "x".repeat(1020);
    let failure = fixture.download(&base, &[&long], 1).await.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("KeyTooLongError"));
}

#[tokio::test]
async fn bad_input_fails_the_task() {
    let fixture = Fixture::new(DOWNLOAD);
    for (input, error, message) in [
        ("[]", "TypeError", "the input must be an object, not a list"),
        (r#"{"resourcePaths":[]}"#, "KeyError", "the input has no batchInput"),
        (r#"{"resourcePaths":[],"batchInput":1}"#, "TypeError", "the input must be an object, not a number"),
        (r#"{"resourcePaths":[],"batchInput":{}}"#, "KeyError", "the input has no baseUrl"),
        (
            r#"{"resourcePaths":[],"batchInput":{"baseUrl":"http://a","lambdaConcur":"0"}}"#,
            "ValueError",
            r#"lambdaConcur must be a whole number from 1 on, not "0""#,
        ),
    ] {
        let cause = Value::from([("errorMessage", Value::from(message)), ("errorType", Value::from(error))]);
        assert_eq!(
            fixture.call("download", input).await.unwrap_err(),
            Failure::new(error, cause.to_string()),
            "{input}"
        );
    }
    assert!(!fixture.path("s3").exists(), "nothing is opened before it is needed");
}

#[tokio::test]
async fn what_cannot_be_stored_fails_the_task_and_leaves_nothing() {
    let base = serve(flags()).await + "/flags";
    // A file where a folder has to be: the object lies beside.
    let fixture = Fixture::new(DOWNLOAD);
    std::fs::create_dir_all(fixture.path("s3/images")).unwrap();
    std::fs::write(fixture.path("s3/images/127.0.0.1"), "in the way").unwrap();
    fixture.download(&base, &["ad/ad.gif"], 1).await.unwrap();
    assert_eq!(fixture.stored(), [".beside/images/127.0.0.1%2Fad.gif", "images/127.0.0.1"]);

    let fixture = Fixture::new(DOWNLOAD);
    std::fs::write(fixture.path("s3"), "in the way").unwrap();
    let failure = fixture.download(&base, &["ad/ad.gif"], 1).await.unwrap_err();
    let folder = fixture.path("s3/.unfinished");
    assert_eq!(
        failure.to_string(),
        format!(
            "InternalError: {{\"errorMessage\":\"Cannot store 127.0.0.1/ad.gif in the bucket images: the folder {} \
             cannot be created: Not a directory (os error 20)\",\"errorType\":\"InternalError\"}}",
            folder.display()
        )
    );
}
