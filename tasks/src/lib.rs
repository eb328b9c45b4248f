//! What a Task state can call: what implements [`Handler`](asl_runtime::Handler).
//!
//! A [`Router`] finds the handler of a resource. [`Routes`] tell it how: they are read from a TOML file,
//! and an embedding program adds handlers of its own with [`Router::with_handler`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use asl_engine::{Outcome, Value};
//! use asl_runtime::{BoxFuture, Call, Handler};
//! use asl_tasks::{Router, Routes};
//!
//! struct Greet;
//!
//! impl Handler for Greet {
//!     fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
//!         Box::pin(async move {
//!             let name = call.request.input["name"].as_str().unwrap_or("you");
//!             Ok(Value::from(format!("Hello {name}")))
//!         })
//!     }
//!
//!     fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
//!         Box::pin(async { Vec::new() })
//!     }
//! }
//!
//! let router = Router::new(Routes::default(), ".asl").with_handler("arn:aws:lambda:*:*:function:greet", Arc::new(Greet));
//! assert!(router.handler("arn:aws:lambda:us-east-1:123456789012:function:greet").is_ok());
//! ```

mod callback_api;
mod callbacks;
mod code;
mod dependencies;
mod endpoint;
mod handler_table;
mod handlers;
mod inner;
mod integrations;
mod lambda_api;
mod left_out;
mod mocks;
mod router;
mod routes;
#[cfg(feature = "embedded")]
mod stored;
mod waiting;

pub use asl_aws::names::{is_bucket, is_step_functions_name};
pub use asl_aws::{Place, Services};
#[cfg(feature = "embedded")]
pub use asl_embedded::{
    ChangedTable, EventPattern, Events, IN_USE, InvalidPattern, InvalidSchedule, Notification, Notifications, Schedule,
    StandingRule, Table, Undelivered, Unopened, When, notifications,
};
#[cfg(feature = "functions")]
pub use asl_functions::{Printed, PrintedLine};
pub use asl_runtime::Pattern;
pub use callbacks::{ActivityTask, CallbackError, Callbacks, WaitingCounts, worker_failure};
pub use endpoint::{HttpServices, ListenError};
pub use integrations::answered_here;
pub use mocks::{InvalidMocks, MockedAnswer, Mocks, MocksError, Unmocked};
pub use router::{NoRoute, Router, RowsError};
pub use routes::{
    Api, Calls, Cors, Endpoint, InvalidRoutes, LogLevel, MachineFile, MachineLogging, RequestPart, Route, Routes,
    RoutesError, Starts, Trigger,
};
#[cfg(feature = "embedded")]
pub use stored::{Stored, StoredContent, StoredCount, StoredError, StoredObject, StoredUrl};
pub use waiting::{AnswerError, TokenAnswer, WaitingTask, answer, living_tasks};
