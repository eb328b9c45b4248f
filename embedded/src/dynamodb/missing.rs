//! The tables that a request names, and the lines of the routing file that make one that is not there.

use std::sync::Arc;

use asl_aws::in_process::toml_key;
use asl_engine::{Object, Value};

/// A table that a request reads or writes, and what the request tells of its keys.
pub(super) struct Named<'a> {
    pub(super) table: &'a str,
    /// The keys of an item, where they are given as such.
    key: &'a Value,
    /// A whole item, in which they are.
    item: &'a Value,
}

/// The tables that an operation reads or writes, where their names are known.
pub(super) fn tables<'a>(operation: &str, parameters: &'a Value) -> Vec<Named<'a>> {
    let named = |request: &'a Value| {
        let table = request["TableName"].as_str()?;
        Some(Named { table, key: &request["Key"], item: &request["Item"] })
    };
    let members = || parameters["RequestItems"].as_object().into_iter().flat_map(Object::iter);
    match operation {
        // These say themselves whether there is one.
        "CreateTable" | "DescribeTable" | "DeleteTable" => Vec::new(),
        "BatchGetItem" => {
            let keys = members().map(|(table, request)| (table, &request["Keys"][0]));
            keys.map(|(table, key)| Named { table, key, item: &Value::Null }).collect()
        }
        "BatchWriteItem" => {
            let requests = members().map(|(table, requests)| (table, &requests[0]));
            let named = requests.map(|(table, request)| Named {
                table,
                key: &request["DeleteRequest"]["Key"],
                item: &request["PutRequest"]["Item"],
            });
            named.collect()
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let items = parameters["TransactItems"].as_array().into_iter().flat_map(|items| items.iter());
            items.filter_map(Value::as_object).flat_map(Object::values).filter_map(named).collect()
        }
        _ => named(parameters).into_iter().collect(),
    }
}

/// Behind a name that no request has told.
const GUESS: &str = "  # a guess: the attribute that is the partition key";

impl Named<'_> {
    /// The lines that make the table.
    pub(super) fn lines(&self) -> String {
        let members = |value: &Value| -> Vec<(Arc<str>, Value)> {
            let members = value.as_object().into_iter().flat_map(Object::iter);
            members.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let line = |setting: &str, (name, value): &(Arc<str>, Value)| {
            let name = Value::from(name.clone());
            let kind = value.as_object().and_then(|value| Some(value.iter().next()?.0.clone()));
            match kind.filter(|kind| matches!(&**kind, "N" | "B")) {
                Some(kind) => format!("\n{setting} = {{ name = {name}, type = \"{kind}\" }}"),
                None => format!("\n{setting} = {name}"),
            }
        };
        let keys = members(self.key);
        let key = match keys.first() {
            Some(key) => line("key", key),
            None => {
                let item = members(self.item);
                let by_name = |fits: &dyn Fn(&str) -> bool| item.iter().find(|(name, _)| fits(name));
                let is_id = |name: &str| matches!(name.to_lowercase().as_str(), "id" | "pk" | "key");
                let ends_so = |name: &str| ["Id", "ID", "_id"].iter().any(|end| name.ends_with(end));
                let guess = by_name(&is_id).or_else(|| by_name(&ends_so)).or(item.first());
                let other = ("id".into(), Value::Null);
                line("key", guess.unwrap_or(&other)) + GUESS
            }
        };
        let sort_key = keys.get(1).map_or(String::new(), |key| line("sort_key", key));
        format!("[tables.{}]{key}{sort_key}", toml_key(self.table))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::Table;
    use super::*;

    #[test]
    fn the_lines_that_make_a_table_name_its_keys() {
        for (operation, parameters, expected) in [
            (
                "PutItem",
                r#"{"TableName":"Orders","Item":{"id":{"S":null}}}"#,
                "[tables.Orders]\nkey = \"id\"  # a guess: the attribute that is the partition key",
            ),
            ("GetItem", r#"{"TableName":"a.b","Key":{"url":{"S":null}}}"#, "[tables.\"a.b\"]\nkey = \"url\""),
            (
                "UpdateItem",
                r#"{"TableName":"Orders","Key":{"customer":null,"number":{"N":"1"}}}"#,
                "[tables.Orders]\nkey = \"customer\"\nsort_key = { name = \"number\", type = \"N\" }",
            ),
            (
                "BatchWriteItem",
                r#"{"RequestItems":{"T1":[{"PutRequest":null}]}}"#,
                "[tables.T1]\nkey = \"id\"  # a guess: the attribute that is the partition key",
            ),
            (
                "TransactWriteItems",
                r#"{"TransactItems":[{"Put":{"TableName":"T2"}}]}"#,
                "[tables.T2]\nkey = \"id\"  # a guess: the attribute that is the partition key",
            ),
            ("DescribeTable", r#"{"TableName":"Orders"}"#, ""),
            (
                "PutItem",
                r#"{"TableName":"Orders","Item":{"total":{"N":null},"orderId":{"N":null}}}"#,
                "[tables.Orders]\nkey = { name = \"orderId\", type = \"N\" }  # a guess: the attribute that is the partition key",
            ),
            ("PutItem", r#"{"TableName":null}"#, ""),
            ("PutItem", "null", ""),
        ] {
            let parameters = parameters.parse().unwrap();
            let tables = tables(operation, &parameters);
            let lines: Vec<_> = tables.iter().map(Named::lines).collect();
            assert_eq!(lines.join("\n"), expected, "{operation} {parameters}");
            for lines in lines {
                let read: toml::Table = lines.parse().unwrap();
                let (_, table) = read["tables"].as_table().unwrap().iter().next().unwrap();
                Table::deserialize(table.clone()).unwrap();
            }
        }
    }
}
