//! One state machine starts another on the embedded host.

use std::collections::BTreeMap;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;

use asl_engine::{Execution, Failure, Program, Quotas, TaskRequest, Timestamp, Value};
use asl_project::StateMachines;
use asl_runtime::{Call, Finished, Ledger, Report, tokio_host};
use asl_tasks::{Router, Routes};

const CHILD: &str = r#"{"StartAt":"Ok?","States":{
    "Ok?":{"Type":"Choice","Choices":[{"Variable":"$.fail","IsPresent":true,"Next":"No"}],"Default":"Sleep"},
    "Sleep":{"Type":"Wait","Seconds":60,"Next":"Yes"},
    "Yes":{"Type":"Pass","Parameters":{"got.$":"$"},"End":true},
    "No":{"Type":"Fail","Error":"SomeFailure","Cause":"as asked"}}}"#;

fn parent(pattern: &str, more: &str) -> String {
    let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:child";
    format!(
        r#"{{"StartAt":"S","States":{{"S":{{"Type":"Task","Resource":"arn:aws:states:::states:startExecution{pattern}",
            "Parameters":{{"StateMachineArn":"{arn}","Name":"n","Input.$":"$"}}{more},"End":true}}}}}}"#
    )
}

fn program(definition: &str) -> Arc<Program> {
    let program = Program::parse(definition).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}"));
    Arc::new(program.with_inputs(asl_aws::parameter_table))
}

struct World {
    machines: Arc<StateMachines>,
    router: Arc<Router>,
}

impl World {
    fn new() -> Self {
        let machines = StateMachines::new(BTreeMap::from([("child".to_owned(), program(CHILD))]), Quotas::default());
        let routes = Routes::parse("", Path::new("routes.toml")).expect("routes");
        let router = machines.served_by(Router::new(routes, "unused"));
        Self { machines, router }
    }

    async fn run(&self, definition: &str, input: &str) -> (Finished, Vec<String>) {
        let execution = Execution::local("parent", "run", input.parse().expect("JSON"), Timestamp(0), 1);
        let handler = |request: &TaskRequest| {
            let found = self.router.handler_of(&request.state, &request.resource);
            found.map_err(|error| Failure::new("None", error.to_string()))
        };
        let mut events = Vec::new();
        let commit = tokio_host::told(|recorded| events.push(recorded.event.type_name()));
        let ledger = Ledger::new(program(definition), execution);
        let finished = tokio_host::run(ledger, Timestamp(0), handler, commit, pending()).await;
        (finished.expect("a sound host"), events)
    }
}

const CHILD_RUN: &str = "arn:aws:states:us-east-1:000000000000:execution:child:n";

#[tokio::test(start_paused = true)]
async fn sync_gives_the_execution_with_its_output() {
    for (pattern, output, input) in [
        (".sync", Value::from(r#"{"got":{"a":1}}"#), Value::from(r#"{"a":1}"#)),
        (".sync:2", r#"{"got":{"a":1}}"#.parse().expect("JSON"), r#"{"a":1}"#.parse().expect("JSON")),
    ] {
        let world = World::new();
        let (finished, events) = world.run(&parent(pattern, ""), r#"{"a":1}"#).await;
        let told = finished.outcome.expect("it succeeds");
        assert_eq!((&told["Output"], &told["Input"]), (&output, &input), "{pattern}");
        assert_eq!(told["ExecutionArn"].as_str(), Some(CHILD_RUN));
        assert_eq!(told["Status"].as_str(), Some("SUCCEEDED"));
        let names: Vec<&str> = told.as_object().expect("an object").iter().map(|(name, _)| &**name).collect();
        assert_eq!(
            names,
            [
                "ExecutionArn",
                "Input",
                "InputDetails",
                "Name",
                "Output",
                "OutputDetails",
                "RedriveCount",
                "RedriveStatus",
                "RedriveStatusReason",
                "StartDate",
                "StateMachineArn",
                "Status",
                "StopDate"
            ]
        );
        assert_eq!(events[2..6], ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]);
        assert!(world.machines.ended().await.is_empty(), "the task has waited for it");
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_fails_fails_the_task_that_waits() {
    let (finished, events) = World::new().run(&parent(".sync", ""), r#"{"fail":1}"#).await;
    let failure = finished.outcome.expect_err("it fails");
    assert_eq!(failure.error.as_deref(), Some("States.TaskFailed"));
    let cause: Value = failure.cause.expect("a cause").parse().expect("JSON");
    assert_eq!((cause["Error"].as_str(), cause["Cause"].as_str()), (Some("SomeFailure"), Some("as asked")));
    assert_eq!((cause["Status"].as_str(), cause.get("Output")), (Some("FAILED"), None));
    assert!(cause.to_string().contains(r#""RedriveCount":0,"RedriveStatus":"REDRIVABLE","StartDate":"#), "{cause}");
    assert_eq!(events[4..6], ["TaskSubmitted", "TaskFailed"]);
}

#[tokio::test(start_paused = true)]
async fn without_sync_it_goes_on_by_itself() {
    let world = World::new();
    let (finished, _) = world.run(&parent("", ""), r#"{"a":1}"#).await;
    assert_eq!(finished.outcome.expect("it is started")["ExecutionArn"].as_str(), Some(CHILD_RUN));
    // The same call again finds the same execution; another input under the same name is refused.
    let (again, _) = world.run(&parent("", ""), r#"{"a":1}"#).await;
    assert_eq!(again.outcome.expect("it runs")["ExecutionArn"].as_str(), Some(CHILD_RUN));
    let (other, _) = world.run(&parent("", ""), r#"{"a":2}"#).await;
    let failure = other.outcome.expect_err("the name is taken");
    assert_eq!(failure.error.as_deref(), Some("StepFunctions.ExecutionAlreadyExistsException"));
    let ended = world.machines.ended().await;
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].1.outcome.as_ref().map(ToString::to_string), Ok(r#"{"got":{"a":1}}"#.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_times_out_while_it_waits_stops_what_it_started() {
    let world = World::new();
    let (finished, _) = world.run(&parent(".sync", r#","TimeoutSeconds":5"#), "{}").await;
    assert_eq!(finished.outcome.expect_err("a timeout").error.as_deref(), Some("States.Timeout"));
    let before = tokio::time::Instant::now();
    world.machines.ended().await;
    assert!(before.elapsed().as_secs() < 55, "it was stopped, not waited for");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_machine_does_not_exist() {
    let definition = parent(".sync", "").replace("stateMachine:child", "stateMachine:nobody");
    let failure = World::new().run(&definition, "{}").await.0.outcome.expect_err("nothing to start");
    assert_eq!(failure.error.as_deref(), Some("StepFunctions.StateMachineDoesNotExistException"));
    let cause = failure.cause.expect("a cause");
    assert!(
        cause.starts_with(
            "State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:nobody' \
             (Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: "
        ),
        "{cause}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_aws_refuses_is_refused() {
    for (from, to, error) in [
        (r#""Name":"n""#, r#""Name":"bad name""#, "StepFunctions.InvalidNameException"),
        (r#""Name":"n""#, r#""Name":5"#, "States.Runtime"),
        (r#""Input.$":"$""#, r#""Inptu":{}"#, "States.Runtime"),
        (r#""Input.$":"$""#, r#""Input":"no json""#, "StepFunctions.InvalidExecutionInputException"),
        ("stateMachine:child", "machine:child", "StepFunctions.InvalidArnException"),
        ("stateMachine:child", "stateMachine:ch*ld", "StepFunctions.InvalidArnException"),
        (r#""StateMachineArn":"arn:"#, r#""StateMachineArn":""#, "StepFunctions.InvalidArnException"),
    ] {
        let definition = parent(".sync", "").replace(from, to);
        let failure = World::new().run(&definition, "{}").await.0.outcome.expect_err(to);
        assert_eq!(failure.error.as_deref(), Some(error), "{to}");
    }
    // Its text has three bytes more than its JSON: no state has too much.
    let input = format!(r#"[   \"{}\"]"#, "x".repeat(262_145 - 7));
    let definition = parent(".sync", "").replace(r#""Input.$":"$""#, &format!(r#""Input":"{input}""#));
    let failure = World::new().run(&definition, "{}").await.0.outcome.expect_err("too long");
    assert_eq!(failure.error.as_deref(), Some("StepFunctions.ValidationException"));
}

/// The task is issued again, as after a crash: its execution has ended meanwhile, and is not started a second time.
#[tokio::test(start_paused = true)]
async fn a_task_that_is_issued_again_finds_its_execution() {
    let world = World::new();
    let resource = "arn:aws:states:::states:startExecution.sync:2";
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:child";
    let request = TaskRequest::new(resource, Value::from([("StateMachineArn", Value::from(machine))]));
    let call = Call::new(TaskRequest { token: "the same".into(), ..request });
    let handler = world.router.handler(resource).expect("machines are served");
    let first = handler.call(&call).await.expect("it succeeds");
    let again = handler.call(&call).await.expect("it is found");
    assert_eq!(again, first);
    let told = [Report::Submitted(Value::Null)];
    assert_eq!(handler.resume(&call, &told).await.expect("it is found"), first);
}
