//! State machines with their revisions, versions and aliases, and activities: what the API makes and executions are started of.
//!
//! All of them are in memory; a change is committed to the journal before it is seen.

mod activity;
mod machine;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, Weak};

use asl_engine::{Execution, Program, Timestamp};
use asl_project::{Definition, StartError, StateMachine, StateMachines, Watcher};
use asl_runtime::journal::{Commit, Document, Journal, JournalError};
use asl_tasks::{Mocks, Router};

pub(crate) use activity::Activity;
pub(crate) use machine::{Alias, MOST_VERSIONS, Machine, Revision, Route, Tags, Type};

use crate::logs::Logs;
use crate::status_changes::StatusChanges;
use crate::traces::{Traces, both};

/// The kinds of documents in the journal.
const MACHINE: &str = "state machine";
const REVISION: &str = "revision";
const ACTIVITY: &str = "activity";

/// How many programs are at hand before those of old revisions are dropped.
const PROGRAMS: usize = 1_000;

/// State machines and activities.
pub(crate) struct Catalog {
    journal: Arc<dyn Journal>,
    contents: RwLock<Contents>,
    /// Held by who changes something, from when it is looked at until it is committed.
    changing: tokio::sync::Mutex<()>,
    /// Held to read by who starts an execution, from when its machine is looked up until it is kept.
    starting: tokio::sync::RwLock<()>,
    programs: Mutex<HashMap<Arc<str>, Arc<Program>>>,
    logs: Arc<Logs>,
    /// Who is told of status changes, once there is somebody.
    status_changes: OnceLock<Arc<StatusChanges>>,
    /// A mock configuration file: its name and its text.
    mocks: Option<(PathBuf, String)>,
    traces: Option<Traces>,
    /// What serves the tasks of the machines of files, by ARN. Weak: a router's services lead here.
    routers: RwLock<HashMap<Arc<str>, Weak<Router>>>,
}

/// What is there, by ARN.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) machines: BTreeMap<Arc<str>, Arc<Machine>>,
    pub(crate) activities: BTreeMap<Arc<str>, Arc<Activity>>,
}

/// A change that is made as a whole, or not at all.
#[derive(Default)]
pub(crate) struct Change {
    machine: Option<(Arc<str>, Option<Machine>)>,
    revision: Option<Arc<Revision>>,
    activity: Option<(Arc<str>, Option<Activity>)>,
}

impl Change {
    /// A state machine that is new or different.
    pub(crate) fn machine(machine: Machine) -> Self {
        Self { machine: Some((machine.arn.clone(), Some(machine))), ..Self::default() }
    }

    /// With a revision that is new.
    pub(crate) fn with(self, revision: &Arc<Revision>) -> Self {
        Self { revision: Some(Arc::clone(revision)), ..self }
    }

    /// A state machine that is gone.
    pub(crate) fn without_machine(arn: &Arc<str>) -> Self {
        Self { machine: Some((arn.clone(), None)), ..Self::default() }
    }

    /// An activity that is new or different.
    pub(crate) fn activity(activity: Activity) -> Self {
        Self { activity: Some((activity.arn.clone(), Some(activity))), ..Self::default() }
    }

    /// An activity that is gone.
    pub(crate) fn without_activity(arn: &Arc<str>) -> Self {
        Self { activity: Some((arn.clone(), None)), ..Self::default() }
    }

    fn documents(&self) -> Vec<Document> {
        let document = |kind, name: &Arc<str>, text: Option<Arc<str>>| Document { kind, name: name.clone(), text };
        let machine = self.machine.iter().map(|(arn, machine)| document(MACHINE, arn, machine.as_ref().map(text)));
        let revision = self.revision.iter().map(|revision| document(REVISION, &revision.key, Some(text(&**revision))));
        let activity = self.activity.iter().map(|(arn, activity)| document(ACTIVITY, arn, activity.as_ref().map(text)));
        revision.chain(machine).chain(activity).collect()
    }
}

/// The JSON text of a document. Its keys are names, so it can be written.
fn text<T: serde::Serialize>(document: &T) -> Arc<str> {
    serde_json::to_string(document).unwrap_or_default().into()
}

fn read<T: for<'a> serde::Deserialize<'a>>(name: &str, text: &str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|error| JournalError(format!("{name}: {error}")))
}

impl Catalog {
    /// What the journal has.
    pub(crate) fn open(
        journal: Arc<dyn Journal>,
        logs: Arc<Logs>,
        mocks: Option<(PathBuf, String)>,
        traces: Option<Traces>,
    ) -> Result<Self, JournalError> {
        let mut contents = Contents::default();
        for (arn, text) in journal.documents(MACHINE)? {
            contents.machines.insert(arn.as_str().into(), Arc::new(read(&arn, &text)?));
        }
        for (arn, text) in journal.documents(ACTIVITY)? {
            contents.activities.insert(arn.as_str().into(), Arc::new(read(&arn, &text)?));
        }
        let (changing, programs) = (tokio::sync::Mutex::default(), Mutex::default());
        let (contents, status_changes) = (RwLock::new(contents), OnceLock::new());
        let (starting, routers) = (tokio::sync::RwLock::default(), RwLock::default());
        Ok(Self { journal, contents, changing, starting, programs, logs, status_changes, mocks, traces, routers })
    }

    /// Has the status changes of executions told; the first time only.
    pub(crate) fn tell_status_changes(&self, to: Arc<StatusChanges>) {
        let _ = self.status_changes.set(to);
    }

    /// Has the tasks of a state machine served by this router.
    pub(crate) fn route(&self, arn: &Arc<str>, router: &Arc<Router>) {
        let mut routers = self.routers.write().unwrap_or_else(PoisonError::into_inner);
        routers.insert(Arc::clone(arn), Arc::downgrade(router));
    }

    /// What is there now.
    pub(crate) fn contents(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state machine with this ARN, without a version or an alias.
    pub(crate) fn machine(&self, arn: &str) -> Option<Arc<Machine>> {
        self.contents().machines.get(arn).cloned()
    }

    /// Keeps everybody else from changing something, until the guard is dropped.
    pub(crate) async fn changing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// Keeps machines that are deleted from being taken for gone while one of their executions starts.
    pub(crate) async fn starting(&self) -> tokio::sync::RwLockReadGuard<'_, ()> {
        self.starting.read().await
    }

    /// Waits until whoever was about to start an execution has done so.
    pub(crate) async fn started(&self) {
        drop(self.starting.write().await);
    }

    /// Makes a change. Who calls it holds [`Catalog::changing`].
    pub(crate) async fn change(&self, change: Change) -> Result<(), JournalError> {
        let documents = change.documents();
        self.journal.commit(Commit { documents, may_fail: true, ..Commit::default() }).await?;
        let mut contents = self.contents.write().unwrap_or_else(PoisonError::into_inner);
        match change.machine {
            Some((arn, Some(machine))) => _ = contents.machines.insert(arn, Arc::new(machine)),
            Some((arn, None)) => _ = contents.machines.remove(&arn),
            None => {}
        }
        match change.activity {
            Some((arn, Some(activity))) => _ = contents.activities.insert(arn, Arc::new(activity)),
            Some((arn, None)) => _ = contents.activities.remove(&arn),
            None => {}
        }
        Ok(())
    }

    fn programs(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Program>>> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the program of a revision, which was made already.
    pub(crate) fn know(&self, revision: &Revision, program: Arc<Program>) {
        let mut programs = self.programs();
        if programs.len() >= PROGRAMS {
            // What is not current can be made again.
            let contents = self.contents();
            let current: HashSet<&str> = contents.machines.values().map(|machine| &*machine.revision.key).collect();
            programs.retain(|key, _| current.contains(&**key));
        }
        programs.insert(revision.key.clone(), program);
    }

    /// What a revision does.
    pub(crate) fn program(&self, revision: &Revision) -> Option<Arc<Program>> {
        if let Some(program) = self.programs().get(&revision.key) {
            return Some(Arc::clone(program));
        }
        let definition = Definition::new("definition.json", revision.definition.to_string());
        // It was made before, by this release or an earlier one.
        let program = Arc::new(definition.unfilled_program().ok()?);
        self.know(revision, Arc::clone(&program));
        Some(program)
    }

    /// A revision that state machines have or had.
    pub(crate) fn find_revision(&self, key: &str) -> Option<Arc<Revision>> {
        let (arn, _) = key.rsplit_once('#')?;
        let current = self.machine(arn).map(|machine| Arc::clone(&machine.revision));
        if let Some(current) = current.filter(|revision| *revision.key == *key) {
            return Some(current);
        }
        let text = self.journal.document(REVISION, key).ok()??;
        read(key, &text).ok().map(Arc::new)
    }

    fn state_machine(&self, machine: &Machine, revision: &Revision) -> Result<StateMachine, StartError> {
        let program = self.program(revision).ok_or_else(|| StartError::NoSuchMachine(machine.arn.clone()))?;
        Ok(StateMachine {
            role_arn: revision.role_arn.clone(),
            is_express: machine.machine_type == Type::Express,
            revision: revision.key.clone(),
            ..StateMachine::with_arn(machine.arn.clone(), &machine.name, program)
        })
    }
}

impl StateMachines for Catalog {
    fn find(&self, arn: &str) -> Result<StateMachine, StartError> {
        let unknown = || StartError::NoSuchMachine(arn.into());
        let (unqualified, _) = StateMachine::arn_and_name(arn)?;
        // A machine of the folder is found whatever account a definition names.
        let machine = self.machine(&unqualified).or_else(|| self.of_folder(&unqualified)).ok_or_else(unknown)?;
        if machine.is_deleting {
            return Err(StartError::Deleting(arn.into()));
        }
        let qualifier = arn.get(unqualified.len() + 1..);
        let Some(qualifier) = qualifier else { return self.state_machine(&machine, &machine.revision) };
        let version = |number: u64| machine.versions.get(&number).ok_or_else(unknown);
        let of_version = |number: u64| -> Result<StateMachine, StartError> {
            let version = version(number)?;
            let found = self.state_machine(&machine, &version.revision)?;
            Ok(StateMachine { version: Some(machine.version_arn(number)), ..found })
        };
        if let Ok(number) = qualifier.parse() {
            return of_version(number);
        }
        let alias = machine.aliases.get(qualifier).ok_or_else(unknown)?;
        let number = alias.pick(u64::from(uuid::Uuid::new_v4().as_fields().0));
        Ok(StateMachine { alias: Some(arn.into()), ..of_version(number.ok_or_else(unknown)?)? })
    }

    fn revision(&self, revision: &str) -> Option<StateMachine> {
        let found = self.find_revision(revision)?;
        let (arn, _) = revision.rsplit_once('#')?;
        let (arn, name) = StateMachine::arn_and_name(arn).ok()?;
        Some(StateMachine {
            role_arn: found.role_arn.clone(),
            is_express: found.machine_type == Type::Express,
            revision: found.key.clone(),
            ..StateMachine::with_arn(arn, name, self.program(&found)?)
        })
    }

    fn mocks(&self, machine: &StateMachine, test_case: &str) -> Result<Arc<Mocks>, String> {
        let (file, text) = self.mocks.as_ref().ok_or("this server has no mocks: start it with --mocks FILE")?;
        let read = Mocks::read(file, text, &machine.name, Some(test_case));
        read.map(Arc::new).map_err(|error| error.with_hints())
    }

    fn router(&self, arn: &str) -> Option<Arc<Router>> {
        self.routers.read().unwrap_or_else(PoisonError::into_inner).get(arn)?.upgrade()
    }

    fn watcher(&self, machine: &StateMachine, execution: &Arc<Execution>) -> Option<Watcher> {
        let revision = self.find_revision(&machine.revision);
        let logs = revision.and_then(|revision| self.logs.watcher(&revision.logging, execution));
        let told = self.status_changes.get().and_then(|changes| changes.watcher(machine, execution));
        // What is not in the journal can tell nothing.
        let traces = self.traces.as_ref().filter(|_| !machine.is_express).map(|traces| traces.watcher(execution));
        both(both(logs, told), traces)
    }
}

impl Catalog {
    /// The state machine of a file that has this name, in whichever account and region.
    fn of_folder(&self, arn: &str) -> Option<Arc<Machine>> {
        let name = arn.rsplit(':').next()?;
        self.contents().machines.values().find(|machine| machine.is_of_folder && *machine.name == *name).cloned()
    }
}

/// A revision that a state machine did not have before.
pub(crate) struct NewRevision<'a> {
    pub(crate) arn: &'a str,
    /// None of a machine that was never updated.
    pub(crate) id: Option<Arc<str>>,
    pub(crate) machine_type: Type,
    pub(crate) definition: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    pub(crate) logging: asl_engine::Value,
    pub(crate) tracing: asl_engine::Value,
    pub(crate) encryption: asl_engine::Value,
    pub(crate) at: Timestamp,
}

impl NewRevision<'_> {
    pub(crate) fn made(self) -> Arc<Revision> {
        let unique = uuid::Uuid::new_v4();
        let Self { arn, id, machine_type, definition, role_arn, logging, tracing, encryption, at } = self;
        let key = format!("{arn}#{unique}").into();
        Arc::new(Revision { key, id, machine_type, definition, role_arn, logging, tracing, encryption, at })
    }
}
