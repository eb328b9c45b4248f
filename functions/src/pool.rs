//! The processes of one function: as many as calls need at once, kept for the next calls.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use asl_engine::Failure;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

use super::errors::FunctionError;
use super::process::{InvocationOutcome, NoStart, Plan, Process};
use super::runtime_api::{Invocation, InvocationAnswer};

/// A process that had nothing to do for this long is ended.
const IDLE: Duration = Duration::from_secs(5 * 60);

/// A process that has answered asks for the next invocation within this time, unless it has something else to do first.
const SOON: Duration = Duration::from_millis(100);

/// How often an invocation is tried on processes that end before they get it.
const TRIES: usize = 3;

/// The processes of one function.
#[derive(Debug)]
pub(super) struct Pool {
    plan: Arc<Plan>,
    /// How long the function may take.
    timeout: Duration,
    /// How many processes may start at once: more than there are processors would only delay each other.
    starts: usize,
    /// A place for each process that there may be.
    places: Arc<Semaphore>,
    state: Mutex<PoolState>,
}

#[derive(Debug, Default)]
struct PoolState {
    /// Processes with nothing to do, the one that was used last at the end, and since when.
    idle: Vec<(Process, Instant)>,
    /// Calls without a process, the oldest first.
    waiting: VecDeque<oneshot::Sender<Result<Lease, NoStart>>>,
    /// How many processes are starting.
    starting: usize,
    /// How many processes have answered and will soon ask for more.
    returning: usize,
    /// What goes on beside the calls; it ends with the pool.
    tasks: JoinSet<()>,
}

/// A process that is in use. When it is dropped while the process works, the process is ended.
#[derive(Debug)]
struct Lease {
    pool: Weak<Pool>,
    process: Option<Process>,
    works: bool,
}

impl Pool {
    /// A pool without processes: at most `most`, each started by `plan`.
    pub(super) fn new(plan: Plan, timeout: Duration, most: usize) -> Arc<Self> {
        let starts = std::thread::available_parallelism().map_or(2, usize::from);
        let places = Arc::new(Semaphore::new(most));
        Arc::new(Self { plan: Arc::new(plan), timeout, starts, places, state: Mutex::default() })
    }

    /// Starts a process unless there is one, and waits until it can be used. A start that fails is told by the first call,
    /// which tries it again.
    pub(super) async fn warm(self: &Arc<Self>) {
        // It goes back to the pool.
        drop(self.take().await);
    }

    /// Calls the function. The error is the failure of the task.
    pub(super) async fn call(self: &Arc<Self>, mut invocation: Invocation) -> Result<Bytes, Failure> {
        let request_id = Arc::clone(&invocation.request_id);
        let mut tries = 0;
        loop {
            tries += 1;
            let mut lease = match self.take().await {
                Ok(lease) => lease,
                Err(no_start) => return Err(self.no_start(&request_id, no_start)),
            };
            invocation.deadline_ms = super::millis_since_1970() + self.timeout.as_millis();
            let Some(ended) = lease.invoke(invocation.clone(), self.timeout).await else { continue };
            let (error, lines) = match ended {
                InvocationOutcome::Answered(answer) => {
                    let lines = if matches!(answer, InvocationAnswer::Response(_)) { Vec::new() } else { lease.tail() };
                    lease.give_back();
                    match answer {
                        InvocationAnswer::Response(response) => return Ok(response),
                        InvocationAnswer::Error(error) => {
                            (FunctionError(String::from_utf8_lossy(&error).into_owned()), lines)
                        }
                        InvocationAnswer::TooLarge(size) => (FunctionError::too_large(size), lines),
                    }
                }
                InvocationOutcome::NotTaken(_) if tries < TRIES => continue,
                InvocationOutcome::NotTaken(status) | InvocationOutcome::Exited(status) => {
                    (FunctionError::exited(&request_id, status), lease.tail())
                }
                InvocationOutcome::TooMuchMemory(taken) => {
                    let lines = lease.tail();
                    let most = self.plan.memory_mb;
                    let line =
                        format!("Memory Size: {most} MB, Memory Used: {taken} MB: ended (memory_mb of the route)");
                    self.plan.log.line(Some(&request_id), &line);
                    (FunctionError::out_of_memory(&request_id), [lines, vec![line]].concat())
                }
                InvocationOutcome::TimedOut => {
                    let lines = lease.tail();
                    let seconds = self.timeout.as_secs_f64();
                    self.plan.log.line(Some(&request_id), &format!("Task timed out after {seconds:.2} seconds"));
                    (FunctionError::timed_out(&request_id, self.timeout), lines)
                }
            };
            let failure = self.plan.log.hidden(Failure::from(error));
            self.plan.log.failed(&failure, lines);
            return Err(failure);
        }
    }

    /// Ends the processes that have had nothing to do since `before`.
    pub(super) fn end_idle(&self, before: Instant) {
        let mut state = self.lock();
        let kept = state.idle.iter().position(|(_, since)| *since >= before).unwrap_or(state.idle.len());
        let ended: Vec<_> = state.idle.drain(..kept).collect();
        drop(state);
        drop(ended);
    }

    fn no_start(&self, request_id: &str, no_start: NoStart) -> Failure {
        let (error, lines) = match no_start {
            NoStart::Refused(error) => {
                let why = error.to_string();
                // Without its number, as Lambda has it.
                let why = why.split(" (os error").next().unwrap_or_default().to_lowercase();
                (FunctionError::not_started(request_id, &self.plan.program, &why), Vec::new())
            }
            NoStart::Init(error, lines) => (FunctionError(String::from_utf8_lossy(&error).into_owned()), lines),
            NoStart::Exited(status, lines) => (FunctionError::exited(request_id, status), lines),
            NoStart::TimedOut(lines) => (FunctionError::timed_out(request_id, self.timeout), lines),
        };
        let failure = self.plan.log.hidden(Failure::from(error));
        self.plan.log.failed(&failure, lines);
        failure
    }

    /// A process with nothing to do; waits until there is one.
    async fn take(self: &Arc<Self>) -> Result<Lease, NoStart> {
        let mut ended = Vec::new();
        let waits = {
            let mut state = self.lock();
            loop {
                match state.idle.pop() {
                    Some((process, _)) if process.is_alive() => return Ok(Lease::new(self, process)),
                    Some((process, _)) => ended.push(process),
                    None => {
                        let (sender, waits) = oneshot::channel();
                        state.waiting.push_back(sender);
                        break waits;
                    }
                }
            }
        };
        drop(ended);
        self.start_what_is_missing();
        match waits.await {
            Ok(taken) => taken,
            // Only without a pool, and then nobody waits for this call.
            Err(_) => std::future::pending().await,
        }
    }

    /// Gives a process to the call that waits longest.
    fn put(self: &Arc<Self>, mut process: Process) {
        let mut state = self.lock();
        while let Some(waiting) = state.waiting.pop_front() {
            match waiting.send(Ok(Lease::new(self, process))) {
                Err(Ok(mut lease)) => match lease.process.take() {
                    Some(back) => process = back,
                    None => return,
                },
                _ => return,
            }
        }
        state.idle.push((process, Instant::now()));
    }

    /// Tells the call that waits longest why it gets no process.
    fn fail(&self, mut no_start: NoStart) {
        let mut state = self.lock();
        while let Some(waiting) = state.waiting.pop_front() {
            match waiting.send(Err(no_start)) {
                Err(Err(back)) => no_start = back,
                _ => return,
            }
        }
    }

    /// Starts processes for the calls that wait and get none that is starting or coming back.
    fn start_what_is_missing(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.tasks.is_empty() {
            state.tasks.spawn(end_idle_processes(Arc::downgrade(self)));
        }
        while state.tasks.try_join_next().is_some() {}
        state.waiting.retain(|waiting| !waiting.is_closed());
        while state.starting + state.returning < state.waiting.len() && state.starting < self.starts {
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { break };
            state.starting += 1;
            state.tasks.spawn(start(Arc::downgrade(self), Arc::clone(&self.plan), place));
        }
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn start(pool: Weak<Pool>, plan: Arc<Plan>, place: OwnedSemaphorePermit) {
    let started = Process::start(&plan, place).await;
    let Some(pool) = pool.upgrade() else { return };
    pool.lock().starting -= 1;
    match started {
        Ok(process) => pool.put(process),
        Err(no_start) => pool.fail(no_start),
    }
    pool.start_what_is_missing();
}

/// Waits until a process that has answered asks for more. It may do something else first, as long as a call may take.
async fn come_back(pool: Weak<Pool>, process: Process) {
    let soon = tokio::time::timeout(SOON, process.asks_again()).await;
    let timeout = {
        let Some(pool) = pool.upgrade() else { return };
        pool.lock().returning -= 1;
        if soon.is_err() {
            // The calls that wait had better not count on it.
            pool.start_what_is_missing();
        }
        pool.timeout
    };
    let asks = match soon {
        Ok(asks) => asks,
        Err(_) => tokio::time::timeout(timeout, process.asks_again()).await.unwrap_or(false),
    };
    let Some(pool) = pool.upgrade() else { return };
    if asks {
        pool.put(process);
    } else {
        drop(process);
        pool.start_what_is_missing();
    }
}

async fn end_idle_processes(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(IDLE / 5).await;
        let Some(pool) = pool.upgrade() else { return };
        if let Some(before) = Instant::now().checked_sub(IDLE) {
            pool.end_idle(before);
        }
    }
}

impl Lease {
    fn new(pool: &Arc<Pool>, process: Process) -> Self {
        Self { pool: Arc::downgrade(pool), process: Some(process), works: false }
    }

    async fn invoke(&mut self, invocation: Invocation, timeout: Duration) -> Option<InvocationOutcome> {
        let process = self.process.as_ref()?;
        self.works = true;
        Some(process.invoke(invocation, timeout).await)
    }

    fn tail(&self) -> Vec<String> {
        self.process.as_ref().map(Process::tail).unwrap_or_default()
    }

    /// Gives a process that has answered back to the pool.
    fn give_back(mut self) {
        if let (Some(pool), Some(process)) = (self.pool.upgrade(), self.process.take()) {
            let mut state = pool.lock();
            state.returning += 1;
            state.tasks.spawn(come_back(Weak::clone(&self.pool), process));
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else { return };
        match self.pool.upgrade() {
            Some(pool) if !self.works => pool.put(process),
            pool => {
                drop(process);
                pool.inspect(Pool::start_what_is_missing);
            }
        }
    }
}
