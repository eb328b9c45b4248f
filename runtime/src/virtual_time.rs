//! The host on virtual time: an execution runs at once, and its clock jumps from one thing due to the next.

use std::sync::Arc;

use asl_engine::{
    Execution, Failure, HistoryEvent, Outcome, Program, Reply, TaskRequest, Termination, UnexpectedReply,
};

use crate::frames::{Effect, Finished, Frames, Progress};
use crate::timers::Timers;

/// What a task answers on virtual time.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What comes at once, before the answer: that a worker has started, or what was submitted.
    pub before: Option<Reply>,
    /// The answer; `None` is a task that never answers.
    pub outcome: Option<Outcome>,
    /// How a task fails that is not answered in time, where that is told; else with `States.Timeout` alone.
    pub times_out: Option<Failure>,
    /// How long it takes to come.
    pub after_millis: i64,
    /// Why there is no answer and the execution is given up: a mistake of whoever answers, which no Catcher sees.
    pub refused: Option<String>,
}

impl From<Outcome> for Answer {
    /// An answer that comes at once.
    fn from(outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..Self::default() }
    }
}

/// Why an execution on virtual time cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// Every Frame waits for a task that never answers and has no timeout.
    #[error("nothing can happen any more: a task without a timeout never answers")]
    Forever,
    /// A task has no answer, for this reason.
    #[error("{0}")]
    Refused(String),
    /// A mistake of this host.
    #[error(transparent)]
    UnexpectedReply(#[from] UnexpectedReply),
}

/// Runs an execution to its end. `answer` stands for the tasks; `record` gets the events in their order.
///
/// ```
/// use std::sync::Arc;
/// use asl_engine::{Execution, Program, Timestamp, Value};
/// use asl_runtime::virtual_time;
///
/// let definition = r#"{"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 31536000, "End": true}}}"#;
/// let program = Arc::new(Program::parse(definition).unwrap());
/// let execution = Execution::local("sleep", "run", Value::from("dreams"), Timestamp(0), 0);
/// let mut events = Vec::new();
/// let finished =
///     virtual_time::run(program, execution, |_| Ok(Value::Null).into(), |event| events.push(event)).unwrap();
/// assert_eq!(finished.outcome, Ok(Value::from("dreams")));
/// assert_eq!(events.last().unwrap().timestamp.to_string(), "1971-01-01T00:00:00.000Z");
/// ```
pub fn run(
    program: Arc<Program>,
    execution: Execution,
    mut answer: impl FnMut(&TaskRequest) -> Answer,
    mut record: impl FnMut(HistoryEvent),
) -> Result<Finished, Stuck> {
    let mut at = execution.start_time;
    let mut frames = Frames::new(program, execution);
    let deadline = frames.deadline();
    let mut timers = Timers::default();
    loop {
        loop {
            let effect = match frames.advance(at, &mut record)? {
                Progress::Do(effect) => effect,
                Progress::Busy => continue,
                Progress::Idle => break,
            };
            match effect {
                Effect::Task(id, request) => {
                    let answer = answer(&request);
                    if let Some(reason) = answer.refused {
                        return Err(Stuck::Refused(reason));
                    }
                    if let Some(before) = answer.before {
                        frames.reply(id, before);
                    }
                    let answered = answer.outcome.map(|outcome| (at.plus_millis(answer.after_millis), outcome));
                    match (answered, request.gives_up(at)) {
                        (Some((when, outcome)), None) => timers.set(id, when, Reply::Task(outcome)),
                        (Some((when, outcome)), Some(deadline)) if when < deadline || when == at => {
                            timers.set(id, when, Reply::Task(outcome));
                        }
                        (_, Some(deadline)) => {
                            timers.set(id, deadline, answer.times_out.map_or(Reply::DeadlinePassed, Reply::TimedOut));
                        }
                        (None, None) => {}
                    }
                }
                Effect::Sleep(id, until) => timers.set(id, until, Reply::Woke),
                Effect::Cancel(id) => timers.cancel(id),
            }
        }
        if let Some(finished) = frames.finished() {
            return Ok(finished.clone());
        }
        let next = timers.next().into_iter().chain(deadline).min().ok_or(Stuck::Forever)?;
        at = at.max(next);
        if deadline.is_some_and(|deadline| deadline <= at) {
            frames.terminate(at, Termination::TimedOut, &mut record)?;
        }
        while let Some((id, reply)) = timers.take_due(at) {
            frames.reply(id, reply);
        }
    }
}
