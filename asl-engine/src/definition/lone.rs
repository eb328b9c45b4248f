//! One expression by itself, as a field of a state has it.

use super::queries::{INVALID, NOT_ALLOWED, refusal};
use super::{SCHEMA, expression_help, warnings, whole};
use crate::diagnostic::{Diagnostic, Span};
use crate::jsonata::{DoubtKind, Jsonata};
use crate::nearest::nearest;
use crate::query::{self, QueryDocuments};

/// What AWS refuses of an expression, and what of it fails whatever it is evaluated on. It may stand between `{%` and `%}` or
/// alone; places are bytes of the text, and there are no locations.
///
/// `documents` says which fields `$states` has, and which variables there are.
///
/// ```
/// use asl_engine::{QueryDocuments, diagnose_expression};
///
/// let found = diagnose_expression("{% $sumn($states.input.prices) %}", &QueryDocuments::default());
/// assert_eq!(found[0].to_string(), "UNKNOWN_FUNCTION: There is no function '$sumn'");
/// assert_eq!(found[0].help.as_deref(), Some("did you mean '$sum'?"));
/// let found = diagnose_expression("prices", &QueryDocuments::default());
/// assert_eq!(found[0].message, "Reference to 'prices' at the top level is not supported.");
/// ```
pub fn diagnose_expression(text: &str, documents: &QueryDocuments) -> Vec<Diagnostic> {
    let (inside, start) = query::undelimited(text);
    let mut out = Vec::new();
    let place = |span: Span| Span { start: start + span.start, end: start + span.end };
    if query::is_delimited(text.trim()) && query::inside(text.trim()).is_none() {
        let help = Some("an expression starts with '{%' and ends with '%}', without spaces outside".to_owned());
        let message = "JSONata string must start with {% and end with %}";
        out.push(Diagnostic { help, ..whole(SCHEMA, message, Span { start: 0, end: text.len() }) });
        return out;
    }
    let expression = match Jsonata::parse(inside) {
        Ok(expression) => expression,
        Err(error) => {
            let at = inside.floor_char_boundary(error.position.unwrap_or(0));
            let length = inside[at..].chars().next().map_or(0, char::len_utf8);
            let help = error.position.and_then(|position| expression_help::unreadable(inside, position));
            let help = help.map(str::to_owned);
            out.push(Diagnostic { help, ..whole(INVALID, error.message, place(Span { start: at, end: at + length })) });
            return out;
        }
    };
    for (reference, span) in expression.references() {
        if let Some(message) = refusal(&reference, |field| documents.has(field)) {
            let help = expression_help::refused(&reference, inside);
            out.push(Diagnostic { help, ..whole(NOT_ALLOWED, message, place(span)) });
        }
    }
    for doubt in expression.doubts() {
        let span = place(doubt.span);
        match &doubt.kind {
            DoubtKind::Unbound(name) => {
                if documents.variables.get(name).is_some() {
                    continue;
                }
                let known = documents.variables.as_object().into_iter().flat_map(|variables| variables.iter());
                let help = match nearest(name, known.map(|(name, _)| &**name)) {
                    Some(near) => format!("did you mean '${near}'?"),
                    None => expression_help::not_assigned(name),
                };
                warnings::unassigned(name, help, "", span, &mut out);
            }
            kind => expression_help::doubtful(kind, "", span, &mut out),
        }
    }
    // A place in the definition there is not.
    out.iter_mut().for_each(|found| found.location.clear());
    out.sort_by_key(|found| found.span.start);
    out
}
