//! What a Task state does: the call, and what becomes of its replies.

use std::sync::Arc;

use super::Phase;
use super::protocol::{Next, Request};
use super::results::too_large;
use super::run::Run;
use crate::definition::ast::{Io, NumberField};
use crate::history::EventKind;
use crate::integration;
use crate::program::{Resource, ResourceKind, Task};
use crate::task::{Failure, Outcome, TaskRequest};
use crate::value::Value;

impl Run<'_> {
    pub(super) fn call(&mut self, task: &Task) -> Result<Next, Failure> {
        let pattern = task.resource.arn.rsplit_once('.').map_or("", |(_, pattern)| pattern);
        let waits_for_token = pattern == "waitForTaskToken";
        let has_token = waits_for_token || matches!(pattern, "sync" | "sync:2");
        let token = self.frame.token(&self.state, has_token || task.resource.kind == ResourceKind::Activity);
        let input = self.frame.effective_input(self.state, has_token.then_some(&token))?;
        let timeout = self.frame.whole_number(self.state, "TimeoutSeconds", 1, task.timeout_seconds.as_ref())?;
        let heartbeat = self.frame.whole_number(self.state, "HeartbeatSeconds", 1, task.heartbeat_seconds.as_ref())?;
        let role_arn = self.frame.role_arn(self.state, task)?;
        let resource = task.resource.arn.clone();
        let can_send_heartbeats = waits_for_token || task.resource.kind == ResourceKind::Activity;
        let name = &task.resource.name;
        match task.resource.kind {
            ResourceKind::Lambda => {
                self.emit(EventKind::LambdaFunctionScheduled {
                    resource: resource.clone(),
                    input: input.clone(),
                    timeout_in_seconds: timeout,
                    role_arn: role_arn.clone(),
                });
                self.emit(EventKind::LambdaFunctionStarted);
            }
            ResourceKind::Activity => {
                self.emit(EventKind::ActivityScheduled {
                    resource: resource.clone(),
                    input: input.clone(),
                    timeout_in_seconds: timeout,
                    heartbeat_in_seconds: heartbeat,
                });
            }
            ResourceKind::Integration => {
                let paths = match &self.state.io {
                    Io::JsonPath(_) if !name.resource_type.starts_with("aws-sdk:") => integration::check_paths(&input),
                    _ => Ok(()),
                };
                paths
                    .and_then(|()| task.resource.parameters().map_or(Ok(()), |known| known.check(&input)))
                    .map_err(Failure::runtime)?;
                self.emit(EventKind::TaskScheduled {
                    task: name.clone(),
                    region: self.frame.execution.region().into(),
                    parameters: input.clone(),
                    timeout_in_seconds: timeout,
                    heartbeat_in_seconds: heartbeat,
                    role_arn: role_arn.clone(),
                });
                self.emit(EventKind::TaskStarted(name.clone()));
            }
        }
        let request = Arc::new(TaskRequest {
            execution: self.frame.execution.arn.clone(),
            frame: self.frame.path.clone(),
            attempt: self.frame.retry_count(),
            state: self.state.name.clone(),
            resource,
            input,
            role_arn,
            deadline: timeout.map(|seconds| self.now.at.plus_seconds(seconds)),
            heartbeat_seconds: heartbeat.filter(|_| can_send_heartbeats),
            token,
        });
        self.frame.phase = Phase::Task { request: request.clone() };
        Ok(Next::Ask(Request::Task(request)))
    }

    pub(super) fn activity_started(&mut self, resource: &Resource, worker_name: Option<Arc<str>>) -> Next {
        if resource.kind == ResourceKind::Activity {
            self.emit(EventKind::ActivityStarted { worker_name });
        }
        Next::Pending
    }

    pub(super) fn task_submitted(&mut self, resource: &Resource, output: Value) -> Next {
        self.emit(EventKind::TaskSubmitted { task: resource.name.clone(), output });
        Next::Pending
    }

    pub(super) fn task_ended(&mut self, resource: &Resource, outcome: Outcome) -> Next {
        let task = resource.name.clone();
        let what = match resource.kind {
            ResourceKind::Lambda | ResourceKind::Activity => &task.resource,
            ResourceKind::Integration => &task.resource_type,
        };
        let outcome = outcome.and_then(|output| self.within_quota(what, output));
        match outcome {
            Ok(output) => {
                let recorded = output.clone();
                self.emit(match resource.kind {
                    ResourceKind::Lambda => EventKind::LambdaFunctionSucceeded { output: recorded },
                    ResourceKind::Activity => EventKind::ActivitySucceeded { output: recorded },
                    ResourceKind::Integration => EventKind::TaskSucceeded { task, output: recorded },
                });
                self.completed(output)
            }
            Err(failure) => {
                let recorded = failure.clone();
                self.emit(match resource.kind {
                    ResourceKind::Lambda => EventKind::LambdaFunctionFailed(recorded),
                    ResourceKind::Activity => EventKind::ActivityFailed(recorded),
                    ResourceKind::Integration => EventKind::TaskFailed { task, failure: recorded },
                });
                self.failed(failure)
            }
        }
    }

    /// The task was not answered in time.
    pub(super) fn deadline_passed(&mut self, task: &Task, request: &TaskRequest) -> Next {
        let is_over = request.deadline.is_some_and(|deadline| deadline <= self.now.at);
        let (failure, what, seconds) = match (request.heartbeat_seconds.filter(|_| !is_over), &task.timeout_seconds) {
            (Some(seconds), _) => (Failure::heartbeat_timeout(), "HeartbeatSeconds", Some(seconds)),
            (None, Some(NumberField::Literal(seconds))) => (Failure::timeout(), "TimeoutSeconds", Some(*seconds)),
            (None, _) => (Failure::timeout(), "TimeoutSeconds", None),
        };
        let seconds = seconds.map_or(String::new(), |seconds| format!(" ({seconds})"));
        let hint = format!("{what}{seconds} of the state '{}' ran out", self.state.name);
        self.task_timed_out(&task.resource, failure.with_hint(hint))
    }

    pub(super) fn task_timed_out(&mut self, resource: &Resource, failure: Failure) -> Next {
        let recorded = failure.clone();
        self.emit(match resource.kind {
            ResourceKind::Lambda => EventKind::LambdaFunctionTimedOut(recorded),
            ResourceKind::Activity => EventKind::ActivityTimedOut(recorded),
            ResourceKind::Integration => EventKind::TaskTimedOut { task: resource.name.clone(), failure: recorded },
        });
        self.failed(failure)
    }

    /// A result of `what`, unless it is larger than AWS takes.
    pub(super) fn within_quota(&self, what: &str, result: Value) -> Outcome {
        match self.frame.execution.quotas.payload_bytes {
            Some(most) if result.json_len() > most => Err(too_large(what)),
            _ => Ok(result),
        }
    }

    /// What comes of a failed task is the next step's matter: what happens at the same moment in other branches is recorded
    /// before it.
    pub(super) fn failed(&mut self, failure: Failure) -> Next {
        self.frame.phase = Phase::Failed { failure };
        Next::Continue
    }
}
