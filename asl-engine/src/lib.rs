//! The Amazon States Language: parser, JSONPath dialect and a sans-IO interpreter.

pub mod diagnostic;
pub mod json;
pub mod jsonpath;
pub mod task;
pub mod time;
pub mod value;

pub use diagnostic::{Diagnostic, Severity, Span};
pub use json::JsonError;
pub use jsonpath::{JsonPath, PathError};
pub use task::{Failure, Outcome, TaskRequest};
pub use time::Timestamp;
pub use value::{Array, Number, Object, Value};
