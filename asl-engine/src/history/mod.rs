//! History events: what happened in an execution, as `GetExecutionHistory` lists it.

mod json;
mod quoted;

pub use json::{EventTexts, to_json, to_json_text};

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::definition::ast::StateType;
use crate::task::Failure;
use crate::time::Timestamp;
use crate::value::Value;

/// The number of an event in its execution, from 1; 0 stands for none.
pub type EventId = u64;

/// One event. It shares the values it records with the execution.
///
/// AWS Step Functions API reference, `HistoryEvent`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// Its number.
    pub id: EventId,
    /// The event that led to it.
    pub previous_id: EventId,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// What happened, with the details that AWS records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The execution began.
    ExecutionStarted {
        /// What it was started with.
        input: Value,
        /// The text of that as it came in.
        input_text: Option<Arc<str>>,
        /// Its role.
        role_arn: Arc<str>,
    },
    /// The execution ended with an output.
    ExecutionSucceeded {
        /// The output.
        output: Value,
    },
    /// The execution ended with a failure.
    ExecutionFailed(Failure),
    /// The execution ran longer than its `TimeoutSeconds`.
    ExecutionTimedOut(Failure),
    /// The execution was stopped.
    ExecutionAborted(Failure),
    /// The execution went on after a failure, because somebody asked for it.
    ExecutionRedriven {
        /// How often that happened.
        redrive_count: u32,
    },
    /// `PassStateEntered`, `TaskStateEntered`, …
    StateEntered {
        /// The type of the state.
        state_type: StateType,
        /// Its name.
        name: Arc<str>,
        /// Its raw input.
        input: Value,
    },
    /// `PassStateExited`, `TaskStateExited`, …
    StateExited {
        /// The type of the state.
        state_type: StateType,
        /// Its name.
        name: Arc<str>,
        /// What it hands on.
        output: Value,
        /// What its `Assign` gives, as an object.
        assigned_variables: Option<Value>,
    },
    /// `TaskStateAborted`, `WaitStateAborted`, …
    StateAborted(StateType),
    /// An expression of a state could not be evaluated.
    EvaluationFailed {
        /// Why.
        failure: Failure,
        /// The field that has the expression, where there is one.
        location: Option<Arc<str>>,
        /// The state.
        state: Arc<str>,
    },
    /// A Lambda function is to be called.
    LambdaFunctionScheduled {
        /// The function's ARN.
        resource: Arc<str>,
        /// What it gets.
        input: Value,
        /// `TimeoutSeconds`
        timeout_in_seconds: Option<i64>,
        /// `RoleArn` of `Credentials`
        role_arn: Option<Arc<str>>,
    },
    /// The function could not be asked for.
    LambdaFunctionScheduleFailed(Failure),
    /// The function was called.
    LambdaFunctionStarted,
    /// The function could not be called.
    LambdaFunctionStartFailed(Failure),
    /// The function answered.
    LambdaFunctionSucceeded {
        /// The answer.
        output: Value,
    },
    /// The function failed.
    LambdaFunctionFailed(Failure),
    /// The function took too long.
    LambdaFunctionTimedOut(Failure),
    /// The work of an activity waits for a worker.
    ActivityScheduled {
        /// The activity's ARN.
        resource: Arc<str>,
        /// What the worker gets.
        input: Value,
        /// `TimeoutSeconds`
        timeout_in_seconds: Option<i64>,
        /// `HeartbeatSeconds`
        heartbeat_in_seconds: Option<i64>,
    },
    /// The work of an activity could not be offered.
    ActivityScheduleFailed(Failure),
    /// A worker has taken the work.
    ActivityStarted {
        /// What the worker calls itself.
        worker_name: Option<Arc<str>>,
    },
    /// The worker answered.
    ActivitySucceeded {
        /// The answer.
        output: Value,
    },
    /// The worker failed.
    ActivityFailed(Failure),
    /// No worker answered in time, or its heartbeat did not come.
    ActivityTimedOut(Failure),
    /// A service integration is to be called.
    TaskScheduled {
        /// What is called.
        task: Arc<TaskName>,
        /// Where it is called.
        region: Arc<str>,
        /// What it gets.
        parameters: Value,
        /// `TimeoutSeconds`
        timeout_in_seconds: Option<i64>,
        /// `HeartbeatSeconds`
        heartbeat_in_seconds: Option<i64>,
        /// `RoleArn` of `Credentials`
        role_arn: Option<Arc<str>>,
    },
    /// The integration was called.
    TaskStarted(Arc<TaskName>),
    /// The integration could not be called.
    TaskStartFailed {
        /// What was to be called.
        task: Arc<TaskName>,
        /// Why.
        failure: Failure,
    },
    /// What the integration starts has been started (`.sync`), or told its token (`.waitForTaskToken`).
    TaskSubmitted {
        /// What was called.
        task: Arc<TaskName>,
        /// The answer to the call.
        output: Value,
    },
    /// What the integration starts could not be started.
    TaskSubmitFailed {
        /// What was called.
        task: Arc<TaskName>,
        /// Why.
        failure: Failure,
    },
    /// The integration answered.
    TaskSucceeded {
        /// What was called.
        task: Arc<TaskName>,
        /// The answer.
        output: Value,
    },
    /// The integration failed.
    TaskFailed {
        /// What was called.
        task: Arc<TaskName>,
        /// Why.
        failure: Failure,
    },
    /// The integration took too long.
    TaskTimedOut {
        /// What was called.
        task: Arc<TaskName>,
        /// Why.
        failure: Failure,
    },
    /// A Map state has its items.
    MapStateStarted {
        /// How many there are.
        length: usize,
    },
    /// All iterations ended well.
    MapStateSucceeded,
    /// An iteration failed, and with it the Map state.
    MapStateFailed,
    /// The child executions of a Map state begin.
    MapRunStarted {
        /// Names the Map Run.
        map_run_arn: Arc<str>,
    },
    /// As many child executions ended well as had to.
    MapRunSucceeded,
    /// Too many child executions failed, or there was nothing to run.
    MapRunFailed(Failure),
    /// The Map Run was stopped.
    MapRunAborted,
    /// The Map Run went on after a failure, because somebody asked for it.
    MapRunRedriven {
        /// Names the Map Run.
        map_run_arn: Arc<str>,
        /// How often that happened.
        redrive_count: u32,
    },
    /// An iteration began.
    MapIterationStarted(Iteration),
    /// An iteration ended well.
    MapIterationSucceeded(Iteration),
    /// An iteration failed.
    MapIterationFailed(Iteration),
    /// An iteration was stopped because another one failed.
    MapIterationAborted(Iteration),
    /// The branches of a Parallel state begin.
    ParallelStateStarted,
    /// All branches ended well.
    ParallelStateSucceeded,
    /// A branch failed, and with it the Parallel state.
    ParallelStateFailed,
}

/// The resource of a service integration, as events name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskName {
    /// The service: `dynamodb`.
    pub resource_type: Arc<str>,
    /// The action: `putItem`.
    pub resource: Arc<str>,
}

/// One iteration of a Map state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Iteration {
    /// The name of the Map state.
    pub name: Arc<str>,
    /// The position of the item.
    pub index: usize,
}
