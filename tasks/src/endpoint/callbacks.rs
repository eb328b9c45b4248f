//! The part of the Step Functions API that workers and holders of task tokens use.
//!
//! AWS API reference of Step Functions: `GetActivityTask`, `SendTaskSuccess`, `SendTaskFailure`, `SendTaskHeartbeat`.

use std::time::Duration;

use asl_aws::in_process::{respond, whole_body};
use asl_aws::names::is_step_functions_name;
use asl_engine::Value;
use aws_smithy_types::body::SdkBody;
use http::{Request, Response, StatusCode};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::callbacks::{CallbackError, Callbacks, worker_failure};

/// How long `GetActivityTask` waits for work, as on AWS.
const LONG_POLL: Duration = Duration::from_secs(60);

/// Answers a request of the protocol JSON 1.0.
pub(super) async fn answer(callbacks: &Callbacks, request: Request<SdkBody>) -> Response<SdkBody> {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let answered = match whole_body(request.into_body()).await {
        Ok(body) => run(callbacks, &operation, &body).await,
        Err(message) => Err(Refusal::new("SerializationException", message)),
    };
    match answered {
        Ok(body) => {
            let request_id = Uuid::new_v4().to_string();
            respond(StatusCode::OK, "application/x-amz-json-1.0", &request_id, body.to_string())
        }
        Err(refusal) => refusal.json(),
    }
}

async fn run(callbacks: &Callbacks, operation: &str, body: &[u8]) -> Result<Value, Refusal> {
    let parameters = std::str::from_utf8(body).ok().and_then(|text| text.parse::<Value>().ok());
    let parameters = parameters
        .filter(|parameters| parameters.as_object().is_some())
        .ok_or_else(|| Refusal::new("SerializationException", "the request is not a JSON object"))?;
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let required = |name: &str| {
        text(name).ok_or_else(|| {
            let constraint = "failed to satisfy constraint: Member must not be null";
            Refusal::new(
                "ValidationException",
                format!("1 validation error detected: Value null at '{name}' {constraint}"),
            )
        })
    };
    let done = |answered: Result<(), CallbackError>| match answered {
        Ok(()) => Ok(Value::from([] as [(&str, Value); 0])),
        Err(error) => Err(Refusal::new(error.name(), error.to_string())),
    };
    match operation {
        "SendTaskSuccess" => {
            let (token, output) = (required("taskToken")?, required("output")?);
            let output = output.parse::<Value>();
            let output = output.map_err(|error| Refusal::new("InvalidOutput", format!("Invalid Output: '{error}'")))?;
            done(callbacks.answer(token, Ok(output)))
        }
        "SendTaskFailure" => {
            done(callbacks.answer(required("taskToken")?, Err(worker_failure(text("error"), text("cause")))))
        }
        "SendTaskHeartbeat" => done(callbacks.heartbeat(required("taskToken")?)),
        "GetActivityTask" => {
            let arn = required("activityArn")?;
            check_activity(arn).map_err(|why| Refusal::new("InvalidArn", format!("Invalid Arn: '{why}: {arn}'")))?;
            let task = callbacks.activity_task(arn, text("workerName"));
            Ok(match tokio::time::timeout(LONG_POLL, task).await {
                Ok(task) => {
                    Value::from([("taskToken", Value::from(&*task.token)), ("input", task.input.to_string().into())])
                }
                Err(_) => Value::from([("taskToken", Value::Null)]),
            })
        }
        _ => Err(Refusal::new(
            "UnknownOperationException",
            format!(
                "{operation} is not served here; GetActivityTask, SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat are"
            ),
        )),
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

    async fn refusal(operation: &str, body: &str) -> String {
        format!("{:?}", run(&Callbacks::default(), operation, body.as_bytes()).await.unwrap_err())
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
        let body = br#"{"activityArn":"arn:aws:states:us-east-1:000000000000:activity:a"}"#;
        let answer = run(&Callbacks::default(), "GetActivityTask", body).await.unwrap();
        assert_eq!((answer.to_string().as_str(), started.elapsed()), (r#"{"taskToken":null}"#, LONG_POLL));
    }
}
