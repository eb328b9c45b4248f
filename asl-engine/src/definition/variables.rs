//! `Assign`: the names of variables, and the scopes that they belong to.
//!
//! AWS developer guide, "Passing data between states with variables".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use fancy_regex::Regex;

use super::ast::{Assign, Body, Kind, Name, State};
use super::check::successors;
use super::error;
use super::fields::Fields;
use super::language::Language;
use super::queries::Sees;
use crate::diagnostic::Diagnostic;
use crate::json::NodeKind;

/// AWS's code for a name that no variable can have.
const INVALID: &str = "INVALID_VARIABLE_NAME";
/// How long the name of a variable may be, in characters.
const MAX_NAME: usize = 80;

/// An identifier of Unicode's UAX #31.
static IDENTIFIER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{ID_Start}\p{ID_Continue}*$").ok());

impl Fields<'_> {
    /// `Assign`: an object whose members are variables.
    pub(super) fn assign(&mut self, sees: Sees, out: &mut Vec<Diagnostic>) -> Option<Assign> {
        let node = self.peek("Assign")?;
        let NodeKind::Object(members) = &node.kind else {
            self.take("Assign");
            self.wrong_type("Assign", "Object", node, out);
            return None;
        };
        let location = self.at("Assign");
        let mut names = Vec::with_capacity(members.len());
        for member in members {
            let text = match self.language() {
                Language::JsonPath => member.name.strip_suffix(".$").unwrap_or(&member.name).into(),
                Language::Jsonata => member.name.clone(),
            };
            let name = Name { text, span: member.name_span, location: format!("{location}/{}", member.name).into() };
            if let Some((code, message, help)) = unfit(&name.text) {
                out.push(Diagnostic { help: Some(help), ..error(code, message, &location, name.span) });
            }
            names.push(name);
        }
        let template = match self.language() {
            Language::JsonPath => self.template("Assign", out)?,
            Language::Jsonata => self.jsonata_template("Assign", sees, out)?,
        };
        Some(Assign { template, names })
    }
}

/// Why a text is no name of a variable, by code and message, and what to do.
///
/// The first and the last are those that cdk-preflight measured (`pf-sfn-asl-jsonpath-syntax`, 2026-09-05); one source.
fn unfit(name: &str) -> Option<(&'static str, String, String)> {
    if name == "states" {
        let help = "'$states' is what the language itself provides: take another name".to_owned();
        return Some(("RESERVED_VARIABLE_NAME", "Cannot assign to reserved variable '$states'.".to_owned(), help));
    }
    if name.chars().count() > MAX_NAME {
        let help = "take a shorter name".to_owned();
        let message = format!("Invalid variable name '{name}': the variable name exceeds {MAX_NAME} characters.");
        return Some((INVALID, message, help));
    }
    let identifier = IDENTIFIER.as_ref().is_none_or(|pattern| pattern.is_match(name).unwrap_or(true));
    if !identifier {
        let help = match name.contains(['.', '[']) {
            true => "a variable is assigned as a whole",
            false => "it starts with a letter, and goes on with letters, digits and '_'",
        };
        let message = format!("Invalid variable name '{name}': the variable name contains invalid characters.");
        return Some((INVALID, message, help.to_owned()));
    }
    None
}

/// Reports variables that a branch or an iteration assigns, although one of that name may be there from outside.
pub(super) fn duplicates(body: &Body, out: &mut Vec<Diagnostic>) {
    scope(body, &Variables::new(), out);
}

/// Variables by their names, each with the place that assigns it.
type Variables<'a> = BTreeMap<&'a str, &'a Name>;

/// `outer` has the variables that may have been assigned on the way into this scope.
fn scope<'a>(body: &'a Body, outer: &Variables<'a>, out: &mut Vec<Diagnostic>) {
    for name in body.states.iter().flat_map(assigned) {
        if let Some(first) = outer.get(&*name.text) {
            let help = Some(format!("the other one is at {}", first.location));
            let message = format!("The variable name '{}' was already defined in a parent scope.", name.text);
            out.push(Diagnostic { help, ..error("DUPLICATE_VARIABLE_NAME", message, &name.location, name.span) });
        }
    }
    let mut ways = Ways::new(body);
    for state in &body.states {
        let inner = inner(state);
        let mut wanted = BTreeSet::new();
        inner.iter().for_each(|body| assigned_within(body, &mut wanted));
        let known = |name| Some((name, outer.get(name).copied().or_else(|| ways.assigned_before(name, state))?));
        let seen: Variables<'_> = wanted.into_iter().filter_map(known).collect();
        inner.into_iter().for_each(|body| scope(body, &seen, out));
        if let Kind::Map(map) = &state.kind
            && map.distributed.is_some()
        {
            scope(&map.body, &Variables::new(), out);
        }
    }
}

/// The scopes inside a state that see its variables: the executions of a Map Run see none from outside.
pub(super) fn inner(state: &State) -> Vec<&Body> {
    match &state.kind {
        Kind::Parallel { branches } => branches.iter().collect(),
        Kind::Map(map) if map.distributed.is_none() => vec![&map.body],
        _ => Vec::new(),
    }
}

/// The variables that a scope and what it holds assign.
fn assigned_within<'a>(body: &'a Body, found: &mut BTreeSet<&'a str>) {
    for state in &body.states {
        found.extend(assigned(state).map(|name| &*name.text));
        inner(state).into_iter().for_each(|body| assigned_within(body, found));
    }
}

/// Where the states of a scope lead, looked at once for each variable that somebody asks for.
pub(super) struct Ways<'a> {
    states: BTreeMap<&'a str, &'a State>,
    assigned: BTreeMap<&'a str, Vec<(&'a State, &'a Name)>>,
    /// By variable: the states that a way leads to from one that assigns it.
    behind: BTreeMap<&'a str, Variables<'a>>,
}

impl<'a> Ways<'a> {
    pub(super) fn new(body: &'a Body) -> Self {
        let mut assigned_in: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for state in &body.states {
            for name in assigned(state) {
                assigned_in.entry(&name.text).or_default().push((state, name));
            }
        }
        let states = body.states.iter().map(|state| (&*state.name.text, state)).collect();
        Self { states, assigned: assigned_in, behind: BTreeMap::new() }
    }

    /// A place that assigns the variable and from which a way leads to `state`.
    pub(super) fn assigned_before(&mut self, variable: &'a str, state: &State) -> Option<&'a Name> {
        let sources = self.assigned.get(variable)?;
        let states = &self.states;
        let behind = self.behind.entry(variable).or_insert_with(|| {
            let mut found = Variables::new();
            for (source, name) in sources {
                let mut open: Vec<&State> = vec![source];
                while let Some(from) = open.pop() {
                    let next = successors(from).into_iter().filter_map(|name| states.get(&*name.text).copied());
                    open.extend(next.filter(|next| found.insert(&next.name.text, *name).is_none()));
                }
            }
            found
        });
        behind.get(&*state.name.text).copied()
    }
}

/// The variables that a state assigns, its rules and Catchers included.
pub(super) fn assigned(state: &State) -> impl Iterator<Item = &Name> {
    let choices = match &state.kind {
        Kind::Choice { choices, .. } => &choices[..],
        _ => &[],
    };
    let rules = choices.iter().map(|choice| &choice.assign);
    let catchers = state.catch.iter().map(|catcher| &catcher.assign);
    rules.chain(catchers).chain([&state.assign]).flatten().flat_map(|assign| &assign.names)
}
