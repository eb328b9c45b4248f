//! What users ask the server with: boto3, the SDK for JavaScript and the AWS CLI, each with a script of `tests/clients`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::operations::{bash_with_aws_cli, node_with_sdk, python_with_boto3};
use crate::support::folder::Folder;
use crate::support::server::Server;

/// A script of `tests/clients`.
pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// Whether a command that shows that a client is there succeeds.
pub(super) fn is_there(mut command: Command) -> bool {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ended.is_ok_and(|status| status.success())
}

/// Lets a script, which `command` runs, drive a server with its URL as the last argument; what it says at its end.
#[track_caller]
pub(super) fn drive(mut command: Command) -> String {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    // The server is on this machine, whatever proxy there is to others. Python leaves nothing beside the scripts.
    command.env("NO_PROXY", "*").env("no_proxy", "*").env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let ended = command.arg(&server.url).stdin(Stdio::null()).output().expect("it was there before");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&ended.stdout), text(&ended.stderr));
    assert!(ended.status.success(), "{command:?}: {}\n{stdout}{stderr}", ended.status);
    assert!(stdout.starts_with("ok: ") && stdout.contains(" calls"), "{stdout:?}");
    let (code, said) = server.interrupt();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    stdout
}

#[test]
fn boto3() {
    if let Some(command) = python_with_boto3("boto3_client.py") {
        drive(command);
    }
}

#[test]
fn the_sdk_for_javascript() {
    if let Some(command) = node_with_sdk("javascript_client.mjs", &["client-sfn"]) {
        drive(command);
    }
}

#[test]
fn the_aws_cli() {
    if let Some(command) = bash_with_aws_cli("aws_cli.sh") {
        drive(command);
    }
}
