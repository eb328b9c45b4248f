//! Values as text inside text: the JSON text of an input or output is itself a text in the JSON of an event.

use std::collections::HashMap;

use crate::json;
use crate::value::Value;

/// Parts of values whose JSON text has so many bytes are written once for all values that share them.
const SHARED_FROM: usize = 2048;

/// How many parts are remembered.
const REMEMBERED: usize = 64;

/// Writes values as quoted JSON text, and remembers large parts. Most of what a state hands on is what it was given.
#[derive(Default)]
pub(super) struct Quoted {
    /// By the address of the part, which the value keeps from being given to another.
    parts: HashMap<usize, (Value, String)>,
    /// The last value itself: what a state hands on is what the next one is given.
    last: Option<(Value, String)>,
    scratch: String,
}

impl Quoted {
    /// Appends the JSON text of `value` as a JSON text.
    pub(super) fn write(&mut self, value: &Value, out: &mut String) {
        out.push('"');
        match &self.last {
            Some((last, text)) if last.is_same(value) => out.push_str(text),
            _ => {
                let start = out.len();
                self.inside(value, out);
                if value.json_len() >= SHARED_FROM {
                    self.last = Some((value.clone(), out[start..].to_owned()));
                }
            }
        }
        out.push('"');
    }

    fn part(&mut self, value: &Value, out: &mut String) {
        let Some(address) = value.address().filter(|_| value.json_len() >= SHARED_FROM) else {
            return self.inside(value, out);
        };
        if let Some((_, text)) = self.parts.get(&address) {
            return out.push_str(text);
        }
        let start = out.len();
        self.inside(value, out);
        if self.parts.len() >= REMEMBERED {
            self.parts.clear();
        }
        self.parts.insert(address, (value.clone(), out[start..].to_owned()));
    }

    fn inside(&mut self, value: &Value, out: &mut String) {
        match value {
            Value::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.text(name, out);
                    out.push(':');
                    self.part(value, out);
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                match items.text() {
                    // Numbers, which nothing is escaped in.
                    Some(text) => out.push_str(text),
                    None => {
                        for (at, item) in items.iter().enumerate() {
                            if at > 0 {
                                out.push(',');
                            }
                            self.part(item, out);
                        }
                    }
                }
                out.push(']');
            }
            Value::String(text) => self.text(text, out),
            other => json::write(other, out),
        }
    }

    /// A text, whose quotes and escapes are escaped once more.
    fn text(&mut self, text: &str, out: &mut String) {
        self.scratch.clear();
        json::string(text, &mut self.scratch);
        json::escaped(&self.scratch, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_text_is_what_writing_twice_gives() {
        let large: Value = (0..500).map(|n| Value::from(format!("\"{n}\"\n\u{1}é"))).collect();
        let numbers: Value = format!("[{}]", vec!["1.50"; 2000].join(",")).parse().unwrap();
        let object =
            Value::from([("a\"b", large.clone()), ("n", numbers), ("again", large.clone()), ("null", Value::Null)]);
        let mut quoted = Quoted::default();
        for value in [&object, &object, &large, &Value::from("x\\y"), &Value::from(true), &object] {
            let mut out = String::new();
            quoted.write(value, &mut out);
            assert_eq!(out, Value::from(value.json_text()).json_text());
        }
    }
}
