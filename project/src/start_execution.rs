//! `arn:aws:states:::states:startExecution` in this process: one state machine starts another.
//!
//! AWS developer guide, "Start a new AWS Step Functions state machine from a running execution".

use std::sync::{Arc, Weak};

use asl_aws::in_process::Missing;
use asl_engine::{Execution, Failure, Object, Outcome, TaskRequest, Timestamp, Value};
use asl_runtime::tokio_host::GivenUp;
use asl_runtime::{BoxFuture, Call, Handler, Report, Status};
use asl_tasks::answered_here;

use crate::execution::Ended;
use crate::executions::Executions;
use crate::start::{Start, StartError, StateMachine};

/// The resources that [`StartExecution`] serves.
pub(crate) const RESOURCES: &str = "arn:aws:states:::states:startExecution*";

/// The handler of `states:startExecution`, with `.sync` and `.sync:2`. The executions hold it.
pub(crate) struct StartExecution(pub(crate) Weak<Executions>);

impl Handler for StartExecution {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call, false))
    }

    /// What was started is not started again: its execution has the same name.
    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call, told.iter().any(|report| matches!(report, Report::Submitted(_)))))
    }

    fn missing<'a>(&'a self, _: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        Box::pin(async move {
            let executions = self.0.upgrade()?;
            let missing = executions.missing_machine(known["StateMachineArn"].as_str()?)?;
            Some(missing.told(executions.router().routes_file()))
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

/// What a `.sync` task waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    /// The execution with its data as JSON text.
    Text,
    /// The execution with its data as it is.
    Parsed,
}

impl StartExecution {
    async fn run(&self, call: &Call, was_started: bool) -> Outcome {
        let Some(executions) = self.0.upgrade() else { return Err(call.refuse("the program ends")) };
        let waits_for = match call.request.resource.rsplit_once('.') {
            Some((_, "sync")) => Some(Data::Text),
            Some((_, "sync:2")) => Some(Data::Parsed),
            _ => None,
        };
        // On AWS there would be such a machine: what is not named here is no failure that a definition may catch.
        if let Some(arn) = call.request.input["StateMachineArn"].as_str()
            && let Some(missing @ Missing::Unmade { .. }) = executions.missing_machine(arn)
        {
            let missing = missing.told(executions.router().routes_file());
            return Err(call.refuse(&format!("the state '{}' {missing}", call.request.state)));
        }
        let (machine, asked) = asked(&executions, &call.request)?;
        let finds_ended = asked.finds_ended || was_started;
        let start = Start { is_waited_for: waits_for.is_some(), finds_ended, ..asked };
        let started = executions.start(&machine, start).map_err(refused)?;
        let execution = &started.execution;
        let submitted = Object::default()
            .with("ExecutionArn", execution.arn.clone().into())
            .with("StartDate", Value::from(execution.start_time.0));
        let submitted = answered_here(submitted);
        let Some(data) = waits_for else { return Ok(submitted) };
        let _stop = started.is_new.then(|| StopOnDrop { executions: &executions, arn: &execution.arn });
        call.report(Report::Submitted(submitted));
        let ended = started.ended().await;
        if let Some(given_up) = &ended.given_up {
            call.report(match &**given_up {
                GivenUp::Refused(reason) => Report::Refused(reason.clone()),
                GivenUp::Bug(_) | GivenUp::Journal(_) => Report::Bug(given_up.to_string()),
            });
        }
        described(execution, &ended, data)
    }
}

/// Stops an execution when the task that waits for it is given up.
pub(crate) struct StopOnDrop<'a> {
    pub(crate) executions: &'a Executions,
    pub(crate) arn: &'a str,
}

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        let cause = Some("the execution that waited for it was stopped".into());
        // It was started, so it is there; it may have ended.
        let _ = self.executions.stop(self.arn, Failure { cause, ..Failure::default() });
    }
}

/// What the parameters ask to start.
fn asked(executions: &Executions, request: &TaskRequest) -> Result<(StateMachine, Start), Failure> {
    let parameters = &request.input;
    let arn = parameters["StateMachineArn"].as_str().unwrap_or("null");
    let machine = executions.state_machine(arn).map_err(refused)?;
    let unknown = |name: &&str| !["StateMachineArn", "Name", "Input", "TraceHeader"].contains(name);
    let mut given = parameters.as_object().into_iter().flat_map(|members| members.iter().map(|(name, _)| &**name));
    if let Some(unknown) = given.find(unknown) {
        let cause = format!("The field \"{unknown}\" is not supported by Step Functions");
        return Err(Failure::new("States.Runtime", cause));
    }
    let start = match parameters.get("Name") {
        // Only this task can have started an execution of this name, which is the same when the task is issued again.
        None | Some(Value::Null) => Start { name: request.uuid(), finds_ended: true, ..Start::default() },
        Some(Value::String(name)) => Start { name: name.to_string(), ..Start::default() },
        Some(name) => return Err(refused(StartError::InvalidName(name.to_string()))),
    };
    Ok(match parameters.get("Input") {
        None | Some(Value::Null) => (machine, Start { input: Object::default().into(), ..start }),
        // Also as the text of JSON, as the API has it.
        Some(Value::String(text)) => {
            let input = text.parse().map_err(|error| refused(StartError::InvalidInput(error)))?;
            (machine, Start { input, input_text: Some(text.clone()), ..start })
        }
        Some(input) => (machine, Start { input: input.clone(), ..start }),
    })
}

/// What `.sync` gives: the execution and how it ended.
fn described(execution: &Execution, ended: &Ended, data: Data) -> Outcome {
    let status = ended.finished.status;
    // A failure is text, and so is all in it.
    let is_parsed = data == Data::Parsed && status == Status::Succeeded;
    let data = |value: &Value| if is_parsed { value.clone() } else { Value::from(value.to_string()) };
    let included = || Value::from([("Included", Value::from(true))]);
    let text = |text: &Option<Arc<str>>| text.clone().map(Value::from);
    let date = |at: Timestamp| Some(at.0.into());
    let (output, error, cause) = match &ended.finished.outcome {
        Ok(output) => (Some(data(output)), None, None),
        Err(failure) => (None, text(&failure.error), text(&failure.cause)),
    };
    let details = output.is_some().then(included);
    // Recorded in December 2024 for executions that succeeded, reported from 2026 for others.
    let (redrive_status, reason) = match status {
        Status::Succeeded => ("NOT_REDRIVABLE", Some("Execution is SUCCEEDED and cannot be redriven".into())),
        Status::Failed | Status::TimedOut | Status::Aborted => ("REDRIVABLE", None),
    };
    let members = [
        ("Cause", cause),
        ("Error", error),
        ("ExecutionArn", Some(execution.arn.clone().into())),
        ("Input", Some(data(&execution.input))),
        ("InputDetails", Some(included())),
        ("Name", Some(execution.name.clone().into())),
        ("Output", output),
        ("OutputDetails", details),
        ("RedriveCount", Some(0.into())),
        ("RedriveStatus", Some(redrive_status.into())),
        ("RedriveStatusReason", reason),
        ("StartDate", date(execution.start_time)),
        ("StateMachineArn", Some(execution.state_machine_arn.clone().into())),
        ("Status", Some(status.name().into())),
        ("StopDate", date(ended.at)),
    ];
    let described: Value = members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    match status {
        Status::Succeeded => Ok(described),
        _ => Err(Failure::new("States.TaskFailed", described.to_string())),
    }
}

/// A refusal of the API, as Step Functions tells it.
fn refused(error: StartError) -> Failure {
    let code = error.code();
    let cause = format!(
        "{error} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {}; Proxy: null)",
        uuid::Uuid::new_v4()
    );
    let class = code.strip_suffix("Exception").unwrap_or(code);
    Failure::new(format!("StepFunctions.{class}Exception"), cause)
}

#[cfg(test)]
mod tests {
    use asl_runtime::Finished;

    use super::*;
    use crate::testing::{machine, start_of, started_by};

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

    struct World(Arc<Executions>);

    impl World {
        fn new() -> Self {
            Self(started_by(&[("child", CHILD)], true))
        }

        async fn run(&self, definition: &str, input: &str) -> (Finished, Vec<String>) {
            let name = format!("run{}", self.0.list().len());
            let start = Start { input: input.parse().expect("JSON"), is_waited_for: true, ..start_of(&name, 0) };
            let started = self.0.start(&machine("parent", definition), start).expect("the name is free");
            let ended = started.ended().await;
            assert!(ended.given_up.is_none(), "{ended:?}");
            let events = self.0.history(&started.execution.arn).expect("it is kept");
            (ended.finished, events.iter().map(|event| event.type_name()).collect())
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
            assert!(world.0.ended_alone().is_empty(), "the task has waited for it");
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
        world.0.ended().await;
        let ended = world.0.ended_alone();
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].1.outcome.as_ref().map(ToString::to_string), Ok(r#"{"got":{"a":1}}"#.to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_times_out_while_it_waits_stops_what_it_started() {
        let world = World::new();
        let (finished, _) = world.run(&parent(".sync", r#","TimeoutSeconds":5"#), "{}").await;
        assert_eq!(finished.outcome.expect_err("a timeout").error.as_deref(), Some("States.Timeout"));
        world.0.ended().await;
        assert_eq!(world.0.describe(CHILD_RUN).expect("it was started").status(), "ABORTED");
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_machine_ends_the_run_and_is_not_caught() {
        let catch = r#","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Caught"}]"#;
        let definition = parent(".sync", catch).replace("stateMachine:child", "stateMachine:nobody");
        let definition = definition.replace(r#""States":{"#, r#""States":{"Caught":{"Type":"Succeed"},"#);
        let start = Start { input: Value::empty_object(), is_waited_for: true, ..start_of("run", 0) };
        let world = World::new();
        let started = world.0.start(&machine("parent", &definition), start).expect("the name is free");
        let ended = started.ended().await;
        let given_up = ended.given_up.as_ref().unwrap_or_else(|| panic!("{ended:?}")).to_string();
        assert!(given_up.contains("the state 'S' needs the state machine nobody, which is not there"), "{given_up}");
        assert!(given_up.ends_with("[state_machines.nobody]\ndefinition = \"nobody.asl.json\""), "{given_up}");
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
        let handler = world.0.router().handler(resource).expect("machines are served");
        let first = handler.call(&call).await.expect("it succeeds");
        let again = handler.call(&call).await.expect("it is found");
        assert_eq!(again, first);
        let told = [Report::Submitted(Value::Null)];
        assert_eq!(handler.resume(&call, &told).await.expect("it is found"), first);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_can_start_itself() {
        let definition = r#"{"StartAt":"Last?","States":{
            "Last?":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":0,"Next":"Done"}],"Default":"Again"},
            "Again":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","OutputPath":"$.Output",
                "Parameters":{"StateMachineArn.$":"$$.StateMachine.Id","Input.$":"States.JsonToString(States.MathAdd($, -1))"},"End":true},
            "Done":{"Type":"Pass","End":true}}}"#;
        let executions = started_by(&[("m", definition)], false);
        let started = executions.start(&machine("m", definition), start_of("n", 3)).expect("the name is free");
        assert_eq!(started.ended().await.finished.outcome, Ok(Value::from(0)));
        assert_eq!(executions.list().len(), 4);
    }
}
