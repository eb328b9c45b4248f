//! Functions that call the function they are given.

use std::cmp::Ordering;

use super::boolean::is_truthy;
use super::{Outcome, Row, boolean, reserve, take};
use crate::jsonata::datum::{ByName, Datum};
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;
use crate::jsonata::operator::ordered;
use crate::jsonata::signature::mismatch;
use crate::jsonata::sort::merge_sort;

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
    let mut kept = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let result = call(evaluator, &function, item.clone(), Datum::Number(at as f64), &list)?;
        if boolean(evaluator, &result)? == Some(true) {
            reserve(evaluator, 1)?;
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
    let mut kept = ByName::default();
    for (name, member) in members.iter() {
        let result = call(evaluator, &function, member.clone(), Datum::string(name.clone()), &object)?;
        if boolean(evaluator, &result)? == Some(true) {
            reserve(evaluator, 2)?;
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
        merge_sort(&mut items, &mut |left, right| {
            evaluator.spend(1)?;
            Ok(is_truthy(&evaluator.call(&function, vec![left.clone(), right.clone()])?))
        })?;
    }
    Ok(Datum::array(items))
}

/// Sorts numbers, or texts.
fn sort_alike(evaluator: &mut Evaluator<'_>, items: &mut [Datum]) -> Result<(), JsonataError> {
    let comparisons = items.len().ilog2() as usize + 1;
    let bytes: usize = items.iter().filter_map(Datum::as_str).map(|text| text.len() / 64).sum();
    evaluator.spend(bytes.saturating_add(items.len()).saturating_mul(comparisons))?;
    let mut alike = items.iter().all(|item| item.as_str().is_some());
    if !alike {
        alike = true;
        for item in items.iter() {
            alike = alike && evaluator.numeric(item)?.is_some();
        }
    }
    if !alike {
        return Err(JsonataError::new(
            "D3070",
            "The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function",
        ));
    }
    items.sort_by(|left, right| ordered(left, right).unwrap_or(Ordering::Equal));
    Ok(())
}
