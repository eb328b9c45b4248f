//! Functions on points in time.

use super::{Outcome, Row, new_text, number, steps, take, text};
use crate::jsonata::datum::Datum;
use crate::jsonata::evaluate::Evaluator;
use crate::jsonata::picture;

pub(super) const NATIVES: &[Row] = &[
    ("now", "<s?s?:s>", 2, now),
    ("millis", "<:n>", 0, |evaluator, _| Ok(Datum::Number(evaluator.now_millis() as f64))),
    ("toMillis", "<s-s?:n>", 2, to_millis),
    ("fromMillis", "<n-s?s?:s>", 3, from_millis),
];

fn now(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [picture, timezone] = take(arguments);
    let now = evaluator.now_millis() as f64;
    written(evaluator, now, (&picture, 0), (&timezone, 1))
}

fn from_millis(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [millis, picture, timezone] = take(arguments);
    let Some(millis) = number(&millis, 0)? else { return Ok(Datum::Undefined) };
    written(evaluator, millis, (&picture, 1), (&timezone, 2))
}

fn written(evaluator: &mut Evaluator<'_>, millis: f64, picture: (&Datum, usize), timezone: (&Datum, usize)) -> Outcome {
    let picture = text(picture.0, picture.1)?.map(|picture| &**picture);
    let timezone = text(timezone.0, timezone.1)?.map(|timezone| &**timezone);
    // A time zone in words, such as "utc", is UTC on AWS.
    let timezone = timezone.filter(|timezone| evaluator.is_reference() || picture::is_offset(timezone));
    evaluator.spend(picture.map_or(1, str::len))?;
    new_text(evaluator, &picture::from_millis(millis, picture, timezone)?)
}

fn to_millis(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [timestamp, picture] = take(arguments);
    let Some(timestamp) = text(&timestamp, 0)? else { return Ok(Datum::Undefined) };
    let picture = text(&picture, 1)?.map(|picture| &**picture);
    evaluator.spend(steps(timestamp.len()) + picture.map_or(1, str::len))?;
    let millis = picture::to_millis(timestamp, picture, evaluator.now_millis())?;
    Ok(millis.map_or(Datum::Undefined, Datum::Number))
}
