//! What shows of the Java that AWS runs in the results of its intrinsic functions and payload templates.

mod base64;
mod hash;
mod random;

pub(crate) use base64::decode as decode_base64;
pub(crate) use hash::{hash_set, iteration_order, string_hash};
pub(crate) use random::Random;

use std::borrow::Cow;

use crate::value::Value;

/// `Object.toString` of what Java makes of a value: `{a=1, b=[x, y]}`, and a text without quotes.
pub(crate) fn to_string(value: &Value) -> Cow<'_, str> {
    let list = |items: Vec<Cow<'_, str>>| items.join(", ");
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => format!("[{}]", list(items.iter().map(to_string).collect())).into(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name}={}", to_string(value)).into());
            format!("{{{}}}", list(members.collect())).into()
        }
        other => other.to_string().into(),
    }
}

/// `Math.round` of a double: halves go up, and what an `i64` cannot hold becomes the nearest that it can.
pub(crate) fn round(value: f64) -> i64 {
    // Not `value + 0.5`, which itself is rounded.
    let below = value.floor();
    (if value - below < 0.5 { below } else { below + 1.0 }) as i64
}
