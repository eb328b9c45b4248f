//! Expressions: the `{% … %}` of a definition in JSONata.
//!
//! AWS developer guide, "Transforming data with JSONata in Step Functions".

mod explained;
mod shortcut;

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::jsonata::{Doubt, Environment, Evaluated, Jsonata, JsonataError, JsonataFlavour, Reference};
use crate::nothing_found;
use crate::path::Roots;
use crate::task::Failure;
use crate::value::{Number, Value, cut};
pub use explained::{ExplainedQuery, QueryDocuments, StateExpression};
use shortcut::Shortcut;

/// An expression, the field that it stands in, and where it was written.
pub(crate) struct Query {
    expression: Jsonata,
    /// What stands between `{%` and `%}`, without the white space around it.
    text: Arc<str>,
    /// The field as AWS names it, by its way from the state: `Output/a/b[0]`, `Choices[1]/Condition`.
    field: Arc<str>,
    span: Span,
    /// Where its text begins in the definition, where it is written there letter by letter.
    begins_at: Option<usize>,
    /// How a plain path finds its value without an evaluation.
    shortcut: Option<Shortcut>,
    /// The variables that it reads and does not bind, as a definition takes note of them.
    unbound: Vec<(Arc<str>, Span)>,
}

/// The codes that AWS leaves out: of bounds that were reached, and of `$replace` with an empty pattern.
const UNCODED: [&str; 2] = ["U1001", "D3010"];

/// Whether a text opens or closes an expression.
pub(crate) fn is_delimited(text: &str) -> bool {
    text.starts_with("{%") || text.ends_with("%}")
}

/// What stands between `{%` and `%}`, without the white space around it; `None` where a text is no expression.
pub(crate) fn inside(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

/// A text without `{%`, `%}` and the white space around what is left, and where that starts.
pub(crate) fn undelimited(text: &str) -> (&str, usize) {
    let trimmed = text.trim();
    let inside = inside(trimmed).unwrap_or(trimmed);
    (inside, inside.as_ptr().addr() - text.as_ptr().addr())
}

impl Query {
    /// Reads what [`inside`] gives. `field` is the way from the state.
    pub(crate) fn parse(text: &str, field: &str, span: Span) -> Result<Self, JsonataError> {
        let expression = Jsonata::parse(text)?;
        let shortcut = Shortcut::of(text);
        Ok(Self {
            expression,
            shortcut,
            text: text.into(),
            field: field.into(),
            span,
            begins_at: None,
            unbound: Vec::new(),
        })
    }

    /// What stands between `{%` and `%}`.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What it refers to outside of itself, and where in its text first.
    pub(crate) fn references(&self) -> Vec<(Reference, Span)> {
        self.expression.references()
    }

    /// What is wrong with it whatever it is evaluated on; the places are bytes of its text.
    pub(crate) fn doubts(&self) -> Vec<Doubt> {
        self.expression.doubts()
    }

    /// Whether it looks at a field of `$states`, or at all of them.
    pub(crate) fn reads_states(&self, field: &str) -> bool {
        self.expression.reads_states(field)
    }

    /// Takes note of a variable that it reads, and of the place in the definition.
    pub(crate) fn reads(&mut self, variable: Arc<str>, place: Span) {
        if self.unbound.iter().all(|(known, _)| *known != variable) {
            self.unbound.push((variable, place));
        }
    }

    /// The variables that it reads and does not bind, no functions among them, and where in the definition.
    pub(crate) fn unbound(&self) -> &[(Arc<str>, Span)] {
        &self.unbound
    }

    /// The field that it stands in.
    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    /// The variables that it reads, and the functions that it uses, which look alike.
    pub(crate) fn variables(&self, found: &mut dyn FnMut(&str)) {
        for (reference, _) in self.references() {
            if let Reference::Variable(name) = reference {
                found(&name);
            }
        }
    }

    /// What it gives: never nothing. The failure is AWS's `States.QueryEvaluationError`.
    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, Failure> {
        let found = match self.shortcut.as_ref().and_then(|shortcut| shortcut.follow(roots)) {
            Some(found) => found.map_or(Evaluated::Nothing, |value| Evaluated::Json(shown(value))),
            None => self.compute(roots)?,
        };
        match found {
            Evaluated::Json(value) => Ok(value),
            Evaluated::Nothing => {
                let failure = self.failure("returned nothing (undefined).");
                Err(failure.with_help(nothing_found::by_expression(&self.text, roots)))
            }
            Evaluated::Function => Err(self.failure("returned an unsupported result type.")),
        }
    }

    fn compute(&self, roots: &Roots<'_>) -> Result<Evaluated, Failure> {
        let found = in_environment(roots, |environment| self.expression.evaluate_in(environment));
        found.map_err(|error| {
            let JsonataError { code, message, position } = error;
            let failure = match code {
                JsonataError::INTERNAL => {
                    return self.failure("threw an internal error during evaluation.").with_hint(message);
                }
                code if UNCODED.contains(&code) => {
                    self.failure(&format!("threw an error during evaluation: {message}"))
                }
                code => self.failure(&format!("threw an error during evaluation. {code}: {message}")),
            };
            let failure = failure.with_help(position.and_then(|position| self.part(position)));
            match position.and_then(|position| self.place(position)) {
                Some(place) => failure.at(place),
                None => failure,
            }
        })
    }

    /// Takes note of where its text begins in the definition, where it is written there letter by letter.
    pub(crate) fn begins_at(&mut self, at: usize) {
        self.begins_at = Some(at);
    }

    /// The place in the definition of the word at a byte.
    fn place(&self, position: usize) -> Option<Span> {
        let start = self.begins_at? + position;
        Some(Span { start, end: start + word(self.text.get(position..)?).len() })
    }

    /// The part of a long expression at a byte.
    fn part(&self, position: usize) -> Option<String> {
        const LONG: usize = 80;
        const SHOWN: usize = 40;
        let part = self.text.get(position..).filter(|_| self.text.len() > LONG)?;
        Some(format!("it failed at '{}'", cut(part, SHOWN)))
    }

    /// What it gives, which has to be `true` or `false`.
    pub(crate) fn boolean(&self, roots: &Roots<'_>) -> Result<bool, Failure> {
        self.expect(roots, "boolean", Value::as_bool)
    }

    /// What it gives, which has to be a text.
    pub(crate) fn string(&self, roots: &Roots<'_>) -> Result<Arc<str>, Failure> {
        self.expect(roots, "string", |value| match value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// What it gives, which has to be a number.
    pub(crate) fn number(&self, roots: &Roots<'_>) -> Result<Number, Failure> {
        self.expect(roots, "number", |value| value.as_number().cloned())
    }

    /// What it gives, as a whole number in a range.
    pub(crate) fn integer(&self, roots: &Roots<'_>, (least, most): (i64, i64)) -> Result<i64, Failure> {
        let number = self.number(roots)?;
        let Some(value) = number.as_i64() else {
            return Err(self.unfit(&format!("cannot be parsed as an integer: {number}")));
        };
        match (least..=most).contains(&value) {
            true => Ok(value),
            false if most == i64::MAX => Err(self.unfit(&format!("must not be less than {least} but was: {value}"))),
            false => Err(self.out_of_range(&least, &most, &value)),
        }
    }

    /// What it gives, as a number in a range.
    pub(crate) fn fraction(&self, roots: &Roots<'_>, (least, most): (f64, f64)) -> Result<f64, Failure> {
        let number = self.number(roots)?;
        match (least..=most).contains(&number.as_f64()) {
            true => Ok(number.as_f64()),
            false => Err(self.out_of_range(&least, &most, &number)),
        }
    }

    fn expect<T>(&self, roots: &Roots<'_>, wanted: &str, take: impl FnOnce(&Value) -> Option<T>) -> Result<T, Failure> {
        let value = self.evaluate(roots)?;
        take(&value).ok_or_else(|| self.unexpected(wanted, &value))
    }

    /// The failure of a result of another type.
    pub(crate) fn unexpected(&self, wanted: &str, value: &Value) -> Failure {
        let found = value.type_name();
        self.failure(&format!(
            "returned an unexpected result type. Expected '{wanted}', but was '{found}' for value: {value}"
        ))
    }

    /// The failure of a result that the field cannot use.
    pub(crate) fn unfit(&self, what: &str) -> Failure {
        Failure::evaluation(format!("The {} field {what}", self.field), &self.field, self.span)
    }

    fn out_of_range(&self, least: &dyn fmt::Display, most: &dyn fmt::Display, found: &dyn fmt::Display) -> Failure {
        let cause = format!("{} must be between {least} and {most} but was: {found}", self.field);
        Failure::evaluation(cause, &self.field, self.span)
    }

    fn failure(&self, what: &str) -> Failure {
        let (text, field) = (&self.text, &self.field);
        let cause = format!("The JSONata expression '{text}' specified for the field '{field}' {what}");
        Failure::evaluation(cause, field, self.span)
    }
}

/// Does something with what expressions see: `$states`, variables, and no context of their own.
fn in_environment<T>(roots: &Roots<'_>, work: impl FnOnce(&Environment<'_>) -> T) -> T {
    let variable = |name: &str| match name {
        "states" => Some(roots.states().clone()),
        _ => roots.variables.get(name).cloned(),
    };
    let Roots { now, random, limits, .. } = *roots;
    let flavour = JsonataFlavour::StepFunctions;
    work(&Environment { input: None, variable: &variable, now, random, limits, flavour })
}

/// The word that a text begins with, or its first character.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(text.len());
    let first = text.chars().next().map_or(0, char::len_utf8);
    &text[..end.max(first)]
}

/// What a path finds as AWS hands it on: a number by its value, not as it was written. Numbers inside of what is handed on as
/// a whole keep their text.
fn shown(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(number.in_java()),
        other => other,
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {{% {} %}}", self.field, self.text)
    }
}
