//! What an expression computes with: JSON values as they came in, and what only JSONata has.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::function::Function;
use super::quote::{quoted, quoted_number};
use crate::value::{Array, Number, Object, Value};

/// A value during evaluation. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub(super) enum Datum {
    /// Nothing at all, which is not `null`.
    Undefined,
    /// JSON. Numbers keep their text as long as nobody computes with them.
    Json(Value),
    /// A computed number; it may be infinite or NaN until somebody uses it.
    Number(f64),
    /// An array that the expression has made.
    List(Rc<List>),
    /// An object that the expression has made and that holds more than JSON.
    Record(Rc<Record>),
    Function(Rc<Function>),
    /// One row of a path with `@`, `#` or `%`.
    Tuple(Rc<Tuple>),
}

/// An array with what JSONata remembers about it.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub(super) items: Vec<Datum>,
    pub(super) flags: Flags,
    extent: Extent,
}

/// How much there is below an array or object, itself included.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    depth: usize,
    weight: usize,
}

impl Extent {
    fn around<'a>(parts: impl Iterator<Item = &'a Datum>) -> Self {
        let mut around = Self { depth: 0, weight: 2 };
        for part in parts {
            around.depth = around.depth.max(part.depth());
            around.weight = around.weight.saturating_add(part.weight() + 1);
        }
        Self { depth: around.depth + 1, ..around }
    }
}

/// What JSONata remembers about an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// The result of a path: one item stands for itself, none is nothing.
    pub(super) sequence: bool,
    /// Written as `[…]`: a path does not take it apart.
    pub(super) cons: bool,
    /// A sequence of one item that stays an array (`[]`).
    pub(super) keep_singleton: bool,
    /// Its items are tuples.
    pub(super) tuples: bool,
    /// The wrapper around an input that is an array itself.
    pub(super) outer: bool,
}

impl Flags {
    pub(super) const SEQUENCE: Self =
        Self { sequence: true, cons: false, keep_singleton: false, tuples: false, outer: false };
    pub(super) const CONS: Self =
        Self { sequence: false, cons: true, keep_singleton: false, tuples: false, outer: false };
}

/// Values by name, in the order in which the names came.
pub(super) type ByName<T = Datum> = IndexMap<Arc<str>, T, foldhash::fast::RandomState>;

/// The members of an object, some of which are functions or arrays with flags.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) members: ByName,
    extent: Extent,
}

/// One row of a path with `@`, `#` or `%`: its value and the variables that go with it.
#[derive(Clone, Debug)]
pub(super) struct Tuple {
    pub(super) value: Datum,
    pub(super) bindings: Vec<(Arc<str>, Datum)>,
}

impl Tuple {
    /// Sets a variable, in the place of an older one of that name.
    pub(super) fn bind(&mut self, name: &Arc<str>, value: Datum) {
        match self.bindings.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.bindings.push((name.clone(), value)),
        }
    }
}

/// The JSONata type of a datum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
    Function,
}

/// The items of an array, whoever made it.
#[derive(Clone, Copy)]
pub(super) enum Items<'a> {
    Json(&'a [Value]),
    List(&'a [Datum]),
}

impl<'a> Items<'a> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::List(items) => items.len(),
        }
    }

    pub(super) fn get(self, index: usize) -> Option<Datum> {
        match self {
            Self::Json(items) => items.get(index).cloned().map(Datum::Json),
            Self::List(items) => items.get(index).cloned(),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Datum> + 'a {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}

/// The members of an object, whoever made it.
#[derive(Clone, Copy)]
pub(super) enum Members<'a> {
    Json(&'a Object),
    Record(&'a Record),
}

impl<'a> Members<'a> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Json(members) => members.len(),
            Self::Record(record) => record.members.len(),
        }
    }

    pub(super) fn get(self, name: &str) -> Option<Datum> {
        match self {
            Self::Json(members) => members.get(name).cloned().map(Datum::Json),
            Self::Record(record) => record.members.get(name).cloned(),
        }
    }

    pub(super) fn iter(self) -> Box<dyn Iterator<Item = (Arc<str>, Datum)> + 'a> {
        match self {
            Self::Json(members) => {
                Box::new(members.iter().map(|(name, value)| (name.clone(), Datum::Json(value.clone()))))
            }
            Self::Record(record) => Box::new(record.members.iter().map(|(name, value)| (name.clone(), value.clone()))),
        }
    }
}

impl Datum {
    pub(super) const NULL: Self = Self::Json(Value::Null);

    /// An array without flags.
    pub(super) fn array(items: Vec<Datum>) -> Self {
        Self::list(items, Flags::default())
    }

    /// The result of a path or of a function that filters.
    pub(super) fn sequence(items: Vec<Datum>) -> Self {
        Self::list(items, Flags::SEQUENCE)
    }

    pub(super) fn list(items: Vec<Datum>, flags: Flags) -> Self {
        let extent = Extent::around(items.iter());
        Self::List(Rc::new(List { items, flags, extent }))
    }

    /// An object.
    pub(super) fn object(members: ByName) -> Self {
        if members.values().all(|member| matches!(member, Self::Json(_))) {
            let json = |(name, member)| match member {
                Self::Json(value) => (name, value),
                _ => (name, Value::Null),
            };
            return Self::Json(Value::Object(members.into_iter().map(json).collect()));
        }
        let extent = Extent::around(members.values());
        Self::Record(Rc::new(Record { members, extent }))
    }

    pub(super) fn string(text: impl Into<Arc<str>>) -> Self {
        Self::Json(Value::String(text.into()))
    }

    pub(super) fn boolean(value: bool) -> Self {
        Self::Json(Value::Bool(value))
    }

    pub(super) fn function(function: Function) -> Self {
        Self::Function(Rc::new(function))
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Undefined => Kind::Undefined,
            Self::Json(Value::Null) => Kind::Null,
            Self::Json(Value::Bool(_)) => Kind::Boolean,
            Self::Json(Value::Number(_)) | Self::Number(_) => Kind::Number,
            Self::Json(Value::String(_)) => Kind::String,
            Self::Json(Value::Array(_)) | Self::List(_) => Kind::Array,
            Self::Json(Value::Object(_)) | Self::Record(_) | Self::Tuple(_) => Kind::Object,
            Self::Function(_) => Kind::Function,
        }
    }

    pub(super) fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    pub(super) fn is_array(&self) -> bool {
        self.kind() == Kind::Array
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Json(Value::Number(number)) => Some(number.as_f64()),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&Arc<str>> {
        match self {
            Self::Json(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Json(Value::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_function(&self) -> Option<&Rc<Function>> {
        match self {
            Self::Function(function) => Some(function),
            _ => None,
        }
    }

    /// The items of an array.
    pub(super) fn items(&self) -> Option<Items<'_>> {
        match self {
            Self::Json(Value::Array(items)) => Some(Items::Json(items)),
            Self::List(list) => Some(Items::List(&list.items)),
            _ => None,
        }
    }

    /// The members of an object.
    pub(super) fn members(&self) -> Option<Members<'_>> {
        match self {
            Self::Json(Value::Object(members)) => Some(Members::Json(members)),
            Self::Record(record) => Some(Members::Record(record)),
            _ => None,
        }
    }

    /// What JSONata remembers about an array; nothing of any other datum.
    pub(super) fn flags(&self) -> Flags {
        match self {
            Self::List(list) => list.flags,
            _ => Flags::default(),
        }
    }

    /// The same array with other flags; any other datum as it is.
    pub(super) fn with_flags(self, change: impl FnOnce(&mut Flags)) -> Self {
        match self {
            Self::List(mut list) => {
                change(&mut Rc::make_mut(&mut list).flags);
                Self::List(list)
            }
            Self::Json(Value::Array(items)) => {
                let mut flags = Flags::default();
                change(&mut flags);
                Self::list(items.iter().cloned().map(Datum::Json).collect(), flags)
            }
            other => other,
        }
    }

    /// The items of an array, or the datum itself as the one item; none of nothing.
    pub(super) fn into_items(self) -> Vec<Datum> {
        match self {
            Self::Undefined => Vec::new(),
            Self::List(list) => Rc::try_unwrap(list).map_or_else(|list| list.items.clone(), |list| list.items),
            Self::Json(Value::Array(items)) => items.iter().cloned().map(Datum::Json).collect(),
            other => vec![other],
        }
    }

    /// Whether it is a function, or an array or object with one in it.
    pub(super) fn holds_function(&self) -> bool {
        match self {
            Self::Function(_) => true,
            Self::List(list) => list.items.iter().any(Self::holds_function),
            Self::Record(record) => record.members.values().any(Self::holds_function),
            Self::Tuple(tuple) => tuple.value.holds_function(),
            Self::Undefined | Self::Json(_) | Self::Number(_) => false,
        }
    }

    /// How deeply arrays, objects and functions nest. Constant time.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Json(value) => value.depth(),
            Self::List(list) => list.extent.depth,
            Self::Record(record) => record.extent.depth,
            Self::Function(function) => function.depth(),
            Self::Tuple(tuple) => tuple.value.depth(),
            Self::Undefined | Self::Number(_) => 0,
        }
    }

    /// About how many bytes its JSON has; what is shared counts each time. Constant time.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Json(Value::String(text)) => text.len(),
            Self::Json(value @ (Value::Array(_) | Value::Object(_))) => value.json_len(),
            Self::List(list) => list.extent.weight,
            Self::Record(record) => record.extent.weight,
            Self::Tuple(tuple) => tuple.value.weight(),
            _ => 1,
        }
    }

    /// A text or a number as messages quote it.
    pub(super) fn quoted(&self) -> String {
        match self.as_f64() {
            Some(value) => quoted_number(value),
            None => self.as_str().map_or_else(|| "undefined".to_owned(), |text| quoted(text)),
        }
    }

    /// The JSON of it: `None` for nothing and for functions, which are left out of objects and `null` in arrays.
    pub(super) fn to_value(&self) -> Option<Value> {
        match self {
            Self::Undefined | Self::Function(_) => None,
            Self::Json(Value::Number(value)) => Some(Value::Number(value.clone().in_java())),
            Self::Json(value) => Some(value.clone()),
            Self::Number(value) => Some(number(*value)),
            Self::List(list) => {
                let items = list.items.iter().map(|item| item.to_value().unwrap_or(Value::Null));
                Some(Value::Array(items.collect::<Array>()))
            }
            Self::Record(record) => Some(Value::Object(
                record.members.iter().filter_map(|(name, member)| Some((name.clone(), member.to_value()?))).collect(),
            )),
            Self::Tuple(tuple) => tuple.value.to_value(),
        }
    }
}

/// The JSON of a computed number as AWS, which runs Java, writes it: whole numbers of 64 bits without a fraction, others as
/// doubles; what JSON has no number for is a text.
fn number(value: f64) -> Value {
    match Number::computed(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

impl From<f64> for Datum {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<Value> for Datum {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}
