//! `consolidate`: tells whether every status code of a list is 200.

use std::sync::Arc;

use asl_engine::{Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use serde::Deserialize;

use super::{function_error, input};
use crate::dependencies::Dependencies;
use crate::routes::Settings;

/// Tells whether every status code of a list is 200.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consolidate {}

impl Settings for Consolidate {
    fn handler(&self, _: &Dependencies) -> Arc<dyn Handler> {
        Arc::new(self.clone())
    }
}

impl Handler for Consolidate {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { all_succeeded(&call.request.input) })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

fn all_succeeded(input: &Value) -> Outcome {
    let Some(codes) = input.as_array() else {
        let message = format!("the input must be a list of status codes, not {}", input::kind(input));
        return Err(function_error("TypeError", message));
    };
    Ok(Value::from(codes.iter().all(|code| code.as_number().is_some_and(|code| code.as_f64() == 200.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_when_all_are_200() {
        for (input, expected) in [
            ("[200,200]", "true"),
            ("[200,404]", "false"),
            ("[200.0]", "true"),
            ("[]", "true"),
            ("[\"200\"]", "false"),
            ("[null]", "false"),
        ] {
            assert_eq!(all_succeeded(&input.parse().unwrap()).unwrap().to_string(), expected, "{input}");
        }
        assert_eq!(
            all_succeeded(&Value::from(200)).unwrap_err().to_string(),
            r#"TypeError: {"errorMessage":"the input must be a list of status codes, not a number","errorType":"TypeError"}"#
        );
    }
}
