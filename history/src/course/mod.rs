//! The course of an execution: which states it went through, what each was given, sent and answered, and when.

mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use asl_engine::{Timestamp, Value};

/// The position of a Frame in [`Course::frames`].
pub type FrameAt = usize;
/// The position of a visit in [`Course::visits`].
pub type VisitAt = usize;

/// What a history tells of an execution and of those that belong to it.
///
/// Frames and visits stand in lists, in the order in which they began, and name each other by their positions. The first Frame is
/// the execution itself.
///
/// ```
/// use asl_history::Course;
///
/// let history = r#"{"events": [
///     {"id": 1, "previousEventId": 0, "type": "ExecutionStarted"},
///     {"id": 2, "previousEventId": 0, "type": "PassStateEntered", "stateEnteredEventDetails": {"name": "A", "input": "1"}},
///     {"id": 3, "previousEventId": 2, "type": "PassStateExited", "stateExitedEventDetails": {"name": "A", "output": "2"}},
///     {"id": 4, "previousEventId": 3, "type": "ExecutionSucceeded", "executionSucceededEventDetails": {"output": "2"}}
/// ]}"#;
/// let course = Course::of(&history.parse().unwrap(), None).unwrap();
/// assert_eq!(course.path(0), "A");
/// assert_eq!(course.visits[0].output, Some(2.into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Course {
    /// The Frames.
    pub frames: Vec<Frame>,
    /// The visits to states.
    pub visits: Vec<Visit>,
    /// How many events the history has, without those of other executions.
    pub events: usize,
}

/// One sequential run through states: an execution, a branch, an iteration, or a child execution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    /// The visit that forked it, and in which of its attempts.
    pub owner: Option<(VisitAt, usize)>,
    /// The ARN of an execution, where it is known.
    pub arn: Option<Arc<str>>,
    /// Its visits, in their order.
    pub visits: Vec<VisitAt>,
    /// When it began and ended.
    pub span: Span,
    /// How it ended.
    pub status: Status,
    /// What an execution was started with.
    pub input: Option<Value>,
    /// What an execution ended with.
    pub answer: Option<Answer>,
}

/// What a Frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameKind {
    /// An execution that nothing in the history has started, or one that a task has.
    #[default]
    Execution,
    /// A branch of a Parallel state.
    Branch,
    /// The iteration of a Map state for the item at this position.
    Iteration(usize),
    /// A child execution of a Map Run; its position among those of the Map Run.
    Child(usize),
}

/// One visit to a state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Visit {
    /// The Frame that it is in.
    pub frame: FrameAt,
    /// The name of the state.
    pub name: Arc<str>,
    /// The type of the state: `Task`, `Map`, …
    pub state_type: Arc<str>,
    /// Which visit to this state it is in its Frame, from 1.
    pub number: usize,
    /// The id of the event that tells that the state was entered.
    pub event: u64,
    /// When the state was entered and left.
    pub span: Span,
    /// How it went.
    pub status: Status,
    /// What it was given.
    pub input: Option<Value>,
    /// What it handed on.
    pub output: Option<Value>,
    /// What its `Assign` gave, as an object.
    pub assigned: Option<Value>,
    /// The error of an expression of it, and its cause.
    pub evaluation: Option<Answer>,
    /// What was called, or what its branches and iterations were.
    pub attempts: Vec<Attempt>,
}

/// One attempt of a Task, Map or Parallel state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempt {
    /// What was sent: the details of the event, such as `resource` and `parameters`; nothing where branches or iterations began.
    pub sent: Option<Value>,
    /// When a worker or a service has taken it, where that is told.
    pub taken: Option<Timestamp>,
    /// What was submitted (`.sync`, `.waitForTaskToken`), and when.
    pub submitted: Option<(Option<Timestamp>, Value)>,
    /// From when it was scheduled until it was answered.
    pub span: Span,
    /// What came of it; nothing where nothing did.
    pub answer: Option<Answer>,
    /// The Map Run, of a Distributed Map.
    pub map_run_arn: Option<Arc<str>>,
}

/// What came of an attempt or an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It ended well; with this output, where it has one of its own.
    Succeeded(Option<Value>),
    /// It failed, timed out or was aborted.
    Failed {
        /// The error.
        error: Option<Arc<str>>,
        /// The cause. JSON where that is what it is.
        cause: Option<Value>,
    },
}

/// A time from a beginning to an end, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The beginning.
    pub from: Option<Timestamp>,
    /// The end.
    pub to: Option<Timestamp>,
}

/// How something went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It has not ended, as far as the history tells.
    #[default]
    Running,
    /// It ended well.
    Succeeded,
    /// A Catcher took its error.
    Caught,
    /// It was cut off when something else failed or the execution was stopped.
    Aborted,
    /// It ran out of time.
    TimedOut,
    /// It failed.
    Failed,
}

impl Status {
    /// AWS's word for it, or one like those.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Caught => "CAUGHT",
            Self::Aborted => "ABORTED",
            Self::TimedOut => "TIMED_OUT",
            Self::Failed => "FAILED",
        }
    }
}

impl Span {
    /// How long it took, in milliseconds. No time goes backwards.
    pub fn millis(self) -> Option<i64> {
        Some(self.to?.0.saturating_sub(self.from?.0).max(0))
    }
}

impl Course {
    /// The execution itself.
    pub fn execution(&self) -> &Frame {
        // There always is one: only `Course::of` makes a course, and begins with it.
        &self.frames[0]
    }

    /// The path of a visit: `Each[2]/Work`, with `(visit 2)` behind a state that was entered again, and `(attempt 2)` behind one
    /// whose branches or iterations began anew.
    pub fn path(&self, visit: VisitAt) -> String {
        let Some(Visit { frame, name, number, .. }) = self.visits.get(visit) else { return String::new() };
        let again = if *number > 1 { format!(" (visit {number})") } else { String::new() };
        format!("{}{name}{again}", self.frame_path(*frame))
    }

    /// What stands before the paths of the visits of a Frame: `Each[2]/`, and nothing for the execution.
    pub fn frame_path(&self, frame: FrameAt) -> String {
        let Some(Frame { kind, owner, .. }) = self.frames.get(frame) else { return String::new() };
        let of = owner.map(|(visit, attempt)| {
            let again = if attempt > 0 { format!(" (attempt {})", attempt + 1) } else { String::new() };
            self.path(visit) + &again
        });
        match (of, kind) {
            (Some(of), FrameKind::Iteration(index) | FrameKind::Child(index)) => format!("{of}[{index}]/"),
            (Some(of), FrameKind::Branch | FrameKind::Execution) => format!("{of}/"),
            (None, _) if frame == 0 => String::new(),
            (None, _) => format!("execution {}/", self.roots_before(frame)),
        }
    }

    /// Which of the executions it is that nothing in the history has started.
    fn roots_before(&self, frame: FrameAt) -> usize {
        self.frames.iter().take(frame).filter(|frame| frame.owner.is_none()).count() + 1
    }

    /// The path of what has forked a Frame, without which iteration, visit or attempt it is; its own one where nothing has.
    pub fn frame_state_path(&self, frame: FrameAt) -> String {
        match self.frames.get(frame).and_then(|frame| frame.owner) {
            Some((owner, _)) => self.state_path(owner),
            None => self.frame_path(frame).trim_end_matches('/').to_owned(),
        }
    }

    /// The path of a visit without which iteration, visit or attempt it is: `Each/Work`.
    pub fn state_path(&self, visit: VisitAt) -> String {
        let Some(Visit { frame, name, .. }) = self.visits.get(visit) else { return String::new() };
        match self.frames.get(*frame).and_then(|frame| frame.owner) {
            Some((owner, _)) => format!("{}/{name}", self.state_path(owner)),
            None => name.to_string(),
        }
    }
}
