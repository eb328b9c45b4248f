//! `asl record`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl_engine::Value;
use asl_project::{DefinitionName, HistoryError, StoredHistories};
use asl_testing::{ENDINGS, Recording, is_test_file};

use crate::cli::{OfHistory, Record};
use crate::commands::history;
use crate::error::Error;
use crate::input;
use crate::output;
use crate::report;

/// Writes the test file of a history, or prints it.
pub(crate) fn run(arguments: &Record) -> Result<ExitCode, Error> {
    let of = &arguments.of;
    let named = DefinitionName::from(&*of.definition);
    let definition = named.read(&input::substitutions(&named, &of.substitute)?)?;
    let program = match definition.unfilled_program() {
        Ok(program) => program,
        Err(diagnostics) => return Err(Error::Definition { definition: definition.into(), diagnostics }),
    };
    let (events, arn) = history(of)?;
    let from = of.history.display();
    let children = events.get("childExecutions").and_then(Value::as_array).map_or(0, |children| children.len());
    if children > 0 {
        let told = format!(
            "{from} has {children} child executions, too: of each, `asl record --definition FILE#MapState` makes a test"
        );
        output::to_stderr(&report::note(&told));
    }
    let recording = Recording::of(&events, &program).map_err(|error| Error::Tests(format!("{from}: {error}")))?;
    let (recording, unused) = recording.masked(&arguments.mask);
    for mask in unused {
        output::to_stderr(&report::warning(&format!("--mask {mask}: nothing is there in the history")));
    }
    let recording = recording.of_execution(arguments.execution_arn.clone().or(arn));
    let Some(file) = &arguments.output else {
        let named = of.definition.display().to_string();
        match arguments.json {
            true => output::print_json(&recording.test(&arguments.name, &named, None))?,
            false => output::print(&recording.test_file(&arguments.name, &named, None))?,
        }
        return Ok(ExitCode::SUCCESS);
    };
    if !is_test_file(file) {
        return Err(Error::Usage(format!("--output: {} is not called NAME{}", file.display(), ENDINGS[0])));
    }
    let history = history_of(file);
    for file in [file, &history] {
        if file.exists() {
            return Err(Error::Usage(format!("{} is there already, and stays as it is", file.display())));
        }
    }
    let name = history.file_name().unwrap_or_default().to_string_lossy();
    let definition = relative(&of.definition, file);
    let is_json = arguments.json || file.extension().is_some_and(|ending| ending == "json");
    let test = match is_json {
        true => format!("{:#}\n", recording.test(&arguments.name, &definition, Some(&name))),
        false => recording.test_file(&arguments.name, &definition, Some(&name)),
    };
    output::write_file(&history, recording.history_file())?;
    output::write_file(file, &test)?;
    Ok(ExitCode::SUCCESS)
}

/// The history in a file, or of an execution that is stored, whose ARN is known then.
pub(super) fn history(OfHistory { history: file, data, .. }: &OfHistory) -> Result<(Value, Option<String>), Error> {
    if file != Path::new("-") && !file.exists() {
        let stored = StoredHistories::below(data).find(file.to_str());
        match stored {
            Ok(stored) => return Ok((history::to_json(&stored), Some(stored.execution.arn))),
            // Then a file was meant.
            Err(HistoryError::NoSuchExecution(_) | HistoryError::Empty(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = input::file_or_stdin("the history", file)?;
    let events = text.parse().map_err(|error| {
        let from = file.display().to_string();
        Error::NotJson { what: "the history", from, text, error: Box::new(error) }
    })?;
    Ok((events, None))
}

/// `order.test.yaml` has its history in `order.history`.
fn history_of(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name).to_owned();
    file.with_file_name(format!("{stem}.history"))
}

/// The definition as the test file names it, from its own folder.
fn relative(definition: &Path, file: &Path) -> String {
    let folder = file.parent().unwrap_or(Path::new(""));
    let same = definition.strip_prefix(folder).ok().map(Path::to_owned);
    let above = || {
        let up = folder.components().count();
        let is_plain = folder.is_relative() && definition.is_relative() && !folder.starts_with("..");
        is_plain.then(|| "../".repeat(up) + &definition.display().to_string())
    };
    let absolute = || fs::canonicalize(definition).unwrap_or_else(|_| definition.to_owned()).display().to_string();
    same.map(|path| path.display().to_string()).or_else(above).unwrap_or_else(absolute)
}
