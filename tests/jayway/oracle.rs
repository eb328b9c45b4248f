//! The real Jayway 2.0.0, run as a Java process that answers one request after another.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use asl_engine::Value;
use asl_engine::jsonpath::Provider;

use super::Answer;

const JARS: [&str; 6] =
    ["json-path", "jackson-databind", "jackson-core", "jackson-annotations", "json-smart", "slf4j-api"];
const PACKAGES: &str =
    "default-jdk-headless libjsonpath-java libjackson2-databind-java libjson-smart-java libslf4j-java";

pub(crate) struct Oracle {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Compiles and starts `Oracle.java`; the error says what is missing and how to get it.
    pub(crate) fn start() -> Result<Self, String> {
        let missing = |what: String| format!("{what}; on Debian: apt-get install {PACKAGES}");
        let jars: Vec<PathBuf> =
            JARS.iter().map(|jar| Path::new("/usr/share/java").join(jar).with_extension("jar")).collect();
        if let Some(absent) = jars.iter().find(|jar| !jar.exists()) {
            return Err(missing(format!("there is no {}", absent.display())));
        }
        let classes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jayway");
        let class_path = std::env::join_paths(jars.iter().chain([&classes])).map_err(|error| error.to_string())?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jayway/Oracle.java");
        let compiled = Command::new("javac")
            .args(["-d".as_ref(), classes.as_os_str(), "-cp".as_ref(), &class_path, source.as_os_str()])
            .output()
            .map_err(|error| missing(format!("javac does not run: {error}")))?;
        if !compiled.status.success() {
            return Err(format!("javac refuses Oracle.java: {}", String::from_utf8_lossy(&compiled.stderr)));
        }
        let mut process = Command::new("java")
            .args([
                "-XX:TieredStopAtLevel=1".as_ref(),
                "-Xmx256m".as_ref(),
                "-cp".as_ref(),
                class_path.as_os_str(),
                "Oracle".as_ref(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| missing(format!("java does not run: {error}")))?;
        let requests = process.stdin.take();
        let answers = process.stdout.take().ok_or("java has no output")?;
        Ok(Self { process, requests, answers: BufReader::new(answers) })
    }

    /// What Jayway gives for the path and the document, which is JSON text, with each provider.
    pub(crate) fn ask(&mut self, path: &str, document: &str) -> Result<[(Provider, Answer); 2], String> {
        let request = format!("{{\"path\":{},\"document\":{document}}}\n\n", serde_json::Value::from(path));
        let requests = self.requests.as_mut().ok_or("java has no input")?;
        requests.write_all(request.as_bytes()).map_err(|error| format!("java takes no request: {error}"))?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| format!("java gives no answer: {error}"))?;
        let answer: Value =
            line.parse().map_err(|error| format!("java answers {line:?}, which is not JSON: {error}"))?;
        Ok([Provider::JsonNode, Provider::Jackson]
            .map(|provider| (provider, Answer::read(&answer[&*format!("{provider:?}")]))))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.requests.take());
        // The process ends at the end of its input.
        let _ = self.process.wait();
    }
}
