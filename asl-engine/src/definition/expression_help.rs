//! What to do about an expression that AWS refuses.

use crate::jsonata::Reference;

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

/// Whether a name needs no backquotes.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
