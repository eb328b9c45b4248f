//! What the tests of this crate share.

use std::path::Path;
use std::sync::Arc;

use asl_engine::{Failure, Program, Value};
use asl_tasks::{Router, Routes};

use crate::{Definition, ExecutionOptions, Executions, Start, StateMachine};

/// A state machine with this definition.
pub(crate) fn machine(name: &str, definition: &str) -> StateMachine {
    StateMachine::local(name, program(definition))
}

/// The executions of machines, by their names and definitions, that nothing serves but these machines.
pub(crate) fn started_by(machines: &[(&str, &str)], keeps_histories: bool) -> Arc<Executions> {
    let machines = machines.iter().map(|(name, definition)| ((*name).to_owned(), program(definition))).collect();
    let routes = Routes::parse("", Path::new("routes.toml")).expect("routes");
    let options = ExecutionOptions { keeps_histories, ..ExecutionOptions::default() };
    Executions::new(machines, Router::new(routes, "unused"), "unused".as_ref(), options, None)
}

/// The start of an execution with a number as its input.
pub(crate) fn start_of(name: &str, input: i64) -> Start {
    Start { name: name.to_owned(), input: Value::from(input), ..Start::default() }
}

/// A failure with this error.
pub(crate) fn failure(error: &str) -> Failure {
    Failure::new(error, "as tested")
}

fn program(definition: &str) -> Arc<Program> {
    let program = Definition::new("d.json", definition.to_owned()).program();
    Arc::new(program.unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}")))
}
