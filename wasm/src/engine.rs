//! What the components of all routes share: the compiler with its cache, what WASI is to them, and the threads they run on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use wasmtime::component;
use wasmtime::{Cache, CacheConfig, Config};

use super::error::NoEngine;
use super::http::HttpClient;
use super::sandbox::StoreState;

/// How long guest code runs until it lets others run and can be ended.
const TICK: Duration = Duration::from_millis(1);

/// What all components share: the compiler and its cache, and the threads they run on. It is made when the first is needed.
pub struct LazyEngine {
    cache: PathBuf,
    http: HttpClient,
    engine: OnceLock<Result<Arc<Engine>, NoEngine>>,
}

impl LazyEngine {
    /// `cache` is the folder for compiled code, `http` what sends the HTTP requests of components.
    pub fn new(cache: PathBuf, http: HttpClient) -> Self {
        Self { cache, http, engine: OnceLock::new() }
    }

    pub(super) fn get(&self) -> Result<Arc<Engine>, NoEngine> {
        self.engine.get_or_init(|| Engine::new(&self.cache, Arc::clone(&self.http)).map(Arc::new)).clone()
    }
}

pub(super) struct Engine {
    pub(super) wasmtime: wasmtime::Engine,
    /// WASI 0.2 for components.
    pub(super) components: component::Linker<StoreState>,
    /// WASI 0.1 for core modules.
    pub(super) modules: wasmtime::Linker<StoreState>,
    pub(super) http: HttpClient,
    /// Threads of their own: guest code that computes without a pause would keep the host's from their timers and sockets.
    /// It is there until the engine is dropped.
    runtime: Option<Runtime>,
    clock: Arc<Clock>,
}

impl Engine {
    fn new(cache: &Path, http: HttpClient) -> Result<Self, NoEngine> {
        let failed = |error| NoEngine::Wasmtime(Arc::new(error));
        let mut config = Config::new();
        config.epoch_interruption(true);
        // What `jco componentize --backend quickjs` makes, for one, has functions that are lifted so.
        config.wasm_component_model_async(true);
        config.cache(open_cache(cache));
        let wasmtime = wasmtime::Engine::new(&config).map_err(failed)?;
        let mut components = component::Linker::new(&wasmtime);
        wasmtime_wasi::p2::add_to_linker_async(&mut components).map_err(failed)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut components).map_err(failed)?;
        let mut modules = wasmtime::Linker::new(&wasmtime);
        wasmtime_wasi::p1::add_to_linker_async(&mut modules, |state: &mut StoreState| &mut state.wasi)
            .map_err(failed)?;
        let no_threads = |error| NoEngine::Threads(Arc::new(error));
        let runtime = Builder::new_multi_thread()
            .thread_name("asl-wasm")
            // A turn takes up to a tick; timers and sockets are looked at after so many turns.
            .event_interval(4)
            .enable_all()
            .build()
            .map_err(no_threads)?;
        let clock = Clock::start(&wasmtime).map_err(no_threads)?;
        Ok(Self { wasmtime, components, modules, http, runtime: Some(runtime), clock })
    }

    /// Runs guest code. Dropping the future ends it within a tick.
    pub(super) async fn run<T: Send + 'static>(&self, guest: impl Future<Output = T> + Send + 'static) -> T {
        let Some(runtime) = &self.runtime else { return std::future::pending().await };
        let running = Clock::running(&self.clock);
        let mut tasks = JoinSet::new();
        tasks.spawn_on(
            async move {
                let _running = running;
                guest.await
            },
            runtime.handle(),
        );
        match tasks.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime shuts down: nobody waits for this answer any more.
                Err(_) => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.clock.end();
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would wait, which a thread of another runtime may not.
            runtime.shutdown_background();
        }
    }
}

/// A cache that cannot be used costs the time of compiling again, and nothing else.
fn open_cache(folder: &Path) -> Option<Cache> {
    let mut config = CacheConfig::new();
    config.with_directory(std::path::absolute(folder).ok()?);
    Cache::new(config).ok()
}

/// Ticks as long as guest code runs.
struct Clock {
    running: Mutex<Running>,
    changed: Condvar,
}

struct Running {
    guests: usize,
    ended: bool,
}

/// A guest that runs until this is dropped.
struct Guest(Arc<Clock>);

impl Clock {
    fn start(engine: &wasmtime::Engine) -> std::io::Result<Arc<Self>> {
        let clock =
            Arc::new(Self { running: Mutex::new(Running { guests: 0, ended: false }), changed: Condvar::new() });
        let (ticking, engine) = (Arc::clone(&clock), engine.clone());
        thread::Builder::new().name("asl-wasm-clock".to_owned()).spawn(move || {
            while ticking.wait_for_guests() {
                thread::sleep(TICK);
                engine.increment_epoch();
            }
        })?;
        Ok(clock)
    }

    /// Waits as long as no guest runs. Whether the clock goes on.
    fn wait_for_guests(&self) -> bool {
        let mut running = self.lock();
        while running.guests == 0 && !running.ended {
            running = self.changed.wait(running).unwrap_or_else(PoisonError::into_inner);
        }
        !running.ended
    }

    fn running(clock: &Arc<Self>) -> Guest {
        let mut running = clock.lock();
        running.guests += 1;
        if running.guests == 1 {
            clock.changed.notify_one();
        }
        drop(running);
        Guest(Arc::clone(clock))
    }

    fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.lock().guests -= 1;
    }
}
