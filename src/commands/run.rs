//! `asl run`

use std::process::ExitCode;
use std::sync::Arc;

use asl_engine::{Program, Quotas, Value, history};
use asl_tasks::{Router, Routes};

use crate::cli::Run;
use crate::error::Error;
use crate::execute::{Options, execute, runtime};
use crate::input;
use crate::output;
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
    let router = Arc::new(Router::new(routes(arguments)?, &arguments.data));
    if arguments.data.exists() && !arguments.data.is_dir() {
        return Err(Error::Usage(format!("--data {} is not a folder", arguments.data.display())));
    }
    check_routes(&program, &router)?;
    let name = file.file_stem().map_or_else(|| "definition".into(), |stem| stem.to_string_lossy());
    let quotas = if arguments.no_quotas { Quotas::NONE } else { Quotas::default() };
    let options = Options { keep_events: arguments.events, quotas };
    let runtime = runtime()?;
    let executed = runtime.block_on(execute(&name, &Arc::new(program), input, &router, options))?;
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

/// The routing file that was named, or the one beside the definition.
fn routes(arguments: &Run) -> Result<Routes, Error> {
    let beside = arguments.definition.with_file_name("routes.toml");
    let file = match &arguments.routes {
        Some(file) => file,
        None if beside.is_file() => &beside,
        // That is where a missing route can be added.
        None => return Ok(Routes { file: Some(beside), ..Routes::default() }),
    };
    Ok(Routes::read(file)?)
}

/// Every resource needs a handler before anything runs.
fn check_routes(program: &Program, router: &Router) -> Result<(), Error> {
    let mut missing = Vec::new();
    let mut named = Vec::new();
    for (state, resource) in program.tasks() {
        if let Err(error) = router.handler(resource)
            && !named.contains(&resource)
        {
            named.push(resource);
            missing.push(format!("the state '{state}' has {error}"));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::NoRoutes(missing)) }
}
