//! The state machines of a template: CloudFormation, SAM, what the CDK synthesises, and `serverless.yml`.

mod evaluate;
mod literal;
mod names;
mod resources;

use std::io;
use std::path::{Path, PathBuf};

use asl_engine::Span;

pub use self::evaluate::{Evaluation, intrinsic};
use self::literal::Composed;
pub use self::names::Stack;
pub use self::resources::name_property;
use crate::definition::Definition;
use crate::substitutions::Substitutions;
use crate::text::read_text;
use crate::yaml::{self, Tree, TreeKind, YamlError};

/// The types of the resources that are state machines.
const STATE_MACHINES: [&str; 2] = ["AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"];
/// Where the Serverless Framework has them.
const SERVERLESS: &str = "stateMachines";

/// A template: its file, its text, and what that holds.
#[derive(Debug)]
pub struct Template<'a> {
    file: &'a Path,
    text: &'a str,
    root: Tree,
}

/// A state machine of a template.
#[derive(Debug)]
struct Machine<'a> {
    /// What the template calls it: its logical ID.
    name: &'a str,
    /// Its properties.
    properties: &'a Tree,
    is_serverless: bool,
}

/// Why a template has no definition to give.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is neither a template with state machines nor a definition with distributed Map states.
    #[error("{} has neither state machines nor distributed Map states that could be named", file.display())]
    NoTemplate {
        /// The file.
        file: PathBuf,
    },
    /// It has no state machine of this name.
    #[error("{} has no state machine '{name}'", file.display())]
    NoSuchMachine {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
        /// The names that it has.
        known: Vec<String>,
    },
    /// It has several, and one is wanted.
    #[error("{} has {} state machines", file.display(), known.len())]
    Several {
        /// The file.
        file: PathBuf,
        /// Their names.
        known: Vec<String>,
    },
    /// A state machine has no definition, or one that is no file here.
    #[error("the state machine '{name}' of {} {why}", file.display())]
    NoDefinition {
        /// The file.
        file: PathBuf,
        /// The state machine.
        name: String,
        /// What it has instead.
        why: &'static str,
    },
    /// The file that has the definition cannot be read.
    #[error("cannot read {}, the definition of '{name}' in {}: {source}", definition.display(), file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The state machine.
        name: String,
        /// The file that it names.
        definition: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
}

impl<'a> Template<'a> {
    /// The template with this text, whatever it has.
    pub fn read(file: &'a Path, text: &'a str) -> Result<Self, YamlError> {
        let is_json = text.trim_start().starts_with('{');
        // JSON may be indented by what indents nothing in YAML.
        let document = if is_json { yaml::read(&text.replace('\t', " ")) } else { yaml::read(text) }?;
        let span = Span { start: 0, end: 0 };
        let root = document.root.unwrap_or(Tree { span, end: span, kind: TreeKind::Object(Vec::new()) });
        Ok(Self { file, text, root })
    }

    /// The template of this file, whose text holds `root`, which may have been changed since: spans are places in the text.
    pub fn new(file: &'a Path, text: &'a str, root: Tree) -> Self {
        Self { file, text, root }
    }

    /// Its file.
    pub fn file(&self) -> &'a Path {
        self.file
    }

    /// Its text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// What it holds.
    pub fn root(&self) -> &Tree {
        &self.root
    }

    /// The template with this text; `None` where it is something else.
    pub(crate) fn of(file: &'a Path, text: &'a str) -> Option<Self> {
        // Most files are definitions, and are not read twice.
        if ![STATE_MACHINES[0], STATE_MACHINES[1], SERVERLESS].iter().any(|word| text.contains(word)) {
            return None;
        }
        let template = Self::read(file, text).ok()?;
        (!template.machines().is_empty()).then_some(template)
    }

    fn machines(&self) -> Vec<Machine<'_>> {
        let serverless = self.root.get("stepFunctions").and_then(|it| it.get(SERVERLESS));
        let serverless = serverless.into_iter().flat_map(Tree::members);
        let serverless = serverless.map(|it| Machine { name: &it.name, properties: &it.value, is_serverless: true });
        let of_resources = self.resources().filter_map(|(name, resource)| {
            let is_machine = STATE_MACHINES.contains(&resource.get("Type")?.text()?);
            let properties = resource.get("Properties").filter(|_| is_machine)?;
            Some(Machine { name, properties, is_serverless: false })
        });
        serverless.chain(of_resources).collect()
    }

    /// Its resources, by their logical IDs.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &Tree)> {
        // `serverless.yml` has a template of CloudFormation inside.
        let inside = self.root.get("resources").and_then(|it| it.get("Resources"));
        let all = [self.root.get("Resources"), inside].into_iter().flatten().flat_map(Tree::members);
        all.map(|member| (&*member.name, &member.value))
    }

    /// The names of its state machines.
    pub(crate) fn names(&self) -> Vec<String> {
        self.machines().iter().map(|machine| machine.name.to_owned()).collect()
    }

    /// The definitions of its state machines; of one, where it is named.
    pub(crate) fn definitions(
        &self,
        named: Option<&str>,
        substitutions: &Substitutions,
    ) -> Result<Vec<Definition>, TemplateError> {
        let mut machines = self.machines();
        if let Some(name) = named {
            machines.retain(|machine| machine.name == name);
            if machines.is_empty() {
                let (file, known) = (self.file.to_owned(), self.names());
                return Err(TemplateError::NoSuchMachine { file, name: name.to_owned(), known });
            }
        }
        let evaluation = Evaluation::new(self, substitutions, None);
        machines.iter().map(|machine| self.definition(machine, &evaluation)).collect()
    }

    /// The definition of the state machine with this logical ID.
    pub fn definition_of(&self, id: &str, evaluation: &Evaluation<'_>) -> Result<Definition, TemplateError> {
        match self.machines().iter().find(|machine| machine.name == id) {
            Some(machine) => self.definition(machine, evaluation),
            None => {
                let (file, name, known) = (self.file.to_owned(), id.to_owned(), self.names());
                Err(TemplateError::NoSuchMachine { file, name, known })
            }
        }
    }

    fn definition(&self, machine: &Machine<'_>, evaluation: &Evaluation<'_>) -> Result<Definition, TemplateError> {
        let property = |name: &str| machine.properties.get(name);
        // CloudFormation fills in what the property says and nothing else.
        let mut substitutions = match evaluation.stack {
            Some(_) => Substitutions::default(),
            None => evaluation.substitutions.clone(),
        };
        let given = property("DefinitionSubstitutions").map(|given| evaluation.value(given));
        for substitution in given.iter().flatten().flat_map(Tree::members) {
            if let Some(Composed { text, .. }) = evaluation.composed(&substitution.value) {
                // What is not known stays the placeholder that it is, under its name in the template.
                substitutions.insert_new(&substitution.name, &text);
            }
        }
        let text = property("DefinitionString");
        let object = property("Definition").or_else(|| property("definition"));
        let file = property("DefinitionUri").or_else(|| property("DefinitionS3Location"));
        let made = if let Some(text) = text.filter(|_| !machine.is_serverless) {
            let Composed { text, places } = evaluation.composed(text).unwrap_or_default();
            Some((text, places))
        } else if let Some(object) = object {
            match object.text().and_then(serverless_file) {
                Some(file) => return self.elsewhere(machine, file, &substitutions),
                None => Some(evaluation.value(object).unwrap_or_else(|| object.clone()).to_json()),
            }
        } else {
            None
        };
        if let Some((json, places)) = made {
            let name = machine.name.to_owned();
            let (json, places) = match substitutions.filled_in(&json) {
                Some((filled_in, in_json)) => (filled_in, vec![in_json, places]),
                None => (json, vec![places]),
            };
            return Ok(Definition::in_template(self.file, self.text, name, json, places));
        }
        match file.map(|file| (file, &file.kind)) {
            Some((_, TreeKind::Text(path))) if !path.starts_with("s3://") => {
                self.elsewhere(machine, path, &substitutions)
            }
            Some((file, _)) if let Some(found) = asset(evaluation, file) => {
                self.elsewhere(machine, &found.to_string_lossy(), &substitutions)
            }
            Some(_) => Err(self.no_definition(machine, "has its definition in S3, not in a file here")),
            None => Err(self.no_definition(machine, "has no definition")),
        }
    }

    fn no_definition(&self, machine: &Machine<'_>, why: &'static str) -> TemplateError {
        TemplateError::NoDefinition { file: self.file.to_owned(), name: machine.name.to_owned(), why }
    }

    /// A definition in a file of its own, whose place is told from that of the template.
    fn elsewhere(
        &self,
        machine: &Machine<'_>,
        path: &str,
        substitutions: &Substitutions,
    ) -> Result<Definition, TemplateError> {
        let name = machine.name.to_owned();
        // The parts of the path one by one: `./a.json` is `a.json`.
        let definition: PathBuf = self.file.with_file_name(path).components().collect();
        match read_text(&definition) {
            Ok(text) => Ok(Definition::filled_in(definition, text, substitutions).named(name)),
            Err(source) => Err(TemplateError::Unreadable { file: self.file.to_owned(), name, definition, source }),
        }
    }
}

/// The file of an object in S3, where the stack knows it.
fn asset(evaluation: &Evaluation<'_>, location: &Tree) -> Option<PathBuf> {
    let key = location.get("Key").and_then(|key| evaluation.text(key))?;
    evaluation.stack?.files.get(&key).cloned()
}

/// `FILE` of the Serverless Framework's `${file(FILE)}`.
fn serverless_file(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("${file(")?.strip_suffix(")}")?;
    Some(inside.trim().trim_matches(['\'', '"']))
}

#[cfg(test)]
mod tests;
