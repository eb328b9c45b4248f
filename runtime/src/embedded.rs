//! The host on tokio: real tasks, real time, in this process.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asl_engine::UnexpectedReply;
use asl_engine::{Execution, Failure, HistoryEvent, Outcome, Program, Reply, TaskRequest, Termination, Timestamp};
use asl_tasks::Handler;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::Instant;

use crate::frames::{Effect, Finished, FrameId, Frames, Progress};
use crate::timers::Timers;

/// The time on the wall.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Runs an execution to its end on the current tokio runtime.
///
/// `handler` gives the handler of a resource; `record` gets the events in their order. When `stop` completes first, the
/// execution is aborted with the failure that it gives, and its running tasks are cancelled.
pub async fn run(
    program: Arc<Program>,
    execution: Execution,
    handler: impl Fn(&str) -> Result<Arc<dyn Handler>, Failure>,
    mut record: impl FnMut(HistoryEvent),
    stop: impl Future<Output = Failure>,
) -> Result<Finished, UnexpectedReply> {
    let start = execution.start_time;
    let mut frames = Frames::new(program, execution);
    let deadline = frames.deadline();
    let mut timers = Timers::default();
    let mut tasks = Tasks::default();
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
                Effect::Task(id, request) => match handler(&request.resource) {
                    Ok(handler) => {
                        if let Some(deadline) = request.gives_up(clock.now()) {
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
            (id, outcome) = tasks.ended() => {
                timers.cancel(id);
                frames.reply(id, Reply::Task(outcome));
            }
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
#[derive(Default)]
struct Tasks {
    set: JoinSet<Outcome>,
    of_frame: BTreeMap<FrameId, AbortHandle>,
    frame_of: HashMap<Id, FrameId>,
}

impl Tasks {
    fn start(&mut self, id: FrameId, handler: Arc<dyn Handler>, request: TaskRequest) {
        let task = self.set.spawn(async move { handler.call(&request).await });
        self.frame_of.insert(task.id(), id);
        self.of_frame.insert(id, task);
    }

    fn cancel(&mut self, id: FrameId) {
        if let Some(task) = self.of_frame.remove(&id) {
            self.frame_of.remove(&task.id());
            task.abort();
        }
    }

    /// The next task that ends and was not cancelled.
    async fn ended(&mut self) -> (FrameId, Outcome) {
        loop {
            let (task, outcome) = match self.set.join_next_with_id().await {
                None => std::future::pending().await,
                Some(Ok((task, outcome))) => (task, outcome),
                Some(Err(error)) => {
                    let cause = "the handler of this task panicked; this is a bug of the handler";
                    (error.id(), Err(Failure::new("Handler.Panicked", cause)))
                }
            };
            if let Some(id) = self.frame_of.remove(&task) {
                self.of_frame.remove(&id);
                return (id, outcome);
            }
        }
    }
}
