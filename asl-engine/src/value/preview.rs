//! Values and texts cut to a width. No value is written out further than it is shown.

use super::Value;

impl Value {
    /// Compact JSON text of at most `width` characters; what is cut off ends with `…`.
    ///
    /// ```
    /// let value: asl_engine::Value = r#"{"a":[1,2,3]}"#.parse().unwrap();
    /// assert_eq!(value.preview(10), r#"{"a":[1,2…"#);
    /// ```
    pub fn preview(&self, width: usize) -> String {
        let mut text = String::new();
        write(self, width + 1, &mut text);
        cut(&text, width)
    }
}

/// Text of at most `width` characters.
pub fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Appends the text until there is more than `most` bytes of it.
fn write(value: &Value, most: usize, out: &mut String) {
    match value {
        Value::Array(items) if value.json_len() > most => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if out.len() > most * 4 {
                    return;
                }
                out.push_str(if at > 0 { "," } else { "" });
                write(item, most, out);
            }
            out.push(']');
        }
        Value::Object(members) if value.json_len() > most => {
            out.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                if out.len() > most * 4 {
                    return;
                }
                out.push_str(if at > 0 { "," } else { "" });
                write(&Value::from(name.clone()), most, out);
                out.push(':');
                write(member, most, out);
            }
            out.push('}');
        }
        Value::String(text) if text.len() > most * 4 => {
            let start: String = text.chars().take(most).collect();
            out.push_str(&Value::from(start).to_string());
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_to_the_width() {
        for (value, expected) in [
            ("[1,2]", "[1,2]"),
            (r#"{"a":[1,2,3]}"#, r#"{"a":[1,2…"#),
            (r#""日本語日本語日本語""#, r#""日本語日本語日本…"#),
            ("12345678901", "123456789…"),
        ] {
            assert_eq!(value.parse::<Value>().unwrap().preview(10), expected);
        }
    }

    #[test]
    fn a_large_value_is_not_written_out() {
        let deep = (0..400).fold(Value::from("x".repeat(1_000_000)), |inner, _| [("name", inner)].into());
        let wide: Value = (0..1_000_000).map(Value::from).collect();
        for value in [deep, wide] {
            let mut text = String::new();
            write(&value, 20, &mut text);
            assert!(text.len() < 20_000, "{}", text.len());
            assert_eq!(value.preview(20).chars().count(), 20);
        }
    }
}
