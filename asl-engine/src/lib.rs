//! The Amazon States Language: parser, JSONPath dialect and a sans-IO interpreter.

pub mod choice;
pub mod context;
pub mod definition;
pub mod diagnostic;
mod frame;
pub mod history;
pub mod json;
pub mod jsonpath;
pub mod path;
mod program;
pub mod reference_path;
pub mod retry;
pub mod task;
pub mod template;
pub mod time;
pub mod value;

pub use context::Execution;
pub use diagnostic::{Diagnostic, Severity, Span};
pub use frame::{
    Ended, EventIds, Frame, Join, JoinStep, Joined, Next, Now, Reply, Request, Step, Termination,
    UnexpectedReply,
};
pub use history::{EventId, EventKind, HistoryEvent};
pub use json::JsonError;
pub use jsonpath::{JsonPath, PathError};
pub use program::Program;
pub use task::{Failure, Outcome, TaskRequest};
pub use time::Timestamp;
pub use value::{Array, Number, Object, Value};
