//! What is warned of in the definitions of this repository and of the recorded cases, which AWS has run: how often by code.
//!
//! Each of these warnings has been looked at. Where a number changes, look at the findings: `ASL_SHOW=CODE` prints those of a
//! code.
#![expect(clippy::disallowed_methods, reason = "the cases are files; the engine itself reads none")]
#![expect(clippy::print_stdout, reason = "what is asked for by ASL_SHOW")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use asl_engine::{CheckOptions, Severity, Value, diagnose};

#[test]
fn warnings_of_our_own_definitions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let counted = count(["definitions", "docs"].map(|folder| root.join(folder)));
    // `wait-for-paid.json` goes round for ever and `never.json` never works, so that guides can show it.
    let expected = [
        "ENDLESS_LOOP 1",
        "JSONPATH_DIALECT 1",
        "MISSING_FIELD 1",
        "NO_DOLLAR 1",
        "RULE_NEVER_HOLDS 1",
        "UNREACHABLE_RETRIER 1",
    ];
    assert_eq!(counted, expected);
}

#[test]
fn warnings_of_definitions_that_aws_has_run() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    if !shared.join("aws2.jsonl").is_file() {
        let why = format!("the recorded cases are not at {}", shared.display());
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and not run: {why}");
        // Past the capture of the test runner: what did nothing must not look like what passed.
        std::io::Write::write_all(&mut std::io::stderr(), format!("not run: {why}\n").as_bytes())
            .expect("stderr is open");
        return;
    }
    let counted = count([shared.join("cases"), shared.join("aws2.jsonl")]);
    assert_eq!(
        counted,
        [
            "INVALID_ARGUMENTS 25",
            "MISSING_FIELD 2",
            "NOT_JSONATA 8",
            "NO_DOLLAR 34",
            "NO_EXPRESSION 5",
            "PASS_RESULT_IS_STATIC 87",
            "TOKEN_NOT_PASSED 1",
            "UNASSIGNED_VARIABLE 7",
            "UNCATCHABLE_ERROR 3",
            "UNKNOWN_FUNCTION 1",
            "UNREACHABLE_RULE 1",
            "UNUSED_VARIABLE 76",
        ]
    );
}

/// The warnings about all definitions below some paths: each code with how often it is there.
fn count(paths: impl IntoIterator<Item = PathBuf>) -> Vec<String> {
    let show = std::env::var("ASL_SHOW").unwrap_or_default();
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut definitions: BTreeMap<String, String> = BTreeMap::new();
    paths.into_iter().for_each(|path| collect(&path, &mut definitions));
    assert!(!definitions.is_empty());
    for (text, file) in &definitions {
        for found in diagnose(text, CheckOptions { placeholders: true, ..CheckOptions::default() }) {
            if found.severity == Severity::Warning {
                *counted.entry(found.code).or_default() += 1;
                if show.split(',').any(|code| code == found.code) {
                    println!("{file}: {found} ({})\n    {text}\n", found.help.as_deref().unwrap_or_default());
                }
            }
        }
    }
    counted.into_iter().map(|(code, count)| format!("{code} {count}")).collect()
}

/// The definitions in all files of JSON below a path, each once, with the file.
fn collect(path: &Path, found: &mut BTreeMap<String, String>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("the folder is readable");
        entries.for_each(|entry| collect(&entry.expect("an entry").path(), found));
        return;
    }
    let name = path.display().to_string();
    let text = fs::read_to_string(path).unwrap_or_default();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "asl") => within(&text, &name, found),
        Some("jsonl") => text.lines().for_each(|line| within(line, &name, found)),
        _ => {}
    }
}

/// The definitions in a text of JSON: it, or any value in it, also as a text.
fn within(text: &str, file: &str, found: &mut BTreeMap<String, String>) {
    fn look(value: &Value, file: &str, found: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(members) if members.get("StartAt").is_some() && members.get("States").is_some() => {
                found.entry(value.to_string()).or_insert_with(|| file.to_owned());
            }
            Value::Object(members) => members.values().for_each(|value| look(value, file, found)),
            Value::Array(items) => items.iter().for_each(|item| look(item, file, found)),
            Value::String(text) if text.contains("\"StartAt\"") => within(text, file, found),
            _ => {}
        }
    }
    if let Ok(value) = text.parse::<Value>() {
        look(&value, file, found);
    }
}
