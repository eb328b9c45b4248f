//! `process`: a command on this machine in the place of a container of ECS or AWS Batch.

mod batch;
mod container;
mod ecs;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use asl_engine::{Failure, Object, Outcome, Value};
use asl_functions::{Command, Logs};
use asl_runtime::{Background, BoxFuture, Call, Handler, PrepareError, Report};
use asl_settings::{Setting, SettingError, secrets};
use serde::Deserialize;
use tracing::Instrument;

use self::container::{Ran, Work};
use crate::dependencies::Dependencies;
use crate::endpoint::LazyEndpoint;
use crate::integrations::answered_here;
use crate::routes::Settings;

/// The settings of a route to `process`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Process {
    /// The program and its first arguments, as the entry point of an image.
    #[serde(default)]
    command: Vec<String>,
    /// The arguments after these, as the command of a task definition: a state may replace them.
    #[serde(default)]
    arguments: Vec<String>,
    /// Where it runs, from the folder of the routing file.
    #[serde(default)]
    folder: PathBuf,
    /// Environment variables; a state may replace them.
    #[serde(default)]
    environment: BTreeMap<String, Setting>,
}

impl Settings for Process {
    fn handler(&self, dependencies: &Dependencies) -> Arc<dyn Handler> {
        Arc::new(Containers(Arc::new(Surroundings {
            settings: self.clone(),
            folder: dependencies.folder.clone(),
            endpoint: Arc::clone(&dependencies.endpoint),
            endpoint_variables: dependencies.clients.places().endpoint_variables(),
            logs: Arc::clone(&dependencies.logs),
            background: Arc::clone(&dependencies.background),
        })))
    }
}

/// Runs a command for each task or job that is asked for.
struct Containers(Arc<Surroundings>);

struct Surroundings {
    settings: Process,
    /// The folder of the routing file.
    folder: PathBuf,
    endpoint: Arc<LazyEndpoint>,
    /// Variables that lead to the services which are somewhere else.
    endpoint_variables: Vec<(String, String)>,
    logs: Arc<Logs>,
    background: Arc<Background>,
}

/// What a task asks for.
enum Asked {
    Ecs(ecs::RunTask),
    Batch(batch::SubmitJob),
}

/// A command cannot be run in the place of a container.
#[derive(Debug, thiserror::Error)]
enum ProcessError {
    #[error("the handler \"process\" stands in for ecs:runTask and batch:submitJob, not for {0}")]
    Resource(String),
    #[error("folder = {}: {source}", folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error("environment: {name}: {source}")]
    Environment { name: String, source: SettingError },
    #[error("the route has no command, and the state gives none for the container")]
    NoCommand,
}

impl Asked {
    fn read(call: &Call) -> Result<Self, ProcessError> {
        let request = &call.request;
        match action(&request.resource) {
            Some("ecs:runTask") => Ok(Self::Ecs(ecs::RunTask::read(request))),
            Some("batch:submitJob") => Ok(Self::Batch(batch::SubmitJob::read(request))),
            _ => Err(ProcessError::Resource(request.resource.to_string())),
        }
    }

    /// What is run, all at the same time.
    fn work(&self) -> Vec<Work> {
        match self {
            Self::Ecs(tasks) => tasks.work(),
            Self::Batch(job) => job.work(),
        }
    }

    /// What the service answers when it has taken the request.
    fn started(&self) -> Object {
        match self {
            Self::Ecs(tasks) => tasks.started(),
            Self::Batch(job) => job.started(),
        }
    }

    /// What `.sync` gives at the end, and whether that is a success.
    fn ended(&self, ran: &[Vec<Ran>]) -> (Value, bool) {
        match self {
            Self::Ecs(tasks) => tasks.ended(ran),
            Self::Batch(job) => job.ended(ran),
        }
    }
}

/// The service and the action of a resource, where this handler stands in for it.
fn action(resource: &str) -> Option<&'static str> {
    ["ecs:runTask", "batch:submitJob"].into_iter().find(|action| resource.contains(action))
}

impl Surroundings {
    async fn run(self: &Arc<Self>, call: &Call) -> Outcome {
        let unfit = |error: ProcessError| Failure::new("States.Runtime", error.to_string());
        let asked = Asked::read(call).map_err(unfit)?;
        let region = call.request.execution.split(':').nth(3).unwrap_or_default().to_owned();
        let mut commands = Vec::new();
        for work in asked.work() {
            commands.push((self.command(&work, &region).await.map_err(unfit)?, work));
        }
        let secrets = secrets(&self.settings.environment, &self.folder).unwrap_or_default();
        let started = answered_here(asked.started(), uuid::Uuid::new_v4().to_string());
        if !call.request.resource.ends_with(".sync") {
            let surroundings = Arc::clone(self);
            let running = async move {
                // Nobody is told: what it printed is in its log.
                let _ = container::run_all(&surroundings.logs, commands, &secrets).await;
            };
            self.background.spawn(running.in_current_span());
            return Ok(started);
        }
        call.report(Report::Submitted(started));
        let (ran, log) = container::run_all(&self.logs, commands, &secrets).await;
        let (output, succeeded) = asked.ended(&ran);
        if succeeded {
            return Ok(output);
        }
        let failure = Failure::new("States.TaskFailed", output.to_string());
        if let Some(log) = log {
            let last = ran.iter().flatten().rfind(|ran| !ran.succeeded());
            log.failed(&failure, last.map(|ran| ran.printed.clone()).unwrap_or_default());
        }
        Err(failure)
    }

    async fn command(&self, work: &Work, region: &str) -> Result<Command, ProcessError> {
        let arguments = work.command.as_ref().unwrap_or(&self.settings.arguments);
        let mut words = self.settings.command.iter().chain(arguments).map(|word| work.filled_in(word));
        let program = words.next().ok_or(ProcessError::NoCommand)?;
        let folder = self.folder()?;
        let program = match program.contains('/') {
            true => folder.join(program).into_os_string(),
            false => program.into(),
        };
        let arguments = words.map(OsString::from).collect();
        let mut environment = self.environment()?;
        environment.extend(work.environment.iter().cloned());
        let command = Command { program, arguments, environment, folder };
        // Without the endpoint, the command finds no embedded services, which it may not need.
        Ok(match self.endpoint.url().await {
            Ok(url) => command.reaching(&url, region),
            Err(_) => command,
        })
    }

    fn folder(&self) -> Result<PathBuf, ProcessError> {
        let folder = self.folder.join(&self.settings.folder);
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        folder.canonicalize().map_err(|source| ProcessError::Folder { folder, source })
    }

    fn environment(&self) -> Result<Vec<(OsString, OsString)>, ProcessError> {
        let read = |(name, setting): (&String, &Setting)| match setting.read(&self.folder) {
            Ok(value) => Ok((name.into(), value.into())),
            Err(source) => Err(ProcessError::Environment { name: name.clone(), source }),
        };
        // Who says where AWS is, says it of all services.
        let is_led = self.settings.environment.contains_key("AWS_ENDPOINT_URL");
        let elsewhere = self.endpoint_variables.iter().filter(|_| !is_led);
        let elsewhere = elsewhere.map(|(name, url)| Ok((name.into(), url.into())));
        elsewhere.chain(self.settings.environment.iter().map(read)).collect()
    }
}

impl Handler for Containers {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.0.run(call))
    }

    fn prepare<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        Box::pin(async move {
            if action(resource).is_none() && !resource.contains('*') {
                return Err(ProcessError::Resource(resource.to_owned()).into());
            }
            self.0.folder()?;
            self.0.environment()?;
            Ok(())
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        // Then the SDKs in it know of no other place.
        let endpoint = self.0.settings.environment.get("AWS_ENDPOINT_URL");
        let told = (endpoint == Some(&Setting::Plain(String::new()))).then(|| "whatever its command calls".to_owned());
        Box::pin(async { told.into_iter().collect() })
    }
}
