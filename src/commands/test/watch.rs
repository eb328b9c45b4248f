//! Runs tests again whenever a file changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use asl_project::files_in;
use asl_testing::TestFile;

use super::test_files;
use crate::cli::Test;
use crate::error::Error;
use crate::output;
use crate::report;

/// How often it is looked whether a file has changed. Looking takes at most a tenth of the time.
const PAUSE: Duration = Duration::from_millis(200);

/// The files that are watched, with what changes when somebody writes them.
type Snapshot = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Runs the tests now and after each change, until the program is ended.
pub(super) fn run(arguments: &Test, once: impl Fn(&Test) -> Result<ExitCode, Error>) -> Result<ExitCode, Error> {
    let mut written = true;
    loop {
        let elsewhere = definitions(arguments);
        let mut before = snapshot(arguments, &elsewhere);
        match once(arguments) {
            Ok(_) => {}
            Err(Error::ClosedPipe) => return Err(Error::ClosedPipe),
            Err(error) => output::to_stderr(&error.report()),
        }
        // What the first run has written itself, such as histories, is no change of a person's.
        if std::mem::take(&mut written) && arguments.update {
            before = snapshot(arguments, &elsewhere);
        }
        output::to_stderr(&report::note("waiting for a file to change; Ctrl-C ends this"));
        let changed = change(&before, || snapshot(arguments, &elsewhere));
        output::to_stderr(&report::note(&format!("{} has changed", changed.display())));
    }
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

/// The files of the definitions that are tested, wherever they are.
fn definitions(arguments: &Test) -> Vec<PathBuf> {
    let paths = test_files(&arguments.paths).unwrap_or_default();
    let files = paths.iter().flat_map(|path| TestFile::read_all(path).unwrap_or_default());
    files.flat_map(|file| file.definitions().map(|it| it.file().to_owned()).collect::<Vec<_>>()).collect()
}

/// The files below the paths, and those beside them: definitions and inputs of a test file are there; and those that are elsewhere.
/// What the run itself writes is left out.
fn snapshot(arguments: &Test, elsewhere: &[PathBuf]) -> Snapshot {
    let Test { paths, coverage_lcov, coverage_json, coverage_html, .. } = arguments;
    let mut all = Snapshot::new();
    for path in paths {
        let folder = match path.is_dir() {
            true => path.as_path(),
            false => path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        };
        // A folder that cannot be read now can be later.
        let below = files_in(folder, |_, _, _| true).unwrap_or_default();
        for file in below.into_iter().chain(elsewhere.iter().cloned()) {
            if let Ok(seen) = fs::metadata(&file) {
                all.insert(
                    file.strip_prefix("./").map(Path::to_owned).unwrap_or(file),
                    (seen.modified().ok(), seen.len()),
                );
            }
        }
    }
    for written in [coverage_lcov, coverage_json, coverage_html].into_iter().flatten() {
        all.remove(written.strip_prefix("./").unwrap_or(written));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_is_new_or_is_gone_is_found() {
        let of = |files: &[(&str, u64)]| -> Snapshot {
            files.iter().map(|(file, len)| (PathBuf::from(file), (None, *len))).collect()
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
