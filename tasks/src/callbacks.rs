//! Task tokens and activities: work that somebody else answers, by its token.
//!
//! AWS developer guide, "Wait for a Callback with Task Token" and "Activities".

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl_engine::{Failure, Outcome, TaskRequest, Value};
use asl_runtime::{BoxFuture, Call, Handler, PrepareError, Queue, Report};
use tokio::sync::Notify;

use crate::inner::call_inner;
use crate::waiting::WaitingFiles;

/// The tasks that wait for somebody who has their token, and the activities that wait for a worker.
///
/// ```
/// use asl_tasks::{CallbackError, Callbacks};
///
/// let callbacks = Callbacks::default();
/// assert_eq!(callbacks.heartbeat("made up"), Err(CallbackError::InvalidToken));
/// ```
#[derive(Default)]
pub struct Callbacks(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// By token.
    tasks: HashMap<Arc<str>, Waiter>,
    /// By ARN.
    activities: HashMap<Arc<str>, Activity>,
    /// Tokens whose tasks are over.
    over: Remembered,
    /// What came for tokens that nobody waits for yet: their executions may still be about to go on after a restart.
    kept: HashMap<Arc<str>, Outcome>,
}

/// A task that waits, and where it hears of it.
struct Waiter {
    messages: Arc<Queue<TokenMessage>>,
    request: Arc<TaskRequest>,
}

/// The last of many tokens.
#[derive(Default)]
struct Remembered {
    all: HashSet<Arc<str>>,
    order: VecDeque<Arc<str>>,
}

/// How many tokens of tasks that are over are remembered: they are refused by the right name.
const REMEMBERED: usize = 100_000;

/// How many answers are kept for tokens that nobody waits for yet.
const KEPT: usize = 10_000;

impl Remembered {
    fn add(&mut self, token: &Arc<str>) {
        if self.all.insert(token.clone()) {
            self.order.push_back(token.clone());
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    fn forget(&mut self, token: &str) {
        if self.all.remove(token) {
            self.order.retain(|known| **known != *token);
        }
    }
}

/// Whether a text looks like a token of ours: the digest of an attempt.
fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What somebody who has a token says.
enum TokenMessage {
    Taken { worker_name: Option<Arc<str>> },
    Heartbeat,
    Ended(Outcome),
}

#[derive(Default)]
struct Activity {
    waiting: VecDeque<ActivityTask>,
    arrived: Arc<Notify>,
}

/// The work of an activity, as `GetActivityTask` gives it to a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityTask {
    /// Names the task to [`Callbacks`].
    pub token: Arc<str>,
    /// What is to be done.
    pub input: Value,
}

/// How much waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitingCounts {
    /// The tasks that wait for their token, those of activities among them.
    pub tasks: usize,
    /// What no worker has taken, by the ARN of the activity.
    pub activities: BTreeMap<Arc<str>, usize>,
}

/// Why a token is refused, with the names and texts of AWS's `SendTaskSuccess`, `SendTaskFailure` and `SendTaskHeartbeat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// It is no token of a task.
    #[error("Invalid Token: 'Invalid token'")]
    InvalidToken,
    /// The task of this token was answered, or given up.
    #[error("Task Timed Out: 'Provided task does not exist anymore'")]
    TaskTimedOut,
}

impl CallbackError {
    /// The error name of the API, such as `TaskTimedOut`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidToken => "InvalidToken",
            Self::TaskTimedOut => "TaskTimedOut",
        }
    }
}

impl Callbacks {
    /// Ends the task of `token` (`SendTaskSuccess`, `SendTaskFailure`). What comes before somebody waits for it is kept.
    pub fn answer(&self, token: &str, outcome: Outcome) -> Result<(), CallbackError> {
        let mut waiting = self.lock();
        if !waiting.tasks.contains_key(token) && is_token(token) && !waiting.over.all.contains(token) {
            if waiting.kept.len() >= KEPT && !waiting.kept.contains_key(token) {
                return Err(CallbackError::TaskTimedOut);
            }
            waiting.kept.entry(token.into()).or_insert(outcome);
            return Ok(());
        }
        waiting.send(token, TokenMessage::Ended(outcome))?;
        if let Some((token, _)) = waiting.tasks.remove_entry(token) {
            waiting.over.add(&token);
        }
        Ok(())
    }

    /// Refuses a token that [`Callbacks::answer`] refuses.
    pub fn check(&self, token: &str) -> Result<(), CallbackError> {
        let waiting = self.lock();
        match waiting.tasks.contains_key(token) {
            true => Ok(()),
            false if waiting.over.all.contains(token) => Err(CallbackError::TaskTimedOut),
            false if is_token(token) => Ok(()),
            false => Err(CallbackError::InvalidToken),
        }
    }

    /// Tells that somebody works on the task of `token` (`SendTaskHeartbeat`).
    pub fn heartbeat(&self, token: &str) -> Result<(), CallbackError> {
        self.lock().send(token, TokenMessage::Heartbeat)
    }

    /// Takes the oldest work of an activity; waits until there is some (`GetActivityTask`).
    pub async fn activity_task(&self, arn: &str, worker_name: Option<&str>) -> ActivityTask {
        loop {
            let arrived = {
                let mut waiting = self.lock();
                let activity = waiting.activities.entry(arn.into()).or_default();
                let task = activity.waiting.pop_front();
                // Registered before the lock is given back, so that nothing that arrives then is missed.
                let arrived = Arc::clone(&activity.arrived).notified_owned();
                if let Some(task) = task {
                    // A task that was given up meanwhile is nobody's any more.
                    match waiting.send(&task.token, TokenMessage::Taken { worker_name: worker_name.map(Into::into) }) {
                        Ok(()) => return task,
                        Err(_) => continue,
                    }
                }
                arrived
            };
            arrived.await;
        }
    }

    /// How many tasks wait for their token, and for the workers of each activity.
    pub fn waiting(&self) -> WaitingCounts {
        let waiting = self.lock();
        let activities = waiting.activities.iter().map(|(arn, activity)| (arn.clone(), activity.waiting.len()));
        WaitingCounts { tasks: waiting.tasks.len(), activities: activities.collect() }
    }

    /// The tasks that wait for their token, those of activities among them, in the order of their executions, states and tokens.
    pub fn open(&self) -> Vec<Arc<TaskRequest>> {
        let mut open: Vec<Arc<TaskRequest>> = self.lock().tasks.values().map(|waiter| waiter.request.clone()).collect();
        open.sort_by(|one, other| {
            (&one.execution, &one.state, &one.token).cmp(&(&other.execution, &other.state, &other.token))
        });
        open
    }

    /// Waits for the answer of `call`'s token, and reports what comes before it.
    fn wait<'a>(self: &Arc<Self>, call: &'a Call) -> Wait<'a> {
        let messages = Arc::<Queue<TokenMessage>>::default();
        let token = &call.request.token;
        let mut waiting = self.lock();
        waiting.over.forget(token);
        match waiting.kept.remove(token) {
            Some(outcome) => messages.tell(TokenMessage::Ended(outcome)),
            None => {
                let waiter = Waiter { messages: Arc::clone(&messages), request: Arc::clone(&call.request) };
                waiting.tasks.insert(token.clone(), waiter);
            }
        }
        drop(waiting);
        Wait { call, messages, callbacks: Arc::clone(self) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn send(&mut self, token: &str, message: TokenMessage) -> Result<(), CallbackError> {
        let is_known = is_token(token) || self.over.all.contains(token);
        let refused = if is_known { CallbackError::TaskTimedOut } else { CallbackError::InvalidToken };
        self.tasks.get(token).ok_or(refused)?.messages.tell(message);
        Ok(())
    }
}

/// A task that waits for whoever has its token; dropping it gives the token up.
struct Wait<'a> {
    call: &'a Call,
    messages: Arc<Queue<TokenMessage>>,
    callbacks: Arc<Callbacks>,
}

impl Wait<'_> {
    async fn answer(self) -> Outcome {
        loop {
            match self.messages.next().await {
                TokenMessage::Taken { worker_name } => self.call.report(Report::Started { worker_name }),
                TokenMessage::Heartbeat => self.call.report(Report::Heartbeat),
                TokenMessage::Ended(outcome) => return outcome,
            }
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let (mut waiting, token) = (self.callbacks.lock(), &self.call.request.token);
        // The task may have been issued again with the same token meanwhile.
        if waiting.tasks.get(token).is_some_and(|task| Arc::ptr_eq(&task.messages, &self.messages)) {
            waiting.tasks.remove(token);
            waiting.over.add(token);
        }
    }
}

/// How a resource ends whose task waits for its token.
pub(crate) const WAIT_FOR_TASK_TOKEN: &str = ".waitForTaskToken";

/// `.waitForTaskToken`: calls what gets the token, reports its answer as submitted, and waits for the token's.
pub(crate) struct WaitForTaskToken {
    pub(crate) called: Arc<dyn Handler>,
    pub(crate) callbacks: Arc<Callbacks>,
    pub(crate) files: WaitingFiles,
}

impl Handler for WaitForTaskToken {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            // The token can come back before the call that handed it on is answered.
            let wait = self.callbacks.wait(call);
            let output = call_inner(&*self.called, &call.inner(call.request.clone())).await?;
            let _file = self.files.tell(&call.request).await;
            call.report(Report::Submitted(output));
            wait.answer().await
        })
    }

    /// What was submitted is not called again: the token is out.
    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        match told.iter().any(|report| matches!(report, Report::Submitted(_))) {
            true => Box::pin(async {
                let wait = self.callbacks.wait(call);
                let _file = self.files.tell(&call.request).await;
                wait.answer().await
            }),
            false => self.call(call),
        }
    }

    fn prepare<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        self.called.prepare(resource.strip_suffix(WAIT_FOR_TASK_TOKEN).unwrap_or(resource))
    }

    fn missing<'a>(&'a self, resource: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        self.called.missing(resource.strip_suffix(WAIT_FOR_TASK_TOKEN).unwrap_or(resource), known)
    }

    fn reaches_aws<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.called.reaches_aws(resource.strip_suffix(WAIT_FOR_TASK_TOKEN).unwrap_or(resource))
    }
}

/// Whoever works on an activity from outside: the work waits until one asks for it.
pub(crate) struct Worker(pub(crate) Arc<Callbacks>);

impl Handler for Worker {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let wait = self.0.wait(call);
            let request = &call.request;
            let task = ActivityTask { token: request.token.clone(), input: request.input.clone() };
            {
                let mut waiting = self.0.lock();
                let activity = waiting.activities.entry(request.resource.clone()).or_default();
                activity.waiting.push_back(task);
                // Also those that are about to wait: each looks into the queue again.
                activity.arrived.notify_waiters();
            }
            wait.answer().await
        })
    }

    /// A worker that has taken the work before has it still.
    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        match told.iter().any(|report| matches!(report, Report::Started { .. })) {
            true => Box::pin(self.0.wait(call).answer()),
            false => self.call(call),
        }
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

/// A handler that a route puts in the place of an activity's worker: it takes the work at once.
pub(crate) struct AsWorker(pub(crate) Arc<dyn Handler>);

impl Handler for AsWorker {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        call.report(Report::Started { worker_name: None });
        self.0.call(call)
    }

    fn prepare<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        self.0.prepare(resource)
    }

    fn reaches_aws<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.0.reaches_aws(resource)
    }
}

/// The failure of a worker that sends one: both texts may be missing.
pub fn worker_failure(error: Option<&str>, cause: Option<&str>) -> Failure {
    Failure { error: error.map(Into::into), cause: cause.map(Into::into), ..Failure::default() }
}
