//! `arn:aws:states:::states:startExecution` in this process: one state machine starts another.
//!
//! AWS developer guide, "Start a new AWS Step Functions state machine from a running execution".

use std::sync::Weak;

use asl_aws::in_process::Missing;
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::tokio_host::GivenUp;
use asl_runtime::{BoxFuture, Call, Handler, Report};

use crate::executions::Executions;
use crate::start::Start;
use crate::start_request::StartRequest;

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

impl StartExecution {
    async fn run(&self, call: &Call, was_started: bool) -> Outcome {
        let Some(executions) = self.0.upgrade() else { return Err(call.refuse("the program ends")) };
        let request = StartRequest(&call.request);
        // On AWS there would be such a machine: what is not named here is no failure that a definition may catch.
        if let Some(missing @ Missing::Unmade { .. }) = executions.missing_machine(request.state_machine_arn()) {
            let missing = missing.told(executions.router().routes_file());
            return Err(call.refuse(&format!("the state '{}' {missing}", call.request.state)));
        }
        let machine = executions.state_machine(request.state_machine_arn()).map_err(|error| request.refused(&error))?;
        let asked = request.start()?;
        let finds_ended = asked.finds_ended || was_started;
        let start = Start { is_waited_for: request.waits(), finds_ended, ..asked };
        let started = executions.start(&machine, start).map_err(|error| request.refused(&error))?;
        let execution = &started.execution;
        let submitted = request.submitted(execution);
        if !request.waits() {
            return Ok(submitted);
        }
        let _stop = started.is_new.then(|| StopOnDrop::new(&executions, &execution.arn));
        call.report(Report::Submitted(submitted));
        let ended = started.ended().await;
        if let Some(given_up) = &ended.given_up {
            call.report(match &**given_up {
                GivenUp::Refused(reason) => Report::Refused(reason.clone()),
                GivenUp::Bug(_) | GivenUp::Journal(_) => Report::Bug(given_up.to_string()),
            });
        }
        request.ended(execution, &ended.finished, ended.at)
    }
}

/// Stops an execution when who waits for it is given up.
pub struct StopOnDrop<'a> {
    executions: &'a Executions,
    arn: &'a str,
}

impl<'a> StopOnDrop<'a> {
    /// Stops this execution when it is dropped.
    pub fn new(executions: &'a Executions, arn: &'a str) -> Self {
        Self { executions, arn }
    }
}

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        let cause = Some("the execution that waited for it was stopped".into());
        // It was started, so it is there; it may have ended.
        let _ = self.executions.stop(self.arn, Failure { cause, ..Failure::default() });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use asl_engine::TaskRequest;
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
