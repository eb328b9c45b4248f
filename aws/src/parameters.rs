//! The parameters of a state as the input of an operation: names, kinds of values, and what is missing.

use std::fmt;

use asl_engine::{Object, Value};
use aws_smithy_types::base64;
use uuid::Uuid;

use crate::model::{Location, Member, Service, Shape, Style, TimeFormat};
use crate::time;

/// A value of the input, with names as they are sent and values that fit their shapes.
#[derive(Debug)]
pub(crate) enum Given {
    Text(String),
    /// A number or a boolean, as JSON has it.
    Plain(Value),
    Bytes(Vec<u8>),
    Time(::time::OffsetDateTime, Option<TimeFormat>),
    Document(Value),
    Structure(Vec<(&'static Member, Given)>),
    List(Vec<Given>),
    Map(Vec<(String, Given)>),
}

/// Why parameters do not fit an operation: texts as Step Functions has them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// They are no object.
    #[error("The parameters must be a JSON object")]
    NotAnObject,
    /// The operation has no such field.
    #[error("The field \"{0}\" is not supported by Step Functions")]
    Unknown(String),
    /// A value has another type.
    #[error("The field \"{path}\" must be {expected}")]
    Type {
        /// Where the value is, such as `Entries.Time`.
        path: String,
        /// What it has to be, such as `a number`.
        expected: &'static str,
    },
    /// A field that is a part of the path is absent or empty.
    #[error("The field \"{0}\" is required and must not be empty")]
    Missing(String),
    /// A name cannot be that of a header.
    #[error("{0:?} cannot be the name of a header")]
    HeaderName(String),
    /// A value cannot stand in its header.
    #[error("{value:?} cannot be the value of the header {name:?}")]
    HeaderValue {
        /// The name of the header.
        name: String,
        /// The value.
        value: String,
    },
}

/// Reads the parameters of an operation whose input is `structure`.
pub(crate) fn read(
    service: &'static Service,
    structure: Option<usize>,
    parameters: &Value,
    style: Style,
) -> Result<Vec<(&'static Member, Given)>, ParametersError> {
    let Some(parameters) = parameters.as_object() else {
        return Err(ParametersError::NotAnObject);
    };
    let members = structure.map_or(&[] as &[_], |structure| service.members(structure));
    Reader { service, style }.members(members, parameters, Path(None, ""))
}

struct Reader {
    service: &'static Service,
    style: Style,
}

/// Where a value is, from the inside to the outside.
#[derive(Clone, Copy)]
struct Path<'a>(Option<&'a Path<'a>>, &'a str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(outer) if !outer.1.is_empty() => write!(f, "{outer}.{}", self.1),
            _ => f.write_str(self.1),
        }
    }
}

impl Reader {
    fn members(
        &self,
        members: &'static [Member],
        parameters: &Object,
        path: Path<'_>,
    ) -> Result<Vec<(&'static Member, Given)>, ParametersError> {
        let mut given = Vec::with_capacity(parameters.len());
        for (name, value) in parameters.iter() {
            let path = Path(Some(&path), name);
            let Some(member) = members.iter().find(|member| *member.shown(self.style) == **name) else {
                return Err(ParametersError::Unknown(name.to_string()));
            };
            // A member that is null is as one that is absent.
            if *value != Value::Null {
                given.push((member, self.value(member, value, path)?));
            }
        }
        for member in members.iter().filter(|member| member.made_up) {
            if parameters.get(member.shown(self.style)).is_none_or(|value| *value == Value::Null) {
                given.push((member, Given::Text(Uuid::new_v4().to_string())));
            }
        }
        Ok(given)
    }

    fn value(&self, member: &'static Member, value: &Value, path: Path<'_>) -> Result<Given, ParametersError> {
        match (&member.shape, member.location) {
            // The content of an object, the payload of a function: any value, as JSON text.
            (Shape::Blob, Location::Body) => Ok(Given::Bytes(value.to_string().into_bytes())),
            (shape, _) => self.shaped(shape, value, path),
        }
    }

    fn shaped(&self, shape: &'static Shape, value: &Value, path: Path<'_>) -> Result<Given, ParametersError> {
        let expected = |expected| Err(ParametersError::Type { path: path.to_string(), expected });
        Ok(match shape {
            // What is not a text becomes one, so that a message can be any JSON.
            Shape::Text => Given::Text(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            Shape::Blob => match value.as_str() {
                Some(text) => match base64::decode(text) {
                    Ok(bytes) => Given::Bytes(bytes),
                    Err(_) => return expected("Base64 text, or JSON that is no text"),
                },
                None => Given::Bytes(value.to_string().into_bytes()),
            },
            Shape::Number => match (value.as_number(), value.as_str()) {
                (Some(_), _) => Given::Plain(value.clone()),
                (None, Some(text)) => match text.parse::<Value>() {
                    Ok(number) if number.as_number().is_some() => Given::Plain(number),
                    _ => return expected("a number"),
                },
                (None, None) => return expected("a number"),
            },
            Shape::Boolean => match (value.as_bool(), value.as_str()) {
                (Some(_), _) => Given::Plain(value.clone()),
                (None, Some("true")) => Given::Plain(true.into()),
                (None, Some("false")) => Given::Plain(false.into()),
                _ => return expected("true or false"),
            },
            Shape::Time(format) => match time::given(value) {
                Some(time) => Given::Time(time, *format),
                None => return expected("a timestamp such as \"2026-01-02T03:04:05Z\""),
            },
            Shape::Document => Given::Document(value.clone()),
            Shape::Structure(number) => match value.as_object() {
                Some(object) => Given::Structure(self.members(self.service.members(*number), object, path)?),
                None => return expected("an object"),
            },
            Shape::List { of, .. } => match value.as_array() {
                Some(items) => {
                    let item = |value: &Value| self.shaped(of, value, path);
                    Given::List(
                        items.iter().filter(|value| **value != Value::Null).map(item).collect::<Result<_, _>>()?,
                    )
                }
                None => return expected("an array"),
            },
            Shape::Map { of, .. } => match value.as_object() {
                Some(entries) => {
                    let entry = |(name, value): (&std::sync::Arc<str>, &Value)| {
                        Ok((name.to_string(), self.shaped(of, value, Path(Some(&path), name))?))
                    };
                    let present = entries.iter().filter(|(_, value)| **value != Value::Null);
                    Given::Map(present.map(entry).collect::<Result<_, ParametersError>>()?)
                }
                None => return expected("an object"),
            },
        })
    }
}

impl Given {
    /// As JSON; times are seconds where nothing else is said.
    pub(crate) fn json(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Plain(value) | Self::Document(value) => value,
            Self::Bytes(bytes) => base64::encode(bytes).into(),
            Self::Time(time, None | Some(TimeFormat::Unix)) => time::seconds(time),
            Self::Time(time, Some(format)) => time::text(time, format).into(),
            Self::Structure(members) => {
                members.into_iter().map(|(member, value)| (member.wire, value.json())).collect()
            }
            Self::List(items) => items.into_iter().map(Self::json).collect(),
            Self::Map(entries) => entries.into_iter().map(|(name, value)| (name, value.json())).collect(),
        }
    }

    /// As text, where it is a single value; `times` is how times are written where nothing else is said.
    pub(crate) fn text(&self, times: TimeFormat) -> Option<String> {
        Some(match self {
            Self::Text(text) => text.clone(),
            Self::Plain(value) | Self::Document(value) => value.to_string(),
            Self::Bytes(bytes) => base64::encode(bytes),
            Self::Time(time, format) => time::text(*time, format.unwrap_or(times)),
            Self::Structure(_) | Self::List(_) | Self::Map(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(service: &str, action: &str, parameters: &str) -> Result<String, ParametersError> {
        sent_by(Style::Sdk, service, action, parameters)
    }

    fn sent_by(style: Style, service: &str, action: &str, parameters: &str) -> Result<String, ParametersError> {
        let service = Service::find(service).unwrap();
        let input = service.operation(action).unwrap().input;
        let members = read(service, input, &parameters.parse().unwrap(), style)?;
        Ok(Given::Structure(members).json().to_string())
    }

    #[test]
    fn parameters_become_what_the_service_reads() {
        for (service, action, parameters, expected) in [
            // Keys of a map are not names of members.
            (
                "dynamodb",
                "putItem",
                r#"{"TableName":"t","Item":{"Name":{"S":"x"},"m":{"M":{"Key":{"N":"1"}}}},"ReturnValues":null}"#,
                r#"{"TableName":"t","Item":{"Name":{"S":"x"},"m":{"M":{"Key":{"N":"1"}}}}}"#,
            ),
            (
                "sfn",
                "startExecution",
                r#"{"StateMachineArn":"a","Input":{"A":1}}"#,
                r#"{"stateMachineArn":"a","input":"{\"A\":1}"}"#,
            ),
            (
                "ecs",
                "runTask",
                r#"{"TaskDefinition":"t","Overrides":{"ContainerOverrides":[{"Environment":[{"Name":"A","Value":1}]}]},"ClientToken":"c"}"#,
                r#"{"taskDefinition":"t","overrides":{"containerOverrides":[{"environment":[{"name":"A","value":"1"}]}]},"clientToken":"c"}"#,
            ),
            (
                "eventbridge",
                "putEvents",
                r#"{"Entries":[{"Time":"2023-11-14T22:13:20Z","Detail":{"a":[]}}]}"#,
                r#"{"Entries":[{"Time":1700000000,"Detail":"{\"a\":[]}"}]}"#,
            ),
            (
                "kms",
                "encrypt",
                r#"{"KeyId":"k","Plaintext":"aGk=","EncryptionContext":{"a":"b"}}"#,
                r#"{"KeyId":"k","Plaintext":"aGk=","EncryptionContext":{"a":"b"}}"#,
            ),
            ("kms", "encrypt", r#"{"Plaintext":{"a":1}}"#, r#"{"Plaintext":"eyJhIjoxfQ=="}"#),
            (
                "sqs",
                "sendMessage",
                r#"{"QueueUrl":"q","MessageBody":[1],"DelaySeconds":"5"}"#,
                r#"{"QueueUrl":"q","MessageBody":"[1]","DelaySeconds":5}"#,
            ),
        ] {
            assert_eq!(sent(service, action, parameters).as_deref(), Ok(expected), "{action} {parameters}");
        }
    }

    #[test]
    fn parameters_that_do_not_fit_are_refused() {
        for (service, action, parameters, expected) in [
            ("dynamodb", "putItem", "[]", "The parameters must be a JSON object"),
            (
                "dynamodb",
                "putItem",
                r#"{"Tablename":"t"}"#,
                "The field \"Tablename\" is not supported by Step Functions",
            ),
            (
                "ecs",
                "runTask",
                r#"{"Overrides":{"containerOverrides":[]}}"#,
                "The field \"containerOverrides\" is not supported by Step Functions",
            ),
            ("dynamodb", "putItem", r#"{"Item":[]}"#, "The field \"Item\" must be an object"),
            ("dynamodb", "query", r#"{"Limit":"many"}"#, "The field \"Limit\" must be a number"),
            ("dynamodb", "query", r#"{"ScanIndexForward":1}"#, "The field \"ScanIndexForward\" must be true or false"),
            ("eventbridge", "putEvents", r#"{"Entries":{}}"#, "The field \"Entries\" must be an array"),
            (
                "eventbridge",
                "putEvents",
                r#"{"Entries":[{"Time":"now"}]}"#,
                "The field \"Entries.Time\" must be a timestamp such as \"2026-01-02T03:04:05Z\"",
            ),
            (
                "kms",
                "encrypt",
                r#"{"Plaintext":"?"}"#,
                "The field \"Plaintext\" must be Base64 text, or JSON that is no text",
            ),
        ] {
            assert_eq!(sent(service, action, parameters).unwrap_err().to_string(), expected, "{parameters}");
        }
    }

    /// `sfnx` 3.1.0 (PyPI): measured.
    #[test]
    fn members_have_the_names_of_the_sdk_or_of_the_model() {
        let item = |name: &str| format!(r#"{{"TableName":"t","Item":{{"k":{{"{name}":true}}}}}}"#);
        let unknown = |name: &str| Err(ParametersError::Unknown(name.to_owned()));
        for (style, right, wrong) in [(Style::Sdk, "Bool", "BOOL"), (Style::Optimized, "BOOL", "Bool")] {
            assert_eq!(sent_by(style, "dynamodb", "putItem", &item(right)), Ok(item("BOOL")), "{style:?}");
            assert_eq!(sent_by(style, "dynamodb", "putItem", &item(wrong)), unknown(wrong), "{style:?}");
        }
        assert_eq!(sent("dynamodb", "putItem", &item("Nul")), Ok(item("NULL")));
    }

    #[test]
    fn an_idempotency_token_is_made_up() {
        let sent = sent("secretsmanager", "createSecret", r#"{"Name":"n","ClientRequestToken":null}"#).unwrap();
        let sent: Value = sent.parse().unwrap();
        assert_eq!(sent["ClientRequestToken"].as_str().map(str::len), Some(36));
    }
}
