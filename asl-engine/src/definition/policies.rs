//! `Retry` and `Catch`.

use std::sync::Arc;

use super::ast::Catcher;
use super::fields::Fields;
use super::language;
use super::queries::Sees;
use super::{MAX_SECONDS, SCHEMA, error, warnings};
use crate::diagnostic::Diagnostic;
use crate::json::NodeKind;
use crate::nearest::nearest;
use crate::reference_path::ReferencePath;
use crate::retry::{self, Retrier};

/// The error names of the language.
const ERRORS: [&str; 17] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

/// `MaxDelaySeconds` is a leap year at most.
const MAX_DELAY_SECONDS: i64 = 31_622_400;

pub(super) fn retriers(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Vec<Retrier> {
    let read = |fields: &mut Fields<'_>, error_equals, out: &mut Vec<Diagnostic>| {
        let jitter = fields.one_of("JitterStrategy", &["NONE", "FULL"], out);
        let interval_seconds = fields.integer_in("IntervalSeconds", 0..=MAX_SECONDS, out).unwrap_or(1);
        let max_attempts = fields.integer_in("MaxAttempts", 0..=MAX_SECONDS, out).unwrap_or(3);
        let max_delay_seconds = fields.integer_in("MaxDelaySeconds", 1..=MAX_DELAY_SECONDS, out);
        Some(Retrier {
            span: fields.span(),
            error_equals,
            interval_seconds,
            max_attempts,
            backoff_rate: fields.float_in("BackoffRate", 1.0..=f64::MAX, out).unwrap_or(2.0),
            max_delay_seconds,
            full_jitter: jitter.is_some_and(|jitter| &*jitter.text == "FULL"),
        })
    };
    // A Retrier that cannot be read leads nowhere.
    policies("Retry", fields, out, read).into_iter().flatten().collect()
}

/// The members of `Catch`; `None` where a transition is lost.
pub(super) fn catchers(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Vec<Catcher>> {
    let read = |fields: &mut Fields<'_>, error_equals, out: &mut Vec<Diagnostic>| {
        fields.require(&["Next"], out);
        language::refuse_other(fields.language(), fields, out);
        let result_path = fields.result_path(out).unwrap_or_else(|| Some(ReferencePath::root()));
        let assign = fields.assign(Sees::Error, out);
        let output = fields.output(Sees::Error, out);
        let next = fields.string("Next", out)?;
        Some(Catcher { span: fields.span(), error_equals, result_path, assign, output, next })
    };
    policies("Catch", fields, out, read).into_iter().collect()
}

/// The members of `Retry` or `Catch`, each as fields; `None` for those that cannot be read.
fn policies<T>(
    name: &str,
    fields: &mut Fields<'_>,
    out: &mut Vec<Diagnostic>,
    mut read: impl FnMut(&mut Fields<'_>, Vec<Arc<str>>, &mut Vec<Diagnostic>) -> Option<T>,
) -> Vec<Option<T>> {
    let location = fields.at(name);
    // An empty list is allowed here.
    let Some(items) = fields.list(name, out) else {
        return if fields.has(name) { vec![None] } else { Vec::new() };
    };
    let policy = |(index, node)| {
        let mut fields = fields.inside(node, format!("{location}[{index}]").into(), out)?;
        fields.require(&["ErrorEquals"], out);
        fields.string("Comment", out);
        let errors = error_equals(&mut fields, index + 1 == items.len(), out);
        let read = read(&mut fields, errors, out);
        fields.refuse_the_rest(out);
        read
    };
    items.iter().enumerate().map(policy).collect()
}

fn error_equals(fields: &mut Fields<'_>, last: bool, out: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
    let location = fields.at("ErrorEquals");
    let span = fields.span_of("ErrorEquals");
    let Some(items) = fields.items("ErrorEquals", out) else { return Vec::new() };
    let mut names: Vec<Arc<str>> = Vec::with_capacity(items.len());
    for item in items {
        let NodeKind::String(name) = &item.kind else {
            out.push(error(SCHEMA, "Expected value of type String", &location, item.span));
            continue;
        };
        if name.starts_with("States.") && !name.starts_with("States.Http.") && !ERRORS.contains(&&**name) {
            let near = nearest(name, ERRORS).map(|near| format!("did you mean '{near}'?"));
            warnings::unknown_error(name, near, &location, item.span, out);
        }
        if !retry::matches(std::slice::from_ref(name), Some(name)) {
            warnings::uncatchable(name, &location, item.span, out);
        }
        names.push(name.clone());
    }
    if names.iter().any(|name| &**name == "States.ALL") && (names.len() > 1 || !last) {
        let message = "States.ALL must appear alone and at end of list";
        out.push(error(SCHEMA, message, &location, span));
    }
    names
}
