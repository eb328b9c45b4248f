//! `asl check`: which warnings are told, which fail, and logs for code scanning.

use serde_json::{Value, json};

use crate::support::folder::Folder;

/// A definition with two warnings, `UNUSED_VARIABLE` and `PASS_RESULT_IS_STATIC`.
const DOUBTFUL: &str = r#"{"StartAt": "A", "States": {
  "A": {"Type": "Pass", "Assign": {"x": 1}, "Result": "$.a", "End": true}
}}"#;

#[test]
fn warnings_are_left_out_and_denied_by_code() {
    let folder = Folder::new();
    folder.write("one.json", DOUBTFUL);
    for (arguments, code, summary) in [
        (&[][..], 0, "1 file: 2 warnings\n"),
        (&["--allow", "UNUSED_VARIABLE"], 0, "1 file: 1 warning\n"),
        (&["--allow", "UNUSED_VARIABLE,PASS_RESULT_IS_STATIC"], 0, "1 file: no problems\n"),
        (&["--deny", "warnings"], 3, "1 file: 2 warnings\n"),
        (&["--deny", "NO_END,UNUSED_VARIABLE"], 3, "1 file: 2 warnings\n"),
        (&["--deny", "NO_END"], 0, "1 file: 2 warnings\n"),
        // What is left out fails nothing.
        (&["--allow", "UNUSED_VARIABLE", "--deny", "UNUSED_VARIABLE"], 0, "1 file: 1 warning\n"),
    ] {
        let ended = folder.asl(&[&["check", "one.json"], arguments].concat());
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.stdout.ends_with(summary), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn the_routing_file_beside_a_definition_leaves_out_warnings() {
    let folder = Folder::new();
    folder.write("a/one.json", DOUBTFUL);
    folder.write("b/two.json", DOUBTFUL);
    folder.write("a/routes.toml", "[check]\nallow = ['UNUSED_VARIABLE']\n");
    let ended = folder.asl(&["check", "a/one.json", "b/two.json"]);
    assert!(ended.stdout.ends_with("2 files: 3 warnings\n"), "{ended:?}");
    folder.write("a/routes.toml", "[check]\nallow = ['UNUSED_VARIABEL']\n");
    let ended = folder.asl(&["check", "a/one.json"]);
    let expected =
        "a/routes.toml: [check] allow: there is no warning 'UNUSED_VARIABEL': did you mean 'UNUSED_VARIABLE'?\n";
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.ends_with(expected), "{ended:?}");
}

#[test]
fn a_sarif_log_names_rules_and_places() {
    let folder = Folder::new();
    folder.write("a b/größe.json", DOUBTFUL.replace("\"x\"", "\"größe\""));
    let absolute = folder.path("a b/größe.json").display().to_string();
    for file in ["a b/größe.json", "./a b/größe.json", &absolute] {
        let ended = folder.asl(&["check", "--format", "sarif", file]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let log: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let run = &log["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let ids: Vec<&Value> =
            run["tool"]["driver"]["rules"].as_array().expect("rules").iter().map(|rule| &rule["id"]).collect();
        assert_eq!(json!(ids), json!(["PASS_RESULT_IS_STATIC", "UNUSED_VARIABLE"]));
        let unused = run["results"].as_array().expect("results").iter().find(|one| one["ruleId"] == "UNUSED_VARIABLE");
        let expected = json!([{
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20b/gr%C3%B6%C3%9Fe.json"},
                "region": {"startLine": 2, "startColumn": 36, "endLine": 2, "endColumn": 43},
            },
            "logicalLocations": [{"fullyQualifiedName": "/States/A/Assign/größe"}],
        }]);
        assert_eq!(unused.expect("it is told")["locations"], expected);
    }
}
