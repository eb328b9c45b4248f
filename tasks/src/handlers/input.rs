//! What the handlers read from their input, and what they say where it is not as they need it.
//! The error names are those that a Python function would raise for the same input.

use asl_engine::{Array, Failure, Value};

use super::function_error;

/// The member `name` of `of`, which stands for the whole input or for a member of it.
pub(super) fn member<'a>(of: &'a Value, name: &str) -> Result<&'a Value, Failure> {
    if of.as_object().is_none() {
        return Err(wrong_type("the input", "an object", of));
    }
    of.get(name).ok_or_else(|| function_error("KeyError", format!("the input has no {name}")))
}

/// The list of texts `resourcePaths`.
pub(super) fn resource_paths(input: &Value) -> Result<&Array, Failure> {
    let value = member(input, "resourcePaths")?;
    let paths = value.as_array().ok_or_else(|| wrong_type("resourcePaths", "a list", value))?;
    match paths.iter().position(|path| path.as_str().is_none()) {
        Some(at) => Err(wrong_type(&format!("resourcePaths[{at}]"), "a text", &paths[at])),
        None => Ok(paths),
    }
}

/// The text `baseUrl`, an absolute http or https URL.
pub(super) fn base_url(input: &Value) -> Result<(&str, url::Url), Failure> {
    let value = member(input, "baseUrl")?;
    let text = value.as_str().ok_or_else(|| wrong_type("baseUrl", "a text", value))?;
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => Ok((text, url)),
        Ok(_) => Err(function_error("ValueError", format!("baseUrl is no http or https URL: {text}"))),
        Err(error) => Err(function_error("ValueError", format!("baseUrl is no URL ({error}): {text}"))),
    }
}

/// The number `lambdaConcur`, also as a text: how many requests one download task makes at once.
pub(super) fn lambda_concur(input: &Value) -> Result<usize, Failure> {
    let value = member(input, "lambdaConcur")?;
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => return Err(wrong_type("lambdaConcur", "a number", value)),
    };
    match number.map(usize::try_from) {
        Some(Ok(number)) if number > 0 => Ok(number),
        _ => Err(function_error("ValueError", format!("lambdaConcur must be a whole number from 1 on, not {value}"))),
    }
}

fn wrong_type(name: &str, expected: &str, found: &Value) -> Failure {
    function_error("TypeError", format!("{name} must be {expected}, not {}", kind(found)))
}

/// What `value` is, for a message. Never the value itself: it can be long, and it can be a secret.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
