//! Functions that are called with the messages of a queue, as an event source mapping of Lambda does.
//!
//! AWS Lambda developer guide, "Using Lambda with Amazon SQS", "Implementing partial batch responses".

use std::collections::BTreeSet;
use std::sync::Weak;
use std::time::Duration;

use asl_aws::{CallError, Clients, Service, Style};
use asl_engine::Value as Shared;
use asl_tasks::{Calls, Starts, Trigger};
use serde_json::{Value, json};
use tracing::warn;

use crate::api::Identity;
use crate::proxy::call;

/// How long is waited before a queue is looked at that could not be.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Who reads a queue for a function.
#[derive(Debug)]
pub(crate) struct Reader {
    queue: String,
    function: String,
    batch_size: u32,
    /// Whether the function says which messages it has not taken.
    reports_failures: bool,
    /// The ARN of the queue.
    arn: String,
    region: String,
}

/// The readers that triggers ask for.
pub(crate) fn readers(triggers: &[Trigger], identity: &Identity) -> Vec<Reader> {
    let reader = |trigger: &Trigger| match (&trigger.starts, &trigger.calls) {
        (Starts::Messages { queue, batch_size, reports_failures }, Calls::Function(function)) => Some(Reader {
            queue: queue.clone(),
            function: function.clone(),
            batch_size: *batch_size,
            reports_failures: *reports_failures,
            arn: identity.arn_of(&Calls::Queue(queue.clone())),
            region: identity.region.clone(),
        }),
        _ => None,
    };
    triggers.iter().filter_map(reader).collect()
}

impl Reader {
    /// Hands messages on as long as there is something to reach the services with.
    pub(crate) async fn run(self, clients: Weak<Clients>) {
        loop {
            let Some(clients) = clients.upgrade() else { return };
            if let Err(error) = self.hand_on(&clients).await {
                warn!(queue = self.queue, function = self.function, %error, "messages are not taken");
                drop(clients);
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }

    /// Waits for messages, and hands them on. Those that the function does not take are seen again later.
    async fn hand_on(&self, clients: &Clients) -> Result<(), CallError> {
        let asked = [
            ("QueueUrl", Shared::from(self.queue.as_str())),
            // What a request may ask for.
            ("MaxNumberOfMessages", i64::from(self.batch_size.clamp(1, 10)).into()),
            ("WaitTimeSeconds", 20.into()),
            ("AttributeNames", [Shared::from("All")].into_iter().collect()),
            ("MessageAttributeNames", [Shared::from("All")].into_iter().collect()),
        ];
        let received = sqs(clients, "receiveMessage", asked.into_iter().collect()).await?;
        let received: Value = serde_json::from_str(&received.to_string()).unwrap_or_default();
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        if messages.is_empty() {
            return Ok(());
        }
        let records: Vec<Value> = messages.iter().map(|message| record(message, &self.arn, &self.region)).collect();
        let kept = match call(clients, &self.function, &json!({ "Records": records })).await {
            Ok(result) if self.reports_failures => not_taken(&result),
            // All of them are done with, whatever it says.
            Ok(_) => BTreeSet::new(),
            Err(error) => {
                warn!(queue = self.queue, function = self.function, %error, "messages are not taken");
                return Ok(());
            }
        };
        for message in messages.iter().filter(|it| !kept.contains(it["MessageId"].as_str().unwrap_or_default())) {
            let receipt = message["ReceiptHandle"].as_str().unwrap_or_default();
            let asked = [("QueueUrl", Shared::from(self.queue.as_str())), ("ReceiptHandle", receipt.into())];
            sqs(clients, "deleteMessage", asked.into_iter().collect()).await?;
        }
        Ok(())
    }
}

async fn sqs(clients: &Clients, action: &str, parameters: Shared) -> Result<Shared, CallError> {
    // Both are part of the models that this is compiled with.
    let Ok(service) = Service::find("sqs") else { return Ok(Shared::default()) };
    let Ok(operation) = service.operation(action) else { return Ok(Shared::default()) };
    Ok(Shared::Object(clients.call(service, operation, &parameters, Style::Optimized).await?.result))
}

/// The messages that a function has not taken, where it says so.
fn not_taken(result: &Value) -> BTreeSet<String> {
    let failures = result["batchItemFailures"].as_array().into_iter().flatten();
    failures.filter_map(|it| it["itemIdentifier"].as_str().map(str::to_owned)).collect()
}

/// A message as Lambda hands it on.
fn record(message: &Value, arn: &str, region: &str) -> Value {
    let attributes = message["MessageAttributes"].as_object().into_iter().flatten().map(|(name, it)| {
        let told = json!({
            "stringValue": it["StringValue"],
            "binaryValue": it["BinaryValue"],
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": it["DataType"],
        });
        (name.clone(), told)
    });
    json!({
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes.collect::<serde_json::Map<_, _>>(),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_those_of_lambda() {
        let message = json!({
            "MessageId": "1", "ReceiptHandle": "r", "Body": "b", "MD5OfBody": "m", "Attributes": { "SentTimestamp": "1" },
            "MessageAttributes": { "a": { "StringValue": "x", "DataType": "String" } },
        });
        let record = record(&message, "arn:aws:sqs:eu-west-1:1:q", "eu-west-1");
        assert_eq!((&record["messageId"], &record["body"]), (&json!("1"), &json!("b")));
        assert_eq!(record["messageAttributes"]["a"]["stringValue"], "x");
        assert_eq!(
            (&record["eventSourceARN"], &record["awsRegion"]),
            (&json!("arn:aws:sqs:eu-west-1:1:q"), &json!("eu-west-1"))
        );
    }

    #[test]
    fn a_function_may_take_some_of_the_messages() {
        assert!(not_taken(&json!(null)).is_empty() && not_taken(&json!({ "batchItemFailures": [] })).is_empty());
        let some = not_taken(&json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] }));
        assert_eq!(some, BTreeSet::from(["2".to_owned()]));
    }
}
