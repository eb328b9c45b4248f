//! The embedded SQS: queues whose messages are in one SQLite file.
//!
//! A queue is created by the first message for it, and by whoever asks it for messages; only `GetQueueUrl` says that there is
//! none. Where the routing file lists the queues, there are those and what `CreateQueue` makes. What is not here is refused: policies
//! of access (`AddPermission`) and tasks that move messages out of a dead-letter queue.

mod attempts;
mod attributes;
mod batch;
mod declared;
mod digest;
mod error;
mod message;
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
use http::header::HOST;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::{Notify, OnceCell};
use tokio::time::Instant;
use uuid::Uuid;

use self::attempts::Attempts;
use self::attributes::{
    Attributes, FIFO, RedrivePolicy, check_names, check_new_name, checked, different, number, with_defaults,
};
use self::batch::{BatchAnswer, Told, entries};
pub use self::declared::QueueSettings;
use self::error::SqsError;
use self::message::Message;
use self::parameters::Parameters;
pub(crate) use self::parameters::queue_name;
use self::store::{Queue, Receipt, Received, Store};
use super::files::patiently;
use super::{ACCOUNT, OpenError, REGION, declared as lists};

/// The most bytes of a message with its attributes, and of a batch of them.
const MESSAGE_MAX: usize = 1024 * 1024;

/// A waiting receiver looks again after this time: another process can have sent something.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The queues that the routing file names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queues {
    /// The list of them; none where every queue is there as soon as it is named.
    pub(crate) declared: Option<BTreeSet<String>>,
    /// How some of them are.
    pub(crate) settings: BTreeMap<String, QueueSettings>,
    /// Those that subscriptions deliver to.
    pub(crate) subscribed: BTreeSet<String>,
}

/// An SQS whose database is opened at the first request.
pub(crate) struct Sqs {
    file: PathBuf,
    queues: Queues,
    opened: OnceCell<Arc<Mutex<Store>>>,
    sent: Notify,
    /// What receivers of FIFO queues have received, by what they call the attempt.
    attempts: Mutex<Attempts>,
}

impl Sqs {
    /// An SQS with its queues in `file`.
    pub(crate) fn new(file: PathBuf, queues: Queues) -> Self {
        Self { file, queues, opened: OnceCell::new(), sent: Notify::new(), attempts: Mutex::default() }
    }

    /// Sends a message with the parameters of `SendMessage` to a queue, which is created where there is none; `QueueUrl` may be its
    /// ARN or its name, too. The answer is the id of the message.
    pub(crate) async fn send(&self, parameters: &Value) -> Result<String, SqsError> {
        let answer = self.send_message(&Parameters(parameters)).await?;
        Ok(answer["MessageId"].as_str().unwrap_or_default().to_owned())
    }

    /// The messages of a queue as `ReceiveMessage` shows them, without receiving them; none where there is no such queue.
    pub(crate) async fn messages(&self, queue: &str) -> Result<Option<Vec<Value>>, SqsError> {
        let name = queue.to_owned();
        let found = self.with(move |store| match store.queue(&name)? {
            Some(queue) => store.messages(&queue, now()).map(Some),
            None => Ok(None),
        });
        let all = json!({ "AttributeNames": ["All"], "MessageAttributeNames": ["All"] });
        Ok(found.await?.map(|messages| messages.iter().map(|message| Parameters(&all).looked_at(message)).collect()))
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
                if !is_queue(&name) {
                    return check_new_name(&name, &Attributes::new()).map(|()| Value::Null);
                }
                self.existing(&name).await?;
                Ok(json!({ "QueueUrl": url(base, &name) }))
            }
            "ListQueues" => {
                let prefix = parameters.text("QueueNamePrefix").unwrap_or_default().to_owned();
                let names = self.with(move |store| store.names(&prefix)).await?;
                page("QueueUrls", names, parameters, base)
            }
            "ListDeadLetterSourceQueues" => {
                let target = parameters.queue()?;
                let sources = self.with(move |store| {
                    let mut sources = Vec::new();
                    for name in store.names("")? {
                        let policy = store.queue(&name)?.and_then(|queue| RedrivePolicy::of(&queue.attributes));
                        sources.extend(policy.filter(|policy| policy.target == target).map(|_| name));
                    }
                    Ok(sources)
                });
                page("queueUrls", sources.await?, parameters, base)
            }
            "GetQueueAttributes" => self.get_queue_attributes(parameters).await,
            "SetQueueAttributes" => self.set_queue_attributes(parameters).await,
            "ListQueueTags" => {
                let Queue { tags, .. } = self.queue(parameters).await?;
                Ok(if tags.is_empty() { Value::Null } else { json!({ "Tags": tags }) })
            }
            "TagQueue" => {
                let (Queue { name, .. }, tags) = (self.queue(parameters).await?, parameters.texts("Tags"));
                self.with(move |store| store.change(&name, |queue| queue.tags.extend(tags))).await.map(|()| Value::Null)
            }
            "UntagQueue" => {
                let Queue { name, .. } = self.queue(parameters).await?;
                let keys: Vec<String> = parameters.names("TagKeys").into_iter().map(str::to_owned).collect();
                let untag = move |queue: &mut Queue| queue.tags.retain(|key, _| !keys.contains(key));
                self.with(move |store| store.change(&name, untag)).await.map(|()| Value::Null)
            }
            "PurgeQueue" => {
                let queue = parameters.queue()?;
                self.with(move |store| store.purge(&queue)).await.map(|()| Value::Null)
            }
            "SendMessage" => self.send_message(parameters).await,
            "SendMessageBatch" => self.send_message_batch(parameters).await,
            "ReceiveMessage" => self.receive_message(parameters).await,
            "DeleteMessage" => self.delete_message(parameters).await,
            "DeleteMessageBatch" => self.each(parameters, "DeleteMessageBatchRequestEntry", Each::Delete).await,
            "ChangeMessageVisibility" => self.change_visibility(parameters).await,
            "ChangeMessageVisibilityBatch" => {
                self.each(parameters, "ChangeMessageVisibilityBatchRequestEntry", Each::ChangeVisibility).await
            }
            _ => Err(SqsError::refuse("UnsupportedOperation", format!("{operation} is not part of the embedded SQS"))),
        }
    }

    async fn create_queue(&self, parameters: &Parameters<'_>, base: &str) -> Result<Value, SqsError> {
        let name = parameters.text("QueueName").ok_or_else(|| SqsError::missing("QueueName"))?.to_owned();
        let mut attributes = parameters.texts("Attributes");
        check_new_name(&name, &attributes)?;
        let url = url(base, &name);
        attributes = checked(&name, attributes, true)?;
        self.check_target(&name, &attributes).await?;
        let at = now();
        let queue =
            Queue { name, attributes, tags: parameters.texts("tags"), created: at, modified: at, is_implicit: false };
        let asked = queue.clone();
        let known = self.with(move |store| {
            store.create(&queue)?;
            store.queue(&queue.name)
        });
        if let Some(known) = known.await?
            && let Some(name) = different(&known.name, &known.attributes, &asked.attributes)
        {
            let message =
                format!("A queue already exists with the same name and a different value for attribute {name}");
            return Err(SqsError::refuse("QueueNameExists", message));
        }
        Ok(json!({ "QueueUrl": url }))
    }

    async fn get_queue_attributes(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let wanted = parameters.names("AttributeNames");
        check_names(&wanted)?;
        let queue = self.queue(parameters).await?;
        let asked = queue.clone();
        let counts = self.with(move |store| store.counts(&asked, now())).await?;
        let mut attributes = with_defaults(&queue.name, &queue.attributes);
        for (name, value) in [
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("CreatedTimestamp", (queue.created / 1000).to_string()),
            ("LastModifiedTimestamp", (queue.modified / 1000).to_string()),
            ("QueueArn", arn(&queue.name)),
        ] {
            attributes.insert(name.to_owned(), value);
        }
        attributes.retain(|name, _| wanted.iter().any(|wanted| *wanted == *name || *wanted == "All"));
        Ok(if attributes.is_empty() { Value::Null } else { json!({ "Attributes": attributes }) })
    }

    async fn set_queue_attributes(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let Queue { name, .. } = self.queue(parameters).await?;
        let attributes = checked(&name, parameters.texts("Attributes"), false)?;
        self.check_target(&name, &attributes).await?;
        let set = move |queue: &mut Queue| {
            queue.attributes.extend(attributes);
            queue.attributes.retain(|_, value| !value.is_empty());
            queue.modified = now();
        };
        self.with(move |store| store.change(&name, set)).await.map(|()| Value::Null)
    }

    /// Refuses a dead-letter queue that is not there, or of another kind.
    async fn check_target(&self, queue: &str, attributes: &Attributes) -> Result<(), SqsError> {
        let Some(policy) = RedrivePolicy::of(attributes) else { return Ok(()) };
        let text = attributes.get("RedrivePolicy").map(String::as_str).unwrap_or_default();
        let refuse = |reason: &str| Err(SqsError::invalid(text, "RedrivePolicy", reason));
        if policy.target.ends_with(FIFO) != queue.ends_with(FIFO) {
            return refuse("Dead-letter queue must be same type of queue as the source.");
        }
        // Where every queue is there as soon as it is named, this names it.
        match (&self.queues.declared, self.existing(&policy.target).await) {
            (None, _) => {
                self.with(move |store| store.queue_or_new(&policy.target, now())).await?;
                Ok(())
            }
            (Some(_), Ok(())) => Ok(()),
            (Some(declared), Err(_)) if declared.contains(&policy.target) => {
                self.with(move |store| store.queue_or_new(&policy.target, now())).await.map(drop)
            }
            (Some(_), Err(_)) => refuse("Dead letter target does not exist."),
        }
    }

    async fn send_message(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let queue = self.queue(parameters).await?;
        let at = now();
        let Message { sent, attributes, system_attributes, .. } =
            Message::of(parameters, &queue.name, &queue.attributes, at)?;
        let told = Told::of(&sent.body, &attributes, &system_attributes, &queue);
        let call = parameters.text(INVOCATION_ID.as_str()).map(str::to_owned);
        let stored = self.with(move |store| match &call {
            Some(call) => store.send_once(&queue, sent, at, call),
            None => Ok(store.send(&queue, &[sent], at)?.into_iter().next().unwrap_or_default()),
        });
        let stored = stored.await?;
        self.sent.notify_waiters();
        Ok(told.answer(stored))
    }

    /// Sends each of `Entries` that can be sent, all of them at once, and tells what became of it.
    async fn send_message_batch(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let entries = entries(parameters, "SendMessageBatchRequestEntry")?;
        let queue = self.queue(parameters).await?;
        let at = now();
        let (mut messages, mut told, mut size, mut answer) = (Vec::new(), Vec::new(), 0, BatchAnswer::default());
        for (id, entry) in &entries {
            match Message::of(&Parameters(entry), &queue.name, &queue.attributes, at) {
                Ok(message) => {
                    size += message.size;
                    told.push((
                        id,
                        Told::of(&message.sent.body, &message.attributes, &message.system_attributes, &queue),
                    ));
                    messages.push(message.sent);
                }
                Err(error) => answer.fail(id, &error),
            }
        }
        if size > MESSAGE_MAX {
            let message =
                format!("Batch requests cannot be longer than {MESSAGE_MAX} bytes. You have sent {size} bytes.");
            return Err(SqsError::refuse("BatchRequestTooLong", message));
        }
        let stored = self.with(move |store| store.send(&queue, &messages, at)).await?;
        self.sent.notify_waiters();
        for ((id, told), stored) in told.into_iter().zip(stored) {
            answer.succeed(id, told.answer(stored));
        }
        Ok(answer.whole())
    }

    async fn receive_message(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let within = |name: &str, most: i64, reason: &str| parameters.number(name, 0, most, reason);
        let most =
            parameters.number("MaxNumberOfMessages", 1, 10, "Must be between 1 and 10, if provided.")?.unwrap_or(1);
        let hidden = within("VisibilityTimeout", 43_200, "Must be between 0 and 43200, if provided.")?;
        let wait = within("WaitTimeSeconds", 20, "Must be >= 0 and <= 20, if provided.")?;
        let queue = self.queue(parameters).await?;
        let hidden = hidden.unwrap_or_else(|| number(&queue.attributes, "VisibilityTimeout")) * 1000;
        let wait = wait.unwrap_or_else(|| number(&queue.attributes, "ReceiveMessageWaitTimeSeconds"));
        let attempt = parameters.text("ReceiveRequestAttemptId").filter(|_| queue.name.ends_with(FIFO));
        let attempt = attempt.map(|id| (queue.name.clone(), id.to_owned()));
        if let Some(again) = self.receive_again(attempt.as_ref(), hidden).await? {
            return Ok(parameters.all_shown(&queue.name, &again));
        }
        let ends = Instant::now() + Duration::from_secs(wait.unsigned_abs());
        loop {
            // Registered before the look, so that nothing that is sent meanwhile is missed.
            let mut sent = std::pin::pin!(self.sent.notified());
            sent.as_mut().enable();
            let asked = queue.clone();
            let (received, has_moved, next) = self
                .with(move |store| {
                    let at = now();
                    let most = usize::try_from(most).unwrap_or(1);
                    let (received, has_moved) = store.receive(&asked, most, at, at + hidden, &arn(&asked.name))?;
                    let next = if received.is_empty() { store.next_visible(&asked.name, at)? } else { None };
                    Ok((received, has_moved, next.map(|next| next - at)))
                })
                .await?;
            if has_moved {
                self.sent.notify_waiters();
            }
            if !received.is_empty() || Instant::now() >= ends {
                if let Some(attempt) = attempt {
                    let numbers = received.iter().map(|message| message.number).collect();
                    self.attempts.lock().unwrap_or_else(PoisonError::into_inner).note(attempt, numbers);
                }
                return Ok(parameters.all_shown(&queue.name, &received));
            }
            let next = next.map_or(LOOK_AGAIN, |millis| Duration::from_millis(millis.max(1).unsigned_abs()));
            tokio::select! {
                () = sent => {}
                () = tokio::time::sleep_until(ends.min(Instant::now() + next.min(LOOK_AGAIN))) => {}
            }
        }
    }

    /// What the same attempt received, where it was made before.
    async fn receive_again(
        &self,
        attempt: Option<&(String, String)>,
        hidden: i64,
    ) -> Result<Option<Vec<Received>>, SqsError> {
        let Some(attempt) = attempt else { return Ok(None) };
        let numbers = self.attempts.lock().unwrap_or_else(PoisonError::into_inner).find(attempt);
        let Some(numbers) = numbers else { return Ok(None) };
        let again = self.with(move |store| store.receive_again(&numbers, now(), now() + hidden)).await?;
        Ok(Some(again).filter(|again| !again.is_empty()))
    }

    async fn delete_message(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let queue = parameters.queue()?;
        let (number, count) = parameters.receipt(&queue)?;
        let is_fifo = queue.ends_with(FIFO);
        let done = self.with(move |store| {
            let receipt = store.receipt(&queue, (number, count), now())?;
            if receipt == Receipt::InFlight || !is_fifo {
                store.delete(&queue, (number, count))?;
            }
            // Somebody else may have it by now.
            Ok(is_fifo && receipt == Receipt::Expired)
        });
        match done.await? {
            false => Ok(Value::Null),
            true => {
                let handle = parameters.text("ReceiptHandle").unwrap_or_default();
                Err(SqsError::invalid(handle, "ReceiptHandle", "The receipt handle has expired."))
            }
        }
    }

    async fn change_visibility(&self, parameters: &Parameters<'_>) -> Result<Value, SqsError> {
        let queue = parameters.queue()?;
        let (number, count) = parameters.receipt(&queue)?;
        let reason = "VisibilityTimeout must be an integer between 0 and 43200.";
        let timeout = parameters.number("VisibilityTimeout", 0, 43_200, reason)?;
        let timeout = timeout.ok_or_else(|| SqsError::missing("VisibilityTimeout"))? * 1000;
        let receipt = self.with(move |store| {
            let receipt = store.receipt(&queue, (number, count), now())?;
            if receipt == Receipt::InFlight {
                store.hide(&queue, number, now() + timeout)?;
            }
            Ok(receipt)
        });
        match receipt.await? {
            Receipt::InFlight => {
                self.sent.notify_waiters();
                Ok(Value::Null)
            }
            Receipt::Expired => Err(SqsError::refuse("MessageNotInflight", "The message is not in flight.")),
            Receipt::Deleted => {
                let handle = parameters.text("ReceiptHandle").unwrap_or_default();
                let reason = "Message does not exist or is not available for visibility timeout change.";
                Err(SqsError::invalid(handle, "ReceiptHandle", reason))
            }
        }
    }

    /// Does the same with each of `Entries`, and tells what became of it.
    async fn each(&self, parameters: &Parameters<'_>, kind: &str, each: Each) -> Result<Value, SqsError> {
        let mut answer = BatchAnswer::default();
        for (id, entry) in entries(parameters, kind)? {
            let entry = Parameters(&entry);
            let done = match each {
                Each::Delete => self.delete_message(&entry).await,
                Each::ChangeVisibility => self.change_visibility(&entry).await,
            };
            match done {
                Ok(_) => answer.succeed(&id, json!({})),
                Err(error) => answer.fail(&id, &error),
            }
        }
        Ok(answer.whole())
    }

    /// The queue that `QueueUrl` gives, which is created where there is none.
    async fn queue(&self, parameters: &Parameters<'_>) -> Result<Queue, SqsError> {
        let name = parameters.queue()?;
        self.with(move |store| store.queue_or_new(&name, now())).await
    }

    async fn existing(&self, queue: &str) -> Result<(), SqsError> {
        let queue = queue.to_owned();
        let found = self.with(move |store| store.queue(&queue)).await?;
        found.map(drop).ok_or_else(SqsError::no_queue)
    }

    /// Refuses a queue that is not there, where not every one is.
    async fn known(&self, queue: &str) -> Result<(), SqsError> {
        let Queues { declared, subscribed, .. } = &self.queues;
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
        let (file, queues) = (self.file.clone(), self.queues.clone());
        let open = || async {
            blocking(move || {
                let mut store = Store::open(&file)?;
                let failed =
                    |error: rusqlite::Error| OpenError::Database { path: file.clone(), message: error.to_string() };
                // What the routing file names is there.
                for name in queues.declared.iter().flatten().chain(&queues.subscribed) {
                    patiently(|| store.queue_or_new(name, now())).map_err(failed)?;
                }
                for (name, settings) in &queues.settings {
                    let attributes = settings.attributes(name);
                    patiently(|| store.change(name, |queue| queue.attributes.extend(attributes.clone())))
                        .map_err(failed)?;
                }
                Ok::<_, OpenError>(Arc::new(Mutex::new(store)))
            })
            .await
        };
        let store = Arc::clone(self.opened.get_or_try_init(open).await?);
        let done = blocking(move || work(&mut store.lock().unwrap_or_else(PoisonError::into_inner))).await;
        done.map_err(|error| SqsError::internal(format!("the queues cannot be read or written: {error}")))
    }
}

/// What is done with each entry of a batch.
#[derive(Clone, Copy)]
enum Each {
    Delete,
    ChangeVisibility,
}

/// A page of the URLs of queues.
fn page(member: &str, names: Vec<String>, parameters: &Parameters<'_>, base: &str) -> Result<Value, SqsError> {
    let most = parameters.number("MaxResults", 1, 1_000, "Must be between 1 and 1000, if provided.")?;
    let most = most.and_then(|most| usize::try_from(most).ok());
    // The token is the last name of the page before.
    let after = parameters.text("NextToken").unwrap_or_default();
    let mut names: Vec<String> = names.into_iter().filter(|name| name.as_str() > after).collect();
    let has_more = names.len() > most.unwrap_or(1_000);
    names.truncate(most.unwrap_or(1_000));
    let urls: Vec<String> = names.iter().map(|name| url(base, name)).collect();
    let mut answer = json!({ member: urls });
    // Without MaxResults, there are no pages.
    if let Some(last) = names.last().filter(|_| has_more && most.is_some()) {
        answer["NextToken"] = last.as_str().into();
    }
    Ok(answer)
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
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
            let Queues { declared, subscribed, .. } = &self.queues;
            let unmade = lists::unmade("queue", name, declared.as_ref(), subscribed)?;
            // `CreateQueue` made it.
            if self.file.exists() && self.existing(name).await.is_ok() { None } else { Some(unmade) }
        })
    }
}

/// What it has.
const OPERATIONS: [&str; 18] = [
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
    "ChangeMessageVisibilityBatch",
    "ListDeadLetterSourceQueues",
    "ListQueueTags",
    "TagQueue",
    "UntagQueue",
];

#[cfg(test)]
mod tests;
