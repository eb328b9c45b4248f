//! What AWS says where an expression gives no value, where in it that is, and what to do about it.

use asl_engine::{ExplainedPart, ExplainedQuery, Failure, PartKind, Span, Value};

use super::parts;
use crate::fault::Fault;
use crate::members;
use crate::preview::{cut, kind};

/// The fault of an expression that gives no value.
pub(super) fn of(text: &str, explained: &ExplainedQuery) -> Option<Fault> {
    let failure = explained.outcome.as_ref().err()?;
    let message = failure.cause.as_deref().unwrap_or_default();
    let (span, label, hints) = if message.ends_with("returned nothing (undefined).") {
        nothing(text, explained)
    } else {
        failed(text, explained, message)
    };
    // What the parts show is better than what a failed execution can tell of its data.
    let internal = failure.hint().filter(|_| message.ends_with("threw an internal error during evaluation."));
    let hints = internal.map(str::to_owned).into_iter().chain(hints).collect();
    Some(Fault { name: name(failure), message: message.to_owned(), span: Some(span), label, hints })
}

fn name(failure: &Failure) -> String {
    failure.error.as_deref().unwrap_or("States.Runtime").to_owned()
}

/// The text of the whole expression.
fn whole(text: &str) -> Span {
    let start = text.len() - text.trim_start().len();
    Span { start, end: start + text.trim().len() }
}

/// Which part has come to nothing, so that the whole has.
fn nothing(text: &str, explained: &ExplainedQuery) -> (Span, String, Vec<String>) {
    let Some(at) = culprit(&explained.parts) else {
        if let Some(empty) = explained.parts.iter().rev().find(|part| part.kind == PartKind::Step && is_empty(part)) {
            return (empty.span, "this list is empty".to_owned(), Vec::new());
        }
        let hints = match explained.parts.iter().any(|part| part.notes.count == 0) {
            true => vec!["the part that would give a value is not evaluated".to_owned()],
            false if text.contains('?') => vec!["a condition that is false gives nothing without ': …'".to_owned()],
            false => Vec::new(),
        };
        return (whole(text), "nothing".to_owned(), hints);
    };
    let part = &explained.parts[at];
    let name = parts::name(text, part);
    let mut hints = Vec::new();
    let mut label = "nothing".to_owned();
    if let (PartKind::Step, Some(before)) = (part.kind, before(text, &explained.parts, at)) {
        let value = before.notes.last.as_ref();
        let member = name.trim_start_matches('.').trim_matches('`');
        let holder = value.map(|value| value.as_array().and_then(|items| items.first()).unwrap_or(value));
        let holder_name = cut(&parts::name(text, before), 40);
        match (value, holder) {
            (Some(value), _) if members::holds_json(value) => {
                label = format!("{holder_name} is a string");
                hints.push("the string holds JSON: '$parse(…)' makes a value of it".to_owned());
            }
            (Some(_), Some(holder @ Value::Object(_))) => {
                label = format!("there is no '{member}' in {holder_name}");
                hints.extend(members::instead_of(member, holder));
            }
            (Some(Value::Array(items)), None | Some(Value::Array(_))) if items.is_empty() => {
                label = format!("{holder_name} is empty");
            }
            (Some(value), _) => label = format!("{holder_name} is {}", kind(value)),
            (None, _) => {}
        }
    }
    if hints.is_empty() && part.kind == PartKind::Predicate {
        label = "nothing is left".to_owned();
    }
    (part.span, label, hints)
}

/// The part because of which there is nothing: the last one at the top that gave nothing, and below it in the same way.
fn culprit(parts: &[ExplainedPart]) -> Option<usize> {
    let is_nothing = |part: &ExplainedPart| {
        part.notes.count > 0
            && (part.notes.nothing == part.notes.count || part.kind == PartKind::Predicate && is_false(part))
    };
    let mut found: Option<usize> = None;
    loop {
        let (depth, within) = match found {
            None => (0, None),
            Some(at) => (parts[at].depth + 1, Some(parts[at].span)),
        };
        let inside = |span: Span| within.is_none_or(|outer| outer.start <= span.start && span.end <= outer.end);
        let next = parts.iter().rposition(|part| part.depth == depth && inside(part.span) && is_nothing(part));
        match next {
            Some(next) => found = Some(next),
            None => return found,
        }
    }
}

/// Whether a predicate holds for nothing that was tested.
fn is_false(part: &ExplainedPart) -> bool {
    part.notes.truths == 0
        && part.notes.values.iter().all(|value| value.as_ref().is_none_or(|value| value.as_bool().is_some()))
}

fn is_empty(part: &ExplainedPart) -> bool {
    part.notes.last.as_ref().and_then(Value::as_array).is_some_and(|items| items.is_empty())
}

/// The part that a step goes on from.
fn before<'a>(text: &str, parts: &'a [ExplainedPart], at: usize) -> Option<&'a ExplainedPart> {
    let step = &parts[at];
    let same_path = |part: &&ExplainedPart| {
        part.depth == step.depth
            && part.span.end <= step.span.start
            && matches!(part.kind, PartKind::Step | PartKind::Variable | PartKind::Call)
            // Behind '@' the path goes on from where it was.
            && !text.get(part.span.end..).is_some_and(|rest| rest.trim_start().starts_with('@'))
    };
    parts[..at].iter().rev().find(same_path)
}

/// Which part failed, what it was given, and what to write instead.
fn failed(text: &str, explained: &ExplainedQuery, message: &str) -> (Span, String, Vec<String>) {
    let span = explained.failed.unwrap_or_else(|| whole(text));
    let given: Vec<String> = given(text, explained, span).collect();
    let label = given.join(", ");
    let has = |code: &str| message.contains(&format!("evaluation. {code}:"));
    let hint = match () {
        () if has("T2001") || has("T2002") => "'$number(…)' makes a number of a text, and '&' joins texts",
        () if has("T2009") => "'$number(…)' or '$string(…)' makes both the same",
        () if has("T2006") => {
            "behind '~>' stands the name of a function: '~> $sum', or a call that lacks its first argument"
        }
        () if has("T0410") && text_of(text, span).contains('(') => {
            "an argument is missing, too much, or of another type"
        }
        () if message.ends_with("returned an unsupported result type.") => {
            return (
                whole(text),
                String::new(),
                vec!["this is a function; a call of it gives a value: '(…)'".to_owned()],
            );
        }
        () => return (span, label, Vec::new()),
    };
    (span, label, vec![hint.to_owned()])
}

fn text_of(text: &str, span: Span) -> &str {
    text.get(span.start..span.end).unwrap_or_default()
}

/// What the parts directly inside of one have given last: `price is "12"`.
fn given<'a>(text: &'a str, explained: &'a ExplainedQuery, span: Span) -> impl Iterator<Item = String> + 'a {
    const PARTS: usize = 3;
    let inside =
        move |part: &&ExplainedPart| span.start <= part.span.start && part.span.end <= span.end && part.span != span;
    let evaluated = move |part: &&ExplainedPart| inside(part) && part.notes.count > 0 && !part.notes.failed;
    let least = explained.parts.iter().filter(evaluated).map(|part| part.depth).min();
    let shown = move |part: &ExplainedPart| {
        let value = part.notes.last.as_ref().map_or_else(|| "nothing".to_owned(), |value| value.preview(24));
        format!("{} is {value}", cut(&parts::name(text, part), 30))
    };
    // Steps stand for their path.
    let told = move |part: &&ExplainedPart| {
        evaluated(part) && Some(part.depth) == least && !matches!(part.kind, PartKind::Predicate)
    };
    explained.parts.iter().filter(told).take(PARTS).map(shown)
}
