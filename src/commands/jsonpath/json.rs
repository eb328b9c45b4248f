//! `--json`: everything as one object.

use asl_engine::jsonpath::{ExplainedStep, Explanation, LossKind, Lost, Match, StepKind};
use asl_engine::{ExplainedCall, ExplainedExpression, Span, Value};

use super::Answer;
use super::hints;
use super::rfc9535::{Comparison, Rfc, Verdict};
use super::steps::{reason, told};
use crate::fault::Fault;

/// The object. `result` and `error` exclude each other; `warnings`, `matches`, `steps` or `arguments`, and `rfc9535` are there when
/// there are some or they are asked for.
pub(super) fn answer(answer: &Answer<'_>, fault: Option<&Fault>, is_explained: bool) -> Value {
    let mut members = vec![("expression", Value::from(answer.text))];
    match &answer.outcome {
        Ok(ExplainedExpression::Path(explanation)) => {
            members.push(("definite", explanation.definite.into()));
            members.extend(explanation.outcome.as_ref().ok().map(|value| ("result", value.clone())));
        }
        Ok(ExplainedExpression::Call(call)) => {
            members.extend(call.outcome.as_ref().ok().map(|value| ("result", value.clone())));
        }
        _ => {}
    }
    members.extend(fault.map(|fault| ("error", error(fault))));
    if let (Ok(ExplainedExpression::Path(explanation)), None) = (&answer.outcome, fault) {
        let warnings: Vec<Value> = hints::doubtful(explanation).into_iter().map(Value::from).collect();
        members.extend((!warnings.is_empty()).then(|| ("warnings", warnings.into())));
    }
    if let Some(found) = answer.matches.as_ref().filter(|_| answer.tells_matches) {
        members.push(("matches", matches(found)));
    }
    match &answer.outcome {
        Ok(ExplainedExpression::Path(explanation)) if is_explained => {
            members.push(("steps", steps(explanation)));
        }
        Ok(ExplainedExpression::Call(call)) if is_explained => members.push(("arguments", call_arguments(call))),
        _ => {}
    }
    members.extend(answer.compared.as_ref().map(|compared| ("rfc9535", comparison(compared))));
    members.into_iter().collect()
}

fn error(fault: &Fault) -> Value {
    let mut members = vec![("name", Value::from(&*fault.name)), ("message", Value::from(&*fault.message))];
    members.extend(fault.span.map(|span| ("span", self::span(span))));
    if !fault.label.is_empty() {
        members.push(("label", Value::from(&*fault.label)));
    }
    members.push(("hints", fault.hints.iter().map(|hint| Value::from(&**hint)).collect()));
    members.into_iter().collect()
}

/// `[from, to]`, in bytes of the expression.
fn span(span: Span) -> Value {
    [span.start, span.end].into_iter().map(number).collect()
}

fn number(count: usize) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

fn matches(found: &[Match]) -> Value {
    found
        .iter()
        .map(|found| Value::from([("path", Value::from(&*found.path)), ("value", found.value.clone())]))
        .collect()
}

fn steps(explanation: &Explanation) -> Value {
    let failed = explanation.failed.as_ref().map(|failed| failed.step);
    explanation.steps.iter().enumerate().map(|(at, step)| self::step(step, failed == Some(at))).collect()
}

fn losses(lost: &[Lost]) -> Value {
    lost.iter()
        .map(|lost| {
            let examples: Value = lost
                .examples
                .iter()
                .map(|lost| {
                    let mut members = vec![("path", Value::from(&*lost.path)), ("value", lost.value.clone())];
                    if !lost.criteria.is_empty() {
                        members.push((
                            "because",
                            lost.criteria.iter().map(|told_by| Value::from(told(told_by))).collect(),
                        ));
                    }
                    members.into_iter().collect::<Value>()
                })
                .collect();
            Value::from([
                ("reason", Value::from(loss(&lost.kind))),
                ("text", Value::from(reason(&lost.kind))),
                ("count", number(lost.count)),
                ("examples", examples),
            ])
        })
        .collect()
}

fn step(step: &ExplainedStep, failed: bool) -> Value {
    Value::from([
        ("step", Value::from(&*step.text)),
        ("span", span(step.span)),
        ("kind", Value::from(kind(step.kind))),
        ("in", number(step.arrays + step.objects + step.scalars)),
        ("arrays", number(step.arrays)),
        ("objects", number(step.objects)),
        ("out", number(step.passed)),
        ("examples", matches(&step.examples)),
        ("lost", losses(&step.lost)),
        ("beyond", losses(&step.beyond)),
        ("scanned", number(step.scanned)),
        ("leftOut", number(step.left_out)),
        ("givenUp", number(step.given_up)),
        ("failed", failed.into()),
    ])
}

fn kind(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Root => "root",
        StepKind::Scan => "scan",
        StepKind::Wildcard => "wildcard",
        StepKind::Name => "name",
        StepKind::Names => "names",
        StepKind::Index => "index",
        StepKind::FromLength => "from-length",
        StepKind::Indices => "indices",
        StepKind::Slice => "slice",
        StepKind::Filter => "filter",
        StepKind::Placeholder => "placeholder",
        _ => "other",
    }
}

fn loss(kind: &LossKind) -> &'static str {
    match kind {
        LossKind::NoMember(_) => "no-member",
        LossKind::NoItem(_) => "no-item",
        LossKind::NotAnObject => "not-an-object",
        LossKind::NotAnArray => "not-an-array",
        LossKind::NoChildren => "no-children",
        LossKind::NotLast => "not-last",
        LossKind::Filtered => "filtered",
        LossKind::FilterFailed => "filter-failed",
        _ => "other",
    }
}

fn call_arguments(call: &ExplainedCall) -> Value {
    let arguments = call.arguments.iter().map(|argument| {
        let mut members = vec![
            ("depth", number(argument.depth)),
            ("text", Value::from(argument.text.clone())),
            ("span", span(argument.span)),
        ];
        members.push(match &argument.outcome {
            Ok(value) => ("value", value.clone()),
            Err(failure) => ("error", Value::from(failure.to_string())),
        });
        members.extend(argument.path.as_ref().map(|explanation| ("steps", steps(explanation))));
        members.into_iter().collect::<Value>()
    });
    arguments.collect()
}

fn comparison(compared: &Comparison) -> Value {
    let mut members = vec![("verdict", Value::from(compared.verdict.name()))];
    match &compared.rfc {
        Rfc::Found(found) => members.push(("matches", matches(found))),
        Rfc::Refused(at) => members.push(("refusedAt", at.map_or(Value::Null, number))),
        Rfc::NotAsked => {}
    }
    if let Verdict::Different { only_aws, only_rfc } = &compared.verdict {
        members.push(("onlyAws", matches(only_aws)));
        members.push(("onlyRfc9535", matches(only_rfc)));
    }
    let rules = compared.why.iter().map(|rule| {
        Value::from([
            ("rule", Value::from(rule.id)),
            ("aws", Value::from(rule.aws)),
            ("rfc9535", Value::from(rule.rfc)),
        ])
    });
    members.push(("why", rules.collect()));
    members.into_iter().collect()
}
