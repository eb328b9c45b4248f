//! Functions to call: their code in a folder of its own, and what has to be installed to run them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use asl_engine::Outcome;

use super::{Fixture, not_run};

/// What the function is called.
pub(crate) const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

/// A router that serves [`FUNCTION`], and the folder of its code.
pub(crate) struct Function {
    pub(crate) fixture: Fixture,
    pub(crate) code: tempfile::TempDir,
    lines: mpsc::Receiver<String>,
}

impl Function {
    /// A function with these files, and these settings of its route.
    pub(crate) fn new(files: &[(&str, &str)], settings: &str) -> Self {
        let code = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = code.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            if text.starts_with("#!") {
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(&file, mode).unwrap();
            }
        }
        let fixture = Fixture::new(&route(code.path(), settings));
        let (tell, lines) = mpsc::channel();
        fixture.router.watch_output(move |line| {
            let _ = tell.send(line.text.to_owned());
        });
        Self { fixture, code, lines }
    }

    /// The function of `runtime.py`.
    pub(crate) fn custom(settings: &str) -> Option<Self> {
        has("python3", &["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).then(|| {
            Self::new(&[("bootstrap", include_str!("runtime.py"))], &format!("runtime = 'provided'\n{settings}"))
        })
    }

    pub(crate) async fn call(&self, input: &str) -> Outcome {
        self.fixture.call(FUNCTION, input).await
    }

    /// The error and the cause of a call that fails, without its request id.
    pub(crate) async fn failure(&self, input: &str) -> (String, String) {
        let failure = self.call(input).await.expect_err(input);
        let cause = failure.cause.unwrap();
        (failure.error.unwrap().to_string(), without_ids(&cause))
    }

    pub(crate) async fn prepare(&self) -> Result<(), String> {
        let prepared = self.fixture.router.handler(FUNCTION).unwrap().prepare(FUNCTION).await;
        prepared.map_err(|error| error.to_string())
    }

    /// The lines that were printed since the last question.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

/// The route to [`FUNCTION`].
pub(crate) fn route(code: &Path, settings: &str) -> String {
    format!("[[routes]]\nresource = '{FUNCTION}'\nhandler = 'function'\ncode = '{}'\n{settings}\n", code.display())
}

/// `text` with `ID` for each UUID.
pub(crate) fn without_ids(text: &str) -> String {
    let is_id = |text: &str| text.len() == 36 && text.matches('-').count() == 4;
    let part = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let length = rest[start..].find(|c| !part(c)).unwrap_or(rest.len() - start);
        let found = &rest[start..start + length];
        out += &rest[..start];
        out += if is_id(found) { "ID" } else { found };
        rest = &rest[start + length..];
    }
    out + rest
}

/// Whether a program is there and does what is asked; says so where it is not.
pub(crate) fn has(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let there = command.status().is_ok_and(|status| status.success());
    if !there {
        not_run(&format!("`{program} {}` cannot be run", arguments.join(" ")));
    }
    there
}

/// Where the functions of a test announce themselves, and hold a connection as long as they live.
pub(crate) struct Held(TcpListener);

/// The connection of one function.
pub(crate) struct Holding(TcpStream);

impl Held {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// The next that announces itself.
    pub(crate) async fn next(&self) -> Holding {
        let listener = self.0.try_clone().unwrap();
        tokio::task::spawn_blocking(move || {
            let stream = listener.accept().unwrap().0;
            BufReader::new(&stream).read_line(&mut String::new()).unwrap();
            Holding(stream)
        })
        .await
        .unwrap()
    }
}

impl Holding {
    /// Lets the function go on.
    pub(crate) fn release(&self) {
        (&self.0).write_all(b"!").unwrap();
    }

    /// Waits until every process that has the connection has ended.
    pub(crate) async fn ended(self) {
        tokio::task::spawn_blocking(move || {
            // A process that was killed may leave it reset.
            let _ = (&self.0).read_to_end(&mut Vec::new());
        })
        .await
        .unwrap();
    }
}
