//! Expressions in the fields of a state in JSONata, and what AWS refuses of them.

use std::sync::Arc;

use super::ast::Items;
use super::fields::Fields;
use super::language::Language;
use super::{SCHEMA, error, expression_help, warnings};
use crate::diagnostic::{Diagnostic, Span};
use crate::json::{Node, NodeKind};
use crate::jsonata::{DoubtKind, Reference};
use crate::placeholder;
use crate::query::{self, Query};
use crate::template::Template;

/// AWS's code for an expression that cannot be read.
pub(super) const INVALID: &str = "INVALID_JSONATA_EXPRESSION";
/// AWS's code for an expression that reads what it may not.
pub(super) const NOT_ALLOWED: &str = "UNSUPPORTED_JSONATA_EXPRESSION";

/// What the expressions of a field find in `$states`, besides the input and the context object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    /// Nothing more.
    Input,
    /// `$states.result`: Output and Assign of states that do some work.
    Result,
    /// `$states.errorOutput`: Output and Assign of a Catcher.
    Error,
}

impl Sees {
    fn finds(self, field: &str) -> bool {
        match field {
            "input" | "context" => true,
            "result" => self == Self::Result,
            "errorOutput" => self == Self::Error,
            _ => false,
        }
    }
}

/// Why AWS refuses a reference, where `finds` tells which fields `$states` has.
pub(super) fn refusal(reference: &Reference, finds: impl Fn(&str) -> bool) -> Option<String> {
    match reference {
        Reference::Name(name) => Some(format!("Reference to '{name}' at the top level is not supported.")),
        Reference::Input => Some("Reference to '$' at the top level is not supported.".to_owned()),
        Reference::Root => Some("Reference to '$$' is not supported.".to_owned()),
        Reference::States(field) if !finds(field) => Some(format!("Field '$states.{field}' does not exist.")),
        Reference::States(_) | Reference::Variable(_) => None,
    }
}

impl Fields<'_> {
    /// Reads a string as an expression, where it is one. `field` is its way from the state.
    fn query(&self, node: &Node, field: &str, sees: Sees, out: &mut Vec<Diagnostic>) -> Option<Query> {
        let (NodeKind::String(text), span) = (&node.kind, node.span) else { return None };
        let location = format!("{}/{field}", self.state_location());
        let Some(inside) = query::inside(text) else {
            if query::is_delimited(text) {
                let help = Some("an expression starts with '{%' and ends with '%}', without spaces outside".to_owned());
                let message = "JSONata string must start with {% and end with %}";
                out.push(Diagnostic { help, ..error(SCHEMA, message, &location, span) });
            }
            return None;
        };
        let mut query = match Query::parse(inside, field, span) {
            Ok(query) => query,
            Err(fault) => {
                let place = fault.position.and_then(|position| place(node, text, inside, position));
                let typo = fault.position.and_then(|position| expression_help::unreadable(inside, position));
                let help = typo.map(str::to_owned);
                out.push(Diagnostic { help, ..error(INVALID, fault.message, &location, place.unwrap_or(span)) });
                return None;
            }
        };
        for (reference, _) in query.references() {
            if let Some(message) = refusal(&reference, |field| sees.finds(field)) {
                let help = expression_help::refused(&reference, inside);
                out.push(Diagnostic { help, ..error(NOT_ALLOWED, message, &location, span) });
            }
        }
        for doubt in query.doubts() {
            let place = spot(node, text, doubt.span).unwrap_or(span);
            match doubt.kind {
                // Whether a state assigns it, only the whole shows.
                DoubtKind::Unbound(name) => query.reads(name.into(), place),
                kind => expression_help::doubtful(&kind, &location, place, out),
            }
        }
        let whole = Span { start: 0, end: inside.len() };
        if let Some(place) = spot(node, text, whole).filter(|place| place.end - place.start == inside.len()) {
            query.begins_at(place.start);
        }
        Some(query)
    }

    /// Any JSON in which texts may be expressions.
    pub(super) fn jsonata_template(&mut self, name: &str, sees: Sees, out: &mut Vec<Diagnostic>) -> Option<Template> {
        let node = self.take(name)?;
        warnings::no_expression(node, &self.at(name), out);
        Some(self.jsonata(node, name, sees, out))
    }

    /// `Output`, which only JSONata has.
    pub(super) fn output(&mut self, sees: Sees, out: &mut Vec<Diagnostic>) -> Option<Template> {
        match self.language() {
            Language::JsonPath => None,
            Language::Jsonata => self.jsonata_template("Output", sees, out),
        }
    }

    fn jsonata(&self, node: &Node, name: &str, sees: Sees, out: &mut Vec<Diagnostic>) -> Template {
        Template::jsonata(node, &self.in_state(name), &mut |node, field| self.query(node, field, sees, out))
    }

    /// A field of a state in JSONata whose text is an expression; `Some(None)` where it cannot be read.
    pub(super) fn expression(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Option<Arc<Query>>> {
        if self.language() == Language::JsonPath {
            return None;
        }
        let node = self.peek(name)?;
        let NodeKind::String(text) = &node.kind else { return None };
        if !query::is_delimited(text) {
            return None;
        }
        self.take(name);
        Some(self.query(node, &self.in_state(name), Sees::Input, out).map(Arc::new))
    }

    /// `Items`: an array, or an expression that gives one; where each item is an execution of its own, also an object.
    pub(super) fn jsonata_items(&mut self, distributed: bool, out: &mut Vec<Diagnostic>) -> Option<Items> {
        if let Some(query) = self.expression("Items", out) {
            return query.map(Items::Query);
        }
        let node = self.take("Items")?;
        match &node.kind {
            NodeKind::Array(_) => {}
            NodeKind::Object(_) if distributed => {}
            _ => {
                self.wrong_type("Items", "Array", node, out);
                return None;
            }
        }
        warnings::no_expression(node, &self.at("Items"), out);
        Some(Items::Template(self.jsonata(node, "Items", Sees::Input, out)))
    }
}

/// Where in the definition a part of an expression stands.
fn spot(node: &Node, text: &str, part: Span) -> Option<Span> {
    if placeholder::is_in(text) {
        return None;
    }
    let start = text.len() - text.strip_prefix("{%")?.trim_start().len();
    Some(Span { start: node.place_in_string(start + part.start)?, end: node.place_in_string(start + part.end)? })
}

/// Where in the definition a byte of an expression stands; `None` where its text will be another once its placeholders are
/// filled in.
fn place(node: &Node, text: &str, inside: &str, position: usize) -> Option<Span> {
    if placeholder::is_in(text) {
        return None;
    }
    let start = text.len() - text.strip_prefix("{%")?.trim_start().len();
    let (at_fault, len) = match inside.get(position..)?.chars().next() {
        Some(c) => (start + position, c.len_utf8()),
        // It ends too early, at the `%}`.
        None => (text.len().checked_sub("%}".len())?, "%}".len()),
    };
    Some(Span { start: node.place_in_string(at_fault)?, end: node.place_in_string(at_fault + len)? })
}
