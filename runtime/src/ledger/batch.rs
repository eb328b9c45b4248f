//! What goes into a ledger, and what comes out of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl_engine::model::{StateId, TransitionId};
use asl_engine::{Execution, HistoryEvent, MapRunUpdate, Outcome, Reply, TaskRequest, Termination, Timestamp};
use serde::{Deserialize, Serialize};

use super::Resume;

/// Names one Frame of an execution. Never used twice.
pub type FrameId = usize;

/// Names one wait of a Frame, which waits for one thing after another: what comes late is not taken for what it waits for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WaitId {
    /// The Frame.
    pub frame: FrameId,
    /// Counts the waits of the execution.
    pub number: u64,
}

/// What a ledger is fed with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// Begin, unless it has begun.
    Start,
    /// What came of an effect. Nothing happens when nobody waits for it any more.
    Reply(WaitId, Reply),
    /// End the execution now.
    Stop(Termination),
    /// Go on from where it failed. Nothing happens where that cannot be: see [`Ledger::redrive_status`](crate::Ledger::redrive_status).
    Redrive,
    /// Change the Map Run with this ARN. Nothing happens where it does not run.
    UpdateMapRun(Arc<str>, MapRunUpdate),
    /// Pause before these states from now on.
    PauseBefore(Arc<BTreeSet<StateId>>),
    /// Go on where it pauses ([`Ledger::pause`](crate::Ledger::pause)).
    Resume(Box<Resume>),
    /// Go on with what was left over ([`Batch::is_busy`]).
    GoOn,
}

/// What one call of [`Ledger::feed`](crate::Ledger::feed) did. It is committed first; then its effects are performed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// What happened, in order.
    pub recorded: Vec<Recorded>,
    /// The transitions that were taken, in order: also those of Retriers, of which no event tells.
    pub taken: Vec<(FrameId, TransitionId)>,
    /// The Frames that are new, different or gone, each once.
    pub changed: Vec<FrameId>,
    /// The Frames whose execution has other event ids now, some of them more than once.
    pub(super) counted: Vec<FrameId>,
    /// The results of children whose saved form has changed, by the Frame that has forked and the position of the child.
    pub(super) results: Vec<(FrameId, usize)>,
    /// The Map Runs that have begun or ended, by their positions.
    pub(super) map_runs: Vec<usize>,
    /// What has to be done now, in order.
    pub effects: Vec<Effect>,
    /// Whether there is more to do at once. Look at the clock and at who wants to stop the execution, and feed
    /// [`Input::GoOn`].
    pub is_busy: bool,
    /// How the execution ended, once it has.
    pub finished: Option<Finished>,
}

/// An event, and where it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The execution: that of the ledger, or a child execution of a Map Run.
    pub execution: Arc<Execution>,
    /// The Frame.
    pub frame: FrameId,
    /// The state that it happened in, in [`Program::model`](asl_engine::Program::model); an event of the execution itself has none.
    pub state: Option<StateId>,
    /// The way out of the state, where the event tells that it is left.
    pub transition: Option<TransitionId>,
    /// The event.
    pub event: HistoryEvent,
}

/// What a host has to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Call a task, and reply with `Reply::Task` or, after its deadline, `Reply::DeadlinePassed`.
    Call(WaitId, Arc<TaskRequest>),
    /// The same for a task that was called before a crash and has told this since: `Reply::Started`, `Reply::Submitted`.
    Resume(WaitId, Arc<TaskRequest>, Vec<Reply>),
    /// Reply with `Reply::Woke` at this time.
    Sleep(WaitId, Timestamp),
    /// Forget the task or the timer of this wait.
    Cancel(WaitId),
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// AWS's word for it.
    pub status: Status,
    /// The output, or the failure.
    pub outcome: Outcome,
    /// Where it failed or was stopped: the state of the execution itself, and the states inside that which led to it, the innermost
    /// last.
    pub failed_in: Vec<Arc<str>>,
}

/// The status of an execution that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`
    Failed,
    /// `TIMED_OUT`
    TimedOut,
    /// `ABORTED`
    Aborted,
}

impl Status {
    /// AWS's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// A mistake of ours or of a host. It is never a failure of the execution, which no Catcher may see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Bug(pub String);

impl From<asl_engine::UnexpectedReply> for Bug {
    fn from(error: asl_engine::UnexpectedReply) -> Self {
        Self(error.to_string())
    }
}
