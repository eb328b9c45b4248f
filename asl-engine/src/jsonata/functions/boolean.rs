//! Functions on truth and kinds, and those that fail on purpose.

use super::{Outcome, Row, take, text};
use crate::jsonata::datum::{Datum, Kind};
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;

pub(super) const NATIVES: &[Row] = &[
    ("boolean", "<x-:b>", 1, cast),
    ("not", "<x-:b>", 1, not),
    ("exists", "<x:b>", 1, |_, arguments| Ok(Datum::boolean(!take::<1>(arguments)[0].is_undefined()))),
    ("type", "<x:s>", 1, |_, arguments| Ok(kind(&take::<1>(arguments)[0]))),
    ("error", "<s?:x>", 1, error),
    ("assert", "<bs?:x>", 2, assert),
];

/// Whether a value counts as true; `None` for nothing. One true item makes an array true.
///
/// `D1001` for a number that is infinite.
pub(in crate::jsonata) fn boolean(evaluator: &mut Evaluator<'_>, value: &Datum) -> Result<Option<bool>, JsonataError> {
    Ok(Some(match value {
        Datum::Undefined => return Ok(None),
        // As the documentation has it. The reference implementation takes some for the objects that it keeps them in.
        Datum::Function(_) => false,
        Datum::Number(_) => evaluator.numeric(value)?.is_some_and(|number| number != 0.0),
        Datum::Json(value) => return json(evaluator, value).map(Some),
        Datum::Record(record) => !record.members.is_empty(),
        Datum::Tuple(_) => true,
        Datum::List(list) => {
            if let [Datum::Undefined] = &list.items[..] {
                return Ok(None);
            }
            for item in &list.items {
                evaluator.spend(1)?;
                if boolean(evaluator, item)? == Some(true) {
                    return Ok(Some(true));
                }
            }
            false
        }
    }))
}

fn json(evaluator: &mut Evaluator<'_>, value: &crate::Value) -> Result<bool, JsonataError> {
    Ok(match value {
        crate::Value::Null => false,
        crate::Value::Bool(value) => *value,
        crate::Value::Number(number) => number.as_f64() != 0.0,
        crate::Value::String(text) => !text.is_empty(),
        crate::Value::Object(members) => !members.is_empty(),
        crate::Value::Array(items) => {
            for item in items {
                evaluator.spend(1)?;
                if json(evaluator, item)? {
                    return Ok(true);
                }
            }
            false
        }
    })
}

fn cast(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value] = take(arguments);
    Ok(boolean(evaluator, &value)?.map_or(Datum::Undefined, Datum::boolean))
}

fn not(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let truth = cast(evaluator, arguments)?;
    Ok(truth.as_bool().map_or(Datum::Undefined, |truth| Datum::boolean(!truth)))
}

fn kind(value: &Datum) -> Datum {
    Datum::string(match value.kind() {
        Kind::Undefined => return Datum::Undefined,
        Kind::Null => "null",
        Kind::Boolean => "boolean",
        // A number that is none is not one for the reference implementation either.
        Kind::Number if value.as_f64().is_some_and(f64::is_nan) => "object",
        Kind::Number => "number",
        Kind::String => "string",
        Kind::Array => "array",
        Kind::Object => "object",
        Kind::Function => "function",
    })
}

fn error(_: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [message] = take(arguments);
    Err(JsonataError::new("D3137", own_words(&message, 0, "$error() function evaluated")?))
}

fn assert(_: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [condition, message] = take(arguments);
    if condition.as_bool() == Some(true) {
        return Ok(Datum::Undefined);
    }
    Err(JsonataError::new("D3141", own_words(&message, 1, "$assert() statement failed")?))
}

/// The message that the author of the expression gave, or one that stands in for it.
fn own_words(message: &Datum, at: usize, otherwise: &str) -> Result<String, JsonataError> {
    let message = text(message, at)?.filter(|message| !message.is_empty());
    Ok(message.map_or(otherwise, |message| message).to_owned())
}

/// Whether JavaScript takes a value for true, which differs from JSONata for arrays, objects and functions.
pub(super) fn is_truthy(value: &Datum) -> bool {
    match value.kind() {
        Kind::Undefined | Kind::Null => false,
        Kind::Array | Kind::Object | Kind::Function => true,
        Kind::Boolean => value.as_bool() == Some(true),
        Kind::String => value.as_str().is_some_and(|text| !text.is_empty()),
        Kind::Number => value.as_f64().is_some_and(|number| number != 0.0 && !number.is_nan()),
    }
}
