//! The ledger: all Frames of one execution, its Joins, what waits, and its counters, as one value.
//!
//! It does nothing by itself: it is fed with what came of its effects, and says what happened and what to do. A host commits each
//! [`Batch`] before it performs the effects; what gets lost in between is found again in [`Ledger::open`].

mod batch;
mod children;
mod map_runs;
mod nodes;
mod pauses;
mod recorder;
mod redrive;
mod saved;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asl_engine::{
    Ended, EventId, EventIds, Execution, Frame, Join, Next, Program, Reply, Request, TaskRequest, Termination,
    Timestamp, Value,
};

pub use batch::{Batch, Bug, Effect, Finished, FrameId, Input, Recorded, Status, WaitId};
pub use map_runs::{MapRun, MapRunStatus};
use nodes::Nodes;
use pauses::Pauses;
pub use pauses::{Pause, Resume};
use recorder::Recorder;
pub use redrive::{NotRedrivable, RedriveStatus};
pub use saved::{Key, Piece, RestoreError, Saved, Saver, Write};

/// How many steps are made in one go.
const STEPS: usize = 128;

/// How many steps are due before no more child executions are started: those that never wait come and go, and do not pile up.
const STARTED: usize = 64;

/// All Frames of one execution, and who waits for whom.
///
/// The same inputs at the same times give the same Batches.
///
/// ```
/// use std::sync::Arc;
/// use asl_engine::{Execution, Program, Timestamp, Value};
/// use asl_runtime::{Input, Ledger};
///
/// let definition = r#"{"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": true}}}"#;
/// let program = Arc::new(Program::parse(definition).unwrap());
/// let execution = Execution::local("greet", "run", Value::from("hello"), Timestamp(0), 0);
/// let mut ledger = Ledger::new(program, execution);
/// let batch = ledger.feed(Timestamp(0), [Input::Start]).unwrap();
/// assert_eq!(batch.finished.unwrap().outcome, Ok(Value::from("hello")));
/// assert_eq!(batch.recorded.len(), 4);
/// ```
#[derive(Clone, Debug)]
pub struct Ledger {
    program: Arc<Program>,
    deadline: Option<Timestamp>,
    recorder: Recorder,
    nodes: Nodes,
    /// Counts the waits of all Frames.
    waits: u64,
    ready: VecDeque<(FrameId, Reply)>,
    /// Frames that have more child executions to start, once those before them have got as far as they can.
    starting: VecDeque<FrameId>,
    has_begun: bool,
    /// Whether what a redrive needs is kept.
    keeps: bool,
    /// The Map Runs of the execution itself, where that is kept.
    map_runs: Vec<MapRun>,
    finished: Option<Finished>,
    /// Where it pauses, where somebody wants that.
    pauses: Option<Box<Pauses>>,
}

#[derive(Clone, Debug)]
struct Node {
    frame: Box<Frame>,
    parent: Option<(FrameId, usize)>,
    /// Whose events it makes: the Frame of the execution that it belongs to.
    history: FrameId,
    /// The event ids of the execution that the Frame is, if it is one.
    ids: EventIds,
    /// The children, when the Frame has forked.
    fork: Option<Box<Fork>>,
    waits: Waits,
    /// The number of its last wait.
    wait: u64,
    /// Whether the batch says that it has changed.
    is_changed: bool,
}

/// What a Frame waits for that its host does.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Waits {
    No,
    ForTime,
    /// For a task, which has told this.
    ForTask {
        told: Vec<Reply>,
    },
}

impl Node {
    fn new(frame: Box<Frame>, parent: Option<(FrameId, usize)>, history: FrameId) -> Self {
        let ids = EventIds::default();
        Self { frame, parent, history, ids, fork: None, waits: Waits::No, wait: 0, is_changed: true }
    }

    /// Begins to wait.
    fn wait_for(&mut self, id: FrameId, waits: Waits, counted: &mut u64) -> WaitId {
        *counted += 1;
        (self.waits, self.wait) = (waits, *counted);
        self.wait_id(id)
    }

    fn wait_id(&self, id: FrameId) -> WaitId {
        WaitId { frame: id, number: self.wait }
    }
}

#[derive(Clone, Debug)]
struct Fork {
    join: Join,
    running: BTreeMap<usize, FrameId>,
    /// The children at rest: those that did not succeed.
    kept: BTreeMap<usize, FrameId>,
    /// What the Join has asked for besides its children.
    asked: Option<Arc<TaskRequest>>,
}

impl Ledger {
    /// The ledger of an execution that has not begun.
    pub fn new(program: Arc<Program>, execution: Execution) -> Self {
        let at = execution.start_time;
        let deadline = program.timeout_seconds().map(|seconds| execution.start_time.plus_seconds(seconds));
        let frame = Box::new(Frame::new(&program, execution));
        let mut ledger = Self {
            program,
            deadline,
            recorder: Recorder::new(at),
            nodes: Nodes::default(),
            waits: 0,
            ready: VecDeque::new(),
            starting: VecDeque::new(),
            has_begun: false,
            keeps: false,
            map_runs: Vec::new(),
            finished: None,
            pauses: None,
        };
        ledger.nodes.add(Node::new(frame, None, 0));
        ledger.recorder.batch.changed.push(0);
        ledger
    }

    /// The same, which begins at a state of the machine's own ([`Frame::starting_at`]); none where there is no such state.
    #[must_use]
    pub fn starting_at(mut self, state: &str, input: Value, variables: Value) -> Option<Self> {
        let node = self.nodes.get_mut(0)?;
        *node.frame = Frame::clone(&node.frame).starting_at(&self.program, state, input, variables)?;
        Some(self)
    }

    /// The same, which also records the events of child executions.
    #[must_use]
    pub fn recording_children(self) -> Self {
        self.recording_children_before(FrameId::MAX)
    }

    /// The same, which records the events of those child executions that start before the ledger has had so many Frames: of the
    /// first ones, where there may be a million.
    #[must_use]
    pub fn recording_children_before(mut self, frames: FrameId) -> Self {
        self.recorder.records_before = frames;
        self
    }

    /// The same, in which Wait states and the delays of Retriers take no time. This is not saved with it.
    #[must_use]
    pub fn skipping_waits(mut self) -> Self {
        self.recorder.skips_waits = true;
        self
    }

    /// The same, in which Wait states of these names take so many milliseconds, whatever they say. This is not saved with it.
    #[must_use]
    pub fn with_waits(mut self, waits: Arc<BTreeMap<Arc<str>, i64>>) -> Self {
        self.recorder.waits = waits;
        self
    }

    /// When the execution has to be over: then feed it `Input::Stop(Termination::TimedOut)`.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// The ARN of the execution; none once it has ended and cannot be redriven.
    pub fn arn(&self) -> Option<&Arc<str>> {
        self.nodes.get(0).map(|node| &node.frame.execution().arn)
    }

    /// The execution; none once it has ended.
    pub fn execution(&self) -> Option<&Arc<Execution>> {
        self.nodes.get(0).map(|node| node.frame.execution())
    }

    /// How the execution ended, once it has.
    pub fn finished(&self) -> Option<&Finished> {
        self.finished.as_ref()
    }

    /// What its host has to do that it has not been told the result of: all of it after a crash. It comes in the order in which it
    /// was asked for.
    pub fn open(&self) -> impl Iterator<Item = Effect> {
        let mut waiting: Vec<_> = self.nodes.iter().filter(|(_, node)| node.waits != Waits::No).collect();
        waiting.sort_by_key(|(_, node)| node.wait);
        waiting.into_iter().filter_map(|(id, node)| {
            let wait = node.wait_id(id);
            let told = match &node.waits {
                Waits::No => return None,
                Waits::ForTime => match node.frame.outstanding(&self.program) {
                    Some(Request::Sleep { until }) => return Some(Effect::Sleep(wait, until)),
                    _ => return None,
                },
                Waits::ForTask { told } => told,
            };
            let request = match &node.fork {
                Some(fork) => fork.asked.clone()?,
                None => match node.frame.outstanding(&self.program) {
                    Some(Request::Task(request)) => request,
                    _ => return None,
                },
            };
            Some(match told.is_empty() {
                true => Effect::Call(wait, request),
                false => Effect::Resume(wait, request, told.clone()),
            })
        })
    }

    /// Until when states of the execution itself wait at most, by the ids of the events of their entries
    /// ([`Frame::waits_until`]).
    pub fn waits_until(&self) -> impl Iterator<Item = (EventId, Timestamp)> {
        self.nodes.iter().filter(|(_, node)| node.history == 0).filter_map(|(_, node)| node.frame.waits_until())
    }

    /// Takes in what came at the same time, and goes on as far as it can without more.
    ///
    /// After an error, nothing may be fed any more.
    pub fn feed(&mut self, at: Timestamp, inputs: impl IntoIterator<Item = Input>) -> Result<Batch, Bug> {
        self.recorder.batch.recorded.reserve(self.recorder.recorded);
        let before = self.recorder.at;
        self.recorder.at = before.max(at);
        for input in inputs {
            match input {
                Input::Start if !self.has_begun => {
                    self.has_begun = true;
                    self.ready.push_back((0, Reply::Go));
                }
                Input::Reply(wait, reply) => self.reply(wait, reply),
                Input::Stop(termination) if self.finished.is_none() => {
                    if termination == Termination::TimedOut {
                        // However late the host looks up, it ended when its time was over.
                        self.recorder.at = self.deadline.map_or(self.recorder.at, |deadline| deadline.max(before));
                    }
                    self.stop(termination)?;
                }
                Input::UpdateMapRun(arn, update) if self.finished.is_none() => self.update_map_run(&arn, &update)?,
                Input::Redrive if self.redrive_status() == RedriveStatus::Redrivable => self.redrive(),
                Input::PauseBefore(states) => self.pause_before(states),
                Input::Resume(resume) => self.resume(*resume),
                Input::Start | Input::Stop(_) | Input::GoOn | Input::Redrive | Input::UpdateMapRun(..) => {}
            }
        }
        self.forget_lost_pause();
        if self.pause().is_none() {
            self.run()?;
        }
        let mut batch = std::mem::take(&mut self.recorder.batch);
        self.recorder.recorded = batch.recorded.len();
        for id in &batch.changed {
            if let Some(node) = self.nodes.get_mut(*id) {
                node.is_changed = false;
            }
        }
        batch.finished.clone_from(&self.finished);
        Ok(batch)
    }

    fn run(&mut self) -> Result<(), Bug> {
        for _ in 0..STEPS {
            if self.ready.len() < STARTED
                && let Some(id) = self.starting.pop_front()
            {
                self.poll(id)?;
                continue;
            }
            let Some((id, reply)) = self.ready.pop_front() else { return Ok(()) };
            let Some(reply) = self.unless_pausing(id, reply) else { return Ok(()) };
            self.step(id, reply)?;
        }
        self.recorder.batch.is_busy = !self.ready.is_empty() || !self.starting.is_empty();
        Ok(())
    }

    fn reply(&mut self, wait: WaitId, reply: Reply) {
        let Some(node) = self.nodes.get_mut(wait.frame).filter(|node| node.wait == wait.number) else { return };
        match (&mut node.waits, &reply) {
            (Waits::No, _) => return,
            (Waits::ForTask { told }, Reply::Started { .. } | Reply::Submitted(_)) => {
                // A task that is called again after a crash tells again what is recorded already.
                if told.iter().any(|known| std::mem::discriminant(known) == std::mem::discriminant(&reply)) {
                    return;
                }
                told.push(reply.clone());
            }
            (waits, _) => *waits = Waits::No,
        }
        self.recorder.mark(node, wait.frame);
        self.ready.push_back((wait.frame, reply));
    }

    /// Ends the execution from outside: its children are dropped, its tasks cancelled.
    fn stop(&mut self, termination: Termination) -> Result<(), Bug> {
        self.ready.clear();
        self.starting.clear();
        self.pauses = None;
        match termination {
            // Its child executions record that they end.
            Termination::TimedOut | Termination::Aborted(_) if self.keeps => self.stop_children(0, None)?,
            _ => {
                let frames: Vec<FrameId> = self.map_runs.iter().map(|run| run.frame).collect();
                frames.into_iter().for_each(|frame| self.end_map_run(frame, MapRunStatus::Aborted));
                self.forget_all(0);
            }
        }
        let status = match termination {
            Termination::TimedOut => Status::TimedOut,
            Termination::Aborted(_) => Status::Aborted,
            Termination::HistoryFull => Status::Failed,
        };
        self.step(0, Reply::Terminate(termination))?;
        if let Some(finished) = &mut self.finished {
            finished.status = status;
        }
        Ok(())
    }

    fn add(&mut self, frame: Box<Frame>, parent: Option<(FrameId, usize)>, history: FrameId) {
        let id = self.nodes.add(Node::new(frame, parent, history));
        self.recorder.batch.changed.push(id);
        self.ready.push_back((id, Reply::Go));
    }

    fn step(&mut self, id: FrameId, reply: Reply) -> Result<(), Bug> {
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        let is_redriven = matches!(reply, Reply::Redrive { .. });
        // What was on its way to a Frame at rest is late.
        if node.frame.is_over() && !is_redriven {
            return Ok(());
        }
        self.recorder.mark(node, id);
        if let Some(fork) = &mut node.fork
            && let Reply::Task(outcome) = reply
        {
            fork.asked = None;
            fork.join.answered(outcome);
            return self.poll(id);
        }
        let history = node.history;
        let (reply, mut kept) = if is_redriven { self.redriven(id) } else { (reply, None) };
        let is_joined = matches!(reply, Reply::Joined(_));
        let mut ids = self.ids(history);
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        let step = self.recorder.step(&self.program, id, node, &mut ids, reply)?;
        self.set_ids(history, ids);
        if is_joined && !matches!(step.next, Next::End(_)) {
            // The failure of its children was caught, or they are tried again.
            self.forget(id);
        }
        if !matches!(step.next, Next::Ask(Request::Fork(_)))
            && let Some(kept) = kept.take()
        {
            kept.children.into_values().for_each(|child| self.drop_tree(child));
        }
        let Some(node) = self.nodes.get_mut(id) else { return Ok(()) };
        match step.next {
            Next::Continue => self.ready.push_back((id, Reply::Go)),
            Next::Ask(Request::Task(request)) => {
                let wait = node.wait_for(id, Waits::ForTask { told: Vec::new() }, &mut self.waits);
                self.recorder.batch.effects.push(Effect::Call(wait, request));
            }
            Next::Ask(Request::Sleep { until }) => {
                let until = self.recorder.until(&self.program, step.state, until);
                if self.recorder.skips_waits || until <= self.recorder.at {
                    self.ready.push_back((id, Reply::Woke));
                    return Ok(());
                }
                let wait = node.wait_for(id, Waits::ForTime, &mut self.waits);
                self.recorder.batch.effects.push(Effect::Sleep(wait, until));
            }
            Next::Ask(Request::Fork(join)) => {
                let redrive::Kept { children, asked } = kept.unwrap_or_default();
                let asked = asked.filter(|_| join.has_asked());
                if let Some(request) = &asked {
                    let wait = node.wait_for(id, Waits::ForTask { told: Vec::new() }, &mut self.waits);
                    self.recorder.batch.effects.push(Effect::Call(wait, request.clone()));
                }
                node.fork = Some(Box::new(Fork { join: *join, running: BTreeMap::new(), kept: children, asked }));
                self.begin_map_run(id);
                self.poll(id)?;
            }
            Next::Pending => {}
            Next::HistoryFull => self.history_full(id)?,
            Next::End(ended) => self.ended(id, *ended)?,
        }
        Ok(())
    }

    /// The event ids of the execution that this Frame is.
    fn ids(&self, history: FrameId) -> EventIds {
        self.nodes.get(history).map(|root| root.ids).unwrap_or_default()
    }

    fn set_ids(&mut self, history: FrameId, ids: EventIds) {
        if let Some(root) = self.nodes.get_mut(history) {
            root.ids = ids;
        }
    }

    /// Ends the execution that the Frame belongs to, which may be a child execution.
    fn history_full(&mut self, id: FrameId) -> Result<(), Bug> {
        let Some(root) = self.nodes.get(id).map(|node| node.history) else { return Ok(()) };
        if root == 0 {
            return self.stop(Termination::HistoryFull);
        }
        self.forget(root);
        self.step(root, Reply::Terminate(Termination::HistoryFull))
    }

    fn ended(&mut self, id: FrameId, ended: Ended) -> Result<(), Bug> {
        let is_kept = self.keeps && ended.outcome.is_err();
        let parent = match is_kept {
            true => self.rest_node(id),
            false => self.drop_node(id).and_then(|node| node.parent),
        };
        let Some((parent, index)) = parent else {
            if is_kept {
                self.ready.clear();
                self.starting.clear();
            }
            let status = if ended.outcome.is_ok() { Status::Succeeded } else { Status::Failed };
            self.finished = Some(Finished { status, outcome: ended.outcome, failed_in: ended.failed_in });
            return Ok(());
        };
        if let Some(node) = self.nodes.get_mut(parent) {
            self.recorder.mark(node, parent);
            if let Some(fork) = &mut node.fork {
                fork.running.remove(&index);
                if is_kept {
                    fork.kept.insert(index, id);
                }
                fork.join.ended(index, ended);
            }
        }
        self.poll(parent)
    }

    /// Drops all Frames but one.
    fn forget_all(&mut self, but: FrameId) {
        for id in self.nodes.ids().into_iter().filter(|id| *id != but) {
            self.drop_node(id);
        }
        if let Some(node) = self.nodes.get_mut(but) {
            node.fork = None;
        }
    }

    fn drop_node(&mut self, id: FrameId) -> Option<Node> {
        let mut node = self.nodes.take(id)?;
        self.recorder.mark(&mut node, id);
        if node.history == id {
            self.recorder.batch.counted.push(id);
        }
        if node.waits != Waits::No {
            self.recorder.batch.effects.push(Effect::Cancel(node.wait_id(id)));
        }
        Some(node)
    }
}
