//! Runs an execution on the embedded host, with its progress on stderr.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use asl_engine::{Execution, Failure, HistoryEvent, Program, Quotas, Reply, TaskRequest, Timestamp};
use asl_runtime::simulation::{Answer, Simulation, Stuck};
use asl_runtime::tokio_host::{self, GivenUp};
use asl_runtime::{Finished, Ledger, Recorded, Status, now};
use asl_tasks::{MockedAnswer, Mocks, Router, Undelivered};
#[cfg(unix)]
use tokio::signal::unix::SignalKind;
use tokio::sync::watch;

use crate::error::Error;
use crate::input::Input;
use crate::progress::Progress;

/// An execution that is over.
pub(crate) struct Executed {
    pub(crate) finished: Finished,
    /// What happened, when it was asked for: also in the child executions of Map Runs, which have histories of their own.
    pub(crate) recorded: Vec<Recorded>,
}

impl Executed {
    /// The history of each execution: its own first, then those of its child executions in the order in which they started.
    pub(crate) fn histories(&self) -> Vec<(&Execution, Vec<&HistoryEvent>)> {
        let mut histories: Vec<(&Execution, Vec<&HistoryEvent>)> = Vec::new();
        let mut places = HashMap::new();
        for Recorded { execution, event, .. } in &self.recorded {
            let place = *places.entry(&execution.arn).or_insert_with(|| {
                histories.push((execution, Vec::new()));
                histories.len() - 1
            });
            histories[place].1.push(event);
        }
        histories
    }

    /// The state that it ended in, in words, when it did not end well.
    pub(crate) fn place(&self) -> Option<String> {
        let failure = self.finished.outcome.as_ref().err()?;
        let outermost = self.finished.failed_in.first()?;
        Some(match failure.state().or_else(|| self.finished.failed_in.last()) {
            Some(state) if state != outermost => format!("the state '{state}' of '{outermost}'"),
            _ => format!("the state '{outermost}'"),
        })
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.finished.status {
            Status::Succeeded => ExitCode::SUCCESS,
            Status::Failed | Status::TimedOut => ExitCode::FAILURE,
            // What a shell reports for a process that an interrupt ended.
            Status::Aborted => 130.into(),
        }
    }
}

/// A tokio runtime with everything that handlers need.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Usage(format!("cannot start threads: {error}")))
}

/// How an execution is run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Whether its events are kept.
    pub(crate) keep_events: bool,
    /// The bounds that it has to keep.
    pub(crate) quotas: Quotas,
    /// Whether stderr is for something else than its progress.
    pub(crate) no_progress: bool,
}

/// Runs a state machine to its end, or until it is interrupted.
///
/// It is driven on a thread of the runtime, beside its tasks: waking another thread for each task that ends costs more than
/// what is then done.
pub(crate) async fn execute(
    name: &str,
    program: &Arc<Program>,
    input: Input,
    router: &Arc<Router>,
    options: Options,
) -> Result<Executed, Error> {
    router.resume_deliveries();
    let driven = drive(name.to_owned(), program.clone(), input, router.clone(), options);
    match tokio::spawn(driven).await {
        Ok(executed) => executed,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::Usage(format!("the execution was dropped: {error}"))),
        },
    }
}

async fn drive(
    name: String,
    program: Arc<Program>,
    input: Input,
    router: Arc<Router>,
    options: Options,
) -> Result<Executed, Error> {
    let execution = execution(&name, input, options);
    let mut progress = Progress::new(&program, options.no_progress);
    let mut kept = Vec::new();
    let handler = |request: &TaskRequest| {
        // Every resource was found before the start.
        router
            .handler_of(&request.state, &request.resource)
            .map_err(|error| Failure::new("States.Runtime", error.to_string()))
    };
    let commit = tokio_host::told(|recorded| {
        progress.show(recorded);
        if options.keep_events {
            kept.push(recorded.clone());
        }
    });
    let at = execution.start_time;
    let finished = tokio_host::run(ledger(program, execution, options), at, handler, commit, interrupted()).await;
    progress.finish();
    let finished = finished.map_err(|error| match error {
        GivenUp::Refused(reason) => Error::Unserved(reason),
        GivenUp::Bug(bug) => Error::Bug(bug.to_string()),
        GivenUp::Journal(error) => Error::Usage(error.to_string()),
    })?;
    Ok(Executed { finished, recorded: kept })
}

/// The ledger of an execution. What happens in its children is told where it is kept.
fn ledger(program: Arc<Program>, execution: Execution, options: Options) -> Ledger {
    let ledger = Ledger::new(program, execution);
    if options.keep_events { ledger.recording_children() } else { ledger }
}

/// Runs a state machine with mocks in the place of all tasks, on a clock that jumps: nothing is called, nothing is waited
/// for.
pub(crate) fn execute_mocked(
    name: &str,
    program: &Arc<Program>,
    input: Input,
    mocks: &Mocks,
    options: Options,
) -> Result<Executed, Error> {
    let execution = execution(name, input, options);
    let at = execution.start_time;
    let answer = |request: &TaskRequest| answer(mocks, request);
    let mut simulation = Simulation::new(ledger(program.clone(), execution, options), at, answer);
    let mut recorded = Vec::new();
    loop {
        let step = simulation.step().map_err(|stuck| match stuck {
            Stuck::Bug(bug) => Error::Bug(bug.to_string()),
            stuck => Error::Mocks(stuck.to_string()),
        })?;
        let Some(batch) = step else { return Err(Error::Bug("an execution ended without an end".to_owned())) };
        if options.keep_events {
            recorded.extend(batch.recorded);
        }
        if let Some(finished) = batch.finished {
            return Ok(Executed { finished, recorded });
        }
    }
}

fn answer(mocks: &Mocks, request: &TaskRequest) -> Answer {
    let before = request.is_activity().then_some(Reply::Started { worker_name: None });
    match mocks.answer(request) {
        Ok(MockedAnswer { outcome, after }) => {
            let after_millis = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
            let answer = Answer { before, after_millis, ..Answer::default() };
            match outcome {
                // A mocked timeout is one: the time runs out, and the history says so.
                Err(failure)
                    if failure.error.as_deref() == Some("States.Timeout")
                        && request.gives_up(Timestamp(0)).is_some() =>
                {
                    Answer { times_out: Some(failure), ..answer }
                }
                outcome => Answer { outcome: Some(outcome), ..answer },
            }
        }
        Err(unmocked) => Answer { refused: Some(unmocked.to_string()), ..Answer::default() },
    }
}

/// An execution that starts now.
fn execution(machine: &str, input: Input, options: Options) -> Execution {
    let start = now();
    let seed = start.0.unsigned_abs() ^ (u64::from(std::process::id()) << 32);
    let mut execution = Execution::local(machine, &format!("run-{}", start.0), input.value, start, seed);
    execution.input_text = input.text;
    execution.quotas = options.quotas;
    execution.token_secret = uuid::Uuid::new_v4().to_string().into();
    execution
}

/// Waits until the notifications of an execution are delivered, and tells which are not.
///
/// Each that could not be delivered yet is tried once more. An interrupt ends the wait, or [`DELIVERY_LIMIT`]; after an
/// interrupt there is none.
pub(crate) async fn finish_deliveries(router: &Router, executed: &Executed) -> Vec<Undelivered> {
    let limit = if executed.finished.status == Status::Aborted { Duration::ZERO } else { DELIVERY_LIMIT };
    let stop = async {
        // An error says that the time is over.
        let _ = tokio::time::timeout(limit, interrupted()).await;
    };
    router.finish_deliveries(stop).await
}

/// How long an execution that is over may wait for the subscribers of its notifications.
const DELIVERY_LIMIT: Duration = Duration::from_secs(20);

/// Completes when the process is told to end, or has been told so since the first call.
///
/// The signals are listened to once: between two who wait for them, none gets lost.
pub(crate) async fn interrupted() -> Failure {
    static TOLD: OnceLock<watch::Receiver<Option<Failure>>> = OnceLock::new();
    let listen = || {
        let (tell, told) = watch::channel(None);
        tokio::spawn(async move { tell.send_replace(Some(signal().await)) });
        told
    };
    let mut told = TOLD.get_or_init(listen).clone();
    match told.wait_for(Option::is_some).await.map(|told| told.clone()) {
        Ok(Some(failure)) => failure,
        // The runtime shuts down.
        _ => std::future::pending().await,
    }
}

/// Completes at a signal to end.
async fn signal() -> Failure {
    let signal = {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => "Interrupted",
                () = unix_signal(SignalKind::terminate()) => "Terminated",
                // The terminal is closed. Who started it with `nohup` wants it to go on.
                () = unix_signal(SignalKind::hangup()), if !ignores_hangup() => "Terminated",
            }
        }
        #[cfg(not(unix))]
        {
            let _ = tokio::signal::ctrl_c().await;
            "Interrupted"
        }
    };
    Failure {
        error: Some(signal.into()),
        cause: Some("the execution was stopped from outside".into()),
        ..Failure::default()
    }
}

#[cfg(unix)]
async fn unix_signal(kind: SignalKind) {
    match tokio::signal::unix::signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// Whether this process was started with SIGHUP ignored. Where that cannot be known, a hangup is left to the system.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first bit is that of the signal 1.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}
