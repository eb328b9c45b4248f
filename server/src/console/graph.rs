//! Where the states and transitions of a state machine are drawn.

use std::sync::Arc;

use asl_engine::{Program, Value};
use asl_graph::Chart;
use asl_project::StateMachines;

use super::Query;
use crate::api::error::ApiError;
use crate::server::Shared;

/// The drawing of a state machine, or of the one that an execution runs.
pub(super) fn of_arn(shared: &Arc<Shared>, query: &Query) -> Result<Value, ApiError> {
    let program = match query.get("executionArn") {
        Some(arn) => shared.program_of_execution(arn)?.1,
        None => shared.api.catalog.find(query.required("stateMachineArn")?)?.program,
    };
    Ok(Chart::new(&program).drawing())
}

/// The drawing of a definition that nobody has saved.
pub(super) fn of_definition(body: &Value) -> Result<Value, ApiError> {
    let text = body["definition"].as_str().ok_or_else(|| ApiError::validation("the body has no definition"))?;
    let program = Program::parse_unfilled(text).map_err(|diagnostics| {
        let first = diagnostics.first().map(|first| first.message.clone());
        ApiError::new("InvalidDefinition", first.unwrap_or_default())
    })?;
    Ok(Chart::new(&program).drawing())
}
