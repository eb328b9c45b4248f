//! `Assign`: the names of variables, and the scopes that they belong to.
//!
//! AWS developer guide, "Passing data between states with variables".

use std::collections::BTreeMap;
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
    scope(body, &BTreeMap::new(), out);
}

/// `outer` has the variables that may have been assigned on the way into this scope.
fn scope<'a>(body: &'a Body, outer: &BTreeMap<&'a str, &'a Name>, out: &mut Vec<Diagnostic>) {
    for name in body.states.iter().flat_map(assigned) {
        if let Some(first) = outer.get(&*name.text) {
            let help = Some(format!("the other one is at {}", first.location));
            let message = format!("The variable name '{}' was already defined in a parent scope.", name.text);
            out.push(Diagnostic { help, ..error("DUPLICATE_VARIABLE_NAME", message, &name.location, name.span) });
        }
    }
    for state in &body.states {
        let inner: Vec<&Body> = match &state.kind {
            Kind::Parallel { branches } => branches.iter().collect(),
            // The executions of a Map Run see no variables from outside.
            Kind::Map(map) if map.distributed.is_none() => vec![&map.body],
            Kind::Map(map) => {
                scope(&map.body, &BTreeMap::new(), out);
                continue;
            }
            _ => continue,
        };
        let mut seen = outer.clone();
        for before in leading_to(body, state) {
            seen.extend(assigned(before).map(|name| (&*name.text, name)));
        }
        inner.into_iter().for_each(|body| scope(body, &seen, out));
    }
}

/// The states from which a way leads to `state`.
fn leading_to<'a>(body: &'a Body, state: &State) -> Vec<&'a State> {
    let mut found: Vec<&State> = Vec::new();
    let mut open = vec![&state.name.text];
    while let Some(target) = open.pop() {
        for before in &body.states {
            let known = found.iter().any(|known| known.name.text == before.name.text);
            if !known && successors(before).iter().any(|next| next.text == *target) {
                found.push(before);
                open.push(&before.name.text);
            }
        }
    }
    found
}

/// The variables that a state assigns, its rules and Catchers included.
fn assigned(state: &State) -> impl Iterator<Item = &Name> {
    let choices = match &state.kind {
        Kind::Choice { choices, .. } => &choices[..],
        _ => &[],
    };
    let rules = choices.iter().map(|choice| &choice.assign);
    let catchers = state.catch.iter().map(|catcher| &catcher.assign);
    rules.chain(catchers).chain([&state.assign]).flatten().flat_map(|assign| &assign.names)
}
