//! The way that an execution took: the states of each Frame in their order, with those of the branches and iterations inside.

use std::collections::HashMap;
use std::sync::Arc;

use asl_engine::model::{Model, ScopeId, StateId};
use asl_engine::{EventId, EventKind, StateType};
use asl_runtime::{FrameId, Recorded};

/// The states that one Frame went through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way(pub Vec<Visit>);

/// One visit to a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The state.
    pub state: StateId,
    /// Its name.
    pub name: Arc<str>,
    /// The ways of its branches or iterations, in their order; of a state that was tried again, those of the last time.
    pub branches: Vec<Way>,
}

/// The first event of a Frame.
#[derive(Clone, Copy)]
struct First {
    /// The Frame of the event that it follows.
    follows: Option<FrameId>,
    /// The item of an iteration.
    index: Option<usize>,
}

/// A Frame as far as it is known.
struct Known {
    scope: ScopeId,
    /// The Frame that forked it, the visit there, and the place among the children.
    parent: Option<(FrameId, usize, usize)>,
    visits: Vec<(StateId, Arc<str>)>,
}

impl Way {
    /// The way of the execution whose events these are.
    pub fn of(recorded: &[Recorded], model: &Model) -> Self {
        let mut frames: HashMap<FrameId, Known> = HashMap::new();
        let mut order: Vec<FrameId> = Vec::new();
        let mut first: HashMap<FrameId, First> = HashMap::new();
        let mut frame_of: HashMap<(&str, EventId), FrameId> = HashMap::new();
        for recorded in recorded {
            let (event, frame) = (&recorded.event, recorded.frame);
            frame_of.insert((&recorded.execution.arn, event.id), frame);
            let first = *first.entry(frame).or_insert_with(|| First {
                follows: frame_of.get(&(&*recorded.execution.arn, event.previous_id)).copied(),
                index: match &event.kind {
                    EventKind::MapIterationStarted(iteration) => Some(iteration.index),
                    _ => None,
                },
            });
            let (EventKind::StateEntered { name, .. }, Some(state)) = (&event.kind, recorded.state) else { continue };
            let Some(scope) = model.state(state).map(|state| state.scope) else { continue };
            if !frames.contains_key(&frame) {
                let parent = parent(&frames, &order, first, scope, model);
                frames.insert(frame, Known { scope, parent, visits: Vec::new() });
                order.push(frame);
            }
            if let Some(known) = frames.get_mut(&frame) {
                known.visits.push((state, name.clone()));
            }
        }
        collect(frames, &order)
    }

    /// The names on the way, with the number of branches where there are any: `Each ×3`.
    pub fn names(&self) -> Vec<String> {
        let shown = |visit: &Visit| match visit.branches.len() {
            0 => visit.name.to_string(),
            count => format!("{} ×{count}", visit.name),
        };
        self.0.iter().map(shown).collect()
    }

    /// All visits, also those of branches.
    pub fn all(&self) -> Vec<&Visit> {
        let mut all = Vec::new();
        let mut waiting: Vec<&Visit> = self.0.iter().rev().collect();
        while let Some(visit) = waiting.pop() {
            all.push(visit);
            waiting.extend(visit.branches.iter().rev().flat_map(|way| way.0.iter().rev()));
        }
        all
    }
}

/// Where a Frame was forked.
fn parent(
    frames: &HashMap<FrameId, Known>,
    order: &[FrameId],
    first: First,
    scope: ScopeId,
    model: &Model,
) -> Option<(FrameId, usize, usize)> {
    let state = model.scope(scope)?.parent?;
    let is_in_state = |frame: &FrameId| {
        let visits = &frames.get(frame)?.visits;
        (visits.last()?.0 == state).then(|| (*frame, visits.len() - 1))
    };
    // An iteration that had to wait follows the one that made room for it.
    let beside = first.follows.and_then(|frame| frames.get(&frame)).filter(|known| known.scope == scope);
    let beside = beside.and_then(|known| known.parent).map(|(frame, visit, _)| (frame, visit));
    // A child execution follows nothing.
    let forked = || first.follows.as_ref().and_then(is_in_state).or_else(|| order.iter().rev().find_map(is_in_state));
    let (frame, visit) = beside.or_else(forked)?;
    let is_parallel = model.state(state).is_some_and(|state| state.state_type == StateType::Parallel);
    let index = match first.index {
        Some(index) => index,
        None if is_parallel => {
            model.scopes().iter().filter(|other| other.parent == Some(state) && other.id < scope).count()
        }
        None => {
            frames.values().filter(|known| known.parent.is_some_and(|(of, at, _)| (of, at) == (frame, visit))).count()
        }
    };
    Some((frame, visit, index))
}

/// Puts the Frames together, the inner ones first.
fn collect(mut frames: HashMap<FrameId, Known>, order: &[FrameId]) -> Way {
    let mut children: HashMap<(FrameId, usize), Vec<(usize, Way)>> = HashMap::new();
    let mut own = Way::default();
    for frame in order.iter().rev() {
        let Some(known) = frames.remove(frame) else { continue };
        let visits = known.visits.into_iter().enumerate().map(|(at, (state, name))| {
            let mut branches = children.remove(&(*frame, at)).unwrap_or_default();
            // Those of the last time were forked last, and came here first.
            branches.sort_by_key(|(index, _)| *index);
            branches.dedup_by_key(|(index, _)| *index);
            Visit { state, name, branches: branches.into_iter().map(|(_, way)| way).collect() }
        });
        let way = Way(visits.collect());
        match known.parent {
            Some((parent, visit, index)) => children.entry((parent, visit)).or_default().push((index, way)),
            None if *frame == 0 => own = way,
            None => {}
        }
    }
    own
}
