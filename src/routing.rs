//! What the tasks of a run call: the routing file, the state machines that it names, and what is done before the start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_aws::parameter_table;
use asl_engine::{Program, Quotas, nearest};
use asl_project::StateMachines;
use asl_runtime::Handler;
use asl_tasks::{Router, Routes};
use futures_util::future::try_join_all;

use crate::error::Error;
use crate::input;
use crate::report;

/// What the tasks of a run call.
pub(crate) struct Routing {
    pub(crate) router: Arc<Router>,
    pub(crate) machines: Arc<StateMachines>,
}

impl Routing {
    /// The routing of `definition` by the file that was named, or by the one beside the definition.
    pub(crate) fn read(definition: &Path, named: Option<&Path>, data: &Path, quotas: Quotas) -> Result<Self, Error> {
        let beside = definition.with_file_name("routes.toml");
        let routes = match named {
            Some(file) => Routes::read(file)?,
            None if beside.is_file() => Routes::read(&beside)?,
            // That is where a missing route can be added.
            None => Routes::parse("", &beside)?,
        };
        if data.exists() && !data.is_dir() {
            return Err(Error::Usage(format!("--data {} is not a folder", data.display())));
        }
        let folder = routes.folder().to_owned();
        let programs = routes.state_machines.iter().map(|(name, file)| Ok((name.clone(), program(folder.join(file))?)));
        let machines = StateMachines::new(programs.collect::<Result<BTreeMap<_, _>, Error>>()?, quotas);
        let router = machines.served_by(Router::new(routes, data));
        Ok(Self { router, machines })
    }

    /// Each state with a task, of `program` and of the state machines that it can start, with its resource and its handler. All
    /// that lack one are told at once.
    pub(crate) fn tasks<'a>(&'a self, program: &'a Program) -> Result<Vec<Task<'a>>, Error> {
        let mut missing = Vec::new();
        let mut named = Vec::new();
        let mut found = Vec::new();
        let of = |machine: Option<&str>| match machine {
            Some(machine) => format!(" of the state machine {machine}"),
            None => String::new(),
        };
        let others = self.machines.programs().map(|(name, program)| (Some(name), program));
        for (machine, program) in std::iter::once((None, program)).chain(others) {
            for (state, resource) in program.tasks() {
                match self.router.handler_of(state, resource) {
                    Ok(handler) => {
                        let function = resource.contains(":lambda:invoke");
                        let function = function.then(|| program.constant_parameter(state, "FunctionName")).flatten();
                        if let Some(function) = function.filter(|function| !handler.serves(function)) {
                            if !named.contains(&function) {
                                named.push(function);
                                let error = self.router.no_function(function);
                                missing.push(format!("the state '{state}'{} has {error}", of(machine)));
                            }
                            continue;
                        }
                        found.push((state, function.unwrap_or(resource), handler));
                    }
                    Err(_) if named.contains(&resource) => {}
                    Err(error) => {
                        named.push(resource);
                        missing.push(format!("the state '{state}'{} has {error}", of(machine)));
                    }
                }
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(Error::NoRoutes(missing)) }
    }
}

/// What a person should know before anything is called: mocks of states that there are not, whose tasks may be called under
/// their right names, and what of the real AWS the tasks reach.
pub(crate) async fn told_before(router: &Router, tasks: &[Task<'_>]) -> String {
    let mut told = String::new();
    let states: Vec<&str> = tasks.iter().map(|(state, ..)| *state).collect();
    for unknown in router.mocked_states().filter(|state| !states.contains(state)) {
        let near = nearest(unknown, states.iter().copied());
        let help = near.map_or(String::new(), |near| format!("; did you mean '{near}'?"));
        told += &report::warning(&format!("the mock of '{unknown}' is not used: no Task state has this name{help}"));
    }
    if let Some(reached) = reached_aws(tasks).await {
        told += &report::note(&reached);
    }
    told
}

/// A state, its resource (of `lambda:invoke` the function, where its name is known) and its handler.
pub(crate) type Task<'a> = (&'a str, &'a str, Arc<dyn Handler>);

/// What of the real AWS the tasks reach.
async fn reached_aws(tasks: &[Task<'_>]) -> Option<String> {
    let mut reached: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (state, resource, handler) in tasks {
        for service in handler.reaches_aws(resource).await {
            let states = reached.entry(service).or_default();
            // An ItemReader and a ResultWriter may be of one state.
            if !states.contains(state) {
                states.push(state);
            }
        }
    }
    let told: Vec<String> =
        reached.into_iter().map(|(service, states)| format!("{service} ({})", quoted(&states))).collect();
    (!told.is_empty()).then(|| format!("this run reaches AWS: {}", told.join(", ")))
}

/// Lets each handler do beforehand what takes long.
pub(crate) async fn prepare(router: &Router, tasks: &[Task<'_>]) -> Result<(), Error> {
    router.listen().await.map_err(Error::Routes)?;
    let prepared = tasks.iter().map(async |(state, resource, handler)| {
        let prepared = handler.prepare(resource).await;
        prepared.map_err(|error| Error::Routes(format!("the state '{state}' cannot be run: {error}")))
    });
    try_join_all(prepared).await.map(|_| ())
}

fn quoted(states: &[&str]) -> String {
    states.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", ")
}

fn program(file: PathBuf) -> Result<Arc<Program>, Error> {
    let text = input::file("the definition", &file)?;
    match Program::parse(&text) {
        Ok(program) => Ok(Arc::new(program.with_inputs(parameter_table))),
        Err(diagnostics) => Err(Error::Definition { file, text, diagnostics }),
    }
}
