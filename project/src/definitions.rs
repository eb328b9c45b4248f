//! The definitions that an argument names: a file, or the state machines of a template.

use std::io;
use std::path::{Path, PathBuf};

use crate::definition::Definition;
use crate::substitutions::Substitutions;
use crate::template::{Template, TemplateError};
use crate::text::{read_text, read_text_of};

/// `FILE`, or `TEMPLATE#LogicalId`; or either with `#MapState` behind it, for what the child executions of a distributed Map state run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionName {
    /// The file of the definition, or the template.
    pub file: PathBuf,
    /// What stands behind the `#`: the state machine of the template, the Map state, or both with a `#` between them.
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
    /// The definition has no such Map state.
    #[error("{} has no distributed Map state '{map}'", file.display())]
    NoMap {
        /// The file.
        file: PathBuf,
        /// The name of the state.
        map: String,
        /// The distributed Map states that it has.
        known: Vec<String>,
    },
}

impl From<&Path> for DefinitionName {
    /// A file may have a `#` in its name, too.
    fn from(argument: &Path) -> Self {
        let text = argument.to_str().filter(|_| !argument.exists()).unwrap_or_default();
        let splits = || text.match_indices('#').map(|(at, _)| (&text[..at], &text[at + 1..]));
        // The first file that there is; without any, the name as it is usual.
        match splits().find(|(file, _)| Path::new(file).is_file()).or_else(|| splits().next_back()) {
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
        let children = |definition: Definition, map: &str| {
            let file = PathBuf::from(definition.full_name());
            definition.of_children(map).map_err(|known| DefinitionError::NoMap { file, map: map.to_owned(), known })
        };
        let no_template = |error| match error {
            DefinitionError::NoMap { file, known, .. } if known.is_empty() => TemplateError::NoTemplate { file }.into(),
            error => error,
        };
        match (Template::of(&self.file, &text), &self.machine) {
            (Some(template), Some(machine)) => {
                match (template.definitions(Some(machine), substitutions), machine.split_once('#')) {
                    (Err(_), Some((machine, map))) => {
                        let definitions = template.definitions(Some(machine), substitutions)?;
                        definitions.into_iter().map(|definition| children(definition, map)).collect()
                    }
                    (definitions, _) => Ok(definitions?),
                }
            }
            (Some(template), None) => Ok(template.definitions(None, substitutions)?),
            (None, Some(map)) => {
                let definition = Definition::filled_in(self.file.clone(), text, substitutions);
                Ok(vec![children(definition, map).map_err(no_template)?])
            }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DEFINITION: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Both", "States": {
          "Both": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "Inner", "States": {"Inner": {"Type": "Map", "End": true,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Deep", "States": {
              "Deep": {"Type": "Pass", "Output": "{% 1 %}", "Next": "Nowhere"}}}}}}]}}}}}}"#;

    #[test]
    fn what_child_executions_run_is_a_definition_with_places_in_the_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("order.asl.json");
        fs::write(&file, DEFINITION).expect("a file");
        let read = |name: &str| {
            let named = PathBuf::from(format!("{}#{name}", file.display()));
            DefinitionName::from(&*named).read(&Substitutions::default())
        };
        let inner = read("Inner").expect("there is one");
        assert_eq!(inner.name(), "order");
        let json = inner.json().expect("JSON");
        assert!(json.starts_with(r#"{"QueryLanguage":"JSONata","StartAt":"Deep","States":"#), "{json}");
        let found = inner.program().expect_err("the next state is not there");
        assert_eq!(&DEFINITION[found[0].span.start..found[0].span.end], r#""Nowhere""#);
        assert!(read("Each").is_ok());
        let error = read("Echa").expect_err("there is none");
        let DefinitionError::NoMap { known, .. } = error else { panic!("{error:?}") };
        assert_eq!(known, ["Each", "Inner"]);
    }

    #[test]
    fn those_of_a_template_stand_behind_its_state_machine() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("template.yaml");
        let definition = DEFINITION.replace('\n', " ");
        let template = format!(
            "Resources:\n  Order:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: '{definition}'\n"
        );
        fs::write(&file, template).expect("a file");
        for (name, is_there) in [("Order", true), ("Order#Each", true), ("Order#Both", false), ("Each", false)] {
            let named = PathBuf::from(format!("{}#{name}", file.display()));
            assert_eq!(DefinitionName::from(&*named).read(&Substitutions::default()).is_ok(), is_there, "{name}");
        }
    }
}
