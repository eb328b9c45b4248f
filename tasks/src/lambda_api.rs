//! The functions of the routing file, called by the API of Lambda: by the code of other functions, and by `aws-sdk:lambda:invoke`.
//!
//! AWS API reference of Lambda: `Invoke`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use asl_aws::InProcess;
use asl_aws::in_process::{Missing, respond, whole_body};
use asl_engine::{Failure, TaskRequest, Value};
use asl_runtime::lambda::FunctionArn;
use asl_runtime::{Background, BoxFuture, Call, Report};
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, Request, Response, StatusCode};
use uuid::Uuid;

use crate::endpoint::error::EndpointError;
use crate::handler_table::HandlerTable;
use crate::inner::call_inner;
use crate::router::missing_function;

/// What the path of a function starts with.
pub(crate) const FUNCTIONS: &str = "/2015-03-31/functions/";

/// `Invoke`, of whatever serves the function.
pub(crate) struct LambdaApi {
    pub(crate) table: Weak<HandlerTable>,
    pub(crate) background: Arc<Background>,
    /// What the routing file is called.
    pub(crate) routes: Option<PathBuf>,
    pub(crate) watcher: FailureWatcher,
}

/// What is told of each function that fails: its ARN, and how. Set once, if at all.
pub(crate) type FailureWatcher = Arc<OnceLock<Box<dyn Fn(&str, &Failure) + Send + Sync>>>;

impl LambdaApi {
    async fn run(&self, request: Request<SdkBody>) -> Result<Response<SdkBody>, EndpointError> {
        let invoked = function(request.uri().path());
        let arn = invoked.map(|name| FunctionArn::named(&name, ""));
        let arn = arn.ok_or_else(|| {
            EndpointError::not_found("UnknownOperationException", "of Lambda, only Invoke is served here")
        })?;
        let mut pairs = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        let qualifier = pairs.find(|(name, _)| name == "Qualifier").map(|(_, qualifier)| qualifier.into_owned());
        let arn = FunctionArn { qualifier: qualifier.or(arn.qualifier.clone()), ..arn };
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (kind, context) = (header("x-amz-invocation-type"), header("x-amz-client-context"));
        let found = self.table.upgrade().and_then(|table| table.find_function(&arn));
        let Some(function) = found else {
            let message = format!("Function not found: {}", arn.unqualified());
            return Err(EndpointError::not_found("ResourceNotFoundException", message));
        };
        let unreadable = |why: String| EndpointError::new("InvalidRequestContentException", why);
        let body = whole_body(request.into_body()).await.map_err(|error| unreadable(error.to_string()))?;
        let payload = match &body[..] {
            [] => Value::empty_object(),
            body => {
                let text = std::str::from_utf8(body).map_err(|error| unreadable(error.to_string()))?;
                text.parse().map_err(|error: asl_engine::JsonError| {
                    unreadable(format!("Could not parse request body into json: {}", error.message))
                })?
            }
        };
        let context = context.and_then(|context| aws_smithy_types::base64::decode(context).ok());
        let context = context.and_then(|bytes| String::from_utf8(bytes).ok()).map(Into::into);
        let resource = match &arn.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", arn.unqualified()),
            None => arn.unqualified(),
        };
        // That nothing serves it, or a mistake of ours, is no failure of the function.
        let given_up = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&given_up);
        let call = Call::with_reports(TaskRequest::new(resource, payload), move |report| {
            if let Report::Refused(why) | Report::Bug(why) = report {
                noted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
        });
        let call = call.with_client_context(context);
        let (status, body) = match kind.as_deref() {
            None | Some("RequestResponse") => {
                let outcome = call_inner(&*function, &call).await;
                if let Some(why) = given_up.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    return Err(EndpointError::fault("ServiceException", why));
                }
                if let Err(failure) = &outcome {
                    told_of(&self.watcher, &arn, failure);
                }
                let failed = outcome.is_err();
                let body = outcome.unwrap_or_else(|failure| told(&failure)).to_string();
                let mut response = respond(StatusCode::OK, JSON, &Uuid::new_v4().to_string(), body);
                let headers = response.headers_mut();
                if let Ok(version) = HeaderValue::from_str(arn.version()) {
                    headers.insert("x-amz-executed-version", version);
                }
                if failed {
                    headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
                }
                return Ok(response);
            }
            Some("Event") => {
                let watcher = Arc::clone(&self.watcher);
                self.background.spawn(async move {
                    // Who has called it is not told.
                    if let Err(failure) = call_inner(&*function, &call).await {
                        told_of(&watcher, &arn, &failure);
                    }
                });
                (StatusCode::ACCEPTED, String::new())
            }
            Some("DryRun") => (StatusCode::NO_CONTENT, String::new()),
            Some(other) => {
                let message = format!("Value {other} at 'invocationType' failed to satisfy constraint");
                return Err(EndpointError::new("InvalidParameterValueException", message));
            }
        };
        Ok(respond(status, JSON, &Uuid::new_v4().to_string(), body))
    }
}

fn told_of(watcher: &FailureWatcher, arn: &FunctionArn, failure: &Failure) {
    if let Some(watcher) = watcher.get() {
        watcher(&arn.unqualified(), failure);
    }
}

const JSON: &str = "application/json";

/// The name of the function in `/2015-03-31/functions/NAME/invocations`.
fn function(path: &str) -> Option<String> {
    let name = path.strip_prefix(FUNCTIONS)?.strip_suffix("/invocations")?;
    // The colons of an ARN may be encoded, and what is encoded has no plus.
    let encoded = format!("name={}", name.replace('+', "%2B"));
    let (_, name) = url::form_urlencoded::parse(encoded.as_bytes()).next()?;
    Some(name.into_owned()).filter(|name| !name.is_empty())
}

/// What Lambda answers for a function that has failed: the text that its runtime has given, or one like it.
fn told(failure: &Failure) -> Value {
    let cause = failure.cause.as_deref().unwrap_or_default();
    let given = cause.parse::<Value>().ok().filter(|given| given.get("errorType").is_some());
    given.unwrap_or_else(|| {
        let error = failure.error.as_deref().unwrap_or("Error");
        Value::from([("errorMessage", Value::from(cause)), ("errorType", error.into())])
    })
}

impl InProcess for LambdaApi {
    fn answer(&self, request: Request<SdkBody>) -> BoxFuture<'_, Response<SdkBody>> {
        Box::pin(async move { self.run(request).await.unwrap_or_else(|error| error.json()) })
    }

    fn has(&self, operation: &str) -> bool {
        operation == "Invoke"
    }

    fn missing<'a>(&'a self, _: &'a str, parameters: &'a Value) -> BoxFuture<'a, Option<Missing>> {
        let missing = missing_function(&self.table, &parameters["FunctionName"], &self.routes);
        Box::pin(std::future::ready(missing.map(Missing::Unserved)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use asl_aws::{Service, Style};
    use asl_engine::Outcome;
    use asl_runtime::Handler;

    use super::*;
    use crate::{Router, Routes};

    /// Answers with its input, and fails where that is an object.
    struct Echo;

    impl Handler for Echo {
        fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
            let input = &call.request.input;
            let outcome = if input.as_object().is_some() { Err(Failure::new("E", "c")) } else { Ok(input.clone()) };
            Box::pin(std::future::ready(outcome))
        }

        fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
            Box::pin(async { Vec::new() })
        }
    }

    /// What `aws-sdk:lambda:invoke` gives for these parameters.
    async fn invoke(parameters: &str) -> String {
        let router = Router::new(Routes::default(), "unused");
        let router = router.with_handler("arn:aws:lambda:*:*:function:echo", Arc::new(Echo));
        let lambda = Service::find("lambda").unwrap();
        let invoke = lambda.operation("invoke").unwrap();
        match router.clients().call(lambda, invoke, &parameters.parse().unwrap(), Style::Sdk).await {
            Ok(answer) => asl_engine::Value::from(answer.result).to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn functions_of_the_routing_file_are_invoked() {
        for (parameters, expected) in [
            (
                r#"{"FunctionName":"echo","Payload":[1,2]}"#,
                r#"{"StatusCode":200,"Payload":"[1,2]","ExecutedVersion":"$LATEST"}"#,
            ),
            (
                r#"{"FunctionName":"arn:aws:lambda:us-east-1:1:function:echo:7","Payload":[]}"#,
                r#""ExecutedVersion":"7""#,
            ),
            (r#"{"FunctionName":"echo","Payload":{}}"#, r#""FunctionError":"Unhandled""#),
            (r#"{"FunctionName":"echo","Payload":{}}"#, r#""Payload":"{\"errorMessage\":\"c\",\"errorType\":\"E\"}""#),
            (r#"{"FunctionName":"echo","InvocationType":"Event","Payload":[1]}"#, r#""StatusCode":202"#),
            (r#"{"FunctionName":"echo","InvocationType":"DryRun"}"#, r#""StatusCode":204"#),
            (r#"{"FunctionName":"ecko"}"#, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:ecko"),
        ] {
            let told = invoke(parameters).await;
            assert!(told.contains(expected), "{parameters}: {told}");
        }
    }
}
