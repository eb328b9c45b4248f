//! `asl diff`: executions that were run here, files and pipes against each other.

use std::io::Write;
use std::process::Stdio;

use crate::support::folder::{Ended, Folder};

/// A task, what it leads to, and a child execution for each item.
const ORDER: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "ResultPath": "$.charge",
      "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000000/charges", "MessageBody": {
        "token.$": "$$.Task.Token", "of.$": "$$.Execution.Id", "at.$": "$$.State.EnteredTime", "id.$": "States.UUID()"
      }},
      "Catch": [{"ErrorEquals": ["Declined"], "Next": "Cancel"}], "Next": "Each"
    },
    "Each": {
      "Type": "Map", "ItemsPath": "$.items", "End": true,
      "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Pack", "States": {"Pack": {"Type": "Pass", "Parameters": {"item.$": "$", "in.$": "$$.Execution.Name"}, "End": true}}
      }
    },
    "Cancel": {"Type": "Pass", "End": true}
  }
}"#;

const PAID: &str = "[[mocks]]\nstate = 'Charge'\nreturn = { receipt = 'R-1' }\n";
const DECLINED: &str = "[[mocks]]\nstate = 'Charge'\nthrow = { error = 'Declined', cause = '{\"code\": 7}' }\n";

/// The name of the execution that it runs.
fn run(folder: &Folder, routes: &str, input: &str) -> String {
    folder.write("order.json", ORDER);
    folder.write("routes.toml", routes);
    let ended = folder.asl(&["run", "order.json", "--input", input]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let listed = folder.asl(&["history", "--list"]).stdout;
    listed.lines().last().expect("it is stored").split("  ").nth(1).expect("its name").to_owned()
}

#[test]
fn executions_that_did_the_same_are_the_same() {
    let folder = Folder::new();
    let [first, second] = [0, 1].map(|_| run(&folder, PAID, r#"{"items": [1, 2]}"#));
    assert_ne!(first, second);
    let same = folder.asl(&["diff", &first, &second]);
    assert_eq!((same.code, &*same.stderr), (Some(0), ""), "{same:?}");
    assert!(same.stdout.contains("both did the same: 4 visits of states\n"), "{same:?}");
    let exact = folder.asl(&["diff", &first, &second, "--exact"]);
    assert_eq!(exact.code, Some(1), "{exact:?}");
    for place in ["of", "at", "id", "token"] {
        assert!(exact.stdout.contains(&format!("  sent $.parameters.MessageBody.{place}: ")), "{place} {exact:?}");
    }
    assert!(exact.stdout.contains("Each[1]/Pack\n  output $.in: "), "{exact:?}");
}

#[test]
fn what_was_taken_answered_and_handed_on_is_told() {
    let folder = Folder::new();
    let first = run(&folder, PAID, r#"{"items": [1, 2]}"#);
    let second = run(&folder, PAID, r#"{"items": [1, 3, 4]}"#);
    let third = run(&folder, DECLINED, r#"{"items": [1, 2]}"#);
    let told = folder.asl(&["diff", &first, &second]);
    assert_eq!(told.code, Some(1), "{told:?}");
    for line in
        ["the start\n  input $.items[1]: 2 → 3\n", "\nEach[1]/Pack\n  output $.item: 2 → 3\n", "only in B: Each[2]\n"]
    {
        assert!(told.stdout.contains(line), "{line} {told:?}");
    }
    let told = folder.asl(&["diff", &first, &third, "--json"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let told: serde_json::Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    assert_eq!(told["same"], false);
    assert_eq!(told["partings"][0]["after"], "Charge");
    assert_eq!(told["partings"][0]["b"], serde_json::json!({"next": "Cancel", "caught": true}));
    assert_eq!((&told["onlyInA"], &told["onlyInB"]), (&serde_json::json!(["Each"]), &serde_json::json!(["Cancel"])));
    let of = |what: &str| {
        let all = told["differences"].as_array().expect("a list").iter();
        all.filter(|it| it["what"] == what).map(|it| it["b"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("error"), ["Declined"]);
    assert_eq!(of("cause"), [serde_json::json!({"code": 7})]);
    // Child executions of Map Runs have names, too.
    let children = folder.asl(&["history", &first]).stdout;
    let child = children.lines().rfind(|line| line.contains("ExecutionSucceeded,")).expect("a child execution");
    let child = child.trim().split("  ").next().expect("its name");
    assert_eq!(folder.asl(&["diff", child, child]).code, Some(0));
}

#[test]
fn iterations_that_differ_alike_are_told_once() {
    let folder = Folder::new();
    for (name, result) in [("one", 1), ("other", 2)] {
        let definition = format!(
            r#"{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "End": true, "ResultSelector": {{}}, "ItemProcessor": {{
                "StartAt": "Work", "States": {{"Work": {{"Type": "Pass", "Result": {result}, "End": true}}}}}}}}}}}}"#
        );
        folder.write("map.json", definition);
        let ended = folder.asl(&["run", "map.json", "--input", "[1, 2, 3, 4]", &format!("--events={name}.json")]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let told = folder.asl(&["diff", "one.json", "other.json"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let told = told.stdout.split_once("\n\n").expect("the executions and what differs").1;
    assert_eq!(told, "Each[0]/Work, and 3 more visits likewise\n  output: 1 → 2\n");
}

/// A child execution for each item, and an execution that a task starts.
const PARENT: &str = r#"{
  "StartAt": "Each",
  "States": {
    "Each": {
      "Type": "Map", "ItemsPath": "$.items", "ItemSelector": {"rate.$": "$.rate"}, "ResultSelector": {}, "ResultPath": "$.each",
      "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Work", "States": {"Work": {"Type": "Pass", "Parameters": {"of.$": "$.rate"}, "End": true}}
      },
      "Next": "Ship"
    },
    "Ship": {
      "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "ResultSelector": {}, "End": true,
      "Parameters": {
        "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:shipping", "Input": {"kg.$": "$.rate"}
      },
      "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Late"}]
    },
    "Late": {"Type": "Pass", "End": true}
  }
}"#;

#[test]
fn child_executions_have_a_start_and_an_end_and_are_told_once() {
    let folder = Folder::new();
    folder.write("order.json", PARENT);
    folder.write("routes.toml", "[state_machines.shipping]\ndefinition = 'ship.json'\n");
    let items: Vec<usize> = (0..60).collect();
    let told = |ships: [&str; 2], rates: [i64; 2]| {
        for (name, (ship, rate)) in ["one", "other"].into_iter().zip(ships.into_iter().zip(rates)) {
            folder.write("ship.json", format!(r#"{{"StartAt": "Weigh", "States": {{"Weigh": {ship}}}}}"#));
            let input = format!(r#"{{"rate": {rate}, "items": {items:?}}}"#);
            let ended = folder.asl(&["run", "order.json", "--input", &input, &format!("--events={name}.json")]);
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        let told = folder.asl(&["diff", "one.json", "other.json"]);
        assert_eq!(told.code, Some(1), "{told:?}");
        let (_, told) = told.stdout.split_once("\n\n").expect("the executions and what differs");
        let told = told.rsplit_once("\n\n").expect("what is left out").0;
        // On a busy machine, one of them takes longer.
        let untimed = |line: &str| line.split_once("  (A ").map_or(line, |(visit, _)| visit).to_owned();
        told.lines().map(untimed).collect::<Vec<_>>().join("\n")
    };
    let weigh = r#"{"Type": "Pass", "End": true}"#;
    let expected = "\
the start
  input $.rate: 1 → 2
Ship
  sent $.parameters.Input.kg: 1 → 2
  result $.Input.kg: 1 → 2
  result $.Output.kg: 1 → 2
Each[0]: start of the child execution, and 59 more executions likewise
  input $.rate: 1 → 2
Each[0]/Work, and 59 more visits likewise
  output $.of: 1 → 2
Ship: start of shipping
  input $.kg: 1 → 2";
    assert_eq!(told([weigh, weigh], [1, 2]), expected);
    let failed = told([weigh, r#"{"Type": "Fail", "Error": "Heavy"}"#], [1, 1]);
    let end = "\
Ship/Weigh
  type: Pass → Fail
  status: SUCCEEDED → FAILED
Ship: end of shipping
  status: SUCCEEDED → FAILED
  output: {\"kg\":1} only in A
  error: Heavy only in B
the end
  output $.rate: 1 only in B";
    assert!(failed.contains(end), "{failed}");
}

#[test]
fn what_is_ignored_does_not_count_where_only_one_has_it() {
    let folder = Folder::new();
    folder.write("pass.json", r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#);
    for (name, input) in [("one", r#"{"a": 1}"#), ("other", r#"{"a": 1, "number": 5}"#)] {
        let ended = folder.asl(&["run", "pass.json", "--input", input, &format!("--events={name}.json")]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    for (ignored, code) in [("$..number", 0), ("$.number", 0), ("$.a", 1)] {
        for sides in [["one.json", "other.json"], ["other.json", "one.json"]] {
            let told = folder.asl(&["diff", sides[0], sides[1], "--ignore", ignored]);
            assert_eq!(told.code, Some(code), "{ignored} {told:?}");
        }
    }
}

#[test]
fn files_pipes_and_stored_executions_go_together() {
    let folder = Folder::new();
    let name = run(&folder, PAID, r#"{"items": [1]}"#);
    let history = folder.asl(&["history", "--json"]).stdout;
    folder.write("old.json", &history);
    // As boto3 prints it, from the last event to the first.
    let mut turned: serde_json::Value = serde_json::from_str(&history).expect("it is JSON");
    turned["events"].as_array_mut().expect("a list").reverse();
    for event in turned["events"].as_array_mut().expect("a list") {
        let text = event["timestamp"].as_str().expect("a time").replace('T', " ").replace('Z', "000+00:00");
        event["timestamp"] = text.into();
    }
    folder.write("turned.json", turned.to_string());
    for other in [&*name, "old.json", "turned.json"] {
        assert_eq!(folder.asl(&["diff", "old.json", other]).code, Some(0), "{other}");
    }
    let mut piped =
        folder.command(&["diff", "-", &name]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("asl starts");
    piped.stdin.take().expect("stdin").write_all(history.as_bytes()).expect("it reads");
    assert_eq!(Ended::from(piped.wait_with_output().expect("it ends")).code, Some(0));
    for (arguments, told) in [
        (["diff", "-", "-"], "the two histories cannot both come from stdin"),
        (["diff", "old.json", "nothing"], "nothing is neither a file nor an execution that is stored below .asl"),
        (["diff", "old.json", "order.json"], "order.json: it is no history"),
        (["diff", "old.json", "routes.toml"], "the history is not JSON"),
        (["diff", "old.json", "{\"events\": [3]}"], "events[0] has no `id` and `type`"),
    ] {
        let ended = folder.asl(&arguments);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains(told), "{told} {ended:?}");
    }
}

#[test]
fn histories_as_arguments_are_named_by_their_beginnings() {
    let folder = Folder::new();
    let event = |id: usize| {
        format!(
            r#"{{"id": {id}, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": "2026-11-30T08:00:00Z"}}"#
        )
    };
    let (one, two) = (format!("[{}]", event(1)), format!("[{}, {}]", event(1), event(2)));
    let told = folder.asl(&["diff", &one, &two]);
    assert_eq!((told.code, &*told.stderr), (Some(0), ""), "{told:?}");
    for line in ["RUNNING, 1 event\n", "RUNNING, 2 events\n"] {
        assert!(told.stdout.contains(line), "{line} {told:?}");
    }
    let items = "1, ".repeat(1_000);
    for wrong in [format!("[{items}1]"), format!("[{items}"), format!("\"{items}")] {
        let ended = folder.asl(&["diff", &one, &wrong]);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.len() < 500, "{ended:?}");
    }
}
