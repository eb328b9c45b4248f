//! Requests as forms and answers in XML: the query protocol of AWS.
//!
//! Smithy specification, "AWS query protocol".

use std::collections::BTreeMap;

use asl_aws::in_process::xml_text;
use serde_json::{Map, Value};

/// How many levels a name may have.
const LEVELS: usize = 8;

/// The parameters of a request: `Tags.member.1.Key=a` is `{ "Tags": [{ "Key": "a" }] }`.
pub(super) fn read(body: &[u8]) -> Value {
    let mut root = Map::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() <= LEVELS {
            put(&mut root, &parts, &value);
        }
    }
    lists(root)
}

fn put(into: &mut Map<String, Value>, parts: &[&str], value: &str) {
    let [first, rest @ ..] = parts else { return };
    if rest.is_empty() {
        into.insert((*first).to_owned(), value.into());
        return;
    }
    let inner = into.entry((*first).to_owned()).or_insert_with(|| Map::new().into());
    // A text and members under one name are what no client sends.
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Makes lists of what has numbers for names, below `member` or `entry`.
fn lists(members: Map<String, Value>) -> Value {
    let inner = |value: Value| match value {
        Value::Object(members) => lists(members),
        other => other,
    };
    let only = members.iter().next().filter(|_| members.len() == 1);
    if let Some(("member" | "entry", Value::Object(numbered))) = only.map(|(name, value)| (name.as_str(), value)) {
        let items: Option<BTreeMap<usize, Value>> =
            numbered.iter().map(|(number, item)| Some((number.parse().ok()?, item.clone()))).collect();
        if let Some(items) = items {
            return items.into_values().map(inner).collect();
        }
    }
    members.into_iter().map(|(name, value)| (name, inner(value))).collect::<Map<_, _>>().into()
}

/// The texts of a map, by name: a list of `{ "key": …, "value": … }`.
pub(super) fn texts(map: &Value, key: &str, value: &str) -> BTreeMap<String, String> {
    let entries = map.as_array().into_iter().flatten();
    let text = |entry: &Value, name: &str| entry[name].as_str().map(str::to_owned);
    entries.filter_map(|entry| Some((text(entry, key)?, text(entry, value).unwrap_or_default()))).collect()
}

/// An element with a text.
pub(super) fn text(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", xml_text(text))
}

/// An element with others in it.
pub(super) fn element(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// A list of elements.
pub(super) fn list(name: &str, members: impl IntoIterator<Item = String>) -> String {
    element(name, &members.into_iter().map(|member| element("member", &member)).collect::<String>())
}

/// A map.
pub(super) fn map<'a>(name: &str, entries: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let entry = |(key, value): (&String, &String)| element("entry", &(text("key", key) + &text("value", value)));
    element(name, &entries.into_iter().map(entry).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_are_what_clients_mean() {
        let body = b"Action=Publish&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b&\
            MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=String&TagKeys.member.10=x&TagKeys.member.9=y";
        let expected = json!({
            "Action": "Publish",
            "Tags": [{ "Key": "a", "Value": "1" }, { "Key": "b" }],
            "MessageAttributes": [{ "Name": "n", "Value": { "DataType": "String" } }],
            "TagKeys": ["y", "x"],
        });
        assert_eq!(read(body), expected);
        assert_eq!(read(b"a=1&a.b=2&member.x=1"), json!({ "a": "1", "member": { "x": "1" } }));
        let deep = vec!["a"; 10_000].join(".");
        assert_eq!(read(format!("{deep}=1").as_bytes()), json!({}));
        assert_eq!(
            texts(&expected["Tags"], "Key", "Value"),
            [("a", "1"), ("b", "")].map(|(a, b)| (a.into(), b.into())).into()
        );
    }
}
