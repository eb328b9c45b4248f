//! Diagnostics and failures as text for a person, with the source that they speak of.

use std::fmt::Write;
use std::io;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use asl_engine::{Diagnostic, Failure, JsonError, Severity, Span};
use asl_tasks::{Printed, PrintedLine, Undelivered};

use crate::printable::{self, clean};

/// How many findings of a file are shown to a person.
const SHOWN: usize = 100;

/// The findings of a file in the order of the file, not more than a person reads.
pub(crate) fn diagnostics(found: &[Diagnostic], file: &str, text: &str) -> String {
    let mut in_order: Vec<&Diagnostic> = found.iter().collect();
    in_order.sort_by_key(|found| found.span.start);
    let mut out: String = in_order.into_iter().take(SHOWN).map(|found| diagnostic(found, file, text)).collect();
    let left = found.len().saturating_sub(SHOWN);
    if left > 0 {
        let _ = writeln!(out, "{}: and {left} more; asl check --json gives all\n", printable::line(file));
    }
    out
}

/// `error: text`
pub(crate) fn error(text: &str) -> String {
    titled(Level::ERROR, text)
}

/// `warning: text`
pub(crate) fn warning(text: &str) -> String {
    titled(Level::WARNING, text)
}

/// What a subscriber did not get: why, and where it is kept.
pub(crate) fn undelivered(undelivered: &Undelivered) -> String {
    let Undelivered { subscriber, error, refused, files } = undelivered;
    let count = files.len();
    let (notifications, they_are) = if count == 1 {
        ("1 notification is".to_owned(), "It is")
    } else {
        (format!("{count} notifications are"), "They are")
    };
    let why = error.as_ref().map_or(String::new(), |error| format!(": {error}"));
    let first = files.first().map_or(String::new(), |file| file.display().to_string());
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    let next = match refused {
        true => "the subscriber refused, so that no run tries again",
        false => "the next run with this data folder tries again",
    };
    warning(&format!("{notifications} not delivered to {subscriber}{why}\n{they_are} kept in {first}{more}; {next}."))
}

/// `note: text`
pub(crate) fn note(text: &str) -> String {
    titled(Level::NOTE, text)
}

/// The first line as a title and the others as they are.
fn titled(level: Level<'_>, text: &str) -> String {
    let text = &*clean(text);
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut out = renderer().render(&[level.primary_title(title).elements(Vec::<Element<'_>>::new())]);
    out.push('\n');
    if !rest.is_empty() {
        out += rest;
        out.push('\n');
    }
    out
}

/// Why a text is not JSON, with the line that it is about.
pub(crate) fn not_json(title: &str, error: &JsonError, file: &str, text: &str) -> String {
    let title = format!("{title}: {}", error.message);
    let group = Level::ERROR.primary_title(clean(&title)).elements(source(error.span, file, text));
    let mut out = renderer().render(&[group]);
    out.push('\n');
    out
}

/// A message of AWS's without what only takes up room: the text that Jackson quotes, which stands below anyway, and most of a
/// long list.
fn for_a_person(message: &str) -> String {
    /// How many names of a list are shown.
    const NAMES: usize = 10;
    let first = message.lines().next().unwrap_or_default();
    let shortened = || {
        let (before, list) = first.strip_suffix(']')?.rsplit_once('[')?;
        let names: Vec<&str> = list.split(", ").collect();
        let left = names.len().checked_sub(NAMES).filter(|left| *left > 0)?;
        Some(format!("{before}[{}, and {left} more]", names[..NAMES].join(", ")))
    };
    shortened().unwrap_or_else(|| first.to_owned())
}

/// A finding with the line that it is about, as a compiler shows it.
pub(crate) fn diagnostic(diagnostic: &Diagnostic, file: &str, text: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = for_a_person(&diagnostic.message);
    let title = match &*diagnostic.location {
        "" => message,
        location => format!("{message} at {location}"),
    };
    let mut group =
        level.primary_title(clean(&title)).id(diagnostic.code).elements(source(diagnostic.span, file, text));
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    let mut out = renderer().render(&[group]);
    out.push_str("\n\n");
    out
}

/// How the cause goes on where an expression reached a bound of AWS's.
const BOUNDS: [&str; 3] = [
    "threw an error during evaluation: Expression evaluation timeout",
    "threw an error during evaluation: Expression evaluation memory limit exceeded",
    "threw an error during evaluation: Stack overflow",
];

/// How an execution or a state failed, with the field that raised the failure where one did.
pub(crate) fn failure(what: &'static str, ended: &str, failure: &Failure, file: &str, text: &str) -> String {
    let error = failure.error.as_deref();
    let title = match error {
        Some(error) => format!("{ended}: {error}"),
        None => ended.to_owned(),
    };
    let elements = failure.span().map(|span| source(span, file, text)).unwrap_or_default();
    let title = Level::ERROR.with_name(what).primary_title(clean(&title));
    let mut out = renderer().render(&[title.elements(elements)]);
    out.push('\n');
    if let Some(cause) = &failure.cause {
        let _ = writeln!(out, "cause: {}", clean(cause));
    }
    if let Some(hint) = failure.hint() {
        let _ = writeln!(out, "note: {}", clean(hint));
    }
    out
}

/// What to do where a failure is a quota of AWS's that is in force; empty elsewhere.
pub(crate) fn quota_help(failure: &Failure) -> &'static str {
    let (error, cause) = (failure.error.as_deref(), failure.cause.as_deref().unwrap_or_default());
    let reached = match error {
        Some("States.DataLimitExceeded") => true,
        Some("States.QueryEvaluationError") => BOUNDS.iter().any(|bound| cause.contains(bound)),
        _ => cause.starts_with("The execution reached the maximum number of history events"),
    };
    if reached { "help: this is a quota of AWS, which `asl run --no-quotas` lifts\n" } else { "" }
}

/// What a function printed before it failed.
pub(crate) fn printed(printed: &Printed) -> String {
    let (function, file) = (printable::line(&printed.function), printed.file.display().to_string());
    let file = printable::line(&file);
    if printed.lines.is_empty() {
        return format!("{function} printed nothing in this call; its log is {file}\n");
    }
    let lines = printed.lines.iter().map(|line| format!("  {line}\n"));
    format!("printed by {function} in this call (its log is {file}):\n{}", lines.collect::<String>())
}

/// A line that a function printed, with the start of the request id: several run at once.
pub(crate) fn printed_line(printed: &PrintedLine<'_>) -> String {
    let request_id = printed.request_id.unwrap_or("start");
    let short = &request_id[..request_id.floor_char_boundary(8)];
    format!("{} {short} | {}\n", printable::line(printed.function), clean(printed.text))
}

/// How many columns a report has: those of the terminal, so that no line breaks and its carets stay below it.
fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal =
        || terminal_size::terminal_size_of(io::stdout()).or_else(|| terminal_size::terminal_size_of(io::stderr()));
    let columns = told.or_else(|| terminal().map(|(width, _)| usize::from(width.0)));
    columns.unwrap_or(140).max(40)
}

fn renderer() -> Renderer {
    Renderer::styled().term_width(width())
}

/// How much of a long line is handed to the renderer on each side of a place: it walks through all that it gets.
const AROUND: usize = 20_000;

/// The line where a span starts. Only this is handed over: a large text is not read again for each finding.
fn source<'a>(span: Span, file: &'a str, text: &'a str) -> Vec<Element<'a>> {
    let start = text.floor_char_boundary(span.start);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let last = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let number = text[..line].bytes().filter(|byte| *byte == b'\n').count() + 1;
    // A span wider than the terminal would take the whole line with it.
    let widest = text.floor_char_boundary(start + width() / 2);
    let end = text.floor_char_boundary(span.end).min(last).min(widest).max(start);
    let first = text.floor_char_boundary(start.saturating_sub(AROUND)).max(line);
    let shown = &text[first..text.floor_char_boundary(end + AROUND).min(last)];
    let annotation = AnnotationKind::Primary.span(start - first..end - first);
    let snippet = Snippet::source(shown).line_start(number).annotation(annotation);
    if first == line {
        return vec![snippet.path(printable::line(file)).into()];
    }
    let column = text[line..start].chars().count() + 1;
    vec![Origin::path(printable::line(file)).line(number).char_column(column).into(), snippet.into()]
}

/// Why an expression of the command line gives nothing: AWS's name and text for it, the place and what is wrong there,
/// and hints.
pub(crate) fn expression(name: &str, message: &str, place: Option<(Span, &str)>, hints: &[&str], text: &str) -> String {
    let title = Level::ERROR.primary_title(clean(message)).id(name);
    let mut elements: Vec<Element<'_>> = Vec::new();
    if let Some((span, label)) = place {
        let end = span.end.min(text.len());
        let annotation = AnnotationKind::Primary.span(span.start.min(end)..end).label(clean(label));
        elements.push(Snippet::source(text).path("PATH").annotation(annotation).into());
    }
    elements.extend(hints.iter().map(|hint| Level::HELP.message(clean(hint)).into()));
    let mut out = renderer().render(&[title.elements(elements)]);
    out.push('\n');
    out
}
