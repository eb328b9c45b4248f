//! The clients of AWS's services, where they are there, and which of them calls which operation: the tables in `docs/services.md`, held
//! against what was called.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::clients::{is_there, script};
use crate::support::not_run;

/// The column of a client in a table of operations.
pub(super) const BOTO3: usize = 1;
pub(super) const JAVASCRIPT: usize = 2;

/// Python with boto3 and a script; says that it is not run where it is not there.
pub(super) fn python_with_boto3(name: &str) -> Option<Command> {
    let python = std::env::var_os("ASL_BOTO3_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let mut imports = Command::new(&python);
    imports.args(["-c", "import boto3"]);
    if !is_there(imports) {
        let advice = "install it with `pip install boto3`, or name a Python in ASL_BOTO3_PYTHON";
        not_run(&format!("{} has no boto3; {advice}", python.display()));
        return None;
    }
    let mut command = Command::new(python);
    // Nothing is left beside the scripts.
    command.arg("-B").arg(script(name));
    Some(command)
}

/// Node.js with packages of the SDK and a script; says that it is not run where one is not there.
pub(super) fn node_with_sdk(name: &str, packages: &[&str]) -> Option<Command> {
    let folder = std::env::var_os("ASL_AWS_SDK_NPM")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("aws-sdk-npm"), PathBuf::from);
    let is_installed = |package: &&str| folder.join(format!("node_modules/@aws-sdk/{package}/package.json")).exists();
    if !packages.iter().all(is_installed) {
        let packages: Vec<String> = packages.iter().map(|package| format!("@aws-sdk/{package}")).collect();
        let advice = format!("npm install --prefix {} {}", folder.display(), packages.join(" "));
        not_run(&format!("there is no SDK for JavaScript in {}; {advice}", folder.display()));
        return None;
    }
    let mut version = Command::new("node");
    version.arg("--version");
    if !is_there(version) {
        not_run("node does not run; on Debian: apt-get install nodejs npm");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(script(name)).env("ASL_AWS_SDK_NPM", folder);
    Some(command)
}

/// A script for bash that calls the AWS CLI; says that it is not run where that is not there.
pub(super) fn bash_with_aws_cli(name: &str) -> Option<Command> {
    let aws = std::env::var_os("ASL_AWS_CLI").unwrap_or_else(|| OsString::from("aws"));
    let mut version = Command::new(&aws);
    version.arg("--version");
    if !is_there(version) {
        let advice = "install it with `pip install awscli`, or say where it is in ASL_AWS_CLI";
        not_run(&format!("{} does not run; {advice}", aws.display()));
        return None;
    }
    let mut command = Command::new("bash");
    command.arg(script(name)).env("ASL_AWS_CLI", aws);
    Some(command)
}

/// The operations that the table of a service says a client has called.
fn documented(service: &str, column: usize) -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/services.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let (_, table) = page.split_once(&format!("| Operation of {service} |")).expect("the table is there");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let operations = cells.filter(|cells| cells.get(column).is_some_and(|cell| *cell == "✓"));
    operations
        .flat_map(|cells| cells[0].split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>())
        .collect()
}

/// Holds what a client has called against the tables of services: what their operations begin with, and their names there.
#[track_caller]
pub(super) fn called_as_documented(said: &str, services: &[(&str, &str)], column: usize) {
    let (_, names) = said.trim_end().split_once(" calls of ").expect("it names the operations");
    let called: BTreeSet<String> = names.split(' ').map(str::to_owned).collect();
    let documented = services.iter().flat_map(|(prefix, service)| {
        documented(service, column).into_iter().map(move |operation| format!("{prefix}{operation}"))
    });
    assert_eq!(called, documented.collect(), "the tables in docs/services.md");
}
