//! The test cases of the project as ready inputs, and executions as test cases.

use std::path::Path;
use std::sync::Arc;

use asl_engine::Value;
use asl_project::files_in;
use asl_testing::{Case, Recording, TestFile, is_test_file};

use super::Query;
use super::recorded::RecordedExecution;
use crate::api::error::ApiError;
use crate::server::Shared;

/// The cases of test files below the folder of the server that start a state machine.
///
/// Test files are read each time: they change while somebody works on them, and there are few of them.
pub(super) fn of_machine(shared: &Arc<Shared>, query: &Query) -> Result<Value, ApiError> {
    let arn = query.required("stateMachineArn")?;
    let name = shared.api.catalog.machine(arn).ok_or_else(|| ApiError::no_such_machine(arn))?.name.clone();
    let folder = shared.folder.as_deref();
    let files = folder.map(|folder| files_in(folder, |_, path, _| is_test_file(path)).unwrap_or_default());
    // What is wrong with one, `asl test` tells.
    let read = files.into_iter().flatten().flat_map(|path| TestFile::read_all(&path).unwrap_or_default());
    let cases = read.filter(|file| file.machine() == *name).flat_map(|file| {
        let told = |case: &Case| {
            let input = case.input()?.clone();
            Some(Value::from([
                ("name", Value::from(&*case.name)),
                ("input", input),
                ("file", shown(&file.path, folder).into()),
            ]))
        };
        file.cases.iter().filter_map(told).collect::<Vec<_>>()
    });
    Ok(Value::from([("cases", cases.collect::<Value>())]))
}

fn shown(file: &Path, folder: Option<&Path>) -> String {
    folder.and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(file).display().to_string()
}

/// An execution as a test file, as `asl record` writes it.
pub(super) fn recorded(shared: &Arc<Shared>, body: &Value) -> Result<Value, ApiError> {
    let arn = body["executionArn"].as_str().ok_or_else(|| ApiError::validation("the body has no executionArn"))?;
    let RecordedExecution { details, program, history, .. } = RecordedExecution::of(shared, arn, None)?;
    let recording = Recording::of(&history, &program).map_err(|error| ApiError::validation(error.to_string()))?;
    let name = body["name"].as_str().unwrap_or(&details.more.name);
    let machine = details.more.state_machine_arn.rsplit(':').next().unwrap_or_default();
    let definition = format!("{machine}.asl.json");
    let text = recording.of_execution(Some(details.arn.to_string())).test_file(name, &definition, None);
    Ok(Value::from([("text", text.into())]))
}
