//! What integrations take and answer, as tables for the engine, which holds parameters and mocked results against them.
//!
//! `api-models/inputs/` has what the optimized integrations take: `inputs.py` makes it from the models that AWS publishes and from the
//! pages below "Integrating optimized services with Step Functions" of the developer guide. `api-models/outputs/` has what the services
//! answer that state machines call most: `outputs.py` makes it. What the integrations of the AWS SDK take is in the model of every
//! service.

use std::sync::OnceLock;

use asl_engine::Value;

use crate::inputs::input_table;
use crate::model::{Style, capital};
use crate::resource::sdk_operation;

/// What the actions of a service take.
struct Inputs {
    /// As optimized integrations name the service.
    name: &'static str,
    text: &'static str,
    /// Read when it is first asked for.
    table: OnceLock<Value>,
}

/// What the operations of a service answer.
struct Outputs {
    /// The names by which resources call the service.
    names: &'static [&'static str],
    text: &'static str,
}

macro_rules! inputs {
    ($($name:literal)+) => {
        [$(Inputs {
            name: $name,
            text: include_str!(concat!("../api-models/inputs/", $name, ".json")),
            table: OnceLock::new(),
        }),+]
    };
}

macro_rules! outputs {
    ($($file:literal: $($name:literal)|+),+ $(,)?) => {
        [$(Outputs { names: &[$($name),+], text: include_str!(concat!("../api-models/outputs/", $file, ".json")) }),+]
    };
}

static INPUTS: [Inputs; 21] = inputs! {
    "apigateway" "athena" "batch" "bedrock" "codebuild" "databrew" "dynamodb" "ecs" "eks" "elasticmapreduce" "emr-containers"
    "emr-serverless" "events" "glue" "http" "lambda" "mediaconvert" "sagemaker" "sns" "sqs" "states"
};

/// An AWS SDK integration has the name of the service in the SDK, an optimized integration one of its own.
const OUTPUTS: [Outputs; 25] = outputs! {
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

/// The fields that the parameters of a resource may have, for [`Program::with_inputs`](asl_engine::Program::with_inputs): of the
/// optimized integrations and of those of the AWS SDK, with or without a pattern such as `.sync`.
pub fn parameter_table(resource: &str) -> Option<Value> {
    let named = named(resource)?;
    if named.starts_with("aws-sdk:") {
        let (service, operation) = sdk_operation(named)?;
        return input_table(service, operation, Style::Sdk);
    }
    let (service, action) = named.split_once(':')?;
    let inputs = INPUTS.iter().find(|known| known.name == service)?;
    let table = inputs.table.get_or_init(|| inputs.text.parse().unwrap_or_default());
    let shape = table["actions"].get(action.split('.').next()?)?;
    Some(Value::from([("shape", shape.clone()), ("shapes", table["shapes"].clone())]))
}

/// What the API behind a resource answers, for [`TestState::outputs`](asl_engine::test_state::TestState::outputs). The patterns `.sync`
/// and `.waitForTaskToken` answer something else, of which no model tells.
pub fn result_table(resource: &str) -> Option<Value> {
    let named = named(resource)?;
    // The service may be that of an integration of the AWS SDK, which has a colon too.
    let (service, action) = named.rsplit_once(':')?;
    let outputs = OUTPUTS.iter().find(|known| known.names.contains(&service))?;
    let model: Value = outputs.text.parse().ok()?;
    let name = model["outputs"].get(&capital(action))?.as_str()?;
    Some(Value::from([("shape", Value::from(format!("#{name}"))), ("shapes", model["shapes"].clone())]))
}

/// `SERVICE:ACTION` of an integration.
fn named(resource: &str) -> Option<&str> {
    let mut parts = resource.splitn(6, ':');
    (parts.nth(2) == Some("states")).then(|| parts.nth(2))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_can_be_read_and_names_shapes_that_it_has() {
        for service in &INPUTS {
            let table: Value = service.text.parse().unwrap();
            let (actions, shapes) = (table["actions"].as_object().unwrap(), table["shapes"].as_object().unwrap());
            for shape in actions.values() {
                let name = shape.as_str().unwrap().strip_prefix('#').unwrap();
                assert!(shapes.get(name).is_some(), "{} {shape}", service.name);
            }
            for shape in shapes.values() {
                let members = shape["members"].as_object().into_iter().flat_map(asl_engine::Object::values);
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
    fn every_model_can_be_read_and_names_shapes_that_it_has() {
        fn targets(value: &Value, out: &mut Vec<String>) {
            match value {
                Value::String(text) => out.extend(text.strip_prefix('#').map(str::to_owned)),
                Value::Object(members) => members.values().for_each(|value| targets(value, out)),
                _ => {}
            }
        }
        for service in &OUTPUTS {
            let model: Value = service.text.parse().unwrap();
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
    fn every_action_of_a_table_is_an_integration() {
        for service in &INPUTS {
            let table: Value = service.text.parse().unwrap();
            for (action, _) in table["actions"].as_object().unwrap().iter() {
                let resource = format!("arn:aws:states:::{}:{action}", service.name);
                let task = format!(r#"{{"Type":"Task","Resource":"{resource}","End":true}}"#);
                let machine = format!(r#"{{"StartAt":"T","States":{{"T":{task}}}}}"#);
                assert!(asl_engine::Program::parse(&machine).is_ok(), "{resource}");
                assert!(parameter_table(&resource).is_some(), "{resource}");
            }
        }
    }

    #[test]
    fn resources_have_tables_by_what_they_name() {
        for (resource, takes, answers) in [
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", true, false),
            ("arn:aws:states:us-east-1:123456789012:sns:publish", true, true),
            ("arn:aws:states:::states:startExecution.sync:2", true, false),
            ("arn:aws:states:::aws-sdk:kms:encrypt", true, true),
            ("arn:aws:states:::aws-sdk:unheardof:encrypt", false, false),
            ("arn:aws:states:::lambda:unheardOf", false, false),
            ("arn:aws:states:::xray:putTraceSegments", false, false),
            ("arn:aws:states:us-east-1:123456789012:activity:a", false, false),
            ("arn:aws:lambda:us-east-1:123456789012:function:f", false, false),
            ("", false, false),
        ] {
            let found = (parameter_table(resource).is_some(), result_table(resource).is_some());
            assert_eq!(found, (takes, answers), "{resource}");
        }
    }
}
