//! The items of a Map state: of an array, or of an object where each item is an execution of its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::io::{Sight, bounded};
use super::{Frame, Stage};
use crate::context::MapItem;
use crate::definition::ast::{self, Io};
use crate::program::{Map, State};
use crate::query::Query;
use crate::task::{Failure, QUERY_EVALUATION_ERROR};
use crate::value::{Array, Object, Value};

/// What the iterations or child executions of a Map state work on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Items {
    values: Array,
    /// The names of the members, where the items are those of an object.
    keys: Option<Vec<Arc<str>>>,
}

impl Items {
    /// The items of an array.
    pub(super) fn of(values: Array) -> Self {
        Self { values, keys: None }
    }

    fn of_members(members: &Object) -> Self {
        Self {
            values: members.values().cloned().collect(),
            keys: Some(members.iter().map(|(name, _)| name.clone()).collect()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The item at a position, as the context object shows it.
    pub(super) fn get(&self, index: usize) -> Option<MapItem> {
        let value = self.values.get(index)?.clone();
        Some(MapItem { index, key: self.keys.as_ref().and_then(|keys| keys.get(index).cloned()), value })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = MapItem> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl MapItem {
    /// The input of an iteration or a child execution without an ItemSelector.
    pub(super) fn input(&self) -> Value {
        match &self.key {
            None => self.value.clone(),
            Some(key) => [("Key", Value::from(key.clone())), ("Value", self.value.clone())].into(),
        }
    }
}

impl Frame {
    /// ItemsPath or Items; without it, the input itself.
    pub(super) fn items(&self, state: &State, map: &Map, input: &Value) -> Result<Items, Failure> {
        let Io::JsonPath(_) = &state.io else { return self.jsonata_items(state, map, input) };
        let path = match &map.items {
            Some(ast::Items::Path(path)) => Some(path),
            _ => None,
        };
        let found = match path {
            None => input.clone(),
            Some(path) => self.select(state, Some(path), input)?,
        };
        let Value::Array(items) = found else {
            let written = path.map_or("$", |path| path.text());
            // AWS leaves out the second `$` of a path on the context object.
            let shown = written.strip_prefix("$$").map_or(written.to_owned(), |rest| format!("${rest}"));
            let failure = Failure::runtime(format!("Reference path \"{shown}\" must point to array."));
            return Err(match path {
                Some(path) => failure.at(path.span()),
                None => failure,
            });
        };
        self.note(Stage::AfterItemsPath, &Value::Array(items.clone()));
        Ok(Items::of(items))
    }

    fn jsonata_items(&self, state: &State, map: &Map, input: &Value) -> Result<Items, Failure> {
        let sight = Sight::of(input);
        let (found, query): (Value, Option<&Query>) = match &map.items {
            Some(ast::Items::Query(query)) => {
                (bounded(self.on(state, sight, |roots| query.evaluate(roots))?)?, Some(query))
            }
            Some(ast::Items::Template(template)) => (self.fill(state, template, sight)?, None),
            Some(ast::Items::Path(_)) | None => (input.clone(), None),
        };
        match (found, query) {
            (Value::Array(items), _) => Ok(Items::of(items)),
            (Value::Object(members), _) if map.distributed.is_some() => Ok(Items::of_members(&members)),
            (other, Some(query)) => Err(query.unexpected("array", &other)),
            (other, None) => {
                let cause = format!("Map state input must be an array but was: {other}");
                Err(Failure::new(QUERY_EVALUATION_ERROR, cause))
            }
        }
    }
}
