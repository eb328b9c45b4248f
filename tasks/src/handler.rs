use std::future::Future;
use std::pin::Pin;

use asl_engine::{Outcome, TaskRequest};

/// A future that can be held by the caller without knowing its type.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that a Task state can call.
///
/// Dropping the future cancels the call: what it had under way ends, and what it had stored before stays.
/// The caller watches the deadline and the heartbeat of the request; a handler need not.
pub trait Handler: Send + Sync {
    /// Does what `request` asks. A failure is what a Retrier or a Catcher of the state sees.
    fn call<'a>(&'a self, request: &'a TaskRequest) -> BoxFuture<'a, Outcome>;
}
