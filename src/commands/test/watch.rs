//! Runs tests again whenever one of their files changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use asl_testing::files_read;

use super::test_files;
use crate::cli::Test;
use crate::error::Error;
use crate::output;
use crate::report;

/// How often it is looked whether a file has changed. Looking takes at most a tenth of the time.
const PAUSE: Duration = Duration::from_millis(200);

/// The files that are watched, with what changes when somebody writes them; nothing of those that are not there.
type Snapshot = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// Runs the tests now and after each change, until the program is ended.
pub(super) fn run(arguments: &Test, once: impl Fn(&Test) -> Result<ExitCode, Error>) -> Result<ExitCode, Error> {
    loop {
        let files: Vec<PathBuf> = tests(arguments).iter().flat_map(|path| files_read(path)).collect();
        let before = snapshot(arguments, &files);
        match once(arguments) {
            Ok(_) => {}
            Err(Error::ClosedPipe) => return Err(Error::ClosedPipe),
            Err(error) => output::to_stderr(&error.report()),
        }
        output::to_stderr(&report::note("waiting for a file to change; Ctrl-C ends this"));
        let changed = change(&before, || snapshot(arguments, &files));
        output::to_stderr(&report::note(&format!("{} has changed", changed.display())));
    }
}

/// The test files that there are now.
fn tests(arguments: &Test) -> Vec<PathBuf> {
    // Where there are none yet, there may be some later.
    test_files(&arguments.paths).unwrap_or_default()
}

/// Waits until a file is another one than before, or is new or gone, and is written to no more.
fn change(before: &Snapshot, snapshot: impl Fn() -> Snapshot) -> PathBuf {
    let mut changed: Option<(PathBuf, Snapshot)> = None;
    loop {
        let began = Instant::now();
        let now = snapshot();
        if let Some((file, last)) = changed.take()
            && last == now
        {
            return file;
        }
        changed = difference(before, &now).map(|file| (file, now));
        sleep(PAUSE.max(began.elapsed() * 10));
    }
}

/// The first file in which two snapshots differ.
fn difference(before: &Snapshot, now: &Snapshot) -> Option<PathBuf> {
    let other = now.iter().find(|(file, seen)| before.get(*file) != Some(seen)).map(|(file, _)| file);
    other.or_else(|| before.keys().find(|file| !now.contains_key(*file))).cloned()
}

/// The test files, and the files that they are made of. Histories that the run itself writes are left out.
fn snapshot(arguments: &Test, files: &[PathBuf]) -> Snapshot {
    let is_written = |file: &PathBuf| arguments.update && file.extension().is_some_and(|ending| ending == "history");
    let all = tests(arguments).into_iter().chain(files.iter().filter(|file| !is_written(file)).cloned());
    let seen = |file: &PathBuf| fs::metadata(file).ok().and_then(|seen| Some((seen.modified().ok()?, seen.len())));
    all.map(|file| (file.clone(), seen(&file))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_is_new_or_is_gone_is_found() {
        let of = |files: &[(&str, u64)]| -> Snapshot {
            files.iter().map(|(file, len)| (PathBuf::from(file), Some((SystemTime::UNIX_EPOCH, *len)))).collect()
        };
        let before = of(&[("a", 1), ("b", 2)]);
        for (now, expected) in [
            (of(&[("a", 1), ("b", 2)]), None),
            (of(&[("a", 1), ("b", 3)]), Some("b")),
            (of(&[("a", 1), ("b", 2), ("c", 1)]), Some("c")),
            (of(&[("b", 2)]), Some("a")),
        ] {
            assert_eq!(difference(&before, &now), expected.map(PathBuf::from), "{now:?}");
        }
    }
}
