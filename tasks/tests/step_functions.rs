//! `states:startExecution` against a Step Functions elsewhere, played by a server that answers from a list.

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use asl_engine::{Outcome, TaskRequest, Value};
use asl_runtime::{Call, Report};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use support::{Fixture, serve};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const ARN: &str = "arn:aws:states:us-east-1:1:execution:m:e";

/// What the server answers in turn, and who is told of each request.
#[derive(Clone)]
struct Script(Arc<Mutex<VecDeque<(u16, String)>>>, UnboundedSender<String>);

async fn answer(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let signed = headers["authorization"].to_str().unwrap();
    assert!(
        signed.starts_with("AWS4-HMAC-SHA256 Credential=") && signed.contains("/eu-west-1/states/aws4_request"),
        "{signed}"
    );
    let _ = script.1.send(format!("{target} {}", String::from_utf8(body.to_vec()).unwrap()));
    let next = script.0.lock().unwrap().pop_front();
    let (status, body) = next.unwrap_or((200, r#"{"status":"RUNNING"}"#.to_owned()));
    (StatusCode::from_u16(status).unwrap(), body)
}

struct Elsewhere {
    fixture: Fixture,
    asked: UnboundedReceiver<String>,
}

impl Elsewhere {
    async fn new(answers: &[(u16, &str)]) -> Self {
        let (tell, asked) = unbounded_channel();
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let script = Script(Arc::new(Mutex::new(answers)), tell);
        let url = serve(axum::Router::new().fallback(answer).with_state(script)).await;
        let routes = format!("[services]\nstates = {{ endpoint_url = '{url}', region = 'eu-west-1' }}");
        Self { fixture: Fixture::new(&routes), asked }
    }

    /// Calls `startExecution` with an ending; the outcome and what was reported before it.
    async fn start(&self, ending: &str) -> (Outcome, Vec<Report>) {
        let resource = format!("arn:aws:states:::states:startExecution{ending}");
        let request = TaskRequest {
            state: "S".into(),
            token: "t".into(),
            ..TaskRequest::new(resource.as_str(), r#"{"StateMachineArn":"m","Input":{"a":1}}"#.parse().unwrap())
        };
        let reports = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&reports);
        let call = Call::with_reports(request, move |report| kept.lock().unwrap().push(report));
        let outcome = self.fixture.router.handler(&resource).unwrap().call(&call).await;
        let reports = reports.lock().unwrap().clone();
        (outcome, reports)
    }

    fn asked(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }
}

fn started() -> String {
    format!(r#"{{"executionArn":"{ARN}","startDate":1700000000.25}}"#)
}

fn described(status: &str, more: &str) -> String {
    format!(
        r#"{{"executionArn":"{ARN}","stateMachineArn":"m","name":"e","status":"{status}","startDate":1700000000.25,"input":"{{\"a\":1}}","inputDetails":{{"included":true}},"traceHeader":"x"{more}}}"#
    )
}

#[tokio::test]
async fn a_start_is_answered_at_once() {
    let mut elsewhere = Elsewhere::new(&[(200, &started())]).await;
    let (outcome, reports) = elsewhere.start("").await;
    let output = outcome.unwrap();
    assert_eq!((output["ExecutionArn"].as_str(), output["StartDate"].as_i64()), (Some(ARN), Some(1_700_000_000_250)));
    assert_eq!(output["SdkHttpMetadata"]["HttpStatusCode"].as_i64(), Some(200));
    assert!(reports.is_empty());
    assert_eq!(elsewhere.asked(), [r#"AWSStepFunctions.StartExecution {"stateMachineArn":"m","input":"{\"a\":1}"}"#]);
}

#[tokio::test]
async fn an_end_is_waited_for() {
    let running = described("RUNNING", "");
    let ended =
        described("SUCCEEDED", r#","output":"{\"b\":[2]}","outputDetails":{"included":true},"stopDate":1700000001"#);
    let mut elsewhere = Elsewhere::new(&[(200, &started()), (200, &running), (200, &ended)]).await;
    let (outcome, reports) = elsewhere.start(".sync:2").await;
    // The members that were recorded of AWS.
    let expected = format!(
        r#"{{"ExecutionArn":"{ARN}","StateMachineArn":"m","Name":"e","Status":"SUCCEEDED","StartDate":1700000000250,
        "StopDate":1700000001000,"Input":{{"a":1}},"InputDetails":{{"Included":true}},"Output":{{"b":[2]}},"OutputDetails":{{"Included":true}}}}"#
    );
    assert_eq!(outcome.unwrap(), expected.parse::<Value>().unwrap());
    let [Report::Submitted(submitted)] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(submitted["ExecutionArn"].as_str(), Some(ARN));
    let describe = format!(r#"AWSStepFunctions.DescribeExecution {{"executionArn":"{ARN}"}}"#);
    assert_eq!(elsewhere.asked()[1..], [describe.clone(), describe]);

    let elsewhere = Elsewhere::new(&[(200, &started()), (200, &ended)]).await;
    let output = elsewhere.start(".sync").await.0.unwrap();
    assert_eq!((output["Input"].as_str(), output["Output"].as_str()), (Some(r#"{"a":1}"#), Some(r#"{"b":[2]}"#)));
}

#[tokio::test]
async fn an_end_that_is_no_success_fails_the_task() {
    for status in ["FAILED", "TIMED_OUT", "ABORTED"] {
        let ended = described(status, r#","error":"E","cause":"c","stopDate":1700000001"#);
        let elsewhere = Elsewhere::new(&[(200, &started()), (200, &ended)]).await;
        let failure = elsewhere.start(".sync:2").await.0.unwrap_err();
        assert_eq!(failure.error.as_deref(), Some("States.TaskFailed"));
        let cause: Value = failure.cause.unwrap().parse().unwrap();
        let text = |name: &str| cause[name].as_str().map(str::to_owned);
        assert_eq!(
            ["Status", "Error", "Cause", "Input"].map(text),
            [status, "E", "c", r#"{"a":1}"#].map(|text| Some(text.to_owned()))
        );
    }
}

#[tokio::test]
async fn what_fails_for_a_while_is_tried_again() {
    let busy = r#"{"__type":"ThrottlingException","message":"slowly"}"#;
    let mut elsewhere = Elsewhere::new(&[(503, ""), (400, busy), (200, &started())]).await;
    elsewhere.start("").await.0.unwrap();
    assert_eq!(elsewhere.asked().len(), 3);
    let elsewhere = Elsewhere::new(&[(400, busy), (400, busy), (400, busy), (200, &started())]).await;
    let failure = elsewhere.start("").await.0.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("StepFunctions.AWSStepFunctionsException"));
    assert_eq!(
        failure.cause.as_deref(),
        Some(
            "slowly (Service: AWSStepFunctions; Status Code: 400; Error Code: ThrottlingException; Request ID: null; Proxy: null)"
        )
    );
}

#[tokio::test]
async fn giving_the_task_up_stops_the_execution() {
    let mut elsewhere = Elsewhere::new(&[(200, &started())]).await;
    let asked = {
        let waiting = elsewhere.start(".sync");
        let mut waiting = std::pin::pin!(waiting);
        // Until it looks whether the execution has ended.
        loop {
            tokio::select! {
                _ = &mut waiting => panic!("it has not ended"),
                () = tokio::task::yield_now() => {}
            }
            if elsewhere.asked.len() >= 2 {
                break elsewhere.asked.len();
            }
        }
    };
    assert!(asked >= 2);
    while let Some(asked) = elsewhere.asked.recv().await {
        if asked == format!(r#"AWSStepFunctions.StopExecution {{"executionArn":"{ARN}"}}"#) {
            return;
        }
    }
    panic!("the execution was not stopped");
}
