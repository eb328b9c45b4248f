//! Activities, and the answers to task tokens.

use std::sync::Arc;
use std::time::Duration;

use asl_engine::{JsonError, Value};
use asl_runtime::now;
use asl_tasks::{CallbackError, is_step_functions_name, worker_failure};

use super::arn::Arn;
use super::error::ApiError;
use super::request::{Request, object, page};
use super::state_machines::encryption;
use super::{Api, date, nothing};
use crate::answers::AnswerError;
use crate::catalog::{Activity, Change, Tags};

/// How long `GetActivityTask` waits for work, as on AWS.
const LONG_POLL: Duration = Duration::from_secs(60);

impl From<CallbackError> for ApiError {
    fn from(error: CallbackError) -> Self {
        Self::new(error.name(), error.to_string())
    }
}

impl From<AnswerError> for ApiError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Callback(error) => error.into(),
            AnswerError::Journal(error) => error.into(),
        }
    }
}

fn unknown(arn: &str) -> ApiError {
    ApiError::new("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
}

impl Api {
    pub(super) async fn create_activity(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let name = request.required("name");
        if !is_step_functions_name(name) {
            return Err(ApiError::invalid_name(name));
        }
        let encryption = encryption(request.value("encryptionConfiguration"))?;
        let arn = self.arn(request, "activity", name);
        let _changing = self.catalog.changing().await;
        let known = self.catalog.contents().activities.get(&arn).cloned();
        let created = match known {
            Some(known) if known.encryption != encryption => {
                let message = "Activity already exists. EncryptionConfiguration may not be updated.";
                return Err(ApiError::new("ActivityAlreadyExists", message));
            }
            Some(known) => known.created,
            None => {
                let (created, tags) = (now(), Tags::read(request.value("tags")));
                tags.check(&arn)?;
                let activity = Activity { arn: arn.clone(), name: name.into(), created, encryption, tags };
                self.catalog.change(Change::activity(activity)).await?;
                created
            }
        };
        Ok([("activityArn", arn.into()), ("creationDate", date(created))].into())
    }

    pub(super) fn describe_activity(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::activity(request.required("activityArn"))?;
        let contents = self.catalog.contents();
        let activity = contents.activities.get(arn.text).ok_or_else(|| unknown(arn.text))?;
        Ok([
            ("activityArn", activity.arn.clone().into()),
            ("name", activity.name.clone().into()),
            ("creationDate", date(activity.created)),
            ("encryptionConfiguration", activity.encryption.clone()),
        ]
        .into())
    }

    pub(super) async fn delete_activity(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::activity(request.required("activityArn"))?;
        let _changing = self.catalog.changing().await;
        let known = self.catalog.contents().activities.get(arn.text).cloned();
        if let Some(activity) = known {
            self.catalog.change(Change::without_activity(&activity.arn)).await?;
        }
        Ok(nothing())
    }

    pub(super) fn list_activities(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        // Those of another region are not seen.
        let is_here = |activity: &&Arc<Activity>| activity.arn.split(':').nth(3) == Some(request.region);
        let activities: Vec<_> = self.catalog.contents().activities.values().filter(is_here).cloned().collect();
        let (activities, next) = page(activities, "ListActivities", request, |activity| activity.arn.to_string())?;
        let listed = activities.iter().map(|activity| {
            Value::from([
                ("activityArn", activity.arn.clone().into()),
                ("name", activity.name.clone().into()),
                ("creationDate", date(activity.created)),
            ])
        });
        Ok(object([("activities", Some(listed.collect())), ("nextToken", next.map(Into::into))]))
    }

    pub(super) async fn activity_task(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::activity(request.required("activityArn"))?;
        if !self.catalog.contents().activities.contains_key(arn.text) {
            return Err(unknown(arn.text));
        }
        let Ok(_poll) = self.polls.try_acquire() else {
            let message = "Activity Worker Limit Exceeded: 'too many workers wait at this server'";
            return Err(ApiError::new("ActivityWorkerLimitExceeded", message));
        };
        let task = self.callbacks.activity_task(arn.text, request.text("workerName"));
        Ok(match tokio::time::timeout(LONG_POLL, task).await {
            Ok(task) => [("taskToken", Value::from(&*task.token)), ("input", task.input.to_string().into())].into(),
            Err(_) => nothing(),
        })
    }

    pub(super) async fn task_success(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let output = request.required("output").parse::<Value>();
        let refused = |error: JsonError| format!("Invalid Output: '{}'", error.jackson_message());
        let output = output.map_err(|error| ApiError::new("InvalidOutput", refused(error)))?;
        self.answers.answer(request.required("taskToken"), Ok(output)).await?;
        Ok(nothing())
    }

    pub(super) async fn task_failure(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let failure = worker_failure(request.text("error"), request.text("cause"));
        self.answers.answer(request.required("taskToken"), Err(failure)).await?;
        Ok(nothing())
    }

    pub(super) fn task_heartbeat(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        self.callbacks.heartbeat(request.required("taskToken"))?;
        Ok(nothing())
    }
}
