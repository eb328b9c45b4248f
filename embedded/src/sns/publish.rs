//! What is asked to be published, alone and in batches.
//!
//! AWS API reference of SNS: `Publish`, `PublishBatch`.

use std::collections::{BTreeMap, BTreeSet};

use asl_aws::names::is_topic;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use uuid::Uuid;

use super::SnsError;
use super::notification::{Attribute, Notification};
use super::topics::{FIFO, Texts};

/// The most bytes of a message, and of a batch of them.
pub(super) const MESSAGE_MAX: usize = 256 * 1024;

/// How many messages a batch may have.
const MOST_ENTRIES: usize = 10;

/// Refuses what is no ARN of a topic, or of a phone that has an application (`endpoint/GCM/…`), as users of SNS quote it.
pub(super) fn check_arn(parameter: &str, arn: &str) -> Result<(), SnsError> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", _, "sns", _, _, name] if is_topic(name) || name.starts_with("endpoint/") => Ok(()),
        [_, _, _, _, _, _, ..] => Err(SnsError::invalid(parameter)),
        _ => Err(SnsError::invalid(&format!(
            "{parameter} Reason: An ARN must have at least 6 elements, not {}",
            parts.len()
        ))),
    }
}

/// Where `request` wants its message published. The refusals are those of SNS.
pub(super) fn check_target(request: &Value) -> Result<(), SnsError> {
    let get = |name: &str| request[name].as_str();
    let (topic_arn, target_arn) = (get("TopicArn"), get("TargetArn"));
    if topic_arn.or(target_arn).or(get("PhoneNumber")).is_none_or(str::is_empty) {
        return Err(SnsError::invalid("TopicArn or TargetArn Reason: no value for required parameter"));
    }
    for (parameter, arn) in [("TopicArn", topic_arn), ("TargetArn", target_arn)] {
        if let Some(arn) = arn {
            check_arn(parameter, arn)?;
        }
    }
    Ok(())
}

/// What `request` asks to publish; `set` are the attributes of its topic.
pub(super) fn notification(
    request: &Value,
    set: Option<&Texts>,
    now: OffsetDateTime,
) -> Result<Notification, SnsError> {
    let get = |name: &str| request[name].as_str();
    let message = get("Message").unwrap_or_default();
    if message.is_empty() {
        return Err(SnsError::invalid("Empty message"));
    }
    let attributes = message_attributes(&request["MessageAttributes"])?;
    let of_attributes = attributes.iter().map(|(name, it)| name.len() + it.data_type.len() + it.value.len());
    if message.len() + of_attributes.sum::<usize>() > MESSAGE_MAX {
        return Err(SnsError::invalid("Message too long"));
    }
    let subject = get("Subject");
    if subject.is_some_and(|subject| {
        subject.is_empty() || subject.chars().count() > 100 || subject.chars().any(char::is_control)
    }) {
        return Err(SnsError::invalid("Subject"));
    }
    let message_structure = get("MessageStructure");
    match message_structure {
        None => {}
        Some("json") => match serde_json::from_str::<Map<String, Value>>(message) {
            Ok(texts) if texts.get("default").is_some_and(Value::is_string) => {}
            Ok(_) => return Err(SnsError::invalid("Message Structure - No default entry in JSON message body")),
            Err(_) => return Err(SnsError::invalid("Message Structure - JSON message body failed to parse")),
        },
        Some(_) => return Err(SnsError::invalid("MessageStructure")),
    }
    let topic = get("TopicArn").or(get("TargetArn"));
    let (group, deduplication) = order(request, topic.is_some_and(|topic| topic.ends_with(FIFO)), set, message)?;
    const TIMESTAMP: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(Notification {
        message_id: Uuid::new_v4().to_string(),
        timestamp: now.format(TIMESTAMP).map_err(|error| SnsError::Internal(error.to_string()))?,
        topic_arn: owned(get("TopicArn")),
        target_arn: owned(get("TargetArn")),
        phone_number: owned(get("PhoneNumber")),
        subject: owned(subject),
        message: message.to_owned(),
        message_structure: owned(message_structure),
        message_attributes: attributes,
        group,
        deduplication,
        deliveries: Vec::new(),
    })
}

/// The group of a message and what it is known again by: in FIFO topics.
fn order(
    request: &Value,
    is_fifo: bool,
    set: Option<&Texts>,
    message: &str,
) -> Result<(Option<String>, Option<String>), SnsError> {
    let id = |name: &str| match request[name].as_str() {
        Some(id) if !(1..=128).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(SnsError::invalid(name))
        }
        id => Ok(id.map(str::to_owned)),
    };
    let (group, deduplication) = (id("MessageGroupId")?, id("MessageDeduplicationId")?);
    if !is_fifo {
        return match deduplication {
            // A group belongs to fair queues here.
            None => Ok((group, None)),
            Some(_) => Err(SnsError::invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this \
                 topic type",
            )),
        };
    }
    if group.is_none() {
        return Err(SnsError::invalid("The MessageGroupId parameter is required for FIFO topics"));
    }
    // A topic that nobody has made knows a message again by its body.
    let is_content_based =
        set.is_none_or(|set| set.get("ContentBasedDeduplication").is_some_and(|value| value == "true"));
    let of_content = || Sha256::digest(message).iter().map(|byte| format!("{byte:02x}")).collect();
    match deduplication {
        Some(deduplication) => Ok((group, Some(deduplication))),
        None if is_content_based => Ok((group, Some(of_content()))),
        None => Err(SnsError::invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
    }
}

fn message_attributes(written: &Value) -> Result<BTreeMap<String, Attribute>, SnsError> {
    let mut attributes = BTreeMap::new();
    for entry in written.as_array().into_iter().flatten() {
        let name = entry["Name"].as_str().unwrap_or_default();
        let (text, binary) = (entry["Value"]["StringValue"].as_str(), entry["Value"]["BinaryValue"].as_str());
        let value = text.or(binary).unwrap_or_default();
        let data_type = entry["Value"]["DataType"].as_str().unwrap_or_default();
        let refuse = |message: String| Err(SnsError::Other { code: "ParameterValueInvalid", message });
        if !["String", "Number", "Binary"].contains(&data_type.split('.').next().unwrap_or_default()) {
            return refuse(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, \
                 Number, and String."
            ));
        }
        if value.is_empty() {
            return refuse(format!(
                "The message attribute '{name}' must contain non-empty message attribute value for message attribute type \
                 '{data_type}'."
            ));
        }
        let attribute = Attribute { data_type: data_type.to_owned(), value: value.to_owned() };
        attributes.insert(name.to_owned(), attribute);
    }
    Ok(attributes)
}

/// The entries of a batch by their ids, each with the topic of the batch.
pub(super) fn entries(request: &Value) -> Result<Vec<(String, Value)>, SnsError> {
    let refuse = |code: &'static str, message: &str| Err(SnsError::Other { code, message: message.to_owned() });
    let written = request["PublishBatchRequestEntries"].as_array().map(Vec::as_slice).unwrap_or_default();
    if written.is_empty() {
        return refuse("EmptyBatchRequest", "The batch request doesn't contain any entries.");
    }
    if written.len() > MOST_ENTRIES {
        return refuse("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.");
    }
    let (mut entries, mut ids, mut size) = (Vec::new(), BTreeSet::new(), 0);
    for entry in written {
        let id = entry["Id"].as_str().unwrap_or_default();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=80).contains(&id.len()) || !id.bytes().all(is_allowed) {
            return refuse(
                "InvalidBatchEntryId",
                "The Id of a batch entry in a batch request doesn't abide by the specification.",
            );
        }
        if !ids.insert(id) {
            return refuse("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
        }
        size += entry["Message"].as_str().map_or(0, str::len);
        let mut entry = entry.clone();
        entry["TopicArn"] = request["TopicArn"].clone();
        entries.push((id.to_owned(), entry));
    }
    if size > MESSAGE_MAX {
        return refuse(
            "BatchRequestTooLong",
            "The length of all the batch messages put together is more than the limit.",
        );
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(request: Value, set: Option<&Texts>) -> String {
        match notification(&request, set, OffsetDateTime::UNIX_EPOCH) {
            Ok(_) => String::new(),
            Err(error) => error.told().2,
        }
    }

    #[test]
    fn fifo_topics_have_groups_and_know_messages_again() {
        let topic = "arn:aws:sns:us-east-1:000000000000:t.fifo";
        let (plain, by_content) =
            (Texts::new(), Texts::from([("ContentBasedDeduplication".to_owned(), "true".to_owned())]));
        let request = |more: Value| {
            let mut request = json!({ "TopicArn": topic, "Message": "m" });
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            request
        };
        for (more, set, expected) in [
            (json!({}), &plain, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"),
            (
                json!({ "MessageGroupId": "g" }),
                &plain,
                "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                 explicitly",
            ),
            (json!({ "MessageGroupId": "g" }), &by_content, ""),
            (json!({ "MessageGroupId": "g", "MessageDeduplicationId": "d" }), &plain, ""),
            (json!({ "MessageGroupId": "a b" }), &by_content, "Invalid parameter: MessageGroupId"),
        ] {
            assert_eq!(told(request(more.clone()), Some(set)), expected, "{more}");
        }
        let standard = json!({ "TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": "m", "MessageDeduplicationId": "d" });
        assert!(told(standard, None).contains("not valid for this topic type"));
    }

    #[test]
    fn batches_have_distinct_ids() {
        let entry = |id: &str| json!({ "Id": id, "Message": "m" });
        for (entries, expected) in [
            (json!([]), Some("EmptyBatchRequest")),
            (json!([entry("a"), entry("a")]), Some("BatchEntryIdsNotDistinct")),
            (json!([entry("a b")]), Some("InvalidBatchEntryId")),
            ((0..11).map(|n| entry(&n.to_string())).collect(), Some("TooManyEntriesInBatchRequest")),
            (json!([{ "Id": "a", "Message": "m".repeat(MESSAGE_MAX + 1) }]), Some("BatchRequestTooLong")),
            (json!([entry("a"), entry("b")]), None),
        ] {
            let read = super::entries(&json!({ "PublishBatchRequestEntries": entries }));
            assert_eq!(read.err().map(|error| error.told().1), expected, "{entries:.100}");
        }
    }
}
