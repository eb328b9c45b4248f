//! Paths, intrinsic functions and JSONata on data that a page has.

use asl_engine::{Documents, ExplainedExpression, Expression, Failure, QueryDocuments, StateExpression, Value};
use asl_runtime::now;

use super::object;
use crate::api::error::ApiError;

/// What a path or a call gives: `result` or `error`, which has a `name` and a `message`.
pub(super) fn jsonpath(body: &Value) -> Result<Value, ApiError> {
    let text = text(body, "path")?;
    let documents = Documents {
        input: member(body, "input"),
        context: member(body, "context"),
        variables: member(body, "variables"),
    };
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return Ok(failed("SCHEMA_VALIDATION_FAILED", &error.to_string())),
    };
    Ok(match expression.explain(&documents, seed(), 0) {
        ExplainedExpression::Path(explanation) => match explanation.outcome {
            Ok(result) => Value::from([("result", result)]),
            Err(error) => failed("States.Runtime", &format!("Invalid path '{text}' : {error}")),
        },
        ExplainedExpression::Call(call) => answered(call.outcome),
        _ => failed("States.Runtime", "it is neither a path nor a call"),
    })
}

/// What an expression gives, with or without `{% %}`.
pub(super) fn jsonata(body: &Value) -> Result<Value, ApiError> {
    let text = text(body, "expression")?;
    let documents = QueryDocuments {
        input: member(body, "input"),
        context: member(body, "context"),
        result: body.get("result").cloned(),
        error_output: body.get("errorOutput").cloned(),
        variables: member(body, "variables"),
    };
    Ok(match StateExpression::parse(text) {
        Ok(expression) => answered(expression.evaluate(&documents, now(), seed())),
        Err(error) => failed("SCHEMA_VALIDATION_FAILED", &error.to_string()),
    })
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    body[name].as_str().ok_or_else(|| ApiError::validation(format!("the body has no {name}")))
}

fn member(body: &Value, name: &str) -> Value {
    body.get(name).cloned().unwrap_or_else(Value::empty_object)
}

/// The clock is where the random functions get their numbers from.
fn seed() -> u64 {
    now().0.unsigned_abs()
}

fn answered(outcome: Result<Value, Failure>) -> Value {
    match outcome {
        Ok(result) => Value::from([("result", result)]),
        Err(failure) => {
            failed(failure.error.as_deref().unwrap_or_default(), failure.cause.as_deref().unwrap_or_default())
        }
    }
}

fn failed(name: &str, message: &str) -> Value {
    let error = object([("name", Some(name.into())), ("message", Some(message.into()))]);
    Value::from([("error", error)])
}
