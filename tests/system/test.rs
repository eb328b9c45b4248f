//! `asl test`: the tests of the definitions in this repository, and the JSON Schema of test files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use asl_project::{files_in, yaml};
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};

/// Where `asl` runs, so that paths are shown as they are in the repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const SCHEMA: &str = include_str!("../../docs/test.schema.json");

/// Cases whose mistakes only the definition, or another file, or a whole list or expression, can tell.
const UNKNOWN_TO_SCHEMA: [&str; 13] = [
    // The definition is not there or has errors.
    "it is charged",
    // Names of states, and what states of their type may have.
    "names that are none",
    "states that have no mocks",
    "Wait states inside of others",
    "time without an answer",
    "an answer for a Wait state",
    "it has an input that is not there",
    "it has an input that is no JSON",
    "a choice that takes all",
    "two cases of this name",
    // What stands twice is there once where the schema looks.
    "an order that stands twice",
    "expressions that cannot be read",
    "regular expressions that cannot be read",
];

#[test]
fn the_tests_of_the_definitions_here_pass_and_cover_them() {
    let data = Folder::new();
    let report = data.path("coverage.json");
    let (report, kept) = (report.to_str().expect("a UTF-8 path"), data.path("kept"));
    let arguments = ["test", "definitions", "--quiet", "--min-coverage", "100", "--coverage-json", report, "--data"];
    let mut command = data.command(&arguments);
    let ended = Ended::from(command.arg(kept).current_dir(ROOT).output().expect("asl starts"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);

    let report: Value = serde_json::from_slice(&fs::read(report).expect("a report")).expect("JSON");
    let definitions = report["definitions"].as_array().expect("a list");
    let covered: BTreeSet<&str> =
        definitions.iter().map(|definition| definition["definition"].as_str().expect("a name")).collect();
    let all = asl_project::definitions_in(&Path::new(ROOT).join("definitions")).expect("the folder is there");
    let all: BTreeSet<String> = all.iter().map(|path| below_root(path)).collect();
    assert_eq!(covered, all.iter().map(String::as_str).collect(), "each definition has tests");
    for definition in definitions {
        for kind in ["states", "transitions", "conditions"] {
            assert_eq!(
                definition[kind]["reached"], definition[kind]["total"],
                "{kind} of {}",
                definition["definition"]
            );
        }
    }
}

#[test]
fn both_definitions_of_download_images_have_the_same_cases() {
    let text = |name: &str| fs::read_to_string(Path::new(ROOT).join("definitions/download-images").join(name));
    let (one, other) = (text("definition.test.yaml"), text("definition.jsonata.test.yaml"));
    assert_eq!(one.expect("a file"), other.expect("a file"));
}

#[test]
fn the_schema_takes_what_is_right_and_refuses_what_is_wrong() {
    let (schemas, schema) = compiled();
    let is_valid = |document: &Value| schemas.validate(document, schema).is_ok();
    let mut refused = 0;
    for path in files_in(Path::new(ROOT), |_, path, _| asl_testing::is_test_file(path)).expect("the folder is there") {
        let name = below_root(&path);
        let text = fs::read_to_string(&path).expect("a file");
        // What is no YAML, or says nothing, never gets to the schema.
        let Some(document) = yaml::read(&text).ok().and_then(|document| document.root) else { continue };
        let document = json_of(&document);
        let is_read = asl_testing::TestFile::read(&path).is_ok();
        if is_read {
            let valid = schemas.validate(&document, schema);
            assert!(valid.is_ok(), "{name}: {}", valid.unwrap_err());
            continue;
        }
        assert!(name.starts_with("tests/commands/"), "{name} cannot be read");
        // Each case by itself, where nothing else is wrong.
        let with_cases = |cases: Value| {
            let mut document = document.as_object().cloned().unwrap_or_default();
            document.insert("cases".to_owned(), cases);
            Value::Object(document)
        };
        let is_right_above = document["cases"].is_array() && is_valid(&with_cases(json!([{"name": "a case"}])));
        let cases = document["cases"].as_array().filter(|cases| is_right_above && !cases.is_empty());
        let Some(cases) = cases else {
            assert!(!is_valid(&document), "{name}");
            refused += 1;
            continue;
        };
        for case in cases {
            let (is_valid, called) = (is_valid(&with_cases(json!([case]))), case["name"].as_str().unwrap_or_default());
            assert_eq!(is_valid, UNKNOWN_TO_SCHEMA.contains(&called), "{name}: {case}");
            refused += usize::from(!is_valid);
        }
    }
    assert!(refused > 30, "only {refused} mistakes were refused");
}

/// What is told of a field that nobody knows names those that there are.
#[test]
fn the_schema_has_the_fields_that_the_reader_knows() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    for (at, document) in [
        ("", json!({"cases": [], "xyzzyx": 1})),
        ("/properties/defaults", json!({"defaults": {"xyzzyx": 1}, "cases": []})),
        ("/definitions/execution_case", case(json!({"name": "a", "xyzzyx": 1}))),
        ("/definitions/state_case", case(json!({"name": "a", "state": "Pay", "xyzzyx": 1}))),
        ("/definitions/state_mock", case(json!({"name": "a", "state": "Pay", "mock": {"result": 1, "xyzzyx": 1}}))),
        ("/definitions/state_expect", case(json!({"name": "a", "state": "Pay", "expect": {"xyzzyx": 1}}))),
        ("/definitions/mock", case(json!({"name": "a", "mocks": {"Pay": {"result": 1, "xyzzyx": 1}}}))),
        (
            "/definitions/answer",
            case(json!({"name": "a", "mocks": {"Pay": {"sequence": [{"result": 1, "xyzzyx": 1}]}}})),
        ),
        ("/definitions/choice", case(json!({"name": "a", "mocks": {"Pay": {"choose": [{"result": 1, "xyzzyx": 1}]}}}))),
        ("/definitions/expect", case(json!({"name": "a", "expect": {"xyzzyx": 1}}))),
        ("/definitions/calls/anyOf/1/items", case(json!({"name": "a", "expect": {"calls": {"Pay": [{"xyzzyx": 1}]}}}))),
        ("/definitions/calls/anyOf/2", case(json!({"name": "a", "expect": {"calls": {"Pay": {"xyzzyx": 1}}}}))),
    ] {
        let folder = Folder::new();
        folder.write(
            "pay.asl.json",
            r#"{"StartAt": "Pay", "States": {"Pay": {"Type": "Task", "End": true,
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay"}}}"#,
        );
        folder.write("pay.test.json", document.to_string());
        let told = folder.asl(&["test", "pay.test.json"]).stderr;
        let known = told.split_once("its fields are ").unwrap_or_else(|| panic!("{document}: {told}")).1;
        let known: BTreeSet<&str> = known.lines().next().unwrap_or_default().split(", ").collect();
        let fields = schema.pointer(at).and_then(|part| part["properties"].as_object()).expect("an object");
        assert_eq!(fields.keys().map(String::as_str).collect::<BTreeSet<_>>(), known, "{at}");
    }
}

fn case(case: Value) -> Value {
    json!({"cases": [case]})
}

fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("test.schema.json", serde_json::from_str(SCHEMA).expect("JSON")).expect("a name");
    // It looks at the schema by the schema of schemas, too.
    let index = compiler.compile("test.schema.json", &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
    (schemas, index)
}

fn json_of(tree: &yaml::Tree) -> Value {
    serde_json::from_str(&tree.value().to_string()).expect("JSON")
}

/// The path of a file as it is in the repository.
fn below_root(path: &Path) -> String {
    path.strip_prefix(ROOT).expect("it is below").to_str().expect("a UTF-8 path").replace('\\', "/")
}
