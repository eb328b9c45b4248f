//! A component that is ready to be called, and what its calls come to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use asl_engine::{Failure, Outcome, Value};
use wasmtime::component::ResourceTableError;
use wasmtime::{Store, Trap};

use super::Settings;
use super::engine::{Engine, LazyEngine};
use super::error::{LoadError, Unusable};
use super::guest::{Guest, GuestOutcome};
use super::output::TooLarge;
use super::sandbox::{HANDLES, Sandbox};

/// The error of a call whose component cannot be used.
pub(super) const NOT_LOADED: &str = "Wasm.NotLoaded";

/// How much of an output that is no JSON is shown, in characters.
const SHOWN: usize = 200;

/// What all calls of a route share.
pub(super) struct Loaded {
    engine: Arc<Engine>,
    guest: Guest,
    sandbox: Sandbox,
    settings: Settings,
}

impl Loaded {
    /// Compiles the component, or takes it from the cache. `folder` is where relative paths start.
    pub(super) fn new(settings: Settings, folder: &Path, engine: &LazyEngine) -> Result<Self, LoadError> {
        let file = folder.join(&settings.component);
        let refused = |source| LoadError::Component { file: file.clone(), source };
        let bytes = std::fs::read(&file).map_err(|error| refused(Unusable::Unreadable(error)))?;
        let engine = engine.get()?;
        let guest = Guest::compile(&engine, &bytes, &file).map_err(refused)?;
        let sandbox = Sandbox::new(&settings, folder, Arc::clone(&engine.http)).map_err(refused)?;
        Ok(Self { engine, guest, sandbox, settings })
    }

    /// Calls it with a JSON text. Dropping the future ends the call.
    pub(super) async fn call(self: Arc<Self>, input: String) -> Outcome {
        let called = Arc::clone(&self);
        self.engine.run(async move { called.call_here(&input).await }).await
    }

    async fn call_here(&self, input: &str) -> Outcome {
        let stdin = self.guest.is_command().then_some(input);
        let (state, written) =
            self.sandbox.enter(stdin).map_err(|error| Failure::new(NOT_LOADED, error.to_string()))?;
        let mut store = Store::new(&self.engine.wasmtime, state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let limit = Duration::from_secs_f64(self.settings.timeout_seconds);
        let ended = tokio::time::timeout(limit, self.guest.call(&mut store, input)).await;
        let output = match ended {
            Ok(Ok(GuestOutcome::Answered(output))) => Ok(output.into_bytes()),
            Ok(Ok(GuestOutcome::Exited(0))) => Ok(written.stdout.take()),
            Ok(Ok(GuestOutcome::Failed(failure))) => return Err(failure),
            Ok(Err(error)) if error.is::<TooLarge>() => Err(self.too_large()),
            // A guest that was refused memory usually ends itself, in one of these ways.
            Ok(_) if store.data().memory.refused => Err(self.out_of_memory()),
            Ok(Ok(GuestOutcome::Exited(code))) => {
                Err(("Wasm.ExitError", format!("the component ended with the exit code {code}")))
            }
            Ok(Err(error)) => Err(("Wasm.Trap", trap(&error))),
            Err(_) => Err(self.timed_out()),
        };
        let output = output.and_then(|output| self.value(&output));
        output.map_err(|(error, cause)| match String::from_utf8_lossy(&written.stderr.take()).trim_end() {
            "" => Failure::new(error, cause),
            stderr => Failure::new(error, format!("{cause}; stderr:\n{stderr}")),
        })
    }

    fn value(&self, output: &[u8]) -> Result<Value, (&'static str, String)> {
        if output.len() > self.settings.max_output_bytes {
            return Err(self.too_large());
        }
        let value = match std::str::from_utf8(output) {
            Ok(text) => text.parse().map_err(|error: asl_engine::JsonError| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        value.map_err(|why| {
            let shown: String = String::from_utf8_lossy(output).chars().take(SHOWN).collect();
            ("Wasm.InvalidOutput", format!("the output of the component is no JSON: {why}: {shown:?}"))
        })
    }

    fn out_of_memory(&self) -> (&'static str, String) {
        let most = self.settings.memory_mb;
        ("Wasm.OutOfMemory", format!("the component needs more than {most} MB (memory_mb)"))
    }

    fn timed_out(&self) -> (&'static str, String) {
        let most = self.settings.timeout_seconds;
        ("Wasm.TimedOut", format!("the component ran longer than {most} s (timeout_seconds)"))
    }

    fn too_large(&self) -> (&'static str, String) {
        let most = self.settings.max_output_bytes;
        ("Wasm.OutputTooLarge", format!("the component gave more than {most} bytes (max_output_bytes)"))
    }
}

/// Why a call was cut off, without the addresses that wasmtime tells around it.
fn trap(error: &wasmtime::Error) -> String {
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return format!("the component holds more than {HANDLES} files, connections, requests and the like at once");
    }
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => format!("{error:#}"),
    }
}
