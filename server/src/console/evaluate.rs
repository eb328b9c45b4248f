//! Paths, intrinsic functions and JSONata on data that a page has.

use std::sync::Arc;

use asl_engine::{Documents, QueryDocuments, Value};

use crate::api::error::ApiError;
use crate::server::Shared;

/// What tells how expressions come to their results, as JSON with `result` or `error`: the texts for people are not the server's.
#[derive(Clone, Copy, Debug)]
pub struct Explain {
    /// A path, or a call of an intrinsic function.
    pub jsonpath: fn(&str, Documents) -> Value,
    /// An expression in JSONata, with or without `{% %}`.
    pub jsonata: fn(&str, QueryDocuments) -> Value,
}

/// What a path or a call gives, and how.
pub(super) fn jsonpath(shared: &Arc<Shared>, body: &Value) -> Result<Value, ApiError> {
    let documents = Documents {
        input: member(body, "input"),
        context: member(body, "context"),
        variables: member(body, "variables"),
    };
    Ok((shared.explain.jsonpath)(text(body, "path")?, documents))
}

/// What an expression gives, and how.
pub(super) fn jsonata(shared: &Arc<Shared>, body: &Value) -> Result<Value, ApiError> {
    let documents = QueryDocuments {
        input: member(body, "input"),
        context: member(body, "context"),
        result: body.get("result").cloned(),
        error_output: body.get("errorOutput").cloned(),
        variables: member(body, "variables"),
    };
    Ok((shared.explain.jsonata)(text(body, "expression")?, documents))
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    body[name].as_str().ok_or_else(|| ApiError::validation(format!("the body has no {name}")))
}

fn member(body: &Value, name: &str) -> Value {
    body.get(name).cloned().unwrap_or_else(Value::empty_object)
}
