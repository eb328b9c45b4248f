//! `asl debug` on a terminal, as a person uses it.

use crate::support::folder::Folder;
use crate::support::terminal::Terminal;

const DEFINITION: &str = r#"{"StartAt": "Each", "States": {
    "Each": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.done", "MaxConcurrency": 1, "Next": "Sum",
        "ItemProcessor": {"StartAt": "Work", "States": {
        "Work": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work", "End": true}}}},
    "Sum": {"Type": "Pass", "Assign": {"count": 1}, "Next": "Last"},
    "Last": {"Type": "Wait", "SecondsPath": "$.seconds", "End": true}}}"#;

const INPUT: &str = r#"{"items": [1, 2], "seconds": 3600}"#;

fn start(arguments: &[&str], rows: u16, columns: u16) -> (Folder, Terminal) {
    let folder = Folder::new();
    folder.write("each.json", DEFINITION);
    folder.write("mocks.toml", "[[mocks]]\nstate = 'Work'\nreturn = {ok = true}\n");
    let command = folder.command(&[&["debug", "each.json", "--input", INPUT], arguments].concat());
    let terminal = Terminal::start(command, rows, columns);
    (folder, terminal)
}

#[test]
fn a_person_steps_forward_and_back_changes_data_and_forks() {
    let (_folder, mut terminal) = start(&["--mocks", "mocks.toml"], 24, 80);
    terminal.until(&["paused before Each", "input:", "\"seconds\": 3600", "s step"]);
    terminal.keys("s");
    terminal.until(&["paused before Work in Each[0]", "… Each"]);
    terminal.keys("s");
    terminal.until(&["paused before Work in Each[1]"]);
    // A step back looks at what was.
    terminal.keys("b");
    terminal.until(&["Each[0]/Work (Task) SUCCEEDED", "\"ok\": true", "attempt 1"]);
    terminal.keys("b");
    terminal.until(&["Each (Map)"]);
    terminal.keys("\x1b[C\x1b[C");
    terminal.until(&["paused before Work in Each[1]"]);
    terminal.keys("s");
    terminal.until(&["paused before Sum"]);
    terminal.keys(" ");
    terminal.until(&["●‖ Sum"]);
    // The input of the state that comes next.
    let input = r#"{"items":[1,2],"seconds":3600,"done":[{"ok":true},{"ok":true}]}"#;
    terminal.keys("e");
    terminal.until(&[&format!("input: {input}")]);
    terminal.keys("x\r");
    terminal.until(&["error: the input is not JSON"]);
    terminal.keys("\x7f\x1b[H");
    terminal.keys(&"\x1b[3~".repeat(input.len()));
    terminal.keys("{\"seconds\": 1}\r");
    terminal.until_without("3600");
    terminal.until(&["\"seconds\": 1"]);
    terminal.keys("g");
    terminal.until(&["■ SUCCEEDED", "output:", "Last"]);
    // A fork from Sum, which has a breakpoint: it runs on from there alone.
    terminal.keys("bb");
    terminal.until(&["Sum (Pass)"]);
    terminal.keys("f");
    terminal.until(&["fork with the input: {\"seconds\":1}"]);
    terminal.keys("\r");
    terminal.until(&["paused before Sum", "a fork"]);
    terminal.until_without("Each");
    terminal.keys("s");
    terminal.until(&["paused before Last", "\"count\": 1"]);
    terminal.keys("q");
    let (code, shown) = terminal.ended();
    assert_eq!((code, shown.trim()), (Some(0), ""));
}

#[test]
fn it_fits_a_narrow_terminal_and_ctrl_c_gives_it_back() {
    let (_folder, mut terminal) = start(&["--mocks", "mocks.toml", "--break", "Last"], 20, 30);
    terminal.until(&["paused before Each"]);
    terminal.keys("g");
    terminal.until(&["paused before Last", "✓ Sum"]);
    terminal.keys("\x03");
    let (code, shown) = terminal.ended();
    assert_eq!((code, shown.trim()), (Some(0), ""));
}

#[test]
fn what_cannot_be_debugged_is_told_as_ever() {
    let folder = Folder::new();
    folder.write("each.json", DEFINITION);
    for (arguments, code, part) in [
        (&["debug", "each.json", "--mocks", "nowhere.toml"][..], 2, "nowhere.toml"),
        (&["debug", "each.json"], 3, "nothing was run"),
        (&["debug", "nowhere.json"], 2, "nowhere.json"),
    ] {
        let (ended, shown) = Terminal::start(folder.command(arguments), 24, 200).ended();
        assert!(ended == Some(code) && shown.contains(part), "{ended:?} {shown}");
    }
    folder.write("mocks.toml", "[[mocks]]\nstate = 'Work'\nreturn = 1\n");
    let ended = folder.asl(&["debug", "each.json", "--mocks", "mocks.toml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("draws on a terminal, and there is none") && ended.stderr.contains("asl run --open"),
        "{ended:?}"
    );
}
