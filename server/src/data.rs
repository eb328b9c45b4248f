//! The data of an execution in its events, and events without them.

use asl_engine::{Object, Value};

/// The members of the details of events that hold data of the execution.
const DATA: [&str; 8] = [
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "parameters",
    "assignedVariables",
    "assignedVariablesDetails",
    "taskCredentials",
];

/// The details of an event without data: `includeExecutionData` is false.
pub(crate) fn without_data(details: &Object) -> Value {
    let kept = details.iter().filter(|(name, _)| !DATA.contains(&&***name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
