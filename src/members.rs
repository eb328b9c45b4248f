//! What to do where a value does not have what is looked up in it.

use asl_engine::{Value, nearest};

use crate::preview::cut;

/// How many members are named.
const MEMBERS: usize = 8;

/// The members that an object has instead of one that it lacks.
pub(crate) fn instead_of(name: &str, object: &Value) -> Option<String> {
    let members = object.as_object()?;
    if let Some(near) = nearest(name, members.iter().map(|(name, _)| &**name)) {
        return Some(format!("did you mean '{near}'?"));
    }
    let mut names: Vec<String> = members.iter().take(MEMBERS).map(|(name, _)| cut(name, 30)).collect();
    if names.is_empty() {
        return Some("the object is empty".to_owned());
    }
    if members.iter().nth(MEMBERS).is_some() {
        names.push("…".to_owned());
    }
    Some(format!("it has {}", names.join(", ")))
}

/// Whether a value is a text with an object or an array in it.
pub(crate) fn holds_json(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim_start().starts_with(['{', '[']) && text.parse::<Value>().is_ok())
}
