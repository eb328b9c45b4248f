//! What the command line names: files, and JSON as a file, on stdin or as the text itself.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_engine::{Quotas, Value};
use asl_project::{Definition, DefinitionName, Substitution, Substitutions, read_text, read_text_of, routes_of};

use crate::error::Error;
use crate::output;

/// Reads a text file. `what` is what errors call it.
pub(crate) fn file(what: &str, file: &Path) -> Result<String, Error> {
    read_text(file).map_err(|error| Error::unreadable(what, file, &error))
}

/// The files of a pattern such as `tests/*.yaml`, which a shell has left as it is; of anything else, the file itself.
pub(crate) fn files(argument: &Path) -> Result<Vec<PathBuf>, Error> {
    let pattern = argument.to_str().filter(|text| !argument.exists() && text.contains(['*', '?', '[']));
    let Some(pattern) = pattern else { return Ok(vec![argument.to_owned()]) };
    let paths =
        glob::glob(pattern).map_err(|error| Error::Usage(format!("the pattern {pattern} is wrong: {error}")))?;
    // What may not be looked into has no files to name.
    let found: Vec<PathBuf> = paths.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    match found.is_empty() {
        true => Err(Error::Usage(format!("no file is named as {pattern} says"))),
        false => Ok(found),
    }
}

/// As [`file()`]; `-` is stdin.
pub(crate) fn file_or_stdin(what: &str, named: &Path) -> Result<String, Error> {
    if named != Path::new("-") {
        return file(what, named);
    }
    read_text_of(io::stdin()).map_err(|error| Error::unreadable(what, Path::new("<stdin>"), &error))
}

/// Reads the definition that an argument names, with the values that the command line and the routing file beside it have for
/// its placeholders.
pub(crate) fn definition(argument: &Path, given: &[Substitution]) -> Result<Definition, Error> {
    let named = DefinitionName::from(argument);
    Ok(named.read(&substitutions(&named, given)?)?)
}

/// What is filled in where nobody names a routing file.
pub(crate) fn substitutions(named: &DefinitionName, given: &[Substitution]) -> Result<Substitutions, Error> {
    Ok(given.iter().cloned().collect::<Substitutions>().or(&routes_of(&named.file, None)?))
}

/// The input of an execution, with its text as it came in, without the white space around it.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) value: Value,
    pub(crate) text: Option<Arc<str>>,
}

impl Input {
    /// Refuses what AWS starts no execution with. API reference of Step Functions, `StartExecution`.
    pub(crate) fn check(&self, quotas: Quotas) -> Result<(), Error> {
        let length = self.text.as_ref().map_or_else(|| self.value.json_len(), |text| text.len());
        match quotas.payload_bytes {
            Some(most) if length > most => Err(Error::Usage(format!(
                "the input has {length} bytes: AWS starts no execution with more than {most}\n\
                 help: this is a quota of AWS, which `asl run --no-quotas` lifts"
            ))),
            _ => Ok(()),
        }
    }
}

impl From<Value> for Input {
    fn from(value: Value) -> Self {
        Self { value, text: None }
    }
}

/// Reads what `argument` names: a file, `-` for stdin, or the JSON itself. `what` is what it is for, as errors call it.
pub(crate) fn json(what: &'static str, option: &str, argument: &str) -> Result<Value, Error> {
    with_text(what, option, argument).map(|input| input.value)
}

/// As [`json`] of what somebody types while the terminal is read already: a file or the JSON itself. Anything else would be waited for.
pub(crate) fn typed(what: &'static str, option: &str, text: &str) -> Result<Value, Error> {
    let path = Path::new(text);
    if text == "-" || path.exists() && !path.is_file() {
        return Err(Error::Usage(format!("{what} '{text}' is neither a file nor JSON")));
    }
    json(what, option, text)
}

/// As [`json`], and keeps the text.
pub(crate) fn with_text(what: &'static str, option: &str, argument: &str) -> Result<Input, Error> {
    let path = Path::new(argument);
    let (text, from) = if argument == "-" {
        (file_or_stdin(what, path)?, "<stdin>".to_owned())
    } else if path.exists() {
        (file(what, path)?, argument.to_owned())
    } else if argument.trim_start().starts_with(['{', '[', '"']) {
        (argument.to_owned(), option.to_owned())
    } else {
        // Numbers and the like; whatever else it is, it was more likely meant to be a file.
        let neither = |_| Error::Usage(format!("{what} '{argument}' is neither a file nor JSON"));
        return argument.parse().map(Value::into).map_err(neither);
    };
    match text.parse() {
        Ok(value) => Ok(Input { value, text: Some(text.trim().into()) }),
        Err(error) => Err(Error::NotJson { what, from, text, error: Box::new(error) }),
    }
}

/// The document of a path or an expression: what was named, or stdin when something is piped into it.
pub(crate) fn document(named: Option<&str>, example: &str) -> Result<Value, Error> {
    let named = match named {
        Some(named) => named,
        None if io::stdin().is_terminal() => {
            return Err(Error::Usage(format!(
                "there is no document: name a file, give JSON, or pipe it in, as in\n  {example}"
            )));
        }
        None => "-",
    };
    if named == "-" && io::stdin().is_terminal() {
        output::to_stderr("reading the document from the terminal; Ctrl-D ends it\n");
    }
    json("the document", "FILE", named)
}

/// As [`json`], where only an object will do.
pub(crate) fn object(what: &'static str, option: &str, argument: &str) -> Result<Value, Error> {
    as_object(what, option, json(what, option, argument)?)
}

/// The value, where it is an object.
pub(crate) fn as_object(what: &'static str, option: &str, value: Value) -> Result<Value, Error> {
    match value.as_object() {
        Some(_) => Ok(value),
        None => Err(Error::Usage(format!("{what} must be a JSON object ({option})"))),
    }
}
