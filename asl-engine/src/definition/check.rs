use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Body, Kind, Name, State, Transition};
use super::error;
use super::states::MAX_NAME;
use crate::diagnostic::Diagnostic;

/// Checks that every transition leads to a state of its own scope, that every state can be reached, and that no two
/// states of the machine share a name.
pub(super) fn transitions(body: &Body, out: &mut Vec<Diagnostic>) {
    let mut names = BTreeMap::new();
    scope(body, &mut names, out);
}

fn scope<'a>(body: &'a Body, names: &mut BTreeMap<&'a str, &'a Name>, out: &mut Vec<Diagnostic>) {
    let states: BTreeMap<&str, &State> = body.states.iter().map(|state| (&*state.name.text, state)).collect();
    let mut misses = 0;
    let mut target = |name: &'a Name, field: &str| {
        if !states.contains_key(&*name.text) && !body.unreadable.contains(&name.text) {
            let mut diagnostic = error(
                "MISSING_TRANSITION_TARGET",
                format!("Missing '{field}' target: {}", name.text),
                &name.location,
                name.span,
            );
            // Helping with the first few is enough, and looking for near names is not cheap.
            misses += 1;
            if misses <= 20 {
                diagnostic.help =
                    similar(&name.text, states.keys().copied()).map(|near| format!("did you mean '{near}'?"));
            }
            out.push(diagnostic);
        }
    };
    if let Some(start) = &body.start_at {
        target(start, "StartAt");
    }
    for state in &body.states {
        for (name, field) in successors(state) {
            target(name, field);
        }
    }
    let sound = out.is_empty();
    let reached = reachable(body, &states);
    for state in &body.states {
        let name = &state.name;
        // Where something leads is only known once everything else is right.
        if sound && !reached.contains(&*name.text) {
            let message = format!("State \"{}\" is not reachable.", name.text);
            out.push(error("MISSING_TRANSITION_TARGET", message, &name.location, name.span));
        }
        if let Some(first) = names.insert(&name.text, name) {
            let message = format!("Duplicate state name: {}", name.text);
            let mut diagnostic = error("DUPLICATE_STATE_NAME", message, &name.location, name.span);
            diagnostic.help = Some(format!("the other one is at {}", first.location));
            out.push(diagnostic);
        }
    }
    for state in &body.states {
        match &state.kind {
            Kind::Parallel { branches } => branches.iter().for_each(|branch| scope(branch, names, out)),
            Kind::Map(map) => scope(&map.body, names, out),
            _ => {}
        }
    }
}

/// Every state that may follow `state`, with the field that says so.
fn successors(state: &State) -> Vec<(&Name, &'static str)> {
    let mut found = Vec::new();
    if let Kind::Choice { choices, default } = &state.kind {
        found.extend(choices.iter().map(|choice| (&choice.next, "Next")));
        found.extend(default.iter().map(|name| (name, "Default")));
    } else if let Transition::Next(name) = &state.transition {
        found.push((name, "Next"));
    }
    found.extend(state.catch.iter().map(|catcher| (&catcher.next, "Next")));
    found
}

fn reachable<'a>(body: &'a Body, states: &BTreeMap<&'a str, &'a State>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = body.start_at.iter().map(|start| &*start.text).collect();
    while let Some(name) = open.pop() {
        if let Some(state) = states.get(name)
            && reached.insert(&*state.name.text)
        {
            open.extend(successors(state).into_iter().map(|(name, _)| &*name.text));
        }
    }
    reached
}

/// The name nearest to `wanted`, when it differs in a letter or two only.
fn similar<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        // Names of other lengths are not near; neither is anything near a name that is too long to be one.
        .filter(|name| wanted.len() <= MAX_NAME && name.len().abs_diff(wanted.len()) <= 8)
        .map(|name| (distance(wanted, name), name))
        .filter(|(distance, _)| *distance <= 2 && *distance < wanted.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// How many letters have to be changed, added or removed.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, c) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..right.len() {
            let changed = diagonal + usize::from(right[j] != c);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
