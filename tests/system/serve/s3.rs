//! The embedded S3 at the address of `asl serve`, with what people use: boto3, the AWS CLI, the SDK for JavaScript, s3fs, pyarrow
//! and polars. The table in `docs/services.md` says which operation which client has called.

use std::ffi::OsString;
use std::process::Command;

use super::clients::{drive, is_there, script};
use super::operations::{BOTO3, JAVASCRIPT, bash_with_aws_cli, called_as_documented, node_with_sdk, python_with_boto3};
use crate::support::not_run;

#[test]
fn boto3() {
    if let Some(command) = python_with_boto3("s3_boto3.py") {
        called_as_documented(&drive(command), &[("", "S3")], BOTO3);
    }
}

#[test]
fn the_sdk_for_javascript() {
    if let Some(command) = node_with_sdk("s3_javascript.mjs", &["client-s3", "lib-storage"]) {
        called_as_documented(&drive(command), &[("", "S3")], JAVASCRIPT);
    }
}

#[test]
fn the_aws_cli() {
    if let Some(command) = bash_with_aws_cli("s3_aws_cli.sh") {
        drive(command);
    }
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
