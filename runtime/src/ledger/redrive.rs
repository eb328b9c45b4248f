//! Redrive: what is kept of an execution that ends without success, and how it goes on.
//!
//! The Frames of such an execution stay where they are, at rest, with the Joins whose children failed. What a Catcher or a
//! Retrier takes is forgotten at once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use asl_engine::{Join, Reply, TaskRequest, Termination};

use super::{Effect, FrameId, Ledger, Status, Waits};

/// Whether an execution can be redriven: `redriveStatus` and `redriveStatusReason` of `DescribeExecution`.
///
/// AWS Step Functions API reference, `DescribeExecution`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedriveStatus {
    /// `REDRIVABLE`
    Redrivable,
    /// `NOT_REDRIVABLE`, for this reason.
    NotRedrivable(NotRedrivable),
    /// `REDRIVABLE_BY_MAP_RUN`: a child execution, which goes on when its parent is redriven.
    RedrivableByMapRun,
}

impl RedriveStatus {
    /// That of a child execution of a Map Run; none is the status of one that runs.
    pub fn of_child(status: Option<Status>) -> Self {
        match status {
            None => Self::NotRedrivable(NotRedrivable::Running),
            Some(Status::Succeeded) => Self::NotRedrivable(NotRedrivable::Succeeded),
            Some(Status::Failed | Status::TimedOut | Status::Aborted) => Self::RedrivableByMapRun,
        }
    }

    /// AWS's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redrivable => "REDRIVABLE",
            Self::NotRedrivable(_) => "NOT_REDRIVABLE",
            Self::RedrivableByMapRun => "REDRIVABLE_BY_MAP_RUN",
        }
    }

    /// `redriveStatusReason`, which only an execution has that cannot be redriven.
    pub fn reason(self) -> Option<NotRedrivable> {
        match self {
            Self::NotRedrivable(reason) => Some(reason),
            Self::Redrivable | Self::RedrivableByMapRun => None,
        }
    }
}

/// Why an execution cannot be redriven. Written out it is AWS's text.
///
/// AWS Step Functions API reference, `redriveStatusReason` of `DescribeExecution`. The first two were recorded without a full
/// stop; whether the others have one there is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRedrivable {
    /// It runs.
    Running,
    /// It succeeded.
    Succeeded,
    /// Its history has no room for more.
    HistoryFull,
    /// Nothing was kept of it: [`Ledger::redrivable`] was not asked for.
    NotKept,
    /// It ended more than [14 days](Self::PERIOD_MILLIS) ago. A host knows that.
    PeriodExceeded,
    /// It was started more than [a year](Self::LONGEST_MILLIS) ago. A host knows that.
    TooOld,
    /// Its state machine is being deleted. A host knows that.
    Deleting,
}

impl NotRedrivable {
    /// How long after its end an execution can be redriven: 14 days.
    pub const PERIOD_MILLIS: i64 = 14 * 24 * 3_600_000;
    /// How long an execution may be open: a year. AWS developer guide, "Quotas related to state machine executions".
    pub const LONGEST_MILLIS: i64 = 365 * 24 * 3_600_000;

    /// The message of AWS's `ExecutionNotRedrivable`, recorded (see the engine's `frame/redrive.rs`).
    pub fn message(self, arn: &str) -> String {
        format!("Execution {arn} invalid for redrive as: {self}")
    }
}

impl fmt::Display for NotRedrivable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "Execution is RUNNING and cannot be redriven",
            Self::Succeeded => "Execution is SUCCEEDED and cannot be redriven",
            Self::HistoryFull => "Execution history event limit exceeded",
            Self::NotKept => "Execution was started before the launch of RedriveExecution",
            Self::PeriodExceeded => "Execution redrivable period exceeded",
            Self::TooOld => "Execution has exceeded the max execution time",
            Self::Deleting => "State machine is in DELETING status",
        })
    }
}

/// What a Fork had besides its Join.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) children: BTreeMap<usize, FrameId>,
    pub(super) asked: Option<Arc<TaskRequest>>,
}

impl Ledger {
    /// The same, which keeps what [`Input::Redrive`](super::Input::Redrive) needs where the execution ends without success: its
    /// Frames as they were. A child that failed is kept as long as the state that runs it. It also knows of its
    /// [Map Runs](Self::map_runs), those that have ended too.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use asl_engine::{Execution, Failure, Program, Reply, Timestamp, Value};
    /// use asl_runtime::{Effect, Input, Ledger, RedriveStatus};
    ///
    /// let definition = r#"{"StartAt": "Work", "States": {"Work": {"Type": "Task", "End": true,
    ///     "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work"}}}"#;
    /// let program = Arc::new(Program::parse(definition).unwrap());
    /// let execution = Execution::local("work", "run", Value::Null, Timestamp(0), 0);
    /// let mut ledger = Ledger::new(program, execution).redrivable();
    /// let mut answer = |ledger: &mut Ledger, outcome| {
    ///     let Some(Effect::Call(wait, _)) = ledger.open().next() else { panic!("the task is called") };
    ///     ledger.feed(Timestamp(1), [Input::Reply(wait, Reply::Task(outcome))]).unwrap()
    /// };
    /// ledger.feed(Timestamp(0), [Input::Start]).unwrap();
    /// assert!(answer(&mut ledger, Err(Failure::new("Odd", "as told"))).finished.is_some());
    /// assert_eq!(ledger.redrive_status(), RedriveStatus::Redrivable);
    /// // `asl_runtime::tokio_host::run` could go on from here, too: what is to be done is in `Ledger::open`.
    /// assert_eq!(ledger.feed(Timestamp(2), [Input::Redrive]).unwrap().finished, None);
    /// assert_eq!(answer(&mut ledger, Ok(7.into())).finished.unwrap().outcome, Ok(7.into()));
    /// ```
    #[must_use]
    pub fn redrivable(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// Whether the execution can be redriven, as far as it knows itself.
    pub fn redrive_status(&self) -> RedriveStatus {
        let reason = match (&self.finished, self.nodes.get(0)) {
            (None, _) => NotRedrivable::Running,
            (Some(finished), _) if finished.status == Status::Succeeded => NotRedrivable::Succeeded,
            (Some(_), None) => NotRedrivable::NotKept,
            (Some(_), Some(root)) if !root.frame.is_redrivable(&self.program, root.ids) => NotRedrivable::HistoryFull,
            (Some(_), Some(_)) => return RedriveStatus::Redrivable,
        };
        RedriveStatus::NotRedrivable(reason)
    }

    /// Lets an execution go on that has ended without success.
    pub(super) fn redrive(&mut self) {
        self.finished = None;
        let at = self.recorder.at;
        self.deadline = self.program.timeout_seconds().map(|seconds| at.plus_seconds(seconds));
        self.ready.push_back((0, Reply::Redrive { join: None }));
    }

    /// What a Frame at rest is told when it goes on, and what its Join had besides.
    pub(super) fn redriven(&mut self, id: FrameId) -> (Reply, Option<Kept>) {
        let resumes = self.nodes.get(id).is_some_and(|node| node.frame.resumes_join(&self.program));
        let fork = self.nodes.get_mut(id).and_then(|node| node.fork.take());
        let Some(fork) = fork else { return (Reply::Redrive { join: None }, None) };
        let super::Fork { mut join, kept, asked, .. } = *fork;
        if !resumes || join.begins_anew() {
            kept.into_values().for_each(|child| self.drop_tree(child));
            let join = resumes.then(|| self.with_children(join, &BTreeMap::new()));
            return (Reply::Redrive { join: join.map(Box::new) }, None);
        }
        join = self.with_children(join, &kept);
        (Reply::Redrive { join: Some(Box::new(join)) }, Some(Kept { children: kept, asked }))
    }

    /// A Join that is told which children go on.
    fn with_children(&self, mut join: Join, kept: &BTreeMap<usize, FrameId>) -> Join {
        let children = kept.iter().filter_map(|(index, child)| Some((*index, self.nodes.get(*child)?)));
        let (again, over): (Vec<_>, Vec<_>) =
            children.partition(|(_, child)| child.frame.is_redrivable(&self.program, child.ids));
        let over = over.iter().map(|(_, child)| &child.frame.execution().input);
        join.redrive(again.iter().map(|(index, child)| (*index, &child.frame.execution().input)), over);
        join
    }

    /// Lets a child go on, once its Join wants it.
    pub(super) fn redrive_child(&mut self, id: FrameId, index: usize) {
        let Some(node) = self.nodes.get_mut(id) else { return };
        let Some(fork) = &mut node.fork else { return };
        let Some(child) = fork.kept.remove(&index) else { return };
        fork.running.insert(index, child);
        let execution = (!fork.join.starts_executions()).then(|| node.frame.execution().clone());
        if let Some(node) = self.nodes.get_mut(child) {
            if let Some(execution) = execution {
                node.frame.set_execution(execution);
            }
            self.recorder.mark(node, child);
        }
        self.ready.push_back((child, Reply::Redrive { join: None }));
    }

    /// Leaves a Frame that has ended where it is, and gives who waits for it.
    pub(super) fn rest_node(&mut self, id: FrameId) -> Option<(FrameId, usize)> {
        let node = self.nodes.get_mut(id)?;
        self.recorder.mark(node, id);
        if std::mem::replace(&mut node.waits, Waits::No) != Waits::No {
            self.recorder.batch.effects.push(Effect::Cancel(node.wait_id(id)));
        }
        let parent = node.parent;
        if !node.frame.resumes_join(&self.program) {
            self.forget(id);
        }
        parent
    }

    /// Forgets the Join of a Frame, and the children that were kept of it.
    pub(super) fn forget(&mut self, id: FrameId) {
        let Some(node) = self.nodes.get_mut(id) else { return };
        let Some(fork) = node.fork.take() else { return };
        self.recorder.mark(node, id);
        fork.running.into_values().chain(fork.kept.into_values()).for_each(|child| self.drop_tree(child));
    }

    /// Drops a Frame, and all that is inside it.
    pub(super) fn drop_tree(&mut self, id: FrameId) {
        self.forget(id);
        self.drop_node(id);
    }

    /// What a child is told that ends early: because of an event, or, where it is an execution, that its Map Run ends.
    pub(super) fn stops(join: &Join, because: Option<u64>) -> Option<Reply> {
        match join.starts_executions() {
            true => Some(Reply::Terminate(Termination::Aborted(join.abort_failure()))),
            false => because.map(|because| Reply::Stop { because }),
        }
    }
}
