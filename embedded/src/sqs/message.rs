//! A message that is sent: what it may be, and what is told of it.
//!
//! AWS API reference of SQS, `SendMessage`; developer guide, "Amazon SQS message metadata" and "Amazon SQS message quotas".

use aws_smithy_types::base64;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::attributes::{Attributes, CONTENT_BASED, FIFO, number};
use super::error::SqsError;
use super::parameters::Parameters;
use super::store::Sent;

/// The attributes that a message may have.
const MOST_ATTRIBUTES: usize = 10;

/// The one system attribute that a sender can set.
pub(super) const TRACE_HEADER: &str = "AWSTraceHeader";

/// A message that can be sent.
pub(super) struct Message {
    pub(super) sent: Sent,
    /// The bytes that count.
    pub(super) size: usize,
    pub(super) attributes: Map<String, Value>,
    pub(super) system_attributes: Map<String, Value>,
}

impl Message {
    /// The message of a request to this queue at this time.
    pub(super) fn of(request: &Parameters<'_>, queue: &str, set: &Attributes, now: i64) -> Result<Self, SqsError> {
        let body = request.text("MessageBody").filter(|body| !body.is_empty());
        let body = body.ok_or_else(|| SqsError::missing("MessageBody"))?;
        if !body.chars().all(is_xml) {
            return Err(SqsError::refuse(
                "InvalidMessageContents",
                "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | \
                 #x10000 to #x10FFFF",
            ));
        }
        let attributes = request.object("MessageAttributes");
        let of_attributes = checked(&attributes)?;
        let size = body.len() + of_attributes;
        let most = number(set, "MaximumMessageSize");
        if i64::try_from(size).unwrap_or(i64::MAX) > most {
            let reason =
                format!("One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.");
            return Err(SqsError::refuse("InvalidParameterValue", reason));
        }
        let system_attributes = request.object("MessageSystemAttributes");
        if let Some(name) = system_attributes.keys().find(|name| *name != TRACE_HEADER) {
            let message = format!("Message system attribute name '{name}' is invalid.");
            return Err(SqsError::refuse("InvalidParameterValue", message));
        }
        let delay = request.number("DelaySeconds", 0, 900, "DelaySeconds must be >= 0 and <= 900.")?;
        let is_fifo = queue.ends_with(FIFO);
        if let Some(delay) = delay.filter(|_| is_fifo) {
            let reason = "The request include parameter that is not valid for this queue type.";
            return Err(SqsError::invalid(delay, "DelaySeconds", reason));
        }
        let (group, deduplication) = (id(request, "MessageGroupId")?, id(request, "MessageDeduplicationId")?);
        let deduplication = match (is_fifo, deduplication) {
            (false, Some(_)) => {
                let message =
                    "The request include parameter MessageDeduplicationId which is not valid for this queue type";
                return Err(SqsError::refuse("InvalidParameterValue", message));
            }
            (true, _) if group.is_none() => return Err(SqsError::missing("MessageGroupId")),
            (true, None) if set.get(CONTENT_BASED).is_none_or(|value| value != "true") => {
                let message = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                               explicitly";
                return Err(SqsError::refuse("InvalidParameterValue", message));
            }
            (true, None) => Some(Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()),
            (_, deduplication) => deduplication,
        };
        let delay = delay.unwrap_or_else(|| number(set, "DelaySeconds"));
        let trace_header = system_attributes.get(TRACE_HEADER).and_then(|it| it.get("StringValue"));
        let sent = Sent {
            body: body.to_owned(),
            attributes: Value::Object(attributes.clone()).to_string(),
            trace_header: trace_header.and_then(Value::as_str).map(str::to_owned),
            group,
            deduplication,
            visible: now + delay * 1000,
        };
        Ok(Self { sent, size, attributes, system_attributes })
    }
}

/// The characters that XML 1.0 has.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// A `MessageGroupId` or a `MessageDeduplicationId`.
fn id(request: &Parameters<'_>, name: &str) -> Result<Option<String>, SqsError> {
    let Some(id) = request.text(name) else { return Ok(None) };
    match (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Some(id.to_owned())),
        false => {
            let reason =
                format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
            Err(SqsError::invalid(id, name, &reason))
        }
    }
}

/// Refuses what are no attributes of a message; gives the bytes of their names, types and values.
fn checked(attributes: &Map<String, Value>) -> Result<usize, SqsError> {
    let refuse = |message: String| Err(SqsError::refuse("InvalidParameterValue", message));
    if attributes.len() > MOST_ATTRIBUTES {
        let count = attributes.len();
        return refuse(format!(
            "Number of message attributes [{count}] exceeds the allowed maximum [{MOST_ATTRIBUTES}]."
        ));
    }
    let mut size = 0;
    for (name, attribute) in attributes {
        if name.is_empty() {
            return refuse("The request must contain non-empty message (user) attribute names.".to_owned());
        }
        if name.len() > 256 {
            return refuse("Message (user) attribute name must be shorter than 256 bytes.".to_owned());
        }
        let lower = name.to_lowercase();
        if lower.starts_with("aws.") || lower.starts_with("amazon") {
            return refuse(
                "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal \
                 use."
                .to_owned(),
            );
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if !name.bytes().all(is_allowed) || name.starts_with('.') || name.ends_with('.') || name.contains("..") {
            return refuse(format!(
                "Invalid message (user) attribute name '{name}': it can have letters, digits, '_', '-' and '.', but no '.' at an end \
                 or beside another."
            ));
        }
        let text = |member: &str| attribute.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        let lists = ["StringListValues", "BinaryListValues"];
        if lists.iter().any(|list| attribute.get(*list).and_then(Value::as_array).is_some_and(|list| !list.is_empty()))
        {
            return refuse("Message attribute list values in SendMessage operation are not supported.".to_owned());
        }
        let Some(data_type) = text("DataType") else {
            return refuse(format!(
                "The message (user) attribute '{name}' must contain a non-empty message attribute value."
            ));
        };
        if data_type.len() > 256 {
            return refuse("Message (user) attribute type must be shorter than 256 bytes.".to_owned());
        }
        let prefix = data_type.split('.').next().unwrap_or_default();
        let member = match prefix {
            "String" | "Number" => "StringValue",
            "Binary" => "BinaryValue",
            _ => {
                return refuse(format!(
                    "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type \
                     prefixes: Binary, Number, String."
                ));
            }
        };
        let Some(value) = text(member) else {
            return refuse(format!(
                "Message (user) attribute '{name}' must contain a non-empty value of type '{prefix}'."
            ));
        };
        if prefix == "Number" && value.parse::<f64>().map_or(true, |number| !number.is_finite()) {
            return refuse(format!("Can't cast the value of message (user) attribute '{name}' to a number."));
        }
        let of_value = match prefix {
            "Binary" => base64::decode(value).map_or(value.len(), |bytes| bytes.len()),
            _ => value.len(),
        };
        size += name.len() + data_type.len() + of_value;
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(queue: &str, request: Value) -> String {
        match Message::of(&Parameters(&request), queue, &Attributes::new(), 0) {
            Ok(_) => String::new(),
            Err(error) => format!("{} {}", error.name, error.message),
        }
    }

    /// Texts as clients of AWS report them.
    #[test]
    fn attributes_are_refused_as_by_sqs() {
        for (attributes, expected) in [
            (json!({"a": {"DataType": "Number.bigint", "StringValue": "1234567890123456789012"}}), ""),
            (json!({"a": {"DataType": "Binary.png", "BinaryValue": "AAEC"}}), ""),
            (
                json!({"a": {"DataType": "Number", "StringValue": "world"}}),
                "Can't cast the value of message (user) attribute 'a' to a number.",
            ),
            (
                json!({"a": {"DataType": "String", "StringValue": ""}}),
                "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
            ),
            (
                json!({"": {"DataType": "String", "StringValue": "x"}}),
                "The request must contain non-empty message (user) attribute names.",
            ),
            (json!({"a": {}}), "The message (user) attribute 'a' must contain a non-empty message attribute value."),
            (
                json!({"a": {"DataType": "Text", "StringValue": "x"}}),
                "The type of message (user) attribute 'a' is invalid. You must use only the following supported type prefixes: \
                 Binary, Number, String.",
            ),
            (
                json!({"a": {"DataType": "StringList", "StringListValues": ["x"]}}),
                "Message attribute list values in SendMessage operation are not supported.",
            ),
            (
                json!({"amazon.a": {"DataType": "String", "StringValue": "x"}}),
                "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal \
                 use.",
            ),
            (
                json!({"a".repeat(257): {"DataType": "String", "StringValue": "x"}}),
                "Message (user) attribute name must be shorter than 256 bytes.",
            ),
        ] {
            let found = told("q", json!({"MessageBody": "b", "MessageAttributes": attributes.clone()}));
            let expected =
                if expected.is_empty() { String::new() } else { format!("InvalidParameterValue {expected}") };
            assert_eq!(found, expected, "{attributes}");
        }
        let many: Map<String, Value> =
            (0..11).map(|n| (format!("a{n}"), json!({"DataType": "String", "StringValue": "x"}))).collect();
        let found = told("q", json!({"MessageBody": "b", "MessageAttributes": many}));
        assert!(found.ends_with("Number of message attributes [11] exceeds the allowed maximum [10]."), "{found}");
    }

    #[test]
    fn the_size_is_that_of_body_names_types_and_values() {
        let of = |attribute: Value, body: usize| {
            let request = json!({"MessageBody": "b".repeat(body), "MessageAttributes": {"name": attribute}});
            Message::of(&Parameters(&request), "q", &Attributes::new(), 0).map(|message| message.size)
        };
        let text = json!({"DataType": "String", "StringValue": "value"});
        assert_eq!(of(text.clone(), 10).ok(), Some(10 + 4 + 6 + 5));
        assert_eq!(of(json!({"DataType": "Binary", "BinaryValue": "AAEC"}), 1).ok(), Some(1 + 4 + 6 + 3));
        assert_eq!(of(text.clone(), 1_048_576 - 15).ok(), Some(1_048_576));
        assert!(of(text, 1_048_576 - 14).is_err());
    }

    #[test]
    fn what_a_queue_does_not_take_is_refused() {
        for (queue, request, expected) in [
            ("q", json!({}), "MissingParameter The request must contain the parameter MessageBody."),
            ("q", json!({"MessageBody": ""}), "MissingParameter The request must contain the parameter MessageBody."),
            (
                "q",
                json!({"MessageBody": "a\u{b}"}),
                "InvalidMessageContents Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
                 #xE000 to #xFFFD | #x10000 to #x10FFFF",
            ),
            ("q", json!({"MessageBody": "\t\r\n\u{10ffff}"}), ""),
            (
                "q",
                json!({"MessageBody": "a", "DelaySeconds": -234}),
                "InvalidParameterValue Value -234 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
            ),
            (
                "q",
                json!({"MessageBody": "a", "MessageDeduplicationId": "1000"}),
                "InvalidParameterValue The request include parameter MessageDeduplicationId which is not valid for this queue type",
            ),
            // Fair queues.
            ("q", json!({"MessageBody": "a", "MessageGroupId": "tenant"}), ""),
            (
                "q.fifo",
                json!({"MessageBody": "a"}),
                "MissingParameter The request must contain the parameter MessageGroupId.",
            ),
            (
                "q.fifo",
                json!({"MessageBody": "a", "MessageGroupId": "g"}),
                "InvalidParameterValue The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId \
                 provided explicitly",
            ),
            ("q.fifo", json!({"MessageBody": "a", "MessageGroupId": "g", "MessageDeduplicationId": "d"}), ""),
            (
                "q.fifo",
                json!({"MessageBody": "a", "MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 2}),
                "InvalidParameterValue Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is \
                 not valid for this queue type.",
            ),
            (
                "q",
                json!({"MessageBody": "a", "MessageSystemAttributes": {"Hello": {"DataType": "String", "StringValue": "x"}}}),
                "InvalidParameterValue Message system attribute name 'Hello' is invalid.",
            ),
        ] {
            assert_eq!(told(queue, request.clone()), expected, "{queue} {request}");
        }
    }
}
