//! Runs an execution of a project, with its progress on stderr.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use asl_engine::model::StateId;
use asl_engine::{Execution, Failure, Timestamp, Value};
use asl_project::{Ended, Project, Start, StateMachine};
use asl_runtime::tokio_host::GivenUp;
use asl_runtime::{Finished, Status, now};

use crate::breaks::Prompt;
use crate::error::Error;
use crate::huge_pages;
use crate::input::Input;
use crate::interrupt::interrupted;
use crate::progress;

/// A tokio runtime with everything that handlers need.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Usage(format!("cannot start threads: {error}")))
}

/// An execution that takes longer is worth memory that is fast.
const SMALL: Duration = Duration::from_millis(5);

/// The start of an execution of its own name, whose end is waited for.
pub(crate) fn start_with(input: Input) -> Start {
    Start {
        name: format!("run-{}", now().0),
        input: input.value,
        input_text: input.text,
        is_waited_for: true,
        ..Start::default()
    }
}

/// An execution that has ended by itself, or by an interrupt.
pub(crate) struct Executed {
    pub(crate) execution: Arc<Execution>,
    pub(crate) finished: Finished,
    /// When it ended.
    pub(crate) at: Timestamp,
    /// How many events its history has.
    pub(crate) events: usize,
}

/// Where an execution pauses, and who is asked then.
#[derive(Default)]
pub(crate) struct Breaks {
    pub(crate) breakpoints: Arc<BTreeSet<StateId>>,
    /// None where the page is.
    pub(crate) prompt: Option<Prompt>,
}

/// Runs a state machine to its end, or until it is interrupted. `shows_progress` is whether stderr is for its progress; `begun` hears
/// of the execution before anything else happens.
pub(crate) async fn execute(
    project: &Project,
    machine: &StateMachine,
    input: Input,
    shows_progress: bool,
    breaks: Breaks,
    begun: impl FnOnce(&Execution),
) -> Result<Executed, Error> {
    project.router().resume_deliveries();
    let watcher = progress::watcher(&machine.program, project.data(), shows_progress);
    let start = Start { watcher, breakpoints: breaks.breakpoints, ..start_with(input) };
    let executions = project.executions();
    let started = executions.start(machine, start).map_err(|refused| Error::Usage(refused.to_string()))?;
    begun(&started.execution);
    let grows = async {
        tokio::time::sleep(SMALL).await;
        huge_pages::with();
        std::future::pending().await
    };
    let asks = async {
        let Some(mut prompt) = breaks.prompt else { return std::future::pending().await };
        let mut number = 0;
        while let Some(pause) = started.paused(number).await {
            number = pause.number;
            // It was started, so it is there; it may have ended.
            let _ = match prompt.ask(&machine.program, &pause).await {
                Some(resume) => executions.end_pause(&started.execution.arn, resume),
                None => executions.stop(&started.execution.arn, stopped_at_breakpoint()),
            };
        }
        std::future::pending().await
    };
    let ended = tokio::select! {
        ended = started.ended() => ended,
        never = asks => never,
        never = grows => never,
        failure = interrupted() => {
            // It was started, so it is there; it may have ended.
            let _ = executions.stop(&started.execution.arn, failure);
            started.ended().await
        }
    };
    match ended.given_up.as_deref() {
        None => {
            let Ended { finished, at, events, .. } = ended;
            Ok(Executed { execution: started.execution, finished, at, events })
        }
        Some(GivenUp::Refused(reason)) => Err(Error::Unserved(reason.clone())),
        Some(GivenUp::Bug(bug)) => Err(Error::Bug(bug.to_string())),
        Some(GivenUp::Journal(error)) => Err(Error::Usage(error.to_string())),
    }
}

/// Why an execution was stopped that paused.
pub(crate) fn stopped_at_breakpoint() -> Failure {
    Failure { cause: Some("the execution was stopped at a breakpoint".into()), ..Failure::default() }
}

/// The state that an execution ended in, in words, when it did not end well.
pub(crate) fn place(finished: &Finished) -> Option<String> {
    let failure = finished.outcome.as_ref().err()?;
    let outermost = finished.failed_in.first()?;
    let items: Vec<String> = failure.items().iter().map(usize::to_string).collect();
    let items = match &items[..] {
        [] => String::new(),
        [item] => format!(", item {item} (the first is 0)"),
        items => format!(", items {} (the first is 0)", items.join(" and ")),
    };
    Some(match failure.state().or_else(|| finished.failed_in.last()) {
        Some(state) if state != outermost => format!("the state '{state}' of '{outermost}'{items}"),
        _ => format!("the state '{outermost}'{items}"),
    })
}

/// An execution that has ended, as AWS's `DescribeExecution` tells of it: its output is JSON text.
pub(crate) fn described(execution: &Execution, finished: &Finished, at: Timestamp) -> Value {
    let text = |text: Option<&Arc<str>>| text.map(|text| Value::from(text.clone()));
    let failure = finished.outcome.as_ref().err();
    let members = [
        ("executionArn", Some(execution.arn.clone().into())),
        ("stateMachineArn", Some(execution.state_machine_arn.clone().into())),
        ("name", Some(execution.name.clone().into())),
        ("status", Some(finished.status.name().into())),
        ("startDate", Some(execution.start_time.to_string().into())),
        ("stopDate", Some(at.to_string().into())),
        ("output", finished.outcome.as_ref().ok().map(|output| output.to_string().into())),
        ("error", text(failure.and_then(|failure| failure.error.as_ref()))),
        ("cause", text(failure.and_then(|failure| failure.cause.as_ref()))),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The exit code of a command whose execution has ended.
pub(crate) fn exit_code(status: Status) -> ExitCode {
    match status {
        Status::Succeeded => ExitCode::SUCCESS,
        Status::Failed | Status::TimedOut => ExitCode::FAILURE,
        // What a shell reports for a process that an interrupt ended.
        Status::Aborted => 130.into(),
    }
}
