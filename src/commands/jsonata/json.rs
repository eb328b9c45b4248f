//! `--json`: everything as one object.

use asl_engine::{Diagnostic, ExplainedPart, PartKind, Severity, Span, Value};

use super::{Answer, parts};

/// The object. `result` and `error` exclude each other; `warnings` and `parts` are there when there are some or they are asked for.
pub(super) fn answer(answer: &Answer<'_>, explain: bool) -> Value {
    let mut members = vec![("expression", Value::from(answer.text))];
    if let Some(explained) = &answer.explained {
        members.extend(explained.outcome.as_ref().ok().map(|value| ("result", value.clone())));
    }
    let (errors, warnings): (Vec<_>, Vec<_>) =
        answer.findings.iter().partition(|found| found.severity == Severity::Error);
    if let Some(refused) = errors.first() {
        members.push(("error", finding(refused)));
    } else if let Some(fault) = &answer.fault {
        members.push((
            "error",
            [
                ("name", Value::from(&*fault.name)),
                ("message", Value::from(&*fault.message)),
                ("span", fault.span.map_or(Value::Null, span)),
                ("label", Value::from(&*fault.label)),
                ("hints", fault.hints.iter().map(|hint| Value::from(&**hint)).collect()),
            ]
            .into(),
        ));
    }
    if !warnings.is_empty() {
        members.push(("warnings", warnings.into_iter().map(finding).collect()));
    }
    if let (true, Some(explained)) = (explain, &answer.explained) {
        members.push(("parts", explained.parts.iter().map(|part| self::part(answer.text, part)).collect()));
    }
    members.into_iter().collect()
}

fn finding(found: &Diagnostic) -> Value {
    Value::from([
        ("name", Value::from(found.code)),
        ("message", Value::from(&*found.message)),
        ("span", span(found.span)),
        ("hints", found.help.iter().map(|help| Value::from(&**help)).collect()),
    ])
}

/// `[from, to]`, in bytes of the expression.
fn span(span: Span) -> Value {
    [span.start, span.end].into_iter().map(|at| number(at as u64)).collect()
}

fn number(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

fn part(text: &str, part: &ExplainedPart) -> Value {
    let notes = &part.notes;
    // JSON has nothing for nothing: what is no value is left out of the list, and counted.
    let values: Value = notes.values.iter().flatten().cloned().collect();
    Value::from([
        ("part", Value::from(parts::name(text, part))),
        ("span", span(part.span)),
        ("kind", Value::from(kind(part.kind))),
        ("depth", number(part.depth as u64)),
        ("count", number(notes.count)),
        ("nothing", number(notes.nothing)),
        ("values", values),
        ("failed", notes.failed.into()),
    ])
}

fn kind(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Path => "path",
        PartKind::Step => "step",
        PartKind::Predicate => "predicate",
        PartKind::Variable => "variable",
        PartKind::Binding => "binding",
        PartKind::Call => "call",
        PartKind::Operator => "operator",
        PartKind::Condition => "condition",
        PartKind::Constructor => "constructor",
        _ => "other",
    }
}
