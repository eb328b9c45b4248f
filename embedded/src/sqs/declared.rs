//! What the routing file says of a queue.

use asl_aws::names::is_queue;
use serde::Deserialize;
use serde_json::json;

use super::attributes::{Attributes, CONTENT_BASED};
use super::{FIFO, arn};

/// How a queue of the routing file is. What it does not say is as on AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Text")]
pub struct QueueSettings(Text);

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Text {
    /// How long a message that was received is hidden from others.
    visibility_timeout_seconds: Option<u32>,
    /// How long a message is kept.
    retention_seconds: Option<u32>,
    /// How long a message is hidden at first.
    delay_seconds: Option<u32>,
    /// How long a request for messages waits for one, unless it says so itself.
    receive_wait_seconds: Option<u32>,
    /// Whether a FIFO queue knows a message again by its body; as of every queue that nobody has created, it does unless told.
    content_based_deduplication: Option<bool>,
    /// The queue where messages go that were received too often.
    dead_letter_queue: Option<String>,
    /// How often that is.
    max_receive_count: Option<u32>,
}

/// Why a queue cannot be so.
#[derive(Debug, thiserror::Error)]
enum InvalidQueue {
    #[error("{name} is from {from} to {to}")]
    Range { name: &'static str, from: u32, to: u32 },
    #[error("dead_letter_queue and max_receive_count go together")]
    HalfADeadLetterQueue,
    #[error("{0:?} is no name of a queue")]
    DeadLetterQueue(String),
}

impl TryFrom<Text> for QueueSettings {
    type Error = InvalidQueue;

    fn try_from(text: Text) -> Result<Self, InvalidQueue> {
        for (name, value, from, to) in [
            ("visibility_timeout_seconds", text.visibility_timeout_seconds, 0, 43_200),
            ("retention_seconds", text.retention_seconds, 60, 1_209_600),
            ("delay_seconds", text.delay_seconds, 0, 900),
            ("receive_wait_seconds", text.receive_wait_seconds, 0, 20),
            ("max_receive_count", text.max_receive_count, 1, 1_000),
        ] {
            if value.is_some_and(|value| !(from..=to).contains(&value)) {
                return Err(InvalidQueue::Range { name, from, to });
            }
        }
        match (&text.dead_letter_queue, text.max_receive_count) {
            (Some(name), Some(_)) if !is_queue(name) => Err(InvalidQueue::DeadLetterQueue(name.clone())),
            (Some(_), Some(_)) | (None, None) => Ok(Self(text)),
            _ => Err(InvalidQueue::HalfADeadLetterQueue),
        }
    }
}

impl QueueSettings {
    /// The same, as attributes of the queue with this name.
    pub(super) fn attributes(&self, name: &str) -> Attributes {
        let Text { content_based_deduplication, dead_letter_queue, max_receive_count, .. } = &self.0;
        let numbers = [
            ("VisibilityTimeout", self.0.visibility_timeout_seconds),
            ("MessageRetentionPeriod", self.0.retention_seconds),
            ("DelaySeconds", self.0.delay_seconds),
            ("ReceiveMessageWaitTimeSeconds", self.0.receive_wait_seconds),
        ];
        let mut attributes: Attributes =
            numbers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_string()))).collect();
        if let Some(flag) = content_based_deduplication.filter(|_| name.ends_with(FIFO)) {
            attributes.insert(CONTENT_BASED.to_owned(), flag.to_string());
        }
        if let (Some(queue), Some(most)) = (dead_letter_queue, max_receive_count) {
            let policy = json!({ "deadLetterTargetArn": arn(queue), "maxReceiveCount": most });
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        attributes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_attributes() {
        let read = |text: &str| toml::from_str::<QueueSettings>(text).map_err(|error| error.message().to_owned());
        let settings = read(
            "visibility_timeout_seconds = 5\nreceive_wait_seconds = 20\ndead_letter_queue = 'failed'\nmax_receive_count = 2",
        );
        let attributes = settings.expect("settings").attributes("q");
        assert_eq!(attributes["VisibilityTimeout"], "5");
        assert_eq!(attributes["ReceiveMessageWaitTimeSeconds"], "20");
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:failed","maxReceiveCount":2}"#;
        assert_eq!(attributes["RedrivePolicy"], policy);
        let fifo = read("content_based_deduplication = false").expect("settings");
        assert_eq!((fifo.attributes("q.fifo").len(), fifo.attributes("q").len()), (1, 0));
        for (text, expected) in [
            ("delay_seconds = 901", "delay_seconds is from 0 to 900"),
            ("max_receive_count = 3", "dead_letter_queue and max_receive_count go together"),
            ("max_receive_count = 3\ndead_letter_queue = 'a b'", "\"a b\" is no name of a queue"),
        ] {
            assert_eq!(read(text).expect_err(text), expected);
        }
    }
}
