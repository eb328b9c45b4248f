//! A host for tests: tasks are a function, waits take no time, children run one after the other.

use std::ops::Range;

use asl_engine::model::{StateId, TransitionId};
use asl_engine::{
    Ended, Execution, Frame, HistoryEvent, Join, JoinStep, Joined, Next, Now, Outcome, Program, Quotas, Reply, Request,
    TaskRequest, Termination, Timestamp, Value,
};

/// What a task does when it answers: `None` lets its deadline pass.
pub(crate) type Tasks<'a> = &'a mut dyn FnMut(&TaskRequest) -> Option<Outcome>;

/// How an execution went.
#[derive(Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) end: Timestamp,
    pub(crate) steps: Vec<StepTaken>,
}

/// What a step tells of the model.
#[derive(Debug, PartialEq)]
#[allow(dead_code, reason = "not every test target looks at steps")]
pub(crate) struct StepTaken {
    /// The path of the Frame.
    pub(crate) frame: String,
    pub(crate) state: StateId,
    pub(crate) transition: Option<TransitionId>,
    /// Which events are those of the step.
    pub(crate) events: Range<usize>,
    /// Whether it was cut off because the history is full.
    pub(crate) is_cut_off: bool,
}

impl Run {
    /// One line an event: `3<2 PassStateExited`.
    #[allow(dead_code, reason = "not every test target looks at histories")]
    pub(crate) fn history(&self) -> String {
        let line = |event: &HistoryEvent| format!("{}<{} {}", event.id, event.previous_id, event.type_name());
        self.events.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

struct Host<'a> {
    program: &'a Program,
    now: Now,
    events: Vec<HistoryEvent>,
    steps: Vec<StepTaken>,
    tasks: Tasks<'a>,
    saves: bool,
}

/// Runs a definition. With `saves`, every Frame and Join is saved and restored between any two steps, and what a Frame
/// asked for is asked of the restored Frame again; each step tells its stages.
#[allow(dead_code, reason = "not every test target goes without quotas")]
pub(crate) fn run(definition: &str, input: &str, saves: bool, tasks: Tasks<'_>) -> Run {
    // Without AWS's quotas only our own bounds are left.
    run_within(Quotas::NONE, definition, input, saves, tasks)
}

/// The same with quotas. Child executions share the events of the execution here.
pub(crate) fn run_within(quotas: Quotas, definition: &str, input: &str, saves: bool, tasks: Tasks<'_>) -> Run {
    let program = Program::parse(definition).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}"));
    let start = Timestamp::parse("2024-02-29T12:00:00Z").expect("a timestamp");
    let mut execution = Execution::local("machine", "run", input.parse().expect("JSON"), start, 7);
    execution.quotas = quotas;
    let now = Now { stages: saves, ..Now::new(start) };
    let mut host = Host { program: &program, now, events: Vec::new(), steps: Vec::new(), tasks, saves };
    let ended = host.drive(Frame::new(&program, execution)).expect("an execution ends when its history is full");
    Run { outcome: ended.outcome, events: host.events, end: host.now.at, steps: host.steps }
}

impl Host<'_> {
    /// Drives a Frame to its end; nothing where the history is full before.
    fn drive(&mut self, mut frame: Frame) -> Option<Ended> {
        let (mut reply, mut later) = (Reply::Go, None);
        loop {
            frame = self.restored(frame);
            let step = frame.step(self.program, &mut self.now, reply).expect("the reply that was asked for");
            assert_eq!(step.stages.is_some(), self.now.stages);
            let first = self.events.len();
            self.events.extend(step.events);
            self.steps.push(StepTaken {
                frame: frame.path().to_owned(),
                state: step.state,
                transition: step.transition,
                events: first..self.events.len(),
                is_cut_off: matches!(step.next, Next::HistoryFull),
            });
            let asked = match step.next {
                Next::Continue => {
                    reply = Reply::Go;
                    continue;
                }
                Next::Pending => {
                    reply = later.take().expect("a task that was submitted is answered");
                    continue;
                }
                Next::HistoryFull => {
                    reply = full(&frame)?;
                    continue;
                }
                Next::End(ended) => return Some(*ended),
                Next::Ask(request) => request,
            };
            let request = if self.saves { self.asked_again(&frame, &asked) } else { asked };
            reply = match request {
                Request::Task(request) => {
                    let answer = self.answer(&request);
                    if request.resource.contains(".sync") || request.resource.ends_with(".waitForTaskToken") {
                        later = Some(answer);
                        Reply::Submitted(Value::from("submitted"))
                    } else {
                        answer
                    }
                }
                Request::Sleep { until } => {
                    self.now.at = self.now.at.max(until);
                    Reply::Woke
                }
                Request::Fork(join) => match self.join(&frame, *join) {
                    Some(joined) => Reply::Joined(joined),
                    None => full(&frame)?,
                },
            };
        }
    }

    fn answer(&mut self, request: &TaskRequest) -> Reply {
        match (self.tasks)(request) {
            Some(outcome) => Reply::Task(outcome),
            None => {
                self.now.at = request.deadline.expect("a task that never answers has a deadline");
                Reply::DeadlinePassed
            }
        }
    }

    fn join(&mut self, forked: &Frame, mut join: Join) -> Option<Joined> {
        let mut indexes = 0;
        loop {
            join = self.restored_join(join, forked, indexes);
            match join.poll(self.program) {
                JoinStep::Start(index, child) => {
                    indexes = index + 1;
                    let ended = self.drive(*child)?;
                    join.ended(index, ended);
                }
                JoinStep::Ask(request) => {
                    let outcome = (self.tasks)(&request).expect("what a Join asks for is answered");
                    join.answered(outcome);
                }
                JoinStep::Wait | JoinStep::Stop | JoinStep::Redrive(_) => panic!("every child that started has ended"),
                JoinStep::Finish(joined) => return Some(joined),
            }
        }
    }

    fn restored(&self, frame: Frame) -> Frame {
        if !self.saves {
            return frame;
        }
        let saved = again(&frame.save(self.program));
        let restored = saved.restore(self.program, frame.execution()).expect("the same program");
        assert_eq!(restored, frame);
        restored
    }

    /// A Join with children up to `indexes`, of the Frame that has forked.
    fn restored_join(&self, mut join: Join, forked: &Frame, indexes: usize) -> Join {
        if !self.saves {
            return join;
        }
        // All results are saved here, whether they have changed or not.
        drop(join.take_changed_results());
        let results = (0..indexes).filter_map(|index| Some((index, again(&join.saved_result(index)?))));
        let restored = again(&join.save()).restore(self.program, forked, results).expect("the same program");
        assert_eq!(restored, join);
        restored
    }

    fn asked_again(&self, frame: &Frame, asked: &Request) -> Request {
        let again = frame.outstanding(self.program).expect("the Frame waits for something");
        assert_eq!(format!("{again:?}"), format!("{asked:?}"), "in the state {}", frame.state(self.program));
        again
    }
}

/// What is saved and read again.
fn again<T: serde::Serialize + serde::de::DeserializeOwned>(saved: &T) -> T {
    let text = serde_json::to_string(saved).expect("it can be saved");
    serde_json::from_str(&text).expect("it can be restored")
}

/// What the execution's own Frame is told when the history is full; all others are forgotten.
fn full(frame: &Frame) -> Option<Reply> {
    frame.path().is_empty().then_some(Reply::Terminate(Termination::HistoryFull))
}

/// A task that answers with its input.
#[allow(dead_code, reason = "not every test target calls tasks")]
pub(crate) fn echo(request: &TaskRequest) -> Option<Outcome> {
    Some(Ok(request.input.clone()))
}
