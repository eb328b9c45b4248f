//! Simulation: an execution on virtual time runs at once, and its clock jumps from one thing due to the next.

use std::sync::Arc;

use asl_engine::{Execution, Failure, HistoryEvent, Outcome, Program, Reply, TaskRequest, Termination, Timestamp};

use crate::ledger::{Batch, Bug, Effect, Finished, Input, Ledger, WaitId};
use crate::timers::Timers;

/// What a task answers on virtual time.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What comes at once, before the answer: that a worker has started, what was submitted.
    pub before: Vec<Reply>,
    /// The answer; `None` is a task that never answers.
    pub outcome: Option<Outcome>,
    /// How a task fails that is not answered in time, where that is told; else with `States.Timeout` alone.
    pub times_out: Option<Failure>,
    /// How long it takes to come.
    pub after_millis: i64,
    /// How often a heartbeat comes, where any do.
    pub heartbeat_millis: Option<i64>,
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
    /// A mistake of ours.
    #[error(transparent)]
    Bug(#[from] Bug),
}

/// An execution on virtual time, step by step. `answer` stands for its tasks: it is told what they are sent, and when.
///
/// ```
/// use std::sync::Arc;
/// use asl_engine::{Execution, Program, TaskRequest, Timestamp, Value};
/// use asl_runtime::Ledger;
/// use asl_runtime::simulation::{Answer, Simulation};
///
/// let definition = r#"{"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 60, "End": true}}}"#;
/// let program = Arc::new(Program::parse(definition).unwrap());
/// let execution = Execution::local("sleep", "run", Value::Null, Timestamp(0), 0);
/// let answer = |_: &TaskRequest, _: Timestamp| Answer::from(Ok(Value::Null));
/// let mut simulation = Simulation::new(Ledger::new(program, execution), Timestamp(0), answer);
/// assert_eq!(simulation.step().unwrap().unwrap().recorded.len(), 2);
/// assert_eq!(simulation.step().unwrap().unwrap().recorded.len(), 2);
/// assert_eq!(simulation.at(), Timestamp(60_000));
/// assert!(simulation.step().unwrap().is_none());
/// ```
pub struct Simulation<A> {
    ledger: Ledger,
    timers: Timers,
    at: Timestamp,
    answer: A,
    /// What the last Batch asked for.
    effects: Vec<Effect>,
    /// What is fed next.
    inputs: Vec<Input>,
}

impl<A: FnMut(&TaskRequest, Timestamp) -> Answer> Simulation<A> {
    /// A simulation of an execution that is new, or that goes on at this time.
    pub fn new(ledger: Ledger, at: Timestamp, answer: A) -> Self {
        let effects = ledger.open().collect();
        Self { ledger, timers: Timers::default(), at, answer, effects, inputs: vec![Input::Start] }
    }

    /// The time that it has come to.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Lets an execution go on at this time that has ended without success, with the next step: see [`Input::Redrive`].
    pub fn redrive(&mut self, at: Timestamp) {
        self.at = self.at.max(at);
        self.inputs = vec![Input::Redrive];
    }

    /// Tells the execution something with the next step: where it pauses ([`Ledger::pause`]), nothing happens before [`Input::Resume`].
    pub fn tell(&mut self, input: Input) {
        self.inputs.push(input);
    }

    /// Stops the execution with the next step.
    pub fn stop(&mut self, termination: Termination) {
        self.inputs.push(Input::Stop(termination));
    }

    /// The execution as the last step has left it.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Does what the last Batch asked for, goes to the time when something is due, and takes it in: everything that is due at the
    /// same time at once. None when the execution has ended.
    pub fn step(&mut self) -> Result<Option<Batch>, Stuck> {
        if self.ledger.finished().is_some() && !self.inputs.contains(&Input::Redrive) {
            return Ok(None);
        }
        for effect in std::mem::take(&mut self.effects) {
            self.perform(effect)?;
        }
        if self.inputs.is_empty() {
            self.wait()?;
        }
        let mut batch = self.ledger.feed(self.at, self.inputs.drain(..))?;
        self.effects = std::mem::take(&mut batch.effects);
        if batch.is_busy {
            self.inputs.push(Input::GoOn);
        }
        Ok(Some(batch))
    }

    fn perform(&mut self, effect: Effect) -> Result<(), Stuck> {
        match effect {
            // What was told before a crash is told again, and recorded once.
            Effect::Call(wait, request) | Effect::Resume(wait, request, _) => self.call(wait, &request)?,
            Effect::Sleep(wait, until) => self.timers.set(wait, until, Reply::Woke),
            Effect::Cancel(wait) => self.timers.cancel(wait),
        }
        Ok(())
    }

    fn call(&mut self, wait: WaitId, request: &TaskRequest) -> Result<(), Stuck> {
        let answer = (self.answer)(request, self.at);
        if let Some(reason) = answer.refused {
            return Err(Stuck::Refused(reason));
        }
        self.inputs.extend(answer.before.into_iter().map(|before| Input::Reply(wait, before)));
        let answered = answer.outcome.map(|outcome| (self.at.plus_millis(answer.after_millis), outcome));
        let is_kept_alive = answer
            .heartbeat_millis
            .zip(request.heartbeat_seconds)
            .is_some_and(|(every, at_most)| (1..=at_most.saturating_mul(1000)).contains(&every));
        let gives_up = if is_kept_alive { request.deadline } else { request.gives_up(self.at) };
        match (answered, gives_up) {
            (Some((when, outcome)), None) => self.timers.set(wait, when, Reply::Task(outcome)),
            (Some((when, outcome)), Some(deadline)) if when < deadline || when == self.at => {
                self.timers.set(wait, when, Reply::Task(outcome));
            }
            (_, Some(deadline)) => {
                let reply = answer.times_out.map_or(Reply::DeadlinePassed, Reply::TimedOut);
                self.timers.set(wait, deadline, reply);
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Goes to the time when something is due.
    fn wait(&mut self) -> Result<(), Stuck> {
        let deadline = self.ledger.deadline();
        let next = self.timers.next().into_iter().chain(deadline).min().ok_or(Stuck::Forever)?;
        self.at = self.at.max(next);
        if deadline.is_some_and(|deadline| deadline <= self.at) {
            self.inputs.push(Input::Stop(Termination::TimedOut));
        }
        while let Some((wait, reply)) = self.timers.take_due(self.at) {
            self.inputs.push(Input::Reply(wait, reply));
        }
        Ok(())
    }
}

/// Runs an execution to its end. `answer` stands for the tasks; `record` gets the events in their order.
///
/// ```
/// use std::sync::Arc;
/// use asl_engine::{Execution, Program, Timestamp, Value};
/// use asl_runtime::simulation;
///
/// let definition = r#"{"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 31536000, "End": true}}}"#;
/// let program = Arc::new(Program::parse(definition).unwrap());
/// let execution = Execution::local("sleep", "run", Value::from("dreams"), Timestamp(0), 0);
/// let mut events = Vec::new();
/// let finished =
///     simulation::run(program, execution, |_| Ok(Value::Null).into(), |event| events.push(event)).unwrap();
/// assert_eq!(finished.outcome, Ok(Value::from("dreams")));
/// assert_eq!(events.last().unwrap().timestamp.to_string(), "1971-01-01T00:00:00.000Z");
/// ```
pub fn run(
    program: Arc<Program>,
    execution: Execution,
    mut answer: impl FnMut(&TaskRequest) -> Answer,
    mut record: impl FnMut(HistoryEvent),
) -> Result<Finished, Stuck> {
    let at = execution.start_time;
    let mut simulation = Simulation::new(Ledger::new(program, execution), at, |request, _| answer(request));
    loop {
        let Some(batch) = simulation.step()? else { return Err(Stuck::Forever) };
        batch.recorded.into_iter().for_each(|recorded| record(recorded.event));
        if let Some(finished) = batch.finished {
            return Ok(finished);
        }
    }
}
