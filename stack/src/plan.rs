//! What a project comes to: definitions, what a routing file says of them, and what has to be told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use asl_project::Definition;
use serde::Serialize;

use crate::stacks::Output;

/// Where something stands in a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The template.
    pub file: PathBuf,
    /// The line, from 1 on.
    pub line: usize,
    /// The logical ID of the resource.
    pub id: String,
    /// The path of its construct in the app of the CDK, where the template has it.
    pub construct: Option<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.id)?;
        match &self.construct {
            Some(construct) => write!(f, " ({construct})"),
            None => Ok(()),
        }
    }
}

/// What is needed and not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The resource that needs it.
    pub origin: Origin,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub help: String,
    /// The ARN of the function that lacks it.
    pub(crate) function: Option<String>,
}

/// Resources of one type that are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// Their logical IDs.
    pub ids: Vec<String>,
    /// Whether they do something that is not done here, and not only what has no meaning here.
    pub is_missed: bool,
}

/// A state machine.
#[derive(Debug)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Its definition, with all filled in.
    pub definition: Definition,
    /// Whether it is EXPRESS.
    pub is_express: bool,
    /// What is logged of its executions.
    pub(crate) logging: Option<Logging>,
    /// Where it stands.
    pub origin: Origin,
}

/// A stack and what it puts out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackOutputs {
    /// Its name.
    pub name: String,
    /// Its outputs.
    pub outputs: Vec<Output>,
}

/// What a project comes to.
#[derive(Debug, Default)]
pub struct Plan {
    /// The state machines.
    pub machines: Vec<Machine>,
    /// The outputs of the stacks that are in no other one.
    pub stacks: Vec<StackOutputs>,
    /// What is needed and not there.
    pub problems: Vec<Problem>,
    /// What is passed over, by type.
    pub passed_over: BTreeMap<String, PassedOver>,
    /// Remarks on single resources.
    pub notes: Vec<(Origin, String)>,
    /// Files that have to be written beside the definitions: code that stands in the template.
    pub files: BTreeMap<PathBuf, String>,
    /// The ARNs of the functions that run here.
    pub(crate) functions: Vec<String>,
    /// What the routing file says.
    pub(crate) routing: Routing,
}

impl Plan {
    /// The ARNs of the functions that run here.
    pub fn functions(&self) -> Vec<String> {
        self.functions.clone()
    }

    /// Where a table stands that the routing file makes.
    pub fn origin_of_table(&self, table: &str) -> Option<&Origin> {
        self.routing.tables.iter().find(|(_, name, _)| name == table).map(|(origin, ..)| origin)
    }

    /// Takes note of functions that something else serves, by their ARNs: what they lack is not told, and they have no route.
    pub fn serve(&mut self, is_served: impl Fn(&str) -> bool) {
        self.problems.retain(|problem| !problem.function.as_deref().is_some_and(&is_served));
    }
}

/// What a routing file says, as it writes it.
#[derive(Debug, Default)]
pub(crate) struct Routing {
    pub(crate) buckets: BTreeSet<String>,
    pub(crate) event_buckets: BTreeSet<String>,
    pub(crate) topics: BTreeSet<String>,
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) tables: Vec<(Origin, String, Table)>,
    pub(crate) functions: Vec<(Origin, Function)>,
    pub(crate) subscriptions: Vec<(Origin, Subscription)>,
    pub(crate) triggers: Vec<(Origin, Trigger)>,
    pub(crate) apis: BTreeMap<String, Api>,
}

/// `[apis.NAME]`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Api {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cors: Option<Cors>,
}

/// `[apis.NAME.cors]`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Cors {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allow_origins: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allow_methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allow_headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) expose_headers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_age_seconds: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_credentials: bool,
}

/// `[queues.NAME]`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Queue {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) visibility_timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receive_wait_seconds: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) content_based_deduplication: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dead_letter_queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_receive_count: Option<u32>,
}

/// `[tables.NAME]`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Table {
    pub(crate) key: Key,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sort_key: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) indexes: BTreeMap<String, Index>,
}

/// `{ name = "since", type = "N" }`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Key {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// `[tables.NAME.indexes.NAME]`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Index {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sort_key: Option<Key>,
    pub(crate) projection: Projection,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Projection {
    Named(String),
    Attributes(Vec<String>),
}

/// `[[routes]]` with `handler = "function"`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Function {
    pub(crate) resource: String,
    pub(crate) handler: &'static str,
    pub(crate) runtime: String,
    pub(crate) code: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) layers: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) install: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_mb: Option<u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) environment: BTreeMap<String, String>,
}

/// `logging` of `[state_machines.NAME]`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Logging {
    pub(crate) level: String,
    pub(crate) include_execution_data: bool,
    pub(crate) log_group: String,
}

/// `[[subscriptions]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Subscription {
    pub(crate) topic: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sqs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lambda: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) raw_message_delivery: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_policy_scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_policy: Option<toml::Value>,
}

/// `[[triggers]]`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Trigger {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bus: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) messages: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) objects: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) events: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suffix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sync: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) request: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) batch_size: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) report_batch_item_failures: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<toml::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<toml::Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) input_paths: BTreeMap<String, String>,
}
