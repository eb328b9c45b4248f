//! Functions on numbers.

use super::{Outcome, Row, new_text, number, steps, take, text};
use crate::jsonata::datum::{Datum, Items};
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;
use crate::jsonata::picture::{self, DecimalFormat};
use crate::jsonata::quote::quoted_number;
use crate::jsonata::signature::mismatch;
use crate::value::{Number, Value};

pub(super) const NATIVES: &[Row] = &[
    ("sum", "<a<n>:n>", 1, sum),
    ("max", "<a<n>:n>", 1, max),
    ("min", "<a<n>:n>", 1, min),
    ("average", "<a<n>:n>", 1, average),
    ("number", "<(nsb)-:n>", 1, cast),
    ("abs", "<n-:n>", 1, |_, arguments| map(arguments, f64::abs)),
    ("floor", "<n-:n>", 1, |_, arguments| map(arguments, f64::floor)),
    ("ceil", "<n-:n>", 1, |_, arguments| map(arguments, f64::ceil)),
    ("round", "<n-n?:n>", 2, round),
    ("sqrt", "<n-:n>", 1, square_root),
    ("power", "<n-n:n>", 2, power),
    ("formatNumber", "<n-so?:s>", 3, format_number),
    ("formatBase", "<n-n?:s>", 2, format_base),
    ("formatInteger", "<n-s:s>", 2, format_integer),
    ("parseInteger", "<s-s:n>", 2, parse_integer),
];

fn map(arguments: Vec<Datum>, change: fn(f64) -> f64) -> Outcome {
    let [value] = take(arguments);
    Ok(number(&value, 0)?.map_or(Datum::Undefined, |value| Datum::Number(change(value))))
}

fn sum(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    Ok(total(evaluator, arguments)?.map_or(Datum::Undefined, |(total, _)| Datum::Number(total)))
}

fn average(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let total = total(evaluator, arguments)?.filter(|(_, count)| *count > 0);
    Ok(total.map_or(Datum::Undefined, |(total, count)| Datum::Number(total / count as f64)))
}

/// The sum and the count of the numbers of an array. Floats are added from the first on, as the reference implementation does.
fn total(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Result<Option<(f64, usize)>, JsonataError> {
    let [list] = take(arguments);
    let Some(items) = list.items() else { return Ok(None) };
    let total = fold(evaluator, items, |total, number| total + number)?;
    Ok(Some((total.unwrap_or(0.0), items.len())))
}

fn max(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    extreme(evaluator, arguments, |best, other| other > best)
}

fn min(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    extreme(evaluator, arguments, |best, other| other < best)
}

fn extreme(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>, beats: fn(f64, f64) -> bool) -> Outcome {
    let [list] = take(arguments);
    let Some(items) = list.items() else { return Ok(Datum::Undefined) };
    let best = fold(evaluator, items, |best, other| if beats(best, other) || other.is_nan() { other } else { best })?;
    Ok(best.map_or(Datum::Undefined, Datum::Number))
}

/// Combines numbers from the first on; `None` for no numbers.
fn fold(
    evaluator: &mut Evaluator<'_>,
    items: Items<'_>,
    combine: impl Fn(f64, f64) -> f64,
) -> Result<Option<f64>, JsonataError> {
    evaluator.spend(items.len())?;
    let mut combined = None;
    for at in 0..items.len() {
        let number = match items {
            Items::Json(values) => values.get(at).and_then(Value::as_number).map(Number::as_f64),
            Items::List(data) => data.get(at).and_then(Datum::as_f64),
        };
        let number = number.ok_or_else(|| mismatch(0))?;
        combined = Some(combined.map_or(number, |combined| combine(combined, number)));
    }
    Ok(combined)
}

/// `$number`
fn cast(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value] = take(arguments);
    if value.is_undefined() || value.as_f64().is_some() {
        return Ok(value);
    }
    if let Some(value) = value.as_bool() {
        return Ok(Datum::Number(f64::from(u8::from(value))));
    }
    if let Some(text) = value.as_str() {
        evaluator.spend(super::steps(text.len()))?;
        if let Some(number) = parse(text) {
            return Ok(Datum::Number(number));
        }
    }
    let given = super::stringify::json(evaluator, &value)?;
    Err(JsonataError::new("D3030", format!("Unable to cast value to a number: {given}")))
}

/// The number that a text stands for: a JSON number, or one with `0x`, `0o` or `0b` in front.
fn parse(text: &str) -> Option<f64> {
    if is_decimal(text) {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_some() {
            return number;
        }
    }
    let digits = |radix| move |c: char| c.is_digit(radix);
    let starts_hexadecimal = |text: &str| {
        let rest = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        rest.is_some_and(|rest| rest.starts_with(digits(16)))
    };
    let has_octal = |text: &str| {
        let mut parts = text.split("0o").skip(1).chain(text.split("0O").skip(1));
        parts.any(|rest| rest.starts_with(digits(8)))
    };
    let ends_binary = |text: &str| {
        let rest = text.trim_end_matches(digits(2));
        let trimmed = text.len() - rest.len();
        // The digit before the `b` may have been taken for one behind it.
        trimmed > 0 && (rest.ends_with("0b") || rest.ends_with("0B"))
    };
    if !(starts_hexadecimal(text) || has_octal(text) || ends_binary(text)) {
        return None;
    }
    Some(radix(text.trim()).unwrap_or(f64::NAN))
}

/// `-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(text, rest)| (text, Some(rest)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(text, rest)| (text, Some(rest)));
    let unsigned = |exponent: &str| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(unsigned)
}

fn radix(text: &str) -> Option<f64> {
    let radix = match text.get(..2)? {
        "0x" | "0X" => 16,
        "0o" | "0O" => 8,
        "0b" | "0B" => 2,
        _ => return None,
    };
    let digits = text[2..].trim_start_matches('0');
    if !text[2..].chars().all(|c| c.is_digit(radix)) || text.len() == 2 {
        return None;
    }
    if digits.is_empty() {
        return Some(0.0);
    }
    if let Ok(value) = u128::from_str_radix(digits, radix) {
        return Some(value as f64);
    }
    Some(
        digits
            .chars()
            .filter_map(|c| c.to_digit(radix))
            .fold(0.0, |value, digit| value * f64::from(radix) + f64::from(digit)),
    )
}

fn round(_: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value, precision] = take(arguments);
    let Some(value) = number(&value, 0)? else { return Ok(Datum::Undefined) };
    let precision = number(&precision, 1)?.filter(|precision| !precision.is_nan()).unwrap_or(0.0);
    // JavaScript reads no exponent that has a fraction, or an exponent of its own.
    let rounded = if precision.fract() == 0.0 && precision.abs() < 1e21 {
        picture::round(value, precision as i32)
    } else {
        f64::NAN
    };
    Ok(Datum::Number(rounded))
}

fn square_root(_: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value] = take(arguments);
    let Some(value) = number(&value, 0)? else { return Ok(Datum::Undefined) };
    if value < 0.0 {
        let text = quoted_number(value);
        let message = format!("The sqrt function cannot be applied to a negative number: {text}");
        return Err(JsonataError::new("D3060", message));
    }
    Ok(Datum::Number(value.sqrt()))
}

fn power(_: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [base, exponent] = take(arguments);
    let Some(base) = number(&base, 0)? else { return Ok(Datum::Undefined) };
    let given = number(&exponent, 1)?;
    let exponent = given.unwrap_or(f64::NAN);
    let result =
        if base.abs() == 1.0 && !exponent.is_finite() || exponent.is_nan() { f64::NAN } else { base.powf(exponent) };
    if result.is_finite() {
        return Ok(Datum::Number(result));
    }
    let (base, exponent) = (quoted_number(base), given.map_or("undefined".to_owned(), quoted_number));
    let message = format!(
        "The power function has resulted in a value that cannot be represented as a JSON number: base={base}, exponent={exponent}"
    );
    Err(JsonataError::new("D3061", message))
}

fn format_number(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value, picture, options] = take(arguments);
    let Some(value) = number(&value, 0)? else { return Ok(Datum::Undefined) };
    let picture = text(&picture, 1)?.ok_or_else(|| mismatch(1))?;
    let mut format = if evaluator.is_reference() { DecimalFormat::default() } else { DecimalFormat::of_aws() };
    if let Some(members) = options.members() {
        evaluator.spend(members.len())?;
        for (name, option) in members.iter() {
            if let Some(option) = option.as_str() {
                format.set(&name, option);
            }
        }
    }
    evaluator.spend(picture.len())?;
    new_text(evaluator, &picture::format_number(value, picture, &format)?)
}

fn format_base(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value, radix] = take(arguments);
    let Some(value) = number(&value, 0)? else { return Ok(Datum::Undefined) };
    new_text(evaluator, &picture::format_base(value, number(&radix, 1)?)?)
}

fn format_integer(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value, picture] = take(arguments);
    let Some(value) = number(&value, 0)? else { return Ok(Datum::Undefined) };
    let picture = text(&picture, 1)?.ok_or_else(|| mismatch(1))?;
    evaluator.spend(picture.len())?;
    new_text(evaluator, &picture::format_integer(value, picture)?)
}

fn parse_integer(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject, picture] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    let picture = text(&picture, 1)?.ok_or_else(|| mismatch(1))?;
    evaluator.spend(steps(subject.len()) + picture.len())?;
    Ok(Datum::Number(picture::parse_integer(subject, picture)?))
}
