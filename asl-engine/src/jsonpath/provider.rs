//! Jackson's two ways of holding a document, between which Jayway's results differ.

use super::java;
use crate::value::{Number, Value};

/// Which of Jackson's providers Jayway reads a document with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// `JacksonJsonNodeJsonProvider`, a tree of nodes, which is what AWS runs. An index beyond the end of a list gives
    /// null.
    #[default]
    JsonNode,
    /// `JacksonJsonProvider`, Java's maps and lists. An index beyond the end of a list is an error.
    Jackson,
}

/// What an index beyond the end of a list gives.
pub(super) static BEYOND: Value = Value::Null;

impl Provider {
    /// What `String.valueOf` gives for a value. A `bare` one has been taken out of its node: the nodes of members are
    /// opened, those of items are not.
    pub(super) fn text_of(self, value: &Value, bare: bool) -> String {
        match (self, value) {
            (Self::Jackson, _) => java::text_of(value),
            (Self::JsonNode, Value::String(_)) if bare => java::text_of(value),
            (Self::JsonNode, _) => java::node_text_of(value),
        }
    }

    /// The number that filters compare. The nodes of whole numbers beyond 64 bits are never opened, so that these are
    /// not compared with anything.
    pub(super) fn number(self, value: Option<&Value>) -> Option<&Number> {
        match value {
            Some(Value::Number(number)) if self == Self::JsonNode && is_big(number) => None,
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// The name of the class that a value has in a filter; none for null.
    pub(super) fn class_name(self, value: &Value) -> &'static str {
        match (self, value) {
            (Self::JsonNode, Value::Array(_)) => "com.fasterxml.jackson.databind.node.ArrayNode",
            (Self::JsonNode, Value::Object(_)) => "com.fasterxml.jackson.databind.node.ObjectNode",
            (Self::JsonNode, Value::Number(number)) if is_big(number) => {
                "com.fasterxml.jackson.databind.node.BigIntegerNode"
            }
            _ => java::class_name(value),
        }
    }
}

/// Whether Jackson reads a number as a BigInteger.
fn is_big(number: &Number) -> bool {
    number.is_integer() && number.as_i64().is_none()
}
