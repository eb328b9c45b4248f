use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::Value;
use crate::json;

/// From this many members on, names are looked up in an index instead of one after another.
const INDEX_FROM: usize = 24;

/// The members of a JSON object in their order, shared between the values that hold it.
///
/// ```
/// use asl_engine::{Object, Value};
///
/// let members: Object = [("b", Value::from(1)), ("a", Value::Null)].into_iter().collect();
/// let changed = members.with("b", Value::from(2));
/// assert_eq!(Value::from(changed).to_string(), r#"{"b":2,"a":null}"#);
/// ```
#[derive(Clone)]
pub struct Object(Arc<Members>);

struct Members {
    entries: Vec<(Arc<str>, Value)>,
    index: Option<BTreeMap<Arc<str>, usize>>,
    json_len: usize,
    depth: usize,
}

impl Object {
    fn from_distinct(entries: Vec<(Arc<str>, Value)>, index: Option<BTreeMap<Arc<str>, usize>>) -> Self {
        let commas = entries.len().saturating_sub(1);
        let json_len = entries.iter().fold(2 + commas, |len, (name, value)| {
            value.json_len().saturating_add(len).saturating_add(json::string_len(name) + 1)
        });
        Self::made(entries, index, json_len)
    }

    fn made(entries: Vec<(Arc<str>, Value)>, index: Option<BTreeMap<Arc<str>, usize>>, json_len: usize) -> Self {
        let depth = 1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0);
        Self(Arc::new(Members { entries, index, json_len, depth }))
    }

    /// Members whose JSON text is known to be so long. Where a name is there twice, the last one wins, in the place of the first.
    pub(crate) fn measured(members: Vec<(Arc<str>, Value)>, json_len: usize) -> Self {
        if are_few_and_distinct(&members) { Self::made(members, None, json_len) } else { members.into() }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells an object from others as long as it lives.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// The value of the member `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|at| &self.0.entries[at].1)
    }

    /// The member at a position.
    pub(crate) fn at(&self, index: usize) -> Option<(&Arc<str>, &Value)> {
        self.0.entries.get(index).map(|(name, value)| (name, value))
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.0.index {
            Some(index) => index.get(name).copied(),
            None => self.0.entries.iter().position(|(key, _)| **key == *name),
        }
    }

    /// The members in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Arc<str>, &Value)> + ExactSizeIterator {
        self.0.entries.iter().map(|(name, value)| (name, value))
    }

    /// The values in the order of the members.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.entries.iter().map(|(_, value)| value)
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// This object with the member `name` set: in its place when it was there, else at the end.
    pub fn with(&self, name: impl Into<Arc<str>>, value: Value) -> Self {
        let name = name.into();
        let mut entries = Vec::with_capacity(self.0.entries.len() + 1);
        entries.extend_from_slice(&self.0.entries);
        let mut index = self.0.index.clone();
        match self.position(&name) {
            Some(at) => entries[at].1 = value,
            None => {
                match &mut index {
                    Some(index) => {
                        index.insert(name.clone(), entries.len());
                    }
                    None if entries.len() + 1 >= INDEX_FROM => {
                        entries.push((name, value));
                        return entries.into();
                    }
                    None => {}
                }
                entries.push((name, value));
            }
        }
        Self::from_distinct(entries, index)
    }

    pub(super) fn json_len(&self) -> usize {
        self.0.json_len
    }

    pub(super) fn depth(&self) -> usize {
        self.0.depth
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::from_distinct(Vec::new(), None)
    }
}

/// Whether no name is there twice, of so few that looking through them is quicker than an index.
fn are_few_and_distinct(members: &[(Arc<str>, Value)]) -> bool {
    let is_new = |(at, (name, _)): (usize, &(Arc<str>, Value))| members[..at].iter().all(|(other, _)| other != name);
    members.len() < INDEX_FROM && members.iter().enumerate().all(is_new)
}

/// The last of several equal names wins, in the place of the first.
impl From<Vec<(Arc<str>, Value)>> for Object {
    fn from(members: Vec<(Arc<str>, Value)>) -> Self {
        if are_few_and_distinct(&members) {
            return Self::from_distinct(members, None);
        }
        let mut entries: Vec<(Arc<str>, Value)> = Vec::with_capacity(members.len());
        let mut index = BTreeMap::new();
        for (name, value) in members {
            match index.get(&name) {
                Some(at) => {
                    let at: usize = *at;
                    entries[at].1 = value;
                }
                None => {
                    index.insert(name.clone(), entries.len());
                    entries.push((name, value));
                }
            }
        }
        let index = (entries.len() >= INDEX_FROM).then_some(index);
        Self::from_distinct(entries, index)
    }
}

/// The last of several equal names wins, in the place of the first.
impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        Self::from(members.into_iter().map(|(name, value)| (name.into(), value)).collect::<Vec<_>>())
    }
}

/// Equal when the same names have equal values, in any order.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_objects_find_their_members() {
        let members: Object = (0..100).map(|i| (format!("k{i}"), Value::from(i))).collect();
        assert_eq!(members.get("k77"), Some(&Value::from(77)));
        assert_eq!(members.get("k100"), None);
        let changed = members.with("k77", Value::Null).with("new", Value::from(true));
        assert_eq!((changed.get("k77"), changed.get("new")), (Some(&Value::Null), Some(&Value::from(true))));
        assert_eq!(members.get("k77"), Some(&Value::from(77)));
    }

    #[test]
    fn growing_member_by_member_keeps_order_and_lookup() {
        let mut members = Object::default();
        for i in 0..60 {
            members = members.with(format!("k{i}"), Value::from(i));
        }
        assert!(members.iter().enumerate().all(|(i, (name, _))| **name == *format!("k{i}")));
        assert_eq!(members.get("k59"), Some(&Value::from(59)));
    }

    #[test]
    fn order_does_not_matter_for_equality() {
        let one: Value = r#"{"a":1,"b":2}"#.parse().unwrap();
        let other: Value = r#"{"b":2,"a":1}"#.parse().unwrap();
        assert_eq!(one, other);
    }
}
