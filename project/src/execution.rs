//! One execution: how it is run, and what has become of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use asl_engine::{Execution, Failure, TaskRequest, Timestamp};
use asl_runtime::tokio_host::{self, GivenUp};
use asl_runtime::{Batch, Bug, Finished, FrameId, Ledger, Status, now};
use futures_util::FutureExt;
use tokio::sync::{oneshot, watch};

use crate::executions::Executions;
use crate::history::History;
use crate::start::Watcher;
use crate::stored::Recording;

/// An execution that was started, or that was found to run.
#[derive(Clone, Debug)]
pub struct Started {
    /// The execution.
    pub execution: Arc<Execution>,
    /// Whether this call has started it.
    pub is_new: bool,
    pub(crate) ended: watch::Receiver<Option<Ended>>,
}

/// An execution, and what has become of it.
#[derive(Clone, Debug)]
pub struct Description {
    /// The execution, with its ARN, its input and when it started.
    pub execution: Arc<Execution>,
    /// How it ended; nothing while it runs.
    pub ended: Option<Ended>,
}

/// How an execution ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its status, and its output or its failure.
    pub finished: Finished,
    /// When it ended.
    pub at: Timestamp,
    /// How many events its own history has.
    pub events: usize,
    /// Why it was given up, if it was. This is no failure of the definition, and whoever waits for it is given up, too.
    pub given_up: Option<Arc<GivenUp>>,
}

impl Started {
    /// Waits for its end.
    pub async fn ended(&self) -> Ended {
        wait(self.ended.clone()).await
    }
}

impl Description {
    /// AWS's word for how it is.
    pub fn status(&self) -> &'static str {
        self.ended.as_ref().map_or("RUNNING", |ended| ended.finished.status.name())
    }
}

/// The history of an execution is stored with those of the child executions that start before it has had so many Frames: of a
/// thousand, and not of a million.
const STORED_BEFORE: FrameId = 10_000;

/// An execution that is about to run.
pub(crate) struct Run {
    pub(crate) executions: Arc<Executions>,
    pub(crate) ledger: Ledger,
    pub(crate) history: Option<Arc<History>>,
    pub(crate) recording: Option<Recording>,
    pub(crate) watcher: Option<Watcher>,
}

impl Run {
    /// Runs it from `at` on, to its end or until it is `stopped`, and tells how it ended.
    pub(crate) async fn drive(
        self,
        at: Timestamp,
        stopped: oneshot::Receiver<Failure>,
        tell: watch::Sender<Option<Ended>>,
    ) {
        let Self { executions, ledger, history, recording, mut watcher } = self;
        let ledger = match (&history, &recording) {
            (Some(_), _) => ledger.recording_children(),
            (None, Some(_)) => ledger.recording_children_before(STORED_BEFORE),
            (None, None) => ledger,
        };
        let (mut events, arn) = (0, ledger.arn().cloned());
        let handler = |request: &TaskRequest| {
            let found = executions.router().handler_of(&request.state, &request.resource);
            found.map_err(|error| Failure::new("States.Runtime", error.to_string()))
        };
        let commit = |_: &Ledger, batch: &mut Batch| {
            // Those of child executions have another one.
            events += batch.recorded.iter().filter(|recorded| Some(&recorded.execution.arn) == arn.as_ref()).count();
            if let Some(history) = &history {
                history.add(&batch.recorded);
            }
            if let Some(watcher) = &mut watcher {
                watcher(batch);
            }
            if let Some(recording) = &recording {
                recording.add(std::mem::take(&mut batch.recorded));
            }
            Ok(())
        };
        let stop = async {
            match stopped.await {
                Ok(failure) => failure,
                Err(_) => std::future::pending().await,
            }
        };
        let finished = AssertUnwindSafe(tokio_host::run(ledger, at, handler, commit, stop)).catch_unwind().await;
        // Where it was, stands on stderr by now.
        let finished = finished.unwrap_or_else(|_| Err(Bug("an execution panicked".to_owned()).into()));
        let (finished, given_up) = match finished {
            Ok(finished) => (finished, None),
            Err(error) => {
                let failure = Failure::new("States.Runtime", error.to_string());
                (Finished { status: Status::Failed, outcome: Err(failure), failed_in: Vec::new() }, Some(error.into()))
            }
        };
        // What it shows is gone before the end is told.
        drop(watcher);
        let at = now();
        if let Some(recording) = recording {
            recording.end(&finished, at, given_up.as_ref().map(|why: &Arc<GivenUp>| why.to_string()));
        }
        tell.send_replace(Some(Ended { finished, at, events, given_up }));
    }
}

/// Waits for the end of an execution.
pub(crate) async fn wait(mut ended: watch::Receiver<Option<Ended>>) -> Ended {
    match ended.wait_for(Option::is_some).await.map(|ended| ended.clone()) {
        Ok(Some(ended)) => ended,
        // The runtime shuts down.
        _ => std::future::pending().await,
    }
}
