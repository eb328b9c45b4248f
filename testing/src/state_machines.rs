//! The state machines that a definition starts, and that run in its tests: those that the test file names, and those whose definitions
//! stand beside it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use asl_engine::{Program, StateType};
use asl_project::yaml::{Tree, TreeKind};
use asl_project::{Definition, DefinitionName, StateMachine, Substitutions};

use crate::coverage::written;
use crate::fields::{Fields, kind};
use crate::mocks::Mocks;
use crate::problem::{Problem, Problems};
use crate::test_file::{TestFileError, beside, folder_of, program, substitutions};

/// State machines by their names.
#[derive(Debug, Default)]
pub(crate) struct StateMachines(BTreeMap<String, Found>);

/// A state machine that was looked for.
#[derive(Debug)]
pub(crate) enum Found {
    /// It can run.
    Machine(Box<Definition>, Arc<Program>),
    /// It stands beside the test file and cannot run, for this reason.
    Unusable(String),
}

/// What the tasks of started state machines answer, by the names of the machines.
pub(crate) type StartedMocks = BTreeMap<String, Mocks>;

impl StateMachines {
    /// Those that a test file names, and those that its definition and they themselves name by constant ARNs.
    pub(crate) fn read(
        tree: Option<&Tree>,
        path: &Path,
        tested: &Program,
        given: &Substitutions,
        problems: &mut Problems,
    ) -> Result<Self, TestFileError> {
        let mut all = BTreeMap::new();
        if let Some(tree) = tree.filter(|tree| !matches!(tree.kind, TreeKind::Object(_))) {
            let problem = Problem::new(tree.span, format!("'state_machines' is an object, not {}", kind(tree)));
            problems.add(problem.help("state_machines: {payment: payment.asl.json}"));
        }
        for member in tree.map(Tree::members).unwrap_or_default() {
            let Some(definition) = named(&member.value, path, given, problems) else { continue };
            let (definition, program) = program(path, definition)?;
            all.insert(member.name.to_string(), Found::Machine(Box::new(definition), program));
        }
        let mut wanted = started_by(tested);
        wanted.extend(all.values().filter_map(Found::program).flat_map(started_by));
        while let Some(name) = wanted.pop() {
            if all.contains_key(&name) {
                continue;
            }
            let found = match beside(path, &name, given) {
                Err(TestFileError::NoDefinition { .. }) => continue,
                Err(error) => Found::Unusable(error.to_string()),
                Ok(definition) => {
                    let file = definition.file().display().to_string();
                    match definition.unfilled_program() {
                        Ok(program) => Found::Machine(Box::new(definition), Arc::new(program)),
                        Err(_) => Found::Unusable(format!("{file} has errors, which `asl check {file}` shows")),
                    }
                }
            };
            wanted.extend(found.program().map(started_by).unwrap_or_default());
            all.insert(name, found);
        }
        Ok(Self(all))
    }

    pub(crate) fn get(&self, name: &str) -> Option<(&str, &Found)> {
        self.0.get_key_value(name).map(|(name, found)| (name.as_str(), found))
    }

    pub(crate) fn programs(&self) -> impl Iterator<Item = (&Definition, &Arc<Program>)> {
        self.0.values().filter_map(|found| match found {
            Found::Machine(definition, program) => Some((&**definition, program)),
            Found::Unusable(_) => None,
        })
    }

    /// The definition of a state machine that has run.
    pub(crate) fn definition(&self, name: &str) -> Option<(&Definition, &Arc<Program>)> {
        match self.0.get(name) {
            Some(Found::Machine(definition, program)) => Some((definition, program)),
            _ => None,
        }
    }

    /// Reads the mocks that a case has for the state machines that are started.
    pub(crate) fn mocks(&self, tree: &Tree, problems: &mut Problems) -> StartedMocks {
        let mut all = StartedMocks::new();
        let Some(_) = Fields::of(tree, "'state_machines'", problems) else { return all };
        for member in tree.members() {
            let program = match self.0.get(&*member.name) {
                Some(Found::Machine(_, program)) => program,
                Some(Found::Unusable(why)) => {
                    problems.add(Problem::new(member.span, why.clone()));
                    continue;
                }
                None => {
                    let name = &member.name;
                    let problem = Problem::new(member.span, format!("no state machine '{name}' is at hand"));
                    let near = problem.clone().did_you_mean(name, self.0.keys().map(String::as_str));
                    let named =
                        format!("state_machines: {{{name}: FILE}} at the top of the test file says where it is");
                    problems.add(if near.help.is_some() { near } else { problem.help(named) });
                    continue;
                }
            };
            let Some(mut fields) = Fields::of(&member.value, "a started state machine", problems) else { continue };
            if let Some(mocks) = fields.take("mocks") {
                all.insert(member.name.to_string(), Mocks::read(mocks, program, problems));
            }
            fields.end(problems);
        }
        all
    }
}

impl Found {
    fn program(&self) -> Option<&Program> {
        match self {
            Self::Machine(_, program) => Some(program),
            Self::Unusable(_) => None,
        }
    }
}

/// The name that a state machine is looked up by: that in its ARN, or the whole text where it is none, as a placeholder is.
pub(crate) fn name_of(arn: &str) -> &str {
    StateMachine::arn_and_name(arn).map_or(arn, |(_, name)| name)
}

/// Whether a task starts an execution and is told itself of it.
pub(crate) fn starts_execution(resource: &str) -> bool {
    let pattern = resource.split_once(":states:startExecution").map(|(_, pattern)| pattern);
    matches!(pattern, Some("" | ".sync" | ".sync:2"))
}

/// The names of the state machines that the states of a program start by constant ARNs.
fn started_by(program: &Program) -> Vec<String> {
    let states = program.model().states().iter().filter(|state| state.state_type == StateType::Task);
    let arns = states.filter_map(|state| {
        let fields = written(program, state.id);
        starts_execution(fields["Resource"].as_str()?).then_some(())?;
        let given = fields.get("Arguments").or(fields.get("Parameters"))?;
        given["StateMachineArn"].as_str().map(|arn| name_of(arn).to_owned())
    });
    arns.collect()
}

/// The definition that a test file names.
fn named(tree: &Tree, path: &Path, given: &Substitutions, problems: &mut Problems) -> Option<Definition> {
    let folder = folder_of(path);
    let (file, own) = match tree.text() {
        Some(file) => (file, None),
        None => {
            let mut fields = Fields::of(tree, "a state machine", problems)?;
            let file = fields.text("definition", problems);
            let own = fields.take("substitutions").map(|tree| substitutions(Some(tree), problems));
            fields.end(problems);
            if file.is_none() && tree.get("definition").is_none() {
                let problem = Problem::new(tree.span, "the state machine has no definition");
                problems.add(problem.help("definition: FILE"));
            }
            (file?, own)
        }
    };
    match DefinitionName::from(&*folder.join(file)).read(own.as_ref().unwrap_or(given)) {
        Ok(definition) => Some(definition),
        Err(error) => {
            problems.add(Problem::new(tree.span, format!("the definition cannot be read: {error}")));
            None
        }
    }
}
