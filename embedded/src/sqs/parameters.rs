//! The parameters of a request, and what they ask for.

use std::collections::BTreeMap;

use asl_aws::names::is_queue;
use serde_json::{Map, Value, json};

use super::batch::sequence_number;
use super::digest;
use super::error::SqsError;
use super::message::TRACE_HEADER;
use super::store::Received;
use crate::ACCOUNT;

/// The parameters of a request.
pub(super) struct Parameters<'a>(pub(super) &'a Value);

impl Parameters<'_> {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The name of the queue that `QueueUrl` gives.
    pub(super) fn queue(&self) -> Result<String, SqsError> {
        let url = self.text("QueueUrl").filter(|url| !url.is_empty()).ok_or_else(|| SqsError::missing("QueueUrl"))?;
        let name = queue_name(url).ok_or_else(|| {
            SqsError::refuse("InvalidAddress", format!("The address {url} is not valid for this endpoint."))
        })?;
        Ok(name.to_owned())
    }

    /// A whole number from and to, where there is one; `reason` is why another is refused.
    pub(super) fn number(&self, name: &str, from: i64, to: i64, reason: &str) -> Result<Option<i64>, SqsError> {
        let Some(value) = self.0.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
        match value.as_i64().filter(|number| (from..=to).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(SqsError::invalid(value, name, reason)),
        }
    }

    pub(super) fn object(&self, name: &str) -> Map<String, Value> {
        self.0.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// The message of this queue that `ReceiptHandle` stands for: its number, and how often it had been received.
    pub(super) fn receipt(&self, queue: &str) -> Result<(i64, i64), SqsError> {
        let handle = self.text("ReceiptHandle").ok_or_else(|| SqsError::missing("ReceiptHandle"))?;
        let mut parts = handle.split('-').map(str::parse);
        let told = match (parts.next(), parts.next()) {
            (Some(Ok(number)), Some(Ok(count))) => Some((number, count)),
            _ => None,
        };
        told.filter(|(number, count)| handle == receipt_handle(queue, *number, *count)).ok_or_else(|| {
            SqsError::refuse(
                "ReceiptHandleIsInvalid",
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
            )
        })
    }

    /// The texts of a member, by name.
    pub(super) fn texts(&self, name: &str) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.object(name).iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    pub(super) fn names(&self, name: &str) -> Vec<&str> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Received messages with what was asked for.
    pub(super) fn all_shown(&self, queue: &str, messages: &[Received]) -> Value {
        let shown = |message: &Received| {
            let mut shown = self.shown(message);
            shown["ReceiptHandle"] = receipt_handle(queue, message.number, message.count).into();
            shown
        };
        let messages: Vec<Value> = messages.iter().map(shown).collect();
        if messages.is_empty() { Value::Null } else { json!({ "Messages": messages }) }
    }

    /// A message that nobody has received by this: it has no receipt.
    pub(super) fn looked_at(&self, message: &Received) -> Value {
        let mut shown = self.shown(message);
        if let Some(attributes) = shown["Attributes"].as_object_mut().filter(|_| message.count == 0) {
            attributes.remove("ApproximateFirstReceiveTimestamp");
        }
        shown
    }

    fn shown(&self, message: &Received) -> Value {
        let mut shown = json!({
            "MessageId": message.id,
            "MD5OfBody": digest::of_body(&message.body),
            "Body": message.body,
        });
        let wanted = [self.names("AttributeNames"), self.names("MessageSystemAttributeNames")].concat();
        // Of a standard queue there is no order.
        let sequence_number = message.deduplication.as_ref().map(|_| sequence_number(message.number));
        let system = [
            (TRACE_HEADER, message.trace_header.clone()),
            ("ApproximateReceiveCount", Some(message.count.to_string())),
            ("ApproximateFirstReceiveTimestamp", Some(message.first_received.to_string())),
            ("DeadLetterQueueSourceArn", message.dead_letter_source.clone()),
            ("MessageDeduplicationId", message.deduplication.clone()),
            ("MessageGroupId", message.group.clone()),
            ("SequenceNumber", sequence_number),
            ("SenderId", Some(ACCOUNT.to_owned())),
            ("SentTimestamp", Some(message.sent.to_string())),
        ];
        let is_wanted = |name: &str| wanted.iter().any(|wanted| *wanted == name || *wanted == "All");
        let system = system.into_iter().filter(|(name, _)| is_wanted(name));
        let system = system.filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
        let system: Map<String, Value> = system.collect();
        if !system.is_empty() {
            shown["Attributes"] = system.into();
        }
        let wanted = self.names("MessageAttributeNames");
        let is_wanted = |name: &str| {
            wanted.iter().any(|wanted| match wanted.strip_suffix(".*") {
                Some(prefix) => name.starts_with(prefix),
                None => *wanted == name || *wanted == "All",
            })
        };
        let mut attributes: Map<String, Value> = serde_json::from_str(&message.attributes).unwrap_or_default();
        attributes.retain(|name, _| is_wanted(name));
        if let Some(digest) = digest::of_attributes(&attributes) {
            shown["MD5OfMessageAttributes"] = digest.into();
            shown["MessageAttributes"] = attributes.into();
        }
        shown
    }
}

/// What stands for a message of a queue that was received so often.
fn receipt_handle(queue: &str, number: i64, count: i64) -> String {
    let digest = digest::of_body(&format!("{queue}/{number}/{count}"));
    format!("{number}-{count}-{digest}")
}

/// The name at the end of a URL (`http://host/account/name`, with what others put before it), of an ARN, or alone.
pub(crate) fn queue_name(url: &str) -> Option<&str> {
    let name = if url.starts_with("arn:") {
        match url.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "sqs", _, _, name] => name,
            _ => return None,
        }
    } else if let Some((_, rest)) = url.split_once("://") {
        rest.trim_end_matches('/').split_once('/')?.1.rsplit('/').next()?
    } else {
        url
    };
    is_queue(name).then_some(name)
}
