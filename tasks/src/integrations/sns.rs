//! `arn:aws:states:::sns:publish`: publishes a notification.

use std::sync::Arc;

use asl_engine::{Failure, Object, Outcome, Value};
use aws_sdk_sns::operation::RequestId;
use aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
use aws_sdk_sns::primitives::Blob;
use aws_sdk_sns::types::MessageAttributeValue;

use super::answer::{Keep, Names};
use crate::handler::{BoxFuture, Call, Handler};
use crate::services::Clients;

const NAMES: Names = Names {
    prefix: "SNS",
    service: "AmazonSNS",
    other: "AmazonSNSException",
    known: &[
        ("AuthorizationError", None),
        ("EndpointDisabled", None),
        ("InternalError", None),
        ("InvalidParameter", None),
        ("InvalidSecurity", None),
        ("KMSAccessDenied", None),
        ("KMSDisabled", None),
        ("KMSInvalidState", None),
        ("KMSNotFound", None),
        ("KMSOptInRequired", None),
        ("KMSThrottling", None),
        ("NotFound", None),
        ("ParameterValueInvalid", Some("InvalidParameterValueException")),
        ("PlatformApplicationDisabled", None),
        ("ValidationException", None),
    ],
};

/// Publishes a notification. See <https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html>.
pub(crate) struct Publish(pub(crate) Arc<Clients>);

impl Publish {
    async fn run(&self, parameters: &Value) -> Outcome {
        let keep = Keep::default();
        let call = self.0.sns().await.publish();
        let call = fill(call, parameters)?.customize().interceptor(keep.clone());
        let output = call.send().await.map_err(|error| NAMES.failure(&error))?;
        let told = [("MessageId", output.message_id()), ("SequenceNumber", output.sequence_number())];
        let told = told.into_iter().filter_map(|(name, value)| value.map(|value| (name, Value::from(value))));
        Ok(keep.take().with_metadata(told.collect::<Object>(), output.request_id()))
    }
}

impl Handler for Publish {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }
}

fn fill(mut call: PublishFluentBuilder, parameters: &Value) -> Result<PublishFluentBuilder, Failure> {
    let Some(parameters) = parameters.as_object() else {
        return Err(Failure::new("States.Runtime", "The parameters of sns:publish must be a JSON object"));
    };
    for (name, value) in parameters.iter().filter(|(_, value)| **value != Value::Null) {
        call = match &**name {
            "Message" => call.message(text(value)),
            "MessageAttributes" => attributes(call, value)?,
            "MessageDeduplicationId" => call.message_deduplication_id(text(value)),
            "MessageGroupId" => call.message_group_id(text(value)),
            "MessageStructure" => call.message_structure(text(value)),
            "PhoneNumber" => call.phone_number(text(value)),
            "Subject" => call.subject(text(value)),
            "TargetArn" => call.target_arn(text(value)),
            "TopicArn" => call.topic_arn(text(value)),
            _ => return Err(not_supported(name)),
        };
    }
    Ok(call)
}

/// A text as it is; anything else as its JSON text, which is how a message carries it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn attributes(mut call: PublishFluentBuilder, attributes: &Value) -> Result<PublishFluentBuilder, Failure> {
    let object = |value: &Value, what: &str| match value.as_object() {
        Some(members) => Ok(members.clone()),
        None => Err(Failure::new("States.Runtime", format!("{what} must be a JSON object"))),
    };
    for (name, attribute) in object(attributes, "MessageAttributes")?.iter() {
        let mut value = MessageAttributeValue::builder();
        for (field, given) in object(attribute, &format!("The message attribute {name}"))?.iter() {
            value = match &**field {
                "DataType" => value.data_type(text(given)),
                "StringValue" => value.string_value(text(given)),
                "BinaryValue" => value.binary_value(blob(name, given)?),
                _ => return Err(not_supported(field)),
            };
        }
        let value = value.build().map_err(|_| {
            Failure::new("SNS.InvalidParameterValueException", format!("The message attribute {name} has no DataType"))
        })?;
        call = call.message_attributes(name.to_string(), value);
    }
    Ok(call)
}

fn blob(name: &str, value: &Value) -> Result<Blob, Failure> {
    let decoded = value.as_str().and_then(|text| aws_smithy_types::base64::decode(text).ok());
    let refusal =
        || Failure::new("States.Runtime", format!("The BinaryValue of the message attribute {name} is not Base64"));
    decoded.map(Blob::new).ok_or_else(refusal)
}

fn not_supported(field: &str) -> Failure {
    Failure::new("States.Runtime", format!("The field \"{field}\" is not supported by Step Functions"))
}
