//! Why a component cannot be called.

use std::path::PathBuf;
use std::sync::Arc;

use asl_settings::SettingError;

/// Why no component can be run, or not this one. wasmtime's errors are told with all of their causes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Engine(#[from] NoEngine),
    #[error("the component {} cannot be used: {source}", file.display())]
    Component { file: PathBuf, source: Unusable },
}

/// Why WebAssembly cannot be run on this machine. It is told to every component.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoEngine {
    #[error("WebAssembly cannot be run here: {0:#}")]
    Wasmtime(Arc<wasmtime::Error>),
    #[error("WebAssembly cannot be run here: no threads: {0}")]
    Threads(Arc<std::io::Error>),
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("{0}")]
    Unreadable(std::io::Error),
    #[error("{0}")]
    Text(wat::Error),
    #[error("it is no valid WebAssembly: {0}")]
    Malformed(wasmparser::BinaryReaderError),
    #[error("{0:#}")]
    NotCompiled(wasmtime::Error),
    #[error("{0:#}; what there is to import is WASI 0.2 with wasi:http, and WASI 0.1")]
    Import(wasmtime::Error),
    #[error(
        "nothing in this core module can be called: expected _start, which a program with a main has; it exports {exports}"
    )]
    NoStart { exports: String },
    #[error("its {0} has no function run")]
    NoRun(String),
    #[error("its handle is not that of asl:task: {0:#}")]
    OtherHandle(wasmtime::Error),
    #[error(
        "nothing in this component can be called: expected handle (asl:task) or wasi:cli/run 0.2; it exports {exports}"
    )]
    NothingToCall { exports: String },
    #[error("the environment variable {name} of it: {source}")]
    Environment { name: String, source: SettingError },
    #[error("the folder {} that it is granted is not there", .0.display())]
    NoFolder(PathBuf),
}

/// A folder that a component is granted was there when it was loaded, and cannot be opened for a call.
#[derive(Debug, thiserror::Error)]
#[error("the folder {} cannot be opened: {why:#}", folder.display())]
pub(crate) struct UnopenedFolder {
    pub(crate) folder: PathBuf,
    pub(crate) why: wasmtime::Error,
}
