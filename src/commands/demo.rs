//! `asl demo`

use std::process::ExitCode;

use crate::cli::Demo;
use crate::error::Error;

/// Runs the bundled workflow twice, and shows what it left behind.
pub(crate) fn run(_arguments: &Demo) -> Result<ExitCode, Error> {
    Ok(ExitCode::SUCCESS)
}
