//! `asl run`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use asl_engine::{Execution, Failure, HistoryEvent, Program, StateType, Timestamp, Value, history, nearest};
use asl_history::Course;
use asl_project::{
    Definition, ExecutionOptions, Mocked, Project, StateMachine, Substitutions, Task, UnusedMock, by_execution,
    reached_aws, run_mocked,
};
use asl_runtime::{Finished, Pause, Recorded, Resume, Status};
use asl_tasks::{Mocks, Router, Routes};

use crate::breaks::Prompt;
use crate::cli::Run;
use crate::console::Console;
use crate::error::Error;
use crate::execute::{
    Breaks, Executed, described, execute, exit_code, place, runtime, start_with, stopped_at_breakpoint,
};
use crate::huge_pages;
use crate::input::{self, Input};
use crate::interrupt::interrupted;
use crate::log;
use crate::output;
use crate::printable;
use crate::progress;
use crate::report;
use crate::running::Ready;
use crate::times::{Wanted, check_file};

/// An input from which many items may come.
const LARGE: usize = 64 * 1024;

/// Runs a definition with an input, and prints its output or its history.
pub(crate) fn run(arguments: &Run) -> Result<ExitCode, Error> {
    let of = &arguments.of;
    if arguments.json && arguments.events == Some(None) {
        let text = "--json and --events would both print on stdout: name a file for the history, --events=FILE";
        return Err(Error::Usage(text.to_owned()));
    }
    if let Some(Some(file)) = &arguments.events {
        check_file("--events", file)?;
    }
    let wanted = Wanted::new(&arguments.time, &arguments.trace);
    wanted.check()?;
    let Ready { definition, program, routes, substitutions, input, states, quotas } = Ready::of(of)?;
    let prompt = (!states.is_empty() && !arguments.open).then(Prompt::new).transpose()?;
    let breaks = Breaks { breakpoints: states.into(), prompt };
    let machine = StateMachine::local(&definition.name(), Arc::new(program));
    let options = ExecutionOptions {
        quotas,
        keeps_histories: arguments.events.is_some() || wanted.is_any(),
        stores_histories: true,
        skips_waits: arguments.of.skip_waits,
        ..ExecutionOptions::default()
    };
    match &arguments.of.mocks {
        Some(mocks) => {
            let mocks = read_mocks(mocks, &machine)?;
            if input.value.json_len() > LARGE {
                huge_pages::with();
            }
            let Mocked { execution, finished, at, recorded } = run_mocked(
                &machine,
                &start_with(input),
                &mocks,
                options,
                breaks.breakpoints,
                pauses(&machine, breaks.prompt)?,
            )?;
            tell_failure(arguments, &machine.program, &definition, &finished, None);
            let output = print_output(arguments, &execution, &finished, at);
            let printed = print_histories(arguments, &[&recorded]).and(output);
            done(&finished, printed.and(tell_times(wanted, &[&recorded])))
        }
        None => {
            if arguments.fresh {
                super::data::empty(&arguments.of.data)?;
            }
            if arguments.open {
                return runtime()?.block_on(run_open(
                    routes,
                    substitutions,
                    options,
                    arguments,
                    &definition,
                    input,
                    breaks,
                ));
            }
            let project = Project::new(routes, &substitutions, &arguments.of.data, options)?;
            runtime()?.block_on(run_in(&project, &machine, arguments, &definition, input, breaks))
        }
    }
}

/// Runs the machine with the tasks that the routing file names, and what they have started.
async fn run_in(
    project: &Project,
    machine: &StateMachine,
    arguments: &Run,
    definition: &Definition,
    input: Input,
    breaks: Breaks,
) -> Result<ExitCode, Error> {
    if arguments.logs {
        project.router().watch_output(|line| output::to_stderr(&report::printed_line(line)));
    }
    // What is asked would be drawn over.
    let shows_progress = !arguments.logs && !log::is_on() && breaks.prompt.is_none();
    make_ready(project, &machine.program, shows_progress).await?;
    let executed = match execute(project, machine, input, shows_progress, breaks, |_| ()).await {
        Ok(executed) => executed,
        Err(error) => {
            // Why it is over comes first: what was started and published before may take its time.
            output::to_stderr(&error.report());
            project.shut_down(interrupted, |notice| output::to_stderr(&report::notice(&notice))).await;
            return Ok(error.exit_code());
        }
    };
    let finished = &executed.finished;
    // A failure is told first: whether anybody reads stdout does not change it.
    tell_failure(arguments, &machine.program, definition, finished, Some(project));
    let output = print_output(arguments, &executed.execution, finished, executed.at);
    let has_ended = project.shut_down(interrupted, |notice| output::to_stderr(&report::notice(&notice))).await;
    let histories = project.executions().histories();
    let recorded: Vec<_> = histories.iter().map(|history| history.recorded()).collect();
    let recorded: Vec<&[Recorded]> = recorded.iter().map(|recorded| recorded.as_slice()).collect();
    // What was started has a history to its end.
    let printed = print_histories(arguments, &recorded).and(output);
    let printed = printed.and(tell_times(Wanted::new(&arguments.time, &arguments.trace), &recorded));
    if progress::place().is_some() {
        output::to_stderr(&summary(
            &executed,
            &arguments.of.data,
            project.executions().stored_history(&executed.execution),
        ));
    }
    if has_ended { done(finished, printed) } else { Err(Error::Interrupted) }
}

/// Runs the machine at a server that shows it in the browser, until somebody has seen enough.
async fn run_open(
    routes: Routes,
    substitutions: Substitutions,
    options: ExecutionOptions,
    arguments: &Run,
    definition: &Definition,
    input: Input,
    breaks: Breaks,
) -> Result<ExitCode, Error> {
    let console = Console::of_definition(definition, routes, substitutions, &arguments.of.data, options).await?;
    let project = console.project();
    if arguments.logs {
        project.router().watch_output(|line| output::to_stderr(&report::printed_line(line)));
    }
    let machine = console.machine()?;
    make_ready(project, &machine.program, false).await?;
    // The page shows the progress.
    let shown = |execution: &Execution| console.show(&execution.arn);
    let executed = match execute(project, &machine, input, false, breaks, shown).await {
        Ok(executed) => executed,
        Err(error) => {
            output::to_stderr(&error.report());
            console.shut_down().await;
            return Ok(error.exit_code());
        }
    };
    let finished = &executed.finished;
    tell_failure(arguments, &machine.program, definition, finished, Some(project));
    let printed = print_output(arguments, &executed.execution, finished, executed.at);
    if finished.status != Status::Aborted {
        console.stay().await;
    }
    console.shut_down().await;
    done(finished, printed)
}

/// What is asked on the terminal where an execution with mocks pauses.
fn pauses(
    machine: &StateMachine,
    prompt: Option<Prompt>,
) -> Result<impl FnMut(&Pause) -> Result<Resume, Failure>, Error> {
    let mut asked = prompt.map(|prompt| Ok::<_, Error>((runtime()?, prompt))).transpose()?;
    let program = Arc::clone(&machine.program);
    Ok(move |pause: &Pause| {
        let told = asked.as_mut().and_then(|(runtime, prompt)| runtime.block_on(prompt.ask(&program, pause)));
        told.ok_or_else(stopped_at_breakpoint)
    })
}

fn done(finished: &Finished, printed: Result<(), Error>) -> Result<ExitCode, Error> {
    match printed {
        Err(Error::ClosedPipe) | Ok(()) => Ok(exit_code(finished.status)),
        Err(error) => Err(error),
    }
}

/// What AWS writes before what is wrong with the parameters of a task.
const REFUSED_PARAMETERS: &str = "could not be used to start the Task: ";

fn tell_failure(
    arguments: &Run,
    program: &Program,
    definition: &Definition,
    finished: &Finished,
    project: Option<&Project>,
) {
    let Err(failure) = &finished.outcome else { return };
    let ended = match place(finished) {
        Some(place) => format!("{} in {place}", finished.status.name()),
        None => finished.status.name().to_owned(),
    };
    let state = failure.state().or_else(|| finished.failed_in.last());
    let refused = || {
        let cause = failure.cause.as_deref().filter(|cause| cause.contains(REFUSED_PARAMETERS))?;
        program.parameter_place(state?, cause.rsplit_once(REFUSED_PARAMETERS)?.1)
    };
    let place = failure.span().or_else(refused);
    let mut told = report::failure("execution", &ended, failure, place, definition);
    if !arguments.of.no_quotas {
        told += report::quota_help(failure);
    }
    // With --logs it was shown before.
    if !arguments.logs
        && let Some(printed) = project.and_then(|project| project.router().printed(failure))
    {
        told += &report::printed(&printed);
    }
    output::to_stderr(&told);
}

/// Prints the output, or all that `--json` tells. In their place comes the history where stdout is for that: it is printed later,
/// since that of the executions that were started is still to come.
fn print_output(arguments: &Run, execution: &Execution, finished: &Finished, at: Timestamp) -> Result<(), Error> {
    match &finished.outcome {
        _ if arguments.json => output::print_json(&described(execution, finished, at)),
        Ok(output) if arguments.events != Some(None) => output::print_json(output),
        _ => Ok(()),
    }
}

/// Prints the histories, or writes them into the file that is named, where they are asked for.
fn print_histories(arguments: &Run, recorded: &[&[Recorded]]) -> Result<(), Error> {
    match &arguments.events {
        None => Ok(()),
        Some(None) => output::print_json(&histories(recorded)),
        Some(Some(file)) => {
            let text = format!("{:#}\n", histories(recorded));
            let told = |error| Error::Usage(format!("cannot write the history {}: {error}", file.display()));
            std::fs::write(file, text).map_err(told)
        }
    }
}

/// Tells where the time went, where it is asked for.
fn tell_times(wanted: Wanted<'_>, recorded: &[&[Recorded]]) -> Result<(), Error> {
    if !wanted.is_any() {
        return Ok(());
    }
    let arn = recorded.first().and_then(|own| own.first()).map(|first| &*first.execution.arn);
    let course = Course::of(&histories(recorded), arn).map_err(|error| Error::Usage(error.to_string()))?;
    wanted.tell(&course);
    wanted.write(&course)
}

/// How an execution ended, on one line, and where to look further.
fn summary(executed: &Executed, data: &Path, history: Option<PathBuf>) -> String {
    let Executed { execution, finished, at, events } = executed;
    let (status, time) = (finished.status.name(), progress::seconds(at.0 - execution.start_time.0));
    let mut parts = vec![format!("{status} in {time}"), format!("{events} events")];
    let has = |name: &str| data.join(name).exists();
    if ["s3", "dynamodb.sqlite", "sqs.sqlite"].into_iter().any(has) {
        parts.push(format!("data in {}", data.display()));
    }
    // A notification is a file in this folder.
    let changed = data.join("sns").metadata().and_then(|folder| folder.modified()).ok();
    let changed = changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    if changed.is_some_and(|at| i64::try_from(at.as_millis()).is_ok_and(|at| at >= execution.start_time.0)) {
        parts.push(format!("notifications in {}", data.join("sns").display()));
    }
    if history.is_some_and(|file| file.exists()) {
        parts.push(format!("asl history {}{}", execution.name, progress::data_option(data)));
    }
    format!("{}\n", printable::line(&parts.join("; ")))
}

/// The history of the execution that came first, those of the child executions of its Map Runs, and those of the executions
/// that were started from it.
fn histories(recorded: &[&[Recorded]]) -> Value {
    let events = |events: Vec<&HistoryEvent>| -> Value { history::to_json(events).collect() };
    let mut all = recorded.iter().flat_map(|recorded| by_execution(recorded));
    let own = events(all.next().map(|(_, own)| own).unwrap_or_default());
    report::histories(own, all.map(|(child, of_child)| (child.arn.clone(), events(of_child))))
}

/// What `FILE[#TEST]` names. A mock of a state that the definition lacks is a typing mistake.
pub(super) fn read_mocks(argument: &str, machine: &StateMachine) -> Result<Mocks, Error> {
    let (file, test_case) = match argument.rsplit_once('#') {
        Some((file, test_case)) if !Path::new(argument).exists() => (file, Some(test_case)),
        _ => (argument, None),
    };
    let (path, text) = (Path::new(file), input::file("the mocks", Path::new(file))?);
    let mocks = if Mocks::is_toml(path, &text) {
        Mocks::read(path, &text, &machine.name, test_case)?
    } else {
        // Read as a definition is: JSON, or YAML.
        let read = Definition::new(path, text);
        let json = read.json().map_err(|why| Error::Mocks(format!("{file}: this is not YAML: {}", why.message)))?;
        Mocks::read(path, json, &machine.name, test_case)?
    };
    let tasks: Vec<&str> = machine.program.tasks().map(|called| called.state).collect();
    let waits = machine.program.model().states().iter().filter(|state| state.state_type == StateType::Wait);
    let waits: Vec<&str> = waits.map(|state| &*state.name).collect();
    let mocked = mocks.states().map(|state| (state, &tasks, StateType::Task));
    let mocked = mocked.chain(mocks.waits().keys().map(|state| (&**state, &waits, StateType::Wait)));
    for (state, states, kind) in mocked {
        if !states.contains(&state) {
            let (kind, help) = (kind.name(), did_you_mean(nearest(state, states.iter().copied())));
            let text = format!("{file} has a mock of '{state}': the definition has no such {kind} state{help}");
            return Err(Error::Mocks(text));
        }
    }
    Ok(mocks)
}

/// Finds what serves each task, tells what a person should know before anything is called, and prepares what takes long.
pub(super) async fn make_ready(project: &Project, program: &Program, shows_progress: bool) -> Result<(), Error> {
    let tasks = project.tasks(program).await.map_err(Error::NoRoutes)?;
    let unused = project.unused_mocks(program, &tasks);
    let is_task = |name: &str| tasks.iter().any(|task| task.state == name);
    // The task would be called though somebody has meant to mock it.
    if let Some(wrong) = unused.iter().find(|unused| unused.state_type == StateType::Wait && is_task(unused.state)) {
        let text = format!(
            "the mock of '{}' says only how long it takes: of a Task state, it needs return, return_json or throw",
            wrong.state
        );
        return Err(Error::Mocks(text));
    }
    output::to_stderr(&told_before(project.router(), &unused, &tasks).await);
    if !tasks.is_empty() {
        // What is started for them is as this process is.
        huge_pages::with();
    }
    let shown = progress::preparing(shows_progress);
    let prepared = tokio::select! {
        prepared = project.prepare(&tasks) => prepared.map_err(Error::from),
        _ = interrupted() => Err(Error::Interrupted),
    };
    shown.finish_and_clear();
    for note in project.router().notes() {
        output::to_stderr(&report::note(&note));
    }
    prepared
}

async fn told_before(router: &Router, unused: &[UnusedMock<'_>], tasks: &[Task<'_>]) -> String {
    let mut told = String::new();
    for unused in unused {
        let help = did_you_mean(unused.nearest);
        let (state, kind) = (unused.state, unused.state_type.name());
        let text = format!("the mock of '{state}' is not used: no {kind} state has this name{help}");
        told += &report::warning(&text);
    }
    for task in tasks.iter().filter(|task| router.waits_for_worker(task.state, &task.resource)) {
        let how = match router.listens_at() {
            Some(address) => format!("it asks for its work at http://{address} (GetActivityTask)"),
            None => "[endpoint] in the routing file gives it an address, or a route stands in its place".to_owned(),
        };
        let Task { state, resource, .. } = task;
        told += &report::note(&format!("the state '{state}' waits for a worker of {resource}: {how}"));
    }
    let quoted = |states: Vec<&str>| states.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", ");
    let reached = reached_aws(tasks).await.into_iter();
    let reached: Vec<String> = reached.map(|(service, states)| format!("{service} ({})", quoted(states))).collect();
    if !reached.is_empty() {
        told += &report::note(&format!("this run reaches AWS: {}", reached.join(", ")));
    }
    told
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!("; did you mean '{near}'?"))
}
