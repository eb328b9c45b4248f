//! What a journal has of an execution, read.

use std::sync::Arc;

use asl_engine::{Program, Value};
use asl_history::Course;
use asl_project::Details;
use asl_runtime::journal::{Events, Journal};

use crate::api::error::ApiError;
use crate::server::Shared;

/// An execution with its history so far.
pub(super) struct RecordedExecution {
    pub(super) details: Details,
    pub(super) program: Arc<Program>,
    /// `{"events": […]}`
    pub(super) history: Value,
    pub(super) course: Course,
}

impl RecordedExecution {
    pub(super) fn of(shared: &Arc<Shared>, arn: &str) -> Result<Self, ApiError> {
        let (details, program) = shared.program_of_execution(arn)?;
        let history = Value::from([("events", events(&*shared.journal, arn)?)]);
        let course = Course::of(&history, Some(arn)).map_err(|error| fault(&error))?;
        Ok(Self { details, program, history, course })
    }
}

fn events(journal: &dyn Journal, arn: &str) -> Result<Value, ApiError> {
    let texts = journal.events(arn, Events { from: None, is_reversed: false, most: usize::MAX })?;
    texts.iter().map(|text| text.parse::<Value>().map_err(|error| fault(&error))).collect()
}

fn fault(error: &dyn std::error::Error) -> ApiError {
    ApiError::fault("InternalFailure", error.to_string())
}
