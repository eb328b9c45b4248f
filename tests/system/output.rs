//! Where the output goes: into a pipe that nobody reads any more, onto a full disk, onto a narrow terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use nix::pty::{Winsize, openpty};

use crate::support::folder::{Ended, Folder};
use crate::support::images::{RUN, input, lay_out, serve};

const PASS: &str = r#"{"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": true}}}"#;

#[test]
fn a_reader_that_has_left_is_no_failure() {
    for arguments in [&["run", "pass.json", "--input", "-"][..], &["run", "pass.json", "--input", "-", "--events"]] {
        let folder = Folder::new();
        folder.write("pass.json", PASS);
        let mut command = folder.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("asl starts");
        drop(child.stdout.take());
        // It prints nothing before it has its input, and by then the reader is gone.
        child.stdin.take().expect("stdin is piped").write_all(b"[1, 2]").expect("asl reads its input");
        let ended = Ended::from(child.wait_with_output().expect("asl ends"));
        assert_eq!(ended, Ended { code: Some(0), stdout: String::new(), stderr: String::new() });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_cannot_be_written_is_told() {
    let folder = Folder::new();
    folder.write("pass.json", PASS);
    let full = File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
    let output = folder.command(&["run", "pass.json"]).stdout(full).output().expect("asl starts");
    let ended = Ended::from(output);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(2), "error: cannot write to stdout: No space left on device (os error 28)\n")
    );
}

/// Runs a command on a terminal of its own, and gives all that it wrote there.
fn on_terminal(mut command: Command, columns: u16) -> (Option<i32>, Vec<u8>) {
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(&size, None).expect("a terminal");
    let end = |end: &OwnedFd| Stdio::from(end.try_clone().expect("one more handle"));
    command.stdin(end(&terminal.slave)).stdout(end(&terminal.slave)).stderr(end(&terminal.slave));
    let mut child = command.env("TERM", "xterm-256color").spawn().expect("asl starts");
    // The terminal ends when the last handle of its other end is closed, also those in the command.
    drop((command, terminal.slave));
    let mut written = Vec::new();
    let mut buffer = [0; 4096];
    let mut master = File::from(terminal.master);
    // Linux tells the end as an error.
    while let Ok(count @ 1..) = master.read(&mut buffer) {
        written.extend(&buffer[..count]);
    }
    (child.wait().expect("asl ends").code(), written)
}

#[test]
fn a_path_without_a_document_does_not_wait_for_one_on_a_terminal() {
    let (code, written) = on_terminal(Folder::new().command(&["jsonpath", "$.a"]), 80);
    let expected = [
        "error: there is no document: name a file, give JSON, or pipe it in, as in",
        "  asl jsonpath '$.a' input.json",
    ];
    assert_eq!((code, seen(&written, 80)), (Some(2), expected.map(str::to_owned).to_vec()));
}

/// The rows that a person sees in the end, scrolled up as far as it goes, without the empty ones below.
fn seen(written: &[u8], columns: u16) -> Vec<String> {
    let [rows, width] = [2_000, columns].map(|size| NonZero::new(size).expect("a terminal has some size"));
    let mut terminal = vt100::Parser::new(rows, width, 0);
    terminal.process(written);
    let mut rows: Vec<_> = terminal.screen().rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}

/// The rows that lines of text take up.
fn rows(text: &str, columns: u16) -> Vec<String> {
    let lines = text.lines().map(|line| line.chars().collect::<Vec<_>>());
    let rows = lines.flat_map(|line| line.chunks(columns.into()).map(String::from_iter).collect::<Vec<_>>());
    rows.map(|row| row.trim_end().to_owned()).collect()
}

#[test]
fn a_narrow_terminal_shows_whole_lines() {
    for columns in [30, 80] {
        let (server, folder) = (serve(), Folder::new());
        lay_out(&folder, &input("fail.input.json", &server));
        let (code, written) = on_terminal(folder.command(&RUN), columns);
        assert_eq!(code, Some(1));
        let mut seen = seen(&written, columns);
        let end = seen.iter().position(|row| row.starts_with("FAILED in")).expect("how it ended");
        // Rows end where words do not.
        let end = seen.split_off(end).concat().replace(' ', "");
        assert!(end.contains(";84events;datain.asl;notificationsin.asl/sns;aslhistoryrun-"), "{end}");
        assert_eq!(
            seen,
            rows(
                "\
✓ Split into batches
✓ Download all batches
✓ Check the results
✓ Record the downloads
✓ Did all succeed?
✓ Notify about the failures
execution: FAILED in the state 'Some images are missing'
cause: One or more resources failed to download
",
                columns
            )
        );
    }
}

#[test]
fn a_terminal_shows_the_output_indented_and_how_it_went() {
    let folder = Folder::new();
    folder.write("pass.json", PASS);
    let long = "many words that do not fit into a narrow terminal";
    let (code, written) =
        on_terminal(folder.command(&["run", "pass.json", "--input", &format!("[\"{long}\", 2]")]), 30);
    assert_eq!(code, Some(0));
    let shown = seen(&written, 30);
    let output = rows(&format!("✓ Only\n[\n  \"{long}\",\n  2\n]\n"), 30);
    let (before, after) = shown.split_at(output.len());
    assert_eq!(before, output);
    assert!(after.concat().starts_with("SUCCEEDED in 0."), "{after:?}");
}

#[test]
fn the_help_fits_a_terminal_of_80_columns() {
    let folder = Folder::new();
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["demo", "--help"],
        &["jsonpath", "--help"],
        &["test-state", "--help"],
        &["check", "--help"],
    ] {
        let (code, written) = on_terminal(folder.command(arguments), 80);
        let lines = seen(&written, 200);
        assert_eq!(code, Some(0));
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("Usage: asl")), "{lines:#?}");
    }
}

/// What a terminal obeys stands in names, in causes and in data; whatever is printed shows it.
#[test]
fn control_characters_of_data_reach_no_terminal() {
    let folder = Folder::new();
    let evil = "\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{7f}\u{202e}\r";
    let text = |value: &str| serde_json::to_string(value).unwrap();
    let name = text(&format!("n{evil}"));
    let fails = format!(
        r#"{{"StartAt":{name},"States":{{{name}:{{"Type":"Fail","Error":{error},"Cause":{cause}}}}}}}"#,
        error = text(&format!("E{evil}")),
        cause = text(&format!("c{evil}\n")),
    );
    folder.write("fails.json", &fails);
    folder.write("evil\u{1b}[2J.json", &fails);
    folder.write("wrong.json", fails.replace(r#""Fail""#, &name));
    folder
        .write("state.json", format!(r#"{{"Type":"Pass","Result":{{{name}:{name}}},"ResultPath":"$.a","End":true}}"#));
    folder.write("d.yaml", "StartAt: \"n\u{9b}\"\nStates: [\u{7f}]\n");
    folder.write("evil.toml", format!("tables = {name}"));
    folder.write("task.json", fails.replace(r#""Fail""#, &format!(r#""Task","End":true,"Resource":{name}"#)));
    for arguments in [
        &["run", "fails.json"][..],
        &["run", "evil\u{1b}[2J.json"],
        &["run", "evil\u{1b}[2K.json"],
        &["run", "wrong.json"],
        &["run", "task.json"],
        &["run", "task.json", "--routes", "evil.toml"],
        &["run", "fails.json", "--input", "{\"a\u{1b}\": }"],
        &["check", "fails.json", "wrong.json", "d.yaml", "task.json"],
        &["test-state", "state.json", "--input", "{}"],
        &["test-state", "fails.json", "--state", "n\u{1b}"],
        &["jsonpath", "$", "state.json"],
        &["jsonpath", "$..*", "state.json", "--explain"],
        &["jsonpath", "$.\u{1b}[", "state.json"],
    ] {
        let ended = folder.asl(arguments);
        for (stream, text) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
            let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || c == '\u{202e}';
            assert!(!text.contains(obeyed), "{stream} of {arguments:?}: {text:?}");
        }
        assert!(!(ended.stdout.is_empty() && ended.stderr.is_empty()), "{arguments:?}");
    }
    // What is JSON has the data as it is.
    let events = folder.asl(&["run", "fails.json", "--events"]).stdout;
    let events: serde_json::Value = serde_json::from_str(&events).unwrap();
    assert_eq!(events["events"][2]["executionFailedEventDetails"]["error"], format!("E{evil}"));
}
