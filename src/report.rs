//! Diagnostics and failures as text for a person, with the source that they speak of.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};
use asl_engine::{Diagnostic, Failure, JsonError, Severity, Span};

/// `error: text`
pub(crate) fn error(text: &str) -> String {
    titled(Level::ERROR, text)
}

/// `warning: text`
pub(crate) fn warning(text: &str) -> String {
    titled(Level::WARNING, text)
}

/// The first line as a title and the others as they are.
fn titled(level: Level<'_>, text: &str) -> String {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut out = Renderer::styled().render(&[level.primary_title(title).elements(Vec::<Element<'_>>::new())]);
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
    let group = Level::ERROR.primary_title(&title).element(source(error.span, file, text));
    let mut out = Renderer::styled().render(&[group]);
    out.push('\n');
    out
}

/// A finding with the line that it is about, as a compiler shows it.
pub(crate) fn diagnostic(diagnostic: &Diagnostic, file: &str, text: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = match &*diagnostic.location {
        "" => diagnostic.message.clone(),
        location => format!("{} at {location}", diagnostic.message),
    };
    let mut group = level.primary_title(&title).id(diagnostic.code).element(source(diagnostic.span, file, text));
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    let mut out = Renderer::styled().render(&[group]);
    out.push_str("\n\n");
    out
}

/// How an execution failed, with the field that raised the failure where one did.
pub(crate) fn failure(ended: &str, failure: &Failure, file: &str, text: &str) -> String {
    let error = failure.error.as_deref();
    let title = match error {
        Some(error) => format!("{ended}: {error}"),
        None => ended.to_owned(),
    };
    let elements: Vec<Element<'_>> = failure.span.map(|span| source(span, file, text).into()).into_iter().collect();
    let title = Level::ERROR.with_name("execution").primary_title(&title);
    let mut out = Renderer::styled().render(&[title.elements(elements)]);
    out.push('\n');
    if let Some(cause) = &failure.cause {
        let _ = writeln!(out, "cause: {cause}");
    }
    out
}

fn source<'a>(span: Span, file: &'a str, text: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let end = span.end.min(text.len());
    Snippet::source(text).path(file).annotation(AnnotationKind::Primary.span(span.start.min(end)..end))
}

/// Why an expression of the command line gives nothing: AWS's name and text for it, the place and what is wrong there,
/// and hints.
pub(crate) fn expression(name: &str, message: &str, place: Option<(Span, &str)>, hints: &[&str], text: &str) -> String {
    let title = Level::ERROR.primary_title(message).id(name);
    let mut elements: Vec<Element<'_>> = Vec::new();
    if let Some((span, label)) = place {
        let end = span.end.min(text.len());
        let annotation = AnnotationKind::Primary.span(span.start.min(end)..end).label(label);
        elements.push(Snippet::source(text).path("PATH").annotation(annotation).into());
    }
    elements.extend(hints.iter().map(|hint| Level::HELP.message(*hint).into()));
    let mut out = Renderer::styled().render(&[title.elements(elements)]);
    out.push('\n');
    out
}
