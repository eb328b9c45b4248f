//! Optimized integrations that are one call of a service, such as `arn:aws:states:::dynamodb:putItem`.
//!
//! AWS developer guide, "Integrating optimized services with Step Functions".

use std::sync::Arc;

use asl_aws::Clients;
use asl_aws::{Operation, Service, Style};
use asl_engine::{Failure, Object, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};

use super::answer::{Names, with_metadata};

const DYNAMODB: Names = Names { prefix: "DynamoDB", service: "AmazonDynamoDBv2", other: "AmazonDynamoDBException" };
const EVENTS: Names =
    Names { prefix: "EventBridge", service: "AmazonEventBridge", other: "AmazonEventBridgeException" };
const SNS: Names = Names { prefix: "SNS", service: "AmazonSNS", other: "AmazonSNSException" };
const SQS: Names = Names { prefix: "SQS", service: "AmazonSQS", other: "AmazonSQSException" };

/// The integrations: service and action as in the resource, the operation, and the names of its errors.
const ALL: [(&str, &str, &str, &Names); 7] = [
    ("dynamodb", "getItem", "GetItem", &DYNAMODB),
    ("dynamodb", "putItem", "PutItem", &DYNAMODB),
    ("dynamodb", "updateItem", "UpdateItem", &DYNAMODB),
    ("dynamodb", "deleteItem", "DeleteItem", &DYNAMODB),
    ("events", "putEvents", "PutEvents", &EVENTS),
    ("sns", "publish", "Publish", &SNS),
    ("sqs", "sendMessage", "SendMessage", &SQS),
];

/// One call of a service.
struct Optimized {
    clients: Arc<Clients>,
    service: &'static Service,
    operation: &'static Operation,
    names: &'static Names,
}

/// The handler of `arn:aws:states:::SERVICE:ACTION`, where it is one of these.
pub(super) fn find(clients: &Arc<Clients>, service: &str, action: &str) -> Option<Arc<dyn Handler>> {
    let (.., operation, names) = ALL.iter().find(|known| (known.0, known.1) == (service, action))?;
    let service = Service::of_arn(service).ok()?;
    let operation = service.known_operation(operation)?;
    Some(Arc::new(Optimized { clients: Arc::clone(clients), service, operation, names }))
}

impl Optimized {
    async fn run(&self, parameters: &Value) -> Outcome {
        let called = self.clients.call(self.service, self.operation, parameters, Style::Optimized).await;
        let answer = called.map_err(|fault| self.names.failure(fault))?;
        match failed_entries(&answer.result) {
            Some(failure) if self.operation.name == "PutEvents" => Err(failure),
            _ => Ok(with_metadata(answer)),
        }
    }
}

/// `PutEvents` succeeds for some entries and fails for others; a state fails when one of them does.
fn failed_entries(result: &Object) -> Option<Failure> {
    let count = result.get("FailedEntryCount").filter(|count| count.as_i64() != Some(0))?;
    let entries = result.get("Entries").cloned().unwrap_or_default();
    let cause = Value::from([("Entries", entries), ("FailedEntryCount", count.clone())]);
    Some(Failure::new("EventBridge.FailedEntry", cause.to_string()))
}

impl Handler for Optimized {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.clients.reaches_aws(self.service)
    }
}
