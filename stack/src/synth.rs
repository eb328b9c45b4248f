//! A CDK app, run as the CDK's own command runs it.
//!
//! AWS CDK developer guide, "Configure CDK applications" (`cdk.json`), "Context values".

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::source::{CDK, CDK_OUT};

/// What `cdk.json` says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    app: Option<String>,
    build: Option<String>,
    output: Option<PathBuf>,
    context: Map<String, Value>,
}

/// A CDK app.
#[derive(Debug)]
pub struct App {
    folder: PathBuf,
    command: String,
    build: Option<String>,
    /// Where it writes its assembly.
    pub out: PathBuf,
    context: Map<String, Value>,
}

/// Why an app gives no assembly.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A file of the app cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the app is not what it should be.
    #[error("{} is no JSON object of the CDK: {source}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Nothing says how it is run.
    #[error("{} has no \"app\", the command that runs the app", .0.display())]
    NoApp(PathBuf),
    /// It cannot be started.
    #[error("cannot start `{command}`: {source}")]
    NotStarted {
        /// The command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It has failed.
    #[error("`{command}` has failed ({status})")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it has printed.
        printed: String,
    },
}

impl App {
    /// Reads the `cdk.json` of a folder.
    pub fn read(folder: &Path) -> Result<Self, SynthError> {
        let file = folder.join(CDK);
        let config: Config = read(&file)?;
        let mut context = config.context;
        let more = folder.join("cdk.context.json");
        if more.is_file() {
            context.append(&mut read(&more)?);
        }
        for (name, value) in [
            ("aws:cdk:enable-path-metadata", Value::Bool(true)),
            ("aws:cdk:enable-asset-metadata", Value::Bool(true)),
            ("aws:cdk:bundling-stacks", Value::Array(vec!["**".into()])),
        ] {
            context.entry(name).or_insert(value);
        }
        let app = config.app.ok_or(SynthError::NoApp(file))?;
        let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let is_assembly = folder.join(&app).is_dir();
        let out = if is_assembly { PathBuf::from(&app) } else { config.output.unwrap_or_else(|| CDK_OUT.into()) };
        let command = if is_assembly { String::new() } else { app };
        Ok(Self { out: absolute.join(out), folder: absolute, command, build: config.build, context })
    }

    /// The command that is run; none where `cdk.json` names an assembly.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Runs it for an account and a region. `docker` is what it calls in the place of Docker, unless CDK_DOCKER says something.
    pub fn run(&self, account: &str, region: &str, docker: &Path) -> Result<(), SynthError> {
        for command in self.build.as_deref().into_iter().chain(Some(&*self.command)).filter(|it| !it.is_empty()) {
            self.run_one(command, account, region, docker)?;
        }
        Ok(())
    }

    fn run_one(&self, command: &str, account: &str, region: &str, docker: &Path) -> Result<(), SynthError> {
        // A file of JavaScript needs no command before it.
        let written = if command.ends_with(".js") && !command.contains(' ') {
            format!("node {command}")
        } else {
            command.to_owned()
        };
        // Programs of the project's packages come first, as `npx` has it.
        let own = [self.folder.join("node_modules/.bin"), self.folder.join(".venv/bin")];
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path))).unwrap_or(path);
        let mut process = Command::new("sh");
        process
            .args(["-c", &written])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("CDK_OUTDIR", &self.out)
            .env("CDK_CONTEXT_JSON", Value::Object(self.context.clone()).to_string())
            .env("CDK_DEFAULT_ACCOUNT", account)
            .env("CDK_DEFAULT_REGION", region)
            .stdin(Stdio::null());
        if std::env::var_os("CDK_DOCKER").is_none() {
            process.env("CDK_DOCKER", docker);
        }
        let output = process.output();
        let output = output.map_err(|source| SynthError::NotStarted { command: command.to_owned(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let printed = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        Err(SynthError::Failed { command: command.to_owned(), status: output.status, printed })
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, SynthError> {
    let text = fs::read_to_string(file).map_err(|source| SynthError::Unreadable { file: file.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| SynthError::Malformed { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<App, SynthError>) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let app = App::read(folder.path());
        (folder, app)
    }

    #[test]
    fn an_app_is_told_where_to_write_and_its_context() {
        let json = r#"{"app": "mkdir -p $CDK_OUTDIR && printf '%s %s' \"$CDK_DEFAULT_REGION\" \"$CDK_CONTEXT_JSON\" > $CDK_OUTDIR/told",
                       "context": {"a": 1, "b": 2}}"#;
        let (folder, app) = app(&[("cdk.json", json), ("cdk.context.json", r#"{"b": 3}"#)]);
        app.expect("an app").run("000000000000", "eu-west-1", Path::new("docker")).expect("it runs");
        let told = fs::read_to_string(folder.path().join("cdk.out/told")).expect("a file");
        assert!(told.starts_with(r#"eu-west-1 {"a":1,"b":3,"aws:cdk:enable-path-metadata":true"#), "{told}");
    }

    #[test]
    fn what_an_app_prints_is_kept_when_it_fails() {
        let (_folder, failing) = app(&[("cdk.json", r#"{"app": "echo no such module; exit 3"}"#)]);
        match failing.expect("an app").run("0", "r", Path::new("docker")) {
            Err(SynthError::Failed { printed, .. }) => assert_eq!(printed, "no such module\n"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(app(&[("cdk.json", "{}")]).1, Err(SynthError::NoApp(_))));
        assert!(matches!(app(&[("cdk.json", "[")]).1, Err(SynthError::Malformed { .. })));
        assert!(matches!(app(&[]).1, Err(SynthError::Unreadable { .. })));
    }
}
