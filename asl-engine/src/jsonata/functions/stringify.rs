//! The text of a value: `$string`, and what `&` and `$clone` make of it.

use crate::Value;
use crate::jsonata::datum::Datum;
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;
use crate::jsonata::quote::{escape, quoted_number};

/// A value as text: a text as it is, a function as the empty text, anything else as JSON with numbers of 15 digits.
///
/// `D3001` for a number that is infinite or none, `D1001` for such a one inside of an array or object.
pub(in crate::jsonata) fn string(
    evaluator: &mut Evaluator<'_>,
    value: &Datum,
    indent: bool,
) -> Result<Option<String>, JsonataError> {
    match value {
        Datum::Undefined => return Ok(None),
        Datum::Function(_) => return Ok(Some(String::new())),
        Datum::Json(Value::String(text)) => {
            super::text_room(evaluator, text.len())?;
            return Ok(Some(text.to_string()));
        }
        Datum::Number(number) if !number.is_finite() => {
            return Err(JsonataError::new("D3001", "Attempting to invoke string function on Infinity or NaN"));
        }
        _ => {}
    }
    let unwrapped = value.items().filter(|_| value.flags().outer).and_then(|items| items.get(0));
    let mut writer = Writer { evaluator, out: String::new(), indent, depth: 0, exact: false };
    writer.datum(unwrapped.as_ref().unwrap_or(value))?;
    Ok(Some(writer.out))
}

/// A value as JSON in a message, with all digits of its numbers; nothing and a function have none.
pub(in crate::jsonata) fn json(evaluator: &mut Evaluator<'_>, value: &Datum) -> Result<String, JsonataError> {
    if matches!(value, Datum::Undefined | Datum::Function(_)) {
        return Ok("undefined".to_owned());
    }
    let mut writer = Writer { evaluator, out: String::new(), indent: false, depth: 0, exact: true };
    writer.datum(value)?;
    Ok(writer.out)
}

struct Writer<'a, 'e> {
    evaluator: &'a mut Evaluator<'e>,
    out: String,
    indent: bool,
    depth: usize,
    exact: bool,
}

impl Writer<'_, '_> {
    fn datum(&mut self, value: &Datum) -> Result<(), JsonataError> {
        match value {
            Datum::Undefined => self.push("null"),
            Datum::Json(value) => self.value(value),
            Datum::Number(number) => self.number(*number),
            Datum::Function(_) => self.push(if self.exact { "null" } else { "\"\"" }),
            Datum::Tuple(tuple) => self.datum(&tuple.value),
            Datum::List(list) => self.all(['[', ']'], list.items.iter(), |writer, item| writer.datum(item)),
            Datum::Record(record) => {
                let exact = self.exact;
                let is_shown = |member: &Datum| !(member.is_undefined() || exact && member.as_function().is_some());
                let members = record.members.iter().filter(|(_, member)| is_shown(member));
                self.all(['{', '}'], members, |writer, (name, member)| {
                    writer.name(name)?;
                    writer.datum(member)
                })
            }
        }
    }

    fn value(&mut self, value: &Value) -> Result<(), JsonataError> {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Number(number) => self.number(number.as_f64()),
            Value::String(text) => self.text(text),
            Value::Array(items) => self.all(['[', ']'], items.iter(), |writer, item| writer.value(item)),
            Value::Object(members) => self.all(['{', '}'], members.iter(), |writer, (name, member)| {
                writer.name(name)?;
                writer.value(member)
            }),
        }
    }

    fn all<T>(
        &mut self,
        [open, close]: [char; 2],
        parts: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, T) -> Result<(), JsonataError>,
    ) -> Result<(), JsonataError> {
        self.out.push(open);
        self.depth += 1;
        let mut first = true;
        for part in parts {
            if !first {
                self.out.push(',');
            }
            first = false;
            self.new_line()?;
            write(self, part)?;
        }
        self.depth -= 1;
        if !first {
            self.new_line()?;
        }
        self.out.push(close);
        self.push("")
    }

    fn new_line(&mut self) -> Result<(), JsonataError> {
        if !self.indent {
            return Ok(());
        }
        self.push("\n")?;
        (0..self.depth).try_for_each(|_| self.push("  "))
    }

    fn name(&mut self, name: &str) -> Result<(), JsonataError> {
        self.text(name)?;
        self.push(if self.indent { ": " } else { ":" })
    }

    fn number(&mut self, value: f64) -> Result<(), JsonataError> {
        if value.is_infinite() && !self.exact {
            return Err(JsonataError::new("D1001", "Number out of range: null"));
        }
        if self.exact || !value.is_finite() {
            return self.push(&quoted_number(value));
        }
        match self.evaluator.is_reference() {
            true => self.push(&quoted_number(with_15_digits(value))),
            false => self.push(&cut_to_15_digits(value)),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), JsonataError> {
        super::text_room(self.evaluator, text.len())?;
        let escape_controls = self.exact || self.evaluator.is_reference();
        escape(text, escape_controls, &mut self.out);
        Ok(())
    }

    fn push(&mut self, text: &str) -> Result<(), JsonataError> {
        super::text_room(self.evaluator, text.len())?;
        self.out.push_str(text);
        Ok(())
    }
}

/// The nearest number of 15 significant digits; of two that are equally near, the larger.
fn with_15_digits(value: f64) -> f64 {
    const EXACT: f64 = 1e15;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return value;
    }
    let seventeen = format!("{value:.16e}");
    let (mantissa, exponent) = seventeen.split_once('e').unwrap_or((&seventeen, "0"));
    let rounded = match mantissa.strip_suffix("50") {
        // No float has more than 767 digits.
        Some(digits) if format!("{value:.800e}").split('e').next().is_some_and(|all| is_tie(all, digits)) => {
            let up: f64 = format!("{digits}9e{exponent}").parse().unwrap_or(value);
            format!("{up:.14e}")
        }
        _ => format!("{value:.14e}"),
    };
    rounded.parse().unwrap_or(value)
}

/// A number as AWS writes it: a whole number below 10^21 in all its digits, one beyond with an exponent. Any other is rounded
/// down to 15 digits of those that it is written with, without zeros at the end, with an exponent where Java's `BigDecimal` has
/// one: from `1e-7` down, and where the digits end before the point.
fn cut_to_15_digits(value: f64) -> String {
    const DIGITS: usize = 15;
    if value.fract() == 0.0 {
        return match value.abs() < 1e21 {
            // Zero has no sign.
            true => format!("{:.0}", value + 0.0),
            false => quoted_number(value),
        };
    }
    let written = format!("{:e}", value.abs());
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    let mut digits = mantissa.replace('.', "");
    if digits.len() > DIGITS {
        digits.truncate(DIGITS);
        if value < 0.0 {
            // Down is away from zero. What was cut off is more than nothing.
            let next = digits.parse::<u64>().unwrap_or(0) + 1;
            digits = next.to_string();
            exponent += i32::from(digits.len() > DIGITS);
        }
    }
    let digits = digits.trim_end_matches('0');
    let sign = if value < 0.0 { "-" } else { "" };
    let behind_point = digits.len() as i32 - 1 - exponent;
    if behind_point < 0 || exponent < -6 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}e{exponent:+}");
    }
    match usize::try_from(exponent) {
        Ok(exponent) => match digits.split_at(exponent + 1) {
            (whole, "") => format!("{sign}{whole}"),
            (whole, fraction) => format!("{sign}{whole}.{fraction}"),
        },
        Err(_) => format!("{sign}0.{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1)),
    }
}

/// Whether exactly `5` follows the digits.
fn is_tie(all: &str, digits: &str) -> bool {
    all.strip_prefix(digits)
        .and_then(|rest| rest.strip_prefix('5'))
        .is_some_and(|rest| rest.bytes().all(|byte| byte == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::picture::number_text;

    /// What `sfnx` 3.1.0 says it has measured, and its neighbours.
    #[test]
    fn numbers_are_cut_to_15_digits_on_aws() {
        for (value, expected) in [
            (1.0, "1"),
            (-0.0, "0"),
            (1_700_000_000_123_456.0, "1700000000123456"),
            (1.5e16, "15000000000000000"),
            (-1.5e16, "-15000000000000000"),
            (1e21, "1e+21"),
            (1.5e21, "1.5e+21"),
            (2.0 / 3.0, "0.666666666666666"),
            (-2.0 / 3.0, "-0.666666666666667"),
            (0.1 + 0.2, "0.3"),
            (0.1, "0.1"),
            (1.25, "1.25"),
            (0.000_001, "0.000001"),
            (0.000_000_15, "1.5e-7"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (1_234_567_890_123_456.8, "1.23456789012345e+15"),
            (-1_234_567_890_123_456.8, "-1.23456789012346e+15"),
            (123_456_789_012_345.67, "123456789012345"),
            (123_456_789_012_340.67, "1.2345678901234e+14"),
            (-999_999_999_999_999.9, "-1e+15"),
            (-0.999_999_999_999_999_9, "-1"),
            (-9.999_999_999_999_999, "-1e+1"),
        ] {
            assert_eq!(cut_to_15_digits(value), expected, "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_aws_writes_is_the_number_to_15_digits(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            let text = cut_to_15_digits(value);
            let read: f64 = text.parse().unwrap();
            let digits = text.trim_start_matches('-').split('e').next().unwrap_or_default().replace('.', "");
            let is_whole = value.fract() == 0.0;
            proptest::prop_assert!(is_whole || digits.trim_start_matches('0').len() <= 15, "{text}");
            // Rounded down by less than one in the 15th digit, of which a subnormal number may not have as many.
            let step = (value.abs() * 1e-14).max(f64::MIN_POSITIVE * f64::EPSILON);
            proptest::prop_assert!(read <= value && value - read <= step, "{value} {text}");
            proptest::prop_assert!(!is_whole || read == value, "{value} {text}");
        }
    }

    #[test]
    fn numbers_have_15_digits() {
        for (value, expected) in [
            (1.0 / 3.0, "0.333333333333333"),
            (0.1 + 0.2, "0.3"),
            (100_000_000_000_000.5, "100000000000001"),
            (-100_000_000_000_000.5, "-100000000000001"),
            (100_000_000_000_001.5, "100000000000002"),
            (1e21, "1e+21"),
            (1e-7, "1e-7"),
            (123_456_789_012_345_680.0, "123456789012346000"),
            (5e-324, "5e-324"),
            (-0.0, "0"),
        ] {
            assert_eq!(number_text(with_15_digits(value)), expected);
        }
    }
}
