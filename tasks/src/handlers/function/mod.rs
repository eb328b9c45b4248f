//! `function`: the code of a Lambda function, run by processes on this machine.
//!
//! | File | What |
//! | --- | --- |
//! | `settings` | what a route says |
//! | `launch`, `python`, `node`, `install` | what is started for it, and what has to be installed before |
//! | `environment` | the environment variables of a function |
//! | `runtime_api` | the Lambda Runtime API, by which a process gets invocations and answers them |
//! | `process`, `output`, `memory` | one process, what it prints, what it takes |
//! | `guard` | ends processes when `asl` is killed |
//! | `pool` | the processes of a function |
//! | `errors` | the errors that Lambda gives |

mod environment;
mod errors;
mod guard;
mod install;
mod launch;
mod memory;
mod node;
mod output;
mod pool;
mod process;
mod python;
mod runtime_api;
mod settings;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use asl_engine::{Failure, Outcome, Value};
use asl_runtime::lambda::FunctionArn;
use asl_runtime::lambda::unknown_payload;
use asl_runtime::{BoxFuture, Call, Handler};
use bytes::Bytes;
use tokio::sync::OnceCell;

use self::launch::{Folders, Launch};
use self::pool::Pool;
use self::process::Plan;
use self::runtime_api::Invocation;
pub(crate) use self::settings::Settings;
use crate::endpoint::LazyEndpoint;
use crate::logs::Logs;
use crate::routes;
use crate::secret::secrets;
use crate::world::World;

/// A pool, or the promise of one.
type Making = Arc<OnceCell<Arc<Pool>>>;

/// A function whose code is on this machine.
struct Function {
    settings: Settings,
    folders: Folders,
    endpoint: Arc<LazyEndpoint>,
    logs: Arc<Logs>,
    prepared: OnceCell<(std::path::PathBuf, Launch)>,
    /// By region, name and version: a process is told these at its start.
    pools: Mutex<BTreeMap<[String; 3], Making>>,
}

impl routes::Settings for Settings {
    fn handler(&self, world: &World) -> Arc<dyn Handler> {
        Arc::new(Function {
            settings: self.clone(),
            folders: Folders::new(world),
            endpoint: Arc::clone(&world.endpoint),
            logs: Arc::clone(&world.logs),
            prepared: OnceCell::new(),
            pools: Mutex::default(),
        })
    }
}

impl Function {
    async fn call(&self, call: &Call) -> Outcome {
        let request = &call.request;
        let pool = self.pool(FunctionArn::of(&request.resource)).await;
        let pool = pool.map_err(|error| Failure::new("Runtime.InvalidEntrypoint", error))?;
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
    async fn pool(&self, arn: FunctionArn) -> Result<Arc<Pool>, String> {
        let key = [arn.region.clone(), arn.name.clone(), arn.version().to_owned()];
        let cell = {
            let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(pools.entry(key).or_default())
        };
        cell.get_or_try_init(|| self.new_pool(arn)).await.cloned()
    }

    async fn new_pool(&self, arn: FunctionArn) -> Result<Arc<Pool>, String> {
        let (code, launch) = self.prepared().await?;
        // A secret that cannot be read is told with the variable that needs it.
        let secrets = secrets(&self.settings.environment, &self.folders.routes).unwrap_or_default();
        let log = Arc::new(self.logs.log(&arn.name).hiding(secrets));
        if let Some(note) = &launch.note {
            log.line(None, note);
        }
        let endpoint = self.endpoint.url().await?;
        let environment = environment::of(&self.settings, &self.folders, &arn, code, launch, &endpoint)?;
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
        };
        Ok(Pool::new(plan, timeout, self.settings.max_processes.get()))
    }

    async fn prepared(&self) -> Result<&(std::path::PathBuf, Launch), String> {
        self.prepared.get_or_try_init(|| launch::prepare(&self.settings, &self.folders)).await
    }
}

impl Handler for Function {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.call(call))
    }

    fn prepare<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), String>> {
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

    fn reaches_aws(&self) -> Option<String> {
        // Then the SDKs in it know of no other place.
        self.settings.has_no_endpoint().then(|| "whatever its code calls".to_owned())
    }
}

/// The time on the wall.
fn millis_since_1970() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
