//! Runs one case on virtual time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use asl_engine::{Execution, HistoryEvent, Program, Span, TaskRequest, Value};
use asl_runtime::simulation::{Simulation, Stuck};
use asl_runtime::{Effect, Finished, Ledger, Recorded};

use crate::coverage::Taken;
use crate::expectations::{Seen, Unmet, variables};
use crate::history::{HistoryLine, to_text};
use crate::mocks::{Answering, CallMade};
use crate::state_case::StateCase;
use crate::test_file::{Case, TestFile};
use crate::way::Way;

/// How a case went.
#[derive(Debug)]
pub struct CaseResult {
    /// What came of it.
    pub verdict: Verdict,
    /// How long the execution took, in virtual milliseconds.
    pub millis: i64,
    /// The transitions that it took.
    pub taken: Taken,
    /// The state machines that were started in it and ran, by name, and what was taken of them.
    pub started: Vec<(String, Taken)>,
    /// The file that the history is to be kept in, and its text, where that is asked for.
    pub history: Option<(PathBuf, String)>,
    /// The mocks of the case that answered nothing, by the place of their keys.
    pub unused: Vec<(String, Span)>,
}

/// What came of a case.
#[derive(Debug)]
pub enum Verdict {
    /// All that was expected has come.
    Passed,
    /// Something has not.
    Failed(Box<Failed>),
    /// asl itself made a mistake.
    Bug(String),
}

/// What there is to tell of a case that failed.
#[derive(Debug)]
pub struct Failed {
    /// What has not come; empty where the execution could not go on.
    pub unmet: Vec<Unmet>,
    /// Why the execution could not go on, where it could not.
    pub stuck: Option<String>,
    /// The state whose task has no answer, where that is why.
    pub stuck_in: Option<Arc<str>>,
    /// How it ended, where it did.
    pub finished: Option<Finished>,
    /// The way that it took.
    pub way: Way,
    /// What its tasks were sent.
    pub calls: Vec<CallMade>,
    /// What happened.
    pub events: Vec<HistoryEvent>,
}

/// How far an execution may go.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// In virtual milliseconds.
    pub(crate) millis: i64,
    /// How many events.
    pub(crate) events: usize,
}

/// An execution on virtual time: what happened, as far as it came.
pub(crate) struct Ran {
    /// The ARN of the execution.
    pub(crate) arn: Arc<str>,
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) ended: Result<Finished, Stuck>,
    pub(crate) taken: Taken,
    pub(crate) millis: i64,
    /// The states whose tasks have not answered at the end.
    pub(crate) waiting: BTreeSet<Arc<str>>,
}

impl Case {
    /// Runs the case. `seed` is that of the whole run.
    pub fn run(&self, file: &TestFile, seed: u64) -> CaseResult {
        if let Some(state) = &self.state {
            return self.test_state(state, file);
        }
        let mut answering = Answering::new(file, self, self.seed.unwrap_or(seed));
        let ran = self.execute(file, &mut answering);
        let model = file.program.model();
        let way = Way::of(&ran.recorded, model);
        let unused = answering.unused();
        let started: Vec<(String, Taken)> = std::mem::take(&mut answering.started.taken)
            .into_iter()
            .map(|(name, taken)| (name.to_owned(), taken))
            .collect();
        let lines = self.lines(&ran);
        let ended = answering.started.bug.take().map_or(ran.ended, |bug| Err(Stuck::Bug(bug)));
        let (finished, stuck) = match ended {
            Ok(finished) => (Some(finished), None),
            Err(Stuck::Bug(bug)) => {
                let (verdict, millis, taken) = (Verdict::Bug(bug.to_string()), ran.millis, ran.taken);
                return CaseResult { verdict, millis, taken, started, history: None, unused };
            }
            Err(Stuck::Forever) if !ran.waiting.is_empty() => {
                let states: Vec<String> = ran.waiting.iter().map(|state| format!("'{state}'")).collect();
                let told =
                    format!("nothing can happen any more: {} without a timeout never answers", states.join(", "));
                (None, Some(told))
            }
            Err(stuck) => (None, Some(stuck.to_string())),
        };
        let unmet = finished.as_ref().map_or_else(Vec::new, |finished| {
            let variables = variables(&ran.recorded);
            let (calls, millis) = (&answering.calls[..], ran.millis);
            self.expectations.unmet(&Seen {
                finished,
                way: &way,
                calls,
                variables: &variables,
                history: &lines,
                tokens: &answering.tokens,
                millis,
            })
        });
        let history = self.expectations.history.as_ref().map(|expected| (expected.file.clone(), to_text(&lines)));
        let verdict = match stuck.is_none() && unmet.is_empty() {
            true => Verdict::Passed,
            false => {
                let own = ran.recorded.into_iter().filter(|recorded| *recorded.execution.arn == *ran.arn);
                let events = own.map(|recorded| recorded.event).collect();
                Verdict::Failed(Box::new(Failed {
                    unmet,
                    stuck,
                    finished,
                    way,
                    stuck_in: answering.refused_in,
                    calls: answering.calls,
                    events,
                }))
            }
        };
        CaseResult { verdict, millis: ran.millis, taken: ran.taken, started, history, unused }
    }

    /// What happens when the case runs, an event a line; nothing for a case of one state.
    pub fn history(&self, file: &TestFile, seed: u64) -> Vec<HistoryLine> {
        if self.state.is_some() {
            return Vec::new();
        }
        let mut answering = Answering::new(file, self, self.seed.unwrap_or(seed));
        self.lines(&self.execute(file, &mut answering))
    }

    fn lines(&self, ran: &Ran) -> Vec<HistoryLine> {
        let own = ran.recorded.iter().filter(|recorded| *recorded.execution.arn == *ran.arn);
        own.map(|recorded| HistoryLine::of(&recorded.event, self.start)).collect()
    }

    fn test_state(&self, state: &StateCase, file: &TestFile) -> CaseResult {
        let json = file.definition.json().unwrap_or_default();
        let tested = state.unmet(json, &self.input, self.start, self.span);
        let (unmet, stuck) = match tested {
            Ok(unmet) => (unmet, None),
            Err(refused) => (Vec::new(), Some(refused)),
        };
        let verdict = match stuck.is_none() && unmet.is_empty() {
            true => Verdict::Passed,
            false => {
                let (calls, events) = (Vec::new(), Vec::new());
                Verdict::Failed(Box::new(Failed {
                    unmet,
                    stuck,
                    stuck_in: None,
                    finished: None,
                    way: Way::default(),
                    calls,
                    events,
                }))
            }
        };
        let taken = Taken::new(file.program.model());
        CaseResult { verdict, millis: 0, taken, started: Vec::new(), history: None, unused: Vec::new() }
    }

    /// Runs the execution to its end.
    pub(crate) fn execute(&self, file: &TestFile, answering: &mut Answering<'_>) -> Ran {
        self.execute_with(self.input.clone(), file, answering)
    }

    /// The same with another input.
    pub(crate) fn execute_with(&self, input: Value, file: &TestFile, answering: &mut Answering<'_>) -> Ran {
        execute(&file.program, self.execution(input, &file.machine(), answering.seed), answering)
    }

    /// The execution that starts. An ARN of one says in which account and region it is, and what its machine is called.
    fn execution(&self, input: Value, machine: &str, seed: u64) -> Execution {
        let parts: Vec<&str> = self.execution.splitn(8, ':').collect();
        let local = |machine: &str, name: &str| Execution::local(machine, name, input.clone(), self.start, seed);
        let execution = match parts[..] {
            ["arn", _, "states", _, _, "execution", machine, name] => Execution {
                arn: self.execution.as_str().into(),
                state_machine_arn: self
                    .execution
                    .replacen(":execution:", ":stateMachine:", 1)
                    .rsplit_once(':')
                    .map_or("", |(arn, _)| arn)
                    .into(),
                ..local(machine, name)
            },
            _ => local(machine, &self.execution),
        };
        match &self.role {
            Some(role) => Execution { role_arn: role.as_str().into(), ..execution },
            None => execution,
        }
    }
}

/// Runs an execution to its end, on virtual time from its start; one that goes beyond the bound is refused there.
pub(crate) fn execute(program: &Arc<Program>, execution: Execution, answering: &mut Answering<'_>) -> Ran {
    let (arn, start, bound) = (execution.arn.clone(), execution.start_time, answering.bound);
    let waits = Arc::new(answering.mocks().waits());
    let ledger = Ledger::new(program.clone(), execution).recording_children().with_waits(waits);
    let mut simulation = Simulation::new(ledger, start, |request: &TaskRequest, at| answering.answer(request, at));
    let (mut recorded, mut taken) = (Vec::new(), Taken::new(program.model()));
    let ended = loop {
        match simulation.step() {
            Ok(Some(batch)) => {
                taken.add(&batch, program);
                recorded.extend(batch.recorded);
                if let Some(finished) = batch.finished {
                    break Ok(finished);
                }
                let millis = simulation.at().0 - start.0;
                if bound.is_some_and(|bound| millis > bound.millis || recorded.len() > bound.events) {
                    break Err(Stuck::Refused("it goes on for too long".to_owned()));
                }
            }
            // It ends with a Batch that says so.
            Ok(None) => break Err(Stuck::Forever),
            Err(stuck) => break Err(stuck),
        }
    };
    // Only who waits for ever is told which tasks for.
    let open =
        simulation.ledger().open().filter(|_| matches!(ended, Err(Stuck::Forever))).filter_map(|effect| match effect {
            Effect::Call(_, request) | Effect::Resume(_, request, _) => Some(request.state.clone()),
            Effect::Sleep(..) | Effect::Cancel(_) => None,
        });
    let waiting = open.collect();
    Ran { arn, recorded, ended, taken, millis: simulation.at().0 - start.0, waiting }
}
