//! What a route can name as its `handler`: one file for each kind.

pub(crate) mod batch;
pub(crate) mod consolidate;
pub(crate) mod download;
#[cfg(all(unix, feature = "functions"))]
mod function;
pub(crate) mod http;
mod input;
#[cfg(all(unix, feature = "functions"))]
mod process;
#[cfg(feature = "wasm")]
mod wasm;

use asl_engine::{Failure, Value};

use crate::routes::HandlerKind;

/// All kinds of handlers. A new one is a file of this folder, with its settings and its handler, and a line here.
pub(crate) const KINDS: &[HandlerKind] = &[
    HandlerKind::of::<batch::Batch>("batch"),
    HandlerKind::of::<download::Download>("download"),
    HandlerKind::of::<consolidate::Consolidate>("consolidate"),
    #[cfg(all(unix, feature = "functions"))]
    HandlerKind::of::<asl_functions::Settings>("function"),
    HandlerKind::of::<http::Http>("http"),
    #[cfg(all(unix, feature = "functions"))]
    HandlerKind::of::<process::Process>("process"),
    #[cfg(feature = "wasm")]
    HandlerKind::of::<asl_wasm::Settings>("wasm"),
];

/// A failure as Step Functions reports one of a Lambda function: the error is the type, the cause is JSON text.
pub(crate) fn function_error(error_type: &str, message: impl Into<String>) -> Failure {
    let cause = Value::from([("errorMessage", Value::from(message.into())), ("errorType", Value::from(error_type))]);
    Failure::new(error_type, cause.to_string())
}
