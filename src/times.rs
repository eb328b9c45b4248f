//! Where the time of an execution went: as a table, as a picture, and as a trace.

mod rows;
mod table;

use std::path::{Path, PathBuf};

use asl_graph::Theme;
use asl_history::Course;

use crate::error::Error;
use crate::output;

pub(crate) use table::table;

/// Where it is told: `--time`, with the file of a picture where one is named, and `--trace`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) time: Option<Option<&'a Path>>,
    pub(crate) trace: Option<&'a Path>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(time: &'a Option<Option<PathBuf>>, trace: &'a Option<PathBuf>) -> Self {
        Self { time: time.as_ref().map(Option::as_deref), trace: trace.as_deref() }
    }

    /// Whether anything is.
    pub(crate) fn is_any(&self) -> bool {
        self.time.is_some() || self.trace.is_some()
    }

    /// Refuses files that could not be written: before anything is run.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(Some(file)) = self.time {
            check_file("--time", file)?;
            if !file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg")) {
                return Err(Error::Usage(format!("--time: {} does not end in .svg: it is a picture", file.display())));
            }
        }
        self.trace.map_or(Ok(()), |file| check_file("--trace", file))
    }

    /// Writes the files.
    pub(crate) fn write(&self, course: &Course) -> Result<(), Error> {
        if let Some(Some(file)) = self.time {
            output::write_file(file, rows::timeline(course).svg(Theme::Auto))?;
        }
        let Some(file) = self.trace else { return Ok(()) };
        match course.trace(env!("CARGO_PKG_VERSION")) {
            Some(trace) => output::write_file(file, format!("{trace}\n")),
            None => Err(Error::Usage("--trace: the history has no times".to_owned())),
        }
    }

    /// Prints the table on stderr, where it was asked for.
    pub(crate) fn tell(&self, course: &Course) {
        if self.time.is_some() {
            output::to_stderr(&table(course));
        }
    }
}

/// Refuses a file whose folder is not there, and `-`: something else is printed on stdout.
pub(crate) fn check_file(option: &str, file: &Path) -> Result<(), Error> {
    if file == Path::new("-") {
        return Err(Error::Usage(format!("{option}: - is not stdout here: name a file")));
    }
    match file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => Err(Error::Usage(format!("{option}: there is no folder {}", folder.display()))),
        None => Ok(()),
    }
}
