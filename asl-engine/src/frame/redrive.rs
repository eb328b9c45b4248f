//! Redrive: an execution that has ended without success goes on from where it failed.
//!
//! AWS developer guide, "Restarting state machine executions with redrive in Step Functions" and "Redriving Map Runs in Step
//! Functions executions". Which events come and what they follow was recorded from AWS on 2026-09-24 by `radkawar/stackd`
//! (`testdata/aws/stepfunctions/redrive_execution.json` and `redrive_map.json` there): a state that was entered is not entered
//! again.

use std::sync::Arc;

use super::items::Source;
use super::join::{Join, Work};
use super::protocol::{EventIds, Next};
use super::run::Run;
use super::tally::Tallies;
use super::{Frame, Phase, Rest, Role};
use crate::context::Execution;
use crate::history::{EventId, EventKind};
use crate::program::{Kind, Program};
use crate::task::{Failure, QUERY_EVALUATION_ERROR};
use crate::value::Value;

/// AWS redrives a Map Run so often.
const MOST_REDRIVES: u32 = 1000;

impl Frame {
    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.phase.is_ended()
    }

    /// Ends it where it is, without an event. It can go on from there.
    pub fn halt(&mut self) {
        self.phase = Phase::Ended { rest: self.rest() };
    }

    /// Whether a Frame that has ended goes on with the Join that it had: then a host keeps that, and the children that did not
    /// succeed.
    pub fn resumes_join(&self, program: &Program) -> bool {
        matches!(self.phase, Phase::Ended { rest: Rest::Fork { .. } }) && !self.is_restarted(program)
    }

    /// Whether it can go on when its execution is redriven, which has these events. There has to be room for two more; a child
    /// execution of the type `EXPRESS` always can.
    pub fn is_redrivable(&self, program: &Program, ids: EventIds) -> bool {
        let is_full = self.execution.quotas.history_events.is_some_and(|most| ids.count() + 1 >= most);
        self.is_over() && (self.role != Role::Execution || !is_full || self.is_restarted(program))
    }

    /// Puts a branch or an iteration into its execution as that is now that it goes on.
    pub fn set_execution(&mut self, execution: Arc<Execution>) {
        self.execution = execution;
    }

    /// Where it would go on if it ended now.
    pub(super) fn rest(&self) -> Rest {
        match &self.phase {
            Phase::Start => Rest::Start,
            Phase::Enter => Rest::Enter,
            Phase::Fork { random } => Rest::Fork { random: random.clone() },
            Phase::Ended { rest } => rest.clone(),
            Phase::Task { .. } | Phase::Failed { .. } | Phase::Wait { .. } | Phase::Retry { .. } => Rest::Inside,
            Phase::HistoryFull => Rest::Done,
        }
    }

    /// Whether it is a child execution of the type `EXPRESS`, which is started again from its beginning.
    pub(super) fn is_restarted(&self, program: &Program) -> bool {
        self.role == Role::Execution && !self.path.is_empty() && program.is_express(self.scope)
    }
}

impl Run<'_> {
    /// Goes on from where the Frame was when it ended.
    pub(super) fn redrive(&mut self, rest: Rest, join: Option<Box<Join>>) -> Next {
        let redriven = self.reopen();
        match (rest, join) {
            (Rest::Start, _) => {
                self.frame.phase = Phase::Start;
                self.open();
                self.enter()
            }
            (Rest::Enter, _) => {
                self.frame.phase = Phase::Enter;
                self.enter()
            }
            (Rest::Fork { random }, Some(join)) => {
                self.count_again();
                let forked = self.fork_again(*join, random);
                self.unless_failed(forked)
            }
            (Rest::Inside | Rest::Fork { .. } | Rest::Done, _) => {
                self.count_again();
                // The work follows the entry of the state; AWS links what a Fail state does to the redrive.
                self.frame.last_event = match (&self.state.kind, redriven) {
                    (Kind::Fail { .. }, Some(redriven)) => redriven,
                    _ => self.frame.entered_event,
                };
                self.attempt()
            }
        }
    }

    /// A child execution of the type `EXPRESS` begins again, under its ARN. Its events are those of a new execution.
    pub(super) fn restart(&mut self, program: &Program) -> Next {
        let execution = Arc::make_mut(&mut self.frame.execution);
        execution.redrive_count += 1;
        self.now.ids = EventIds::default();
        *self.frame = self.frame.restarted(program);
        self.frame.now = self.now.at;
        self.open();
        // The state that this step is in is that which the Frame ended in: the first one is entered in the next.
        self.frame.phase = Phase::Enter;
        Next::Continue
    }

    /// Opens the execution again that the Frame is. The event that tells of it follows the one that closed it.
    fn reopen(&mut self) -> Option<EventId> {
        if self.frame.role != Role::Execution {
            return None;
        }
        let execution = Arc::make_mut(&mut self.frame.execution);
        execution.redrive_count += 1;
        execution.redrive_time = Some(self.now.at);
        let redrive_count = execution.redrive_count;
        Some(self.emit_aside(self.now.ids.count(), EventKind::ExecutionRedriven { redrive_count }))
    }

    /// Retriers count from 0 again. No attempt has the token of one before the redrive.
    fn count_again(&mut self) {
        self.frame.retries = vec![0; self.state.retry.len()];
        self.frame.visits += 1;
    }

    fn fork_again(&mut self, mut join: Join, random: crate::retry::Random) -> Result<Next, Failure> {
        if let Some(run) = &mut join.map_run {
            if run.redrive_count == 0 {
                run.opened_by = join.started_event.saturating_sub(1);
            }
            run.redrive_count += 1;
            let (map_run_arn, redrive_count) = (run.arn.clone(), run.redrive_count);
            let redriven = EventKind::MapRunRedriven { map_run_arn, redrive_count };
            self.frame.last_event = self.emit_aside(run.opened_by, redriven);
            if join.begins_anew() {
                join = self.read_again(join)?;
            }
            join.begin(self.frame.last_event);
            if redrive_count > MOST_REDRIVES {
                let cause = format!("A Map Run can be redriven {MOST_REDRIVES} times.");
                join.fail(Failure::runtime(cause), self.frame.last_event);
            }
            join.results.begin_folder(redrive_count);
        }
        join.parent.execution = self.frame.execution.clone();
        join.parent.retry_count = 0;
        Ok(self.ask_fork(join, random))
    }

    /// The Join of a Map Run none of whose children counts, with what is there now.
    fn read_again(&mut self, before: Join) -> Result<Join, Failure> {
        let state = self.state;
        let mut join = self.frame.join(state)?;
        join.map_run = before.map_run;
        if let Some(run) = &mut join.map_run {
            run.tallies = Tallies::default();
        }
        self.frame.complete_join(state, &mut join)?;
        self.frame.open_join(state, &mut join)?;
        Ok(join)
    }

    /// Whether the state does all of its work again after this failure of its children.
    ///
    /// AWS developer guide, "Redrive behavior of individual states" and "Redrive eligibility for child workflows in a Map Run".
    pub(super) fn begins_anew(&self, failure: &Failure) -> bool {
        let is_map_run = matches!(&self.state.kind, Kind::Map(map) if map.distributed.is_some());
        match failure.error.as_deref() {
            Some("States.DataLimitExceeded") => true,
            Some(QUERY_EVALUATION_ERROR) => is_map_run,
            _ => is_map_run && failure.ends_execution(),
        }
    }
}

impl Join {
    /// Lets the children at these positions go on that did not succeed, each with its input, and forgets why it failed. `over` are
    /// the inputs of those that can never go on, which still count as failed.
    pub fn redrive<'a>(
        &mut self,
        again: impl IntoIterator<Item = (usize, &'a Value)>,
        over: impl IntoIterator<Item = &'a Value>,
    ) {
        self.again = again.into_iter().map(|(index, input)| (index, self.items_of(input))).collect();
        (self.running, self.stopping, self.failed) = (0, false, None);
        let over: Vec<usize> = over.into_iter().map(|input| self.items_of(input)).collect();
        if let Some(tolerance) = &mut self.tolerance {
            tolerance.forget(over.iter().sum());
        }
        if let Some(run) = &mut self.map_run {
            run.tallies.redriven(over.into_iter());
        }
        if let Some(unstarted) = self.unstarted.take() {
            (self.next, self.work) = (unstarted.next, unstarted.work);
        }
        match &mut self.work {
            // An item whose ItemSelector failed is taken again.
            Work::Items { source: Source::Given { taken, .. }, batcher: None, .. } => *taken = self.next,
            Work::Items { source: Source::Read { reader, .. }, .. } => reader.redrive(),
            _ => {}
        }
        self.results.redrive(&self.again);
    }

    /// Whether its children are forgotten when it is redriven: none of them was started, or what they came to is lost.
    pub fn begins_anew(&self) -> bool {
        self.map_run.is_some() && (self.next == 0 || self.is_lost)
    }

    /// Whether something was asked for and not answered.
    pub fn has_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Why the child executions of its Map Run end that it stops: AWS's text.
    pub fn abort_failure(&self) -> Failure {
        let arn = self.map_run.as_ref().map_or("", |run| &run.arn);
        let cause = format!("The map run execution [{arn}] which was managing this resource was aborted");
        Failure { cause: Some(cause.into()), ..Failure::default() }
    }
}
