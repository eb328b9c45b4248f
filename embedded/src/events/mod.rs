//! The embedded EventBridge: every event is a JSON file in a folder that a person can look into, and goes to the targets of the
//! rules that want it.
//!
//! The files have the form in which EventBridge gives events to targets, with the name of their bus, and sort by time. The rules are in one
//! file more, which only one program changes at a time. A target that cannot take an event is tried again for some minutes.

mod api;
mod deliver;
mod pattern;
mod rules;
mod schedule;
mod target;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use asl_aws::in_process::{respond, target_operation, whole_body};
use asl_aws::{Clients, InProcess};
use asl_engine::Timestamp;
use asl_runtime::{BoxFuture, blocking};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::sync::{Notify, OnceCell};
use tracing::warn;
use uuid::Uuid;

use self::api::Refusal;
use self::deliver::NotDelivered;
pub use self::pattern::{EventPattern, InvalidPattern};
use self::rules::{DEFAULT, Rules, rule_arn};
pub use self::schedule::{InvalidSchedule, Schedule};
use self::target::Through;
use super::files::{Staging, create_folder};
use super::{ACCOUNT, OpenError, REGION};

/// The most entries of a request.
const ENTRIES_MAX: usize = 10;

/// The longest sleep between two looks at the clock, which somebody may set.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// How long is waited before each further attempt to deliver an event.
const AGAIN_AFTER: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(60),
    Duration::from_secs(240),
];

const PUT_EVENTS: &str = "PutEvents";

const JSON: &str = "application/x-amz-json-1.1";
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const NAME: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:9]Z");

/// An EventBridge whose folder is opened at the first request.
pub struct Events {
    folder: PathBuf,
    opened: OnceCell<Arc<Opened>>,
    /// What the targets are reached with. They hold this.
    clients: OnceLock<Weak<Clients>>,
    standing: OnceLock<Vec<StandingRule>>,
    /// Whether somebody wants events of the default bus.
    is_listened_to: AtomicBool,
    /// Told when there are other rules.
    changed: Notify,
}

struct Opened {
    staging: Staging,
    file: PathBuf,
    rules: RwLock<Arc<Rules>>,
    /// Held by who changes the rules, until they are kept.
    changing: tokio::sync::Mutex<()>,
}

/// A rule that the program itself has on the default bus: it starts executions.
#[derive(Clone, Debug, PartialEq)]
pub struct StandingRule {
    /// When.
    pub when: When,
    /// The ARN of the state machine.
    pub state_machine: String,
}

/// When a rule does something.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// When an event comes that fits. The event is the input.
    Event(EventPattern),
    /// At its times, with this JSON text as the input. Rates count from 1970 on, so that they do not begin anew with each start of the program.
    Scheduled(Schedule, String),
}

/// The embedded EventBridge cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Unopened(#[from] OpenError);

/// What goes to a target.
#[derive(Clone)]
struct Delivery {
    /// Tells it from others, so that it is not taken twice.
    id: String,
    arn: String,
    target: Value,
    event_id: String,
    input: String,
}

impl Opened {
    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Events {
    /// An EventBridge that writes into `folder`.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            opened: OnceCell::new(),
            clients: OnceLock::new(),
            standing: OnceLock::new(),
            is_listened_to: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// Takes note of what the targets are reached with; the first time only.
    pub(crate) fn reach_targets_with(&self, clients: &Arc<Clients>) {
        let _ = self.clients.set(Arc::downgrade(clients));
    }

    /// Reads the rules that are kept, and takes note of those of the program; the first time only.
    pub async fn start(&self, standing: Vec<StandingRule>) -> Result<(), Unopened> {
        let _ = self.standing.set(standing);
        let opened = self.opened().await?;
        self.look_who_listens(&opened.rules());
        Ok(())
    }

    /// Whether somebody may want an event of the default bus.
    pub fn is_listened_to(&self) -> bool {
        self.is_listened_to.load(Ordering::Relaxed)
    }

    /// Publishes an event of a service on the default bus, where somebody wants it. It has all that targets get.
    pub async fn publish(&self, event: &Value) {
        let opened = match self.opened().await {
            Ok(opened) => opened,
            Err(error) => {
                warn!(%error, "an event is lost");
                return;
            }
        };
        let deliveries = self.wanted(opened, DEFAULT, event);
        if deliveries.is_empty() {
            return;
        }
        if let Err(error) = self.write(opened, DEFAULT, event).await {
            warn!(%error, "an event has no file");
        }
        self.deliver(deliveries).await;
    }

    /// Does what is scheduled at its times, by this clock, until it is dropped. What is missed while the program does not run is not done later.
    pub async fn run_schedules(&self, clock: impl Fn() -> Timestamp) {
        let mut looked = clock();
        loop {
            // Registered before the look, so that no rule is missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = clock();
            let rules = match self.opened().await {
                Ok(opened) => opened.rules(),
                Err(error) => {
                    warn!(%error, "the rules with schedules are not known");
                    Arc::default()
                }
            };
            let (due, next) = self.scheduled(&rules, looked, now);
            self.deliver(due).await;
            looked = now;
            let millis = next.map(|next| next.0.saturating_sub(clock().0).max(0).unsigned_abs());
            let sleep = millis.map_or(LOOK_AGAIN, Duration::from_millis).min(LOOK_AGAIN);
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// What is due since the last look, each once, and when the next is.
    fn scheduled(&self, rules: &Rules, looked: Timestamp, now: Timestamp) -> (Vec<Delivery>, Option<Timestamp>) {
        let mut due = Vec::new();
        let mut next: Option<Timestamp> = None;
        let mut is_due = |schedule: &Schedule, created: Timestamp| {
            let at = schedule.next_after(looked.max(created), created).filter(|at| *at <= now);
            let later = schedule.next_after(now.max(created), created);
            next = [next, later].into_iter().flatten().min();
            at
        };
        for standing in self.standing() {
            if let When::Scheduled(schedule, input) = &standing.when
                && is_due(schedule, Timestamp(0)).is_some()
            {
                due.push(standing.delivery(&Uuid::new_v4().to_string(), input.clone()));
            }
        }
        for (bus, name, rule) in rules.enabled() {
            if let Some(schedule) = &rule.schedule
                && let Some(at) = is_due(schedule, rule.written.created)
            {
                let arn = rule_arn(bus, name);
                let time =
                    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
                // User guide, "Scheduled events".
                let event = whole_event("Scheduled Event", "aws.events", time, &json!([arn]), json!({}));
                due.extend(deliveries(bus, name, &rule.written.targets, &event));
            }
        }
        (due, next)
    }

    fn standing(&self) -> &[StandingRule] {
        self.standing.get().map_or(&[], Vec::as_slice)
    }

    fn look_who_listens(&self, rules: &Rules) {
        let has_pattern = self.standing().iter().any(|standing| matches!(standing.when, When::Event(_)));
        let has_pattern = has_pattern || rules.enabled().any(|(bus, _, rule)| bus == DEFAULT && rule.pattern.is_some());
        self.is_listened_to.store(has_pattern, Ordering::Relaxed);
    }

    async fn opened(&self) -> Result<&Arc<Opened>, OpenError> {
        let folder = self.folder.clone();
        let open = || {
            blocking(move || {
                create_folder(&folder)?;
                let file = folder.join(".rules.json");
                let rules = Rules::read(&file);
                let rules = rules.map_err(|source| OpenError::Rules { path: file.clone(), source })?;
                let (rules, changing) = (RwLock::new(Arc::new(rules)), tokio::sync::Mutex::default());
                Ok(Arc::new(Opened { staging: Staging::open(folder.join(".unfinished"))?, file, rules, changing }))
            })
        };
        let opened = self.opened.get_or_try_init(open).await?;
        Ok(opened)
    }

    /// What goes to whom of an event on a bus.
    fn wanted(&self, opened: &Opened, bus: &str, event: &Value) -> Vec<Delivery> {
        let rules = opened.rules();
        let mut wanted = Vec::new();
        for (name, rule) in rules.wanting(bus, event) {
            wanted.extend(deliveries(bus, name, &rule.written.targets, event));
        }
        for standing in self.standing().iter().filter(|_| bus == DEFAULT) {
            if let When::Event(pattern) = &standing.when
                && pattern.matches(event)
            {
                let id = event["id"].as_str().unwrap_or_default();
                wanted.push(standing.delivery(id, event.to_string()));
            }
        }
        wanted
    }

    /// Delivers once to each, and later again where that was in vain.
    async fn deliver(&self, deliveries: Vec<Delivery>) {
        if deliveries.is_empty() {
            return;
        }
        let Some(clients) = self.clients.get().and_then(Weak::upgrade) else {
            warn!("events are not delivered: nothing is known of targets");
            return;
        };
        join_all(deliveries.into_iter().map(async |delivery| match delivery.attempt(&clients).await {
            Ok(()) => {}
            Err(NotDelivered::Refused(why)) => warn!(to = delivery.arn, why, "an event is not delivered"),
            Err(NotDelivered::Later(why)) => {
                warn!(to = delivery.arn, why, "an event is not delivered yet");
                tokio::spawn(delivery.try_again(Arc::downgrade(&clients)));
            }
        }))
        .await;
    }

    async fn write(&self, opened: &Arc<Opened>, bus: &str, event: &Value) -> std::io::Result<()> {
        let mut event = event.clone();
        event["event-bus"] = bus.into();
        let name = OffsetDateTime::now_utc().format(NAME).unwrap_or_default();
        // The id of an event that a program made may have anything in it.
        let id: String = event["id"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        let file = self.folder.join(format!("{name}-{id}.json"));
        let (text, opened) = (format!("{event:#}\n"), Arc::clone(opened));
        let written =
            move || opened.staging.write(&[Bytes::from(text)])?.move_to(&file).map(drop).map_err(|failed| failed.0);
        blocking(written).await
    }

    /// The answer to a request: a status, and its JSON.
    async fn run(&self, operation: &str, request: &Value) -> (StatusCode, Value) {
        let refused =
            |name: &str, message: String| (StatusCode::BAD_REQUEST, json!({ "__type": name, "message": message }));
        if !self.has(operation) {
            return refused(
                "UnknownOperationException",
                format!("{operation} is not part of the embedded EventBridge"),
            );
        }
        let opened = match self.opened().await {
            Ok(opened) => opened,
            Err(error) => return internal(error.to_string()),
        };
        let answered = match operation {
            PUT_EVENTS => self.put_events(opened, request).await,
            _ => self.change(opened, operation, request).await,
        };
        match answered {
            Ok(answer) => (StatusCode::OK, answer),
            Err(Refusal(name, message)) if name == INTERNAL => internal(message),
            Err(Refusal(name, message)) => refused(name, message),
        }
    }

    async fn put_events(&self, opened: &Arc<Opened>, request: &Value) -> Result<Value, Refusal> {
        let entries = request["Entries"].as_array().map_or(&[] as &[_], Vec::as_slice);
        if entries.is_empty() || entries.len() > ENTRIES_MAX {
            let bound = format!("Member must have length between 1 and {ENTRIES_MAX}");
            return Err(Refusal(
                "ValidationException",
                format!("1 validation error detected: Value at 'entries' failed to satisfy constraint: {bound}"),
            ));
        }
        let mut answers = Vec::with_capacity(entries.len());
        for entry in entries {
            answers.push(match event(entry, OffsetDateTime::now_utc()) {
                Ok(event) => {
                    let bus = api::bus_name(entry["EventBusName"].as_str().unwrap_or(DEFAULT));
                    match self.write(opened, bus, &event).await {
                        Ok(()) => {
                            self.deliver(self.wanted(opened, bus, &event)).await;
                            json!({ "EventId": event["id"] })
                        }
                        Err(error) => json!({ "ErrorCode": "InternalFailure", "ErrorMessage": error.to_string() }),
                    }
                }
                Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
            });
        }
        let failed = answers.iter().filter(|answer| answer.get("ErrorCode").is_some()).count();
        Ok(json!({ "FailedEntryCount": failed, "Entries": answers }))
    }

    /// An operation on the rules. Others see what it changes when it is kept.
    async fn change(&self, opened: &Arc<Opened>, operation: &str, request: &Value) -> Result<Value, Refusal> {
        let _changing = opened.changing.lock().await;
        let mut rules = Rules::clone(&opened.rules());
        let answer = api::run(&mut rules, operation, request, asl_runtime::now())?;
        if answer.changed {
            let rules = Arc::new(rules);
            let (kept, to) = (Arc::clone(&rules), Arc::clone(opened));
            let written = blocking(move || kept.write(&to.staging, &to.file)).await;
            written.map_err(|error| Refusal(INTERNAL, error.to_string()))?;
            self.look_who_listens(&rules);
            *opened.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
            self.changed.notify_waiters();
        }
        Ok(answer.body)
    }
}

impl StandingRule {
    fn delivery(&self, event_id: &str, input: String) -> Delivery {
        let (id, arn) = (Uuid::new_v4().to_string(), self.state_machine.clone());
        Delivery { id, arn, target: Value::Null, event_id: event_id.to_owned(), input }
    }
}

impl Delivery {
    async fn attempt(&self, clients: &Clients) -> Result<(), NotDelivered> {
        let Self { id, arn, target, event_id, input } = self;
        deliver::deliver(clients, arn, target, event_id, id, input.clone()).await
    }

    async fn try_again(self, clients: Weak<Clients>) {
        for pause in AGAIN_AFTER {
            tokio::time::sleep(pause).await;
            let Some(clients) = clients.upgrade() else { return };
            match self.attempt(&clients).await {
                Ok(()) => return,
                Err(NotDelivered::Refused(_)) => break,
                Err(NotDelivered::Later(_)) => {}
            }
        }
        warn!(to = self.arn, id = self.event_id, "an event is not delivered");
    }
}

/// What the targets of a rule get of an event.
fn deliveries<'a>(
    bus: &str,
    name: &'a str,
    targets: &'a [Value],
    event: &'a Value,
) -> impl Iterator<Item = Delivery> + 'a {
    let (arn, taken) = (rule_arn(bus, name), OffsetDateTime::now_utc().format(TIME).unwrap_or_default());
    targets.iter().map(move |target| Delivery {
        id: Uuid::new_v4().to_string(),
        arn: target["Arn"].as_str().unwrap_or_default().to_owned(),
        target: target.clone(),
        event_id: event["id"].as_str().unwrap_or_default().to_owned(),
        input: target::input(target, event, Through { rule_arn: &arn, rule_name: name, taken: &taken }),
    })
}

/// The name of a fault.
const INTERNAL: &str = "InternalException";

fn internal(message: String) -> (StatusCode, Value) {
    (StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": INTERNAL, "message": message }))
}

/// An event as targets get it.
fn whole_event(detail_type: &str, source: &str, at: OffsetDateTime, resources: &Value, detail: Value) -> Value {
    json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": at.format(TIME).unwrap_or_default(),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    })
}

/// The event of an entry, or the code and the text with which EventBridge refuses it.
fn event(entry: &Value, now: OffsetDateTime) -> Result<Value, (&'static str, String)> {
    let text = |name: &str| {
        entry[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| {
            let reason = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            ("InvalidArgument", reason)
        })
    };
    let (source, detail_type, detail) = (text("Source")?, text("DetailType")?, text("Detail")?);
    let detail = serde_json::from_str::<Value>(detail).ok().filter(Value::is_object);
    let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    #[expect(clippy::cast_possible_truncation, reason = "a time that is too large saturates, and is no time then")]
    let given = entry["Time"].as_f64().and_then(|time| OffsetDateTime::from_unix_timestamp(time as i64).ok());
    let resources = entry.get("Resources").cloned().unwrap_or_else(|| json!([]));
    Ok(whole_event(detail_type, source, given.unwrap_or(now), &resources, detail))
}

impl InProcess for Events {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let operation = target_operation(&request).to_owned();
            let (status, body) = match whole_body(request.into_body()).await {
                Ok(body) => match serde_json::from_slice(&body) {
                    Ok(request) => self.run(&operation, &request).await,
                    Err(error) => (
                        StatusCode::BAD_REQUEST,
                        json!({ "__type": "SerializationException", "message": format!("the request is not JSON: {error}") }),
                    ),
                },
                Err(error) => (
                    StatusCode::BAD_REQUEST,
                    json!({ "__type": "SerializationException", "message": error.to_string() }),
                ),
            };
            let body = if body.is_null() { String::new() } else { body.to_string() };
            respond(status, JSON, &Uuid::new_v4().to_string(), body)
        })
    }

    fn has(&self, operation: &str) -> bool {
        operation == PUT_EVENTS || api::OPERATIONS.contains(&operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let entries = json!({ "Entries": [good, with("Detail", "[]"), with("Source", ""), with("Detail", "{")] });
        let (status, answer) = events.run("PutEvents", &entries).await;
        assert_eq!((status, &answer["FailedEntryCount"]), (StatusCode::OK, &json!(3)));
        let malformed = json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
        let missing = "Parameter Source is not valid. Reason: Source is a required argument.";
        assert_eq!(answer["Entries"][1], malformed);
        assert_eq!(answer["Entries"][2], json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": missing }));
        assert_eq!(answer["Entries"][3], malformed);

        let files = std::fs::read_dir(folder.path().join("events")).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
        assert_eq!(files.len(), 1);
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
        let subscribers = crate::Subscribers::default();
        let caller = asl_aws::web::Caller::default();
        let embedded = crate::Embedded::new(data, crate::Declared::default(), subscribers, data.to_owned(), caller);
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
        let bodies: Vec<&Value> =
            received["Messages"].as_array().unwrap().iter().map(|message| &message["Body"]).collect();
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
        assert_eq!(
            ask(events, "ListTargetsByRule", json!({ "Rule": "r" })).await["Targets"].as_array().unwrap().len(),
            3
        );
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
        let standing = StandingRule { when: When::Event(pattern), state_machine: MACHINE.to_owned() };
        events.start(vec![standing]).await.unwrap();
        assert!(events.is_listened_to());
        ask(events, "CreateEventBus", json!({ "Name": "b" })).await;
        ask(events, "PutRule", json!({ "Name": "r", "EventBusName": "b", "EventPattern": r#"{"source":["s"]}"# }))
            .await;
        let targets = json!([{ "Id": "1", "Arn": MACHINE, "Input": "\"b\"" }]);
        ask(events, "PutTargets", json!({ "Rule": "r", "EventBusName": "b", "Targets": targets })).await;
        let entry = |bus: &str| json!({ "Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": bus });
        ask(events, "PutEvents", json!({ "Entries": [entry("b"), entry("c"), entry("default")] })).await;
        let event = json!({ "id": "1", "source": "s" });
        events.publish(&event).await;
        events.publish(&json!({ "id": "2", "source": "t" })).await;
        let inputs = noting.inputs();
        assert_eq!((inputs.len(), &inputs[0], &inputs[2]), (3, &json!("b"), &event));
        assert_eq!(inputs[1]["source"], "s");
    }

    #[tokio::test(start_paused = true)]
    async fn schedules_do_what_is_due_and_targets_are_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let (embedded, _clients, noting) = services(folder.path());
        let events = Arc::clone(&embedded.events);
        let schedule = Schedule::parse("rate(2 hours)").unwrap();
        let standing =
            StandingRule { when: When::Scheduled(schedule, "[1]".to_owned()), state_machine: MACHINE.to_owned() };
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
}
