//! Objects: `{key: value}`, by itself and behind a path.

use std::rc::Rc;

use super::ast::Node;
use super::datum::{ByName, Datum, Tuple};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};
use super::function::Scope;
use super::functions;
use super::quote::quoted;
use super::tuple::{tuple, tuple_scope};

impl Evaluator<'_> {
    /// Groups items by the keys that they give, and evaluates the value of each group.
    pub(super) fn group(
        &mut self,
        pairs: &[(Node, Node)],
        input: &Datum,
        scope: &Rc<Scope>,
        position: usize,
    ) -> Result<Datum, JsonataError> {
        let is_stream = input.flags().tuples;
        let mut items: Vec<Datum> = match input.items() {
            Some(items) => items.iter().collect(),
            None => vec![input.clone()],
        };
        if items.is_empty() {
            items.push(Datum::Undefined);
        }
        let mut groups: ByName<(usize, Vec<Datum>)> = ByName::default();
        for item in items {
            let (context, inner) = match &item {
                Datum::Tuple(row) if is_stream => (row.value.clone(), tuple_scope(scope, row)),
                _ => (item.clone(), scope.clone()),
            };
            for (at, (key, _)) in pairs.iter().enumerate() {
                let key = self.evaluate(key, &context, &inner)?;
                let Some(name) = key.as_str() else {
                    if key.is_undefined() {
                        continue;
                    }
                    let key = functions::json(self, &key)?;
                    let message = format!("Key in object structure must evaluate to a string; got: {key}");
                    return Err(JsonataError::new("T1003", message).at(position));
                };
                self.spend(name.len() / 16)?;
                match groups.get_mut(name) {
                    None => {
                        groups.insert(name.clone(), (at, vec![item.clone()]));
                    }
                    Some((first, data)) if *first == at => data.push(item.clone()),
                    Some(_) => {
                        let message = format!("Multiple key definitions evaluate to same key: {}", quoted(name));
                        return Err(JsonataError::new("D1009", message).at(position));
                    }
                }
            }
        }
        self.allocate(groups.len() * ITEM_BYTES)?;
        let mut result = ByName::with_capacity_and_hasher(groups.len(), Default::default());
        for (name, (at, data)) in groups {
            let (context, inner) = match is_stream {
                true => {
                    let row = reduced(data);
                    let inner = tuple_scope(scope, &row);
                    (row.value, inner)
                }
                false => (appended(data), scope.clone()),
            };
            let value = self.evaluate(&pairs[at].1, &context, &inner)?;
            if !value.is_undefined() {
                result.insert(name, value);
            }
        }
        Ok(Datum::object(result))
    }
}

/// Several values in one: the only one, or an array of all items of all.
fn appended(values: Vec<Datum>) -> Datum {
    match <[Datum; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(values) => Datum::array(values.into_iter().flat_map(Datum::into_items).collect()),
    }
}

/// All tuples of a group in one.
fn reduced(rows: Vec<Datum>) -> Tuple {
    let mut values = Vec::with_capacity(rows.len());
    let mut bindings: ByName<Vec<Datum>> = ByName::default();
    for row in rows {
        let Datum::Tuple(row) = tuple(row) else { continue };
        values.push(row.value.clone());
        for (name, value) in &row.bindings {
            bindings.entry(name.clone()).or_default().push(value.clone());
        }
    }
    let bindings = bindings.into_iter().map(|(name, values)| (name, appended(values))).collect();
    Tuple { value: appended(values), bindings }
}
