//! The embedded S3 at the address of `asl serve`, with what people use: boto3, the AWS CLI, the SDK for JavaScript, s3fs, pyarrow
//! and polars. The table in `docs/services.md` says which operation which client has called.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::clients::{drive, is_there, script};
use crate::support::not_run;

/// The column of a client in the table of operations.
const BOTO3: usize = 1;
const JAVASCRIPT: usize = 2;

/// The operations that the table says a client has called.
fn documented(column: usize) -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/services.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let (_, table) = page.split_once("| Operation of S3 |").expect("the table is there");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let operations = cells.filter(|cells| cells.get(column).is_some_and(|cell| *cell == "✓"));
    operations
        .flat_map(|cells| cells[0].split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>())
        .collect()
}

#[track_caller]
fn called_as_documented(said: &str, column: usize) {
    let (_, names) = said.trim_end().split_once(" calls of ").expect("it names the operations");
    let called: BTreeSet<String> = names.split(' ').map(str::to_owned).collect();
    assert_eq!(called, documented(column), "the table in docs/services.md");
}

#[test]
fn boto3() {
    let python = std::env::var_os("ASL_BOTO3_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let mut imports = Command::new(&python);
    imports.args(["-c", "import boto3"]);
    if !is_there(imports) {
        let advice = "install it with `pip install boto3`, or name a Python in ASL_BOTO3_PYTHON";
        return not_run(&format!("{} has no boto3; {advice}", python.display()));
    }
    let mut command = Command::new(python);
    command.arg(script("s3_boto3.py"));
    called_as_documented(&drive(command), BOTO3);
}

#[test]
fn the_sdk_for_javascript() {
    let folder = std::env::var_os("ASL_AWS_SDK_NPM")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("aws-sdk-npm"), PathBuf::from);
    if !folder.join("node_modules/@aws-sdk/lib-storage/package.json").exists() {
        let advice = format!("npm install --prefix {} @aws-sdk/client-s3 @aws-sdk/lib-storage", folder.display());
        return not_run(&format!("there is no SDK for JavaScript in {}; {advice}", folder.display()));
    }
    let mut version = Command::new("node");
    version.arg("--version");
    if !is_there(version) {
        return not_run("node does not run; on Debian: apt-get install nodejs npm");
    }
    let mut command = Command::new("node");
    command.arg(script("s3_javascript.mjs")).env("ASL_AWS_SDK_NPM", folder);
    called_as_documented(&drive(command), JAVASCRIPT);
}

#[test]
fn the_aws_cli() {
    let aws = std::env::var_os("ASL_AWS_CLI").unwrap_or_else(|| OsString::from("aws"));
    let mut version = Command::new(&aws);
    version.arg("--version");
    if !is_there(version) {
        let advice = "install it with `pip install awscli`, or say where it is in ASL_AWS_CLI";
        return not_run(&format!("{} does not run; {advice}", aws.display()));
    }
    let mut command = Command::new("bash");
    command.arg(script("s3_aws_cli.sh")).env("ASL_AWS_CLI", aws);
    drive(command);
}

#[test]
fn s3fs_pyarrow_and_polars() {
    let python = std::env::var_os("ASL_S3FS_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let mut imports = Command::new(&python);
    imports.args(["-c", "import polars, pyarrow, s3fs"]);
    if !is_there(imports) {
        let advice = "install them with `pip install s3fs pyarrow polars`, or name a Python in ASL_S3FS_PYTHON";
        return not_run(&format!("{} has no s3fs, pyarrow and polars; {advice}", python.display()));
    }
    let mut command = Command::new(python);
    command.arg(script("s3_readers.py"));
    drive(command);
}
