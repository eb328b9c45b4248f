//! What a text is held against.

use serde_json::Value;

use super::{IGNORE_CASE, InvalidPattern, ONE_KEY, invalid};

/// `{ "prefix": "a" }`, and all else that looks at a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TextTest {
    Prefix(String),
    Suffix(String),
    /// Without a look at case; the text is in lower case.
    Same(String),
    SamePrefix(String),
    SameSuffix(String),
    /// The pieces between the stars.
    Wildcard(Vec<String>),
}

impl TextTest {
    /// The test of this name; `value` is what stands behind the name.
    pub(super) fn of(name: &str, value: &Value) -> Result<Self, InvalidPattern> {
        let refused = || invalid(format!("{name} match pattern must be a string"));
        match (name, value) {
            ("prefix", Value::String(text)) => Ok(Self::Prefix(text.clone())),
            ("suffix", Value::String(text)) => Ok(Self::Suffix(text.clone())),
            ("wildcard", Value::String(text)) => wildcard(text).map(Self::Wildcard),
            (IGNORE_CASE, Value::String(text)) => Ok(Self::Same(text.to_lowercase())),
            ("prefix" | "suffix", Value::Object(members)) => {
                let Some(Value::String(text)) = members.get(IGNORE_CASE) else { return refused() };
                if members.len() > 1 {
                    return invalid(ONE_KEY);
                }
                let text = text.to_lowercase();
                Ok(if name == "prefix" { Self::SamePrefix(text) } else { Self::SameSuffix(text) })
            }
            _ => refused(),
        }
    }

    /// Whether a text fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::Same(same) => text.to_lowercase() == *same,
            Self::SamePrefix(prefix) => text.to_lowercase().starts_with(prefix),
            Self::SameSuffix(suffix) => text.to_lowercase().ends_with(suffix),
            Self::Wildcard(pieces) => fits_pieces(pieces, text),
        }
    }
}

/// The pieces between the stars. A backslash takes the meaning from a star and from a backslash.
fn wildcard(text: &str) -> Result<Vec<String>, InvalidPattern> {
    let mut pieces = vec![String::new()];
    let mut was_star = false;
    let mut characters = text.chars().enumerate();
    while let Some((at, character)) = characters.next() {
        let is_star = character == '*';
        let piece = match character {
            // AWS counts the quotation mark, and names the first of the stars.
            '*' if was_star => return invalid(format!("Consecutive wildcard characters at pos {at}")),
            '*' => {
                pieces.push(String::new());
                None
            }
            '\\' => match characters.next() {
                Some((_, escaped @ ('*' | '\\'))) => Some(escaped),
                _ => return invalid(format!("Invalid escape character at pos {}", at + 1)),
            },
            plain => Some(plain),
        };
        if let (Some(piece), Some(last)) = (piece, pieces.last_mut()) {
            last.push(piece);
        }
        was_star = is_star;
    }
    Ok(pieces)
}

fn fits_pieces(pieces: &[String], text: &str) -> bool {
    let [first, between @ .., last] = pieces else { return pieces.first().is_some_and(|only| only == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in between {
        // The first place leaves the most for the others.
        match rest.split_once(piece.as_str()) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}
