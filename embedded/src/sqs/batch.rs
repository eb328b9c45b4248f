//! Requests with several entries, and what is told of each.
//!
//! AWS API reference of SQS: `SendMessageBatch`, `DeleteMessageBatch`, `ChangeMessageVisibilityBatch`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::attributes::FIFO;
use super::digest;
use super::error::SqsError;
use super::parameters::Parameters;
use super::store::Queue;

/// How many entries a request may have.
const MOST_ENTRIES: usize = 10;

/// The entries of a request by their ids, each with the queue of the request. `kind` is what SQS calls one.
pub(super) fn entries(parameters: &Parameters<'_>, kind: &str) -> Result<Vec<(String, Value)>, SqsError> {
    let written = parameters.0.get("Entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if written.is_empty() {
        let message = format!("There should be at least one {kind} in the request.");
        return Err(SqsError::refuse("EmptyBatchRequest", message));
    }
    if written.len() > MOST_ENTRIES {
        let message =
            format!("Maximum number of entries per request are {MOST_ENTRIES}. You have sent {}.", written.len());
        return Err(SqsError::refuse("TooManyEntriesInBatchRequest", message));
    }
    let (mut entries, mut ids) = (Vec::new(), BTreeSet::new());
    for entry in written {
        let Some(mut entry) = entry.as_object().cloned() else {
            return Err(SqsError::refuse("SerializationException", "an entry of the request is not a JSON object"));
        };
        let id = entry.remove("Id").and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=80).contains(&id.len()) || !id.bytes().all(is_allowed) {
            return Err(SqsError::refuse(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters \
                 long.",
            ));
        }
        if !ids.insert(id.clone()) {
            return Err(SqsError::refuse("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
        if let Some(queue) = parameters.0.get("QueueUrl") {
            entry.insert("QueueUrl".to_owned(), queue.clone());
        }
        entries.push((id, entry.into()));
    }
    Ok(entries)
}

/// What became of the entries of a request.
#[derive(Default)]
pub(super) struct BatchAnswer {
    successful: Vec<Value>,
    failed: Vec<Value>,
}

impl BatchAnswer {
    pub(super) fn succeed(&mut self, id: &str, mut answer: Value) {
        answer["Id"] = id.into();
        self.successful.push(answer);
    }

    pub(super) fn fail(&mut self, id: &str, error: &SqsError) {
        self.failed.push(json!({
            "Id": id,
            "Code": error.name,
            "Message": error.message,
            "SenderFault": error.status.is_client_error(),
        }));
    }

    pub(super) fn whole(self) -> Value {
        let mut answer = Map::from_iter([("Successful".to_owned(), self.successful.into())]);
        if !self.failed.is_empty() {
            answer.insert("Failed".to_owned(), self.failed.into());
        }
        answer.into()
    }
}

/// What is told of a message that was sent.
pub(super) struct Told(Map<String, Value>, bool);

impl Told {
    pub(super) fn of(
        body: &str,
        attributes: &Map<String, Value>,
        system_attributes: &Map<String, Value>,
        queue: &Queue,
    ) -> Self {
        let digests = [
            ("MD5OfMessageBody", Some(digest::of_body(body))),
            ("MD5OfMessageAttributes", digest::of_attributes(attributes)),
            ("MD5OfMessageSystemAttributes", digest::of_attributes(system_attributes)),
        ];
        let digests = digests.into_iter().filter_map(|(name, digest)| Some((name.to_owned(), digest?.into())));
        Self(digests.collect(), queue.name.ends_with(FIFO))
    }

    /// With the number and the id that it was stored with.
    pub(super) fn answer(mut self, (number, id): (i64, String)) -> Value {
        self.0.insert("MessageId".to_owned(), id.into());
        if self.1 {
            self.0.insert("SequenceNumber".to_owned(), sequence_number(number).into());
        }
        self.0.into()
    }
}

/// The place of a message in its FIFO queue: a number of twenty digits.
pub(super) fn sequence_number(number: i64) -> String {
    format!("{number:020}")
}
