//! Mocked results held against what the API of a service answers, where the host has told that.

use std::borrow::Cow;

use super::MockCheck;
use crate::sdk_names::sdk_member_name;
use crate::value::{Number, Value};

/// Holds a result against a table as [`TestState::outputs`](super::TestState::outputs) gives it, with `strict` for its required fields
/// too.
///
/// The error says what does not fit, in AWS's words.
pub(super) fn check(table: Option<&Value>, service: &str, result: &Value, strict: bool) -> Result<MockCheck, String> {
    let Some(table) = table else { return Ok(MockCheck::NoModel) };
    // The optimized integration reads the JSON that a function answers.
    let free = (service == "lambda").then_some("Payload");
    let sdk = service.strip_prefix("aws-sdk:");
    Check { shapes: &table["shapes"], strict, free, sdk }.target("", &table["shape"], result)?;
    Ok(MockCheck::Fits)
}

struct Check<'a> {
    shapes: &'a Value,
    strict: bool,
    /// A field that holds anything.
    free: Option<&'a str>,
    /// The service of an AWS SDK integration, whose members have other names than those of the model.
    sdk: Option<&'a str>,
}

impl Check<'_> {
    /// `target` is the name of a kind, or `#` and the name of a shape.
    fn target(&self, field: &str, target: &Value, value: &Value) -> Result<(), String> {
        let target = target.as_str().unwrap_or_default();
        match target.strip_prefix('#') {
            Some(shape) => self.shape(field, &self.shapes[shape], value),
            None => kind(field, target, value),
        }
    }

    fn shape(&self, field: &str, shape: &Value, value: &Value) -> Result<(), String> {
        kind(field, shape["type"].as_str().unwrap_or_default(), value)?;
        bounds(field, shape, value)?;
        match value {
            Value::Object(members) => match &shape["members"] {
                Value::Object(known) => {
                    let required = shape["required"].as_array().map(|names| &**names).unwrap_or_default();
                    for (name, target) in known.iter().filter(|(name, _)| Some(&***name) != self.free) {
                        let shown = self.sdk.map_or(Cow::Borrowed(&**name), |service| sdk_member_name(service, name));
                        match members.get(&shown) {
                            Some(value) => self.target(&shown, target, value)?,
                            None if self.strict && required.iter().any(|known| known.as_str() == Some(name)) => {
                                return Err(format!("Required field '{shown}' is missing"));
                            }
                            None => {}
                        }
                    }
                    Ok(())
                }
                _ => members.iter().try_for_each(|(name, value)| self.target(name, &shape["values"], value)),
            },
            Value::Array(items) => items.iter().try_for_each(|item| self.target(field, &shape["items"], item)),
            _ => Ok(()),
        }
    }
}

/// Whether a value is of a kind, as the models name it; a kind that is none of theirs is any.
fn kind(field: &str, kind: &str, value: &Value) -> Result<(), String> {
    fits(kind, value).map_err(|wanted| match field {
        "" => format!("The result must be {wanted}"),
        _ => format!("Field '{field}' must be {wanted}"),
    })
}

/// The same; the error says what it would have to be.
pub(super) fn fits(kind: &str, value: &Value) -> Result<(), &'static str> {
    let (fits, name) = match kind {
        "string" => (matches!(value, Value::String(_)), "a string"),
        "number" => (matches!(value, Value::Number(_)), "a number"),
        "boolean" => (matches!(value, Value::Bool(_)), "a boolean"),
        "array" => (matches!(value, Value::Array(_)), "an array"),
        "object" | "map" => (matches!(value, Value::Object(_)), "an object"),
        _ => (true, "anything"),
    };
    if fits { Ok(()) } else { Err(name) }
}

/// The bounds of a text (its length) or a number.
fn bounds(field: &str, shape: &Value, value: &Value) -> Result<(), String> {
    let (size, below, above) = match value {
        Value::String(text) => {
            let size = text.chars().count() as f64;
            (size, "is smaller than the minimum length", "exceeds the maximum length")
        }
        Value::Number(number) => (number.as_f64(), "is less than the minimum value", "exceeds the maximum value"),
        _ => return Ok(()),
    };
    let bound = |name: &str| shape[name].as_number().map(Number::as_f64);
    let words = shape["enum"].as_array();
    let fault = if words.is_some_and(|words| !words.contains(value)) {
        "is not an expected value"
    } else if bound("min").is_some_and(|least| size < least) {
        below
    } else if bound("max").is_some_and(|most| size > most) {
        above
    } else {
        return Ok(());
    };
    Err(format!("Field '{field}' {fault}"))
}
