//! What AWS takes and is probably not meant: AWS's three warnings (`NO_DOLLAR`, `NO_PATH`, `PASS_RESULT_IS_STATIC`) and others of ours, all
//! in words of ours.

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::json::{Node, NodeKind};
use crate::placeholder;

use super::error;

/// `"x": "$.path"` in a Payload Template, where the name does not end in `.$`: the text itself is passed on.
pub(super) fn no_dollar(node: &Node, location: &str, out: &mut Vec<Diagnostic>) {
    each_text(node, "", &mut |name, text, span| {
        if !name.ends_with(".$") && looks_evaluated(text) {
            let message = format!("The field '{name}' is passed on as the text '{text}'");
            let help = format!("to pass on what it stands for, call the field '{name}.$'");
            out.push(warning("NO_DOLLAR", message, help, location, span));
        }
    });
}

/// A text or a number where a Payload Template is meant: it is passed on as it is.
///
/// sfnx 3.1.0 (PyPI); the CDK writes such definitions; one source.
pub(super) fn no_object(name: &str, node: &Node, location: &str, out: &mut Vec<Diagnostic>) {
    let message = format!("The field '{name}' is no object: it is passed on as it stands");
    let help = "paths and calls are only filled in where the name of a member ends in '.$'".to_owned();
    out.push(warning("NO_OBJECT", message, help, location, node.span));
}

/// A branch or an iteration that no state ends, in a machine that has an end: AWS takes it, and it never ends.
pub(super) fn endless(location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let message = "No state ends what starts here".to_owned();
    let help = "a state ends it with '\"End\": true', or with the type Succeed or Fail".to_owned();
    out.push(warning("NO_END", message, help, location, span));
}

/// A call of an intrinsic function with a wrong number of arguments, which AWS takes, and which fails when it runs.
pub(super) fn miscounted(function: &str, wrong: &str, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let message = format!("{function} fails here: {wrong}");
    let help =
        "AWS takes it, and the state fails with States.Runtime, which no Retrier and no Catcher takes".to_owned();
    out.push(warning("INVALID_ARGUMENTS", message, help, location, span));
}

/// The same of a function of JSONata.
pub(super) fn miscounted_query(function: &str, wrong: &str, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let message = format!("${function} fails here: {wrong}");
    let help = "AWS takes it, and the state fails with States.QueryEvaluationError".to_owned();
    out.push(warning("INVALID_ARGUMENTS", message, help, location, span));
}

/// A function that JSONata does not have. AWS takes it, and it fails when it is evaluated.
pub(super) fn unknown_function(name: &str, help: String, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    out.push(warning("UNKNOWN_FUNCTION", format!("There is no function '${name}'"), help, location, span));
}

/// A variable that nothing assigns before it is read: it is nothing.
pub(super) fn unassigned(name: &str, help: String, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    out.push(warning("UNASSIGNED_VARIABLE", format!("No variable '${name}' is assigned before"), help, location, span));
}

/// A path, or a member whose name ends in `.$`, in a state in JSONata: the text itself is passed on.
pub(super) fn no_expression(node: &Node, location: &str, out: &mut Vec<Diagnostic>) {
    each_text(node, "", &mut |name, text, span| {
        if name.ends_with(".$") || looks_evaluated(text) {
            let message = format!("'{text}' is passed on as a text: this state is in JSONata");
            let help = match text {
                "$" => "the input of the state is '{% $states.input %}'",
                _ => "an expression stands between '{%' and '%}'",
            };
            out.push(warning("NO_EXPRESSION", message, help.to_owned(), location, span));
        }
    });
}

/// An expression in a state in JSONPath: the text itself is passed on.
pub(super) fn not_jsonata(node: &Node, location: &str, out: &mut Vec<Diagnostic>) {
    each_text(node, "", &mut |_, text, span| {
        if crate::query::inside(text).is_some() {
            let message = "'{% … %}' is passed on as a text: this state is in JSONPath".to_owned();
            let help = "with '\"QueryLanguage\": \"JSONata\"' it is an expression".to_owned();
            out.push(warning("NOT_JSONATA", message, help, location, span));
        }
    });
}

/// A path in the `Result` of a Pass state, which is never evaluated.
pub(super) fn static_result(node: &Node, location: &str, out: &mut Vec<Diagnostic>) {
    each_text(node, "", &mut |name, text, span| {
        if name.ends_with(".$") || looks_evaluated(text) {
            let message = format!("The Result of a Pass state is passed on as it stands: '{text}' is not evaluated");
            let help = "Parameters are evaluated".to_owned();
            out.push(warning("PASS_RESULT_IS_STATIC", message, help, location, span));
        }
    });
}

/// A path in a field that takes a text, where another field takes a path.
pub(super) fn no_path(name: &str, text: &str, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    if looks_evaluated(text) {
        let message = format!("The field '{name}' takes '{text}' as a text");
        let help = format!("to take the value from there, use the field '{name}Path'");
        out.push(warning("NO_PATH", message, help, location, span));
    }
}

/// An error name of `ErrorEquals` that AWS never raises: names with `States.` are its own.
pub(super) fn unknown_error(name: &str, help: Option<String>, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let message = format!("No error is called '{name}'");
    let help = help.unwrap_or_else(|| "names that start with 'States.' belong to the language".to_owned());
    out.push(warning("UNKNOWN_ERROR_NAME", message, help, location, span));
}

/// An error name of `ErrorEquals` that ends the execution whatever a definition says.
pub(super) fn uncatchable(name: &str, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let message = format!("No Retrier and no Catcher takes '{name}'");
    let help = "it ends the execution at once: what raises it has to be avoided".to_owned();
    out.push(warning("UNCATCHABLE_ERROR", message, help, location, span));
}

/// A state that only states lead to which themselves cannot be reached.
pub(super) fn never_reached(name: &str, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let message = format!("No way leads from StartAt to the state '{name}'");
    let help = "only states that cannot be reached themselves lead to it".to_owned();
    out.push(warning("UNREACHABLE_STATE", message, help, location, span));
}

/// A field that the action of a service does not have.
pub(super) fn unknown_field(
    called: &str,
    field: &str,
    meant: Option<&str>,
    location: &str,
    span: Span,
    out: &mut Vec<Diagnostic>,
) {
    let message = format!("{called} has no field '{field}'");
    let help = match meant {
        Some(meant) => format!("did you mean '{meant}'?"),
        None => "the task fails before it starts".to_owned(),
    };
    out.push(warning("UNKNOWN_FIELD", message, help, location, span));
}

/// A task that waits for its token and tells it to nobody.
pub(super) fn token_not_passed(location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let message = "Nobody is told the task token that this state waits for".to_owned();
    let help =
        "pass it on: \"taskToken.$\": \"$$.Task.Token\", or '{% $states.context.Task.Token %}' in JSONata".to_owned();
    out.push(warning("TOKEN_NOT_PASSED", message, help, location, span));
}

/// Whether parameters may hold the task token: it is in the context object, of which some parts are known to be others.
pub(super) fn may_pass_token(node: &Node) -> bool {
    // `.StateMachine`, too.
    const OTHERS: [&str; 3] = [".Execution", ".State", ".Map"];
    const OF_STATES: [&str; 3] = [".input", ".result", ".errorOutput"];
    let mut passes = false;
    each_text(node, "", &mut |_, text, _| {
        let starts = |text: &str, others: &[&str]| others.iter().any(|other| text.starts_with(other));
        let context = text.match_indices("$$").any(|(at, root)| !starts(&text[at + root.len()..], &OTHERS));
        let states = text.match_indices("$states").any(|(at, root)| {
            let rest = &text[at + root.len()..];
            !starts(rest, &OF_STATES) && !rest.strip_prefix(".context").is_some_and(|rest| starts(rest, &OTHERS))
        });
        passes |= context || states || placeholder::is_in(text);
    });
    passes
}

/// A service that is not known here.
pub(super) fn unknown_service(what: String, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    let help =
        "AWS refuses a service that it does not have; where it has this one, only a mock can answer here".to_owned();
    out.push(warning("UNKNOWN_SERVICE", what, help, location, span));
}

/// A warning of a code of ours or of AWS's.
pub(super) fn warning(code: &'static str, message: String, help: String, location: &str, span: Span) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, help: Some(help), ..error(code, message, location, span) }
}

/// Whether a text is a path or a call to an intrinsic function, by its looks.
fn looks_evaluated(text: &str) -> bool {
    let path = text.strip_prefix("$$").or_else(|| text.strip_prefix('$')).map(str::trim_end);
    let call = text.strip_prefix("States.").and_then(|rest| rest.split_once('('));
    path.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']) && is_one_word(rest))
        || call.is_some_and(|(name, _)| name.chars().all(char::is_alphanumeric) && text.ends_with(')'))
}

/// Whether a text has no white space outside of brackets: `$.seconds / 1000` is no path that somebody forgot to take.
fn is_one_word(text: &str) -> bool {
    let mut open = 0_usize;
    text.chars().all(|c| {
        match c {
            '[' => open += 1,
            ']' => open = open.saturating_sub(1),
            _ => {}
        }
        open > 0 || !c.is_whitespace()
    })
}

/// Calls `found` for each text of a template, with the name of the member that holds it.
fn each_text<'a>(node: &'a Node, name: &'a str, found: &mut impl FnMut(&str, &str, Span)) {
    match &node.kind {
        NodeKind::String(text) => found(name, text, node.span),
        NodeKind::Array(items) => items.iter().for_each(|item| each_text(item, name, found)),
        NodeKind::Object(members) => members.iter().for_each(|member| each_text(&member.value, &member.name, found)),
        _ => {}
    }
}
