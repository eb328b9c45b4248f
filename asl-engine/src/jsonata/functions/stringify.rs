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
        let value = if self.exact || !value.is_finite() { value } else { with_15_digits(value) };
        self.push(&quoted_number(value))
    }

    fn text(&mut self, text: &str) -> Result<(), JsonataError> {
        super::text_room(self.evaluator, text.len())?;
        escape(text, &mut self.out);
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
