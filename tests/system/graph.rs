//! `asl graph` on what `asl run` has written.

use crate::support::folder::Folder;

/// A task that is tried again, fails and is caught, and a state that nothing reaches.
const CAUGHT: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:charge", "Next": "Confirm",
      "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}],
      "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Apologise"}]
    },
    "Confirm": {"Type": "Pass", "End": true},
    "Apologise": {"Type": "Fail", "Error": "NotCharged"}
  }
}"#;

const MOCKS: &str = "[[mocks]]\nstate = 'Charge'\nthrow = { error = 'E', cause = 'because' }\n";

#[test]
fn a_drawing_shows_what_a_run_has_written() {
    let folder = Folder::new();
    folder.write("order.json", CAUGHT);
    folder.write("mocks.toml", MOCKS);
    let ran = folder.asl(&["run", "order.json", "--mocks", "mocks.toml", "--events=events.json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let drawn = folder.asl(&["graph", "order.json", "--history", "events.json"]);
    assert_eq!((drawn.code, &*drawn.stderr), (Some(0), ""), "{drawn:?}");
    let shown = ["<b>Charge</b>", "! error caught", "<b>Confirm</b><br/>Pass<br/>– not reached", "✗ failed"];
    for text in shown {
        assert!(drawn.stdout.contains(text), "{text} in {}", drawn.stdout);
    }
    for (file, start) in [("order.svg", "<svg "), ("order.gv", "digraph "), ("order.md", "```mermaid\nflowchart TD\n")]
    {
        let drawn = folder.asl(&["graph", "order.json", "--output", file]);
        assert_eq!((drawn.code, &*drawn.stdout, &*drawn.stderr), (Some(0), "", ""), "{drawn:?}");
        let written = std::fs::read_to_string(folder.path(file)).expect("it is written");
        assert!(written.starts_with(start), "{written}");
    }
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let folder = Folder::new();
    folder.write("order.json", CAUGHT);
    folder.write("broken.json", r#"{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}"#);
    let other = r#"[{"id": 1, "type": "PassStateEntered", "stateEnteredEventDetails": {"name": "Elsewhere"}}]"#;
    for (arguments, code, told) in [
        (vec!["order.json", "--history", "{}"], 2, "it is no history"),
        (vec!["order.json", "--history", other], 2, "it enters 'Elsewhere', which is not in the definition"),
        (vec!["order.json", "--history", "nowhere.json"], 2, "is neither a file nor JSON"),
        (vec!["order.json", "--output", "order.png"], 2, "end it in .svg, .dot, .mmd or .json, or say --format"),
        (vec!["order.json", "--output", "nowhere/order.svg"], 2, "cannot write nowhere/order.svg"),
        (vec!["-", "--history", "-"], 2, "cannot both be stdin"),
        (vec!["broken.json"], 3, "/States/A"),
    ] {
        let drawn = folder.asl(&[&["graph"], &*arguments].concat());
        assert_eq!((drawn.code, &*drawn.stdout), (Some(code), ""), "{drawn:?}");
        assert!(drawn.stderr.contains(told), "{told} in {}", drawn.stderr);
    }
}
