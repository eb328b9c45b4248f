//! A server: opened, run and shut down.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use asl_engine::Value;
use asl_history::HistoryError;
use asl_project::{
    ExecutionOptions, Executions, NotResumed, Project, ProjectError, StateMachine, Substitutions, keep_elsewhere,
};
use asl_runtime::journal::{Journal, JournalError, Memory, OpenError, Sqlite};
use asl_runtime::{blocking, now};
use asl_tasks::{HttpServices, Notifications, Router, Routes, Trigger, Undelivered, Unopened};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::answers::Answers;
use crate::api::{Api, Identity};
use crate::catalog::Catalog;
use crate::console::Explain;
use crate::folder::{NotRegistered, Registered, Routing, Snapshot, Sources, delete_removed, register, snapshot};
use crate::http::{Guard, accept, url};
use crate::logs::Logs;
use crate::messages::readers;
use crate::status_changes::{StatusChanges, publish};
use crate::tls::{Tls, TlsError, acceptor};
use crate::traces::Traces;
use crate::triggers::{InvalidTrigger, notifications, standing, with_defaults};

/// How a server is.
#[derive(Debug)]
pub struct ServerOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The folder whose definitions are its state machines.
    pub folder: Option<PathBuf>,
    /// What the routing file says.
    pub routes: Routes,
    /// What routing files of folders below the folder say: each is for the definitions there, and shares the services with the others.
    pub routes_below: Vec<Routes>,
    /// The names of state machines of files that are gone: these are deleted.
    pub removed: Vec<String>,
    /// What is filled in in definitions, before what routing files say.
    pub substitutions: Substitutions,
    /// Where everything is kept.
    pub data: PathBuf,
    /// Whether executions are kept in memory only.
    pub is_in_memory: bool,
    /// Its account and region.
    pub identity: Identity,
    /// What goes for all executions.
    pub executions: ExecutionOptions,
    /// How many workers may wait for the work of activities at a time.
    pub most_polls: usize,
    /// For how many days executions are kept that have ended.
    pub kept_days: u32,
    /// What requests have to show.
    pub token: Option<Arc<str>>,
    /// Where traces of executions go: the base address of a collector for OTLP over HTTP.
    pub otlp: Option<String>,
    /// The certificate of a server that speaks HTTPS.
    pub tls: Option<Tls>,
    /// A mock configuration file of Step Functions Local: its name and its text as JSON.
    pub mocks: Option<(PathBuf, String)>,
    /// What tells the console how expressions come to their results.
    pub explain: Explain,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The project cannot be used.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The rules of events cannot be read.
    #[error(transparent)]
    Events(#[from] Unopened),
    /// A trigger starts nothing.
    #[error(transparent)]
    Trigger(#[from] InvalidTrigger),
    /// Nobody on other machines has to show anything.
    #[error("{0} is reached from other machines: say what requests have to show, with --auth-token-file")]
    Unguarded(SocketAddr),
    /// Its certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be had.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// What those share who answer requests.
pub(crate) struct Shared {
    pub(crate) executions: Arc<Executions>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) api: Arc<Api>,
    pub(crate) services: Arc<HttpServices>,
    triggers: Vec<Trigger>,
    /// The APIs of requests, by the names that triggers say.
    pub(crate) apis: BTreeMap<String, asl_tasks::Api>,
    status_changes: Arc<StatusChanges>,
    pub(crate) router: Arc<Router>,
    pub(crate) guard: Guard,
    pub(crate) answering: AtomicUsize,
    /// Whether no more is taken.
    pub(crate) is_stopping: AtomicBool,
    pub(crate) identity: Identity,
    /// The folder whose definitions are its state machines.
    pub(crate) folder: Option<PathBuf>,
    /// The folder for data.
    pub(crate) data: PathBuf,
    pub(crate) explain: Explain,
}

impl Shared {
    /// What starts executions now: definitions come while the server runs, too.
    pub(crate) fn triggers(&self) -> Vec<Trigger> {
        let contents = self.api.catalog.contents();
        let of_folder = contents.machines.values().filter(|machine| machine.is_of_folder && !machine.is_deleting);
        let names: Vec<&str> = of_folder.map(|machine| &*machine.name).collect();
        with_defaults(self.triggers.clone(), &names)
    }

    /// The ARN of a state machine of this server.
    pub(crate) fn machine_arn(&self, name: &str) -> String {
        self.identity.machine_arn(name)
    }
}

/// A server that listens. Dropping it closes its connections.
pub struct Server {
    project: Project,
    /// Where executions are kept that are kept in memory only.
    memory: Option<Arc<Memory>>,
    shared: Arc<Shared>,
    address: SocketAddr,
    is_tls: bool,
    accepting: AbortHandle,
    /// Told when no more connections are taken.
    stopping: Arc<Notify>,
    /// What goes on in the background.
    tasks: Vec<AbortHandle>,
    files: Files,
    /// The state machines of files.
    pub registered: Vec<Registered>,
    /// What is wrong with others.
    pub not_registered: Vec<NotRegistered>,
    /// Executions that cannot go on.
    pub not_resumed: Vec<NotResumed>,
}

/// The files of state machines, and what serves their tasks.
struct Files {
    sources: Sources,
    /// What serves the tasks of the definitions of each routing file.
    routers: Vec<Arc<Router>>,
    /// As they were when they were registered last.
    registered: tokio::sync::Mutex<Snapshot>,
}

impl Files {
    async fn snapshot(&self) -> Snapshot {
        let sources = self.sources.clone();
        blocking(move || snapshot(&sources)).await
    }

    /// Has the tasks of state machines served by what their routing files say.
    fn route(&self, catalog: &Catalog, registered: &[Registered]) {
        for registered in registered {
            catalog.route(&registered.arn, &self.routers[registered.routing]);
        }
    }
}

/// How often it is looked whether a file has changed. Looking takes at most a tenth of the time.
const LOOKED_AT: Duration = Duration::from_millis(300);

/// How long the end of a server waits for requests that are being answered. Workers ask again elsewhere.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// How long it tries to deliver notifications.
const LAST_DELIVERIES: Duration = Duration::from_secs(5);

/// How often executions are looked for that are kept no longer.
const DROPS_EVERY: Duration = Duration::from_secs(60 * 60);

impl Server {
    /// Opens what is kept, registers the state machines of files, lets executions go on, and listens.
    pub async fn start(options: ServerOptions) -> Result<Self, ServerError> {
        let is_loopback = options.listen.ip().is_loopback();
        if !is_loopback && options.token.is_none() {
            return Err(ServerError::Unguarded(options.listen));
        }
        // Taken first: where another server has the address, nothing is touched.
        let failed = |source| ServerError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let tls = options.tls.as_ref().map(|tls| acceptor(tls, &options.data)).transpose()?;
        let is_tls = tls.is_some();
        let memory = options.is_in_memory.then(Arc::<Memory>::default);
        let journal: Arc<dyn Journal> = match &memory {
            Some(memory) => Arc::clone(memory) as _,
            None => Arc::new(Sqlite::open(&options.data.join("executions.sqlite"))?),
        };
        let logs = Arc::new(Logs::new(options.data.join("log-groups.jsonl")));
        let traces = options.otlp.as_deref().map(|address| Traces::to(address, Arc::clone(&journal)));
        let catalog = Arc::new(Catalog::open(Arc::clone(&journal), logs, options.mocks, traces)?);
        // What changes from here on is registered anew.
        let routing = |routes: &Routes| Routing {
            routes: routes.clone(),
            substitutions: options.substitutions.clone().or(routes),
        };
        let all = std::iter::once(&options.routes).chain(&options.routes_below);
        let sources = Sources { folder: options.folder.clone(), routing: all.map(routing).collect() };
        let seen = snapshot(&sources);
        let (registered, not_registered) = register(&catalog, &options.identity, &sources).await;
        delete_removed(&catalog, &options.identity, &options.removed).await?;
        let (mut routes, mut routes_below) = (options.routes, options.routes_below);
        for below in &mut routes_below {
            routes.share_services(below).map_err(ProjectError::Routes)?;
        }
        let (triggers, apis) = (routes.triggers.clone(), routes.apis.clone());
        let told = Notifications {
            all: notifications(&triggers, |calls| options.identity.arn_of(calls)),
            event_buckets: routes.event_buckets.clone(),
            account: options.identity.account.clone(),
            region: options.identity.region.clone(),
        };
        // Its state machines are those of the catalog.
        routes.state_machines.clear();
        let project = Project::with_journal(
            routes,
            &options.substitutions,
            &options.data,
            options.executions,
            Some(Arc::clone(&journal)),
        )?;
        let executions = Arc::clone(project.executions());
        let routers = routes_below.into_iter().map(|routes| Arc::new(project.router().beside(routes)));
        let routers = std::iter::once(Arc::clone(project.router())).chain(routers.collect::<Vec<_>>()).collect();
        let files = Files { sources, routers, registered: tokio::sync::Mutex::new(seen) };
        files.route(&catalog, &registered);
        let events = Arc::clone(project.router().events());
        events.start(standing(&triggers, |calls| options.identity.arn_of(calls))?).await?;
        let (status_changes, changes) = StatusChanges::new(Arc::clone(&events));
        catalog.tell_status_changes(Arc::clone(&status_changes));
        executions.serve(Arc::clone(&catalog) as Arc<dyn asl_project::StateMachines>);
        let answers = Answers::open(Arc::clone(project.router().callbacks()), Arc::clone(&journal))?;
        let answers = Arc::new(answers);
        let api = Arc::new(Api {
            executions: Arc::downgrade(&executions),
            catalog,
            callbacks: Arc::clone(project.router().callbacks()),
            answers: Arc::clone(&answers),
            identity: options.identity.clone(),
            redrives: Default::default(),
            polls: Arc::new(Semaphore::new(options.most_polls)),
        });
        project.router().clients().serve("sfn", Arc::clone(&api) as Arc<dyn asl_aws::InProcess>);
        project.router().resume_deliveries();
        let not_resumed = executions.resume()?;
        api.resume_deletions(&executions)?;
        let shared = Arc::new(Shared {
            executions,
            journal: Arc::clone(&journal),
            api,
            services: project.router().services(),
            triggers,
            apis,
            status_changes,
            router: Arc::clone(project.router()),
            guard: Guard { is_loopback, token: options.token },
            answering: AtomicUsize::new(0),
            is_stopping: AtomicBool::new(false),
            identity: options.identity,
            folder: options.folder,
            data: options.data,
            explain: options.explain,
        });
        let stopping = Arc::new(Notify::new());
        let accepting = tokio::spawn(accept(listener, tls, Arc::clone(&shared), Arc::clone(&stopping))).abort_handle();
        let dropping = tokio::spawn(drop_old(journal, options.kept_days)).abort_handle();
        let forgetting = tokio::spawn(answers.drop_old()).abort_handle();
        let publishing = publish(Arc::clone(&shared.status_changes), Arc::downgrade(&shared.executions), changes);
        let publishing = tokio::spawn(publishing).abort_handle();
        let scheduling = tokio::spawn(async move { events.run_schedules(now).await }).abort_handle();
        let mut tasks = vec![dropping, forgetting, publishing, scheduling];
        if !told.all.is_empty() || !told.event_buckets.is_empty() {
            tasks.push(tokio::spawn(project.router().run_notifications(told)).abort_handle());
        }
        for reading in readers(&shared.triggers, &shared.identity) {
            tasks.push(tokio::spawn(reading.run(Arc::downgrade(project.router().clients()))).abort_handle());
        }
        Ok(Self {
            project,
            memory,
            shared,
            address,
            is_tls,
            accepting,
            stopping,
            tasks,
            files,
            registered,
            not_registered,
            not_resumed,
        })
    }

    /// Where it is reached, such as `http://127.0.0.1:8083`.
    pub fn url(&self) -> String {
        url(self.address, self.is_tls)
    }

    /// What serves the tasks, and all executions.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Shows an execution that was run elsewhere, from its history; gives its ARN, where executions are kept in memory.
    pub fn show(&self, machine: &StateMachine, name: &str, history: &Value) -> Result<Option<Arc<str>>, HistoryError> {
        self.memory.as_deref().map(|memory| keep_elsewhere(memory, machine, name, history)).transpose()
    }

    /// How many executions run.
    pub fn running(&self) -> usize {
        self.shared.executions.running().len()
    }

    /// Takes no more connections, lets requests be answered that are here, and tries to deliver notifications, each for some seconds.
    /// Executions that are kept go on with the next start. Gives what is not delivered, which the next start tries again.
    pub async fn shut_down(&self) -> Vec<Undelivered> {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        self.stopping.notify_one();
        let since = Instant::now();
        while self.shared.answering.load(Ordering::Relaxed) > 0 && since.elapsed() < LAST_ANSWERS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.accepting.abort();
        self.shared.status_changes.published(LAST_ANSWERS).await;
        self.project.router().finish_deliveries(tokio::time::sleep(LAST_DELIVERIES)).await
    }

    /// Waits until definitions have changed, and registers them anew; gives those that are new or different, and what is wrong.
    pub async fn registered_anew(&self) -> (Vec<Registered>, Vec<NotRegistered>) {
        let mut before = self.files.registered.lock().await;
        let mut last = before.clone();
        loop {
            let began = Instant::now();
            tokio::time::sleep(LOOKED_AT).await;
            let now = self.files.snapshot().await;
            // What is still being written is waited for.
            if now != *before && now == last {
                break;
            }
            last = now;
            tokio::time::sleep(began.elapsed().saturating_sub(LOOKED_AT) * 10).await;
        }
        *before = last;
        let (catalog, identity) = (&self.shared.api.catalog, &self.shared.identity);
        let (mut registered, refused) = register(catalog, identity, &self.files.sources).await;
        self.files.route(catalog, &registered);
        registered.retain(|registered| registered.has_changed);
        (registered, refused)
    }

    /// The folder for data.
    pub fn data(&self) -> &Path {
        self.project.data()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Drops executions that have ended long ago, now and then.
async fn drop_old(journal: Arc<dyn Journal>, kept_days: u32) {
    const DAY: i64 = 24 * 60 * 60;
    loop {
        let before = now().plus_seconds(-i64::from(kept_days) * DAY);
        // A failure is told where it happens.
        while journal.drop_ended_before(before).await == Ok(true) {}
        tokio::time::sleep(DROPS_EVERY).await;
    }
}
