//! Executions that pause before a state: where, and how they go on.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl_engine::model::StateId;
use asl_engine::{Program, Value};
use asl_runtime::{Pause, Resume};

use super::object;
use crate::api::error::ApiError;
use crate::server::Shared;

/// Where an execution pauses, if it does.
pub(super) fn pause(shared: &Arc<Shared>, arn: &str, program: &Program) -> Option<Value> {
    let pause = shared.executions.pause_of(arn)?;
    let Pause { number, state, input, variables, path, .. } = &*pause;
    let node = program.model().state(*state)?;
    Some(Value::from([
        ("number", i64::try_from(*number).unwrap_or(i64::MAX).into()),
        ("name", node.name.clone().into()),
        ("state", node.path.clone().into()),
        ("frame", path.clone().into()),
        ("input", input.clone()),
        ("variables", variables.clone()),
    ]))
}

/// The names of the states that a running execution pauses before.
pub(super) fn breakpoints(shared: &Arc<Shared>, arn: &str, program: &Program) -> Option<Value> {
    let breakpoints = shared.executions.breakpoints_of(arn)?;
    let names = breakpoints.iter().filter_map(|state| Some(Value::from(program.model().state(*state)?.name.clone())));
    Some(names.collect())
}

/// Lets an execution go on from a pause, with other data where that is given.
pub(super) fn resume(shared: &Arc<Shared>, body: &Value) -> Result<Value, ApiError> {
    let arn = required(body)?;
    let pause = body["pause"].as_i64().and_then(|number| u64::try_from(number).ok());
    let pause = pause.ok_or_else(|| ApiError::validation("the body has no pause, which is the number of one"))?;
    let variables = body.get("variables").cloned();
    if variables.as_ref().is_some_and(|variables| variables.as_object().is_none()) {
        return Err(ApiError::validation("the variables are not an object"));
    }
    let breakpoints = body.get("breakpoints").map(|names| states(shared, arn, names)).transpose()?;
    let input = body.get("input").cloned();
    let stays = body["stay"].as_bool().unwrap_or_default();
    let is_step = body["step"].as_bool().unwrap_or_default();
    shared.executions.end_pause(arn, Resume { pause, input, variables, breakpoints, stays, is_step })?;
    Ok(object([]))
}

/// Lets an execution pause before states from now on.
pub(super) fn pause_before(shared: &Arc<Shared>, body: &Value) -> Result<Value, ApiError> {
    let arn = required(body)?;
    let names = body.get("breakpoints").ok_or_else(|| ApiError::validation("the body has no breakpoints"))?;
    shared.executions.pause_before(arn, states(shared, arn, names)?)?;
    Ok(object([]))
}

fn required(body: &Value) -> Result<&str, ApiError> {
    body["executionArn"].as_str().ok_or_else(|| ApiError::validation("the body has no executionArn"))
}

/// The states that a list of names stands for.
fn states(shared: &Arc<Shared>, arn: &str, names: &Value) -> Result<Arc<BTreeSet<StateId>>, ApiError> {
    let (_, program) = shared.program_of_execution(arn)?;
    let names = names.as_array().ok_or_else(|| ApiError::validation("breakpoints are a list of names of states"))?;
    let find = |name: &Value| {
        let found = program.model().states().iter().find(|state| Some(&*state.name) == name.as_str());
        found.map(|state| state.id).ok_or_else(|| ApiError::validation(format!("the definition has no state {name}")))
    };
    names.iter().map(find).collect::<Result<_, _>>().map(Arc::new)
}
