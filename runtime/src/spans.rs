//! What the hosts tell about executions and tasks through `tracing`: names, times and errors; never data.
//!
//! The spans are at the level of errors, so that they are there for whatever is logged inside them.

use asl_engine::{Outcome, TaskRequest};
use tokio::time::Instant;
use tracing::{Span, debug, error_span, info};

use crate::ledger::Finished;

/// The run of an execution.
pub(crate) fn execution(arn: &str) -> Span {
    error_span!("execution", arn)
}

/// How the execution of the current span ended; none where it was given up.
pub(crate) fn execution_ended(finished: Option<&Finished>, began: Instant) {
    let status = finished.map_or("GIVEN UP", |finished| finished.status.name());
    info!(status, ms = millis(began), "execution ended");
}

/// A call of a task, inside the span of the execution `host`. Where a child execution of it asks, the span names that.
pub(crate) fn task(request: &TaskRequest, host: &str) -> Span {
    let TaskRequest { execution, frame, state, attempt, resource, .. } = request;
    let child = (**execution != *host).then_some(&**execution);
    error_span!("task", execution = child, frame = &**frame, state = &**state, attempt, resource = &**resource)
}

/// Tells how the task of the current span ends, by the name of its error.
pub(crate) async fn told(called: impl Future<Output = Outcome>, handler: &str) -> Outcome {
    let began = Instant::now();
    let outcome = called.await;
    let error = outcome.as_ref().err().map(|failure| failure.error.as_deref().unwrap_or_default());
    debug!(handler, error, ms = millis(began), "task ended");
    outcome
}

/// The task of a span was not waited for any longer.
pub(crate) fn task_cancelled(span: &Span) {
    span.in_scope(|| debug!("task cancelled"));
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
