//! `asl logs`

use std::process::ExitCode;

use asl_project::{StoredHistories, logged};

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
    if lines.is_empty() {
        output::to_stderr(&format!("no function printed anything while {} ran\n", printable::line(&execution.name)));
    }
    let text: String = lines.iter().map(|line| format!("{}\n", printable::line(&line.to_string()))).collect();
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
