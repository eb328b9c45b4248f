//! Points in time without a picture.
//!
//! A text has to be of one of the forms of [`FORM`]; what it means is then up to ECMAScript's `Date.parse`. That reads
//! ISO 8601 as ECMA-262 says. What else has the form, such as `2024-20:30`, is read as V8, the engine of the reference
//! implementation's usual host, reads it: number by number, with signs and dots between them.

use std::sync::LazyLock;

use fancy_regex::Regex;

use super::calendar::Civil;

/// The forms that `$toMillis` takes.
const FORM: &str = concat!(
    r"\A[0-9]{4}(?:-[01][0-9])*(?:-[0-3][0-9])*(?:T[0-2][0-9]:[0-5][0-9]:[0-5][0-9])*(?:\.[0-9]+)?",
    r"(?:[+-][0-2][0-9]:?[0-5][0-9]|Z)?\z"
);
static FORM_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(FORM).ok());

/// The milliseconds since 1970 of a text, NaN where it is no point in time; `None` where it is not of the form.
pub(super) fn to_millis(text: &str) -> Option<f64> {
    let regex = FORM_REGEX.as_ref()?;
    if !regex.is_match(text).unwrap_or(false) {
        return None;
    }
    Some(Tokens { rest: text }.parse().unwrap_or(f64::NAN))
}

/// A text of the form, token by token.
#[derive(Clone, Copy)]
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// Takes a character, where it is the next one.
    fn take(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes a run of digits.
    fn digits(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())?;
        self.rest = rest;
        Some(digits)
    }

    /// Takes a number of so many digits within bounds; takes nothing where there is none.
    fn number(&mut self, width: usize, range: std::ops::RangeInclusive<u32>) -> Option<f64> {
        let mut ahead = *self;
        let digits = ahead.digits().filter(|digits| digits.len() == width)?;
        let number = digits.parse().ok().filter(|number| range.contains(number))?;
        *self = ahead;
        Some(f64::from(number))
    }

    fn parse(mut self) -> Option<f64> {
        let mut date = vec![self.number(4, 0..=9999)?];
        for bound in [12, 31] {
            if date.len() < 3 && self.take('-') {
                match self.number(2, 1..=bound) {
                    Some(number) => date.push(number),
                    None => return self.loose(date),
                }
            } else {
                break;
            }
        }
        if self.take('T') {
            return self.time(&date);
        }
        if self.rest.is_empty() {
            return Some(civil(&date).millis());
        }
        self.loose(date)
    }

    /// Reads what follows the `T`.
    fn time(mut self, date: &[f64]) -> Option<f64> {
        let hour = self.number(2, 0..=24)?;
        let colon = self.take(':');
        let minute = self.number(2, 0..=59).filter(|_| colon)?;
        let colon = self.take(':');
        let second = self.number(2, 0..=59).filter(|_| colon)?;
        let millisecond = if self.take('.') { milliseconds(self.digits()?) } else { 0.0 };
        let offset = if self.take('Z') { 0.0 } else { self.offset()? };
        // A day may end with 24:00:00.000.
        if !self.rest.is_empty() || (hour == 24.0 && minute + second + millisecond > 0.0) {
            return None;
        }
        Some(Civil { hour, minute, second, millisecond, ..civil(date) }.millis() - offset)
    }

    /// The milliseconds of an offset from UTC; zero where there is none.
    fn offset(&mut self) -> Option<f64> {
        let sign = if self.take('-') {
            -1.0
        } else if self.take('+') {
            1.0
        } else {
            return Some(0.0);
        };
        let (hours, minutes) = match self.number(4, 0..=2359) {
            Some(both) => ((both / 100.0).floor(), both % 100.0),
            None => {
                let hours = self.number(2, 0..=23)?;
                let colon = self.take(':');
                (hours, self.number(2, 0..=59).filter(|_| colon)?)
            }
        };
        Some(sign * (hours * 60.0 + minutes) * 60_000.0)
    }

    /// Reads what follows where it is not as ISO 8601 has it.
    fn loose(mut self, mut date: Vec<f64>) -> Option<f64> {
        let (mut hour, mut minute) = (0.0, 0.0);
        while let Some(next) = self.rest.chars().next() {
            match next {
                '.' | ':' | 'Z' => {
                    self.take(next);
                }
                '0'..='9' => {
                    let number: f64 = self.digits()?.parse().ok()?;
                    if self.take(':') {
                        (hour, minute) = (number, self.number(2, 0..=59)?);
                    } else if date.len() < 3 {
                        date.push(number);
                        self.take('.');
                        self.take('-');
                    } else {
                        return None;
                    }
                }
                // Offsets and times have no place without the time before them.
                _ => return None,
            }
        }
        date.resize(3, 1.0);
        let (year, month, day) = match date.as_slice() {
            // What can be a day is no year.
            [month @ 1.0..=31.0, day, year] => (*year, *month, *day),
            [year, month, day] => (*year, *month, *day),
            _ => return None,
        };
        let year = year
            + if year <= 49.0 {
                2000.0
            } else if year <= 99.0 {
                1900.0
            } else {
                0.0
            };
        let valid = (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day);
        if !valid || hour > 24.0 || (hour == 24.0 && minute > 0.0) {
            return None;
        }
        Some(Civil { hour, minute, ..Civil::date(year, month - 1.0, day) }.millis())
    }
}

/// A date whose month and day may be missing.
fn civil(date: &[f64]) -> Civil {
    let part = |index: usize| date.get(index).copied().unwrap_or(1.0);
    Civil::date(part(0), part(1) - 1.0, part(2))
}

/// The milliseconds of a fraction of a second. V8 skips leading zeros before it takes nine digits.
fn milliseconds(fraction: &str) -> f64 {
    let significant: String = fraction.trim_start_matches('0').chars().take(9).collect();
    let number: f64 = significant.parse().unwrap_or(0.0);
    let places = i32::try_from(fraction.len().min(9)).unwrap_or(9);
    (number * 10_f64.powi(3 - places)).floor()
}
