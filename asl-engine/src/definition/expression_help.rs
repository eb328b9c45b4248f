//! What to do about an expression that AWS refuses, or that fails wherever it is evaluated.

use crate::diagnostic::{Diagnostic, Span};
use crate::jsonata::{DoubtKind, Reference};
use crate::nearest::nearest;

use super::warnings;

/// Warns of what AWS takes, and what makes an evaluation fail.
pub(super) fn doubtful(kind: &DoubtKind, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    match kind {
        DoubtKind::NoFunction(name) => warnings::unknown_function(name, no_function(name), location, span, out),
        DoubtKind::Arguments { name, given, least, most } => {
            let takes = match (least, most) {
                (0, Some(0)) => "it takes no argument".to_owned(),
                (least, Some(most)) if least == most => format!("it takes {}", arguments(*most)),
                (least, Some(most)) if given > most && *least == 0 => format!("it takes at most {}", arguments(*most)),
                (least, Some(most)) => format!("it takes {least} to {}", arguments(*most)),
                (least, None) => format!("it takes at least {}", arguments(*least)),
            };
            warnings::miscounted_query(name, &format!("{takes}, not {given}"), location, span, out);
        }
        DoubtKind::Unbound(name) => warnings::unassigned(name, not_assigned(name), location, span, out),
    }
}

fn arguments(count: usize) -> String {
    if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") }
}

/// What to call instead of a function that does not exist.
fn no_function(name: &str) -> String {
    match name {
        "eval" => "AWS leaves '$eval' out; '$parse' makes a value of JSON text".to_owned(),
        _ => match nearest(name, Reference::functions()) {
            Some(near) => format!("did you mean '${near}'?"),
            None => "neither JSONata nor AWS has it; an expression makes one of its own by '$f := function($x){ … }'"
                .to_owned(),
        },
    }
}

/// What is meant by a variable that nobody assigns.
pub(super) fn not_assigned(name: &str) -> String {
    match nearest(name, Reference::functions()) {
        Some(near) => format!("did you mean the function '${near}'?"),
        None => "what is not assigned is nothing: 'Assign' of a state before assigns it".to_owned(),
    }
}

/// What was probably meant where an expression cannot be read. `position` is the byte of its text at fault.
pub(super) fn unreadable(text: &str, position: usize) -> Option<&'static str> {
    let (before, rest) = text.split_at_checked(position)?;
    let at = |left: &str, right: &str| before.ends_with(left) && rest.starts_with(right);
    Some(match () {
        () if at("!=", "=") => "what is not equal is told by '!='",
        () if at("=", "=") => "equality is '='",
        () if at("&", "&") => "it is written 'and'; '&' joins texts",
        () if at("", "||") => "it is written 'or'",
        () if at("", "!") => "what is not so is '$not(…)'",
        () if at("%", "}") => "a text is one expression from '{%' to '%}': inside of it, '&' joins texts",
        () => return None,
    })
}

/// What to write instead of a reference that an expression may not have.
pub(super) fn refused(reference: &Reference, text: &str) -> Option<String> {
    Some(match reference {
        Reference::Name(name) => match dashed(text, name) {
            None if Reference::is_function(name) && is_called(text, name) => {
                format!("the name of a function starts with '$': '${name}(…)'")
            }
            Some(word) => format!("a name with a dash stands in backquotes: '`{word}`'"),
            None if is_plain(name) => format!("the input of the state is '$states.input': '$states.input.{name}'"),
            None => format!("the input of the state is '$states.input': '$states.input.`{name}`'"),
        },
        Reference::Input | Reference::Root => "the input of the state is '$states.input'".to_owned(),
        Reference::States(field) => match &**field {
            "result" => "only Output and Assign of Task, Map and Parallel states see a result".to_owned(),
            "errorOutput" => "only Output and Assign of a Catcher see an error".to_owned(),
            _ => "'$states' has the fields input, context, result and errorOutput".to_owned(),
        },
        Reference::Variable(_) => return None,
    })
}

/// The word with dashes, such as `order-id`, of which a name is a part: JSONata takes the dashes for minus signs.
fn dashed<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '\'' | '"' | '`');
    text.split(|c| !in_word(c)).find(|word| {
        let mut parts = word.split('-');
        word.contains('-') && parts.clone().all(is_plain) && parts.any(|part| part == name)
    })
}

/// Whether a name stands before a parenthesis.
fn is_called(text: &str, name: &str) -> bool {
    let ends = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '`' | '.'));
    text.match_indices(name).any(|(at, _)| !ends(&text[..at]) && text[at + name.len()..].trim_start().starts_with('('))
}

/// Whether a name needs no backquotes.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
