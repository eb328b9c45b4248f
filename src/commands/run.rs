//! `asl run`

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use asl_engine::{Program, Quotas, Value, history, nearest};
use asl_runtime::Status;
use asl_tasks::{Mocks, Router, Routes};

use crate::cli::Run;
use crate::error::Error;
use crate::execute::{Options, execute, execute_mocked, runtime};
use crate::input;
use crate::output;
use crate::progress;
use crate::report;

/// Runs a definition with an input, and prints its output or its history.
pub(crate) fn run(arguments: &Run) -> Result<ExitCode, Error> {
    let file = &arguments.definition;
    let text = input::file("the definition", file)?;
    let input = input::json("the input", "--input", &arguments.input)?;
    let program = Program::parse(&text).map_err(|diagnostics| Error::Definition {
        file: file.clone(),
        text: text.clone(),
        diagnostics,
    })?;
    let name = file.file_stem().map_or_else(|| "definition".into(), |stem| stem.to_string_lossy());
    let quotas = if arguments.no_quotas { Quotas::NONE } else { Quotas::default() };
    let options = Options { keep_events: arguments.events, quotas, no_progress: arguments.logs };
    let program = Arc::new(program);
    let mut router = None;
    let executed = match &arguments.mocks {
        Some(mocks) => execute_mocked(&name, &program, input, &read_mocks(mocks, &name, &program)?, options)?,
        None => {
            let router = &*router.insert(Arc::new(Router::new(routes(arguments)?, &arguments.data)));
            if arguments.data.exists() && !arguments.data.is_dir() {
                return Err(Error::Usage(format!("--data {} is not a folder", arguments.data.display())));
            }
            check_routes(&program, router)?;
            if arguments.logs {
                router.watch_output(|line| output::to_stderr(&report::printed_line(line)));
            }
            runtime()?.block_on(async {
                prepare(&program, router, arguments.logs).await?;
                let executed = execute(&name, &program, input, router, options).await?;
                if executed.finished.status != Status::Aborted {
                    router.idle().await;
                }
                Ok::<_, Error>(executed)
            })?
        }
    };
    // A failure is told first: whether anybody reads stdout does not change it.
    if let Err(failure) = &executed.finished.outcome {
        let ended = match &executed.place {
            Some(place) => format!("{} in {place}", executed.finished.status.name()),
            None => executed.finished.status.name().to_owned(),
        };
        let mut told = report::failure("execution", &ended, failure, &file.display().to_string(), &text);
        if !arguments.no_quotas {
            told += report::quota_help(failure);
        }
        // With --logs it was shown before.
        if !arguments.logs
            && let Some(printed) = router.as_ref().and_then(|router| router.printed(failure))
        {
            told += &report::printed(&printed);
        }
        output::to_stderr(&told);
    }
    let printed = if arguments.events {
        let events: Value = history::to_json(&executed.events).collect();
        output::print_json(&[("events", events)].into())
    } else {
        executed.finished.outcome.as_ref().map_or(Ok(()), output::print_json)
    };
    match printed {
        Err(Error::ClosedPipe) | Ok(()) => Ok(executed.exit_code()),
        Err(error) => Err(error),
    }
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

/// The routing file that was named, or the one beside the definition.
fn routes(arguments: &Run) -> Result<Routes, Error> {
    let beside = arguments.definition.with_file_name("routes.toml");
    let file = match &arguments.routes {
        Some(file) => file,
        None if beside.is_file() => &beside,
        // That is where a missing route can be added.
        None => {
            let mut none = Routes::default();
            none.file = Some(beside);
            return Ok(none);
        }
    };
    Ok(Routes::read(file)?)
}

/// Every resource needs a handler before anything runs.
fn check_routes(program: &Program, router: &Router) -> Result<(), Error> {
    let mut missing = Vec::new();
    let mut named = Vec::new();
    for (state, resource) in program.tasks() {
        if let Err(error) = router.handler_of(state, resource)
            && !named.contains(&resource)
        {
            named.push(resource);
            missing.push(format!("the state '{state}' has {error}"));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::NoRoutes(missing)) }
}

/// What the tasks call is made ready, so that it does not take of their time.
async fn prepare(program: &Program, router: &Router, no_progress: bool) -> Result<(), Error> {
    let shown = progress::preparing(no_progress);
    let mut failed = BTreeSet::new();
    for (state, resource) in program.tasks() {
        // Every resource was found before.
        if let Ok(handler) = router.handler_of(state, resource)
            && let Err(error) = handler.prepare(resource).await
        {
            failed.insert(format!("{resource}: {error}"));
        }
    }
    shown.finish_and_clear();
    if failed.is_empty() { Ok(()) } else { Err(Error::NotPrepared(failed.into_iter().collect())) }
}
