//! What a folder of a user's is: its definitions, what its routing file says of their tasks, and the executions of its state
//! machines.
//!
//! ```
//! use std::sync::Arc;
//!
//! use asl_engine::Value;
//! use asl_project::{Definition, ExecutionOptions, Project, Start, StateMachine, Substitutions};
//! use asl_tasks::Routes;
//!
//! let text = r#"{"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": true}}}"#;
//! let definition = Definition::new("greet.json", text.to_owned());
//! let machine = StateMachine::local(&definition.name(), Arc::new(definition.program().unwrap()));
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let project = Project::new(Routes::default(), &Substitutions::default(), ".asl".as_ref(), ExecutionOptions::default()).unwrap();
//! let start = Start { name: "run".to_owned(), input: Value::from("hello"), ..Start::default() };
//! let started = project.executions().start(&machine, start).unwrap();
//! assert_eq!(started.ended().await.finished.outcome, Ok(Value::from("hello")));
//! # });
//! ```

mod child_definition;
mod child_entries;
mod definition;
mod definitions;
mod details;
mod elsewhere;
mod execution;
mod executions;
mod folder;
mod history;
mod logged;
mod map_runs;
mod mocked;
mod places;
mod project;
mod shut_down;
mod start;
mod start_execution;
mod start_request;
mod state_machines;
mod step_functions_api;
mod stored;
mod substitutions;
mod task_times;
mod tasks;
mod template;
#[cfg(test)]
mod testing;
mod text;
pub mod yaml;

pub use definition::Definition;
pub use definitions::{DefinitionError, DefinitionName};
pub use details::{Details, FailureTexts, More};
pub use elsewhere::keep_elsewhere;
pub use execution::{Description, Ended, Started};
pub use executions::{ExecutionOptions, Executions, LookupError, NotResumed, RedriveError};
pub use folder::{definitions_in, files_in};
pub use history::{History, Subscription, by_execution};
pub use logged::{LOGS, LoggedLine, logged};
pub use map_runs::MapRunDetails;
pub use mocked::{Mocked, run_mocked};
pub use project::{Project, ProjectError, routes_below, routes_of};
pub use shut_down::Notice;
pub use start::{Start, StartError, StartsAt, Watcher};
pub use start_execution::StopOnDrop;
pub use start_request::StartRequest;
pub use state_machines::{StateMachine, StateMachines};
pub use stored::{HistoryError, StoredExecution, StoredHistories, StoredHistory};
pub use substitutions::{NoSubstitution, Placeholder, Substitution, Substitutions};
pub use task_times::{BOUNDS, TaskTimes, TimesTaken};
pub use tasks::{NotReady, Task, Unserved, UnusedMock, reached_aws};
pub use template::{Evaluation, Stack, Template, TemplateError, intrinsic, name_property};
pub use text::{read_text, read_text_of};
