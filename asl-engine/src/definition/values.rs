//! Fields that hold a number or a text, or say where it comes from.

use std::ops::RangeInclusive;

use super::ast::{FractionField, Name, NumberField, TextField};
use super::fields::Fields;
use super::language::Language;
use super::paths::json_path;
use super::{SCHEMA, error, warnings};
use crate::diagnostic::Diagnostic;
use crate::intrinsic::Call;

impl Fields<'_> {
    /// `Name` as a whole number that is at least `least`, or `NamePath`; in JSONata, `Name` as a number or an expression.
    pub(super) fn number_field(&mut self, name: &str, least: i64, out: &mut Vec<Diagnostic>) -> Option<NumberField> {
        self.number_field_in(name, least..=i64::MAX, out)
    }

    /// `Name` as a whole number in a range, or `NamePath`; in JSONata, `Name` as a number or an expression.
    pub(super) fn number_field_in(
        &mut self,
        name: &str,
        range: RangeInclusive<i64>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<NumberField> {
        if self.language() == Language::Jsonata {
            // What an expression gives may be 0 where what is written may not.
            let bounds = ((*range.start()).min(0), *range.end());
            return match self.expression(name, out) {
                Some(query) => Some(NumberField::Query(query?, bounds)),
                None => self.integer_in(name, range, out).map(NumberField::Literal),
            };
        }
        let path_name = format!("{name}Path");
        self.exclusive(&[name, &path_name], out);
        let path = self.reference_path(&path_name, false, out).map(NumberField::Path);
        self.integer_in(name, range, out).map(NumberField::Literal).or(path)
    }

    /// `Name` as a number in a range, or `NamePath`; in JSONata, `Name` as a number or an expression.
    pub(super) fn fraction_field(
        &mut self,
        name: &str,
        range: RangeInclusive<f64>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<FractionField> {
        if self.language() == Language::Jsonata {
            let bounds = (*range.start(), *range.end());
            return match self.expression(name, out) {
                Some(query) => Some(FractionField::Query(query?, bounds)),
                None => self.float_in(name, range, out).map(FractionField::Literal),
            };
        }
        let path_name = format!("{name}Path");
        self.exclusive(&[name, &path_name], out);
        let path = self.reference_path(&path_name, false, out).map(FractionField::Path);
        self.float_in(name, range, out).map(FractionField::Literal).or(path)
    }

    /// `Name` as a text, or `NamePath` as a path or a call; in JSONata, `Name` as a text or an expression.
    pub(super) fn text_field(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<TextField> {
        if self.language() == Language::Jsonata {
            return match self.expression(name, out) {
                Some(query) => query.map(TextField::Query),
                None => {
                    if let Some(node) = self.peek(name) {
                        warnings::no_expression(node, &self.at(name), out);
                    }
                    self.string(name, out).map(|text| TextField::Literal(text.text))
                }
            };
        }
        let path_name = format!("{name}Path");
        self.exclusive(&[name, &path_name], out);
        if let Some(node) = self.peek(name) {
            warnings::not_jsonata(node, &self.at(name), out);
        }
        let path = self.string(&path_name, out).and_then(|text| match text.text.starts_with("States.") {
            true => call(&text, out).map(TextField::Call),
            false => json_path(&text, out).map(TextField::Path),
        });
        let literal = self.string(name, out);
        if let Some(text) = &literal {
            warnings::no_path(name, &text.text, &text.location, text.span, out);
        }
        literal.map(|text| TextField::Literal(text.text)).or(path)
    }
}

/// Reads a call to an intrinsic function.
fn call(text: &Name, out: &mut Vec<Diagnostic>) -> Option<Call> {
    match Call::parse(&text.text, text.span) {
        Ok(call) => Some(call),
        Err(reason) => {
            let message = "Value must be a valid JSONPath or a valid intrinsic function call";
            out.push(Diagnostic { help: Some(reason.message), ..error(SCHEMA, message, &text.location, text.span) });
            None
        }
    }
}
