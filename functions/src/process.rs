//! One process that runs the code of a function.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::AbortHandle;

use super::extensions::About;
use super::guard::Guard;
use super::memory;
use super::output::Output;
use super::runtime_api::{Invocation, InvocationAnswer, Phase, RuntimeApi};
use crate::logs::Log;

/// How long it may take to read what a process had sent when it ended. It is there already: only a descendant that left
/// the group keeps the connection open.
const SETTLE: Duration = Duration::from_secs(1);

/// How often it is looked how much memory a process takes.
const LOOK_AT_MEMORY: Duration = Duration::from_millis(100);

/// How processes of a function are started.
#[derive(Debug)]
pub(super) struct Plan {
    /// The program and its arguments.
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// The whole environment but for the address of the Runtime API.
    pub(super) environment: Vec<(OsString, OsString)>,
    /// Where it runs: the folder of the code.
    pub(super) folder: PathBuf,
    /// Where what it prints goes.
    pub(super) log: Arc<Log>,
    /// How long it may take to start.
    pub(super) start_limit: Duration,
    /// How much memory of its own it may take while it works.
    pub(super) memory_mb: u32,
    /// What it may ask about its function.
    pub(super) about: About,
}

/// A process that has started; dropping it ends it with all its descendants.
#[derive(Debug)]
pub(super) struct Process {
    /// Its process group, of which it is the leader.
    group: Pid,
    api: RuntimeApi,
    output: Arc<Output>,
    memory_mb: u32,
    exited: watch::Receiver<Option<ExitStatus>>,
    readers: Vec<AbortHandle>,
    /// Its place among the processes of the function.
    _place: OwnedSemaphorePermit,
}

/// Why a process cannot be used.
#[derive(Debug)]
pub(super) enum NoStart {
    /// The operating system did not start it.
    Refused(std::io::Error),
    /// It said why it cannot work: JSON.
    Init(Bytes, Vec<String>),
    /// It ended.
    Exited(ExitStatus, Vec<String>),
    /// It did not ask for an invocation in time.
    TimedOut(Vec<String>),
}

/// How an invocation ended.
#[derive(Debug)]
pub(super) enum InvocationOutcome {
    /// With an answer.
    Answered(InvocationAnswer),
    /// The process had ended before it got the invocation.
    NotTaken(ExitStatus),
    /// The process ended instead of answering.
    Exited(ExitStatus),
    /// It took too long; the process has to be dropped.
    TimedOut,
    /// It took this many MB of memory; the process has to be dropped.
    TooMuchMemory(u64),
}

impl Process {
    /// Starts a process and waits until it asks for its first invocation.
    pub(super) async fn start(plan: &Plan, place: OwnedSemaphorePermit) -> Result<Self, NoStart> {
        let process = Self::spawn(plan, place).await.map_err(NoStart::Refused)?;
        let mut phase = process.api.phase();
        let ready = async {
            // The sender is in the process.
            let _ = phase.wait_for(|phase| *phase != Phase::Starts).await;
        };
        tokio::select! {
            biased;
            () = ready => {}
            status = process.exit() => {
                process.settled().await;
                if let Phase::Starts = process.phase() {
                    return Err(NoStart::Exited(status, process.output.tail()));
                }
            }
            () = tokio::time::sleep(plan.start_limit) => return Err(NoStart::TimedOut(process.output.tail())),
        }
        match process.phase() {
            Phase::InitFailed(error) => {
                // It ends by itself, and may say more before.
                let _ = tokio::time::timeout(SETTLE, process.exit()).await;
                Err(NoStart::Init(error, process.output.tail()))
            }
            _ => Ok(process),
        }
    }

    async fn spawn(plan: &Plan, place: OwnedSemaphorePermit) -> std::io::Result<Self> {
        let output = Output::new(Arc::clone(&plan.log));
        let api = RuntimeApi::start(plan.about.clone(), Arc::clone(&output)).await?;
        let mut command = Command::new(&plan.program);
        command.args(&plan.arguments).current_dir(&plan.folder);
        command.env_clear().envs(plan.environment.iter().map(|(name, value)| (name, value)));
        command.env("AWS_LAMBDA_RUNTIME_API", api.address().to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // It is there before what it guards.
        let guard = Guard::shared();
        // A group of its own: it is ended with its descendants, and by us only. A Ctrl-C at the terminal is for `asl`.
        let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = Pid::from_raw(id.ok_or_else(|| std::io::Error::other("the process has no id"))?);
        guard.add(group);
        let pipes = (child.stdout.take(), child.stderr.take());
        let (exit, exited) = watch::channel(None);
        // Not aborted with the process: it takes note of the end, so that no zombie is left.
        tokio::spawn(async move {
            if let Ok(status) = child.wait().await {
                end(group);
                guard.remove(group);
                exit.send_replace(Some(status));
            }
        });
        let mut process =
            Self { group, api, output, memory_mb: plan.memory_mb, exited, readers: Vec::new(), _place: place };
        if let (Some(stdout), Some(stderr)) = pipes {
            for pipe in [stdout.into_owned_fd()?, stderr.into_owned_fd()?] {
                process.readers.push(process.output.read(pipe)?);
            }
        }
        Ok(process)
    }

    /// Hands over an invocation and waits for what comes of it.
    pub(super) async fn invoke(&self, invocation: Invocation, timeout: Duration) -> InvocationOutcome {
        let request_id = Arc::clone(&invocation.request_id);
        let mut answer = self.api.invoke(invocation);
        let status = tokio::select! {
            biased;
            Ok(answer) = &mut answer => return InvocationOutcome::Answered(answer),
            status = self.exit() => status,
            taken = self.too_much_memory() => return InvocationOutcome::TooMuchMemory(taken),
            () = tokio::time::sleep(timeout) => return InvocationOutcome::TimedOut,
        };
        self.settled().await;
        match answer.try_recv() {
            Ok(answer) => InvocationOutcome::Answered(answer),
            Err(_) if self.api.works_on(&request_id) => InvocationOutcome::Exited(status),
            Err(_) => InvocationOutcome::NotTaken(status),
        }
    }

    /// Waits until it takes more memory than it may, and tells how much.
    async fn too_much_memory(&self) -> u64 {
        loop {
            tokio::time::sleep(LOOK_AT_MEMORY).await;
            match memory::own_mb(self.group.as_raw()) {
                Some(taken) if taken > u64::from(self.memory_mb) => return taken,
                _ => {}
            }
        }
    }

    /// Waits until it asks for the next invocation; false when it ends instead.
    pub(super) async fn asks_again(&self) -> bool {
        let mut phase = self.api.phase();
        tokio::select! {
            asks = phase.wait_for(|phase| *phase == Phase::Waits) => asks.is_ok(),
            _ = self.exit() => false,
        }
    }

    /// Whether it has not ended.
    pub(super) fn is_alive(&self) -> bool {
        self.exited.borrow().is_none()
    }

    /// The last lines that it printed in this invocation.
    pub(super) fn tail(&self) -> Vec<String> {
        self.output.tail()
    }

    fn phase(&self) -> Phase {
        self.api.phase().borrow().clone()
    }

    async fn exit(&self) -> ExitStatus {
        let mut exited = self.exited.clone();
        let status = exited.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        match status {
            Some(status) => status,
            // Nobody can say any more how it ended.
            None => std::future::pending().await,
        }
    }

    /// Waits until what the process, which has ended, had sent is read.
    async fn settled(&self) {
        let _ = tokio::time::timeout(SETTLE, self.api.settled()).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_alive() {
            end(self.group);
        }
        self.readers.iter().for_each(AbortHandle::abort);
    }
}

/// Ends a process group. There may be nobody in it any more.
pub(super) fn end(group: Pid) {
    let _ = killpg(group, Signal::SIGKILL);
}
