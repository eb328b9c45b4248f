//! Drives one state, with the mock for its work.

use std::sync::Arc;

use super::check::{Subject, waits};
use super::handlers::verdicts;
use super::{Mock, MockCheck, Stage, Status, TestState, Tested};
use crate::context::Execution;
use crate::definition::STATE_NAME;
use crate::frame::{Ended, Frame, Join, JoinStep, Joined, Next, Now, Reply, Request, Stages};
use crate::item_reader::InputType;
use crate::program::{Kind, State};
use crate::task::{Failure, Outcome};
use crate::value::Value;

/// How long AWS lets a test run. AWS API reference, `TestState`.
const LONGEST_MILLIS: i64 = 300_000;

/// How the work on the state came to its end.
enum Over {
    /// The next state comes.
    Left,
    /// The scope is over.
    Ended(Outcome),
    /// A Retrier waits.
    Retried { seconds: i64 },
}

/// Runs a state whose request was checked.
pub(super) fn run(test: &TestState<'_>, subject: &Subject) -> Tested {
    let state = subject.state();
    let context = test.context.clone().unwrap_or_else(|| context(test, state));
    let execution = Execution::local(STATE_NAME, STATE_NAME, test.input.clone(), test.at, 0);
    let mut frame = Frame::tested(&subject.program, execution, subject.place, test.variables.clone(), context);
    let mut stages = Stages::default();
    let over = drive(test, subject, &mut frame, &mut stages);
    let next_state: Arc<str> = frame.state(&subject.program).clone();
    let output = frame.input().clone();
    let variables = frame.variables().clone();
    let mut tested = Tested {
        status: Status::Succeeded,
        output: None,
        failure: stages.failure,
        next_state: None,
        state_name: state.name.clone(),
        state_type: state.state_type(),
        stages: stages.data,
        variables,
        handlers: Vec::new(),
        retry_backoff_seconds: None,
        mock_check: MockCheck::NotNeeded,
    };
    match over {
        Over::Left => {
            if tested.failure.is_some() {
                tested.status = Status::CaughtError;
            }
            (tested.output, tested.next_state) = (Some(output), Some(next_state));
        }
        Over::Ended(Ok(output)) => tested.output = Some(output),
        Over::Ended(Err(failure)) => (tested.status, tested.failure) = (Status::Failed, Some(failure)),
        Over::Retried { seconds } => {
            (tested.status, tested.retry_backoff_seconds) = (Status::Retriable, Some(seconds));
        }
    }
    if let Some(failure) = &tested.failure {
        tested.handlers = verdicts(state, failure.error.as_deref(), tested.status);
    }
    tested
}

fn drive(test: &TestState<'_>, subject: &Subject, frame: &mut Frame, stages: &mut Stages) -> Over {
    let state = subject.state();
    let mut now = Now { stages: true, ..Now::new(test.at) };
    let mut reply = Reply::Go;
    loop {
        let step = frame.step(&subject.program, &mut now, reply).expect("a reply to what was asked");
        step.stages.into_iter().for_each(|later| stages.extend(*later));
        reply = match step.next {
            Next::Continue if frame.is_between_states() => return Over::Left,
            Next::Continue => Reply::Go,
            Next::End(ended) => return Over::Ended(ended.outcome),
            Next::Ask(Request::Sleep { until }) if matches!(state.kind, Kind::Wait(_)) => {
                if until > test.at.plus_millis(LONGEST_MILLIS) {
                    return Over::Ended(Err(Failure::timeout()));
                }
                Reply::Woke
            }
            Next::Ask(Request::Sleep { until }) => {
                return Over::Retried { seconds: until.0.saturating_sub(now.at.0) / 1000 };
            }
            Next::Ask(Request::Task(_)) => Reply::Task(work(test, state, frame)),
            Next::Ask(Request::Fork(join)) => Reply::Joined(match joined(test, subject, stages, *join) {
                Ok(()) => Joined { outcome: work(test, state, frame), last_event: 0, failed_in: Vec::new() },
                Err(failed) => failed,
            }),
            Next::Pending | Next::HistoryFull => unreachable!("a task answers at once, and a state has few events"),
        };
    }
}

/// Prepares the branches or iterations, none of which runs: those that failed do so at once.
fn joined(test: &TestState<'_>, subject: &Subject, stages: &mut Stages, mut join: Join) -> Result<(), Joined> {
    // Where nothing is said of failures, AWS tolerates all of them.
    let tolerates = [Stage::ToleratedFailureCount, Stage::ToleratedFailurePercentage];
    let failed = match &test.mock {
        Some(Mock { result: Some(_), .. }) if tolerates.iter().any(|stage| stages.has(*stage)) => {
            test.configuration.map_iteration_failure_count.unwrap_or(0)
        }
        _ => 0,
    };
    let mut inputs = Vec::new();
    loop {
        match join.poll(&subject.program) {
            JoinStep::Start(index, child) => {
                inputs.push(child.input().clone());
                let outcome = match (index as u64) < failed {
                    true => Err(Failure::default()),
                    false => Ok(Value::Null),
                };
                join.ended(
                    index,
                    Ended { outcome, last_event: 0, closing_event: 0, child: None, failed_in: Vec::new() },
                );
            }
            JoinStep::Ask(_) => join.answered(Ok(read(test))),
            JoinStep::Stop | JoinStep::Redrive(_) => {}
            JoinStep::Finish(failed @ Joined { outcome: Err(_), .. }) => return Err(failed),
            JoinStep::Finish(_) | JoinStep::Wait => break,
        }
    }
    if let Kind::Map(map) = &subject.state().kind {
        let distributed = map.distributed.as_ref();
        let reader = distributed.and_then(|distributed| distributed.item_reader.as_ref());
        if let Some(InputType::Json { pointer }) = reader.and_then(|reader| reader.input_type.as_ref())
            && !pointer.is_empty()
        {
            let found = pointer.iter().try_fold(&document(test), |value, name| value.get(name)).cloned();
            stages.note(Stage::AfterItemsPointer, found.unwrap_or_default());
        }
        let batcher = distributed.and_then(|distributed| distributed.item_batcher.as_ref());
        let items = match batcher {
            None => inputs.clone(),
            Some(_) => inputs.iter().filter_map(|batch| batch["Items"].as_array()).flatten().cloned().collect(),
        };
        if map.item_selector.is_some() {
            stages.note(Stage::AfterItemSelector, items.into());
        }
        if batcher.is_some() {
            stages.note(Stage::AfterItemBatcher, inputs.into());
        }
    }
    Ok(())
}

/// The JSON that an ItemReader reads; null where it is none.
fn document(test: &TestState<'_>) -> Value {
    test.configuration.map_item_reader_data.as_deref().and_then(|data| data.parse().ok()).unwrap_or_default()
}

/// What an ItemReader reads. Whatever is written is taken note of by nobody.
fn read(test: &TestState<'_>) -> Value {
    let data = test.configuration.map_item_reader_data.clone().unwrap_or_else(|| "[]".into());
    let list = data.parse().ok().filter(|data: &Value| data.as_array().is_some());
    list.unwrap_or_else(|| Value::from(data))
}

/// What the mock says that the work of the state came to.
fn work(test: &TestState<'_>, state: &State, frame: &mut Frame) -> Outcome {
    let Some(mock) = &test.mock else { return Ok(Value::Null) };
    if let Some(result) = &mock.result {
        return Ok(result.clone());
    }
    let failure = mock.error_output.clone().unwrap_or_default();
    let retrier = state.retrier(failure.error.as_deref());
    if let (Some(count), Some(retrier)) = (test.configuration.retrier_retry_count, retrier) {
        frame.set_retries(retrier, count);
    }
    Err(failure)
}

/// The context object of an execution that was started with the input. AWS tests in an Express execution.
fn context(test: &TestState<'_>, state: &State) -> Value {
    const ARN: &str = "arn:aws:states:us-east-1:000000000000";
    let at = || Value::from(test.at.to_string());
    let execution = Value::from([
        ("Id", Value::from(format!("{ARN}:express:{STATE_NAME}:{STATE_NAME}"))),
        ("Input", test.input.clone()),
        ("Name", STATE_NAME.into()),
        ("RoleArn", test.role_arn.clone().map_or(Value::Null, Value::from)),
        ("StartTime", at()),
    ]);
    let machine = Value::from([("Id", format!("{ARN}:stateMachine:{STATE_NAME}").into()), ("Name", STATE_NAME.into())]);
    let mut entered = vec![("Name", STATE_NAME.into()), ("EnteredTime", at())];
    if matches!(state.kind, Kind::Task(_) | Kind::Map(_) | Kind::Parallel { .. }) {
        entered.push(("RetryCount", test.configuration.retrier_retry_count.unwrap_or(0).into()));
    }
    let mut parts = vec![("Execution", execution), ("StateMachine", machine), ("State", entered.into_iter().collect())];
    if waits(state) {
        parts.push(("Task", [("Token", "token".into())].into()));
    }
    parts.into_iter().collect()
}
