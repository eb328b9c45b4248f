//! A mail server that is not ours: aiosmtpd, a Python library, on a loopback port.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Python's imports take seconds on a busy machine, and so does a mail that has to be read.
const LIMIT: Duration = Duration::from_secs(120);

/// A running mail server; dropping it ends it.
pub(crate) struct MailServer {
    process: Child,
    lines: Receiver<String>,
    port: String,
}

/// Starts a mail server (`smtp.py` says which arguments there are), or says why a test cannot be run and returns none.
///
/// `ASL_AIOSMTPD_PYTHON` names a Python that has `aiosmtpd`; without it, `python3` is looked for on the PATH.
pub(crate) fn start(arguments: &[&str]) -> Option<MailServer> {
    let python = std::env::var_os("ASL_AIOSMTPD_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let mut command = Command::new(&python);
    command.args(["-c", include_str!("smtp.py")]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let advice = "install it with `pip install aiosmtpd cryptography`, or name a Python in ASL_AIOSMTPD_PYTHON";
    let mut process = match command.spawn() {
        Ok(process) => process,
        Err(error) => {
            super::not_run(&format!("{} does not start ({error}); {advice}", python.display()));
            return None;
        }
    };
    let stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
    let (said, lines) = mpsc::channel();
    thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
    match lines.recv_timeout(LIMIT) {
        Ok(port) => Some(MailServer { process, lines, port }),
        Err(_) => {
            let mut stderr = String::new();
            let _ = process.kill();
            process.stderr.take().expect("stderr is piped").read_to_string(&mut stderr).expect("a text");
            let _ = process.wait();
            assert!(stderr.contains("ModuleNotFoundError"), "the mail server does not start: {stderr}");
            super::not_run(&format!("{} has no aiosmtpd; {advice}", python.display()));
            None
        }
    }
}

impl MailServer {
    /// `127.0.0.1:port`
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The next mail: who it is from and to, its subject and text.
    pub(crate) fn mail(&self) -> Value {
        let line = self.lines.recv_timeout(LIMIT).expect("a mail arrives");
        serde_json::from_str(&line).expect("a mail is a line of JSON")
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
