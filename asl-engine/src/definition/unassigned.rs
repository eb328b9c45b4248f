//! Variables that an expression or a path reads and that no state on the way to it assigns: what an expression
//! gets is nothing, and a path fails.
//!
//! AWS developer guide, "Passing data between states with variables".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ast::{Body, Io, Kind, Name, State};
use super::variables::{Ways, assigned, inner};
use super::{expression_help, warnings};
use crate::choice::{IsTest, Rule, Test};
use crate::diagnostic::{Diagnostic, Span};
use crate::nearest::nearest;
use crate::placeholder;

/// Up to how many variables times states of a scope the ways between its states are looked at; beyond it, a variable that any
/// state of the scope assigns counts as assigned.
const WAYS: usize = 250_000;

/// Warns of variables that are read and not assigned before. For a definition that is read as a whole only: where something
/// of it is left out, so may be what assigns a variable.
pub(super) fn unassigned(machine: &Body, out: &mut Vec<Diagnostic>) {
    let mut tested = BTreeSet::new();
    machine.each_state(&mut |state| {
        if let Kind::Choice { choices, .. } = &state.kind {
            choices.iter().for_each(|choice| present(&choice.rule, &mut tested));
        }
    });
    let outer = Outer { seen: BTreeSet::new(), cut_off: BTreeSet::new(), tested: &tested };
    scope(machine, &outer, out);
}

/// The variables of which a rule asks whether they are there.
fn present(rule: &Rule, found: &mut BTreeSet<String>) {
    match rule {
        Rule::And(rules) | Rule::Or(rules) => rules.iter().for_each(|rule| present(rule, found)),
        Rule::Not(rule) => present(rule, found),
        Rule::Compare { variable, test: Test::Is(IsTest::Present, _) } => {
            found.extend(variable.variable().map(str::to_owned));
        }
        Rule::Compare { .. } | Rule::Literal(_) | Rule::Query(_) => {}
    }
}

/// What a scope sees of those around it.
struct Outer<'a> {
    /// Variables that may have been assigned on the way into it.
    seen: BTreeSet<&'a str>,
    /// Variables that it would see if it were no execution of its own.
    cut_off: BTreeSet<&'a str>,
    /// Variables that somebody in the machine asks for whether they are there: what reads them may know.
    tested: &'a BTreeSet<String>,
}

fn scope(body: &Body, outer: &Outer<'_>, out: &mut Vec<Diagnostic>) {
    let names: BTreeMap<&str, &Name> = body.states.iter().flat_map(assigned).map(|name| (&*name.text, name)).collect();
    // What is filled in later may be any name.
    if names.keys().any(|name| placeholder::is_in(name)) {
        return;
    }
    let knows_ways = names.len().saturating_mul(body.states.len()) <= WAYS;
    let mut ways = Ways::new(body);
    for state in &body.states {
        let mut is_seen = |name: &str| {
            outer.seen.contains(name)
                || outer.tested.contains(name)
                || names
                    .get_key_value(name)
                    .is_some_and(|(name, _)| !knows_ways || ways.assigned_before(name, state).is_some())
        };
        for (name, location, span) in read(state) {
            if !is_seen(&name) {
                let help = help(&name, state, &names, outer);
                warnings::unassigned(&name, help, &location, span, out);
            }
        }
        let mut wanted = BTreeSet::new();
        let is_map_run = matches!(&state.kind, Kind::Map(map) if map.distributed.is_some());
        match &state.kind {
            Kind::Map(map) => read_within(&map.body, &mut wanted),
            _ => inner(state).into_iter().for_each(|body| read_within(body, &mut wanted)),
        }
        let known: BTreeSet<&str> = wanted.iter().map(|name| &**name).filter(|name| is_seen(name)).collect();
        match &state.kind {
            Kind::Map(map) if is_map_run => {
                let outer = Outer { seen: BTreeSet::new(), cut_off: known, tested: outer.tested };
                scope(&map.body, &outer, out);
            }
            _ => {
                let outer = Outer { seen: known, cut_off: BTreeSet::new(), tested: outer.tested };
                inner(state).into_iter().for_each(|body| scope(body, &outer, out));
            }
        }
    }
}

/// The variables that a state reads, with the location of the field and the place.
fn read(state: &State) -> Vec<(Arc<str>, String, Span)> {
    let mut found = Vec::new();
    state.queries(&mut |query| {
        let location = || format!("{}/{}", state.name.location, query.field());
        found.extend(query.unbound().iter().map(|(name, span)| (name.clone(), location(), *span)));
    });
    let mut told = BTreeSet::new();
    state.paths(&mut |_, field, path| {
        if let Some(name) = path.variable().filter(|name| told.insert((name.to_string(), path.span().start))) {
            found.push((name.into(), state.location(field), path.span()));
        }
    });
    found
}

/// The variables that a scope and what it holds read.
fn read_within(body: &Body, found: &mut BTreeSet<Arc<str>>) {
    for state in &body.states {
        state.queries(&mut |query| found.extend(query.unbound().iter().map(|(name, _)| name.clone())));
        state.paths(&mut |_, _, path| found.extend(path.variable().map(Arc::from)));
        match &state.kind {
            Kind::Map(map) => read_within(&map.body, found),
            _ => inner(state).into_iter().for_each(|body| read_within(body, found)),
        }
    }
}

/// What to do about a variable that is not assigned before.
fn help(name: &str, state: &State, names: &BTreeMap<&str, &Name>, outer: &Outer<'_>) -> String {
    if outer.cut_off.contains(name) {
        return "an execution of a Map Run sees no variables of outside: ItemSelector passes them on".to_owned();
    }
    if assigned(state).any(|assigned| &*assigned.text == name) {
        return "what a state assigns is seen from the next state on".to_owned();
    }
    if let Some(assigned) = names.get(name) {
        return format!("no way leads here from the state that assigns it: {}", assigned.location);
    }
    let known = names.keys().copied().chain(outer.seen.iter().copied());
    match nearest(name, known) {
        Some(near) => format!("did you mean '${near}'?"),
        None if matches!(state.io, Io::JsonPath(_)) => {
            "a path finds nothing then, and fails: 'Assign' of a state before assigns it".to_owned()
        }
        None => expression_help::not_assigned(name),
    }
}
