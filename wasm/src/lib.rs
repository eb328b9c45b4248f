//! Calls a WebAssembly component, or a command for WASI, in a sandbox.

mod engine;
mod entry;
mod error;
mod guest;
mod http;
mod loaded;
mod network;
mod output;
mod sandbox;

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;

use asl_engine::{Failure, Outcome};
use asl_runtime::{BoxFuture, Call, Handler, PrepareError};
use asl_settings::{Setting, hidden, seconds, secrets};
use serde::Deserialize;
use tokio::sync::OnceCell;

pub use self::engine::LazyEngine;
use self::error::LoadError;
pub use self::http::HttpClient;
use self::loaded::Loaded;
use self::network::Network;

/// The settings of a route to `wasm`. What is not granted here the component does not get.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The file: a component or a core module, as a binary or as text.
    component: PathBuf,
    /// How many MiB its memories and tables may take together.
    #[serde(default = "memory_mb")]
    memory_mb: NonZeroU16,
    /// How many seconds a call may take.
    #[serde(default = "timeout_seconds", deserialize_with = "seconds")]
    timeout_seconds: f64,
    /// The most bytes that its answer may have.
    #[serde(default = "max_output_bytes")]
    max_output_bytes: usize,
    /// The environment variables that it sees.
    #[serde(default)]
    environment: BTreeMap<String, Setting>,
    /// Who it may connect to.
    #[serde(default)]
    network: Network,
    /// The folders that it sees.
    #[serde(default)]
    folders: Vec<Folder>,
}

/// A folder of this machine that a component sees.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Folder {
    /// The folder of this machine.
    host: PathBuf,
    /// What the component calls it, such as `/data`.
    guest: String,
    /// Whether the component may also change it.
    #[serde(default)]
    write: bool,
}

fn memory_mb() -> NonZeroU16 {
    const DEFAULT: NonZeroU16 = NonZeroU16::new(128).unwrap();
    DEFAULT
}

fn timeout_seconds() -> f64 {
    60.0
}

/// What a Lambda function may answer.
fn max_output_bytes() -> usize {
    6 * 1024 * 1024
}

/// A component, or a command for WASI, that can be called.
pub struct Component {
    settings: Settings,
    /// Where relative paths of the routing file start.
    folder: PathBuf,
    engine: Arc<LazyEngine>,
    loaded: OnceCell<Arc<Loaded>>,
}

impl Handler for Component {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let loaded = self.loaded().await;
            let loaded = loaded.map_err(|error| Failure::new(loaded::NOT_LOADED, error.to_string()))?;
            let outcome = Arc::clone(loaded).call(call.request.input.to_string()).await;
            outcome.map_err(|failure| match secrets(&self.settings.environment, &self.folder) {
                Ok(secrets) => hidden(failure, &secrets),
                // They were read before.
                Err(_) => failure,
            })
        })
    }

    fn prepare<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        Box::pin(async move { Ok(self.loaded().await.map(drop)?) })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

impl Component {
    /// A component with these settings, whose relative paths start at `folder`. It is loaded when it is prepared or called.
    pub fn new(settings: Settings, folder: PathBuf, engine: Arc<LazyEngine>) -> Self {
        Self { settings, folder, engine, loaded: OnceCell::new() }
    }

    async fn loaded(&self) -> Result<&Arc<Loaded>, LoadError> {
        let load = || async {
            let (settings, folder, engine) = (self.settings.clone(), self.folder.clone(), Arc::clone(&self.engine));
            let loading = tokio::task::spawn_blocking(move || Loaded::new(settings, &folder, &engine).map(Arc::new));
            match loading.await {
                Ok(loaded) => loaded,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => std::future::pending().await,
                },
            }
        };
        self.loaded.get_or_try_init(load).await
    }
}

impl Settings {
    fn memory_bytes(&self) -> usize {
        usize::from(self.memory_mb.get()) * 1024 * 1024
    }
}
