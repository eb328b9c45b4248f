//! Map Runs: told of, listed and changed.

use asl_engine::{MapRunCounts, MapRunUpdate, Value};
use asl_project::{Executions, MapRunDetails};

use super::arn::Arn;
use super::date;
use super::error::ApiError;
use super::request::{Request, object, page};

/// The Map Run that a request names.
fn map_run(executions: &Executions, request: &Request<'_>) -> Result<MapRunDetails, ApiError> {
    let arn = Arn::of(request.required("mapRunArn"), &["mapRun"])?;
    executions.map_run(arn.text)?.ok_or_else(|| ApiError::no_such_resource(arn.text))
}

pub(super) fn list(executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
    let arn = Arn::execution(request.required("executionArn"))?;
    let arns = executions.details(arn.text)?.more.map_runs;
    let of = format!("ListMapRuns {}", arn.text);
    // The newest first.
    let (arns, next) = page(arns.into_iter().rev().collect(), &of, request, |arn| arn.to_string())?;
    let mut listed = Vec::new();
    for arn in arns {
        let Some(MapRunDetails { execution, state_machine, map_run }) = executions.map_run(&arn)? else { continue };
        listed.push(object([
            ("executionArn", Some(execution.into())),
            ("mapRunArn", Some(arn.into())),
            ("stateMachineArn", Some(state_machine.into())),
            ("startDate", Some(date(map_run.state.started))),
            ("stopDate", map_run.stopped.map(date)),
        ]));
    }
    Ok(object([("mapRuns", Some(listed.into_iter().collect())), ("nextToken", next.map(Into::into))]))
}

fn counts(counts: &MapRunCounts) -> Value {
    let MapRunCounts {
        pending,
        running,
        succeeded,
        failed,
        timed_out,
        aborted,
        total,
        results_written,
        failures_not_redrivable,
        pending_redrive,
    } = *counts;
    let members = [
        ("pending", pending),
        ("running", running),
        ("succeeded", succeeded),
        ("failed", failed),
        ("timedOut", timed_out),
        ("aborted", aborted),
        ("total", total),
        ("resultsWritten", results_written),
        ("failuresNotRedrivable", failures_not_redrivable),
        ("pendingRedrive", pending_redrive),
    ];
    members.into_iter().map(|(name, count)| (name, number(count))).collect()
}

fn number(count: usize) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

pub(super) fn describe(executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
    let details = map_run(executions, request)?;
    let (run, state) = (&details.map_run, &details.map_run.state);
    let percentage = format!("{:?}", state.tolerated_failure_percentage).parse::<Value>().unwrap_or_default();
    Ok(object([
        ("mapRunArn", Some(state.arn.clone().into())),
        ("executionArn", Some(details.execution.clone().into())),
        ("status", Some(run.status.name().into())),
        ("startDate", Some(date(state.started))),
        ("stopDate", run.stopped.map(date)),
        ("maxConcurrency", Some(number(state.max_concurrency))),
        ("toleratedFailurePercentage", Some(percentage)),
        ("toleratedFailureCount", Some(state.tolerated_failure_count.into())),
        ("itemCounts", Some(counts(details.items()))),
        ("executionCounts", Some(counts(details.executions()))),
        ("redriveCount", Some(i64::from(state.redrive_count).into())),
        ("redriveDate", run.redriven.map(date)),
    ]))
}

pub(super) fn update(executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
    let details = map_run(executions, request)?;
    let percentage = request.value("toleratedFailurePercentage").and_then(|value| value.to_string().parse().ok());
    let update = MapRunUpdate {
        max_concurrency: request.number("maxConcurrency").and_then(|most| usize::try_from(most).ok()),
        tolerated_failure_count: request.number("toleratedFailureCount"),
        tolerated_failure_percentage: percentage,
    };
    if update == MapRunUpdate::default() {
        let message =
            "Must specify at least one of maxConcurrency, toleratedFailurePercentage and toleratedFailureCount";
        return Err(ApiError::validation(message).with("reason", "MISSING_REQUIRED_PARAMETER"));
    }
    if !details.is_running() {
        let message = format!("Map Run has ended and cannot be updated: '{}'", details.map_run.state.arn);
        return Err(ApiError::validation(message).with("reason", "CANNOT_UPDATE_COMPLETED_MAP_RUN"));
    }
    executions.update_map_run(&details, update);
    Ok(Value::empty_object())
}
