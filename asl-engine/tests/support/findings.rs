//! What is wrong with definitions, as lines to compare.
#![allow(dead_code, reason = "not every test target asks in every way")]

use asl_engine::{CheckOptions, diagnose};

/// A definition of one state `S` with these fields, and a state `T` for it to lead to.
pub(crate) fn machine(fields: &str) -> String {
    format!(r#"{{"StartAt": "S", "States": {{"S": {{{fields}}}, "T": {{"Type": "Succeed"}}}}}}"#)
}

/// Each finding as `CODE: message at location`, with its help behind it.
pub(crate) fn findings(text: &str, options: CheckOptions) -> Vec<String> {
    let line = |found: &asl_engine::Diagnostic| match &found.help {
        Some(help) => format!("{found} ({help})"),
        None => found.to_string(),
    };
    diagnose(text, options).iter().map(line).collect()
}

/// The findings about a state with these fields, with the start of each left out where it is the usual one.
pub(crate) fn state(fields: &str) -> String {
    // What leads nowhere else leads to T.
    let unreachable = "MISSING_TRANSITION_TARGET: State \"T\" is not reachable. at /States/T";
    let found = findings(&machine(fields), CheckOptions::default());
    // And variables come from nowhere.
    let is_meant = |line: &String| line != unreachable && !line.contains("_VARIABLE: No");
    let found: Vec<String> = found.into_iter().filter(is_meant).collect();
    found.join("; ").replace("SCHEMA_VALIDATION_FAILED: ", "").replace("/States/S", "@")
}

#[track_caller]
pub(crate) fn check(cases: &[(&str, &str)]) {
    for (fields, expected) in cases {
        assert_eq!(state(fields), *expected, "{fields}");
    }
}
