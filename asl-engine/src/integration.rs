//! What tasks take: their fields, which of them are required, and the kinds of their values.
//!
//! AWS holds the parameters against this before a task is scheduled. The tables come from the host, for the models of AWS's services
//! are not the engine's business. Texts: `must be a STRING`, `must be an INTEGER`, `has an invalid format`, `is not supported by Step
//! Functions` and `contains unsupported values` as users quote them from AWS; the words for the other kinds are in their likeness.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::intrinsic::Call;
use crate::path::PathExpr;
use crate::value::{Object, Value};

/// Headers that API Gateway does not let a caller set, in small letters; so are all that start with one of [`SET_BY_AWS`].
///
/// AWS developer guide, "Create API Gateway REST APIs with Step Functions".
const NOT_SETTABLE: [&str; 14] = [
    "authorization",
    "connection",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
];

const SET_BY_AWS: [&str; 2] = ["x-forwarded", "x-amz"];

/// The parameters that an action takes, read from its table.
#[derive(Debug)]
pub(crate) struct Parameters {
    kind: Kind,
    shapes: Vec<Shape>,
}

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    String,
    Integer,
    Number,
    Boolean,
    /// An object of lists.
    Lists,
    /// The same, as headers that a caller may set.
    Headers,
    /// What the shape at this position says.
    Shape(usize),
}

#[derive(Debug)]
enum Shape {
    Structure {
        /// In the order of their names.
        members: Vec<(Arc<str>, Kind)>,
        required: Vec<Arc<str>>,
    },
    List(Kind),
    Map(Kind),
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Any => "ANY",
            Self::String => "STRING",
            Self::Integer => "INTEGER",
            Self::Number => "NUMBER",
            Self::Boolean => "BOOLEAN",
            Self::Lists | Self::Headers | Self::Shape(_) => "OBJECT",
        }
    }
}

impl Parameters {
    /// Those of a table as [`Program::with_inputs`](crate::Program::with_inputs) takes it.
    pub(crate) fn of(table: &Value) -> Self {
        let Table { shape, shapes } = Table::of(table);
        let mut reader = Reader { table: shapes, names: Vec::new(), shapes: Vec::new() };
        let kind = reader.kind(shape);
        while let Some(name) = reader.names.get(reader.shapes.len()) {
            let shape = &shapes[*name];
            let shape = reader.shape(shape);
            reader.shapes.push(shape);
        }
        Self { kind, shapes: reader.shapes }
    }

    /// Holds evaluated parameters against them. The error is AWS's cause, without the words about the state.
    pub(crate) fn check(&self, parameters: &Value) -> Result<(), String> {
        let mut check = Check { shapes: &self.shapes, faults: Vec::new() };
        match (self.kind, parameters) {
            (Kind::Shape(shape), Value::Object(_)) => check.shape("", shape, parameters),
            (Kind::Shape(_), _) => check.faults.push("The parameters must be a JSON object".to_owned()),
            _ => {}
        }
        refused(parameters, &check.faults)
    }
}

/// Reads the shapes of a table that can be reached.
struct Reader<'a> {
    table: &'a Value,
    /// The names of the shapes, in the order in which they were met.
    names: Vec<&'a str>,
    shapes: Vec<Shape>,
}

impl<'a> Reader<'a> {
    fn kind(&mut self, kind: &'a Value) -> Kind {
        match kind.as_str() {
            Some("STRING") => Kind::String,
            Some("INTEGER") => Kind::Integer,
            Some("NUMBER") => Kind::Number,
            Some("BOOLEAN") => Kind::Boolean,
            Some("LISTS") => Kind::Lists,
            Some("HEADERS") => Kind::Headers,
            Some(kind) => match kind.strip_prefix('#').filter(|name| self.table.get(name).is_some()) {
                None => Kind::Any,
                Some(name) => {
                    let known = self.names.iter().position(|other| *other == name);
                    Kind::Shape(known.unwrap_or_else(|| {
                        self.names.push(name);
                        self.names.len() - 1
                    }))
                }
            },
            None => Kind::Any,
        }
    }

    fn shape(&mut self, shape: &'a Value) -> Shape {
        if let Some(items) = shape.get("items") {
            return Shape::List(self.kind(items));
        }
        if let Some(values) = shape.get("values") {
            return Shape::Map(self.kind(values));
        }
        let members = shape["members"].as_object().into_iter().flat_map(Object::iter);
        let mut members: Vec<(Arc<str>, Kind)> = members.map(|(name, kind)| (name.clone(), self.kind(kind))).collect();
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        let required = shape["required"].as_array().into_iter().flat_map(|names| names.iter());
        Shape::Structure { members, required: required.filter_map(Value::as_str).map(Arc::from).collect() }
    }
}

/// Whether names that end in `.$`, which a template reads as paths, are left in evaluated parameters: AWS reads them again.
///
/// Seen with a task token under `"taskToken.$.$"`; the error is AWS's cause, without the words about the state.
pub(crate) fn check_paths(parameters: &Value) -> Result<(), String> {
    fn walk(value: &Value, faults: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, faults)),
            Value::Object(members) => {
                for (name, value) in members.iter() {
                    match name.ends_with(".$") && !is_path(value) {
                        true => faults.push(format!(
                            "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
                        )),
                        false => walk(value, faults),
                    }
                }
            }
            _ => {}
        }
    }
    let mut faults = Vec::new();
    walk(parameters, &mut faults);
    refused(parameters, &faults)
}

fn is_path(value: &Value) -> bool {
    let Value::String(text) = value else { return false };
    let nowhere = Span::default();
    match text.starts_with("States.") {
        true => Call::parse(text, nowhere).is_ok(),
        false => text.starts_with('$') && PathExpr::parse(text, nowhere).is_ok(),
    }
}

fn refused(parameters: &Value, faults: &[String]) -> Result<(), String> {
    match faults {
        [] => Ok(()),
        faults => {
            Err(format!("The Parameters '{parameters}' could not be used to start the Task: [{}]", faults.join(", ")))
        }
    }
}

/// The fields that an action takes.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    /// That of the parameters: `#` and a name.
    pub(crate) shape: &'a Value,
    /// All shapes by their names.
    pub(crate) shapes: &'a Value,
}

impl<'a> Table<'a> {
    pub(crate) fn of(table: &'a Value) -> Self {
        Self { shape: &table["shape"], shapes: &table["shapes"] }
    }
}

struct Check<'a> {
    shapes: &'a [Shape],
    faults: Vec<String>,
}

impl Check<'_> {
    fn members(&mut self, known: &[(Arc<str>, Kind)], required: &[Arc<str>], members: &Object) {
        for (name, value) in members.iter() {
            match known.binary_search_by(|(known, _)| known.cmp(name)) {
                Ok(at) => self.value(name, known[at].1, value),
                Err(_) => self.faults.push(format!("The field \"{name}\" is not supported by Step Functions")),
            }
        }
        for name in required {
            if members.get(name).is_none() {
                self.faults.push(format!("The field '{name}' is required but was missing"));
            }
        }
    }

    /// `field` is the name of the nearest member, which texts name.
    fn value(&mut self, field: &str, kind: Kind, value: &Value) {
        let fits = match (kind, value) {
            (_, Value::Null) | (Kind::Any, _) => true,
            // An object or a list becomes its JSON text: messages, payloads and inputs are given so.
            (Kind::String, Value::String(_) | Value::Object(_) | Value::Array(_)) => true,
            (Kind::Integer, Value::Number(number)) => number.as_f64().fract() == 0.0,
            (Kind::Number, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) => true,
            (Kind::Lists | Kind::Headers, _) => return self.lists(field, kind == Kind::Headers, value),
            (Kind::Shape(shape), _) => return self.shape(field, shape, value),
            (Kind::String | Kind::Integer | Kind::Number | Kind::Boolean, _) => false,
        };
        if !fits {
            self.wrong_kind(field, kind.name());
        }
    }

    fn shape(&mut self, field: &str, shape: usize, value: &Value) {
        match (&self.shapes[shape], value) {
            (Shape::List(kind), Value::Array(items)) => items.iter().for_each(|item| self.value(field, *kind, item)),
            (Shape::List(_), _) => self.wrong_kind(field, "ARRAY"),
            (Shape::Map(kind), Value::Object(members)) => {
                members.iter().for_each(|(name, value)| self.value(name, *kind, value));
            }
            (Shape::Structure { members: known, required }, Value::Object(members)) => {
                self.members(known, required, members);
            }
            (Shape::Map(_) | Shape::Structure { .. }, _) => self.wrong_kind(field, "OBJECT"),
        }
    }

    fn lists(&mut self, field: &str, are_headers: bool, value: &Value) {
        let lists = value.as_object().filter(|lists| lists.values().all(|list| list.as_array().is_some()));
        let Some(lists) = lists else {
            return self.faults.push(format!("The value of the field '{field}' has an invalid format"));
        };
        let names = lists.iter().map(|(name, _)| name.to_ascii_lowercase());
        let refused = |name: &String| {
            NOT_SETTABLE.contains(&name.as_str()) || SET_BY_AWS.iter().any(|start| name.starts_with(start))
        };
        let refused: Vec<String> = names.filter(|name| are_headers && refused(name)).collect();
        if !refused.is_empty() {
            self.faults.push(format!("The '{field}' field contains unsupported values: [{}]", refused.join(", ")));
        }
    }

    fn wrong_kind(&mut self, field: &str, kind: &str) {
        let article = if kind.starts_with(['A', 'I', 'O']) { "an" } else { "a" };
        self.faults.push(format!("The value for the field '{field}' must be {article} {kind}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_can_be_inside_themselves() {
        let table = r##"{"shape":"#0","shapes":{"0":{"members":{"A":"#1"},"required":[]},"1":{"items":"#0"}}}"##;
        let table: Value = table.parse().unwrap();
        let known = Parameters::of(&table);
        let told = |parameters: &str| known.check(&parameters.parse().unwrap());
        assert_eq!(told(r#"{"A":[{},{"A":null}]}"#), Ok(()));
        let refused = told(r#"{"A":[{"a":1}]}"#).unwrap_err();
        assert!(refused.ends_with(r#"[The field "a" is not supported by Step Functions]"#), "{refused}");
    }

    #[test]
    fn names_of_paths_left_in_parameters_are_read_as_paths() {
        let told = |parameters: &str| check_paths(&parameters.parse().unwrap());
        assert_eq!(
            told(r#"{"Payload":{"l":[{"taskToken.$":"AQ"}],"a.$":"$.a","b.$":"States.UUID()"}}"#),
            Err(r#"The Parameters '{"Payload":{"l":[{"taskToken.$":"AQ"}],"a.$":"$.a","b.$":"States.UUID()"}}' could not be used to start the Task: [The value for the field 'taskToken.$' must be a valid JSONPath or a valid intrinsic function call]"#.to_owned())
        );
        assert_eq!(told(r#"{"Payload":{"a":"AQ","$":1}}"#), Ok(()));
    }
}
