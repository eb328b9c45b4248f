//! What a route can name as its `handler`: one file for each kind.

pub(crate) mod batch;
pub(crate) mod consolidate;
pub(crate) mod download;
#[cfg(unix)]
pub(crate) mod function;
pub(crate) mod http;
mod input;
mod seconds;
pub(crate) mod wasm;

use asl_engine::{Failure, Value};

use crate::routes::Kind;

/// All kinds of handlers. A new one is a file of this folder, with its settings and its handler, and a line here.
pub(crate) const KINDS: &[Kind] = &[
    Kind::of::<batch::Batch>("batch"),
    Kind::of::<download::Download>("download"),
    Kind::of::<consolidate::Consolidate>("consolidate"),
    #[cfg(unix)]
    Kind::of::<function::Settings>("function"),
    Kind::of::<http::Http>("http"),
    Kind::of::<wasm::Wasm>("wasm"),
];

/// A failure as Step Functions reports one of a Lambda function: the error is the type, the cause is JSON text.
pub(crate) fn function_error(error_type: &str, message: impl Into<String>) -> Failure {
    let cause = Value::from([("errorMessage", Value::from(message.into())), ("errorType", Value::from(error_type))]);
    Failure::new(error_type, cause.to_string())
}

/// The failure of a function that gave an error: `payload`, hopefully JSON, as Lambda gives it.
pub(crate) fn payload_failure(payload: String) -> Failure {
    let parsed = payload.parse::<Value>().unwrap_or_default();
    match parsed.get("errorType").and_then(Value::as_str) {
        Some(error_type) if !error_type.is_empty() => Failure::new(error_type, payload),
        _ => unknown_payload(&payload),
    }
}

/// What Step Functions says of a payload that it can make nothing of.
pub(crate) fn unknown_payload(payload: &str) -> Failure {
    /// AWS's bound of a cause is 32 KB.
    const LONGEST: usize = 30_000;
    let shown = &payload[..payload.floor_char_boundary(LONGEST)];
    let cause = format!(
        "The cause could not be determined because Lambda did not return an error type. Returned payload: {shown}"
    );
    Failure::new("Lambda.Unknown", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_type_is_unknown() {
        for (payload, error) in [
            (r#"{"errorType":"E","errorMessage":"m"}"#, "E"),
            (r#"{"errorMessage":"m"}"#, "Lambda.Unknown"),
            (r#"{"errorType":3}"#, "Lambda.Unknown"),
            ("no JSON", "Lambda.Unknown"),
            ("", "Lambda.Unknown"),
        ] {
            let failure = payload_failure(payload.to_owned());
            assert_eq!(failure.error.as_deref(), Some(error), "{payload}");
            assert!(failure.cause.unwrap().ends_with(payload));
        }
    }
}
