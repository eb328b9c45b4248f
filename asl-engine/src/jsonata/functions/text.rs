//! Functions on texts that know nothing of patterns.

use super::{Outcome, Row, new_text, number, reserve, steps, take, text, text_room};
use crate::jsonata::datum::Datum;
use crate::jsonata::evaluate::Evaluator;

pub(super) const NATIVES: &[Row] = &[
    ("string", "<x-b?:s>", 1, string),
    ("substring", "<s-nn?:s>", 3, substring),
    ("substringBefore", "<s-s:s>", 2, substring_before),
    ("substringAfter", "<s-s:s>", 2, substring_after),
    ("lowercase", "<s-:s>", 1, lowercase),
    ("uppercase", "<s-:s>", 1, uppercase),
    ("length", "<s-:n>", 1, length),
    ("trim", "<s-:s>", 1, trim),
    ("pad", "<s-ns?:s>", 3, pad),
    ("join", "<a<s>s?:s>", 2, join),
];

fn string(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [value, indent] = take(arguments);
    if value.as_str().is_some() {
        return Ok(value);
    }
    let indent = indent.as_bool() == Some(true);
    Ok(super::string(evaluator, &value, indent)?.map_or(Datum::Undefined, Datum::string))
}

fn substring(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject, start, length] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    let mut start = number(&start, 1)?.unwrap_or(f64::NAN);
    evaluator.spend(steps(subject.len()))?;
    let count = subject.chars().count() as f64;
    if count + start < 0.0 {
        start = 0.0;
    }
    let end = match number(&length, 2)? {
        Some(length) if length <= 0.0 => return Ok(Datum::string("")),
        Some(length) if start >= 0.0 => start + length,
        Some(length) => count + start + length,
        None => count,
    };
    let (start, end) = (position(start, count), position(end, count));
    new_text(evaluator, slice(subject, start, end))
}

/// A place in a list of `count`, from its end where it is negative.
fn position(place: f64, count: f64) -> usize {
    let place = place.trunc();
    let place = if place < 0.0 { count + place } else { place };
    place.clamp(0.0, count) as usize
}

/// The characters from `start` up to, but not including, `end`.
fn slice(subject: &str, start: usize, end: usize) -> &str {
    let byte = |from: &str, chars| from.char_indices().nth(chars).map_or(from.len(), |(at, _)| at);
    let rest = &subject[byte(subject, start)..];
    &rest[..byte(rest, end.saturating_sub(start))]
}

fn substring_before(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    around(evaluator, arguments, |subject, at, _| &subject[..at])
}

fn substring_after(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    around(evaluator, arguments, |subject, at, length| &subject[at + length..])
}

/// A part of the subject, where the other text is found in it; else the subject.
fn around(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>, part: fn(&str, usize, usize) -> &str) -> Outcome {
    let [subject, other] = take(arguments);
    let Some(whole) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    let Some(other) = text(&other, 1)? else { return Ok(subject) };
    evaluator.spend(steps(whole.len()))?;
    match whole.find(&**other) {
        Some(at) => new_text(evaluator, part(whole, at, other.len())),
        None => Ok(subject),
    }
}

fn lowercase(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    map(evaluator, arguments, str::to_lowercase)
}

fn uppercase(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    map(evaluator, arguments, str::to_uppercase)
}

fn trim(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    map(evaluator, arguments, |subject| {
        let words = subject.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    })
}

/// A text made of the one argument.
fn map(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>, change: fn(&str) -> String) -> Outcome {
    let [subject] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    text_room(evaluator, subject.len())?;
    Ok(Datum::string(change(subject)))
}

fn length(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    evaluator.spend(steps(subject.len()))?;
    Ok(Datum::Number(subject.chars().count() as f64))
}

fn pad(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject, width, padding] = take(arguments);
    let Some(whole) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    let width = number(&width, 1)?.unwrap_or(f64::NAN);
    let padding = match text(&padding, 2)? {
        Some(padding) if !padding.is_empty() => padding,
        _ => " ",
    };
    evaluator.spend(steps(whole.len()))?;
    let missing = (width.abs() - whole.chars().count() as f64) as usize;
    if missing == 0 {
        return Ok(subject);
    }
    let longest = padding.chars().map(char::len_utf8).max().unwrap_or(1);
    let bytes = missing.saturating_mul(longest).saturating_add(whole.len());
    // The padding alone, and the text with it.
    text_room(evaluator, bytes.saturating_mul(2))?;
    let padding = padding.chars().cycle().take(missing);
    Ok(Datum::string(match width > 0.0 {
        true => whole.chars().chain(padding).collect::<String>(),
        false => padding.chain(whole.chars()).collect::<String>(),
    }))
}

fn join(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [texts, separator] = take(arguments);
    let Some(items) = texts.items() else { return Ok(Datum::Undefined) };
    let separator = text(&separator, 1)?.map_or("", |separator| separator);
    reserve(evaluator, items.len())?;
    let texts: Vec<Datum> = items.iter().collect();
    let texts: Vec<&str> = texts.iter().filter_map(|text| text.as_str().map(|text| &**text)).collect();
    let bytes = texts.iter().map(|text| text.len()).sum::<usize>();
    let bytes = bytes.saturating_add(separator.len().saturating_mul(texts.len()));
    text_room(evaluator, bytes)?;
    Ok(Datum::string(texts.join(separator)))
}
