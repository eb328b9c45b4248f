//! URL-encoding of query parameters and request bodies.

use std::borrow::Cow;

use asl_engine::Value;
use url::form_urlencoded::byte_serialize;

/// How arrays are written: `RequestEncodingOptions.ArrayFormat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ArrayFormat {
    /// `a[0]=x&a[1]=y`
    #[default]
    Indices,
    /// `a=x&a=y`
    Repeat,
    /// `a=x,y`
    Commas,
    /// `a[]=x&a[]=y`
    Brackets,
}

impl ArrayFormat {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "INDICES" => Some(Self::Indices),
            "REPEAT" => Some(Self::Repeat),
            "COMMAS" => Some(Self::Commas),
            "BRACKETS" => Some(Self::Brackets),
            _ => None,
        }
    }
}

/// `name=value` pairs with `&` between them. What stands in an object has the name `object[member]`.
pub(super) fn form(value: &Value, arrays: ArrayFormat) -> String {
    let mut pairs = Vec::new();
    match value.as_object() {
        Some(members) => members.iter().for_each(|(name, value)| add(&mut pairs, name.to_string(), value, arrays)),
        None => pairs.push(escaped(&text(value))),
    }
    pairs.join("&")
}

/// Adds the pairs of `value`. Values nest at most as deep as the engine lets JSON nest.
fn add(pairs: &mut Vec<String>, name: String, value: &Value, arrays: ArrayFormat) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(member, value)| add(pairs, format!("{name}[{member}]"), value, arrays));
        }
        Value::Array(items) if arrays == ArrayFormat::Commas => {
            let items: Vec<String> = items.iter().map(|item| escaped(&text(item))).collect();
            pairs.push(format!("{}={}", escaped(&name), items.join(",")));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let name = match arrays {
                    ArrayFormat::Indices => format!("{name}[{at}]"),
                    ArrayFormat::Brackets => format!("{name}[]"),
                    ArrayFormat::Repeat | ArrayFormat::Commas => name.clone(),
                };
                add(pairs, name, item, arrays);
            }
        }
        _ => pairs.push(format!("{}={}", escaped(&name), escaped(&text(value)))),
    }
}

/// A text as it is, nothing for `null`, and the JSON text of anything else.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn escaped(text: &str) -> String {
    byte_serialize(text.as_bytes()).map(|piece| if piece == "+" { "%20" } else { piece }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_written_in_four_ways() {
        let value: Value = r#"{"array": ["a", "b c"], "o": {"k": ["d"]}}"#.parse().unwrap();
        for (name, expected) in [
            ("INDICES", "array%5B0%5D=a&array%5B1%5D=b%20c&o%5Bk%5D%5B0%5D=d"),
            ("REPEAT", "array=a&array=b%20c&o%5Bk%5D=d"),
            ("COMMAS", "array=a,b%20c&o%5Bk%5D=d"),
            ("BRACKETS", "array%5B%5D=a&array%5B%5D=b%20c&o%5Bk%5D%5B%5D=d"),
        ] {
            assert_eq!(form(&value, ArrayFormat::named(name).unwrap()), expected, "{name}");
        }
        assert_eq!(ArrayFormat::named("indices"), None);
    }

    #[test]
    fn objects_and_scalars_are_written() {
        for (json, expected) in [
            // The example of the developer guide.
            (
                r#"{"description": "Monthly subscription", "metadata": {"order_details": "monthly report data"}}"#,
                "description=Monthly%20subscription&metadata%5Border_details%5D=monthly%20report%20data",
            ),
            (r#"{"n": 1.5, "t": true, "z": null, "e": ""}"#, "n=1.5&t=true&z=&e="),
            (r#"{"é&=": "+/?"}"#, "%C3%A9%26%3D=%2B%2F%3F"),
            (r#"{"a": [[1, 2], {"b": 3}]}"#, "a%5B0%5D%5B0%5D=1&a%5B0%5D%5B1%5D=2&a%5B1%5D%5Bb%5D=3"),
            (r#"{"a": [], "o": {}}"#, ""),
            (r#""a b""#, "a%20b"),
            ("{}", ""),
        ] {
            assert_eq!(form(&json.parse().unwrap(), ArrayFormat::Indices), expected, "{json}");
        }
    }
}
