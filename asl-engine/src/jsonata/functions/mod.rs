//! The functions of the language, and what operators share with them.
//!
//! Each behaves as in the JSONata reference implementation, version 2.0.6; those of `aws` are what Step Functions adds.
//! There is no `$eval`, which Step Functions leaves out.

mod array;
mod aws;
mod boolean;
mod compare;
mod encoding;
mod higher_order;
mod number;
mod object;
mod pattern;
mod stringify;
#[cfg(test)]
mod tests;
mod text;
mod time;

use std::sync::{Arc, LazyLock};

pub(super) use array::append;
pub(super) use boolean::boolean;
pub(super) use compare::{compare_text, equal};
pub(super) use stringify::{json, string};

use super::datum::Datum;
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};
use super::function::{Native, Run};
use super::signature::{Signature, mismatch};

/// What a function gives.
type Outcome = Result<Datum, JsonataError>;

/// A function: its name, its signature, how many parameters it has, and its work.
type Row = (&'static str, &'static str, usize, Run);

/// All functions, sorted by name.
static NATIVES: LazyLock<Vec<Native>> = LazyLock::new(|| {
    let files = [
        array::NATIVES,
        aws::NATIVES,
        boolean::NATIVES,
        encoding::NATIVES,
        higher_order::NATIVES,
        number::NATIVES,
        object::NATIVES,
        pattern::NATIVES,
        text::NATIVES,
        time::NATIVES,
    ];
    let native = |(name, signature, arity, run): &Row| {
        let signature = Signature::parse(signature).ok()?;
        Some(Native { name, signature, arity: *arity, run: *run })
    };
    let mut natives: Vec<Native> = files.into_iter().flatten().filter_map(native).collect();
    natives.sort_by_key(|native| native.name);
    natives
});

/// The function of a name without `$`.
pub(super) fn find(name: &str) -> Option<&'static Native> {
    NATIVES.binary_search_by(|native| native.name.cmp(name)).ok().map(|at| &NATIVES[at])
}

/// The names of all functions, without `$`.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NATIVES.iter().map(|native| native.name)
}

/// The arguments one by one; what was left out is nothing.
fn take<const N: usize>(arguments: Vec<Datum>) -> [Datum; N] {
    let mut arguments = arguments.into_iter();
    std::array::from_fn(|_| arguments.next().unwrap_or(Datum::Undefined))
}

/// The text of an argument; `None` for nothing. `at` counts from 0.
fn text(argument: &Datum, at: usize) -> Result<Option<&Arc<str>>, JsonataError> {
    match argument {
        Datum::Undefined => Ok(None),
        argument => argument.as_str().map(Some).ok_or_else(|| mismatch(at)),
    }
}

/// The number of an argument; `None` for nothing.
fn number(argument: &Datum, at: usize) -> Result<Option<f64>, JsonataError> {
    match argument {
        Datum::Undefined => Ok(None),
        argument => argument.as_f64().map(Some).ok_or_else(|| mismatch(at)),
    }
}

/// How many steps a text of so many bytes is.
fn steps(bytes: usize) -> usize {
    bytes / 64 + 1
}

/// Takes the room for an array of so many items, and the time to make it.
fn reserve(evaluator: &mut Evaluator<'_>, items: usize) -> Result<(), JsonataError> {
    evaluator.allocate(items.saturating_mul(ITEM_BYTES))?;
    // To copy an item takes far less than to evaluate a node.
    evaluator.spend(items / 8 + 1)
}

/// Takes the room for a text of so many bytes, and the time to make it. A character of a text counts two bytes.
fn text_room(evaluator: &mut Evaluator<'_>, bytes: usize) -> Result<(), JsonataError> {
    evaluator.allocate(bytes.saturating_mul(2))?;
    evaluator.spend(steps(bytes))
}

/// A text of its own, with the room for it.
fn new_text(evaluator: &mut Evaluator<'_>, text: &str) -> Outcome {
    text_room(evaluator, text.len())?;
    Ok(Datum::string(text))
}
