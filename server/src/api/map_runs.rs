//! Map Runs: told of, listed and changed.

use std::sync::Arc;

use asl_engine::Value;
use asl_project::Executions;

use super::arn::Arn;
use super::error::ApiError;
use super::request::{Request, object, page};

fn map_run<'a>(request: &Request<'a>) -> Result<Arn<'a>, ApiError> {
    Arn::of(request.required("mapRunArn"), &["mapRun"])
}

pub(super) fn list(executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
    let arn = Arn::execution(request.required("executionArn"))?;
    executions.details(arn.text)?;
    let map_runs = executions.map_runs(arn.text)?;
    let of = format!("ListMapRuns {}", arn.text);
    let (map_runs, next) = page(map_runs, &of, request, |it| it["mapRunArn"].to_string())?;
    let listed = map_runs.iter().map(|it| {
        let members = ["executionArn", "mapRunArn", "stateMachineArn", "startDate", "stopDate"];
        members.into_iter().filter_map(|name| Some((name, it.get(name)?.clone()))).collect::<Value>()
    });
    Ok(object([("mapRuns", Some(listed.collect())), ("nextToken", next.map(Into::into))]))
}

pub(super) fn describe(executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
    let arn = map_run(request)?;
    let described = executions.map_run(arn.text)?;
    described.ok_or_else(|| ApiError::no_such_resource(arn.text))
}

pub(super) async fn update(executions: &Arc<Executions>, request: &Request<'_>) -> Result<Value, ApiError> {
    let arn = map_run(request)?;
    executions.map_run(arn.text)?.ok_or_else(|| ApiError::no_such_resource(arn.text))?;
    Ok(Value::empty_object())
}
