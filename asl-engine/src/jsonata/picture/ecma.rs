//! Numbers as ECMAScript writes, reads and rounds them.

/// A number as ECMAScript's `String(x)` writes it: `1e+21`, `1e-7`, `123456789012345680000`; `0` also for minus zero.
///
/// The shortest digits that read back as the same number (ECMA-262, Number::toString).
pub(crate) fn number_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}Infinity");
    }
    let scientific = shortest(value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.replace('.', "");
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let spare = exponent + 1 - i32::try_from(digits.len()).unwrap_or(i32::MAX);
    match exponent {
        0..=20 if spare >= 0 => format!("{sign}{digits}{}", zeros(spare)),
        0..=20 => {
            let (whole, fraction) = digits.split_at(digits.len() - spare.unsigned_abs() as usize);
            format!("{sign}{whole}.{fraction}")
        }
        -6..=-1 => format!("{sign}0.{}{digits}", zeros(-exponent - 1)),
        _ => format!("{sign}{mantissa}e{}{}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

/// The shortest digits that read back as the same number, and of those the closest, in scientific notation.
fn shortest(value: f64) -> String {
    let text = format!("{value:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    let places = mantissa.len().saturating_sub(2);
    // Where two are equally close, the standard library writes any of them when asked for the shortest, but the even one, as
    // ECMAScript does, when asked for a number of digits.
    let closest = format!("{value:.places$e}");
    if closest.parse() == Ok(value) { closest } else { text }
}

/// Rounds to `places` decimal places, halves to the even neighbour; a negative number of places rounds to tens, hundreds, …
///
/// What counts is the number as it is written, so that `1.005` is a half at two places.
pub(crate) fn round(value: f64, places: i32) -> f64 {
    // Adding zero makes zero of minus zero.
    shift(shift(value, places).round_ties_even(), places.saturating_neg()) + 0.0
}

/// Moves the decimal point of the written number.
fn shift(value: f64, places: i32) -> f64 {
    if places == 0 {
        return value;
    }
    let text = number_text(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or(0).saturating_add(places);
    format!("{mantissa}e{exponent}").parse().unwrap_or(f64::NAN)
}

/// The whole number at the start of a text as ECMAScript's `parseInt` reads it; NaN where there is none.
pub(super) fn parse_int(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let until = |text: &str, stop: fn(&char) -> bool| text.chars().take_while(stop).collect::<String>();
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let digits = until(hex, char::is_ascii_hexdigit);
        let value =
            digits.chars().filter_map(|digit| digit.to_digit(16)).fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit));
        return if digits.is_empty() { f64::NAN } else { sign * value };
    }
    sign * until(text, char::is_ascii_digit).parse().unwrap_or(f64::NAN)
}

/// What ECMAScript's `\s` matches.
pub(super) fn is_space(c: char) -> bool {
    c == '\u{FEFF}' || (c.is_whitespace() && c != '\u{85}')
}
