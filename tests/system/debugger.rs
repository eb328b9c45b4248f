//! `asl debug` on a terminal, as a person uses it.

use crate::support::folder::Folder;
use crate::support::terminal::Terminal;

const DEFINITION: &str = r#"{"StartAt": "Each", "States": {
    "Each": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.done", "Next": "Sum", "ItemProcessor": {"StartAt": "Work", "States": {
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
    let shown = terminal.until("paused before Each");
    assert!(shown.contains("s step") && shown.contains("input:") && shown.contains("\"seconds\": 3600"), "{shown}");
    terminal.keys("s");
    let shown = terminal.until("paused before Work in Each[0]");
    assert!(shown.contains("… Each"), "{shown}");
    terminal.keys("s");
    terminal.until("paused before Work in Each[1]");
    // A step back looks at what was.
    terminal.keys("b");
    let shown = terminal.until("Each[0]/Work (Task) SUCCEEDED");
    assert!(shown.contains("\"ok\": true") && shown.contains("attempt 1"), "{shown}");
    terminal.keys("b");
    terminal.until("Each (Map)");
    terminal.keys("\x1b[C\x1b[C");
    terminal.until("paused before Work in Each[1]");
    // A breakpoint at a state that was not entered is set where it comes next; here it is gone on to.
    terminal.keys("ss");
    terminal.until("paused before Sum");
    terminal.keys(" ");
    terminal.until("●‖ Sum");
    // The input of the state that comes next.
    terminal.keys("e");
    terminal.until("input: {\"items\"");
    terminal.keys("x\r");
    terminal.until("error: the input is not JSON");
    terminal.keys("\x7f\x1b[H");
    for _ in 0.."{\"items\":[1,2],\"seconds\":3600,\"done\":[{\"ok\":true},{\"ok\":true}]}".len() {
        terminal.keys("\x1b[3~");
    }
    terminal.keys("{\"seconds\": 1}\r");
    terminal.until("\"seconds\": 1\n");
    terminal.keys("g");
    let shown = terminal.until("■ SUCCEEDED");
    assert!(shown.contains("output:") && shown.contains("Last"), "{shown}");
    // A fork from Sum, which has a breakpoint: it runs on from there alone, with another input.
    terminal.keys("bb");
    terminal.until("Sum (Pass)");
    terminal.keys("f");
    terminal.until("fork with the input: {\"seconds\":1}");
    terminal.keys("\r");
    let shown = terminal.until("paused before Sum");
    assert!(shown.contains("a fork") && !shown.contains("Each"), "{shown}");
    terminal.keys("s");
    let shown = terminal.until("paused before Last");
    assert!(shown.contains("\"count\": 1"), "{shown}");
    terminal.keys("q");
    let (code, shown) = terminal.ended();
    assert_eq!((code, shown.trim()), (Some(0), ""));
}

#[test]
fn it_fits_a_narrow_terminal_and_ctrl_c_gives_it_back() {
    let (_folder, mut terminal) = start(&["--mocks", "mocks.toml", "--break", "Last"], 20, 30);
    terminal.until("paused before Each");
    terminal.keys("g");
    let shown = terminal.until("paused before Last");
    assert!(shown.contains("✓ Sum"), "{shown}");
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
