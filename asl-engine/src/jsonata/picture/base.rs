//! `$formatBase`

use super::super::error::JsonataError;
use super::{number_text, round};
use crate::jsonata::quote::quoted_number;

/// From here on not every whole number is a float.
const INEXACT: f64 = 9_007_199_254_740_992.0;

/// `$formatBase`: a number, rounded to a whole one, in a base between 2 and 36; without one in base 10.
///
/// Errors: D3100 for another base.
pub(crate) fn format_base(value: f64, radix: Option<f64>) -> Result<String, JsonataError> {
    let value = round(value, 0);
    let radix = radix.map_or(10.0, |radix| round(radix, 0));
    if !(2.0..=36.0).contains(&radix) {
        let message = "The radix of the formatBase function must be between 2 and 36.  It was given ";
        return Err(JsonataError::new("D3100", format!("{message}{}", quoted_number(radix))));
    }
    if radix == 10.0 || !value.is_finite() {
        return Ok(number_text(value));
    }
    let mut rest = value.abs();
    let mut digits = Vec::new();
    // Digits that a float does not hold are written as zeros.
    while rest / radix >= INEXACT {
        rest /= radix;
        digits.push('0');
    }
    loop {
        let digit = rest % radix;
        digits.extend(char::from_digit(digit as u32, radix as u32));
        rest = (rest - digit) / radix;
        if rest <= 0.0 {
            break;
        }
    }
    digits.extend((value < 0.0).then_some('-'));
    Ok(digits.into_iter().rev().collect())
}
