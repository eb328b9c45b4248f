//! What is published, as the outbox keeps it and as each protocol carries it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// One notification, as its file in the outbox shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Notification {
    pub(super) message_id: String,
    pub(super) timestamp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) topic_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) phone_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    pub(super) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message_structure: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) message_attributes: BTreeMap<String, Attribute>,
    /// `MessageGroupId`
    #[serde(default, rename = "MessageGroupId", skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// `MessageDeduplicationId`, or what stands for it
    #[serde(default, rename = "MessageDeduplicationId", skip_serializing_if = "Option::is_none")]
    pub(super) deduplication: Option<String>,
    /// What became of it at each subscription of its topic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deliveries: Vec<Delivery>,
}

/// A message attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attribute {
    #[serde(rename = "Type")]
    pub(super) data_type: String,
    pub(super) value: String,
}

/// How far a notification is on its way to one subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Delivery {
    pub(super) protocol: String,
    /// Without what may be secret in it.
    pub(super) endpoint: String,
    pub(super) state: DeliveryState,
    pub(super) attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DeliveryState {
    /// Not delivered yet; it is tried again.
    Pending,
    /// The other side has it.
    Delivered,
    /// The other side refused it for good.
    Failed,
}

impl Notification {
    /// The topic, where it was published to one.
    pub(super) fn topic(&self) -> Option<&str> {
        self.topic_arn.as_deref().or(self.target_arn.as_deref())
    }

    /// What a function gets.
    ///
    /// AWS developer guide of Lambda, "Invoking Lambda functions with Amazon SNS notifications"
    pub(super) fn lambda_event(&self, function: &str) -> Value {
        let topic = self.topic().unwrap_or_default();
        let sns = json!({
            "Type": "Notification",
            "MessageId": self.message_id,
            "TopicArn": topic,
            "Subject": self.subject,
            "Message": self.message_for("lambda"),
            "Timestamp": self.timestamp,
            "SignatureVersion": "1",
            "Signature": "",
            "SigningCertUrl": "",
            "UnsubscribeUrl": "",
            "MessageAttributes": self.message_attributes,
        });
        let record = json!({
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": format!("{topic}:{function}"),
            "Sns": sns,
        });
        json!({ "Records": [record] })
    }

    /// The message for a protocol: with `MessageStructure` `json` the member of its name, or `default`.
    pub(super) fn message_for(&self, protocol: &str) -> String {
        let texts = match self.message_structure.as_deref() {
            Some("json") => serde_json::from_str::<Map<String, Value>>(&self.message).unwrap_or_default(),
            _ => return self.message.clone(),
        };
        let text = |name| texts.get(name).and_then(Value::as_str);
        text(protocol).or(text("default")).unwrap_or_default().to_owned()
    }

    /// The JSON text in which SNS hands a notification on over HTTP and SQS. It is not signed: only AWS could.
    pub(super) fn envelope(&self, protocol: &str) -> String {
        let mut envelope = Map::new();
        let mut set = |name: &str, value: Value| envelope.insert(name.to_owned(), value);
        set("Type", "Notification".into());
        set("MessageId", self.message_id.as_str().into());
        if let Some(topic) = self.topic() {
            set("TopicArn", topic.into());
        }
        if let Some(subject) = &self.subject {
            set("Subject", subject.as_str().into());
        }
        set("Message", self.message_for(protocol).into());
        set("Timestamp", self.timestamp.as_str().into());
        if !self.message_attributes.is_empty() {
            set("MessageAttributes", serde_json::to_value(&self.message_attributes).unwrap_or_default());
        }
        Value::Object(envelope).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(message: &str, structure: Option<&str>) -> Notification {
        let attribute = Attribute { data_type: "String".to_owned(), value: "v".to_owned() };
        Notification {
            message_id: "id".to_owned(),
            timestamp: "2026-01-02T03:04:05.678Z".to_owned(),
            topic_arn: Some("arn:aws:sns:us-east-1:1:t".to_owned()),
            subject: Some("s".to_owned()),
            message: message.to_owned(),
            message_structure: structure.map(str::to_owned),
            message_attributes: [("a".to_owned(), attribute)].into(),
            ..Notification::default()
        }
    }

    #[test]
    fn the_envelope_is_that_of_sns_without_a_signature() {
        assert_eq!(
            notification("m", None).envelope("http"),
            r#"{"Type":"Notification","MessageId":"id","TopicArn":"arn:aws:sns:us-east-1:1:t","Subject":"s","#
                .to_owned()
                + r#""Message":"m","Timestamp":"2026-01-02T03:04:05.678Z","#
                + r#""MessageAttributes":{"a":{"Type":"String","Value":"v"}}}"#
        );
    }

    #[test]
    fn a_message_can_have_a_text_for_each_protocol() {
        let text = r#"{"default": "d", "email": "e"}"#;
        let structured = notification(text, Some("json"));
        assert_eq!(structured.message_for("email"), "e");
        assert_eq!(structured.message_for("sqs"), "d");
        assert_eq!(notification(text, None).message_for("email"), text);
    }
}
