//! One function: what is called, and the processes for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::{Failure, Outcome, Value};
use asl_runtime::lambda::FunctionArn;
use asl_runtime::lambda::unknown_payload;
use asl_runtime::{BoxFuture, Call, Handler, PrepareError};
use asl_settings::secrets;
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::extensions::About;
use crate::launch::{Folders, Launch, LaunchError};
use crate::logs::Logs;
use crate::pool::Pool;
use crate::process::Plan;
use crate::runtime_api::Invocation;
use crate::settings::Settings;

/// A pool, or the promise of one.
type Making = Arc<OnceCell<Arc<Pool>>>;

/// Tells where the SDKs of AWS in the code find the services, such as `http://127.0.0.1:40123`.
pub type EndpointUrl = Arc<dyn Fn() -> BoxFuture<'static, Result<String, EndpointError>> + Send + Sync>;

/// Why there is no such place.
pub type EndpointError = Box<dyn std::error::Error + Send + Sync>;

/// What functions need of the program that runs them.
#[derive(Clone)]
pub struct Surroundings {
    /// Where relative paths of settings start.
    pub folder: PathBuf,
    /// Where data is kept, and what can be made again.
    pub data_dir: PathBuf,
    /// What takes the lines that their code prints.
    pub logs: Arc<Logs>,
    /// Where their code finds the services of AWS.
    pub endpoint_url: EndpointUrl,
    /// Variables that lead to the services which are somewhere else.
    pub endpoint_variables: Vec<(String, String)>,
}

/// A function whose code is on this machine.
pub struct Function {
    settings: Settings,
    folders: Folders,
    endpoint_url: EndpointUrl,
    endpoint_variables: Vec<(String, String)>,
    logs: Arc<Logs>,
    prepared: OnceCell<(PathBuf, Launch)>,
    /// By region, name and version: a process is told these at its start.
    pools: Mutex<BTreeMap<[String; 3], Making>>,
}

impl Function {
    /// A function with these settings. Nothing is started before it is prepared or called.
    pub fn new(settings: Settings, surroundings: Surroundings) -> Self {
        let Surroundings { folder, data_dir, logs, endpoint_url, endpoint_variables } = surroundings;
        let folders = Folders::new(&folder, &data_dir);
        let (prepared, pools) = (OnceCell::new(), Mutex::default());
        Self { settings, folders, endpoint_url, endpoint_variables, logs, prepared, pools }
    }

    async fn call(&self, call: &Call) -> Outcome {
        let request = &call.request;
        let pool = self.pool(FunctionArn::of(&request.resource)).await;
        let pool = pool.map_err(|error| Failure::new("Runtime.InvalidEntrypoint", error.to_string()))?;
        let invocation = Invocation {
            request_id: uuid::Uuid::new_v4().to_string().into(),
            arn: Arc::clone(&request.resource),
            payload: Bytes::from(request.input.json_text()),
            deadline_ms: 0,
            client_context: call.client_context().cloned(),
        };
        let response = pool.call(invocation).await?;
        let text = String::from_utf8_lossy(&response);
        text.parse::<Value>().map_err(|_| unknown_payload(&text))
    }

    /// The processes for calls of `arn`.
    async fn pool(&self, arn: FunctionArn) -> Result<Arc<Pool>, LaunchError> {
        let key = [arn.region.clone(), arn.name.clone(), arn.version().to_owned()];
        let cell = {
            let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(pools.entry(key).or_default())
        };
        cell.get_or_try_init(|| self.new_pool(arn)).await.cloned()
    }

    async fn new_pool(&self, arn: FunctionArn) -> Result<Arc<Pool>, LaunchError> {
        let (code, launch) = self.prepared().await?;
        // A secret that cannot be read is told with the variable that needs it.
        let secrets = secrets(&self.settings.environment, &self.folders.routes).unwrap_or_default();
        let log = Arc::new(self.logs.log(&arn.name).hiding(secrets));
        for note in &launch.notes {
            log.line(None, note);
            self.logs.note(format!("the function {}: {note}", arn.name));
        }
        let endpoint = (self.endpoint_url)().await.map_err(LaunchError::NoEndpoint)?;
        let endpoints = (&*endpoint, &*self.endpoint_variables);
        let environment = crate::environment::of(&self.settings, &self.folders, &arn, code, launch, endpoints)?;
        let timeout = self.settings.timeout();
        let plan = Plan {
            program: launch.program.clone(),
            arguments: launch.arguments.clone(),
            environment,
            folder: code.clone(),
            log,
            // As in Lambda: ten seconds, and then those of the call.
            start_limit: std::time::Duration::from_secs(10).saturating_add(timeout),
            memory_mb: self.settings.memory_mb,
            about: About {
                name: arn.name.clone(),
                version: arn.version().to_owned(),
                handler: self.settings.entry.clone().unwrap_or_else(|| "bootstrap".to_owned()),
                account: arn.account.clone(),
            },
        };
        Ok(Pool::new(plan, timeout, self.settings.max_processes.get()))
    }

    async fn prepared(&self) -> Result<&(PathBuf, Launch), LaunchError> {
        self.prepared.get_or_try_init(|| crate::launch::prepare(&self.settings, &self.folders)).await
    }
}

impl Handler for Function {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.call(call))
    }

    fn prepare<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        Box::pin(async move {
            self.prepared().await?;
            let arn = FunctionArn::of(resource);
            // Nobody knows yet which function it is, when its name is a pattern.
            if !arn.name.contains('*') {
                self.pool(arn).await?.warm().await;
            }
            Ok(())
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        // Then the SDKs in it know of no other place.
        let told = self.settings.has_no_endpoint().then(|| "whatever its code calls".to_owned());
        Box::pin(async { told.into_iter().collect() })
    }
}
