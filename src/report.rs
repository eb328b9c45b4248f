//! Diagnostics and failures as text for a person, with the source that they speak of.

use std::collections::HashSet;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use asl_engine::{Diagnostic, Failure, JsonError, Severity, Span, Value};
use asl_project::{Definition, Notice, Placeholder};
use asl_tasks::{Printed, PrintedLine, Undelivered};

use crate::printable::{self, clean};

/// How many findings of a file are shown to a person.
const SHOWN: usize = 100;

/// The findings of a file in the order of the file, not more than a person reads.
pub(crate) fn diagnostics(found: &[Diagnostic], definition: &Definition) -> String {
    let file = &*definition.file().display().to_string();
    let text = definition.text();
    let mut in_order = said_once(found);
    let following = found.len() - in_order.len();
    in_order.sort_by_key(|found| found.span.start);
    let mut out: String = in_order.iter().take(SHOWN).map(|found| diagnostic(found, file, text)).collect();
    let left = in_order.len().saturating_sub(SHOWN);
    if left > 0 {
        let _ = writeln!(out, "{}: and {left} more; asl check --json gives all\n", printable::line(file));
    }
    if following > 0 {
        let states = if following == 1 { "1 state is".to_owned() } else { format!("{following} states are") };
        out += &note(&format!("{states} not reachable, as a target is missing; asl check --json gives all"));
        out.push('\n');
    }
    out
}

/// The findings without those that say no more than another: states that nothing leads to, where the target of a transition
/// is missing.
pub(crate) fn said_once(found: &[Diagnostic]) -> Vec<&Diagnostic> {
    // The `States` block of a state or of one of its fields.
    fn scope(found: &Diagnostic) -> &str {
        found.location.rsplit_once("/States/").map_or("", |(scope, _)| scope)
    }
    let misses_target = |one: &&Diagnostic| one.code == TARGET && one.message.starts_with("Missing '");
    let missing: HashSet<&str> = found.iter().filter(misses_target).map(scope).collect();
    let follows = |one: &Diagnostic| {
        let is_unreachable =
            one.code == "UNREACHABLE_STATE" || one.code == TARGET && one.message.ends_with("is not reachable.");
        is_unreachable && missing.contains(scope(one))
    };
    found.iter().filter(|one| !follows(one)).collect()
}

/// AWS's code for transitions that lead nowhere, and for states that nothing leads to.
const TARGET: &str = "MISSING_TRANSITION_TARGET";

/// Placeholders that nothing fills in: each once, where it stands first, and how to fill it in.
pub(crate) fn unfilled(unfilled: &[Placeholder], definition: &Definition, routes: Option<&Path>) -> String {
    let file = &*definition.file().display().to_string();
    let mut out = String::new();
    let (options, lines): (Vec<String>, Vec<String>) = counted(unfilled)
        .into_iter()
        .map(|(first, count)| {
            let places = if count == 1 { String::new() } else { format!(" ({count} places)") };
            let title = format!("nothing is filled in for ${{{}}}{places}", first.name);
            let group =
                Level::ERROR.primary_title(clean(&title)).elements(source(first.place, file, definition.text()));
            out += &renderer().render(&[group]);
            out.push_str("\n\n");
            let is_bare = first.name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            let key = if is_bare { first.name.clone() } else { Value::from(&*first.name).to_string() };
            (format!("--substitute {}=VALUE", first.name), format!("{key} = \"VALUE\"\n"))
        })
        .unzip();
    let routes = routes.map_or_else(|| "the routing file".to_owned(), |file| file.display().to_string());
    let _ = writeln!(
        out,
        "help: say what stands there: {}\nor add these lines to {}:\n\n[substitutions]\n{}",
        options.join(" "),
        printable::line(&routes),
        lines.concat()
    );
    out
}

/// That a run goes on with placeholders; empty where there are none.
pub(crate) fn left_open(unfilled: &[Placeholder]) -> String {
    if unfilled.is_empty() {
        return String::new();
    }
    let names: Vec<String> = counted(unfilled).into_iter().map(|(first, _)| format!("${{{}}}", first.name)).collect();
    note(&format!("nothing is filled in for {}: it stays as it is (--substitute NAME=VALUE)", names.join(", ")))
}

/// Each name once, where it stands first, and how often.
fn counted(unfilled: &[Placeholder]) -> Vec<(&Placeholder, usize)> {
    let mut counted: Vec<(&Placeholder, usize)> = Vec::new();
    for placeholder in unfilled {
        match counted.iter_mut().find(|(first, _)| first.name == placeholder.name) {
            Some((_, count)) => *count += 1,
            None => counted.push((placeholder, 1)),
        }
    }
    counted
}

/// `error: text`
pub(crate) fn error(text: &str) -> String {
    titled(Level::ERROR, text)
}

/// `warning: text`
pub(crate) fn warning(text: &str) -> String {
    titled(Level::WARNING, text)
}

/// What a person should know about what went on after an execution.
pub(crate) fn notice(told: &Notice) -> String {
    match told {
        Notice::WaitsFor(running) => note(&format!("waiting for what was started: {}", running.join(", "))),
        Notice::Stops(running) => warning(&format!("interrupted; not ended: {}", running.join(", "))),
        Notice::NotSucceeded { arn, status, failure } => {
            warning(&format!("the execution {arn} that was started {}: {failure}", status.name()))
        }
        Notice::NotStored(error) => warning(&format!("the history is not stored: {error}")),
        Notice::Undelivered(it) => undelivered(it),
    }
}

/// What a subscriber did not get: why, and where it is kept.
fn undelivered(undelivered: &Undelivered) -> String {
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

/// An error at a place of a file, and what to do about it.
pub(crate) fn located_error(title: &str, span: Span, file: &Path, text: &str, help: Option<&str>) -> String {
    located(Level::ERROR, title, span, file, text, help)
}

/// A warning at a place of a file.
pub(crate) fn located_warning(title: &str, span: Span, file: &Path, text: &str, help: Option<&str>) -> String {
    located(Level::WARNING, title, span, file, text, help)
}

fn located(level: Level<'_>, title: &str, span: Span, file: &Path, text: &str, help: Option<&str>) -> String {
    let file = file.display().to_string();
    let mut group = level.primary_title(clean(title)).elements(source(span, &file, text));
    if let Some(help) = help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    renderer().render(&[group]).to_string() + "\n\n"
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
    let mut group = Level::ERROR.primary_title(clean(&title)).elements(source(error.span, file, text));
    if let Some(help) = error.help {
        group = group.element(Level::HELP.message(help));
    }
    let mut out = renderer().render(&[group]);
    out.push('\n');
    out
}

/// A message of AWS's without what only takes up room: the text that Jackson quotes, which stands below anyway, and most of a
/// long list.
pub(crate) fn for_a_person(message: &str) -> String {
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
pub(crate) fn failure(
    what: &'static str,
    ended: &str,
    failure: &Failure,
    place: Option<Span>,
    definition: &Definition,
) -> String {
    let file = &*definition.file().display().to_string();
    let place = place.map(|span| definition.place(span));
    let error = failure.error.as_deref();
    let title = match error {
        Some(error) => format!("{ended}: {error}"),
        None => ended.to_owned(),
    };
    let elements = place.map(|place| source(place, file, definition.text())).unwrap_or_default();
    let title = Level::ERROR.with_name(what).primary_title(clean(&title));
    let mut out = renderer().render(&[title.elements(elements)]);
    out.push('\n');
    if let Some(cause) = &failure.cause {
        let _ = writeln!(out, "cause: {}", clean(cause));
    }
    for (at, line) in failure.hint().into_iter().flat_map(str::lines).enumerate() {
        let _ = writeln!(out, "{}{}", if at == 0 { "note: " } else { "      " }, clean(line));
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

/// The events of an execution as AWS's GetExecutionHistory has them, with those of others that belong to it, by their ARNs.
pub(crate) fn histories(own: Value, others: impl Iterator<Item = (Arc<str>, Value)>) -> Value {
    let others: Vec<Value> =
        others.map(|(arn, events)| Value::from([("executionArn", Value::from(arn)), ("events", events)])).collect();
    let others = (!others.is_empty()).then(|| ("childExecutions", others.into()));
    [("events", own)].into_iter().chain(others).collect()
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
/// and hints. `file` is what stands for it.
pub(crate) fn expression(
    (name, message): (&str, &str),
    place: Option<(Span, &str)>,
    hints: &[&str],
    (file, text): (&str, &str),
) -> String {
    let title = Level::ERROR.primary_title(clean(message)).id(name);
    let mut elements: Vec<Element<'_>> = Vec::new();
    if let Some((span, label)) = place {
        let end = span.end.min(text.len());
        let annotation = AnnotationKind::Primary.span(span.start.min(end)..end).label(clean(label));
        elements.push(Snippet::source(text).path(file).annotation(annotation).into());
    }
    elements.extend(hints.iter().map(|hint| Level::HELP.message(clean(hint)).into()));
    let mut out = renderer().render(&[title.elements(elements)]);
    out.push('\n');
    out
}
