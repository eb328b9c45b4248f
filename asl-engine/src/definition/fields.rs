use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::ast::Name;
use super::language::Language;
use super::{SCHEMA, error};
use crate::diagnostic::{Diagnostic, Span};
use crate::json::{Member, Node, NodeKind};
use crate::nearest::nearest;
use crate::placeholder;

/// The members of one JSON object of a definition, taken one by one; what nobody takes is not supported.
pub(super) struct Fields<'a> {
    members: &'a [Member],
    taken: Vec<bool>,
    /// The names that were asked for, whether they were there or not.
    asked: Vec<String>,
    location: Arc<str>,
    /// How many bytes of the location name the state.
    state_len: usize,
    /// The language of the state; JSONPath outside of states.
    language: Language,
    span: Span,
}

impl<'a> Fields<'a> {
    /// The fields of an object; anything else is reported.
    pub(super) fn of(node: &'a Node, location: Arc<str>, out: &mut Vec<Diagnostic>) -> Option<Self> {
        let NodeKind::Object(members) = &node.kind else {
            out.push(error(SCHEMA, "Expected value of type Object", &location, node.span));
            return None;
        };
        let mut taken = vec![false; members.len()];
        let mut names = BTreeSet::new();
        for (at, member) in members.iter().enumerate() {
            if !names.insert(&member.name) {
                out.push(error(SCHEMA, format!("Duplicate field '{}'", member.name), &location, member.name_span));
                taken[at] = true;
            }
        }
        let (state_len, language) = (location.len(), Language::JsonPath);
        Some(Self { members, taken, asked: Vec::new(), location, state_len, language, span: node.span })
    }

    /// The fields of an object inside this one, which belong to the same state.
    pub(super) fn inside(&self, node: &'a Node, location: Arc<str>, out: &mut Vec<Diagnostic>) -> Option<Self> {
        Some(Self { state_len: self.state_len, language: self.language, ..Self::of(node, location, out)? })
    }

    /// Reads the fields from here on as those of a state in this language.
    pub(super) fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// A field as AWS names it when its expression fails: its way from the state, such as `Arguments` or `Choices[0]/Condition`.
    pub(super) fn in_state(&self, name: &str) -> String {
        let below = self.location.get(self.state_len..).unwrap_or_default().trim_start_matches('/');
        if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") }
    }

    /// The location of the state that the fields belong to.
    pub(super) fn state_location(&self) -> &str {
        self.location.get(..self.state_len).unwrap_or_default()
    }

    pub(super) fn location(&self) -> &Arc<str> {
        &self.location
    }

    /// The place of the whole object.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// The place of the brace that opens the object.
    pub(super) fn start(&self) -> Span {
        Span { start: self.span.start, end: self.span.start + 1 }
    }

    /// The location of a field of this object.
    pub(super) fn at(&self, name: &str) -> Arc<str> {
        format!("{}/{name}", self.location).into()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| &*member.name == name)
    }

    /// Whether a field is an object with one of these fields.
    pub(super) fn object_has(&self, name: &str, fields: &[&str]) -> bool {
        match self.peek(name).map(|node| &node.kind) {
            Some(NodeKind::Object(members)) => members.iter().any(|member| fields.contains(&&*member.name)),
            _ => false,
        }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<&'a Node> {
        self.asked.push(name.to_owned());
        let at = self.members.iter().position(|member| &*member.name == name)?;
        self.taken[at] = true;
        Some(&self.members[at].value)
    }

    /// The value of a field, which is not taken.
    pub(super) fn peek(&self, name: &str) -> Option<&'a Node> {
        self.members.iter().find(|member| &*member.name == name).map(|member| &member.value)
    }

    /// Whether a field is a text with a placeholder.
    pub(super) fn is_unfilled(&self, name: &str) -> bool {
        matches!(self.peek(name).map(|node| &node.kind), Some(NodeKind::String(text)) if placeholder::is_in(text))
    }

    /// The place of a field's name; the start of the object where it has none.
    pub(super) fn span_of(&self, name: &str) -> Span {
        let member = self.members.iter().find(|member| &*member.name == name);
        member.map_or_else(|| self.start(), |member| member.name_span)
    }

    /// The place of a field's value; the start of the object where it has none.
    pub(super) fn value_span(&self, name: &str) -> Span {
        self.peek(name).map_or_else(|| self.start(), |node| node.span)
    }

    /// All members that were not taken, each with its name and the location of its value.
    pub(super) fn take_the_rest(&mut self) -> Vec<&'a Member> {
        let rest =
            self.members.iter().zip(&self.taken).filter(|(_, taken)| !**taken).map(|(member, _)| member).collect();
        self.taken.fill(true);
        rest
    }

    /// Reports the fields that have to be there and are not, in one diagnostic.
    pub(super) fn require(&self, names: &[&str], out: &mut Vec<Diagnostic>) {
        let missing: Vec<&str> = names.iter().copied().filter(|name| !self.has(name)).collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            out.push(error(SCHEMA, message, &self.location, self.start()));
        }
    }

    /// Reports a field that is not there, which decides what else the object may have.
    pub(super) fn require_discriminator(&self, name: &str, out: &mut Vec<Diagnostic>) {
        if !self.has(name) {
            out.push(error(SCHEMA, format!("The field '{name}' is required"), &self.location, self.start()));
        }
    }

    /// Reports fields of which one at most may be there. AWS names the whole group.
    pub(super) fn exclusive(&self, names: &[&str], out: &mut Vec<Diagnostic>) {
        let mut present = names.iter().copied().filter(|name| self.has(name));
        if let (Some(_), Some(second)) = (present.next(), present.next()) {
            let message = format!("There should only be one of the following fields: [{}]", names.join(", "));
            out.push(error(SCHEMA, message, &self.location, self.span_of(second)));
        }
    }

    /// Reports fields of which exactly one has to be there.
    pub(super) fn one_of_fields(&self, names: &[&str], help: Option<&str>, out: &mut Vec<Diagnostic>) {
        if names.iter().any(|name| self.has(name)) {
            self.exclusive(names, out);
        } else {
            self.none_of(names, help, out);
        }
    }

    /// Reports that none of some fields is there, of which exactly one has to be.
    pub(super) fn none_of(&self, names: &[&str], help: Option<&str>, out: &mut Vec<Diagnostic>) {
        let message = format!("This object should have only one of the following fields: [{}]", names.join(", "));
        let help = help.map(str::to_owned);
        out.push(Diagnostic { help, ..error(SCHEMA, message, &self.location, self.start()) });
    }

    /// Reports every field that nobody took.
    pub(super) fn refuse_the_rest(mut self, out: &mut Vec<Diagnostic>) {
        let rest = self.take_the_rest();
        if rest.is_empty() {
            return;
        }
        let free: Vec<&str> = self.asked.iter().map(String::as_str).filter(|name| !self.has(name)).collect();
        for member in rest {
            let message = format!("Field '{}' is not supported", member.name);
            let help = nearest(&member.name, free.iter().copied()).map(|near| format!("did you mean '{near}'?"));
            out.push(Diagnostic { help, ..error(SCHEMA, message, &self.location, member.name_span) });
        }
    }

    pub(super) fn wrong_type(&self, name: &str, wanted: &str, node: &Node, out: &mut Vec<Diagnostic>) {
        let help = match (wanted, &node.kind) {
            (_, NodeKind::String(text)) if text.starts_with('$') && self.language == Language::Jsonata => {
                Some("an expression stands between '{%' and '%}'".to_owned())
            }
            ("Integer" | "Float", NodeKind::String(text)) if text.starts_with('$') => {
                Some(format!("a path goes into the field '{name}Path'"))
            }
            ("Integer" | "Float", NodeKind::String(_)) => Some("write it without quotes".to_owned()),
            ("Boolean", NodeKind::String(_)) => Some("write true or false, without quotes".to_owned()),
            _ => None,
        };
        let message = format!("Expected value of type {wanted}");
        out.push(Diagnostic { help, ..error(SCHEMA, message, &self.at(name), node.span) });
    }

    pub(super) fn string(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Name> {
        let node = self.take(name)?;
        let NodeKind::String(text) = &node.kind else {
            self.wrong_type(name, "String", node, out);
            return None;
        };
        Some(Name { text: text.clone(), span: node.span, location: self.at(name) })
    }

    pub(super) fn boolean(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<bool> {
        let node = self.take(name)?;
        let NodeKind::Bool(value) = node.kind else {
            self.wrong_type(name, "Boolean", node, out);
            return None;
        };
        Some(value)
    }

    /// One of some words.
    pub(super) fn one_of(&mut self, name: &str, words: &[&str], out: &mut Vec<Diagnostic>) -> Option<Name> {
        let message = || format!("Value should be one of the following: [{}]", words.join(", "));
        self.word(name, words, message, out)
    }

    /// One of some words, which decides what else the object may have, and has to be there.
    pub(super) fn discriminator(&mut self, name: &str, words: &[&str], out: &mut Vec<Diagnostic>) -> Option<Name> {
        self.require_discriminator(name, out);
        let message = || format!("The field '{name}' should have one of these values: [{}]", words.join(", "));
        self.word(name, words, message, out)
    }

    fn word(
        &mut self,
        name: &str,
        words: &[&str],
        message: impl Fn() -> String,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Name> {
        let found = self.string(name, out)?;
        if words.contains(&&*found.text) {
            return Some(found);
        }
        let help = nearest(&found.text, words.iter().copied()).map(|near| format!("did you mean '{near}'?"));
        out.push(Diagnostic { help, ..error(SCHEMA, message(), &found.location, found.span) });
        None
    }

    /// A whole number in a range.
    pub(super) fn integer_in(
        &mut self,
        name: &str,
        range: RangeInclusive<i64>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<i64> {
        let node = self.take(name)?;
        let NodeKind::Number(number) = &node.kind else {
            self.wrong_type(name, "Integer", node, out);
            return None;
        };
        let value = match number.as_i64() {
            Some(value) => value,
            // Whole numbers that are too large have bounds to be told of all the same.
            None if number.is_integer() => {
                if number.as_f64() > 0.0 {
                    i64::MAX
                } else {
                    i64::MIN
                }
            }
            None => {
                self.wrong_type(name, "Integer", node, out);
                return None;
            }
        };
        self.bounded(name, node, value, range, out)
    }

    fn bounded<T: PartialOrd + std::fmt::Debug>(
        &self,
        name: &str,
        node: &Node,
        value: T,
        range: RangeInclusive<T>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        let message = if value < *range.start() {
            format!("Minimum value is {:?}", range.start())
        } else if value > *range.end() {
            format!("Maximum value is {:?}", range.end())
        } else {
            return Some(value);
        };
        out.push(error(SCHEMA, message, &self.at(name), node.span));
        None
    }

    /// A number in a range.
    pub(super) fn float_in(
        &mut self,
        name: &str,
        range: RangeInclusive<f64>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<f64> {
        let node = self.take(name)?;
        let NodeKind::Number(number) = &node.kind else {
            self.wrong_type(name, "Float", node, out);
            return None;
        };
        self.bounded(name, node, number.as_f64(), range, out)
    }

    /// An array.
    pub(super) fn list(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<&'a [Node]> {
        let node = self.take(name)?;
        let NodeKind::Array(items) = &node.kind else {
            self.wrong_type(name, "Array", node, out);
            return None;
        };
        Some(items)
    }

    /// An array that must not be empty.
    pub(super) fn items(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<&'a [Node]> {
        let items = self.list(name, out)?;
        if items.is_empty() {
            out.push(error(SCHEMA, "Value cannot be empty", &self.at(name), self.span_of(name)));
        }
        Some(items)
    }
}
