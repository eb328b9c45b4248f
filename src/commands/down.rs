//! `asl down`

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use asl_engine::Value;

use super::data::empty;
use super::up::{PROCESS, UP};
use crate::cli::Down;
use crate::error::Error;
use crate::output;
use crate::report;

/// How long the end of a program is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is kept below the folder for data beside what the services keep.
const OF_THE_SERVER: [&str; 6] =
    ["executions.sqlite", "executions.sqlite-wal", "executions.sqlite-shm", "log-groups.jsonl", "logs", UP];

/// Ends what `asl up` has brought up, and removes its data where that is wanted.
pub(crate) fn run(arguments: &Down) -> Result<ExitCode, Error> {
    let data = &arguments.data;
    let was_up = is_used(data);
    let process = fs::read_to_string(data.join(UP).join(PROCESS)).unwrap_or_default();
    if was_up {
        end(data)?;
    }
    if arguments.delete {
        delete(data)?;
    }
    if was_up || arguments.delete {
        clear(data);
    }
    match (arguments.json, was_up) {
        (true, _) => {
            let told = [("ended", Value::from(was_up)), ("deleted", arguments.delete.into())];
            output::print_json(&told.into())?;
        }
        (false, true) => {
            let mut lines = process.lines();
            let (id, url) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            let text = format!("ended {url} (process {id}), which was up with the data in {}", data.display());
            output::to_stderr(&report::note(&text));
        }
        (false, false) => {
            output::to_stderr(&report::note(&format!("nothing was up with the data in {}", data.display())))
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The files whose locks say that a program uses a folder for data.
const LOCKS: [&str; 2] = ["executions.lock", asl_tasks::IN_USE];

/// Removes what is of use to a program that runs alone, and the folder where nothing is left in it.
fn clear(data: &Path) {
    // They are held until they are gone: who has just begun keeps its own.
    let held = LOCKS.map(|name| File::open(data.join(name)).ok());
    if held.iter().flatten().any(|lock| lock.try_lock().is_err()) {
        return;
    }
    for name in LOCKS.into_iter().chain([".lock"]) {
        // What is not there need not go.
        let _ = fs::remove_file(data.join(name));
    }
    drop(held);
    let _ = fs::remove_file(data.join(UP).join(PROCESS));
    let _ = fs::remove_dir(data);
}

/// Whether a program uses a folder for data.
pub(super) fn is_used(data: &Path) -> bool {
    LOCKS.iter().any(|name| {
        let lock = File::open(data.join(name));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    })
}

/// Ends the program that uses a folder for data, as Ctrl-C does.
#[cfg(unix)]
fn end(data: &Path) -> Result<(), Error> {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let unknown = || {
        let text =
            format!("{} is used by a program that `asl up` has not started\nhelp: end it with Ctrl-C", data.display());
        Error::Usage(text)
    };
    let process = fs::read_to_string(data.join(UP).join(PROCESS)).map_err(|_| unknown())?;
    let process: i32 = process.lines().next().and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    kill(Pid::from_raw(process), Signal::SIGINT).map_err(|_| unknown())?;
    let since = Instant::now();
    while is_used(data) {
        if since.elapsed() > PATIENCE {
            let text = format!("the process {process} has not ended within {} s", PATIENCE.as_secs());
            return Err(Error::Usage(text));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(not(unix))]
fn end(data: &Path) -> Result<(), Error> {
    Err(Error::Usage(format!("{} is used by a program: end it with Ctrl-C", data.display())))
}

fn delete(data: &Path) -> Result<(), Error> {
    empty(data)?;
    for path in OF_THE_SERVER.map(|name| data.join(name)) {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::Usage(format!("cannot remove {}: {error}", path.display())));
            }
            _ => {}
        }
    }
    Ok(())
}
