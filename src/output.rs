//! Writing to the terminal or into a pipe.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstream::ColorChoice;
use asl_engine::Value;

use crate::cli::Color;
use crate::error::Error;
use crate::printable::{clean, clean_but_colours};

/// Says whether reports have colours.
pub(crate) fn choose_colors(color: Color) {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Prints a JSON document on stdout: indented for a person, on one line for a program, which gets every character as it is.
pub(crate) fn print_json(value: &Value) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    told(if out.is_terminal() {
        // Control characters of the data stand in strings, where JSON has the same escapes.
        writeln!(out, "{}", clean(&format!("{value:#}")))
    } else {
        let text = value.json_text();
        out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush())
    })
}

/// Prints text on stdout; its colours are dropped where they are not wanted.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    told(out.write_all(clean_but_colours(text).as_bytes()).and_then(|()| out.flush()))
}

/// Writes a file, in the place of one that is there.
pub(crate) fn write_file(file: &Path, text: impl AsRef<[u8]>) -> Result<(), Error> {
    fs::write(file, text).map_err(|error| Error::Usage(format!("cannot write {}: {error}", file.display())))
}

/// Tells a reader that has left from other faults of stdout.
pub(crate) fn told(written: io::Result<()>) -> Result<(), Error> {
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Error::ClosedPipe),
        Err(error) => Err(Error::Usage(format!("cannot write to stdout: {error}"))),
    }
}

/// Prints text on stderr.
pub(crate) fn to_stderr(text: &str) {
    // There is nowhere else to say that this failed.
    let _ = anstream::stderr().lock().write_all(clean_but_colours(text).as_bytes());
}
