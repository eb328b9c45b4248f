//! Items of DynamoDB, and messages of SQS.

use asl_engine::{Object, Value};

use super::{Stored, StoredError, StoredUrl};

impl Stored<'_> {
    /// The items of a table, as plain JSON: numbers and texts as such, sets as lists, bytes as Base64.
    pub async fn items(&self, table: &str) -> Result<Vec<Value>, StoredError> {
        let rows = self.router.rows(table).await?;
        // A table keeps no order of the attributes.
        let sorted = |row: &Value| {
            let plain = plain_members(row);
            let mut members: Vec<_> = plain.as_object().into_iter().flat_map(Object::iter).collect();
            members.sort_by_key(|(name, _)| name.to_string());
            members.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Object>().into()
        };
        Ok(rows.iter().map(sorted).collect())
    }

    /// The messages of a queue, in their order; nobody receives them by this.
    pub async fn messages(&self, queue: &str) -> Result<Vec<Value>, StoredError> {
        let found = self.router.messages(queue).await.map_err(StoredError::Refused)?;
        found.ok_or_else(|| StoredError::Missing(StoredUrl::Sqs { queue: queue.to_owned() }))
    }
}

fn plain_members(item: &Value) -> Value {
    let members = item.as_object().into_iter().flat_map(Object::iter);
    members.map(|(name, value)| (name.clone(), plain(value))).collect::<Object>().into()
}

fn plain(attribute: &Value) -> Value {
    let Some((kind, value)) = attribute.as_object().and_then(|it| it.iter().next()) else { return Value::Null };
    let number = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    let list =
        |each: &dyn Fn(&Value) -> Value| value.as_array().into_iter().flat_map(|it| it.iter()).map(each).collect();
    match &**kind {
        "N" => number(value),
        "NS" | "Ns" => list(&number),
        "L" => list(&plain),
        "M" => plain_members(value),
        "NULL" | "Nul" => Value::Null,
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_shown_as_plain_json() {
        let typed = r#"{"id":{"S":"a"},"n":{"N":"1.5"},"l":{"L":[{"BOOL":true},{"Nul":true}]},"m":{"M":{"x":{"S":"y"}}},
            "s":{"NS":["1","2"]},"b":{"B":"AAE="}}"#;
        let plain = r#"{"id":"a","n":1.5,"l":[true,null],"m":{"x":"y"},"s":[1,2],"b":"AAE="}"#;
        assert_eq!(plain_members(&typed.parse().unwrap()).to_string(), plain);
    }
}
