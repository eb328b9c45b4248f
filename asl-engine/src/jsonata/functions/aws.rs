//! The functions that Step Functions adds to the language.
//!
//! AWS developer guide, "JSONata functions provided by Step Functions". Numbers lose their fraction. Where the guide does not
//! say what an argument out of range gives, these functions give what users have seen.

use super::{Outcome, Row, new_text, number, reserve, take, text, text_room};
use crate::Value;
use crate::intrinsic::{digest, uuid};
use crate::json;
use crate::jsonata::datum::Datum;
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::{Evaluator, ITEM_BYTES};
use crate::jsonata::signature::wrong_items;

pub(super) const NATIVES: &[Row] = &[
    ("partition", "<x?n?:a>", 2, partition),
    ("range", "<n?n?n?:a>", 3, range),
    ("hash", "<sx?:s>", 2, hash),
    ("random", "<n?:n>", 1, random),
    ("uuid", "<:s>", 0, |evaluator, _| Ok(Datum::string(uuid(evaluator.random())))),
    ("parse", "<s?:x>", 1, parse),
];

/// What a number in a range takes: on AWS 360,145 of them are possible. To so many a list of Java's grows without being copied to
/// a larger one, for which there is no room.
const RANGE_BYTES: f64 = 58.2286;

/// `$partition([1, 2, 3], 2)` is `[[1, 2], [3]]`; without a size, the array is the only part.
fn partition(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [list, size] = take(arguments);
    if list.is_undefined() {
        return Ok(Datum::Undefined);
    }
    let Some(items) = list.items() else { return Err(wrong_items(0, None)) };
    let Some(size) = number(&size, 1)?.map(f64::trunc) else { return Ok(Datum::array(vec![list])) };
    if size < 0.0 {
        return Err(JsonataError::new("D3137", "Second argument must be zero or greater"));
    }
    let size = size as usize;
    if size == 0 || items.len() == 0 {
        return Ok(Datum::Undefined);
    }
    reserve(evaluator, items.len() + items.len().div_ceil(size).saturating_mul(3))?;
    let items: Vec<Datum> = items.iter().collect();
    Ok(Datum::array(items.chunks(size).map(|part| Datum::array(part.to_vec())).collect()))
}

/// `$range(0, 10, 3)` is `[0, 3, 6, 9]`. A single number is no array, and no number is nothing.
fn range(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [first, last, step] = take(arguments);
    let (Some(first), Some(last), Some(step)) = (number(&first, 0)?, number(&last, 1)?, number(&step, 2)?) else {
        return Ok(Datum::Undefined);
    };
    let (first, last, step) = (first.trunc(), last.trunc(), step.trunc());
    let steps = (last - first) / step;
    if steps.is_nan() || steps < 0.0 || step == 0.0 {
        return Ok(Datum::Undefined);
    }
    let count = steps.floor() + 1.0;
    evaluator.allocate((count * RANGE_BYTES) as usize)?;
    let count = count as usize;
    evaluator.spend(count)?;
    Ok(Datum::sequence((0..count).map(|at| Datum::Number(first + at as f64 * step)).collect()))
}

/// The hash of a text's UTF-8 bytes in lower-case hexadecimal digits.
fn hash(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let is_told = arguments.len() > 1;
    let [subject, algorithm] = take(arguments);
    let (Some(subject), true) = (text(&subject, 0)?, is_told) else { return Ok(Datum::Undefined) };
    // An algorithm that is told and undefined is one that there is not.
    let algorithm = text(&algorithm, 1)?.map_or("null", |algorithm| algorithm);
    evaluator.spend(subject.len() / 16 + 1)?;
    match digest(subject, algorithm) {
        Some(digest) => new_text(evaluator, &digest),
        None => {
            let message = format!("Hash algorithm '{algorithm}' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5");
            Err(JsonataError::new("D3137", message))
        }
    }
}

/// A number from 0 up to, but not including, 1; with a seed, always the same one.
fn random(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [seed] = take(arguments);
    let random = match number(&seed, 0)? {
        Some(seed) => JavaRandom::new(seed as i64).fraction(),
        None => evaluator.random().fraction(),
    };
    Ok(Datum::Number(random))
}

/// The linear congruential generator of `java.util.Random`, as its documentation specifies it.
struct JavaRandom(i64);

impl JavaRandom {
    const MULTIPLIER: i64 = 0x5_DEEC_E66D;
    const MASK: i64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        Self((seed ^ Self::MULTIPLIER) & Self::MASK)
    }

    fn bits(&mut self, count: u32) -> i64 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        self.0 >> (48 - count)
    }

    fn fraction(&mut self) -> f64 {
        ((self.bits(26) << 27) + self.bits(27)) as f64 / (1i64 << 53) as f64
    }
}

/// The value of a JSON text, in which texts may stand in single quotes.
fn parse(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    // An item of an array takes as little as two bytes of text.
    text_room(evaluator, subject.len().saturating_mul(ITEM_BYTES / 4))?;
    let invalid = || JsonataError::new("D3137", "Invalid JSON");
    let value = json::parse_quoted(subject).map_err(|_| invalid())?;
    if has_infinite(&value) {
        return Err(invalid());
    }
    Ok(Datum::Json(value))
}

/// Whether a number is beyond what a float holds.
fn has_infinite(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.as_f64().is_finite(),
        Value::Array(items) => items.iter().any(has_infinite),
        Value::Object(members) => members.values().any(has_infinite),
        _ => false,
    }
}
