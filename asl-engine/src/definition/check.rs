//! What only the whole of a definition shows.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Body, Kind, Name, State, Transition};
use super::outline::{Outline, Scope};
use super::resource::{self, Call};
use super::{NoSuch, SCHEMA, UnknownCall, error, warnings, whole};
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;
use crate::placeholder;

/// With how many mistyped names of a scope we help: looking for near ones is not cheap.
const HELPED: usize = 20;

/// Checks that every transition leads to a state of its own scope, that no two states or labels of the machine share a name,
/// that the machine has an end, and that every state is led to: in AWS's order.
pub(super) fn transitions(machine: &Scope, out: &mut Vec<Diagnostic>) {
    targets(machine, out);
    duplicates(machine, &mut Names::default(), out);
    ends(machine, out);
    reached(machine, out);
}

/// The same of the definition of one state, which may lead to any state.
pub(super) fn transitions_of_one(machine: &Scope, out: &mut Vec<Diagnostic>) {
    inner(machine).for_each(|scope| targets(scope, out));
    duplicates(machine, &mut Names::default(), out);
}

/// Every transition leads to a state of its own scope.
fn targets(scope: &Scope, out: &mut Vec<Diagnostic>) {
    let states: BTreeSet<&str> = scope.states.iter().map(|state| &*state.name.text).collect();
    let mut misses = 0;
    for name in led_to(scope) {
        if states.contains(&*name.text) {
            continue;
        }
        misses += 1;
        let near = if misses <= HELPED { nearest(&name.text, states.iter().copied()) } else { None };
        let help = near.map(|near| format!("did you mean '{near}'?"));
        // AWS says 'Next' for every field.
        let message = format!("Missing 'Next' target: {}", name.text);
        out.push(Diagnostic { help, ..error("MISSING_TRANSITION_TARGET", message, &name.location, name.span) });
    }
    inner(scope).for_each(|scope| targets(scope, out));
}

/// The names that are taken in the whole machine.
#[derive(Default)]
struct Names<'a> {
    states: BTreeMap<&'a str, &'a Name>,
    labels: BTreeMap<&'a str, &'a Name>,
}

fn duplicates<'a>(scope: &'a Scope, names: &mut Names<'a>, out: &mut Vec<Diagnostic>) {
    for Outline { name, label, .. } in &scope.states {
        if let Some(first) = names.states.insert(&name.text, name) {
            out.push(taken("DUPLICATE_STATE_NAME", "Duplicate State name", name, first));
        }
        if let Some(label) = label
            && let Some(first) = names.labels.insert(&label.text, label)
        {
            out.push(taken("DUPLICATE_LABEL_NAME", "Duplicate Label name", label, first));
        }
    }
    inner(scope).for_each(|scope| duplicates(scope, names, out));
}

fn taken(code: &'static str, message: &str, name: &Name, first: &Name) -> Diagnostic {
    let help = Some(format!("the other one is at {}", first.location));
    Diagnostic { help, ..error(code, format!("{message}: {}", name.text), &name.location, name.span) }
}

/// A state ends the machine. For AWS, one in a branch or an iteration does.
///
/// sfnx 3.1.0 (PyPI), `sfnx.testing`: "no state that ends anything, where a Succeed or a Fail in a branch counts"; one source.
fn ends(machine: &Scope, out: &mut Vec<Diagnostic>) {
    let Some(start) = &machine.start_at else { return };
    if !machine.ends_somewhere() {
        let help = Some("a state ends it with '\"End\": true', or with the type Succeed or Fail".to_owned());
        out.push(Diagnostic { help, ..whole("MISSING_END_STATE", "Workflow has no terminal state", start.span) });
    } else {
        endless(machine, out);
    }
}

/// A scope that nothing ends, where the machine has an end.
fn endless(scope: &Scope, out: &mut Vec<Diagnostic>) {
    if let Some(start) = &scope.start_at
        && !scope.states.is_empty()
        && !scope.states.iter().any(|state| state.ends || state.unsure)
    {
        warnings::endless(&start.location, start.span, out);
    }
    inner(scope).for_each(|scope| endless(scope, out));
}

/// Every state is led to. AWS looks whether any transition leads to it; whether that one can be reached itself is for us to
/// warn of.
fn reached(scope: &Scope, out: &mut Vec<Diagnostic>) {
    let targets: BTreeSet<&str> = led_to(scope).map(|name| &*name.text).collect();
    // Where a transition cannot be read, or is filled in later, what it leads to is not known.
    let unknown = scope.states.iter().any(|state| state.unsure) || targets.iter().any(|name| placeholder::is_in(name));
    if scope.start_at.is_some() && !unknown {
        let reachable = reachable(scope);
        for Outline { name, .. } in &scope.states {
            if !targets.contains(&*name.text) {
                let message = format!("State \"{}\" is not reachable.", name.text);
                out.push(error("MISSING_TRANSITION_TARGET", message, &name.location, name.span));
            } else if !reachable.contains(&*name.text) {
                warnings::never_reached(&name.text, &name.location, name.span, out);
            }
        }
    }
    inner(scope).for_each(|scope| reached(scope, out));
}

fn reachable(scope: &Scope) -> BTreeSet<&str> {
    let states: BTreeMap<&str, &Outline> = scope.states.iter().map(|state| (&*state.name.text, state)).collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = scope.start_at.iter().map(|start| &*start.text).collect();
    while let Some(name) = open.pop() {
        if let Some(state) = states.get(name)
            && reached.insert(&*state.name.text)
        {
            open.extend(state.targets.iter().map(|name| &*name.text));
        }
    }
    reached
}

/// What something in a scope leads to: `StartAt` first.
fn led_to(scope: &Scope) -> impl Iterator<Item = &Name> {
    scope.start_at.iter().chain(scope.states.iter().flat_map(|state| &state.targets))
}

/// The scopes directly inside a scope.
fn inner(scope: &Scope) -> impl Iterator<Item = &Scope> {
    scope.states.iter().flat_map(|state| &state.scopes)
}

/// What tasks call is there.
pub(super) fn calls(body: &Body, no_such: NoSuch<'_>, out: &mut Vec<Diagnostic>) {
    for state in &body.states {
        match &state.kind {
            Kind::Task(task) => {
                let Name { text, location, span } = &task.resource;
                // Of what is no integration at all, that has been told.
                if resource::call(text).is_some() {
                    match no_such(text) {
                        Some(UnknownCall::Refused(help)) => {
                            let refused = error(SCHEMA, resource::not_recognized(text), location, *span);
                            out.push(Diagnostic { help: Some(help), ..refused });
                        }
                        Some(UnknownCall::Unheard(what)) => warnings::unknown_service(what, location, *span, out),
                        None => {}
                    }
                }
            }
            Kind::Parallel { branches } => branches.iter().for_each(|branch| calls(branch, no_such, out)),
            Kind::Map(map) => calls(&map.body, no_such, out),
            _ => {}
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
                if let Some(mode) = &map.mode
                    && map.distributed.is_some()
                {
                    let message =
                        "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
                    out.push(error(SCHEMA, message, &mode.location, mode.span));
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
