//! Every case of `../shared/jsonpath/cases.json`: result, definiteness, compiled text, match paths, error and message.
//!
//! `ASL_JSONPATH_CASES=FILE` names another file. The last line is always `jsonpath: P passed of T`; the cases that fail
//! stand above it. Where the cases are absent the test says so and passes; in CI, or with a file named, it fails.
//! Cases marked `provider_sensitive` hold for one of Jackson's two providers only and are left out.

#![expect(clippy::print_stdout, reason = "a test target without a harness reports by itself")]

mod jayway;

use std::path::PathBuf;
use std::process::ExitCode;

use asl_engine::Value;
use jayway::{Answer, same};

fn main() -> ExitCode {
    let named = std::env::var_os("ASL_JSONPATH_CASES").map(PathBuf::from);
    let must_run = named.is_some() || std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let file = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/jsonpath/cases.json"));
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            println!("not run: the JSONPath cases cannot be read from {}: {error}", file.display());
            println!("jsonpath: 0 passed of 0");
            return if must_run { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let cases: Value = match text.parse() {
        Ok(cases) => cases,
        Err(error) => {
            println!("{} is not JSON: {error}", file.display());
            println!("jsonpath: 0 passed of 0");
            return ExitCode::FAILURE;
        }
    };
    let cases = cases.as_array().map(|cases| cases.to_vec()).unwrap_or_default();
    let (mut passed, mut total) = (0, 0);
    for case in cases.iter().filter(|case| case["provider_sensitive"].as_bool() != Some(true)) {
        total += 1;
        let faults = check(case);
        if faults.is_empty() {
            passed += 1;
        } else {
            println!("{}  {}\n    {}", case["id"], case["query"], faults.join("\n    "));
        }
    }
    println!("jsonpath: {passed} passed of {total}");
    if passed == total && total > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What differs from the case, a line each.
fn check(case: &Value) -> Vec<String> {
    let wanted = Answer::read(case);
    let answer = Answer::ours(case["query"].as_str().unwrap_or_default(), &case["document"]);
    let mut faults = Vec::new();
    let mut compare = |what: &str, equal: bool, wanted: String, found: String| {
        if !equal {
            faults.push(format!("{what}: wanted {wanted}, found {found}"));
        }
    };
    compare("definite", wanted.definite == answer.definite, show(&wanted.definite), show(&answer.definite));
    compare("compiled", wanted.compiled == answer.compiled, show(&wanted.compiled), show(&answer.compiled));
    if case["expect"]["error"].as_bool() == Some(true) && wanted.error.is_some() {
        compare("error", wanted.error == answer.error, show(&wanted.error), show(&answer.error));
    } else if case["expect"]["error"].as_bool() == Some(true) {
        compare("error", answer.error.is_some(), "an error".to_owned(), show(&answer.value));
    } else {
        let equal = answer.value.as_ref().is_some_and(|value| same(value, &case["expect"]));
        compare("result", equal, case["expect"].to_string(), show(&answer));
        compare("paths", wanted.paths == answer.paths, show(&wanted.paths), show(&answer.paths));
    }
    faults
}

fn show(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}
