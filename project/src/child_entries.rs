//! The child executions of Map Runs, which a journal keeps as executions of their own.

use std::collections::HashMap;
use std::sync::Arc;

use asl_engine::{EventKind, Execution, Failure};
use asl_runtime::journal::Entry;
use asl_runtime::{Finished, Recorded, Status};

use crate::details::Details;

/// The child executions of an execution that run.
#[derive(Default)]
pub(crate) struct ChildEntries(HashMap<Arc<str>, Details>);

impl ChildEntries {
    /// What is known of those that events tell of.
    pub(crate) fn of(&mut self, recorded: &[Recorded], parent: &Details) -> Vec<Entry> {
        let mut entries = Vec::new();
        for Recorded { execution, event, .. } in recorded.iter().filter(|it| it.execution.arn != parent.arn) {
            let finished = |status, outcome| Finished { status, outcome, failed_in: Vec::new() };
            let failed = |status, failure: &Failure| finished(status, Err(failure.clone()));
            let finished = match &event.kind {
                EventKind::ExecutionStarted { .. } | EventKind::ExecutionRedriven { .. } => {
                    let mut details = begun(execution, parent);
                    if let EventKind::ExecutionRedriven { redrive_count } = event.kind {
                        details.more.redriven = Some((redrive_count, event.timestamp));
                    }
                    entries.push(details.entry());
                    self.0.insert(execution.arn.clone(), details);
                    continue;
                }
                EventKind::ExecutionSucceeded { output } => finished(Status::Succeeded, Ok(output.clone())),
                EventKind::ExecutionFailed(failure) => failed(Status::Failed, failure),
                EventKind::ExecutionTimedOut(failure) => failed(Status::TimedOut, failure),
                EventKind::ExecutionAborted(failure) => failed(Status::Aborted, failure),
                _ => continue,
            };
            // After a restart it is made again of what its execution says.
            let mut details = self.0.remove(&execution.arn).unwrap_or_else(|| begun(execution, parent));
            details.end(&finished, event.timestamp);
            entries.push(details.entry());
        }
        entries
    }
}

/// What is known of a child that has begun.
fn begun(execution: &Execution, parent: &Details) -> Details {
    // Of Map Runs of one state, the last one has children that run.
    let label = label(&execution.arn);
    let map_run = parent.more.map_runs.iter().rev().find(|map_run| self::label(map_run) == label);
    Details::of_child(execution, map_run.cloned(), parent.more.revision.clone())
}

/// `machine/label` of `arn:aws:states:us-east-1:0:mapRun:machine/label:id`, and of an execution likewise.
fn label(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or_default()
}
