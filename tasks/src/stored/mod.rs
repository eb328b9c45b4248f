//! What the embedded services keep, to look at: nobody receives a message by this, and nothing is changed.

mod files;
mod items;
mod objects;
mod url;

use std::path::{Path, PathBuf};

use asl_aws::{CallError, Service, Style};
use asl_engine::Value;
use asl_runtime::blocking;

pub use self::objects::{StoredContent, StoredObject};
pub use self::url::StoredUrl;
use crate::router::{Router, RowsError};

/// What the embedded services of a router keep below its folder for data.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    router: &'a Router,
    data: &'a Path,
}

/// A bucket, table, queue, topic or event bus that has something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCount {
    /// What it is.
    pub url: StoredUrl,
    /// How much there is.
    pub count: usize,
}

impl StoredCount {
    /// How much there is, in words: `1 object`.
    pub fn text(&self) -> String {
        let unit = match self.url {
            StoredUrl::S3 { .. } => "object",
            StoredUrl::DynamoDb { .. } => "item",
            StoredUrl::Sqs { .. } => "message",
            StoredUrl::Sns { .. } => "notification",
            StoredUrl::Events { .. } => "event",
        };
        format!("{} {unit}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

/// Why what is kept cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// It is no URL of stored data.
    #[error(
        "{0} names nothing that is kept: expected one of s3://BUCKET/KEY, dynamodb://TABLE, sqs://QUEUE, sns://TOPIC, events://BUS"
    )]
    InvalidUrl(String),
    /// There is nothing of the name.
    #[error("there is no {0}; `asl data ls` shows what there is")]
    Missing(StoredUrl),
    /// The service refuses it: its code and message.
    #[error("{0}")]
    Refused(String),
    /// A file cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl From<CallError> for StoredError {
    fn from(error: CallError) -> Self {
        Self::Refused(match error {
            CallError::Service(refused) => {
                format!("{}: {}", refused.code.unwrap_or_default(), refused.message.unwrap_or_default())
            }
            error => error.to_string(),
        })
    }
}

impl From<RowsError> for StoredError {
    fn from(error: RowsError) -> Self {
        match error {
            RowsError::Call(error) => error.into(),
            RowsError::NoOperation(error) => Self::Refused(error.to_string()),
        }
    }
}

impl<'a> Stored<'a> {
    /// What a router keeps below `data`.
    pub fn new(router: &'a Router, data: &'a Path) -> Self {
        Self { router, data }
    }

    /// What each service has. What no program has used yet is not made for it.
    pub async fn all(&self) -> Result<Vec<StoredCount>, StoredError> {
        let mut all = Vec::new();
        for bucket in self.buckets().await? {
            let count = self.objects(&bucket, "").await?.len();
            all.push(StoredCount { url: StoredUrl::S3 { bucket, key: String::new() }, count });
        }
        if self.data.join("dynamodb.sqlite").exists() {
            for table in self.tables().await? {
                let count = self.items(&table).await?.len();
                all.push(StoredCount { url: StoredUrl::DynamoDb { table }, count });
            }
        }
        if self.data.join("sqs.sqlite").exists() {
            for queue in self.names("sqs", "listQueues", "QueueUrls").await? {
                let queue = queue.rsplit('/').next().unwrap_or_default().to_owned();
                let count = self.messages(&queue).await?.len();
                all.push(StoredCount { url: StoredUrl::Sqs { queue }, count });
            }
        }
        let data = self.data.to_owned();
        all.extend(blocking(move || files::counts(&data)).await?);
        Ok(all)
    }

    /// The items of a table, the messages of a queue, the notifications of a topic or the events of a bus, in their order.
    /// Objects of a bucket are [`objects`](Self::objects).
    pub async fn values(&self, url: &StoredUrl) -> Result<Vec<Value>, StoredError> {
        match url {
            StoredUrl::S3 { .. } => Err(StoredError::Missing(url.clone())),
            StoredUrl::DynamoDb { table } => self.items(table).await,
            StoredUrl::Sqs { queue } => self.messages(queue).await,
            StoredUrl::Sns { .. } | StoredUrl::Events { .. } => {
                Ok(self.files(url)?.into_iter().map(|(_, value)| value).collect())
            }
        }
    }

    /// The files that notifications or events of this name stand in, and what is in them; an error where there are none.
    pub fn files(&self, url: &StoredUrl) -> Result<Vec<(PathBuf, Value)>, StoredError> {
        files::of(self.data, url)
    }

    /// The tables of DynamoDB.
    pub async fn tables(&self) -> Result<Vec<String>, StoredError> {
        self.names("dynamodb", "listTables", "TableNames").await
    }

    /// The texts of a list that comes in pages.
    async fn names(&self, service: &str, operation: &str, member: &str) -> Result<Vec<String>, StoredError> {
        let (mut all, mut asked) = (Vec::new(), Value::empty_object());
        let unknown = |error: asl_aws::UnknownName| StoredError::Refused(error.to_string());
        let service = Service::find(service).map_err(unknown)?;
        let operation = service.operation(operation).map_err(unknown)?;
        loop {
            let page: Value = self.router.clients().call(service, operation, &asked, Style::Sdk).await?.result.into();
            let names = page[member].as_array().into_iter().flat_map(|members| members.iter());
            all.extend(names.filter_map(|name| name.as_str().map(str::to_owned)));
            let token = [("NextToken", "NextToken"), ("LastEvaluatedTableName", "ExclusiveStartTableName")];
            let next = token.into_iter().find_map(|(told, asks)| Some((asks, page.get(told)?.clone())));
            match (next, asked.as_object()) {
                (Some((name, token)), Some(parameters)) => asked = parameters.with(name, token).into(),
                _ => return Ok(all),
            }
        }
    }
}
