//! Functions that call the function they are given.

use indexmap::IndexMap;

use super::boolean::is_truthy;
use super::{Outcome, Row, boolean, compare_text, reserve, take};
use crate::jsonata::datum::Datum;
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;
use crate::jsonata::signature::mismatch;

pub(super) const NATIVES: &[Row] = &[
    ("map", "<af>", 2, map),
    ("filter", "<af>", 2, filter),
    ("single", "<af?>", 2, single),
    ("reduce", "<afj?:j>", 3, reduce),
    ("each", "<o-f:a>", 2, each),
    ("sift", "<o-f?:o>", 2, sift),
    ("sort", "<af?:a>", 2, sort),
];

/// Calls a function with an item, where the item is, and all that it is one of, as far as the function takes them.
fn call(evaluator: &mut Evaluator<'_>, function: &Datum, item: Datum, place: Datum, whole: &Datum) -> Outcome {
    evaluator.spend(1)?;
    let mut arguments = vec![item];
    let arity = arity(function)?;
    if arity >= 2 {
        arguments.push(place);
    }
    if arity >= 3 {
        arguments.push(whole.clone());
    }
    evaluator.call(function, arguments)
}

fn arity(function: &Datum) -> Result<usize, JsonataError> {
    function.as_function().map(|function| function.arity()).ok_or_else(|| mismatch(1))
}

fn map(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list, function] = take(arguments);
    let Some(items) = list.items() else { return Ok(Datum::Undefined) };
    reserve(evaluator, items.len())?;
    let mut made = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let result = call(evaluator, &function, item, Datum::Number(at as f64), &list)?;
        if !result.is_undefined() {
            made.push(result);
        }
    }
    Ok(Datum::sequence(made))
}

fn filter(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list, function] = take(arguments);
    let Some(items) = list.items() else { return Ok(Datum::Undefined) };
    reserve(evaluator, items.len())?;
    let mut kept = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let result = call(evaluator, &function, item.clone(), Datum::Number(at as f64), &list)?;
        if boolean(evaluator, &result)? == Some(true) {
            kept.push(item);
        }
    }
    Ok(Datum::sequence(kept))
}

fn single(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list, function] = take(arguments);
    let Some(items) = list.items() else { return Ok(Datum::Undefined) };
    let mut found = None;
    for (at, item) in items.iter().enumerate() {
        let matches = function.is_undefined() || {
            let result = call(evaluator, &function, item.clone(), Datum::Number(at as f64), &list)?;
            boolean(evaluator, &result)? == Some(true)
        };
        if matches && found.replace(item).is_some() {
            let message = "The $single() function expected exactly 1 matching result.  Instead it matched more.";
            return Err(JsonataError::new("D3138", message));
        }
    }
    let message = "The $single() function expected exactly 1 matching result.  Instead it matched 0.";
    found.ok_or_else(|| JsonataError::new("D3139", message))
}

fn reduce(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list, function, first] = take(arguments);
    let Some(items) = list.items() else { return Ok(Datum::Undefined) };
    let arity = arity(&function)?;
    if arity < 2 {
        let message = "The second argument of reduce function must be a function with at least two arguments";
        return Err(JsonataError::new("D3050", message));
    }
    let mut rest = items.iter().enumerate();
    let mut result = match first {
        Datum::Undefined => rest.next().map_or(Datum::Undefined, |(_, item)| item),
        first => first,
    };
    for (at, item) in rest {
        evaluator.spend(1)?;
        let mut arguments = vec![result, item];
        if arity >= 3 {
            arguments.push(Datum::Number(at as f64));
        }
        if arity >= 4 {
            arguments.push(list.clone());
        }
        result = evaluator.call(&function, arguments)?;
    }
    Ok(result)
}

fn each(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [object, function] = take(arguments);
    let mut made = Vec::new();
    if let Some(members) = object.members() {
        reserve(evaluator, members.len())?;
        for (name, member) in members.iter() {
            let result = call(evaluator, &function, member, Datum::string(name), &object)?;
            if !result.is_undefined() {
                made.push(result);
            }
        }
    }
    Ok(Datum::sequence(made))
}

fn sift(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [object, function] = take(arguments);
    let Some(members) = object.members() else { return Ok(Datum::Undefined) };
    reserve(evaluator, members.len().saturating_mul(2))?;
    let mut kept = IndexMap::new();
    for (name, member) in members.iter() {
        let result = call(evaluator, &function, member.clone(), Datum::string(name.clone()), &object)?;
        if boolean(evaluator, &result)? == Some(true) {
            kept.insert(name, member);
        }
    }
    Ok(if kept.is_empty() { Datum::Undefined } else { Datum::object(kept) })
}

fn sort(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list, function] = take(arguments);
    let Some(items) = list.items().filter(|items| items.len() > 1) else { return Ok(list) };
    reserve(evaluator, items.len())?;
    let mut items: Vec<Datum> = items.iter().collect();
    if function.is_undefined() {
        sort_alike(evaluator, &mut items)?;
    } else {
        items = merge_sort(evaluator, items, &function)?;
    }
    Ok(Datum::array(items))
}

/// Sorts numbers, or texts.
fn sort_alike(evaluator: &mut Evaluator<'_>, items: &mut [Datum]) -> Result<(), JsonataError> {
    let comparisons = items.len().ilog2() as usize + 1;
    evaluator.spend(items.len().saturating_mul(comparisons))?;
    if items.iter().all(|item| item.as_str().is_some()) {
        let bytes: usize = items.iter().filter_map(Datum::as_str).map(|text| text.len() / 64).sum();
        evaluator.spend(bytes.saturating_mul(comparisons))?;
        items.sort_by(|left, right| match (left.as_str(), right.as_str()) {
            (Some(left), Some(right)) => compare_text(left, right),
            _ => std::cmp::Ordering::Equal,
        });
        return Ok(());
    }
    let mut are_numbers = true;
    for item in items.iter() {
        are_numbers = are_numbers && evaluator.numeric(item)?.is_some();
    }
    if !are_numbers {
        return Err(JsonataError::new(
            "D3070",
            "The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function",
        ));
    }
    items.sort_by(|left, right| left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(std::cmp::Ordering::Equal));
    Ok(())
}

/// Sorts by a function that says whether its first argument comes after its second. Stable, and without an order that the
/// standard library could object to.
fn merge_sort(evaluator: &mut Evaluator<'_>, mut items: Vec<Datum>, after: &Datum) -> Result<Vec<Datum>, JsonataError> {
    if items.len() <= 1 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let mut left = merge_sort(evaluator, items, after)?.into_iter().peekable();
    let mut right = merge_sort(evaluator, right, after)?.into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        evaluator.spend(1)?;
        let swap = is_truthy(&evaluator.call(after, vec![first.clone(), second.clone()])?);
        merged.extend(if swap { right.next() } else { left.next() });
    }
    merged.extend(left.chain(right));
    Ok(merged)
}
