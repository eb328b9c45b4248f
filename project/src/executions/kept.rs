//! Executions that a journal keeps: those that go on after a restart or a redrive, and what is told of them.

use std::sync::Arc;

use asl_engine::{MapRunUpdate, Timestamp};
use asl_runtime::journal::{Journal, JournalError, Kept};
use asl_runtime::{Input, Ledger, NotRedrivable, RedriveStatus, now};

use super::{Begin, Executions, LookupError, Registry};
use crate::details::Details;
use crate::execution::Journaled;
use crate::map_runs::{MAP_RUN, MapRunDetails};
use crate::state_machines::StateMachine;

/// An execution that was kept cannot go on. What is kept of it stays as it is.
#[derive(Debug, thiserror::Error)]
#[error("{arn} cannot go on: {reason}")]
pub struct NotResumed {
    /// The ARN of the execution.
    pub arn: Arc<str>,
    /// Why not.
    pub reason: String,
}

/// An execution is not redriven.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// It is not there, or cannot be read.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// It cannot go on.
    #[error("{0}")]
    NotRedrivable(NotRedrivable),
}

impl From<JournalError> for RedriveError {
    fn from(error: JournalError) -> Self {
        LookupError::from(error).into()
    }
}

impl Executions {
    /// Lets all executions go on that are kept and have not ended, on the current tokio runtime. Those that cannot go on are told.
    pub fn resume(self: &Arc<Self>) -> Result<Vec<NotResumed>, JournalError> {
        let Some(journal) = &self.journal else { return Ok(Vec::new()) };
        let mut not_resumed = Vec::new();
        // One may look for another that is about to go on, too.
        let mut started = self.lock();
        for kept in journal.kept()? {
            let arn = kept.entry.arn.clone();
            if let Err(reason) = self.go_on(&mut started, journal, kept) {
                not_resumed.push(NotResumed { arn, reason });
            }
        }
        Ok(not_resumed)
    }

    fn go_on(self: &Arc<Self>, started: &mut Registry, journal: &Arc<dyn Journal>, kept: Kept) -> Result<(), String> {
        let details = Details::of_entry(kept.entry).map_err(|error| error.to_string())?;
        if !details.is_running() {
            return Ok(());
        }
        let machine = self.machine_of(&details)?;
        let saved = kept.saved.map_err(|error| error.to_string())?;
        let (ledger, saver) = Ledger::restore(machine.program.clone(), saved).map_err(|error| error.to_string())?;
        let known = ledger.execution().cloned().ok_or("it has ended")?;
        let watcher = self.watcher(&machine, &known);
        let test_case = details.more.test_case.clone();
        let journaled = Box::new(Journaled::again(Arc::clone(journal), details, saver));
        let mocks = self.mocks(&machine, test_case.as_deref())?;
        let (journaled, at, first) = (Some(journaled), now(), Input::Start);
        let begin = Begin { ledger, journaled, watcher, mocks, is_waited_for: false, at, first };
        self.begin(started, known, begin);
        Ok(())
    }

    /// Lets an execution go on that has ended without success, from where it failed; says when.
    pub async fn redrive(self: &Arc<Self>, arn: &str) -> Result<Timestamp, RedriveError> {
        let unknown = || LookupError::NoSuchExecution(arn.to_owned());
        let journal = self.journal.as_ref().ok_or_else(unknown)?;
        let (begun, at) = {
            let mut started = self.lock();
            if started.find(arn).is_some() {
                return Err(RedriveError::NotRedrivable(NotRedrivable::Running));
            }
            let mut details = Details::of_entry(journal.entry(arn).map_err(LookupError::from)?.ok_or_else(unknown)?)?;
            let machine = self.machine_of(&details).map_err(|_| RedriveError::NotRedrivable(NotRedrivable::NotKept))?;
            let saved = journal.saved(arn).map_err(LookupError::from)?;
            let restored = Ledger::restore(machine.program.clone(), saved);
            let not_kept = |_| RedriveError::NotRedrivable(NotRedrivable::NotKept);
            let (ledger, saver) = restored.map_err(not_kept)?;
            if let RedriveStatus::NotRedrivable(reason) = ledger.redrive_status() {
                return Err(RedriveError::NotRedrivable(reason));
            }
            let at = now();
            details.redrive(at);
            let known = ledger.execution().cloned().ok_or(RedriveError::NotRedrivable(NotRedrivable::NotKept))?;
            let watcher = self.watcher(&machine, &known);
            let mocks = self.mocks(&machine, details.more.test_case.as_deref()).ok().flatten();
            let journaled = Some(Box::new(Journaled::redriven(Arc::clone(journal), details, saver)));
            let first = Input::Redrive;
            let begin = Begin { ledger, journaled, watcher, mocks, is_waited_for: false, at, first };
            (self.begin(&mut started, known, begin), at)
        };
        begun.kept().await.map_err(LookupError::from)?;
        Ok(at)
    }

    /// What the state machine was that an execution was started of.
    fn machine_of(&self, details: &Details) -> Result<StateMachine, String> {
        let catalog = self.catalog.get().ok_or("there are no state machines")?;
        let revision = &details.more.revision;
        let machine = catalog.revision(revision).ok_or_else(|| format!("its definition {revision} is not kept"))?;
        let (version, alias) = (details.listed_under.version.clone(), details.listed_under.alias.clone());
        Ok(StateMachine { version, alias, ..machine })
    }

    /// A Map Run of an execution that runs or is kept.
    pub fn map_run(&self, arn: &str) -> Result<Option<MapRunDetails>, LookupError> {
        let Some(journal) = &self.journal else { return Ok(None) };
        let Some(text) = journal.document(MAP_RUN, arn)? else { return Ok(None) };
        let kept: MapRunDetails =
            serde_json::from_str(&text).map_err(|error| JournalError(format!("{arn}: {error}")))?;
        let now = self.lock().find(&kept.execution).and_then(|entry| entry.map_runs.as_ref()?.find(arn));
        Ok(Some(match now {
            Some(map_run) => MapRunDetails { map_run, ..kept },
            None => kept,
        }))
    }

    /// Changes a Map Run that runs. Nothing happens to one that has ended.
    pub fn update_map_run(&self, map_run: &MapRunDetails, update: MapRunUpdate) {
        if let Some(entry) = self.lock().find(&map_run.execution) {
            entry.told.tell(Input::UpdateMapRun(map_run.map_run.state.arn.clone(), update));
        }
    }

    /// What is known of an execution, whether it runs or is kept.
    pub fn details(&self, arn: &str) -> Result<Details, LookupError> {
        let unknown = || LookupError::NoSuchExecution(arn.to_owned());
        match &self.journal {
            Some(journal) => Ok(Details::of_entry(journal.entry(arn)?.ok_or_else(unknown)?)?),
            None => Err(unknown()),
        }
    }
}
