//! Definitions as they lie in projects: with placeholders, and in templates.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};

/// A machine whose task, wait, topic and number are only known when it is deployed.
const OPEN: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {"Type": "Task", "Resource": "${ChargeArn}", "TimeoutSeconds": ${Timeout}, "Next": "Rest"},
    "Rest": {"Type": "Wait", "Seconds": ${Seconds}, "Next": "Name"},
    "Name": {"Type": "Pass", "Result": "${Topic}", "End": true}
  }
}"#;

const MOCKS: &str = "[[mocks]]\nstate = 'Charge'\nreturn = 1\n";

#[test]
fn what_nothing_fills_in_is_told_once_before_anything_runs() {
    let folder = Folder::new();
    folder.write("open.asl.json", OPEN.replace("\"${Topic}\"", "\"${Topic} ${Topic}\""));
    let ended = folder.asl(&["run", "open.asl.json", "--substitute", "Seconds=0"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    for (name, place) in [("${ChargeArn}", "4:45"), ("${Timeout}", "4:78"), ("${Topic} (2 places)", "6:41")] {
        let told = format!("error: nothing is filled in for {name}\n --> open.asl.json:{place}\n");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("${Seconds}"), "{}", ended.stderr);
    let lines = "[substitutions]\nChargeArn = \"VALUE\"\nTimeout = \"VALUE\"\nTopic = \"VALUE\"\n";
    assert!(ended.stderr.ends_with(&format!("{lines}\nnothing was run\n")), "{}", ended.stderr);
    assert_eq!(folder.files("").len(), 1);
}

#[test]
fn the_lines_that_are_shown_work() {
    let folder = Folder::new();
    folder.write("open.asl.json", OPEN);
    let told = folder.asl(&["run", "open.asl.json"]).stderr;
    let (_, lines) = told.split_once("routes.toml:\n\n").expect("lines for the routing file");
    let (lines, _) = lines.split_once("\nnothing was run").expect("an end");
    let lines = lines.replace("Timeout = \"VALUE\"", "Timeout = 5").replace("Seconds = \"VALUE\"", "Seconds = 0");
    folder.write("routes.toml", format!("{lines}\n{MOCKS}"));
    // The route of the task does not matter, as it is mocked; its ARN must be one all the same once it is filled in.
    let arn = "ChargeArn=arn:aws:lambda:us-east-1:1:function:charge";
    let ended = folder.asl(&["run", "open.asl.json", "--substitute", arn]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "\"VALUE\"\n"), "{ended:?}");
}

#[test]
fn placeholders_of_mocked_tasks_do_not_matter() {
    let folder = Folder::new();
    folder.write("open.asl.json", OPEN);
    folder.write("mocks.toml", MOCKS);
    let ended = folder.asl(&["run", "open.asl.json", "--mocks", "mocks.toml"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "\"${Topic}\"\n"), "{ended:?}");
    assert!(ended.stderr.starts_with("note: nothing is filled in for ${Seconds}, ${Topic}:"), "{}", ended.stderr);
    // The same in the routing file: what is outside the task has to be filled in.
    folder.write("routes.toml", MOCKS);
    let values = ["--substitute", "Topic=orders", "--substitute", "Seconds=0"];
    let ended = folder.asl(&[&["run", "open.asl.json"], &values[..]].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "\"orders\"\n"), "{ended:?}");
}

#[test]
fn state_machines_of_a_template_start_each_other() {
    let folder = Folder::new();
    folder.write(
        "template.yaml",
        r#"
Resources:
  Child:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: child.asl.json, DefinitionSubstitutions: {Greeting: Hello}}
  Parent:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {"StartAt": "Start", "States": {"Start": {
          "Type": "Task", "Resource": "arn:${AWS::Partition}:states:::states:startExecution.sync:2",
          "Parameters": {"StateMachineArn": "${Child}", "Input": {}},
          "OutputPath": "$.Output", "End": true}}}
"#,
    );
    folder.write(
        "child.asl.json",
        r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "${Greeting}", "End": true}}}"#,
    );
    folder.write("routes.toml", "[state_machines.Child]\ndefinition = 'template.yaml#Child'\n");
    let ended = folder.asl(&["run", "template.yaml#Parent"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "\"Hello\"\n"), "{ended:?}");
}

#[test]
fn check_reads_all_state_machines_of_a_template() {
    let folder = Folder::new();
    let machine = |next: &str| {
        let definition =
            json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": next}, "B": {"Type": "Succeed"}}});
        json!({"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": definition.to_string()}})
    };
    folder.write("t.json", json!({"Resources": {"Good": machine("B"), "Bad": machine("C")}}).to_string());
    let ended = folder.asl(&["check", "t.json", "--json"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let printed: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let files = printed["files"].as_array().expect("files");
    let shown: Vec<_> = files.iter().map(|file| (&file["file"], &file["machine"], &file["result"])).collect();
    assert_eq!(json!(shown), json!([["t.json", "Good", "OK"], ["t.json", "Bad", "FAIL"]]));
    assert_eq!(folder.asl(&["check", "t.json#Good"]).code, Some(0));
}

#[test]
fn a_state_of_a_template_is_tested() {
    let folder = Folder::new();
    folder.write(
        "serverless.yml",
        "stepFunctions:\n  stateMachines:\n    m:\n      definition:\n        StartAt: A\n        States:\n          A:\n            \
         Type: Task\n            Resource: {Fn::GetAtt: [charge, Arn]}\n            End: true\nfunctions: {charge: {handler: a.b}}\n",
    );
    let ended = folder.asl(&["test-state", "serverless.yml", "--state", "A", "--mock", "1", "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = serde_json::from_str::<Value>(&ended.stdout).expect("JSON");
    assert_eq!(told["output"], "1");
}

#[test]
fn check_takes_folders_and_patterns() {
    let folder = Folder::new();
    let text =
        |next: &str| json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": next}, "B": {"Type": "Succeed"}}});
    folder.write("a/one.asl.json", text("B").to_string());
    folder.write("a/b/two.asl.json", text("C").to_string());
    folder.write("a/b/package.json", "{}");
    for (argument, code, summary) in [
        ("a", Some(3), "2 files: 1 error\n"),
        ("a/*.asl.json", Some(0), "1 file: no problems\n"),
        ("**/*.asl.json", Some(3), "2 files: 1 error\n"),
        ("a/b/*.yaml", Some(2), ""),
        ("a/[", Some(2), ""),
    ] {
        let ended = folder.asl(&["check", argument]);
        assert_eq!(ended.code, code, "{argument}: {ended:?}");
        assert!(ended.stdout.ends_with(summary), "{argument}: {ended:?}");
        assert_eq!(ended.stderr.is_empty(), code != Some(2), "{argument}: {ended:?}");
    }
}

#[test]
fn a_definition_comes_from_stdin() {
    let folder = Folder::new();
    let piped = |text: &str, arguments: &[&str]| {
        let file = folder.path("piped");
        folder.write("piped", text);
        let stdin = std::fs::File::open(file).expect("it was written");
        Ended::from(folder.command(arguments).stdin(stdin).output().expect("asl starts"))
    };
    let json = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "${Name}", "End": true}}}"#;
    let ended = piped(json, &["run", "-", "--substitute", "Name=x"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "\"x\"\n"), "{ended:?}");
    let yaml = "StartAt: P\nStates:\n  P: {Type: Pass, Ned: true}\n";
    let ended = piped(yaml, &["run", "-"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains(" --> <stdin>:3:19\n"), "{ended:?}");
    let ended = piped(json, &["run", "-", "--input", "-"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

/// The test would take an hour otherwise.
#[test]
fn waits_can_be_skipped_while_tasks_are_called() {
    let folder = Folder::new();
    folder.write(
        "slow.json",
        r#"{"StartAt": "W", "States": {
            "W": {"Type": "Wait", "Seconds": 3600, "Next": "T"},
            "T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true,
                "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 3600}]}
        }}"#,
    );
    folder.write(
        "routes.toml",
        "[[mocks]]\nstate = 'T'\ninvocations = '0-1'\nthrow = { error = 'E' }\n[[mocks]]\nstate = 'T'\ninvocations = '2'\nreturn = 1\n",
    );
    let ended = folder.asl(&["run", "slow.json", "--skip-waits"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "1\n"), "{ended:?}");
}

#[test]
fn shells_complete_the_arguments() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = Folder::new().asl(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("test-state") && ended.stdout.contains("substitute"), "{shell}");
    }
}

/// Mocks are read as definitions are: in JSON or YAML, as TOML, and from a pipe, which has no ending.
#[test]
fn mocks_come_in_each_form_and_from_pipes() {
    const JSON: &str = r#"{"StateMachines": {"d": {"TestCases": {"A": {"T": "R"}}}},
        "MockedResponses": {"R": {"0": {"Return": {"ok": 1}}}}}"#;
    const YAML: &str = "StateMachines:\n  d:\n    TestCases:\n      A: {T: R}\n\
        MockedResponses:\n  R:\n    \"0\": {Return: {ok: 1}}\n";
    const TOML: &str = "[[mocks]]\nstate = 'T'\nreturn = { ok = 1 }\n";
    let folder = Folder::new();
    let task = r#"{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true}"#;
    folder.write("d.json", format!(r#"{{"StartAt": "T", "States": {{"T": {task}}}}}"#));
    for (file, text) in [("m.json", JSON), ("m.yaml", YAML), ("m.toml", TOML)] {
        folder.write(file, text);
        assert_eq!(folder.asl(&["run", "d.json", "--mocks", file]).stdout, "{\"ok\":1}\n", "{file}");
        let mut piped = folder.command(&["run", "d.json", "--mocks", "/dev/stdin"]);
        let piped = piped.stdin(std::fs::File::open(folder.path(file)).expect("it was written")).output();
        assert_eq!(Ended::from(piped.expect("asl starts")).stdout, "{\"ok\":1}\n", "{file} from stdin");
    }
    folder.write("m.yaml", "StateMachines: [");
    let refused = folder.asl(&["run", "d.json", "--mocks", "m.yaml"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.starts_with("error: m.yaml: this is not YAML: "), "{refused:?}");
}
