//! Functions that look for a text or for a pattern.
//!
//! A pattern is any function that gives a match for a text: an object with `match`, `start`, `end`, `groups`, and `next`,
//! which is a function for the match behind it. A regular expression is such a function. Places are UTF-16 code units.

use std::sync::Arc;

use super::{Outcome, Row, new_text, number, steps, take, text, text_room};
use crate::Value;
use crate::jsonata::datum::Datum;
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::{Evaluator, ITEM_BYTES};
use crate::jsonata::signature::mismatch;

pub(super) const NATIVES: &[Row] = &[
    ("contains", "<s-(sf):b>", 2, contains),
    ("match", "<s-f<s:o>n?:a<o>>", 3, find_all),
    ("replace", "<s-(sf)(sf)n?:s>", 4, replace),
    ("split", "<s-(sf)n?:a<s>>", 3, split),
];

/// A match as a function gave it.
struct Found {
    object: Datum,
    matched: Datum,
    start: f64,
    end: f64,
    groups: Datum,
    next: Datum,
}

/// Calls a matcher. `None` for no match; `T1010` for anything else that has nothing of a match.
fn find(evaluator: &mut Evaluator<'_>, matcher: &Datum, arguments: Vec<Datum>) -> Result<Option<Found>, JsonataError> {
    if matcher.as_function().is_none() {
        return Err(no_match());
    }
    let object = evaluator.call(matcher, arguments)?;
    if object.is_undefined() {
        return Ok(None);
    }
    let member = |name| object.members().and_then(|members| members.get(name)).unwrap_or(Datum::Undefined);
    let (start, end) = (member("start").as_f64(), member("end").as_f64());
    let (matched, groups, next) = (member("match"), member("groups"), member("next"));
    if start.is_none() && !groups.is_array() && next.as_function().is_none() {
        return Err(no_match());
    }
    let (start, end) = (start.unwrap_or(f64::NAN), end.unwrap_or(f64::NAN));
    Ok(Some(Found { object, matched, start, end, groups, next }))
}

fn no_match() -> JsonataError {
    let message =
        "The matcher function argument passed to function {{token}} does not return the correct object structure";
    JsonataError::new("T1010", message)
}

fn first(evaluator: &mut Evaluator<'_>, matcher: &Datum, text: &Arc<str>) -> Result<Option<Found>, JsonataError> {
    if matcher.as_function().is_none() {
        return Err(mismatch(1));
    }
    find(evaluator, matcher, vec![Datum::string(text.clone())])
}

fn contains(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject, pattern] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    evaluator.spend(steps(subject.len()))?;
    Ok(Datum::boolean(match pattern.as_str() {
        Some(wanted) => subject.contains(&**wanted),
        None => first(evaluator, &pattern, subject)?.is_some(),
    }))
}

/// `$match`
fn find_all(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject, pattern, limit] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    let message = "Third argument of match function must evaluate to a positive number";
    let mut limit = Limit::new(evaluator, &limit, 2, "D3040", message)?;
    let mut matches = Vec::new();
    let mut found = if limit.allows() { first(evaluator, &pattern, subject)? } else { None };
    while let Some(Found { matched, start, groups, next, .. }) = found.take_if(|_| limit.take()) {
        evaluator.allocate(8 * ITEM_BYTES)?;
        let members = [("match", matched), ("index", Datum::Number(start)), ("groups", groups)];
        let members = members.into_iter().filter(|(_, member)| !member.is_undefined());
        matches.push(Datum::object(members.map(|(name, member)| (name.into(), member)).collect()));
        found = find(evaluator, &next, Vec::new())?;
    }
    Ok(Datum::sequence(matches))
}

fn replace(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject, pattern, replacement, limit] = take(arguments);
    let Some(whole) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    if pattern.as_str().is_some_and(|pattern| pattern.is_empty()) {
        return Err(JsonataError::new("D3010", "Second argument of replace function cannot be an empty string"));
    }
    let message = "Fourth argument of replace function must evaluate to a positive number";
    let mut limit = Limit::new(evaluator, &limit, 3, "D3011", message)?;
    if !limit.allows() {
        return Ok(subject);
    }
    evaluator.spend(steps(whole.len()))?;
    match pattern.as_str() {
        Some(wanted) => replace_text(evaluator, whole, wanted, &replacement, &mut limit),
        None => replace_matches(evaluator, &subject, whole, &pattern, &replacement, &mut limit),
    }
}

fn replace_text(
    evaluator: &mut Evaluator<'_>,
    whole: &str,
    wanted: &str,
    replacement: &Datum,
    limit: &mut Limit,
) -> Outcome {
    let mut replaced = String::new();
    let mut position = 0;
    for (at, _) in whole.match_indices(wanted) {
        if !limit.take() {
            break;
        }
        let replacement = match replacement.as_str() {
            Some(replacement) => replacement,
            // JavaScript writes `undefined` for nothing.
            None if replacement.is_undefined() => "undefined",
            None => return Err(not_a_text()),
        };
        text_room(evaluator, at - position + replacement.len())?;
        replaced.push_str(&whole[position..at]);
        replaced.push_str(replacement);
        position = at + wanted.len();
    }
    text_room(evaluator, whole.len() - position)?;
    replaced.push_str(&whole[position..]);
    Ok(Datum::string(replaced))
}

fn replace_matches(
    evaluator: &mut Evaluator<'_>,
    subject: &Datum,
    whole: &Arc<str>,
    pattern: &Datum,
    replacement: &Datum,
    limit: &mut Limit,
) -> Outcome {
    let mut found = first(evaluator, pattern, whole)?;
    if found.is_none() {
        return Ok(subject.clone());
    }
    let mut places = Places::new(whole);
    let mut replaced = String::new();
    let mut position = 0.0;
    while let Some(one) = found.take_if(|_| limit.take()) {
        let before = places.between(evaluator, position, one.start)?;
        text_room(evaluator, before.len())?;
        replaced.push_str(before);
        match replacement.as_str() {
            Some(template) => fill(evaluator, template, &one, &mut replaced)?,
            None if replacement.is_undefined() => return Err(mismatch(2)),
            None => {
                let with = evaluator.call(replacement, vec![one.object])?;
                let with = with.as_str().ok_or_else(not_a_text)?;
                text_room(evaluator, with.len())?;
                replaced.push_str(with);
            }
        }
        let units = one.matched.as_str().map_or(0, |matched| matched.encode_utf16().count());
        position = one.start + units as f64;
        found = find(evaluator, &one.next, Vec::new())?;
    }
    let rest = places.between(evaluator, position, f64::INFINITY)?;
    text_room(evaluator, rest.len())?;
    replaced.push_str(rest);
    Ok(Datum::string(replaced))
}

fn not_a_text() -> JsonataError {
    JsonataError::new("D3012", "Attempted to replace a matched string with a non-string value")
}

/// Writes a replacement, in which `$0` stands for the match, `$1` for a group and `$$` for a dollar sign.
fn fill(evaluator: &mut Evaluator<'_>, template: &str, found: &Found, out: &mut String) -> Result<(), JsonataError> {
    let groups = found.groups.items().map_or(0, |groups| groups.len());
    // As many digits as the greatest number of a group has.
    let most_digits = groups.checked_ilog10().unwrap_or(0) as usize + 1;
    let mut push = |evaluator: &mut Evaluator<'_>, text: &str| {
        text_room(evaluator, text.len())?;
        out.push_str(text);
        Ok(())
    };
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        push(evaluator, before)?;
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            push(evaluator, "$")?;
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('0') {
            push(evaluator, found.matched.as_str().map_or("", |matched| matched))?;
            rest = after;
            continue;
        }
        let digits = rest.bytes().take(most_digits).take_while(u8::is_ascii_digit).count();
        let read = |digits: usize| rest.get(..digits).and_then(|digits| digits.parse::<usize>().ok());
        let (group, digits) = match read(digits) {
            Some(group) if group > groups && digits > 1 => (read(digits - 1), digits - 1),
            group => (group, digits),
        };
        let Some(group) = group else {
            push(evaluator, "$")?;
            continue;
        };
        let text = group.checked_sub(1).and_then(|at| found.groups.items()?.get(at));
        push(evaluator, text.as_ref().and_then(Datum::as_str).map_or("", |text| text))?;
        rest = &rest[digits..];
    }
    push(evaluator, rest)
}

fn split(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject, separator, limit] = take(arguments);
    let Some(whole) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    let message = "Third argument of split function must evaluate to a positive number";
    let mut limit = Limit::new(evaluator, &limit, 2, "D3020", message)?;
    evaluator.spend(steps(whole.len()))?;
    let mut parts: Vec<Value> = Vec::new();
    let mut push = |evaluator: &mut Evaluator<'_>, part: &str| {
        evaluator.allocate(ITEM_BYTES)?;
        parts.extend(new_text(evaluator, part)?.to_value());
        Ok::<_, JsonataError>(())
    };
    if !limit.allows() {
        return Ok(Datum::Json(parts.into()));
    }
    if let Some(separator) = separator.as_str() {
        limit.wrap();
        // Between all characters an empty separator stands, but not at the ends.
        let all = whole.split(&**separator).filter(|part| !separator.is_empty() || !part.is_empty());
        for part in all {
            if !limit.take() {
                break;
            }
            push(evaluator, part)?;
        }
        return Ok(Datum::Json(parts.into()));
    }
    let mut places = Places::new(whole);
    let mut position = 0.0;
    let mut found = first(evaluator, &separator, whole)?;
    while let Some(one) = found.take_if(|_| limit.take()) {
        let part = places.between(evaluator, position, one.start)?;
        push(evaluator, part)?;
        position = one.end;
        found = find(evaluator, &one.next, Vec::new())?;
    }
    if limit.take() {
        let part = places.between(evaluator, position, f64::INFINITY)?;
        push(evaluator, part)?;
    }
    Ok(Datum::Json(parts.into()))
}

/// How many more matches are wanted.
struct Limit(Option<f64>);

impl Limit {
    /// A fraction counts as one more in the reference implementation, and as nothing on AWS.
    fn new(
        evaluator: &Evaluator<'_>,
        limit: &Datum,
        at: usize,
        code: &'static str,
        message: &str,
    ) -> Result<Self, JsonataError> {
        match number(limit, at)? {
            Some(limit) if limit < 0.0 => Err(JsonataError::new(code, message)),
            Some(limit) if !evaluator.is_reference() => Ok(Self(Some(limit.trunc()))),
            limit => Ok(Self(limit)),
        }
    }

    /// What is left of it in a whole number of 32 bits.
    fn wrap(&mut self) {
        self.0 = self.0.map(|limit| limit.trunc().rem_euclid(4_294_967_296.0));
    }

    fn allows(&self) -> bool {
        self.0.is_none_or(|limit| limit > 0.0)
    }

    /// Takes one, if there is one left.
    fn take(&mut self) -> bool {
        let allowed = self.allows();
        self.0 = self.0.map(|limit| limit - 1.0);
        allowed
    }
}

/// Finds places in UTF-16 code units within a text, best from its start to its end.
struct Places<'t> {
    text: &'t str,
    byte: usize,
    unit: usize,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, byte: 0, unit: 0 }
    }

    /// The text between two places, whichever comes first.
    fn between(&mut self, evaluator: &mut Evaluator<'_>, one: f64, other: f64) -> Result<&'t str, JsonataError> {
        let start = self.byte(evaluator, one.min(other))?;
        let end = if other.max(one) == f64::INFINITY { self.text.len() } else { self.byte(evaluator, one.max(other))? };
        Ok(self.text.get(start..end).unwrap_or_default())
    }

    fn byte(&mut self, evaluator: &mut Evaluator<'_>, place: f64) -> Result<usize, JsonataError> {
        // Below zero and no number become zero.
        let place = place as usize;
        if place < self.unit {
            (self.byte, self.unit) = (0, 0);
        }
        evaluator.spend((place - self.unit) / 64)?;
        for c in self.text[self.byte..].chars() {
            if self.unit + c.len_utf16() > place {
                break;
            }
            self.byte += c.len_utf8();
            self.unit += c.len_utf16();
        }
        Ok(self.byte)
    }
}
