//! `batch`: splits the resource paths into the inputs of download tasks.

use std::num::NonZeroUsize;
use std::sync::Arc;

use asl_engine::{Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use serde::Deserialize;

use super::input;
use crate::dependencies::Dependencies;
use crate::routes::Settings;

/// The settings of a route to `batch`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Batch {
    /// How many resource paths one download task gets.
    size: NonZeroUsize,
}

impl Default for Batch {
    fn default() -> Self {
        const FIVE: NonZeroUsize = NonZeroUsize::new(5).unwrap();
        Self { size: FIVE }
    }
}

impl Settings for Batch {
    fn handler(&self, _: &Dependencies) -> Arc<dyn Handler> {
        Arc::new(self.clone())
    }
}

impl Handler for Batch {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { batches(&call.request.input, self.size) })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

fn batches(input: &Value, size: NonZeroUsize) -> Outcome {
    let paths = input::resource_paths(input)?;
    // A wrong value is told here, before the first task downloads anything.
    input::base_url(input)?;
    input::lambda_concur(input)?;
    let batch_input =
        Value::from(["baseUrl", "lambdaConcur"].map(|name| (name, input.get(name).cloned().unwrap_or_default())));
    let tasks: Value = paths
        .chunks(size.get())
        .map(|paths| Value::from([("resourcePaths", Value::from(paths.to_vec())), ("batchInput", batch_input.clone())]))
        .collect();
    Ok(Value::from([("tasks", tasks)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(input: &str) -> String {
        match batches(&input.parse().unwrap(), NonZeroUsize::new(2).unwrap()) {
            Ok(output) => output.to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn paths_are_split_in_their_order() {
        assert_eq!(
            run(r#"{"baseUrl":"http://a/b","resourcePaths":["1","2","3"],"lambdaConcur":"5","more":1}"#),
            concat!(
                r#"{"tasks":[{"resourcePaths":["1","2"],"batchInput":{"baseUrl":"http://a/b","lambdaConcur":"5"}},"#,
                r#"{"resourcePaths":["3"],"batchInput":{"baseUrl":"http://a/b","lambdaConcur":"5"}}]}"#
            )
        );
        assert_eq!(run(r#"{"baseUrl":"http://a","resourcePaths":[],"lambdaConcur":5}"#), r#"{"tasks":[]}"#);
    }

    #[test]
    fn five_paths_a_batch_unless_told_otherwise() {
        assert_eq!(Batch::default().size.get(), 5);
    }

    #[test]
    fn bad_input_is_told_as_a_function_tells_it() {
        for (input, error, message) in [
            ("3", "TypeError", "the input must be an object, not a number"),
            ("{}", "KeyError", "the input has no resourcePaths"),
            (r#"{"resourcePaths":"a"}"#, "TypeError", "resourcePaths must be a list, not a text"),
            (r#"{"resourcePaths":["a",{}]}"#, "TypeError", "resourcePaths[1] must be a text, not an object"),
            (r#"{"resourcePaths":[]}"#, "KeyError", "the input has no baseUrl"),
            (r#"{"resourcePaths":[],"baseUrl":null}"#, "TypeError", "baseUrl must be a text, not null"),
            (
                r#"{"resourcePaths":[],"baseUrl":"flags"}"#,
                "ValueError",
                "baseUrl is no URL (relative URL without a base): flags",
            ),
            (
                r#"{"resourcePaths":[],"baseUrl":"ftp://a/b"}"#,
                "ValueError",
                "baseUrl is no http or https URL: ftp://a/b",
            ),
            (r#"{"resourcePaths":[],"baseUrl":"http://a"}"#, "KeyError", "the input has no lambdaConcur"),
        ] {
            let cause = Value::from([("errorMessage", Value::from(message)), ("errorType", Value::from(error))]);
            assert_eq!(run(input), format!("{error}: {cause}"), "{input}");
        }
    }

    #[test]
    fn lambda_concur_is_a_positive_whole_number_or_its_text() {
        for (text, valid) in [
            ("1", true),
            ("500", true),
            ("\"5\"", true),
            ("\" 5 \"", true),
            ("0", false),
            ("-1", false),
            ("2.5", false),
            ("\"\"", false),
            ("\"five\"", false),
            ("1e99", false),
            ("true", false),
            ("null", false),
        ] {
            let input = format!(r#"{{"baseUrl":"http://a","resourcePaths":[],"lambdaConcur":{text}}}"#);
            assert_eq!(batches(&input.parse().unwrap(), NonZeroUsize::MIN).is_ok(), valid, "{text}");
        }
        assert_eq!(
            run(r#"{"baseUrl":"http://a","resourcePaths":[],"lambdaConcur":0}"#),
            r#"ValueError: {"errorMessage":"lambdaConcur must be a whole number from 1 on, not 0","errorType":"ValueError"}"#
        );
    }
}
