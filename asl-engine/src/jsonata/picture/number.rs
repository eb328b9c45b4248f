//! `$formatNumber` (XPath Functions and Operators 3.1, section 4.7.5)

use super::super::error::JsonataError;
use super::decimal_format::{DecimalFormat, find};
use super::decimal_picture::{SubPicture, fault};
use super::{bounded, limit, number_text, round};

/// The largest number of decimal places of a number.
const MAX_PLACES: usize = 100;
/// Powers of ten above this are no floats.
const MAX_SCALE: usize = 308;

/// `$formatNumber`: a number as the picture says, such as `#,##0.00;(#,##0.00)`, `01%` or `0.0e0`.
///
/// Errors: D3080 to D3093 for what is wrong with the picture.
pub(crate) fn format_number(value: f64, picture: &str, options: &DecimalFormat) -> Result<String, JsonataError> {
    let text: Vec<char> = bounded(picture)?.chars().collect();
    let parts = split(&text, &options.pattern_separator);
    if parts.len() > 2 {
        return Err(fault("D3080"));
    }
    let pictures = parts.into_iter().map(|part| SubPicture::parse(part, options)).collect::<Result<Vec<_>, _>>()?;
    let (sign, picture) = match pictures.as_slice() {
        [] => return Err(fault("D3085")),
        [positive, ..] if value >= 0.0 => (&[][..], positive),
        [only] => (options.minus_sign.as_slice(), only),
        [_, negative, ..] => (&[][..], negative),
    };
    let number = write(value.abs() * picture.factor, picture, options)?;
    Ok(sign.iter().chain(&picture.prefix).chain(&number).chain(&picture.suffix).collect())
}

/// The sub-pictures of a picture.
fn split<'a>(text: &'a [char], separator: &[char]) -> Vec<&'a [char]> {
    if separator.is_empty() {
        return text.chunks(1).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((part, after)) = find(rest, separator, 0).and_then(|at| rest.split_at_checked(at)) {
        parts.push(part);
        rest = after.get(separator.len()..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}

/// Writes a number that is not negative.
fn write(value: f64, picture: &SubPicture, format: &DecimalFormat) -> Result<Vec<char>, JsonataError> {
    if picture.fraction.max > MAX_PLACES {
        return Err(limit(format!("A number has at most {MAX_PLACES} decimal places")));
    }
    if picture.exponent_digits == 0 {
        return Ok(mantissa(value, picture, format));
    }
    if picture.whole.scale > MAX_SCALE {
        return Err(limit(format!("A mantissa has at most {MAX_SCALE} digits before its decimal separator")));
    }
    let (scaled, exponent) = normalised(value, picture.whole.scale);
    let mut text = mantissa(scaled, picture, format);
    text.extend(&format.exponent_separator);
    if exponent < 0 {
        text.extend(&format.minus_sign);
    }
    let digits = fixed(f64::from(exponent), 0, format);
    for _ in digits.len()..picture.exponent_digits {
        text.extend(&format.zero_digit);
    }
    text.extend(digits);
    Ok(text)
}

/// A number as a mantissa with so many digits before the decimal separator, and a power of ten.
fn normalised(value: f64, scale: usize) -> (f64, i32) {
    let largest = 10_f64.powf(scale as f64);
    let smallest = 10_f64.powf(scale as f64 - 1.0);
    let (mut mantissa, mut exponent) = (value, 0);
    if value == 0.0 || value.is_infinite() {
        return (mantissa, exponent);
    }
    while mantissa < smallest {
        mantissa *= 10.0;
        exponent -= 1;
    }
    while mantissa > largest {
        mantissa /= 10.0;
        exponent += 1;
    }
    (mantissa, exponent)
}

/// A number with a fixed number of decimal places, in the digits of the format. The point is that of ECMAScript.
fn fixed(value: f64, places: usize, format: &DecimalFormat) -> Vec<char> {
    let size = value.abs();
    let text = match format.as_written {
        true if size.is_finite() => as_written(size, places),
        _ if size < 1e21 => to_fixed(size, places),
        _ => number_text(size),
    };
    let own = |c: char| match c.to_digit(10) {
        Some(digit) if format.zero_digit != ['0'] => format.digit_char(digit),
        _ => Some(c),
    };
    text.chars().filter_map(own).collect()
}

/// A number in the digits that it is written with, cut off behind a fixed number of decimal places.
fn as_written(size: f64, places: usize) -> String {
    let written = format!("{size:e}");
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let zeros = "0".repeat(usize::try_from(-point).unwrap_or(0));
    let digits = format!("{zeros}{}", mantissa.replace('.', ""));
    let whole_len = usize::try_from(point).unwrap_or(0);
    let (whole, fraction) = digits.split_at(whole_len.min(digits.len()));
    let whole = if whole.is_empty() { "0" } else { whole };
    let mut text = format!("{whole:0<whole_len$}");
    if places > 0 {
        text.push('.');
        text.extend(fraction.chars().chain(std::iter::repeat('0')).take(places));
    }
    text
}

/// A number with a fixed number of decimal places, of two that are equally close the larger (ECMA-262, `toFixed`).
fn to_fixed(size: f64, places: usize) -> String {
    let digits = places + 1;
    let mut text = format!("{size:.places$}");
    let longer = format!("{size:.digits$}");
    let is_exact = (size * 2_f64.powf(digits as f64)).fract() == 0.0;
    // Of a tie the standard library takes the one with an even last digit: where that is the lower one, one is added.
    if is_exact && longer.strip_suffix('5').is_some_and(|lower| lower.trim_end_matches('.') == text) {
        let last = text.pop().and_then(|last| last.to_digit(10));
        text.extend(last.and_then(|last| char::from_digit(last + 1, 10)));
    }
    text
}

fn mantissa(value: f64, picture: &SubPicture, format: &DecimalFormat) -> Vec<char> {
    let places = picture.fraction.max;
    let is_whole = format.as_written && value >= 1e21;
    let rounded = if is_whole { value } else { round(value, i32::try_from(places).unwrap_or(i32::MAX)) };
    let mut number = Digits { text: fixed(rounded, places, format), format };
    number.set_point();
    number.trim();
    number.pad(picture.whole.min, picture.fraction.min);
    number.group(picture);
    if !picture.has_point || number.point() + 1 == number.text.len() as isize {
        number.text.pop();
    }
    number.text
}

/// The digits of a number with its decimal separator.
///
/// Places are counted as ECMAScript's `slice` counts them: those below zero count from the end.
struct Digits<'a> {
    text: Vec<char>,
    format: &'a DecimalFormat,
}

impl Digits<'_> {
    /// Where the decimal separator stands.
    fn point(&self) -> isize {
        find(&self.text, &self.format.decimal_separator, 0).map_or(-1, |at| at as isize)
    }

    /// Writes the decimal separator of the format, also where there are no decimal places.
    fn set_point(&mut self) {
        let at = find(&self.text, &['.'], 0);
        let range = at.map_or(self.text.len()..self.text.len(), |at| at..at + 1);
        self.text.splice(range, self.format.decimal_separator.iter().copied());
    }

    /// Drops zeros at both ends.
    fn trim(&mut self) {
        let zero = |c: Option<&char>| c.is_some_and(|c| self.format.zero_digit == [*c]);
        let leading = self.text.iter().take_while(|c| zero(Some(c))).count();
        let trailing = self.text.iter().skip(leading).rev().take_while(|c| zero(Some(c))).count();
        self.text.truncate(self.text.len() - trailing);
        self.text.drain(..leading);
    }

    /// Adds zeros up to the smallest number of digits on either side.
    fn pad(&mut self, whole: usize, fraction: usize) {
        let point = self.point();
        let left = (whole as isize - point).max(0) as usize;
        let right = (fraction as isize - (self.text.len() as isize - point - 1)).max(0) as usize;
        let zeros = |count| self.format.zero_digit.repeat(count);
        self.text = [zeros(left), std::mem::take(&mut self.text), zeros(right)].concat();
    }

    /// Puts grouping separators in.
    fn group(&mut self, picture: &SubPicture) {
        let mut point = self.point();
        if let Some(every) = picture.whole.interval {
            let every = every as isize;
            for group in 1..=(point - 1).div_euclid(every) {
                self.insert(point - group * every);
            }
        } else {
            for group in &picture.whole.groups {
                self.insert(point - *group as isize);
                point += 1;
            }
        }
        let point = self.point();
        for group in &picture.fraction.groups {
            self.insert(point + *group as isize + 1);
        }
    }

    fn insert(&mut self, at: isize) {
        let length = self.text.len();
        let at = if at < 0 { length.saturating_sub(at.unsigned_abs()) } else { length.min(at.unsigned_abs()) };
        self.text.splice(at..at, self.format.grouping_separator.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_has_the_digits_that_it_is_written_with(size in 0.0..1e300f64, exponent in -320..300, places in 0..=20usize) {
            for size in [size, 10_f64.powi(exponent), size.trunc(), f64::MAX, 0.0] {
                let text = as_written(size, places);
                prop_assert_eq!(text.split_once('.').map_or(0, |(_, fraction)| fraction.len()), places);
                let read: f64 = text.parse().unwrap();
                prop_assert!(read <= size && size - read <= 10_f64.powi(-(places as i32)), "{} {}", size, text);
            }
        }

        #[test]
        fn any_number_is_formatted(value in any::<f64>(), picture in "[#0,.;%e-]{1,8}") {
            let _ = format_number(value, &picture, &DecimalFormat::of_aws());
        }
    }
}
