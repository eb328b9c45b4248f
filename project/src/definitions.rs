//! The definitions that an argument names: a file, or the state machines of a template.

use std::io;
use std::path::{Path, PathBuf};

use crate::definition::Definition;
use crate::substitutions::Substitutions;
use crate::template::{Template, TemplateError};
use crate::text::{read_text, read_text_of};

/// `FILE`, or `TEMPLATE#LogicalId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionName {
    /// The file of the definition, or the template.
    pub file: PathBuf,
    /// The state machine of the template.
    pub machine: Option<String>,
}

/// Why there is no definition.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The template has none to give.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl From<&Path> for DefinitionName {
    /// A file may have a `#` in its name, too.
    fn from(argument: &Path) -> Self {
        let text = argument.to_str().filter(|_| !argument.exists());
        match text.and_then(|text| text.rsplit_once('#')) {
            Some((file, machine)) => Self { file: file.into(), machine: Some(machine.to_owned()) },
            None => Self { file: argument.to_owned(), machine: None },
        }
    }
}

impl DefinitionName {
    /// The definitions, from stdin where the file is `-`: one, or those of all state machines of a template.
    pub fn read_all(&self, substitutions: &Substitutions) -> Result<Vec<Definition>, DefinitionError> {
        let (file, text) = match self.file == Path::new("-") {
            true => ("<stdin>".into(), read_text_of(io::stdin())),
            false => (self.file.clone(), read_text(&self.file)),
        };
        let text = text.map_err(|source| DefinitionError::Unreadable { file, source })?;
        match (Template::of(&self.file, &text), &self.machine) {
            (Some(template), machine) => Ok(template.definitions(machine.as_deref(), substitutions)?),
            (None, Some(_)) => Err(TemplateError::NoTemplate { file: self.file.clone() }.into()),
            (None, None) => Ok(vec![Definition::filled_in(self.file.clone(), text, substitutions)]),
        }
    }

    /// The one definition. A template that has several needs the name of one.
    pub fn read(&self, substitutions: &Substitutions) -> Result<Definition, DefinitionError> {
        let mut all = self.read_all(substitutions)?;
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(only),
            (last, _) => {
                let known = all.iter().chain(&last).map(Definition::name).collect();
                Err(TemplateError::Several { file: self.file.clone(), known }.into())
            }
        }
    }
}
