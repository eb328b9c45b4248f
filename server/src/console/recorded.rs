//! What a journal has of an execution, read.

use std::sync::Arc;

use asl_engine::{Program, Value};
use asl_history::Course;
use asl_project::Details;
use asl_runtime::journal::{Events, Journal};

use super::Query;
use crate::api::error::ApiError;
use crate::server::Shared;

/// An execution with its history so far, or as it was after an event.
pub(super) struct RecordedExecution {
    pub(super) details: Details,
    pub(super) program: Arc<Program>,
    /// `{"events": […]}`
    pub(super) history: Value,
    pub(super) course: Course,
}

impl RecordedExecution {
    /// The execution that a query names, with its events up to the one that it names as `until`.
    pub(super) fn asked(shared: &Arc<Shared>, query: &Query) -> Result<Self, ApiError> {
        let until = query.get("until").map(|_| query.number("until")).transpose()?;
        Self::of(shared, query.required("executionArn")?, until)
    }

    pub(super) fn of(shared: &Arc<Shared>, arn: &str, until: Option<u64>) -> Result<Self, ApiError> {
        let (details, program) = shared.program_of_execution(arn)?;
        let history = Value::from([("events", events(&*shared.journal, arn, until)?)]);
        let course = Course::of(&history, Some(arn)).map_err(|error| fault(&error))?;
        Ok(Self { details, program, history, course })
    }
}

fn events(journal: &dyn Journal, arn: &str, until: Option<u64>) -> Result<Value, ApiError> {
    // Their ids count from 1.
    let most = until.map_or(usize::MAX, |until| usize::try_from(until).unwrap_or(usize::MAX));
    let texts = journal.events(arn, Events { from: None, is_reversed: false, most })?;
    texts.iter().map(|text| text.parse::<Value>().map_err(|error| fault(&error))).collect()
}

fn fault(error: &dyn std::error::Error) -> ApiError {
    ApiError::fault("InternalFailure", error.to_string())
}
