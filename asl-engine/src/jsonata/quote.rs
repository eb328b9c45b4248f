//! Values as messages quote them: the JSON that JavaScript makes of them.

use std::fmt::Write;

use super::picture::number_text;

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    escape(text, true, &mut out);
    out
}

/// A number; JSON has neither `NaN` nor infinities.
pub(super) fn quoted_number(value: f64) -> String {
    if value.is_finite() { number_text(value) } else { "null".to_owned() }
}

/// Appends a text in quotes, with the escapes of JavaScript; with `controls` also those of control characters without a letter.
pub(super) fn escape(text: &str, controls: bool, out: &mut String) {
    out.push('"');
    let mut run = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            0..0x20 if controls => "",
            _ => continue,
        };
        out.push_str(&text[run..at]);
        run = at + 1;
        if escaped.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        }
        out.push_str(escaped);
    }
    out.push_str(&text[run..]);
    out.push('"');
}
