//! `asl ps`

use std::process::ExitCode;

use asl_engine::{Timestamp, Value};
use asl_runtime::now;

use crate::cli::Ps;
use crate::error::Error;
use crate::execute::runtime;
use crate::output;
use crate::printable;
use crate::progress::seconds;
use crate::remote::{Remote, millis};

/// Lists the executions of a server.
pub(crate) fn run(arguments: &Ps) -> Result<ExitCode, Error> {
    let remote = Remote::new(&arguments.server)?;
    let status = (!arguments.all).then_some("RUNNING");
    let executions = runtime()?.block_on(remote.executions(status))?;
    if arguments.json {
        output::print_json(&executions.into_iter().collect())?;
        return Ok(ExitCode::SUCCESS);
    }
    if executions.is_empty() {
        let what = if arguments.all { "there is no execution" } else { "nothing runs; --all shows what has ended" };
        output::to_stderr(&format!("{what}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 5]> = executions.iter().map(row).collect();
    let titles = ["NAME", "STATE MACHINE", "STATUS", "STARTED", "FOR"].map(str::to_owned);
    output::print(&table(std::iter::once(titles).chain(rows).collect()))?;
    Ok(ExitCode::SUCCESS)
}

/// Its name, its state machine, its status, when it started and how long it took.
pub(super) fn row(execution: &Value) -> [String; 5] {
    let text = |name: &str| printable::line(execution[name].as_str().unwrap_or_default());
    let started = millis(&execution["startDate"]);
    let stopped = execution.get("stopDate").map_or_else(|| now().0, millis);
    let machine = text("stateMachineArn");
    let machine = machine.rsplit(':').next().unwrap_or_default().to_owned();
    [text("name"), machine, text("status"), Timestamp(started).to_string(), seconds(stopped.saturating_sub(started))]
}

/// Rows whose columns stand below each other.
fn table(rows: Vec<[String; 5]>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
