//! `asl test`: the tests of the definitions in this repository, and the JSON Schema of test files.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

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

const GREET: &str = r#"{"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": true}}}"#;

#[test]
fn a_changed_file_runs_the_tests_again() {
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    folder.write("greet.test.yaml", "cases: [{name: it, input: 1, expect: {output: 1}}]");
    let mut command = folder.command(&["test", "--watch"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
    let mut stderr = BufReader::new(run.stderr.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let mut stdout = BufReader::new(run.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let waits = "note: waiting for a file to change; Ctrl-C ends this";
    assert_eq!(stderr.next().as_deref(), Some(waits));
    assert!(stdout.any(|line| line.starts_with("1 passed, 0 failed")));
    folder.write("greet.asl.json", GREET.replace("\"End\"", "\"Result\": 23, \"End\""));
    assert_eq!(stderr.next().as_deref(), Some("note: greet.asl.json has changed"));
    assert_eq!(stderr.next().as_deref(), Some(waits));
    assert!(stdout.any(|line| line.starts_with("0 passed, 1 failed")));
    // What no test reads is nobody's business.
    folder.write("notes.txt", "notes");
    folder.write("other.asl.json", GREET);
    // A file with a mistake is told, and waited for.
    folder.write("greet.test.yaml", "cases: it");
    assert_eq!(stderr.next().as_deref(), Some("note: greet.test.yaml has changed"));
    assert!(stderr.any(|line| line == "no test was run"));
    assert_eq!(stderr.next().as_deref(), Some(waits));
    run.kill().expect("it runs");
    run.wait().expect("it ends");
}

#[test]
fn what_is_there_is_not_written_over_by_a_conversion() {
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    folder.write("mocks.json", r#"{"StateMachines": {"greet": {"TestCases": {"It": {}}}}, "MockedResponses": {}}"#);
    let written = folder.asl(&["test", "--convert", "mocks.json"]);
    assert_eq!((written.code, &*written.stderr), (Some(0), "note: the cases are written to greet.test.yaml\n"));
    assert_eq!(folder.asl(&["test", "greet.test.yaml", "--quiet"]).code, Some(0));
    folder.write("none.json", r#"{"StateMachines": {}}"#);
    for (file, told) in [
        (".", "error: --convert: name the mock configuration file, such as MockConfigFile.json\n"),
        ("none.json", "error: --convert: none.json has no state machines\n"),
        ("mocks.json", "error: greet.test.yaml is there already, and stays as it is\n"),
        ("greet.test.yaml", "error: --convert: greet.test.yaml is no mock configuration file\n"),
    ] {
        let refused = folder.asl(&["test", "--convert", file]);
        assert_eq!((refused.code, &*refused.stderr), (Some(2), told));
    }
}

#[test]
fn coverage_of_another_version_is_not_merged() {
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    folder.write("greet.test.yaml", "cases: [{name: it}]");
    assert_eq!(folder.asl(&["test", "--quiet", "--coverage-json", "all.json"]).code, Some(0));
    let merged = folder.asl(&["test", "--merge", "all.json", "--merge", "all.json", "--min-coverage", "100"]);
    assert!(merged.code == Some(0) && merged.stdout.contains("coverage of greet.asl.json: 100.0 %"), "{merged:?}");
    assert_eq!(folder.asl(&["graph", "greet.asl.json", "--coverage", "all.json"]).code, Some(0));
    folder.write("greet.asl.json", GREET.replace("\"End\"", "\"Result\": 23, \"End\""));
    folder.write("none.json", "[]");
    for (arguments, told) in [
        (
            ["test", ".", "--merge", "all.json"],
            "--merge: all.json has the coverage of greet.asl.json, and no test file here",
        ),
        (["test", ".", "--merge", "none.json"], "--merge: none.json: this is no coverage as --coverage-json writes it"),
        (["test", ".", "--merge", "nowhere.json"], "cannot read the coverage nowhere.json: No such file"),
        (
            ["graph", "greet.asl.json", "--coverage", "all.json"],
            "--coverage: all.json has nothing of greet.asl.json as it is now",
        ),
    ] {
        let refused = folder.asl(&arguments);
        assert!(refused.code == Some(2) && refused.stderr.starts_with(&format!("error: {told}")), "{refused:?}");
    }
}

#[test]
fn the_history_of_a_case_that_passes_is_shown() {
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    folder.write("greet.test.yaml", "cases: [{name: it, input: 7}]");
    let shown = folder.asl(&["test", "--no-capture"]);
    assert!(shown.stdout.contains("\n  2<0 +0s PassStateEntered {\"name\":\"Greet\",\"input\":7}\n"), "{shown:?}");
}

#[test]
fn the_history_of_a_child_execution_becomes_a_test_of_what_its_map_state_runs() {
    let folder = Folder::new();
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Large?", "States": {
            "Large?": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Rest"}], "Default": "Done"},
            "Rest": {"Type": "Wait", "Seconds": 0, "Next": "Done"},
            "Done": {"Type": "Pass", "Result": "done", "End": true}
        }
    });
    let each = json!({"Type": "Map", "ItemProcessor": processor, "End": true});
    folder.write("each.asl.json", json!({"StartAt": "Each", "States": {"Each": each}}).to_string());
    let ran = folder.asl(&["run", "each.asl.json", "--input", r#"[{"n": 1}, {"n": 2}]"#, "--events=all.json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let all: Value = serde_json::from_slice(&fs::read(folder.path("all.json")).expect("a file")).expect("JSON");
    let children = all["childExecutions"].as_array().unwrap_or_else(|| panic!("{all}"));
    assert_eq!(children.len(), 2);
    folder.write("child.json", children[1].to_string());
    let arguments = ["record", "child.json", "--definition", "each.asl.json#Each", "--output", "child.test.yaml"];
    let recorded = folder.asl(&arguments);
    assert_eq!((recorded.code, &*recorded.stderr), (Some(0), ""));
    let tested = folder.asl(&["test", "child.test.yaml", "--coverage"]);
    assert!(tested.code == Some(0) && tested.stdout.contains("coverage of each.asl.json#Each: 75.0 %"), "{tested:?}");
    // As they are stored, the ARN is known, too.
    let name = children[0]["executionArn"].as_str().expect("an ARN");
    let recorded = folder.asl(&["record", name, "--definition", "each.asl.json#Each"]);
    assert!(recorded.code == Some(0) && recorded.stdout.contains(&format!("execution: \"{name}\"")), "{recorded:?}");
    let refused = folder.asl(&["record", "child.json", "--definition", "each.asl.json#Eahc"]);
    let told = "error: each.asl.json has no distributed Map state 'Eahc'\nhelp: did you mean 'Each'?\n";
    assert_eq!((refused.code, &*refused.stderr), (Some(2), told));
    // That of a child is not that of the whole.
    let refused = folder.asl(&["record", "child.json", "--definition", "each.asl.json"]);
    let told = "the history begins with the state 'Large?', and the definition with 'Each': what a child execution of 'Each' runs is \
                --definition FILE#Each\n";
    assert!(refused.code == Some(3) && refused.stderr.ends_with(told), "{refused:?}");
    let refused = folder.asl(&["graph", "each.asl.json", "--history", "child.json"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("it begins with the state 'Large?'"), "{refused:?}");
}

#[test]
fn coverage_of_started_state_machines_is_merged() {
    let folder = Folder::new();
    let start = json!({"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
        "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:greet"}});
    folder.write("outer.asl.json", json!({"StartAt": "Start", "States": {"Start": start}}).to_string());
    folder.write("greet.asl.json", GREET);
    // Another one with the same text.
    folder.write("same.asl.json", GREET);
    folder.write("outer.test.yaml", "cases: [{name: it}]");
    folder.write("same.test.yaml", "cases: [{name: it}]");
    assert_eq!(folder.asl(&["test", "--quiet", "--coverage-json", "all.json"]).code, Some(0));
    let merged = folder.asl(&["test", "--merge", "all.json", "--merge", "all.json", "--coverage-json", "twice.json"]);
    assert_eq!(merged.code, Some(0), "{merged:?}");
    let twice: Value = serde_json::from_slice(&fs::read(folder.path("twice.json")).expect("a file")).expect("JSON");
    let definitions = twice["definitions"].as_array().expect("a list");
    let counts: Vec<(&str, &Value)> =
        definitions.iter().map(|it| (it["definition"].as_str().expect("a name"), &it["goals"][0]["count"])).collect();
    assert_eq!(counts, [("greet.asl.json", &json!(2)), ("outer.asl.json", &json!(2)), ("same.asl.json", &json!(2))]);
    // Counts beyond all bounds are no panic.
    let most = fs::read_to_string(folder.path("all.json"))
        .expect("a file")
        .replace("\"count\": 1", "\"count\": 9223372036854775807");
    folder.write("most.json", most);
    let merged = folder.asl(&["test", "--merge", "most.json", "--merge", "most.json", "--merge", "most.json"]);
    assert_eq!(merged.code, Some(0), "{merged:?}");
}

#[test]
fn a_test_file_may_come_from_stdin_or_a_pipe() {
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    folder.write("parts/all.yaml", "definition: greet.asl.json\ncases: [{name: it}]");
    for line in [r#""$0" test - < parts/all.yaml"#, r#""$0" test <(cat parts/all.yaml)"#] {
        let mut command = std::process::Command::new("bash");
        command.args(["-c", line, env!("CARGO_BIN_EXE_asl")]).current_dir(folder.path(""));
        let ended = Ended::from(command.output().expect("bash starts"));
        assert!(ended.code == Some(0) && ended.stdout.contains("1 passed"), "{line}: {ended:?}");
    }
}

#[test]
fn colours_are_those_that_are_asked_for() {
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    folder.write("greet.test.yaml", "cases: [{name: it}]");
    for (arguments, has_colours) in [
        (&["test"][..], false),
        (&["test", "--color", "always"], true),
        (&["--color=always", "test"], true),
        (&["test", "--color", "never"], false),
    ] {
        let mut command = folder.command(arguments);
        let ended = Ended::from(command.env("NO_COLOR", "1").output().expect("asl starts"));
        assert_eq!(ended.stdout.contains("\u{1b}[32m"), has_colours, "{arguments:?}: {ended:?}");
    }
    let wrong = folder.asl(&["test", "--color", "green"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("possible values: auto, always, never"), "{wrong:?}");
}
