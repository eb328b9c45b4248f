//! What a test of one state sees of its work, and what it puts in the place of the execution's own.

use std::cell::RefCell;

use crate::task::Failure;
use crate::value::Value;

/// A place on the way from a state's input to its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The raw input.
    Input,
    /// What `InputPath` leaves.
    AfterInputPath,
    /// What `Parameters` makes of it.
    AfterParameters,
    /// What `Arguments` gives, in JSONata.
    AfterArguments,
    /// The items of a Map state.
    AfterItemsPath,
    /// What `ItemsPointer` finds in what an ItemReader reads.
    AfterItemsPointer,
    /// The inputs of a Map state's iterations.
    AfterItemSelector,
    /// What `ItemBatcher` makes of them.
    AfterItemBatcher,
    /// `MaxConcurrency` of a Map state.
    MaxConcurrency,
    /// `ToleratedFailureCount` of a Map state.
    ToleratedFailureCount,
    /// `ToleratedFailurePercentage` of a Map state.
    ToleratedFailurePercentage,
    /// What the state's own work gave.
    Result,
    /// What `ResultSelector` makes of it.
    AfterResultSelector,
    /// The input with the result in its place.
    AfterResultPath,
}

/// Watches one state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probe {
    /// The context object that the state sees.
    pub(crate) context: Value,
    seen: RefCell<Seen>,
}

/// What a probe saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// The data at each stage that was reached, in the order of the work.
    pub(crate) stages: Vec<(Stage, Value)>,
    /// What Retry and Catch were asked about.
    pub(crate) failure: Option<Failure>,
}

impl Probe {
    pub(crate) fn new(context: Value) -> Self {
        Self { context, seen: RefCell::default() }
    }

    pub(super) fn note(&self, stage: Stage, value: &Value) {
        let stages = &mut self.seen.borrow_mut().stages;
        // A state may look twice at the same stage, as Wait does: it stays where it was first.
        match stages.iter_mut().find(|(noted, _)| *noted == stage) {
            Some((_, seen)) => *seen = value.clone(),
            None => stages.push((stage, value.clone())),
        }
    }

    pub(super) fn has_noted(&self, stage: Stage) -> bool {
        self.seen.borrow().stages.iter().any(|(noted, _)| *noted == stage)
    }

    pub(super) fn note_failure(&self, failure: &Failure) {
        self.seen.borrow_mut().failure = Some(failure.clone());
    }

    pub(crate) fn into_seen(self) -> Seen {
        self.seen.into_inner()
    }
}
