//! What a file holds that can be run: a component of ours, a command, or a core module; and one call of it.

use std::path::Path;

use asl_engine::Failure;
use wasmtime::component::{self, Component, InstancePre};
use wasmtime::{Module, Store};
use wasmtime_wasi::I32Exit;

use super::engine::Engine;
use super::entry::Entry;
use super::error::Unusable;
use super::sandbox::StoreState;

wasmtime::component::bindgen!({ path: "wit", world: "task", exports: { default: async } });

/// Compiled code with its imports resolved: what is left is to make an instance for each call.
pub(super) enum Guest {
    /// A component that exports `handle`.
    Task(TaskPre<StoreState>),
    /// A component that exports `wasi:cli/run`.
    Command { instance: InstancePre<StoreState>, run: component::ComponentExportIndex },
    /// A core module that exports `_start`, as a command for WASI 0.1 does.
    Module(wasmtime::InstancePre<StoreState>),
}

/// How a call of a guest ended.
pub(super) enum GuestOutcome {
    /// The function answered.
    Answered(String),
    /// The guest gave the error that it wants seen.
    Failed(Failure),
    /// The command ended with this exit code.
    Exited(i32),
}

impl Guest {
    /// Compiles, or takes from the cache, what is in `bytes`, a binary or a text.
    pub(super) fn compile(engine: &Engine, bytes: &[u8], file: &Path) -> Result<Self, Unusable> {
        let bytes = wat::Parser::new().parse_bytes(Some(file), bytes).map_err(Unusable::Text)?;
        let entry = Entry::of(&bytes)?;
        if entry == Entry::Start {
            let module = Module::from_binary(&engine.wasmtime, &bytes).map_err(Unusable::NotCompiled)?;
            return engine.modules.instantiate_pre(&module).map(Self::Module).map_err(Unusable::Import);
        }
        let component = Component::from_binary(&engine.wasmtime, &bytes).map_err(Unusable::NotCompiled)?;
        let instance = engine.components.instantiate_pre(&component).map_err(Unusable::Import)?;
        if let Entry::Run(name) = entry {
            let interface = component.get_export_index(None, name);
            let run = interface.and_then(|interface| component.get_export_index(Some(&interface), "run"));
            return run.map(|run| Self::Command { instance, run }).ok_or_else(|| Unusable::NoRun(name.to_owned()));
        }
        TaskPre::new(instance).map(Self::Task).map_err(Unusable::OtherHandle)
    }

    /// Whether it reads its input from stdin and writes its output to stdout.
    pub(super) fn is_command(&self) -> bool {
        !matches!(self, Self::Task(_))
    }

    /// Calls it in a new instance. The error is what ended it from outside: a trap, or a bound.
    pub(super) async fn call(&self, store: &mut Store<StoreState>, input: &str) -> wasmtime::Result<GuestOutcome> {
        let ended = match self {
            Self::Task(task) => {
                let task = task.instantiate_async(&mut *store).await?;
                task.call_handle(store, input).await.map(|answer| match answer {
                    Ok(output) => GuestOutcome::Answered(output),
                    Err(Error { error, cause }) => GuestOutcome::Failed(Failure::new(error, cause)),
                })
            }
            Self::Command { instance, run } => {
                let instance = instance.instantiate_async(&mut *store).await?;
                let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, run)?;
                run.call_async(store, ()).await.map(|(ended,)| GuestOutcome::Exited(i32::from(ended.is_err())))
            }
            Self::Module(module) => {
                let instance = module.instantiate_async(&mut *store).await?;
                let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
                start.call_async(store, ()).await.map(|()| GuestOutcome::Exited(0))
            }
        };
        ended.or_else(|error| match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => Ok(GuestOutcome::Exited(*code)),
            None => Err(error),
        })
    }
}
