//! The functions of `definitions/download-images/python` against the built-in handlers that they stand for.

mod support;

use std::path::Path;

use asl_engine::{Failure, Outcome, Value};
use asl_tasks::{Router, Routes};
use support::functions::has;
use support::{call, not_run};

const FUNCTIONS: [&str; 3] = ["batch", "download", "consolidate"];

fn arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{function}")
}

/// The router of a routing file of the definition.
fn router(routes: &str, data: &Path) -> Router {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/download-images").join(routes);
    Router::new(Routes::read(&file).unwrap(), data)
}

/// The router of the functions in Python; none, and a word about it, where their requirements cannot be installed.
async fn python(data: &Path) -> Option<Router> {
    if !has("python3", &["-c", "import ensurepip, venv"]) {
        return None;
    }
    let router = router("python.routes.toml", data);
    for function in FUNCTIONS {
        match router.handler(&arn(function)).unwrap().prepare(&arn(function)).await {
            Ok(()) => {}
            Err(error) if error.to_string().starts_with("cannot install") => {
                not_run(&error.to_string());
                return None;
            }
            Err(error) => panic!("{error}"),
        }
    }
    Some(router)
}

/// What a Catcher can see of an outcome: the error and its message.
fn seen(outcome: Outcome) -> Result<String, (String, String)> {
    outcome.map(|output| output.to_string()).map_err(|Failure { error, cause, .. }| {
        let cause: Value = cause.unwrap().parse().unwrap();
        let message = cause["errorMessage"].as_str().unwrap();
        // Python puts the message of a KeyError into quotes.
        let message = message.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(message);
        (error.unwrap().to_string(), message.to_owned())
    })
}

#[tokio::test]
async fn inputs_are_answered_or_refused_in_the_same_way() {
    let data = tempfile::tempdir().unwrap();
    let Some(python) = python(data.path()).await else { return };
    let built_in = router("routes.toml", data.path());
    let batch = r#"{"baseUrl":"http://a/b","resourcePaths":["1","2","3","4","5","6"],"lambdaConcur":"5","more":1}"#;
    let with = |member: &str, value: &str| {
        let members = batch.parse::<Value>().unwrap().as_object().unwrap().clone();
        Value::from(members.with(member, value.parse().unwrap())).to_string()
    };
    let mut inputs: Vec<(&str, String)> = vec![("batch", batch.to_owned())];
    for input in ["3", "{}", "[]", "null", r#"{"resourcePaths":[]}"#, r#"{"resourcePaths":[],"baseUrl":"http://a"}"#] {
        inputs.push(("batch", input.to_owned()));
        inputs.push(("download", input.to_owned()));
        inputs.push(("consolidate", input.to_owned()));
    }
    for value in ["\"a\"", "[]", r#"["a",{}]"#, "[null]", "[1]"] {
        inputs.push(("batch", with("resourcePaths", value)));
        inputs.push(("download", with("resourcePaths", value)));
    }
    for value in ["null", "3", "\"flags\"", "\"ftp://a/b\"", "\"https://a\"", "\"http://a:80/b\""] {
        inputs.push(("batch", with("baseUrl", value)));
    }
    for value in ["1", "500", "\" 5 \"", "0", "-1", "2.5", "\"\"", "\"five\"", "true", "null", "[]"] {
        inputs.push(("batch", with("lambdaConcur", value)));
    }
    for input in ["[200,200]", "[200,404]", "[200.0]", "[\"200\"]", "[null]", "\"a\"", "true"] {
        inputs.push(("consolidate", input.to_owned()));
    }
    for (function, input) in inputs {
        let found = call(&python, &arn(function), &input).await;
        let expected = call(&built_in, &arn(function), &input).await;
        assert_eq!(seen(found), seen(expected), "{function} {input}");
    }
}

#[tokio::test]
async fn paths_without_an_object_name_are_told_in_the_same_way() {
    let data = tempfile::tempdir().unwrap();
    let Some(python) = python(data.path()).await else { return };
    let built_in = router("routes.toml", data.path());
    let input = support::download_input("http://localhost:1", &["", "a/", "?a", "a/..", ".", "a\tb", "é\\"], 2);
    let found = call(&python, &arn("download"), &input).await;
    assert_eq!(found, call(&built_in, &arn("download"), &input).await);
}
