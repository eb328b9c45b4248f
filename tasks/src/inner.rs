//! Calls of handlers by other handlers.

use std::time::Instant;

use asl_engine::Outcome;
use asl_runtime::{Call, Handler};
use tracing::debug;

/// Calls a handler for another one, and logs which, how long that took and by which error it failed; never data.
pub(crate) async fn call_inner(handler: &dyn Handler, call: &Call) -> Outcome {
    let began = Instant::now();
    let outcome = handler.call(call).await;
    let error = outcome.as_ref().err().map(|failure| failure.error.as_deref().unwrap_or_default());
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    debug!(handler = handler.name(), resource = &*call.request.resource, error, ms, "called by another handler");
    outcome
}
