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
mod timer;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use asl_aws::in_process::{respond, target_operation, whole_body};
use asl_aws::{Clients, InProcess};
use asl_runtime::{BoxFuture, blocking};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::sync::{Notify, OnceCell};
use tracing::warn;
use uuid::Uuid;

use self::api::Refusal;
use self::deliver::{Delivery, deliveries};
pub use self::pattern::{EventPattern, InvalidPattern};
use self::rules::{DEFAULT, Rules};
pub use self::schedule::{InvalidSchedule, Schedule};
use super::files::{Staging, create_folder};
use super::{ACCOUNT, OpenError, REGION};

/// The most entries of a request.
const ENTRIES_MAX: usize = 10;

/// The most bytes of the entries of a request. They were 256 KB before 2026-01-29 (AWS, "What's new": 1 MB); the last byte that is taken
/// was measured in March 2026.
const REQUEST_MAX: usize = 1_048_576;

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

/// A rule that the program itself has.
#[derive(Clone, Debug, PartialEq)]
pub struct StandingRule {
    /// When.
    pub when: When,
    /// What it calls, as `PutTargets` has it: its `Arn`, and what it gets (`Input`, `InputPath`, `InputTransformer`).
    pub target: Value,
}

/// When a rule does something.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// When an event comes that fits.
    Event {
        /// The name of the bus.
        bus: String,
        /// What fits.
        pattern: EventPattern,
    },
    /// At its times. Rates count from 1970 on, so that they do not begin anew with each start of the program.
    Scheduled(Schedule),
}

/// The embedded EventBridge cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Unopened(#[from] OpenError);

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

    /// Tells functions, queues and topics something, and those that cannot take it again later.
    pub(crate) async fn tell(&self, arns: &[&str], told: &Value) {
        let delivery = |arn: &&str| Delivery {
            id: Uuid::new_v4().to_string(),
            arn: (*arn).to_owned(),
            target: json!({}),
            event_id: String::new(),
            input: told.to_string(),
        };
        self.deliver(arns.iter().map(delivery).collect()).await;
    }

    fn standing(&self) -> &[StandingRule] {
        self.standing.get().map_or(&[], Vec::as_slice)
    }

    fn look_who_listens(&self, rules: &Rules) {
        let is_of_default =
            |standing: &StandingRule| matches!(&standing.when, When::Event { bus, .. } if bus == DEFAULT);
        let has_pattern = self.standing().iter().any(is_of_default);
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
        for standing in self.standing() {
            if let When::Event { bus: of, pattern } = &standing.when
                && of == bus
                && pattern.matches(event)
            {
                wanted.extend(deliveries(bus, STANDING, std::slice::from_ref(&standing.target), event));
            }
        }
        wanted
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
        if entries.iter().map(size).sum::<usize>() > REQUEST_MAX {
            let message = "Total size of the entries in the request is over the limit.";
            return Err(Refusal("ValidationException", message.to_owned()));
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

/// What rules of the program itself are called.
const STANDING: &str = "asl";

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

/// The bytes of an entry that count.
///
/// User guide, "Calculating PutEvents event entry size".
fn size(entry: &Value) -> usize {
    let texts = ["Source", "DetailType", "Detail"].map(|name| entry[name].as_str().map_or(0, str::len));
    let resources = entry["Resources"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::len);
    let time = if entry["Time"].is_null() { 0 } else { 14 };
    time + texts.into_iter().chain(resources).sum::<usize>()
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
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
    }
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
mod tests;
