//! Values and paths cut to the width of a line. No value is written out further than it is shown.

use std::fmt::Write;

use asl_engine::Value;

/// How wide a line may get.
pub(crate) const WIDTH: usize = 80;
/// How many lines of the result are shown below an explanation.
const RESULT_LINES: usize = 20;

/// `start` and then a value, on one line.
pub(crate) fn line(start: &str, value: &Value) -> String {
    // A long start leaves a little room for the value all the same.
    let room = WIDTH.saturating_sub(start.chars().count()).max(16);
    format!("{start}{}\n", value.preview(room))
}

pub(crate) use asl_engine::cut;

/// Appends a value, as far as it fits on a screen.
pub(crate) fn result(value: &Value, out: &mut String) {
    // Writing a large value out only to drop most of it would take long.
    let text = if value.json_len() > 1 << 20 { value.preview(WIDTH) } else { format!("{value:#}") };
    let lines: Vec<&str> = text.lines().collect();
    for line in lines.iter().take(RESULT_LINES) {
        let _ = writeln!(out, "{line}");
    }
    if let Some(more) = lines.len().checked_sub(RESULT_LINES).filter(|more| *more > 0) {
        let _ = writeln!(out, "… {more} more lines; without --explain the whole of it is printed");
    }
}

/// What a value is, with its article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
