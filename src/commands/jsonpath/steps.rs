//! `--explain` as text: the steps of a path, or the arguments of a call.

use std::fmt::Write;

use asl_engine::jsonpath::{ExplainedStep, Explanation, FailedCriterion, LossKind, Lost, LostValue, StepKind};
use asl_engine::{ExplainedCall, ExplainedExpression};

use super::definiteness;
use crate::preview::{self, WIDTH, cut, kind};

/// What each step did, and the result.
pub(super) fn report(text: &str, explained: &ExplainedExpression) -> String {
    match explained {
        ExplainedExpression::Path(explanation) => {
            let mut out = format!("{text}\n");
            steps(explanation, "", &mut out);
            if let Ok(value) = &explanation.outcome {
                let _ = writeln!(out, "\n{}", definiteness(explanation));
                preview::result(value, &mut out);
            }
            out
        }
        ExplainedExpression::Call(call) => self::call(call),
        _ => String::new(),
    }
}

fn call(call: &ExplainedCall) -> String {
    let mut out = format!("{}\n\n", call.text);
    for argument in &call.arguments {
        let indent = "  ".repeat(argument.depth);
        let start = format!("{indent}{} = ", argument.text);
        match &argument.outcome {
            Ok(value) => out += &preview::line(&start, value),
            Err(_) => out += &format!("{start}fails\n"),
        }
        if let Some(explanation) = &argument.path
            && (!explanation.definite || explanation.outcome.is_err())
        {
            steps(explanation, &format!("{indent}    "), &mut out);
        }
    }
    if let Ok(value) = &call.outcome {
        out += if call.arguments.is_empty() { "result\n" } else { "\nresult\n" };
        preview::result(value, &mut out);
    }
    out
}

fn steps(explanation: &Explanation, indent: &str, out: &mut String) {
    for (at, step) in explanation.steps.iter().enumerate() {
        let failed = explanation.failed.as_ref().is_some_and(|failed| failed.step == at);
        let entered = step.arrays + step.objects + step.scalars;
        let _ = writeln!(
            out,
            "\n{indent}{}  {entered} in, {} out{}",
            step.text,
            step.passed,
            if failed { ": fails here" } else { "" }
        );
        let indent = format!("{indent}    ");
        for note in notes(step) {
            let _ = writeln!(out, "{indent}{note}");
        }
        for found in &step.examples {
            *out += &preview::line(&format!("{indent}{} = ", found.path), &found.value);
        }
        more(step.passed, step.examples.len(), &indent, out);
        for lost in &step.lost {
            self::lost(step, lost, failed, &indent, out);
        }
        if failed {
            break;
        }
    }
}

fn more(count: usize, shown: usize, indent: &str, out: &mut String) {
    if count > shown {
        let _ = writeln!(out, "{indent}… {} more", count - shown);
    }
}

/// What a step does that its counts do not tell.
fn notes(step: &ExplainedStep) -> Vec<String> {
    let mut notes = Vec::new();
    let count = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    match step.kind {
        StepKind::Wildcard => {
            let arrays = (step.arrays > 0).then(|| format!("the items of {}", count(step.arrays, "array", "arrays")));
            let objects =
                (step.objects > 0).then(|| format!("the members of {}", count(step.objects, "object", "objects")));
            let opened = [arrays, objects].into_iter().flatten().collect::<Vec<_>>().join(" and ");
            match step.arrays + step.objects {
                0 => {}
                1 => notes.push(opened),
                _ => notes.push(format!("{opened}, flattened into one list")),
            }
        }
        StepKind::Scan => notes
            .push(format!("looks into {}, at any depth", count(step.scanned, "array or object", "arrays and objects"))),
        StepKind::Filter if step.arrays > 0 => {
            let held = step.lost.iter().map(|lost| lost.count).sum::<usize>();
            notes.push(format!("{} tested", count(step.passed + held, "value is", "values are")));
        }
        StepKind::Filter if step.objects > 0 => notes.push("an object is tested itself, not its members".to_owned()),
        StepKind::Slice if step.text.matches(':').count() > 1 => {
            notes.push("AWS ignores what stands behind the second ':'".to_owned())
        }
        StepKind::Names => notes.push("an object with these members".to_owned()),
        _ => {}
    }
    for beyond in &step.beyond {
        notes.push(format!(
            "{} in {}: null stands for it",
            reason(&beyond.kind),
            count(beyond.count, "array", "arrays")
        ));
    }
    if step.left_out > 0 {
        let arrays = count(step.left_out, "array", "arrays");
        notes.push(format!("left out for the items of {arrays}: behind '..', AWS goes on with the next step"));
    }
    if step.given_up > 0 {
        let items = count(step.given_up, "item was", "items were");
        notes.push(format!("{items} given up half-way: a later step found nothing, so the rest is missing"));
    }
    notes
}

fn lost(step: &ExplainedStep, lost: &Lost, failed: bool, indent: &str, out: &mut String) {
    let reason = reason(&lost.kind);
    let what = if failed { "ends the path" } else { "fell out" };
    let _ =
        writeln!(out, "{indent}{what}: {}{reason}", if failed { String::new() } else { format!("{}, ", lost.count) });
    let indent = format!("{indent}  ");
    for example in &lost.examples {
        for line in example_lines(step, example) {
            let _ = writeln!(out, "{indent}{}", cut(&line, WIDTH - indent.chars().count().min(WIDTH / 2)));
        }
    }
    more(lost.count, lost.examples.len(), &indent, out);
}

/// Why values came to nothing, in words.
pub(super) fn reason(kind: &LossKind) -> String {
    match kind {
        LossKind::NoMember(name) => format!("no member '{name}'"),
        LossKind::NoItem(index) => format!("no item {index}"),
        LossKind::NotAnObject => "not an object".to_owned(),
        LossKind::NotAnArray => "not an array".to_owned(),
        LossKind::NoChildren => "neither an array nor an object".to_owned(),
        LossKind::NotLast => "several names are only allowed at the end of a path".to_owned(),
        LossKind::Filtered => "the filter does not hold".to_owned(),
        LossKind::FilterFailed => "the filter cannot be evaluated".to_owned(),
        _ => "no result".to_owned(),
    }
}

fn example_lines(step: &ExplainedStep, lost: &LostValue) -> Vec<String> {
    if lost.criteria.is_empty() || step.kind != StepKind::Filter {
        return vec![format!("{} = {}", lost.path, lost.value.preview(WIDTH))];
    }
    lost.criteria.iter().map(|criterion| format!("{}: {}", lost.path, told(criterion))).collect()
}

/// What a criterion has looked at: `@.code is 404`.
pub(super) fn told(criterion: &FailedCriterion) -> String {
    let mut looked_at: Vec<String> = Vec::new();
    for (path, value) in &criterion.operands {
        looked_at.push(match value {
            None => format!("{path} is missing"),
            Some(value) => format!("{path} is {}", value.preview(40)),
        });
    }
    let mut text = looked_at.join(" and ");
    if criterion.incomparable {
        let kinds: Vec<_> = criterion.operands.iter().flat_map(|(_, value)| value).map(kind).collect();
        let _ = write!(text, ", and {} compares with nothing in '{}'", kinds.join(" or "), criterion.text);
    } else if criterion.operands.is_empty() {
        let _ = write!(text, "'{}' does not hold", criterion.text);
    }
    text
}
