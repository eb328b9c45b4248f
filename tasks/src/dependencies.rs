//! What handlers are made of.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use asl_aws::Clients;
use asl_aws::web::{Caller, Downloads};
#[cfg(feature = "functions")]
use asl_functions::Logs;
use asl_runtime::Background;
#[cfg(feature = "wasm")]
use asl_wasm::LazyEngine;

use crate::endpoint::LazyEndpoint;
use crate::handler_table::HandlerTable;

/// What handlers are made of: each takes what it needs.
#[derive(Clone)]
pub(crate) struct Dependencies {
    /// The client for downloads.
    pub(crate) downloads: Downloads,
    /// The client for calls with a body or credentials.
    pub(crate) caller: Caller,
    /// Where other processes reach the embedded services.
    pub(crate) endpoint: Arc<LazyEndpoint>,
    /// The clients of the AWS services.
    pub(crate) clients: Arc<Clients>,
    /// Where relative paths of the routing file start.
    pub(crate) folder: PathBuf,
    /// The routing file, where there is one.
    pub(crate) routes: Option<PathBuf>,
    /// Where data is kept, and what can be made again.
    pub(crate) data_dir: PathBuf,
    /// What the code of functions prints.
    #[cfg(feature = "functions")]
    pub(crate) logs: Arc<Logs>,
    /// What goes on after the task that started it is answered.
    pub(crate) background: Arc<Background>,
    /// What runs WebAssembly.
    #[cfg(feature = "wasm")]
    pub(crate) wasm: Arc<LazyEngine>,
    /// All handlers, for those that call others.
    pub(crate) table: Weak<HandlerTable>,
}
