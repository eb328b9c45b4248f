//! `asl logs`

use std::process::ExitCode;
use std::time::Duration;

use asl_engine::{Object, Timestamp, Value};
use asl_project::{LOGS, LoggedLine, StoredHistories, logged};

use crate::cli::Logs;
use crate::error::Error;
use crate::execute::runtime;
use crate::interrupt::interrupted;
use crate::output;
use crate::printable;
use crate::remote::{Remote, millis};

/// How often a server is asked for what has happened since.
const LOOKED_AT: Duration = Duration::from_millis(300);

/// The most events of one answer.
const PAGE: i64 = 1_000;

/// Tells the events of an execution of a server as they happen, a line each, until it ends.
fn follow(arguments: &Logs) -> Result<ExitCode, Error> {
    let remote = Remote::new(&arguments.server)?;
    let Some(named) = &arguments.execution else {
        return Err(Error::Usage("say which execution: asl logs --follow EXECUTION; asl ps lists them".to_owned()));
    };
    runtime()?.block_on(async {
        let arn = remote.execution(named).await?;
        let first = Object::default().with("executionArn", arn.as_str().into()).with("maxResults", PAGE.into());
        // The page that is not full yet, and how many of its events were told.
        let (mut asked, mut told) = (first.clone(), 0);
        loop {
            // Looked at before its events: what comes between the two is told.
            let described = remote.call("DescribeExecution", [("executionArn", arn.as_str().into())].into()).await?;
            loop {
                let page = remote.call("GetExecutionHistory", asked.clone().into()).await?;
                let events = page["events"].as_array().map(|events| events.iter().cloned().collect::<Vec<_>>());
                let events = events.unwrap_or_default();
                for event in events.iter().skip(told) {
                    match arguments.json {
                        true => output::print_json(event)?,
                        false => output::print(&event_line(event))?,
                    }
                }
                match page.get("nextToken") {
                    Some(next) => (asked, told) = (first.with("nextToken", next.clone()), 0),
                    None => {
                        told = events.len();
                        break;
                    }
                }
            }
            if described["status"].as_str() != Some("RUNNING") {
                return Ok(ExitCode::SUCCESS);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOKED_AT) => {}
                _ = interrupted() => return Ok(ExitCode::from(130)),
            }
        }
    })
}

/// When an event happened, what it is, and of what it tells: a state, or an error.
pub(super) fn event_line(event: &Value) -> String {
    let members = event.as_object().into_iter().flat_map(|members| members.iter());
    let details = members.filter_map(|(_, value)| value.as_object()).next();
    let of = |name: &str| details.and_then(|details| details.get(name)?.as_str().map(str::to_owned));
    let about = ["name", "error", "resource"].into_iter().find_map(of).unwrap_or_default();
    let at = Timestamp(millis(&event["timestamp"]));
    let line = format!("{at} {} {about}", event["type"].as_str().unwrap_or_default());
    format!("{}\n", printable::line(line.trim_end()))
}

/// Shows what functions printed while an execution ran, in the order in which it came.
pub(crate) fn run(arguments: &Logs) -> Result<ExitCode, Error> {
    if arguments.follow {
        return follow(arguments);
    }
    let execution = StoredHistories::below(&arguments.data).find(arguments.execution.as_deref())?.execution;
    let until = execution.ended.map(|(_, at)| at);
    let folder = arguments.data.join(LOGS);
    let lines = logged(&folder, execution.start_time, until);
    let lines =
        lines.map_err(|error| Error::Usage(format!("cannot read the logs in {}: {error}", folder.display())))?;
    if arguments.json {
        output::print_json(&lines.iter().map(to_json).collect())?;
        return Ok(ExitCode::SUCCESS);
    }
    if lines.is_empty() {
        output::to_stderr(&format!("no function printed anything while {} ran\n", printable::line(&execution.name)));
    }
    let text: String = lines.iter().map(|line| format!("{}\n", printable::line(&line.to_string()))).collect();
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A line, with the id of the request where the function was at work on one.
fn to_json(line: &LoggedLine) -> Value {
    let (request, text) = line.text.split_once(' ').unwrap_or(("-", &line.text));
    let request = (request != "-").then(|| ("requestId", request.into()));
    let before = [("time", line.at.to_string().into()), ("function", line.function.as_str().into())];
    before.into_iter().chain(request).chain([("line", text.into())]).collect()
}
