//! Notifications that go from the embedded SNS to its subscribers, against real servers.

mod support;

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use asl_tasks::{Router, Undelivered};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::any;
use serde_json::Value;
use support::{Fixture, call, router, serve};
use tokio::sync::watch;

const PUBLISH: &str = "arn:aws:states:::sns:publish";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:failedDownloads";

fn message(more: &str) -> String {
    format!(r#"{{"TopicArn": "{TOPIC}", "Message": "ad.gif is missing"{more}}}"#)
}

/// A subscriber over HTTP that answers with a status, which can be changed, and remembers what it got.
struct Subscriber {
    origin: String,
    status: Arc<AtomicU16>,
    got: Arc<Mutex<Vec<(axum::http::HeaderMap, String)>>>,
    count: watch::Receiver<usize>,
}

impl Subscriber {
    async fn start(status: u16) -> Self {
        let (status, got) = (Arc::new(AtomicU16::new(status)), Arc::new(Mutex::new(Vec::new())));
        let (answer, remember) = (Arc::clone(&status), Arc::clone(&got));
        let (counted, count) = watch::channel(0);
        let hook = async move |request: Request| {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            remember.lock().unwrap().push((parts.headers, String::from_utf8(body.to_vec()).unwrap()));
            counted.send_modify(|count| *count += 1);
            StatusCode::from_u16(answer.load(Ordering::SeqCst)).unwrap()
        };
        Self { origin: serve(axum::Router::new().fallback(any(hook))).await, status, got, count }
    }

    fn routes(&self, more: &str) -> String {
        format!(
            "[[subscriptions]]\ntopic = \"arn:aws:sns:*:*:failed*\"\nhttp = \"{}/hook?key=k3y\"\n{more}",
            self.origin
        )
    }

    fn bodies(&self) -> Vec<String> {
        self.got.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }
}

/// What stays undelivered when nothing stops the wait.
async fn finish(router: &Router) -> Vec<Undelivered> {
    router.finish_deliveries(std::future::pending()).await
}

/// The notifications in the outbox, without what differs in each run.
fn outbox(fixture: &Fixture) -> Vec<Value> {
    let entries = std::fs::read_dir(fixture.path("sns")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

fn deliveries(fixture: &Fixture) -> String {
    outbox(fixture).iter().map(|notification| notification["Deliveries"].to_string()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_subscriber_gets_the_json_of_sns() {
    let subscriber = Subscriber::start(200).await;
    let fixture = Fixture::new(&subscriber.routes(""));
    let more = r#", "Subject": "Missing", "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "1"}}"#;
    let answer = fixture.call(PUBLISH, &message(more)).await.unwrap();
    assert_eq!(finish(&fixture.router).await, []);
    let (headers, body) = subscriber.got.lock().unwrap()[0].clone();
    let body: Value = serde_json::from_str(&body).unwrap();
    for (name, expected) in [
        ("Type", "Notification"),
        ("MessageId", answer["MessageId"].as_str().unwrap()),
        ("TopicArn", TOPIC),
        ("Subject", "Missing"),
        ("Message", "ad.gif is missing"),
    ] {
        assert_eq!(body[name], expected);
    }
    assert_eq!(body["MessageAttributes"].to_string(), r#"{"n":{"Type":"Number","Value":"1"}}"#);
    for (name, expected) in [
        ("x-amz-sns-message-type", "Notification"),
        ("x-amz-sns-message-id", answer["MessageId"].as_str().unwrap()),
        ("x-amz-sns-topic-arn", TOPIC),
        ("content-type", "text/plain; charset=UTF-8"),
        ("user-agent", "Amazon Simple Notification Service Agent"),
    ] {
        assert_eq!(headers[name], expected);
    }
    assert_eq!(
        deliveries(&fixture),
        format!(r#"[{{"Protocol":"http","Endpoint":"{}/hook","State":"delivered","Attempts":1}}]"#, subscriber.origin)
    );
}

#[tokio::test]
async fn raw_delivery_and_structured_messages_hand_on_the_text_of_the_protocol() {
    let subscriber = Subscriber::start(200).await;
    let fixture = Fixture::new(&subscriber.routes("raw_message_delivery = true"));
    let structured = |text: &str| {
        let text = Value::from(text);
        format!(r#"{{"TopicArn": "{TOPIC}", "MessageStructure": "json", "Message": {text}}}"#)
    };
    fixture.call(PUBLISH, &structured(r#"{"default": "d", "http": "for http"}"#)).await.unwrap();
    assert_eq!(finish(&fixture.router).await, []);
    assert_eq!(subscriber.bodies(), ["for http"]);
    assert_eq!(subscriber.got.lock().unwrap()[0].0["x-amz-sns-rawdelivery"], "true");
    for (text, expected) in [
        (r#"{"http": "x"}"#, "Invalid parameter: Message Structure - No default entry in JSON message body"),
        ("no json", "Invalid parameter: Message Structure - JSON message body failed to parse"),
    ] {
        let failure = fixture.call(PUBLISH, &structured(text)).await.unwrap_err().to_string();
        assert!(failure.starts_with(&format!("SNS.InvalidParameterException: {expected} (Service")), "{failure}");
    }
}

#[tokio::test]
async fn every_subscription_of_the_topic_gets_it_and_no_other() {
    let subscriber = Subscriber::start(200).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told.jsonl");
    let other = "[[subscriptions]]\ntopic = \"arn:aws:sns:*:*:other\"\nhttp = \"http://127.0.0.1:1\"";
    let told = format!("[[subscriptions]]\ntopic = \"*\"\nfile = {:?}\n", file.to_str().unwrap());
    let fixture = Fixture::new(&format!("{}\n{told}{other}", subscriber.routes("")));
    for _ in 0..2 {
        fixture.call(PUBLISH, &message("")).await.unwrap();
    }
    assert_eq!(finish(&fixture.router).await, []);
    assert_eq!(subscriber.bodies().len(), 2);
    let lines = std::fs::read_to_string(&file).unwrap();
    let mut got = subscriber.bodies();
    got.sort();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort();
    assert_eq!(lines, got);
}

#[tokio::test]
async fn a_queue_gets_the_json_of_sns_or_the_message_alone() {
    let queue = "arn:aws:sqs:us-east-1:123456789012";
    let fixture = Fixture::new(&format!(
        "[[subscriptions]]\ntopic = \"*\"\nsqs = \"{queue}:whole\"\n\
         [[subscriptions]]\ntopic = \"*\"\nsqs = \"{queue}:raw\"\nraw_message_delivery = true"
    ));
    fixture.call(PUBLISH, &message(r#", "Subject": "Missing""#)).await.unwrap();
    assert_eq!(finish(&fixture.router).await, []);
    let received = async |queue: &str| {
        let input = format!(r#"{{"QueueUrl": "http://sqs/123456789012/{queue}"}}"#);
        let answer = fixture.call("arn:aws:states:::aws-sdk:sqs:receiveMessage", &input).await.unwrap();
        answer["Messages"][0]["Body"].as_str().unwrap().to_owned()
    };
    let whole: Value = serde_json::from_str(&received("whole").await).unwrap();
    assert_eq!((&whole["Type"], &whole["Subject"]), (&Value::from("Notification"), &Value::from("Missing")));
    assert_eq!((&whole["Message"], &whole["TopicArn"]), (&Value::from("ad.gif is missing"), &Value::from(TOPIC)));
    assert_eq!(received("raw").await, "ad.gif is missing");
}

#[tokio::test]
async fn a_delivery_is_tried_again_with_longer_and_longer_pauses() {
    let subscriber = Subscriber::start(503).await;
    let fixture = Fixture::new(&subscriber.routes(""));
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    fixture.call(PUBLISH, &message("")).await.unwrap();
    let mut count = subscriber.count.clone();
    let mut seconds = async |attempts: usize| {
        count.wait_for(|count| *count == attempts).await.unwrap();
        started.elapsed().as_secs_f64().round()
    };
    assert_eq!(seconds(1).await, 0.0);
    assert_eq!(seconds(2).await, 1.0);
    assert_eq!(seconds(3).await, 3.0);
    assert_eq!(seconds(4).await, 7.0);
    subscriber.status.store(200, Ordering::SeqCst);
    assert_eq!(finish(&fixture.router).await, []);
    assert!(deliveries(&fixture).contains(r#""State":"delivered","Attempts":5}"#), "{}", deliveries(&fixture));
}

#[tokio::test]
async fn what_is_undelivered_is_told_and_delivered_by_the_next_program() {
    let subscriber = Subscriber::start(500).await;
    let fixture = Fixture::new(&subscriber.routes(""));
    for _ in 0..2 {
        fixture.call(PUBLISH, &message("")).await.unwrap();
    }
    let undelivered = finish(&fixture.router).await;
    assert_eq!(undelivered.len(), 1);
    let Undelivered { subscriber: who, error, refused, files } = &undelivered[0];
    assert_eq!(*who, format!("http {}/hook", subscriber.origin));
    assert_eq!((error.as_deref(), *refused), (Some("it answered 500 Internal Server Error"), false));
    assert!(files.len() == 2 && files.iter().all(|file| file.is_file()), "{files:?}");
    let tried = subscriber.bodies().len();

    // Another program with the same data, while the first lives: nothing is delivered twice.
    subscriber.status.store(200, Ordering::SeqCst);
    let next = router(&subscriber.routes(""), &fixture.path(""));
    next.resume_deliveries();
    assert_eq!(finish(&next).await, []);
    assert_eq!(subscriber.bodies().len(), tried);

    // A program that knows no such subscription leaves it to another one.
    let data = fixture.into_data();
    let strange = router("[[subscriptions]]\ntopic = \"*\"\nfile = \"/none/f\"", data.path());
    strange.resume_deliveries();
    assert_eq!(finish(&strange).await, []);
    drop(strange);

    let next = router(&subscriber.routes(""), data.path());
    next.resume_deliveries();
    assert_eq!(finish(&next).await, []);
    assert_eq!(subscriber.bodies().len(), tried + 2);
    drop(next);
    assert!(std::fs::read_dir(data.path().join("sns/.pending")).unwrap().next().is_none());
}

/// A program was killed between its last delivery and the note that nothing is pending any more.
#[tokio::test]
async fn the_marker_of_a_delivered_notification_goes_away() {
    let subscriber = Subscriber::start(200).await;
    let fixture = Fixture::new(&subscriber.routes(""));
    fixture.call(PUBLISH, &message("")).await.unwrap();
    assert_eq!(finish(&fixture.router).await, []);
    let data = fixture.into_data();
    let outbox = std::fs::read_dir(data.path().join("sns")).unwrap();
    let name = outbox.map(|entry| entry.unwrap().file_name()).find(|name| name.to_str().unwrap().ends_with(".json"));
    let left = data.path().join("sns/.pending/dead");
    std::fs::create_dir_all(&left).unwrap();
    for file in ["lock".into(), name.unwrap()] {
        std::fs::write(left.join(file), "").unwrap();
    }
    let next = router(&subscriber.routes(""), data.path());
    next.resume_deliveries();
    assert_eq!(finish(&next).await, []);
    drop(next);
    assert!(std::fs::read_dir(data.path().join("sns/.pending")).unwrap().next().is_none());
    assert_eq!(subscriber.bodies().len(), 1);
}

#[tokio::test]
async fn a_subscriber_that_refuses_is_not_asked_again() {
    for status in [400, 403, 302] {
        let subscriber = Subscriber::start(status).await;
        let fixture = Fixture::new(&subscriber.routes(""));
        fixture.call(PUBLISH, &message("")).await.unwrap();
        let undelivered = finish(&fixture.router).await;
        assert!(undelivered[0].refused);
        assert_eq!(subscriber.bodies().len(), 1);
        let data = fixture.into_data();
        let next = router(&subscriber.routes(""), data.path());
        next.resume_deliveries();
        assert_eq!(finish(&next).await, []);
        assert_eq!(subscriber.bodies().len(), 1);
    }
}

#[tokio::test]
async fn publishing_does_not_wait_for_a_subscriber_and_the_end_waits_as_long_as_it_is_told() {
    let origin = serve(axum::Router::new().fallback(any(std::future::pending::<StatusCode>))).await;
    let fixture = Fixture::new(&format!("[[subscriptions]]\ntopic = \"*\"\nhttp = \"{origin}\""));
    assert!(fixture.call(PUBLISH, &message("")).await.is_ok());
    let undelivered = fixture.router.finish_deliveries(std::future::ready(())).await;
    assert_eq!((undelivered.len(), &undelivered[0].error), (1, &None));
}

#[tokio::test]
async fn no_secret_is_kept_or_told() {
    let data = tempfile::tempdir().unwrap();
    let hook = data.path().join("hook");
    std::fs::write(&hook, "http://127.0.0.1:1/s3cret?k=s3cret").unwrap();
    let routes = format!(
        "[[subscriptions]]\ntopic = \"*\"\nhttp = \"http://u:s3cret@127.0.0.1:1/?key=s3cret\"\n\
         [[subscriptions]]\ntopic = \"*\"\nhttp = {{ file = {hook:?} }}\n\
         [[subscriptions]]\ntopic = \"*\"\nemail = \"a@b.c\"\n\
         [mail]\nserver = \"smtp://127.0.0.1:1\"\nfrom = \"a@b.c\"\nusername = \"u\"\npassword = {{ file = {hook:?} }}"
    );
    let fixture = Fixture::new(&routes);
    fixture.call(PUBLISH, &message("")).await.unwrap();
    let undelivered = finish(&fixture.router).await;
    assert_eq!(undelivered.len(), 3);
    for text in [format!("{undelivered:?}"), deliveries(&fixture), format!("{:?}", support::routes(&routes))] {
        assert!(!text.contains("k=s3cret") && !text.contains("/s3cret"), "{text}");
    }
    assert!(!deliveries(&fixture).contains("s3cret"), "{}", deliveries(&fixture));
    // The other calls of a router with an end go on.
    let answer = call(&fixture.router, PUBLISH, &message("")).await;
    assert!(answer.is_ok());
}
