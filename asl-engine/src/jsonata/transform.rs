//! `|pattern|update,delete|`: a copy of a value with changes in some of its objects.
//!
//! The reference implementation changes the objects of the copy in place, one match after another: an update sees the
//! changes before it, and an object that was put in somewhere else changes there, too. Values cannot change here; instead the
//! members that an object has by now are kept aside, and values are put together with them where they are looked at.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::TransformNode;
use super::datum::{Datum, Members};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES, too_deep};
use super::function::Scope;
use super::functions;
use crate::value::{Array, Object, Value};

/// What has become of the objects of a copy.
#[derive(Default)]
struct Changes {
    /// The members by now, by the address of the object in the copy.
    members: HashMap<usize, Object>,
    /// Objects put together since then, by their addresses: the address of that in the copy. Each is held, so that no other
    /// object gets its address.
    origins: HashMap<usize, (usize, Object)>,
}

impl Changes {
    /// The address in the copy, and the members by now.
    fn look_up<'a>(&'a self, object: &'a Object) -> (usize, &'a Object) {
        let address = object.address();
        let address = self.origins.get(&address).map_or(address, |(origin, _)| *origin);
        (address, self.members.get(&address).unwrap_or(object))
    }
}

/// Objects put together in one go, by their addresses in the copy; `None` while that is going on.
type Made = HashMap<usize, Option<Object>>;

impl Evaluator<'_> {
    /// Copies a value and changes the objects that the pattern finds in it.
    pub(super) fn transform(
        &mut self,
        node: &TransformNode,
        value: Datum,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        if value.is_undefined() {
            return Ok(Datum::Undefined);
        }
        let copy = self.fresh_copy(value, scope, node.position)?;
        let matches = self.evaluate(&node.pattern, &copy, scope)?;
        let mut changes = Changes::default();
        for found in matches.into_items() {
            let by_now = self.by_now(&found, &mut changes)?;
            let update = self.evaluate(&node.update, &by_now, scope)?;
            if update.members().is_none() && !update.is_undefined() {
                let update = functions::json(self, &update)?;
                let message = format!(
                    "The insert/update clause of the transform expression must evaluate to an object: {update}"
                );
                return Err(JsonataError::new("T2011", message).at(node.update.position));
            }
            if let Datum::Json(Value::Object(object)) = &found {
                let (address, members) = changes.look_up(object);
                let members = self.updated(members, &update)?;
                changes.members.insert(address, members);
            }
            let Some(delete) = &node.delete else { continue };
            let by_now = self.by_now(&found, &mut changes)?;
            let names = self.evaluate(delete, &by_now, scope)?;
            let Some(names) = member_names(&names) else {
                let names = functions::json(self, &names)?;
                let message = format!(
                    "The delete clause of the transform expression must evaluate to a string or array of strings: {names}"
                );
                return Err(JsonataError::new("T2012", message).at(delete.position));
            };
            if let Datum::Json(Value::Object(object)) = &found {
                let (address, members) = changes.look_up(object);
                let members = without(members, &names);
                changes.members.insert(address, members);
            }
        }
        self.by_now(&copy, &mut changes)
    }

    /// An object with other members, or more of them.
    fn updated(&mut self, members: &Object, update: &Datum) -> Result<Object, JsonataError> {
        let mut members = members.clone();
        for (name, value) in update.members().into_iter().flat_map(Members::iter) {
            self.spend(members.len())?;
            members = match value.to_value() {
                Some(value) => members.with(name, value),
                None => without(&members, &[name]),
            };
        }
        Ok(members)
    }

    /// A copy in which every object is one of its own.
    fn fresh_copy(&mut self, value: Datum, scope: &Scope, position: usize) -> Result<Datum, JsonataError> {
        let clone = self.find("clone", scope).unwrap_or(Datum::Undefined);
        if clone.as_function().is_none() {
            let message = "The transform expression clones the input object using the $clone() function.  This has been overridden in the current scope by a non-function.";
            return Err(JsonataError::new("T2013", message).at(position));
        }
        let cloned = self.call(&clone, vec![value])?.to_value().unwrap_or(Value::Null);
        self.spend(cloned.json_len() / 8)?;
        Ok(Datum::Json(fresh(&cloned)))
    }

    /// A value as the changes have made it.
    fn by_now(&mut self, value: &Datum, changes: &mut Changes) -> Result<Datum, JsonataError> {
        match value {
            Datum::Json(value) if !changes.members.is_empty() => {
                self.put_together(value, changes, &mut Made::new()).map(Datum::Json)
            }
            other => Ok(other.clone()),
        }
    }

    fn put_together(&mut self, value: &Value, changes: &mut Changes, made: &mut Made) -> Result<Value, JsonataError> {
        self.spend(1)?;
        match value {
            Value::Array(items) => {
                let mut parts = Vec::with_capacity(items.len());
                for item in items.iter() {
                    parts.push(self.put_together(item, changes, made)?);
                }
                let is_same = items.iter().zip(&parts).all(|(item, part)| is_kept(item, part));
                Ok(if is_same { value.clone() } else { Value::Array(parts.into_iter().collect::<Array>()) })
            }
            Value::Object(object) => self.object_by_now(object, changes, made).map(Value::Object),
            scalar => Ok(scalar.clone()),
        }
    }

    fn object_by_now(
        &mut self,
        object: &Object,
        changes: &mut Changes,
        made: &mut Made,
    ) -> Result<Object, JsonataError> {
        let (address, members) = changes.look_up(object);
        match made.get(&address) {
            Some(Some(known)) => return Ok(known.clone()),
            // It has been put into itself.
            Some(None) => return Err(too_deep()),
            None => made.insert(address, None),
        };
        let members = members.clone();
        let mut parts = Vec::with_capacity(members.len());
        for (name, member) in members.iter() {
            parts.push((name.clone(), self.put_together(member, changes, made)?));
        }
        let is_same = object.address() == members.address()
            && members.iter().zip(&parts).all(|((_, member), (_, part))| is_kept(member, part));
        let by_now = if is_same {
            object.clone()
        } else {
            self.allocate(parts.len() * ITEM_BYTES)?;
            let by_now: Object = parts.into_iter().collect();
            changes.origins.insert(by_now.address(), (address, by_now.clone()));
            by_now
        };
        made.insert(address, Some(by_now.clone()));
        Ok(by_now)
    }
}

/// Whether putting a value together has left it as it was.
fn is_kept(value: &Value, part: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_)) || value.is_same(part)
}

fn fresh(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(fresh).collect::<Array>()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), fresh(member))).collect())
        }
        other => other.clone(),
    }
}

/// The names of members to leave out: none of nothing, `None` where they are no names.
fn member_names(names: &Datum) -> Option<Vec<Arc<str>>> {
    match names.items() {
        Some(items) => items.iter().map(|item| item.as_str().cloned()).collect(),
        None if names.is_undefined() => Some(Vec::new()),
        None => Some(vec![names.as_str()?.clone()]),
    }
}

/// An object without some members.
fn without(members: &Object, names: &[Arc<str>]) -> Object {
    members.iter().filter(|(name, _)| !names.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}
