//! An execution on virtual time, with mocks in the place of all tasks.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl_engine::model::StateId;
use asl_engine::{Execution, Failure, Reply, TaskRequest, Termination, Timestamp};
use asl_runtime::simulation::{Answer, Simulation, Stuck};
use asl_runtime::{Finished, Input, Ledger, Pause, Recorded, Resume};
use asl_tasks::{MockedAnswer, Mocks};

use crate::executions::ExecutionOptions;
use crate::start::{Start, execution};
use crate::state_machines::StateMachine;

/// An execution on virtual time that has ended.
#[derive(Clone, Debug)]
pub struct Mocked {
    /// The execution.
    pub execution: Arc<Execution>,
    /// Its status, and its output or its failure.
    pub finished: Finished,
    /// When it ended, on its own clock.
    pub at: Timestamp,
    /// What happened, where that is kept.
    pub recorded: Vec<Recorded>,
}

/// Runs a state machine with mocks in the place of all tasks, on a clock that jumps: nothing is called, nothing is waited for. Where it
/// pauses, `ask` says how it goes on, or why it is stopped.
pub fn run_mocked(
    machine: &StateMachine,
    start: &Start,
    mocks: &Mocks,
    options: ExecutionOptions,
    breakpoints: Arc<BTreeSet<StateId>>,
    mut ask: impl FnMut(&Pause) -> Result<Resume, Failure>,
) -> Result<Mocked, Stuck> {
    let execution = execution(machine, start, options.quotas);
    let at = execution.start_time;
    let ledger =
        Ledger::new(machine.program.clone(), execution.clone()).with_waits(mocks.waits().clone()).pausing(breakpoints);
    let ledger = if options.keeps_histories { ledger.recording_children() } else { ledger };
    let mut simulation = Simulation::new(ledger, at, |request: &TaskRequest, _| answer(mocks, request));
    let mut recorded = Vec::new();
    while let Some(batch) = simulation.step()? {
        if options.keeps_histories {
            recorded.extend(batch.recorded);
        }
        if let Some(pause) = simulation.ledger().pause() {
            let told = match ask(pause) {
                Ok(resume) => Input::Resume(Box::new(resume)),
                Err(failure) => Input::Stop(Termination::Aborted(failure)),
            };
            simulation.tell(told);
        }
        if let Some(finished) = batch.finished {
            return Ok(Mocked { execution: execution.into(), finished, at: simulation.at(), recorded });
        }
    }
    Err(Stuck::Forever)
}

fn answer(mocks: &Mocks, request: &TaskRequest) -> Answer {
    let before = request.is_activity().then_some(Reply::Started { worker_name: None }).into_iter().collect();
    match mocks.answer(request) {
        Ok(MockedAnswer { outcome, after }) => {
            let after_millis = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
            let answer = Answer { before, after_millis, ..Answer::default() };
            match outcome {
                // A mocked timeout is one: the time runs out, and the history says so.
                Err(failure)
                    if failure.error.as_deref() == Some("States.Timeout")
                        && request.gives_up(Timestamp(0)).is_some() =>
                {
                    Answer { times_out: Some(failure), ..answer }
                }
                outcome => Answer { outcome: Some(outcome), ..answer },
            }
        }
        Err(unmocked) => Answer { refused: Some(unmocked.to_string()), ..Answer::default() },
    }
}
