use std::fmt::Write;

use crate::value::Value;

/// Appends the compact JSON text of `value`.
pub(crate) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => number.write(out),
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push('[');
            match items.text() {
                Some(text) => out.push_str(text),
                None => {
                    for (at, item) in items.iter().enumerate() {
                        if at > 0 {
                            out.push(',');
                        }
                        write(item, out);
                    }
                }
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                string(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// The compact JSON text of `value`.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::with_capacity(value.json_len());
    write(value, &mut out);
    out
}

/// The JSON text of `value` over several lines, two spaces a level.
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    indented(value, 0, &mut out);
    out
}

fn indented(value: &Value, level: usize, out: &mut String) {
    let line = |level: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                indented(item, level + 1, out);
            }
            line(level, out);
            out.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                string(name, out);
                out.push_str(": ");
                indented(value, level + 1, out);
            }
            line(level, out);
            out.push('}');
        }
        other => write(other, out),
    }
}

/// What follows the backslash for each byte that JSON escapes; `u` stands for `\u00XX`, 0 for no escape.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        escapes[control] = b'u';
        control += 1;
    }
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes[0x08] = b'b';
    escapes[b'\t' as usize] = b't';
    escapes[b'\n' as usize] = b'n';
    escapes[0x0c] = b'f';
    escapes[b'\r' as usize] = b'r';
    escapes
};

/// Appends a text in quotes.
pub(crate) fn string(text: &str, out: &mut String) {
    out.push('"');
    escaped(text, out);
    out.push('"');
}

/// Appends what stands between the quotes of a text.
pub(crate) fn escaped(text: &str, out: &mut String) {
    let mut run = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.push_str(&text[run..at]);
        out.push('\\');
        run = at;
        // A quote and a backslash follow their backslash as they are.
        if escape != byte {
            out.push(escape.into());
            run = at + 1;
        }
        if escape == b'u' {
            let _ = write!(out, "00{byte:02X}");
        }
    }
    out.push_str(&text[run..]);
}

/// Texts below this many bytes are counted byte by byte: what makes longer ones quick costs more than they do.
const SHORT: usize = 32;

/// How many bytes the JSON text of a string has, quotes included.
pub(crate) fn string_len(text: &str) -> usize {
    if text.len() < SHORT {
        let written = |byte: u8| match ESCAPES[usize::from(byte)] {
            0 => 1,
            b'u' => 6,
            _ => 2,
        };
        return text.bytes().map(written).sum::<usize>() + 2;
    }
    // Plain comparisons and small sums, which the compiler makes for many bytes at once.
    let count = |special: fn(u8) -> bool| -> usize {
        let of = |chunk: &[u8]| usize::from(chunk.iter().map(|byte| u8::from(special(*byte))).sum::<u8>());
        text.as_bytes().chunks(usize::from(u8::MAX)).map(of).sum()
    };
    let controls = count(|byte| byte < 0x20);
    // Those but \b, \t, \n, \f and \r are written with four digits.
    let long = match controls {
        0 => 0,
        controls => controls - count(|byte| (8..=13).contains(&byte) & (byte != 11)),
    };
    let escapes = controls + count(|byte| (byte == b'"') | (byte == b'\\'));
    text.len() + escapes + 4 * long + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_is_counted() {
        let all: String = (0..=0x7f_u8).map(char::from).chain("é𝄞".chars()).collect();
        let written = text(&Value::from(all.as_str()));
        assert_eq!(written.parse::<Value>().unwrap().as_str(), Some(all.as_str()));
        assert!(written.starts_with(r#""\u0000\u0001"#) && written.contains(r#"\b\t\n\u000B\f\r"#));
        assert_eq!(string_len(&all), written.len());
    }

    #[test]
    fn indented_text_breaks_at_members_and_items() {
        let value: Value = r#"{"a":[1,{"b":[]}],"c":{}}"#.parse().unwrap();
        assert_eq!(pretty(&value), "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
    }
}
