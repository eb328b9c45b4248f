//! What a Map Run has come to, as `DescribeMapRun` tells it, and what can be changed of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::join::{Join, Work};
use super::map_run::{MOST_EXECUTIONS, Tolerance};
use crate::program::Program;
use crate::task::{Failure, Outcome};
use crate::time::Timestamp;
use crate::value::Value;

/// `itemCounts` or `executionCounts` of a Map Run.
///
/// AWS Step Functions API reference, `MapRunItemCounts` and `MapRunExecutionCounts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapRunCounts {
    /// Those that were not started.
    pub pending: usize,
    /// Those that run.
    pub running: usize,
    /// Those that succeeded.
    pub succeeded: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that ran out of time.
    pub timed_out: usize,
    /// Those that were stopped.
    pub aborted: usize,
    /// All of them, as far as it is known how many there are.
    pub total: usize,
    /// Those whose results a ResultWriter has written.
    pub results_written: usize,
    /// Those that did not succeed and cannot go on any more.
    pub failures_not_redrivable: usize,
    /// Those that go on with a redrive and have not begun to.
    pub pending_redrive: usize,
}

/// A Map Run as it is now.
///
/// AWS Step Functions API reference, `DescribeMapRun`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunState {
    /// `mapRunArn`
    pub arn: Arc<str>,
    /// The Map state.
    pub state: Arc<str>,
    /// `startDate`
    pub started: Timestamp,
    /// `maxConcurrency`; 0 where there is no bound but AWS's.
    pub max_concurrency: usize,
    /// `toleratedFailureCount`
    pub tolerated_failure_count: i64,
    /// `toleratedFailurePercentage`
    pub tolerated_failure_percentage: f64,
    /// `itemCounts`
    pub items: MapRunCounts,
    /// `executionCounts`
    pub executions: MapRunCounts,
    /// `redriveCount`
    pub redrive_count: u32,
}

/// What is changed of a Map Run that runs: `UpdateMapRun`. What is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MapRunUpdate {
    /// `maxConcurrency`; 0 for no bound but AWS's.
    pub max_concurrency: Option<usize>,
    /// `toleratedFailureCount`
    pub tolerated_failure_count: Option<i64>,
    /// `toleratedFailurePercentage`
    pub tolerated_failure_percentage: Option<f64>,
}

/// How many were started, and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    started: usize,
    succeeded: usize,
    failed: usize,
    timed_out: usize,
    aborted: usize,
}

/// A Tally of items, and one of child executions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tallies {
    items: Tally,
    executions: Tally,
}

impl Tallies {
    fn each(&mut self, items: usize, count: impl Fn(&mut Tally) -> &mut usize) {
        *count(&mut self.items) += items;
        *count(&mut self.executions) += 1;
    }

    /// Takes note of a child that starts with so many items.
    pub(super) fn started(&mut self, items: usize) {
        self.each(items, |tally| &mut tally.started);
    }

    /// Takes note of the end of a child.
    pub(super) fn ended(&mut self, items: usize, outcome: &Outcome, aborted: bool) {
        self.each(items, |tally| match outcome {
            Ok(_) => &mut tally.succeeded,
            Err(_) if aborted => &mut tally.aborted,
            Err(failure) if is_timeout(failure) => &mut tally.timed_out,
            Err(_) => &mut tally.failed,
        });
    }

    /// Lets all that did not succeed go on, but for children with these numbers of items.
    pub(super) fn redriven(&mut self, over: impl Iterator<Item = usize>) {
        for tally in [&mut self.items, &mut self.executions] {
            (tally.failed, tally.timed_out, tally.aborted) = (0, 0, 0);
        }
        over.for_each(|items| self.each(items, |tally| &mut tally.failed));
    }
}

impl Tally {
    fn counts(self, total: Option<usize>, pending_redrive: usize, is_written: bool) -> MapRunCounts {
        let Self { started, succeeded, failed, timed_out, aborted } = self;
        let total = total.unwrap_or_default().max(started);
        let over = succeeded + failed + timed_out + aborted + pending_redrive;
        MapRunCounts {
            pending: total - started,
            running: started.saturating_sub(over),
            succeeded,
            failed,
            timed_out,
            aborted,
            total,
            results_written: if is_written { total } else { 0 },
            failures_not_redrivable: 0,
            pending_redrive,
        }
    }
}

/// Whether an execution ended because its time was over.
fn is_timeout(failure: &Failure) -> bool {
    failure.error.as_deref() == Some("States.Timeout") && failure.cause.is_none()
}

impl Join {
    /// Its Map Run as it is now; none where its children are no executions.
    pub fn map_run(&self, program: &Program) -> Option<MapRunState> {
        let run = self.map_run.as_ref()?;
        let Work::Items { source, batcher, .. } = &self.work else { return None };
        let tolerance = self.tolerance.as_ref();
        let (items, executions) = (run.tallies.items, run.tallies.executions);
        let known = source.len();
        // How many batches there will be is only known of those that there are.
        let batches = if batcher.is_some() { None } else { known };
        let again = self.again.values().sum();
        let is_written = self.results.is_written();
        Some(MapRunState {
            arn: run.arn.clone(),
            state: program.state(self.parent.scope, self.parent.state).name.clone(),
            started: self.parent.now,
            max_concurrency: if self.limit == MOST_EXECUTIONS { 0 } else { self.limit },
            tolerated_failure_count: tolerance.map_or(0, Tolerance::count),
            tolerated_failure_percentage: tolerance.map_or(0.0, Tolerance::percentage),
            items: items.counts(known, again, is_written),
            executions: executions.counts(batches, self.again.len(), is_written),
            redrive_count: run.redrive_count,
        })
    }

    /// How many items a child execution with this input has.
    pub fn count_items(&self, input: &Value) -> usize {
        self.items_of(input)
    }

    /// Changes what can be changed of its Map Run. More failures than it bears now end it.
    pub fn update_map_run(&mut self, update: &MapRunUpdate) {
        if let Some(most) = update.max_concurrency {
            self.limit = if most == 0 { MOST_EXECUTIONS } else { most.min(MOST_EXECUTIONS) };
        }
        let tolerance = self.tolerance.get_or_insert_default();
        tolerance.update(update.tolerated_failure_count, update.tolerated_failure_percentage);
        let all = self.all_items();
        if let Some(Err(failure)) = self.tolerance.as_ref().map(|tolerance| tolerance.exceeded(all)) {
            self.fail(failure, self.started_event);
        }
    }
}
