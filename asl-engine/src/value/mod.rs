//! JSON values as an execution passes them on: immutable, shared and cheap to clone.

mod array;
mod number;
mod object;
mod preview;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

pub use array::Array;
pub(crate) use array::Numbers;
pub use number::Number;
pub(crate) use number::double_text;
pub use object::Object;
pub use preview::cut;

use crate::json::{self, JsonError};

/// One JSON value. Cloning copies a pointer, never the data below it.
///
/// `Display` writes compact JSON text (keys in their order, numbers as they were read), and indented text for `{:#}`;
/// `FromStr` reads JSON text.
///
/// ```
/// use asl_engine::Value;
///
/// let value: Value = r#"{"id": 12345678901234567890, "tags": ["a"]}"#.parse().unwrap();
/// assert_eq!(value.get("tags").unwrap()[0].as_str(), Some("a"));
/// assert_eq!(value.to_string(), r#"{"id":12345678901234567890,"tags":["a"]}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// `12`, `1.50`, `1e3`: the text is kept
    Number(Number),
    /// `"text"`
    String(Arc<str>),
    /// `[1, 2]`
    Array(Array),
    /// `{"a": 1}`
    Object(Object),
}

impl Value {
    /// An empty object, `{}`.
    pub fn empty_object() -> Self {
        Self::Object(Object::default())
    }

    /// What JSON calls its type: `null`, `boolean`, `number`, `string`, `array` or `object`.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean of a boolean value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number of a number value.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The whole number of a number value, when it has no fraction and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The items of an array value.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object value.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member `name` of an object value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object().and_then(|members| members.get(name))
    }

    /// Whether both are one and the same text, array or object, which costs nothing to see. Equal ones need not be.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::String(left), Self::String(right)) => Arc::ptr_eq(left, right),
            (Self::Array(left), Self::Array(right)) => left.is_same(right),
            (Self::Object(left), Self::Object(right)) => left.is_same(right),
            _ => false,
        }
    }

    /// The compact JSON text, as `to_string` gives it, without a copy in between.
    pub fn json_text(&self) -> String {
        json::text(self)
    }

    /// How many bytes the compact JSON text of this value has. Constant time for arrays and objects.
    pub fn json_len(&self) -> usize {
        match self {
            Self::Null => 4,
            Self::Bool(true) => 4,
            Self::Bool(false) => 5,
            Self::Number(number) => number.json_len(),
            Self::String(text) => json::string_len(text),
            Self::Array(items) => items.json_len(),
            Self::Object(members) => members.json_len(),
        }
    }

    /// Tells a text, an array or an object from others as long as one of those that share it lives; other values have none.
    pub fn address(&self) -> Option<usize> {
        match self {
            Self::String(text) => Some(text.as_ptr() as usize),
            Self::Array(items) => Some(items.address()),
            Self::Object(members) => Some(members.address()),
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
        }
    }

    /// How deeply arrays and objects nest: 0 for a scalar, 1 for `[]`. Constant time.
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(items) => items.depth(),
            Self::Object(members) => members.depth(),
            _ => 0,
        }
    }
}

impl std::ops::Index<usize> for Value {
    type Output = Value;

    /// The item at `index`; `null` where the value is no array or has no such item.
    fn index(&self, index: usize) -> &Value {
        self.as_array().and_then(|items| items.get(index)).unwrap_or(&Value::Null)
    }
}

impl std::ops::Index<&str> for Value {
    type Output = Value;

    /// The member `name`; `null` where the value is no object or has no such member.
    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::from(i64::from(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::from(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::String(text)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<Array> for Value {
    fn from(items: Array) -> Self {
        Self::Array(items)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items.into())
    }
}

impl From<Object> for Value {
    fn from(members: Object) -> Self {
        Self::Object(members)
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        Self::Object(members.into_iter().collect())
    }
}

impl<K: Into<Arc<str>>, const N: usize> From<[(K, Value); N]> for Value {
    fn from(members: [(K, Value); N]) -> Self {
        members.into_iter().collect()
    }
}

impl FromStr for Value {
    type Err = JsonError;

    fn from_str(text: &str) -> Result<Self, JsonError> {
        json::parse_value(text)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return f.write_str(&json::pretty(self));
        }
        f.write_str(&self.json_text())
    }
}

/// Numbers beyond what `serde_json` holds become the nearest `f64`, and `null` where that is infinite.
impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => number.to_serde_json(),
            Value::String(text) => Self::String(text.to_string()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.iter().map(|(name, value)| (name.to_string(), Self::from(value))).collect())
            }
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::Number(Number::from_json_text(&number.to_string())),
            serde_json::Value::String(text) => Self::from(text.as_str()),
            serde_json::Value::Array(items) => items.iter().map(Self::from).collect(),
            serde_json::Value::Object(members) => {
                members.iter().map(|(name, value)| (name.as_str(), Self::from(value))).collect()
            }
        }
    }
}

/// Saved as its JSON text, so that any format keeps it exactly.
impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl serde::Serialize for Array {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::Array(self.clone()).serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Array {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Array(items) => Ok(items),
            other => Err(serde::de::Error::custom(format!("expected an array, found {other}"))),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_len_is_the_length_of_the_text() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-12",
            "1.50",
            "1e400",
            "[]",
            "{}",
            r#"[1,"a\n\u0001é"]"#,
            r#"{"a":{"b":[1,2,{"c":"\"\\"}]},"é":null}"#,
            "123456789012345678901234567890",
        ] {
            let value: Value = text.parse().unwrap();
            assert_eq!(value.to_string(), text);
            assert_eq!(value.json_len(), text.len(), "{text}");
        }
    }

    #[test]
    fn a_saved_value_comes_back_exactly() {
        let value: Value = r#"{"n":[1.0,1,-0,1E5,9007199254740993],"s":"\u0000"}"#.parse().unwrap();
        let saved = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&saved).unwrap(), value);
    }

    #[test]
    fn the_last_of_two_equal_keys_wins_in_the_place_of_the_first() {
        let value: Value = r#"{"a":1,"b":2,"a":3}"#.parse().unwrap();
        assert_eq!(value.to_string(), r#"{"a":3,"b":2}"#);
    }
}
