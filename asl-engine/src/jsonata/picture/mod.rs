//! Pictures: how numbers, integers and points in time are written as text and read from it.
//!
//! The functions behave as those of jsonata 2.0.6, whose rules are those of XPath and XQuery Functions and Operators 3.1,
//! sections 4.6, 4.7 and 9.8. They know nothing of the rest of JSONata: text and numbers go in and come out.

mod base;
mod calendar;
mod date_parse;
mod date_picture;
mod date_time;
mod decimal_format;
mod decimal_picture;
mod ecma;
mod integer;
mod integer_picture;
mod iso8601;
mod letters;
mod number;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use base::format_base;
pub(crate) use date_time::{from_millis, is_offset, to_millis};
pub(crate) use decimal_format::DecimalFormat;
pub(crate) use ecma::{number_text, round};
pub(crate) use integer::{format_integer, parse_integer};
pub(crate) use number::format_number;

use super::error::JsonataError;

/// How many characters an integer or number picture may have; work on one grows with its square.
const MAX_PICTURE: usize = 10_000;
/// How many digits the width of a date component may ask for.
const MAX_WIDTH: usize = 1_000;

/// The error of a bound that the reference implementation meets as a hang, or as an error of its own runtime.
fn limit(what: impl Into<String>) -> JsonataError {
    JsonataError::new("U1001", what)
}

/// A picture that is short enough to be worked on.
fn bounded(picture: &str) -> Result<&str, JsonataError> {
    match picture.chars().nth(MAX_PICTURE) {
        None => Ok(picture),
        Some(_) => Err(limit(format!("The picture string has more than {MAX_PICTURE} characters"))),
    }
}
