//! What to do about an expression that gives nothing.

use asl_engine::ExpressionError;
use asl_engine::jsonpath::{ExplainedStep, Explanation, LossKind, StepKind, filter_doubt};

use crate::members;
use crate::preview::cut;

/// What to do about a text that AWS refuses.
pub(super) fn refused(text: &str, error: &ExpressionError) -> Vec<String> {
    let part = text.get(error.span.start..error.span.end).unwrap_or_default();
    if let Some(hint) = quoting(text) {
        return vec![hint];
    }
    if text.contains("{%") {
        return vec!["'{% … %}' is JSONata; this command takes JSONPaths and intrinsic functions".to_owned()];
    }
    if let Some(near) = text.split('(').next().filter(|name| name.starts_with("states.") || name.starts_with("State."))
    {
        return vec![format!("an intrinsic function starts with 'States.', not '{}'", cut(near, 40))];
    }
    let mut hints = Vec::new();
    if part.starts_with('[') && part.matches('[').count() > part.matches(']').count() {
        hints.push("a ']' is missing".to_owned());
    } else if part.contains("[\"") || part.contains("\"]") {
        let single = text.replace('"', "'");
        hints.push(format!("names in brackets stand in single quotes: {}", cut(&single, 60)));
    } else if part.starts_with("[?") && !part.trim_start_matches("[?").trim_start().starts_with('(') {
        let inner = part.trim_start_matches("[?").trim_end_matches(']').trim();
        hints.push(format!("a filter stands in parentheses: [?({})]", cut(inner, 50)));
    } else if part.starts_with("[?") {
        hints.extend(filter(part));
    } else if part.starts_with('[') && part.contains(':') {
        hints.push("a slice has a start or an end, such as [0:] or [:2]; [*] is all items".to_owned());
    } else if part.starts_with('[') {
        hints.push("in brackets stands one of: 'name', 0, *, 0:2, ?(@.a == 1), 0,1 or 'a','b'".to_owned());
    } else if !part.is_empty() && part.trim().is_empty() {
        hints.push("a name with a space in it stands in brackets: $['a b']".to_owned());
    }
    hints
}

/// What a shell has made of a path that was not in single quotes.
fn quoting(text: &str) -> Option<String> {
    let quotes = "put it in single quotes: '$.a[*]'";
    if text.is_empty() {
        return Some(format!("the path is empty: a shell replaces $name, so {quotes}"));
    }
    if text.starts_with('$') || text.starts_with("States.") || text.contains("{%") {
        return None;
    }
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if digits.len() < text.len() && (digits.is_empty() || digits.starts_with(['.', '['])) {
        return Some(format!("a shell replaces $$ by its process number, so {quotes}"));
    }
    if text.starts_with(['.', '[', '*', '\'']) {
        return Some(format!("a shell may have replaced $name, so {quotes}"));
    }
    None
}

fn filter(part: &str) -> Option<String> {
    let hint = if part.contains("=~") {
        "a pattern stands between slashes, and has to match the whole text: =~ /a.*/i"
    } else if part.contains(['*', ':']) || part.contains("..") {
        "a path in a filter has to be definite: names and single indices"
    } else if [" and ", " or ", " not "].iter().any(|word| part.contains(word)) {
        "criteria are joined by && and ||, and !@.a asks for what is not there"
    } else if part.contains('=') && !["==", "!=", "<=", ">="].iter().any(|sign| part.contains(sign)) {
        "'==' asks whether two values are equal"
    } else if part.contains(" in ") || part.contains(" nin ") || part.contains("contains") {
        "a filter has the operators == != < <= > >= =~ && || ! only"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// What AWS takes and was probably not meant: nulls that stand for items beyond an end, and some filters.
pub(super) fn doubtful(explanation: &Explanation) -> Vec<String> {
    let note = match explanation.definite {
        true => "\n  as the argument of a function, the path fails; IsPresent is false",
        false => "",
    };
    let nulls = not_there(explanation)
        .into_iter()
        .map(|why| format!("AWS gives null for an item that is not there: {why}{note}"));
    nulls.chain(doubtful_filters(explanation)).collect()
}

/// Why items are not there for which AWS gives null.
pub(super) fn not_there(explanation: &Explanation) -> Vec<String> {
    explanation.steps.iter().filter_map(beyond).collect()
}

fn doubtful_filters(explanation: &Explanation) -> Vec<String> {
    let filters = explanation.steps.iter().filter(|step| step.kind == StepKind::Filter);
    let doubts = filters
        .filter_map(|step| filter_doubt(&step.text).map(|doubt| format!("{doubt}\n  in {}", cut(&step.text, 70))));
    doubts.collect()
}

/// What to do about a path that AWS takes, and that fails on this document.
pub(super) fn failed(text: &str, explanation: &Explanation) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(path) = text.strip_suffix(".$") {
        hints.push(format!(
            "in a template '.$' ends the name of the member, not the path: \"x.$\": \"{}\"",
            cut(path, 40)
        ));
        return hints;
    }
    let Some(failed) = &explanation.failed else { return hints };
    let step = explanation.steps.get(failed.step);
    let Some((loss, lost)) = &failed.loss else { return hints };
    let variable = text.strip_prefix('$').filter(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    if let (Some(rest), 0) = (variable, failed.step) {
        hints.push(format!("'${}' starts at a variable (see --variables), '$.{0}' at the input", cut(rest, 30)));
        return hints;
    }
    if let Some(function) = step.map(|step| step.text.trim_start_matches('.')).filter(|name| name.ends_with("()")) {
        let before: String = explanation.steps.iter().take(failed.step).map(|step| &*step.text).collect();
        hints.push(match function {
            "length()" | "size()" => {
                format!("AWS has no functions in paths; a call does it: States.ArrayLength(${})", cut(&before, 50))
            }
            _ => "AWS has no functions in paths: this asks for a member of that name".to_owned(),
        });
        return hints;
    }
    let before = failed.step.checked_sub(1).and_then(|before| explanation.steps.get(before));
    if let Some(hint) = before.and_then(beyond) {
        hints.push(hint);
        return hints;
    }
    match loss {
        LossKind::NoMember(name) => hints.extend(members::instead_of(name, &lost.value)),
        LossKind::NotAnObject if lost.value.as_array().is_some() => {
            let name = step.map_or("", |step| &*step.text);
            hints.push(format!("[*]{name} looks into every item, [0]{name} into the first"));
        }
        LossKind::NotAnObject if members::holds_json(&lost.value) => {
            hints.push("the string holds JSON: States.StringToJson makes a value of it, in a state before".to_owned());
        }
        LossKind::NotAnArray if lost.value.as_object().is_some() => {
            hints.push("[*] gives the members of an object, ['name'] one of them".to_owned());
        }
        LossKind::FilterFailed if step.is_some_and(|step| step.text.contains('"')) => {
            hints.push("texts in a filter stand in single quotes: [?(@.a == 'x')]".to_owned());
        }
        LossKind::FilterFailed => {
            hints.push(
                "a number is compared with text that is no number; test for the type by another field".to_owned(),
            );
        }
        _ => {}
    }
    hints
}

/// What is wrong with an index for which an array has no item.
fn beyond(step: &ExplainedStep) -> Option<String> {
    let lost = step.beyond.first()?;
    let (LossKind::NoItem(index), array) = (&lost.kind, lost.examples.first()?) else { return None };
    Some(match index {
        ..0 if step.kind == StepKind::Index => {
            let from_end = index.unsigned_abs();
            format!(
                "AWS does not count from the end: [(@.length-{from_end})] gives it, and [-{from_end}:] a list from there on"
            )
        }
        ..0 => format!("AWS does not count from the end in {}", cut(&step.text, 40)),
        0.. => {
            let count = array.value.as_array().map_or(0, |items| items.len());
            format!("{} has {count} item{}", cut(&array.path, 40), if count == 1 { "" } else { "s" })
        }
    })
}
