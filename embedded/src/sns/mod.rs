//! The embedded SNS: every notification is a JSON file in the outbox, a folder that a person can look into, and goes from
//! there to the subscriptions of the routing file.
//!
//! Any topic is accepted, unless the routing file lists the topics. The names of the files sort by the time of the notification. Publishing never fails because a
//! subscriber is down: what is not delivered stays in the outbox, and this program or the next one tries again.

mod deliver;
mod deliveries;
mod notification;
mod outbox;
mod subscription;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use asl_aws::InProcess;
use asl_aws::in_process::{Missing, respond, whole_body, xml_text};
use asl_aws::names::is_topic;
use asl_aws::web::Caller;
use asl_runtime::{BoxFuture, Pattern};
use aws_smithy_types::body::SdkBody;
use http::StatusCode;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use uuid::Uuid;

use self::deliver::{Means, Subscriber};
use self::deliveries::Deliveries;
pub use self::deliveries::Undelivered;
use self::notification::{Attribute, Notification};
pub use self::subscription::{Mail, Subscription};
use super::sqs::Sqs;
use super::{ACCOUNT, declared};

/// The operation that it has.
const PUBLISH: &str = "Publish";

/// The most bytes of a message.
const MESSAGE_MAX: usize = 256 * 1024;

/// An SNS whose outbox is opened at the first request.
pub(crate) struct Sns {
    deliveries: Deliveries,
    topics: Topics,
}

/// The topics that the routing file names.
struct Topics {
    /// The list of them; none where every topic is there.
    declared: Option<BTreeSet<String>>,
    /// Those of subscriptions.
    patterns: Vec<Pattern>,
}

impl Topics {
    /// The names of subscribed topics that are the same for every ARN.
    fn subscribed(&self) -> BTreeSet<String> {
        let named = self.patterns.iter().map(ToString::to_string);
        named.filter_map(|pattern| Some(pattern.rsplit_once(':')?.1.to_owned())).filter(|name| is_topic(name)).collect()
    }

    /// What is not there of the topic of an ARN.
    fn unmade(&self, arn: &str) -> Option<Missing> {
        if self.patterns.iter().any(|pattern| pattern.matches(arn)) {
            return None;
        }
        let name = arn.rsplit(':').next().filter(|name| is_topic(name))?;
        declared::unmade("topic", name, self.declared.as_ref(), &self.subscribed())
    }
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
enum SnsError {
    InvalidParameter(String),
    InvalidAction(String),
    NoTopic,
    Internal(String),
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
        let of_file = |Subscribers { subscriptions, mail, folder }| {
            let means = Arc::new(Means { mail, folder, caller: caller.clone(), sqs: Arc::clone(&sqs) });
            subscriptions.into_iter().map(move |subscription| Subscriber { subscription, means: Arc::clone(&means) })
        };
        let subscribers: Vec<Subscriber> = subscribers.into_iter().flat_map(of_file).collect();
        let patterns = subscribers.iter().map(|subscriber| subscriber.subscription.topic.clone()).collect();
        let deliveries = Deliveries::new(outbox, subscribers);
        Self { deliveries, topics: Topics { declared: topics, patterns } }
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

    async fn publish(&self, request: http::Request<SdkBody>) -> Result<String, SnsError> {
        let body =
            whole_body(request.into_body()).await.map_err(|error| SnsError::InvalidParameter(error.to_string()))?;
        let parameters: BTreeMap<Cow<'_, str>, Cow<'_, str>> = url::form_urlencoded::parse(&body).collect();
        let now = OffsetDateTime::now_utc();
        let notification = notification(&parameters, now)?;
        let arn = notification.topic_arn.as_deref();
        if self.topics.declared.is_some() && arn.is_some_and(|arn| self.topics.unmade(arn).is_some()) {
            return Err(SnsError::NoTopic);
        }
        let message_id = notification.message_id.clone();
        let published = self.deliveries.publish(outbox::file_name(&message_id, now), notification).await;
        published.map_err(|error| SnsError::Internal(error.to_string()))?;
        Ok(message_id)
    }
}

impl InProcess for Sns {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let request_id = Uuid::new_v4().to_string();
            let (status, body) = match self.publish(request).await {
                Ok(message_id) => (
                    StatusCode::OK,
                    format!(
                        "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                     <MessageId>{message_id}</MessageId></PublishResult><ResponseMetadata>\
                     <RequestId>{request_id}</RequestId></ResponseMetadata></PublishResponse>"
                    ),
                ),
                Err(error) => {
                    let (status, kind, code, message) = match error {
                        SnsError::InvalidParameter(message) => (400, "Sender", "InvalidParameter", message),
                        SnsError::InvalidAction(message) => (400, "Sender", "InvalidAction", message),
                        SnsError::NoTopic => (404, "Sender", "NotFound", "Topic does not exist".to_owned()),
                        SnsError::Internal(message) => (500, "Receiver", "InternalError", message),
                    };
                    let message = xml_text(&message);
                    let body = format!(
                        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{kind}</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId>\
                     </ErrorResponse>"
                    );
                    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body)
                }
            };
            respond(status, "text/xml", &request_id, body)
        })
    }

    fn has(&self, operation: &str) -> bool {
        operation == PUBLISH
    }

    /// What is no ARN names no topic; otherwise as with queues.
    fn missing<'a>(&'a self, _: &'a str, parameters: &'a asl_engine::Value) -> BoxFuture<'a, Option<Missing>> {
        let wrong = ["TopicArn", "TargetArn"].into_iter().find_map(|name| {
            let arn = parameters[name].as_str()?;
            check_arn(name, arn).err()?;
            Some(format!("the {name} {arn}, which is no ARN of a topic: arn:aws:sns:us-east-1:{ACCOUNT}:NAME is one"))
        });
        let unmade = || self.topics.unmade(parameters["TopicArn"].as_str()?);
        Box::pin(std::future::ready(wrong.map(Missing::Impossible).or_else(unmade)))
    }
}

/// Refuses what is no ARN of a topic, or of a phone that has an application (`endpoint/GCM/…`), as users of SNS quote it.
fn check_arn(parameter: &str, arn: &str) -> Result<(), SnsError> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", _, "sns", _, _, name] if is_topic(name) || name.starts_with("endpoint/") => Ok(()),
        [_, _, _, _, _, _, ..] => Err(invalid(parameter)),
        _ => Err(invalid(&format!("{parameter} Reason: An ARN must have at least 6 elements, not {}", parts.len()))),
    }
}

fn invalid(text: &str) -> SnsError {
    SnsError::InvalidParameter(format!("Invalid parameter: {text}"))
}

/// What `parameters` ask to publish. The refusals are those of SNS.
fn notification(
    parameters: &BTreeMap<Cow<'_, str>, Cow<'_, str>>,
    now: OffsetDateTime,
) -> Result<Notification, SnsError> {
    let get = |name: &str| parameters.get(name).map(Cow::as_ref);
    match get("Action") {
        Some(PUBLISH) => {}
        action => {
            let action = action.unwrap_or_default();
            return Err(SnsError::InvalidAction(format!("{action} is not part of the embedded SNS")));
        }
    }
    let (topic_arn, target_arn, phone_number) = (get("TopicArn"), get("TargetArn"), get("PhoneNumber"));
    if topic_arn.or(target_arn).or(phone_number).is_none_or(str::is_empty) {
        return Err(invalid("TopicArn or TargetArn Reason: no value for required parameter"));
    }
    for (parameter, arn) in [("TopicArn", topic_arn), ("TargetArn", target_arn)] {
        if let Some(arn) = arn {
            check_arn(parameter, arn)?;
        }
    }
    let message = get("Message").unwrap_or_default();
    if message.is_empty() {
        return Err(invalid("Empty message"));
    }
    if message.len() > MESSAGE_MAX {
        return Err(invalid("Message too long"));
    }
    let subject = get("Subject");
    if subject.is_some_and(|subject| {
        subject.is_empty() || subject.chars().count() > 100 || subject.chars().any(char::is_control)
    }) {
        return Err(invalid("Subject"));
    }
    let mut message_attributes = BTreeMap::new();
    for number in 1.. {
        let part = |part: &str| get(&format!("MessageAttributes.entry.{number}.{part}"));
        let Some(name) = part("Name") else { break };
        let value = part("Value.StringValue").or(part("Value.BinaryValue")).unwrap_or_default();
        let data_type = part("Value.DataType").unwrap_or_default();
        if value.is_empty() || data_type.is_empty() {
            return Err(invalid(&format!("The message attribute '{name}' must have a type and a value")));
        }
        let attribute = Attribute { data_type: data_type.to_owned(), value: value.to_owned() };
        message_attributes.insert(name.to_owned(), attribute);
    }
    let message_structure = get("MessageStructure");
    match message_structure {
        None => {}
        Some("json") => match serde_json::from_str::<Map<String, Value>>(message) {
            Ok(texts) if texts.get("default").is_some_and(Value::is_string) => {}
            Ok(_) => return Err(invalid("Message Structure - No default entry in JSON message body")),
            Err(_) => return Err(invalid("Message Structure - JSON message body failed to parse")),
        },
        Some(_) => return Err(invalid("MessageStructure")),
    }
    const TIMESTAMP: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(Notification {
        message_id: Uuid::new_v4().to_string(),
        timestamp: now.format(TIMESTAMP).map_err(|error| SnsError::Internal(error.to_string()))?,
        topic_arn: owned(topic_arn),
        target_arn: owned(target_arn),
        phone_number: owned(phone_number),
        subject: owned(subject),
        message: message.to_owned(),
        message_structure: owned(message_structure),
        message_attributes,
        deliveries: Vec::new(),
    })
}
