//! `asl history`

use std::fmt::Write;
use std::process::ExitCode;

use asl_engine::{Timestamp, Value};
use asl_history::Course;
use asl_project::{StoredExecution, StoredHistories, StoredHistory};

use crate::cli::History;
use crate::error::Error;
use crate::output;
use crate::preview::cut;
use crate::printable::line;
use crate::progress::seconds;
use crate::report;
use crate::times::{Wanted, table};

/// Shows what happened in an execution.
pub(crate) fn run(arguments: &History) -> Result<ExitCode, Error> {
    let stored = StoredHistories::below(&arguments.data);
    if arguments.list {
        let stored = stored.list()?;
        if arguments.json {
            output::print_json(&[("executions", stored.iter().map(listed).collect())].into())?;
            return Ok(ExitCode::SUCCESS);
        }
        if stored.is_empty() {
            output::to_stderr(&format!("no execution is stored below {}\n", arguments.data.display()));
        }
        output::print(&list(&stored))?;
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = Wanted::new(&arguments.time, &arguments.trace);
    wanted.check()?;
    let history = stored.find(arguments.execution.as_deref())?;
    if wanted.is_any() {
        let course = course(&history)?;
        wanted.write(&course)?;
        if arguments.time.is_some() {
            output::print(&table(&course))?;
        }
        if !arguments.json {
            return Ok(ExitCode::SUCCESS);
        }
    }
    match arguments.json {
        true => output::print_json(&to_json(&history))?,
        false => output::print(&shown(&history))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One line an execution, the newest one last: where a person looks.
fn list(executions: &[StoredExecution]) -> String {
    let mut out = String::new();
    for execution in executions {
        let machine = execution.state_machine_arn.rsplit(':').next().unwrap_or_default();
        let _ = writeln!(
            out,
            "{}  {}  {}  {}",
            execution.start_time,
            line(&execution.name),
            line(machine),
            ended(execution)
        );
    }
    out
}

/// An execution in a list, as AWS has it, and why it was given up, if it was.
fn listed(execution: &StoredExecution) -> Value {
    let text = |text: &str| Some(Value::from(text));
    let ended = execution.ended.as_ref();
    let members = [
        ("executionArn", text(&execution.arn)),
        ("stateMachineArn", text(&execution.state_machine_arn)),
        ("name", text(&execution.name)),
        ("status", text(ended.map_or("RUNNING", |(status, _)| status))),
        ("startDate", Some(execution.start_time.to_string().into())),
        ("stopDate", ended.map(|(_, at)| at.to_string().into())),
        ("givenUp", execution.given_up.as_deref().map(Value::from)),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// `SUCCEEDED in 1.2 s`
fn ended(execution: &StoredExecution) -> String {
    match &execution.ended {
        Some((_, at)) if execution.given_up.is_some() => {
            format!("given up after {}", seconds(at.0 - execution.start_time.0))
        }
        Some((status, at)) => format!("{status} in {}", seconds(at.0 - execution.start_time.0)),
        None => "it has not ended, or its program was killed".to_owned(),
    }
}

/// What happened in an execution that is stored.
pub(crate) fn course(history: &StoredHistory) -> Result<Course, Error> {
    let execution = &history.execution;
    let refused = |error| Error::Usage(format!("{}: {error}", execution.file.display()));
    Course::of(&to_json(history), Some(&execution.arn)).map_err(refused)
}

/// As `asl run --events` prints it.
pub(crate) fn to_json(history: &StoredHistory) -> Value {
    let events = |events: &[Value]| events.iter().cloned().collect::<Value>();
    let children = history.children.iter();
    report::histories(events(&history.events), children.map(|(arn, of_child)| (arn.as_str().into(), events(of_child))))
}

fn shown(history: &StoredHistory) -> String {
    let StoredHistory { execution, events, children } = history;
    let mut out = format!("{}: {}, {} events\n\n", line(&execution.name), ended(execution), events.len());
    // Events name the state that they are in only where it is entered and left.
    for event in events {
        let _ = writeln!(out, "{}", event_line(event, execution.start_time));
    }
    if let Some(why) = &execution.given_up {
        let _ = writeln!(out, "\ngiven up, which is no failure of the definition: {}", line(why));
    }
    if !children.is_empty() {
        let _ = writeln!(out, "\nchild executions of its Map Runs (asl history NAME):");
        for (arn, events) in children {
            let name = arn.rsplit(':').next().unwrap_or_default();
            let last = events.last().map(kind).unwrap_or_default();
            let _ = writeln!(out, "  {}  {last}, {} events", line(name), events.len());
        }
    }
    let _ = writeln!(out, "\n{}", line(&execution.file.display().to_string()));
    out
}

fn kind(event: &Value) -> &str {
    event.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// `   3  +0.01 s  TaskStateEntered  Charge`
fn event_line(event: &Value, start: Timestamp) -> String {
    let id = event.get("id").and_then(Value::as_i64).unwrap_or_default();
    let at = event.get("timestamp").and_then(Value::as_str).and_then(Timestamp::parse);
    let since = at.map_or(String::new(), |at| format!("+{}", seconds(at.0 - start.0)));
    let mut text = format!("{id:>5}  {since:>10}  {}", kind(event));
    let details = event.as_object().into_iter().flat_map(|members| members.iter());
    for (_, details) in details.filter(|(name, _)| name.ends_with("EventDetails")) {
        for name in ["name", "resourceType", "resource", "index", "length", "error", "cause"] {
            if let Some(value) = details.get(name) {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let _ = write!(text, "  {}", cut(&value, 100));
            }
        }
    }
    line(&text)
}
