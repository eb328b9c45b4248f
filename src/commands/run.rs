//! `asl run`

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use asl_engine::{HistoryEvent, Program, Value};
use asl_tasks::{Router, Routes};

use crate::cli::Run;
use crate::error::Error;
use crate::execute::{execute, runtime};
use crate::output;
use crate::report;

/// Runs a definition with an input, and prints its output or its history.
pub(crate) fn run(arguments: &Run) -> Result<ExitCode, Error> {
    let file = &arguments.definition;
    let text = fs::read_to_string(file).map_err(|error| Error::unreadable("the definition", file, &error))?;
    let input = input(&arguments.input)?;
    let program = Program::parse(&text).map_err(|diagnostics| Error::Definition {
        file: file.clone(),
        text: text.clone(),
        diagnostics,
    })?;
    let router = Router::new(routes(arguments)?, &arguments.data);
    check_routes(&program, &router)?;
    let name = file.file_stem().map_or_else(|| "definition".into(), |stem| stem.to_string_lossy());
    let runtime = runtime()?;
    let executed = runtime.block_on(execute(&name, &Arc::new(program), input, &router, arguments.events))?;
    if arguments.events {
        let events: Value = executed.events.iter().map(HistoryEvent::to_json).collect();
        output::print_json(&[("events", events)].into())?;
    }
    match &executed.finished.outcome {
        Ok(output) if !arguments.events => output::print_json(output)?,
        Ok(_) => {}
        Err(failure) => {
            let status = executed.finished.status.name();
            output::to_stderr(&report::failure(status, failure, &file.display().to_string(), &text));
        }
    }
    Ok(executed.exit_code())
}

/// The input: a file, `-` for stdin, or the JSON itself.
fn input(argument: &str) -> Result<Value, Error> {
    let (text, from) = if argument == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Error::Usage(format!("cannot read the input from stdin: {error}")))?;
        (text, "stdin".to_owned())
    } else if Path::new(argument).is_file() {
        let file = Path::new(argument);
        let text = fs::read_to_string(file).map_err(|error| Error::unreadable("the input", file, &error))?;
        (text, argument.to_owned())
    } else {
        let looks_like_json = argument.trim_start().starts_with(['{', '[', '"']);
        return argument.parse().map_err(|error| {
            Error::Usage(if looks_like_json {
                format!("the input is not JSON: {error}")
            } else {
                format!("the input '{argument}' is neither a file nor JSON")
            })
        });
    };
    text.parse().map_err(|error| Error::Usage(format!("the input from {from} is not JSON: {error}")))
}

/// The routing file that was named, or the one beside the definition.
fn routes(arguments: &Run) -> Result<Routes, Error> {
    let beside = arguments.definition.with_file_name("routes.toml");
    let file = match &arguments.routes {
        Some(file) => file,
        None if beside.is_file() => &beside,
        None => return Ok(Routes::default()),
    };
    Routes::read(file).map_err(|error| Error::Routes(error.to_string()))
}

/// Every resource needs a handler before anything runs.
fn check_routes(program: &Program, router: &Router) -> Result<(), Error> {
    let mut missing = String::new();
    let mut named = Vec::new();
    for (state, resource) in program.tasks() {
        if let Err(error) = router.handler(resource)
            && !named.contains(&resource)
        {
            named.push(resource);
            if !missing.is_empty() {
                missing.push_str("\n\n");
            }
            missing += &format!("the state '{state}' has {error}");
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::Routes(missing)) }
}
