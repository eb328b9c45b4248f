//! State machines of files: registered when the server starts, and anew when the files change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use asl_engine::{Diagnostic, Program};
use asl_project::{Definition, DefinitionName, Placeholder, Substitutions, definitions_in};
use asl_runtime::journal::JournalError;
use asl_runtime::now;
use asl_tasks::Routes;

use crate::api::Identity;
use crate::catalog::{Catalog, Change, Machine, NewRevision, Tags, Type};

/// Why a state machine of a file is not registered. The others are.
#[derive(Debug, thiserror::Error)]
pub enum NotRegistered {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] asl_project::DefinitionError),
    /// The folder cannot be read.
    #[error("cannot read {}: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The definition is refused.
    #[error("the definition {} is refused", definition.file().display())]
    Refused {
        /// The definition.
        definition: Box<Definition>,
        /// What is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
    /// Nothing fills in some of its placeholders.
    #[error("nothing is filled in for placeholders of the definition {}", definition.file().display())]
    Unfilled {
        /// The definition.
        definition: Box<Definition>,
        /// The placeholders.
        unfilled: Vec<Placeholder>,
    },
    /// Two files have state machines of one name.
    #[error("{} and {} both have the state machine {name}: name one of them in [state_machines] of the routing file", first.display(), second.display())]
    Twice {
        /// The name.
        name: String,
        /// The file whose machine is registered.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// It cannot be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A state machine of a file.
struct Found {
    definition: Definition,
    machine_type: Type,
}

/// A state machine that was registered.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: Arc<str>,
    /// The file of its definition.
    pub file: PathBuf,
    /// What it does.
    pub program: Arc<Program>,
    /// Whether it is new or different.
    pub has_changed: bool,
}

/// The state machines that the routing file names, and those of the other definitions below a folder, by name.
fn found(
    folder: Option<&Path>,
    routes: &Routes,
    substitutions: &Substitutions,
    refused: &mut Vec<NotRegistered>,
) -> BTreeMap<String, Found> {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut named = Vec::new();
    for (name, machine) in &routes.state_machines {
        let file = routes.folder().join(&machine.definition);
        let machine_type = if machine.is_express { Type::Express } else { Type::Standard };
        match DefinitionName::from(&*file).read(substitutions) {
            Ok(definition) => _ = found.insert(name.clone(), Found { definition, machine_type }),
            Err(error) => refused.push(error.into()),
        }
        named.push(file);
    }
    let Some(folder) = folder else { return found };
    let files = match definitions_in(folder) {
        Ok(files) => files,
        Err(source) => {
            refused.push(NotRegistered::Folder { folder: folder.to_owned(), source });
            return found;
        }
    };
    let is_named = |file: &Path| named.iter().any(|named| same_file(named, file));
    for file in files.into_iter().filter(|file| !is_named(file)) {
        match DefinitionName::from(&*file).read_all(substitutions) {
            Ok(definitions) => {
                for definition in definitions {
                    let name = definition.name();
                    match found.get(&name) {
                        Some(known) => refused.push(NotRegistered::Twice {
                            name,
                            first: known.definition.file().to_owned(),
                            second: file.clone(),
                        }),
                        None => _ = found.insert(name, Found { definition, machine_type: Type::Standard }),
                    }
                }
            }
            Err(error) => refused.push(error.into()),
        }
    }
    found
}

fn same_file(first: &Path, second: &Path) -> bool {
    first == second || first.canonicalize().ok().zip(second.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

/// What the files of state machines are, with what changes when somebody writes them.
pub(crate) type Snapshot = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// The files as they are now.
pub(crate) fn snapshot(folder: Option<&Path>, routes: &Routes) -> Snapshot {
    let named = routes.state_machines.values().map(|machine| routes.folder().join(&machine.definition));
    let found = folder.and_then(|folder| definitions_in(folder).ok()).unwrap_or_default();
    let seen = |file: &PathBuf| {
        let seen = std::fs::metadata(file).ok()?;
        Some((seen.modified().ok()?, seen.len()))
    };
    named.chain(found).map(|file| (file.clone(), seen(&file))).collect()
}

/// Registers the state machines of files. What is wrong with one keeps nobody from the others.
pub(crate) async fn register(
    catalog: &Catalog,
    identity: &Identity,
    folder: Option<&Path>,
    routes: &Routes,
    substitutions: &Substitutions,
) -> (Vec<Registered>, Vec<NotRegistered>) {
    let (mut registered, mut refused) = (Vec::new(), Vec::new());
    for (name, Found { definition, machine_type }) in found(folder, routes, substitutions, &mut refused) {
        match register_one(catalog, identity, routes, &name, definition, machine_type).await {
            Ok(one) => registered.push(one),
            Err(error) => refused.push(error),
        }
    }
    (registered, refused)
}

async fn register_one(
    catalog: &Catalog,
    identity: &Identity,
    routes: &Routes,
    name: &str,
    definition: Definition,
    machine_type: Type,
) -> Result<Registered, NotRegistered> {
    let program = match definition.unfilled_program() {
        Ok(program) => Arc::new(program),
        Err(diagnostics) => return Err(NotRegistered::Refused { definition: definition.into(), diagnostics }),
    };
    let unfilled = definition.unfilled(&program, |state| routes.mocks(state));
    if !unfilled.is_empty() {
        return Err(NotRegistered::Unfilled { definition: definition.into(), unfilled });
    }
    let Identity { account, region } = identity;
    let arn: Arc<str> = format!("arn:aws:states:{region}:{account}:stateMachine:{name}").into();
    // It was read, so it has one.
    let text: Arc<str> = definition.json().unwrap_or_default().into();
    let file = definition.file().to_owned();
    let _changing = catalog.changing().await;
    let known = catalog.machine(&arn);
    let is_same = |known: &Machine| *known.revision.definition == *text && known.machine_type == machine_type;
    if let Some(known) = known.as_ref().filter(|known| is_same(known)) {
        catalog.know(&known.revision, Arc::clone(&program));
        return Ok(Registered { name: name.to_owned(), arn, file, program, has_changed: false });
    }
    let at = now();
    let before = known.as_ref().map(|known| Arc::clone(&known.revision));
    let off = || [("level", asl_engine::Value::from("OFF")), ("includeExecutionData", false.into())].into();
    let of_before = |get: fn(&crate::catalog::Revision) -> asl_engine::Value| before.as_ref().map(|it| get(it));
    let revision = NewRevision {
        arn: &arn,
        id: before.as_ref().map(|_| uuid::Uuid::new_v4().to_string().into()),
        machine_type,
        definition: text,
        role_arn: format!("arn:aws:iam::{account}:role/asl").into(),
        logging: of_before(|it| it.logging.clone()).unwrap_or_else(off),
        tracing: of_before(|it| it.tracing.clone()).unwrap_or_else(|| [("enabled", false.into())].into()),
        encryption: of_before(|it| it.encryption.clone()).unwrap_or_else(|| [("type", "AWS_OWNED_KEY".into())].into()),
        at,
    }
    .made();
    catalog.know(&revision, Arc::clone(&program));
    let machine = match known {
        Some(known) => Machine {
            revision: Arc::clone(&revision),
            machine_type,
            is_of_folder: true,
            is_deleting: false,
            ..Machine::clone(&known)
        },
        None => Machine {
            arn: arn.clone(),
            name: name.into(),
            machine_type,
            created: at,
            revision: Arc::clone(&revision),
            versions: BTreeMap::new(),
            last_version: 0,
            aliases: BTreeMap::new(),
            tags: Tags::default(),
            is_deleting: false,
            is_of_folder: true,
        },
    };
    catalog.change(Change::machine(machine).with(&revision)).await?;
    Ok(Registered { name: name.to_owned(), arn, file, program, has_changed: true })
}
