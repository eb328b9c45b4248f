//! Hands events to targets: queues, topics, functions and state machines, wherever the routing file says that those services are.

use std::sync::{Arc, Weak};
use std::time::Duration;

use asl_aws::{CallError, Clients, Service, Style};
use asl_engine::Value;
use futures_util::future::join_all;
use serde_json::Value as Json;
use time::OffsetDateTime;
use tracing::warn;
use uuid::Uuid;

use super::rules::rule_arn;
use super::target::{self, Through};
use super::{Events, TIME};

/// How long is waited before each further attempt to deliver an event.
const AGAIN_AFTER: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(60),
    Duration::from_secs(240),
];

/// Why an event is not delivered.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum NotDelivered {
    /// It may be later.
    #[error("{0}")]
    Later(String),
    /// The target refuses it, and would again.
    #[error("{0}")]
    Refused(String),
}

impl From<CallError> for NotDelivered {
    fn from(error: CallError) -> Self {
        let told = error.to_string();
        match &error {
            CallError::Parameters { .. } => Self::Refused(told),
            CallError::Client(_) => Self::Later(told),
            CallError::Service(refused) => {
                // As where too many executions run.
                let is_full = refused.code.as_deref().is_some_and(|code| code.ends_with("LimitExceeded"));
                if is_full || refused.is_passing() { Self::Later(told) } else { Self::Refused(told) }
            }
        }
    }
}

/// A service that takes events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Sqs,
    Sns,
    Lambda,
    StepFunctions,
}

impl Takes {
    /// The service of the target with this ARN; none where nothing is delivered to it here.
    pub(super) fn of(arn: &str) -> Option<Self> {
        match arn.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "sqs", _, _, _] => Some(Self::Sqs),
            ["arn", _, "sns", _, _, _, ..] => Some(Self::Sns),
            ["arn", _, "lambda", _, _, "function", _, ..] => Some(Self::Lambda),
            ["arn", _, "states", _, _, "stateMachine", _, ..] => Some(Self::StepFunctions),
            _ => None,
        }
    }
}

/// What goes to a target.
#[derive(Clone)]
pub(super) struct Delivery {
    /// Tells it from others, so that it is not taken twice.
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) target: Json,
    pub(super) event_id: String,
    pub(super) input: String,
}

impl Events {
    /// Delivers once to each, and later again where that was in vain.
    pub(super) async fn deliver(&self, deliveries: Vec<Delivery>) {
        if deliveries.is_empty() {
            return;
        }
        let Some(clients) = self.clients.get().and_then(Weak::upgrade) else {
            warn!("events are not delivered: nothing is known of targets");
            return;
        };
        join_all(deliveries.into_iter().map(async |delivery| match delivery.attempt(&clients).await {
            Ok(()) => {}
            Err(NotDelivered::Refused(why)) => warn!(to = delivery.arn, why, "an event is not delivered"),
            Err(NotDelivered::Later(why)) => {
                warn!(to = delivery.arn, why, "an event is not delivered yet");
                tokio::spawn(delivery.try_again(Arc::downgrade(&clients)));
            }
        }))
        .await;
    }
}

impl Delivery {
    async fn attempt(&self, clients: &Clients) -> Result<(), NotDelivered> {
        let Self { id, arn, target, event_id, input } = self;
        deliver(clients, arn, target, event_id, id, input.clone()).await
    }

    async fn try_again(self, clients: Weak<Clients>) {
        for pause in AGAIN_AFTER {
            tokio::time::sleep(pause).await;
            let Some(clients) = clients.upgrade() else { return };
            match self.attempt(&clients).await {
                Ok(()) => return,
                Err(NotDelivered::Refused(_)) => break,
                Err(NotDelivered::Later(_)) => {}
            }
        }
        warn!(to = self.arn, id = self.event_id, "an event is not delivered");
    }
}

/// What the targets of a rule get of an event.
pub(super) fn deliveries<'a>(
    bus: &str,
    name: &'a str,
    targets: &'a [Json],
    event: &'a Json,
) -> impl Iterator<Item = Delivery> + 'a {
    let (arn, taken) = (rule_arn(bus, name), OffsetDateTime::now_utc().format(TIME).unwrap_or_default());
    targets.iter().map(move |target| Delivery {
        id: Uuid::new_v4().to_string(),
        arn: target["Arn"].as_str().unwrap_or_default().to_owned(),
        target: target.clone(),
        event_id: event["id"].as_str().unwrap_or_default().to_owned(),
        input: target::input(target, event, Through { rule_arn: &arn, rule_name: name, taken: &taken }),
    })
}

/// Delivers `input`, which was made of the event of this id, to the target with this ARN. `delivery` is the same for all attempts.
async fn deliver(
    clients: &Clients,
    arn: &str,
    target: &Json,
    event_id: &str,
    delivery: &str,
    input: String,
) -> Result<(), NotDelivered> {
    let refused = |why: String| NotDelivered::Refused(why);
    let takes = Takes::of(arn).ok_or_else(|| refused("nothing is delivered to targets of this kind".to_owned()))?;
    let text = |text: &str| Value::from(text);
    let (service, action, parameters): (_, _, Vec<(&str, Value)>) = match takes {
        Takes::Sqs => {
            let group = target["SqsParameters"]["MessageGroupId"].as_str();
            let group = group.map(|group| ("MessageGroupId", text(group)));
            let message = [("QueueUrl", queue_url(arn).into()), ("MessageBody", input.into())];
            ("sqs", "sendMessage", message.into_iter().chain(group).collect())
        }
        Takes::Sns => ("sns", "publish", vec![("TopicArn", text(arn)), ("Message", input.into())]),
        Takes::Lambda => {
            let payload = input.parse().map_err(|_| refused("its input is no JSON".to_owned()))?;
            let call = [("FunctionName", text(arn)), ("InvocationType", text("Event")), ("Payload", payload)];
            ("lambda", "invoke", call.into())
        }
        Takes::StepFunctions => {
            // As AWS names them. An id of an event may be longer than a name.
            let name = format!("{event_id:.36}_{delivery}");
            let start = [("StateMachineArn", text(arn)), ("Name", name.into()), ("Input", input.into())];
            ("sfn", "startExecution", start.into())
        }
    };
    let service = Service::find(service).map_err(|error| refused(error.to_string()))?;
    let operation = service.operation(action).map_err(|error| refused(error.to_string()))?;
    let parameters: Value = parameters.into_iter().collect();
    clients.call_as(Some(delivery), service, operation, &parameters, Style::Optimized).await?;
    Ok(())
}

/// The URL that AWS gives to the queue of an ARN.
fn queue_url(arn: &str) -> String {
    match arn.split(':').collect::<Vec<_>>()[..] {
        [_, _, _, region, account, name] => format!("https://sqs.{region}.amazonaws.com/{account}/{name}"),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use asl_aws::ServiceError;

    #[test]
    fn a_full_service_is_asked_again_and_a_refusal_is_taken() {
        let refused = |code: &str, status: u16| {
            let error = ServiceError { code: Some(code.to_owned()), status, ..ServiceError::default() };
            matches!(NotDelivered::from(CallError::Service(error)), NotDelivered::Refused(_))
        };
        for (code, status, is_refused) in [
            ("StateMachineDoesNotExist", 400, true),
            ("AWS.SimpleQueueService.NonExistentQueue", 400, true),
            ("ExecutionLimitExceeded", 400, false),
            ("ThrottlingException", 400, false),
            ("InternalFailure", 500, false),
        ] {
            assert_eq!(refused(code, status), is_refused, "{code}");
        }
    }

    #[test]
    fn targets_are_told_by_their_arns() {
        for (arn, expected) in [
            ("arn:aws:sqs:us-east-1:111111111111:queue", Some(Takes::Sqs)),
            ("arn:aws-cn:sns:cn-north-1:111111111111:topic", Some(Takes::Sns)),
            ("arn:aws:lambda:us-east-1:111111111111:function:f:live", Some(Takes::Lambda)),
            ("arn:aws:states:us-east-1:111111111111:stateMachine:m:1", Some(Takes::StepFunctions)),
            ("arn:aws:states:us-east-1:111111111111:execution:m:e", None),
            ("arn:aws:kinesis:us-east-1:111111111111:stream/s", None),
            ("queue", None),
        ] {
            assert_eq!(Takes::of(arn), expected, "{arn}");
        }
        let url = queue_url("arn:aws:sqs:eu-west-1:111111111111:q.fifo");
        assert_eq!(url, "https://sqs.eu-west-1.amazonaws.com/111111111111/q.fifo");
    }
}
