//! One expression by itself: what it gives, and how it comes about.

use super::{Query, in_environment, undelimited};
use crate::diagnostic::Span;
use crate::jsonata::{ExplainedPart, JsonataError, explain};
use crate::path::Roots;
use crate::retry::Random;
use crate::task::Failure;
use crate::time::Timestamp;
use crate::value::Value;

/// An expression of a state in JSONata, as the field `Output` would have it.
///
/// It sees `$states` and variables. AWS evaluates it without a context: `$` and `$$` are nothing.
///
/// ```
/// use asl_engine::{QueryDocuments, StateExpression, Timestamp};
///
/// let expression = StateExpression::parse("{% $sum($states.input.prices) %}").unwrap();
/// let input = r#"{"prices": [1, 2.5]}"#.parse().unwrap();
/// let documents = QueryDocuments { input, ..QueryDocuments::default() };
/// assert_eq!(expression.evaluate(&documents, Timestamp(0), 0).unwrap().to_string(), "3.5");
/// let explained = expression.explain(&documents, Timestamp(0), 0, 3);
/// assert_eq!(explained.parts.len(), 2);
/// ```
#[derive(Debug)]
pub struct StateExpression {
    query: Query,
    /// Where it starts in its text.
    start: usize,
}

/// What an expression sees.
#[derive(Clone, Debug)]
pub struct QueryDocuments {
    /// `$states.input`
    pub input: Value,
    /// `$states.context`
    pub context: Value,
    /// `$states.result`, which Output and Assign of a Task, Map or Parallel state have
    pub result: Option<Value>,
    /// `$states.errorOutput`, which Output and Assign of a Catcher have
    pub error_output: Option<Value>,
    /// The object whose members are the variables.
    pub variables: Value,
}

impl Default for QueryDocuments {
    fn default() -> Self {
        let empty = Value::empty_object;
        Self { input: empty(), context: empty(), result: None, error_output: None, variables: empty() }
    }
}

impl QueryDocuments {
    /// Whether `$states` has a field.
    pub(crate) fn has(&self, field: &str) -> bool {
        match field {
            "input" | "context" => true,
            "result" => self.result.is_some(),
            "errorOutput" => self.error_output.is_some(),
            _ => false,
        }
    }
}

/// How an expression comes to its result.
#[derive(Clone, Debug)]
pub struct ExplainedQuery {
    /// Its parts in the order of evaluation: what stands in a part comes before it. The whole is none of them.
    pub parts: Vec<ExplainedPart>,
    /// The bytes of the part that failed.
    pub failed: Option<Span>,
    /// What it gives. The failure is AWS's `States.QueryEvaluationError`.
    pub outcome: Result<Value, Failure>,
}

impl StateExpression {
    /// Reads an expression, with `{%` and `%}` around it or without.
    pub fn parse(text: &str) -> Result<Self, JsonataError> {
        let (inside, start) = undelimited(text);
        let place = |position: usize| position + start;
        let query = Query::parse(inside, "Output", Span { start: 0, end: text.len() })
            .map_err(|error| JsonataError { position: error.position.map(place), ..error })?;
        Ok(Self { query, start })
    }

    /// Whether it looks at `$states.input`, or at `$states` as a whole.
    pub fn reads_input(&self) -> bool {
        self.query.reads_states("input")
    }

    /// What it gives; never nothing. `seed` is where random numbers start.
    pub fn evaluate(&self, documents: &QueryDocuments, now: Timestamp, seed: u64) -> Result<Value, Failure> {
        with_roots(documents, now, seed, |roots| self.query.evaluate(roots))
    }

    /// Evaluates it and tells how, with at most `examples` values of each part.
    pub fn explain(&self, documents: &QueryDocuments, now: Timestamp, seed: u64, examples: usize) -> ExplainedQuery {
        let outcome = self.evaluate(documents, now, seed);
        let explained = with_roots(documents, now, seed, |roots| {
            in_environment(roots, |environment| explain(&self.query.text, environment, examples))
        });
        let (mut parts, failed) = explained.unwrap_or_default();
        let place = |span: Span| Span { start: span.start + self.start, end: span.end + self.start };
        parts.iter_mut().for_each(|part| part.span = place(part.span));
        ExplainedQuery { parts, failed: failed.map(place), outcome }
    }
}

/// Does something with what the documents hold, in an evaluation of its own.
fn with_roots<T>(documents: &QueryDocuments, now: Timestamp, seed: u64, work: impl FnOnce(&Roots<'_>) -> T) -> T {
    let (context, random) = (|| documents.context.clone(), Random::new(seed));
    let mut roots = Roots::new(&documents.input, &context, &documents.variables, &random);
    roots.now = now;
    roots.result = documents.result.as_ref();
    roots.error_output = documents.error_output.as_ref();
    work(&roots)
}
