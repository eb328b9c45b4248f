//! JSONPath as AWS Step Functions evaluates it.
//!
//! AWS follows neither RFC 9535 nor today's Jayway: its results and messages are those of Jayway JsonPath 2.0.0 with
//! `JacksonJsonProvider` and default options. This module gives the same result, the same normalised path and the same
//! message for every path and document, oddities included. The ones that surprise most:
//!
//! - A *definite* path (names, one index, `['a','b']` at the end) gives its value bare and is an error where the
//!   document lacks it. Any other path gives an array, which may be empty.
//! - `[-1]` is an error; `[-1:]` and `[(@.length-1)]` are not. The step of `[1:5:2]` is ignored and `[:]` is refused.
//! - `[*]` passes over what has no children, and over items that lack the next name; on an object it does not.
//! - There are no functions: `$.list.length()` asks for a member called `length()`.
//! - A filter stands in `[?(…)]`, knows `== != < <= > >= =~ && || !`, and takes everything behind an operator that is
//!   not a path, a `/pattern/` or `'quoted'` for bare text. Text and numbers are equal when they read alike, and text
//!   that is no number fails the whole path when it meets one.
//!
//! ```
//! use asl_engine::{JsonPath, Value};
//!
//! let document: Value = r#"{"results": [{"code": 200, "file": "a.gif"}, {"code": 404}]}"#.parse().unwrap();
//!
//! let codes = JsonPath::parse("$.results[*].code").unwrap();
//! assert_eq!(codes.to_string(), "$['results'][*]['code']");
//! assert_eq!(codes.evaluate(&document).unwrap().to_string(), "[200,404]");
//!
//! let stored = JsonPath::parse("$.results[?(@.code == 200)]").unwrap();
//! assert_eq!(stored.matches(&document).unwrap()[0].path, "$['results'][0]");
//!
//! let error = JsonPath::parse("$.nothing").unwrap().evaluate(&document).unwrap_err();
//! assert_eq!(error.to_string(), "No results for path: $['nothing']");
//! ```
//!
//! What is not Jayway's: a path that would visit too many nodes (`$..*..*..*..*` on a deep document), or that puts more
//! than 64 filters inside each other, is an error of class [`ErrorClass::Limit`]. A pattern of `=~` is translated to
//! Rust's syntax, with which a few rare constructs are refused that Java knows.

mod decimal;
mod error;
mod eval;
mod filter;
mod java;
mod parse;
mod pattern;
mod token;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use error::{ErrorClass, PathError, Stage};

use crate::value::Value;
use eval::{Budget, Lookup, Place, Step};
use token::{Steps, Token, TokenText};

/// A compiled path. Cloning copies a pointer.
///
/// `Display` writes the normalised text that stands in AWS's messages, such as `$['results'][*]['code']`.
#[derive(Clone)]
pub struct JsonPath(Arc<Compiled>);

struct Compiled {
    source: Box<str>,
    steps: Steps,
}

/// A value that a path has found, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The normalised path of the value, such as `$['results'][0]['code']`.
    pub path: String,
    /// The value.
    pub value: Value,
}

impl JsonPath {
    /// Compiles the text of a path. Fails with what Jayway says when it refuses the path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::compile(ErrorClass::IllegalArgument, "json can not be null or empty"));
        }
        let steps = parse::compile(text, 0).map_err(|message| PathError::compile(ErrorClass::InvalidPath, message))?;
        for token in &steps.tokens {
            if let Token::Placeholders(count @ 6..) = token {
                let message = format!("Index {} out of bounds for length 5", count - 1);
                return Err(PathError::compile(ErrorClass::ArrayIndexOutOfBounds, message));
            }
        }
        Ok(Self(Arc::new(Compiled { source: text.into(), steps })))
    }

    /// The text that the path was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether the path gives one bare value; otherwise it gives an array.
    pub fn is_definite(&self) -> bool {
        self.0.steps.is_definite()
    }

    /// Whether the path is `$` alone, the whole document.
    pub fn is_root(&self) -> bool {
        self.0.steps.tokens.is_empty()
    }

    /// The value of a definite path, or the array of all values that an indefinite path finds.
    ///
    /// A `null` document is an error for every path, `$` included, as it is in Jayway.
    pub fn evaluate(&self, document: &Value) -> Result<Value, PathError> {
        check(document)?;
        let steps = &self.0.steps;
        if let Some(Lookup::Found(value)) = eval::follow(&steps.tokens, document) {
            return Ok(value.clone());
        }
        let mut found = Values(Vec::new());
        eval::walk(steps, document, &mut found, &mut Budget::for_document(document))?;
        match self.is_definite() {
            true => found.0.into_iter().next().ok_or_else(|| self.no_results()),
            false => Ok(found.0.into()),
        }
    }

    /// Every value that the path finds, in the order of [`Self::evaluate`], and where it is.
    pub fn matches(&self, document: &Value) -> Result<Vec<Match>, PathError> {
        check(document)?;
        let mut found = Matches(Vec::new());
        eval::walk(&self.0.steps, document, &mut found, &mut Budget::for_document(document))?;
        Ok(found.0)
    }

    fn no_results(&self) -> PathError {
        PathError::evaluate(ErrorClass::PathNotFound, format!("No results for path: {self}"))
    }
}

fn check(document: &Value) -> Result<(), PathError> {
    match document {
        Value::Null => Err(PathError::evaluate(ErrorClass::IllegalArgument, "root can not be null")),
        _ => Ok(()),
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", TokenText(&self.0.steps.tokens))
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonPath({})", self.0.source)
    }
}

impl std::str::FromStr for JsonPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

struct Values(Vec<Value>);

impl<'a> eval::Sink<'a> for Values {
    fn found(&mut self, _: &[Step<'a>], value: Cow<'a, Value>) {
        self.0.push(value.into_owned());
    }
}

struct Matches(Vec<Match>);

impl<'a> eval::Sink<'a> for Matches {
    fn found(&mut self, place: &[Step<'a>], value: Cow<'a, Value>) {
        self.0.push(Match { path: Place(place).to_string(), value: value.into_owned() });
    }
}
