//! Test files of mock configuration files.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl_testing::TestFile;

use super::told;
use crate::error::Error;
use crate::output;
use crate::report;

/// Writes the test files of mock configuration files beside these. What is there already stays.
pub(super) fn run(paths: &[PathBuf]) -> Result<ExitCode, Error> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            let wanted = "--convert: name the mock configuration file, such as MockConfigFile.json";
            return Err(Error::Usage(wanted.to_owned()));
        }
        match TestFile::converted(path) {
            Ok(Some(files)) if files.is_empty() => {
                return Err(Error::Usage(format!("--convert: {} has no state machines", path.display())));
            }
            Ok(Some(files)) => all.extend(files),
            Ok(None) => {
                let named = path.display();
                return Err(Error::Usage(format!("--convert: {named} is no mock configuration file")));
            }
            Err(error) => {
                output::to_stderr(&told(&error));
                return Ok(3.into());
            }
        }
    }
    for (file, text) in all {
        write_new(&file, &text)?;
        output::to_stderr(&report::note(&format!("the cases are written to {}", file.display())));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is not there yet.
fn write_new(file: &Path, text: &str) -> Result<(), Error> {
    let written = OpenOptions::new().write(true).create_new(true).open(file);
    written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::Usage(format!("{} is there already, and stays as it is", file.display())),
        _ => Error::Usage(format!("cannot write {}: {error}", file.display())),
    })
}
