//! Runs an execution on the embedded host, with its progress on stderr.

use std::process::ExitCode;
use std::sync::Arc;

use asl_engine::{Execution, Failure, HistoryEvent, Program, Quotas, TaskRequest, Value};
use asl_runtime::{Finished, Status, embedded};
use asl_tasks::Router;

use crate::error::Error;
use crate::places::Places;
use crate::progress::Progress;

/// An execution that is over.
pub(crate) struct Executed {
    pub(crate) finished: Finished,
    /// The state that it ended in, when it did not end well.
    pub(crate) place: Option<String>,
    /// Its history, when it was asked for.
    pub(crate) events: Vec<HistoryEvent>,
}

impl Executed {
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
}

/// Runs a state machine to its end, or until it is interrupted.
///
/// It is driven on a thread of the runtime, beside its tasks: waking another thread for each task that ends costs more than
/// what is then done.
pub(crate) async fn execute(
    name: &str,
    program: &Arc<Program>,
    input: Value,
    router: &Arc<Router>,
    options: Options,
) -> Result<Executed, Error> {
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
    input: Value,
    router: Arc<Router>,
    options: Options,
) -> Result<Executed, Error> {
    let start = embedded::now();
    let seed = start.0.unsigned_abs() ^ (u64::from(std::process::id()) << 32);
    let mut execution = Execution::local(&name, &format!("run-{}", start.0), input, start, seed);
    execution.quotas = options.quotas;
    let mut progress = Progress::new();
    let mut places = Places::default();
    let mut events = Vec::new();
    let handler = |request: &TaskRequest| {
        // Every resource was found before the start.
        router.handler(&request.resource).map_err(|error| Failure::new("States.Runtime", error.to_string()))
    };
    let record = |event: HistoryEvent| {
        places.follow(&event);
        progress.show(&event, &places);
        if options.keep_events {
            events.push(event);
        }
    };
    let finished = embedded::run(program, execution, handler, record, interrupted())
        .await
        .map_err(|bug| Error::Usage(format!("asl made a mistake, please report it: {bug}")))?;
    progress.finish();
    let place = if finished.outcome.is_err() { places.last() } else { None };
    Ok(Executed { finished, place, events })
}

/// Completes when the process is told to end.
async fn interrupted() -> Failure {
    let signal = {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            match signal(SignalKind::terminate()) {
                Ok(mut terminate) => tokio::select! {
                    _ = tokio::signal::ctrl_c() => "Interrupted",
                    _ = terminate.recv() => "Terminated",
                },
                Err(_) => std::future::pending().await,
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
