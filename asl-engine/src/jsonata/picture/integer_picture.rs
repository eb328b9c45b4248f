//! The picture of an integer, taken apart (XPath Functions and Operators 3.1, section 4.6.1).

use super::super::error::JsonataError;
use super::bounded;
use crate::jsonata::quote::quoted;

/// The zero of each family of decimal digits that pictures know.
const FAMILIES: [u32; 37] = [
    0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

/// How letters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
    Title,
}

impl Case {
    /// A word with a capital initial in this case.
    pub(super) fn apply(self, text: String) -> String {
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Title => text,
        }
    }
}

/// A picture such as `#,##0`, `Ww;o` or `i`.
#[derive(Clone, Debug)]
pub(super) struct IntegerPicture {
    pub(super) style: Style,
    /// `;o`: first, second, 3rd.
    pub(super) ordinal: bool,
}

/// What an integer is written in.
#[derive(Clone, Debug)]
pub(super) enum Style {
    Digits(DigitPattern),
    /// `a`, `A`
    Letters(Case),
    /// `i`, `I`
    Roman(Case),
    /// `w`, `W`, `Ww`
    Words(Case),
    /// Anything else, which nobody reads or writes.
    Sequence(String),
}

/// A picture with at least one digit.
#[derive(Clone, Debug)]
pub(super) struct DigitPattern {
    /// The code point of the zero.
    pub(super) zero: u32,
    /// How many digits there are at least.
    pub(super) mandatory: usize,
    /// How many `#` there are.
    pub(super) optional: usize,
    pub(super) grouping: Grouping,
}

/// Where separators stand, counted in digits from the right.
#[derive(Clone, Debug)]
pub(super) enum Grouping {
    /// After every so many digits, however long the number gets.
    Regular { every: usize, separator: char },
    /// At these places, from right to left.
    Listed(Vec<(usize, char)>),
}

impl IntegerPicture {
    /// Reads a picture. Errors: D3131 where digits of several families stand in it.
    pub(super) fn parse(picture: &str) -> Result<Self, JsonataError> {
        let (primary, modifier) = bounded(picture)?.rsplit_once(';').unwrap_or((picture, ""));
        let style = match primary {
            "A" => Style::Letters(Case::Upper),
            "a" => Style::Letters(Case::Lower),
            "I" => Style::Roman(Case::Upper),
            "i" => Style::Roman(Case::Lower),
            "W" => Style::Words(Case::Upper),
            "w" => Style::Words(Case::Lower),
            "Ww" => Style::Words(Case::Title),
            _ => match DigitPattern::parse(primary)? {
                Some(pattern) => Style::Digits(pattern),
                None => Style::Sequence(primary.to_owned()),
            },
        };
        Ok(Self { style, ordinal: modifier.starts_with('o') })
    }

    /// The digits of it, where it has any.
    pub(super) fn digits(&self) -> Option<&DigitPattern> {
        match &self.style {
            Style::Digits(pattern) => Some(pattern),
            _ => None,
        }
    }
}

impl Style {
    /// The error of a style that nobody reads or writes.
    pub(super) fn unsupported(token: &str) -> JsonataError {
        let token = quoted(token);
        let message = "Formatting or parsing an integer as a sequence starting with";
        JsonataError::new("D3130", format!("{message} {token} is not supported by this implementation"))
    }
}

impl DigitPattern {
    /// `None` where no digit stands in the text.
    fn parse(text: &str) -> Result<Option<Self>, JsonataError> {
        let mut zero = None;
        let (mut mandatory, mut optional) = (0, 0);
        let mut separators = Vec::new();
        for c in text.chars().rev() {
            let code = u32::from(c);
            if let Some(family) = FAMILIES.into_iter().find(|zero| (*zero..*zero + 10).contains(&code)) {
                if *zero.get_or_insert(family) != family {
                    let message = "In a decimal digit pattern, all digits must be from the same decimal group";
                    return Err(JsonataError::new("D3131", message));
                }
                mandatory += 1;
            } else if c == '#' {
                optional += 1;
            } else {
                separators.push((mandatory + optional, c));
            }
        }
        let pattern = |zero| Self { zero, mandatory, optional, grouping: Grouping::of(separators) };
        Ok(zero.map(pattern))
    }
}

impl Grouping {
    fn of(separators: Vec<(usize, char)>) -> Self {
        let places: Vec<usize> = separators.iter().map(|(place, _)| *place).collect();
        match (separators.first(), interval(&places)) {
            (Some((_, separator)), Some(every)) if separators.iter().all(|(_, other)| other == separator) => {
                Self::Regular { every, separator: *separator }
            }
            _ => Self::Listed(separators),
        }
    }
}

/// The interval of places that are its first multiples, each there at least once.
pub(super) fn interval(places: &[usize]) -> Option<usize> {
    let every = places.iter().copied().reduce(greatest_common_divisor).filter(|every| *every > 0)?;
    (1..=places.len()).all(|multiple| places.contains(&(multiple * every))).then_some(every)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
