//! An S3, DynamoDB and SNS that is not ours: moto, a Python program, on a loopback port.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::http;
use super::web_server::{WebServer, answer};

/// The account that moto answers for.
pub(crate) const ACCOUNT: &str = "123456789012";

/// Python and moto's imports take seconds on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A running moto; dropping it ends it.
pub(crate) struct Moto {
    process: Child,
    endpoint: String,
}

/// Starts moto, or says why a test cannot be run and returns none.
///
/// `ASL_MOTO_SERVER` names the program; without it, `moto_server` is looked for on the PATH.
pub(crate) fn start() -> Option<Moto> {
    let program = std::env::var_os("ASL_MOTO_SERVER").unwrap_or_else(|| OsString::from("moto_server"));
    let mut command = Command::new(&program);
    command.args(["-H", "127.0.0.1", "-p", "0"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    match command.spawn() {
        Ok(process) => Some(Moto::ready(process)),
        Err(error) => {
            super::not_run(&format!(
                "{} does not start ({error}); install it with `pip install 'moto[server]'`, \
                 or say where it is in ASL_MOTO_SERVER",
                program.display()
            ));
            None
        }
    }
}

impl Moto {
    /// Waits until moto has said on which port it listens.
    fn ready(mut process: Child) -> Self {
        let stderr = BufReader::new(process.stderr.take().expect("stderr is piped"));
        let mut moto = Self { process, endpoint: String::new() };
        let (said, listening) = mpsc::channel();
        // Reads to the end, so that moto never waits for a full pipe.
        thread::spawn(move || {
            let mut lines = Vec::new();
            for line in stderr.lines().map_while(Result::ok) {
                if let Some((_, origin)) = line.split_once("Running on ") {
                    let _ = said.send(Ok(origin.trim().to_owned()));
                }
                lines.push(line);
            }
            let _ = said.send(Err(lines.join("\n")));
        });
        moto.endpoint = match listening.recv_timeout(START_LIMIT) {
            Ok(Ok(origin)) => origin,
            Ok(Err(lines)) => panic!("moto ended instead of serving:\n{lines}"),
            Err(_) => panic!("moto did not say on which port it listens within {START_LIMIT:?}"),
        };
        moto
    }

    /// `http://127.0.0.1:port`
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// From now on, executions of state machines run.
    pub(crate) fn run_state_machines(&self) {
        let settings = json!({ "stepfunctions": { "execute_state_machine": true } });
        let url = format!("{}/moto-api/config", self.endpoint);
        let answer = http::send(Method::POST, &url, &[], settings.to_string());
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Creates an empty bucket.
    pub(crate) fn create_bucket(&self, bucket: &str) {
        self.send(Method::PUT, "s3", &format!("/{bucket}"), &[], "");
    }

    /// Writes an object.
    pub(crate) fn put(&self, bucket: &str, key: &str, text: String) {
        self.send(Method::PUT, "s3", &format!("/{bucket}/{key}"), &[], text);
    }

    /// Reads an object.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> Bytes {
        self.send(Method::GET, "s3", &format!("/{bucket}/{key}"), &[], "")
    }

    /// The keys of at most 1,000 objects of a bucket, in order.
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let listing = self.send(Method::GET, "s3", &format!("/{bucket}?list-type=2"), &[], "");
        texts(&String::from_utf8_lossy(&listing), "Key")
    }

    /// Creates a table whose partition key is a string.
    pub(crate) fn create_table(&self, table: &str, key: &str) {
        let request = json!({
            "TableName": table,
            "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.dynamodb("CreateTable", &request);
    }

    /// The rows of a table, at most 1 MB of them, in DynamoDB's JSON.
    pub(crate) fn rows(&self, table: &str) -> Vec<Value> {
        let mut answer = self.dynamodb("Scan", &json!({ "TableName": table }));
        serde_json::from_value(answer["Items"].take()).expect("Items is a list")
    }

    /// Creates a topic and returns what is published to it: a server that gets moto's notifications.
    pub(crate) fn create_topic(&self, topic: &str) -> Subscriber {
        let server = WebServer::start(|_| answer(200, ""));
        self.sns(&format!("Action=CreateTopic&Name={topic}"));
        let arn = format!("arn:aws:sns:us-east-1:{ACCOUNT}:{topic}");
        self.sns(&format!("Action=Subscribe&TopicArn={arn}&Protocol=http&Endpoint={}", server.origin()));
        Subscriber { server }
    }

    fn dynamodb(&self, operation: &str, request: &Value) -> Value {
        let target = format!("DynamoDB_20120810.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
        let answer = self.send(Method::POST, "dynamodb", "/", &headers, request.to_string());
        serde_json::from_slice(&answer).expect("DynamoDB answers JSON")
    }

    fn sns(&self, form: &str) -> Bytes {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, "sns", "/", &headers, form.to_owned())
    }

    /// Moto tells the services apart by what the request is signed for; it does not check the signature.
    fn send(
        &self,
        method: Method,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Bytes {
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request");
        let headers = [&[("authorization", scope.as_str())], headers].concat();
        let answer = http::send(method, &format!("{}{path}", self.endpoint), &headers, body);
        assert!(answer.status().is_success(), "{service} {path}: {answer:?}");
        answer.into_body()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The subscriber of a topic.
pub(crate) struct Subscriber {
    server: WebServer,
}

impl Subscriber {
    /// The notifications so far, as SNS delivers them over HTTP: objects with `Subject` and `Message`.
    pub(crate) fn notifications(&self) -> Vec<Value> {
        let received = self.server.received();
        let messages = received.iter().map(|request| serde_json::from_slice(&request.body).expect("SNS posts JSON"));
        messages.filter(|message: &Value| message["Type"] == "Notification").collect()
    }
}

/// The texts of all elements of a name in simple XML.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let elements = xml.split(&open).skip(1);
    elements.map(|rest| rest.split(&close).next().unwrap_or_default().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_and_notifies() {
        let Some(moto) = start() else { return };
        assert!(moto.endpoint().starts_with("http://127.0.0.1:"));
        moto.create_bucket("images");
        moto.send(Method::PUT, "s3", "/images/host/a.gif", &[], "GIF");
        assert_eq!(moto.keys("images"), ["host/a.gif"]);
        assert_eq!(moto.object("images", "host/a.gif"), "GIF");
        moto.create_table("urlToName", "url");
        moto.dynamodb("PutItem", &json!({ "TableName": "urlToName", "Item": { "url": { "S": "u" } } }));
        assert_eq!(moto.rows("urlToName"), [json!({ "url": { "S": "u" } })]);
        let subscriber = moto.create_topic("failed");
        moto.sns(&format!(
            "Action=Publish&TopicArn=arn:aws:sns:us-east-1:{ACCOUNT}:failed&Subject=Missing&Message=one"
        ));
        let notifications = subscriber.notifications();
        assert_eq!(notifications.len(), 1, "{notifications:?}");
        assert_eq!((&notifications[0]["Subject"], &notifications[0]["Message"]), (&json!("Missing"), &json!("one")));
    }
}
