use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asl_engine::{
    Ended, EventId, EventIds, Execution, Frame, HistoryEvent, Join, JoinStep, Next, Now, Outcome, Program, Reply,
    Request, Step, TaskRequest, Termination, Timestamp, UnexpectedReply,
};

use crate::nodes::Nodes;

/// Names one Frame of an execution. Never used twice.
pub type FrameId = usize;

/// All Frames of one execution in this process, and who waits for whom. It does nothing by itself: it tells its host
/// what to do, and the host tells it what came of it.
#[derive(Debug)]
pub struct Frames {
    program: Arc<Program>,
    deadline: Option<Timestamp>,
    at: Timestamp,
    /// The event ids of the execution itself (0) and of each child execution that runs, by the number of its Frame.
    histories: BTreeMap<FrameId, EventIds>,
    nodes: Nodes,
    ready: VecDeque<(FrameId, Reply)>,
    /// Frames that have more child executions to start, once those before them have got as far as they can.
    starting: VecDeque<FrameId>,
    effects: VecDeque<Effect>,
    finished: Option<Finished>,
}

#[derive(Debug)]
pub(crate) struct Node {
    frame: Frame,
    parent: Option<(FrameId, usize)>,
    /// Whose events it makes: the Frame of the execution that it belongs to.
    history: FrameId,
    /// The children, when the Frame has forked.
    fork: Option<Fork>,
    /// Whether the host has a task or a timer for this Frame.
    waits: bool,
}

impl Node {
    /// A Frame that nothing has been done with.
    #[cfg(test)]
    pub(crate) fn of(frame: Frame) -> Self {
        Self { frame, parent: None, history: 0, fork: None, waits: false }
    }
}

#[derive(Debug)]
struct Fork {
    join: Join,
    running: BTreeMap<usize, FrameId>,
}

/// What the host has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Call a task for this Frame, and reply with `Reply::Task` or, after its deadline, `Reply::DeadlinePassed`.
    Task(FrameId, Arc<TaskRequest>),
    /// Reply to this Frame with `Reply::Woke` at this time.
    Sleep(FrameId, Timestamp),
    /// Forget the task or the timer of this Frame.
    Cancel(FrameId),
}

/// Where an execution stands after a call of [`Frames::advance`].
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Do this, and advance again.
    Do(Effect),
    /// There is more to do at once; look at the clock and at who wants to stop the execution first.
    Busy,
    /// Everything waits for a reply, or the execution has finished.
    Idle,
}

/// How many steps are made in one go.
const STEPS: usize = 1000;

/// How many steps are due before no more child executions are started: those that never wait come and go, and do not pile up.
const STARTED: usize = 64;

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// AWS's word for it.
    pub status: Status,
    /// The output, or the failure.
    pub outcome: Outcome,
}

/// The status of an execution that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Frames {
    /// The Frames of an execution that has not begun.
    pub fn new(program: Arc<Program>, execution: Execution) -> Self {
        let at = execution.start_time;
        let deadline = program.timeout_seconds().map(|seconds| execution.start_time.plus_seconds(seconds));
        let frame = Frame::new(&program, execution);
        let mut frames = Self {
            program,
            deadline,
            at,
            histories: BTreeMap::from([(0, EventIds::default())]),
            nodes: Nodes::default(),
            ready: VecDeque::new(),
            starting: VecDeque::new(),
            effects: VecDeque::new(),
            finished: None,
        };
        frames.add(frame, None, 0);
        frames
    }

    /// When the execution has to be over.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// How the execution ended, once it has.
    pub fn finished(&self) -> Option<&Finished> {
        self.finished.as_ref()
    }

    /// Hands in what came of an effect. A reply to a Frame that has been stopped or does not wait any more is dropped.
    pub fn reply(&mut self, id: FrameId, reply: Reply) {
        if let Some(node) = self.nodes.get_mut(id)
            && node.waits
        {
            node.waits = matches!(reply, Reply::Started { .. } | Reply::Submitted(_));
            self.ready.push_back((id, reply));
        }
    }

    /// Goes on at the time `at`, and hands the events to `record`.
    ///
    /// The error is a reply that no Frame waits for: a mistake of the host.
    pub fn advance(
        &mut self,
        at: Timestamp,
        record: &mut dyn FnMut(HistoryEvent),
    ) -> Result<Progress, UnexpectedReply> {
        self.at = at;
        for _ in 0..STEPS {
            if let Some(effect) = self.effects.pop_front() {
                return Ok(Progress::Do(effect));
            }
            if self.ready.len() < STARTED
                && let Some(id) = self.starting.pop_front()
            {
                self.poll(id, record)?;
                continue;
            }
            let Some((id, reply)) = self.ready.pop_front() else { return Ok(Progress::Idle) };
            self.step(id, reply, record)?;
        }
        Ok(Progress::Busy)
    }

    /// Ends the execution from outside: its children are dropped, its tasks cancelled.
    pub fn terminate(
        &mut self,
        at: Timestamp,
        termination: Termination,
        record: &mut dyn FnMut(HistoryEvent),
    ) -> Result<(), UnexpectedReply> {
        self.at = match termination {
            // However late the host looks up, it ended when its time was over.
            Termination::TimedOut => self.deadline.map_or(at, |deadline| deadline.max(self.at)),
            Termination::Aborted(_) | Termination::HistoryFull => at,
        };
        self.ready.clear();
        self.starting.clear();
        self.effects.clear();
        for id in self.nodes.ids().into_iter().filter(|id| *id != 0) {
            self.drop_node(id);
        }
        let status = match termination {
            Termination::TimedOut => Status::TimedOut,
            Termination::Aborted(_) => Status::Aborted,
            Termination::HistoryFull => Status::Failed,
        };
        self.step(0, Reply::Terminate(termination), record)?;
        if let Some(finished) = &mut self.finished {
            finished.status = status;
        }
        Ok(())
    }

    fn add(&mut self, frame: Frame, parent: Option<(FrameId, usize)>, history: usize) -> FrameId {
        let id = self.nodes.add(Node { frame, parent, history, fork: None, waits: false });
        self.ready.push_back((id, Reply::Go));
        id
    }

    fn step(&mut self, id: FrameId, reply: Reply, record: &mut dyn FnMut(HistoryEvent)) -> Result<(), UnexpectedReply> {
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        if let Some(fork) = &mut node.fork
            && let Reply::Task(outcome) = reply
        {
            fork.join.answered(outcome);
            return self.poll(id, record);
        }
        let step = step(node, &self.program, self.at, &mut self.histories, reply, record)?;
        match step.next {
            Next::Continue => self.ready.push_back((id, Reply::Go)),
            Next::Ask(Request::Task(request)) => {
                node.waits = true;
                self.effects.push_back(Effect::Task(id, request));
            }
            Next::Ask(Request::Sleep { until }) if until <= self.at => self.ready.push_back((id, Reply::Woke)),
            Next::Ask(Request::Sleep { until }) => {
                node.waits = true;
                self.effects.push_back(Effect::Sleep(id, until));
            }
            Next::Ask(Request::Fork(join)) => {
                node.fork = Some(Fork { join: *join, running: BTreeMap::new() });
                self.poll(id, record)?;
            }
            Next::Pending => {}
            Next::HistoryFull => self.history_full(id, record)?,
            Next::End(ended) => self.ended(id, ended, record)?,
        }
        Ok(())
    }

    /// Ends the execution that the Frame belongs to, which may be a child execution.
    fn history_full(&mut self, id: FrameId, record: &mut dyn FnMut(HistoryEvent)) -> Result<(), UnexpectedReply> {
        let Some(root) = self.nodes.get(id).map(|node| node.history) else { return Ok(()) };
        if root == 0 {
            return self.terminate(self.at, Termination::HistoryFull, record);
        }
        for id in self.nodes.ids().into_iter().filter(|id| *id != root) {
            if self.nodes.get(id).is_some_and(|node| node.history == root) {
                self.drop_node(id);
            }
        }
        self.step(root, Reply::Terminate(Termination::HistoryFull), record)
    }

    fn ended(
        &mut self,
        id: FrameId,
        ended: Ended,
        record: &mut dyn FnMut(HistoryEvent),
    ) -> Result<(), UnexpectedReply> {
        let parent = self.drop_node(id).and_then(|node| node.parent);
        self.forget_history(id);
        let Some((parent, index)) = parent else {
            let status = if ended.outcome.is_ok() { Status::Succeeded } else { Status::Failed };
            self.finished = Some(Finished { status, outcome: ended.outcome });
            return Ok(());
        };
        if let Some(Node { fork: Some(fork), .. }) = self.nodes.get_mut(parent) {
            fork.running.remove(&index);
            fork.join.ended(index, ended);
        }
        self.poll(parent, record)
    }

    fn poll(&mut self, id: FrameId, record: &mut dyn FnMut(HistoryEvent)) -> Result<(), UnexpectedReply> {
        loop {
            let next_id = self.nodes.next_id();
            let Some(Node { fork: Some(fork), history, waits, .. }) = self.nodes.get_mut(id) else { return Ok(()) };
            if fork.join.starts_executions() && self.ready.len() >= STARTED {
                if !self.starting.contains(&id) {
                    self.starting.push_back(id);
                }
                return Ok(());
            }
            match fork.join.poll(&self.program) {
                JoinStep::Start(index, frame) => {
                    fork.running.insert(index, next_id);
                    let history = if fork.join.starts_executions() {
                        self.histories.insert(next_id, EventIds::default());
                        next_id
                    } else {
                        *history
                    };
                    self.add(*frame, Some((id, index)), history);
                }
                JoinStep::Ask(request) => {
                    *waits = true;
                    self.effects.push_back(Effect::Task(id, request));
                }
                JoinStep::Wait => return Ok(()),
                JoinStep::Stop => {
                    for (index, child) in std::mem::take(&mut fork.running) {
                        self.stop_children(child, Some(0), record)?;
                        let Some(mut node) = self.drop_node(child) else { continue };
                        let stop = Reply::Stop { because: 0 };
                        let step = step(&mut node, &self.program, self.at, &mut self.histories, stop, record)?;
                        self.forget_history(child);
                        if let Some(Node { fork: Some(fork), .. }) = self.nodes.get_mut(id)
                            && let Next::End(ended) = step.next
                        {
                            fork.join.stopped(index, ended);
                        }
                    }
                }
                JoinStep::Finish(joined) => {
                    if std::mem::take(waits) {
                        self.effects.push_back(Effect::Cancel(id));
                        // An answer may be on its way already.
                        self.ready.retain(|(other, _)| *other != id);
                    }
                    let told = (!joined.ends_execution()).then_some(joined.last_event);
                    self.stop_children(id, told, record)?;
                    self.ready.push_back((id, Reply::Joined(joined)));
                    return Ok(());
                }
            }
        }
    }

    /// Stops what still runs below a Frame, the innermost first: because of an event, or without a word.
    fn stop_children(
        &mut self,
        id: FrameId,
        because: Option<EventId>,
        record: &mut dyn FnMut(HistoryEvent),
    ) -> Result<(), UnexpectedReply> {
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        let Some(fork) = node.fork.take() else { return Ok(()) };
        for child in fork.running.into_values() {
            self.stop_children(child, because, record)?;
            if let (Some(mut node), Some(because)) = (self.drop_node(child), because) {
                step(&mut node, &self.program, self.at, &mut self.histories, Reply::Stop { because }, record)?;
            }
            self.forget_history(child);
        }
        Ok(())
    }

    fn drop_node(&mut self, id: FrameId) -> Option<Box<Node>> {
        let node = self.nodes.take(id)?;
        if node.waits {
            self.effects.push_back(Effect::Cancel(id));
        }
        Some(node)
    }

    /// Forgets the event ids of a child execution that is over.
    fn forget_history(&mut self, id: FrameId) {
        if id != 0 {
            self.histories.remove(&id);
        }
    }
}

/// Steps the Frame of a node. Only the events of the execution itself are recorded; child executions have their own.
fn step(
    node: &mut Node,
    program: &Program,
    at: Timestamp,
    histories: &mut BTreeMap<FrameId, EventIds>,
    reply: Reply,
    record: &mut dyn FnMut(HistoryEvent),
) -> Result<Step, UnexpectedReply> {
    let ids = histories.entry(node.history).or_default();
    let mut now = Now { at, ids: ids.clone(), records: node.history == 0, stages: false };
    let mut step = node.frame.step(program, &mut now, reply)?;
    *ids = now.ids;
    std::mem::take(&mut step.events).into_iter().for_each(record);
    Ok(step)
}
