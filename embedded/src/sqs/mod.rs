//! The embedded SQS: queues whose messages are in one SQLite file.
//!
//! A queue is created by the first message for it, and by whoever asks it for messages; only `GetQueueUrl` says that there is
//! none. Where the routing file lists the queues, there are those and what `CreateQueue` makes. What is not here: dead-letter queues, retention, and what FIFO queues do beyond keeping the order.

mod digest;
mod error;
mod parameters;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl_aws::in_process::{ENDPOINT, Missing, respond, target_operation, whole_body};
use asl_aws::names::is_queue;
use asl_aws::{INVOCATION_ID, InProcess};
use asl_runtime::BoxFuture;
use asl_runtime::blocking;
use aws_smithy_types::body::SdkBody;
use error::SqsError;
use http::header::HOST;
use http::{HeaderValue, StatusCode};
use parameters::Parameters;
pub(crate) use parameters::queue_name;
use serde_json::{Map, Value, json};
use store::{Sent, Store};
use time::OffsetDateTime;
use tokio::sync::{Notify, OnceCell};
use tokio::time::Instant;
use uuid::Uuid;

use super::{ACCOUNT, REGION, declared};

/// The most bytes of a message with its attributes.
const MESSAGE_MAX: usize = 1024 * 1024;

/// How long a message is hidden from others where nothing else is said, in seconds.
const VISIBILITY_TIMEOUT: i64 = 30;

/// A waiting receiver looks again after this time: another process can have sent something.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The queues that the routing file names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queues {
    /// The list of them; none where every queue is there as soon as it is named.
    pub(crate) declared: Option<BTreeSet<String>>,
    /// Those that subscriptions deliver to.
    pub(crate) subscribed: BTreeSet<String>,
}

/// An SQS whose database is opened at the first request.
pub(crate) struct Sqs {
    file: PathBuf,
    queues: Queues,
    opened: OnceCell<Arc<Mutex<Store>>>,
    sent: Notify,
}

impl Sqs {
    /// An SQS with its queues in `file`.
    pub(crate) fn new(file: PathBuf, queues: Queues) -> Self {
        Self { file, queues, opened: OnceCell::new(), sent: Notify::new() }
    }

    /// Sends a text to a queue, which is created where there is none; `queue` is its URL, its ARN or its name. The answer is
    /// the id of the message.
    pub(crate) async fn send(&self, queue: &str, body: &str) -> Result<String, SqsError> {
        let parameters = json!({ "QueueUrl": queue, "MessageBody": body });
        let answer = self.send_message(&Parameters(&parameters)).await?;
        Ok(answer["MessageId"].as_str().unwrap_or_default().to_owned())
    }

    async fn run(&self, operation: &str, parameters: &Value, base: &str) -> Result<Value, SqsError> {
        let parameters = &Parameters(parameters);
        if parameters.text("QueueUrl").is_some() {
            self.known(&parameters.queue()?).await?;
        }
        match operation {
            "CreateQueue" => self.create_queue(parameters, base).await,
            "DeleteQueue" => {
                let queue = parameters.queue()?;
                self.with(move |store| store.delete_queue(&queue)).await.map(|()| Value::Null)
            }
            "GetQueueUrl" => {
                let name = parameters.text("QueueName").ok_or_else(|| SqsError::missing("QueueName"))?.to_owned();
                check_name(&name)?;
                self.existing(&name).await?;
                Ok(json!({ "QueueUrl": url(base, &name) }))
            }
            "ListQueues" => {
                let prefix = parameters.text("QueueNamePrefix").unwrap_or_default().to_owned();
                let names = self.with(move |store| store.names(&prefix)).await?;
                let urls: Vec<String> = names.iter().map(|name| url(base, name)).collect();
                Ok(json!({ "QueueUrls": urls }))
            }
            "GetQueueAttributes" => self.get_queue_attributes(parameters).await,
            "SetQueueAttributes" => {
                let queue = parameters.queue()?;
                let mut attributes = self.attributes(&queue).await?.0;
                attributes.extend(parameters.attributes());
                self.with(move |store| store.set_attributes(&queue, &attributes)).await.map(|()| Value::Null)
            }
            "PurgeQueue" => {
                let queue = parameters.queue()?;
                self.with(move |store| store.purge(&queue)).await.map(|()| Value::Null)
            }
            "SendMessage" => self.send_message(parameters).await,
            "SendMessageBatch" => self.batch(parameters, true).await,
            "ReceiveMessage" => self.receive_message(parameters).await,
            "DeleteMessage" => self.delete_message(parameters).await,
            "DeleteMessageBatch" => self.batch(parameters, false).await,
            "ChangeMessageVisibility" => {
                let (queue, number) = (parameters.queue()?, parameters.receipt()?);
                let until =
                    now() + parameters.seconds("VisibilityTimeout", 43_200)?.unwrap_or(VISIBILITY_TIMEOUT) * 1000;
                match self.with(move |store| store.hide(&queue, number, until)).await? {
                    true => Ok(Value::Null),
                    false => Err(SqsError::refuse("MessageNotInflight", "The message is not in flight.")),
                }
            }
            _ => Err(SqsError::refuse("UnsupportedOperation", format!("{operation} is not part of the embedded SQS"))),
        }
    }

    async fn create_queue(&self, parameters: &Parameters<'_>, base: &str) -> Result<Value, SqsError> {
        let name = parameters.text("QueueName").ok_or_else(|| SqsError::missing("QueueName"))?.to_owned();
        check_name(&name)?;
        let (url, attributes) = (url(base, &name), parameters.attributes());
        self.with(move |store| store.create(&name, &attributes, now())).await?;
        Ok(json!({ "QueueUrl": url }))
    }

    async fn get_queue_attributes(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let queue = parameters.queue()?;
        let (mut attributes, created) = self.attributes(&queue).await?;
        let name = queue.clone();
        let counts = self.with(move |store| store.counts(&name, now())).await?;
        for (name, value) in [
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("CreatedTimestamp", (created / 1000).to_string()),
            ("QueueArn", format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")),
        ] {
            attributes.insert(name.to_owned(), value);
        }
        attributes.entry("VisibilityTimeout".to_owned()).or_insert(VISIBILITY_TIMEOUT.to_string());
        attributes.entry("DelaySeconds".to_owned()).or_insert("0".to_owned());
        let wanted = parameters.names("AttributeNames");
        attributes.retain(|name, _| wanted.iter().any(|wanted| *wanted == *name || *wanted == "All"));
        Ok(json!({ "Attributes": attributes }))
    }

    async fn send_message(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let queue = parameters.queue()?;
        let body = parameters.text("MessageBody").ok_or_else(|| SqsError::missing("MessageBody"))?.to_owned();
        if body.is_empty() {
            return Err(SqsError::missing("MessageBody"));
        }
        let attributes = parameters.0.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default();
        let attributes_text = Value::Object(attributes.clone()).to_string();
        if body.len() + attributes_text.len() > MESSAGE_MAX {
            let reason = format!("Message must be shorter than {MESSAGE_MAX} bytes.");
            return Err(SqsError::refuse(
                "InvalidParameterValue",
                format!("One or more parameters are invalid. Reason: {reason}"),
            ));
        }
        let delay = match parameters.seconds("DelaySeconds", 900)? {
            Some(delay) => delay,
            None => number(&self.attributes(&queue).await?.0, "DelaySeconds").unwrap_or(0),
        };
        let call = parameters.text(INVOCATION_ID.as_str()).map(str::to_owned);
        let group = parameters.text("MessageGroupId").map(str::to_owned);
        let is_fifo = queue.ends_with(".fifo");
        if is_fifo && group.is_none() {
            return Err(SqsError::missing("MessageGroupId"));
        }
        let digests = (digest::of_body(&body), digest::of_attributes(&attributes));
        let at = now();
        let message = Sent { body, attributes: attributes_text, group, visible: at + delay * 1000 };
        let stored = self
            .with(move |store| {
                store.create(&queue, &BTreeMap::new(), at)?;
                match &call {
                    Some(call) => store.send_once(&queue, message, at, call),
                    None => Ok(store.send(&queue, &[message], at)?.into_iter().next().unwrap_or_default()),
                }
            })
            .await?;
        self.sent.notify_waiters();
        let (number, id) = stored;
        let mut answer = json!({ "MessageId": id, "MD5OfMessageBody": digests.0 });
        if let Some(digest) = digests.1 {
            answer["MD5OfMessageAttributes"] = digest.into();
        }
        if is_fifo {
            answer["SequenceNumber"] = format!("{number:020}").into();
        }
        Ok(answer)
    }

    async fn receive_message(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let queue = parameters.queue()?;
        let attributes = self.attributes(&queue).await?.0;
        let most = parameters.seconds("MaxNumberOfMessages", 10)?.unwrap_or(1).max(1);
        let hidden = parameters.seconds("VisibilityTimeout", 43_200)?;
        let hidden = hidden.or(number(&attributes, "VisibilityTimeout")).unwrap_or(VISIBILITY_TIMEOUT);
        let wait = parameters.seconds("WaitTimeSeconds", 20)?;
        let wait = wait.or(number(&attributes, "ReceiveMessageWaitTimeSeconds")).unwrap_or(0);
        let ends = Instant::now() + Duration::from_secs(wait.unsigned_abs());
        loop {
            // Registered before the look, so that nothing that is sent meanwhile is missed.
            let mut sent = std::pin::pin!(self.sent.notified());
            sent.as_mut().enable();
            let name = queue.clone();
            let (received, next) = self
                .with(move |store| {
                    let at = now();
                    let most = usize::try_from(most).unwrap_or(1);
                    let received = store.receive(&name, most, at, at + hidden * 1000)?;
                    let next = if received.is_empty() { store.next_visible(&name)? } else { None };
                    Ok((received, next.map(|next| next - at)))
                })
                .await?;
            if !received.is_empty() || Instant::now() >= ends {
                let messages: Vec<Value> = received.iter().map(|message| parameters.shown(message)).collect();
                return Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) });
            }
            let next = next.map_or(LOOK_AGAIN, |millis| Duration::from_millis(millis.max(0).unsigned_abs()));
            tokio::select! {
                () = sent => {}
                () = tokio::time::sleep_until(ends.min(Instant::now() + next.min(LOOK_AGAIN))) => {}
            }
        }
    }

    async fn delete_message(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let (queue, number) = (parameters.queue()?, parameters.receipt()?);
        self.with(move |store| store.delete(&queue, number)).await.map(|()| Value::Null)
    }

    /// Sends or deletes each of `Entries`, and tells what became of it.
    async fn batch(&self, parameters: &Parameters<'_>, send: bool) -> Result<Value, SqsError> {
        let entries = parameters.0.get("Entries").and_then(Value::as_array);
        let entries = entries.filter(|entries| !entries.is_empty()).ok_or_else(|| {
            SqsError::refuse("EmptyBatchRequest", "There should be at least one entry in the request.")
        })?;
        if entries.len() > 10 {
            let message = format!("Maximum number of entries per request are 10. You have sent {}.", entries.len());
            return Err(SqsError::refuse("TooManyEntriesInBatchRequest", message));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let Some(mut entry) = entry.as_object().cloned() else {
                return Err(SqsError::refuse("SerializationException", "an entry of the request is not a JSON object"));
            };
            let id = entry.remove("Id").unwrap_or_default();
            if let Some(queue) = parameters.0.get("QueueUrl") {
                entry.insert("QueueUrl".to_owned(), queue.clone());
            }
            let entry = Value::from(entry);
            let entry = Parameters(&entry);
            let done = if send { self.send_message(&entry).await } else { self.delete_message(&entry).await };
            match done {
                Ok(mut answer) => {
                    if !answer.is_object() {
                        answer = json!({});
                    }
                    answer["Id"] = id;
                    successful.push(answer);
                }
                Err(error) => failed.push(json!({
                    "Id": id,
                    "Code": error.name,
                    "Message": error.message,
                    "SenderFault": error.status.is_client_error(),
                })),
            }
        }
        let mut answer = Map::from_iter([("Successful".to_owned(), successful.into())]);
        if !failed.is_empty() {
            answer.insert("Failed".to_owned(), failed.into());
        }
        Ok(answer.into())
    }

    /// The attributes of a queue, which is created where there is none, and when it was.
    async fn attributes(&self, queue: &str) -> Result<(BTreeMap<String, String>, i64), SqsError> {
        let queue = queue.to_owned();
        self.with(move |store| {
            if let Some(found) = store.queue(&queue)? {
                return Ok(found);
            }
            let at = now();
            store.create(&queue, &BTreeMap::new(), at)?;
            Ok((BTreeMap::new(), at))
        })
        .await
    }

    async fn existing(&self, queue: &str) -> Result<(), SqsError> {
        let queue = queue.to_owned();
        let found = self.with(move |store| store.queue(&queue)).await?;
        found.map(drop).ok_or_else(SqsError::no_queue)
    }

    /// Refuses a queue that is not there, where not every one is.
    async fn known(&self, queue: &str) -> Result<(), SqsError> {
        let Queues { declared, subscribed } = &self.queues;
        match declared {
            Some(declared) if !declared.contains(queue) && !subscribed.contains(queue) => self.existing(queue).await,
            _ => Ok(()),
        }
    }

    /// Works on the store where waiting for the disk is allowed.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> store::Stored<T> + Send + 'static,
    ) -> Result<T, SqsError> {
        let file = self.file.clone();
        let open = || async { blocking(move || Store::open(&file)).await.map(|store| Arc::new(Mutex::new(store))) };
        let store = Arc::clone(self.opened.get_or_try_init(open).await?);
        let done = blocking(move || work(&mut store.lock().unwrap_or_else(PoisonError::into_inner))).await;
        done.map_err(|error| SqsError::internal(format!("the queues cannot be read or written: {error}")))
    }
}

/// Refuses what is no name of a new queue.
fn check_name(name: &str) -> Result<(), SqsError> {
    const RULE: &str = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    if is_queue(name) { Ok(()) } else { Err(SqsError::refuse("InvalidParameterValue", RULE)) }
}

fn number(attributes: &BTreeMap<String, String>, name: &str) -> Option<i64> {
    attributes.get(name)?.parse().ok()
}

fn url(base: &str, queue: &str) -> String {
    format!("{base}/{ACCOUNT}/{queue}")
}

/// Milliseconds since 1970.
fn now() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

impl InProcess for Sqs {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            const JSON: &str = "application/x-amz-json-1.0";
            let header =
                |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let operation = target_operation(&request).to_owned();
            let call = header(INVOCATION_ID.as_str());
            // Where the caller found this service, it finds the queue.
            let base = header(HOST.as_str()).map_or(ENDPOINT.to_owned(), |host| format!("http://{host}"));
            let answered = match whole_body(request.into_body()).await {
                Ok(body) => match serde_json::from_slice::<Value>(&body) {
                    Ok(mut parameters) => {
                        if let (Some(call), Some(members)) = (call, parameters.as_object_mut()) {
                            members.insert(INVOCATION_ID.as_str().to_owned(), call.into());
                        }
                        self.run(&operation, &parameters, &base).await
                    }
                    Err(error) => {
                        Err(SqsError::refuse("SerializationException", format!("the request is not JSON: {error}")))
                    }
                },
                Err(error) => Err(SqsError::refuse("SerializationException", error.to_string())),
            };
            let request_id = Uuid::new_v4().to_string();
            match answered {
                Ok(Value::Null) => respond(StatusCode::OK, JSON, &request_id, "{}".to_owned()),
                Ok(answer) => respond(StatusCode::OK, JSON, &request_id, answer.to_string()),
                Err(SqsError { status, name, code, message }) => {
                    let body = json!({ "__type": format!("com.amazonaws.sqs#{name}"), "message": message });
                    let mut response = respond(status, JSON, &request_id, body.to_string());
                    let who = if status.is_client_error() { "Sender" } else { "Receiver" };
                    if let Ok(code) = HeaderValue::from_str(&format!("{code};{who}")) {
                        response.headers_mut().insert("x-amzn-query-error", code);
                    }
                    response
                }
            }
        })
    }

    fn has(&self, operation: &str) -> bool {
        OPERATIONS.contains(&operation)
    }

    /// What is no URL of a queue names none; a queue that is not listed is not there where others are, nor is one whose name is
    /// nearly that of another.
    fn missing<'a>(&'a self, _: &'a str, parameters: &'a asl_engine::Value) -> BoxFuture<'a, Option<Missing>> {
        Box::pin(async move {
            let url = parameters["QueueUrl"].as_str()?;
            let Some(name) = queue_name(url) else {
                return Some(Missing::Impossible(format!(
                    "the QueueUrl {url:?}, which is no URL of a queue: https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/NAME is one"
                )));
            };
            let Queues { declared, subscribed } = &self.queues;
            let unmade = declared::unmade("queue", name, declared.as_ref(), subscribed)?;
            // `CreateQueue` made it.
            if self.file.exists() && self.existing(name).await.is_ok() { None } else { Some(unmade) }
        })
    }
}

/// What it has.
const OPERATIONS: [&str; 13] = [
    "CreateQueue",
    "DeleteQueue",
    "GetQueueUrl",
    "ListQueues",
    "GetQueueAttributes",
    "SetQueueAttributes",
    "PurgeQueue",
    "SendMessage",
    "SendMessageBatch",
    "ReceiveMessage",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
];

#[cfg(test)]
mod tests;
