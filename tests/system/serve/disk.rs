//! A disk that is full: what runs waits, nothing new is begun, and all goes on when there is room again.

use std::process::Command;

use hyper::StatusCode;
use serde_json::json;

use crate::support::folder::Folder;
use crate::support::http::get;
use crate::support::server::{Server, until};

#[test]
fn executions_wait_for_a_full_disk_and_go_on() {
    let folder = Folder::new();
    // No file may be larger than two megabytes, which is what a full disk looks like; the signal of that is ignored.
    let limited =
        folder.command_in_shell("trap '' XFSZ; ulimit -S -f 4096; exec \"$@\"", &["serve", "--listen", "0", "--json"]);
    let server = Server::of(limited, &[]);
    let machine = server.create(
        "m",
        &json!({"StartAt": "W", "States": {
        "W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": {"Type": "Pass", "End": true}}}),
    );
    let mut started = Vec::new();
    let input = json!({"data": "x".repeat(100_000)}).to_string();
    let refused = loop {
        let parameters = json!({"stateMachineArn": machine, "name": format!("run-{}", started.len()), "input": input});
        match server.call("StartExecution", &parameters) {
            Ok(answer) => started.push(answer["executionArn"].as_str().expect("an ARN").to_owned()),
            Err(refused) => break refused,
        }
        assert!(started.len() < 1_000, "the disk is never full");
    };
    assert_eq!(refused.0, "ServiceUnavailable", "{refused:?}");
    let health = || get(&format!("{}/health", server.url)).status();
    until(|| (health() == StatusCode::SERVICE_UNAVAILABLE).then_some(()));
    // What was taken is still there to be looked at, and waits.
    let described = server.ask("DescribeExecution", &json!({"executionArn": started[0]}));
    assert!(described["status"].is_string(), "{described}");

    let given =
        Command::new("prlimit").args(["--pid", &server.id().to_string(), "--fsize=unlimited:unlimited"]).status();
    assert!(given.expect("prlimit is there").success());
    until(|| (health() == StatusCode::OK).then_some(()));
    for execution in &started {
        assert_eq!(server.ended(execution)["status"], "SUCCEEDED", "{execution}");
    }
    let name = format!("run-{}", started.len());
    let again = server.start_execution(&machine, &name, &json!({}));
    assert_eq!(server.ended(&again)["status"], "SUCCEEDED");
}
