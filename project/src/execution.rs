//! One execution: how it is run, and what has become of it.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use asl_engine::model::StateId;
use asl_engine::{Execution, Failure, TaskRequest, Timestamp};
use asl_runtime::journal::{Commit, Entry, Journal, JournalError, LedgerCommit};
use asl_runtime::tokio_host::{self, GivenUp};
use asl_runtime::{
    Batch, BoxFuture, Bug, Finished, FrameId, Input, Ledger, Pause, Queue, RedriveStatus, Saver, Status, now,
};
use asl_tasks::{Mocks, Router};
use futures_util::FutureExt;
use futures_util::future::Either;
use tokio::sync::{oneshot, watch};

use crate::child_entries::ChildEntries;
use crate::details::Details;
use crate::executions::Executions;
use crate::history::History;
use crate::map_runs::MapRuns;
use crate::start::Watcher;
use crate::stored::Recording;

/// An execution that was started, or that was found to run.
#[derive(Clone, Debug)]
pub struct Started {
    /// The execution.
    pub execution: Arc<Execution>,
    /// Whether this call has started it.
    pub is_new: bool,
    pub(crate) progress: watch::Receiver<Progress>,
    /// Whether its start is kept in a journal.
    pub(crate) is_journaled: bool,
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

/// What others wait for: one thing to wait at for both, since there are many executions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Whether its start is kept.
    pub(crate) is_kept: bool,
    /// How it ended; nothing while it runs.
    pub(crate) ended: Option<Ended>,
    /// Where it pauses, if it does.
    pub(crate) pause: Option<Arc<Pause>>,
    /// The states that it pauses before.
    pub(crate) breakpoints: Arc<BTreeSet<StateId>>,
}

impl Started {
    /// Waits until it pauses after the pause with this number; none where it ends before.
    pub async fn paused(&self, after: u64) -> Option<Arc<Pause>> {
        let mut progress = self.progress.clone();
        let is_next = |progress: &Progress| progress.pause.as_ref().is_some_and(|pause| pause.number > after);
        let waited = progress.wait_for(|progress| progress.ended.is_some() || is_next(progress)).await;
        waited.ok().filter(|progress| is_next(progress))?.pause.clone()
    }

    /// Waits for its end.
    pub async fn ended(&self) -> Ended {
        wait(self.progress.clone()).await
    }

    /// Waits until its start is kept, where it will be.
    pub async fn kept(&self) -> Result<(), JournalError> {
        if !self.is_journaled || self.progress.clone().wait_for(|progress| progress.is_kept).await.is_ok() {
            return Ok(());
        }
        let ended = self.progress.borrow().ended.clone();
        match ended.and_then(|ended| ended.given_up).as_deref() {
            Some(GivenUp::Journal(error)) => Err(error.clone()),
            _ => Err(JournalError("the program ends".to_owned())),
        }
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
    /// What serves its tasks.
    pub(crate) router: Arc<Router>,
    pub(crate) ledger: Box<Ledger>,
    pub(crate) history: Option<Arc<History>>,
    pub(crate) recording: Option<Recording>,
    pub(crate) watcher: Option<Watcher>,
    /// Boxed: what waits is as large as its future, and holds it more than once.
    pub(crate) journaled: Option<Box<Journaled>>,
    /// What answers some of its tasks.
    pub(crate) mocks: Option<Arc<Mocks>>,
    /// What is fed first.
    pub(crate) first: Input,
    /// What is told it while it runs.
    pub(crate) told: Arc<Queue<Input>>,
}

/// An execution that a journal keeps.
pub(crate) struct Journaled {
    journal: Arc<dyn Journal>,
    details: Details,
    saver: Saver,
    children: ChildEntries,
    map_runs: Arc<MapRuns>,
    /// Told when its start is kept.
    progress: watch::Sender<Progress>,
    is_new: bool,
}

impl Journaled {
    /// A new one.
    pub(crate) fn new(journal: Arc<dyn Journal>, details: Details) -> Self {
        Self {
            journal,
            details,
            saver: Saver::default(),
            children: ChildEntries::default(),
            map_runs: Arc::default(),
            progress: watch::Sender::default(),
            is_new: true,
        }
    }

    /// One that goes on, of which this is saved.
    pub(crate) fn again(journal: Arc<dyn Journal>, details: Details, saver: Saver) -> Self {
        let progress = watch::Sender::new(Progress { is_kept: true, ..Progress::default() });
        Self { saver, progress, is_new: false, ..Self::new(journal, details) }
    }

    /// Told when its start is kept, and by its host when it has ended.
    pub(crate) fn progress(&self) -> watch::Sender<Progress> {
        self.progress.clone()
    }

    /// One that is redriven.
    pub(crate) fn redriven(journal: Arc<dyn Journal>, details: Details, saver: Saver) -> Self {
        Self { saver, ..Self::new(journal, details) }
    }

    /// Its Map Runs, as they are now.
    pub(crate) fn map_runs(&self) -> Arc<MapRuns> {
        Arc::clone(&self.map_runs)
    }

    /// Keeps a Batch.
    fn commit(&mut self, ledger: &Ledger, batch: &mut Batch) -> BoxFuture<'static, Result<(), JournalError>> {
        let recorded = std::mem::take(&mut batch.recorded);
        let is_first = std::mem::take(&mut self.is_new);
        let documents = self.map_runs.take_in(ledger, &mut self.details);
        let mut entries = self.children.of(&recorded, &self.details);
        if let Some(finished) = &batch.finished {
            let at = recorded.last().map_or_else(now, |recorded| recorded.event.timestamp);
            self.details.end(finished, at);
        }
        if is_first || batch.finished.is_some() || !documents.is_empty() {
            entries.push(self.details.entry());
        }
        // What has failed can be redriven.
        let is_over = batch.finished.is_some() && ledger.redrive_status() != RedriveStatus::Redrivable;
        let writes = if is_over { Vec::new() } else { self.saver.save(ledger, batch) };
        let arn = self.details.arn.clone();
        let ledger = Some(LedgerCommit { arn, writes, recorded, is_over });
        let kept = self.journal.commit(Commit { entries, ledger, may_fail: is_first, documents });
        match is_first {
            false => kept,
            true => {
                let tell = self.progress.clone();
                Box::pin(async move {
                    kept.await?;
                    tell.send_modify(|progress| progress.is_kept = true);
                    Ok(())
                })
            }
        }
    }

    /// Keeps that it was given up.
    async fn give_up(mut self: Box<Self>, given_up: &GivenUp, finished: &Finished, at: Timestamp) {
        // What was never kept need not be ended.
        if matches!(given_up, GivenUp::Journal(_)) {
            return;
        }
        self.details.end(finished, at);
        self.details.more.given_up = Some(given_up.to_string().into());
        let ledger =
            LedgerCommit { arn: self.details.arn.clone(), writes: Vec::new(), recorded: Vec::new(), is_over: true };
        let entries: Vec<Entry> = vec![self.details.entry()];
        // The next start of the program goes on with what could not be kept.
        let _ = self.journal.commit(Commit { entries, ledger: Some(ledger), ..Commit::default() }).await;
        self.progress.send_modify(|progress| progress.is_kept = true);
    }
}

impl Run {
    /// Runs it from `at` on, to its end or until it is `stopped`, and tells how it ended.
    pub(crate) async fn drive(self, at: Timestamp, stopped: oneshot::Receiver<Failure>, tell: watch::Sender<Progress>) {
        let Self { executions, router, ledger, history, recording, mut watcher, mut journaled, mocks, first, told } =
            self;
        let ledger = match (&history, &recording) {
            _ if journaled.is_some() => Box::new(ledger.recording_children()),
            (Some(_), _) => Box::new(ledger.recording_children()),
            (None, Some(_)) => Box::new(ledger.recording_children_before(STORED_BEFORE)),
            (None, None) => ledger,
        };
        let (mut events, arn) = (0, ledger.arn().cloned());
        let (mut paused, pauses) = ((None, None), tell.clone());
        let known = arn.clone().unwrap_or_default();
        let times = executions.times().cloned();
        let handler = |request: &TaskRequest| {
            if let Some(mocked) = mocks.as_ref().and_then(|mocks| mocks.handler(&request.state)) {
                return Ok(mocked);
            }
            let found = router.handler_of(&request.state, &request.resource);
            let found = found.map(|handler| match &times {
                Some(times) => times.measured(handler),
                None => handler,
            });
            found.map_err(|error| Failure::new("States.Runtime", error.to_string()))
        };
        let commit = |ledger: &Ledger, batch: &mut Batch| {
            // Those of child executions have another one.
            events += batch.recorded.iter().filter(|recorded| Some(&recorded.execution.arn) == arn.as_ref()).count();
            if let Some(history) = &history {
                history.add(&batch.recorded);
            }
            if let Some(watcher) = &mut watcher {
                watcher(batch);
            }
            let now = (ledger.pause().map(|pause| pause.number), ledger.breakpoints().cloned());
            if now != paused {
                let (pause, breakpoints) = (ledger.pause().cloned().map(Arc::new), now.1.clone().unwrap_or_default());
                pauses.send_modify(|progress| (progress.pause, progress.breakpoints) = (pause, breakpoints));
                paused = now;
            }
            if let Some(recording) = &recording {
                recording.add(match &journaled {
                    Some(_) => batch.recorded.clone(),
                    None => std::mem::take(&mut batch.recorded),
                });
            }
            match &mut journaled {
                Some(journaled) => Either::Left(journaled.commit(ledger, batch)),
                None => Either::Right(std::future::ready(Ok(()))),
            }
        };
        let stop = async {
            match stopped.await {
                Ok(failure) => failure,
                Err(_) => std::future::pending().await,
            }
        };
        let finished =
            AssertUnwindSafe(tokio_host::run_with(ledger, at, first, told, handler, commit, stop)).catch_unwind().await;
        // Where it was, stands on stderr by now.
        let finished = finished.unwrap_or_else(|_| Err(Bug("an execution panicked".to_owned()).into()));
        let (finished, given_up): (_, Option<Arc<GivenUp>>) = match finished {
            Ok(finished) => (finished, None),
            Err(error) => {
                let failure = Failure::new("States.Runtime", error.to_string());
                (Finished { status: Status::Failed, outcome: Err(failure), failed_in: Vec::new() }, Some(error.into()))
            }
        };
        // What it shows is gone before the end is told.
        drop(watcher);
        let at = now();
        let is_kept = journaled.is_some();
        if let (Some(journaled), Some(given_up)) = (journaled, &given_up) {
            journaled.give_up(given_up, &finished, at).await;
        }
        if let Some(recording) = recording {
            recording.end(&finished, at, given_up.as_ref().map(|why| why.to_string()));
        }
        tell.send_modify(|progress| progress.ended = Some(Ended { finished, at, events, given_up }));
        if is_kept {
            executions.forget(&known);
        }
    }
}

/// Waits for the end of an execution.
pub(crate) async fn wait(mut progress: watch::Receiver<Progress>) -> Ended {
    match progress.wait_for(|progress| progress.ended.is_some()).await.map(|progress| progress.ended.clone()) {
        Ok(Some(ended)) => ended,
        // The runtime shuts down.
        _ => std::future::pending().await,
    }
}
