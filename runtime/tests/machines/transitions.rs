//! What steps say of the model, held against the events that they record.

use std::collections::{BTreeMap, BTreeSet};

use asl_engine::model::{Model, Transition, TransitionKind};
use asl_engine::{EventKind, HistoryEvent};

use super::support::{Run, StepTaken};

/// What is wrong with the steps of a run.
pub(crate) fn fault(model: &Model, run: &Run) -> Option<String> {
    let mut frames: BTreeMap<&str, Vec<&StepTaken>> = BTreeMap::new();
    for step in &run.steps {
        frames.entry(&step.frame).or_default().push(step);
    }
    let faults = frames.values().flat_map(|steps| {
        // Where the history is full, the Frame goes on no more: its next step only says so.
        let steps = &steps[..steps.iter().position(|step| step.is_cut_off).unwrap_or(steps.len())];
        let next = steps.iter().skip(1).map(Some).chain([None]);
        steps.iter().zip(next).filter_map(|(step, next)| {
            let fault = check(model, &run.events, step, next.copied())?;
            Some(format!("{step:?} then {next:?}: {fault}"))
        })
    });
    faults.into_iter().next()
}

/// Holds a step against its events and against the next one of its Frame.
fn check(model: &Model, events: &[HistoryEvent], step: &StepTaken, next: Option<&StepTaken>) -> Option<&'static str> {
    let Some(state) = model.state(step.state) else { return Some("there is no such state") };
    let entered = |step: &StepTaken| {
        events[step.events.clone()].iter().find_map(|event| match &event.kind {
            EventKind::StateEntered { name, .. } => Some(name.clone()),
            _ => None,
        })
    };
    let exited = events[step.events.clone()].iter().find_map(|event| match &event.kind {
        EventKind::StateExited { name, .. } => Some(name),
        _ => None,
    });
    if entered(step).is_some_and(|name| name != state.name) || exited.is_some_and(|name| *name != state.name) {
        return Some("its events are those of another state");
    }
    let transition = match step.transition.map(|id| model.transition(id)) {
        Some(None) => return Some("there is no such transition"),
        Some(Some(transition)) => Some(transition),
        None => None,
    };
    if transition.is_some_and(|transition| transition.from != step.state) {
        return Some("the transition leads out of another state");
    }
    let leaves = |transition: &Transition| !matches!(transition.kind, TransitionKind::Retrier(_));
    if transition.is_some_and(leaves) != exited.is_some() {
        return Some("the state is left by a transition where it is exited, and only there");
    }
    // A Frame that is stopped makes a last step, in which nothing is entered.
    let next = next?;
    match transition.and_then(|transition| transition.to) {
        Some(to) if next.state != to => Some("the next step is in another state"),
        Some(_) if entered(next).is_none() && !next.events.is_empty() => Some("the next state is not entered"),
        None if transition.is_some_and(leaves) => Some("the Frame goes on after its end"),
        None if next.state != step.state => Some("another state follows without a transition"),
        None if entered(next).is_some() => Some("the state is entered again without a transition"),
        _ => None,
    }
}

/// The kinds of transitions that were taken.
pub(crate) fn kinds<'a>(model: &Model, steps: impl IntoIterator<Item = &'a StepTaken>) -> BTreeSet<&'static str> {
    let taken = steps.into_iter().filter_map(|step| model.transition(step.transition?));
    let name = |transition: &Transition| match transition.kind {
        TransitionKind::ChoiceRule(_) => "ChoiceRule",
        TransitionKind::Default => "Default",
        TransitionKind::Next => "Next",
        TransitionKind::End => "End",
        TransitionKind::Retrier(_) => "Retrier",
        TransitionKind::Catcher(_) => "Catcher",
    };
    taken.map(name).collect()
}
