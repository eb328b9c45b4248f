//! The facts of the Java platform that show through in Jayway's results and messages.

use crate::json;
use crate::value::{Number, Value, double_text};

/// Removes what `String.trim` removes: everything up to U+0020 at both ends.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// The first digits of Unicode's decimal digits up to U+FFFF; the nine others of each set follow.
const ZEROS: [u32; 37] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
];

/// The value of a decimal digit of any script. Java looks at UTF-16 units, so none above U+FFFF counts.
pub(super) fn digit(c: char) -> Option<u8> {
    let code = u32::from(c);
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    u8::try_from(code - zero).ok().filter(|value| *value < 10)
}

/// `Integer.parseInt`, with the exception's text.
pub(super) fn parse_int(text: &str) -> Result<i32, String> {
    let malformed = || format!("java.lang.NumberFormatException: For input string: \"{text}\"");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return Err(malformed());
    }
    let mut value: i64 = 0;
    for c in digits.chars() {
        value = value * 10 + i64::from(digit(c).ok_or_else(malformed)?);
        if value > 1 << 31 {
            return Err(malformed());
        }
    }
    i32::try_from(if negative { -value } else { value }).map_err(|_| malformed())
}

/// The exception of `text.charAt(index)` for an index outside of the text.
pub(super) fn index_out_of_range(text: &str, index: isize) -> String {
    const CLASS: &str = "java.lang.StringIndexOutOfBoundsException";
    if text.chars().all(|c| c <= '\u{ff}') {
        format!("{CLASS}: String index out of range: {index}")
    } else {
        format!("{CLASS}: index {index}, length {}", utf16_len(text))
    }
}

/// The exception of `text.charAt(text.length())`.
pub(super) fn end_of(text: &str) -> String {
    index_out_of_range(text, utf16_len(text) as isize)
}

/// The exception of `text.substring(begin, end)` for a text of `length` units.
pub(super) fn bad_substring(begin: usize, end: usize, length: usize) -> String {
    format!("java.lang.StringIndexOutOfBoundsException: begin {begin}, end {end}, length {length}")
}

fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text of UTF-16 units; half of a surrogate pair is written as `?`.
pub(super) fn text_of_units(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or('?')).collect()
}

/// What `String.valueOf` gives for a value that Jackson has read: `{a=1, b=[x, null]}`.
pub(super) fn text_of(value: &Value) -> String {
    let mut out = String::new();
    append(value, &mut out);
    out
}

fn append(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                append(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (i, (name, member)) in members.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                out.push_str(name);
                out.push('=');
                append(member, out);
            }
            out.push('}');
        }
    }
}

/// What `JsonNode.toString` gives: `{"a":1,"b":["x",null]}`.
pub(super) fn node_text_of(value: &Value) -> String {
    let mut out = String::new();
    append_node(value, &mut out);
    out
}

fn append_node(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) if number.as_f64().is_finite() => out.push_str(&number_text(number)),
        Value::Number(number) => json::write(&number_text(number).into(), out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                append_node(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (i, (name, member)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                append_node(&Value::String(name.clone()), out);
                out.push(':');
                append_node(member, out);
            }
            out.push('}');
        }
        other => json::write(other, out),
    }
}

fn number_text(number: &Number) -> String {
    if !number.is_integer() {
        return double_text(number.as_f64());
    }
    let text = number.to_string();
    if text == "-0" { "0".to_owned() } else { text }
}

/// The name of the class that Jackson reads a value as; none for null.
pub(super) fn class_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
        Value::Number(number) if !number.is_integer() => "java.lang.Double",
        Value::Number(number) => match number.as_i64() {
            Some(value) if i32::try_from(value).is_ok() => "java.lang.Integer",
            Some(_) => "java.lang.Long",
            None => "java.math.BigInteger",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_count() {
        assert_eq!(parse_int("-٣"), Ok(-3));
        assert_eq!(parse_int("2147483647"), Ok(i32::MAX));
        assert_eq!(parse_int("-2147483648"), Ok(i32::MIN));
        for text in ["", "-", "2147483648", "1-2", "99999999999999999999", "𝟙"] {
            let error = parse_int(text).unwrap_err();
            assert_eq!(error, format!("java.lang.NumberFormatException: For input string: \"{text}\""));
        }
    }

    #[test]
    fn values_are_written_as_java_collections() {
        let value: Value = r#"{"a":[1,"x",null,-0,1e400],"b":{},"c":true}"#.parse().unwrap();
        assert_eq!(text_of(&value), "{a=[1, x, null, 0, Infinity], b={}, c=true}");
    }
}
