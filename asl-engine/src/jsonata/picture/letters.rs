//! Integers as letters (`a`, `b`, … `z`, `aa`) and as roman numerals.

use super::super::error::JsonataError;
use super::limit;

const NUMERALS: [(f64, &str); 13] = [
    (1000.0, "m"),
    (900.0, "cm"),
    (500.0, "d"),
    (400.0, "cd"),
    (100.0, "c"),
    (90.0, "xc"),
    (50.0, "l"),
    (40.0, "xl"),
    (10.0, "x"),
    (9.0, "ix"),
    (5.0, "v"),
    (4.0, "iv"),
    (1.0, "i"),
];
/// Above this a number would be written as more than ten thousand `m`.
const LARGEST_ROMAN: f64 = 10_000_000.0;

/// Small roman numerals; nothing for zero.
pub(super) fn to_roman(value: f64) -> Result<String, JsonataError> {
    if value > LARGEST_ROMAN {
        return Err(limit(format!("Numbers above {LARGEST_ROMAN} are not written as roman numerals")));
    }
    let mut rest = value;
    let mut text = String::new();
    for (worth, numeral) in NUMERALS {
        while rest >= worth {
            text.push_str(numeral);
            rest -= worth;
        }
    }
    Ok(text)
}

/// The value of capital roman numerals; NaN where the text has anything else in it.
pub(super) fn from_roman(text: &str) -> f64 {
    let mut largest = 1.0;
    let mut sum = 0.0;
    for numeral in text.chars().rev() {
        let Some(worth) = worth(numeral) else { return f64::NAN };
        if worth < largest {
            sum -= worth;
        } else {
            largest = worth;
            sum += worth;
        }
    }
    sum
}

fn worth(numeral: char) -> Option<f64> {
    let small = numeral.to_ascii_lowercase().to_string();
    NUMERALS.iter().find(|(_, known)| numeral.is_ascii_uppercase() && *known == small).map(|(worth, _)| *worth)
}

/// Letters as the columns of a spreadsheet have them; `first` is `a` or `A`. Nothing for zero.
pub(super) fn to_letters(value: f64, first: u8) -> Result<String, JsonataError> {
    if value.is_infinite() {
        return Err(limit("An infinite number cannot be written in letters"));
    }
    let mut rest = value;
    let mut letters = Vec::new();
    while rest > 0.0 {
        letters.push(char::from(first + ((rest - 1.0) % 26.0) as u8));
        rest = ((rest - 1.0) / 26.0).floor();
    }
    Ok(letters.into_iter().rev().collect())
}

/// The value of letters. Other characters count by their distance from `first`, as in the reference implementation.
pub(super) fn from_letters(text: &str, first: u8) -> f64 {
    let units: Vec<u16> = text.encode_utf16().collect();
    let digits = units.iter().rev().map(|unit| f64::from(*unit) - f64::from(first) + 1.0);
    digits.zip(0_u32..).map(|(digit, place)| digit * 26_f64.powf(f64::from(place))).fold(0.0, |sum, part| sum + part)
}
