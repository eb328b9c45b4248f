use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Body, Kind, Name, State, Transition};
use super::resource::{self, Call};
use super::{SCHEMA, error, warnings, whole};
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;
use crate::placeholder;

/// Checks that every transition leads to a state of its own scope, that every scope can end, that every state is led to,
/// and that no two states of the machine share a name.
pub(super) fn transitions(body: &Body, out: &mut Vec<Diagnostic>) {
    let mut lost = Vec::new();
    scope(body, &mut Names::default(), out, &mut lost);
    // AWS names what cannot be reached after everything else.
    out.append(&mut lost);
}

/// The names that are taken in the whole machine.
#[derive(Default)]
struct Names<'a> {
    states: BTreeMap<&'a str, &'a Name>,
    labels: BTreeMap<&'a str, &'a Name>,
}

fn scope<'a>(body: &'a Body, names: &mut Names<'a>, out: &mut Vec<Diagnostic>, lost: &mut Vec<Diagnostic>) {
    if body.states.is_empty() && body.unreadable.is_empty() {
        // That there are none has been told.
        return;
    }
    let states: BTreeMap<&str, &State> = body.states.iter().map(|state| (&*state.name.text, state)).collect();
    let starts = body.start_at.iter().chain(&body.loose);
    let targets: Vec<&Name> = starts.chain(body.states.iter().flat_map(successors)).collect();
    let mut misses = 0;
    for name in &targets {
        if states.contains_key(&*name.text) || body.unreadable.contains(&name.text) {
            continue;
        }
        // AWS says 'Next' for every field.
        let message = format!("Missing 'Next' target: {}", name.text);
        // Helping with the first few is enough, and looking for near names is not cheap.
        misses += 1;
        let unreadable = body.unreadable.iter().map(|name| &**name);
        let known = states.keys().copied().chain(unreadable).filter(|_| misses <= 20);
        let help = nearest(&name.text, known).map(|near| format!("did you mean '{near}'?"));
        out.push(Diagnostic { help, ..error("MISSING_TRANSITION_TARGET", message, &name.location, name.span) });
    }
    for state in &body.states {
        let name = &state.name;
        if let Some(first) = names.states.insert(&name.text, name) {
            out.push(taken("DUPLICATE_STATE_NAME", "Duplicate State name", name, first));
        }
        if let Kind::Map(map) = &state.kind
            && let Some(label) = map.label.as_ref()
            && let Some(first) = names.labels.insert(&label.text, label)
        {
            out.push(taken("DUPLICATE_LABEL_NAME", "Duplicate label name", label, first));
        }
    }
    // Where a transition cannot be read, or is filled in later, what it leads to is not known.
    let known = body.unreadable.is_empty() && targets.iter().all(|name| !placeholder::is_in(&name.text));
    if let Some(start) = body.start_at.as_ref().filter(|_| known) {
        if body.states.iter().any(ends) {
            unreached(body, &targets, &states, lost);
        } else {
            let help = Some("a state ends it with '\"End\": true', or with the type Succeed or Fail".to_owned());
            let message = "Workflow has no terminal state";
            lost.push(Diagnostic { help, ..whole("MISSING_END_STATE", message, start.span) });
        }
    }
    for state in &body.states {
        match &state.kind {
            Kind::Parallel { branches } => branches.iter().for_each(|branch| scope(branch, names, out, lost)),
            Kind::Map(map) => scope(&map.body, names, out, lost),
            _ => {}
        }
    }
}

fn taken(code: &'static str, message: &str, name: &Name, first: &Name) -> Diagnostic {
    let help = Some(format!("the other one is at {}", first.location));
    Diagnostic { help, ..error(code, format!("{message}: {}", name.text), &name.location, name.span) }
}

/// Whether a state may be the last one of its scope.
fn ends(state: &State) -> bool {
    !matches!(state.kind, Kind::Choice { .. }) && matches!(state.transition, Transition::End)
}

/// AWS looks whether any transition leads to a state; whether that one can be reached itself is for us to warn of.
fn unreached(body: &Body, targets: &[&Name], states: &BTreeMap<&str, &State>, lost: &mut Vec<Diagnostic>) {
    let targets: BTreeSet<&str> = targets.iter().map(|name| &*name.text).collect();
    let reached = reachable(body, states);
    for State { name, .. } in &body.states {
        if !targets.contains(&*name.text) {
            let message = format!("State \"{}\" is not reachable.", name.text);
            lost.push(error("MISSING_TRANSITION_TARGET", message, &name.location, name.span));
        } else if !reached.contains(&*name.text) {
            warnings::never_reached(&name.text, &name.location, name.span, lost);
        }
    }
}

/// What an Express state machine cannot call.
pub(super) fn express(body: &Body, out: &mut Vec<Diagnostic>) {
    for state in &body.states {
        match &state.kind {
            Kind::Task(task) => {
                // The spaces are AWS's.
                let message = match resource::call(&task.resource.text) {
                    Some(Call::Sync) => "Express state machine does not support '.sync' service integration",
                    Some(Call::Callback) => {
                        "Express state machine does not support '.waitForTaskToken' service integration "
                    }
                    Some(Call::Activity) => "Express state machine does not support Activity ARN",
                    Some(Call::Request) | None => continue,
                };
                out.push(error(SCHEMA, message, &task.resource.location, task.resource.span));
            }
            Kind::Parallel { branches } => branches.iter().for_each(|branch| express(branch, out)),
            Kind::Map(map) => {
                if map.distributed.is_some() {
                    let message = "Express state machine does not support Distributed Map";
                    out.push(error(SCHEMA, message, &state.name.location, state.name.span));
                }
                express(&map.body, out);
            }
            _ => {}
        }
    }
}

/// Every state that may follow `state`.
pub(super) fn successors(state: &State) -> Vec<&Name> {
    let mut found = Vec::new();
    if let Kind::Choice { choices, default } = &state.kind {
        found.extend(choices.iter().map(|choice| &choice.next));
        found.extend(default);
    } else if let Transition::Next(name) = &state.transition {
        found.push(name);
    }
    found.extend(state.catch.iter().map(|catcher| &catcher.next));
    found
}

fn reachable<'a>(body: &'a Body, states: &BTreeMap<&'a str, &'a State>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = body.start_at.iter().map(|start| &*start.text).collect();
    while let Some(name) = open.pop() {
        if let Some(state) = states.get(name)
            && reached.insert(&*state.name.text)
        {
            open.extend(successors(state).into_iter().map(|name| &*name.text));
        }
    }
    reached
}
