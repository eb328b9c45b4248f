//! Loops that nothing ends, and in which nobody waits.

use std::collections::BTreeMap;

use super::ast::{Body, Choice, Io, Kind, Name, State, Transition};
use super::check::successors;
use super::reads::in_rule;
use super::resource::{self, Call};
use super::rules::is_steady;
use super::warnings::warning;
use crate::choice::Rule;
use crate::diagnostic::Diagnostic;
use crate::path::{PathExpr, PathRoot};

/// Warns of loops that no way leads out of, and of loops in which nothing changes.
pub(super) fn loops(machine: &Body, out: &mut Vec<Diagnostic>) {
    scope(machine, out);
    machine.each_state(&mut |state| state.kind.scopes().for_each(|body| scope(body, out)));
}

fn scope(body: &Body, out: &mut Vec<Diagnostic>) {
    // Of a scope that nothing ends, that has been told.
    if !body.states.iter().any(ends) {
        return;
    }
    let names: BTreeMap<&str, usize> =
        body.states.iter().enumerate().map(|(at, state)| (&*state.name.text, at)).collect();
    let position = |name: &Name| names.get(&*name.text).copied();
    let every: Vec<Vec<usize>> =
        body.states.iter().map(|state| successors(state).into_iter().filter_map(position).collect()).collect();
    let reached = reached(body.start_at.as_ref().and_then(position), &every);
    // Of what cannot be reached, that has been told.
    let leaves: Vec<bool> =
        body.states.iter().zip(&reached).map(|(state, reached)| !reached || ends(state) || waits(state)).collect();
    let mut told = vec![false; body.states.len()];
    for found in cycles(&without_a_way_to(&leaves, &every)) {
        let message = format!("No way leads out of the loop {}", way(&found, body));
        let help = "a Choice, a Catcher or an 'End' leads out of a loop; until then, nothing in it waits";
        tell(&found, body, message, help, &mut told, out);
    }
    let mut idle = vec![Vec::new(); every.len()];
    for (at, state) in body.states.iter().enumerate().filter(|(at, _)| reached[*at]) {
        idle[at].extend(unchanged(state).into_iter().filter_map(position));
    }
    for found in cycles(&idle) {
        let message = format!("Nothing changes in the loop {}", way(&found, body));
        let help = "whoever has gone round it once goes round it for ever";
        tell(&found, body, message, help, &mut told, out);
    }
}

/// The states that ways lead to from one.
fn reached(start: Option<usize>, leads_to: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; leads_to.len()];
    let mut open: Vec<usize> = start.into_iter().collect();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            open.extend(&leads_to[at]);
        }
    }
    reached
}

/// Tells of a loop, unless one of its states has been told of.
fn tell(found: &[usize], body: &Body, message: String, help: &str, told: &mut [bool], out: &mut Vec<Diagnostic>) {
    if found.iter().any(|at| told[*at]) {
        return;
    }
    found.iter().for_each(|at| told[*at] = true);
    if let Some(first) = found.first().and_then(|at| body.states.get(*at)) {
        out.push(warning("ENDLESS_LOOP", message, help.to_owned(), &first.name.location, first.name.span));
    }
}

/// `'A' → 'B' → 'A'`
fn way(found: &[usize], body: &Body) -> String {
    /// How many states are named.
    const NAMED: usize = 6;
    let name = |at: &usize| format!("'{}'", body.states[*at].name.text);
    let mut names: Vec<String> = found.iter().take(NAMED).map(name).collect();
    if found.len() > NAMED {
        names.push("…".to_owned());
    }
    names.extend(found.first().map(name));
    names.join(" → ")
}

/// Whether a state may be the last one. A Choice without a Default fails where no rule holds.
fn ends(state: &State) -> bool {
    match &state.kind {
        Kind::Succeed | Kind::Fail { .. } => true,
        Kind::Choice { default, .. } => default.is_none(),
        _ => matches!(state.transition, Transition::End(_)),
    }
}

/// Whether a state may take its time because somebody wants it to.
fn waits(state: &State) -> bool {
    match &state.kind {
        Kind::Wait(_) => true,
        // What is filled in later may be anything.
        Kind::Task(task) => resource::call(&task.resource.text) != Some(Call::Request),
        _ => state.kind.scopes().any(|scope| scope.states.iter().any(waits)),
    }
}

/// Where each state leads, of those from which no way leads to one that is marked; the others lead nowhere.
fn without_a_way_to(marked: &[bool], leads_to: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut comes_from = vec![Vec::new(); leads_to.len()];
    for (from, targets) in leads_to.iter().enumerate() {
        targets.iter().for_each(|to| comes_from[*to].push(from));
    }
    let mut reaches = marked.to_vec();
    let mut open: Vec<usize> = (0..marked.len()).filter(|at| marked[*at]).collect();
    while let Some(at) = open.pop() {
        for from in &comes_from[at] {
            if !std::mem::replace(&mut reaches[*from], true) {
                open.push(*from);
            }
        }
    }
    leads_to.iter().zip(reaches).map(|(targets, reaches)| if reaches { Vec::new() } else { targets.clone() }).collect()
}

/// Loops of a graph: at least one where there is any, none with a state of another; each begins with its first state. A loop
/// from which a way leads on to another may be left out for that one.
fn cycles(leads_to: &[Vec<usize>]) -> Vec<Vec<usize>> {
    // What leads nowhere is taken away until all that is left leads to what is left.
    let mut left: Vec<usize> = leads_to.iter().map(Vec::len).collect();
    let mut comes_from = vec![Vec::new(); leads_to.len()];
    for (from, targets) in leads_to.iter().enumerate() {
        targets.iter().for_each(|to| comes_from[*to].push(from));
    }
    let mut open: Vec<usize> = (0..left.len()).filter(|at| left[*at] == 0).collect();
    while let Some(at) = open.pop() {
        for from in &comes_from[at] {
            left[*from] -= 1;
            if left[*from] == 0 {
                open.push(*from);
            }
        }
    }
    let next = |at: usize| leads_to[at].iter().copied().find(|to| left[*to] > 0);
    let mut seen_from: Vec<Option<usize>> = vec![None; left.len()];
    let mut found = Vec::new();
    for start in 0..left.len() {
        let mut at = Some(start).filter(|start| left[*start] > 0);
        while let Some(here) = at.filter(|here| seen_from[*here].is_none()) {
            seen_from[here] = Some(start);
            at = next(here);
        }
        // It came back to where this walk was before.
        if let Some(first) = at.filter(|here| seen_from[*here] == Some(start)) {
            let mut cycle = vec![first];
            while let Some(here) = cycle.last().and_then(|at| next(*at)).filter(|here| *here != first) {
                cycle.push(here);
            }
            let least = (0..cycle.len()).min_by_key(|at| cycle[*at]).unwrap_or(0);
            cycle.rotate_left(least);
            found.push(cycle);
        }
    }
    found
}

/// The states that follow a Pass or Choice state without any change of what they see.
fn unchanged(state: &State) -> Vec<&Name> {
    let is_plain = state.assign.is_none()
        && match &state.io {
            Io::Jsonata { output, .. } => output.is_none(),
            Io::JsonPath(paths) => {
                let whole = |path: &Option<PathExpr>| path.as_ref().is_some_and(PathExpr::is_whole_input);
                let keeps = match (&state.kind, &paths.result_path) {
                    (Kind::Pass { .. }, None) => true,
                    (Kind::Pass { result }, Some(path)) => {
                        result.is_none()
                            && paths.parameters.is_none()
                            && whole(&paths.input_path)
                            && path.names().is_some_and(|names| names.is_empty())
                    }
                    _ => whole(&paths.input_path),
                };
                keeps && whole(&paths.output_path)
            }
        };
    match (&state.kind, &state.transition) {
        _ if !is_plain => Vec::new(),
        (Kind::Pass { .. }, Transition::Next(next)) => vec![next],
        (Kind::Choice { choices, default }, _) if choices.iter().all(|choice| sees_data_only(&choice.rule)) => {
            let keeps = |choice: &&Choice| choice.assign.is_none() && choice.output.is_none();
            choices.iter().filter(keeps).map(|choice| &choice.next).chain(default).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a rule looks at nothing that changes by itself.
fn sees_data_only(rule: &Rule) -> bool {
    let mut only = true;
    in_rule(rule, &mut |path| only &= path.root() != PathRoot::Context);
    only && rule.query().is_none_or(|query| is_steady(query) && !query.reads_states("context"))
}
