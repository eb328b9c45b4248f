//! Fields that a path asks for and that the input of its state certainly lacks: constants, templates and Catchers say what
//! members there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ast::{Body, Catcher, Io, Kind, Name, Paths, State, Transition};
use super::reads::Start;
use super::warnings::warning;
use crate::choice::{IsTest, Rule, Test};
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;
use crate::placeholder;
use crate::shape::Shape;
use crate::template::Template;

/// How often something new may come to a state before it counts as anything: a bound on loops.
const ROUNDS: u8 = 8;

/// Warns of paths that find nothing. It takes the whole definition, in which every state is known.
pub(super) fn missing(machine: &Body, out: &mut Vec<Diagnostic>) {
    scope(machine, Shape::Any, out);
}

fn scope(body: &Body, input: Shape, out: &mut Vec<Diagnostic>) {
    let names: BTreeMap<&str, usize> =
        body.states.iter().enumerate().map(|(at, state)| (&*state.name.text, at)).collect();
    let mut inputs: Vec<Option<Shape>> = vec![None; body.states.len()];
    let mut rounds = vec![0; body.states.len()];
    let start = body.start_at.as_ref().and_then(|name| names.get(&*name.text).copied());
    let mut open = Vec::new();
    let mut arrive = |at: usize, shape: Shape, inputs: &mut Vec<Option<Shape>>, open: &mut Vec<usize>| {
        let joined = match &inputs[at] {
            None => shape,
            Some(known) => known.or(&shape),
        };
        if inputs[at].as_ref() != Some(&joined) {
            rounds[at] += 1;
            inputs[at] = Some(if rounds[at] > ROUNDS { Shape::Any } else { joined });
            open.push(at);
        }
    };
    start.into_iter().for_each(|at| arrive(at, input.clone(), &mut inputs, &mut open));
    while let Some(at) = open.pop() {
        let (Some(state), Some(input)) = (body.states.get(at), inputs[at].clone()) else { continue };
        for (name, shape) in outputs(state, &input) {
            if let Some(to) = names.get(&*name.text) {
                arrive(*to, shape, &mut inputs, &mut open);
            }
        }
    }
    for (state, input) in body.states.iter().zip(inputs) {
        // What no way leads to sees nothing.
        if let Some(input) = input {
            look(state, &input, out);
            for (body, input) in within(state, &input) {
                scope(body, input, out);
            }
        }
    }
}

/// Tells of the paths of a state that find nothing.
fn look(state: &State, input: &Shape, out: &mut Vec<Diagnostic>) {
    let selected = match &state.io {
        Io::JsonPath(paths) => input.under(paths.input_path.as_ref()),
        Io::Jsonata { .. } => return,
    };
    let tested = tested(state);
    let mut told = BTreeSet::new();
    state.paths(&mut |start, field, path| {
        let shape = match start {
            Start::Raw => input,
            Start::Input => &selected,
            Start::Other => return,
        };
        let Some(names) = path.leading_names() else { return };
        let Some((name, known)) = shape.lacks(&names) else { return };
        let is_tested = (0..=names.len()).any(|to| tested.contains(&names[..to]));
        if is_tested || placeholder::is_in(path.text()) || !told.insert((path.span().start, path.text().clone())) {
            return;
        }
        let message = format!("The input has no '{name}' here, which '{path}' asks for");
        out.push(warning("MISSING_FIELD", message, help(name, known), &state.location(field), path.span()));
    });
}

fn help(name: &str, known: &BTreeMap<Arc<str>, Shape>) -> String {
    let names: Vec<&str> = known.keys().map(|name| &**name).collect();
    if let Some(near) = nearest(name, names.iter().copied()) {
        return format!("did you mean '{near}'?");
    }
    match names[..] {
        [] => "what the states before hand on has no members there".to_owned(),
        ["Cause", "Error"] => "a Catcher hands on the error alone; its ResultPath puts it beside the input".to_owned(),
        _ => format!("what the states before hand on has: {}", names[..names.len().min(10)].join(", ")),
    }
}

/// The paths that the state asks for whether they are there.
fn tested(state: &State) -> BTreeSet<Vec<&Arc<str>>> {
    fn each<'a>(rule: &'a Rule, found: &mut BTreeSet<Vec<&'a Arc<str>>>) {
        match rule {
            Rule::And(rules) | Rule::Or(rules) => rules.iter().for_each(|rule| each(rule, found)),
            Rule::Not(rule) => each(rule, found),
            Rule::Compare { variable, test: Test::Is(IsTest::Present, _) } => found.extend(variable.leading_names()),
            Rule::Compare { .. } | Rule::Literal(_) | Rule::Query(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    if let Kind::Choice { choices, .. } = &state.kind {
        choices.iter().for_each(|choice| each(&choice.rule, &mut found));
    }
    found
}

/// What a state hands on to each that may follow it.
fn outputs<'a>(state: &'a State, input: &Shape) -> Vec<(&'a Name, Shape)> {
    let mut found: Vec<(&Name, Shape)> = Vec::new();
    if let Kind::Choice { choices, default } = &state.kind {
        // Where a rule asks what there is, what follows it sees what it has asked for.
        let asks = choices.iter().any(|choice| choice.rule.query().is_some()) || !tested(state).is_empty();
        let own = state.io.output().map(Template::shape);
        let handed_on = match (&state.io, own) {
            _ if asks => Shape::Any,
            (Io::JsonPath(paths), _) => input.under(paths.input_path.as_ref()).under(paths.output_path.as_ref()),
            (Io::Jsonata { .. }, own) => own.unwrap_or_else(|| input.clone()),
        };
        for choice in choices {
            let output = choice.output.as_ref().map(Template::shape);
            found.push((&choice.next, output.unwrap_or_else(|| handed_on.clone())));
        }
        found.extend(default.iter().map(|name| (name, handed_on.clone())));
    } else if let Transition::Next(next) = &state.transition {
        found.push((next, output(state, input)));
    }
    found.extend(state.catch.iter().map(|catcher| (&catcher.next, caught(state, catcher, input))));
    found
}

fn output(state: &State, input: &Shape) -> Shape {
    let paths = match &state.io {
        Io::JsonPath(paths) => paths,
        Io::Jsonata { output, .. } => {
            let result = match &state.kind {
                Kind::Pass { .. } | Kind::Wait(_) => input.clone(),
                _ => result(state),
            };
            return output.as_ref().map_or(result, Template::shape);
        }
    };
    let result = match &state.kind {
        Kind::Pass { result: Some(constant) } => Shape::of_value(constant),
        Kind::Pass { result: None } => effective(paths, input),
        Kind::Wait(_) => return input.under(paths.input_path.as_ref()).under(paths.output_path.as_ref()),
        _ => paths.result_selector.as_ref().map_or_else(|| result(state), Template::shape),
    };
    input.with(paths.result_path.as_ref(), result).under(paths.output_path.as_ref())
}

/// What the work of a state gives.
fn result(state: &State) -> Shape {
    match &state.kind {
        Kind::Parallel { .. } => Shape::nothing(),
        Kind::Map(map) if map.distributed.is_none() => Shape::nothing(),
        _ => Shape::Any,
    }
}

fn caught(state: &State, catcher: &Catcher, input: &Shape) -> Shape {
    let names = ["Error", "Cause"];
    let error = || Shape::of_members(names.into_iter().map(|name| (name.into(), Shape::nothing())));
    match (&state.io, &catcher.output) {
        (_, Some(output)) => output.shape(),
        (Io::JsonPath(_), None) => input.with(catcher.result_path.as_ref(), error()),
        (Io::Jsonata { .. }, None) => error(),
    }
}

/// InputPath, then Parameters.
fn effective(paths: &Paths, input: &Shape) -> Shape {
    match &paths.parameters {
        Some(template) => template.shape(),
        None => input.under(paths.input_path.as_ref()),
    }
}

/// The scopes inside of a state, with what their first states see.
fn within<'a>(state: &'a State, input: &Shape) -> Vec<(&'a Body, Shape)> {
    let shape = match (&state.kind, &state.io) {
        (Kind::Parallel { .. }, Io::JsonPath(paths)) => effective(paths, input),
        (Kind::Parallel { .. }, Io::Jsonata { arguments, .. }) => {
            arguments.as_ref().map_or_else(|| input.clone(), Template::shape)
        }
        (Kind::Map(map), _) if map.distributed.is_none() => {
            map.item_selector.as_ref().map_or(Shape::Any, Template::shape)
        }
        _ => Shape::Any,
    };
    state.kind.scopes().map(|body| (body, shape.clone())).collect()
}
