//! Diagnostics and failures as text for a person, with the source that they speak of.

use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};
use asl_engine::{Diagnostic, Failure, Severity, Span};

/// `error: text`
pub(crate) fn error(text: &str) -> String {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut out = Renderer::styled().render(&[Level::ERROR.primary_title(title).elements(Vec::<Element<'_>>::new())]);
    out.push('\n');
    if !rest.is_empty() {
        out += rest;
        out.push('\n');
    }
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
pub(crate) fn failure(status: &str, failure: &Failure, file: &str, text: &str) -> String {
    let error = failure.error.as_deref();
    let title = match error {
        Some(error) => format!("{status}: {error}"),
        None => status.to_owned(),
    };
    let mut elements: Vec<Element<'_>> = Vec::new();
    if let Some(span) = failure.span {
        elements.push(source(span, file, text).into());
    }
    if let Some(cause) = failure.cause.as_deref() {
        elements.push(Level::NOTE.with_name("cause").message(cause).into());
    }
    let mut out =
        Renderer::styled().render(&[Level::ERROR.with_name("execution").primary_title(&title).elements(elements)]);
    out.push('\n');
    out
}

fn source<'a>(span: Span, file: &'a str, text: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let end = span.end.min(text.len());
    Snippet::source(text).path(file).annotation(AnnotationKind::Primary.span(span.start.min(end)..end))
}
