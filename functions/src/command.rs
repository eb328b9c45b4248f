//! A command that stands in for a container: it runs once, to its end.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use nix::unistd::Pid;
use tokio::process::{Child, Command as Process};
use tokio::task::AbortHandle;

use crate::environment::{credentials, inherited};
use crate::guard::Guard;
use crate::logs::{Log, Logs};
use crate::output::Output;
use crate::process::end;
use crate::runtime_api::OnInvocation;
use crate::settings::ENDPOINT_URL;

/// What the exit code of a process is that a signal has ended, before the number of the signal: as a shell and ECS have it.
const SIGNALLED: i32 = 128;

/// A command that runs once, to its end.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program: a path, or a name that is looked for on the `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What it gets of the environment beside where programs, files and certificates are; later ones win.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it runs.
    pub folder: PathBuf,
}

/// How a command has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandEnd {
    /// The exit code; 128 and the number of the signal where one has ended it.
    pub exit_code: i32,
    /// The last lines that it printed.
    pub printed: Vec<String>,
}

/// The log of a command: where what it prints goes.
#[derive(Clone, Debug)]
pub struct CommandLog(Arc<Log>);

impl CommandLog {
    /// The log with this name, with `secrets` in none of its lines.
    pub fn new(logs: &Arc<Logs>, name: &str, secrets: Vec<String>) -> Self {
        Self(Arc::new(logs.log(name).hiding(secrets)))
    }

    /// Remembers what was printed before `failure`.
    pub fn failed(&self, failure: &asl_engine::Failure, lines: Vec<String>) {
        self.0.failed(failure, lines);
    }
}

impl Command {
    /// This command with the SDKs of AWS in it led to `endpoint_url` in `region`, unless its environment says something else. An
    /// empty `AWS_ENDPOINT_URL` there leads them to AWS itself.
    #[must_use]
    pub fn reaching(mut self, endpoint_url: &str, region: &str) -> Self {
        let names = self.environment.iter().filter_map(|(name, _)| name.to_str());
        let mut environment = credentials(names);
        let own = [(ENDPOINT_URL, endpoint_url), ("AWS_REGION", region), ("AWS_DEFAULT_REGION", region)];
        environment.extend(own.map(|(name, value)| (name.into(), value.into())));
        environment.append(&mut self.environment);
        let endpoint = environment.iter().rev().find(|(name, _)| name == ENDPOINT_URL);
        if endpoint.is_some_and(|(_, value)| value.is_empty()) {
            environment.retain(|(name, _)| name != ENDPOINT_URL);
        }
        Self { environment, ..self }
    }

    /// Runs it; lines in the log have `id` beside them. Dropping the future ends it with all its descendants. The error is that of
    /// its start.
    pub async fn run(&self, id: &Arc<str>, log: &CommandLog) -> std::io::Result<CommandEnd> {
        let output = Output::new(Arc::clone(&log.0));
        output.begins(id);
        let mut running = self.start(&output)?;
        let status = running.child.wait().await?;
        // What it has left behind ends with it, and closes the pipes.
        running.end();
        Ok(CommandEnd { exit_code: exit_code(status), printed: output.tail() })
    }

    fn start(&self, output: &Arc<Output>) -> std::io::Result<Running> {
        let mut command = Process::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).env_clear().envs(inherited());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // It is there before what it guards: starting it takes longer than some commands.
        let guard = Guard::shared();
        // A group of its own, as for functions: a Ctrl-C at the terminal is for `asl`.
        let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = Pid::from_raw(id.ok_or_else(|| std::io::Error::other("the process has no id"))?);
        guard.add(group);
        let pipes = (child.stdout.take(), child.stderr.take());
        let mut running = Running { child, group: Some(group), guard, readers: Vec::new() };
        if let (Some(stdout), Some(stderr)) = pipes {
            for pipe in [stdout.into_owned_fd()?, stderr.into_owned_fd()?] {
                running.readers.push(output.read(pipe)?);
            }
        }
        Ok(running)
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| Some(SIGNALLED + status.signal()?)).unwrap_or(SIGNALLED)
}

/// A process and its group; dropping it ends both.
struct Running {
    child: Child,
    group: Option<Pid>,
    guard: Arc<Guard>,
    readers: Vec<AbortHandle>,
}

impl Running {
    fn end(&mut self) {
        if let Some(group) = self.group.take() {
            end(group);
            self.guard.remove(group);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        self.readers.iter().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let arguments = vec!["-c".into(), script.into()];
        Command { program: "sh".into(), arguments, environment: vec![("A".into(), "b".into())], folder: ".".into() }
    }

    #[tokio::test]
    async fn a_command_ends_with_its_code_and_what_it_printed() {
        let folder = tempfile::tempdir().unwrap();
        let id: Arc<str> = "id".into();
        let log = CommandLog::new(&Arc::new(Logs::new(folder.path().to_owned())), "job", vec!["secret".to_owned()]);
        for (script, exit_code, printed) in [
            ("echo $A; echo err >&2; exit 3", 3, &["b", "err"] as &[&str]),
            ("printf 'no line'", 0, &["no line"]),
            ("kill -9 $$", 137, &[]),
            // Its child would hold the pipe open for ever.
            ("sleep 1000 & exit 0", 0, &[]),
        ] {
            let mut ended = sh(script).run(&id, &log).await.unwrap();
            ended.printed.sort();
            assert_eq!(ended, CommandEnd { exit_code, printed: printed.iter().map(|&line| line.to_owned()).collect() });
        }
        let hidden = sh("echo the secret").run(&id, &log).await.unwrap();
        assert!(!hidden.printed[0].contains("secret"), "{hidden:?}");
        let none = Command { program: "no-such-program".into(), ..sh("") }.run(&id, &log).await;
        assert!(none.is_err());
    }
}
