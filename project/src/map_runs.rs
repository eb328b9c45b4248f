//! The Map Runs of executions that are kept: as they are now, and as they were at their end.

use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::MapRunCounts;
use asl_runtime::journal::Document;
use asl_runtime::{Ledger, MapRun, MapRunStatus};
use serde::{Deserialize, Serialize};

use crate::details::Details;

/// The kind of the documents.
pub(crate) const MAP_RUN: &str = "map run";

/// A Map Run, and whose it is.
///
/// AWS Step Functions API reference, `DescribeMapRun`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunDetails {
    /// The ARN of the execution.
    pub execution: Arc<str>,
    /// The ARN of the state machine of the child executions: with the label of the Map state.
    pub state_machine: Arc<str>,
    /// What it is.
    pub map_run: MapRun,
}

/// The Map Runs of an execution that runs.
#[derive(Debug, Default)]
pub(crate) struct MapRuns(Mutex<Vec<MapRun>>);

impl MapRuns {
    /// Takes in what a ledger knows of them. What has begun or ended since is to be kept.
    pub(crate) fn take_in(&self, ledger: &Ledger, details: &mut Details) -> Vec<Document> {
        let mut now = ledger.map_runs().peekable();
        if now.peek().is_none() {
            return Vec::new();
        }
        let now: Vec<MapRun> = now.collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut documents = Vec::new();
        for (index, run) in now.iter().enumerate() {
            let before = known.get(index).map(|before| (before.status, before.state.redrive_count));
            if before != Some((run.status, run.state.redrive_count)) {
                let arn = run.state.arn.clone();
                if !details.more.map_runs.contains(&arn) {
                    details.more.map_runs.push(arn.clone());
                }
                let text = serde_json::to_string(&of(details, run.clone())).unwrap_or_default();
                documents.push(Document { kind: MAP_RUN, name: arn, text: Some(text.into()) });
            }
        }
        *known = now;
        documents
    }

    /// One of them, as it is now.
    pub(crate) fn find(&self, arn: &str) -> Option<MapRun> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|run| *run.state.arn == *arn).cloned()
    }
}

fn of(details: &Details, map_run: MapRun) -> MapRunDetails {
    // `machine/label` of `arn:aws:states:us-east-1:0:mapRun:machine/label:id`.
    let label = map_run.state.arn.split(':').nth(6).and_then(|name| name.split_once('/')).map(|(_, label)| label);
    let state_machine = format!("{}/{}", details.more.state_machine_arn, label.unwrap_or_default()).into();
    MapRunDetails { execution: details.arn.clone(), state_machine, map_run }
}

impl MapRunDetails {
    /// Whether it goes on.
    pub fn is_running(&self) -> bool {
        self.map_run.status == MapRunStatus::Running
    }

    /// How many items have come to what.
    pub fn items(&self) -> &MapRunCounts {
        &self.map_run.state.items
    }

    /// How many child executions have come to what.
    pub fn executions(&self) -> &MapRunCounts {
        &self.map_run.state.executions
    }
}
