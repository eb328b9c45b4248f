//! A temporary folder to run `asl` in, as a person would run it in a folder of theirs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder that is removed when it is dropped.
pub(crate) struct Folder(TempDir);

/// How a command ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The path of something in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let file = self.path(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is made");
        fs::write(file, content).expect("the file is written");
    }

    /// Runs `asl` in the folder to its end.
    pub(crate) fn asl(&self, arguments: &[&str]) -> Ended {
        Ended::from(self.command(arguments).output().expect("asl starts"))
    }

    /// `asl` in the folder, not yet started. The settings of whoever runs the tests do not reach it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asl"));
        command.args(arguments);
        self.prepare(&mut command);
        command
    }

    /// `asl` in the folder, started by a line of shell that ends with `exec "$@"`.
    pub(crate) fn command_in_shell(&self, line: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line, "sh", env!("CARGO_BIN_EXE_asl")]).args(arguments);
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.0.path()).stdin(Stdio::null());
        for name in ["CI", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "NO_COLOR", "ASL_LOG"] {
            command.env_remove(name);
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(name);
        }
    }

    /// Every file below a path of the folder, with its bytes.
    pub(crate) fn files(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        files(&self.path(below))
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("asl prints UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ended {
    /// What the command printed as JSON, when it succeeded and had nothing to say beside it.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        serde_json::from_str(&self.stdout).expect("stdout is JSON")
    }
}

/// Every file below a folder by its path from there, with its bytes; none where there is no such folder. The histories that each
/// run adds are left out.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, "", &mut found);
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("{}: {error}", folder.display()),
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("a UTF-8 name");
        if path.ends_with(".asl/executions") {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), found);
        } else {
            found.insert(format!("{prefix}{name}"), fs::read(&path).expect("a readable file"));
        }
    }
}
