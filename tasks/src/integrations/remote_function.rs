//! Functions of a Lambda elsewhere: `arn:aws:states:::lambda:invoke`, and the ARN of a function as the resource.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html>

use std::sync::Arc;

use asl_aws::Clients;
use asl_aws::{Operation, OperationOutput, Place, Service, Style};
use asl_engine::{Failure, Object, Outcome, Value};
use asl_runtime::lambda::{payload_failure, unknown_payload};
use asl_runtime::{BoxFuture, Call, Handler};

use super::answer::{Names, with_metadata};

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
        clients.places().get(service.name).filter(|place| **place != Place::Embedded)?;
        let invoke = service.known_operation("Invoke")?;
        Some(Self { clients: Arc::clone(clients), service, invoke })
    }

    async fn run(&self, call: &Call) -> Outcome {
        let request = &call.request;
        if request.resource.starts_with("arn:aws:lambda:") {
            // The function itself: what it returns is the result.
            let function = Value::from(&*request.resource);
            let parameters = Value::from([("FunctionName", function), ("Payload", request.input.clone())]);
            return Ok(self.invoke(&parameters).await?.result.get("Payload").cloned().unwrap_or_default());
        }
        let parameters = match request.input.as_object() {
            Some(parameters) => with_payload(parameters),
            None => request.input.clone(),
        };
        self.invoke(&parameters).await.map(with_metadata)
    }

    /// Calls a function. `Payload` of the answer is what it returned. That a function fails is told beside an answer that is a
    /// success.
    async fn invoke(&self, parameters: &Value) -> Result<OperationOutput, Failure> {
        let answer = self.clients.call(self.service, self.invoke, parameters, Style::Optimized).await;
        let mut answer = answer.map_err(|error| NAMES.failure(error))?;
        let payload = answer.result.get("Payload").and_then(Value::as_str).unwrap_or_default().to_owned();
        if answer.result.get("FunctionError").is_some() {
            return Err(payload_failure(payload));
        }
        let returned = match payload.as_str() {
            // Of a call that is not waited for.
            "" => Value::from(""),
            payload => payload.parse().map_err(|_| unknown_payload(payload))?,
        };
        answer.result = answer.result.with("Payload", returned);
        Ok(answer)
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

impl Handler for RemoteFunction {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.clients.reaches_aws(self.service)
    }
}
