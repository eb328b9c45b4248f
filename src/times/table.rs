//! Where time went, as text.

use std::fmt::Write;
use std::sync::Arc;

use asl_history::{AttemptTimes, Course, Shares, StateTimes};

use crate::printable::line;
use crate::progress::seconds;

/// How many states are listed, and how many attempts of one.
const STATES: usize = 40;
const ATTEMPTS: usize = 10;
/// How many errors of an attempt are named.
const ERRORS: usize = 3;

/// A line for each state, those that took longest first, with lines for its attempts where there were several.
pub(crate) fn table(course: &Course) -> String {
    let Some(times) = course.times() else { return "the history has no times\n".to_owned() };
    let Shares { tasks, retries, waits, own, .. } = times.clock;
    let mut out = format!(
        "{} in all, by the clock: {} in tasks, {} between attempts, {} waiting, {} else\n\n",
        seconds(times.total),
        seconds(tasks),
        seconds(retries),
        seconds(waits),
        seconds(own)
    );
    let _ = writeln!(
        out,
        "{:>12}{:>9}{:>12}{:>12}{:>12}{:>12}  state",
        "total", "visits", "tasks", "retries", "waits", "else"
    );
    for state in times.states.iter().take(STATES) {
        state_line(state, &mut out);
    }
    if let Some(more) = times.states.len().checked_sub(STATES).filter(|more| *more > 0) {
        let _ = writeln!(out, "… and {more} more states");
    }
    out
}

fn state_line(state: &StateTimes, out: &mut String) {
    let Shares { tasks, retries, waits, own, .. } = state.shares;
    let longest = match state.visits {
        0 | 1 => String::new(),
        _ => format!(" (the longest {})", seconds(state.longest)),
    };
    let _ = writeln!(
        out,
        "{:>12}{:>9}{:>12}{:>12}{:>12}{:>12}  {}{longest}",
        seconds(state.total),
        state.visits,
        share(tasks),
        share(retries),
        share(waits),
        share(own),
        line(&state.path)
    );
    for (at, attempt) in state.attempts.iter().enumerate().take(ATTEMPTS) {
        let _ = writeln!(
            out,
            "{:>12}{:>9}{:>12}{:>12}{:>12}{:>12}    attempt {}{}",
            seconds(attempt.millis),
            attempt.count,
            "",
            share(attempt.delay),
            "",
            "",
            at + 1,
            errors(attempt)
        );
    }
    if let Some(more) = state.attempts.len().checked_sub(ATTEMPTS).filter(|more| *more > 0) {
        let _ = writeln!(out, "{:>73}… and {more} more attempts", "");
    }
}

/// Nothing where there was none.
fn share(millis: i64) -> String {
    if millis == 0 { "-".to_owned() } else { seconds(millis) }
}

/// `: Busy ×3`
fn errors(attempt: &AttemptTimes) -> String {
    if attempt.errors.is_empty() {
        return String::new();
    }
    let each = |(error, count): (&Arc<str>, &usize)| match count {
        1 => line(error),
        count => format!("{} ×{count}", line(error)),
    };
    let mut errors: Vec<String> = attempt.errors.iter().take(ERRORS).map(each).collect();
    if attempt.errors.len() > ERRORS {
        errors.push("…".to_owned());
    }
    format!(": {}", errors.join(", "))
}
