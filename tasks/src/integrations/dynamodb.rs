//! `arn:aws:states:::dynamodb:putItem`: stores a row.
//!
//! The parameters of the state are the request of DynamoDB's API as it is: they are sent without being taken apart,
//! and the answer comes back in the same form.

use std::sync::Arc;

use asl_engine::{Object, Outcome, Value};
use aws_sdk_dynamodb::operation::RequestId;
use aws_smithy_types::body::SdkBody;

use super::answer::{Keep, Names};
use crate::handler::{BoxFuture, Call, Handler};
use crate::services::Clients;

const NAMES: Names = Names {
    prefix: "DynamoDB",
    service: "AmazonDynamoDBv2",
    other: "AmazonDynamoDBException",
    known: &[
        ("ConditionalCheckFailedException", None),
        ("InternalServerError", None),
        ("ItemCollectionSizeLimitExceededException", None),
        ("ProvisionedThroughputExceededException", None),
        ("ReplicatedWriteConflictException", None),
        ("RequestLimitExceeded", None),
        ("ResourceNotFoundException", None),
        ("TransactionConflictException", None),
    ],
};

/// Stores a row. See <https://docs.aws.amazon.com/step-functions/latest/dg/connect-ddb.html>.
pub(crate) struct PutItem(pub(crate) Arc<Clients>);

impl PutItem {
    async fn run(&self, parameters: &Value) -> Outcome {
        let body = bytes::Bytes::from(parameters.to_string());
        let keep = Keep::default();
        // The table is also told to the SDK: it can be part of the address.
        let call =
            self.0.dynamodb().await.put_item().set_table_name(parameters["TableName"].as_str().map(str::to_owned));
        let call = call.customize().interceptor(keep.clone()).mutate_request(move |request| {
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body.clone());
        });
        let output = call.send().await.map_err(|error| NAMES.failure(&error))?;
        let answer = keep.take();
        let result = std::str::from_utf8(&answer.body).ok().and_then(|text| text.parse::<Value>().ok());
        let result = result.as_ref().and_then(Value::as_object).map_or_else(Object::default, Object::clone);
        Ok(answer.with_metadata(result, output.request_id()))
    }
}

impl Handler for PutItem {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }
}
