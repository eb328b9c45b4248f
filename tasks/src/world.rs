//! What handlers are made of.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::callbacks::Callbacks;
use crate::handler::Handler;
use crate::handlers::wasm::LazyEngine;
use crate::pattern::Pattern;
use crate::services::Clients;

/// What handlers are made of: each takes what it needs.
pub(crate) struct World {
    /// The clients of the AWS services.
    pub(crate) clients: Arc<Clients>,
    /// Where relative paths of the routing file start.
    pub(crate) folder: PathBuf,
    /// Where data is kept, and what can be made again.
    pub(crate) data_dir: PathBuf,
    /// Who waits for the answer to a task token.
    pub(crate) callbacks: Arc<Callbacks>,
    /// What runs WebAssembly.
    pub(crate) wasm: Arc<LazyEngine>,
    /// All handlers, for those that call others.
    pub(crate) table: Weak<Table>,
}

/// Which handler serves which resource.
#[derive(Default)]
pub(crate) struct Table(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    /// What an embedding program added: these come before all others.
    added: Vec<(Pattern, Arc<dyn Handler>)>,
    others: Vec<(Pattern, Arc<dyn Handler>)>,
}

impl Table {
    pub(crate) fn add(&self, pattern: Pattern, handler: Arc<dyn Handler>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).added.push((pattern, handler));
    }

    pub(crate) fn set_others(&self, others: Vec<(Pattern, Arc<dyn Handler>)>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).others = others;
    }

    /// The first handler that serves `resource`.
    pub(crate) fn find(&self, resource: &str) -> Option<Arc<dyn Handler>> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = entries.added.iter().chain(&entries.others);
        all.find(|(pattern, _)| pattern.matches(resource)).map(|(_, handler)| Arc::clone(handler))
    }
}
