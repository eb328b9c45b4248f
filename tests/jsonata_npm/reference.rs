//! The `jsonata` of npm, run by node, with the expressions that node makes for it.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use asl_engine::{Timestamp, Value};

/// What the cases depend on.
pub(crate) struct Settings {
    /// What `$now()` and `$millis()` give.
    pub(crate) now: Timestamp,
    pub(crate) seed: u32,
    pub(crate) cases: u32,
}

/// The cases, one after another; then what was left out.
pub(crate) struct Reference {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Reference {
    /// Starts `reference.mjs`; the error says what is missing and how to get it.
    pub(crate) fn start(settings: &Settings) -> Result<Self, String> {
        let folder = std::env::var_os("ASL_JSONATA_NPM")
            .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("jsonata-npm"), PathBuf::from);
        if !folder.join("node_modules/jsonata/package.json").exists() {
            return Err(format!(
                "there is no jsonata in {0}; npm install --prefix {0} jsonata@2.0.6",
                folder.display()
            ));
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jsonata_npm/reference.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .arg(&folder)
            .args([settings.now.0.to_string(), settings.seed.to_string(), settings.cases.to_string()])
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node does not run: {error}; on Debian: apt-get install nodejs npm"))?;
        let output = process.stdout.take().ok_or("node has no output")?;
        Ok(Self { process, lines: BufReader::new(output).lines() })
    }
}

impl Iterator for Reference {
    type Item = Result<Value, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        Some(
            line.map_err(|error| format!("node gives no case: {error}")).and_then(|line| {
                line.parse().map_err(|error| format!("node gives {line:?}, which is not JSON: {error}"))
            }),
        )
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
