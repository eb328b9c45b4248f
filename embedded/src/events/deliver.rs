//! Hands events to targets: queues, topics, functions and state machines, wherever the routing file says that those services are.

use asl_aws::{CallError, Clients, Service, Style};
use asl_engine::Value;
use serde_json::Value as Json;

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

/// Delivers `input`, which was made of the event of this id, to the target with this ARN. `delivery` is the same for all attempts.
pub(super) async fn deliver(
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
