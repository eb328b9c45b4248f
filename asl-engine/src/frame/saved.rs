//! The saved form of Frames and Joins.
//!
//! It names states, so that it outlives a definition that is compiled anew; it leaves out the execution, which all Frames share,
//! and the results of a Join, which are saved one by one. Its values can be taken out, so that what several hold is saved once.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::join::{Join, Work};
use super::{Frame, Phase};
use crate::context::{Execution, MapItem};
use crate::program::{Kind, Program};
use crate::task::TaskRequest;
use crate::time::Timestamp;
use crate::value::Value;

pub use super::results::SavedResult;

/// A Frame as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedFrame {
    state: Arc<str>,
    frame: Frame,
}

/// A Join as it is saved, without its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedJoin(Join);

/// A saved Frame or Join does not belong to the program: the definition has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignProgram {
    state: Arc<str>,
    what: &'static str,
}

impl fmt::Display for ForeignProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the definition has {} '{}'", self.what, self.state)
    }
}

impl std::error::Error for ForeignProgram {}

impl Frame {
    /// The Frame as it is saved.
    pub fn save(&self, program: &Program) -> SavedFrame {
        SavedFrame { state: program.state(self.scope, self.state).name.clone(), frame: self.clone() }
    }
}

impl SavedFrame {
    /// Its values, in an order that is always the same: each can be put in the place of another.
    pub fn values(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let Frame { input, variables, map_item, phase, .. } = &mut self.frame;
        visit(input);
        visit(variables);
        of_item(map_item, visit);
        if let Phase::Task { request } = phase {
            of_request(request, visit);
        }
    }

    /// The Frame again, in the execution that it belongs to.
    pub fn restore(self, program: &Program, execution: &Arc<Execution>) -> Result<Frame, ForeignProgram> {
        let Some((scope, state)) = program.find(&self.state) else {
            return Err(ForeignProgram { state: self.state, what: "no state" });
        };
        Ok(Frame { scope, state, execution: execution.clone(), ..self.frame })
    }
}

impl Join {
    /// The Join as it is saved.
    pub fn save(&self) -> SavedJoin {
        SavedJoin(self.without_results())
    }

    /// The result of the child at this position as it is saved, where the Join still has it.
    pub fn saved_result(&self, index: usize) -> Option<SavedResult> {
        self.results.saved(index)
    }
}

impl SavedJoin {
    /// What tells it from every other Join of its Frame: the attempt that it belongs to.
    pub fn attempt(&self) -> &str {
        &self.0.parent.path
    }

    /// Its values, in an order that is always the same: each can be put in the place of another.
    pub fn values(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let Join { parent, work, results, unstarted, .. } = &mut self.0;
        visit(&mut parent.input);
        visit(&mut parent.variables);
        of_item(&mut parent.map_item, visit);
        of_work(work, visit);
        if let Some(writer) = &mut results.writer {
            writer.values(visit);
        }
        if let Some(unstarted) = unstarted {
            of_work(&mut unstarted.work, visit);
        }
    }

    /// The Join again, of the Frame that has forked, with the results of its children by their positions.
    pub fn restore(
        self,
        program: &Program,
        forked: &Frame,
        results: impl IntoIterator<Item = (usize, SavedResult)>,
    ) -> Result<Join, ForeignProgram> {
        let mut join = self.0;
        let state = program.state(forked.scope, forked.state);
        let unstarted = join.unstarted.as_mut().map(|unstarted| &mut unstarted.work);
        for work in [&mut join.work].into_iter().chain(unstarted) {
            match (work, &state.kind) {
                (Work::Branches { scopes }, Kind::Parallel { branches }) => scopes.clone_from(branches),
                (Work::Items { scope, .. }, Kind::Map(map)) => *scope = map.scope,
                _ => return Err(ForeignProgram { state: state.name.clone(), what: "another type of the state" }),
            }
        }
        join.parent.execution = forked.execution.clone();
        (join.parent.scope, join.parent.state) = (forked.scope, forked.state);
        join.results.reserve(join.next);
        join.results.restore(results);
        Ok(join)
    }
}

fn of_work(work: &mut Work, visit: &mut dyn FnMut(&mut Value)) {
    let Work::Items { source, batcher, .. } = work else { return };
    source.values(visit);
    if let Some(batcher) = batcher {
        batcher.values(visit);
    }
}

fn of_item(item: &mut Option<MapItem>, visit: &mut dyn FnMut(&mut Value)) {
    if let Some(item) = item {
        visit(&mut item.value);
    }
}

fn of_request(request: &mut Arc<TaskRequest>, visit: &mut dyn FnMut(&mut Value)) {
    visit(&mut Arc::make_mut(request).input);
}

/// What stands in the place of the execution until a Frame is restored.
pub(super) fn nobody() -> Arc<Execution> {
    static NOBODY: OnceLock<Arc<Execution>> = OnceLock::new();
    NOBODY.get_or_init(|| Arc::new(Execution::local("", "", Value::Null, Timestamp(0), 0))).clone()
}
