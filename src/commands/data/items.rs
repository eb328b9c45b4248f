//! Items that are put into DynamoDB.

use std::path::Path;

use asl_engine::{Object, Value};
use asl_tasks::{StoredError, StoredUrl};

use super::Store;
use crate::error::Error;
use crate::input;

/// The types of DynamoDB's JSON.
const TYPES: [&str; 10] = ["S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL"];

impl Store<'_> {
    pub(super) async fn put_items(&self, table: &str, file: &Path) -> Result<(), Error> {
        if !self.stored().tables().await?.iter().any(|known| known == table) {
            return Err(StoredError::Missing(StoredUrl::DynamoDb { table: table.to_owned() }).into());
        }
        let text = input::file_or_stdin("the items", file)?;
        for item in items(&text).map_err(|why| Error::Usage(format!("{}: {why}", file.display())))? {
            let put = [("TableName", Value::from(table)), ("Item", item)];
            self.call("dynamodb", "putItem", &put.into()).await?;
        }
        Ok(())
    }
}

/// The items of a text: one, a list, or one on a line; plain JSON, or that of DynamoDB. Given in the names of the SDK.
fn items(text: &str) -> Result<Vec<Value>, String> {
    let whole = text.parse::<Value>();
    let values = match whole {
        Ok(value) => match value.as_array() {
            Some(items) => items.iter().cloned().collect(),
            None => vec![value],
        },
        Err(of_whole) => {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let lines: Vec<(usize, &str)> = lines.collect();
            if lines.len() < 2 {
                return Err(of_whole.to_string());
            }
            let read = |(at, line): (usize, &str)| {
                line.parse::<Value>().map_err(|error| format!("line {}: {}", at + 1, error.message))
            };
            lines.into_iter().map(read).collect::<Result<_, _>>()?
        }
    };
    values
        .iter()
        .enumerate()
        .map(|(at, value)| item(value).ok_or(format!("item {} is no JSON object", at + 1)))
        .collect()
}

fn item(value: &Value) -> Option<Value> {
    let members = value.as_object()?;
    let is_typed = !members.is_empty() && members.values().all(is_attribute);
    let members = members.iter().map(|(name, value)| {
        let attribute = if is_typed { as_sdk(value) } else { attribute(value) };
        (name.clone(), attribute)
    });
    Some(members.collect::<Object>().into())
}

/// Whether a value is one of DynamoDB's JSON: `{"S": "a"}`.
fn is_attribute(value: &Value) -> bool {
    value.as_object().is_some_and(|it| it.len() == 1 && it.iter().all(|(name, _)| TYPES.contains(&&**name)))
}

/// An attribute of DynamoDB's JSON with the names of the SDK.
fn as_sdk(value: &Value) -> Value {
    let Some((name, inner)) = value.as_object().and_then(|it| it.iter().next()) else { return value.clone() };
    let (name, inner) = match &**name {
        "BOOL" => ("Bool", inner.clone()),
        "NULL" => ("Nul", inner.clone()),
        "SS" => ("Ss", inner.clone()),
        "NS" => ("Ns", inner.clone()),
        "BS" => ("Bs", inner.clone()),
        "L" => ("L", inner.as_array().into_iter().flat_map(|items| items.iter()).map(as_sdk).collect()),
        "M" => {
            let members = inner.as_object().into_iter().flat_map(Object::iter);
            ("M", members.map(|(name, value)| (name.clone(), as_sdk(value))).collect::<Object>().into())
        }
        other => (other, inner.clone()),
    };
    [(name, inner)].into()
}

/// A plain value as an attribute.
fn attribute(value: &Value) -> Value {
    if let Some(text) = value.as_str() {
        return [("S", Value::from(text))].into();
    }
    if let Some(flag) = value.as_bool() {
        return [("Bool", Value::from(flag))].into();
    }
    if value.as_number().is_some() {
        return [("N", Value::from(value.to_string()))].into();
    }
    if let Some(items) = value.as_array() {
        return [("L", items.iter().map(attribute).collect::<Value>())].into();
    }
    match value.as_object() {
        Some(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), attribute(value)));
            [("M", Value::from(members.collect::<Object>()))].into()
        }
        None => [("Nul", Value::from(true))].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_plain_json_or_that_of_dynamodb() {
        let typed =
            r#"{"id":{"S":"a"},"n":{"N":"1.5"},"l":{"L":[{"Bool":true},{"Nul":true}]},"m":{"M":{"x":{"S":"y"}}}}"#;
        for text in [
            r#"{"id":"a","n":1.5,"l":[true,null],"m":{"x":"y"}}"#,
            r#"[{"id":"a","n":1.5,"l":[true,null],"m":{"x":"y"}}]"#,
            r#"{"id":{"S":"a"},"n":{"N":"1.5"},"l":{"L":[{"BOOL":true},{"NULL":true}]},"m":{"M":{"x":{"S":"y"}}}}"#,
        ] {
            let read = items(text).unwrap();
            assert_eq!(read.len(), 1);
            assert_eq!(read[0], typed.parse().unwrap(), "{text}");
        }
        assert_eq!(items("{\"a\":1}\n\n{\"a\":2}\n").unwrap().len(), 2);
        for (text, part) in [("[1]", "item 1 is no JSON object"), ("{\"a\":1}\n{", "line 2: "), ("{", "")] {
            assert!(items(text).unwrap_err().contains(part), "{text}");
        }
    }
}
