//! S3, DynamoDB, SNS, SQS and EventBridge inside this process: no account, no credentials, and no port unless other processes
//! use them.
//!
//! Each is an [`InProcess`] that answers HTTP requests as that of AWS does, and opens its data at the first of them.

mod declared;
mod dynamodb;
mod events;
mod files;
mod in_use;
mod s3;
mod sns;
mod sqs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_aws::InProcess;
use asl_aws::web::Caller;

pub use self::dynamodb::{ChangedTable, Index, KeyAttribute, KeyType, Projection, Table, changed_tables};
pub use self::events::{EventPattern, Events, InvalidPattern, InvalidSchedule, Schedule, StandingRule, Unopened, When};
pub use self::in_use::IN_USE;
use self::in_use::{Holding, InUse};
pub use self::s3::{Notification, Notifications};
pub use self::sns::{Mail, Subscribers, Subscription, Undelivered, notifications};
pub use self::sqs::QueueSettings;

/// The embedded services of one data folder. Making them is cheap: each opens its data at its first request.
#[derive(Clone)]
pub struct Embedded {
    s3: Arc<s3::S3>,
    dynamodb: Arc<dynamodb::DynamoDb>,
    sns: Arc<sns::Sns>,
    sqs: Arc<sqs::Sqs>,
    events: Arc<events::Events>,
    in_use: InUse,
}

/// What the services have from the start.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// The tables of DynamoDB.
    pub tables: BTreeMap<String, Table>,
    /// The buckets of S3.
    pub buckets: BTreeSet<String>,
    /// The queues of SQS. None where every queue is there as soon as it is named.
    pub queues: Option<BTreeSet<String>>,
    /// How some of the queues are.
    pub queue_settings: BTreeMap<String, QueueSettings>,
    /// The topics of SNS, beside those that have subscriptions. None where every topic is there.
    pub topics: Option<BTreeSet<String>>,
}

impl Embedded {
    /// Services that keep their data below `data_dir`, with what is `declared` in it from the start. What is published goes to the
    /// `subscribers` of each routing file, with the help of `caller`.
    pub fn new(data_dir: &Path, declared: Declared, subscribers: Vec<Subscribers>, caller: Caller) -> Self {
        let Declared { tables, buckets, queues, queue_settings, topics } = declared;
        let subscribed = subscribers.iter().flat_map(Subscribers::queues).collect();
        let queues = sqs::Queues { declared: queues, settings: queue_settings, subscribed };
        let sqs = Arc::new(sqs::Sqs::new(data_dir.join("sqs.sqlite"), queues));
        let sns = sns::Sns::new(data_dir.join(sns::FOLDER), topics, subscribers, caller, Arc::clone(&sqs));
        Self {
            s3: Arc::new(s3::S3::new(data_dir.join("s3"), buckets)),
            dynamodb: Arc::new(dynamodb::DynamoDb::new(data_dir, tables)),
            sns: Arc::new(sns),
            sqs,
            events: Arc::new(events::Events::new(data_dir.join("events"))),
            in_use: InUse::new(data_dir),
        }
    }
}

impl Embedded {
    /// Takes up the notifications that an earlier program with this data folder could not deliver. It is not waited for; the
    /// runtime of the caller does it.
    pub fn resume_deliveries(&self) {
        self.sns.resume();
    }

    /// Tries to deliver the notifications that are still undelivered, each once, and tells which stay so: they are kept,
    /// and the next program tries again. Nothing is waited for any more when `stop` completes.
    pub async fn finish_deliveries(&self, stop: impl Future<Output = ()>) -> Vec<Undelivered> {
        self.sns.finish(stop).await
    }

    /// The messages of a queue in their order, as `ReceiveMessage` shows them: nobody receives them by this. None where there is no
    /// such queue.
    pub async fn messages(&self, queue: &str) -> Result<Option<Vec<asl_engine::Value>>, String> {
        let found = self.sqs.messages(queue).await.map_err(|error| error.to_string())?;
        let read = |message: &serde_json::Value| message.to_string().parse().unwrap_or_default();
        Ok(found.map(|messages| messages.iter().map(read).collect()))
    }

    /// The EventBridge.
    pub fn events(&self) -> &Arc<Events> {
        &self.events
    }

    /// Tells of objects that are written or deleted from here on, as long as the services are there; the first time only.
    pub async fn run_notifications(&self, notifications: Notifications) {
        let Some(mut changes) = self.s3.changes() else { return };
        while let Some(change) = changes.recv().await {
            if let Some((wanting, told)) = notifications.records(&change) {
                self.events.tell(&wanting, &told).await;
            }
            if let Some(event) = notifications.event(&change) {
                self.events.publish(&event).await;
            }
        }
    }

    /// Takes note of what services reach each other with; the first time only.
    pub fn reach_each_other_with(&self, clients: &Arc<asl_aws::Clients>) {
        self.events.reach_targets_with(clients);
        self.sns.reach_functions_with(clients);
    }

    /// All of them, by their names in `arn:aws:states:::aws-sdk:NAME:action`.
    pub fn services(&self) -> asl_aws::Embedded {
        let services: [(&str, Arc<dyn InProcess>); 5] = [
            ("s3", self.holding(&self.s3)),
            ("dynamodb", self.holding(&self.dynamodb)),
            ("sns", self.holding(&self.sns)),
            ("sqs", self.holding(&self.sqs)),
            ("eventbridge", self.holding(&self.events)),
        ];
        services.into()
    }

    fn holding<S: InProcess + 'static>(&self, service: &Arc<S>) -> Arc<dyn InProcess> {
        Arc::new(Holding { service: Arc::clone(service), in_use: self.in_use.clone() })
    }
}

/// The region and the account of what the embedded services name by an ARN: those of executions in this process.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// Why an embedded service cannot be used. Later requests try again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the folder {} cannot be created: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the database {} cannot be opened: {message}", path.display())]
    Database { path: PathBuf, message: String },
    #[error("the rules of {} cannot be read: {source}", path.display())]
    Rules { path: PathBuf, source: std::io::Error },
    #[error("the table {table} cannot be created: {message}")]
    Table { table: String, message: String },
}
