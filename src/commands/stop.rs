//! `asl stop`

use std::process::ExitCode;

use asl_engine::Value;

use crate::cli::Stop;
use crate::error::Error;
use crate::execute::runtime;
use crate::output;
use crate::printable;
use crate::remote::Remote;

/// Stops an execution of a server.
pub(crate) fn run(arguments: &Stop) -> Result<ExitCode, Error> {
    let remote = Remote::new(&arguments.server)?;
    runtime()?.block_on(async {
        let arn = remote.execution(&arguments.execution).await?;
        let text = |name, text: &Option<String>| text.as_deref().map(|text| (name, Value::from(text)));
        let failure = [text("error", &arguments.error), text("cause", &arguments.cause)];
        let asked = std::iter::once(("executionArn", Value::from(arn.as_str())));
        let stopped = remote.call("StopExecution", asked.chain(failure.into_iter().flatten()).collect()).await?;
        match arguments.json {
            true => output::print_json(&stopped)?,
            false => output::print(&format!("{}\n", printable::line(&arn)))?,
        }
        Ok(ExitCode::SUCCESS)
    })
}
