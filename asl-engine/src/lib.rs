//! The Amazon States Language: parser, JSONPath dialect and a sans-IO interpreter.
//!
//! A definition goes one way: its text is parsed to a tree with [diagnostics](Diagnostic) ([`diagnose`]), the
//! tree is compiled to a [`Program`], and a [`Frame`] runs the program step by step. Nothing here waits, reads a clock,
//! opens a file or calls anything: a Frame *asks* for what it needs, and its host answers. That makes every run
//! deterministic, lets a host save a Frame after any step, and lets virtual time pass at once.
//!
//! # Embedding
//!
//! A host is a `match` over what a Frame asks for. This one calls a task handler of its own, runs branches and
//! iterations one after the other, and lets waits take no time:
//!
//! ```
//! use asl_engine::{
//!     Ended, Execution, Failure, Frame, JoinStep, Next, Now, Outcome, Program, Reply, Request, TaskRequest, Timestamp,
//!     UnexpectedReply, Value,
//! };
//!
//! fn greet(task: &TaskRequest) -> Outcome {
//!     match task.input["name"].as_str() {
//!         Some(name) => Ok(Value::from(format!("Hello, {name}!"))),
//!         None => Err(Failure::new("NoName", "everybody has a name")),
//!     }
//! }
//!
//! fn run(program: &Program, frame: &mut Frame, now: &mut Now) -> Result<Ended, UnexpectedReply> {
//!     let mut reply = Reply::Go;
//!     loop {
//!         let step = frame.step(program, now, reply)?;
//!         for event in step.events {
//!             println!("{}", event.to_json());
//!         }
//!         reply = match step.next {
//!             Next::Continue => Reply::Go,
//!             Next::Ask(Request::Task(request)) => Reply::Task(greet(&request)),
//!             Next::Ask(Request::Sleep { until }) => {
//!                 now.at = until;
//!                 Reply::Woke
//!             }
//!             Next::Ask(Request::Fork(mut join)) => loop {
//!                 match join.poll(program) {
//!                     JoinStep::Start(index, mut child) => join.ended(index, run(program, &mut child, now)?),
//!                     JoinStep::Ask(request) => join.answered(greet(&request)),
//!                     JoinStep::Wait | JoinStep::Stop | JoinStep::Redrive(_) => unreachable!("no child is left here"),
//!                     JoinStep::Finish(joined) => break Reply::Joined(joined),
//!                 }
//!             },
//!             Next::Pending | Next::HistoryFull => unreachable!("tasks answer once, and this history is short"),
//!             Next::End(ended) => return Ok(*ended),
//!         }
//!     }
//! }
//!
//! let program = Program::parse(r#"{
//!     "StartAt": "Greet all",
//!     "States": {
//!         "Greet all": {
//!             "Type": "Map",
//!             "ItemProcessor": {
//!                 "StartAt": "Greet",
//!                 "States": {
//!                     "Greet": {
//!                         "Type": "Task",
//!                         "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet",
//!                         "Catch": [{"ErrorEquals": ["NoName"], "Next": "Stay silent"}],
//!                         "End": true
//!                     },
//!                     "Stay silent": {"Type": "Pass", "Result": null, "End": true}
//!                 }
//!             },
//!             "End": true
//!         }
//!     }
//! }"#).unwrap();
//! let input = r#"[{"name": "Ada"}, {}]"#.parse().unwrap();
//! let start = Timestamp::parse("2024-02-29T12:00:00Z").unwrap();
//! let execution = Execution::local("greetings", "first", input, start, 42);
//! let ended = run(&program, &mut Frame::new(&program, execution), &mut Now::new(start)).unwrap();
//! assert_eq!(ended.outcome.unwrap().to_string(), r#"["Hello, Ada!",null]"#);
//! ```

mod choice;
mod context;
mod definition;
mod diagnostic;
mod expression;
mod frame;
pub mod history;
mod integration;
mod intrinsic;
mod item_reader;
mod java;
pub mod json;
mod jsonata;
pub mod jsonpath;
mod nearest;
mod nothing_found;
mod path;
mod placeholder;
mod program;
mod query;
mod reference_path;
mod result_writer;
mod retry;
mod sdk_names;
mod shape;
mod task;
mod template;
pub mod test_state;
mod time;
mod value;

pub use context::{Execution, Quotas};
pub use definition::ast::StateType;
pub use definition::{
    CheckOptions, StateMachineType, UnknownCall, diagnose, diagnose_calls, diagnose_expression, diagnose_fields,
};
pub use diagnostic::{Diagnostic, Severity, Span, refusal};
pub use expression::{Documents, ExplainedArgument, ExplainedCall, ExplainedExpression, Expression, ExpressionError};
pub use frame::{
    ChildEnd, Ended, EventIds, ForeignProgram, Frame, Join, JoinStep, Joined, MapRunCounts, MapRunState, MapRunUpdate,
    Next, Now, Reply, Request, SavedFrame, SavedJoin, SavedResult, Stage, Stages, Step, Termination, UnexpectedReply,
};
pub use history::{EventId, EventKind, HistoryEvent};
pub use item_reader::json_lines;
pub use json::JsonError;
pub use jsonata::{
    ExplainedPart, Jsonata, JsonataError, JsonataFlavour, JsonataLimits, JsonataOptions, PartKind, PartNotes,
};
pub use jsonpath::{JsonPath, PathError};
pub use nearest::nearest;
pub use path::PathRoot;
pub use placeholder::placeholders;
pub use program::{Called, Program, model};
pub use query::{ExplainedQuery, QueryDocuments, StateExpression};
pub use sdk_names::sdk_member_name;
pub use task::{Failure, Origin, Outcome, TaskRequest, is_activity};
pub use time::Timestamp;
pub use value::{Array, Number, Object, Value, cut};
