//! Tables of the routing file: what is written of them, and what is made and compared of it.

use std::collections::BTreeMap;

use dynoxide::{Database, DynoxideError};
use serde::Deserialize;
use serde_json::json;

use super::with;
use crate::files::patiently;

/// A table that the embedded DynamoDB creates when it is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The partition key.
    pub key: KeyAttribute,
    /// The sort key, where there is one.
    pub sort_key: Option<KeyAttribute>,
    /// Its secondary indexes, by name.
    #[serde(default)]
    pub indexes: BTreeMap<String, Index>,
    /// The attribute that says when an item is gone, in seconds since 1970.
    pub ttl: Option<String>,
}

/// A secondary index: a global one, or a local one where the partition key is that of the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The partition key; of a local index that of the table.
    pub key: Option<KeyAttribute>,
    /// The sort key.
    pub sort_key: Option<KeyAttribute>,
    /// What of an item is in it.
    #[serde(default)]
    pub projection: Projection,
}

/// What of an item is in an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ProjectionText")]
pub enum Projection {
    /// `"ALL"`
    #[default]
    All,
    /// `"KEYS_ONLY"`
    KeysOnly,
    /// These attributes and the keys.
    Include(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected \"ALL\", \"KEYS_ONLY\" or a list of attributes")]
enum ProjectionText {
    Name(String),
    Attributes(Vec<String>),
}

impl TryFrom<ProjectionText> for Projection {
    type Error = &'static str;

    fn try_from(text: ProjectionText) -> Result<Self, Self::Error> {
        match text {
            ProjectionText::Name(name) if name == "ALL" => Ok(Self::All),
            ProjectionText::Name(name) if name == "KEYS_ONLY" => Ok(Self::KeysOnly),
            ProjectionText::Name(_) => Err("expected \"ALL\", \"KEYS_ONLY\" or a list of attributes"),
            ProjectionText::Attributes(names) => Ok(Self::Include(names)),
        }
    }
}

impl Table {
    /// The request that makes it.
    pub(super) fn request(&self, name: &str) -> serde_json::Value {
        let mut types: BTreeMap<String, KeyType> = BTreeMap::new();
        let mut schema = |key: &KeyAttribute, sort_key: Option<&KeyAttribute>| {
            let keys = [(key, "HASH")].into_iter().chain(sort_key.map(|key| (key, "RANGE")));
            let mut schema = Vec::new();
            for (key, role) in keys {
                types.insert(key.name.clone(), key.kind);
                schema.push(json!({ "AttributeName": key.name, "KeyType": role }));
            }
            schema
        };
        let mut request = json!({
            "TableName": name,
            "KeySchema": schema(&self.key, self.sort_key.as_ref()),
            "BillingMode": "PAY_PER_REQUEST",
        });
        for (name, index) in &self.indexes {
            let projection = match &index.projection {
                Projection::All => json!({ "ProjectionType": "ALL" }),
                Projection::KeysOnly => json!({ "ProjectionType": "KEYS_ONLY" }),
                Projection::Include(names) => json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": names }),
            };
            let key = index.key.as_ref().unwrap_or(&self.key);
            let made = json!({
                "IndexName": name,
                "KeySchema": schema(key, index.sort_key.as_ref()),
                "Projection": projection,
            });
            let kind = if index.key.is_none() { "LocalSecondaryIndexes" } else { GLOBAL };
            match request[kind].as_array_mut() {
                Some(indexes) => indexes.push(made),
                None => request[kind] = json!([made]),
            }
        }
        let types = types
            .into_iter()
            .map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": format!("{kind:?}") }));
        request["AttributeDefinitions"] = types.collect();
        request
    }
}

/// An attribute that is a key: `"id"`, or `{ name = "id", type = "N" }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "KeyText")]
pub struct KeyAttribute {
    /// The name of the attribute.
    pub name: String,
    /// Its type.
    pub kind: KeyType,
}

/// The type of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum KeyType {
    /// A string.
    #[default]
    S,
    /// A number.
    N,
    /// Bytes.
    B,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected the name of an attribute, or { name = \"id\", type = \"N\" }, or S, or B")]
enum KeyText {
    Name(String),
    Typed {
        name: String,
        #[serde(rename = "type")]
        kind: KeyType,
    },
}

impl From<KeyText> for KeyAttribute {
    fn from(text: KeyText) -> Self {
        match text {
            KeyText::Name(name) => Self { name, kind: KeyType::S },
            KeyText::Typed { name, kind } => Self { name, kind },
        }
    }
}

/// Where the global indexes of a table are.
const GLOBAL: &str = "GlobalSecondaryIndexes";

/// Adds the global indexes that a table lacks, as `UpdateTable` does.
pub(super) fn add_indexes(database: &Database, name: &str, table: &Table) -> Result<(), DynoxideError> {
    let request = json!({ "TableName": name }).to_string();
    let described = patiently(|| with(request.as_bytes(), |request| database.describe_table(request)))?;
    let described: serde_json::Value = serde_json::from_str(&described).unwrap_or_default();
    let known = described["Table"][GLOBAL].as_array().cloned().unwrap_or_default();
    let wanted = table.request(name);
    for index in wanted[GLOBAL].as_array().into_iter().flatten() {
        if known.iter().any(|known| known["IndexName"] == index["IndexName"]) {
            continue;
        }
        let is_key = |attribute: &&serde_json::Value| {
            let keys = index["KeySchema"].as_array().into_iter().flatten();
            keys.map(|key| &key["AttributeName"]).any(|key| *key == attribute["AttributeName"])
        };
        let attributes = wanted["AttributeDefinitions"].as_array().into_iter().flatten().filter(is_key);
        let request = json!({
            "TableName": name,
            "AttributeDefinitions": attributes.collect::<Vec<_>>(),
            "GlobalSecondaryIndexUpdates": [{ "Create": index }],
        });
        let request = request.to_string();
        patiently(|| with(request.as_bytes(), |request| database.update_table(request)))?;
    }
    Ok(())
}

/// How a table that is there differs from what it should be: `the sort key a, and not b`.
pub(super) fn difference(database: &Database, name: &str, table: &Table) -> Option<String> {
    let request = json!({ "TableName": name }).to_string();
    let described = with(request.as_bytes(), |request| database.describe_table(request)).ok()?;
    let described: serde_json::Value = serde_json::from_str(&described).ok()?;
    let (is, wanted) = (&described["Table"], table.request(name));
    let differs = |what: &str, is: String, wanted: String| {
        let or_none = |key: &str| if key.is_empty() { "none".to_owned() } else { key.to_owned() };
        (is != wanted).then(|| format!("{what} {}, and not {}", or_none(&is), or_none(&wanted)))
    };
    for (role, what) in [("HASH", "the partition key"), ("RANGE", "the sort key")] {
        if let Some(difference) = differs(what, key(is, is, role), key(&wanted, &wanted, role)) {
            return Some(difference);
        }
    }
    for kind in ["LocalSecondaryIndexes", GLOBAL] {
        for wanted_index in wanted[kind].as_array().into_iter().flatten() {
            let named = &wanted_index["IndexName"];
            let mut known = is[kind].as_array().into_iter().flatten();
            let index_name = named.as_str().unwrap_or_default();
            let Some(index) = known.find(|index| index["IndexName"] == *named) else {
                match kind {
                    // It can be added.
                    GLOBAL => continue,
                    _ => return Some(format!("no local index {index_name}, and not with one")),
                }
            };
            for (role, what) in [("HASH", "partition key"), ("RANGE", "sort key")] {
                let what = format!("the {what} of the index {index_name}:");
                let difference = differs(&what, key(is, index, role), key(&wanted, wanted_index, role));
                if difference.is_some() {
                    return difference;
                }
            }
        }
    }
    None
}

/// The key of a table or of an index of it, with its type: `number (N)`. Empty where there is none.
fn key(table: &serde_json::Value, of: &serde_json::Value, role: &str) -> String {
    let find = |list: &serde_json::Value, member: &str, value: &serde_json::Value| {
        list.as_array().into_iter().flatten().find(|it| it[member] == *value).cloned().unwrap_or_default()
    };
    let name = find(&of["KeySchema"], "KeyType", &role.into())["AttributeName"].clone();
    let kind = find(&table["AttributeDefinitions"], "AttributeName", &name)["AttributeType"].clone();
    match (name.as_str(), kind.as_str()) {
        (Some(name), Some(kind)) => format!("{name} ({kind})"),
        _ => String::new(),
    }
}

/// Sets the attribute of the times to live, where another one is set or none.
pub(super) fn set_time_to_live(database: &Database, name: &str, table: &Table) -> Result<(), DynoxideError> {
    let Some(attribute) = &table.ttl else { return Ok(()) };
    let request = json!({ "TableName": name }).to_string();
    let described = patiently(|| with(request.as_bytes(), |request| database.describe_time_to_live(request)))?;
    let described: serde_json::Value = serde_json::from_str(&described).unwrap_or_default();
    let is_set = &described["TimeToLiveDescription"]["AttributeName"];
    let set = |attribute: &str, is_enabled: bool| {
        let of_items = json!({ "AttributeName": attribute, "Enabled": is_enabled });
        let request = json!({ "TableName": name, "TimeToLiveSpecification": of_items }).to_string();
        patiently(|| with(request.as_bytes(), |request| database.update_time_to_live(request))).map(drop)
    };
    match is_set.as_str() {
        Some(known) if known == attribute => Ok(()),
        Some(known) => set(known, false).and_then(|()| set(attribute, true)),
        None => set(attribute, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_is_a_word_or_a_list() {
        let projection = |text: &str| {
            let index: Result<Index, _> = toml::from_str(&format!("key = 'a'\nprojection = {text}"));
            index.map(|index| index.projection).map_err(|error| error.message().to_owned())
        };
        assert_eq!(projection("'ALL'"), Ok(Projection::All));
        assert_eq!(projection("['a']"), Ok(Projection::Include(vec!["a".to_owned()])));
        assert_eq!(projection("'SOME'"), Err("expected \"ALL\", \"KEYS_ONLY\" or a list of attributes".to_owned()));
    }
}
