//! What AWS says when there is no result, where in the expression that is, and what to do about it.

use asl_engine::jsonpath::{Explanation, LossKind, LostValue};
use asl_engine::{ExplainedArgument, ExplainedCall, ExplainedExpression, ExpressionError, Failure, PathError, Span};

use super::steps::reason;
use super::{Answer, hints};
use crate::fault::Fault;
use crate::preview::{cut, kind};

/// The fault of an answer that has no result.
pub(super) fn of(answer: &Answer<'_>) -> Option<Fault> {
    match &answer.outcome {
        Err(error) => Some(refused(answer.text, error)),
        Ok(ExplainedExpression::Path(explanation)) => {
            explanation.outcome.as_ref().err().map(|error| failed(answer.text, explanation, error))
        }
        Ok(ExplainedExpression::Call(call)) => failed_call(answer.text, call),
        Ok(_) => None,
    }
}

fn refused(text: &str, error: &ExpressionError) -> Fault {
    let message = match text.starts_with("States.") {
        true => "The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call",
        false => "Value must be a valid JSONPath.",
    };
    let reason = error.message.trim_start_matches("com.jayway.jsonpath.InvalidPathException: ");
    Fault {
        name: "SCHEMA_VALIDATION_FAILED".to_owned(),
        message: message.to_owned(),
        // Nothing can be underlined in a text that is empty.
        span: (!text.is_empty()).then_some(error.span),
        label: reason.to_owned(),
        hints: hints::refused(text, error),
    }
}

fn failed(text: &str, explanation: &Explanation, error: &PathError) -> Fault {
    let (span, label) = place(text, explanation);
    Fault {
        name: "States.Runtime".to_owned(),
        message: format!("Invalid path '{text}' : {error}"),
        span,
        label,
        hints: hints::failed(text, explanation),
    }
}

fn failed_call(text: &str, call: &ExplainedCall) -> Option<Fault> {
    let failure = call.outcome.as_ref().err()?;
    let culprit = call.arguments.iter().find(|argument| argument.outcome.is_err());
    let (span, label, hints) = match culprit {
        Some(ExplainedArgument { path: Some(explanation), span, .. }) if explanation.outcome.is_ok() => {
            (*span, "the item is not there".to_owned(), hints::not_there(explanation))
        }
        Some(ExplainedArgument { path: Some(explanation), span, text, .. }) => {
            let (inner, label) = place(text, explanation);
            let inner = inner.map(|inner| Span { start: span.start + inner.start, end: span.start + inner.end });
            (inner.unwrap_or(*span), label, hints::failed(text, explanation))
        }
        // The innermost call that fails is told first.
        Some(argument) => (argument.span, hint(failure), Vec::new()),
        None => (Span { start: 0, end: text.len() }, hint(failure), Vec::new()),
    };
    Some(Fault {
        name: failure.error.as_deref().unwrap_or("States.Runtime").to_owned(),
        message: failure.cause.as_deref().unwrap_or_default().to_owned(),
        span: Some(span),
        label,
        hints,
    })
}

/// Why a function did not take its arguments.
fn hint(failure: &Failure) -> String {
    failure.hint().map(str::to_owned).unwrap_or_default()
}

/// The step of a path where it failed, and what it met there.
fn place(text: &str, explanation: &Explanation) -> (Option<Span>, String) {
    let Some(failed) = &explanation.failed else {
        return (Some(Span { start: 0, end: text.len() }), String::new());
    };
    let span = explanation.steps.get(failed.step).map(|step| step.span);
    (span, failed.loss.as_ref().map(|(kind, lost)| met(kind, lost)).unwrap_or_default())
}

/// `$['a'] is a number, not an object`
fn met(loss: &LossKind, lost: &LostValue) -> String {
    let place = cut(&lost.path, 40);
    match loss {
        LossKind::NoMember(name) => format!("{place} has no member '{name}'"),
        LossKind::NotAnObject => format!("{place} is {}, not an object", kind(&lost.value)),
        LossKind::NotAnArray => format!("{place} is {}, not an array", kind(&lost.value)),
        LossKind::NoChildren => format!("{place} is {}", kind(&lost.value)),
        other => reason(other),
    }
}
