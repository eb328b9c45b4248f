//! The host on tokio: real tasks, real time, in this process.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;

use asl_engine::{Failure, Outcome, Reply, TaskRequest, Termination, Timestamp};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use crate::clock::Clock;
use crate::handler::{Call, Handler, Report};
use crate::journal::JournalError;
use crate::ledger::{Batch, Bug, Effect, Finished, FrameId, Input, Ledger, Recorded, WaitId};
use crate::queue::Queue;
use crate::spans;
use crate::timers::Timers;

/// Why an execution was given up.
#[derive(Debug, thiserror::Error)]
pub enum GivenUp {
    /// Nothing serves a task, for this reason.
    #[error("{0}")]
    Refused(String),
    /// A mistake of ours, or of a handler that panicked.
    #[error(transparent)]
    Bug(#[from] Bug),
    /// What happened could not be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Runs an execution to its end on the current tokio runtime: a new one, or one that goes on at the time `at`.
///
/// `handler` gives the handler of a task. `commit` gets each Batch before its effects are performed, and may take what
/// was recorded. It begins at the call: what it gives says when the Batch is kept, and is not waited for where nobody outside can tell.
/// When `stop` completes first,
/// the execution is aborted with the failure that it gives, and its running tasks are cancelled.
pub async fn run<C: Future<Output = Result<(), JournalError>>>(
    ledger: Ledger,
    at: Timestamp,
    handler: impl Fn(&TaskRequest) -> Result<Arc<dyn Handler>, Failure>,
    commit: impl FnMut(&Ledger, &mut Batch) -> C,
    stop: impl Future<Output = Failure>,
) -> Result<Finished, GivenUp> {
    // Nobody tells it more.
    run_with(Box::new(ledger), at, Input::Start, Arc::default(), handler, commit, stop).await
}

/// As [`run`], with what is fed first, and with what is told it while it runs, such as [`Input::UpdateMapRun`].
pub async fn run_with<C: Future<Output = Result<(), JournalError>>>(
    ledger: Box<Ledger>,
    at: Timestamp,
    first: Input,
    told: Arc<Queue<Input>>,
    handler: impl Fn(&TaskRequest) -> Result<Arc<dyn Handler>, Failure>,
    commit: impl FnMut(&Ledger, &mut Batch) -> C,
    stop: impl Future<Output = Failure>,
) -> Result<Finished, GivenUp> {
    let arn = ledger.arn().cloned().unwrap_or_default();
    let span = spans::execution(&arn);
    let began = Instant::now();
    let clock = Clock::at(at);
    let host = Host { clock, timers: Timers::default(), tasks: Tasks::new(arn), inputs: vec![first], told };
    // Boxed as the ledger is: an execution that waits is as large as its future, which holds what is handed on more than once.
    let host = Box::new(host);
    let ended = drive(ledger, host, handler, commit, stop).instrument(span.clone()).await;
    span.in_scope(|| spans::execution_ended(ended.as_ref().ok(), began));
    ended
}

/// How many Batches in a row are not waited for.
const UNAWAITED: usize = 64;

async fn drive<C: Future<Output = Result<(), JournalError>>>(
    mut ledger: Box<Ledger>,
    mut host: Box<Host>,
    handler: impl Fn(&TaskRequest) -> Result<Arc<dyn Handler>, Failure>,
    mut commit: impl FnMut(&Ledger, &mut Batch) -> C,
    stop: impl Future<Output = Failure>,
) -> Result<Finished, GivenUp> {
    let mut stop = std::pin::pin!(stop);
    let mut effects: Vec<Effect> = ledger.open().collect();
    // The first one is waited for: who has started the execution is told then.
    let mut unawaited = UNAWAITED;
    loop {
        for effect in effects {
            host.perform(effect, &handler);
        }
        // It is another one after a redrive.
        let deadline = ledger.deadline();
        while host.inputs.is_empty() {
            let next = host.timers.next().into_iter().chain(deadline).min();
            host.wait(next, deadline, &mut stop).await?;
        }
        let mut batch = ledger.feed(host.clock.now(), host.inputs.drain(..))?;
        let kept = commit(&ledger, &mut batch);
        // A later Batch is not kept without this one.
        if batch.effects.is_empty() && batch.finished.is_none() && unawaited < UNAWAITED {
            unawaited += 1;
        } else {
            kept.await?;
            unawaited = 0;
        }
        if let Some(finished) = batch.finished {
            return Ok(finished);
        }
        if batch.is_busy {
            // A machine that never waits looks up now and then.
            let now = host.clock.now();
            host.wait(Some(now), deadline, &mut stop).await?;
            host.inputs.push(Input::GoOn);
        }
        effects = batch.effects;
    }
}

/// A `commit` for [`run`] that keeps nothing and hands on what happened.
pub fn told(
    mut record: impl FnMut(&Recorded),
) -> impl FnMut(&Ledger, &mut Batch) -> std::future::Ready<Result<(), JournalError>> {
    move |_, batch| {
        batch.recorded.iter().for_each(&mut record);
        std::future::ready(Ok(()))
    }
}

struct Host {
    clock: Clock,
    timers: Timers,
    tasks: Tasks,
    /// What is fed next.
    inputs: Vec<Input>,
    /// What is told it while it runs.
    told: Arc<Queue<Input>>,
}

impl Host {
    fn perform(&mut self, effect: Effect, handler: &impl Fn(&TaskRequest) -> Result<Arc<dyn Handler>, Failure>) {
        let (wait, request, told) = match effect {
            Effect::Call(wait, request) => (wait, request, Vec::new()),
            Effect::Resume(wait, request, told) => (wait, request, told),
            Effect::Sleep(wait, until) => return self.timers.set(wait, until, Reply::Woke),
            Effect::Cancel(wait) => {
                self.timers.cancel(wait);
                return self.tasks.cancel(wait);
            }
        };
        match handler(&request) {
            Ok(handler) => {
                let is_with_worker = !request.is_activity() || !told.is_empty();
                let until = if is_with_worker { request.gives_up(self.clock.now()) } else { request.deadline };
                if let Some(deadline) = until {
                    self.timers.set(wait, deadline, Reply::DeadlinePassed);
                }
                self.tasks.start(wait, handler, request, told);
            }
            Err(failure) => self.inputs.push(Input::Reply(wait, Reply::Task(Err(failure)))),
        }
    }

    /// Waits until something can be fed, or until it is time to look up.
    async fn wait(
        &mut self,
        next: Option<Timestamp>,
        deadline: Option<Timestamp>,
        stop: &mut std::pin::Pin<&mut impl Future<Output = Failure>>,
    ) -> Result<(), GivenUp> {
        tokio::select! {
            // A task that answered in time counts, even when its deadline has passed meanwhile.
            biased;
            input = self.told.next() => self.inputs.push(input),
            failure = stop => self.inputs.push(Input::Stop(Termination::Aborted(failure))),
            word = self.tasks.next() => {
                let mut word = Some(word);
                while let Some(heard) = word {
                    self.hear(heard)?;
                    word = self.tasks.try_next();
                }
            }
            () = self.clock.sleep_until(next) => {
                tokio::task::yield_now().await;
                let at = self.clock.now();
                if deadline.is_some_and(|deadline| deadline <= at) {
                    self.inputs.push(Input::Stop(Termination::TimedOut));
                }
                while let Some((wait, reply)) = self.timers.take_due(at) {
                    self.tasks.cancel(wait);
                    self.inputs.push(Input::Reply(wait, reply));
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, word: Word) -> Result<(), GivenUp> {
        match word {
            Word::Report(_, Report::Refused(reason)) => return Err(GivenUp::Refused(reason)),
            Word::Report(_, Report::Bug(reason)) => return Err(Bug(reason).into()),
            Word::Report(wait, report) => {
                if !matches!(report, Report::Submitted(_))
                    && let Some(at) = self.tasks.gives_up(wait, self.clock.now())
                {
                    self.timers.set(wait, at, Reply::DeadlinePassed);
                }
                let reply = match report {
                    Report::Started { worker_name } => Reply::Started { worker_name },
                    Report::Submitted(output) => Reply::Submitted(output),
                    Report::Heartbeat | Report::Refused(_) | Report::Bug(_) => return Ok(()),
                };
                self.inputs.push(Input::Reply(wait, reply));
            }
            Word::Ended(wait, outcome) => {
                self.timers.cancel(wait);
                self.inputs.push(Input::Reply(wait, Reply::Task(outcome)));
            }
            Word::Panicked(error) => {
                let reason = match error.try_into_panic() {
                    Ok(panic) => panic_text(&*panic),
                    Err(error) => error.to_string(),
                };
                return Err(Bug(format!("the handler of a task panicked: {reason}")).into());
            }
        }
        Ok(())
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it says no reason".to_owned())
}

/// The tasks that run, each as a tokio task. Dropping this ends them all.
struct Tasks {
    set: JoinSet<Outcome>,
    of_frame: BTreeMap<FrameId, Running>,
    frame_of: HashMap<Id, WaitId>,
    /// Counts the calls: a Frame makes one after another.
    calls: u64,
    reports: Arc<Queue<Told>>,
    /// The ARN of the execution.
    execution: Arc<str>,
}

struct Running {
    call: u64,
    span: Span,
    task: AbortHandle,
    deadline: Option<Timestamp>,
    heartbeat_seconds: Option<i64>,
}

/// A report of a call.
struct Told {
    wait: WaitId,
    call: u64,
    report: Report,
}

/// What is heard of a task.
enum Word {
    Report(WaitId, Report),
    Ended(WaitId, Outcome),
    Panicked(JoinError),
}

impl Tasks {
    fn new(execution: Arc<str>) -> Self {
        let (set, of_frame, frame_of) = (JoinSet::new(), BTreeMap::new(), HashMap::new());
        Self { set, of_frame, frame_of, calls: 0, reports: Arc::default(), execution }
    }

    fn start(&mut self, wait: WaitId, handler: Arc<dyn Handler>, request: Arc<TaskRequest>, told: Vec<Reply>) {
        self.calls += 1;
        let (call, reports) = (self.calls, Arc::clone(&self.reports));
        let TaskRequest { deadline, heartbeat_seconds, .. } = *request;
        let span = spans::task(&request, &self.execution);
        let asked = Call::with_reports(request, move |report| {
            reports.tell(Told { wait, call, report });
        });
        let told: Vec<Report> = told.into_iter().filter_map(as_report).collect();
        let name = handler.name();
        let called = async move {
            match told.is_empty() {
                true => handler.call(&asked).await,
                false => handler.resume(&asked, &told).await,
            }
        };
        let task = match span.is_disabled() {
            true => self.set.spawn(called),
            false => self.set.spawn(spans::told(called, name).instrument(span.clone())),
        };
        self.frame_of.insert(task.id(), wait);
        self.of_frame.insert(wait.frame, Running { call, span, task, deadline, heartbeat_seconds });
    }

    fn cancel(&mut self, wait: WaitId) {
        if let Some(running) = self.of_frame.remove(&wait.frame) {
            self.frame_of.remove(&running.task.id());
            running.task.abort();
            spans::task_cancelled(&running.span);
        }
    }

    /// When a task that was heard of at `now` is given up.
    fn gives_up(&self, wait: WaitId, now: Timestamp) -> Option<Timestamp> {
        let running = self.of_frame.get(&wait.frame)?;
        let heartbeat = running.heartbeat_seconds.map(|seconds| now.plus_seconds(seconds));
        running.deadline.into_iter().chain(heartbeat).min()
    }

    /// What is heard next of a task that was not cancelled.
    async fn next(&mut self) -> Word {
        loop {
            let heard = tokio::select! {
                // What a task reported comes before its end.
                biased;
                told = self.reports.next() => self.reported(told),
                Some(ended) = self.set.join_next_with_id() => self.ended(ended),
                else => std::future::pending().await,
            };
            if let Some(word) = heard {
                return word;
            }
        }
    }

    /// What was heard already.
    fn try_next(&mut self) -> Option<Word> {
        loop {
            let heard = match self.reports.try_next() {
                Some(told) => self.reported(told),
                None => {
                    let ended = self.set.try_join_next_with_id()?;
                    self.ended(ended)
                }
            };
            if heard.is_some() {
                return heard;
            }
        }
    }

    fn reported(&self, Told { wait, call, report }: Told) -> Option<Word> {
        let is_awaited = self.of_frame.get(&wait.frame).is_some_and(|running| running.call == call);
        is_awaited.then_some(Word::Report(wait, report))
    }

    fn ended(&mut self, ended: Result<(Id, Outcome), JoinError>) -> Option<Word> {
        let task = ended.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
        let wait = self.frame_of.remove(&task)?;
        self.of_frame.remove(&wait.frame);
        Some(match ended {
            Ok((_, outcome)) => Word::Ended(wait, outcome),
            Err(error) => Word::Panicked(error),
        })
    }
}

fn as_report(told: Reply) -> Option<Report> {
    match told {
        Reply::Started { worker_name } => Some(Report::Started { worker_name }),
        Reply::Submitted(output) => Some(Report::Submitted(output)),
        _ => None,
    }
}
