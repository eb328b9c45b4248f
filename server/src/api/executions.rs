//! Executions: started, stopped, told of, listed and redriven.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use asl_engine::{Execution, Failure, JsonError, Timestamp, Value};
use asl_project::{Details, Ended, Executions, RedriveError, Start, StartError, StopOnDrop};
use asl_runtime::journal::{Listing, Place, Under};
use asl_runtime::{NotRedrivable, RedriveStatus, Status, now};

use super::arn::Arn;
use super::error::ApiError;
use super::request::{Request, object, page_place, page_token};
use super::{Api, date, machine_to_start};
use crate::catalog::{Catalog, Machine};

/// How long an execution may take that is waited for. AWS developer guide, "Service quotas".
const SYNC_MAX: Duration = Duration::from_secs(5 * 60);

/// The most events of a history that can go on. AWS developer guide, "Redriving executions".
const REDRIVABLE_EVENTS: u64 = 24_999;

/// The text of an input that is no JSON. AWS has one of its own for nothing at all.
fn invalid_input(text: &str, error: &JsonError) -> ApiError {
    let detail = match text.trim().is_empty() {
        true => "Invalid execution input.".to_owned(),
        false => error.jackson_message(),
    };
    ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{detail}'"))
}

/// What a request asks to start.
fn start_of(request: &Request<'_>) -> Result<Start, ApiError> {
    let name = request.text("name");
    let has_new_name = name.is_none();
    let name = name.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let text = request.text("input").unwrap_or("{}");
    let input = text.parse().map_err(|error| invalid_input(text, &error))?;
    let trace_header = request.text("traceHeader").map(Into::into);
    Ok(Start { name, has_new_name, input, input_text: Some(text.into()), trace_header, ..Start::default() })
}

pub(super) async fn start(
    catalog: &Catalog,
    executions: &Arc<Executions>,
    request: &Request<'_>,
) -> Result<Value, ApiError> {
    can_keep(executions)?;
    let start = start_of(request)?;
    start.check_name()?;
    let _starting = catalog.starting().await;
    let (machine, test_case) = machine_to_start(executions, request)?;
    let started = executions.start(&machine, Start { test_case, ..start })?;
    started.kept().await?;
    Ok(object([
        ("executionArn", Some(started.execution.arn.clone().into())),
        ("startDate", Some(date(started.execution.start_time))),
    ]))
}

/// Whether what is started can be kept.
pub(crate) fn can_keep(executions: &Executions) -> Result<(), ApiError> {
    match executions.journal().and_then(|journal| journal.trouble()) {
        Some(trouble) => Err(ApiError::unavailable(format!("nothing can be kept at the moment: {trouble}"))),
        None => Ok(()),
    }
}

pub(super) async fn start_sync(executions: &Arc<Executions>, request: &Request<'_>) -> Result<Value, ApiError> {
    let start = start_of(request)?;
    start.check_name()?;
    let (machine, test_case) = machine_to_start(executions, request)?;
    if !machine.is_express {
        return Err(StartError::NotSupported.into());
    }
    let trace_header = start.trace_header.clone();
    let start = Start { is_waited_for: true, is_lost_at_the_end: true, test_case, ..start };
    let started = executions.start(&machine, start)?;
    let execution = &started.execution;
    // Who asks may go away.
    let stop = StopOnDrop::new(executions, &execution.arn);
    let ended = tokio::time::timeout(SYNC_MAX, started.ended()).await;
    drop(stop);
    let ended = match ended {
        Ok(ended) => ended,
        Err(_) => {
            let mut ended = started.ended().await;
            ended.finished.status = Status::TimedOut;
            ended.finished.outcome = Err(Failure { error: Some("States.Timeout".into()), ..Failure::default() });
            ended
        }
    };
    if let Some(given_up) = &ended.given_up {
        return Err(ApiError::fault("InternalFailure", given_up.to_string()));
    }
    Ok(ended_sync(execution, &ended, trace_header, request.is_metadata_only()))
}

/// How an execution that was waited for has ended.
fn ended_sync(execution: &Execution, ended: &Ended, trace_header: Option<Arc<str>>, is_metadata_only: bool) -> Value {
    let included = || Some([("included", Value::from(!is_metadata_only))].into());
    let outcome = &ended.finished.outcome;
    let output = outcome.as_ref().ok().filter(|_| !is_metadata_only).map(|output| output.to_string().into());
    let failure = outcome.as_ref().err();
    let text = |text: Option<&Arc<str>>| text.map(|text| text.clone().into());
    let input = execution.input_text.clone().filter(|_| !is_metadata_only).map(Into::into);
    // A hundred milliseconds at a time.
    let billed = (ended.at.0 - execution.start_time.0).max(1).saturating_add(99) / 100 * 100;
    let billed = [("billedDurationInMilliseconds", Value::from(billed)), ("billedMemoryUsedInMB", 64.into())];
    object([
        ("executionArn", Some(execution.arn.clone().into())),
        ("stateMachineArn", Some(execution.state_machine_arn.clone().into())),
        ("name", Some(execution.name.clone().into())),
        ("startDate", Some(date(execution.start_time))),
        ("stopDate", Some(date(ended.at))),
        ("status", Some(ended.finished.status.name().into())),
        ("error", text(failure.and_then(|failure| failure.error.as_ref()))),
        ("cause", text(failure.and_then(|failure| failure.cause.as_ref()))),
        ("input", input),
        ("inputDetails", included()),
        ("output", output),
        ("outputDetails", included()),
        ("traceHeader", trace_header.map(Into::into)),
        ("billingDetails", Some(billed.into())),
    ])
}

pub(super) async fn stop(executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
    let arn = Arn::execution(request.required("executionArn"))?;
    let text = |name| request.text(name).map(Into::into);
    let failure = Failure { error: text("error"), cause: text("cause"), ..Failure::default() };
    match executions.stop(arn.text, failure) {
        Ok(()) => executions.ended_of(arn.text).await,
        // It has ended, or was never there.
        Err(_) => _ = executions.details(arn.text)?,
    }
    let stopped = executions.details(arn.text)?.stopped.unwrap_or_else(now);
    Ok([("stopDate", date(stopped))].into())
}

/// Whether an execution can be redriven, as far as can be told without its ledger.
///
/// AWS developer guide, "Restarting state machine executions with redrive".
fn redrive_status(details: &Details, events: u64, is_deleting: bool, at: Timestamp) -> RedriveStatus {
    let reason = match &*details.status {
        "RUNNING" => NotRedrivable::Running,
        "SUCCEEDED" => NotRedrivable::Succeeded,
        _ if details.listed_under.map_run.is_some() => return RedriveStatus::RedrivableByMapRun,
        _ if is_deleting => NotRedrivable::Deleting,
        _ if details.more.given_up.is_some() => NotRedrivable::NotKept,
        _ if events >= REDRIVABLE_EVENTS => NotRedrivable::HistoryFull,
        _ if at.0 - details.started.0 > NotRedrivable::LONGEST_MILLIS => NotRedrivable::TooOld,
        _ => match details.stopped {
            Some(stopped) if at.0 - stopped.0 > NotRedrivable::PERIOD_MILLIS => NotRedrivable::PeriodExceeded,
            _ => return RedriveStatus::Redrivable,
        },
    };
    RedriveStatus::NotRedrivable(reason)
}

/// Redrives by the execution and the token of the client: the same call again is answered in the same way.
///
/// AWS API reference, `RedriveExecution`: for 15 minutes.
#[derive(Default)]
pub(crate) struct Redrives(Mutex<HashMap<(String, String), (Instant, Timestamp)>>);

/// For how long the same call is known.
const SAME_CALL: Duration = Duration::from_secs(15 * 60);

impl Redrives {
    fn find(&self, token: &(String, String)) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(token).filter(|(since, _)| since.elapsed() < SAME_CALL).map(|(_, at)| *at)
    }

    fn add(&self, token: (String, String), at: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (since, _)| since.elapsed() < SAME_CALL);
        known.insert(token, (Instant::now(), at));
    }
}

/// The members of an execution that lists and descriptions have in common.
fn listed(details: &Details) -> [(&'static str, Option<Value>); 11] {
    let under = &details.listed_under;
    let arn = |arn: &Option<Arc<str>>| arn.clone().map(Value::from);
    let redriven = details.more.redriven;
    [
        ("executionArn", Some(details.arn.clone().into())),
        ("stateMachineArn", Some(details.more.state_machine_arn.clone().into())),
        ("name", Some(details.more.name.clone().into())),
        ("status", Some(details.status.clone().into())),
        ("startDate", Some(date(details.started))),
        ("stopDate", details.stopped.map(date)),
        ("mapRunArn", arn(&under.map_run)),
        ("stateMachineVersionArn", arn(&under.version)),
        ("stateMachineAliasArn", arn(&under.alias)),
        ("redriveCount", Some(redriven.map_or(0, |(count, _)| i64::from(count)).into())),
        ("redriveDate", redriven.map(|(_, at)| date(at))),
    ]
}

impl Api {
    fn redrive_status(&self, executions: &Executions, details: &Details) -> Result<RedriveStatus, ApiError> {
        let machine = self.catalog.machine(&details.more.state_machine_arn);
        // One of the same name that was made later is another one.
        let is_gone = |machine: Arc<Machine>| machine.is_deleting || machine.created > details.started;
        let is_deleting = machine.is_none_or(is_gone);
        Ok(redrive_status(details, executions.count_events(&details.arn)?, is_deleting, now()))
    }

    pub(super) fn describe_execution(&self, executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::execution(request.required("executionArn"))?;
        let details = executions.details(arn.text)?;
        let redrive_status = self.redrive_status(executions, &details)?;
        Ok(described(&details, redrive_status, request.is_metadata_only()))
    }

    pub(super) async fn redrive(&self, executions: &Arc<Executions>, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::execution(request.required("executionArn"))?;
        let details = executions.details(arn.text)?;
        let token = request.text("clientToken").map(|token| (arn.text.to_owned(), token.to_owned()));
        let known = token.as_ref().and_then(|token| self.redrives.find(token));
        if let Some(at) = known {
            return Ok([("redriveDate", date(at))].into());
        }
        let refused = |reason: NotRedrivable| ApiError::new("ExecutionNotRedrivable", reason.message(arn.text));
        match self.redrive_status(executions, &details)? {
            RedriveStatus::Redrivable => {}
            RedriveStatus::NotRedrivable(reason) => return Err(refused(reason)),
            RedriveStatus::RedrivableByMapRun => {
                let message = format!("Execution {} is redriven with its Map Run", arn.text);
                return Err(ApiError::new("ExecutionNotRedrivable", message));
            }
        }
        match executions.redrive(arn.text).await {
            Ok(at) => {
                if let Some(token) = token {
                    self.redrives.add(token, at);
                }
                Ok([("redriveDate", date(at))].into())
            }
            Err(RedriveError::NotRedrivable(reason)) => Err(refused(reason)),
            Err(RedriveError::Lookup(error)) => Err(error.into()),
        }
    }
}

/// What `DescribeExecution` tells.
fn described(details: &Details, redrive_status: RedriveStatus, is_metadata_only: bool) -> Value {
    let included = || Some([("included", Value::from(!is_metadata_only))].into());
    // What has timed out has its error in its history alone.
    let failure = details.more.failure.clone().filter(|_| *details.status != *"TIMED_OUT").unwrap_or_default();
    let output = details.more.output.clone();
    let reason = redrive_status.reason().map(|reason| Value::from(reason.to_string()));
    let more = [
        ("input", (!is_metadata_only).then(|| details.more.input.clone().into())),
        ("inputDetails", included()),
        ("outputDetails", output.as_ref().and_then(|_| included())),
        ("output", output.filter(|_| !is_metadata_only).map(Into::into)),
        ("error", failure.error.map(Into::into)),
        ("cause", failure.cause.or_else(|| details.more.given_up.clone()).map(Into::into)),
        ("traceHeader", details.more.trace_header.clone().map(Into::into)),
        ("redriveStatus", Some(redrive_status.name().into())),
        ("redriveStatusReason", reason),
    ];
    listed(details).into_iter().chain(more).filter_map(|(name, value)| Some((name, value?))).collect()
}

impl Api {
    pub(super) fn list_executions(&self, executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
        let status = request.text("statusFilter");
        let machine;
        let (of, under) = match (request.text("stateMachineArn"), request.text("mapRunArn")) {
            (Some(_), Some(_)) => {
                return Err(ApiError::validation("Must provide either a StateMachine ARN or a MapRun ARN, not both"));
            }
            (None, None) => {
                let message = "Must provide a StateMachine ARN or MapRun ARN";
                return Err(ApiError::validation(message).with("reason", "MISSING_REQUIRED_PARAMETER"));
            }
            (None, Some(arn)) => {
                let of = Arn::of(arn, &["mapRun"])?.text;
                executions.map_run(arn)?.ok_or_else(|| ApiError::no_such_resource(arn))?;
                (of, Under::MapRun(arn))
            }
            (Some(text), None) => {
                let arn = Arn::state_machine(text)?;
                let unknown = || ApiError::no_such_machine(text);
                machine = self.catalog.machine(arn.unqualified()).ok_or_else(unknown)?;
                if machine.machine_type == crate::catalog::Type::Express {
                    return Err(StartError::NotSupported.into());
                }
                if status == Some("PENDING_REDRIVE") {
                    return Err(ApiError::validation("The status PENDING_REDRIVE needs a MapRun ARN"));
                }
                let under = match arn.rest {
                    None => Under::StateMachine(text),
                    Some(_) if arn.version().is_some() => Under::Version(text),
                    Some(_) => Under::Alias(text),
                };
                (text, under)
            }
        };
        let redriven = request.text("redriveFilter").map(|filter| filter == "REDRIVEN");
        let of = format!("ListExecutions {of} {} {redriven:?}", status.unwrap_or_default());
        let after = request.text("nextToken").map(|token| place(&of, token)).transpose()?;
        let most = request.max_results(100);
        let journal = executions.journal().ok_or_else(|| ApiError::unavailable("no execution is kept"))?;
        let mut found = Vec::new();
        let mut last = after;
        // One more tells whether there is more.
        while found.len() <= most {
            let asked = Listing { under, status, after: last, most: most + 1 };
            let page = journal.list(&asked)?;
            let is_last = page.len() <= most;
            for it in page {
                last = Some(it.place);
                let details = Details::of_entry(it.entry)?;
                if redriven.is_none_or(|redriven| redriven == details.more.redriven.is_some()) {
                    found.push((it.place, details));
                }
            }
            if is_last {
                break;
            }
        }
        let has_more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| has_more);
        let next = next.map(|(Place { at, number }, _)| page_token(&of, &format!("{} {number}", at.0)));
        let listed = found.iter().map(|(_, details)| object(listed(details)));
        Ok(object([("executions", Some(listed.collect())), ("nextToken", next.map(Into::into))]))
    }
}

fn place(of: &str, token: &str) -> Result<Place, ApiError> {
    let place = page_place(of, token)?;
    let place = place.split_once(' ').and_then(|(at, number)| Some((at.parse().ok()?, number.parse().ok()?)));
    let (at, number) = place.ok_or_else(ApiError::invalid_token)?;
    Ok(Place { at: Timestamp(at), number })
}
