//! `asl run`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use asl_aws::parameter_table;
use asl_engine::{CheckOptions, HistoryEvent, Program, Quotas, Value, diagnose_fields, history, nearest};
use asl_runtime::Status;
use asl_tasks::Mocks;

use crate::cli::Run;
use crate::error::Error;
use crate::execute::{Executed, Options, execute, execute_mocked, finish_deliveries, interrupted, runtime};
use crate::input::{self, Input};
use crate::log;
use crate::output;
use crate::progress;
use crate::report;
use crate::routing::{Routing, prepare, told_before};

/// Runs a definition with an input, and prints its output or its history.
pub(crate) fn run(arguments: &Run) -> Result<ExitCode, Error> {
    let file = &arguments.definition;
    let text = input::file("the definition", file)?;
    let input = input::with_text("the input", "--input", &arguments.input)?;
    let program = Program::parse(&text).map_err(|diagnostics| Error::Definition {
        file: file.clone(),
        text: text.clone(),
        diagnostics,
    })?;
    let name = file.file_stem().map_or_else(|| "definition".into(), |stem| stem.to_string_lossy());
    let quotas = if arguments.no_quotas { Quotas::NONE } else { Quotas::default() };
    input.check(quotas)?;
    let options = Options { keep_events: arguments.events, quotas, no_progress: arguments.logs || log::is_on() };
    let program = Arc::new(program.with_inputs(parameter_table));
    let misnamed = diagnose_fields(&text, CheckOptions::default(), &parameter_table);
    output::to_stderr(&report::diagnostics(&misnamed, &file.display().to_string(), &text));
    let mut called = None;
    let executed = match &arguments.mocks {
        Some(mocks) => execute_mocked(&name, &program, input, &read_mocks(mocks, &name, &program)?, options)?,
        None => {
            let routing = Routing::read(file, arguments.routes.as_deref(), &arguments.data, quotas)?;
            if arguments.logs {
                routing.router.watch_output(|line| output::to_stderr(&report::printed_line(line)));
            }
            let runtime = runtime()?;
            let executed = runtime.block_on(start(&name, &program, input, &routing, options))?;
            called = Some((runtime, routing));
            executed
        }
    };
    // A failure is told first: whether anybody reads stdout does not change it.
    if let Err(failure) = &executed.finished.outcome {
        let ended = match &executed.place() {
            Some(place) => format!("{} in {place}", executed.finished.status.name()),
            None => executed.finished.status.name().to_owned(),
        };
        let mut told = report::failure("execution", &ended, failure, &file.display().to_string(), &text);
        if !arguments.no_quotas {
            told += report::quota_help(failure);
        }
        // With --logs it was shown before.
        if !arguments.logs
            && let Some(printed) = called.as_ref().and_then(|(_, routing)| routing.router.printed(failure))
        {
            told += &report::printed(&printed);
        }
        output::to_stderr(&told);
    }
    let printed = if arguments.events {
        output::print_json(&histories(&executed))
    } else {
        executed.finished.outcome.as_ref().map_or(Ok(()), output::print_json)
    };
    if let Some((runtime, routing)) = called
        && !runtime.block_on(finish(&routing, &executed))
    {
        return Err(Error::Interrupted);
    }
    match printed {
        Err(Error::ClosedPipe) | Ok(()) => Ok(executed.exit_code()),
        Err(error) => Err(error),
    }
}

/// The history of the execution, and those of the child executions of its Map Runs.
fn histories(executed: &Executed) -> Value {
    let events = |events: Vec<&HistoryEvent>| -> Value { history::to_json(events).collect() };
    let mut all = executed.histories().into_iter();
    let own = events(all.next().map(|(_, own)| own).unwrap_or_default());
    let children: Vec<Value> = all
        .map(|(child, of_child)| {
            Value::from([("executionArn", Value::from(child.arn.clone())), ("events", events(of_child))])
        })
        .collect();
    let children = (!children.is_empty()).then(|| ("childExecutions", children.into()));
    [("events", own)].into_iter().chain(children).collect()
}

/// What `FILE[#TEST]` names. A mock of a state that the definition lacks is a typing mistake.
fn read_mocks(argument: &str, machine: &str, program: &Program) -> Result<Mocks, Error> {
    let (file, test_case) = match argument.rsplit_once('#') {
        Some((file, test_case)) if !Path::new(argument).exists() => (file, Some(test_case)),
        _ => (argument, None),
    };
    let mocks = Mocks::read(Path::new(file), machine, test_case)?;
    let states: Vec<&str> = program.tasks().map(|(state, _)| state).collect();
    if let Some(unknown) = mocks.states().find(|state| !states.contains(state)) {
        let near = nearest(unknown, states.iter().copied());
        let help = near.map_or(String::new(), |near| format!("; did you mean '{near}'?"));
        let text = format!("{file} has a mock of '{unknown}': the definition has no such Task state{help}");
        return Err(Error::Mocks(text));
    }
    Ok(mocks)
}

/// Runs the machine with the tasks that the routing file names.
async fn start(
    name: &str,
    program: &Arc<Program>,
    input: Input,
    routing: &Routing,
    options: Options,
) -> Result<Executed, Error> {
    let tasks = routing.tasks(program)?;
    output::to_stderr(&told_before(&routing.router, &tasks).await);
    let shown = progress::preparing(options.no_progress);
    let prepared = tokio::select! {
        prepared = prepare(&routing.router, &tasks) => prepared,
        _ = interrupted() => Err(Error::Interrupted),
    };
    shown.finish_and_clear();
    prepared?;
    execute(name, program, input, &routing.router, options).await
}

/// Waits for what goes on after the end of an execution: those elsewhere that are stopped, those that it has started, and
/// notifications on their way. Answers whether it was not interrupted.
async fn finish(routing: &Routing, executed: &Executed) -> bool {
    routing.router.stopped().await;
    if executed.finished.status != Status::Aborted {
        let running = routing.machines.running();
        if !running.is_empty() {
            output::to_stderr(&report::note(&format!("waiting for what was started: {}", running.join(", "))));
        }
        let ended = tokio::select! {
            // Where nothing is left to wait for, there is nothing to interrupt.
            biased;
            (ended, ()) = async { tokio::join!(routing.machines.ended(), routing.router.idle()) } => ended,
            _ = interrupted() => {
                let left = routing.machines.running();
                if !left.is_empty() {
                    output::to_stderr(&report::warning(&format!("interrupted; not ended: {}", left.join(", "))));
                }
                return false;
            }
        };
        for (arn, finished) in ended {
            if let Err(failure) = &finished.outcome {
                let told = format!("the execution {arn} that was started {}: {failure}", finished.status.name());
                output::to_stderr(&report::warning(&told));
            }
        }
    }
    for undelivered in finish_deliveries(&routing.router, executed).await {
        output::to_stderr(&report::undelivered(&undelivered));
    }
    true
}
