//! What optimized integrations take: their fields, which of them are required, and the kinds of their values.
//!
//! AWS holds the parameters against this before a task is scheduled. `api-models/inputs/` has the tables, which `inputs.py` there
//! makes from the models that AWS publishes and from the pages below "Integrating optimized services with Step Functions" of the
//! developer guide. Texts: `must be a STRING`, `must be an INTEGER`, `has an invalid format`, `is not supported by Step Functions` and
//! `contains unsupported values` as users quote them from AWS; the words for the other kinds are in their likeness.

use std::sync::{Arc, OnceLock};

use crate::diagnostic::Span;
use crate::intrinsic::Call;
use crate::path::PathExpr;
use crate::value::{Object, Value};

/// A service, and the table of its actions.
struct Service {
    name: &'static str,
    text: &'static str,
    /// The table, from when it is first asked for.
    table: OnceLock<Value>,
}

macro_rules! services {
    ($($name:literal)+) => {
        [$(Service {
            name: $name,
            text: include_str!(concat!("../api-models/inputs/", $name, ".json")),
            table: OnceLock::new(),
        }),+]
    };
}

static SERVICES: [Service; 21] = services! {
    "apigateway" "athena" "batch" "bedrock" "codebuild" "databrew" "dynamodb" "ecs" "eks" "elasticmapreduce" "emr-containers"
    "emr-serverless" "events" "glue" "http" "lambda" "mediaconvert" "sagemaker" "sns" "sqs" "states"
};

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
    /// Those of `SERVICE:ACTION`, with or without a pattern such as `.sync`: from the table that is `told`, or from that of an
    /// optimized integration. What has no table takes anything.
    pub(crate) fn of(service: &str, action: &str, told: Option<&Value>) -> Option<Self> {
        let Table { shape, shapes } = table(service, action, told)?;
        let mut reader = Reader { table: shapes, names: Vec::new(), shapes: Vec::new() };
        let kind = reader.kind(shape);
        while let Some(name) = reader.names.get(reader.shapes.len()) {
            let shape = &shapes[*name];
            let shape = reader.shape(shape);
            reader.shapes.push(shape);
        }
        Some(Self { kind, shapes: reader.shapes })
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

/// The table of an action: the one that is `told`, or that of an optimized integration.
pub(crate) fn table<'a>(service: &str, action: &str, told: Option<&'a Value>) -> Option<Table<'a>> {
    if let Some(table) = told {
        return Some(Table { shape: &table["shape"], shapes: &table["shapes"] });
    }
    let service = SERVICES.iter().find(|known| known.name == service)?;
    let table = service.table.get_or_init(|| service.text.parse().unwrap_or_default());
    let action = action.split('.').next().unwrap_or_default();
    Some(Table { shape: table["actions"].get(action)?, shapes: &table["shapes"] })
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

    fn faults(integration: &str, parameters: &str) -> String {
        let (service, action) = integration.split_once(':').unwrap();
        let parameters: Value = parameters.parse().unwrap();
        let checked = Parameters::of(service, action, None).map_or(Ok(()), |known| known.check(&parameters));
        let Err(refused) = checked else { return String::new() };
        let before = format!("The Parameters '{parameters}' could not be used to start the Task: ");
        refused.strip_prefix(&before).unwrap().to_owned()
    }

    #[test]
    fn every_table_can_be_read_and_names_shapes_that_it_has() {
        for service in &SERVICES {
            let table: Value = service.text.parse().unwrap();
            let (actions, shapes) = (table["actions"].as_object().unwrap(), table["shapes"].as_object().unwrap());
            for shape in actions.values() {
                let name = shape.as_str().unwrap().strip_prefix('#').unwrap();
                assert!(shapes.get(name).is_some(), "{} {shape}", service.name);
            }
            for shape in shapes.values() {
                let members = shape["members"].as_object().into_iter().flat_map(Object::values);
                for kind in members.chain([&shape["items"], &shape["values"]]).filter_map(Value::as_str) {
                    let known = ["STRING", "INTEGER", "NUMBER", "BOOLEAN", "ANY", "LISTS", "HEADERS"].contains(&kind);
                    let named = kind.strip_prefix('#').is_some_and(|name| shapes.get(name).is_some());
                    assert!(known || named, "{} {kind}", service.name);
                }
                for name in shape["required"].as_array().into_iter().flat_map(|names| names.iter()) {
                    assert!(shape["members"].get(name.as_str().unwrap()).is_some(), "{} {name}", service.name);
                }
            }
        }
    }

    #[test]
    fn every_action_of_a_table_is_an_integration() {
        for service in &SERVICES {
            let table: Value = service.text.parse().unwrap();
            for (action, _) in table["actions"].as_object().unwrap().iter() {
                let resource = format!("arn:aws:states:::{}:{action}", service.name);
                let state = format!(r#"{{"Type":"Task","Resource":"{resource}","End":true}}"#);
                assert!(crate::Program::parse_state(&state).is_ok(), "{resource}");
            }
        }
    }

    /// Quoted by users of AWS: Stack Overflow 76373088 (Payload), 65623332 (Headers); aws-cdk issue 12284 (Size, from when the
    /// machine is created); Classmethod, "tsnote-step-functions-api-gateway-call-fails-to-save-state-machine" (authorization).
    #[test]
    fn wrong_parameters_are_told_in_the_words_of_aws() {
        for (integration, parameters, expected) in [
            (
                "lambda:invoke",
                r#"{"FunctionName":"add","Payload":1}"#,
                "[The value for the field 'Payload' must be a STRING]",
            ),
            (
                "apigateway:invoke",
                r#"{"ApiEndpoint":"e","Method":"GET","Headers":{"a":"b"}}"#,
                "[The value of the field 'Headers' has an invalid format]",
            ),
            (
                "apigateway:invoke",
                r#"{"ApiEndpoint":"e","Method":"GET","QueryParameters":"?a=b"}"#,
                "[The value of the field 'QueryParameters' has an invalid format]",
            ),
            (
                "apigateway:invoke.waitForTaskToken",
                r#"{"ApiEndpoint":"e","Method":"GET","Headers":{"Authorization":["b"],"X-Amz-Date":["d"],"x-a":["c"]}}"#,
                "[The 'Headers' field contains unsupported values: [authorization, x-amz-date]]",
            ),
            (
                "batch:submitJob.sync",
                r#"{"JobName":"j","JobQueue":"q","JobDefinition":"d","ArrayProperties":{"Size":"5"}}"#,
                "[The value for the field 'Size' must be an INTEGER]",
            ),
            (
                "dynamodb:putItem",
                r#"{"TableName":"t","Item":{"id":{"S":5},"l":{"L":[{"BOOL":"true"}]}}}"#,
                "[The value for the field 'S' must be a STRING, The value for the field 'BOOL' must be a BOOLEAN]",
            ),
            (
                "ecs:runTask.sync",
                r#"{"TaskDefinition":"t","Overrides":{"ContainerOverrides":[{"Environment":[{"name":"A","Value":1}]}]}}"#,
                "[The field \"name\" is not supported by Step Functions, The value for the field 'Value' must be a STRING]",
            ),
            ("glue:startJobRun.sync", "{}", "[The field 'JobName' is required but was missing]"),
            ("sns:publish", r#"{"TopicArn":"t","Subject":"s"}"#, "[The field 'Message' is required but was missing]"),
            (
                "lambda:invoke",
                r#"{"Payload":{},"TaskToken":"t"}"#,
                "[The field \"TaskToken\" is not supported by Step Functions, The field 'FunctionName' is required but was missing]",
            ),
            ("ecs:runTask", r#"{"TaskDefinition":"t","Tags":{}}"#, "[The value for the field 'Tags' must be an ARRAY]"),
            (
                "glue:startJobRun",
                r#"{"JobName":"j","Arguments":[]}"#,
                "[The value for the field 'Arguments' must be an OBJECT]",
            ),
            ("sqs:sendMessage", "[]", "[The parameters must be a JSON object]"),
        ] {
            assert_eq!(faults(integration, parameters), expected, "{integration}");
        }
    }

    /// The first four stand in recorded executions.
    #[test]
    fn sound_parameters_pass() {
        for (integration, parameters) in [
            ("lambda:invoke", r#"{"FunctionName":"f","Payload":[1]}"#),
            ("lambda:invoke", r#"{"FunctionName":"f","Payload":null}"#),
            ("sns:publish", r#"{"TopicArn":"t","Message":{"a":1}}"#),
            ("states:startExecution.sync:2", r#"{"StateMachineArn":"m","Input":{"a":1}}"#),
            ("emr-serverless:createApplication.sync", r#"{"Name":"a","ReleaseLabel":"emr-6.9.0","Type":"SPARK"}"#),
            ("aws-sdk:lambda:invoke", r#"{"Anything":1}"#),
            ("xray:putTraceSegments", "{}"),
            ("lambda:unheardOf", "{}"),
        ] {
            assert_eq!(faults(integration, parameters), "", "{integration}");
        }
    }

    #[test]
    fn a_table_that_is_told_comes_first() {
        let table = r##"{"shape":"#0","shapes":{"0":{"members":{"A":"#1"},"required":[]},"1":{"items":"#0"}}}"##;
        let table: Value = table.parse().unwrap();
        let known = Parameters::of("aws-sdk:x", "y", Some(&table)).unwrap();
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
