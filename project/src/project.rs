//! A project: its routing file, what that names, and the executions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_engine::Diagnostic;
use asl_runtime::journal::Journal;
use asl_tasks::{Router, Routes, RoutesError};

use crate::definition::Definition;
use crate::definitions::{DefinitionError, DefinitionName};
use crate::executions::{ExecutionOptions, Executions};
use crate::folder::definitions_in;
use crate::substitutions::{Placeholder, Substitutions};

/// What a folder of the user's is: what its routing file says of the tasks, the state machines that it names, and all
/// executions.
#[derive(Debug)]
pub struct Project {
    pub(crate) executions: Arc<Executions>,
    pub(crate) data: PathBuf,
}

/// What a routing file is called that is found without being named.
const ROUTES: &str = "routes.toml";

/// Why a project cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The routing file cannot be used.
    #[error(transparent)]
    Routes(#[from] RoutesError),
    /// What should be the folder for data, or one above it, is something else.
    #[error("{} is not a folder", .0.display())]
    DataIsNoFolder(PathBuf),
    /// The definition of a state machine that the routing file names cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DefinitionError),
    /// The definition of a state machine that the routing file names has placeholders that nothing fills in.
    #[error("nothing is filled in for placeholders of the definition {}", definition.file().display())]
    Unfilled {
        /// The definition.
        definition: Box<Definition>,
        /// The placeholders.
        unfilled: Vec<Placeholder>,
    },
    /// The definition of a state machine that the routing file names is refused.
    #[error("the definition {} is refused", definition.file().display())]
    Definition {
        /// The definition.
        definition: Box<Definition>,
        /// What is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
}

/// The routing file of a definition: the one that is named, or `routes.toml` beside the definition; of one that comes from a pipe,
/// in the working folder.
pub fn routes_of(definition: &Path, named: Option<&Path>) -> Result<Routes, RoutesError> {
    // A pipe such as `/dev/fd/63` has no folder of the user's.
    let is_pipe = ["/dev", "/proc"].iter().any(|folder| definition.starts_with(folder));
    let beside = if is_pipe { PathBuf::from(ROUTES) } else { definition.with_file_name(ROUTES) };
    match named {
        Some(file) => Routes::read(file),
        None if beside.is_file() => Routes::read(&beside),
        // That is where a missing route can be added.
        None => Routes::parse("", &beside),
    }
}

/// The routing files of the definitions below a folder, but for that of the folder itself: each is for the definitions in its folder and
/// below it. Given in the order of their paths.
pub fn routes_below(folder: &Path) -> Result<Vec<Routes>, RoutesError> {
    // What cannot be read is told where the definitions are registered.
    let definitions = definitions_in(folder).unwrap_or_default();
    let folders: BTreeSet<PathBuf> = definitions
        .iter()
        .flat_map(|file| file.ancestors().skip(1).take_while(|above| *above != folder))
        .map(Path::to_owned)
        .collect();
    let files = folders.into_iter().map(|folder| folder.join(ROUTES)).filter(|file| file.is_file());
    files.map(|file| Routes::read(&file)).collect()
}

impl Project {
    /// The project with these routes, whose embedded services keep their data below `data`. Nothing but `substitutions` is
    /// filled in in the definitions that the routes name.
    pub fn new(
        routes: Routes,
        substitutions: &Substitutions,
        data: &Path,
        options: ExecutionOptions,
    ) -> Result<Self, ProjectError> {
        Self::with_journal(routes, substitutions, data, options, None)
    }

    /// The same, whose executions are kept in a journal.
    pub fn with_journal(
        routes: Routes,
        substitutions: &Substitutions,
        data: &Path,
        options: ExecutionOptions,
        journal: Option<Arc<dyn Journal>>,
    ) -> Result<Self, ProjectError> {
        // It need not be there yet, but it must be possible to make it.
        if let Some(file) = data.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir()) {
            return Err(ProjectError::DataIsNoFolder(file.to_owned()));
        }
        let mut machines = BTreeMap::new();
        for (name, machine) in &routes.state_machines {
            let named = DefinitionName::from(&*routes.folder().join(&machine.definition));
            let definition = named.read(substitutions)?;
            let program = match definition.unfilled_program() {
                Ok(program) => program,
                Err(diagnostics) => {
                    return Err(ProjectError::Definition { definition: definition.into(), diagnostics });
                }
            };
            let unfilled = definition.unfilled(&program, |state| routes.mocks(state));
            if !unfilled.is_empty() {
                return Err(ProjectError::Unfilled { definition: definition.into(), unfilled });
            }
            machines.insert(name.clone(), Arc::new(program));
        }
        let executions = Executions::new(machines, Router::new(routes, data), data, options, journal);
        Ok(Self { executions, data: data.to_owned() })
    }

    /// The folder for data.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The executions.
    pub fn executions(&self) -> &Arc<Executions> {
        &self.executions
    }

    /// What serves the tasks.
    pub fn router(&self) -> &Arc<Router> {
        self.executions.router()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PASS: &str = "StartAt: P\nStates:\n  P: {Type: Pass, End: true}\n";

    /// The project of the definition `d.json` in a folder with these files.
    fn project(files: &[(&str, &str)]) -> Result<Project, ProjectError> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let routes = routes_of(&folder.path().join("d.json"), None)?;
        let substitutions = Substitutions::of(&routes);
        Project::new(routes, &substitutions, &folder.path().join("data"), ExecutionOptions::default())
    }

    #[test]
    fn the_routing_file_beside_the_definition_names_state_machines() {
        let none = project(&[]).expect("it needs no routing file");
        assert_eq!(none.executions().programs().count(), 0);
        let routes = ("routes.toml", "[state_machines]\nm = { definition = 'm.yaml' }");
        let found = project(&[routes, ("m.yaml", PASS)]).expect("it names a machine");
        let names: Vec<_> = found.executions().programs().map(|(name, _)| name).collect();
        assert_eq!(names, ["m"]);
    }

    #[test]
    fn what_cannot_be_used_is_told_by_its_cause() {
        let routes = ("routes.toml", "[state_machines]\nm = { definition = 'm.yaml' }");
        let wrong = PASS.replace("Type: Pass", "Type: Pas");
        let cause = |files: &[(&str, &str)]| match project(files).expect_err("it cannot be used") {
            ProjectError::Routes(_) => "routes",
            ProjectError::DataIsNoFolder(_) => "data",
            ProjectError::Unreadable(_) => "unreadable",
            ProjectError::Unfilled { definition, unfilled } => {
                let place = unfilled[0].place;
                assert_eq!(&definition.text()[place.start..place.end], "'${Name}'");
                "unfilled"
            }
            ProjectError::Definition { diagnostics, definition } => {
                let span = diagnostics[0].span;
                assert_eq!(&definition.text()[span.start..span.end], "Pas");
                "definition"
            }
        };
        assert_eq!(cause(&[("routes.toml", "nonsense")]), "routes");
        assert_eq!(cause(&[("data", "")]), "data");
        assert_eq!(cause(&[routes]), "unreadable");
        assert_eq!(cause(&[routes, ("m.yaml", &wrong)]), "definition");
        let open = PASS.replace("Type: Pass", "Type: Pass, Result: '${Name}'");
        assert_eq!(cause(&[routes, ("m.yaml", &open)]), "unfilled");
        let filled = ("routes.toml", "state_machines.m.definition = 'm.yaml'\n[substitutions]\nName = 'x'");
        assert!(project(&[filled, ("m.yaml", &open)]).is_ok());
    }
}
