//! Writing to the terminal or into a pipe.

use std::io::{self, IsTerminal, Write};

use asl_engine::Value;

use crate::error::Error;

/// Prints a JSON document on stdout: indented for a person, on one line for a program.
pub(crate) fn print_json(value: &Value) -> Result<(), Error> {
    let text = if io::stdout().is_terminal() { format!("{value:#}\n") } else { format!("{value}\n") };
    print(&text)
}

/// Prints text on stdout; its colours are dropped where they are not wanted.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Error::ClosedPipe),
        Err(error) => Err(Error::Usage(format!("cannot write to stdout: {error}"))),
    }
}

/// Prints text on stderr.
pub(crate) fn to_stderr(text: &str) {
    // There is nowhere else to say that this failed.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
