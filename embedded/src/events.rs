//! The embedded EventBridge: every event is a JSON file in a folder that a person can look into. There are no rules.
//!
//! The files have the form in which EventBridge gives events to targets, and sort by time.

use std::path::PathBuf;
use std::sync::Arc;

use asl_aws::InProcess;
use asl_aws::in_process::{respond, target_operation, whole_body};
use asl_runtime::BoxFuture;
use asl_runtime::blocking;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::files::{Staging, create_folder};
use super::{ACCOUNT, OpenError, REGION};

/// The most entries of a request.
const ENTRIES_MAX: usize = 10;

const JSON: &str = "application/x-amz-json-1.1";
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const NAME: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:9]Z");

/// An EventBridge whose folder is opened at the first request.
pub(crate) struct Events {
    folder: PathBuf,
    opened: OnceCell<Arc<Staging>>,
}

impl Events {
    /// An EventBridge that writes into `folder`.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, opened: OnceCell::new() }
    }

    async fn open(&self) -> Result<Arc<Staging>, OpenError> {
        let folder = self.folder.clone();
        blocking(move || {
            create_folder(&folder)?;
            Staging::open(folder.join(".unfinished")).map(Arc::new)
        })
        .await
    }

    /// The answer to a request: a status, and its JSON.
    async fn run(&self, operation: &str, request: &Value) -> (StatusCode, Value) {
        let refused =
            |name: &str, message: String| (StatusCode::BAD_REQUEST, json!({ "__type": name, "message": message }));
        if !self.has(operation) {
            return refused(
                "UnknownOperationException",
                format!("{operation} is not part of the embedded EventBridge"),
            );
        }
        let entries = request["Entries"].as_array().map_or(&[] as &[_], Vec::as_slice);
        if entries.is_empty() || entries.len() > ENTRIES_MAX {
            let bound = format!("Member must have length between 1 and {ENTRIES_MAX}");
            return refused(
                "ValidationException",
                format!("1 validation error detected: Value at 'entries' failed to satisfy constraint: {bound}"),
            );
        }
        let staging = match self.opened.get_or_try_init(|| self.open()).await {
            Ok(staging) => Arc::clone(staging),
            Err(error) => return internal(error.to_string()),
        };
        let mut answers = Vec::with_capacity(entries.len());
        for entry in entries {
            let now = OffsetDateTime::now_utc();
            answers.push(match event(entry, now) {
                Ok((id, event)) => {
                    let file = self.folder.join(format!("{}-{id}.json", now.format(NAME).unwrap_or_default()));
                    let (text, staging) = (format!("{event:#}\n"), Arc::clone(&staging));
                    let written = blocking(move || {
                        staging.write(&[Bytes::from(text)])?.move_to(&file).map_err(|failed| failed.0)
                    });
                    match written.await {
                        Ok(_) => json!({ "EventId": id }),
                        Err(error) => json!({ "ErrorCode": "InternalFailure", "ErrorMessage": error.to_string() }),
                    }
                }
                Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
            });
        }
        let failed = answers.iter().filter(|answer| answer.get("ErrorCode").is_some()).count();
        (StatusCode::OK, json!({ "FailedEntryCount": failed, "Entries": answers }))
    }
}

fn internal(message: String) -> (StatusCode, Value) {
    (StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "InternalException", "message": message }))
}

/// The event of an entry and its id, or the code and the text with which EventBridge refuses it.
fn event(entry: &Value, now: OffsetDateTime) -> Result<(String, Value), (&'static str, String)> {
    let text = |name: &str| {
        entry[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| {
            let reason = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            ("InvalidArgument", reason)
        })
    };
    let (source, detail_type, detail) = (text("Source")?, text("DetailType")?, text("Detail")?);
    let detail = serde_json::from_str::<Value>(detail).ok().filter(Value::is_object);
    let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    #[expect(clippy::cast_possible_truncation, reason = "a time that is too large saturates, and is no time then")]
    let given = entry["Time"].as_f64().and_then(|time| OffsetDateTime::from_unix_timestamp(time as i64).ok());
    let id = Uuid::new_v4().to_string();
    let event = json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": given.unwrap_or(now).format(TIME).unwrap_or_default(),
        "region": REGION,
        "resources": entry.get("Resources").cloned().unwrap_or_else(|| json!([])),
        "event-bus": entry["EventBusName"].as_str().unwrap_or("default"),
        "detail": detail,
    });
    Ok((id, event))
}

impl InProcess for Events {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let operation = target_operation(&request).to_owned();
            let (status, body) = match whole_body(request.into_body()).await {
                Ok(body) => match serde_json::from_slice(&body) {
                    Ok(request) => self.run(&operation, &request).await,
                    Err(error) => (
                        StatusCode::BAD_REQUEST,
                        json!({ "__type": "SerializationException", "message": format!("the request is not JSON: {error}") }),
                    ),
                },
                Err(error) => (
                    StatusCode::BAD_REQUEST,
                    json!({ "__type": "SerializationException", "message": error.to_string() }),
                ),
            };
            respond(status, JSON, &Uuid::new_v4().to_string(), body.to_string())
        })
    }

    fn has(&self, operation: &str) -> bool {
        operation == "PutEvents"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_are_files_and_faulty_entries_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let events = Events::new(folder.path().join("events"));
        let good = json!({ "Source": "s", "DetailType": "t", "Detail": "{\"a\":1}", "Time": 1_700_000_000 });
        let with = |name: &str, value: &str| {
            let mut entry = good.clone();
            entry[name] = value.into();
            entry
        };
        let entries = json!({ "Entries": [good, with("Detail", "[]"), with("Source", ""), with("Detail", "{")] });
        let (status, answer) = events.run("PutEvents", &entries).await;
        assert_eq!((status, &answer["FailedEntryCount"]), (StatusCode::OK, &json!(3)));
        let malformed = json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
        let missing = "Parameter Source is not valid. Reason: Source is a required argument.";
        assert_eq!(answer["Entries"][1], malformed);
        assert_eq!(answer["Entries"][2], json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": missing }));
        assert_eq!(answer["Entries"][3], malformed);

        let files = std::fs::read_dir(folder.path().join("events")).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
        assert_eq!(files.len(), 1);
        let event: Value = serde_json::from_str(&std::fs::read_to_string(&files[0]).unwrap()).unwrap();
        assert_eq!(event["id"], answer["Entries"][0]["EventId"]);
        assert_eq!((&event["detail"], &event["time"]), (&json!({ "a": 1 }), &json!("2023-11-14T22:13:20Z")));
        assert_eq!((&event["detail-type"], &event["event-bus"]), (&json!("t"), &json!("default")));

        let (status, answer) = events.run("PutEvents", &json!({ "Entries": [] })).await;
        assert_eq!((status, &answer["__type"]), (StatusCode::BAD_REQUEST, &json!("ValidationException")));
        assert_eq!(events.run("PutRule", &json!({})).await.1["__type"], "UnknownOperationException");
    }
}
