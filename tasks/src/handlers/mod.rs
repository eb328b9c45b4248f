//! What a route can name as its `handler`: one file for each kind.

pub(crate) mod batch;
pub(crate) mod consolidate;
pub(crate) mod download;
#[cfg(all(unix, feature = "functions"))]
mod function;
pub(crate) mod http;
mod input;
#[cfg(feature = "wasm")]
mod wasm;

use asl_engine::{Failure, Value};

use crate::routes::Kind;

/// All kinds of handlers. A new one is a file of this folder, with its settings and its handler, and a line here.
pub(crate) const KINDS: &[Kind] = &[
    Kind::of::<batch::Batch>("batch"),
    Kind::of::<download::Download>("download"),
    Kind::of::<consolidate::Consolidate>("consolidate"),
    #[cfg(all(unix, feature = "functions"))]
    Kind::of::<asl_functions::Settings>("function"),
    Kind::of::<http::Http>("http"),
    #[cfg(feature = "wasm")]
    Kind::of::<asl_wasm::Settings>("wasm"),
];

/// A failure as Step Functions reports one of a Lambda function: the error is the type, the cause is JSON text.
pub(crate) fn function_error(error_type: &str, message: impl Into<String>) -> Failure {
    let cause = Value::from([("errorMessage", Value::from(message.into())), ("errorType", Value::from(error_type))]);
    Failure::new(error_type, cause.to_string())
}
