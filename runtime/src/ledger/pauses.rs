//! Pauses: an execution waits before a state is entered, until it is told to go on.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl_engine::model::StateId;
use asl_engine::{Reply, Value};
use serde::{Deserialize, Serialize};

use super::{FrameId, Ledger};

/// An execution that pauses: nothing happens in it until it is fed [`Input::Resume`](super::Input::Resume). What was called before goes on
/// and may answer, and times run out.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// Counts the pauses of the execution, from 1.
    pub number: u64,
    /// Where the Frame stands among all Frames: see [`Frame::path`](asl_engine::Frame::path).
    pub path: Arc<str>,
    /// The state that is about to be entered.
    pub state: StateId,
    /// What the state is given.
    pub input: Value,
    /// The variables that it sees, as an object.
    pub variables: Value,
    /// All states that the execution pauses before.
    pub breakpoints: Arc<BTreeSet<StateId>>,
    frame: FrameId,
}

/// How an execution goes on that pauses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// The number of the pause. Nothing happens where it is over.
    pub pause: u64,
    /// What the state is given in the place of its input.
    pub input: Option<Value>,
    /// The variables that it sees from then on, as an object.
    pub variables: Option<Value>,
    /// The states that it pauses before from then on, where these change.
    pub breakpoints: Option<Arc<BTreeSet<StateId>>>,
    /// Whether it stays where it is, with other data: this is then another pause.
    pub stays: bool,
    /// Whether it also pauses before the next state, whichever that is.
    pub is_step: bool,
}

/// What is known of pauses. It is not saved: an execution that is gone on with after a crash runs on.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    before: Arc<BTreeSet<StateId>>,
    /// Whether it pauses before any state.
    steps: bool,
    counted: u64,
    now: Option<Pause>,
    /// The Frame that goes on.
    passes: Option<FrameId>,
}

impl Ledger {
    /// The same, which pauses before these states. This is not saved with it.
    #[must_use]
    pub fn pausing(mut self, before: Arc<BTreeSet<StateId>>) -> Self {
        self.pause_before(before);
        self
    }

    /// The same, which also pauses before the first state.
    #[must_use]
    pub fn pausing_first(mut self) -> Self {
        self.pauses.get_or_insert_default().steps = true;
        self
    }

    pub(super) fn pause_before(&mut self, states: Arc<BTreeSet<StateId>>) {
        if states.is_empty() && self.pauses.is_none() {
            return;
        }
        let pauses = self.pauses.get_or_insert_default();
        if let Some(now) = &mut pauses.now {
            now.breakpoints = Arc::clone(&states);
        }
        pauses.before = states;
    }

    /// Where it pauses, if it does.
    pub fn pause(&self) -> Option<&Pause> {
        self.pauses.as_ref()?.now.as_ref()
    }

    /// The states that it pauses before.
    pub fn breakpoints(&self) -> Option<&Arc<BTreeSet<StateId>>> {
        self.pauses.as_ref().map(|pauses| &pauses.before)
    }

    /// Forgets a pause before a state that is not entered any more: its Map Run has ended meanwhile.
    pub(super) fn forget_lost_pause(&mut self) {
        let Some(pauses) = &mut self.pauses else { return };
        let waits = |pause: &Pause| {
            self.nodes.get(pause.frame).is_some_and(|node| node.frame.enters(&self.program) == Some(pause.state))
        };
        pauses.now.take_if(|pause| !waits(pause));
    }

    /// What a Frame is told that is due; none where it pauses instead.
    pub(super) fn unless_pausing(&mut self, id: FrameId, reply: Reply) -> Option<Reply> {
        // Few do: nothing is looked up for the others.
        let (Some(pauses), Reply::Go) = (&mut self.pauses, &reply) else { return Some(reply) };
        let Some(node) = self.nodes.get(id) else { return Some(reply) };
        if pauses.passes.take_if(|passes| *passes == id).is_some() {
            return Some(reply);
        }
        let frame = &node.frame;
        let Some(state) = frame.enters(&self.program).filter(|state| pauses.steps || pauses.before.contains(state))
        else {
            return Some(reply);
        };
        if frame.is_new() {
            // That the execution has started is known while it pauses.
            return Some(Reply::Open);
        }
        pauses.counted += 1;
        pauses.now = Some(Pause {
            number: pauses.counted,
            path: frame.path().into(),
            state,
            input: frame.input().clone(),
            variables: frame.variables().clone(),
            breakpoints: Arc::clone(&pauses.before),
            frame: id,
        });
        self.ready.push_front((id, reply));
        None
    }

    pub(super) fn resume(&mut self, resume: Resume) {
        let Some(pauses) = &mut self.pauses else { return };
        let Some(mut pause) = pauses.now.take_if(|pause| pause.number == resume.pause) else { return };
        pause.input = resume.input.unwrap_or(pause.input);
        pause.variables = resume.variables.unwrap_or(pause.variables);
        pause.breakpoints = resume.breakpoints.unwrap_or(pause.breakpoints);
        pauses.before = Arc::clone(&pause.breakpoints);
        if let Some(node) = self.nodes.get_mut(pause.frame) {
            node.frame.set_data(pause.input.clone(), pause.variables.clone());
            self.recorder.mark(node, pause.frame);
        }
        if resume.stays {
            pauses.counted += 1;
            pauses.now = Some(Pause { number: pauses.counted, ..pause });
        } else {
            pauses.steps = resume.is_step;
            pauses.passes = Some(pause.frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use asl_engine::{EventKind, Execution, Program, Termination, Timestamp};

    use super::super::{Batch, Input, Status};
    use super::*;

    const DEFINITION: &str = r#"{"StartAt": "Each", "States": {
        "Each": {"Type": "Map", "Next": "Last", "ItemProcessor": {"StartAt": "Inner", "States": {
            "Inner": {"Type": "Pass", "Assign": {"x": 1}, "Next": "After"}, "After": {"Type": "Pass", "End": true}}}},
        "Last": {"Type": "Pass", "End": true}}}"#;

    fn begun(names: &[&str]) -> (Ledger, Batch) {
        let program = Arc::new(Program::parse(DEFINITION).unwrap());
        let states = program.model().states().iter().filter(|state| names.contains(&&*state.name));
        let states = Arc::new(states.map(|state| state.id).collect());
        let execution = Execution::local("m", "run", "[10, 20]".parse().unwrap(), Timestamp(0), 0);
        let mut ledger = Ledger::new(program, execution).pausing(states);
        let batch = ledger.feed(Timestamp(0), [Input::Start]).unwrap();
        (ledger, batch)
    }

    /// Where it pauses, and with what.
    fn paused(ledger: &Ledger) -> Option<String> {
        let pause = ledger.pause()?;
        let name = &ledger.program.model().state(pause.state).unwrap().name;
        Some(format!("{}/{name} {} {}", pause.path, pause.input, pause.variables))
    }

    fn resumed(ledger: &mut Ledger, resume: Resume) -> Batch {
        let resume = Resume { pause: ledger.pause().unwrap().number, ..resume };
        ledger.feed(Timestamp(1), [Input::Resume(resume.into())]).unwrap()
    }

    #[test]
    fn it_pauses_before_each_state_that_is_named() {
        let (mut ledger, batch) = begun(&["Inner", "Last"]);
        assert!(matches!(batch.recorded.last().unwrap().event.kind, EventKind::MapIterationStarted(_)));
        assert_eq!(paused(&ledger).as_deref(), Some("/Each@1#0[0]/Inner 10 {}"));
        // What comes meanwhile changes nothing, nor does who speaks of another pause.
        let late = Resume { pause: 7, ..Resume::default() };
        let batch = ledger.feed(Timestamp(1), [Input::GoOn, Input::Resume(late.into())]).unwrap();
        assert!(batch.recorded.is_empty() && !batch.is_busy);
        resumed(&mut ledger, Resume { input: Some(11.into()), stays: true, ..Resume::default() });
        assert_eq!((paused(&ledger).as_deref(), ledger.pause().unwrap().number), (Some("/Each@1#0[0]/Inner 11 {}"), 2));
        resumed(&mut ledger, Resume::default());
        assert_eq!(paused(&ledger).as_deref(), Some("/Each@1#0[1]/Inner 20 {}"));
        resumed(&mut ledger, Resume { is_step: true, ..Resume::default() });
        assert_eq!(paused(&ledger).as_deref(), Some(r#"/Each@1#0[0]/After 11 {"x":1}"#));
        resumed(&mut ledger, Resume::default());
        assert_eq!(paused(&ledger).as_deref(), Some("/Last [11,20] {}"));
        let batch = resumed(&mut ledger, Resume { variables: Some(Value::empty_object()), ..Resume::default() });
        assert_eq!(batch.finished.unwrap().outcome.unwrap().to_string(), "[11,20]");
    }

    #[test]
    fn its_start_is_recorded_before_it_pauses_and_breakpoints_go() {
        let (mut ledger, batch) = begun(&["Each", "Inner", "Last"]);
        let [started] = &batch.recorded[..] else { panic!("{batch:?}") };
        assert!(matches!(started.event.kind, EventKind::ExecutionStarted { .. }));
        let batch = resumed(&mut ledger, Resume { breakpoints: Some(Arc::default()), ..Resume::default() });
        assert!(batch.finished.is_some());
    }

    #[test]
    fn breakpoints_that_are_set_while_it_pauses_hold() {
        let (mut ledger, _) = begun(&["Each"]);
        let last = ledger.program.model().states().iter().find(|state| &*state.name == "Last").unwrap().id;
        ledger.feed(Timestamp(1), [Input::PauseBefore(Arc::new([last].into()))]).unwrap();
        resumed(&mut ledger, Resume::default());
        assert_eq!(paused(&ledger).as_deref(), Some("/Last [10,20] {}"));
    }

    #[test]
    fn it_can_be_stopped_while_it_pauses() {
        let (mut ledger, _) = begun(&["Last"]);
        let batch = ledger.feed(Timestamp(1), [Input::Stop(Termination::TimedOut)]).unwrap();
        assert_eq!(batch.finished.map(|finished| finished.status), Some(Status::TimedOut));
        assert!(ledger.pause().is_none());
    }
}
