//! The items of a Map state: of an array, or of an object where each item is an execution of its own.

use serde::{Deserialize, Serialize};

use super::Frame;
use super::io::{Sight, bounded};
use super::stages::{Stage, Visit};
use crate::context::{MapItem, STATE_DATA};
use crate::definition::ast::{self, Io};
use crate::item_reader::{Pulled, Reader};
use crate::program::Map;
use crate::query::Query;
use crate::retry::Random;
use crate::task::{Failure, Outcome, QUERY_EVALUATION_ERROR, TaskRequest};
use crate::value::{Array, Object, Value};

/// What the iterations or child executions of a Map state work on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Source {
    /// What the state was given, and how many of it are taken.
    Given { items: Items, taken: usize },
    /// What an ItemReader reads, and how many it gave.
    Read { reader: Box<Reader>, taken: usize },
}

/// The items of the state's own data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Items {
    /// An array, or an object whose members are the items.
    all: Value,
    /// Whether the context object tells where they come from.
    told_source: bool,
}

/// The input of the next child, or why there is none.
pub(super) enum Next {
    Input {
        input: Value,
        /// The item that it is made of, where it is one.
        item: Option<MapItem>,
        /// Where the child's random numbers go on, where the input has drawn some.
        random: Option<Random>,
    },
    /// Ask this, and hand in the answer.
    Ask(TaskRequest),
    /// What was asked for has not been answered.
    Waits,
    /// There are no more.
    End,
}

impl Items {
    /// The items of an array.
    pub(super) fn of(values: Array) -> Self {
        Self { all: Value::Array(values), told_source: false }
    }

    /// Whether the context object tells that these come from the state's data.
    pub(super) fn told_source(self, told_source: bool) -> Self {
        Self { told_source, ..self }
    }

    fn of_members(members: Object) -> Self {
        Self { all: Value::Object(members), told_source: false }
    }

    fn len(&self) -> usize {
        match &self.all {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            _ => 0,
        }
    }

    /// The item at a position, as the context object shows it.
    fn get(&self, index: usize) -> Option<MapItem> {
        let (key, value) = match &self.all {
            Value::Array(items) => (None, items.get(index)?),
            Value::Object(members) => members.at(index).map(|(name, value)| (Some(name.clone()), value))?,
            _ => return None,
        };
        let source = self.told_source.then(|| STATE_DATA.into());
        Some(MapItem { index, key, value: value.clone(), source })
    }
}

/// What comes next from a source.
enum Taken {
    Item(MapItem),
    Ask(TaskRequest),
    Waits,
    End,
}

impl Source {
    /// The items of the state's own data.
    pub(super) fn given(items: Items) -> Self {
        Self::Given { items, taken: 0 }
    }

    /// How many items there are, where they are the state's own data.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Given { items, .. } => Some(items.len()),
            Self::Read { .. } => None,
        }
    }

    /// How many items there are, where that can be known.
    pub(super) fn total(&mut self) -> Option<usize> {
        match self {
            Self::Given { items, .. } => Some(items.len()),
            Self::Read { reader, taken } => reader.total(*taken),
        }
    }

    /// Its larger values, each of which can be put in the place of another.
    pub(super) fn values(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        match self {
            Self::Given { items, .. } => visit(&mut items.all),
            Self::Read { reader, .. } => reader.values(visit),
        }
    }

    /// How many items were taken.
    pub(super) fn taken(&self) -> usize {
        match self {
            Self::Given { taken, .. } | Self::Read { taken, .. } => *taken,
        }
    }

    /// Takes the answer to what was asked for.
    pub(super) fn answered(&mut self, outcome: Outcome) -> Result<(), Failure> {
        match self {
            Self::Given { .. } => Ok(()),
            Self::Read { reader, .. } => reader.answered(outcome),
        }
    }

    fn take(&mut self) -> Result<Taken, Failure> {
        Ok(match self {
            Self::Given { items, taken } => match items.get(*taken) {
                Some(item) => {
                    *taken += 1;
                    Taken::Item(item)
                }
                None => Taken::End,
            },
            Self::Read { reader, taken } => match reader.pull()? {
                Pulled::Item { key, value, source } => {
                    *taken += 1;
                    Taken::Item(MapItem { index: *taken - 1, key, value, source: Some(source) })
                }
                Pulled::Ask(request) => Taken::Ask(request),
                Pulled::Waits => Taken::Waits,
                Pulled::End => Taken::End,
            },
        })
    }

    /// The input of a child that gets one item. `select` makes it of the item.
    pub(super) fn next_input(
        &mut self,
        random: &Random,
        select: impl Fn(&MapItem, &Random) -> Result<Value, Failure>,
    ) -> Result<Next, Failure> {
        Ok(match self.take()? {
            Taken::Item(item) => {
                let input = select(&item, random)?;
                Next::Input { input, item: Some(item), random: Some(random.clone()) }
            }
            Taken::Ask(request) => Next::Ask(request),
            Taken::Waits => Next::Waits,
            Taken::End => Next::End,
        })
    }
}

/// The member of the input of a child execution that has its items, where it gets several.
pub(super) const BATCHED: &str = "Items";

/// Puts items together into the inputs of child executions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Batcher {
    pub(super) most_items: usize,
    pub(super) most_bytes: usize,
    pub(super) batch_input: Option<Value>,
    /// The items of the batch that is being made.
    open: Vec<Value>,
    /// How many bytes of JSON text they would have as an input.
    bytes: usize,
}

impl Batcher {
    pub(super) fn new(most_items: usize, most_bytes: usize, batch_input: Option<Value>) -> Self {
        let mut batcher = Self { most_items, most_bytes, batch_input, open: Vec::new(), bytes: 0 };
        batcher.bytes = batcher.batch(Vec::new()).json_len();
        batcher
    }

    /// The items of the batch that is being made, each of which can be put in the place of another.
    pub(super) fn values(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.open.iter_mut().for_each(visit);
    }

    fn batch(&self, items: Vec<Value>) -> Value {
        let shared = self.batch_input.clone().map(|value| ("BatchInput", value));
        shared.into_iter().chain([(BATCHED, items.into_iter().collect())]).collect()
    }

    /// The input that the open batch is.
    fn close(&mut self) -> Next {
        let open = std::mem::take(&mut self.open);
        self.bytes = self.batch(Vec::new()).json_len();
        Next::Input { input: self.batch(open), item: None, random: None }
    }

    /// The input of the next child. `select` makes an item of a batch of each item.
    pub(super) fn next_input(
        &mut self,
        source: &mut Source,
        seed: u64,
        select: impl Fn(&MapItem, &Random) -> Result<Value, Failure>,
    ) -> Result<Next, Failure> {
        loop {
            if self.open.len() >= self.most_items {
                return Ok(self.close());
            }
            let item = match source.take()? {
                Taken::Item(item) => select(&item, &Random::new(seed ^ item.index as u64))?,
                Taken::Ask(request) => return Ok(Next::Ask(request)),
                Taken::Waits => return Ok(Next::Waits),
                Taken::End if self.open.is_empty() => return Ok(Next::End),
                Taken::End => return Ok(self.close()),
            };
            // A comma stands between two items.
            let bytes = item.json_len() + usize::from(!self.open.is_empty());
            let full = !self.open.is_empty() && self.bytes + bytes > self.most_bytes;
            let closed = full.then(|| self.close());
            self.bytes += item.json_len() + usize::from(!self.open.is_empty());
            self.open.push(item);
            if let Some(closed) = closed {
                return Ok(closed);
            }
        }
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
    /// ItemsPath or Items; without it, the input itself. The members of an object are items where each is an execution of
    /// its own.
    pub(super) fn items(&self, state: Visit<'_>, map: &Map, input: &Value) -> Result<Items, Failure> {
        let Io::JsonPath(_) = &state.io else { return self.jsonata_items(state, map, input) };
        let path = match &map.items {
            Some(ast::Items::Path(path)) => Some(path),
            _ => None,
        };
        let found = match path {
            None => input.clone(),
            Some(path) => self.select(state, Some(path), input)?.into_owned(),
        };
        // With an ItemBatcher, ItemsPath has to give an array (`sfnx` 3.1.0 on PyPI measured it; one source only).
        let takes_objects = map.distributed.as_ref().is_some_and(|distributed| distributed.item_batcher.is_none());
        if let (Value::Object(members), true) = (&found, takes_objects) {
            state.note(Stage::AfterItemsPath, &found);
            return Ok(Items::of_members(members.clone()));
        }
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
        state.note(Stage::AfterItemsPath, &Value::Array(items.clone()));
        Ok(Items::of(items))
    }

    fn jsonata_items(&self, state: Visit<'_>, map: &Map, input: &Value) -> Result<Items, Failure> {
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
            (Value::Object(members), _) if map.distributed.is_some() => Ok(Items::of_members(members)),
            (other, Some(query)) => Err(query.unexpected("array", &other)),
            (other, None) => {
                let cause = format!("Map state input must be an array but was: {other}");
                Err(Failure::new(QUERY_EVALUATION_ERROR, cause))
            }
        }
    }
}
