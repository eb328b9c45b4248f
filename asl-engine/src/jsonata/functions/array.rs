//! Functions on arrays that call no other function.

use indexmap::IndexMap;

use super::compare::{equal, fingerprint};
use super::{Outcome, Row, reserve, take};
use crate::jsonata::datum::Datum;
use crate::jsonata::evaluate::Evaluator;

pub(super) const NATIVES: &[Row] = &[
    ("count", "<a:n>", 1, count),
    ("append", "<xx:a>", 2, append_native),
    ("reverse", "<a:a>", 1, reverse),
    ("shuffle", "<a:a>", 1, shuffle),
    ("distinct", "<x:x>", 1, distinct),
    ("zip", "<a+>", 0, zip),
];

fn count(_: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list] = take(arguments);
    Ok(Datum::Number(list.items().map_or(0, |items| items.len()) as f64))
}

/// One array of the items of both; a value that is no array is one item, nothing is none.
pub(in crate::jsonata) fn append(evaluator: &mut Evaluator<'_>, first: Datum, second: Datum) -> Outcome {
    if first.is_undefined() {
        return Ok(second);
    }
    if second.is_undefined() {
        return Ok(first);
    }
    let length = |value: &Datum| value.items().map_or(1, |items| items.len());
    reserve(evaluator, length(&first).saturating_add(length(&second)))?;
    let mut items = first.into_items();
    items.append(&mut second.into_items());
    Ok(Datum::array(items))
}

fn append_native(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [first, second] = take(arguments);
    append(evaluator, first, second)
}

fn reverse(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list] = take(arguments);
    let Some(items) = list.items().filter(|items| items.len() > 1) else { return Ok(list) };
    reserve(evaluator, items.len())?;
    let mut items = list.into_items();
    items.reverse();
    Ok(Datum::array(items))
}

fn shuffle(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list] = take(arguments);
    let Some(items) = list.items().filter(|items| items.len() > 1) else { return Ok(list) };
    reserve(evaluator, items.len())?;
    let mut items = list.into_items();
    for last in (1..items.len()).rev() {
        let other = (evaluator.random().fraction() * (last + 1) as f64) as usize;
        items.swap(last, other.min(last));
    }
    Ok(Datum::array(items))
}

fn distinct(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list] = take(arguments);
    let Some(items) = list.items().filter(|items| items.len() > 1) else { return Ok(list) };
    reserve(evaluator, items.len())?;
    let mut kept: Vec<Datum> = Vec::new();
    let mut places: IndexMap<u64, Vec<usize>> = IndexMap::new();
    for item in items.iter() {
        let alike = places.entry(fingerprint(evaluator, &item)?).or_default();
        let mut known = false;
        for place in alike.iter() {
            known = known || equal(evaluator, &kept[*place], &item)?;
        }
        if !known {
            alike.push(kept.len());
            kept.push(item);
        }
    }
    Ok(if list.flags().sequence { Datum::sequence(kept) } else { Datum::array(kept) })
}

fn zip(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let lengths = arguments.iter().map(|list| list.items().map_or(0, |items| items.len()));
    let shortest = lengths.min().unwrap_or(0);
    reserve(evaluator, shortest.saturating_mul(arguments.len() + 1))?;
    let row = |at| Datum::array(arguments.iter().filter_map(|list| list.items()?.get(at)).collect());
    Ok(Datum::array((0..shortest).map(row).collect()))
}
