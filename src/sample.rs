//! What stands for data of an execution where nobody gives any.

use asl_engine::{Execution, Timestamp, Value};

/// A context object with every member that it can have, of an execution with this input.
pub(crate) fn context(input: &Value) -> Value {
    // 2024-02-29T12:00:00Z: always the same, so that examples stay as they are.
    let start = Timestamp(1_709_208_000_000);
    let execution = Execution::local("sample", "sample-run", input.clone(), start, 0);
    execution.sample_context("Sample state", Value::from("sample item"))
}
