//! State machines of files: registered when the server starts, and anew when the files change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use asl_engine::{Diagnostic, Program, Value};
use asl_project::{Definition, DefinitionName, Placeholder, Substitutions, definitions_in};
use asl_runtime::journal::JournalError;
use asl_runtime::now;
use asl_tasks::{MachineLogging, Routes};

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

/// A routing file, and what is filled in in the definitions that it is for.
#[derive(Clone)]
pub(crate) struct Routing {
    pub(crate) routes: Routes,
    pub(crate) substitutions: Substitutions,
}

/// Where the state machines of files come from.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) folder: Option<PathBuf>,
    /// The routing file of the server, and then those of folders below its folder.
    pub(crate) routing: Vec<Routing>,
}

impl Sources {
    /// The place of the routing file of a definition: the nearest one in the folders above it, and else that of the server.
    fn routing_of(&self, file: &Path) -> usize {
        let below =
            self.routing.iter().enumerate().skip(1).filter(|(_, routing)| file.starts_with(routing.routes.folder()));
        below.max_by_key(|(_, routing)| routing.routes.folder().components().count()).map_or(0, |(place, _)| place)
    }
}

/// A state machine of a file.
struct Found {
    definition: Definition,
    machine_type: Type,
    /// Its logging configuration, where the routing file has one.
    logging: Option<Value>,
    /// The place of its routing file.
    routing: usize,
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
    /// The place of its routing file among those of the server.
    pub(crate) routing: usize,
}

/// The state machines that routing files name, and those of the other definitions below the folder, by name.
fn found(sources: &Sources, identity: &Identity, refused: &mut Vec<NotRegistered>) -> BTreeMap<String, Found> {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut add = |name: String, new: Found, refused: &mut Vec<NotRegistered>| match found.get(&name) {
        Some(known) => refused.push(NotRegistered::Twice {
            name,
            first: known.definition.file().to_owned(),
            second: new.definition.file().to_owned(),
        }),
        None => _ = found.insert(name, new),
    };
    let mut named = Vec::new();
    for (routing, Routing { routes, substitutions }) in sources.routing.iter().enumerate() {
        for (name, machine) in &routes.state_machines {
            let file = routes.folder().join(&machine.definition);
            let machine_type = if machine.is_express { Type::Express } else { Type::Standard };
            match DefinitionName::from(&*file).read(substitutions) {
                Ok(definition) => {
                    let logging = machine.logging.as_ref().map(|logging| logging_of(logging, identity));
                    add(name.clone(), Found { definition, machine_type, logging, routing }, refused);
                }
                Err(error) => refused.push(error.into()),
            }
            named.push(file);
        }
    }
    let Some(folder) = &sources.folder else { return found };
    let files = match definitions_in(folder) {
        Ok(files) => files,
        Err(source) => {
            refused.push(NotRegistered::Folder { folder: folder.clone(), source });
            return found;
        }
    };
    let is_named = |file: &Path| named.iter().any(|named| same_file(named, file));
    for file in files.into_iter().filter(|file| !is_named(file)) {
        let routing = sources.routing_of(&file);
        match DefinitionName::from(&*file).read_all(&sources.routing[routing].substitutions) {
            Ok(definitions) => {
                for definition in definitions {
                    let found = Found { machine_type: Type::Standard, logging: None, routing, definition };
                    add(found.definition.name(), found, refused);
                }
            }
            Err(error) => refused.push(error.into()),
        }
    }
    found
}

/// A logging configuration as the API has it.
fn logging_of(logging: &MachineLogging, identity: &Identity) -> Value {
    let Identity { account, region } = identity;
    let arn = format!("arn:aws:logs:{region}:{account}:log-group:{}:*", logging.log_group);
    let group = Value::from([("logGroupArn", arn.into())]);
    let destination = Value::from([("cloudWatchLogsLogGroup", group)]);
    Value::from([
        ("level", logging.level.name().into()),
        ("includeExecutionData", logging.include_execution_data.into()),
        ("destinations", [destination].into_iter().collect()),
    ])
}

fn same_file(first: &Path, second: &Path) -> bool {
    first == second || first.canonicalize().ok().zip(second.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

/// What the files of state machines are, with what changes when somebody writes them.
pub(crate) type Snapshot = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// The files as they are now.
pub(crate) fn snapshot(sources: &Sources) -> Snapshot {
    let named = sources.routing.iter().flat_map(|Routing { routes, .. }| {
        routes.state_machines.values().map(|machine| routes.folder().join(&machine.definition))
    });
    let found = sources.folder.as_deref().and_then(|folder| definitions_in(folder).ok()).unwrap_or_default();
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
    sources: &Sources,
) -> (Vec<Registered>, Vec<NotRegistered>) {
    let (mut registered, mut refused) = (Vec::new(), Vec::new());
    for (name, found) in found(sources, identity, &mut refused) {
        match register_one(catalog, identity, &sources.routing[found.routing].routes, &name, found).await {
            Ok(one) => registered.push(one),
            Err(error) => refused.push(error),
        }
    }
    (registered, refused)
}

/// Deletes the state machines of files that are not there any more: their executions are stopped once the server runs.
pub(crate) async fn delete_removed(
    catalog: &Catalog,
    identity: &Identity,
    names: &[String],
) -> Result<(), JournalError> {
    let _changing = catalog.changing().await;
    for name in names {
        let known = catalog.machine(&identity.machine_arn(name));
        if let Some(machine) = known.filter(|machine| machine.is_of_folder && !machine.is_deleting) {
            catalog.change(Change::machine(Machine { is_deleting: true, ..Machine::clone(&machine) })).await?;
        }
    }
    Ok(())
}

async fn register_one(
    catalog: &Catalog,
    identity: &Identity,
    routes: &Routes,
    name: &str,
    Found { definition, machine_type, logging, routing }: Found,
) -> Result<Registered, NotRegistered> {
    let program = match definition.unfilled_program() {
        Ok(program) => Arc::new(program),
        Err(diagnostics) => return Err(NotRegistered::Refused { definition: definition.into(), diagnostics }),
    };
    let unfilled = definition.unfilled(&program, |state| routes.mocks(state));
    if !unfilled.is_empty() {
        return Err(NotRegistered::Unfilled { definition: definition.into(), unfilled });
    }
    let arn: Arc<str> = identity.machine_arn(name).into();
    // It was read, so it has one.
    let text: Arc<str> = definition.json().unwrap_or_default().into();
    let file = definition.file().to_owned();
    let _changing = catalog.changing().await;
    let known = catalog.machine(&arn);
    // One that was made over the API is the folder's from now on.
    let is_same = |known: &Machine| {
        *known.revision.definition == *text
            && known.machine_type == machine_type
            && known.is_of_folder
            && logging.as_ref().is_none_or(|logging| known.revision.logging == *logging)
    };
    if let Some(known) = known.as_ref().filter(|known| is_same(known)) {
        catalog.know(&known.revision, Arc::clone(&program));
        return Ok(Registered { name: name.to_owned(), arn, file, program, has_changed: false, routing });
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
        role_arn: format!("arn:aws:iam::{}:role/asl", identity.account).into(),
        logging: logging.or_else(|| of_before(|it| it.logging.clone())).unwrap_or_else(off),
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
    Ok(Registered { name: name.to_owned(), arn, file, program, has_changed: true, routing })
}
