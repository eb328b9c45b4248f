//! What a Task state does: the call, and what becomes of its replies.

use std::sync::Arc;

use super::Phase;
use super::protocol::{Next, Request};
use super::results::too_large;
use super::run::Run;
use crate::definition::ast::Io;
use crate::history::{EventKind, TaskName};
use crate::integration;
use crate::program::{Kind, ResourceKind, Task};
use crate::task::{Failure, Outcome, TaskRequest};
use crate::value::Value;

impl Run<'_> {
    pub(super) fn call(&mut self, task: &Task) -> Result<Next, Failure> {
        let token = self.frame.token(self.state);
        let pattern = task.resource.arn.rsplit_once('.').map_or("", |(_, pattern)| pattern);
        let waits_for_token = pattern == "waitForTaskToken";
        let has_token = waits_for_token || matches!(pattern, "sync" | "sync:2");
        let input = self.frame.effective_input(self.state, has_token.then_some(&token))?;
        let timeout = self.frame.whole_number(self.state, "TimeoutSeconds", 1, task.timeout_seconds.as_ref())?;
        let heartbeat = self.frame.whole_number(self.state, "HeartbeatSeconds", 1, task.heartbeat_seconds.as_ref())?;
        let role_arn = self.frame.role_arn(self.state, task)?;
        let resource = task.resource.arn.clone();
        let can_send_heartbeats = waits_for_token || task.resource.kind == ResourceKind::Activity;
        let name = match &task.resource.kind {
            ResourceKind::Lambda => {
                self.emit(EventKind::LambdaFunctionScheduled {
                    resource: resource.clone(),
                    input: input.clone(),
                    timeout_in_seconds: timeout,
                    role_arn: role_arn.clone(),
                });
                self.emit(EventKind::LambdaFunctionStarted);
                TaskName { resource_type: "lambda".into(), resource: resource.clone() }
            }
            ResourceKind::Activity => {
                self.emit(EventKind::ActivityScheduled {
                    resource: resource.clone(),
                    input: input.clone(),
                    timeout_in_seconds: timeout,
                    heartbeat_in_seconds: heartbeat,
                });
                TaskName { resource_type: "activity".into(), resource: resource.clone() }
            }
            ResourceKind::Integration { service, action } => {
                let paths = match &self.state.io {
                    Io::JsonPath(_) if !service.starts_with("aws-sdk:") => integration::check_paths(&input),
                    _ => Ok(()),
                };
                paths
                    .and_then(|()| integration::check(service, action, task.resource.inputs.as_deref(), &input))
                    .map_err(Failure::runtime)?;
                let name = TaskName { resource_type: service.clone(), resource: action.clone() };
                self.emit(EventKind::TaskScheduled {
                    task: name.clone(),
                    region: self.frame.execution.region().into(),
                    parameters: input.clone(),
                    timeout_in_seconds: timeout,
                    heartbeat_in_seconds: heartbeat,
                    role_arn: role_arn.clone(),
                });
                self.emit(EventKind::TaskStarted(name.clone()));
                name
            }
        };
        let request = TaskRequest {
            state: self.state.name.clone(),
            resource,
            input,
            role_arn,
            deadline: timeout.map(|seconds| self.now.at.plus_seconds(seconds)),
            heartbeat_seconds: heartbeat.filter(|_| can_send_heartbeats),
            token,
        };
        self.frame.phase = Phase::Task { request: request.clone(), task: name };
        Ok(Next::Ask(Request::Task(request)))
    }

    pub(super) fn activity_started(&mut self, worker_name: Option<Arc<str>>) -> Next {
        if self.resource_kind() == Some(&ResourceKind::Activity) {
            self.emit(EventKind::ActivityStarted { worker_name });
        }
        Next::Pending
    }

    pub(super) fn task_submitted(&mut self, task: TaskName, output: Value) -> Next {
        self.emit(EventKind::TaskSubmitted { task, output });
        Next::Pending
    }

    pub(super) fn resource_kind(&self) -> Option<&ResourceKind> {
        match &self.state.kind {
            Kind::Task(task) => Some(&task.resource.kind),
            _ => None,
        }
    }

    pub(super) fn task_ended(&mut self, task: TaskName, outcome: Outcome) -> Next {
        let what = match self.resource_kind() {
            Some(ResourceKind::Lambda | ResourceKind::Activity) => &task.resource,
            _ => &task.resource_type,
        };
        let outcome = outcome.and_then(|output| self.within_quota(what, output));
        match outcome {
            Ok(output) => {
                let recorded = output.clone();
                self.emit(match self.resource_kind() {
                    Some(ResourceKind::Lambda) => EventKind::LambdaFunctionSucceeded { output: recorded },
                    Some(ResourceKind::Activity) => EventKind::ActivitySucceeded { output: recorded },
                    _ => EventKind::TaskSucceeded { task, output: recorded },
                });
                self.completed(output)
            }
            Err(failure) => {
                let recorded = failure.clone();
                self.emit(match self.resource_kind() {
                    Some(ResourceKind::Lambda) => EventKind::LambdaFunctionFailed(recorded),
                    Some(ResourceKind::Activity) => EventKind::ActivityFailed(recorded),
                    _ => EventKind::TaskFailed { task, failure: recorded },
                });
                self.failed(failure)
            }
        }
    }

    /// A result of `what`, unless it is larger than AWS takes.
    pub(super) fn within_quota(&self, what: &str, result: Value) -> Outcome {
        match self.frame.execution.quotas.payload_bytes {
            Some(most) if result.json_len() > most => Err(too_large(what)),
            _ => Ok(result),
        }
    }

    pub(super) fn task_timed_out(&mut self, task: TaskName, failure: Failure) -> Next {
        let recorded = failure.clone();
        self.emit(match self.resource_kind() {
            Some(ResourceKind::Lambda) => EventKind::LambdaFunctionTimedOut(recorded),
            Some(ResourceKind::Activity) => EventKind::ActivityTimedOut(recorded),
            _ => EventKind::TaskTimedOut { task, failure: recorded },
        });
        self.failed(failure)
    }

    /// What comes of a failed task is the next step's matter: what happens at the same moment in other branches is recorded
    /// before it.
    pub(super) fn failed(&mut self, failure: Failure) -> Next {
        self.frame.phase = Phase::Failed { failure };
        Next::Continue
    }
}
