//! Rules, targets and schedules together.

use std::time::Duration;

use super::*;
use asl_engine::Timestamp;

#[tokio::test]
async fn events_are_files_and_faulty_entries_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let events = Events::new(folder.path().join("events"));
    let good = json!({ "Source": "s", "DetailType": "t", "Detail": "{\"a\":1}", "Time": 1_700_000_000 });
    let with = |name: &str, value: &str| {
        let mut entry = good.clone();
        entry[name] = value.into();
        entry
    };
    let entries = json!({ "Entries": [good, with("Detail", "[]"), with("Source", ""), with("Detail", "{"), with("Source", "aws.ec2")] });
    let (status, answer) = events.run("PutEvents", &entries).await;
    assert_eq!((status, &answer["FailedEntryCount"]), (StatusCode::OK, &json!(4)));
    let malformed = json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
    let missing = "Parameter Source is not valid. Reason: Source is a required argument.";
    assert_eq!(answer["Entries"][1], malformed);
    assert_eq!(answer["Entries"][2], json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": missing }));
    assert_eq!(answer["Entries"][3], malformed);
    assert_eq!(answer["Entries"][4]["ErrorCode"], "NotAuthorizedForSourceException");
    // With one for the source, one for the type and fourteen for the time.
    for (bytes, expected) in [(1_048_576, StatusCode::OK), (1_048_577, StatusCode::BAD_REQUEST)] {
        let detail = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8 - 16));
        let (status, _) = events.run("PutEvents", &json!({ "Entries": [with("Detail", &detail)] })).await;
        assert_eq!(status, expected, "{bytes}");
    }

    let files = std::fs::read_dir(folder.path().join("events")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    assert_eq!(files.len(), 2);
    let files: Vec<PathBuf> = files.into_iter().filter(|path| path.metadata().unwrap().len() < 1_000).collect();
    let event: Value = serde_json::from_str(&std::fs::read_to_string(&files[0]).unwrap()).unwrap();
    assert_eq!(event["id"], answer["Entries"][0]["EventId"]);
    assert_eq!((&event["detail"], &event["time"]), (&json!({ "a": 1 }), &json!("2023-11-14T22:13:20Z")));
    assert_eq!((&event["detail-type"], &event["event-bus"]), (&json!("t"), &json!("default")));

    let (status, answer) = events.run("PutEvents", &json!({ "Entries": [] })).await;
    assert_eq!((status, &answer["__type"]), (StatusCode::BAD_REQUEST, &json!("ValidationException")));
    assert_eq!(events.run("CreateArchive", &json!({})).await.1["__type"], "UnknownOperationException");
}

/// A service that takes note of what it is asked, and fails as often as it is told to.
#[derive(Default)]
struct Noting {
    asked: std::sync::Mutex<Vec<Value>>,
    fails: std::sync::atomic::AtomicUsize,
}

impl InProcess for Noting {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let body = whole_body(request.into_body()).await.unwrap();
            self.asked.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            let fails = self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            let status = if fails.is_ok() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
            respond(status, JSON, "1", "{\"executionArn\":\"a\",\"startDate\":1}".to_owned())
        })
    }

    fn has(&self, _: &str) -> bool {
        true
    }
}

impl Noting {
    fn inputs(&self) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|asked| serde_json::from_str(asked["input"].as_str().unwrap()).unwrap()).collect()
    }
}

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:t";

/// Embedded services that reach each other, and what stands for Step Functions.
fn services(data: &std::path::Path) -> (crate::Embedded, Arc<Clients>, Arc<Noting>) {
    let caller = asl_aws::web::Caller::default();
    let embedded = crate::Embedded::new(data, crate::Declared::default(), Vec::new(), caller);
    let clients = Arc::new(Clients::new(asl_aws::Services::default(), embedded.services()));
    let noting = Arc::new(Noting::default());
    clients.serve("sfn", Arc::clone(&noting) as _);
    embedded.reach_each_other_with(&clients);
    (embedded, clients, noting)
}

async fn ask(events: &Events, operation: &str, request: Value) -> Value {
    let (status, answer) = events.run(operation, &request).await;
    assert_eq!(status, StatusCode::OK, "{operation} {request}: {answer}");
    answer
}

async fn call(clients: &Clients, service: &str, action: &str, parameters: Value) -> Value {
    let service = asl_aws::Service::find(service).unwrap();
    let parameters = parameters.to_string().parse().unwrap();
    let called = clients.call(service, service.operation(action).unwrap(), &parameters, asl_aws::Style::Optimized);
    serde_json::from_str(&asl_engine::Value::from(called.await.unwrap().result).to_string()).unwrap()
}

#[tokio::test]
async fn events_go_to_the_targets_of_the_rules_that_want_them() {
    let folder = tempfile::tempdir().unwrap();
    let (embedded, clients, noting) = services(folder.path());
    let events = &embedded.events;
    let rule = json!({ "Name": "r", "EventPattern": r#"{"source":["s"],"detail":{"n":[{"numeric":[">",1]}]}}"# });
    call(&clients, "eventbridge", "putRule", rule).await;
    let targets = json!([
        { "Id": "1", "Arn": QUEUE, "InputPath": "$.detail" },
        { "Id": "2", "Arn": MACHINE },
        { "Id": "3", "Arn": TOPIC, "InputTransformer": { "InputPathsMap": { "n": "$.detail.n" }, "InputTemplate": "\"n is <n>\"" } },
    ]);
    ask(events, "PutTargets", json!({ "Rule": "r", "Targets": targets })).await;
    let put = async |n: u8| {
        let entry = json!({ "Source": "s", "DetailType": "t", "Detail": format!("{{\"n\":{n}}}") });
        ask(events, "PutEvents", json!({ "Entries": [entry] })).await["Entries"][0]["EventId"].clone()
    };
    put(1).await;
    let id = put(2).await;
    let started = noting.asked.lock().unwrap().clone();
    assert_eq!(started.len(), 1);
    assert_eq!(started[0]["stateMachineArn"], MACHINE);
    assert!(started[0]["name"].as_str().unwrap().starts_with(id.as_str().unwrap()));
    let event = &noting.inputs()[0];
    assert_eq!((&event["id"], &event["detail"], event.get("event-bus")), (&id, &json!({ "n": 2 }), None));
    let received =
        call(&clients, "sqs", "receiveMessage", json!({ "QueueUrl": QUEUE, "MaxNumberOfMessages": 10 })).await;
    let bodies: Vec<&Value> = received["Messages"].as_array().unwrap().iter().map(|message| &message["Body"]).collect();
    assert_eq!(bodies, [&json!("{\"n\":2}")]);
    let published = std::fs::read_dir(folder.path().join("sns")).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        path.is_file().then(|| std::fs::read_to_string(path).unwrap())
    });
    let published: Vec<String> = published.filter(|text| text.contains("n is 2")).collect();
    assert_eq!(published.len(), 1);

    // What another program finds; and what a rule that is disabled does.
    let (again, clients, noting) = services(folder.path());
    let events = &again.events;
    assert_eq!(ask(events, "ListTargetsByRule", json!({ "Rule": "r" })).await["Targets"].as_array().unwrap().len(), 3);
    events.start(Vec::new()).await.unwrap();
    assert!(events.is_listened_to());
    ask(events, "DisableRule", json!({ "Name": "r" })).await;
    assert!(!events.is_listened_to());
    let entry = json!({ "Source": "s", "DetailType": "t", "Detail": "{\"n\":2}" });
    ask(events, "PutEvents", json!({ "Entries": [entry] })).await;
    assert_eq!(noting.inputs(), Vec::<Value>::new());
    // An operation without an answer.
    call(&clients, "eventbridge", "enableRule", json!({ "Name": "r" })).await;
}

#[tokio::test]
async fn rules_of_another_bus_and_of_the_program_see_their_events() {
    let folder = tempfile::tempdir().unwrap();
    let (embedded, _clients, noting) = services(folder.path());
    let events = &embedded.events;
    let pattern = EventPattern::parse(r#"{"source":["s"]}"#).unwrap();
    assert!(!events.is_listened_to());
    let standing = |bus: &str, target: Value| {
        let when = When::Event { bus: bus.to_owned(), pattern: pattern.clone() };
        StandingRule { when, target }
    };
    let of_another = standing("c", json!({ "Arn": MACHINE, "InputPath": "$.detail" }));
    events.start(vec![standing("default", json!({ "Arn": MACHINE })), of_another]).await.unwrap();
    assert!(events.is_listened_to());
    ask(events, "CreateEventBus", json!({ "Name": "b" })).await;
    ask(events, "PutRule", json!({ "Name": "r", "EventBusName": "b", "EventPattern": r#"{"source":["s"]}"# })).await;
    let targets = json!([{ "Id": "1", "Arn": MACHINE, "Input": "\"b\"" }]);
    ask(events, "PutTargets", json!({ "Rule": "r", "EventBusName": "b", "Targets": targets })).await;
    let entry = |bus: &str| json!({ "Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": bus });
    ask(events, "PutEvents", json!({ "Entries": [entry("b"), entry("c"), entry("default")] })).await;
    let event = json!({ "id": "1", "source": "s" });
    events.publish(&event).await;
    events.publish(&json!({ "id": "2", "source": "t" })).await;
    let inputs = noting.inputs();
    assert_eq!((inputs.len(), &inputs[0], &inputs[1], &inputs[3]), (4, &json!("b"), &json!({}), &event));
    assert_eq!(inputs[2]["source"], "s");
}

#[tokio::test(start_paused = true)]
async fn schedules_do_what_is_due_and_targets_are_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (embedded, _clients, noting) = services(folder.path());
    let events = Arc::clone(&embedded.events);
    let schedule = Schedule::parse("rate(2 hours)").unwrap();
    let standing = StandingRule { when: When::Scheduled(schedule), target: json!({ "Arn": MACHINE, "Input": "[1]" }) };
    events.start(vec![standing]).await.unwrap();
    let began = tokio::time::Instant::now();
    let start = Timestamp::parse("2024-01-01T00:59:30Z").unwrap();
    let running = Arc::clone(&events);
    let task = tokio::spawn(async move {
        running.run_schedules(|| start.plus_millis(i64::try_from(began.elapsed().as_millis()).unwrap())).await;
    });
    let hours = async |hours: u64| tokio::time::sleep(Duration::from_secs(hours * 60 * 60)).await;
    hours(1).await;
    assert_eq!(noting.inputs(), Vec::<Value>::new());
    hours(1).await;
    assert_eq!(noting.inputs(), [json!([1])]);
    noting.fails.store(2, Ordering::SeqCst);
    hours(2).await;
    // Two attempts in vain, and the third.
    assert_eq!(noting.inputs().len(), 4);
    task.abort();

    let rules = Rules {
        buses: [(
            DEFAULT.to_owned(),
            rules::Bus {
                rules: [(
                    "r".to_owned(),
                    rules::Rule::try_from(rules::WrittenRule {
                        schedule: Some("cron(0 12 * * ? *)".to_owned()),
                        state: "ENABLED".to_owned(),
                        targets: vec![json!({ "Id": "1", "Arn": QUEUE })],
                        ..rules::WrittenRule::default()
                    })
                    .unwrap(),
                )]
                .into(),
                ..rules::Bus::default()
            },
        )]
        .into(),
    };
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let (due, next) = events.scheduled(&rules, at("2024-01-01T11:59:00Z"), at("2024-01-01T12:00:01Z"));
    // The program's own comes first: every second hour.
    let event: Value = serde_json::from_str(&due[1].input).unwrap();
    assert_eq!(
        (due.len(), &event["source"], &event["time"]),
        (2, &json!("aws.events"), &json!("2024-01-01T12:00:00Z"))
    );
    assert_eq!((&event["detail-type"], &event["detail"]), (&json!("Scheduled Event"), &json!({})));
    assert_eq!(event["resources"], json!(["arn:aws:events:us-east-1:000000000000:rule/r"]));
    assert_eq!(next, Some(at("2024-01-01T14:00:00Z")));
}
