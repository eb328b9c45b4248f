//! `TestState`. A task without a mock is called for real, as on AWS.

use std::sync::Arc;

use asl_aws::{parameter_table, result_table};
use asl_engine::test_state::{Configuration, FieldValidation, InspectionLevel, Mock, Reason, Refusal, TestState};
use asl_engine::{Failure, Outcome, TaskRequest, Value};
use asl_project::Executions;
use asl_runtime::{Call, now};

use super::error::ApiError;
use super::request::Request;

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message)
    }
}

/// A member that is JSON text; the error is the text of the service for it.
fn json(request: &Request<'_>, name: &str, refused: &str) -> Result<Option<Value>, ApiError> {
    let parsed = request.text(name).map(|text| text.parse::<Value>()).transpose();
    parsed.map_err(|error| ApiError::new("InvalidExecutionInput", format!("{refused}: '{error}'")))
}

pub(super) async fn test_state(executions: &Arc<Executions>, request: &Request<'_>) -> Result<Value, ApiError> {
    let input = json(request, "input", "Invalid State Machine Execution Input")?.unwrap_or_else(Value::empty_object);
    let definition = request.required("definition");
    let configuration = request.value("stateConfiguration").unwrap_or(&Value::Null);
    let count = |name: &str| configuration[name].as_i64().and_then(|count| u64::try_from(count).ok());
    let test = TestState {
        state_name: request.text("stateName"),
        context: json(request, "context", "Invalid Context object provided")?,
        variables: json(request, "variables", "Invalid variables")?.unwrap_or_else(Value::empty_object),
        mock: request.value("mock").map(mock),
        configuration: Configuration {
            retrier_retry_count: count("retrierRetryCount").and_then(|count| count.try_into().ok()),
            error_caused_by_state: configuration["errorCausedByState"].as_str().map(Into::into),
            map_iteration_failure_count: count("mapIterationFailureCount"),
            map_item_reader_data: configuration["mapItemReaderData"].as_str().map(Into::into),
        },
        role_arn: request.text("roleArn").map(Into::into),
        reveal_secrets: request.flag("revealSecrets"),
        inputs: Some(parameter_table),
        outputs: Some(result_table),
        at: now(),
        ..TestState::new(definition, input)
    };
    let level = match request.text("inspectionLevel") {
        Some("TRACE") => InspectionLevel::Trace,
        Some("DEBUG") => InspectionLevel::Debug,
        _ => InspectionLevel::Info,
    };
    let tested = match test.run() {
        // AWS refuses the others: without a role, and tasks that are waited for.
        Err(Refusal { reason: Reason::NeedsMock, code: "NOT_SUPPORTED_YET", .. }) => called(executions, test).await?,
        tested => tested?,
    };
    Ok(tested.to_json(level))
}

fn mock(given: &Value) -> Mock {
    let text = |value: &Value| value.as_str().map(Into::into);
    let mock = given["result"].as_str().map(Mock::text).unwrap_or_default();
    let error_output = given.get("errorOutput");
    let failure =
        |error: &Value| Failure { error: text(&error["error"]), cause: text(&error["cause"]), ..Failure::default() };
    Mock {
        error_output: error_output.map(failure),
        field_validation: match given["fieldValidationMode"].as_str() {
            Some("PRESENT") => FieldValidation::Present,
            Some("NONE") => FieldValidation::None,
            _ => FieldValidation::Strict,
        },
        ..mock
    }
}

/// The resource of the Task state that is tested.
fn resource(test: &TestState<'_>) -> Option<Arc<str>> {
    let definition: Value = test.definition.parse().ok()?;
    let state = match test.state_name {
        None => definition,
        Some(name) => state_of(&definition, name)?,
    };
    state["Resource"].as_str().filter(|_| state["Type"].as_str() == Some("Task")).map(Into::into)
}

/// The state of this name, in whichever scope.
fn state_of(definition: &Value, name: &str) -> Option<Value> {
    let states = definition["States"].as_object()?;
    if let Some(state) = states.get(name) {
        return Some(state.clone());
    }
    states.iter().find_map(|(_, state)| {
        let branches = state["Branches"].as_array().into_iter().flat_map(|branches| branches.iter());
        let inner = [&state["ItemProcessor"], &state["Iterator"]].into_iter().chain(branches);
        inner.into_iter().find_map(|scope| state_of(scope, name))
    })
}

/// Calls the task of the state, and tests the state with what that answers.
async fn called(executions: &Arc<Executions>, test: TestState<'_>) -> Result<asl_engine::test_state::Tested, ApiError> {
    let resource = resource(&test).unwrap_or_default();
    // What the task gets is told by a test in which it fails.
    let failing = Mock { field_validation: FieldValidation::None, ..Mock::error(Failure::new("Asked", "")) };
    let asked = TestState { mock: Some(failing), ..test.clone() }.run()?;
    let inspected = asked.to_json(InspectionLevel::Debug);
    let data = &inspected["inspectionData"];
    let stages = ["afterArguments", "afterParameters", "afterInputPath"];
    let input = stages.into_iter().find_map(|stage| data[stage].as_str()?.parse().ok());
    let request = TaskRequest::new(&*resource, input.unwrap_or_else(|| test.input.clone()));
    let answer: Outcome = match executions.router().handler(&resource) {
        Ok(handler) => handler.call(&Call::new(request)).await,
        Err(error) => Err(Failure::new("States.Runtime", error.to_string())),
    };
    let mock = match answer {
        Ok(result) => Mock::result(result),
        Err(failure) => Mock::error(failure),
    };
    Ok(TestState { mock: Some(Mock { field_validation: FieldValidation::None, ..mock }), ..test }.run()?)
}
