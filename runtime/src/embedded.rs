//! The host on tokio: real tasks, real time, in this process.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asl_engine::UnexpectedReply;
use asl_engine::{Execution, Failure, HistoryEvent, Outcome, Program, Reply, TaskRequest, Termination, Timestamp};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::Instant;

use crate::frames::{Effect, Finished, FrameId, Frames, Progress};
use crate::handler::{Call, Handler, Report};
use crate::timers::Timers;

/// The time on the wall.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Why an execution was given up.
#[derive(Debug, thiserror::Error)]
pub enum GivenUp {
    /// Nothing serves a task, for this reason.
    #[error("{0}")]
    Refused(String),
    /// A mistake of this host.
    #[error(transparent)]
    UnexpectedReply(#[from] UnexpectedReply),
}

/// Runs an execution to its end on the current tokio runtime.
///
/// `handler` gives the handler of a task; `record` gets the events in their order. When `stop` completes first, the
/// execution is aborted with the failure that it gives, and its running tasks are cancelled.
pub async fn run(
    program: Arc<Program>,
    execution: Execution,
    handler: impl Fn(&TaskRequest) -> Result<Arc<dyn Handler>, Failure>,
    mut record: impl FnMut(HistoryEvent),
    stop: impl Future<Output = Failure>,
) -> Result<Finished, GivenUp> {
    let start = execution.start_time;
    let mut frames = Frames::new(program, execution);
    let deadline = frames.deadline();
    let mut timers = Timers::default();
    let mut tasks = Tasks::new();
    let mut stop = std::pin::pin!(stop);
    let clock = Clock::at(start);
    loop {
        let busy = loop {
            let effect = match frames.advance(clock.now(), &mut record)? {
                Progress::Do(effect) => effect,
                Progress::Busy => break true,
                Progress::Idle => break false,
            };
            match effect {
                Effect::Task(id, request) => match handler(&request) {
                    Ok(handler) => {
                        let waits_for_worker = request.is_activity();
                        let until = if waits_for_worker { request.deadline } else { request.gives_up(clock.now()) };
                        if let Some(deadline) = until {
                            timers.set(id, deadline, Reply::DeadlinePassed);
                        }
                        tasks.start(id, handler, request);
                    }
                    Err(failure) => frames.reply(id, Reply::Task(Err(failure))),
                },
                Effect::Sleep(id, until) => timers.set(id, until, Reply::Woke),
                Effect::Cancel(id) => {
                    timers.cancel(id);
                    tasks.cancel(id);
                }
            }
        };
        if let Some(finished) = frames.finished() {
            return Ok(finished.clone());
        }
        // A machine that never waits looks up now and then.
        let next = if busy { Some(clock.now()) } else { timers.next().into_iter().chain(deadline).min() };
        tokio::select! {
            // A task that answered in time counts, even when its deadline has passed meanwhile.
            biased;
            failure = &mut stop => frames.terminate(clock.now(), Termination::Aborted(failure), &mut record)?,
            word = tasks.next() => match word {
                Word::Report(_, Report::Refused(reason)) => return Err(GivenUp::Refused(reason)),
                Word::Report(id, report) => {
                    if !matches!(report, Report::Submitted(_))
                        && let Some(at) = tasks.gives_up(id, clock.now())
                    {
                        timers.set(id, at, Reply::DeadlinePassed);
                    }
                    match report {
                        Report::Started { worker_name } => frames.reply(id, Reply::Started { worker_name }),
                        Report::Submitted(output) => frames.reply(id, Reply::Submitted(output)),
                        Report::Heartbeat | Report::Refused(_) => {}
                    }
                }
                Word::Ended(id, outcome) => {
                    timers.cancel(id);
                    frames.reply(id, Reply::Task(outcome));
                }
            },
            () = clock.sleep_until(next) => {
                tokio::task::yield_now().await;
                let at = clock.now();
                if deadline.is_some_and(|deadline| deadline <= at) {
                    frames.terminate(at, Termination::TimedOut, &mut record)?;
                }
                while let Some((id, reply)) = timers.take_due(at) {
                    tasks.cancel(id);
                    frames.reply(id, reply);
                }
            }
        }
    }
}

/// The time of one execution: it goes on from the start with tokio's clock, whatever happens to the clock on the wall.
struct Clock {
    start: Timestamp,
    started: Instant,
}

impl Clock {
    fn at(start: Timestamp) -> Self {
        Self { start, started: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        let millis = self.started.elapsed().as_millis();
        self.start.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, at: Option<Timestamp>) {
        /// Far beyond any wait, and still within what a timer takes.
        const LONGEST: u64 = 366 * 24 * 3600 * 1000;
        match at {
            Some(at) => {
                let millis = u64::try_from(at.0.saturating_sub(self.start.0)).unwrap_or(0);
                let passed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
                let until = self.started + Duration::from_millis(millis.min(passed.saturating_add(LONGEST)));
                tokio::time::sleep_until(until).await;
            }
            None => std::future::pending().await,
        }
    }
}

/// The tasks that run, each as a tokio task. Dropping this ends them all.
struct Tasks {
    set: JoinSet<Outcome>,
    of_frame: BTreeMap<FrameId, Running>,
    frame_of: HashMap<Id, FrameId>,
    /// Counts the calls: a Frame makes one after another.
    calls: u64,
    reports: (UnboundedSender<Told>, UnboundedReceiver<Told>),
}

struct Running {
    call: u64,
    task: AbortHandle,
    deadline: Option<Timestamp>,
    heartbeat_seconds: Option<i64>,
}

/// A report of a call.
struct Told {
    id: FrameId,
    call: u64,
    report: Report,
}

/// What is heard of a task.
enum Word {
    Report(FrameId, Report),
    Ended(FrameId, Outcome),
}

impl Tasks {
    fn new() -> Self {
        let (set, of_frame, frame_of) = (JoinSet::new(), BTreeMap::new(), HashMap::new());
        Self { set, of_frame, frame_of, calls: 0, reports: unbounded_channel() }
    }

    fn start(&mut self, id: FrameId, handler: Arc<dyn Handler>, request: Arc<TaskRequest>) {
        self.calls += 1;
        let (call, tell) = (self.calls, self.reports.0.clone());
        let TaskRequest { deadline, heartbeat_seconds, .. } = *request;
        let asked = Call::with_reports(request, move |report| {
            // Nobody listens any more when the execution has ended.
            let _ = tell.send(Told { id, call, report });
        });
        let task = self.set.spawn(async move { handler.call(&asked).await });
        self.frame_of.insert(task.id(), id);
        self.of_frame.insert(id, Running { call, task, deadline, heartbeat_seconds });
    }

    fn cancel(&mut self, id: FrameId) {
        if let Some(running) = self.of_frame.remove(&id) {
            self.frame_of.remove(&running.task.id());
            running.task.abort();
        }
    }

    /// When a task that was heard of at `now` is given up.
    fn gives_up(&self, id: FrameId, now: Timestamp) -> Option<Timestamp> {
        let running = self.of_frame.get(&id)?;
        let heartbeat = running.heartbeat_seconds.map(|seconds| now.plus_seconds(seconds));
        running.deadline.into_iter().chain(heartbeat).min()
    }

    /// What is heard next of a task that was not cancelled.
    async fn next(&mut self) -> Word {
        loop {
            tokio::select! {
                // What a task reported comes before its end.
                biased;
                Some(Told { id, call, report }) = self.reports.1.recv() => {
                    if self.of_frame.get(&id).is_some_and(|running| running.call == call) {
                        return Word::Report(id, report);
                    }
                }
                Some(ended) = self.set.join_next_with_id() => {
                    let (task, outcome) = ended.unwrap_or_else(|error| {
                        let cause = "the handler of this task panicked; this is a bug of the handler";
                        (error.id(), Err(Failure::new("Handler.Panicked", cause)))
                    });
                    if let Some(id) = self.frame_of.remove(&task) {
                        self.of_frame.remove(&id);
                        return Word::Ended(id, outcome);
                    }
                }
                else => std::future::pending().await,
            }
        }
    }
}
