//! Who may ask the server, and what it does with requests that are none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use hyper::Method;
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::http::{get, send};
use crate::support::server::Server;

const START: (&str, &str) = ("x-amz-target", "AWSStepFunctions.ListStateMachines");

#[test]
fn web_pages_and_other_names_are_refused() {
    let server = Server::start(&Folder::new(), &["--memory"]);
    for (headers, status) in [
        (&[START][..], 200),
        (&[START, ("origin", "https://example.com")], 403),
        (&[START, ("sec-fetch-site", "cross-site")], 403),
        (&[("x-amz-target", "AWSStepFunctions.Unknown")], 400),
        (&[START, ("authorization", "nonsense")], 200),
    ] {
        let answer = send(Method::POST, &server.url, headers, "{}");
        assert_eq!(answer.status().as_u16(), status, "{headers:?}");
    }
    assert_eq!(get(&format!("{}/health", server.url)).body(), r#"{"status":"ok"}"#);
    let metrics = get(&format!("{}/metrics", server.url));
    assert!(String::from_utf8_lossy(metrics.body()).contains("asl_journal_failing 0"), "{metrics:?}");
}

#[test]
fn a_token_is_asked_for_and_other_machines_need_one() {
    let folder = Folder::new();
    folder.write("token", "0123456789abcdef\n");
    let server = Server::start(&folder, &["--memory", "--auth-token-file", "token"]);
    let signed = |key: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261130/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0"
        )
    };
    for (authorization, status) in [
        (String::new(), 403),
        ("Bearer 0123456789abcdef".to_owned(), 200),
        ("Bearer 0123456789abcdee".to_owned(), 403),
        (signed("0123456789abcdef"), 200),
        (signed("AKIAIOSFODNN7EXAMPLE"), 403),
    ] {
        let answer = send(Method::POST, &server.url, &[START, ("authorization", &authorization)], "{}");
        assert_eq!(answer.status().as_u16(), status, "{authorization}");
    }
    // Whether it lives may be asked by anybody.
    assert_eq!(get(&format!("{}/health", server.url)).status(), 200);
    assert_eq!(get(&format!("{}/metrics", server.url)).status(), 403);

    let open = folder.asl(&["serve", "--memory", "--listen", "0.0.0.0:0"]);
    assert_eq!(open.code, Some(2));
    assert!(open.stderr.contains("--auth-token-file"), "{open:?}");
    folder.write("short", "secret");
    let short = folder.asl(&["serve", "--memory", "--auth-token-file", "short"]);
    assert!(short.stderr.contains("16 characters"), "{short:?}");
}

#[test]
fn what_is_taken_or_wrong_is_told_before_anything_is_touched() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let again = folder.asl(&["serve", "--listen", "0"]);
    assert_eq!(again.code, Some(2));
    assert!(
        again.stderr.contains("is used by another program") && again.stderr.contains("help: --data DIR"),
        "{again:?}"
    );
    let port = server.url.rsplit(':').next().expect("a port");
    let taken = Folder::new();
    let ended = taken.asl(&["serve", "--listen", port]);
    assert!(ended.stderr.contains("cannot listen at") && !taken.path(".asl").exists(), "{ended:?}");
    for (arguments, part) in [
        (&["serve", "nowhere"][..], "nowhere is not a folder"),
        (&["serve", "--account", "1"], "12 digits"),
        (&["serve", "--region", "Mars!"], "a region such as"),
        (&["serve", "--listen", "everywhere"], "a port such as"),
        (&["serve", "--otlp", "collector"], "an address such as http://127.0.0.1:4318"),
        (&["serve", "--max-executions", "0"], "number would be zero"),
    ] {
        let ended = taken.asl(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    let machine = server.create("m", &json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}));
    assert_eq!(server.ended(&server.start_execution(&machine, "n", &json!(1)))["status"], "SUCCEEDED");
}

/// Sends bytes, and reads until the other end closes or a whole answer is there.
fn raw(server: &Server, bytes: &[u8]) -> String {
    let address = server.url.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(address).expect("it accepts connections");
    // It may close before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn no_request_ends_the_server() {
    let server = Server::start(&Folder::new(), &["--memory"]);
    let head = |length: usize, target: &str| {
        format!("POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: {target}\r\ncontent-length: {length}\r\n\r\n")
    };
    let huge = format!("POST / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    for bytes in [
        b"".to_vec(),
        b"\r\n\r\n".to_vec(),
        b"GET".to_vec(),
        vec![0xff; 4_096],
        huge.into_bytes(),
        head(100, "AWSStepFunctions.StartExecution").into_bytes(),
        head(usize::MAX, "AWSStepFunctions.StartExecution").into_bytes(),
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nhost: localhost\r\nhost: other\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
    ] {
        let answer = raw(&server, &bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{bytes:?}: {answer}");
    }
    for body in ["", "{", "[]", "null", "\"x\"", "{\"name\":5}", "{\"name\":null}", &"[".repeat(100_000)] {
        for operation in ["CreateStateMachine", "StartExecution", "ListExecutions", "TestState", "GetActivityTask"] {
            let target = format!("AWSStepFunctions.{operation}");
            let answer = send(Method::POST, &server.url, &[("x-amz-target", &target)], body.to_owned());
            assert_eq!(answer.status(), 400, "{operation} {body:.100}: {answer:?}");
        }
    }
    assert_eq!(get(&format!("{}/health", server.url)).status(), 200);
}

#[test]
fn https_is_spoken_with_a_certificate_that_is_made_or_given() {
    let folder = Folder::new();
    let health = |server: &Server, certificate: &str| {
        let url = format!("{}/health", server.url);
        let mut curl = std::process::Command::new("curl");
        let ran = curl.args(["--silent", "--cacert", certificate, &url]).current_dir(folder.path(".")).output();
        String::from_utf8(ran.expect("curl is there").stdout).expect("UTF-8")
    };
    let made = Server::start(&folder, &["--memory", "--tls"]);
    assert!(made.url.starts_with("https://"), "{}", made.url);
    assert_eq!(health(&made, ".asl/tls/certificate.pem"), r#"{"status":"ok"}"#);
    let files = ["--memory", "--tls-certificate", ".asl/tls/certificate.pem", "--tls-key", ".asl/tls/key.pem"];
    let given = Server::start(&folder, &files);
    assert_eq!(health(&given, ".asl/tls/certificate.pem"), r#"{"status":"ok"}"#);
    folder.write("other.pem", "nonsense");
    let wrong = folder.asl(&["serve", "--listen", "0", "--tls-certificate", "other.pem", "--tls-key", "other.pem"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("the certificate other.pem: there is no certificate in it"), "{wrong:?}");
}

/// One connection, on which one request is answered after another.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(server: &Server) -> Self {
        let address = server.url.strip_prefix("http://").expect("a URL");
        Self(BufReader::new(TcpStream::connect(address).expect("it accepts connections")))
    }

    /// The status of the answer; the rest of it is read.
    fn status(&mut self, target: &str, body: &str) -> u16 {
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: {target}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.0.get_mut().write_all(request.as_bytes()).expect("the connection is open");
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).expect("an answer") > 0, "the connection was closed after {body:.300}");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().expect("a length");
            } else if line.is_empty() {
                break;
            }
        }
        self.0.read_exact(&mut vec![0; length]).expect("the whole answer");
        status
    }
}

/// Requests that fit the model in parts: each member is left out, or is something of another kind, size or shape.
#[test]
fn ten_thousand_malformed_requests_are_all_answered() {
    let model = include_str!("../../../server/src/api/members.json");
    let model: Value = serde_json::from_str(model).expect("JSON");
    let operations: Vec<(&String, &Value)> = model.as_object().expect("operations").iter().collect();
    let server = Server::start(&Folder::new(), &["--memory"]);
    let mut connection = Connection::to(&server);
    let mut seed = 0_u64;
    let mut chance = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("small") % bound
    };
    let long = "x".repeat(3_000);
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{7f}\u{202e}"),
        json!(long),
        json!([]),
        json!([null, [], {}]),
        json!({}),
        json!({"a": {"b": [1, 2]}}),
        json!("arn:"),
        json!("arn:aws:states:us-east-1:000000000000:stateMachine:nobody"),
        json!("arn:aws:states:us-east-1:000000000000:execution:nobody:nothing"),
        json!("arn:aws:states:us-east-1:000000000000:mapRun:a/b:c"),
        json!("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"),
        json!("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":[],\"Next\":{}}}}"),
        json!([{"key": "k", "value": null}]),
        json!([{"stateMachineVersionArn": "arn:aws:states:us-east-1:0:stateMachine:m:99999999999999999999", "weight": 100}]),
    ];
    for number in 0..10_000 {
        let (operation, members) = operations[chance(operations.len())];
        let mut given = serde_json::Map::new();
        for name in members.as_object().expect("members").keys() {
            if chance(4) > 0 {
                given.insert(name.clone(), values[chance(values.len())].clone());
            }
        }
        let body = Value::Object(given).to_string();
        let status = connection.status(&format!("AWSStepFunctions.{operation}"), &body);
        assert!(matches!(status, 200 | 400), "{number}: {status} for {operation} {body:.300}");
    }
    assert_eq!(get(&format!("{}/health", server.url)).status(), 200);
}

#[test]
fn a_client_that_says_nothing_holds_nobody_up() {
    let server = Server::start(&Folder::new(), &["--memory"]);
    let address = server.url.strip_prefix("http://").expect("a URL");
    let idle: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = TcpStream::connect(address).expect("it accepts connections");
            if number % 2 == 0 {
                stream
                    .write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{")
                    .expect("it is sent");
            }
            stream
        })
        .collect();
    assert_eq!(get(&format!("{}/health", server.url)).status(), 200);
    drop(idle);
}
