//! The part of the Step Functions API that workers and holders of task tokens use.
//!
//! AWS API reference of Step Functions: `GetActivityTask`, `SendTaskSuccess`, `SendTaskFailure`, `SendTaskHeartbeat`.

use std::sync::Arc;
use std::time::Duration;

use asl_aws::InProcess;
use asl_aws::in_process::{json_parameters, required, respond, target_operation};
use asl_aws::names::is_step_functions_name;
use asl_engine::Value;
use asl_runtime::BoxFuture;
use aws_smithy_types::body::SdkBody;
use http::{Request, Response, StatusCode};
use uuid::Uuid;

use crate::callbacks::{CallbackError, Callbacks, worker_failure};
use crate::endpoint::error::EndpointError;

/// How long `GetActivityTask` waits for work, as on AWS.
const LONG_POLL: Duration = Duration::from_secs(60);

/// What the workers of activities and the holders of task tokens ask for, of the protocol JSON 1.0.
pub(crate) struct CallbackApi(pub(crate) Arc<Callbacks>);

/// What it has.
const OPERATIONS: [&str; 4] = ["GetActivityTask", "SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"];

/// Whether a request is for this part of the API.
pub(crate) fn is_callback(request: &Request<SdkBody>) -> bool {
    OPERATIONS.contains(&target_operation(request))
}

impl InProcess for CallbackApi {
    fn answer(&self, request: Request<SdkBody>) -> BoxFuture<'_, Response<SdkBody>> {
        Box::pin(async move {
            let operation = target_operation(&request).to_owned();
            let answered = match json_parameters(request).await {
                Ok(parameters) => run(&self.0, &operation, &parameters).await,
                Err(why) => Err(EndpointError::new("SerializationException", why)),
            };
            match answered {
                Ok(body) => {
                    let request_id = Uuid::new_v4().to_string();
                    respond(StatusCode::OK, "application/x-amz-json-1.0", &request_id, body.to_string())
                }
                Err(error) => error.json(),
            }
        })
    }

    fn has(&self, operation: &str) -> bool {
        OPERATIONS.contains(&operation)
    }
}

async fn run(callbacks: &Callbacks, operation: &str, parameters: &Value) -> Result<Value, EndpointError> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let required = |name| required(parameters, name).map_err(|why| EndpointError::new("ValidationException", why));
    let done = |answered: Result<(), CallbackError>| match answered {
        Ok(()) => Ok(Value::from([] as [(&str, Value); 0])),
        Err(error) => Err(EndpointError::new(error.name(), error.to_string())),
    };
    match operation {
        "SendTaskSuccess" => {
            let (token, output) = (required("taskToken")?, required("output")?);
            let output = output.parse::<Value>();
            let output =
                output.map_err(|error| EndpointError::new("InvalidOutput", format!("Invalid Output: '{error}'")))?;
            done(callbacks.answer(token, Ok(output)))
        }
        "SendTaskFailure" => {
            done(callbacks.answer(required("taskToken")?, Err(worker_failure(text("error"), text("cause")))))
        }
        "SendTaskHeartbeat" => done(callbacks.heartbeat(required("taskToken")?)),
        "GetActivityTask" => {
            let arn = required("activityArn")?;
            check_activity(arn)
                .map_err(|why| EndpointError::new("InvalidArn", format!("Invalid Arn: '{why}: {arn}'")))?;
            let task = callbacks.activity_task(arn, text("workerName"));
            Ok(match tokio::time::timeout(LONG_POLL, task).await {
                Ok(task) => {
                    Value::from([("taskToken", Value::from(&*task.token)), ("input", task.input.to_string().into())])
                }
                Err(_) => Value::from([("taskToken", Value::Null)]),
            })
        }
        _ => Err(EndpointError::new("UnknownOperationException", format!("{operation} is not served here"))),
    }
}

/// What is wrong with the ARN of an activity, in the words of the service.
fn check_activity(arn: &str) -> Result<(), &'static str> {
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "states", _, _, "activity", name] if is_step_functions_name(name) => Ok(()),
        ["arn", _, "states", _, _, _, _] => Err("Resource type not valid in this context"),
        ["arn", ..] => Err("Invalid ARN"),
        _ => Err("Invalid ARN prefix"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of the answer to a request that is refused.
    async fn refusal(operation: &str, body: &str) -> String {
        let request = Request::post("/").header("x-amz-target", format!("AWSStepFunctions.{operation}"));
        let request = request.body(SdkBody::from(body.to_owned())).unwrap();
        let response = CallbackApi(Arc::default()).answer(request).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        String::from_utf8(response.body().bytes().unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn requests_that_are_wrong_have_the_errors_of_aws() {
        for (operation, body, expected) in [
            ("SendTaskSuccess", "{", "SerializationException"),
            ("SendTaskSuccess", r#"{"taskToken":"t"}"#, "Value null at 'output' failed"),
            ("SendTaskSuccess", r#"{"taskToken":"t","output":"{"}"#, "InvalidOutput"),
            ("SendTaskSuccess", r#"{"taskToken":"t","output":"1"}"#, "Invalid Token: 'Invalid token'"),
            ("SendTaskHeartbeat", r#"{"taskToken":"0123456789abcdefghijABCDEFGHIJ-_0123456789a"}"#, "\"TaskTimedOut\""),
            ("SendTaskHeartbeat", "{}", "Value null at 'taskToken' failed"),
            ("GetActivityTask", r#"{"activityArn":"a"}"#, "Invalid Arn: 'Invalid ARN prefix: a'"),
            (
                "GetActivityTask",
                r#"{"activityArn":"arn:aws:states:us-east-1:0:activity:a*"}"#,
                "Invalid Arn: 'Resource type not valid in this context: arn:aws:states:us-east-1:0:activity:a*'",
            ),
            ("StartExecution", "{}", "UnknownOperationException"),
        ] {
            let refusal = refusal(operation, body).await;
            assert!(refusal.contains(expected), "{operation} {body}: {refusal}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_without_work_ends_after_a_minute() {
        let started = tokio::time::Instant::now();
        let parameters = r#"{"activityArn":"arn:aws:states:us-east-1:000000000000:activity:a"}"#.parse().unwrap();
        let answer = run(&Callbacks::default(), "GetActivityTask", &parameters).await.unwrap();
        assert_eq!((answer.to_string().as_str(), started.elapsed()), (r#"{"taskToken":null}"#, LONG_POLL));
    }
}
