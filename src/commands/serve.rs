//! `asl serve`

use std::fmt::Write;
use std::future::pending;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use asl_engine::{Failure, Quotas, Value};
use asl_project::{
    Definition, ExecutionOptions, LOGS, Notice, Project, ProjectError, Substitutions, routes_below, routes_of,
};
use asl_runtime::journal::OpenError;
use asl_server::{Identity, NotRegistered, Registered, Server, ServerError, ServerOptions, Tls};
use asl_tasks::{ChangedTable, Routes};
use futures_util::future::{join, join_all};

use crate::cli::{Serve, Serving};
use crate::console;
use crate::error::Error;
use crate::execute::runtime;
use crate::input;
use crate::interrupt::interrupted;
use crate::output;
use crate::printable::line;
use crate::report;

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Project(ProjectError::Routes(error)) => error.into(),
            ServerError::Project(error) => error.into(),
            ServerError::Open(OpenError::InUse(_)) => {
                Self::Usage(format!("{error}\nhelp: --data DIR gives this one a folder of its own"))
            }
            ServerError::Listen { ref source, .. } if source.kind() == ErrorKind::AddrInUse => {
                let help = "--listen PORT takes another one (0: any that is free); `asl down` ends what `asl up` has brought up there";
                Self::Usage(format!("{error}\nhelp: {help}"))
            }
            _ => Self::Usage(error.to_string()),
        }
    }
}

/// Serves until a signal comes.
pub(crate) fn run(arguments: &Serve) -> Result<ExitCode, Error> {
    let options = options(arguments)?;
    for ChangedTable { table, difference } in options.routes.changed_tables(&options.data) {
        let told = format!(
            "the table {table} in {} has {difference} as the routing file says: requests for it fail. Give it another name, or remove it \
             with its items: `asl data rm dynamodb://{table}`",
            options.data.display()
        );
        output::to_stderr(&report::warning(&told));
    }
    runtime()?.block_on(serve(options, &arguments.serving, Told::default(), pending()))?;
    Ok(ExitCode::SUCCESS)
}

fn options(arguments: &Serve) -> Result<ServerOptions, Error> {
    if let Some(folder) = arguments.folder.as_deref().filter(|folder| !folder.is_dir()) {
        return Err(Error::Usage(format!("{} is not a folder", folder.display())));
    }
    let beside = arguments.folder.as_deref().unwrap_or(Path::new("")).join("definition");
    let routes = routes_of(&beside, arguments.routes.as_deref())?;
    // A file that is named is for all definitions.
    let folder = arguments.folder.as_deref().filter(|_| arguments.routes.is_none());
    let routes_below = folder.map(routes_below).transpose()?.unwrap_or_default();
    let substitutions = arguments.substitute.iter().cloned().collect();
    Ok(ServerOptions {
        folder: arguments.folder.clone(),
        substitutions,
        routes_below,
        ..served(&arguments.serving, routes)?
    })
}

/// How the server of a routing file is.
pub(crate) fn served(arguments: &Serving, routes: Routes) -> Result<ServerOptions, Error> {
    let token = arguments.auth_token_file.as_deref().map(token).transpose()?;
    Ok(ServerOptions {
        listen: arguments.listen,
        folder: None,
        routes,
        routes_below: Vec::new(),
        removed: Vec::new(),
        substitutions: Substitutions::default(),
        data: arguments.data.clone(),
        is_in_memory: arguments.memory,
        identity: Identity { account: arguments.account.clone(), region: arguments.region.clone() },
        executions: ExecutionOptions {
            quotas: if arguments.no_quotas { Quotas::NONE } else { Quotas::default() },
            skips_waits: arguments.skip_waits,
            most_running: Some(arguments.max_executions.get()),
            ..ExecutionOptions::default()
        },
        most_polls: arguments.max_polls,
        kept_days: arguments.keep_days,
        token,
        tls: tls(arguments),
        otlp: arguments.otlp.clone().or_else(|| std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok()),
        mocks: arguments.mocks.as_deref().map(mocks).transpose()?,
        explain: console::explain(),
    })
}

fn tls(arguments: &Serving) -> Option<Tls> {
    match (&arguments.tls_certificate, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::Files { certificate: certificate.clone(), key: key.clone() }),
        _ => arguments.tls.then_some(Tls::SelfSigned),
    }
}

/// A mock configuration file, as JSON.
fn mocks(file: &Path) -> Result<(PathBuf, String), Error> {
    // Read as a definition is: JSON, or YAML.
    let read = Definition::new(file, input::file("the mocks", file)?);
    let json =
        read.json().map_err(|why| Error::Mocks(format!("{}: this is not YAML: {}", file.display(), why.message)));
    let json = json?.to_owned();
    Ok((file.with_extension("json"), json))
}

/// The text that requests have to show.
fn token(file: &Path) -> Result<Arc<str>, Error> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Error::Usage(format!("cannot read {}: {error}", file.display())))?;
    match text.trim() {
        // As short as this, it would be guessed.
        token if token.len() < 16 => {
            Err(Error::Usage(format!("the token in {} has to have 16 characters at least", file.display())))
        }
        token => Ok(token.into()),
    }
}

/// What is told of a server beside where it is.
#[derive(Default)]
pub(crate) struct Told {
    /// Behind what a person is told.
    pub(crate) text: String,
    /// Members of what a program is told.
    pub(crate) json: Vec<(&'static str, Value)>,
    /// The ARNs of functions that are made ready before anything is told, and the tasks of the state machines with them.
    pub(crate) functions: Option<Vec<String>>,
    /// Whether all of it has been told before.
    pub(crate) is_again: bool,
}

/// Why a server has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By a signal.
    Interrupted,
    /// What it serves has changed.
    Changed,
}

/// Serves until a signal comes, or `changed` completes; `more` is what is told besides.
pub(crate) async fn serve(
    options: ServerOptions,
    arguments: &Serving,
    more: Told,
    changed: impl Future<Output = ()>,
) -> Result<Ended, Error> {
    let server = Server::start(options).await?;
    let logs = server.data().join(LOGS);
    server.project().router().watch_failures(move |arn, failure| {
        output::to_stderr(&report::warning(&failed(arn, failure, &logs)));
    });
    for error in &server.not_registered {
        output::to_stderr(&told(error));
    }
    for error in &server.not_resumed {
        output::to_stderr(&report::warning(&error.to_string()));
    }
    if let Some(functions) = &more.functions {
        let machines = server.registered.iter().map(|registered| make_ready(server.project(), registered));
        let functions = functions.iter().map(|function| make_function_ready(server.project(), function));
        let ready = join(join_all(machines), join_all(functions));
        tokio::select! {
            _ = interrupted() => return Ok(Ended::Interrupted),
            _ = ready => {}
        }
    }
    let is_ready = more.functions.is_some();
    match (more.is_again, arguments.json) {
        (true, _) => output::to_stderr(&report::note("it has changed, and is brought up anew")),
        (false, true) => output::print_json(&as_json(&server, more.json))?,
        (false, false) => output::print(&(as_text(&server) + &more.text))?,
    }
    let made_ready = async {
        let all = server.registered.iter().map(|registered| make_ready(server.project(), registered));
        if !is_ready {
            join_all(all).await;
        }
        loop {
            let (registered, refused) = server.registered_anew().await;
            for error in &refused {
                output::to_stderr(&told(error));
            }
            for registered in &registered {
                output::to_stderr(&report::note(&format!("{} is registered anew", registered.name)));
                make_ready(server.project(), registered).await;
            }
        }
    };
    let ended = tokio::select! {
        _ = interrupted() => Ended::Interrupted,
        () = changed => Ended::Changed,
        () = made_ready => Ended::Interrupted,
    };
    for undelivered in server.shut_down().await {
        output::to_stderr(&report::notice(&Notice::Undelivered(undelivered)));
    }
    let running = server.running();
    if running > 0 && !arguments.memory && ended == Ended::Interrupted {
        let text = format!("{running} executions that run go on with the next start");
        output::to_stderr(&report::note(&text));
    }
    Ok(ended)
}

/// Tells what the tasks of a state machine lack, and does beforehand what takes long.
async fn make_ready(project: &Project, registered: &Registered) {
    let router = project.executions().router_of(&registered.arn);
    match project.tasks_by(&router, &registered.program).await {
        Ok(tasks) => {
            if let Err(error) = project.prepare(&tasks).await {
                output::to_stderr(&report::warning(&format!("{}: {error}", registered.name)));
            }
            for note in project.router().notes() {
                output::to_stderr(&report::note(&note));
            }
        }
        Err(unserved) => {
            for unserved in unserved {
                let text = format!("{}: the state '{}' {}", registered.name, unserved.state, unserved.why);
                output::to_stderr(&report::warning(&text));
            }
        }
    }
}

/// Does beforehand what takes long of a function that no state machine need call.
async fn make_function_ready(project: &Project, arn: &str) {
    let Ok(handler) = project.router().handler(arn) else { return };
    if let Err(error) = handler.prepare(arn).await {
        output::to_stderr(&report::warning(&format!("{arn}: {error}")));
    }
}

/// Tells that a function has failed that something else than a state machine has called.
fn failed(arn: &str, failure: &Failure, logs: &Path) -> String {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let cause = failure.cause.as_deref().unwrap_or_default();
    let message = cause.parse::<Value>().ok().and_then(|told| told["errorMessage"].as_str().map(str::to_owned));
    let error = failure.error.as_deref().unwrap_or("Error");
    let message = message.as_deref().unwrap_or(cause);
    let log = logs.join(format!("{name}.log"));
    // What a function says may be long, and have lines of its own.
    let message = line(message);
    format!("the function {name} has failed: {error}: {message} (what it printed: {})", log.display())
}

pub(crate) fn told(error: &NotRegistered) -> String {
    match error {
        NotRegistered::Refused { definition, diagnostics } => report::diagnostics(diagnostics, definition),
        other => report::warning(&other.to_string()),
    }
}

fn as_text(server: &Server) -> String {
    let mut text = format!("asl serves Step Functions at {}\n", server.url());
    for Registered { arn, file, .. } in &server.registered {
        // A text takes whatever is written.
        let _ = writeln!(text, "  {arn}  {}", file.display());
    }
    text
}

fn as_json(server: &Server, more: Vec<(&'static str, Value)>) -> Value {
    let machines = server.registered.iter().map(|registered| {
        let file = registered.file.display().to_string();
        Value::from([("stateMachineArn", registered.arn.clone().into()), ("file", file.into())])
    });
    [("url", Value::from(server.url())), ("stateMachines", machines.collect())].into_iter().chain(more).collect()
}
