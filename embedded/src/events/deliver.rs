//! Hands events to targets: queues, topics, functions and state machines, wherever the routing file says that those services are.

use asl_aws::{Clients, Service, Style};
use asl_engine::Value;
use serde_json::Value as Json;

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

/// Delivers `input`, which was made of the event of this id, to the target with this ARN. `delivery` is the same for all attempts. The error
/// is for people.
pub(super) async fn deliver(
    clients: &Clients,
    arn: &str,
    target: &Json,
    event_id: &str,
    delivery: &str,
    input: String,
) -> Result<(), String> {
    let takes = Takes::of(arn).ok_or_else(|| "it is none to which this program delivers events".to_owned())?;
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
            let payload = input.parse().map_err(|_| "its input is no JSON".to_owned())?;
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
    let service = Service::find(service).map_err(|error| error.to_string())?;
    let operation = service.operation(action).map_err(|error| error.to_string())?;
    let parameters: Value = parameters.into_iter().collect();
    let called = clients.call_as(Some(delivery), service, operation, &parameters, Style::Optimized).await;
    called.map(drop).map_err(|error| error.to_string())
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
