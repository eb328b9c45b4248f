//! What the API makes and tells of topics and subscriptions.
//!
//! AWS API reference of SNS. A subscription is confirmed at once: nobody is asked.

use std::collections::BTreeSet;

use asl_aws::names::is_topic;
use serde_json::Value;
use uuid::Uuid;

use super::form::{self, element, list, text};
use super::publish::check_arn;
use super::topics::{FIFO, Made, MadeSubscription, Texts, Topic, arn};
use super::{Sns, SnsError};
use crate::ACCOUNT;

/// What it has, beside publishing.
pub(super) const OPERATIONS: [&str; 14] = [
    "CreateTopic",
    "DeleteTopic",
    "GetSubscriptionAttributes",
    "GetTopicAttributes",
    "ListSubscriptions",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "ListTopics",
    "SetSubscriptionAttributes",
    "SetTopicAttributes",
    "Subscribe",
    "TagResource",
    "Unsubscribe",
    "UntagResource",
];

/// How many members a page has.
const PAGE: usize = 100;

/// The attributes of topics that can be set, and whether only FIFO topics have them.
const SETTABLE: [(&str, bool); 9] = [
    ("DisplayName", false),
    ("Policy", false),
    ("DeliveryPolicy", false),
    ("KmsMasterKeyId", false),
    ("SignatureVersion", false),
    ("TracingConfig", false),
    ("FifoTopic", true),
    ("ContentBasedDeduplication", true),
    ("FifoThroughputScope", true),
];

/// What an operation answers: the inside of its result.
pub(super) async fn run(sns: &Sns, action: &str, request: &Value) -> Result<String, SnsError> {
    let made = sns.made().await?;
    match action {
        "GetSubscriptionAttributes" => {
            let (arn, subscription) = subscription(&made, request)?;
            let own = [
                ("SubscriptionArn", arn),
                ("TopicArn", &subscription.topic),
                ("Protocol", &subscription.protocol),
                ("Endpoint", &subscription.endpoint),
                ("Owner", ACCOUNT),
                ("PendingConfirmation", "false"),
                ("ConfirmationWasAuthenticated", "true"),
                ("RawMessageDelivery", "false"),
            ];
            let mut attributes: Texts = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            attributes.extend(subscription.attributes.clone());
            return Ok(form::map("Attributes", &attributes));
        }
        "GetTopicAttributes" => {
            let arn = topic(sns, request, "TopicArn").await?;
            let count = made.subscriptions.values().filter(|subscription| subscription.topic == arn).count();
            let mut attributes: Texts = [
                ("TopicArn", arn.clone()),
                ("Owner", ACCOUNT.to_owned()),
                ("DisplayName", String::new()),
                ("SubscriptionsConfirmed", count.to_string()),
                ("SubscriptionsPending", "0".to_owned()),
                ("SubscriptionsDeleted", "0".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
            attributes.extend(made.attributes(&arn).cloned().unwrap_or_default());
            return Ok(form::map("Attributes", &attributes));
        }
        "ListTopics" => {
            let of_file =
                sns.topics.declared.iter().flatten().chain(&sns.topics.subscribed()).map(|name| arn(name)).collect();
            let all: BTreeSet<String> =
                BTreeSet::from_iter(made.topics.keys().cloned()).union(&of_file).cloned().collect();
            return page("Topics", request, all.into_iter().map(|arn| (arn.clone(), text("TopicArn", &arn))).collect());
        }
        "ListSubscriptions" => return page("Subscriptions", request, subscriptions(&made, None)),
        "ListSubscriptionsByTopic" => {
            let topic = topic(sns, request, "TopicArn").await?;
            return page("Subscriptions", request, subscriptions(&made, Some(&topic)));
        }
        "ListTagsForResource" => {
            let arn = tagged(sns, request).await?;
            let tags = made.topics.get(&arn).map(|topic| topic.tags.clone()).unwrap_or_default();
            return Ok(list("Tags", tags.iter().map(|(key, value)| text("Key", key) + &text("Value", value))));
        }
        _ => {}
    }
    let _changing = sns.changing.lock().await;
    let mut made = Made::clone(&*sns.made().await?);
    let answer = match action {
        "CreateTopic" => create_topic(&mut made, request)?,
        "DeleteTopic" => {
            let arn = arn_of(request, "TopicArn")?;
            made.topics.remove(&arn);
            made.subscriptions.retain(|_, subscription| subscription.topic != arn);
            String::new()
        }
        "SetTopicAttributes" => {
            let arn = topic(sns, request, "TopicArn").await?;
            let name = request["AttributeName"].as_str().unwrap_or_default().to_owned();
            if name == "FifoTopic" {
                return Err(SnsError::invalid("AttributeName"));
            }
            let set = [(name, request["AttributeValue"].as_str().unwrap_or_default().to_owned())].into();
            check_attributes(&arn, &set).map_err(|_| SnsError::invalid("AttributeName"))?;
            made.topics.entry(arn).or_default().attributes.extend(set);
            String::new()
        }
        "Subscribe" => {
            let topic = topic(sns, request, "TopicArn").await?;
            subscribe(&mut made, topic, request)?
        }
        "SetSubscriptionAttributes" => {
            let (arn, subscription) = subscription(&made, request)?;
            let (arn, mut subscription) = (arn.to_owned(), subscription.clone());
            let name = request["AttributeName"].as_str().unwrap_or_default().to_owned();
            let value = request["AttributeValue"].as_str().unwrap_or_default().to_owned();
            subscription.attributes.insert(name, value);
            subscription.read()?;
            made.subscriptions.insert(arn, subscription);
            String::new()
        }
        "Unsubscribe" => {
            let arn = request["SubscriptionArn"].as_str().unwrap_or_default();
            if arn.split(':').count() < 6 {
                return Err(SnsError::invalid("SubscriptionArn Reason: An ARN must have at least 6 elements"));
            }
            made.subscriptions.remove(arn);
            String::new()
        }
        "TagResource" => {
            let arn = tagged(sns, request).await?;
            made.topics.entry(arn).or_default().tags.extend(form::texts(&request["Tags"], "Key", "Value"));
            String::new()
        }
        "UntagResource" => {
            let arn = tagged(sns, request).await?;
            let keys: Vec<&str> =
                request["TagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            made.topics.entry(arn).or_default().tags.retain(|key, _| !keys.contains(&key.as_str()));
            String::new()
        }
        _ => return Err(SnsError::InvalidAction(format!("{action} is not part of the embedded SNS"))),
    };
    sns.keep(made).await?;
    Ok(answer)
}

/// The ARN that a parameter has.
fn arn_of(request: &Value, parameter: &str) -> Result<String, SnsError> {
    let arn = request[parameter].as_str().unwrap_or_default();
    if arn.is_empty() {
        return Err(SnsError::invalid(&format!("{parameter} Reason: no value for required parameter")));
    }
    check_arn(parameter, arn)?;
    Ok(arn.to_owned())
}

/// The ARN of a topic that is there.
async fn topic(sns: &Sns, request: &Value, parameter: &str) -> Result<String, SnsError> {
    let arn = arn_of(request, parameter)?;
    if sns.has_topic(&arn).await? { Ok(arn) } else { Err(SnsError::no_topic()) }
}

/// The ARN of a topic whose tags are asked for.
async fn tagged(sns: &Sns, request: &Value) -> Result<String, SnsError> {
    topic(sns, request, "ResourceArn").await.map_err(|error| match error {
        SnsError::NotFound(_) => SnsError::NotFound("Resource does not exist".to_owned()),
        other => other,
    })
}

fn subscription<'a>(made: &'a Made, request: &'a Value) -> Result<(&'a str, &'a MadeSubscription), SnsError> {
    let arn = request["SubscriptionArn"].as_str().unwrap_or_default();
    let found = made.subscriptions.get(arn);
    found.map(|found| (arn, found)).ok_or_else(|| SnsError::NotFound("Subscription does not exist".to_owned()))
}

/// Refuses what are no attributes of a topic.
fn check_attributes(topic: &str, attributes: &Texts) -> Result<(), SnsError> {
    let is_fifo = topic.ends_with(FIFO);
    for (name, value) in attributes {
        let known = SETTABLE.iter().find(|(known, of_fifo)| known == name && (is_fifo || !of_fifo));
        let is_flag = matches!(name.as_str(), "FifoTopic" | "ContentBasedDeduplication");
        if known.is_none() || is_flag && !matches!(value.as_str(), "true" | "false") {
            return Err(SnsError::invalid(&format!("Attributes Reason: Unknown attribute {name}")));
        }
    }
    Ok(())
}

fn create_topic(made: &mut Made, request: &Value) -> Result<String, SnsError> {
    let name = request["Name"].as_str().unwrap_or_default();
    let attributes = form::texts(&request["Attributes"], "key", "value");
    let is_fifo = attributes.get("FifoTopic").is_some_and(|value| value == "true");
    if is_fifo && !(is_topic(name) && name.ends_with(FIFO)) {
        return Err(SnsError::invalid(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, \
             underscores, and hyphens, and must be between 1 and 256 characters long.",
        ));
    }
    if !is_topic(name) || name.ends_with(FIFO) != is_fifo {
        return Err(SnsError::invalid("Topic Name"));
    }
    check_attributes(name, &attributes)?;
    let (arn, tags) = (arn(name), form::texts(&request["Tags"], "Key", "Value"));
    match made.topics.get(&arn) {
        None => _ = made.topics.insert(arn.clone(), Topic { attributes, tags }),
        Some(known) if attributes.iter().any(|(name, value)| known.attributes.get(name) != Some(value)) => {
            return Err(SnsError::invalid("Attributes Reason: Topic already exists with different attributes"));
        }
        Some(known) if !tags.is_empty() && known.tags != tags => {
            return Err(SnsError::invalid("Tags Reason: Topic already exists with different tags"));
        }
        Some(_) => {}
    }
    Ok(text("TopicArn", &arn))
}

fn subscribe(made: &mut Made, topic: String, request: &Value) -> Result<String, SnsError> {
    let text_of = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let attributes = form::texts(&request["Attributes"], "key", "value");
    let subscription =
        MadeSubscription { topic, protocol: text_of("Protocol"), endpoint: text_of("Endpoint"), attributes };
    subscription.read()?;
    if subscription.endpoint.ends_with(FIFO) && !subscription.topic.ends_with(FIFO) {
        return Err(SnsError::invalid(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        ));
    }
    let same = |known: &&String| {
        let known = &made.subscriptions[*known];
        (&known.topic, &known.protocol, &known.endpoint)
            == (&subscription.topic, &subscription.protocol, &subscription.endpoint)
    };
    let known = made.subscriptions.keys().find(same).cloned();
    let is_other = |arn: &String| {
        let attributes = &subscription.attributes;
        !attributes.is_empty() && made.subscriptions[arn].attributes != *attributes
    };
    let arn = match known {
        Some(arn) if is_other(&arn) => {
            return Err(SnsError::invalid("Attributes Reason: Subscription already exists with different attributes"));
        }
        Some(arn) => arn,
        None => {
            let arn = format!("{}:{}", subscription.topic, Uuid::new_v4());
            made.subscriptions.insert(arn.clone(), subscription);
            arn
        }
    };
    Ok(text("SubscriptionArn", &arn))
}

/// What is told of subscriptions, by their ARNs.
fn subscriptions(made: &Made, topic: Option<&str>) -> Vec<(String, String)> {
    let wanted = made.subscriptions.iter().filter(|(_, it)| topic.is_none_or(|topic| it.topic == topic));
    let told = |(arn, it): (&String, &MadeSubscription)| {
        let members = [
            ("SubscriptionArn", arn.as_str()),
            ("Owner", ACCOUNT),
            ("Protocol", &it.protocol),
            ("Endpoint", &it.endpoint),
            ("TopicArn", &it.topic),
        ];
        (arn.clone(), members.map(|(name, value)| text(name, value)).concat())
    };
    wanted.map(told).collect()
}

/// A page of members that are named, in the order of their names. The token of the next one is the last name.
fn page(name: &str, request: &Value, members: Vec<(String, String)>) -> Result<String, SnsError> {
    let after = request["NextToken"].as_str().unwrap_or_default();
    let mut rest: Vec<(String, String)> = members.into_iter().filter(|(name, _)| name.as_str() > after).collect();
    let has_more = rest.len() > PAGE;
    rest.truncate(PAGE);
    let token = rest.last().filter(|_| has_more).map(|(name, _)| text("NextToken", name)).unwrap_or_default();
    let members: String = rest.iter().map(|(_, member)| element("member", member)).collect();
    Ok(element(name, &members) + &token)
}
