//! A test as text for a person: 80 columns, and nothing that needs colours.

use std::fmt::Write;

use asl_engine::test_state::{Handler, HandlerKind, MockCheck, Stage, Status, TestState, Tested, Verdict};
use asl_engine::{Failure, StateType, Value};
use asl_project::Definition;

use super::diff::{self, Line};
use crate::report;

/// How many lines of one document are shown.
const MOST_LINES: usize = 60;
/// How many unchanged lines are shown around a change.
const AROUND: usize = 3;
const WIDTH: usize = 80;

/// All that a test gave.
pub(super) fn report(tested: &Tested, test: &TestState<'_>, definition: &Definition) -> String {
    let mut out = String::new();
    let mut heading = format!("the {} state", tested.state_type.name());
    if test.state_name.is_some() {
        let _ = write!(heading, " '{}'", tested.state_name);
    }
    let _ = writeln!(out, "{heading}\n");
    for (at, (stage, value)) in tested.stages.iter().enumerate() {
        show_stage(*stage, value, &tested.stages[..at], tested.state_type, &mut out);
    }
    if let Some(output) = &tested.output {
        let before = match tested.status {
            Status::CaughtError => tested.stages.first(),
            _ => tested.stages.iter().rev().find(|(stage, _)| !stage.is_number()),
        };
        show_document("output", output, before.map(|(_, value)| value), &mut out);
    }
    if [&tested.variables, &test.variables].iter().any(|variables| **variables != Value::empty_object()) {
        show_document("variables", &tested.variables, Some(&test.variables), &mut out);
    }
    if let Some(failure) = &tested.failure {
        show_failure(tested, failure, &heading, definition, &mut out);
    }
    let _ = writeln!(out, "status      {}", tested.status.name());
    if let Some(next) = &tested.next_state {
        let _ = writeln!(out, "next state  {next}");
    }
    if tested.mock_check == MockCheck::NoModel {
        out += "\nThe mock was taken as it is: asl has no model of what this API answers.\n";
    }
    out
}

fn show_stage(stage: Stage, value: &Value, before: &[(Stage, Value)], state_type: StateType, out: &mut String) {
    let input = before.first().map(|(_, value)| value);
    let last = before.iter().rev().find(|(stage, _)| !stage.is_number()).map(|(_, value)| value);
    let (label, before) = match stage {
        Stage::Input => ("input", None),
        Stage::AfterInputPath => ("after InputPath", last),
        Stage::AfterParameters => ("after Parameters", last),
        Stage::AfterArguments => ("after Arguments", input),
        Stage::AfterItemsPath => ("items", None),
        Stage::AfterItemsPointer => ("read items", None),
        Stage::AfterItemSelector => ("after ItemSelector", last),
        Stage::AfterItemBatcher => ("after ItemBatcher", None),
        Stage::MaxConcurrency => return show_number("MaxConcurrency", value, out),
        Stage::ToleratedFailureCount => return show_number("ToleratedFailureCount", value, out),
        Stage::ToleratedFailurePercentage => return show_number("ToleratedFailurePercentage", value, out),
        Stage::Result if state_type == StateType::Pass => ("result", None),
        Stage::Result => ("result (mocked)", None),
        Stage::AfterResultSelector => ("after ResultSelector", last),
        // The result is put into the input, unless it takes its place.
        Stage::AfterResultPath => ("after ResultPath", if last == Some(value) { last } else { input }),
    };
    show_document(label, value, before, out);
}

fn show_number(label: &str, value: &Value, out: &mut String) {
    let _ = writeln!(out, "{label}: {value}\n");
}

/// A document, with marks at what is new (`+`) and what is gone (`-`).
fn show_document(label: &str, value: &Value, before: Option<&Value>, out: &mut String) {
    if before == Some(value) {
        let _ = writeln!(out, "{label}: unchanged\n");
        return;
    }
    let after = format!("{value:#}");
    let before = before.map(|before| format!("{before:#}"));
    let lines = match &before {
        Some(before) => diff::lines(before, &after),
        None => after.lines().map(Line::Same).collect(),
    };
    let _ = writeln!(out, "{label}:");
    let shown = match before {
        Some(_) => near_changes(&lines),
        None => vec![true; lines.len()],
    };
    let (mut written, mut hidden) = (0, 0);
    for (at, (line, shown)) in lines.iter().zip(shown).enumerate() {
        if written == MOST_LINES {
            let _ = writeln!(out, "  … {} more lines; --json gives all of them", hidden + lines.len() - at);
            hidden = 0;
            break;
        }
        if !shown {
            hidden += 1;
            continue;
        }
        elided(hidden, out);
        hidden = 0;
        written += 1;
        let (mark, text) = match line {
            Line::Same(text) => (' ', text),
            Line::Gone(text) => ('-', text),
            Line::New(text) => ('+', text),
        };
        let _ = writeln!(out, "{mark} {}", cut(text));
    }
    elided(hidden, out);
    out.push('\n');
}

fn elided(count: usize, out: &mut String) {
    if count > 0 {
        let _ = writeln!(out, "  … {count} unchanged");
    }
}

/// Which lines are changes, or near to one.
fn near_changes(lines: &[Line<'_>]) -> Vec<bool> {
    let mut near = vec![false; lines.len()];
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| !matches!(line, Line::Same(_))) {
        let end = (at + AROUND + 1).min(lines.len());
        near[at.saturating_sub(AROUND)..end].fill(true);
    }
    near
}

/// A line that fits on the terminal.
fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDTH - 2) {
        Some(_) => text.chars().take(WIDTH - 3).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

fn show_failure(tested: &Tested, failure: &Failure, heading: &str, definition: &Definition, out: &mut String) {
    *out += &report::failure("error", &format!("{heading} failed"), failure, failure.span(), definition);
    *out += report::quota_help(failure);
    for handler in &tested.handlers {
        let names = handler.error_equals.join(", ");
        let said = format!("{} {}", name(handler), reason(handler, tested, failure));
        let gap = if said.len() + names.len() + 3 > WIDTH { "\n         " } else { " " };
        let _ = writeln!(out, "{said}{gap}({names})");
    }
    let can_have = matches!(tested.state_type, StateType::Task | StateType::Map | StateType::Parallel);
    if can_have && tested.handlers.is_empty() {
        out.push_str("The state has no Retry and no Catch.\n");
    }
    out.push('\n');
}

fn name(handler: &Handler) -> String {
    match handler.kind {
        HandlerKind::Retrier => format!("Retry[{}]", handler.index),
        HandlerKind::Catcher => format!("Catch[{}]", handler.index),
    }
}

/// Why a Retrier or a Catcher takes the error, or does not.
fn reason(handler: &Handler, tested: &Tested, failure: &Failure) -> String {
    match handler.verdict {
        Verdict::Takes => match tested.retry_backoff_seconds {
            Some(seconds) => format!("takes it, and tries again after {seconds} s"),
            None => "takes it".to_owned(),
        },
        Verdict::UsedUp { max_attempts } => format!("names it, but has used up its MaxAttempts of {max_attempts}"),
        Verdict::NamesOthers => "does not name it".to_owned(),
        Verdict::CannotBeTaken => {
            format!("cannot take it: nothing takes {}", failure.error.as_deref().unwrap_or_default())
        }
        Verdict::ComesLater => {
            let asked = |other: &&Handler| matches!(other.verdict, Verdict::Takes | Verdict::UsedUp { .. });
            let mut before = tested.handlers.iter().rev().filter(asked);
            match before.find(|other| other.kind == handler.kind || other.verdict == Verdict::Takes) {
                Some(before) => format!("is not asked after {}", name(before)),
                None => "is not asked".to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &Value, before: Option<&Value>) -> String {
        let mut out = String::new();
        show_document("output", value, before, &mut out);
        out
    }

    fn list(members: std::ops::Range<i64>) -> Vec<Value> {
        members.map(Value::from).collect()
    }

    #[test]
    fn only_what_is_near_a_change_is_shown() {
        let mut changed = list(0..100);
        changed[50] = "new".into();
        let out = shown(&changed.into(), Some(&list(0..100).into()));
        let expected = [
            "output:",
            "  … 48 unchanged",
            "    47,",
            "    48,",
            "    49,",
            "-   50,",
            "+   \"new\",",
            "    51,",
            "    52,",
            "    53,",
            "  … 47 unchanged",
            "\n",
        ];
        assert_eq!(out, expected.join("\n"));
    }

    #[test]
    fn long_documents_and_long_lines_are_cut() {
        let out = shown(&list(0..100_000).into(), None);
        assert_eq!(out.lines().count(), MOST_LINES + 3);
        assert!(out.contains("  … 99942 more lines; --json gives all of them\n"), "{out}");

        let out = shown(&"é".repeat(10_000).into(), Some(&Value::Null));
        assert!(out.lines().all(|line| line.chars().count() <= WIDTH), "{out}");
    }
}
