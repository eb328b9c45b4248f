//! `asl check`

pub(crate) mod codes;
mod github;
mod sarif;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl_engine::{CheckOptions, Diagnostic, Severity, StateMachineType, Value};
use asl_project::{Definition, DefinitionName, Substitution, Substitutions, definitions_in, routes_of};

use crate::cli::{Check, Format, MachineType};
use crate::error::Error;
use crate::input;
use crate::lines::Lines;
use crate::output;
use crate::report;
use codes::Denied;

/// A file with what was found in it.
struct Checked {
    definition: Definition,
    diagnostics: Vec<Diagnostic>,
}

/// Reports every problem of every file.
pub(crate) fn run(arguments: &Check) -> Result<ExitCode, Error> {
    let machine_type = match arguments.machine_type {
        MachineType::Standard => StateMachineType::Standard,
        MachineType::Express => StateMachineType::Express,
    };
    let options = CheckOptions { machine_type, placeholders: true };
    let mut checked = Vec::new();
    let mut unreadable = false;
    let mut files = Vec::new();
    for argument in &arguments.files {
        match named(argument) {
            Ok(named) => files.extend(named),
            Err(error) => {
                unreadable = true;
                output::to_stderr(&error.report());
            }
        }
    }
    for file in &files {
        match definitions(file, &arguments.substitute) {
            Ok((definitions, allowed)) => checked.extend(definitions.into_iter().map(|definition| {
                let mut diagnostics = definition.check(options);
                let is_allowed = |code| arguments.allow.contains(&code) || allowed.contains(&code);
                diagnostics.retain(|found| found.severity == Severity::Error || !is_allowed(found.code));
                Checked { definition, diagnostics }
            })),
            Err(error) => {
                unreadable = true;
                output::to_stderr(&error.report());
            }
        }
    }
    let is_denied = |found: &Diagnostic| {
        let denied = |denied: &Denied| matches!(denied, Denied::Warnings) || *denied == Denied::Code(found.code);
        found.severity == Severity::Error || arguments.deny.iter().any(denied)
    };
    let refused = checked.iter().any(|checked| checked.diagnostics.iter().any(is_denied));
    // Of files that could not be read, that has been told.
    let summary = || if checked.is_empty() { String::new() } else { summary(&checked) };
    match if arguments.json { Format::Json } else { arguments.format } {
        Format::Json => {
            let files: Value = checked.iter().map(Checked::to_json).collect();
            output::print_json(&[("files", files)].into())?;
        }
        Format::Sarif => output::print_json(&sarif::log(&checked))?,
        Format::Github => output::print(&(github::annotations(&checked) + &summary()))?,
        Format::Text => {
            let text: String = checked.iter().map(Checked::to_text).collect();
            output::print(&(text + &summary()))?;
        }
    }
    Ok(match (unreadable, refused) {
        (true, _) => 2.into(),
        (false, true) => 3.into(),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// The files that an argument names: those of a folder, those of a pattern, or one.
fn named(argument: &Path) -> Result<Vec<PathBuf>, Error> {
    if argument.is_dir() {
        let found = definitions_in(argument);
        let found = found.map_err(|error| Error::Usage(format!("cannot read {}: {error}", argument.display())))?;
        return match found.is_empty() {
            true => Err(Error::Usage(format!("there are no definitions below {}", argument.display()))),
            false => Ok(found),
        };
    }
    input::files(argument)
}

/// The definitions that an argument names: a file, stdin, a template, or one state machine of a template; and the codes that
/// the routing file beside it allows.
fn definitions(argument: &Path, given: &[Substitution]) -> Result<(Vec<Definition>, Vec<&'static str>), Error> {
    let named = DefinitionName::from(argument);
    let routes = routes_of(&named.file, None)?;
    let allowed = routes.check.allow.iter().map(|code| {
        let file = routes.file.as_deref().unwrap_or(Path::new("routes.toml")).display();
        codes::warning(code).map_err(|error| Error::Routes(format!("{file}: [check] allow: {error}")))
    });
    let allowed = allowed.collect::<Result<_, _>>()?;
    let substitutions = given.iter().cloned().collect::<Substitutions>().or(&routes);
    Ok((named.read_all(&substitutions)?, allowed))
}

/// A finding in words, with what to do about it on a line of its own.
fn told(found: &Diagnostic) -> String {
    let place = if found.location.is_empty() { String::new() } else { format!(" at {}", found.location) };
    let help = found.help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}"));
    format!("{}{place}{help}", report::for_a_person(&found.message))
}

impl Checked {
    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|found| found.severity == severity).count()
    }

    fn file(&self) -> String {
        self.definition.file().display().to_string()
    }

    fn lines(&self) -> Lines<'_> {
        Lines::new(self.definition.text())
    }

    fn to_text(&self) -> String {
        report::diagnostics(&self.diagnostics, &self.definition)
    }

    /// What ValidateStateMachineDefinition answers, in its order, with the file and the place of each finding in it.
    fn to_json(&self) -> Value {
        let lines = self.lines();
        let place = |at| {
            let (line, column) = lines.place(at);
            Value::from([("line", number(line)), ("column", number(column))])
        };
        let diagnostics = self.diagnostics.iter().map(|found| {
            let json = found.to_json();
            let mut members: Vec<(&str, Value)> = ["severity", "code", "message", "location"]
                .into_iter()
                .map(|name| (name, json[name].clone()))
                .filter(|(_, value)| *value != Value::Null)
                .collect();
            members.extend(found.help.as_deref().map(|help| ("help", help.into())));
            members.push(("start", place(found.span.start)));
            members.push(("end", place(found.span.end)));
            members.into_iter().collect::<Value>()
        });
        let result = if self.count(Severity::Error) > 0 { "FAIL" } else { "OK" };
        let file = self.file();
        let machine = self.definition.machine().map(|machine| ("machine", machine.into()));
        let result = [("result", result.into()), ("diagnostics", diagnostics.collect())];
        [("file", file.into())].into_iter().chain(machine).chain(result).collect()
    }
}

fn number(count: usize) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

/// `2 files: 3 errors, 1 warning`
fn summary(checked: &[Checked]) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let shown: Vec<_> = checked.iter().flat_map(|checked| report::said_once(&checked.diagnostics)).collect();
    let total = |severity| shown.iter().filter(|found| found.severity == severity).count();
    let kinds = [(total(Severity::Error), "error"), (total(Severity::Warning), "warning")];
    let found: Vec<String> =
        kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what)).collect();
    let found = if found.is_empty() { "no problems".to_owned() } else { found.join(", ") };
    format!("{}: {found}\n", counted(checked.len(), "file"))
}
