//! The embedded DynamoDB: `dynoxide` on one SQLite file.
//!
//! SQLite writes ahead to a log that is synced at checkpoints only. A row that was answered for survives the end of this
//! process in any way; after a loss of power the last rows can be missing, the ones before are whole.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use asl_aws::InProcess;
use asl_aws::in_process::{respond, whole_body};
use asl_runtime::BoxFuture;
use asl_runtime::blocking;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::OnceCell;

use super::OpenError;
use super::files::{self, patiently};

/// A table that the embedded DynamoDB creates when it is missing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The attribute that is the partition key, a string.
    pub key: String,
}

/// A DynamoDB whose database is opened at the first request.
pub(crate) struct DynamoDb {
    file: PathBuf,
    tables: Arc<BTreeMap<String, Table>>,
    opened: OnceCell<Database>,
}

impl DynamoDb {
    /// A DynamoDB with its rows in `file`, in which `tables` are created when they are missing.
    pub(crate) fn new(file: PathBuf, tables: BTreeMap<String, Table>) -> Self {
        Self { file, tables: Arc::new(tables), opened: OnceCell::new() }
    }

    async fn open(&self) -> Result<Database, DynoxideError> {
        let (file, tables) = (self.file.clone(), Arc::clone(&self.tables));
        let opened = blocking(move || open(file, &tables)).await;
        opened.map_err(|error| DynoxideError::InternalServerError(error.to_string()))
    }

    async fn run(&self, request: http::Request<SdkBody>) -> Result<String, DynoxideError> {
        let database = self.opened.get_or_try_init(|| self.open()).await?.clone();
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        // "DynamoDB_20120810.PutItem"
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = whole_body(request.into_body()).await.map_err(DynoxideError::SerializationException)?;
        blocking(move || patiently(|| execute(&database, &operation, &body))).await
    }
}

impl InProcess for DynamoDb {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            let (status, body) = match self.run(request).await {
                Ok(body) => (StatusCode::OK, body),
                Err(error) => {
                    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    (status, error.to_json())
                }
            };
            respond(status, "application/x-amz-json-1.0", &uuid::Uuid::new_v4().to_string(), body)
        })
    }
}

fn open(file: PathBuf, tables: &BTreeMap<String, Table>) -> Result<Database, OpenError> {
    // One program after another: what is created is created once.
    let _lock = file.parent().map(files::lock_folder).transpose()?;
    let fault = |message: String| OpenError::Database { path: file.clone(), message };
    let path = file.to_str().ok_or_else(|| fault("the path is not Unicode".to_owned()))?;
    let database = patiently(|| {
        let database = Database::new(path)?;
        // What ends bulk loading is what sets `synchronous = NORMAL`: with the write-ahead log that is on already,
        // a put then waits for no disk.
        database.disable_bulk_loading()?;
        Ok::<_, DynoxideError>(database)
    });
    let database = database.map_err(|error| fault(error.to_string()))?;
    for (name, table) in tables {
        let fault = |message: String| OpenError::Table { table: name.clone(), message };
        let created = patiently(|| {
            let request = json!({
                "TableName": name,
                "KeySchema": [{ "AttributeName": table.key, "KeyType": "HASH" }],
                "AttributeDefinitions": [{ "AttributeName": table.key, "AttributeType": "S" }],
                "BillingMode": "PAY_PER_REQUEST",
            });
            let request = serde_json::from_value(request)
                .map_err(|error| DynoxideError::ValidationException(without_marks(&error.to_string()).1))?;
            database.create_table(request)
        });
        match created {
            // It is there already.
            Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => {}
            Err(error) => return Err(fault(error.to_string())),
        }
    }
    Ok(database)
}

fn execute(database: &Database, operation: &str, body: &Bytes) -> Result<String, DynoxideError> {
    match operation {
        "PutItem" => with(body, |request| database.put_item(request)),
        "GetItem" => with(body, |request| database.get_item(request)),
        "UpdateItem" => with(body, |request| database.update_item(request)),
        "DeleteItem" => with(body, |request| database.delete_item(request)),
        "Query" => with(body, |request| database.query(request)),
        "Scan" => with(body, |request| database.scan(request)),
        "CreateTable" => with(body, |request| database.create_table(request)),
        "DescribeTable" => with(body, |request| database.describe_table(request)),
        "DeleteTable" => with(body, |request| database.delete_table(request)),
        "ListTables" => with(body, |request| database.list_tables(request)),
        _ => Err(DynoxideError::ValidationException(format!("{operation} is not part of the embedded DynamoDB"))),
    }
}

fn with<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(|error| {
        let (is_validation, message) = without_marks(&error.to_string());
        if is_validation {
            DynoxideError::ValidationException(message)
        } else {
            DynoxideError::SerializationException(message)
        }
    })?;
    serde_json::to_string(&run(request)?).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Dynoxide's request types mark what kind of error a message is at its start (`VALIDATION:…`, `SERIALIZATION:…`),
/// and `serde_json` adds at its end where it was. Answers whether the kind is a validation error, and the bare message.
fn without_marks(message: &str) -> (bool, String) {
    let unplaced = match message.rsplit_once(" at line ") {
        Some((unplaced, place)) if place.split(" column ").all(|number| number.parse::<u64>().is_ok()) => unplaced,
        _ => message,
    };
    match unplaced.split_once(':') {
        Some((mark, bare)) if mark.starts_with("VALIDATION") => (true, bare.to_owned()),
        Some((mark, bare)) if mark.starts_with("SERIALIZATION") => (false, bare.to_owned()),
        _ => (unplaced.starts_with("missing field"), unplaced.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_messages() {
        for (message, expected) in [
            ("VALIDATION:1 error: x at line 1 column 2", (true, "1 error: x")),
            ("VALIDATION_REQUEST:x", (true, "x")),
            ("SERIALIZATION:a: b at line 10 column 20", (false, "a: b")),
            ("missing field `TableName` at line 1 column 2", (true, "missing field `TableName`")),
            ("expected value at line 1 column x", (false, "expected value at line 1 column x")),
        ] {
            assert_eq!(without_marks(message), (expected.0, expected.1.to_owned()), "{message}");
        }
    }
}
