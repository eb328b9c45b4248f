//! A case that failed: what was expected, what came instead, and where the execution was.

use std::fmt::Write;

use asl_engine::{EventKind, HistoryEvent, Value, cut};
use asl_testing::{Difference, Failed, HistoryLine, Mismatch, Unmet, Why};

use super::Ran;
use crate::execute;
use crate::printable::clean;
use crate::report;

/// How wide values are shown.
const WIDTH: usize = 100;
/// How many differences of a value are shown.
const DIFFERENCES: usize = 20;
/// How many states of a way are shown.
const STATES: usize = 40;

/// All that there is to tell of it, with its places in the test file.
pub(super) fn text(ran: &Ran<'_>, failed: &Failed) -> String {
    let mut out = String::new();
    let file = ran.file;
    if let Some(stuck) = &failed.stuck {
        out += &report::located_error(stuck, ran.case.span, &file.path, &file.text, None);
    }
    for unmet in &failed.unmet {
        out += &report::located_error(&title(unmet), unmet.span, &file.path, &file.text, None);
        let details = details(&unmet.why);
        if !details.is_empty() {
            // They stand right below the place.
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        for line in details {
            let _ = writeln!(out, "  {}", clean(&line));
        }
        if !matches!(&unmet.why, Why::Nothing(_) | Why::Told(_)) {
            out.push('\n');
        }
    }
    out += &clean(&way_and_data(failed));
    if let Some(finished) = &failed.finished {
        match &finished.outcome {
            Ok(output) => {
                let _ = writeln!(out, "{} with {}", finished.status.name(), clean(&output.preview(WIDTH)));
            }
            Err(failure) => {
                let ended = match execute::place(finished) {
                    Some(place) => format!("{} in {place}", finished.status.name()),
                    None => finished.status.name().to_owned(),
                };
                out += &report::failure("execution", &ended, failure, failure.span(), &file.definition);
            }
        }
    }
    out
}

/// What is unmet, on one line.
pub(super) fn title(unmet: &Unmet) -> String {
    match &unmet.why {
        Why::Value(Mismatch::Differs(_)) => format!("{} is another one than expected", unmet.what),
        Why::Value(Mismatch::NoMatch { pattern, .. }) => {
            format!("{} does not match the regular expression {}", unmet.what, Value::from(&**pattern))
        }
        Why::Value(Mismatch::NotTrue { condition, .. }) => {
            format!("{} does not fulfil {{% {condition} %}}", unmet.what)
        }
        Why::Nothing(told) | Why::Told(told) => told.clone(),
        Why::History(difference) => match (&difference.expected, &difference.found) {
            (Some(expected), _) => format!("event {} of the history is another one than expected", expected.id),
            (None, _) => "the history has more events than expected".to_owned(),
        },
        Why::Way { inside, .. } => {
            let inside: Vec<String> = inside.iter().map(|(state, branch)| format!("{state}[{branch}]")).collect();
            match inside.is_empty() {
                true => "the execution took another way than expected".to_owned(),
                false => format!("{} took another way than expected", inside.join("/")),
            }
        }
    }
}

/// The lines below the title.
pub(super) fn details(why: &Why) -> Vec<String> {
    match why {
        Why::Value(Mismatch::Differs(differences)) => {
            let mut lines: Vec<String> = differences.iter().take(DIFFERENCES).map(difference).collect();
            if let Some(more) = differences.len().checked_sub(DIFFERENCES).filter(|more| *more > 0) {
                lines.push(format!("and {more} more places"));
            }
            lines
        }
        Why::Value(Mismatch::NoMatch { found, .. }) => vec![format!("found: {}", found.preview(WIDTH))],
        Why::Value(Mismatch::NotTrue { gives, found, .. }) => {
            vec![format!("it gives {gives}"), format!("for: {}", found.preview(WIDTH))]
        }
        Why::Nothing(_) | Why::Told(_) => Vec::new(),
        Why::History(history) => {
            let shown = |line: &Option<HistoryLine>| {
                line.as_ref().map_or_else(|| "nothing".to_owned(), |line| cut(&line.to_string(), WIDTH))
            };
            let sides =
                [format!("expected: {}", shown(&history.expected)), format!("found:    {}", shown(&history.found))];
            sides.into_iter().chain(history.details.iter().take(DIFFERENCES).map(difference)).collect()
        }
        Why::Way { agreed, expected, taken, .. } => {
            vec![format!("expected: {}", way(expected, *agreed)), format!("taken:    {}", way(taken, *agreed))]
        }
    }
}

/// The states on a way, with a mark where it is left.
fn way(states: &[String], agreed: usize) -> String {
    let marked = |(at, state): (usize, &String)| if at == agreed { format!("▸{state}") } else { state.clone() };
    let mut shown: Vec<String> = states.iter().enumerate().map(marked).collect();
    if states.len() == agreed {
        shown.push("▸(end)".to_owned());
    }
    shortened(&shown, agreed)
}

/// The states around a place of a long way.
fn shortened(states: &[String], place: usize) -> String {
    let first = place.saturating_sub(STATES / 2).min(states.len().saturating_sub(STATES));
    let last = (first + STATES).min(states.len());
    let mut shown = states[first..last].to_vec();
    if first > 0 {
        shown.insert(0, format!("… {first} more"));
    }
    if let Some(more) = states.len().checked_sub(last).filter(|more| *more > 0) {
        shown.push(format!("{more} more …"));
    }
    shown.join(" → ")
}

/// `$.total: expected 12, found 13`
fn difference(difference: &Difference) -> String {
    let at = &difference.at;
    match (&difference.expected, &difference.found) {
        (Some(expected), Some(found)) => {
            format!("{at}: expected {}, found {}", expected.preview(WIDTH), found.preview(WIDTH))
        }
        (Some(expected), None) => format!("{at}: expected {}, found nothing", expected.preview(WIDTH)),
        (None, Some(found)) => format!("{at}: expected nothing, found {}", found.preview(WIDTH)),
        (None, None) => at.clone(),
    }
}

/// The way of the execution, and the data at its last state.
fn way_and_data(failed: &Failed) -> String {
    let mut out = String::new();
    let names = failed.way.names();
    if !names.is_empty() {
        let _ = writeln!(out, "way: {}", shortened(&names, names.len()));
    }
    if let Some((name, input)) = entered_last(failed) {
        let _ = writeln!(out, "input of '{name}': {}", input.preview(WIDTH));
    }
    out
}

/// The state at fault with its input: that which failed or has no answer, else the last one.
fn entered_last(failed: &Failed) -> Option<(&str, &Value)> {
    let at_fault = failed.stuck_in.as_ref().or_else(|| failed.finished.as_ref()?.failed_in.last());
    // Which one of several waits in vain, nobody knows.
    if at_fault.is_none() && failed.stuck.is_some() {
        return None;
    }
    failed.events.iter().rev().find_map(|event: &HistoryEvent| match &event.kind {
        EventKind::StateEntered { name, input, .. } if at_fault.is_none_or(|fault| fault == name) => {
            Some((&**name, input))
        }
        _ => None,
    })
}
