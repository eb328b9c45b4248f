//! Functions on objects that call no other function.

use std::sync::Arc;

use indexmap::IndexSet;

use super::{Outcome, Row, append, reserve, take, text};
use crate::Value;
use crate::jsonata::datum::{ByName, Datum};
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;

pub(super) const NATIVES: &[Row] = &[
    ("keys", "<x-:a<s>>", 1, keys),
    ("lookup", "<x-s:x>", 2, lookup),
    ("spread", "<x-:a<o>>", 1, spread),
    ("merge", "<a<o>:o>", 1, merge),
    ("clone", "<(oa)-:o>", 1, clone),
];

fn keys(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value] = take(arguments);
    let mut names = IndexSet::new();
    collect_keys(evaluator, &value, &mut names)?;
    reserve(evaluator, names.len())?;
    Ok(Datum::sequence(names.into_iter().map(Datum::string).collect()))
}

fn collect_keys(
    evaluator: &mut Evaluator<'_>,
    value: &Datum,
    names: &mut IndexSet<Arc<str>>,
) -> Result<(), JsonataError> {
    evaluator.spend(1)?;
    if let Some(items) = value.items() {
        return items.iter().try_for_each(|item| collect_keys(evaluator, &item, names));
    }
    if let Some(members) = value.members() {
        evaluator.spend(members.len())?;
        names.extend(members.iter().map(|(name, _)| name));
    }
    Ok(())
}

fn lookup(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value, name] = take(arguments);
    match text(&name, 1)? {
        Some(name) => find(evaluator, &value, name),
        None if value.is_array() => Ok(Datum::sequence(Vec::new())),
        None => Ok(Datum::Undefined),
    }
}

/// The member of an object; those of all objects in an array, as one flat sequence.
fn find(evaluator: &mut Evaluator<'_>, value: &Datum, name: &str) -> Outcome {
    evaluator.spend(1)?;
    let Some(items) = value.items() else {
        return Ok(value.members().and_then(|members| members.get(name)).unwrap_or(Datum::Undefined));
    };
    let mut found = Vec::new();
    for item in items.iter() {
        let of_item = find(evaluator, &item, name)?;
        reserve(evaluator, of_item.items().map_or(1, |items| items.len()))?;
        found.append(&mut of_item.into_items());
    }
    Ok(Datum::sequence(found))
}

fn spread(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value] = take(arguments);
    apart(evaluator, value)
}

/// One object for each member.
fn apart(evaluator: &mut Evaluator<'_>, value: Datum) -> Outcome {
    evaluator.spend(1)?;
    if let Some(items) = value.items() {
        let mut parts = Datum::sequence(Vec::new());
        for item in items.iter() {
            let part = apart(evaluator, item)?;
            parts = append(evaluator, parts, part)?;
        }
        return Ok(parts);
    }
    let Some(members) = value.members() else { return Ok(value) };
    reserve(evaluator, members.len().saturating_mul(4))?;
    let parts = members.iter().map(|(name, member)| Datum::object([(name, member)].into_iter().collect()));
    Ok(Datum::sequence(parts.collect()))
}

fn merge(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list] = take(arguments);
    let Some(items) = list.items() else { return Ok(Datum::Undefined) };
    let mut merged = ByName::default();
    for item in items.iter() {
        evaluator.spend(1)?;
        let Some(members) = item.members() else { continue };
        reserve(evaluator, members.len().saturating_mul(2))?;
        merged.extend(members.iter());
    }
    Ok(Datum::object(merged))
}

/// A copy of the JSON of a value, as `$string` writes it.
fn clone(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value] = take(arguments);
    let Some(text) = super::string(evaluator, &value, false)? else { return Ok(Datum::Undefined) };
    super::text_room(evaluator, text.len())?;
    let copy: Result<Value, _> = text.parse();
    copy.map(Datum::Json).map_err(|error| JsonataError::new("D3001", format!("The value cannot be copied: {error}")))
}
