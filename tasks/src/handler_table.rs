//! Which handler serves which resource.

use std::sync::{Arc, PoisonError, RwLock};

use asl_engine::nearest;
use asl_runtime::lambda::FunctionArn;
use asl_runtime::{Handler, Pattern};

/// Which handler serves which resource.
#[derive(Default)]
pub(crate) struct HandlerTable(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    /// What an embedding program added: these come before all others.
    added: Vec<(Pattern, Arc<dyn Handler>)>,
    others: Vec<(Pattern, Arc<dyn Handler>)>,
}

impl HandlerTable {
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

    /// The resource of a route that a function nearly is, by its name.
    pub(crate) fn nearest_function(&self, resource: &str) -> Option<String> {
        let patterns: Vec<String> = self.functions().iter().map(|(pattern, _)| pattern.to_string()).collect();
        let last = |text: &str| text.rsplit(':').next().unwrap_or_default().replace('*', "");
        let names: Vec<String> = patterns.iter().map(|pattern| last(pattern)).collect();
        let near = nearest(&last(resource), names.iter().map(String::as_str))?;
        names.iter().position(|name| name == near).map(|at| patterns[at].clone())
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
