//! The child executions of Map Runs, which a journal keeps as executions of their own.

use std::collections::HashMap;
use std::sync::Arc;

use asl_engine::{EventKind, Failure};
use asl_runtime::journal::Entry;
use asl_runtime::{Finished, Recorded, Status};

use crate::details::Details;

/// The child executions of an execution that run.
#[derive(Default)]
pub(crate) struct ChildEntries {
    running: HashMap<Arc<str>, Details>,
    /// The Map Runs by the ARN that their child executions begin with.
    map_runs: HashMap<Arc<str>, Arc<str>>,
}

impl ChildEntries {
    /// What is known of those that events tell of.
    pub(crate) fn of(&mut self, recorded: &[Recorded], parent: &Details) -> Vec<Entry> {
        let mut entries = Vec::new();
        for Recorded { execution, event, .. } in recorded {
            if execution.arn == parent.arn {
                if let EventKind::MapRunStarted { map_run_arn } = &event.kind {
                    self.map_runs.insert(label_of_map_run(map_run_arn).into(), map_run_arn.clone());
                }
                continue;
            }
            let finished = |status, outcome| Finished { status, outcome, failed_in: Vec::new() };
            let failed = |status, failure: &Failure| finished(status, Err(failure.clone()));
            let finished = match &event.kind {
                EventKind::ExecutionStarted { .. } => {
                    let map_run = self.map_runs.get(label_of_child(&execution.arn)).cloned();
                    let details = Details::of_child(execution, map_run, parent.more.revision.clone());
                    entries.push(details.entry());
                    self.running.insert(execution.arn.clone(), details);
                    continue;
                }
                EventKind::ExecutionSucceeded { output } => finished(Status::Succeeded, Ok(output.clone())),
                EventKind::ExecutionFailed(failure) => failed(Status::Failed, failure),
                EventKind::ExecutionTimedOut(failure) => failed(Status::TimedOut, failure),
                EventKind::ExecutionAborted(failure) => failed(Status::Aborted, failure),
                _ => continue,
            };
            // After a restart it is made again of what its execution says.
            let known = self.running.remove(&execution.arn);
            let mut details = known.unwrap_or_else(|| {
                let map_run = self.map_runs.get(label_of_child(&execution.arn)).cloned();
                Details::of_child(execution, map_run, parent.more.revision.clone())
            });
            details.end(&finished, event.timestamp);
            entries.push(details.entry());
        }
        entries
    }
}

/// `machine/label` of `arn:aws:states:us-east-1:0:mapRun:machine/label:id`.
fn label_of_map_run(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or_default()
}

/// `machine/label` of `arn:aws:states:us-east-1:0:execution:machine/label:name`.
fn label_of_child(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or_default()
}
