//! What is known of a value before anything runs: which members it has at most.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::path::PathExpr;
use crate::placeholder;
use crate::reference_path::ReferencePath;
use crate::value::Value;

/// What is known of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing.
    Any,
    /// It has no other members than these. A list, a text or a number has none.
    Only(Arc<BTreeMap<Arc<str>, Shape>>),
}

/// Up to how many members of an object are told apart.
const MEMBERS: usize = 100;

impl Shape {
    /// It has no members.
    pub(crate) fn nothing() -> Self {
        Self::Only(Arc::default())
    }

    pub(crate) fn of_members(members: impl Iterator<Item = (Arc<str>, Self)>) -> Self {
        let members: BTreeMap<_, _> = members.collect();
        let known = members.len() <= MEMBERS && !members.keys().any(|name| placeholder::is_in(name));
        if known { Self::Only(Arc::new(members)) } else { Self::Any }
    }

    /// What is known of a constant. A text with a placeholder may become anything.
    pub(crate) fn of_value(value: &Value) -> Self {
        match value {
            Value::Object(members) => {
                Self::of_members(members.iter().map(|(name, value)| (name.clone(), Self::of_value(value))))
            }
            Value::String(text) if placeholder::is_in(text) => Self::Any,
            _ => Self::nothing(),
        }
    }

    /// What a path leaves of it; `null` leaves an empty object.
    pub(crate) fn under(&self, path: Option<&PathExpr>) -> Self {
        let Some(path) = path else { return Self::nothing() };
        if path.is_whole_input() {
            return self.clone();
        }
        // A path that finds nothing ends the execution.
        Self::Any
    }

    /// It with a value put into it by a ResultPath.
    pub(crate) fn with(&self, path: Option<&ReferencePath>, value: Self) -> Self {
        match path.map(ReferencePath::names) {
            None => self.clone(),
            Some(None) => Self::Any,
            Some(Some(names)) => self.with_at(&names, value),
        }
    }

    fn with_at(&self, names: &[&Arc<str>], value: Self) -> Self {
        let Some((name, rest)) = names.split_first() else { return value };
        let Self::Only(members) = self else { return Self::Any };
        let inner = members.get(*name).cloned().unwrap_or_else(Self::nothing).with_at(rest, value);
        let mut members = BTreeMap::clone(members);
        members.insert((*name).clone(), inner);
        Self::of_members(members.into_iter())
    }

    /// What is known of a value that is either.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let (Self::Only(one), Self::Only(two)) = (self, other) else { return Self::Any };
        if one == two {
            return self.clone();
        }
        let mut members = BTreeMap::clone(one);
        for (name, shape) in two.iter() {
            let joined = members.get(name).map_or_else(|| shape.clone(), |known| known.or(shape));
            members.insert(name.clone(), joined);
        }
        Self::of_members(members.into_iter())
    }

    /// The first of these names, each in the value of the one before, that it has not, and the members that there are.
    pub(crate) fn lacks<'n>(&self, names: &[&'n Arc<str>]) -> Option<(&'n str, &BTreeMap<Arc<str>, Self>)> {
        let mut shape = self;
        for name in names {
            let Self::Only(members) = shape else { return None };
            match members.get(*name) {
                Some(inner) => shape = inner,
                None => return Some((name, members)),
            }
        }
        None
    }
}
