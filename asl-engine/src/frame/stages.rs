//! The data at each stage of a state's work, for whoever asks for it.

use std::cell::RefCell;
use std::ops::Deref;

use crate::program::State;
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
    /// What `ItemsPointer` finds in what an ItemReader reads. Only a test tells it.
    AfterItemsPointer,
    /// The inputs of a Map state's iterations. Only a test tells it: an execution makes them one by one.
    AfterItemSelector,
    /// What `ItemBatcher` makes of them. Only a test tells it.
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

/// What one step computed on the way from the state's input to its output.
///
/// A state that waits for something is worked on in several steps, each of which has the stages that it came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stages {
    /// The data at each stage that was reached, in the order of the work.
    pub data: Vec<(Stage, Value)>,
    /// What `Assign` gives: of the state, a Choice Rule or a Catcher.
    pub assigned: Option<Value>,
    /// What Retry and Catch were asked about.
    pub failure: Option<Failure>,
}

impl Stages {
    /// Adds the data at a stage. A state may look twice at the same one, as Wait does: it stays where it was first.
    pub(crate) fn note(&mut self, stage: Stage, value: Value) {
        match self.data.iter_mut().find(|(noted, _)| *noted == stage) {
            Some((_, seen)) => *seen = value,
            None => self.data.push((stage, value)),
        }
    }

    /// Adds what a later step computed.
    pub(crate) fn extend(&mut self, later: Self) {
        later.data.into_iter().for_each(|(stage, value)| self.note(stage, value));
        self.assigned = later.assigned.or(self.assigned.take());
        self.failure = later.failure.or(self.failure.take());
    }

    /// Whether a stage was reached.
    pub(crate) fn has(&self, stage: Stage) -> bool {
        self.data.iter().any(|(noted, _)| *noted == stage)
    }
}

/// The state that a step works on, and what takes note of its data where the host asks for it.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    state: &'a State,
    stages: Option<&'a RefCell<Stages>>,
}

impl<'a> Visit<'a> {
    pub(super) fn new(state: &'a State, stages: Option<&'a RefCell<Stages>>) -> Self {
        Self { state, stages }
    }

    /// Takes note of the data at a stage.
    #[inline]
    pub(super) fn note(self, stage: Stage, value: &Value) {
        if let Some(stages) = self.stages {
            stages.borrow_mut().note(stage, value.clone());
        }
    }

    /// Takes note of what `Assign` gives.
    pub(super) fn note_assigned(self, assigned: &Value) {
        if let Some(stages) = self.stages {
            stages.borrow_mut().assigned = Some(assigned.clone());
        }
    }

    /// Takes note of what Retry and Catch are asked about.
    pub(super) fn note_failure(self, failure: &Failure) {
        if let Some(stages) = self.stages {
            stages.borrow_mut().failure = Some(failure.clone());
        }
    }
}

impl Deref for Visit<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state
    }
}
