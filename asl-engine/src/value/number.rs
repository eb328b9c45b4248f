use std::fmt;
use std::sync::Arc;

/// A JSON number that keeps the text it was read from.
///
/// Whole numbers within `i64` and floats whose shortest text is the one that was read are held in place;
/// any other number (`1.50`, `1E5`, thirty digits) is held as its text.
#[derive(Clone, PartialEq)]
pub struct Number(Repr);

#[derive(Clone, PartialEq)]
enum Repr {
    Int(i64),
    Float(f64),
    Text(Arc<str>),
}

impl Number {
    /// Reads a number from text that is known to be a JSON number.
    pub(crate) fn from_json_text(text: &str) -> Self {
        let whole = !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
        if whole
            && text != "-0"
            && let Ok(value) = text.parse()
        {
            return Self(Repr::Int(value));
        }
        match text.parse::<f64>() {
            Ok(value) if !whole && float_text(value) == text => Self(Repr::Float(value)),
            _ => Self(Repr::Text(text.into())),
        }
    }

    /// A number for a finite float; `None` for NaN and the infinities, which JSON does not have.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Repr::Float(value)))
    }

    /// The value as a whole number, when it was written without fraction and exponent and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(value) => Some(*value),
            Repr::Float(_) => None,
            Repr::Text(text) => text.parse().ok(),
        }
    }

    /// Whether the number is held as an `i64`, whose text is its own.
    pub(crate) fn is_held_whole(&self) -> bool {
        matches!(self.0, Repr::Int(_))
    }

    /// The nearest float.
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(value) => *value as f64,
            Repr::Float(value) => *value,
            Repr::Text(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// Whether the number was written without a fraction and an exponent.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Float(_) => false,
            Repr::Text(text) => !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')),
        }
    }

    pub(super) fn json_len(&self) -> usize {
        match &self.0 {
            Repr::Int(value) => {
                let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
                digits + usize::from(*value < 0)
            }
            Repr::Float(value) => float_text(*value).len(),
            Repr::Text(text) => text.len(),
        }
    }

    pub(super) fn to_serde_json(&self) -> serde_json::Value {
        match &self.0 {
            Repr::Int(value) => (*value).into(),
            Repr::Float(value) => (*value).into(),
            Repr::Text(text) => match text.parse::<u64>() {
                Ok(value) => value.into(),
                Err(_) => self.as_f64().into(),
            },
        }
    }
}

fn float_text(value: f64) -> String {
    format!("{value:?}")
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Repr::Int(value))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(value) => value.fmt(f),
            Repr::Float(value) => fmt::Debug::fmt(value, f),
            Repr::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_text_is_kept() {
        for text in ["0", "-0", "1.0", "1.10", "1e3", "1E+3", "9223372036854775808", "-9223372036854775808", "0.1"] {
            let number = Number::from_json_text(text);
            assert_eq!(number.to_string(), text);
            assert_eq!(number.json_len(), text.len(), "{text}");
        }
    }

    #[test]
    fn only_whole_numbers_are_integers() {
        assert_eq!(Number::from_json_text("-7").as_i64(), Some(-7));
        assert_eq!(Number::from_json_text("7.0").as_i64(), None);
        assert!(Number::from_json_text("123456789012345678901").is_integer());
        assert_eq!(Number::from_json_text("1e3").as_f64(), 1000.0);
    }
}
