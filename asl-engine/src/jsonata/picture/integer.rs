//! `$formatInteger` and `$parseInteger`

use super::super::error::JsonataError;
use super::ecma::{number_text, parse_int};
use super::integer_picture::{Case, DigitPattern, Grouping, IntegerPicture, Style};
use super::letters::{from_letters, from_roman, to_letters, to_roman};
use super::words::{from_words, to_words};
use crate::jsonata::quote::quoted;

/// `$formatInteger`: a number, rounded down, as the picture says: `#,##0`, `i`, `A`, `Ww`, each also with `;o`.
///
/// Errors: D3130 for a picture without a meaning, D3131 for digits of several families.
pub(crate) fn format_integer(value: f64, picture: &str) -> Result<String, JsonataError> {
    IntegerPicture::parse(picture)?.format(value.floor())
}

/// `$parseInteger`: the number that a text shows, NaN where it shows none. The text is not held against the picture.
///
/// Errors: those of `format_integer`, and D3030 for characters below the digits of the picture.
pub(crate) fn parse_integer(text: &str, picture: &str) -> Result<f64, JsonataError> {
    IntegerPicture::parse(picture)?.read(text)
}

impl IntegerPicture {
    /// Writes a whole number.
    pub(super) fn format(&self, value: f64) -> Result<String, JsonataError> {
        let size = value.abs();
        let text = match &self.style {
            Style::Letters(case) => to_letters(size, first_letter(*case))?,
            Style::Roman(case) => case.apply(to_roman(size)?),
            Style::Words(case) => case.apply(to_words(size, self.ordinal)?),
            Style::Digits(pattern) => {
                let digits = pattern.format(size);
                let suffix = if self.ordinal { ordinal_suffix(&digits) } else { "" };
                digits.into_iter().chain(suffix.chars()).collect()
            }
            Style::Sequence(token) => return Err(Style::unsupported(token)),
        };
        Ok(if value < 0.0 { format!("-{text}") } else { text })
    }

    /// Reads a number; NaN where the text shows none.
    pub(super) fn read(&self, text: &str) -> Result<f64, JsonataError> {
        match &self.style {
            Style::Letters(case) => Ok(from_letters(text, first_letter(*case))),
            Style::Roman(Case::Upper) => Ok(from_roman(text)),
            Style::Roman(_) => Ok(from_roman(&text.to_uppercase())),
            Style::Words(_) => Ok(from_words(&text.to_lowercase())),
            Style::Digits(pattern) => {
                let suffix = if self.ordinal { 2 } else { 0 };
                let digits = text.chars().count().saturating_sub(suffix);
                pattern.read(text, digits)
            }
            Style::Sequence(token) => Err(Style::unsupported(token)),
        }
    }
}

fn first_letter(case: Case) -> u8 {
    if case == Case::Upper { b'A' } else { b'a' }
}

/// What stands after digits: `1st`, `2nd`, `3rd`, `11th`.
fn ordinal_suffix(digits: &[char]) -> &'static str {
    match digits {
        [.., '1', _] => "th",
        [.., '1'] => "st",
        [.., '2'] => "nd",
        [.., '3'] => "rd",
        _ => "th",
    }
}

impl DigitPattern {
    /// Writes a number that is not negative.
    fn format(&self, value: f64) -> Vec<char> {
        let text = number_text(value);
        let padding = self.mandatory.saturating_sub(text.len());
        let family = |c: char| char::from_u32(u32::from(c) + self.zero - u32::from('0')).unwrap_or(c);
        let digits = "0".repeat(padding).chars().chain(text.chars()).map(family).collect();
        self.grouping.apply(digits)
    }

    /// Reads the first `count` characters of a text.
    fn read(&self, text: &str, count: usize) -> Result<f64, JsonataError> {
        let separates = |c: char| match &self.grouping {
            // The separator of the picture is not looked at, as in the reference implementation.
            Grouping::Regular { .. } => c == ',',
            Grouping::Listed(separators) => separators.iter().any(|(_, separator)| *separator == c),
        };
        let ascii = |c: char| {
            let code = (u32::from(c) + u32::from('0')).checked_sub(self.zero);
            code.map(|code| char::from_u32(code).unwrap_or(c))
        };
        let digits: Option<String> = text.chars().take(count).filter(|c| !separates(*c)).map(ascii).collect();
        let below = || JsonataError::new("D3030", format!("Unable to cast value to a number: {}", quoted(text)));
        digits.map(|digits| parse_int(&digits)).ok_or_else(below)
    }
}

impl Grouping {
    fn apply(&self, mut digits: Vec<char>) -> Vec<char> {
        match self {
            Self::Regular { every, separator } => {
                let count = digits.len();
                let mut grouped = Vec::with_capacity(count * 2);
                for (index, digit) in digits.into_iter().enumerate() {
                    if index > 0 && (count - index).is_multiple_of(*every) {
                        grouped.push(*separator);
                    }
                    grouped.push(digit);
                }
                grouped
            }
            Self::Listed(separators) => {
                for (place, separator) in separators.iter().rev() {
                    let length = digits.len();
                    match length.checked_sub(*place) {
                        Some(at) => digits.insert(at, *separator),
                        // Further to the left than there are digits, the reference implementation loses some.
                        None => {
                            digits.drain(..(2 * length).saturating_sub(*place));
                            digits.insert(0, *separator);
                        }
                    }
                }
                digits
            }
        }
    }
}
