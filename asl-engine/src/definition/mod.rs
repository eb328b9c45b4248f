//! Definitions: from text to an abstract syntax tree, with everything that is wrong reported at once.

pub(crate) mod ast;
mod check;
mod choices;
mod fields;
mod states;

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::json::parse_spanned;
use ast::StateMachine;
use fields::Fields;

/// Everything that is wrong with a definition, in the order of its text. Nothing stops at the first problem.
///
/// ```
/// let text = r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "Next": "World"}}}"#;
/// let diagnostics = asl_engine::diagnose(text);
/// assert_eq!(
///     diagnostics[0].to_string(),
///     "MISSING_TRANSITION_TARGET: Missing 'Next' target: World at /States/Hello/Next"
/// );
/// ```
pub fn diagnose(text: &str) -> Vec<Diagnostic> {
    parse(text).1
}

/// Reads a definition. Parsing never fails: what is wrong stands in the diagnostics, in the order of the text, and the
/// tree holds whatever could be read (`None` when the text is not a JSON object).
pub(crate) fn parse(text: &str) -> (Option<StateMachine>, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        let message = format!("The definition has {} bytes, and may have {MAX_BYTES}", text.len());
        return (None, vec![error("DEFINITION_TOO_LARGE", message, "", Span::default())]);
    }
    let node = match parse_spanned(text) {
        Ok(node) => node,
        Err(error) => {
            let diagnostic = Diagnostic {
                code: "INVALID_JSON_DESCRIPTION",
                severity: Severity::Error,
                message: error.message,
                location: String::new(),
                span: error.span,
                help: None,
            };
            return (None, vec![diagnostic]);
        }
    };
    let mut diagnostics = Vec::new();
    let machine = Fields::of(&node, "".into(), &mut diagnostics).map(|fields| state_machine(fields, &mut diagnostics));
    if let Some(machine) = &machine {
        check::transitions(&machine.body, &mut diagnostics);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    (machine, diagnostics)
}

fn state_machine(mut fields: Fields<'_>, out: &mut Vec<Diagnostic>) -> StateMachine {
    fields.require(&["States", "StartAt"], out);
    let machine = StateMachine {
        timeout_seconds: fields.integer("TimeoutSeconds", 1, out),
        body: states::body(&mut fields, out),
    };
    fields.string("Comment", out);
    fields.string("Version", out);
    query_language(&mut fields, out);
    fields.refuse_the_rest(out);
    machine
}

fn query_language(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) {
    let Some(language) = fields.string("QueryLanguage", out) else { return };
    if &*language.text != "JSONPath" {
        let message = format!("The query language '{}' is not supported yet", language.text);
        out.push(error(UNSUPPORTED, message, &language.location, language.span));
    }
}

/// AWS takes definitions of up to 1 MiB.
const MAX_BYTES: usize = 1024 * 1024;
/// AWS's code for a field that does not fit.
const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";
/// Ours: AWS would take it, `asl` does not run it yet.
const UNSUPPORTED: &str = "NOT_SUPPORTED_YET";

fn error(code: &'static str, message: impl Into<String>, location: &str, span: Span) -> Diagnostic {
    let location = if location.is_empty() { "/".to_owned() } else { location.to_owned() };
    Diagnostic { code, severity: Severity::Error, message: message.into(), location, span, help: None }
}
