//! How two executions differ, for a person.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;

use asl_engine::Value;
use asl_history::{
    Comparison, Course, Difference, Frame, FrameKind, Happened, Parting, Place, Status, Taken, Told, VisitAt, What,
};

use super::{Side, word};
use crate::preview::cut;
use crate::printable::line;
use crate::progress::seconds;

/// How many states are told, and how many differences of each thing.
const STATES: usize = 100;
const DIFFERENCES: usize = 20;
/// How many paths are listed that only one has.
const ONLY: usize = 30;
/// How wide a value is shown.
const WIDTH: usize = 60;
/// How many characters stay before the one that differs in a long text.
const BEFORE: usize = 12;
/// Times that are as near as this are the same to a person: in milliseconds, and in parts of the longer one.
const SAME_MILLIS: i64 = 10;
const SAME_PART: i64 = 10;

/// The whole text.
pub(super) fn shown(sides: [&Side; 2], comparison: &Comparison, times: bool) -> String {
    let mut out = String::new();
    for (letter, side) in ["A", "B"].into_iter().zip(sides) {
        let _ = writeln!(out, "{letter}  {}", line(&ended(side)));
    }
    let blocks = [
        comparison.partings.iter().map(parting).collect(),
        told(sides, comparison),
        only(comparison),
        if times { took(sides.map(|side| &side.course), &comparison.pairs) } else { String::new() },
        last(comparison),
    ];
    for block in blocks.into_iter().filter(|block: &String| !block.is_empty()) {
        out.push('\n');
        out += &block;
    }
    out
}

/// `run-1795968578666: SUCCEEDED in 1.2 s, 14 events`
fn ended(side: &Side) -> String {
    let execution = side.course.execution();
    // A file says no name.
    let name = execution.arn.as_deref().and_then(|arn| arn.rsplit(':').next()).unwrap_or(&side.named);
    let took = execution.span.millis().map_or(String::new(), |millis| format!(" in {}", seconds(millis)));
    let name = cut(name, WIDTH);
    format!("{name}: {}{took}, {}", execution.status.name(), counted(side.course.events, "event"))
}

fn parting(parting: &Parting) -> String {
    let place = match parting.frame.trim_end_matches('/') {
        "" => String::new(),
        frame => format!("in {frame}, "),
    };
    let after = match &parting.after {
        Some(after) => format!("behind '{after}', "),
        None => "from the start, ".to_owned(),
    };
    let way = |way: &Taken| match way {
        Taken::Next { state, is_caught: false } => format!("goes to '{state}'"),
        Taken::Next { state, is_caught: true } => format!("goes to '{state}' by a Catcher"),
        Taken::Ends(Status::Succeeded) => "ends".to_owned(),
        Taken::Ends(Status::Running) => "has not gone on".to_owned(),
        Taken::Ends(Status::Aborted) => "is aborted".to_owned(),
        Taken::Ends(Status::TimedOut) => "runs out of time".to_owned(),
        Taken::Ends(_) => "fails".to_owned(),
    };
    format!("{}\n", line(&format!("{place}{after}A {}, B {}", way(&parting.ways[0]), way(&parting.ways[1]))))
}

/// What differs where both were, but for what was only handed on. Iterations and child executions that differ in the same way are
/// told once.
fn told(sides: [&Side; 2], comparison: &Comparison) -> String {
    let mut blocks: Vec<(&Told, String, usize)> = Vec::new();
    let mut known: HashMap<(String, &str, String), usize> = HashMap::new();
    for told in &comparison.told {
        let mut block = String::new();
        told.happened.iter().for_each(|happened| one(happened, &mut block));
        if block.is_empty() {
            continue;
        }
        let course = &sides[0].course;
        let path = match told.place {
            Place::Visit(visit, _) => course.state_path(visit),
            Place::Start(frame, _) | Place::End(frame, _) => course.frame_state_path(frame),
        };
        match known.entry((path, kind(told.place), block.clone())) {
            Entry::Occupied(first) => blocks[*first.get()].2 += 1,
            Entry::Vacant(first) => {
                first.insert(blocks.len());
                blocks.push((told, block, 1));
            }
        }
    }
    let mut out = String::new();
    for (told, block, count) in blocks.iter().take(STATES) {
        let noun = if told.place.visits().is_some() { "visit" } else { "execution" };
        let alike = match count - 1 {
            0 => String::new(),
            more => format!(", and {} likewise", counted(more, &format!("more {noun}"))),
        };
        let times = told.place.visits().filter(|_| *count == 1).and_then(|(one, other)| beside(sides, one, other));
        let _ = writeln!(out, "{}{alike}{}", line(&title(told, &sides[0].course)), times.unwrap_or_default());
        out += block;
    }
    if let Some(more) = blocks.len().checked_sub(STATES).filter(|more| *more > 0) {
        let _ = writeln!(out, "… and {more} more states; --json gives all");
    }
    out
}

/// What a place is, in a word.
fn kind(place: Place) -> &'static str {
    match place {
        Place::Start(..) => "start",
        Place::Visit(..) => "visit",
        Place::End(..) => "end",
    }
}

/// `Each[2]/Work`, `the end`, `Ship: start of shipping` or `Each[2]: end of the child execution`.
fn title(told: &Told, course: &Course) -> String {
    let (Place::Start(frame, _) | Place::End(frame, _)) = told.place else { return told.path.clone() };
    let kind = kind(told.place);
    if frame == 0 {
        return format!("the {kind}");
    }
    let Frame { kind: of, arn, .. } = &course.frames[frame];
    // `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`
    let machine = arn.as_deref().and_then(|arn| arn.split(':').nth(6)).filter(|machine| !machine.is_empty());
    let what = match (of, machine) {
        (FrameKind::Execution, Some(machine)) => machine,
        (FrameKind::Execution, None) => "the execution",
        _ => "the child execution",
    };
    format!("{}: {kind} of {what}", told.path)
}

/// `1 event`, `2 events`
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// How long a visit took in both, where a person would call that different.
fn beside(sides: [&Side; 2], one: VisitAt, other: VisitAt) -> Option<String> {
    let [a, b] = [sides[0].course.visits[one].span.millis()?, sides[1].course.visits[other].span.millis()?];
    differ(a, b).then(|| format!("  (A {}, B {})", seconds(a), seconds(b)))
}

fn differ(one: i64, other: i64) -> bool {
    let by = one.abs_diff(other);
    by >= SAME_MILLIS.unsigned_abs() && by >= one.max(other).unsigned_abs() / SAME_PART.unsigned_abs()
}

/// `  sent $.parameters.amount: 5 → 6`
fn one(happened: &Happened, out: &mut String) {
    let attempt = happened.attempt.map_or(String::new(), |attempt| format!("attempt {attempt}, "));
    for difference in happened.differences.iter().take(DIFFERENCES) {
        let at = if difference.at == "$" { String::new() } else { format!(" {}", cut(&difference.at, 2 * WIDTH)) };
        let text = format!("  {attempt}{}{at}: {}", word(happened.what), change(difference, happened.what));
        let _ = writeln!(out, "{}", line(&text));
    }
    if let Some(more) = happened.differences.len().checked_sub(DIFFERENCES).filter(|more| *more > 0) {
        let _ = writeln!(out, "  {attempt}{}: … and {more} more", word(happened.what));
    }
}

fn change(difference: &Difference, what: What) -> String {
    match (&difference.expected, &difference.found) {
        (Some(one), Some(other)) => {
            let from = alike(one, other);
            format!("{} → {}", value(one, what, from), value(other, what, from))
        }
        (Some(one), None) => format!("{} only in A", value(one, what, 0)),
        (None, Some(other)) => format!("{} only in B", value(other, what, 0)),
        (None, None) => String::new(),
    }
}

/// How many characters of two long texts can be left out, as they are the same.
fn alike(one: &Value, other: &Value) -> usize {
    let (Some(one), Some(other)) = (one.as_str(), other.as_str()) else { return 0 };
    if one.chars().nth(WIDTH).is_none() && other.chars().nth(WIDTH).is_none() {
        return 0;
    }
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    same.saturating_sub(BEFORE)
}

/// A value, without so many characters of a text. Words of ours stand without quotation marks.
fn value(value: &Value, what: What, from: usize) -> String {
    match value.as_str() {
        Some(word) if matches!(what, What::Status | What::Error | What::Type) => cut(word, WIDTH),
        Some(text) if from > 0 => {
            let rest: String = text.chars().skip(from).collect();
            format!("…{}", Value::from(rest).preview(WIDTH))
        }
        _ => value.preview(WIDTH),
    }
}

/// What only one of them has.
fn only(comparison: &Comparison) -> String {
    let mut out = String::new();
    for (letter, only) in ["A", "B"].into_iter().zip(&comparison.only) {
        if only.is_empty() {
            continue;
        }
        let more = only.len().checked_sub(ONLY).filter(|more| *more > 0);
        let more = more.map_or(String::new(), |more| format!(", and {more} more"));
        let listed: Vec<&str> = only.iter().take(ONLY).map(String::as_str).collect();
        let _ = writeln!(out, "{}", line(&format!("only in {letter}: {}{more}", listed.join(", "))));
    }
    out
}

/// The visits that took another time, those that differ most first.
fn took(courses: [&Course; 2], pairs: &[(VisitAt, VisitAt)]) -> String {
    let times = |(one, other): &(VisitAt, VisitAt)| {
        let (a, b) = (courses[0].visits[*one].span.millis()?, courses[1].visits[*other].span.millis()?);
        differ(a, b).then_some((*one, a, b))
    };
    let mut all: Vec<(VisitAt, i64, i64)> = pairs.iter().filter_map(times).collect();
    all.sort_by_key(|(visit, a, b)| (std::cmp::Reverse(a.abs_diff(*b)), *visit));
    if all.is_empty() {
        return "no state took another time\n".to_owned();
    }
    let mut out = "times that differ:\n".to_owned();
    for (visit, a, b) in all.iter().take(STATES) {
        let (sign, by) = if b >= a { ('+', b - a) } else { ('-', a - b) };
        let _ = writeln!(
            out,
            "  {:>12} → {:>12}  {:>13}  {}",
            seconds(*a),
            seconds(*b),
            format!("{sign}{}", seconds(by)),
            line(&courses[0].path(*visit))
        );
    }
    if let Some(more) = all.len().checked_sub(STATES).filter(|more| *more > 0) {
        let _ = writeln!(out, "… and {more} more states");
    }
    out
}

fn last(comparison: &Comparison) -> String {
    let mut out = String::new();
    if comparison.is_same() {
        let _ = writeln!(out, "both did the same: {} of states", counted(comparison.pairs.len(), "visit"));
    }
    match comparison.left_out {
        0 => {}
        1 => out += "1 difference that any two runs have (ids, times) is left out; --exact tells it\n",
        count => {
            let _ = writeln!(
                out,
                "{count} differences that any two runs have (ids, times) are left out; --exact tells them"
            );
        }
    }
    out
}
