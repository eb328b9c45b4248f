//! Which handler serves which resource.

use std::sync::{Arc, PoisonError, RwLock, Weak};

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
    /// Those of the routing file.
    routed: Vec<(Pattern, Arc<dyn Handler>)>,
    /// What the program serves by itself.
    integrations: Vec<(Pattern, Arc<dyn Handler>)>,
    /// Tables of other routing files, which may have a function that this one has not.
    beside: Vec<Weak<HandlerTable>>,
}

impl Entries {
    fn all(&self) -> impl Iterator<Item = &(Pattern, Arc<dyn Handler>)> {
        self.added.iter().chain(&self.routed).chain(&self.integrations)
    }
}

impl HandlerTable {
    pub(crate) fn add(&self, pattern: Pattern, handler: Arc<dyn Handler>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).added.push((pattern, handler));
    }

    /// Sets what the routing file has, and what the program serves by itself.
    pub(crate) fn set(&self, routed: Vec<(Pattern, Arc<dyn Handler>)>, integrations: Vec<(Pattern, Arc<dyn Handler>)>) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        (entries.routed, entries.integrations) = (routed, integrations);
    }

    /// Takes over what `other` has that comes before integrations: what was added, and behind what is routed here, what is there. Each
    /// finds the functions of the other.
    pub(crate) fn put_beside(self: &Arc<Self>, other: &Arc<Self>) {
        let (added, routed) = {
            let mut entries = other.0.write().unwrap_or_else(PoisonError::into_inner);
            entries.beside.push(Arc::downgrade(self));
            (entries.added.clone(), entries.routed.clone())
        };
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        entries.added.extend(added);
        entries.routed.extend(routed);
        entries.beside.push(Arc::downgrade(other));
    }

    /// The first handler that serves `resource`.
    pub(crate) fn find(&self, resource: &str) -> Option<Arc<dyn Handler>> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        entries.all().find(|(pattern, _)| pattern.matches(resource)).map(|(_, handler)| Arc::clone(handler))
    }

    /// What serves a function: its ARN, or else its name, in whatever region and account the route puts it. Functions of other routing
    /// files are found, too.
    pub(crate) fn find_function(&self, arn: &FunctionArn) -> Option<Arc<dyn Handler>> {
        let beside = || self.0.read().unwrap_or_else(PoisonError::into_inner).beside.clone();
        self.find_own_function(arn).or_else(|| {
            // Those of the first file know of all others; the others know of the first one.
            let tables: Vec<_> = beside().iter().filter_map(Weak::upgrade).collect();
            let further = |table: &Arc<Self>| table.0.read().unwrap_or_else(PoisonError::into_inner).beside.clone();
            let all_further: Vec<_> = tables.iter().flat_map(further).filter_map(|table| table.upgrade()).collect();
            tables.iter().chain(&all_further).find_map(|table| table.find_own_function(arn))
        })
    }

    fn find_own_function(&self, arn: &FunctionArn) -> Option<Arc<dyn Handler>> {
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
        let functions = entries.all().filter(|(pattern, _)| {
            let pattern = pattern.to_string();
            pattern.starts_with('*') || pattern.starts_with("arn:aws:lambda:")
        });
        functions.cloned().collect()
    }
}
