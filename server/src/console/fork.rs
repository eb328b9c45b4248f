//! Forks: an execution that goes on from a state that another one has visited, with other data or another definition.

use std::sync::Arc;

use asl_engine::Value;
use asl_project::{Start, StartError, StartsAt, StateMachines};
use asl_runtime::now;

use super::data_flow::variables;
use super::recorded::RecordedExecution;
use crate::api::error::ApiError;
use crate::api::executions::can_keep;
use crate::server::Shared;

/// The name of a fork is that of the execution, cut to this, and the time.
const NAME: usize = 60;

/// Starts an execution at the state of a visit. What is not given is as it was: `input` and `variables` of the visit, and the definition,
/// which `newest` takes as it is now. Its history begins at that state.
pub(super) async fn fork(shared: &Arc<Shared>, body: &Value) -> Result<Value, ApiError> {
    let arn = body["executionArn"].as_str().ok_or_else(|| ApiError::validation("the body has no executionArn"))?;
    let at = body["visit"].as_i64().and_then(|at| usize::try_from(at).ok());
    let at = at.ok_or_else(|| ApiError::validation("the body has no visit"))?;
    can_keep(&shared.executions)?;
    let RecordedExecution { details, course, .. } = RecordedExecution::of(shared, arn, None)?;
    let visit = course.visits.get(at);
    let visit = visit.ok_or_else(|| ApiError::validation(format!("the execution has no visit {at} to a state")))?;
    if details.more.state_machine_arn.contains('/') || visit.frame != 0 {
        let text =
            format!("'{}' is inside of a Map or Parallel state: an execution begins outside of them", visit.name);
        return Err(ApiError::validation(text));
    }
    let given = body.get("variables").cloned();
    let variables = given.unwrap_or_else(|| variables(&course, at));
    if variables.as_object().is_none() {
        return Err(ApiError::validation("the variables are not an object"));
    }
    let name: String = details.more.name.chars().take(NAME).collect();
    let name = body["name"].as_str().map_or_else(|| format!("{name}-{}", now().0), str::to_owned);
    let _starting = shared.api.catalog.starting().await;
    let unknown = || ApiError::no_such_machine(&details.more.state_machine_arn);
    let machine = match body["newest"].as_bool() {
        Some(true) => shared.api.catalog.find(&details.more.state_machine_arn)?,
        _ => shared.api.catalog.revision(&details.more.revision).ok_or_else(unknown)?,
    };
    let input = body.get("input").cloned().or_else(|| visit.input.clone()).unwrap_or_else(Value::empty_object);
    let start = Start {
        name,
        // `$$.Execution.Input` stays what it was.
        input: details.more.input.parse().unwrap_or_default(),
        input_text: Some(details.more.input.clone()),
        starts_at: Some(StartsAt { state: visit.name.clone(), input, variables }),
        ..Start::default()
    };
    let started = shared.executions.start(&machine, start)?;
    if !started.is_new {
        // It runs with the same input, and may have begun elsewhere.
        return Err(StartError::AlreadyExists(started.execution.arn.clone()).into());
    }
    started.kept().await?;
    Ok(Value::from([("executionArn", started.execution.arn.clone().into())]))
}
