//! What is for people: tasks that wait for their tokens, activities that wait for workers, and notifications.

use std::sync::Arc;

use asl_engine::{TaskRequest, Value, is_activity};

use super::number;
use crate::api::error::ApiError;
use crate::server::Shared;

/// The tasks that wait for their tokens, and how much is queued for each activity.
pub(super) fn open(shared: &Arc<Shared>) -> Value {
    let open = shared.api.callbacks.open();
    let queued = shared.api.callbacks.waiting().activities;
    let callbacks = open.into_iter().filter(|callback| !is_activity(&callback.resource));
    let callbacks = callbacks.map(|request| callback(&request));
    let activities = queued
        .into_iter()
        .map(|(arn, count)| Value::from([("activityArn", Value::from(arn)), ("queued", number(count))]));
    Value::from([("callbacks", callbacks.collect::<Value>()), ("activities", activities.collect())])
}

fn callback(request: &TaskRequest) -> Value {
    let text = |text: &Arc<str>| Value::from(text.clone());
    Value::from([
        ("taskToken", text(&request.token)),
        ("executionArn", text(&request.execution)),
        ("state", text(&request.state)),
        ("resource", text(&request.resource)),
        ("input", request.input.clone()),
    ])
}

/// How many notifications are told, the last ones.
const NOTIFICATIONS: usize = 200;

/// What was published to the embedded SNS, the last first, as its files have it.
pub(super) fn notifications(shared: &Arc<Shared>) -> Result<Value, ApiError> {
    let published = asl_tasks::notifications(&shared.data, NOTIFICATIONS);
    let published =
        published.map_err(|error| ApiError::unavailable(format!("the notifications cannot be read: {error}")))?;
    Ok(Value::from([("notifications", published.into_iter().collect::<Value>())]))
}
