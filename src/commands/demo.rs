//! `asl demo`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use asl_engine::Value;
use asl_project::{Definition, ExecutionOptions, Project, StateMachine, Substitutions};
use asl_runtime::{Finished, Recorded, Status};
use asl_tasks::{Router, Routes};

use crate::cli::Demo;
use crate::error::Error;
use crate::execute::{Breaks, described, execute, exit_code, runtime};
use crate::flag_server::FlagServer;
use crate::output;
use crate::printable::clean;

const DEFINITION: &str = include_str!("../../definitions/download-images/definition.json");
const ROUTES: &str = include_str!("../../definitions/download-images/routes.toml");
const SUCCESS: &str = include_str!("../../definitions/download-images/success.input.json");
const FAIL: &str = include_str!("../../definitions/download-images/fail.input.json");

/// The table of the definition.
const TABLE: &str = "urlToName";
/// The bucket of the routes.
const BUCKET: &str = "images";

/// Runs the bundled workflow twice, once where every image exists and once where one is missing, and shows what it left
/// behind.
pub(crate) fn run(arguments: &Demo) -> Result<ExitCode, Error> {
    let mut shown = Vec::new();
    let ended = runtime()?.block_on(demo(arguments, &mut shown));
    // Also of a demo that has ended early.
    if arguments.json && !shown.is_empty() {
        read_or_not(output::print_json(&shown.into_iter().collect()))?;
    }
    ended
}

/// What the object that `--json` prints has.
type Shown = Vec<(&'static str, Value)>;

async fn demo(arguments: &Demo, shown: &mut Shown) -> Result<ExitCode, Error> {
    let data = &*arguments.data;
    let server = FlagServer::start()
        .await
        .map_err(|error| Error::Usage(format!("cannot serve the images on loopback: {error}")))?;
    let base_url = server.base_url();
    let definition = Definition::new("definitions/download-images/definition.json", DEFINITION.to_owned());
    let program = match definition.program() {
        Ok(program) => program,
        Err(diagnostics) => return Err(Error::Definition { definition: definition.into(), diagnostics }),
    };
    let machine = StateMachine::local("download-images", Arc::new(program));
    let routes = Routes::parse(ROUTES, Path::new("definitions/download-images/routes.toml"))?;
    let options = ExecutionOptions { keeps_histories: true, stores_histories: true, ..ExecutionOptions::default() };
    let project = Project::new(routes, &Substitutions::default(), data, options)?;
    let print = |text: &str| if arguments.json { Ok(()) } else { print(text) };
    print(&format!("Images are served at {base_url}\n"))?;

    let before = notifications(data);
    let mut executions = Vec::new();
    for (title, input, expected) in [
        ("All images exist", SUCCESS, Status::Succeeded),
        ("One image is missing, so this one has to fail", FAIL, Status::Failed),
    ] {
        let input = served_here(input, &base_url)?;
        let count = input["resourcePaths"].as_array().map_or(0, |paths| paths.len());
        print(&format!("\n{title} ({count} images)\n"))?;
        let executed = execute(&project, &machine, input.into(), true, Breaks::default(), |_| ()).await?;
        let history = project.executions().histories().pop().unwrap_or_default();
        print(&format!("  {}\n", summary(&executed.finished, &history.recorded())))?;
        let counts = [("images", number(count)), ("events", number(history.recorded().len()))];
        executions.push(with(&described(&executed.execution, &executed.finished, executed.at), counts));
        match executed.finished.status {
            status if status == expected => {}
            // What comes below would not be there.
            status => {
                shown.extend([("baseUrl", base_url.into()), ("executions", executions.into())]);
                return Ok(if status == Status::Aborted { exit_code(status) } else { ExitCode::FAILURE });
            }
        }
    }

    let objects = data.join("s3").join(BUCKET);
    let tables = data.join("dynamodb.sqlite");
    let histories = data.join("executions");
    let stored = files(&objects);
    let (count, example) = rows(project.router(), &base_url).await?;
    print(&format!("\nWhat is stored now\n  objects  {stored} files below {}\n", objects.display()))?;
    print(&format!("  rows     {count} in the table {TABLE} of {}\n", tables.display()))?;
    if let Some(example) = &example {
        print(&format!("           {example}\n"))?;
    }
    let mut sent = Vec::new();
    for file in notifications(data).into_iter().filter(|file| !before.contains(file)) {
        let text = fs::read_to_string(&file).map_err(|error| Error::unreadable("the notification", &file, &error))?;
        let message = text.parse::<Value>().ok().and_then(|value| Some(value["Message"].as_str()?.to_owned()));
        let message = message.unwrap_or(text);
        print(&format!("  notice   {}\n           {message}\n", file.display()))?;
        sent.push(Value::from([("file", path(&file)), ("message", message.into())]));
    }
    project
        .executions()
        .finish_storing()
        .map_err(|error| Error::Usage(format!("the histories are not stored: {error}")))?;
    print(&format!("  history  {} (asl history)\n", histories.display()))?;
    let has_sent = sent.len() == 1;
    let rows = [("file", path(&tables)), ("table", TABLE.into()), ("count", number(count))];
    let example = example.map(|example| ("example", example));
    shown.extend([
        ("baseUrl", base_url.into()),
        ("executions", executions.into()),
        ("objects", [("folder", path(&objects)), ("count", number(stored))].into()),
        ("rows", rows.into_iter().chain(example).collect()),
        ("notifications", sent.into()),
        ("histories", path(&histories)),
    ]);
    Ok(if has_sent { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn number(count: usize) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

fn path(path: &Path) -> Value {
    path.display().to_string().into()
}

/// An object with more members.
fn with(object: &Value, members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let object = object.as_object().cloned().unwrap_or_default();
    members.into_iter().fold(object, |object, (name, value)| object.with(name, value)).into()
}

fn print(text: &str) -> Result<(), Error> {
    read_or_not(output::print(&clean(text)))
}

/// What nobody reads is no reason to stop.
fn read_or_not(printed: Result<(), Error>) -> Result<(), Error> {
    match printed {
        Err(Error::ClosedPipe) => Ok(()),
        done => done,
    }
}

/// An input of the workflow with the images of this process.
fn served_here(input: &str, base_url: &str) -> Result<Value, Error> {
    let input: Value =
        input.parse().map_err(|error| Error::Usage(format!("the bundled input is not JSON: {error}")))?;
    Ok(with(&input, [("baseUrl", base_url.into())]))
}

/// `SUCCEEDED in 0.2 s, 423 events`, and the failure where there is one.
fn summary(finished: &Finished, recorded: &[Recorded]) -> String {
    let millis = match (recorded.first(), recorded.last()) {
        (Some(first), Some(last)) => last.event.timestamp.0 - first.event.timestamp.0,
        _ => 0,
    };
    let status = finished.status.name();
    let ended = format!("{status} in {:.2} s, {} events", millis as f64 / 1000.0, recorded.len());
    match &finished.outcome {
        Ok(_) => ended,
        Err(failure) => format!("{ended}: {failure}"),
    }
}

/// How many rows there are for the images of this process, and one of them.
async fn rows(router: &Router, base_url: &str) -> Result<(usize, Option<Value>), Error> {
    let stored = router.rows(TABLE).await;
    let stored = stored.map_err(|error| Error::Usage(format!("cannot read the table {TABLE}: {error}")))?;
    let text = |row: &Value, name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
    let rows = stored.iter().map(|row| (text(row, "url"), text(row, "filename")));
    let rows: Vec<(String, String)> = rows.filter(|(url, _)| url.starts_with(base_url)).collect();
    let example = |(url, filename): (String, String)| Value::from([("url", url.into()), ("filename", filename.into())]);
    let count = rows.len();
    // Rows come in no order that means something.
    Ok((count, rows.into_iter().min().map(example)))
}

/// The notifications in the outbox.
fn notifications(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.join("sns")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// How many files there are in a folder and below.
fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}
