//! Runs an execution whose host crashes all the time.
//!
//! After every Batch the ledger is saved as text, dropped and restored. What the Batch asked for is then done as it should be, or
//! done twice, or lost with all that is under way: then what [`Ledger::open`] tells is done.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use asl_engine::{Execution, Program, Reply, TaskRequest, Termination, Timestamp};
use asl_runtime::simulation::Answer;
use asl_runtime::{Effect, Finished, Input, Ledger, Recorded, Saved, Saver, WaitId};

/// How an execution went.
#[derive(Debug, PartialEq)]
pub(crate) struct Restarted {
    pub(crate) finished: Finished,
    /// With what happened in child executions.
    pub(crate) recorded: Vec<Recorded>,
    /// Every task that was called, once.
    pub(crate) asked: Vec<Arc<TaskRequest>>,
}

/// What comes of an effect, however often it is performed.
struct Outcome {
    /// The order in which effects were performed first.
    order: usize,
    before: Vec<Reply>,
    after: Option<(Timestamp, Reply)>,
}

struct Host<'a> {
    answer: &'a mut dyn FnMut(&TaskRequest) -> Answer,
    at: Timestamp,
    known: HashMap<WaitId, Outcome>,
    requests: HashMap<WaitId, Arc<TaskRequest>>,
    asked: Vec<Arc<TaskRequest>>,
    now: BTreeMap<(usize, usize), Input>,
    due: BTreeMap<(Timestamp, usize), Input>,
}

/// Chances that are the same for the same seed; 0 loses and doubles nothing.
#[allow(dead_code, reason = "not every test target has its own")]
pub(crate) fn chances(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        if seed == 0 {
            return 1;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    }
}

/// Runs an execution to its end; nothing where every Frame waits for a task that never answers. `chance` says what happens to the
/// effects of each Batch.
pub(crate) fn run(
    program: &Arc<Program>,
    execution: Execution,
    answer: &mut dyn FnMut(&TaskRequest) -> Answer,
    mut chance: impl FnMut() -> u64,
) -> Option<Restarted> {
    let at = execution.start_time;
    let mut host = Host {
        answer,
        at,
        known: HashMap::new(),
        requests: HashMap::new(),
        asked: Vec::new(),
        now: BTreeMap::new(),
        due: BTreeMap::new(),
    };
    let (mut ledger, mut saver) = (Ledger::new(program.clone(), execution).recording_children(), Saver::default());
    let (mut saved, mut recorded, mut inputs) = (Saved::default(), Vec::new(), vec![Input::Start]);
    loop {
        let batch = ledger.feed(host.at, inputs.drain(..)).expect("a sound host");
        saved.apply(saver.save(&ledger, &batch));
        let text = serde_json::to_string(&saved).expect("it can be saved");
        let read: Saved = serde_json::from_str(&text).expect("it can be read");
        (ledger, saver) = Ledger::restore(program.clone(), read).expect("it can be restored");
        assert_eq!(ledger.finished(), batch.finished.as_ref());
        recorded.extend(batch.recorded);
        if let Some(finished) = batch.finished {
            return Some(Restarted { finished, recorded, asked: host.asked });
        }
        let chance = chance() % 3;
        if chance == 0 {
            host.due.clear();
            host.now.clear();
            ledger.open().for_each(|effect| host.perform(effect, 1));
        } else {
            batch.effects.into_iter().for_each(|effect| host.perform(effect, chance as usize));
        }
        inputs.extend(std::mem::take(&mut host.now).into_values());
        match batch.is_busy {
            true => inputs.push(Input::GoOn),
            false if inputs.is_empty() => inputs = host.wait(ledger.deadline())?,
            false => {}
        }
    }
}

impl Host<'_> {
    fn perform(&mut self, effect: Effect, times: usize) {
        let order = self.known.len();
        let wait = match effect {
            Effect::Call(wait, request) | Effect::Resume(wait, request, _) => {
                match self.requests.get(&wait) {
                    Some(known) => assert_eq!(*known, request, "what is asked again is what was asked"),
                    None => {
                        let outcome = self.call(order, &request);
                        self.known.insert(wait, outcome);
                        self.asked.push(request.clone());
                        self.requests.insert(wait, request);
                    }
                }
                wait
            }
            Effect::Sleep(wait, until) => {
                self.known.entry(wait).or_insert(Outcome {
                    order,
                    before: Vec::new(),
                    after: Some((until, Reply::Woke)),
                });
                wait
            }
            Effect::Cancel(wait) => {
                let others = |input: &Input| !matches!(input, Input::Reply(of, _) if *of == wait);
                self.due.retain(|_, input| others(input));
                return self.now.retain(|_, input| others(input));
            }
        };
        let Some(outcome) = self.known.get(&wait) else { return };
        for time in 0..times {
            let order = 2 * outcome.order + time;
            for (at, before) in outcome.before.iter().enumerate() {
                self.now.insert((order, at), Input::Reply(wait, before.clone()));
            }
            if let Some((when, reply)) = &outcome.after {
                self.due.insert((*when, order), Input::Reply(wait, reply.clone()));
            }
        }
    }

    /// What a task answers, as on virtual time.
    fn call(&mut self, order: usize, request: &TaskRequest) -> Outcome {
        let answer = (self.answer)(request);
        let answered = answer.outcome.map(|outcome| (self.at.plus_millis(answer.after_millis), Reply::Task(outcome)));
        let late = answer.times_out.map_or(Reply::DeadlinePassed, Reply::TimedOut);
        let after = match (answered, request.gives_up(self.at)) {
            (Some((when, reply)), deadline) if deadline.is_none_or(|deadline| when < deadline || when == self.at) => {
                Some((when, reply))
            }
            (_, deadline) => deadline.map(|deadline| (deadline, late)),
        };
        Outcome { order, before: answer.before, after }
    }

    /// Goes to the time when something is due.
    fn wait(&mut self, deadline: Option<Timestamp>) -> Option<Vec<Input>> {
        let next = self.due.first_key_value().map(|((when, _), _)| *when).into_iter().chain(deadline).min()?;
        self.at = self.at.max(next);
        let mut inputs = Vec::new();
        if deadline.is_some_and(|deadline| deadline <= self.at) {
            inputs.push(Input::Stop(Termination::TimedOut));
        }
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= self.at) {
            inputs.push(entry.remove());
        }
        Some(inputs)
    }
}
