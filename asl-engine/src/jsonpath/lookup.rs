//! Definite paths, where a miss needs no words: the operands of filters.

use std::borrow::Cow;

use super::error::PathError;
use super::eval;
use super::fail::Evaluation;
use super::place::Step;
use super::provider::{BEYOND, Provider};
use super::sink::Sink;
use super::token::{Steps, Token};
use crate::value::Value;

/// What a definite path finds.
pub(super) enum Lookup<'a> {
    Found(&'a Value),
    /// An object that `['a', 'b']` has put together.
    Built(Value),
    Missing,
}

impl Lookup<'_> {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Found(Value::Null))
    }
}

/// The value of a definite path, where a miss needs no words. With `require`, `['a', 'b']` misses unless it has all.
pub(super) fn lookup<'a>(
    steps: &'a Steps,
    start: &'a Value,
    root: &'a Value,
    require: bool,
    evaluation: &mut Evaluation,
) -> Result<Lookup<'a>, PathError> {
    if let Some(lookup) = follow(&steps.tokens, start, evaluation.provider) {
        return Ok(lookup);
    }
    let mut found = One(None);
    eval::walk_from(steps, start, root, require, &mut found, evaluation)?;
    Ok(match found.0 {
        None => Lookup::Missing,
        Some(Cow::Borrowed(value)) => Lookup::Found(value),
        Some(Cow::Owned(value)) => Lookup::Built(value),
    })
}

struct One<'a>(Option<Cow<'a, Value>>);

impl<'a> Sink<'a> for One<'a> {
    fn found(&mut self, _: &[Step<'a>], value: Cow<'a, Value>) {
        self.0.get_or_insert(value);
    }
}

/// The value of a path of plain names and indices. None where only the walk can tell what comes of it.
pub(super) fn follow<'a>(tokens: &[Token], start: &'a Value, provider: Provider) -> Option<Lookup<'a>> {
    let mut value = start;
    for token in tokens {
        let next = match (token, value) {
            (Token::Name(name), Value::Object(members)) => members.get(name),
            (Token::Name(_), _) => None,
            (Token::Index(index), Value::Array(items)) => {
                let item = usize::try_from(*index).ok().and_then(|index| items.get(index));
                item.or((provider == Provider::JsonNode).then_some(&BEYOND))
            }
            _ => return None,
        };
        match next {
            Some(next) => value = next,
            None => return Some(Lookup::Missing),
        }
    }
    Some(Lookup::Found(value))
}
