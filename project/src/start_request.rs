//! What a task of `arn:aws:states:::states:startExecution` asks to start, and what it is told, whoever runs that.
//!
//! AWS developer guide, "Start a new AWS Step Functions state machine from a running execution".

use std::sync::Arc;

use asl_engine::{Execution, Failure, Object, Outcome, TaskRequest, Timestamp, Value};
use asl_runtime::{Finished, Status};
use asl_tasks::answered_here;

use crate::start::{Start, StartError};

/// The request of a task of `startExecution`, `startExecution.sync` or `startExecution.sync:2`.
#[derive(Clone, Copy, Debug)]
pub struct StartRequest<'a>(pub &'a TaskRequest);

impl StartRequest<'_> {
    /// The ARN of the state machine, as the task has it.
    pub fn state_machine_arn(&self) -> &str {
        self.0.input["StateMachineArn"].as_str().unwrap_or("null")
    }

    /// Whether the task waits for the end of the execution.
    pub fn waits(&self) -> bool {
        matches!(self.0.resource.rsplit_once('.'), Some((_, "sync" | "sync:2")))
    }

    /// What is started.
    pub fn start(&self) -> Result<Start, Failure> {
        let parameters = &self.0.input;
        let unknown = |name: &&str| !["StateMachineArn", "Name", "Input", "TraceHeader"].contains(name);
        let mut given = parameters.as_object().into_iter().flat_map(|members| members.iter().map(|(name, _)| &**name));
        if let Some(unknown) = given.find(unknown) {
            let cause = format!("The field \"{unknown}\" is not supported by Step Functions");
            return Err(Failure::new("States.Runtime", cause));
        }
        let start = match parameters.get("Name") {
            // Only this task can have started an execution of this name, which is the same when the task is issued again.
            None | Some(Value::Null) => Start { name: self.0.uuid(), finds_ended: true, ..Start::default() },
            Some(Value::String(name)) => Start { name: name.to_string(), ..Start::default() },
            Some(name) => return Err(self.refused(&StartError::InvalidName(name.to_string()))),
        };
        Ok(match parameters.get("Input") {
            None | Some(Value::Null) => Start { input: Object::default().into(), ..start },
            // Also as the text of JSON, as the API has it.
            Some(Value::String(text)) => {
                let input = text.parse().map_err(|error| self.refused(&StartError::InvalidInput(error)))?;
                Start { input, input_text: Some(text.clone()), ..start }
            }
            Some(input) => Start { input: input.clone(), ..start },
        })
    }

    /// What the task is told at once: the answer to the request, or what `.sync` has submitted.
    pub fn submitted(&self, execution: &Execution) -> Value {
        let submitted = Object::default()
            .with("ExecutionArn", execution.arn.clone().into())
            .with("StartDate", Value::from(execution.start_time.0));
        answered_here(submitted, self.0.uuid())
    }

    /// What `.sync` gives: the execution and how it ended.
    pub fn ended(&self, execution: &Execution, finished: &Finished, at: Timestamp) -> Outcome {
        let status = finished.status;
        // A failure is text, and so is all in it.
        let is_parsed = self.0.resource.ends_with(".sync:2") && status == Status::Succeeded;
        let data = |value: &Value| if is_parsed { value.clone() } else { Value::from(value.to_string()) };
        let included = || Value::from([("Included", Value::from(true))]);
        let text = |text: &Option<Arc<str>>| text.clone().map(Value::from);
        let date = |at: Timestamp| Some(at.0.into());
        let (output, error, cause) = match &finished.outcome {
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
            ("StopDate", date(at)),
        ];
        let described: Value = members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        match status {
            Status::Succeeded => Ok(described),
            _ => Err(Failure::new("States.TaskFailed", described.to_string())),
        }
    }

    /// A refusal of the API, as Step Functions tells it.
    pub fn refused(&self, error: &StartError) -> Failure {
        let code = error.code();
        let cause = format!(
            "{error} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {}; Proxy: null)",
            self.0.uuid()
        );
        let class = code.strip_suffix("Exception").unwrap_or(code);
        Failure::new(format!("StepFunctions.{class}Exception"), cause)
    }
}
