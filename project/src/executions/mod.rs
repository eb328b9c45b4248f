//! The executions of this program: started, looked at, listened to and stopped.

mod kept;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use asl_aws::in_process::{LinePlace, Missing, toml_key};
use asl_engine::model::StateId;
use asl_engine::{Execution, Failure, HistoryEvent, Program, Quotas, Timestamp};
use asl_runtime::journal::{Journal, JournalError};
use asl_runtime::{Finished, Input, Ledger, Pause, Queue, Resume};
use asl_tasks::{Mocks, Router};
use tokio::sync::{oneshot, watch};

use crate::details::Details;
use crate::execution::{Description, Journaled, Progress, Run, Started, wait};
use crate::history::{History, Subscription};
use crate::map_runs::MapRuns;
use crate::start::{Start, StartError, StartsAt, Watcher, execution};
use crate::start_execution::{RESOURCES, StartExecution};
use crate::state_machines::{StateMachine, StateMachines};
use crate::step_functions_api::StepFunctionsApi;
use crate::stored::Recordings;
use crate::task_times::TaskTimes;

pub use kept::{NotResumed, RedriveError};

/// Step Functions among the services.
const SFN: &str = "sfn";

/// The state machines of a project by their names, and all executions that were started, whoever started them.
///
/// An execution goes on by itself; it ends with the tokio runtime that it was started on.
pub struct Executions {
    machines: BTreeMap<String, Arc<Program>>,
    router: Arc<Router>,
    options: ExecutionOptions,
    recordings: Option<Recordings>,
    /// Where executions are kept. Those that have ended are there only.
    journal: Option<Arc<dyn Journal>>,
    /// State machines beside those of the routing file.
    catalog: OnceLock<Arc<dyn StateMachines>>,
    /// How long tasks take, where somebody serves it.
    times: OnceLock<Arc<TaskTimes>>,
    started: Mutex<Registry>,
}

/// What goes for all executions.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecutionOptions {
    /// The bounds that each has to keep.
    pub quotas: Quotas,
    /// Whether what happens is kept in memory: in the executions, and in the child executions of their Map Runs.
    pub keeps_histories: bool,
    /// Whether Wait states and the delays of Retriers take no time.
    pub skips_waits: bool,
    /// Whether what happens is stored below the folder for data ([`StoredHistories`](crate::StoredHistories)).
    pub stores_histories: bool,
    /// How many executions may run at a time.
    pub most_running: Option<usize>,
}

/// Why nothing can be told of an execution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// There is none with this ARN.
    #[error("Execution Does Not Exist: '{0}'")]
    NoSuchExecution(String),
    /// What happens is not kept ([`ExecutionOptions::keeps_histories`]).
    #[error("the history of {0} is not kept")]
    NotKept(String),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// All that was started, in order; where there is a journal, all that runs.
#[derive(Default)]
struct Registry {
    entries: BTreeMap<u64, Entry>,
    places: HashMap<Arc<str>, u64>,
    started: u64,
}

struct Entry {
    execution: Arc<Execution>,
    history: Option<Arc<History>>,
    progress: watch::Receiver<Progress>,
    stop: Option<oneshot::Sender<Failure>>,
    is_waited_for: bool,
    /// Whether its start is kept in a journal.
    is_journaled: bool,
    /// Tells it something while it runs.
    told: Arc<Queue<Input>>,
    map_runs: Option<Arc<MapRuns>>,
}

/// What an execution begins with, or goes on with.
struct Begin {
    ledger: Ledger,
    journaled: Option<Box<Journaled>>,
    watcher: Option<Watcher>,
    mocks: Option<Arc<Mocks>>,
    is_waited_for: bool,
    /// The time then.
    at: Timestamp,
    first: Input,
}

/// What is found in the place of an execution that has ended, and is kept with the same name.
fn ended_before(kept: Details, execution: Execution, finds_ended: bool) -> Result<Started, StartError> {
    let input = kept.more.input.parse().ok();
    match kept.ended().filter(|_| finds_ended && input.as_ref() == Some(&execution.input)) {
        Some(ended) => {
            let execution = Arc::new(Execution { start_time: kept.started, ..execution });
            let (_, progress) = watch::channel(Progress { is_kept: true, ended: Some(ended), ..Progress::default() });
            Ok(Started { execution, is_new: false, progress, is_journaled: false })
        }
        None => Err(StartError::AlreadyExists(execution.arn)),
    }
}

impl Entry {
    fn has_ended(&self) -> bool {
        self.progress.borrow().ended.is_some()
    }

    /// As who asks for it again finds it.
    fn found(&self) -> Started {
        let (execution, progress) = (self.execution.clone(), self.progress.clone());
        Started { execution, is_new: false, progress, is_journaled: self.is_journaled }
    }

    fn described(&self) -> Description {
        Description { execution: self.execution.clone(), ended: self.progress.borrow().ended.clone() }
    }

    /// What has happened so far.
    fn history(&self) -> Result<&Arc<History>, LookupError> {
        self.history.as_ref().ok_or_else(|| LookupError::NotKept(self.execution.arn.to_string()))
    }

    fn stop(&mut self, failure: Failure) {
        if let Some(stop) = self.stop.take() {
            // It may have ended at this moment.
            let _ = stop.send(failure);
        }
    }
}

impl Registry {
    fn find(&mut self, arn: &str) -> Option<&mut Entry> {
        self.entries.get_mut(self.places.get(arn)?)
    }

    fn look_up(&mut self, arn: &str) -> Result<&mut Entry, LookupError> {
        self.find(arn).ok_or_else(|| LookupError::NoSuchExecution(arn.to_owned()))
    }

    fn add(&mut self, entry: Entry) {
        self.started += 1;
        self.places.insert(entry.execution.arn.clone(), self.started);
        self.entries.insert(self.started, entry);
    }

    fn remove(&mut self, arn: &str) {
        if let Some(place) = self.places.remove(arn) {
            self.entries.remove(&place);
        }
    }
}

impl Executions {
    /// The executions of `machines`, whose tasks `router` serves. Those tasks can start these machines, where there are any. What
    /// is stored goes below `data`.
    pub fn new(
        machines: BTreeMap<String, Arc<Program>>,
        router: Router,
        data: &Path,
        options: ExecutionOptions,
        journal: Option<Arc<dyn Journal>>,
    ) -> Arc<Self> {
        let recordings = options.stores_histories.then(|| Recordings::new(data));
        Arc::new_cyclic(|executions| {
            let clients = router.clients();
            let is_here = clients.served_here(SFN).is_some();
            if let Some(callbacks) = clients.embedded(SFN) {
                clients.serve(SFN, Arc::new(StepFunctionsApi { executions: executions.clone(), callbacks }));
            }
            // Machines that the routing file names are started here, wherever else Step Functions is.
            let router = match machines.is_empty() && !is_here && journal.is_none() {
                true => router,
                false => router.with_handler(RESOURCES, Arc::new(StartExecution(executions.clone()))),
            };
            let (router, catalog, started) = (Arc::new(router), OnceLock::new(), Mutex::default());
            Self { machines, router, options, recordings, journal, catalog, times: OnceLock::new(), started }
        })
    }

    /// What serves the tasks.
    pub fn router(&self) -> &Arc<Router> {
        &self.router
    }

    /// What serves the tasks of the state machine with this ARN.
    pub fn router_of(&self, state_machine: &str) -> Arc<Router> {
        let of_catalog = self.catalog.get().and_then(|catalog| catalog.router(state_machine));
        of_catalog.unwrap_or_else(|| Arc::clone(&self.router))
    }

    /// The programs of the state machines, by name.
    pub fn programs(&self) -> impl Iterator<Item = (&str, &Arc<Program>)> {
        self.machines.iter().map(|(name, program)| (name.as_str(), program))
    }

    /// The state machine with this ARN, whose last part is its name; region and account may be any. A version or an alias is the
    /// machine itself here.
    pub fn state_machine(&self, arn: &str) -> Result<StateMachine, StartError> {
        if let Some(catalog) = self.catalog.get() {
            return catalog.find(arn);
        }
        let (arn, name) = StateMachine::arn_and_name(arn)?;
        let Some(program) = self.machines.get(name) else { return Err(StartError::NoSuchMachine(arn)) };
        Ok(StateMachine::with_arn(arn, name, program.clone()))
    }

    /// Takes state machines from here, in the place of those of the routing file.
    pub fn serve(&self, catalog: Arc<dyn StateMachines>) {
        // The first one stays: there is one server.
        let _ = self.catalog.set(catalog);
        let _ = self.times.set(Arc::default());
    }

    /// How long tasks take; measured where state machines are served.
    pub fn times(&self) -> Option<&Arc<TaskTimes>> {
        self.times.get()
    }

    /// Where executions are kept.
    pub fn journal(&self) -> Option<&Arc<dyn Journal>> {
        self.journal.as_ref()
    }

    /// What is not there where a task names this state machine.
    pub fn missing_machine(&self, arn: &str) -> Option<Missing> {
        Some(match self.state_machine(arn).err()? {
            StartError::NoSuchMachine(arn) => {
                let name = arn.rsplit(':').next().unwrap_or_default();
                Missing::Unmade {
                    what: format!("the state machine {name}"),
                    place: LinePlace::End,
                    lines: format!("[state_machines.{}]\ndefinition = \"{name}.asl.json\"", toml_key(name)),
                }
            }
            _ => Missing::Impossible(format!("the state machine {arn}, which is no ARN of one")),
        })
    }

    /// Starts an execution on the current tokio runtime, or finds the one that runs with the same name and input.
    ///
    /// It is driven on a thread of the runtime, beside its tasks: waking another thread for each task that ends costs more than
    /// what is then done. Where it is kept, [`Started::kept`] says when it is.
    pub fn start(self: &Arc<Self>, machine: &StateMachine, start: Start) -> Result<Started, StartError> {
        start.check(self.options.quotas)?;
        let execution = execution(machine, &start, self.options.quotas);
        let mut started = self.lock();
        if let Some(known) = started.find(&execution.arn) {
            // AWS takes the same call again while the execution runs.
            if known.execution.input == start.input && (start.finds_ended || !known.has_ended()) {
                known.is_waited_for |= start.is_waited_for;
                return Ok(known.found());
            }
            return Err(StartError::AlreadyExists(execution.arn));
        }
        if let Some(journal) = self.journal.as_ref().filter(|_| !machine.is_express && !start.has_new_name)
            && let Some(kept) = journal.entry(&execution.arn)?
        {
            return ended_before(Details::of_entry(kept)?, execution, start.finds_ended);
        }
        if let Some(most) = self.options.most_running.filter(|most| started.entries.len() >= *most) {
            return Err(StartError::TooMany(most));
        }
        let mocks = match &start.mocks {
            Some(mocks) => Some(Arc::clone(mocks)),
            None => self.mocks(machine, start.test_case.as_deref()).map_err(StartError::Mocks)?,
        };
        let known = Arc::new(execution.clone());
        let journaled = self.journal.as_ref().filter(|_| start.is_kept()).map(|journal| {
            let mut details = Details::of_start(&known, machine);
            details.more.trace_header = start.trace_header;
            details.more.test_case = start.test_case.clone();
            Box::new(Journaled::new(Arc::clone(journal), details))
        });
        let watcher = start.watcher.or_else(|| self.watcher(machine, &known));
        let ledger = Ledger::new(machine.program.clone(), execution);
        let ledger = match start.starts_at {
            None => ledger,
            Some(StartsAt { state, input, variables }) => {
                ledger.starting_at(&state, input, variables).ok_or(StartError::NoSuchState(state))?
            }
        };
        let ledger = ledger.pausing(start.breakpoints);
        let ledger = if start.pauses_first { ledger.pausing_first() } else { ledger };
        // Of EXPRESS executions nothing goes on that has failed.
        let ledger = if journaled.is_some() && !machine.is_express { ledger.redrivable() } else { ledger };
        let is_waited_for = start.is_waited_for;
        let (at, first) = (known.start_time, Input::Start);
        let begin = Begin { ledger, journaled, watcher, mocks, is_waited_for, at, first };
        Ok(self.begin(&mut started, known, begin))
    }

    fn mocks(&self, machine: &StateMachine, test_case: Option<&str>) -> Result<Option<Arc<Mocks>>, String> {
        let Some(test_case) = test_case else { return Ok(None) };
        let catalog = self.catalog.get().ok_or("there are no mocks")?;
        catalog.mocks(machine, test_case).map(Some)
    }

    fn watcher(&self, machine: &StateMachine, execution: &Arc<Execution>) -> Option<Watcher> {
        self.catalog.get()?.watcher(machine, execution)
    }

    /// Runs a ledger that is new, or that goes on.
    fn begin(self: &Arc<Self>, started: &mut Registry, known: Arc<Execution>, begin: Begin) -> Started {
        let Begin { ledger, journaled, watcher, mocks, is_waited_for, at, first } = begin;
        let told = Arc::<Queue<Input>>::default();
        let tell = journaled.as_ref().map(|journaled| journaled.progress()).unwrap_or_default();
        let (progress, is_journaled) = (tell.subscribe(), journaled.is_some());
        let (stop, stopped) = oneshot::channel();
        let history = self.options.keeps_histories.then(Arc::<History>::default);
        started.add(Entry {
            execution: known.clone(),
            history: history.clone(),
            progress: progress.clone(),
            stop: Some(stop),
            is_waited_for,
            is_journaled,
            told: Arc::clone(&told),
            map_runs: journaled.as_ref().map(|journaled| journaled.map_runs()),
        });
        let router = self.router_of(&known.state_machine_arn);
        let ledger = ledger.with_waits(Arc::clone(router.mocked_waits()));
        let ledger = if self.options.skips_waits { ledger.skipping_waits() } else { ledger };
        let recording = self.recordings.as_ref().and_then(|recordings| recordings.begin(&known));
        let run = Run {
            executions: Arc::clone(self),
            router,
            ledger: Box::new(ledger),
            history,
            recording,
            watcher,
            journaled,
            mocks,
            first,
            told,
        };
        tokio::spawn(run.drive(at, stopped, tell));
        Started { execution: known, is_new: true, progress, is_journaled }
    }

    /// Forgets an execution that has ended and is kept.
    pub(crate) fn forget(&self, arn: &str) {
        self.lock().remove(arn);
    }

    /// Waits until an execution has ended, where it runs.
    pub async fn ended_of(&self, arn: &str) {
        let ended = self.lock().find(arn).map(|entry| entry.progress.clone());
        if let Some(ended) = ended {
            wait(ended).await;
        }
    }

    /// How many events an execution has that is kept.
    pub fn count_events(&self, arn: &str) -> Result<u64, LookupError> {
        let Some(journal) = &self.journal else { return Ok(0) };
        Ok(journal.last_event(arn)?)
    }

    /// Ends an execution with this failure, as AWS's `StopExecution` does. Nothing happens to one that has ended.
    pub fn stop(&self, arn: &str, failure: Failure) -> Result<(), LookupError> {
        self.lock().look_up(arn).map(|entry| entry.stop(failure))
    }

    /// Where an execution pauses, if it does.
    pub fn pause_of(&self, arn: &str) -> Option<Arc<Pause>> {
        self.lock().find(arn)?.progress.borrow().pause.clone()
    }

    /// The states that a running execution pauses before.
    pub fn breakpoints_of(&self, arn: &str) -> Option<Arc<BTreeSet<StateId>>> {
        Some(self.lock().find(arn)?.progress.borrow().breakpoints.clone())
    }

    /// Lets an execution pause before these states from now on.
    pub fn pause_before(&self, arn: &str, states: Arc<BTreeSet<StateId>>) -> Result<(), LookupError> {
        self.lock().look_up(arn).map(|entry| entry.told.tell(Input::PauseBefore(states)))
    }

    /// Lets an execution go on that pauses. Nothing happens to one that has gone on since.
    pub fn end_pause(&self, arn: &str, resume: Resume) -> Result<(), LookupError> {
        self.lock().look_up(arn).map(|entry| entry.told.tell(Input::Resume(Box::new(resume))))
    }

    /// An execution, and what has become of it.
    pub fn describe(&self, arn: &str) -> Result<Description, LookupError> {
        self.lock().look_up(arn).map(|entry| entry.described())
    }

    /// All executions, in the order in which they were started.
    pub fn list(&self) -> Vec<Description> {
        self.lock().entries.values().map(Entry::described).collect()
    }

    /// The events of an execution so far, where they are kept; also of a child execution of a Map Run.
    pub fn history(&self, arn: &str) -> Result<Vec<HistoryEvent>, LookupError> {
        let history = self.lock().look_up(arn).and_then(|entry| entry.history().cloned());
        match history {
            Ok(history) => Ok(history.events_of(arn)),
            Err(unread @ (LookupError::NotKept(_) | LookupError::Journal(_))) => Err(unread),
            Err(unknown) => {
                let of_child = self.histories().into_iter().map(|history| history.events_of(arn));
                of_child.into_iter().find(|events| !events.is_empty()).ok_or(unknown)
            }
        }
    }

    /// What happened in each execution, where that is kept, in the order in which they were started.
    pub fn histories(&self) -> Vec<Arc<History>> {
        self.lock().entries.values().filter_map(|entry| entry.history.clone()).collect()
    }

    /// Listens to an execution from its start to its end, where its history is kept.
    pub fn subscribe(&self, arn: &str) -> Result<Subscription, LookupError> {
        let mut started = self.lock();
        let entry = started.look_up(arn)?;
        Ok(Subscription::new(entry.history()?.clone(), entry.progress.clone()))
    }

    /// The ARNs of the executions that have not ended.
    pub fn running(&self) -> Vec<Arc<str>> {
        let started = self.lock();
        let running = started.entries.values().filter(|entry| !entry.has_ended());
        running.map(|entry| entry.execution.arn.clone()).collect()
    }

    /// Waits until all executions have ended, also those that are started meanwhile.
    pub async fn ended(&self) {
        self.each_running(|_| ()).await;
    }

    /// Stops all executions with this failure, also those that are started meanwhile, and waits until they have ended.
    pub async fn stop_all(&self, failure: &Failure) {
        self.each_running(|entry| entry.stop(failure.clone())).await;
    }

    async fn each_running(&self, told: impl Fn(&mut Entry)) {
        loop {
            let mut running = Vec::new();
            for entry in self.lock().entries.values_mut().filter(|entry| !entry.has_ended()) {
                told(entry);
                running.push(entry.progress.clone());
            }
            if running.is_empty() {
                return;
            }
            for ended in running {
                wait(ended).await;
            }
        }
    }

    /// The file with the history of an execution, where that is stored.
    pub fn stored_history(&self, execution: &Execution) -> Option<PathBuf> {
        self.recordings.as_ref().map(|recordings| recordings.file(execution))
    }

    /// Waits until all that has happened is stored, and tells why something could not be.
    pub fn finish_storing(&self) -> io::Result<()> {
        self.recordings.as_ref().map_or(Ok(()), Recordings::finish)
    }

    /// The executions that have ended without anybody waiting for it, and how.
    pub(crate) fn ended_alone(&self) -> Vec<(Arc<str>, Finished)> {
        let started = self.lock();
        let alone = started.entries.values().filter(|entry| !entry.is_waited_for);
        alone
            .filter_map(|entry| {
                let progress = entry.progress.borrow();
                Some((entry.execution.arn.clone(), progress.ended.as_ref()?.finished.clone()))
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Executions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executions").field("running", &self.running()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use asl_engine::Value;
    use asl_runtime::Status;
    use asl_runtime::tokio_host::GivenUp;

    use super::*;
    use crate::testing::{failure, machine, start_of, started_by};

    const SLEEPS: &str = r#"{"StartAt":"Sleep","States":{"Sleep":{"Type":"Wait","Seconds":60,"Next":"Yes"},
        "Yes":{"Type":"Pass","End":true}}}"#;
    const MAP: &str = r#"{"StartAt":"Each","States":{"Each":{"Type":"Map","Label":"Each","End":true,"ItemProcessor":{
        "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
        "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#;

    /// What a call of `start` comes to.
    fn came(started: Result<Started, StartError>) -> &'static str {
        match started {
            Ok(Started { is_new: true, .. }) => "new",
            Ok(_) => "found",
            Err(refused) => refused.code(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_taken_but_for_the_same_call() {
        const TAKEN: &str = "ExecutionAlreadyExists";
        for (has_ended, name, input, finds_ended, expected) in [
            (false, "n", 1, false, "found"),
            (false, "n", 1, true, "found"),
            (false, "n", 2, false, TAKEN),
            (false, "n", 2, true, TAKEN),
            (false, "m", 1, false, "new"),
            (true, "n", 1, false, TAKEN),
            (true, "n", 1, true, "found"),
            (true, "n", 2, true, TAKEN),
            (true, "m", 2, false, "new"),
        ] {
            let executions = started_by(&[("m", SLEEPS)], false);
            let machine = machine("m", SLEEPS);
            let first = executions.start(&machine, start_of("n", 1)).expect("the name is free");
            if has_ended {
                first.ended().await;
            }
            let again = executions.start(&machine, Start { finds_ended, ..start_of(name, input) });
            assert_eq!(came(again), expected, "{has_ended} {name} {input} {finds_ended}");
        }
    }

    #[tokio::test]
    async fn what_aws_starts_no_execution_with_is_refused() {
        let executions = started_by(&[("m", SLEEPS)], false);
        let machine = machine("m", SLEEPS);
        for name in ["", "a b", "a:b", &"x".repeat(81)] {
            assert_eq!(came(executions.start(&machine, start_of(name, 1))), "InvalidName", "{name}");
        }
        for (bytes, expected) in [(262_144, "new"), (262_145, "ValidationException")] {
            let text = Some(" ".repeat(bytes).into());
            let start = Start { input_text: text, ..start_of(&bytes.to_string(), 1) };
            assert_eq!(came(executions.start(&machine, start)), expected, "{bytes}");
        }
    }

    #[test]
    fn a_machine_is_found_by_the_last_part_of_its_arn() {
        let executions = started_by(&[("m", SLEEPS)], false);
        for (arn, expected) in [
            ("arn:aws:states:us-east-1:000000000000:stateMachine:m", Ok("m")),
            ("arn:aws-cn:states:cn-north-1:1:stateMachine:m", Ok("m")),
            ("arn:aws:states:us-east-1:1:stateMachine:m:7", Ok("m")),
            ("arn:aws:states:us-east-1:1:stateMachine:n:7", Err("StateMachineDoesNotExist")),
            ("arn:aws:states:us-east-1:1:stateMachine:m*", Err("InvalidArn")),
            ("arn:aws:states:us-east-1:1:execution:m", Err("InvalidArn")),
            ("m", Err("InvalidArn")),
        ] {
            let found = executions.state_machine(arn);
            let found = found.as_ref().map(|machine| &*machine.name).map_err(StartError::code);
            assert_eq!(found, expected, "{arn}");
        }
        let refused = executions.state_machine("arn:aws:states:us-east-1:1:stateMachine:n:7").expect_err("unknown");
        let text = "State Machine Does Not Exist: 'arn:aws:states:us-east-1:1:stateMachine:n'";
        assert_eq!(refused.to_string(), text);
    }

    #[tokio::test(start_paused = true)]
    async fn an_execution_runs_until_it_ends_or_is_stopped() {
        for is_stopped in [false, true] {
            let executions = started_by(&[], false);
            let started = executions.start(&machine("m", SLEEPS), start_of("n", 1)).expect("the name is free");
            let arn = &*started.execution.arn;
            assert_eq!(arn, "arn:aws:states:us-east-1:000000000000:execution:m:n");
            assert_eq!(executions.describe(arn).expect("it is there").status(), "RUNNING");
            assert_eq!(executions.running().len(), 1);
            if is_stopped {
                executions.stop(arn, failure("first")).expect("it is there");
                executions.stop(arn, failure("second")).expect("it is there");
            }
            let ended = started.ended().await;
            executions.stop(arn, failure("third")).expect("it is there");
            let (status, outcome) = match is_stopped {
                false => (Status::Succeeded, Ok(Value::from(1))),
                true => (Status::Aborted, Err(failure("first"))),
            };
            assert_eq!((ended.finished.status, &ended.finished.outcome), (status, &outcome));
            let described = executions.describe(arn).expect("it is there");
            assert_eq!((described.status(), &described.execution.input), (status.name(), &Value::from(1)));
            assert_eq!(described.ended.expect("it has ended").finished.outcome, outcome);
            assert!(executions.running().is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_mocked_wait_takes_the_time_of_its_mock() {
        for (mocked, expected) in [("[[mocks]]\nstate = 'Sleep'\nafter_seconds = 2", 2), ("", 60)] {
            let routes = asl_tasks::Routes::parse(mocked, Path::new("r.toml")).expect("routes");
            let router = Router::new(routes, "unused");
            let executions =
                Executions::new(BTreeMap::new(), router, Path::new("unused"), ExecutionOptions::default(), None);
            let before = tokio::time::Instant::now();
            let started = executions.start(&machine("m", SLEEPS), start_of("n", 1)).expect("the name is free");
            started.ended().await;
            assert_eq!(before.elapsed().as_secs(), expected, "{mocked}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_cannot_be_looked_at() {
        let executions = started_by(&[], false);
        let unknown = Some(LookupError::NoSuchExecution("x".to_owned()));
        assert_eq!(executions.describe("x").err(), unknown);
        assert_eq!(executions.stop("x", failure("E")).err(), unknown);
        assert_eq!(executions.history("x").err(), unknown);
        assert_eq!(executions.subscribe("x").err(), unknown);
        let started = executions.start(&machine("m", SLEEPS), start_of("n", 1)).expect("the name is free");
        let arn = &*started.execution.arn;
        let not_kept = Some(LookupError::NotKept(arn.to_owned()));
        assert_eq!(executions.history(arn).err(), not_kept);
        assert_eq!(executions.subscribe(arn).err(), not_kept);
    }

    #[tokio::test(start_paused = true)]
    async fn who_listens_hears_all_from_the_start() {
        let executions = started_by(&[], true);
        let started = executions.start(&machine("m", SLEEPS), start_of("n", 1)).expect("the name is free");
        let arn = &*started.execution.arn;
        let mut early = executions.subscribe(arn).expect("it is kept");
        let mut heard = early.next().await.expect("it has begun");
        let mut in_the_middle = executions.subscribe(arn).expect("it is kept");
        while let Some(more) = early.next().await {
            assert!(!more.is_empty());
            heard.extend(more);
        }
        started.ended().await;
        let mut late = executions.subscribe(arn).expect("it is kept");
        let mut heard_late = Vec::new();
        while let Some(more) = late.next().await {
            heard_late.extend(more);
        }
        let mut heard_from_the_middle = Vec::new();
        while let Some(more) = in_the_middle.next().await {
            heard_from_the_middle.extend(more);
        }
        let names: Vec<_> = heard.iter().map(|recorded| recorded.event.type_name()).collect();
        let expected = [
            "ExecutionStarted",
            "WaitStateEntered",
            "WaitStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ];
        assert_eq!(names, expected);
        assert_eq!((&heard_late, &heard_from_the_middle), (&heard, &heard));
        let events: Vec<_> = heard.into_iter().map(|recorded| recorded.event).collect();
        assert_eq!(executions.history(arn), Ok(events));
    }

    #[tokio::test]
    async fn child_executions_of_a_map_run_have_histories() {
        let executions = started_by(&[], true);
        let input = "[1, 2]".parse().expect("JSON");
        let start = Start { input, ..start_of("n", 1) };
        let started = executions.start(&machine("m", MAP), start).expect("the name is free");
        started.ended().await;
        let kept = executions.histories();
        let recorded = kept[0].recorded();
        let of_all = crate::by_execution(&recorded);
        assert_eq!(of_all.len(), 3);
        for (execution, events) in of_all {
            let events: Vec<_> = events.into_iter().cloned().collect();
            assert_eq!(executions.history(&execution.arn), Ok(events));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_watcher_is_told_all_and_is_gone_at_the_end() {
        struct Gone(Arc<AtomicBool>);
        impl Drop for Gone {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let executions = started_by(&[], true);
        let is_gone = Arc::new(AtomicBool::new(false));
        let gone = Gone(is_gone.clone());
        let (tell, told) = std::sync::mpsc::channel();
        let watcher = Box::new(move |batch: &asl_runtime::Batch| {
            assert!(!gone.0.load(Ordering::Relaxed));
            batch.recorded.iter().for_each(|recorded| tell.send(recorded.clone()).expect("the test listens"));
        });
        let start = Start { watcher: Some(watcher), ..start_of("n", 1) };
        let started = executions.start(&machine("m", SLEEPS), start).expect("the name is free");
        started.ended().await;
        assert!(is_gone.load(Ordering::Relaxed));
        assert_eq!(told.iter().collect::<Vec<_>>(), *executions.histories()[0].recorded());
    }

    #[tokio::test]
    async fn a_panic_is_a_mistake_of_ours() {
        let executions = started_by(&[], false);
        let start = Start { watcher: Some(Box::new(|_| panic!("as tested"))), ..start_of("n", 1) };
        let started = executions.start(&machine("m", SLEEPS), start).expect("the name is free");
        let given_up = started.ended().await.given_up.expect("it is given up");
        assert!(matches!(&*given_up, GivenUp::Bug(_)), "{given_up:?}");
        assert!(executions.running().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn all_are_listed_in_order_and_stopped_together() {
        let executions = started_by(&[], false);
        let machine = machine("m", SLEEPS);
        executions.start(&machine, start_of("z", 1)).expect("the name is free").ended().await;
        for name in ["b", "a"] {
            executions.start(&machine, start_of(name, 1)).expect("the name is free");
        }
        executions.stop_all(&failure("E")).await;
        let listed = executions.list();
        let listed: Vec<_> = listed.iter().map(|it| (&*it.execution.name, it.status())).collect();
        assert_eq!(listed, [("z", "SUCCEEDED"), ("b", "ABORTED"), ("a", "ABORTED")]);
    }
}
