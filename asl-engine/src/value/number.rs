use std::fmt;
use std::sync::Arc;

/// 2⁶³
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

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
            Ok(value) if !whole && with_float_text(value, |shortest| shortest == text) => Self(Repr::Float(value)),
            _ => Self(Repr::Text(text.into())),
        }
    }

    /// A number for a finite float; `None` for NaN and the infinities, which JSON does not have.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Repr::Float(value)))
    }

    /// The number that a computation gave, written as Java does: without a fraction where it is whole and an `i64` holds it.
    /// `None` for NaN and the infinities.
    pub(crate) fn computed(value: f64) -> Option<Self> {
        // 2⁶³ is the first that does not fit.
        if value.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&value) {
            return Some(Self(Repr::Int(value as i64)));
        }
        value.is_finite().then(|| Self::from_json_text(&double_text(value)))
    }

    /// The same number written as Java does: `1.0` is `1`, `1e20` is `1.0E20`.
    pub(crate) fn in_java(self) -> Self {
        match &self.0 {
            Repr::Int(_) => self,
            Repr::Float(value) => Self::computed(*value).unwrap_or(self),
            Repr::Text(_) => Self::computed(self.as_f64()).unwrap_or(self),
        }
    }

    /// The value as a whole number, when it was written without fraction and exponent and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(value) => Some(*value),
            Repr::Float(_) => None,
            Repr::Text(text) => text.parse().ok(),
        }
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
            Repr::Float(value) => with_float_text(*value, str::len),
            Repr::Text(text) => text.len(),
        }
    }

    /// Appends the number's text.
    pub(crate) fn write(&self, out: &mut String) {
        match &self.0 {
            Repr::Int(value) => out.push_str(itoa::Buffer::new().format(*value)),
            Repr::Float(value) => with_float_text(*value, |text| out.push_str(text)),
            Repr::Text(text) => out.push_str(text),
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

/// Hands on the shortest text that stands for a finite float, as Rust's `Debug` writes it.
fn with_float_text<T>(value: f64, take: impl FnOnce(&str) -> T) -> T {
    // Where there is no exponent both write the same.
    if (1e-4..1e16).contains(&value.abs()) {
        return take(zmij::Buffer::new().format_finite(value));
    }
    take(&format!("{value:?}"))
}

/// `Double.toString`: decimal notation from 10⁻³ up to 10⁷, else one digit, a point, and an exponent.
pub(crate) fn double_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0.0".into() } else { "0.0".into() };
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let sign = if value < 0.0 { "-" } else { "" };
    let or_zero = |text: &str| if text.is_empty() { "0".to_owned() } else { text.to_owned() };
    match exponent {
        0..7 => {
            let whole = exponent as usize + 1;
            let digits = format!("{digits:0<whole$}");
            format!("{sign}{}.{}", &digits[..whole], or_zero(&digits[whole..]))
        }
        -3..0 => format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize)),
        _ => format!("{sign}{}.{}E{exponent}", &digits[..1], or_zero(&digits[1..])),
    }
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
            Repr::Float(value) => with_float_text(*value, |text| f.write_str(text)),
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

    proptest::proptest! {
        #[test]
        fn floats_are_written_as_debug_writes_them(bits: u64, exponent in -6i32..18, digits in 0u32..1_000_000) {
            let near = f64::from(digits) * 10f64.powi(exponent);
            for value in [f64::from_bits(bits), near, -near].into_iter().filter(|value| value.is_finite()) {
                let (text, debug) = (with_float_text(value, str::to_owned), format!("{value:?}"));
                // Two shortest texts may be as near to a number: Debug takes either.
                let is_as_near = text.len() == debug.len() && text.parse() == Ok(value);
                proptest::prop_assert!(text == debug || is_as_near, "{text} and {debug}");
            }
        }
    }

    /// As ECMAScript has it (Number::toString): of two shortest texts that are as near, the one with an even last digit.
    #[test]
    fn of_two_texts_the_even_one_is_written() {
        let value = f64::from_bits(14_052_379_656_665_399_890);
        assert_eq!(with_float_text(value, str::to_owned), "-706552362102858.2");
    }

    #[test]
    fn floats_at_the_ends_are_written_as_debug_writes_them() {
        for value in [0.0, -0.0, 1e-4, 9.999e-5, 1e15, 1e16, 9_999_999_999_999_998.0, 5e-324, f64::MAX] {
            assert_eq!(with_float_text(value, str::to_owned), format!("{value:?}"));
        }
    }

    #[test]
    fn only_whole_numbers_are_integers() {
        assert_eq!(Number::from_json_text("-7").as_i64(), Some(-7));
        assert_eq!(Number::from_json_text("7.0").as_i64(), None);
        assert!(Number::from_json_text("123456789012345678901").is_integer());
        assert_eq!(Number::from_json_text("1e3").as_f64(), 1000.0);
    }

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (0.00099, "9.9E-4"),
            (9999999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (123456.75, "123456.75"),
            (-1.5e300, "-1.5E300"),
            (5e-324, "5.0E-324"),
        ] {
            assert_eq!(double_text(value), text);
        }
    }

    #[test]
    fn computed_numbers_are_written_as_java_writes_them() {
        for (written, shown) in [
            ("1.0", "1"),
            ("-0.0", "0"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("12345678.5", "1.23456785E7"),
            ("9007199254740993", "9007199254740993"),
            ("9223372036854775808", "9.223372036854776E18"),
            ("10000000000000000000000001", "1.0E25"),
            ("1e-7", "1.0E-7"),
        ] {
            assert_eq!(Number::from_json_text(written).in_java().to_string(), shown, "{written}");
        }
        assert!(Number::computed(f64::NAN).is_none() && Number::computed(f64::INFINITY).is_none());
    }
}
