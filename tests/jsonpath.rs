//! Every case of `../shared/jsonpath/cases.json`: result, definiteness, compiled text, match paths, error and message.
//!
//! `ASL_JSONPATH_CASES=FILE` names another file. The last line is always `jsonpath: P passed of T`; the cases that fail
//! stand above it. Where the cases are absent the test says so and passes; in CI, or with a file named, it fails.
//!
//! A case holds for one of the two providers that Jayway can have, and does not say for which: words such as
//! `Current context is: {a=1}` come from Java's maps, `{"a":1}` from nodes. So one of the two has to give the case to the
//! letter. What AWS's provider gives may be another result only where the case is marked `provider_sensitive`; that it
//! is the right one there, the comparison with the real Jayway shows (`jsonpath_jayway`).

#![expect(clippy::print_stdout, reason = "a test target without a harness reports by itself")]

mod jayway;

use std::process::ExitCode;

use asl_engine::Value;
use asl_engine::jsonpath::Provider;
use jayway::{Answer, same};

fn main() -> ExitCode {
    let must_run =
        std::env::var_os("ASL_JSONPATH_CASES").is_some() || std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let cases = match jayway::cases() {
        Ok(cases) => cases,
        Err(why) => {
            println!("not run: {why}");
            println!("jsonpath: 0 passed of 0");
            return if must_run { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let mut passed = 0;
    for case in &cases {
        let faults = check(case);
        if faults.is_empty() {
            passed += 1;
        } else {
            println!("{}  {}\n    {}", case["id"], case["query"], faults.join("\n    "));
        }
    }
    println!("jsonpath: {passed} passed of {}", cases.len());
    if passed == cases.len() && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What differs from the case, a line each.
fn check(case: &Value) -> Vec<String> {
    let ours = |provider| Answer::ours(case["query"].as_str().unwrap_or_default(), &case["document"], provider);
    let [nodes, collections] = [Provider::JsonNode, Provider::Jackson].map(ours);
    let mut faults = differences(case, &nodes);
    if faults.is_empty() {
        return faults;
    }
    faults = differences(case, &collections);
    if faults.is_empty() && case["provider_sensitive"].as_bool() != Some(true) && !same_result(&nodes, &collections) {
        faults.push(format!("AWS's provider gives another result: {}", show(&nodes)));
    }
    faults
}

/// Whether two answers differ at most in the words of an error.
fn same_result(one: &Answer, other: &Answer) -> bool {
    match (&one.value, &other.value) {
        (Some(value), Some(same_value)) => same(value, same_value) && one.paths == other.paths,
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// What differs from the case in an answer, a line each.
fn differences(case: &Value, answer: &Answer) -> Vec<String> {
    let wanted = Answer::read(case);
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
