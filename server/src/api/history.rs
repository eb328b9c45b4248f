//! The history of an execution, page by page.

use asl_engine::Value;
use asl_project::Executions;
use asl_runtime::journal::Events;

use super::arn::Arn;
use super::error::ApiError;
use super::request::{Request, object, page_place, page_token};
use crate::data::without_data;

pub(super) fn history(executions: &Executions, request: &Request<'_>) -> Result<Value, ApiError> {
    let arn = Arn::execution(request.required("executionArn"))?;
    // Who asks for one that there is not, is told so.
    executions.details(arn.text)?;
    let journal = executions.journal().ok_or_else(|| ApiError::unavailable("no history is kept"))?;
    let is_reversed = request.flag("reverseOrder");
    let of = format!("GetExecutionHistory {} {is_reversed}", arn.text);
    let from = match request.text("nextToken") {
        None => None,
        Some(token) => Some(page_place(&of, token)?.parse().map_err(|_| ApiError::invalid_token())?),
    };
    let most = request.max_results(100);
    // One more tells whether there is more.
    let texts = journal.events(arn.text, Events { from, is_reversed, most: most + 1 })?;
    let read =
        |text: &String| text.parse::<Value>().map_err(|error| ApiError::fault("InternalFailure", error.to_string()));
    let next = match texts.get(most) {
        None => None,
        Some(text) => Some(page_token(&of, &read(text)?["id"].to_string())),
    };
    let with_data = request.value("includeExecutionData").and_then(Value::as_bool).unwrap_or(true);
    let events = texts.iter().take(most).map(|text| {
        let event = read(text)?;
        Ok(if with_data { event } else { bare(&event) })
    });
    let events = events.collect::<Result<Vec<Value>, ApiError>>()?;
    Ok(object([("events", Some(events.into_iter().collect())), ("nextToken", next.map(Into::into))]))
}

/// An event without the data of its execution.
fn bare(event: &Value) -> Value {
    let members = event.as_object().into_iter().flat_map(|members| members.iter());
    let members = members.map(|(name, value)| match value.as_object() {
        Some(details) => (name.clone(), without_data(details)),
        None => (name.clone(), value.clone()),
    });
    members.collect()
}
