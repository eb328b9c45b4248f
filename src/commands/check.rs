//! `asl check`

use std::path::Path;
use std::process::ExitCode;

use asl_aws::{no_such_action, parameter_table};
use asl_engine::{CheckOptions, Diagnostic, Severity, StateMachineType, Value, diagnose_calls, diagnose_fields};

use crate::cli::{Check, Format, MachineType};
use crate::error::Error;
use crate::input;
use crate::lines::Lines;
use crate::output;
use crate::report;
use crate::yaml;

/// A file with what was found in it.
struct Checked {
    file: String,
    text: String,
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
    for file in &arguments.files {
        match input::file_or_stdin("the definition", file) {
            Ok(text) => checked.push(check(file, text, options)),
            Err(error) => {
                unreadable = true;
                output::to_stderr(&error.report());
            }
        }
    }
    let refused = checked.iter().any(|checked| checked.count(Severity::Error) > 0);
    if arguments.json || arguments.format == Format::Json {
        let files: Value = checked.iter().map(Checked::to_json).collect();
        output::print_json(&[("files", files)].into())?;
    } else {
        let mut text: String = checked.iter().map(Checked::to_text).collect();
        // Of files that could not be read, that has been told.
        if !checked.is_empty() {
            text += &summary(&checked);
        }
        output::print(&text)?;
    }
    Ok(match (unreadable, refused) {
        (true, _) => 2.into(),
        (false, true) => 3.into(),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn check(file: &Path, text: String, options: CheckOptions) -> Checked {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let is_yaml = match extension.as_deref() {
        Some("yaml" | "yml") => true,
        // Stdin has no name; a definition in JSON starts with a brace.
        None if file == Path::new("-") => !text.trim_start().starts_with('{'),
        _ => false,
    };
    let diagnostics = if is_yaml { check_yaml(&text, options) } else { check_json(&text, options) };
    let file = if file == Path::new("-") { "<stdin>".to_owned() } else { file.display().to_string() };
    Checked { file, text, diagnostics }
}

fn check_json(text: &str, options: CheckOptions) -> Vec<Diagnostic> {
    // What is filled in later may be the name of a service.
    let no_such = |resource: &str| if resource.contains("${") { None } else { no_such_action(resource) };
    let mut diagnostics = diagnose_calls(text, options, &no_such);
    diagnostics.extend(diagnose_fields(text, options, &parameter_table));
    diagnostics
}

fn check_yaml(text: &str, options: CheckOptions) -> Vec<Diagnostic> {
    match yaml::to_json(text) {
        Ok(converted) => {
            let mut diagnostics = check_json(&converted.json, options);
            for diagnostic in &mut diagnostics {
                diagnostic.span = converted.place(diagnostic.span);
            }
            diagnostics.extend(converted.doubtful.iter().map(|(found, span)| {
                let written = text.get(span.start..span.end).unwrap_or_default();
                Diagnostic {
                    code: "YAML_1_1",
                    severity: Severity::Warning,
                    message: format!("CloudFormation and SAM read '{written}' as {}", found.becomes()),
                    location: String::new(),
                    span: *span,
                    help: Some(found.advice().to_owned()),
                }
            }));
            diagnostics
        }
        Err(error) => vec![Diagnostic {
            code: "INVALID_YAML",
            severity: Severity::Error,
            message: error.message,
            location: String::new(),
            span: error.span,
            help: None,
        }],
    }
}

impl Checked {
    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|found| found.severity == severity).count()
    }

    fn to_text(&self) -> String {
        report::diagnostics(&self.diagnostics, &self.file, &self.text)
    }

    /// What ValidateStateMachineDefinition answers, in its order, with the file and the place of each finding in it.
    fn to_json(&self) -> Value {
        let lines = Lines::new(&self.text);
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
        [("file", self.file.as_str().into()), ("result", result.into()), ("diagnostics", diagnostics.collect())].into()
    }
}

fn number(count: usize) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

/// `2 files: 3 errors, 1 warning`
fn summary(checked: &[Checked]) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let total = |severity| checked.iter().map(|checked| checked.count(severity)).sum::<usize>();
    let kinds = [(total(Severity::Error), "error"), (total(Severity::Warning), "warning")];
    let found: Vec<String> =
        kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what)).collect();
    let found = if found.is_empty() { "no problems".to_owned() } else { found.join(", ") };
    format!("{}: {found}\n", counted(checked.len(), "file"))
}
