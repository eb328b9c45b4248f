//! The Map Runs of an execution: what they are and were, and what can be changed of one that runs.

use std::sync::Arc;

use asl_engine::{MapRunState, MapRunUpdate, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Bug, FrameId, Ledger};

/// A Map Run.
///
/// AWS Step Functions API reference, `DescribeMapRun`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRun {
    /// What it is, and what it has come to.
    pub state: MapRunState,
    /// `status`
    pub status: MapRunStatus,
    /// `stopDate`
    pub stopped: Option<Timestamp>,
    /// `redriveDate`
    pub redriven: Option<Timestamp>,
    /// The Frame that is in the Map state.
    pub(super) frame: FrameId,
}

/// The status of a Map Run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MapRunStatus {
    /// `RUNNING`
    Running,
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`
    Failed,
    /// `ABORTED`
    Aborted,
}

impl MapRunStatus {
    /// AWS's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Aborted => "ABORTED",
        }
    }

    /// That of a Map Run whose state came to this. It is not to blame for what its state cannot return.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Ok(_) => Self::Succeeded,
            Err(failure) if failure.error.as_deref() == Some("States.DataLimitExceeded") => Self::Succeeded,
            Err(_) => Self::Failed,
        }
    }
}

impl Ledger {
    /// The Map Runs of the execution itself, in the order in which they began. A ledger knows of them that is
    /// [redrivable](Self::redrivable).
    pub fn map_runs(&self) -> impl Iterator<Item = MapRun> {
        self.map_runs.iter().map(|run| match run.status {
            MapRunStatus::Running => MapRun { state: self.state_of(run), ..run.clone() },
            _ => run.clone(),
        })
    }

    /// What a Map Run is now: that what can never go on any more is counted once it has ended.
    fn state_of(&self, run: &MapRun) -> MapRunState {
        let join = self.nodes.get(run.frame).and_then(|node| node.fork.as_ref()).map(|fork| &fork.join);
        let now = join.and_then(|join| join.map_run(&self.program));
        now.filter(|now| now.arn == run.state.arn).unwrap_or_else(|| run.state.clone())
    }

    /// Takes note of a Map Run that begins, or goes on.
    pub(super) fn begin_map_run(&mut self, frame: FrameId) {
        let Some(node) = self.nodes.get(frame).filter(|node| self.keeps && node.history == 0) else { return };
        let Some(state) = node.fork.as_ref().and_then(|fork| fork.join.map_run(&self.program)) else { return };
        let redriven = node.frame.execution().redrive_time.filter(|_| state.redrive_count > 0);
        let known = self.map_runs.iter().position(|run| run.state.arn == state.arn);
        let at = known.unwrap_or(self.map_runs.len());
        let run = MapRun { state, status: MapRunStatus::Running, stopped: None, redriven, frame };
        match self.map_runs.get_mut(at) {
            Some(before) => *before = run,
            None => self.map_runs.push(run),
        }
        self.recorder.batch.map_runs.push(at);
    }

    /// Takes note of the end of the Map Run of a Frame, if it has one. What still runs of it is stopped.
    pub(super) fn end_map_run(&mut self, frame: FrameId, status: MapRunStatus) {
        let is_its = |run: &&MapRun| run.frame == frame && run.status == MapRunStatus::Running;
        let Some(at) = self.map_runs.iter().rposition(|run| is_its(&run)) else { return };
        let mut state = self.state_of(&self.map_runs[at]);
        for counts in [&mut state.items, &mut state.executions] {
            counts.aborted += std::mem::take(&mut counts.running) + std::mem::take(&mut counts.pending_redrive);
        }
        let over = self.nodes.get(frame).and_then(|node| node.fork.as_ref()).into_iter().flat_map(|fork| {
            let kept = fork.kept.values().filter_map(|child| self.nodes.get(*child));
            let over = kept.filter(|child| !child.frame.is_redrivable(&self.program, child.ids));
            over.map(|child| fork.join.count_items(&child.frame.execution().input))
        });
        let over: Vec<usize> = over.collect();
        state.executions.failures_not_redrivable = over.len();
        state.items.failures_not_redrivable = over.into_iter().sum();
        let stopped = Some(self.recorder.at);
        self.map_runs[at] = MapRun { state, status, stopped, ..self.map_runs[at].clone() };
        self.recorder.batch.map_runs.push(at);
    }

    /// Changes a Map Run that runs.
    pub(super) fn update_map_run(&mut self, arn: &Arc<str>, update: &MapRunUpdate) -> Result<(), Bug> {
        let is_it = |run: &&MapRun| run.state.arn == *arn && run.status == MapRunStatus::Running;
        let Some(frame) = self.map_runs.iter().find(is_it).map(|run| run.frame) else { return Ok(()) };
        let Some(fork) = self.nodes.get_mut(frame).and_then(|node| node.fork.as_mut()) else { return Ok(()) };
        fork.join.update_map_run(update);
        self.poll(frame)
    }
}
