//! The embedded SNS: every notification is a JSON file in the outbox, a folder that a person can look into, and goes from
//! there to the subscriptions of the routing file.
//!
//! Any topic is accepted, unless the routing file lists the topics. The names of the files sort by the time of the notification. Publishing never fails because a
//! subscriber is down: what is not delivered stays in the outbox, and this program or the next one tries again.

mod api;
mod deliver;
mod deliveries;
mod filter;
mod form;
mod notification;
mod outbox;
mod publish;
mod subscription;
mod topics;

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use asl_aws::in_process::{Missing, respond, whole_body};
use asl_aws::web::Caller;
use asl_aws::{Clients, InProcess};
use asl_runtime::{BoxFuture, blocking};
use aws_smithy_types::body::SdkBody;
use http::StatusCode;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use uuid::Uuid;

use self::deliver::{Means, Subscriber};
use self::deliveries::Deliveries;
pub use self::deliveries::Undelivered;
pub(crate) use self::outbox::FOLDER;
pub use self::outbox::notifications;
use self::publish::{check_arn, check_target, entries, notification};
pub use self::subscription::{Mail, Subscription};
use self::topics::{Made, Topics};
use super::ACCOUNT;
use super::files::Staging;
use super::sqs::Sqs;

/// The file in the outbox that keeps what the API has made.
const MADE: &str = ".topics.json";

/// For how long a FIFO topic takes a message for one that it has.
///
/// AWS developer guide of SNS, "Amazon SNS message deduplication for FIFO topics".
const KNOWN_AGAIN: Duration = Duration::from_secs(5 * 60);

/// An SNS whose outbox is opened at the first request.
pub(crate) struct Sns {
    folder: PathBuf,
    deliveries: Deliveries,
    topics: Topics,
    /// The subscribers of routing files.
    of_files: Vec<Arc<Subscriber>>,
    /// What the subscriptions of the API are delivered with.
    means: Arc<Means>,
    made: OnceCell<RwLock<Arc<Made>>>,
    /// Held by who changes something.
    changing: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

/// The id of a message, and its place in a FIFO topic: twenty digits that grow.
type Sent = (String, Option<String>);

/// What was published to FIFO topics and when, by topic and what it is known again by.
#[derive(Default)]
struct Known {
    messages: HashMap<(String, String), (Instant, Sent)>,
}

/// Who gets what is published.
#[derive(Clone, Debug, Default)]
pub struct Subscribers {
    /// The subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// The mail server, where there is one.
    pub mail: Option<Mail>,
    /// Where relative paths start: the folder of the routing file.
    pub folder: PathBuf,
}

/// Why a request is not answered with success.
#[derive(Debug)]
enum SnsError {
    InvalidParameter(String),
    InvalidAction(String),
    NotFound(String),
    /// What has another code.
    Other {
        code: &'static str,
        message: String,
    },
    Internal(String),
}

impl SnsError {
    /// A parameter that SNS does not take.
    fn invalid(text: &str) -> Self {
        Self::InvalidParameter(format!("Invalid parameter: {text}"))
    }

    fn no_topic() -> Self {
        Self::NotFound("Topic does not exist".to_owned())
    }

    /// The status, the code and the message.
    fn told(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::InvalidParameter(message) => (StatusCode::BAD_REQUEST, "InvalidParameter", message),
            Self::InvalidAction(message) => (StatusCode::BAD_REQUEST, "InvalidAction", message),
            Self::NotFound(message) => (StatusCode::NOT_FOUND, "NotFound", message),
            Self::Other { code, message } => (StatusCode::BAD_REQUEST, code, message),
            Self::Internal(message) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message),
        }
    }
}

impl Subscribers {
    /// The names of the queues that subscriptions deliver to.
    pub(crate) fn queues(&self) -> BTreeSet<String> {
        self.subscriptions.iter().filter_map(Subscription::queue).map(str::to_owned).collect()
    }
}

impl Sns {
    /// An SNS that writes into the folder `outbox`, with the `topics` of that list. It calls the subscribers of routing files with
    /// `caller`, and their queues are in `sqs`.
    pub(crate) fn new(
        outbox: PathBuf,
        topics: Option<BTreeSet<String>>,
        subscribers: Vec<Subscribers>,
        caller: Caller,
        sqs: Arc<Sqs>,
    ) -> Self {
        let clients = Arc::<OnceLock<Weak<Clients>>>::default();
        let means = |mail, folder| {
            let (caller, sqs, clients) = (caller.clone(), Arc::clone(&sqs), Arc::clone(&clients));
            Arc::new(Means { mail, folder, caller, sqs, clients })
        };
        // Those of the API have the mail server of the first file.
        let first = subscribers.first().cloned().unwrap_or_default();
        let of_api = means(first.mail, first.folder);
        let of_file = |Subscribers { subscriptions, mail, folder }| {
            let means = means(mail, folder);
            let subscriber = move |subscription| Arc::new(Subscriber { subscription, means: Arc::clone(&means) });
            subscriptions.into_iter().map(subscriber)
        };
        let of_files: Vec<Arc<Subscriber>> = subscribers.into_iter().flat_map(of_file).collect();
        let patterns = of_files.iter().map(|subscriber| subscriber.subscription.topic.clone()).collect();
        Self {
            deliveries: Deliveries::new(outbox.clone(), of_files.clone()),
            folder: outbox,
            topics: Topics { declared: topics, patterns },
            of_files,
            means: of_api,
            made: OnceCell::new(),
            changing: tokio::sync::Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Takes note of what functions are called with; the first time only.
    pub(crate) fn reach_functions_with(&self, clients: &Arc<Clients>) {
        let _ = self.means.clients.set(Arc::downgrade(clients));
    }

    /// Takes up what programs that live no more did not deliver. It is not waited for.
    pub(crate) fn resume(&self) {
        self.deliveries.resume();
    }

    /// Tries everything that is pending once more, and tells what stays undelivered. Nothing is waited for when `stop`
    /// completes.
    pub(crate) async fn finish(&self, stop: impl Future<Output = ()>) -> Vec<Undelivered> {
        self.deliveries.finish(stop).await
    }

    /// What the API has made.
    async fn made(&self) -> Result<Arc<Made>, SnsError> {
        let open = || async {
            let file = self.folder.join(MADE);
            let read = blocking(move || {
                Made::read(&file).map_err(|error| format!("the topics in {} cannot be read: {error}", file.display()))
            });
            let made = read.await.map_err(SnsError::Internal)?;
            self.tell_deliveries(&made);
            Ok(RwLock::new(Arc::new(made)))
        };
        let made = self.made.get_or_try_init(open).await?;
        Ok(Arc::clone(&made.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Keeps what is made now. Who calls it holds `changing`.
    async fn keep(&self, made: Made) -> Result<(), SnsError> {
        let (folder, made) = (self.folder.clone(), Arc::new(made));
        let written = Arc::clone(&made);
        let write = move || {
            let staging = Staging::open(folder.join(".unfinished")).map_err(|error| error.to_string())?;
            written.write(&staging, &folder.join(MADE)).map_err(|error| error.to_string())
        };
        blocking(write).await.map_err(|error| SnsError::Internal(format!("the topics cannot be kept: {error}")))?;
        self.tell_deliveries(&made);
        if let Some(known) = self.made.get() {
            *known.write().unwrap_or_else(PoisonError::into_inner) = made;
        }
        Ok(())
    }

    fn tell_deliveries(&self, made: &Made) {
        let of_api = made.subscriptions.values().filter_map(|made| {
            // It was read when it was made.
            let subscription = made.read().ok()?;
            Some(Arc::new(Subscriber { subscription, means: Arc::clone(&self.means) }))
        });
        self.deliveries.set_subscribers(self.of_files.iter().cloned().chain(of_api).collect());
    }

    /// Whether a topic is there: the API has made it, or the routing file names it.
    async fn has_topic(&self, arn: &str) -> Result<bool, SnsError> {
        Ok(self.topics.has(arn) || self.made().await?.topics.contains_key(arn))
    }

    /// Publishes one message.
    async fn publish(&self, request: &Value) -> Result<Sent, SnsError> {
        check_target(request)?;
        let now = OffsetDateTime::now_utc();
        let topic = request["TopicArn"].as_str().unwrap_or_default();
        if self.topics.declared.is_some() && !topic.is_empty() && !self.has_topic(topic).await? {
            return Err(SnsError::no_topic());
        }
        let made = self.made().await?;
        let notification = notification(request, made.attributes(topic), now)?;
        let number = notification.deduplication.as_ref().map(|_| format!("{:020}", now.unix_timestamp_nanos()));
        let sent = (notification.message_id.clone(), number);
        if let Some(deduplication) = &notification.deduplication {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = known.find(topic, deduplication, &sent) {
                return Ok(known);
            }
        }
        let published = self.deliveries.publish(outbox::file_name(&sent.0, now), notification).await;
        published.map_err(|error| {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).forget(&sent);
            SnsError::Internal(error.to_string())
        })?;
        Ok(sent)
    }

    async fn run(&self, request: http::Request<SdkBody>) -> Result<(String, String), SnsError> {
        let body =
            whole_body(request.into_body()).await.map_err(|error| SnsError::InvalidParameter(error.to_string()))?;
        let request = form::read(&body);
        let action = request["Action"].as_str().unwrap_or_default().to_owned();
        let result = match action.as_str() {
            "Publish" => told(&self.publish(&request).await?),
            "PublishBatch" => self.publish_batch(&request).await?,
            _ => api::run(self, &action, &request).await?,
        };
        Ok((action, result))
    }

    async fn publish_batch(&self, request: &Value) -> Result<String, SnsError> {
        check_target(request)?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, entry) in entries(request)? {
            match self.publish(&entry).await {
                Ok(sent) => successful.push(form::text("Id", &id) + &told(&sent)),
                Err(SnsError::NotFound(message)) => return Err(SnsError::NotFound(message)),
                Err(error) => {
                    let (status, code, message) = error.told();
                    let is_sender = if status.is_client_error() { "true" } else { "false" };
                    failed.push(
                        [("Id", &*id), ("Code", code), ("Message", &message), ("SenderFault", is_sender)]
                            .map(|(name, value)| form::text(name, value))
                            .concat(),
                    );
                }
            }
        }
        Ok(form::list("Successful", successful) + &form::list("Failed", failed))
    }
}

impl Known {
    /// The message that is known again, or notes a new one.
    fn find(&mut self, topic: &str, deduplication: &str, sent: &Sent) -> Option<Sent> {
        let now = Instant::now();
        self.messages.retain(|_, (at, _)| now.duration_since(*at) < KNOWN_AGAIN);
        let key = (topic.to_owned(), deduplication.to_owned());
        if let Some((_, known)) = self.messages.get(&key) {
            return Some(known.clone());
        }
        self.messages.insert(key, (now, sent.clone()));
        None
    }

    /// Forgets what was not kept.
    fn forget(&mut self, sent: &Sent) {
        self.messages.retain(|_, (_, known)| known.0 != sent.0);
    }
}

/// What is told of a message that was published.
fn told((id, number): &Sent) -> String {
    let number = number.as_ref().map(|number| form::text("SequenceNumber", number));
    form::text("MessageId", id) + &number.unwrap_or_default()
}

impl InProcess for Sns {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let request_id = Uuid::new_v4().to_string();
            let namespace = "xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"";
            let (status, body) = match self.run(request).await {
                Ok((action, result)) => (
                    StatusCode::OK,
                    format!(
                        "<{action}Response {namespace}><{action}Result>{result}</{action}Result><ResponseMetadata>\
                         <RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
                    ),
                ),
                Err(error) => {
                    let (status, code, message) = error.told();
                    let kind = if status.is_client_error() { "Sender" } else { "Receiver" };
                    let error = [("Type", kind), ("Code", code), ("Message", &message)];
                    let error = error.map(|(name, text)| form::text(name, text)).concat();
                    let error = form::element("Error", &error) + &form::text("RequestId", &request_id);
                    (status, format!("<ErrorResponse {namespace}>{error}</ErrorResponse>"))
                }
            };
            respond(status, "text/xml", &request_id, body)
        })
    }

    fn has(&self, operation: &str) -> bool {
        operation == "Publish" || operation == "PublishBatch" || api::OPERATIONS.contains(&operation)
    }

    /// What is no ARN names no topic; otherwise as with queues.
    fn missing<'a>(&'a self, operation: &'a str, parameters: &'a asl_engine::Value) -> BoxFuture<'a, Option<Missing>> {
        Box::pin(async move {
            let wrong = ["TopicArn", "TargetArn"].into_iter().find_map(|name| {
                let arn = parameters[name].as_str()?;
                check_arn(name, arn).err()?;
                Some(format!(
                    "the {name} {arn}, which is no ARN of a topic: arn:aws:sns:us-east-1:{ACCOUNT}:NAME is one"
                ))
            });
            if let Some(wrong) = wrong {
                return Some(Missing::Impossible(wrong));
            }
            if !operation.starts_with("Publish") {
                return None;
            }
            let arn = parameters["TopicArn"].as_str()?;
            let unmade = self.topics.unmade(arn)?;
            // `CreateTopic` made it.
            let is_made = self.folder.join(MADE).exists() && self.has_topic(arn).await.unwrap_or_default();
            if is_made { None } else { Some(unmade) }
        })
    }
}

#[cfg(test)]
mod tests;
