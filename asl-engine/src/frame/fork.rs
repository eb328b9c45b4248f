//! What a Map or Parallel state does: its Join, and what becomes of its children.

use std::sync::Arc;

use super::io::bounded;
use super::items::Items;
use super::join::{Join, Joined, Parent, Work};
use super::map_run::{MOST_EXECUTIONS, MapRun};
use super::protocol::{Next, Request};
use super::run::Run;
use super::{Frame, Phase, Read, Stage};
use crate::context::{Context, MapItem};
use crate::definition::ast::ItemReader;
use crate::history::EventKind;
use crate::path::Roots;
use crate::program::{Kind, Map, State};
use crate::retry::Random;
use crate::task::{Failure, Outcome};
use crate::template::Template;
use crate::value::{Array, Value};

/// AWS runs so many iterations of an inline Map at once, whatever MaxConcurrency says.
const MOST_ITERATIONS: usize = 40;

impl Run<'_> {
    pub(super) fn fork(&mut self, mut join: Join, read: Option<Read>, random: Random) -> Next {
        join.begin(self.frame.last_event);
        self.frame.phase = Phase::Fork { read, random };
        Next::Ask(Request::Fork(Box::new(join)))
    }

    pub(super) fn read_items(&mut self, reader: &ItemReader, map_run: Option<MapRun>) -> Result<Next, Failure> {
        let request = self.frame.read_request(self.state, reader)?;
        self.frame.phase = Phase::Read { request: request.clone(), map_run };
        Ok(Next::Ask(Request::Task(request)))
    }

    pub(super) fn items_read(&mut self, map_run: Option<MapRun>, read: Outcome) -> Next {
        // Only an ItemReader asks for this.
        let Some(reader) = self.state.item_reader() else { return Next::Continue };
        match self.frame.items_of(self.state, reader, read) {
            Ok(items) => {
                let (read, random) = (Read { items, map_run }, self.frame.random.clone());
                match self.frame.whole_join(self.state, Some(&read)) {
                    Ok(join) => self.fork(join, Some(read), random),
                    Err(failure) => self.unless_failed(Err(failure)),
                }
            }
            Err(failure) => {
                self.emit(EventKind::MapRunFailed(failure.clone()));
                self.fail(failure)
            }
        }
    }

    pub(super) fn joined(&mut self, joined: Joined) -> Next {
        self.frame.last_event = joined.last_event;
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
                // An ItemSelector could not be evaluated; the failures of children have been told.
                let failure = match failure.location {
                    Some(_) => self.told(failure),
                    None => failure,
                };
                if distributed {
                    self.emit(EventKind::MapRunFailed(failure.clone()));
                }
                self.fail(failure)
            }
        }
    }
}

impl Frame {
    /// The Join of a Map or Parallel state, as one that the Frame's last event opened. `read` has the items where an
    /// ItemReader has read them.
    pub(super) fn join(&self, state: &State, read: Option<&Array>) -> Result<Join, Failure> {
        let (input, work, limit) = match &state.kind {
            Kind::Map(map) => {
                let input = self.selected_input(state)?;
                let items = match read {
                    Some(items) => Items::of(items.clone()),
                    None if state.item_reader().is_some() => Items::of(Array::from(Vec::new())),
                    None => self.items(state, map, &input)?,
                };
                let limit = self.max_concurrency(state, map)?;
                (input, Work::Items { scope: map.scope, items }, limit)
            }
            Kind::Parallel { branches } => {
                (self.effective_input(state, None)?, Work::Branches(branches.clone()), branches.len())
            }
            _ => (Value::Null, Work::Branches(Vec::new()), 0),
        };
        Ok(Join {
            parent: self.parent(state, input),
            work,
            limit,
            map_run: None,
            tolerance: None,
            started_event: self.last_event,
            random: Random::new(self.random.clone().next()),
            next: 0,
            running: 0,
            results: Vec::new(),
            freed: Vec::new(),
            closing_event: self.last_event,
            failed: None,
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
            given_context: self.probe.as_ref().map(|probe| probe.context.clone()),
        }
    }

    /// The Join with all that its state says of it.
    pub(super) fn whole_join(&self, state: &State, read: Option<&Read>) -> Result<Join, Failure> {
        let mut join = self.join(state, read.map(|read| &read.items))?;
        join.map_run = read.and_then(|read| read.map_run.clone());
        self.complete_join(state, &mut join)?;
        Ok(join)
    }

    /// Adds to a Join what comes after the event that opens it: tolerated failures, and what the mode `DISTRIBUTED` has.
    pub(super) fn complete_join(&self, state: &State, join: &mut Join) -> Result<(), Failure> {
        let Kind::Map(map) = &state.kind else { return Ok(()) };
        join.tolerance = self.tolerance(state, map)?;
        let Some(distributed) = &map.distributed else { return Ok(()) };
        join.map_run.get_or_insert_with(|| self.map_run(map));
        join.tolerance.get_or_insert_default();
        if let (Some(batcher), Work::Items { scope, items }) = (&distributed.item_batcher, &join.work) {
            let batches = self.batches(state, batcher, map.item_selector.as_ref(), items, &join.parent.input)?;
            join.work = Work::Batches { scope: *scope, batches };
        }
        Ok(())
    }

    /// ItemSelector, for one item of a batch.
    pub(super) fn selected_item(
        &self,
        state: &State,
        selector: &Template,
        item: &MapItem,
        input: &Value,
    ) -> Result<Value, Failure> {
        self.parent(state, input.clone()).select(&state.name, selector, item, &self.random)
    }

    fn max_concurrency(&self, state: &State, map: &Map) -> Result<usize, Failure> {
        let wanted = self.whole_number(state, "MaxConcurrency", i64::MIN, map.max_concurrency.as_ref())?.unwrap_or(0);
        self.note(Stage::MaxConcurrency, &wanted.into());
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
                given: self.given_context.as_ref(),
            }
            .to_value()
        };
        let mut roots = Roots::new(&self.input, &context, &self.variables, random);
        (roots.now, roots.limits) = (self.now, self.execution.quotas.expression_limits());
        template.evaluate(&roots).and_then(bounded)
    }
}
