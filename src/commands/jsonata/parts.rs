//! `--explain` as text: what each part of an expression has given.

use std::fmt::Write;

use asl_engine::{ExplainedPart, ExplainedQuery, PartKind, Value};

use crate::preview::{self, cut};

/// How much of the text of a part is shown.
const PART: usize = 60;

/// The parts in the order of evaluation, and the result.
pub(super) fn report(text: &str, explained: &ExplainedQuery) -> String {
    let mut out = format!("{}\n\n", text.trim());
    let told: Vec<&ExplainedPart> = explained.parts.iter().filter(|part| !is_input(text, part)).collect();
    told.iter().for_each(|part| line(text, part, &mut out));
    if let Ok(value) = &explained.outcome {
        out += if told.is_empty() { "result\n" } else { "\nresult\n" };
        preview::result(value, &mut out);
    }
    out
}

/// Whether a part is the document, where a path goes on from it: that is known.
fn is_input(text: &str, part: &ExplainedPart) -> bool {
    part.kind == PartKind::Step && part.notes.nothing == 0 && name(text, part) == "$states.input"
}

fn line(text: &str, part: &ExplainedPart, out: &mut String) {
    let notes = &part.notes;
    let indent = "  ".repeat(part.depth + 1);
    let name = cut(&name(text, part), PART);
    let sign = if part.kind == PartKind::Binding { ":=" } else { "=" };
    match (notes.count, notes.values.first()) {
        (0, _) => {
            let _ = writeln!(out, "{indent}{name}  not evaluated");
        }
        (_, None) => {
            let _ = writeln!(out, "{indent}{name}  fails");
        }
        (1, Some(value)) => *out += &one(&format!("{indent}{name} {sign} "), value.as_ref()),
        (count, Some(first)) => {
            let _ = writeln!(out, "{indent}{name}  {count} times{}", counts(part));
            let indent = format!("{indent}    ");
            *out += &one(&indent, first.as_ref());
            for value in &notes.values[1..] {
                *out += &one(&indent, value.as_ref());
            }
            let more = count - u64::from(notes.failed) - notes.values.len() as u64;
            if more > 0 {
                let _ = writeln!(out, "{indent}… {more} more");
            }
            if notes.failed {
                let _ = writeln!(out, "{indent}fails");
            }
        }
    }
}

/// Of how many evaluations there is something to tell.
fn counts(part: &ExplainedPart) -> String {
    let notes = &part.notes;
    let truths = (part.kind == PartKind::Predicate
        && notes.values.iter().flatten().all(|value| value.as_bool().is_some()))
    .then(|| format!(", true {}", times(notes.truths)));
    let nothing = (notes.nothing > 0).then(|| format!(", nothing {}", times(notes.nothing)));
    truths.into_iter().chain(nothing).collect()
}

fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// A line of a value; `None` is nothing.
fn one(start: &str, value: Option<&Value>) -> String {
    match value {
        Some(value) => preview::line(start, value),
        None => format!("{start}nothing\n"),
    }
}

/// The text of a part on one line: of a step with its dot, of a binding the variable only.
pub(super) fn name(text: &str, part: &ExplainedPart) -> String {
    let written = text.get(part.span.start..part.span.end).unwrap_or_default();
    let before = text.get(..part.span.start).unwrap_or_default().trim_end();
    let written = match part.kind {
        PartKind::Binding => written.split(":=").next().unwrap_or_default(),
        _ => written,
    };
    let dot = if part.kind == PartKind::Step && before.ends_with('.') { "." } else { "" };
    let words: Vec<&str> = written.split_whitespace().collect();
    format!("{dot}{}", words.join(" "))
}
