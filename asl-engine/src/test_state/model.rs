//! Mocked results held against what the API of a service answers.
//!
//! `api-models/` holds the models of the services that state machines call most, as AWS publishes them. What belongs to no
//! model there is not checked; neither are the patterns `.sync` and `.waitForTaskToken`, which answer something else.

use std::borrow::Cow;

use super::MockCheck;
use crate::sdk_names::sdk_member_name;
use crate::value::{Number, Value};

/// The names by which `Resource` calls a service, and its model.
struct Service {
    names: &'static [&'static str],
    model: &'static str,
}

macro_rules! services {
    ($($file:literal: $($name:literal)|+),+ $(,)?) => {
        [$(Service { names: &[$($name),+], model: include_str!(concat!("../../api-models/", $file, ".json")) }),+]
    };
}

/// An AWS SDK integration has the name of the service in the SDK, an optimized integration one of its own.
const SERVICES: [Service; 25] = services! {
    "athena": "athena" | "aws-sdk:athena",
    "batch": "batch" | "aws-sdk:batch",
    "bedrock-runtime": "aws-sdk:bedrockruntime",
    "cloudwatch": "aws-sdk:cloudwatch",
    "codebuild": "codebuild" | "aws-sdk:codebuild",
    "dynamodb": "dynamodb" | "aws-sdk:dynamodb",
    "ecs": "ecs" | "aws-sdk:ecs",
    "events": "events" | "aws-sdk:eventbridge",
    "kinesis": "aws-sdk:kinesis",
    "kms": "aws-sdk:kms",
    "lambda": "lambda" | "aws-sdk:lambda",
    "logs": "aws-sdk:cloudwatchlogs",
    "rds-data": "aws-sdk:rdsdata",
    "redshift-data": "aws-sdk:redshiftdata",
    "s3": "aws-sdk:s3",
    "scheduler": "aws-sdk:scheduler",
    "secretsmanager": "aws-sdk:secretsmanager",
    "sesv2": "aws-sdk:sesv2",
    "sns": "sns" | "aws-sdk:sns",
    "sqs": "sqs" | "aws-sdk:sqs",
    "ssm": "aws-sdk:ssm",
    "stepfunctions": "states" | "aws-sdk:sfn",
    "sts": "aws-sdk:sts",
    "textract": "aws-sdk:textract",
    "translate": "aws-sdk:translate",
};

/// Holds a result against the model of an action, with `strict` for its required fields too.
///
/// The error says what does not fit, in AWS's words.
pub(super) fn check(service: &str, action: &str, result: &Value, strict: bool) -> Result<MockCheck, String> {
    let known = SERVICES.iter().find(|known| known.names.contains(&service));
    let Some(Ok(model)) = known.map(|known| known.model.parse::<Value>()) else { return Ok(MockCheck::NoModel) };
    let Some(output) = model["outputs"].get(&capital(action)).and_then(Value::as_str) else {
        return Ok(MockCheck::NoModel);
    };
    // The optimized integration reads the JSON that a function answers.
    let free = (service == "lambda").then_some("Payload");
    let sdk = service.strip_prefix("aws-sdk:");
    Check { shapes: &model["shapes"], strict, free, sdk }.shape("", &model["shapes"][output], result)?;
    Ok(MockCheck::Fits)
}

fn capital(action: &str) -> String {
    let mut letters = action.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

struct Check<'a> {
    shapes: &'a Value,
    strict: bool,
    /// A field that holds anything.
    free: Option<&'a str>,
    /// The service of an AWS SDK integration, whose members have other names than those of the model.
    sdk: Option<&'a str>,
}

impl Check<'_> {
    /// `target` is the name of a kind, or `#` and the name of a shape.
    fn target(&self, field: &str, target: &Value, value: &Value) -> Result<(), String> {
        let target = target.as_str().unwrap_or_default();
        match target.strip_prefix('#') {
            Some(shape) => self.shape(field, &self.shapes[shape], value),
            None => kind(field, target, value),
        }
    }

    fn shape(&self, field: &str, shape: &Value, value: &Value) -> Result<(), String> {
        kind(field, shape["type"].as_str().unwrap_or_default(), value)?;
        bounds(field, shape, value)?;
        match value {
            Value::Object(members) => match &shape["members"] {
                Value::Object(known) => {
                    let required = shape["required"].as_array().map(|names| &**names).unwrap_or_default();
                    for (name, target) in known.iter().filter(|(name, _)| Some(&***name) != self.free) {
                        let shown = self.sdk.map_or(Cow::Borrowed(&**name), |service| sdk_member_name(service, name));
                        match members.get(&shown) {
                            Some(value) => self.target(&shown, target, value)?,
                            None if self.strict && required.iter().any(|known| known.as_str() == Some(name)) => {
                                return Err(format!("Required field '{shown}' is missing"));
                            }
                            None => {}
                        }
                    }
                    Ok(())
                }
                _ => members.iter().try_for_each(|(name, value)| self.target(name, &shape["values"], value)),
            },
            Value::Array(items) => items.iter().try_for_each(|item| self.target(field, &shape["items"], item)),
            _ => Ok(()),
        }
    }
}

/// Whether a value is of a kind, as the models name it; a kind that is none of theirs is any.
fn kind(field: &str, kind: &str, value: &Value) -> Result<(), String> {
    fits(kind, value).map_err(|wanted| match field {
        "" => format!("The result must be {wanted}"),
        _ => format!("Field '{field}' must be {wanted}"),
    })
}

/// The same; the error says what it would have to be.
pub(super) fn fits(kind: &str, value: &Value) -> Result<(), &'static str> {
    let (fits, name) = match kind {
        "string" => (matches!(value, Value::String(_)), "a string"),
        "number" => (matches!(value, Value::Number(_)), "a number"),
        "boolean" => (matches!(value, Value::Bool(_)), "a boolean"),
        "array" => (matches!(value, Value::Array(_)), "an array"),
        "object" | "map" => (matches!(value, Value::Object(_)), "an object"),
        _ => (true, "anything"),
    };
    if fits { Ok(()) } else { Err(name) }
}

/// The bounds of a text (its length) or a number.
fn bounds(field: &str, shape: &Value, value: &Value) -> Result<(), String> {
    let (size, below, above) = match value {
        Value::String(text) => {
            let size = text.chars().count() as f64;
            (size, "is smaller than the minimum length", "exceeds the maximum length")
        }
        Value::Number(number) => (number.as_f64(), "is less than the minimum value", "exceeds the maximum value"),
        _ => return Ok(()),
    };
    let bound = |name: &str| shape[name].as_number().map(Number::as_f64);
    let words = shape["enum"].as_array();
    let fault = if words.is_some_and(|words| !words.contains(value)) {
        "is not an expected value"
    } else if bound("min").is_some_and(|least| size < least) {
        below
    } else if bound("max").is_some_and(|most| size > most) {
        above
    } else {
        return Ok(());
    };
    Err(format!("Field '{field}' {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use MockCheck::{Fits, NoModel};

    #[test]
    fn every_model_can_be_read_and_names_shapes_that_it_has() {
        fn targets(value: &Value, out: &mut Vec<String>) {
            match value {
                Value::String(text) => out.extend(text.strip_prefix('#').map(str::to_owned)),
                Value::Object(members) => members.values().for_each(|value| targets(value, out)),
                _ => {}
            }
        }
        for service in &SERVICES {
            let model: Value = service.model.parse().unwrap();
            let shapes = model["shapes"].as_object().unwrap();
            let outputs = model["outputs"].as_object().unwrap();
            let mut named: Vec<String> = outputs.values().map(|name| name.as_str().unwrap().to_owned()).collect();
            for shape in shapes.values() {
                for part in ["members", "values", "items"] {
                    targets(&shape[part], &mut named);
                }
            }
            for name in named {
                assert!(shapes.get(&name).is_some(), "{:?} names the shape {name}", service.names);
            }
        }
    }

    #[test]
    fn results_are_held_against_their_model() {
        let cases = [
            ("aws-sdk:kms", "encrypt", r#"{"CiphertextBlob":"x","New":1}"#, Ok(Fits)),
            ("aws-sdk:kms", "encrypt", "[]", Err("The result must be an object")),
            ("aws-sdk:kms", "noSuchAction", "[]", Ok(NoModel)),
            ("aws-sdk:unheardof", "encrypt", "[]", Ok(NoModel)),
            ("states", "startExecution.sync", "{}", Ok(NoModel)),
            ("states", "startExecution", "{}", Err("Required field 'ExecutionArn' is missing")),
            ("lambda", "invoke", r#"{"Payload":{"a":1}}"#, Ok(Fits)),
            ("aws-sdk:lambda", "invoke", r#"{"Payload":{"a":1}}"#, Err("Field 'Payload' must be a string")),
            ("dynamodb", "getItem", r#"{"Item":{"k":{"M":{"n":{"N":"1"}}}}}"#, Ok(Fits)),
            ("dynamodb", "getItem", r#"{"Item":{"k":{"M":{"n":{"N":1}}}}}"#, Err("Field 'N' must be a string")),
            ("dynamodb", "getItem", r#"{"Item":{"k":{"L":[{"BOOL":1}]}}}"#, Err("Field 'BOOL' must be a boolean")),
            (
                "aws-sdk:dynamodb",
                "getItem",
                r#"{"Item":{"k":{"L":[{"Bool":1}]}}}"#,
                Err("Field 'Bool' must be a boolean"),
            ),
            ("aws-sdk:dynamodb", "getItem", r#"{"Item":{"k":{"BOOL":1}}}"#, Ok(Fits)),
        ];
        for (service, action, result, expected) in cases {
            let result = result.parse().unwrap();
            assert_eq!(check(service, action, &result, true), expected.map_err(str::to_owned), "{service}:{action}");
        }
        assert_eq!(check("states", "startExecution", &Value::empty_object(), false), Ok(Fits));
    }
}
