//! The host on tokio and the one on virtual time do the same.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Once};

use asl_engine::{Execution, Failure, HistoryEvent, Outcome, Program, TaskRequest, Timestamp, Value};
use asl_runtime::simulation::Answer;
use asl_runtime::tokio_host::GivenUp;
use asl_runtime::{BoxFuture, Call, Finished, Handler, Ledger, Report, Status, simulation, tokio_host};

const START: Timestamp = Timestamp(1_700_000_000_000);

/// What a task does, by its input: the same on both hosts.
fn answer(request: &TaskRequest) -> Answer {
    let input = &request.input;
    let outcome: Outcome = match input["fail"].as_str() {
        Some(error) => Err(Failure::new(error, "as told")),
        None => Ok(input.clone()),
    };
    let after_millis = input["after"].as_i64().unwrap_or(0);
    Answer { outcome: (after_millis >= 0).then_some(outcome), after_millis, ..Answer::default() }
}

/// The same as a handler.
struct Told;

impl Handler for Told {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async {
            let answer = answer(&call.request);
            match answer.outcome {
                Some(outcome) => {
                    let millis = u64::try_from(answer.after_millis).expect("not negative");
                    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
                    outcome
                }
                None => pending().await,
            }
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

fn program(definition: &str) -> Arc<Program> {
    Arc::new(Program::parse(definition).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}")))
}

fn execution(input: &str) -> Execution {
    Execution::local("machine", "run", input.parse().expect("JSON"), START, 11)
}

fn ledger(definition: &str, input: &str) -> Ledger {
    Ledger::new(program(definition), execution(input))
}

fn on_simulation(definition: &str, input: &str) -> (Finished, Vec<HistoryEvent>) {
    let mut events = Vec::new();
    let finished = simulation::run(program(definition), execution(input), answer, |event| events.push(event));
    (finished.expect("it ends"), events)
}

async fn on_tokio(definition: &str, input: &str) -> (Finished, Vec<HistoryEvent>) {
    let mut events = Vec::new();
    let handler = |_: &TaskRequest| Ok(Arc::new(Told) as Arc<dyn Handler>);
    let commit = tokio_host::told(|recorded| events.push(recorded.event.clone()));
    let finished = tokio_host::run(ledger(definition, input), START, handler, commit, pending()).await;
    (finished.expect("it ends"), events)
}

/// What happened how often: concurrent children may take turns in another order on another host.
fn counted(events: &[HistoryEvent]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for event in events {
        let json = event.to_json();
        let members = json.as_object().expect("an event is an object");
        let details: String = members
            .iter()
            .filter(|(name, _)| !matches!(&***name, "id" | "previousEventId" | "timestamp"))
            .map(|(name, value)| format!("{name}={value} "))
            .collect();
        *counted.entry(details).or_default() += 1;
    }
    counted
}

const WORK: &str = r#"{
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 86400, "Next": "Each"},
        "Each": {
            "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "Next": "Both", "ResultPath": "$.each",
            "ItemProcessor": {"StartAt": "Work", "States": {
                "Work": {
                    "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem", "TimeoutSeconds": 5, "End": true,
                    "Retry": [{"ErrorEquals": ["Flaky"], "MaxAttempts": 2, "JitterStrategy": "FULL"}],
                    "Catch": [{"ErrorEquals": ["States.Timeout", "Flaky"], "ResultPath": "$.error", "Next": "Caught"}]
                },
                "Caught": {"Type": "Pass", "Parameters": {"error.$": "$.error.Error"}, "End": true}
            }}
        },
        "Both": {
            "Type": "Parallel", "End": true,
            "Branches": [
                {"StartAt": "Left", "States": {"Left": {"Type": "Wait", "SecondsPath": "$.wait", "End": true}}},
                {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "OutputPath": "$.each", "End": true}}}
            ]
        }
    }
}"#;

#[tokio::test(start_paused = true)]
async fn both_hosts_give_the_same() {
    let inputs = [
        r#"{"wait":10,"items":[]}"#,
        r#"{"wait":0,"items":[{"n":1,"after":30},{"n":2,"after":10},{"n":3,"after":20},{"n":4},{"n":5,"after":5}]}"#,
        r#"{"wait":1,"items":[{"n":1,"after":-1},{"n":2,"fail":"Flaky"},{"n":3,"after":6000}]}"#,
        r#"{"wait":1,"items":[{"n":1,"after":-1},{"n":2,"fail":"Bad","after":100},{"n":3,"after":50}]}"#,
    ];
    for input in inputs {
        let virtually = on_simulation(WORK, input);
        let really = on_tokio(WORK, input).await;
        assert_eq!(really.0, virtually.0, "{input}");
        assert_eq!(counted(&really.1), counted(&virtually.1), "{input}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_limit_of_the_machine_ends_everything() {
    let definition = r#"{"TimeoutSeconds": 10, "StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 20, "End": true}}}}}}"#;
    let virtually = on_simulation(definition, "[1,2]");
    assert_eq!(virtually.0.status, Status::TimedOut);
    let last = virtually.1.last().expect("events");
    assert_eq!((last.type_name().as_str(), last.timestamp), ("ExecutionTimedOut", START.plus_seconds(10)));
    assert_eq!(on_tokio(definition, "[1,2]").await.0, virtually.0);
}

#[tokio::test(start_paused = true)]
async fn a_failing_branch_cancels_the_tasks_of_the_others() {
    let definition = r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "Slow", "States": {"Slow": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish",
            "Parameters": {"after": -1}, "End": true}}},
        {"StartAt": "Bad", "States": {"Bad": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish",
            "Parameters": {"fail": "Broken", "after": 5}, "End": true}}}]}}}"#;
    let (finished, events) = on_tokio(definition, "{}").await;
    assert_eq!(finished.outcome, Err(Failure::new("Broken", "as told")));
    assert_eq!(counted(&events), counted(&on_simulation(definition, "{}").1));
    assert_eq!(counted(&events)["type=\"TaskStateAborted\" "], 2);
}

#[tokio::test(start_paused = true)]
async fn stopping_aborts_the_execution() {
    let definition = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": true}}}"#;
    let mut events = Vec::new();
    let handler = |_: &TaskRequest| Ok(Arc::new(Told) as Arc<dyn Handler>);
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        Failure::new("Stopped", "enough")
    };
    let commit = tokio_host::told(|recorded| events.push(recorded.event.clone()));
    let finished = tokio_host::run(ledger(definition, "{}"), START, handler, commit, stop).await;
    let finished = finished.expect("it ends");
    assert_eq!((finished.status, finished.outcome), (Status::Aborted, Err(Failure::new("Stopped", "enough"))));
    let last = events.last().expect("events");
    assert_eq!((last.type_name().as_str(), last.timestamp), ("ExecutionAborted", START.plus_seconds(60)));
}

#[test]
fn a_task_that_never_answers_is_said_to_block() {
    let definition = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish", "End": true}}}"#;
    let stuck = simulation::run(program(definition), execution(r#"{"after":-1}"#), answer, |_| {});
    assert!(matches!(stuck, Err(simulation::Stuck::Forever)));
}

#[test]
fn many_items_run_in_any_order_and_come_back_in_theirs() {
    let definition = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "T", "States": {
        "T": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish", "End": true}}}}}}"#;
    let items: Value = (0..1000).map(|n| Value::from([("n", n.into()), ("after", (n * 7919 % 100).into())])).collect();
    let (finished, _) = on_simulation(definition, &items.to_string());
    assert_eq!(finished.outcome, Ok(items));
}

/// Goes round for ever, and never waits.
const ENDLESS: &str = r#"{"StartAt": "A", "States": {
    "A": {"Type": "Pass", "Next": "B"},
    "B": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "C"}], "Default": "A"},
    "C": {"Type": "Succeed"}}}"#;

#[tokio::test]
async fn a_machine_that_never_waits_can_be_stopped() {
    let handler = |_: &TaskRequest| Ok(Arc::new(Told) as Arc<dyn Handler>);
    let (stop, asked) = tokio::sync::oneshot::channel();
    let (mut stop, mut steps) = (Some(stop), 0);
    let record = |_: &_| {
        steps += 1;
        if steps == 5000 {
            let _ = stop.take().map(|stop| stop.send(()));
        }
    };
    let asked = async {
        let _ = asked.await;
        Failure::new("Stopped", "enough")
    };
    let finished =
        tokio_host::run(ledger(ENDLESS, "{}"), START, handler, tokio_host::told(record), asked).await.expect("it ends");
    assert_eq!(finished.status, Status::Aborted);
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_task_without_handler_does_not_hit_the_next_state() {
    let definition = r#"{"StartAt": "T", "States": {
        "T": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish", "TimeoutSeconds": 5,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "W"}], "End": true},
        "W": {"Type": "Wait", "Seconds": 60, "OutputPath": "$.Error", "End": true}}}"#;
    let handler = |_: &TaskRequest| Err::<Arc<dyn Handler>, _>(Failure::new("Nobody", "serves this"));
    let finished = tokio_host::run(ledger(definition, "{}"), START, handler, tokio_host::told(|_| {}), pending()).await;
    assert_eq!(finished.expect("it ends").outcome, Ok(Value::from("Nobody")));
}

/// Says that it cannot serve the task.
struct Refuses;

impl Handler for Refuses {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async {
            call.report(Report::Refused("nothing serves this".to_owned()));
            Err(Failure::new("States.Runtime", "nothing serves this"))
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

#[tokio::test(start_paused = true)]
async fn what_nothing_serves_ends_the_execution_past_every_catcher() {
    let definition = r#"{"StartAt": "Map", "States": {
        "Map": {"Type": "Map", "ItemsPath": "$.items", "ToleratedFailurePercentage": 100, "End": true,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fine"}],
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "T",
                "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                    "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}, "End": true}}}},
        "Fine": {"Type": "Succeed"}}}"#;
    let handler = |_: &TaskRequest| Ok(Arc::new(Refuses) as Arc<dyn Handler>);
    let given_up =
        tokio_host::run(ledger(definition, r#"{"items": [1]}"#), START, handler, tokio_host::told(|_| {}), pending())
            .await;
    assert_eq!(given_up.unwrap_err().to_string(), "nothing serves this");
}

/// A handler with a mistake in it.
struct Panics;

impl Handler for Panics {
    fn call<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async { panic!("index out of bounds") })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_is_no_failure_of_the_execution() {
    let definition = r#"{"StartAt": "T", "States": {
        "T": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish", "End": true,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Fine"}]},
        "Fine": {"Type": "Succeed"}}}"#;
    let handler = |_: &TaskRequest| Ok(Arc::new(Panics) as Arc<dyn Handler>);
    let given_up = tokio_host::run(ledger(definition, "{}"), START, handler, tokio_host::told(|_| {}), pending()).await;
    assert!(matches!(&given_up, Err(GivenUp::Bug(_))), "{given_up:?}");
    assert_eq!(given_up.unwrap_err().to_string(), "the handler of a task panicked: index out of bounds");
}

/// What the host on tokio tells through `tracing`, a line each.
///
/// The subscriber is that of the whole process, and each thread writes for itself: with a subscriber of this thread only,
/// the first of the other tests to pass a place that tells something would switch that place off for all of them
/// (tracing-core 0.1 asks the thread it is on as long as there is one subscriber).
async fn told_of(definition: &str, input: &str) -> String {
    thread_local!(static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });

    struct Lines;

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            LINES.with_borrow_mut(|lines| lines.write(bytes))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        let subscriber = subscriber.without_time().with_target(false).with_writer(|| Lines).finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other one");
    });
    LINES.take();
    on_tokio(definition, input).await;
    String::from_utf8(LINES.take()).expect("it is text")
}

#[tokio::test(start_paused = true)]
async fn each_attempt_at_a_task_is_told_and_no_data() {
    let definition = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f",
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}], "End": true}}}"#;
    let execution = r#"execution{arn="arn:aws:states:us-east-1:000000000000:execution:machine:run"}"#;
    let task = |attempt: u32| {
        format!(r#"task{{frame="" state="T" attempt={attempt} resource="arn:aws:lambda:us-east-1:1:function:f"}}"#)
    };
    let expected = [
        format!(r#"DEBUG {execution}:{}: task ended handler="hosts::Told" error="Busy" ms=20"#, task(0)),
        format!(r#"DEBUG {execution}:{}: task ended handler="hosts::Told" error="Busy" ms=20"#, task(1)),
        format!(r#" INFO {execution}: execution ended status="FAILED" ms=1040"#),
    ];
    let told = told_of(definition, r#"{"fail": "Busy", "after": 20, "password": "s3cret"}"#).await;
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_task_of_a_child_execution_is_told_as_its_own_also_when_it_is_given_up() {
    let definition = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "Label": "L", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "TimeoutSeconds": 1, "End": true}}}}}}"#;
    let told = told_of(definition, r#"[{"after": -1}]"#).await;
    let [task, execution] = told.lines().collect::<Vec<_>>()[..] else { panic!("two lines: {told}") };
    assert!(
        task.contains(
            r#":execution:machine:run"}:task{execution="arn:aws:states:us-east-1:000000000000:execution:machine/L:"#
        ),
        "{task}"
    );
    assert!(task.ends_with(": task cancelled"), "{task}");
    assert!(execution.contains(r#"status="FAILED""#), "{execution}");
}
