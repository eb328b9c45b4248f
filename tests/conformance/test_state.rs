//! TestState: one state, and the response or the refusal that AWS recorded.

use asl_engine::test_state::{Configuration, FieldValidation, InspectionLevel, Mock, Refusal, TestState};
use asl_engine::{Failure, Timestamp};
use serde_json::{Value, json};

use crate::Verdict;
use crate::compare::{Bindings, agree, normal};

/// Tests a state and compares.
pub(crate) fn check(case: &Value) -> Verdict {
    let (expected, request) = (&case["expected"], &case["request"]);
    if expected["status"] == "API_ERROR" && expected["errorCode"].is_null() {
        return Verdict::NotApplicable("was refused by the SDK, before it reached AWS");
    }
    if expected["status"] != "API_ERROR" && case["definition"]["Type"] == "Task" && request["mock"].is_null() {
        return Verdict::NotApplicable("called a function whose answer is in no recording");
    }
    let definition = match &case["definition"] {
        Value::String(text) => text.clone(),
        definition => definition.to_string(),
    };
    let given = |name: &str| Some(&request[name]).filter(|value| !value.is_null());
    let test = TestState {
        state_name: request["stateName"].as_str(),
        context: given("context").map(asl_engine::Value::from),
        variables: given("variables").map_or_else(asl_engine::Value::empty_object, asl_engine::Value::from),
        mock: given("mock").map(mock),
        configuration: configuration(&request["stateConfiguration"]),
        role_arn: request["roleArn"].as_str().map(Into::into),
        reveal_secrets: request["revealSecrets"] == true,
        inputs: Some(asl_aws::parameter_table),
        outputs: Some(asl_aws::result_table),
        at: Timestamp::parse("2026-11-22T07:10:10Z").unwrap_or_default(),
        ..TestState::new(&definition, input(&case["input"]))
    };
    let level = match request["inspectionLevel"].as_str() {
        Some("TRACE") => InspectionLevel::Trace,
        Some("DEBUG") => InspectionLevel::Debug,
        _ => InspectionLevel::Info,
    };
    let mut bindings = Bindings::of(case);
    match test.run() {
        Err(refusal) => refused(expected, &refusal, &mut bindings),
        Ok(tested) => {
            // The account is that of the recordings.
            let response = tested.to_json(level).to_string().replace("000000000000", "111111111111");
            let ours = parsed(&serde_json::from_str(&response).unwrap_or_default());
            let recorded = normal(&expected["response"]);
            for field in ["status", "error", "output"] {
                if let Err(difference) = agree(&recorded[field], &ours[field], &mut bindings, field) {
                    return Verdict::Differs(difference);
                }
            }
            agree(&recorded, &ours, &mut bindings, "response").map_or_else(Verdict::Lax, |()| Verdict::Strict)
        }
    }
}

fn refused(expected: &Value, refusal: &Refusal, bindings: &mut Bindings) -> Verdict {
    let code = expected["errorCode"].as_str().unwrap_or("none");
    if code != refusal.code {
        return Verdict::Differs(format!("recorded the refusal {code}, ours {refusal}"));
    }
    agree(&expected["errorMessage"], &json!(refusal.message), bindings, "errorMessage")
        .map_or_else(Verdict::Lax, |()| Verdict::Strict)
}

/// A call without input has an empty object.
fn input(recorded: &Value) -> asl_engine::Value {
    if recorded.is_null() { asl_engine::Value::empty_object() } else { recorded.into() }
}

fn mock(recorded: &Value) -> Mock {
    let text = |value: &Value| value.as_str().map(Into::into);
    let failure =
        |error: &Value| Failure { error: text(&error["error"]), cause: text(&error["cause"]), ..Failure::default() };
    Mock {
        result: recorded.get("result").map(asl_engine::Value::from),
        // What was JSON is a value in the recordings.
        is_no_json: recorded["result"].is_string(),
        error_output: recorded.get("errorOutput").map(failure),
        field_validation: match recorded["fieldValidationMode"].as_str() {
            Some("PRESENT") => FieldValidation::Present,
            Some("NONE") => FieldValidation::None,
            _ => FieldValidation::Strict,
        },
    }
}

fn configuration(recorded: &Value) -> Configuration {
    Configuration {
        retrier_retry_count: recorded["retrierRetryCount"].as_u64().and_then(|count| count.try_into().ok()),
        error_caused_by_state: recorded["errorCausedByState"].as_str().map(Into::into),
        map_iteration_failure_count: recorded["mapIterationFailureCount"].as_u64(),
        map_item_reader_data: recorded["mapItemReaderData"].as_str().map(Into::into),
    }
}

/// A response whose JSON texts are values, as the recordings have them.
fn parsed(response: &Value) -> Value {
    let mut response = response.clone();
    let json = |text: &mut Value| {
        if let Some(value) = text.as_str().and_then(|text| serde_json::from_str(text).ok()) {
            *text = value;
        }
    };
    if let Some(output) = response.get_mut("output") {
        json(output);
    }
    for stage in response["inspectionData"].as_object_mut().into_iter().flat_map(|data| data.values_mut()) {
        json(stage);
    }
    if response["inspectionData"].is_null()
        && let Some(members) = response.as_object_mut()
    {
        members.remove("inspectionData");
    }
    normal(&response)
}
