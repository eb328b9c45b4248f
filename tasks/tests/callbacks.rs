//! Task tokens and activities on the embedded host: whoever has the token ends the task.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;

use asl_engine::{Execution, Failure, HistoryEvent, Outcome, Program, TaskRequest, Timestamp, Value};
use asl_runtime::{BoxFuture, Call, Finished, Handler, Ledger, Report, tokio_host};
use asl_tasks::{CallbackError, Router, Routes};
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep};

/// Hands each token that it is told to the test.
struct Post(mpsc::UnboundedSender<String>);

impl Handler for Post {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async {
            let token = call.request.input["token"].as_str().expect("a token");
            self.0.send(token.to_owned()).expect("the test listens");
            Ok(Value::from("posted"))
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

fn router() -> (Arc<Router>, mpsc::UnboundedReceiver<String>) {
    let (sender, tokens) = mpsc::unbounded_channel();
    let router = Router::new(Routes::parse("", Path::new("routes.toml")).expect("routes"), "unused");
    (Arc::new(router.with_handler("arn:aws:states:::aws-sdk:sqs:sendMessage", Arc::new(Post(sender)))), tokens)
}

async fn run(router: Arc<Router>, definition: String) -> (Finished, Vec<String>) {
    let program = Arc::new(Program::parse(&definition).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}")));
    let execution = Execution::local("machine", "run", Value::Null, Timestamp(0), 1);
    let mut events = Vec::new();
    let handler = |request: &TaskRequest| {
        router.handler_of(&request.state, &request.resource).map_err(|error| Failure::new("None", error.to_string()))
    };
    let commit = tokio_host::told(|recorded| events.push(told(&recorded.event)));
    let ledger = Ledger::new(program, execution);
    let finished = tokio_host::run(ledger, Timestamp(0), handler, commit, pending()).await.expect("a sound host");
    (finished, events)
}

/// `3 ActivityStarted`, with its seconds.
fn told(event: &HistoryEvent) -> String {
    let json = event.to_json();
    format!("{} {}", event.timestamp.0 / 1000, json["type"].as_str().expect("a type"))
}

fn waits_for_token(more: &str) -> String {
    let parameters = r#""Parameters":{"token.$":"$$.Task.Token"}"#;
    let resource = "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken";
    format!(
        r#"{{"StartAt":"S","States":{{"S":{{"Type":"Task","Resource":"{resource}",{parameters}{more},"End":true}}}}}}"#
    )
}

fn activity(more: &str) -> String {
    let resource = "arn:aws:states:us-east-1:123456789012:activity:a";
    format!(r#"{{"StartAt":"S","States":{{"S":{{"Type":"Task","Resource":"{resource}"{more},"End":true}}}}}}"#)
}

const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:a";

#[tokio::test(start_paused = true)]
async fn who_has_the_token_ends_the_task() {
    for (answer, expected, last) in [
        (Ok(Value::from("done")), Ok(Value::from("done")), "TaskSucceeded"),
        (Err(Failure::new("No", "never")), Err(Failure::new("No", "never")), "TaskFailed"),
    ] {
        let (router, mut tokens) = router();
        let running = tokio::spawn(run(router.clone(), waits_for_token("")));
        let token = tokens.recv().await.expect("a token");
        sleep(Duration::from_secs(5)).await;
        router.callbacks().answer(&token, answer).expect("the task waits");
        assert_eq!(router.callbacks().heartbeat(&token), Err(CallbackError::TaskTimedOut), "it is over");
        let (finished, events) = running.await.expect("it ends");
        assert_eq!(finished.outcome, expected);
        let last = format!("5 {last}");
        let until =
            ["0 ExecutionStarted", "0 TaskStateEntered", "0 TaskScheduled", "0 TaskStarted", "0 TaskSubmitted", &last];
        assert_eq!(events[..6], until);
    }
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_task_alive_until_they_stop() {
    let (router, mut tokens) = router();
    let running = tokio::spawn(run(router.clone(), waits_for_token(r#","HeartbeatSeconds":10,"TimeoutSeconds":100"#)));
    let token = tokens.recv().await.expect("a token");
    for _ in 0..3 {
        sleep(Duration::from_secs(9)).await;
        router.callbacks().heartbeat(&token).expect("the task waits");
    }
    let (finished, events) = running.await.expect("it ends");
    assert_eq!(finished.outcome.unwrap_err().error.as_deref(), Some("States.Timeout"));
    assert_eq!(events[5..], ["37 TaskTimedOut", "37 ExecutionFailed"]);
    assert_eq!(router.callbacks().answer(&token, Ok(Value::Null)), Err(CallbackError::TaskTimedOut));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_holds_whatever_heartbeats_come() {
    let (router, mut tokens) = router();
    let running = tokio::spawn(run(router.clone(), waits_for_token(r#","HeartbeatSeconds":10,"TimeoutSeconds":15"#)));
    let token = tokens.recv().await.expect("a token");
    sleep(Duration::from_secs(9)).await;
    router.callbacks().heartbeat(&token).expect("the task waits");
    let (_, events) = running.await.expect("it ends");
    assert_eq!(events[5..], ["15 TaskTimedOut", "15 ExecutionFailed"]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_takes_the_work_of_an_activity() {
    let (router, _tokens) = router();
    let running = tokio::spawn(run(router.clone(), activity(r#","HeartbeatSeconds":10,"TimeoutSeconds":100"#)));
    // Until a worker comes, no heartbeat is missed.
    sleep(Duration::from_secs(50)).await;
    let task = router.callbacks().activity_task(ACTIVITY, Some("Ada")).await;
    assert_eq!(task.input, Value::Null);
    sleep(Duration::from_secs(9)).await;
    router.callbacks().answer(&task.token, Ok(Value::from(7))).expect("the task waits");
    let (finished, events) = running.await.expect("it ends");
    assert_eq!(finished.outcome, Ok(Value::from(7)));
    assert_eq!(events[2..5], ["0 ActivityScheduled", "50 ActivityStarted", "59 ActivitySucceeded"]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_falls_silent_is_given_up() {
    let (router, _tokens) = router();
    let running = tokio::spawn(run(router.clone(), activity(r#","HeartbeatSeconds":10"#)));
    let task = router.callbacks().activity_task(ACTIVITY, None).await;
    let (_, events) = running.await.expect("it ends");
    assert_eq!(events[3..5], ["0 ActivityStarted", "10 ActivityTimedOut"]);
    assert_eq!(router.callbacks().heartbeat(&task.token), Err(CallbackError::TaskTimedOut));
}

#[tokio::test(start_paused = true)]
async fn work_that_was_given_up_is_not_handed_out() {
    let (router, _tokens) = router();
    let (_, events) = run(router.clone(), activity(r#","TimeoutSeconds":3"#)).await;
    assert_eq!(events[2..4], ["0 ActivityScheduled", "3 ActivityTimedOut"]);
    // What was cancelled ends when the runtime comes to it.
    tokio::task::yield_now().await;
    // The same names, so that the token is the same, too.
    let next = tokio::spawn(run(router.clone(), activity("")));
    let task = router.callbacks().activity_task(ACTIVITY, None).await;
    router.callbacks().answer(&task.token, Ok(Value::from("the second"))).expect("this one waits");
    assert_eq!(next.await.expect("it ends").0.outcome, Ok(Value::from("the second")));
}

#[tokio::test(start_paused = true)]
async fn each_of_several_workers_gets_work() {
    let (router, _tokens) = router();
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let router = router.clone();
            tokio::spawn(async move {
                let task = router.callbacks().activity_task(ACTIVITY, None).await;
                router.callbacks().answer(&task.token, Ok(task.input)).expect("the task waits");
            })
        })
        .collect();
    let work = activity("");
    let definition = format!(
        r#"{{"StartAt":"All","States":{{"All":{{"Type":"Parallel","End":true,"Branches":[{work},{},{}]}}}}}}"#,
        work.replace(r#""S""#, r#""T""#),
        work.replace(r#""S""#, r#""U""#)
    );
    let (finished, _) = run(router, definition).await;
    assert_eq!(finished.outcome.map(|output| output.to_string()), Ok("[null,null,null]".to_owned()));
    for worker in workers {
        worker.await.expect("it got its work");
    }
}

#[tokio::test(start_paused = true)]
async fn a_made_up_token_is_refused() {
    let (router, _tokens) = router();
    assert_eq!(router.callbacks().answer("hello", Ok(Value::Null)), Err(CallbackError::InvalidToken));
    assert_eq!(router.callbacks().heartbeat(EARLY), Err(CallbackError::TaskTimedOut));
}

/// A token of nobody who waits, as it is after a restart.
const EARLY: &str = "0123456789abcdefghijABCDEFGHIJ-_0123456789a";

#[tokio::test(start_paused = true)]
async fn an_answer_before_anybody_waits_is_kept() {
    let (router, _tokens) = router();
    router.callbacks().answer(EARLY, Ok(Value::from("early"))).expect("it is kept");
    let request = TaskRequest { token: EARLY.into(), ..TaskRequest::new(ACTIVITY, Value::Null) };
    let handler = router.handler(ACTIVITY).expect("activities have a handler");
    assert_eq!(handler.call(&Call::new(request)).await, Ok(Value::from("early")));
    assert_eq!(router.callbacks().answer("made up", Ok(Value::Null)), Err(CallbackError::InvalidToken));
}

/// What gets the token is called once, however often the task is gone on with.
#[tokio::test(start_paused = true)]
async fn a_token_that_is_out_is_not_sent_again() {
    let (router, mut tokens) = router();
    let resource = "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken";
    let request =
        TaskRequest { token: EARLY.into(), ..TaskRequest::new(resource, Value::from([("token", Value::from(EARLY))])) };
    let handler = router.handler(resource).expect("the test serves it");
    let told = [Report::Submitted(Value::from("posted"))];
    let call = Call::new(request);
    let resumed = handler.resume(&call, &told);
    router.callbacks().answer(EARLY, Ok(Value::from(7))).expect("the task waits");
    assert_eq!(resumed.await, Ok(Value::from(7)));
    assert!(tokens.try_recv().is_err());
}
