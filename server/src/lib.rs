//! The Step Functions API over HTTP, and what starts executions.
//!
//! A [`Server`] keeps its executions in a journal: after its end in any way, they go on with the next start.

mod answers;
mod api;
mod catalog;
mod console;
mod cors;
mod data;
mod folder;
mod http;
mod logs;
mod messages;
mod metrics;
mod proxy;
mod server;
mod status_changes;
mod tls;
mod traces;
mod triggers;

pub use api::Identity;
pub use console::Explain;
pub use folder::{NotRegistered, Registered};
pub use server::{Server, ServerError, ServerOptions};
pub use tls::{Tls, TlsError};
pub use triggers::InvalidTrigger;
