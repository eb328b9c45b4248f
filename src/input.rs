//! JSON that the command line names: a file, stdin, or the text itself.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use asl_engine::Value;

use crate::error::Error;

/// Reads what `argument` names: a file, `-` for stdin, or the JSON itself. `what` is what it is for, as errors call it.
pub(crate) fn json(what: &'static str, option: &str, argument: &str) -> Result<Value, Error> {
    let (text, from) = if argument == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(|error| Error::unreadable(what, Path::new("<stdin>"), &error))?;
        (text, "<stdin>".to_owned())
    } else if Path::new(argument).is_file() {
        let file = Path::new(argument);
        let text = fs::read_to_string(file).map_err(|error| Error::unreadable(what, file, &error))?;
        (text, argument.to_owned())
    } else if argument.trim_start().starts_with(['{', '[', '"']) {
        (argument.to_owned(), option.to_owned())
    } else {
        // Numbers and the like; whatever else it is, it was more likely meant to be a file.
        let neither = |_| Error::Usage(format!("{what} '{argument}' is neither a file nor JSON"));
        return argument.parse().map_err(neither);
    };
    text.parse().map_err(|error| Error::NotJson { what, from, text, error: Box::new(error) })
}
