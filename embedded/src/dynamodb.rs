//! The embedded DynamoDB: `dynoxide` on one SQLite file.
//!
//! SQLite writes ahead to a log that is synced at checkpoints only. A row that was answered for survives the end of this
//! process in any way; after a loss of power the last rows can be missing, the ones before are whole.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use asl_aws::InProcess;
use asl_aws::in_process::{LinePlace, Missing, respond, target_operation, toml_key, whole_body};
use asl_engine::{Object, Value, nearest};
use asl_runtime::BoxFuture;
use asl_runtime::blocking;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::errors::CancellationReason;
use dynoxide::{Database, DynoxideError};
use http::header::SERVER;
use http::{HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::OnceCell;

use super::files::{self, patiently};
use super::{ACCOUNT, OpenError, REGION};

/// A table that the embedded DynamoDB creates when it is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The partition key.
    pub key: KeyAttribute,
    /// The sort key, where there is one.
    pub sort_key: Option<KeyAttribute>,
    /// Its secondary indexes, by name.
    #[serde(default)]
    pub indexes: BTreeMap<String, Index>,
    /// The attribute that says when an item is gone, in seconds since 1970.
    pub ttl: Option<String>,
}

/// A secondary index: a global one, or a local one where the partition key is that of the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The partition key; of a local index that of the table.
    pub key: Option<KeyAttribute>,
    /// The sort key.
    pub sort_key: Option<KeyAttribute>,
    /// What of an item is in it.
    #[serde(default)]
    pub projection: Projection,
}

/// What of an item is in an index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ProjectionText")]
pub enum Projection {
    /// `"ALL"`
    #[default]
    All,
    /// `"KEYS_ONLY"`
    KeysOnly,
    /// These attributes and the keys.
    Include(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected \"ALL\", \"KEYS_ONLY\" or a list of attributes")]
enum ProjectionText {
    Name(String),
    Attributes(Vec<String>),
}

impl TryFrom<ProjectionText> for Projection {
    type Error = &'static str;

    fn try_from(text: ProjectionText) -> Result<Self, Self::Error> {
        match text {
            ProjectionText::Name(name) if name == "ALL" => Ok(Self::All),
            ProjectionText::Name(name) if name == "KEYS_ONLY" => Ok(Self::KeysOnly),
            ProjectionText::Name(_) => Err("expected \"ALL\", \"KEYS_ONLY\" or a list of attributes"),
            ProjectionText::Attributes(names) => Ok(Self::Include(names)),
        }
    }
}

impl Table {
    /// The request that makes it.
    fn request(&self, name: &str) -> serde_json::Value {
        let mut types: BTreeMap<String, KeyType> = BTreeMap::new();
        let mut schema = |key: &KeyAttribute, sort_key: Option<&KeyAttribute>| {
            let keys = [(key, "HASH")].into_iter().chain(sort_key.map(|key| (key, "RANGE")));
            let mut schema = Vec::new();
            for (key, role) in keys {
                types.insert(key.name.clone(), key.kind);
                schema.push(json!({ "AttributeName": key.name, "KeyType": role }));
            }
            schema
        };
        let mut request = json!({
            "TableName": name,
            "KeySchema": schema(&self.key, self.sort_key.as_ref()),
            "BillingMode": "PAY_PER_REQUEST",
        });
        for (name, index) in &self.indexes {
            let projection = match &index.projection {
                Projection::All => json!({ "ProjectionType": "ALL" }),
                Projection::KeysOnly => json!({ "ProjectionType": "KEYS_ONLY" }),
                Projection::Include(names) => json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": names }),
            };
            let key = index.key.as_ref().unwrap_or(&self.key);
            let made = json!({
                "IndexName": name,
                "KeySchema": schema(key, index.sort_key.as_ref()),
                "Projection": projection,
            });
            let kind = if index.key.is_none() { "LocalSecondaryIndexes" } else { "GlobalSecondaryIndexes" };
            match request[kind].as_array_mut() {
                Some(indexes) => indexes.push(made),
                None => request[kind] = json!([made]),
            }
        }
        let types = types
            .into_iter()
            .map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": format!("{kind:?}") }));
        request["AttributeDefinitions"] = types.collect();
        request
    }
}

/// An attribute that is a key: `"id"`, or `{ name = "id", type = "N" }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "KeyText")]
pub struct KeyAttribute {
    /// The name of the attribute.
    pub name: String,
    /// Its type.
    pub kind: KeyType,
}

/// The type of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum KeyType {
    /// A string.
    #[default]
    S,
    /// A number.
    N,
    /// Bytes.
    B,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected the name of an attribute, or { name = \"id\", type = \"N\" }, or S, or B")]
enum KeyText {
    Name(String),
    Typed {
        name: String,
        #[serde(rename = "type")]
        kind: KeyType,
    },
}

impl From<KeyText> for KeyAttribute {
    fn from(text: KeyText) -> Self {
        match text {
            KeyText::Name(name) => Self { name, kind: KeyType::S },
            KeyText::Typed { name, kind } => Self { name, kind },
        }
    }
}

/// How often items are looked for whose time to live is over.
const SWEEP: Duration = Duration::from_secs(60);

/// A DynamoDB whose database is opened at the first request.
pub(crate) struct DynamoDb {
    file: PathBuf,
    tables: Arc<BTreeMap<String, Table>>,
    opened: OnceCell<Database>,
    swept: Mutex<Option<Instant>>,
}

impl DynamoDb {
    /// A DynamoDB with its rows in `file`, in which `tables` are created when they are missing.
    pub(crate) fn new(file: PathBuf, tables: BTreeMap<String, Table>) -> Self {
        Self { file, tables: Arc::new(tables), opened: OnceCell::new(), swept: Mutex::default() }
    }

    async fn open(&self) -> Result<Database, DynoxideError> {
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
        let Ok(database) = self.opened.get_or_try_init(|| self.open()).await else { return true };
        let (database, table) = (database.clone(), table.to_owned());
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
        let database = self.opened.get_or_try_init(|| self.open()).await?.clone();
        let operation = target_operation(&request).to_owned();
        let region = signed_region(&request).filter(|_| DESCRIBES.contains(&operation.as_str()));
        let body = whole_body(request.into_body()).await;
        let body = body.map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
        let body = with_plain_names(body);
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
            for named in tables(operation, parameters) {
                // It may be named by its ARN.
                let table = named.table.rsplit('/').next().unwrap_or_default();
                let named = Named { table, ..named };
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
            let request = serde_json::from_value(table.request(name))
                .map_err(|error| DynoxideError::ValidationException(without_marks(&error.to_string()).1))?;
            database.create_table(request)
        });
        match created {
            Ok(_) => {}
            Err(DynoxideError::ResourceInUseException(_)) => {
                if let Some(difference) = difference(&database, name, table) {
                    return Err(fault(format!(
                        "it is there with {difference} as the routing file says. Give it another name, delete it, or remove \
                         {path} with all tables"
                    )));
                }
            }
            Err(error) => return Err(fault(error.to_string())),
        }
        set_time_to_live(&database, name, table).map_err(|error| fault(error.to_string()))?;
    }
    Ok(database)
}

/// How a table that is there differs from what it should be: `the sort key a, and not b`.
fn difference(database: &Database, name: &str, table: &Table) -> Option<String> {
    let request = json!({ "TableName": name }).to_string();
    let described = with(request.as_bytes(), |request| database.describe_table(request)).ok()?;
    let described: serde_json::Value = serde_json::from_str(&described).ok()?;
    let (is, wanted) = (&described["Table"], table.request(name));
    let differs = |what: &str, is: String, wanted: String| {
        let or_none = |key: &str| if key.is_empty() { "none".to_owned() } else { key.to_owned() };
        (is != wanted).then(|| format!("{what} {}, and not {}", or_none(&is), or_none(&wanted)))
    };
    for (role, what) in [("HASH", "the partition key"), ("RANGE", "the sort key")] {
        if let Some(difference) = differs(what, key(is, is, role), key(&wanted, &wanted, role)) {
            return Some(difference);
        }
    }
    for kind in ["LocalSecondaryIndexes", "GlobalSecondaryIndexes"] {
        for wanted_index in wanted[kind].as_array().into_iter().flatten() {
            let named = &wanted_index["IndexName"];
            let mut known = is[kind].as_array().into_iter().flatten();
            let index_name = named.as_str().unwrap_or_default();
            let Some(index) = known.find(|index| index["IndexName"] == *named) else {
                return Some(format!("no index {index_name}, and not with one"));
            };
            for (role, what) in [("HASH", "partition key"), ("RANGE", "sort key")] {
                let what = format!("the {what} of the index {index_name}:");
                let difference = differs(&what, key(is, index, role), key(&wanted, wanted_index, role));
                if difference.is_some() {
                    return difference;
                }
            }
        }
    }
    None
}

/// The key of a table or of an index of it, with its type: `number (N)`. Empty where there is none.
fn key(table: &serde_json::Value, of: &serde_json::Value, role: &str) -> String {
    let find = |list: &serde_json::Value, member: &str, value: &serde_json::Value| {
        list.as_array().into_iter().flatten().find(|it| it[member] == *value).cloned().unwrap_or_default()
    };
    let name = find(&of["KeySchema"], "KeyType", &role.into())["AttributeName"].clone();
    let kind = find(&table["AttributeDefinitions"], "AttributeName", &name)["AttributeType"].clone();
    match (name.as_str(), kind.as_str()) {
        (Some(name), Some(kind)) => format!("{name} ({kind})"),
        _ => String::new(),
    }
}

/// Sets the attribute of the times to live, where another one is set or none.
fn set_time_to_live(database: &Database, name: &str, table: &Table) -> Result<(), DynoxideError> {
    let Some(attribute) = &table.ttl else { return Ok(()) };
    let request = json!({ "TableName": name }).to_string();
    let described = patiently(|| with(request.as_bytes(), |request| database.describe_time_to_live(request)))?;
    let described: serde_json::Value = serde_json::from_str(&described).unwrap_or_default();
    let is_set = &described["TimeToLiveDescription"]["AttributeName"];
    let set = |attribute: &str, is_enabled: bool| {
        let of_items = json!({ "AttributeName": attribute, "Enabled": is_enabled });
        let request = json!({ "TableName": name, "TimeToLiveSpecification": of_items }).to_string();
        patiently(|| with(request.as_bytes(), |request| database.update_time_to_live(request))).map(drop)
    };
    match is_set.as_str() {
        Some(known) if known == attribute => Ok(()),
        Some(known) => set(known, false).and_then(|()| set(attribute, true)),
        None => set(attribute, true),
    }
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

/// Refuses a transaction that would change a key: the library refuses it in `UpdateItem` only.
fn check_keys_stay(request: &TransactWriteItemsRequest) -> Result<(), DynoxideError> {
    let mut reasons =
        vec![CancellationReason { code: "None".to_owned(), ..Default::default() }; request.transact_items.len()];
    let mut is_refused = false;
    for (item, reason) in request.transact_items.iter().zip(&mut reasons) {
        let Some(update) = &item.update else { continue };
        let changed = targets(&update.update_expression, update.expression_attribute_names.as_ref());
        if let Some(key) = changed.into_iter().find(|name| update.key.contains_key(name)) {
            let message = format!(
                "One or more parameter values were invalid: Cannot update attribute {key}. This attribute is part of the key"
            );
            *reason =
                CancellationReason { code: "ValidationError".to_owned(), message: Some(message), ..Default::default() };
            is_refused = true;
        }
    }
    if !is_refused {
        return Ok(());
    }
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    Err(DynoxideError::TransactionCanceledException(message, reasons))
}

/// The attributes that an update expression sets, removes, adds to or deletes from. An expression that is wrong is refused by the library.
///
/// AWS developer guide of DynamoDB, "Update expressions": clauses of actions with commas between them, each of which begins with a path.
fn targets(expression: &str, names: Option<&HashMap<String, String>>) -> Vec<String> {
    let mut found = Vec::new();
    let (mut depth, mut is_target) = (0_u32, false);
    let is_part = |part: char| part.is_alphanumeric() || "_#:-".contains(part);
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|part| !is_part(part)).unwrap_or(rest.len()).max(first.len_utf8());
        let (token, after) = rest.split_at(end);
        match token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," => is_target = depth == 0,
            token if ["SET", "REMOVE", "ADD", "DELETE"].iter().any(|clause| clause.eq_ignore_ascii_case(token)) => {
                is_target = true;
            }
            token if is_target && token.starts_with(is_part) => {
                is_target = false;
                // What is inside an attribute is no key.
                if !after.trim_start().starts_with(['.', '[']) {
                    let named = names.and_then(|names| names.get(token));
                    found.push(named.map_or(token, String::as_str).to_owned());
                }
            }
            _ => {}
        }
        rest = after;
    }
    found
}

/// A table that a request reads or writes, and what the request tells of its keys.
struct Named<'a> {
    table: &'a str,
    /// The keys of an item, where they are given as such.
    key: &'a Value,
    /// A whole item, in which they are.
    item: &'a Value,
}

/// The tables that an operation reads or writes, where their names are known.
fn tables<'a>(operation: &str, parameters: &'a Value) -> Vec<Named<'a>> {
    let named = |request: &'a Value| {
        let table = request["TableName"].as_str()?;
        Some(Named { table, key: &request["Key"], item: &request["Item"] })
    };
    let members = || parameters["RequestItems"].as_object().into_iter().flat_map(Object::iter);
    match operation {
        // These say themselves whether there is one.
        "CreateTable" | "DescribeTable" | "DeleteTable" => Vec::new(),
        "BatchGetItem" => {
            let keys = members().map(|(table, request)| (table, &request["Keys"][0]));
            keys.map(|(table, key)| Named { table, key, item: &Value::Null }).collect()
        }
        "BatchWriteItem" => {
            let requests = members().map(|(table, requests)| (table, &requests[0]));
            let named = requests.map(|(table, request)| Named {
                table,
                key: &request["DeleteRequest"]["Key"],
                item: &request["PutRequest"]["Item"],
            });
            named.collect()
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let items = parameters["TransactItems"].as_array().into_iter().flat_map(|items| items.iter());
            items.filter_map(Value::as_object).flat_map(Object::values).filter_map(named).collect()
        }
        _ => named(parameters).into_iter().collect(),
    }
}

/// Behind a name that no request has told.
const GUESS: &str = "  # a guess: the attribute that is the partition key";

impl Named<'_> {
    /// The lines that make the table.
    fn lines(&self) -> String {
        let members = |value: &Value| -> Vec<(Arc<str>, Value)> {
            let members = value.as_object().into_iter().flat_map(Object::iter);
            members.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let line = |setting: &str, (name, value): &(Arc<str>, Value)| {
            let name = Value::from(name.clone());
            let kind = value.as_object().and_then(|value| Some(value.iter().next()?.0.clone()));
            match kind.filter(|kind| matches!(&**kind, "N" | "B")) {
                Some(kind) => format!("\n{setting} = {{ name = {name}, type = \"{kind}\" }}"),
                None => format!("\n{setting} = {name}"),
            }
        };
        let keys = members(self.key);
        let key = match keys.first() {
            Some(key) => line("key", key),
            None => {
                let item = members(self.item);
                let by_name = |fits: &dyn Fn(&str) -> bool| item.iter().find(|(name, _)| fits(name));
                let is_id = |name: &str| matches!(name.to_lowercase().as_str(), "id" | "pk" | "key");
                let ends_so = |name: &str| ["Id", "ID", "_id"].iter().any(|end| name.ends_with(end));
                let guess = by_name(&is_id).or_else(|| by_name(&ends_so)).or(item.first());
                let other = ("id".into(), Value::Null);
                line("key", guess.unwrap_or(&other)) + GUESS
            }
        };
        let sort_key = keys.get(1).map_or(String::new(), |key| line("sort_key", key));
        format!("[tables.{}]{key}{sort_key}", toml_key(self.table))
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
    fn the_lines_that_make_a_table_name_its_keys() {
        for (operation, parameters, expected) in [
            (
                "PutItem",
                r#"{"TableName":"Orders","Item":{"id":{"S":null}}}"#,
                "[tables.Orders]\nkey = \"id\"  # a guess: the attribute that is the partition key",
            ),
            ("GetItem", r#"{"TableName":"a.b","Key":{"url":{"S":null}}}"#, "[tables.\"a.b\"]\nkey = \"url\""),
            (
                "UpdateItem",
                r#"{"TableName":"Orders","Key":{"customer":null,"number":{"N":"1"}}}"#,
                "[tables.Orders]\nkey = \"customer\"\nsort_key = { name = \"number\", type = \"N\" }",
            ),
            (
                "BatchWriteItem",
                r#"{"RequestItems":{"T1":[{"PutRequest":null}]}}"#,
                "[tables.T1]\nkey = \"id\"  # a guess: the attribute that is the partition key",
            ),
            (
                "TransactWriteItems",
                r#"{"TransactItems":[{"Put":{"TableName":"T2"}}]}"#,
                "[tables.T2]\nkey = \"id\"  # a guess: the attribute that is the partition key",
            ),
            ("DescribeTable", r#"{"TableName":"Orders"}"#, ""),
            (
                "PutItem",
                r#"{"TableName":"Orders","Item":{"total":{"N":null},"orderId":{"N":null}}}"#,
                "[tables.Orders]\nkey = { name = \"orderId\", type = \"N\" }  # a guess: the attribute that is the partition key",
            ),
            ("PutItem", r#"{"TableName":null}"#, ""),
            ("PutItem", "null", ""),
        ] {
            let parameters = parameters.parse().unwrap();
            let tables = tables(operation, &parameters);
            let lines: Vec<_> = tables.iter().map(Named::lines).collect();
            assert_eq!(lines.join("\n"), expected, "{operation} {parameters}");
            for lines in lines {
                let read: toml::Table = lines.parse().unwrap();
                let (_, table) = read["tables"].as_table().unwrap().iter().next().unwrap();
                Table::deserialize(table.clone()).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_table_is_there_when_it_is_told_of_or_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyAttribute { name: "customer".to_owned(), kind: KeyType::S };
        let sort_key = Some(KeyAttribute { name: "number".to_owned(), kind: KeyType::N });
        let tables = BTreeMap::from([("Told".to_owned(), Table { key, sort_key, ..Table::default() })]);
        let dynamodb = DynamoDb::new(folder.path().join("dynamodb.sqlite"), tables);
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
        let changed = open(folder.path().join("dynamodb.sqlite"), &tables).err().unwrap().to_string();
        assert!(
            changed.contains("it is there with the partition key id (S), and not other (S) as the routing file says"),
            "{changed}"
        );
        for (written, expected) in [
            ("key = 'id'\nsort_key = 'day'", "the sort key none, and not day (S)"),
            ("key = { name = 'id', type = 'N' }", "the partition key id (S), and not id (N)"),
            ("key = 'id'\nindexes.by_day = { key = 'day' }", "no index by_day, and not with one"),
            ("key = 'id'\nttl = 'expires'", ""),
            ("key = 'id'\nttl = 'other'", ""),
        ] {
            let tables = BTreeMap::from([("Made".to_owned(), toml::from_str(written).unwrap())]);
            let opened = open(folder.path().join("dynamodb.sqlite"), &tables);
            let told = opened.err().map_or(String::new(), |error| error.to_string());
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
        let dynamodb = DynamoDb::new(folder.path().join("dynamodb.sqlite"), tables);
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

    #[test]
    fn an_update_expression_changes_the_paths_its_actions_begin_with() {
        let names = HashMap::from([("#k".to_owned(), "pk".to_owned())]);
        for (expression, expected) in [
            ("SET pk = :v", &["pk"][..]),
            ("set a = if_not_exists(pk, :v), #k=:v", &["a", "pk"]),
            (
                "SET a.pk = pk, b[0] = :v, c = list_append(pk, d) + e REMOVE sk, x ADD n :one DELETE #k :set",
                &["c", "sk", "x", "n", "pk"],
            ),
            ("", &[]),
            ("SET", &[]),
        ] {
            assert_eq!(targets(expression, Some(&names)), expected, "{expression}");
        }
    }

    #[tokio::test]
    async fn items_whose_time_is_over_are_gone_and_keys_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let tables = BTreeMap::from([("Orders".to_owned(), toml::from_str("key = 'pk'\nttl = 'expires'").unwrap())]);
        let dynamodb = DynamoDb::new(folder.path().join("dynamodb.sqlite"), tables);
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

    #[test]
    fn a_projection_is_a_word_or_a_list() {
        let projection = |text: &str| {
            let index: Result<Index, _> = toml::from_str(&format!("key = 'a'\nprojection = {text}"));
            index.map(|index| index.projection).map_err(|error| error.message().to_owned())
        };
        assert_eq!(projection("'ALL'"), Ok(Projection::All));
        assert_eq!(projection("['a']"), Ok(Projection::Include(vec!["a".to_owned()])));
        assert_eq!(projection("'SOME'"), Err("expected \"ALL\", \"KEYS_ONLY\" or a list of attributes".to_owned()));
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
