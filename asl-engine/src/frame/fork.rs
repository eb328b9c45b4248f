//! What a Map or Parallel state does: its Join, and what becomes of its children.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::io::bounded;
use super::items::{Items, Source};
use super::join::{Join, Joined, Parent, Work};
use super::map_run::MOST_EXECUTIONS;
use super::protocol::{Next, Request};
use super::results::Results;
use super::run::Run;
use super::stages::{Stage, Visit};
use super::{Frame, Phase};
use crate::context::{Context, MapItem};
use crate::definition::ast::Io;
use crate::history::EventKind;
use crate::path::Roots;
use crate::program::{Kind, Map, State};
use crate::retry::Random;
use crate::task::Failure;
use crate::template::Template;
use crate::value::{Array, Value};

/// AWS runs so many iterations of an inline Map at once, whatever MaxConcurrency says.
const MOST_ITERATIONS: usize = 40;

impl Run<'_> {
    pub(super) fn fork(&mut self, mut join: Join, random: Random) -> Next {
        join.begin(self.frame.last_event);
        self.ask_fork(join, random)
    }

    pub(super) fn ask_fork(&mut self, join: Join, random: Random) -> Next {
        self.frame.phase = Phase::Fork { random };
        Next::Ask(Request::Fork(Box::new(join)))
    }

    pub(super) fn joined(&mut self, joined: Joined) -> Next {
        self.frame.last_event = joined.last_event;
        self.failed_in = joined.failed_in;
        let distributed = matches!(&self.state.kind, Kind::Map(map) if map.distributed.is_some());
        match joined.outcome {
            Ok(outputs) => {
                // The exited event follows what led to these.
                let mut previous = joined.last_event;
                if distributed {
                    previous = self.emit_aside(previous, EventKind::MapRunSucceeded);
                }
                let succeeded = match self.state.kind {
                    Kind::Map(_) => EventKind::MapStateSucceeded,
                    _ => EventKind::ParallelStateSucceeded,
                };
                self.emit_aside(previous, succeeded);
                self.completed(outputs)
            }
            Err(failure) => {
                self.children_failed = true;
                // An ItemSelector could not be evaluated; the failures of children have been told.
                let untold = failure.origin.as_ref().is_some_and(|origin| origin.location.is_some());
                let failure = if untold { self.told(failure) } else { failure };
                if distributed {
                    // The Map Run itself is not to blame for what its state cannot return.
                    self.emit(match failure.error.as_deref() {
                        Some("States.DataLimitExceeded") => EventKind::MapRunSucceeded,
                        _ => EventKind::MapRunFailed(failure.clone()),
                    });
                }
                self.fail(failure)
            }
        }
    }
}

impl Frame {
    /// The Join of a Map or Parallel state, as one that the Frame's last event opened.
    pub(super) fn join(&self, state: Visit<'_>) -> Result<Join, Failure> {
        let (input, work, limit) = match &state.kind {
            Kind::Map(map) => {
                let input = self.selected_input(state)?.into_owned();
                let items = match state.item_reader() {
                    Some(_) => Items::of(Array::from(Vec::new())),
                    None => self.items(state, map, &input)?.told_source(map.distributed.is_some()),
                };
                let limit = self.max_concurrency(state, map)?;
                (input, Work::Items { scope: map.scope, source: Source::given(items), batcher: None }, limit)
            }
            Kind::Parallel { branches } => {
                (self.effective_input(state, None)?, Work::Branches { scopes: branches.clone() }, branches.len())
            }
            _ => (Value::Null, Work::Branches { scopes: Vec::new() }, 0),
        };
        Ok(Join {
            parent: self.parent(&state, input),
            work,
            limit,
            map_run: None,
            tolerance: None,
            started_event: self.last_event,
            random: Random::new(self.random.clone().next()),
            next: 0,
            running: 0,
            results: Results::default(),
            asked: None,
            freed: Vec::new(),
            closing_event: self.last_event,
            failed: None,
            stopping: false,
            again: BTreeMap::new(),
            unstarted: None,
            is_lost: false,
        })
    }

    fn parent(&self, state: &State, input: Value) -> Parent {
        Parent {
            execution: self.execution.clone(),
            scope: self.scope,
            state: self.state,
            path: self.attempt_path(state).into(),
            map_item: self.map_item.clone(),
            variables: self.variables.clone(),
            entered_time: self.entered_time,
            entered_event: self.entered_event,
            retry_count: self.retry_count(),
            now: self.now,
            input,
            mode: self.mode.clone(),
        }
    }

    /// The Join with all that its state says of it.
    pub(super) fn whole_join(&self, state: Visit<'_>) -> Result<Join, Failure> {
        let mut join = self.join(state)?;
        self.complete_join(state, &mut join)?;
        self.open_join(state, &mut join)?;
        Ok(join)
    }

    /// Adds to a Join what comes after the event that opens it: tolerated failures, and what the mode `DISTRIBUTED` has.
    pub(super) fn complete_join(&self, state: Visit<'_>, join: &mut Join) -> Result<(), Failure> {
        let Kind::Map(map) = &state.kind else { return Ok(()) };
        if let Some(reader) = state.item_reader() {
            self.max_items(state, reader)?;
        }
        join.tolerance = self.tolerance(state, map)?;
        let Some(distributed) = &map.distributed else { return Ok(()) };
        join.map_run.get_or_insert_with(|| self.map_run(map));
        join.tolerance.get_or_insert_default();
        join.results.most_bytes = self.execution.quotas.payload_bytes;
        join.results.unseen = matches!(&state.io, Io::JsonPath(paths)
            if paths.result_path.is_none() && paths.result_selector.is_none() && state.assign.is_none());
        if let (Some(found), Work::Items { batcher, .. }) = (&distributed.item_batcher, &mut join.work) {
            *batcher = Some(self.batcher(state, found, &join.parent.input)?);
        }
        Ok(())
    }

    /// Adds to the Join of a Map Run what reads its items and what writes its results.
    pub(super) fn open_join(&self, state: Visit<'_>, join: &mut Join) -> Result<(), Failure> {
        let Kind::Map(Map { distributed: Some(distributed), .. }) = &state.kind else { return Ok(()) };
        let last_event = self.last_event;
        if let Some(reader) = &distributed.item_reader {
            match (self.reader(state, reader)?, &mut join.work) {
                (Ok(reader), Work::Items { source, .. }) => {
                    *source = Source::Read { reader: Box::new(reader), taken: 0 }
                }
                (Err(failure), _) => join.fail(failure, last_event),
                (Ok(_), Work::Branches { .. }) => {}
            }
        }
        if let (Some(writer), Some(arn)) = (&distributed.result_writer, join.map_run_arn()) {
            join.results.config = writer.config;
            match self.writer(state, writer, arn)? {
                None => {}
                Some(Ok(writer)) => join.results.writer = Some(Box::new(writer)),
                Some(Err(failure)) => join.fail(failure, last_event),
            }
        }
        Ok(())
    }

    fn max_concurrency(&self, state: Visit<'_>, map: &Map) -> Result<usize, Failure> {
        let wanted = self.whole_number(state, "MaxConcurrency", i64::MIN, map.max_concurrency.as_ref())?.unwrap_or(0);
        state.note(Stage::MaxConcurrency, &wanted.into());
        if wanted < 0 {
            return Err(Failure::runtime("MaxConcurrency cannot be negative."));
        }
        let most = if map.distributed.is_some() { MOST_EXECUTIONS } else { MOST_ITERATIONS };
        Ok(match usize::try_from(wanted) {
            Ok(0) | Err(_) => most,
            Ok(wanted) => wanted.min(most),
        })
    }
}

impl Join {
    /// Takes note of the event that opens the fan-out: the first children follow it.
    pub(super) fn begin(&mut self, started_event: crate::history::EventId) {
        self.started_event = started_event;
        self.closing_event = started_event;
    }
}

impl Parent {
    /// Adds to a failure of an ItemSelector what AWS says before it.
    pub(super) fn located(&self, state: &State, failure: Failure) -> Failure {
        self.mode.located(&state.name, self.entered_event, failure)
    }

    /// ItemSelector.
    pub(super) fn select(
        &self,
        state: &Arc<str>,
        template: &Template,
        item: &MapItem,
        random: &Random,
    ) -> Result<Value, Failure> {
        let context = || {
            Context {
                execution: &self.execution,
                state,
                entered_time: self.entered_time,
                retry_count: Some(self.retry_count),
                map_item: Some(item),
                token: None,
                given: self.mode.given_context(),
            }
            .to_value()
        };
        let mut roots = Roots::new(&self.input, &context, &self.variables, random);
        (roots.now, roots.limits) = (self.now, self.execution.quotas.expression_limits());
        template.evaluate(&roots).and_then(bounded)
    }
}
