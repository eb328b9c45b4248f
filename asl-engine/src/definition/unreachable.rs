//! Retriers and Catchers that never match: those before them take every error that they name.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ast::Body;
use super::warnings::warning;
use crate::diagnostic::{Diagnostic, Span};
use crate::placeholder;
use crate::retry;

/// Warns of Retriers and Catchers that no error reaches.
pub(super) fn unreachable(machine: &Body, out: &mut Vec<Diagnostic>) {
    machine.each_state(&mut |state| {
        let retriers = state.retry.iter().map(|retrier| (&retrier.error_equals[..], retrier.span));
        list("Retry", "UNREACHABLE_RETRIER", "Retrier", &state.name.location, retriers, out);
        let catchers = state.catch.iter().map(|catcher| (&catcher.error_equals[..], catcher.span));
        list("Catch", "UNREACHABLE_CATCHER", "Catcher", &state.name.location, catchers, out);
    });
}

fn list<'a>(
    field: &str,
    code: &'static str,
    what: &str,
    state: &str,
    members: impl Iterator<Item = (&'a [Arc<str>], Span)>,
    out: &mut Vec<Diagnostic>,
) {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (at, (names, span)) in members.enumerate() {
        if !names.is_empty() && names.iter().all(|name| is_taken(name, &taken)) {
            let message = format!("No error reaches this {what}");
            let help = "those before it take every error that it names".to_owned();
            out.push(warning(code, message, help, &format!("{state}/{field}[{at}]"), span));
        }
        taken.extend(names.iter().map(|name| &**name));
    }
}

/// Names that stand for more than themselves, and errors of which it is not certain that `States.TaskFailed` takes them: AWS's
/// texts say so of some, and no recording does.
const APART: [&str; 3] = [retry::ALL, retry::HEARTBEAT_TIMEOUT, "States.DataLimitExceeded"];

/// Whether one of the names that were there before takes the error.
fn is_taken(name: &str, taken: &BTreeSet<&str>) -> bool {
    let by_group = || {
        let group = taken.get(retry::TASK_FAILED).map(|group| Arc::from(*group));
        !APART.contains(&name) && !placeholder::is_in(name) && retry::matches(group.as_slice(), Some(name))
    };
    taken.contains(name) || by_group()
}
