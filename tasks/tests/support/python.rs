//! The Python that moto is installed for: it has boto3 too.

use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Runs a program that uses boto3, with the URL that its clients speak to, and answers what it prints.
///
/// Where there is no boto3, says so and answers nothing. A program that fails panics with what it told.
pub(crate) async fn boto3(program: &str, endpoint_url: &str) -> Option<String> {
    let python = python();
    let mut command = tokio::process::Command::new(&python);
    command.args(["-c", program]).stdin(Stdio::null());
    command.env("AWS_ENDPOINT_URL", endpoint_url).env("AWS_DEFAULT_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    // Neither the settings of the user nor a look for credentials of a machine.
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let output = match command.output().await {
        Ok(output) => output,
        Err(error) => {
            super::not_run(&format!("{} does not start ({error})", python.display()));
            return None;
        }
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    if stderr.contains("No module named 'boto3'") {
        super::not_run(&format!("{} has no boto3: install it with `pip install 'moto[server]'`", python.display()));
        return None;
    }
    assert!(output.status.success(), "{stderr}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The Python beside `ASL_MOTO_SERVER`, or the one on the PATH.
fn python() -> PathBuf {
    let moto = std::env::var_os("ASL_MOTO_SERVER");
    let beside = moto.as_deref().and_then(|moto| Some(Path::new(moto).parent()?.join("python")));
    beside.filter(|python| python.is_file()).unwrap_or_else(|| "python3".into())
}
