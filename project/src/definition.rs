//! A definition as its file has it: in JSON, or in YAML.

use std::io;
use std::path::{Path, PathBuf};

use asl_aws::{no_such_action, parameter_table};
use asl_engine::{
    CheckOptions, Diagnostic, Program, Severity, Span, StateType, diagnose_calls, diagnose_fields, placeholders,
};

use crate::child_definition::child_definition;
use crate::places::Places;
use crate::substitutions::{Placeholder, Substitutions};
use crate::text::read_text;
use crate::yaml::{self, YamlError};

/// The definition of a state machine, or of one state, with its text: JSON, or YAML where its file ends in `.yaml` or `.yml`.
///
/// The engine reads JSON only. Findings that come from here have their places in the text of the file, whatever it is written
/// in; for others there is [`Definition::place`].
///
/// ```
/// use asl_project::Definition;
///
/// let text = "StartAt: Greet\nStates:\n  Greet: {Type: Pass, Next: Nowhere}\n";
/// let definition = Definition::new("hello.asl.yaml", text.to_owned());
/// let found = definition.program().unwrap_err();
/// assert_eq!(&text[found[0].span.start..found[0].span.end], "Nowhere");
/// assert_eq!(definition.name(), "hello");
/// ```
#[derive(Debug)]
pub struct Definition {
    file: PathBuf,
    text: String,
    /// The name that a template gives it.
    name: Option<String>,
    /// The Map state whose child executions run it, where it is not the whole.
    map: Option<String>,
    json: Json,
    /// The ways from the JSON text back to the text of the file, one behind the other.
    places: Vec<Places>,
    /// What the YAML 1.1 of CloudFormation and SAM makes something else of.
    doubtful: Vec<Diagnostic>,
}

/// The JSON text of a definition.
#[derive(Debug)]
enum Json {
    /// It is the text of the file.
    Text,
    /// It was made of that.
    Made(String),
    /// What should be YAML is not.
    Invalid(Box<Diagnostic>),
}

impl Definition {
    /// Reads a file.
    pub fn read(file: &Path, substitutions: &Substitutions) -> io::Result<Self> {
        Ok(Self::filled_in(file, read_text(file)?, substitutions))
    }

    /// The definition with this text. Where its file has no ending, as `-` for stdin has none, JSON is what starts with a brace or a
    /// comment.
    pub fn new(file: impl Into<PathBuf>, text: String) -> Self {
        Self::filled_in(file, text, &Substitutions::default())
    }

    /// As [`Definition::new`], with values for its placeholders.
    pub fn filled_in(file: impl Into<PathBuf>, text: String, substitutions: &Substitutions) -> Self {
        let file = file.into();
        let is_stdin = file == Path::new("-");
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let is_yaml = match ending.as_deref() {
            Some("yaml" | "yml") => true,
            // Of stdin, or of a pipe such as `/dev/fd/63`.
            None => !text.trim_start().starts_with(['{', '/']),
            Some(_) => false,
        };
        let file = if is_stdin { "<stdin>".into() } else { file };
        let (json, places) = substitutions.filled_in(&text).unzip();
        let (json, places) = (json.map_or(Json::Text, Json::Made), places.into_iter().collect());
        let mut definition = Self { file, text, name: None, map: None, json, places, doubtful: Vec::new() };
        if is_yaml {
            definition.read_yaml();
        }
        definition
    }

    /// The definition of this name in the text of a template: its JSON text, with the places where that comes from.
    pub(crate) fn in_template(file: &Path, text: &str, name: String, json: String, places: Vec<Places>) -> Self {
        let (file, text) = (file.to_owned(), text.to_owned());
        Self { file, text, name: Some(name), map: None, json: Json::Made(json), places, doubtful: Vec::new() }
    }

    /// As a template calls it.
    pub(crate) fn named(self, name: String) -> Self {
        Self { name: Some(name), ..self }
    }

    /// What the child executions of its distributed Map state `map` run; the error has the names of those that it has. One that cannot be
    /// read stays as it is: who makes it ready to run is told.
    pub(crate) fn of_children(mut self, map: &str) -> Result<Self, Vec<String>> {
        let json = self.json().unwrap_or_default();
        // JSON is YAML, with places.
        let Some(root) = yaml::read(json).ok().and_then(|document| document.root) else { return Ok(self) };
        let (json, places) = child_definition(&root, map)?.to_json();
        (self.map, self.json) = (Some(map.to_owned()), Json::Made(json));
        self.places.insert(0, places);
        Ok(self)
    }

    /// What was taken for JSON is YAML.
    fn read_yaml(&mut self) {
        let yaml = match &self.json {
            Json::Made(filled_in) => filled_in,
            _ => &self.text,
        };
        let json = match yaml::read(yaml) {
            Ok(document) => {
                let doubtful = document.doubtful.into_iter().map(|(doubtful, span)| {
                    let written = yaml.get(span.start..span.end).unwrap_or_default();
                    let message = format!("CloudFormation and SAM read '{written}' as {}", doubtful.becomes());
                    let help = Some(doubtful.advice().to_owned());
                    finding("YAML_1_1", Severity::Warning, message, self.place(span), help)
                });
                self.doubtful = doubtful.collect();
                let (json, in_yaml) = document.root.map(|root| root.to_json()).unwrap_or_default();
                self.places.insert(0, in_yaml);
                Json::Made(json)
            }
            Err(YamlError { message, span }) => {
                Json::Invalid(finding("INVALID_YAML", Severity::Error, message, self.place(span), None).into())
            }
        };
        self.json = json;
    }

    /// The file as it was given; `<stdin>` where there is none.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What a template calls it, where it is in one.
    pub fn machine(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The file, with what stands behind a `#` where it is a part of that: `template.yaml#Order#Each`.
    pub fn full_name(&self) -> String {
        let parts = [&self.name, &self.map].into_iter().flatten().map(|part| format!("#{part}"));
        std::iter::once(self.file.display().to_string()).chain(parts).collect()
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the state machine is called: as its template calls it, or as its file, without `.json`, `.asl.json`, `.asl.yaml` and
    /// the like.
    pub fn name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let stem = self.file.file_stem().map_or_else(|| "definition".into(), |stem| stem.to_string_lossy());
        stem.strip_suffix(".asl").filter(|name| !name.is_empty()).unwrap_or(&stem).to_owned()
    }

    /// The JSON text. What should be YAML and is not has none, and this finding.
    pub fn json(&self) -> Result<&str, Diagnostic> {
        match &self.json {
            Json::Text => Ok(&self.text),
            Json::Made(json) => Ok(json),
            Json::Invalid(why) => Err((**why).clone()),
        }
    }

    /// The place in the text of a place in the JSON text.
    pub fn place(&self, span: Span) -> Span {
        self.places.iter().fold(span, |span, places| places.place(span))
    }

    /// The same findings, about the JSON text, with their places in the text.
    pub fn placed(&self, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        for found in &mut found {
            found.span = self.place(found.span);
        }
        found
    }

    /// The placeholders that nothing has filled in, with their places in the text.
    pub fn placeholders(&self) -> Vec<Placeholder> {
        let json = self.json().unwrap_or_default();
        let placeholder =
            |(span, name): (Span, &str)| Placeholder { name: name.to_owned(), span, place: self.place(span) };
        placeholders(json).map(placeholder).collect()
    }

    /// Makes it ready to run, with the parameters that the services of AWS take. Every error is reported.
    pub fn program(&self) -> Result<Program, Vec<Diagnostic>> {
        self.made(Program::parse)
    }

    /// As [`Definition::program`], for a run in which no task is called: placeholders may stay.
    pub fn unfilled_program(&self) -> Result<Program, Vec<Diagnostic>> {
        self.made(Program::parse_unfilled)
    }

    fn made(&self, parse: fn(&str) -> Result<Program, Vec<Diagnostic>>) -> Result<Program, Vec<Diagnostic>> {
        let json = self.json().map_err(|error| vec![error])?;
        let program = parse(json).map_err(|found| self.placed(found))?;
        Ok(program.with_inputs(parameter_table))
    }

    /// The placeholders that nothing has filled in and that a run of the program would meet: not those of Task states whose
    /// tasks are not called.
    pub fn unfilled(&self, program: &Program, is_mocked: impl Fn(&str) -> bool) -> Vec<Placeholder> {
        let states = program.model().states();
        let is_called = |placeholder: &Placeholder| {
            // States inside of others come behind them.
            let of = states
                .iter()
                .rev()
                .find(|state| state.span.start <= placeholder.span.start && placeholder.span.end <= state.span.end);
            of.is_none_or(|state| state.state_type != StateType::Task || !is_mocked(&state.name))
        };
        self.placeholders().into_iter().filter(is_called).collect()
    }

    /// All that is wrong with it, or hardly meant.
    pub fn check(&self, options: CheckOptions) -> Vec<Diagnostic> {
        let json = match self.json() {
            Ok(json) => json,
            Err(error) => return vec![error],
        };
        // What is filled in later may be the name of a service.
        let no_such = |resource: &str| if resource.contains("${") { None } else { no_such_action(resource) };
        let mut found = self.placed(diagnose_calls(json, options, &no_such));
        found.extend(self.check_parameters(options));
        found.extend(self.doubtful.iter().cloned());
        found.extend(self.left_open());
        found
    }

    /// That placeholders are left, in one finding.
    fn left_open(&self) -> Option<Diagnostic> {
        let left = self.placeholders();
        let mut names: Vec<String> = left.iter().map(|placeholder| format!("${{{}}}", placeholder.name)).collect();
        names.sort_unstable();
        names.dedup();
        let message = format!("Nothing here fills in {}", names.join(", "));
        let help = "what deploys the definition may; to check it with values: --substitute NAME=VALUE".to_owned();
        Some(finding("PLACEHOLDER", Severity::Warning, message, left.first()?.place, Some(help)))
    }

    /// The parameters of its tasks that no service of AWS takes.
    pub fn check_parameters(&self, options: CheckOptions) -> Vec<Diagnostic> {
        let json = self.json().unwrap_or_default();
        self.placed(diagnose_fields(json, options, &parameter_table))
    }
}

fn finding(code: &'static str, severity: Severity, message: String, span: Span, help: Option<String>) -> Diagnostic {
    Diagnostic { code, severity, message, location: String::new(), span, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_called_as_its_file_without_the_endings() {
        for (file, name) in [
            ("a/order.json", "order"),
            ("order.asl.json", "order"),
            ("order.asl.yaml", "order"),
            ("order.yml", "order"),
            ("order.v2.json", "order.v2"),
            ("order", "order"),
            ("order.asl", "order"),
            (".asl.json", ".asl"),
        ] {
            assert_eq!(Definition::new(file, String::new()).name(), name, "{file}");
        }
    }

    #[test]
    fn the_ending_says_what_it_is_written_in() {
        for (file, text, json) in [
            ("a.json", "{}", Some("{}")),
            ("a.JSON", "a: 1", Some("a: 1")),
            ("a", "a: 1", Some(r#"{"a":1}"#)),
            ("/dev/fd/63", " {}", Some(" {}")),
            ("a.yaml", "a: 1", Some(r#"{"a":1}"#)),
            ("a.YML", "a: 1", Some(r#"{"a":1}"#)),
            ("-", "a: 1", Some(r#"{"a":1}"#)),
            ("-", " {}", Some(" {}")),
            ("a.yaml", "a: [", None),
        ] {
            let definition = Definition::new(file, text.to_owned());
            assert_eq!(definition.json().ok(), json, "{file} {text}");
        }
        assert_eq!(Definition::new("-", String::new()).file(), Path::new("<stdin>"));
    }

    #[test]
    fn what_is_no_yaml_is_the_one_finding() {
        let definition = Definition::new("a.yaml", "a: [".to_owned());
        assert_eq!(definition.program().err(), Some(definition.check(CheckOptions::default())));
        assert_eq!(definition.check(CheckOptions::default()).len(), 1);
        assert!(definition.check_parameters(CheckOptions::default()).is_empty());
    }

    #[test]
    fn findings_have_their_places_in_the_file() {
        let yaml = "StartAt: A\nStates:\n  A:\n    Type: Task\n    Resource: arn:aws:states:::sqs:sendMessage\n    \
                    Parameters: {QueueUrl: q, MessageBody: no, Colour: red}\n    End: true\n";
        let definition = Definition::new("a.yaml", yaml.to_owned());
        let found = definition.check(CheckOptions::default());
        let shown: Vec<_> = found.iter().map(|found| (found.code, &yaml[found.span.start..found.span.end])).collect();
        assert!(shown.iter().any(|(code, at)| *code == "YAML_1_1" && *at == "no"), "{shown:?}");
        assert!(shown.iter().any(|(_, at)| *at == "Colour"), "{shown:?}");
    }
}
