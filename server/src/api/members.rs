//! The members of requests, held against the bounds of AWS's model before anything else.
//!
//! The texts are those that AWS's services make of their models; recorded for lengths, values and patterns.

use std::sync::LazyLock;

use asl_engine::{Object, Value};
use regex::Regex;

use super::error::ApiError;

/// By operation: its members with their types and bounds.
static MEMBERS: LazyLock<Value> = LazyLock::new(|| include_str!("members.json").parse().unwrap_or_default());

/// The names of all operations.
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    MEMBERS.as_object().into_iter().flat_map(|operations| operations.iter().map(|(name, _)| &**name))
}

/// Refuses what the model of an operation does not take: wrong types, and then all broken bounds at once.
pub(crate) fn check(operation: &str, parameters: &Value) -> Result<(), ApiError> {
    let Some(members) = MEMBERS.get(operation).and_then(Value::as_object) else { return Ok(()) };
    let mut broken = Vec::new();
    structure(members, parameters, "", &mut broken)?;
    match broken.len() {
        0 => Ok(()),
        1 => Err(ApiError::validation(format!("1 validation error detected: {}", broken[0]))),
        many => Err(ApiError::validation(format!("{many} validation errors detected: {}", broken.join("; ")))),
    }
}

fn structure(members: &Object, given: &Value, path: &str, broken: &mut Vec<String>) -> Result<(), ApiError> {
    for (name, model) in members.iter() {
        let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        match given.get(name) {
            None | Some(Value::Null) => {
                if model.get("required").is_some() {
                    broken.push(failed("null", &path, "Member must not be null"));
                }
            }
            Some(value) => member(model, value, &path, broken)?,
        }
    }
    Ok(())
}

fn failed(value: &str, path: &str, constraint: &str) -> String {
    format!("Value {value} at '{path}' failed to satisfy constraint: {constraint}")
}

/// What a value is called where another one is expected.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(_) => "BOOLEAN_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn member(model: &Value, value: &Value, path: &str, broken: &mut Vec<String>) -> Result<(), ApiError> {
    let bound = |name: &str| model.get(name).and_then(number);
    let wrong = |expected: &str| {
        Err(ApiError::new("SerializationException", format!("{} can not be converted to {expected}", kind(value))))
    };
    match (model["type"].as_str().unwrap_or_default(), value) {
        ("string", Value::String(text)) => {
            let length = text.chars().count() as f64;
            let shown = format!("'{text}'");
            if let Some(least) = bound("min").filter(|least| length < *least) {
                let constraint = format!("Member must have length greater than or equal to {least}");
                broken.push(failed(&shown, path, &constraint));
            }
            if let Some(most) = bound("max").filter(|most| length > *most) {
                broken.push(failed(&shown, path, &format!("Member must have length less than or equal to {most}")));
            }
            if let Some(pattern) = model["pattern"].as_str().filter(|pattern| !fits(pattern, text)) {
                let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
                broken.push(failed(&shown, path, &constraint));
            }
            if let Some(allowed) = model["enum"].as_array() {
                let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
                if !allowed.contains(&&**text) {
                    let constraint = format!("Member must satisfy enum value set: [{}]", allowed.join(", "));
                    broken.push(failed(&shown, path, &constraint));
                }
            }
        }
        ("string", _) => return wrong("a String"),
        ("integer" | "long" | "float" | "double", Value::Number(_)) => {
            let number = number(value).unwrap_or_default();
            let shown = format!("'{value}'");
            if let Some(least) = bound("min").filter(|least| number < *least) {
                let constraint = format!("Member must have value greater than or equal to {least}");
                broken.push(failed(&shown, path, &constraint));
            }
            if let Some(most) = bound("max").filter(|most| number > *most) {
                broken.push(failed(&shown, path, &format!("Member must have value less than or equal to {most}")));
            }
        }
        ("integer", _) => return wrong("an Integer"),
        ("long", _) => return wrong("a Long"),
        ("float" | "double", _) => return wrong("a Float"),
        ("boolean", Value::Bool(_)) => {}
        ("boolean", _) => return wrong("a Boolean"),
        ("list", Value::Array(items)) => {
            let length = items.len() as f64;
            let shown = || format!("'{}'", as_java(&model["member"], value));
            if let Some(least) = bound("min").filter(|least| length < *least) {
                let constraint = format!("Member must have length greater than or equal to {least}");
                broken.push(failed(&shown(), path, &constraint));
            }
            if let Some(most) = bound("max").filter(|most| length > *most) {
                broken.push(failed(&shown(), path, &format!("Member must have length less than or equal to {most}")));
            }
            for (index, item) in items.iter().enumerate() {
                member(&model["member"], item, &format!("{path}.{}.member", index + 1), broken)?;
            }
        }
        ("list", _) => return wrong("a List"),
        ("structure", Value::Object(_)) => {
            if let Some(members) = model["members"].as_object() {
                structure(members, value, path, broken)?;
            }
        }
        ("structure", _) => return wrong("a Structure"),
        _ => {}
    }
    Ok(())
}

/// Whether a text fits a pattern of the model as a whole. There are three of them, and one looks ahead.
fn fits(pattern: &str, text: &str) -> bool {
    static PRINTABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^[!-~]+$").ok());
    static ALIAS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[a-zA-Z0-9_\-.]+$").ok());
    let is_match = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(text));
    match pattern {
        "[!-~]+" => is_match(&PRINTABLE),
        r"\p{ASCII}*" => text.is_ascii(),
        // The name of an alias is no number.
        _ => is_match(&ALIAS) && text.contains(|c: char| !c.is_ascii_digit()),
    }
}

/// A value as Java shows it: `[Item(name=value, other=1), …]`.
fn as_java(model: &Value, value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| as_java(model, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(_) => {
            let members = model["members"].as_object().into_iter().flat_map(|members| members.iter());
            let members = members.map(|(name, model)| format!("{name}={}", as_java(model, &value[&**name])));
            format!("{}({})", model["name"].as_str().unwrap_or_default(), members.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    }
}
