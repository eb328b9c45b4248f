//! Data of another shape: one place of a value is gone, or is something else.

use std::sync::Arc;

use asl_engine::{Object, Value};

use asl_history::member;

/// What becomes of the value at a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Alteration {
    /// It is not there.
    Removed,
    /// It is another one.
    Becomes(Value),
}

/// A step to a place inside of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Member(Arc<str>),
    Item(usize),
}

/// The places inside of a value, itself first.
pub(crate) fn places(value: &Value) -> Vec<Vec<Step>> {
    let mut out = vec![Vec::new()];
    let inner = |step: Step, value: &Value, out: &mut Vec<Vec<Step>>| {
        out.extend(places(value).into_iter().map(|rest| [vec![step.clone()], rest].concat()));
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| inner(Step::Member(name.clone()), value, &mut out));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| inner(Step::Item(at), item, &mut out));
        }
        _ => {}
    }
    out
}

/// `$.items[0]["a name"]`
pub(crate) fn shown(place: &[Step]) -> String {
    place.iter().fold("$".to_owned(), |at, step| match step {
        Step::Member(name) => member(&at, name),
        Step::Item(index) => format!("{at}[{index}]"),
    })
}

pub(crate) fn at<'a>(value: &'a Value, place: &[Step]) -> Option<&'a Value> {
    place.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Item(index) => value.as_array()?.get(*index),
    })
}

/// What the value at a place may become, the simplest first. The whole value cannot be removed.
pub(crate) fn alterations(value: &Value, place: &[Step]) -> Vec<Alteration> {
    let mut all = Vec::new();
    if !place.is_empty() {
        all.push(Alteration::Removed);
    }
    let text = |text: &str| Value::from(text);
    let others = match value {
        Value::Null => vec![text("text"), 1.into(), Value::empty_object()],
        Value::Bool(is) => vec![Value::Null, (!is).into(), text(if *is { "true" } else { "false" })],
        Value::String(_) => {
            vec![Value::Null, text(""), 1.into(), [value.clone()].into_iter().collect(), Value::empty_object()]
        }
        Value::Number(_) => vec![Value::Null, 0.into(), (-1).into(), half(), text(&value.to_string())],
        Value::Array(items) => {
            let first: Value = items.iter().take(1).cloned().collect();
            let twice: Value = items.iter().chain(items.iter()).cloned().collect();
            vec![Value::Null, Value::Array(Vec::new().into()), first, twice, Value::empty_object(), text("text")]
        }
        Value::Object(_) => {
            vec![Value::Null, Value::empty_object(), [value.clone()].into_iter().collect(), text("text")]
        }
    };
    all.extend(others.into_iter().filter(|other| other != value).map(Alteration::Becomes));
    all
}

fn half() -> Value {
    "0.5".parse::<Value>().unwrap_or_default()
}

/// The value with an alteration at a place; as it is, where it has no such place.
pub(crate) fn altered(value: &Value, place: &[Step], alteration: &Alteration) -> Value {
    let Some((step, rest)) = place.split_first() else {
        return match alteration {
            Alteration::Removed => Value::Null,
            Alteration::Becomes(other) => other.clone(),
        };
    };
    let is_removed = rest.is_empty() && *alteration == Alteration::Removed;
    let inner = |value: &Value, is_it: bool| match (is_it, is_removed) {
        (true, true) => None,
        (true, false) => Some(altered(value, rest, alteration)),
        (false, _) => Some(value.clone()),
    };
    match (value, step) {
        (Value::Object(members), Step::Member(wanted)) => {
            let members = members.iter();
            members
                .filter_map(|(name, value)| Some((name.clone(), inner(value, name == wanted)?)))
                .collect::<Object>()
                .into()
        }
        (Value::Array(items), Step::Item(wanted)) => {
            items.iter().enumerate().filter_map(|(at, item)| inner(item, at == *wanted)).collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_can_be_removed_or_become_something_else() {
        let value: Value = r#"{"a":[1,{"b c":true}]}"#.parse().unwrap();
        let all = places(&value);
        let named: Vec<String> = all.iter().map(|place| shown(place)).collect();
        assert_eq!(named, ["$", "$.a", "$.a[0]", "$.a[1]", r#"$.a[1]["b c"]"#]);
        let removed: Vec<String> =
            all.iter().map(|place| altered(&value, place, &Alteration::Removed).to_string()).collect();
        assert_eq!(removed, ["null", "{}", r#"{"a":[{"b c":true}]}"#, r#"{"a":[1]}"#, r#"{"a":[1,{}]}"#]);
        for place in &all {
            let was = at(&value, place).unwrap();
            for alteration in alterations(was, place) {
                assert_ne!(altered(&value, place, &alteration), value, "{place:?} {alteration:?}");
            }
        }
        // Where there is no such place, nothing changes.
        assert_eq!(altered(&1.into(), &all[1], &Alteration::Removed), Value::from(1));
    }
}
