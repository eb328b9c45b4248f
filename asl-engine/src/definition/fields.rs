use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::ast::Name;
use super::language::Language;
use super::queries::Sees;
use super::{SCHEMA, error, warnings};
use crate::diagnostic::{Diagnostic, Span};
use crate::json::{Member, Node, NodeKind};
use crate::nearest::nearest;
use crate::path::{PathExpr, in_plain_words};
use crate::reference_path::ReferencePath;
use crate::template::Template;

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

    /// The place of a field's name; the start of the object where it has none.
    pub(super) fn span_of(&self, name: &str) -> Span {
        let member = self.members.iter().find(|member| &*member.name == name);
        member.map_or_else(|| self.start(), |member| member.name_span)
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

    /// Reports fields of which one at most may be there.
    pub(super) fn exclusive(&self, names: &[&str], out: &mut Vec<Diagnostic>) {
        let present: Vec<&str> = names.iter().copied().filter(|name| self.has(name)).collect();
        if present.len() > 1 {
            let message = format!("There should only be one of the following fields: [{}]", present.join(", "));
            out.push(error(SCHEMA, message, &self.location, self.span_of(present[1])));
        }
    }

    /// Reports every field that nobody took.
    pub(super) fn refuse_the_rest(mut self, out: &mut Vec<Diagnostic>) {
        for member in self.take_the_rest() {
            let message = format!("Field '{}' is not supported", member.name);
            let near = nearest(&member.name, self.asked.iter().map(String::as_str).filter(|name| !self.has(name)));
            let help = near.map(|near| format!("did you mean '{near}'?"));
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
        let found = self.string(name, out)?;
        if words.contains(&&*found.text) {
            return Some(found);
        }
        let message = format!("The field '{name}' should have one of these values: [{}]", words.join(", "));
        let help = nearest(&found.text, words.iter().copied()).map(|near| format!("did you mean '{near}'?"));
        out.push(Diagnostic { help, ..error(SCHEMA, message, &found.location, found.span) });
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

    /// A JSONPath on the input or, with `$$`, on the context object.
    pub(super) fn path(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
        let text = self.string(name, out)?;
        json_path(&text, out)
    }

    /// A path that names one place of the input; with `context`, it may also be one of the context object.
    pub(super) fn reference_path(&mut self, name: &str, context: bool, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
        let text = self.string(name, out)?;
        reference_path(&text, context, out)
    }

    /// Like `path`, where `null` is allowed: `None` is absent, `Some(None)` is `null`.
    pub(super) fn nullable_path(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Option<PathExpr>> {
        if self.is_null(name) {
            return Some(None);
        }
        self.path(name, out).map(Some)
    }

    /// `ResultPath`: `None` is absent, `Some(None)` is `null`.
    pub(super) fn result_path(&mut self, out: &mut Vec<Diagnostic>) -> Option<Option<ReferencePath>> {
        if self.is_null("ResultPath") {
            return Some(None);
        }
        let text = self.string("ResultPath", out)?;
        match ReferencePath::parse(&text.text) {
            Ok(path) => Some(Some(path)),
            Err(reason) => {
                out.push(error(SCHEMA, reason, &text.location, text.span));
                None
            }
        }
    }

    fn is_null(&mut self, name: &str) -> bool {
        let null = self.peek(name).is_some_and(|node| matches!(node.kind, NodeKind::Null));
        null && self.take(name).is_some()
    }

    /// A Payload Template: an object, or an array, whose members ending in `.$` are paths or calls. In JSONata any JSON, whose
    /// texts may be expressions.
    pub(super) fn template(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Template> {
        if self.language == Language::Jsonata {
            return self.jsonata_template(name, Sees::Input, out);
        }
        let node = self.take(name)?;
        let location = self.at(name);
        if !matches!(node.kind, NodeKind::Object(_) | NodeKind::Array(_)) {
            self.wrong_type(name, "Object", node, out);
            return None;
        }
        let mut errors = Vec::new();
        let template = Template::parse(node, &mut errors);
        out.extend(
            errors
                .into_iter()
                .map(|found| Diagnostic { help: found.help, ..error(SCHEMA, found.message, &location, found.span) }),
        );
        warnings::no_dollar(node, &location, out);
        Some(template)
    }
}

/// Reads a JSONPath.
pub(super) fn json_path(text: &Name, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
    let reason = match PathExpr::parse(&text.text, text.span) {
        Ok(path) if text.text.starts_with('$') => return Some(path),
        Ok(_) => "a path starts with '$'".to_owned(),
        Err(reason) => in_plain_words(&reason),
    };
    let message = "Value must be a valid JSONPath.";
    out.push(Diagnostic { help: Some(reason), ..error(SCHEMA, message, &text.location, text.span) });
    None
}

/// Reads a path that names one place, of the input or of a variable; with `context`, also of the context object.
pub(super) fn reference_path(text: &Name, context: bool, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
    let relative = match text.text.strip_prefix('$') {
        Some(rest) if context && rest.starts_with('$') => rest.to_owned(),
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_') => format!("$.{rest}"),
        _ => text.text.to_string(),
    };
    if let Err(reason) = ReferencePath::parse(&relative) {
        let help = Some("it has to name one place: no '*', no '..', no slice and no filter".to_owned());
        out.push(Diagnostic { help, ..error(SCHEMA, reason, &text.location, text.span) });
        return None;
    }
    json_path(text, out)
}
