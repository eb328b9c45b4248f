//! A state machine: what it is now, its versions and its aliases.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Timestamp, Value};
use serde::{Deserialize, Serialize};

/// How many versions a state machine may have. AWS developer guide, "Service quotas".
pub(crate) const MOST_VERSIONS: usize = 1_000;

/// A state machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) machine_type: Type,
    pub(crate) created: Timestamp,
    /// What it is now.
    pub(crate) revision: Arc<Revision>,
    pub(crate) versions: BTreeMap<u64, Version>,
    /// The number of the last version, also if that is gone: no number is used twice.
    pub(crate) last_version: u64,
    pub(crate) aliases: BTreeMap<String, Alias>,
    pub(crate) tags: Tags,
    /// Whether it goes as soon as its executions have ended.
    pub(crate) is_deleting: bool,
    /// Whether it is that of a file.
    pub(crate) is_of_folder: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Type {
    #[serde(rename = "STANDARD")]
    Standard,
    #[serde(rename = "EXPRESS")]
    Express,
}

impl Type {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Express => "EXPRESS",
        }
    }
}

/// What a state machine is, or was. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// The ARN of the machine, and what tells its revisions apart.
    pub(crate) key: Arc<str>,
    /// As the API has it; none before the first change.
    pub(crate) id: Option<Arc<str>>,
    pub(crate) machine_type: Type,
    pub(crate) definition: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    pub(crate) logging: Value,
    pub(crate) tracing: Value,
    pub(crate) encryption: Value,
    /// When it was made.
    pub(crate) at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) revision: Arc<Revision>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) created: Timestamp,
}

/// A name for one or two versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) description: Option<Arc<str>>,
    pub(crate) routes: Vec<Route>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

/// How many of a hundred executions start a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Route {
    pub(crate) version_arn: Arc<str>,
    pub(crate) version: u64,
    pub(crate) weight: u64,
}

impl Machine {
    pub(crate) fn version_arn(&self, number: u64) -> Arc<str> {
        format!("{}:{number}", self.arn).into()
    }

    pub(crate) fn alias_arn(&self, name: &str) -> Arc<str> {
        format!("{}:{name}", self.arn).into()
    }

    /// Publishes what it is now, unless that is a version already; its number. There may be too many versions.
    pub(crate) fn publish(&mut self, description: Option<Arc<str>>, at: Timestamp) -> Option<u64> {
        let published = self.versions.iter().find(|(_, version)| version.revision.key == self.revision.key);
        if let Some((number, _)) = published {
            return Some(*number);
        }
        if self.versions.len() >= MOST_VERSIONS {
            return None;
        }
        self.last_version += 1;
        self.versions.insert(self.last_version, Version { revision: self.revision.clone(), description, created: at });
        Some(self.last_version)
    }

    /// The names of the aliases that lead to a version.
    pub(crate) fn aliases_of(&self, number: u64) -> Vec<&str> {
        let leads = |alias: &Alias| alias.routes.iter().any(|route| route.version == number);
        self.aliases.iter().filter(|(_, alias)| leads(alias)).map(|(name, _)| name.as_str()).collect()
    }
}

impl Alias {
    /// The version that is started, by a number that chance has made.
    pub(crate) fn pick(&self, chance: u64) -> Option<u64> {
        let mut left = chance % 100;
        for route in &self.routes {
            if left < route.weight {
                return Some(route.version);
            }
            left -= route.weight;
        }
        None
    }
}

/// Tags, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tags(Vec<(Arc<str>, Arc<str>)>);

impl Tags {
    /// Those of a request.
    pub(crate) fn read(tags: Option<&Value>) -> Self {
        let mut read = Self::default();
        read.add(tags);
        read
    }

    /// Adds those of a request; the last one of a key stays.
    pub(crate) fn add(&mut self, tags: Option<&Value>) {
        let tags = tags.and_then(Value::as_array).into_iter().flat_map(|tags| tags.iter());
        for tag in tags {
            let text = |name: &str| Arc::<str>::from(tag[name].as_str().unwrap_or_default());
            let (key, value) = (text("key"), text("value"));
            match self.0.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => self.0.push((key, value)),
            }
        }
    }

    pub(crate) fn remove(&mut self, keys: &[&str]) {
        self.0.retain(|(key, _)| !keys.contains(&&**key));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn to_value(&self) -> Value {
        self.0
            .iter()
            .map(|(key, value)| Value::from([("key", key.clone().into()), ("value", value.clone().into())]))
            .collect()
    }
}
