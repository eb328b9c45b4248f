//! `asl check --format sarif`: a log that code scanning reads.
//!
//! OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Component, Path};

use asl_engine::{Diagnostic, Severity, Value};

use super::codes::CODES;
use super::{Checked, number};
use crate::lines::Lines;
use crate::report;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run with all findings, and the rules that they follow.
pub(super) fn log(checked: &[Checked]) -> Value {
    let mut rules = BTreeMap::new();
    let mut results = Vec::new();
    for one in checked {
        let lines = one.lines();
        let uri = uri(one.definition.file());
        for found in report::said_once(&one.diagnostics) {
            rules.entry(found.code).or_insert_with(|| rule(found));
            results.push(result(found, &lines, &uri));
        }
    }
    let driver: Value = [
        ("name", "asl".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("rules", rules.into_values().collect()),
    ]
    .into();
    let run: Value = [
        ("tool", [("driver", driver)].into()),
        ("columnKind", "unicodeCodePoints".into()),
        ("results", results.into()),
    ]
    .into();
    [("$schema", SCHEMA.into()), ("version", "2.1.0".into()), ("runs", vec![run].into())].into()
}

fn level(found: &Diagnostic) -> Value {
    match found.severity {
        Severity::Error => "error".into(),
        Severity::Warning => "warning".into(),
    }
}

fn rule(found: &Diagnostic) -> Value {
    let about = CODES.iter().find(|code| code.name == found.code).map_or(found.code, |code| code.about);
    [
        ("id", found.code.into()),
        ("shortDescription", [("text", about.into())].into()),
        ("defaultConfiguration", [("level", level(found))].into()),
    ]
    .into()
}

fn result(found: &Diagnostic, lines: &Lines<'_>, uri: &str) -> Value {
    let ((line, column), (end_line, end_column)) = (lines.place(found.span.start), lines.place(found.span.end));
    let region = [("startLine", line), ("startColumn", column), ("endLine", end_line), ("endColumn", end_column)];
    let region: Value = region.into_iter().map(|(name, at)| (name, number(at))).collect();
    let physical = [("artifactLocation", [("uri", uri.into())].into()), ("region", region)];
    let logical: Value = [("fullyQualifiedName", found.location.as_str().into())].into();
    let logical = (!found.location.is_empty()).then(|| ("logicalLocations", vec![logical].into()));
    let location: Value = [("physicalLocation", physical.into())].into_iter().chain(logical).collect();
    [
        ("ruleId", found.code.into()),
        ("level", level(found)),
        ("message", [("text", super::told(found).into())].into()),
        ("locations", vec![location].into()),
    ]
    .into()
}

/// Where a file is, from the working folder; an absolute one that is elsewhere, from the root.
fn uri(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let file = file.strip_prefix(here).unwrap_or(file);
    let scheme = if file.is_absolute() { "file://" } else { "" };
    let mut out = scheme.to_owned();
    for (at, part) in
        file.components().filter(|part| !matches!(part, Component::CurDir | Component::RootDir)).enumerate()
    {
        if at > 0 || file.is_absolute() {
            out.push('/');
        }
        for byte in part.as_os_str().as_encoded_bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(*byte)),
                byte => _ = write!(out, "%{byte:02X}"),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_as_uris() {
        assert_eq!(uri(Path::new("./a b/ü.json")), "a%20b/%C3%BC.json");
        assert_eq!(uri(Path::new("../a.json")), "../a.json");
        assert_eq!(uri(Path::new("/nowhere/a.json")), "file:///nowhere/a.json");
        let here = std::env::current_dir().expect("a working folder");
        assert_eq!(uri(&here.join("a:b.json")), "a%3Ab.json");
    }
}
