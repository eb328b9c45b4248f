//! `asl logs`

use std::process::ExitCode;

use asl_engine::Value;
use asl_project::{LoggedLine, StoredHistories, logged};

use crate::cli::Logs;
use crate::error::Error;
use crate::output;
use crate::printable;

/// Shows what functions printed while an execution ran, in the order in which it came.
pub(crate) fn run(arguments: &Logs) -> Result<ExitCode, Error> {
    let execution = StoredHistories::below(&arguments.data).find(arguments.execution.as_deref())?.execution;
    let until = execution.ended.map(|(_, at)| at);
    let folder = arguments.data.join("logs");
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
