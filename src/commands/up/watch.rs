//! `asl up --watch`: the project brought up anew when one of its files changes.
//!
//! The program puts itself into its own place, as a later start would: executions that run are kept, and go on.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime};

use asl_project::files_in;
use asl_runtime::blocking;
use asl_stack::CDK_OUT;

use super::{absolute, project};
use crate::cli::Up;
use crate::error::Error;
use crate::output;
use crate::report;

/// How often it is looked whether a file has changed.
const LOOKED_AT: Duration = Duration::from_millis(150);

/// The files of a project, with what changes when somebody writes them.
type Snapshot = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// The files as they are now; without hidden ones, packages, and what is written here.
fn snapshot(folder: &Path, data: &Path) -> Snapshot {
    let out = folder.join(CDK_OUT);
    let files = files_in(folder, |_, file, _| !file.starts_with(&out) && !file.starts_with(data));
    let seen = |file: PathBuf| {
        let seen = fs::metadata(&file).map(|seen| (seen.modified().ok(), seen.len())).unwrap_or_default();
        (file, seen)
    };
    files.unwrap_or_default().into_iter().map(seen).collect()
}

/// Waits until a file of the project has changed, and the project can be brought up as it is then. What is wrong with it otherwise is told.
pub(super) async fn changed(arguments: &Up) {
    let (mut last, mut known) = (None, None);
    loop {
        let asked = arguments.clone();
        let now = blocking(move || {
            let project = absolute(&asked.project);
            let folder = if project.is_dir() { project.as_path() } else { project.parent().unwrap_or(&project) };
            snapshot(folder, &absolute(&asked.serving.data))
        });
        let now = Some(now.await);
        let before = known.get_or_insert_with(|| now.clone());
        // What is still being written is waited for.
        if now != *before && now == last {
            known = Some(now.clone());
            let asked = arguments.clone();
            // It has not been told yet: what is passed over now may be something else.
            let asked = Up { again: Some(asked.serving.listen), ..asked };
            match blocking(move || project(&asked).map(drop).map_err(|error| error.report())).await {
                Ok(()) => return,
                Err(report) => {
                    output::to_stderr(&report);
                    output::to_stderr(&report::note("the project goes on as it was"));
                }
            }
        }
        last = now;
        tokio::time::sleep(LOOKED_AT).await;
    }
}

/// Puts the program into its own place, listening where it did.
#[cfg(unix)]
pub(super) fn begin_anew(listen: SocketAddr) -> Result<ExitCode, Error> {
    use std::os::unix::process::CommandExt;
    let failed = |error: std::io::Error| Error::Usage(format!("cannot start asl anew: {error}"));
    let asl = std::env::current_exe().map_err(failed)?;
    let mut arguments = Vec::new();
    let mut given = std::env::args_os().skip(1);
    while let Some(argument) = given.next() {
        match argument.to_str() {
            Some("--again") => _ = given.next(),
            _ => arguments.push(argument),
        }
    }
    // It does not come back.
    Err(failed(Command::new(asl).args(arguments).arg("--again").arg(listen.to_string()).exec()))
}

/// Only processes of Unix put others into their place.
#[cfg(not(unix))]
pub(super) fn begin_anew(_: SocketAddr) -> Result<ExitCode, Error> {
    Err(Error::Usage("the project has changed: start asl up again".to_owned()))
}
