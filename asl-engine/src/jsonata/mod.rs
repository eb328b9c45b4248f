//! JSONata 2.0.6, the language of `{% … %}`, as AWS Step Functions runs it: with its six functions, without `$eval`, and
//! with what shows of the Java that it is written in there ([`JsonataFlavour`]).
//!
//! AWS developer guide, "Transforming data with JSONata in Step Functions"; JSONata documentation 2.0. Where AWS differs from
//! the reference implementation: what `sfnx` 3.1.0 (PyPI), whose compiler relies on it, says it has measured there.

mod ancestry;
mod ast;
mod call;
mod datum;
mod error;
mod evaluate;
mod explain;
mod function;
mod functions;
mod group;
mod lexer;
mod lint;
mod notes;
mod operator;
mod parser;
mod path;
mod picture;
mod quote;
mod references;
mod regex;
mod select;
mod shape;
mod signature;
mod sort;
mod syntax;
#[cfg(test)]
mod tests;
mod transform;
mod tuple;

pub use error::JsonataError;
pub(crate) use explain::explain;
pub use explain::{ExplainedPart, PartKind};
pub(crate) use lint::{Doubt, DoubtKind};
pub use notes::PartNotes;
pub(crate) use references::Reference;

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::retry::Random;
use crate::time::Timestamp;
use crate::value::{Object, Value};
use ast::Node;
use datum::Datum;
use evaluate::Evaluator;
use shape::TailCalls;

/// An expression, read once and evaluated as often as one likes.
///
/// ```
/// use asl_engine::{Jsonata, JsonataOptions, Object, Value};
///
/// let expression = Jsonata::parse("$sum(items.(price * quantity))").unwrap();
/// let input: Value = r#"{"items": [{"price": 2, "quantity": 3}, {"price": 1.5, "quantity": 2}]}"#.parse().unwrap();
/// let total = expression.evaluate(Some(&input), &Object::default(), &JsonataOptions::default()).unwrap();
/// assert_eq!(total, Some(Value::from(9)));
///
/// let error = Jsonata::parse("1 +").unwrap_err();
/// assert_eq!(error.to_string(), "S0207: Unexpected end of expression");
/// ```
#[derive(Clone, Debug)]
pub struct Jsonata {
    root: Arc<Node>,
    /// The names under which tuples keep the parents that `%` stands for.
    labels: Arc<[Arc<str>]>,
}

/// What an evaluation depends on besides its input.
#[derive(Clone, Debug, Default)]
pub struct JsonataOptions {
    /// What `$now()` and `$millis()` give.
    pub now: Timestamp,
    /// Where the numbers of `$random()`, `$shuffle()` and `$uuid()` start.
    pub seed: u64,
    /// How much an evaluation may take.
    pub limits: JsonataLimits,
    /// Whose JSONata it is.
    pub flavour: JsonataFlavour,
}

/// Whose JSONata it is, where AWS and the reference implementation differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonataFlavour {
    /// Of AWS Step Functions, which is written in Java and has no `$eval`.
    #[default]
    StepFunctions,
    /// Of `jsonata` 2.0.6 from npm.
    Reference,
}

/// How much an evaluation may take. Beyond that it ends with an error: by count, never by the clock, so that the same
/// expression always ends in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonataLimits {
    /// How deeply evaluations may nest.
    pub depth: usize,
    /// How many steps may be made; an evaluated node or a looked-at item is one.
    pub steps: u64,
    /// How many bytes one list or text may take that is made on the way.
    pub bytes: usize,
    /// How many bytes all of them may take together, those included that nobody needs any more.
    pub total_bytes: usize,
}

impl JsonataLimits {
    /// As on AWS: 100 levels and 20 MiB at once, and about the work of one second.
    pub const AWS: Self =
        Self { depth: 100, steps: 20_000_000, bytes: 20 * 1024 * 1024, total_bytes: 256 * 1024 * 1024 };
    /// Beyond what AWS takes, for data that AWS does not take either; still within the memory and the time that one has.
    pub const WIDE: Self =
        Self { depth: 5_000, steps: 400_000_000, bytes: 1024 * 1024 * 1024, total_bytes: 2 * 1024 * 1024 * 1024 };
}

impl Default for JsonataLimits {
    fn default() -> Self {
        Self::AWS
    }
}

/// What an expression sees.
pub(crate) struct Environment<'a> {
    /// `$` and `$$` at the top: nothing in a state machine.
    pub(crate) input: Option<Value>,
    /// The value of a variable by its name without `$`, such as `states`.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<Value>,
    /// `$now()` and `$millis()`
    pub(crate) now: Timestamp,
    /// `$random()` and `$uuid()`
    pub(crate) random: &'a Random,
    pub(crate) limits: JsonataLimits,
    pub(crate) flavour: JsonataFlavour,
}

/// What an evaluation gives.
pub(crate) enum Evaluated {
    /// JSONata's undefined.
    Nothing,
    Json(Value),
    /// A function, or an array or object with one in it.
    Function,
}

impl Jsonata {
    /// Reads an expression: what stands between `{%` and `%}`.
    pub fn parse(text: &str) -> Result<Self, JsonataError> {
        let (root, labels) = shape::shape(parser::parse(text)?, TailCalls::Made)?;
        Ok(Self { root: Arc::new(root), labels: labels.into() })
    }

    /// Evaluates it on an input, where `None` is JSONata's undefined, with variables by their names without `$`.
    /// The result `None` is undefined, too.
    pub fn evaluate(
        &self,
        input: Option<&Value>,
        variables: &Object,
        options: &JsonataOptions,
    ) -> Result<Option<Value>, JsonataError> {
        let environment = Environment {
            input: input.cloned(),
            variable: &|name| variables.get(name).cloned(),
            now: options.now,
            random: &Random::new(options.seed),
            limits: options.limits,
            flavour: options.flavour,
        };
        Ok(self.run(&environment)?.to_value())
    }

    /// Evaluates it as AWS does, which takes no functions for a result.
    pub(crate) fn evaluate_in(&self, environment: &Environment<'_>) -> Result<Evaluated, JsonataError> {
        let result = self.run(environment)?;
        Ok(match result.to_value() {
            _ if result.holds_function() => Evaluated::Function,
            Some(value) => Evaluated::Json(value),
            None => Evaluated::Nothing,
        })
    }

    fn run(&self, environment: &Environment<'_>) -> Result<Datum, JsonataError> {
        Evaluator::new(environment, &self.labels).run(&self.root)
    }

    /// What is wrong with it whatever it is evaluated on, in the order of the text.
    pub(crate) fn doubts(&self) -> Vec<Doubt> {
        lint::doubts(&self.root)
    }

    /// Whether it looks at a field of `$states`, or may do so.
    pub(crate) fn reads_states(&self, field: &str) -> bool {
        references::reads_states(&self.root, field)
    }

    /// What it refers to, each once, and where first, in the order of the text.
    pub(crate) fn references(&self) -> Vec<(Reference, Span)> {
        references::references(&self.root)
    }
}
