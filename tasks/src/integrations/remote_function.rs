//! Functions of a Lambda elsewhere: `arn:aws:states:::lambda:invoke`, and the ARN of a function as the resource.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html>

use std::sync::Arc;

use asl_engine::{Failure, Object, Outcome, Value};

use super::answer::{Names, with_metadata};
use super::reaches_aws;
use crate::handler::{BoxFuture, Call, Handler};
use crate::services::Clients;
use crate::services::api::{Answer, Operation, Service, Times};

const NAMES: Names = Names { prefix: "Lambda", service: "AWSLambda", other: "AWSLambdaException" };

/// The functions of the Lambda that `[services]` names.
pub(super) struct RemoteFunction {
    clients: Arc<Clients>,
    service: &'static Service,
    invoke: &'static Operation,
}

impl RemoteFunction {
    /// None where `[services]` does not say where Lambda is.
    pub(super) fn new(clients: &Arc<Clients>) -> Option<Self> {
        let service = Service::find("lambda").ok()?;
        clients.places().get(service.name)?;
        let invoke = service.known_operation("Invoke")?;
        Some(Self { clients: Arc::clone(clients), service, invoke })
    }

    async fn run(&self, call: &Call) -> Outcome {
        let request = &call.request;
        if request.resource.starts_with("arn:aws:lambda:") {
            // The function itself: what it returns is the result.
            let function = Value::from(&*request.resource);
            let parameters = Value::from([("FunctionName", function), ("Payload", request.input.clone())]);
            return Ok(payload(&self.invoke(&parameters).await?.result));
        }
        let parameters = match request.input.as_object() {
            Some(parameters) => with_payload(parameters),
            None => request.input.clone(),
        };
        let mut answer = self.invoke(&parameters).await?;
        answer.result = answer.result.with("Payload", payload(&answer.result));
        Ok(with_metadata(answer))
    }

    /// Calls a function. That a function fails is told beside an answer that is a success.
    async fn invoke(&self, parameters: &Value) -> Result<Answer, Failure> {
        let answer = self.clients.call(self.service, self.invoke, parameters, Times::Millis).await;
        let answer = answer.map_err(|fault| NAMES.failure(fault))?;
        if answer.result.get("FunctionError").is_none() {
            return Ok(answer);
        }
        let error = payload(&answer.result)["errorType"].as_str().unwrap_or("Lambda.Unknown").to_owned();
        let cause = answer.result.get("Payload").and_then(Value::as_str).unwrap_or_default();
        Err(Failure::new(error, cause))
    }
}

/// Parameters whose `Payload`, where it is text, is the JSON that the text says.
fn with_payload(parameters: &Object) -> Value {
    let text = parameters.get("Payload").and_then(Value::as_str);
    match text.and_then(|text| text.parse::<Value>().ok()) {
        Some(payload) => parameters.with("Payload", payload).into(),
        None => parameters.clone().into(),
    }
}

/// What a function returned; the empty text where it returned nothing, as for an `InvocationType` of `Event`.
fn payload(result: &Object) -> Value {
    let payload = result.get("Payload").cloned().unwrap_or_default();
    payload.as_str().and_then(|text| text.parse().ok()).unwrap_or(payload)
}

impl Handler for RemoteFunction {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }

    fn reaches_aws(&self) -> Option<String> {
        reaches_aws(&self.clients, self.service)
    }
}
