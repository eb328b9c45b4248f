//! What handlers are made of.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use asl_aws::Clients;
use asl_aws::web::{Caller, Downloads};
#[cfg(feature = "functions")]
use asl_functions::Logs;
use asl_runtime::Background;
use asl_runtime::Handler;
use asl_runtime::Pattern;
use asl_runtime::lambda::FunctionArn;
#[cfg(feature = "wasm")]
use asl_wasm::LazyEngine;

use crate::endpoint::LazyEndpoint;

/// What handlers are made of: each takes what it needs.
pub(crate) struct World {
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
    #[cfg_attr(not(feature = "functions"), allow(dead_code))]
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

    /// What serves a function: its ARN, or else its name, in whatever region and account the route puts it.
    pub(crate) fn find_function(&self, arn: &FunctionArn) -> Option<Arc<dyn Handler>> {
        let unqualified = arn.unqualified();
        let qualified = arn.qualifier.as_ref().map(|qualifier| format!("{unqualified}:{qualifier}"));
        let by_arn = qualified.and_then(|arn| self.find(&arn)).or_else(|| self.find(&unqualified));
        by_arn.or_else(|| {
            let named = |(pattern, _): &(Pattern, _)| {
                let pattern = pattern.to_string();
                pattern.split_once(":function:").is_some_and(|(_, name)| Pattern::from(name).matches(&arn.name))
            };
            self.functions().into_iter().find(named).map(|(_, handler)| handler)
        })
    }

    /// Everything that may serve functions.
    pub(crate) fn functions(&self) -> Vec<(Pattern, Arc<dyn Handler>)> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let functions = entries.added.iter().chain(&entries.others).filter(|(pattern, _)| {
            let pattern = pattern.to_string();
            pattern.starts_with('*') || pattern.starts_with("arn:aws:lambda:")
        });
        functions.cloned().collect()
    }
}
