use std::collections::BTreeSet;
use std::sync::Arc;

use super::ast::{FractionField, Name, NumberField, TextField};
use super::{SCHEMA, error};
use crate::diagnostic::{Diagnostic, Span};
use crate::json::{Member, Node, NodeKind};
use crate::path::PathExpr;
use crate::reference_path::ReferencePath;
use crate::template::Template;
use crate::value::Value;

/// The members of one JSON object of a definition, taken one by one; what nobody takes is not supported.
pub(super) struct Fields<'a> {
    members: &'a [Member],
    taken: Vec<bool>,
    /// The names that were asked for, whether they were there or not.
    asked: Vec<String>,
    location: Arc<str>,
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
        Some(Self { members, taken, asked: Vec::new(), location, span: node.span })
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

    pub(super) fn take(&mut self, name: &str) -> Option<&'a Node> {
        self.asked.push(name.to_owned());
        let at = self.members.iter().position(|member| &*member.name == name)?;
        self.taken[at] = true;
        Some(&self.members[at].value)
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
            let message = format!("Only one of the fields [{}] may be given", present.join(", "));
            out.push(error(SCHEMA, message, &self.location, self.start()));
        }
    }

    /// Reports every field that nobody took.
    pub(super) fn refuse_the_rest(mut self, out: &mut Vec<Diagnostic>) {
        for member in self.take_the_rest() {
            let mut diagnostic = error(SCHEMA, "Field is not supported", &self.at(&member.name), member.name_span);
            diagnostic.help = self
                .asked
                .iter()
                .find(|name| name.eq_ignore_ascii_case(&member.name))
                .map(|name| format!("names are case-sensitive: '{name}'"));
            out.push(diagnostic);
        }
    }

    fn wrong_type(&self, name: &str, wanted: &str, node: &Node, out: &mut Vec<Diagnostic>) {
        out.push(error(SCHEMA, format!("Expected value of type {wanted}"), &self.at(name), node.span));
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

    /// A whole number that is at least `least`.
    pub(super) fn integer(&mut self, name: &str, least: i64, out: &mut Vec<Diagnostic>) -> Option<i64> {
        let node = self.take(name)?;
        let value = match &node.kind {
            NodeKind::Number(number) => number.as_i64(),
            _ => None,
        };
        let Some(value) = value else {
            self.wrong_type(name, "Integer", node, out);
            return None;
        };
        if value < least {
            out.push(error(SCHEMA, format!("Minimum acceptable value is {least}"), &self.at(name), node.span));
            return None;
        }
        Some(value)
    }

    pub(super) fn float(&mut self, name: &str, least: f64, out: &mut Vec<Diagnostic>) -> Option<f64> {
        let node = self.take(name)?;
        let NodeKind::Number(number) = &node.kind else {
            self.wrong_type(name, "Float", node, out);
            return None;
        };
        let value = number.as_f64();
        if value < least {
            out.push(error(SCHEMA, format!("Minimum acceptable value is {least:?}"), &self.at(name), node.span));
            return None;
        }
        Some(value)
    }

    pub(super) fn items(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<&'a [Node]> {
        let node = self.take(name)?;
        let NodeKind::Array(items) = &node.kind else {
            self.wrong_type(name, "Array", node, out);
            return None;
        };
        Some(items)
    }

    /// A JSONPath on the input or, with `$$`, on the context object.
    pub(super) fn path(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
        let text = self.string(name, out)?;
        if text.text.starts_with('$') {
            match PathExpr::parse(&text.text, text.span) {
                Ok(path) => return Some(path),
                Err(reason) => out.push(Diagnostic {
                    help: Some(reason.message.to_string()),
                    ..error(SCHEMA, "Value must be a valid JSONPath.", &text.location, text.span)
                }),
            }
        } else {
            out.push(Diagnostic {
                help: Some("a path starts with '$'".to_owned()),
                ..error(SCHEMA, "Value must be a valid JSONPath.", &text.location, text.span)
            });
        }
        None
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
        let null =
            self.members.iter().any(|member| &*member.name == name && matches!(member.value.kind, NodeKind::Null));
        null && self.take(name).is_some()
    }

    pub(super) fn template(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Template> {
        let node = self.take(name)?;
        let mut errors = Vec::new();
        let template = Template::parse(node, &mut errors);
        let location = self.at(name);
        out.extend(
            errors
                .into_iter()
                .map(|found| Diagnostic { help: found.help, ..error(SCHEMA, found.message, &location, found.span) }),
        );
        Some(template)
    }

    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.take(name).map(Node::to_value)
    }

    /// `Name` as a whole number or `NamePath`.
    pub(super) fn number_field(&mut self, name: &str, least: i64, out: &mut Vec<Diagnostic>) -> Option<NumberField> {
        let path_name = format!("{name}Path");
        self.exclusive(&[name, &path_name], out);
        let path = self.path(&path_name, out).map(NumberField::Path);
        self.integer(name, least, out).map(NumberField::Literal).or(path)
    }

    /// `Name` as a number or `NamePath`.
    pub(super) fn fraction_field(
        &mut self,
        name: &str,
        least: f64,
        out: &mut Vec<Diagnostic>,
    ) -> Option<FractionField> {
        let path_name = format!("{name}Path");
        self.exclusive(&[name, &path_name], out);
        let path = self.path(&path_name, out).map(FractionField::Path);
        self.float(name, least, out).map(FractionField::Literal).or(path)
    }

    /// `Name` as a text or `NamePath`.
    pub(super) fn text_field(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<TextField> {
        let path_name = format!("{name}Path");
        self.exclusive(&[name, &path_name], out);
        let path = self.path(&path_name, out).map(TextField::Path);
        self.string(name, out).map(|text| TextField::Literal(text.text)).or(path)
    }
}
