//! The executions that a case starts: state machines whose definitions are at hand run for real, on the same virtual time.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use asl_engine::{Execution, Failure, Program, Quotas, Reply, Span, TaskRequest, Timestamp};
use asl_project::{StartError, StartRequest, StateMachine};
use asl_runtime::Bug;
use asl_runtime::simulation::{Answer, Stuck};

use crate::coverage::Taken;
use crate::fuzz::is_of_data;
use crate::mocks::{Answering, Mock, Mocks, refused};
use crate::run::execute;
use crate::state_machines::{Found, name_of, starts_execution};
use crate::test_file::TestFile;

/// How many executions may wait for one another.
const DEEPEST: usize = 16;

/// What was started in one run.
#[derive(Default)]
pub(crate) struct Started<'a> {
    /// The state machines whose executions run within one another, the innermost last.
    pub(crate) running: Vec<&'a str>,
    /// Which mocks of each state machine have answered.
    used: BTreeMap<&'a str, Vec<bool>>,
    /// What was taken of each.
    pub(crate) taken: BTreeMap<&'a str, Taken>,
    /// The ARNs of the executions.
    arns: HashSet<Arc<str>>,
    /// The last failure of one, and which.
    pub(crate) failed: Option<(&'a str, Failure)>,
    /// A mistake of ours.
    pub(crate) bug: Option<Bug>,
}

impl Started<'_> {
    /// How many executions were started.
    pub(crate) fn count(&self) -> usize {
        self.arns.len()
    }
}

static NO_MOCKS: Mocks = Mocks(Vec::new());

impl<'a> Answering<'a> {
    /// The mocks of the state machine whose execution runs.
    pub(crate) fn mocks(&self) -> &'a Mocks {
        match self.started.running.last() {
            Some(name) => self.case.started_mocks.get(*name).unwrap_or(&NO_MOCKS),
            None => &self.case.mocks,
        }
    }

    /// Takes note that one of them answers.
    pub(crate) fn use_mock(&mut self, at: usize) {
        let mocks = self.mocks();
        let used = match self.started.running.last() {
            Some(name) => self.started.used.entry(*name).or_insert_with(|| vec![false; mocks.0.len()]),
            None => &mut self.used,
        };
        used[at] = true;
    }

    /// The mocks of the case itself that have answered nothing: their keys, and the places of these.
    pub(crate) fn unused(&self) -> Vec<(String, Span)> {
        let own = self.case.mocks.0.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(mock, _)| mock);
        let started = self.case.started_mocks.iter().flat_map(|(name, mocks)| {
            let used = self.started.used.get(name.as_str());
            let is_used = move |at: usize| used.is_some_and(|used| used[at]);
            mocks.0.iter().enumerate().filter(move |(at, mock)| !is_used(*at) && !mock.takes_time_only())
        });
        let unused = own.chain(started.map(|(_, mock)| mock)).filter(|mock| mock.is_own);
        unused.map(|mock: &Mock| (mock.key.text.clone(), mock.span)).collect()
    }

    /// Why a task without a mock has no answer.
    pub(crate) fn unmocked(&self, request: &TaskRequest) -> String {
        let (state, resource) = (&request.state, &request.resource);
        let calls = format!("the state '{state}' calls {resource}, and has no mock: say below");
        match self.started.running.last() {
            Some(name) => format!("{calls} 'state_machines: {{{name}: {{mocks: …}}}}' what it answers"),
            None if starts_execution(resource) => {
                let name = name_of(StartRequest(request).state_machine_arn()).to_owned();
                format!(
                    "{calls} 'mocks' what it answers, or below 'state_machines' where the definition of '{name}' is"
                )
            }
            None => format!("{calls} 'mocks' what it answers"),
        }
    }

    /// The state machine that a task starts, with its name, where it is at hand.
    pub(crate) fn machine(&self, request: &TaskRequest) -> Option<(&'a str, &'a Found)> {
        starts_execution(&request.resource).then_some(())?;
        let file: &'a TestFile = self.file;
        file.state_machines.get(name_of(StartRequest(request).state_machine_arn()))
    }

    /// Runs an execution that a task starts at this time, to its end, and answers the task.
    pub(crate) fn start(
        &mut self,
        name: &'a str,
        program: &Arc<Program>,
        request: &TaskRequest,
        at: Timestamp,
    ) -> Answer {
        if self.started.running.len() >= DEEPEST {
            return refused(format!("the state machine '{name}' is started within {DEEPEST} others"));
        }
        let asked = StartRequest(request);
        let start = asked.start().and_then(|start| {
            let refused = |error| asked.refused(&error);
            start.check(Quotas::default()).map(|()| start).map_err(refused)
        });
        let start = match start {
            Ok(start) => start,
            Err(failure) => return Answer::from(Err(failure)),
        };
        let execution = Execution::local(name, &start.name, start.input, at, self.seed);
        let execution = match StateMachine::arn_and_name(asked.state_machine_arn()) {
            Ok((arn, _)) => Execution {
                arn: format!("{}:{}", arn.replacen(":stateMachine:", ":execution:", 1), start.name).into(),
                state_machine_arn: arn,
                input_text: start.input_text,
                ..execution
            },
            // A placeholder, whose ARN nobody knows.
            Err(_) => Execution { input_text: start.input_text, ..execution },
        };
        if !self.started.arns.insert(execution.arn.clone()) {
            return Answer::from(Err(asked.refused(&StartError::AlreadyExists(execution.arn.clone()))));
        }
        self.started.running.push(name);
        let ran = execute(program, execution.clone(), self);
        self.started.running.pop();
        self.started.taken.entry(name).or_insert_with(|| Taken::new(program.model())).merge(&ran.taken);
        let failure = ran.ended.as_ref().ok().and_then(|finished| finished.outcome.as_ref().err());
        // What fails because another one did says so.
        if let Some(failure) = failure.filter(|failure| is_of_data(failure) || self.started.failed.is_none()) {
            self.started.failed = Some((name, failure.clone()));
        }
        let submitted = asked.submitted(&execution);
        let ended = match ran.ended {
            Ok(finished) => Some(asked.ended(&execution, &finished, at.plus_millis(ran.millis))),
            Err(Stuck::Forever) => None,
            Err(Stuck::Refused(told)) => return refused(told),
            Err(Stuck::Bug(bug)) => {
                let told = bug.to_string();
                self.started.bug.get_or_insert(bug);
                return refused(told);
            }
        };
        match asked.waits() {
            true => Answer {
                before: vec![Reply::Submitted(submitted)],
                outcome: ended,
                after_millis: ran.millis,
                ..Answer::default()
            },
            false => Answer::from(Ok(submitted)),
        }
    }
}
