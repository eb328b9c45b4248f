//! The embedded DynamoDB: `dynoxide` on one SQLite file.
//!
//! SQLite writes ahead to a log that is synced at checkpoints only. A row that was answered for survives the end of this
//! process in any way; after a loss of power the last rows can be missing, the ones before are whole.

mod missing;
mod table;
mod transaction;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use asl_aws::InProcess;
use asl_aws::in_process::{LinePlace, Missing, respond, target_operation, whole_body};
use asl_engine::{Value, nearest};
use asl_runtime::BoxFuture;
use asl_runtime::blocking;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use http::header::SERVER;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use self::missing::tables;
pub use self::table::{Index, KeyAttribute, KeyType, Projection, Table};
use self::table::{add_indexes, difference, set_time_to_live};
use self::transaction::check_keys_stay;
use super::files::{self, patiently};
use super::{ACCOUNT, OpenError, REGION};

/// Where everything is, in the folder for data.
const FILE: &str = "dynamodb.sqlite";

/// How often items are looked for whose time to live is over.
const SWEEP: Duration = Duration::from_secs(60);

/// A DynamoDB whose database is opened at the first request.
pub(crate) struct DynamoDb {
    file: PathBuf,
    tables: Arc<BTreeMap<String, Table>>,
    opened: OnceCell<Opened>,
    swept: Mutex<Option<Instant>>,
}

/// A database that is open.
struct Opened {
    database: Database,
    /// Why some of the tables of the routing file cannot be used. The others can.
    unusable: BTreeMap<String, String>,
}

/// A table that is kept, and is not what the routing file says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTable {
    /// Its name.
    pub table: String,
    /// How it differs: `the partition key id (S), and not number (N)`.
    pub difference: String,
}

/// The tables below a data folder that are not what is said of them; nothing is made to look for them.
pub fn changed_tables(data_dir: &Path, tables: &BTreeMap<String, Table>) -> Vec<ChangedTable> {
    let file = data_dir.join(FILE);
    let Some(path) = file.to_str().filter(|_| !tables.is_empty() && file.exists()) else { return Vec::new() };
    // What cannot be opened is told by the request that needs it.
    let Ok(database) = patiently(|| Database::new(path)) else { return Vec::new() };
    let changed = tables.iter().filter_map(|(name, table)| {
        let difference = difference(&database, name, table)?;
        Some(ChangedTable { table: name.clone(), difference })
    });
    changed.collect()
}

impl DynamoDb {
    /// A DynamoDB with its rows below `data_dir`, in which `tables` are created when they are missing.
    pub(crate) fn new(data_dir: &Path, tables: BTreeMap<String, Table>) -> Self {
        Self { file: data_dir.join(FILE), tables: Arc::new(tables), opened: OnceCell::new(), swept: Mutex::default() }
    }

    async fn open(&self) -> Result<Opened, DynoxideError> {
        let (file, tables) = (self.file.clone(), Arc::clone(&self.tables));
        let opened = blocking(move || open(file, &tables)).await;
        opened.map_err(|error| DynoxideError::InternalServerError(error.to_string()))
    }

    /// Whether there is a table; also where that cannot be found out.
    async fn has_table(&self, table: &str) -> bool {
        // Looking for one makes no database.
        if self.tables.contains_key(table) || !self.file.exists() {
            return self.tables.contains_key(table);
        }
        let Ok(opened) = self.opened.get_or_try_init(|| self.open()).await else { return true };
        let (database, table) = (opened.database.clone(), table.to_owned());
        let found = blocking(move || patiently(|| database.get_table_metadata(&table))).await;
        found.map_or(true, |table| table.is_some())
    }

    /// Whether items are to be looked for whose time to live is over.
    fn is_to_sweep(&self) -> bool {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        if is_due {
            *swept = Some(Instant::now());
        }
        is_due
    }

    async fn run(&self, request: http::Request<SdkBody>) -> Result<String, DynoxideError> {
        let Opened { database, unusable } = self.opened.get_or_try_init(|| self.open()).await?;
        let database = database.clone();
        let operation = target_operation(&request).to_owned();
        let region = signed_region(&request).filter(|_| DESCRIBES.contains(&operation.as_str()));
        let body = whole_body(request.into_body()).await;
        let body = body.map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
        let body = with_plain_names(body);
        check_usable(unusable, &operation, &body)?;
        let Some(run) = self::operation(&operation) else {
            let message = format!("{operation} is not part of the embedded DynamoDB");
            return Err(DynoxideError::ValidationException(message));
        };
        let sweeps = self.is_to_sweep();
        let answer = blocking(move || {
            if sweeps {
                patiently(|| database.sweep_ttl())?;
            }
            patiently(|| run(&database, &body))
        });
        let answer = answer.await?;
        Ok(match region {
            // The library knows one region.
            Some(region) => answer.replace(OF_LIBRARY, &format!("arn:aws:dynamodb:{region}:{ACCOUNT}:")),
            None => answer,
        })
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
            let crc32 = crc32fast::hash(body.as_bytes());
            let id = uuid::Uuid::new_v4().to_string();
            let mut response = respond(status, "application/x-amz-json-1.0", &id, body);
            // Clients check the first, and results have both.
            response.headers_mut().insert("x-amz-crc32", crc32.into());
            response.headers_mut().insert(SERVER, HeaderValue::from_static("Server"));
            response
        })
    }

    fn has(&self, operation: &str) -> bool {
        self::operation(operation).is_some()
    }

    fn missing<'a>(&'a self, operation: &'a str, parameters: &'a Value) -> BoxFuture<'a, Option<Missing>> {
        Box::pin(async move {
            for mut named in tables(operation, parameters) {
                // It may be named by its ARN.
                let table = named.table.rsplit('/').next().unwrap_or_default();
                named.table = table;
                if !self.has_table(table).await {
                    let near = nearest(table, self.tables.keys().map(String::as_str));
                    let near = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
                    let what = format!("the table {table}{near}");
                    return Some(Missing::Unmade { what, place: LinePlace::End, lines: named.lines() });
                }
            }
            None
        })
    }
}

/// The same request, whose tables are named by their names: AWS takes their ARNs as well, and the library does not.
fn with_plain_names(body: Bytes) -> Bytes {
    const ARN: &[u8] = b"\"arn:aws:dynamodb:";
    if !body.windows(ARN.len()).any(|part| part == ARN) {
        return body;
    }
    // What is no JSON is refused by the library.
    let Ok(mut request) = serde_json::from_slice(&body) else { return body };
    name_plainly(&mut request);
    request.to_string().into()
}

fn name_plainly(request: &mut serde_json::Value) {
    let plain = |arn: &str| {
        let (start, name) = arn.split_once(":table/")?;
        start.starts_with("arn:").then(|| name.to_owned())
    };
    let Some(request) = request.as_object_mut() else { return };
    if let Some(table) = request.get_mut("TableName")
        && let Some(name) = table.as_str().and_then(plain)
    {
        *table = name.into();
    }
    if let Some(items) = request.get_mut("RequestItems").and_then(|items| items.as_object_mut()) {
        *items = std::mem::take(items).into_iter().map(|(name, items)| (plain(&name).unwrap_or(name), items)).collect();
    }
    let items = request.get_mut("TransactItems").and_then(|items| items.as_array_mut());
    for item in items.into_iter().flatten() {
        item.as_object_mut().into_iter().flatten().for_each(|(_, action)| name_plainly(action));
    }
}

/// The operations whose answers have ARNs of tables.
const DESCRIBES: [&str; 4] = ["CreateTable", "DescribeTable", "UpdateTable", "DeleteTable"];

/// How the library's ARNs begin.
const OF_LIBRARY: &str = "arn:aws:dynamodb:dynoxide:000000000000:";

/// The region that a request is signed for, and else that of what has none.
fn signed_region(request: &http::Request<SdkBody>) -> Option<String> {
    let signed = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let region = signed.and_then(|signed| signed.split_once("Credential=")?.1.split('/').nth(2));
    let is_region = |region: &&str| region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    Some(region.filter(is_region).unwrap_or(REGION).to_owned())
}

/// Refuses a request for a table that cannot be used.
fn check_usable(unusable: &BTreeMap<String, String>, operation: &str, body: &[u8]) -> Result<(), DynoxideError> {
    if unusable.is_empty() {
        return Ok(());
    }
    // What is no JSON is refused by the library.
    let parameters: Value = String::from_utf8_lossy(body).parse().unwrap_or_default();
    match tables(operation, &parameters).iter().find_map(|named| unusable.get(named.table)) {
        Some(why) => Err(DynoxideError::InternalServerError(why.clone())),
        None => Ok(()),
    }
}

fn open(file: PathBuf, tables: &BTreeMap<String, Table>) -> Result<Opened, OpenError> {
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
    let mut unusable = BTreeMap::new();
    for (name, table) in tables {
        if let Err(message) = make(&database, name, table) {
            unusable.insert(name.clone(), OpenError::Table { table: name.clone(), message }.to_string());
        }
    }
    Ok(Opened { database, unusable })
}

/// Makes a table of the routing file, or what it lacks; says why it cannot be used.
fn make(database: &Database, name: &str, table: &Table) -> Result<(), String> {
    let created = patiently(|| {
        let request = serde_json::from_value(table.request(name))
            .map_err(|error| DynoxideError::ValidationException(without_marks(&error.to_string()).1))?;
        database.create_table(request)
    });
    match created {
        Ok(_) => {}
        Err(DynoxideError::ResourceInUseException(_)) => {
            if let Some(difference) = difference(database, name, table) {
                return Err(format!(
                    "it is there with {difference} as the routing file says. Give it another name, or remove it with its items: \
                     `asl data rm dynamodb://{name}`"
                ));
            }
            add_indexes(database, name, table).map_err(|error| error.to_string())?;
        }
        Err(error) => return Err(error.to_string()),
    }
    set_time_to_live(database, name, table).map_err(|error| error.to_string())
}

/// Does what an operation asks.
type Operation = fn(&Database, &[u8]) -> Result<String, DynoxideError>;

/// What does an operation, where this DynamoDB has it.
fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "PutItem" => |database, body| with(body, |request| database.put_item(request)),
        "GetItem" => |database, body| with(body, |request| database.get_item(request)),
        "UpdateItem" => |database, body| with(body, |request| database.update_item(request)),
        "DeleteItem" => |database, body| with(body, |request| database.delete_item(request)),
        "BatchGetItem" => |database, body| with(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => |database, body| with(body, |request| database.batch_write_item(request)),
        "TransactGetItems" => |database, body| with(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => |database, body| {
            with(body, |request: TransactWriteItemsRequest| {
                check_keys_stay(&request)?;
                database.transact_write_items(request)
            })
        },
        "Query" => |database, body| with(body, |request| database.query(request)),
        "Scan" => |database, body| with(body, |request| database.scan(request)),
        "ExecuteStatement" => |database, body| with(body, |request| database.execute_statement(request)),
        "BatchExecuteStatement" => |database, body| with(body, |request| database.batch_execute_statement(request)),
        "ExecuteTransaction" => |database, body| with(body, |request| database.execute_transaction(request)),
        "TagResource" => |database, body| with(body, |request| database.tag_resource(request)),
        "UntagResource" => |database, body| with(body, |request| database.untag_resource(request)),
        "ListTagsOfResource" => |database, body| with(body, |request| database.list_tags_of_resource(request)),
        "CreateTable" => |database, body| with(body, |request| database.create_table(request)),
        "DescribeTable" => |database, body| with(body, |request| database.describe_table(request)),
        "UpdateTable" => |database, body| with(body, |request| database.update_table(request)),
        "DeleteTable" => |database, body| with(body, |request| database.delete_table(request)),
        "ListTables" => |database, body| with(body, |request| database.list_tables(request)),
        "UpdateTimeToLive" => |database, body| with(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => |database, body| with(body, |request| database.describe_time_to_live(request)),
        _ => return None,
    })
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
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_table_is_there_when_it_is_told_of_or_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyAttribute { name: "customer".to_owned(), kind: KeyType::S };
        let sort_key = Some(KeyAttribute { name: "number".to_owned(), kind: KeyType::N });
        let tables = BTreeMap::from([("Told".to_owned(), Table { key, sort_key, ..Table::default() })]);
        let dynamodb = DynamoDb::new(folder.path(), tables);
        assert!(dynamodb.has_table("Told").await && !dynamodb.has_table("Made").await);
        assert!(!folder.path().join("dynamodb.sqlite").exists(), "nothing is made to look for it");
        let ask = async |operation: &str, body: &str| {
            let request = http::Request::post("/").header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
            dynamodb.run(request.body(SdkBody::from(body.to_owned())).unwrap()).await
        };
        let item = r#"{"TableName":"Told","Item":{"customer":{"S":"c"},"number":{"N":"7"}}}"#;
        ask("PutItem", item).await.unwrap();
        assert!(!dynamodb.has_table("Made").await);
        let keys = r#""KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST""#;
        let types = r#""AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]"#;
        ask("CreateTable", &format!(r#"{{"TableName":"Made",{keys},{types}}}"#)).await.unwrap();
        assert!(dynamodb.has_table("Made").await);
        let batch = r#"{"RequestItems":{"Made":[{"PutRequest":{"Item":{"id":{"S":"a"}}}}]}}"#;
        ask("BatchWriteItem", batch).await.unwrap();
        let got = ask("BatchGetItem", r#"{"RequestItems":{"Made":{"Keys":[{"id":{"S":"a"}}]}}}"#).await.unwrap();
        assert!(got.contains(r#""Made":[{"id":{"S":"a"}}]"#), "{got}");
        let key = KeyAttribute { name: "other".to_owned(), kind: KeyType::S };
        let tables = BTreeMap::from([("Made".to_owned(), Table { key, ..Table::default() })]);
        let opened = open(folder.path().join(FILE), &tables).unwrap();
        let changed = &opened.unusable["Made"];
        assert!(
            changed.contains("it is there with the partition key id (S), and not other (S) as the routing file says"),
            "{changed}"
        );
        for (written, expected) in [
            ("key = 'id'\nsort_key = 'day'", "the sort key none, and not day (S)"),
            ("key = { name = 'id', type = 'N' }", "the partition key id (S), and not id (N)"),
            ("key = 'id'\nindexes.by_day = { key = 'day' }", ""),
            ("key = 'id'\nttl = 'expires'", ""),
            ("key = 'id'\nttl = 'other'", ""),
        ] {
            let tables = BTreeMap::from([("Made".to_owned(), toml::from_str(written).unwrap())]);
            let mut unusable = open(folder.path().join(FILE), &tables).unwrap().unusable;
            let told = unusable.remove("Made").unwrap_or_default();
            assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{written}: {told}");
        }
        assert!(!dynamodb.has("CreateBackup") && dynamodb.has("TransactWriteItems"));
    }

    #[tokio::test]
    async fn tables_have_indexes_times_to_live_and_the_region_of_who_asks() {
        let folder = tempfile::tempdir().unwrap();
        let written = r#"
            key = "customer"
            sort_key = { name = "number", type = "N" }
            ttl = "expires"
            indexes.by_day = { key = "day", sort_key = { name = "number", type = "N" }, projection = ["total"] }
            indexes.by_total = { sort_key = { name = "total", type = "N" }, projection = "KEYS_ONLY" }
        "#;
        let tables = BTreeMap::from([("Orders".to_owned(), toml::from_str(written).unwrap())]);
        let dynamodb = DynamoDb::new(folder.path(), tables);
        let ask = async |operation: &str, body: &str| -> serde_json::Value {
            let signed = "AWS4-HMAC-SHA256 Credential=A/20261201/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
            let request = http::Request::post("/")
                .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
                .header("authorization", signed);
            let answer = dynamodb.answer(request.body(SdkBody::from(body.to_owned())).unwrap()).await;
            assert_eq!(answer.status(), StatusCode::OK, "{operation}");
            assert_eq!(answer.headers()["server"], "Server");
            assert!(answer.headers().contains_key("x-amz-crc32"));
            serde_json::from_slice(answer.body().bytes().unwrap()).unwrap()
        };
        let described = ask("DescribeTable", r#"{"TableName":"Orders"}"#).await;
        let table = &described["Table"];
        assert_eq!(table["TableArn"], "arn:aws:dynamodb:eu-west-1:000000000000:table/Orders");
        assert_eq!(table["GlobalSecondaryIndexes"][0]["Projection"]["NonKeyAttributes"], json!(["total"]));
        assert_eq!(table["LocalSecondaryIndexes"][0]["KeySchema"][0]["AttributeName"], "customer");
        let ttl = ask("DescribeTimeToLive", r#"{"TableName":"Orders"}"#).await;
        assert_eq!(ttl["TimeToLiveDescription"]["AttributeName"], "expires");
        let item = r#"{"customer":{"S":"c"},"number":{"N":"7"},"day":{"S":"d"},"total":{"N":"5"},"more":{"S":"m"}}"#;
        ask("PutItem", &format!(r#"{{"TableName":"Orders","Item":{item}}}"#)).await;
        let query = json!({
            "TableName": "Orders",
            "IndexName": "by_day",
            "KeyConditionExpression": "#d = :d",
            "ExpressionAttributeNames": { "#d": "day" },
            "ExpressionAttributeValues": { ":d": { "S": "d" } },
        });
        let found = ask("Query", &query.to_string()).await;
        let expected = json!([{"customer":{"S":"c"},"number":{"N":"7"},"day":{"S":"d"},"total":{"N":"5"}}]);
        assert_eq!(found["Items"], expected);
        let arn = table["TableArn"].as_str().unwrap();
        ask("TagResource", &format!(r#"{{"ResourceArn":"{arn}","Tags":[{{"Key":"a","Value":"1"}}]}}"#)).await;
        let tags = ask("ListTagsOfResource", &format!(r#"{{"ResourceArn":"{arn}"}}"#)).await;
        assert_eq!(tags["Tags"], json!([{"Key":"a","Value":"1"}]));
        let by_arn = format!(
            r#"{{"TransactItems":[{{"Get":{{"TableName":"{arn}","Key":{{"customer":{{"S":"c"}},"number":{{"N":"7"}}}}}}}}]}}"#
        );
        assert_eq!(ask("TransactGetItems", &by_arn).await["Responses"][0]["Item"]["more"], json!({"S":"m"}));
        let batch = r#"{"Statements":[{"Statement":"SELECT total FROM Orders WHERE customer = 'c' AND number = 7"}]}"#;
        let selected = ask("BatchExecuteStatement", batch).await;
        assert_eq!(selected["Responses"][0]["Item"]["total"], json!({"N":"5"}));
    }

    #[test]
    fn arns_of_tables_are_names_to_the_library() {
        const ARN: &str = "arn:aws:dynamodb:eu-west-1:1:table/T";
        for (request, expected) in [
            (format!(r#"{{"TableName":"{ARN}"}}"#), r#"{"TableName":"T"}"#),
            (format!(r#"{{"RequestItems":{{"{ARN}":{{}}}}}}"#), r#"{"RequestItems":{"T":{}}}"#),
            (
                format!(r#"{{"TransactItems":[{{"Get":{{"TableName":"{ARN}"}}}}]}}"#),
                r#"{"TransactItems":[{"Get":{"TableName":"T"}}]}"#,
            ),
            (format!(r#"{{"Item":{{"a":{{"S":"{ARN}"}}}}}}"#), ""),
            (format!(r#"["{ARN}"]"#), ""),
            (format!(r#"{{"RequestItems":"{ARN}","TransactItems":["{ARN}"]}}"#), ""),
            (format!(r#""{ARN}"#), ""),
        ] {
            let plain = with_plain_names(Bytes::from(request.clone()));
            assert_eq!(plain, if expected.is_empty() { request.as_str() } else { expected });
        }
    }

    #[tokio::test]
    async fn items_whose_time_is_over_are_gone_and_keys_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let tables = BTreeMap::from([("Orders".to_owned(), toml::from_str("key = 'pk'\nttl = 'expires'").unwrap())]);
        let dynamodb = DynamoDb::new(folder.path(), tables);
        let ask = async |operation: &str, body: &str| {
            let request = http::Request::post("/").header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
            dynamodb.run(request.body(SdkBody::from(body.to_owned())).unwrap()).await
        };
        let put =
            async |item: &str| ask("PutItem", &format!(r#"{{"TableName":"Orders","Item":{item}}}"#)).await.unwrap();
        put(r#"{"pk":{"S":"old"},"expires":{"N":"1790000000"}}"#).await;
        put(r#"{"pk":{"S":"new"},"expires":{"N":"99999999999"}}"#).await;
        *dynamodb.swept.lock().unwrap() = None;
        let left = ask("Scan", r#"{"TableName":"Orders"}"#).await.unwrap();
        assert!(left.contains(r#""S":"new""#) && !left.contains(r#""S":"old""#), "{left}");
        let update = r##"{"TransactItems":[{"Put":{"TableName":"Orders","Item":{"pk":{"S":"other"}}}},
            {"Update":{"TableName":"Orders","Key":{"pk":{"S":"new"}},"UpdateExpression":"SET #k = :v",
             "ExpressionAttributeNames":{"#k":"pk"},"ExpressionAttributeValues":{":v":{"S":"moved"}}}}]}"##;
        let refused = ask("TransactWriteItems", update).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]"
        );
        let scanned = ask("Scan", r#"{"TableName":"Orders"}"#).await.unwrap();
        assert!(scanned.contains(r#""S":"new""#) && scanned.contains(r#""Count":1"#), "{scanned}");
    }

    #[tokio::test]
    async fn a_table_that_has_changed_breaks_no_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let tables = |orders: &str| {
            let table = |text: &str| toml::from_str::<Table>(text).unwrap();
            BTreeMap::from([("Orders".to_owned(), table(orders)), ("Prices".to_owned(), table("key = 'id'"))])
        };
        let ask = async |orders: &str, operation: &str, body: &str| {
            let dynamodb = DynamoDb::new(folder.path(), tables(orders));
            let request = http::Request::post("/").header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
            dynamodb.run(request.body(SdkBody::from(body.to_owned())).unwrap()).await
        };
        let put = |table: &str| format!(r#"{{"TableName":"{table}","Item":{{"id":{{"S":"a"}},"day":{{"S":"b"}}}}}}"#);
        for table in ["Orders", "Prices"] {
            ask("key = 'id'", "PutItem", &put(table)).await.unwrap();
        }
        // An index is added to what is there.
        let indexed = "key = 'id'\n[indexes.by-day]\nkey = 'day'";
        assert_eq!(changed_tables(folder.path(), &tables(indexed)), []);
        let query = r##"{"TableName":"Orders","IndexName":"by-day","KeyConditionExpression":"#n = :d","ExpressionAttributeNames":{"#n":"day"},"ExpressionAttributeValues":{":d":{"S":"b"}}}"##;
        let found = ask(indexed, "Query", query).await.unwrap();
        assert!(found.contains(r#""Count":1"#), "{found}");
        // Another key is not.
        let other = "key = 'number'";
        let difference = "the partition key id (S), and not number (S)".to_owned();
        let expected = [ChangedTable { table: "Orders".to_owned(), difference: difference.clone() }];
        assert_eq!(changed_tables(folder.path(), &tables(other)), expected);
        let refused = ask(other, "PutItem", &put("Orders")).await.unwrap_err().to_string();
        assert!(refused.contains(&difference) && refused.contains("asl data rm dynamodb://Orders"), "{refused}");
        ask(other, "PutItem", &put("Prices")).await.unwrap();
        ask(other, "DeleteTable", r#"{"TableName":"Orders"}"#).await.unwrap();
        assert_eq!(changed_tables(folder.path(), &tables(other)), []);
    }

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
