//! What a Frame and its host say to each other.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::join::{Join, Joined};
use super::stages::Stages;
use crate::context::Execution;
use crate::history::{EventId, EventKind, HistoryEvent};
use crate::program::model::{StateId, TransitionId};
use crate::task::{Failure, Outcome, TaskRequest};
use crate::time::Timestamp;
use crate::value::Value;

/// What the host hands in with each step: the time, and the counter of the execution's events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Now {
    /// The time of the step.
    pub at: Timestamp,
    /// The event ids of the whole execution.
    pub ids: EventIds,
    /// Whether the events are handed back. They are numbered in any case.
    pub records: bool,
    /// Whether the data at each stage of the state's work is handed back ([`Step::stages`]).
    #[serde(default)]
    pub stages: bool,
    /// What the events of the step go into. Whoever hands in the emptied [`Step::events`] of the step before saves making a list
    /// for each step.
    #[serde(skip)]
    pub spare: Vec<HistoryEvent>,
}

impl Now {
    /// The beginning of an execution whose events are handed back, without stages.
    pub fn new(at: Timestamp) -> Self {
        Self { at, ids: EventIds::default(), records: true, stages: false, spare: Vec::new() }
    }

    pub(super) fn event(&mut self, previous_id: EventId, kind: EventKind) -> HistoryEvent {
        HistoryEvent { id: self.ids.take(), previous_id, timestamp: self.at, kind }
    }
}

/// Numbers the events of one execution, over all its Frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventIds {
    pub(super) next: EventId,
}

impl Default for EventIds {
    /// Before the first event.
    fn default() -> Self {
        Self { next: 1 }
    }
}

impl EventIds {
    /// How many events there are.
    pub fn count(self) -> u64 {
        self.next.saturating_sub(1)
    }

    fn take(&mut self) -> EventId {
        let id = self.next;
        self.next += 1;
        id
    }
}

/// What one step did, and what comes next.
#[derive(Debug)]
pub struct Step {
    /// What happened, in order.
    pub events: Vec<HistoryEvent>,
    /// What comes next.
    pub next: Next,
    /// The state that the Frame was in, in [`Program::model`](crate::Program::model). It is left where `transition` says so.
    pub state: StateId,
    /// The way out of the state, or, where a Retrier takes the error, to its next attempt, which begins once the Frame was
    /// answered `Reply::Woke`. `None` where the state is still at work, where it ends the Frame with a failure, and where
    /// the Frame is ended from outside.
    pub transition: Option<TransitionId>,
    /// The data at the stages of the state's work that this step came to. `None` unless [`Now::stages`] asks for it.
    pub stages: Option<Box<Stages>>,
}

/// What comes after a step.
#[derive(Debug)]
pub enum Next {
    /// Step again, with `Reply::Go`.
    Continue,
    /// Do this, and step again with its reply.
    Ask(Request),
    /// What was asked for is still under way.
    Pending,
    /// The execution has as many events as it may have. Step its own Frame with `Reply::Terminate` and
    /// `Termination::HistoryFull`, and forget all others.
    HistoryFull,
    /// The Frame is done.
    End(Box<Ended>),
}

/// What a Frame asks of its host. It asks for one thing at a time.
#[derive(Debug)]
pub enum Request {
    /// Call a task. Answer with `Reply::Task`, or `Reply::DeadlinePassed` once its deadline is over.
    Task(Arc<TaskRequest>),
    /// Wait. Answer with `Reply::Woke`.
    Sleep {
        /// Until when.
        until: Timestamp,
    },
    /// Run the children of a Join. Answer with `Reply::Joined`.
    Fork(Box<Join>),
}

/// What the host answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Begin, or go on after `Next::Continue`.
    Go,
    /// Begin, and enter no state yet.
    Open,
    /// The task ended.
    Task(Outcome),
    /// A worker has taken the work of an activity. More replies follow.
    Started {
        /// What the worker calls itself.
        worker_name: Option<Arc<str>>,
    },
    /// What the task starts has been started (`.sync`), or told its token (`.waitForTaskToken`). More replies follow.
    Submitted(Value),
    /// The task did not answer in time, or its heartbeat did not come.
    DeadlinePassed,
    /// The same, as a test tells it: with this failure instead of `States.Timeout` alone.
    TimedOut(Failure),
    /// The time of a `Request::Sleep` has come.
    Woke,
    /// The children of a `Request::Fork` are done.
    Joined(Joined),
    /// End now: another child of the same Join failed.
    Stop {
        /// The last event of the child that failed.
        because: EventId,
    },
    /// End the execution now. Only the execution's own Frame is told so.
    Terminate(Termination),
    /// Go on, from where the Frame was when it ended without success.
    Redrive {
        /// Its Join, where it [resumes](crate::Frame::resumes_join) it and still has it.
        join: Option<Box<Join>>,
    },
}

/// Why an execution ends before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Termination {
    /// Its `TimeoutSeconds` are over.
    TimedOut,
    /// Its history is full ([`Quotas::history_events`](crate::Quotas)).
    HistoryFull,
    /// Somebody stopped it, for this reason.
    Aborted(Failure),
}

impl Reply {
    fn name(&self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Open => "Open",
            Self::Task(_) => "Task",
            Self::Started { .. } => "Started",
            Self::Submitted(_) => "Submitted",
            Self::DeadlinePassed => "DeadlinePassed",
            Self::TimedOut(_) => "TimedOut",
            Self::Woke => "Woke",
            Self::Joined(_) => "Joined",
            Self::Stop { .. } => "Stop",
            Self::Terminate(_) => "Terminate",
            Self::Redrive { .. } => "Redrive",
        }
    }
}

/// How a Frame ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Its output, or why it failed.
    pub outcome: Outcome,
    /// Its last event inside the scope.
    pub last_event: EventId,
    /// The event that closed it for its parent; the last event where no such event is recorded.
    pub closing_event: EventId,
    /// The execution that it was, where it was a child execution of a Map Run.
    pub child: Option<Box<ChildEnd>>,
    /// Where it failed: its state, and the states inside that which led to it, the innermost last.
    pub failed_in: Vec<Arc<str>>,
}

/// A child execution of a Map Run that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildEnd {
    /// The execution.
    pub execution: Arc<Execution>,
    /// When it ended.
    pub at: Timestamp,
}

/// A host answered what the Frame did not ask, or stepped it with another program: a bug of the host, never a failure of
/// the execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnexpectedReply(String);

impl UnexpectedReply {
    pub(super) fn new(state: &str, waits_for: &'static str, reply: &Reply) -> Self {
        Self(format!("the state '{state}' waits for {waits_for}, but was answered {}", reply.name()))
    }

    pub(super) fn foreign_program() -> Self {
        Self("the Frame belongs to another program".to_owned())
    }
}

impl fmt::Display for UnexpectedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnexpectedReply {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_small() {
        // One is moved for each step of each Frame.
        assert!(size_of::<Step>() <= 72, "{}", size_of::<Step>());
    }
}
