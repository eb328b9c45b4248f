//! JSONata 2.0.6, the language of `{% … %}`, as AWS Step Functions runs it.

mod datum;
mod error;
mod function;
mod picture;

pub use error::JsonataError;

use std::sync::Arc;

use crate::retry::Random;
use crate::time::Timestamp;
use crate::value::Value;

/// An expression, read once and evaluated as often as one likes.
pub struct Jsonata {}

/// What an expression sees.
pub(crate) struct Environment<'a> {
    /// `$` at the top: nothing in a state machine.
    pub(crate) input: Option<Value>,
    /// The value of a variable by its name without `$`, such as `states`.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<Value>,
    /// `$now()` and `$millis()`
    pub(crate) now: Timestamp,
    /// `$random()` and `$uuid()`
    pub(crate) random: &'a Random,
}

/// What an expression refers to outside of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// `name` where a path begins that nothing leads to.
    Name(Arc<str>),
    /// `$` outside of predicates and later steps.
    Input,
    /// `$$`
    Root,
    /// `$states.name`
    States(Arc<str>),
    /// `$name`, where the expression itself does not bind it.
    Variable(Arc<str>),
}

impl Jsonata {
    /// Reads an expression: what stands between `{%` and `%}`.
    pub fn parse(_text: &str) -> Result<Self, JsonataError> {
        todo!()
    }

    /// Evaluates it; `None` is JSONata's undefined.
    pub(crate) fn evaluate(&self, _environment: &Environment<'_>) -> Result<Option<Value>, JsonataError> {
        todo!()
    }

    /// What it refers to, each once, in the order of the text.
    pub(crate) fn references(&self) -> Vec<Reference> {
        todo!()
    }
}
