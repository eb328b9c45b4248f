use std::cmp::Ordering;

use super::java;
use crate::value::{Number, double_text};

/// A decimal number of any size: `0.d₁d₂d₃… · 10^exponent`. Compared by value, as Java's `BigDecimal` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// No zeros at either end; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Reads what `new BigDecimal(text)` reads; otherwise the message of its exception, `null` where it has none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let missing = || "null".to_owned();
        let mut rest = text.chars();
        let first = text.chars().next().ok_or_else(missing)?;
        if matches!(first, '-' | '+') {
            rest.next();
        }
        let short = rest.clone().map(char::len_utf16).sum::<usize>() <= 18;
        let mut digits = Vec::new();
        let mut point = None;
        let mut exponent = 0;
        while let Some(c) = rest.next() {
            match c {
                '.' if point.is_some() => {
                    return Err("Character array contains more than one decimal point.".into());
                }
                '.' => point = Some(digits.len()),
                'e' | 'E' => {
                    exponent = parse_exponent(rest.as_str())?;
                    if i32::try_from(exponent).is_err() {
                        return Err("Exponent overflow.".into());
                    }
                    break;
                }
                _ => match java::digit(c) {
                    Some(digit) => digits.push(digit),
                    None if short => return Err(no_digit(c)),
                    None => return Err("Character array is missing \"e\" notation exponential mark.".into()),
                },
            }
        }
        if digits.is_empty() {
            return Err("No digits found.".into());
        }
        let whole = point.unwrap_or(digits.len());
        let scale = (digits.len() - whole) as i64 - exponent;
        if i32::try_from(scale).is_err() {
            return Err("Scale out of range.".into());
        }
        Ok(Self::new(first == '-', digits, whole as i64 + exponent))
    }

    fn new(negative: bool, mut digits: Vec<u8>, exponent: i64) -> Self {
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..zeros);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: 0 };
        }
        Self { negative, digits, exponent: exponent - zeros as i64 }
    }

    /// The number as Java compares it: a whole number exactly, any other as the nearest double.
    pub(super) fn of(number: &Number) -> Result<Self, String> {
        if number.is_integer() { Self::parse(&number.to_string()) } else { Self::parse(&double_text(number.as_f64())) }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let magnitude = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        match sign(self) {
            0 => sign(self).cmp(&sign(other)),
            own => own.cmp(&sign(other)).then_with(|| if own < 0 { magnitude().reverse() } else { magnitude() }),
        }
    }
}

/// Compares two numbers, in place where that is exact.
pub(super) fn compare_numbers(one: &Number, other: &Number) -> Result<Ordering, String> {
    if let (Some(one), Some(other)) = (one.as_i64(), other.as_i64()) {
        return Ok(one.cmp(&other));
    }
    Ok(Decimal::of(one)?.compare(&Decimal::of(other)?))
}

fn no_digit(c: char) -> String {
    // Java looks at one UTF-16 unit, and half of a surrogate pair is written as `?`.
    let shown = if c.len_utf16() == 1 { c } else { '?' };
    format!("Character {shown} is neither a decimal digit number, decimal point, nor \"e\" notation exponential mark.")
}

fn parse_exponent(text: &str) -> Result<i64, String> {
    let missing = || "null".to_owned();
    let units: usize = text.chars().map(char::len_utf16).sum();
    let mut rest = text.chars();
    let mut c = rest.next().ok_or_else(missing)?;
    let mut left = units;
    let negative = c == '-';
    if matches!(c, '-' | '+') {
        c = rest.next().ok_or_else(missing)?;
        left -= 1;
    }
    while left > 10 && java::digit(c) == Some(0) {
        c = rest.next().ok_or_else(missing)?;
        left -= 1;
    }
    if left > 10 {
        return Err("Too many nonzero exponent digits.".into());
    }
    let mut value = 0;
    loop {
        value = value * 10 + i64::from(java::digit(c).ok_or("Not a digit.")?);
        match rest.next() {
            Some(next) => c = next,
            None => return Ok(if negative { -value } else { value }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(one: &str, other: &str) -> Ordering {
        Decimal::parse(one).unwrap().compare(&Decimal::parse(other).unwrap())
    }

    #[test]
    fn numbers_compare_by_value() {
        for (one, other) in [("1", "1.0"), ("100", "1e2"), ("-0", "0.00"), ("0.10", ".1"), ("+5", "5."), ("٣", "3")] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
        let rising = ["-1e400", "-12", "-2", "-0.1", "0", "1e-2147483647", "0.09", "0.1", "9", "10", "1e2147483647"];
        for (i, one) in rising.iter().enumerate() {
            for (j, other) in rising.iter().enumerate() {
                assert_eq!(compare(one, other), i.cmp(&j), "{one} {other}");
            }
        }
    }

    #[test]
    fn malformed_numbers_have_the_messages_of_java() {
        let long = "1234567890123456789x";
        for (text, message) in [
            ("", "null"),
            ("-", "No digits found."),
            (".", "No digits found."),
            ("1e", "null"),
            ("1e-", "null"),
            ("1ex", "Not a digit."),
            ("1.2.3", "Character array contains more than one decimal point."),
            ("1e2147483648", "Exponent overflow."),
            ("1e-2147483648", "Scale out of range."),
            ("1e12345678901", "Too many nonzero exponent digits."),
            (long, "Character array is missing \"e\" notation exponential mark."),
            ("x", "Character x is neither a decimal digit number, decimal point, nor \"e\" notation exponential mark."),
        ] {
            assert_eq!(Decimal::parse(text), Err(message.to_owned()), "{text}");
        }
    }
}
