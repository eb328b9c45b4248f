//! Tables and buckets.

use std::collections::BTreeMap;

use asl_project::yaml::Tree;

use super::problem;
use crate::plan::{Index, Key, Plan, Projection, Table};
use crate::resource::{Resource, text};

pub(super) fn bucket(resource: &Resource<'_>, plan: &mut Plan) {
    plan.routing.buckets.insert(resource.reference(None));
}

/// A schema of keys: the partition key and the sort key.
fn keys(schema: Option<&Tree>, types: &BTreeMap<String, String>) -> (Option<Key>, Option<Key>) {
    let of = |wanted: &str| {
        let is_wanted = |entry: &&Tree| entry.get("KeyType").and_then(text).as_deref() == Some(wanted);
        let name = schema?.items().iter().find(is_wanted)?.get("AttributeName").and_then(text)?;
        let kind = types.get(&name).cloned().unwrap_or_else(|| "S".to_owned());
        Some(Key { name, kind })
    };
    (of("HASH"), of("RANGE"))
}

pub(super) fn table(resource: &Resource<'_>, plan: &mut Plan) {
    let attributes = resource.get("AttributeDefinitions").map(Tree::items).unwrap_or_default();
    let typed = |it: &Tree| Some((it.get("AttributeName").and_then(text)?, it.get("AttributeType").and_then(text)?));
    let types: BTreeMap<String, String> = attributes.iter().filter_map(typed).collect();
    let (Some(key), sort_key) = keys(resource.get("KeySchema"), &types) else {
        return problem(
            plan,
            resource.origin(),
            "it has no partition key",
            "KeySchema names one with the KeyType HASH",
        );
    };
    let mut indexes = BTreeMap::new();
    for (property, is_local) in [("GlobalSecondaryIndexes", false), ("LocalSecondaryIndexes", true)] {
        for index in resource.get(property).map(Tree::items).unwrap_or_default() {
            let Some(name) = index.get("IndexName").and_then(text) else { continue };
            let (key, sort_key) = keys(index.get("KeySchema"), &types);
            let projection = index.get("Projection");
            let kind = projection.and_then(|it| it.get("ProjectionType")).and_then(text);
            let projection = match kind.as_deref() {
                Some("INCLUDE") => {
                    let more = projection.and_then(|it| it.get("NonKeyAttributes")).map(Tree::items);
                    Projection::Attributes(more.unwrap_or_default().iter().filter_map(text).collect())
                }
                kind => Projection::Named(kind.unwrap_or("ALL").to_owned()),
            };
            indexes.insert(name, Index { key: key.filter(|_| !is_local), sort_key, projection });
        }
    }
    let ttl = resource.text("TimeToLiveSpecification.AttributeName");
    let ttl = ttl.filter(|_| resource.flag("TimeToLiveSpecification.Enabled"));
    if resource.get("StreamSpecification").is_some() {
        let told = "it has a stream, which the DynamoDB of asl has not";
        plan.notes.push((resource.origin_of("StreamSpecification"), told.to_owned()));
    }
    plan.routing.tables.push((resource.origin(), resource.reference(None), Table { key, sort_key, ttl, indexes }));
}

/// SAM: a table with a partition key, and nothing else.
pub(super) fn simple_table(resource: &Resource<'_>, plan: &mut Plan) {
    let name = resource.text("PrimaryKey.Name").unwrap_or_else(|| "id".to_owned());
    let kind = match resource.text("PrimaryKey.Type").as_deref() {
        Some("Number") => "N",
        Some("Binary") => "B",
        _ => "S",
    };
    let key = Key { name, kind: kind.to_owned() };
    let table = Table { key, sort_key: None, ttl: None, indexes: BTreeMap::new() };
    plan.routing.tables.push((resource.origin(), resource.reference(None), table));
}
