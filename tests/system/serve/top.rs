//! `asl top` on a terminal, as a person uses it.

use serde_json::json;

use crate::support::folder::Folder;
use crate::support::server::Server;
use crate::support::terminal::Terminal;

#[test]
fn it_shows_the_access_token_of_a_server() {
    let folder = Folder::new();
    folder.write("token", "0123456789abcdef\n");
    let server = Server::start(&folder, &["--memory", "--auth-token-file", "token"]);
    let command = folder.command(&["top", "--endpoint", &server.url, "--auth-token-file", "token"]);
    let mut terminal = Terminal::start(command, 24, 80);
    terminal.until(&["nothing runs; a shows what has ended"]);
    terminal.keys("q");
    assert_eq!(terminal.ended().0, Some(0));
}

#[test]
fn a_person_finds_an_execution_and_stops_it() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--memory"]);
    let machine = server.create(
        "wait",
        &json!({"StartAt": "Before", "States": {"Before": {"Type": "Pass", "Result": {"was": "here"}, "Next": "Long"},
            "Long": {"Type": "Wait", "Seconds": 86400, "End": true}}}),
    );
    for name in ["first", "second", "third"] {
        server.start_execution(&machine, name, &json!({}));
    }
    let command = folder.command(&["top", "--endpoint", &server.url]);
    let mut terminal = Terminal::start(command, 24, 80);
    terminal.until(&["3 running", "first", "second", "third", "… RUNNING"]);
    // One that starts comes by itself.
    server.start_execution(&machine, "later", &json!({}));
    terminal.until(&["4 running"]);
    terminal.keys("/SECO\r");
    terminal.until(&["1 running  with 'seco'"]);
    terminal.until_without("first");
    terminal.keys("\r");
    terminal.until(&["✓ Before", "… Long"]);
    terminal.keys("k");
    terminal.until(&["\"was\": \"here\""]);
    terminal.keys("\t");
    terminal.until(&["WaitStateEntered Long"]);
    terminal.keys("x");
    terminal.until(&["StopExecution second? y/n"]);
    terminal.keys("n");
    terminal.keys("xy");
    terminal.until(&["ExecutionAborted"]);
    terminal.keys("\t");
    terminal.until(&["■ ABORTED"]);
    terminal.keys("ry");
    terminal.until(&["second  RUNNING"]);
    terminal.keys("\x1b[D");
    terminal.until(&["1 running  with 'seco'"]);
    // A server that goes away is told, and no reason to end.
    server.kill();
    terminal.until(&["does not answer"]);
    terminal.keys("\x03");
    let (code, shown) = terminal.ended();
    assert_eq!((code, shown.trim()), (Some(0), ""));
}

#[test]
fn without_a_server_or_a_terminal_it_says_so() {
    let folder = Folder::new();
    let ended = folder.asl(&["top", "--endpoint", "http://127.0.0.1:9"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("does not answer"), "{ended:?}");
    let server = Server::start(&folder, &["--memory"]);
    let ended = folder.asl(&["top", "--endpoint", &server.url]);
    assert!(ended.code == Some(2) && ended.stderr.contains("asl ps"), "{ended:?}");
}
