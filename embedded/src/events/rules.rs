//! Event buses with their rules, and the file that keeps them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use asl_engine::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pattern::EventPattern;
use super::schedule::Schedule;
use crate::files::Staging;
use crate::{ACCOUNT, REGION};

/// The bus that is always there.
pub(super) const DEFAULT: &str = "default";

/// All buses, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rules {
    pub(super) buses: BTreeMap<String, Bus>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Bus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    /// By name.
    pub(super) rules: BTreeMap<String, Rule>,
}

/// A rule, as it was written and as it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenRule", into = "WrittenRule")]
pub(super) struct Rule {
    pub(super) written: WrittenRule,
    pub(super) pattern: Option<EventPattern>,
    pub(super) schedule: Option<Schedule>,
}

/// What is kept of a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WrittenRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schedule: Option<String>,
    /// AWS's word for it, such as `ENABLED`.
    pub(super) state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role_arn: Option<String>,
    pub(super) created: Timestamp,
    /// As `PutTargets` had them.
    pub(super) targets: Vec<Value>,
}

impl TryFrom<WrittenRule> for Rule {
    /// Why it is none.
    type Error = String;

    fn try_from(written: WrittenRule) -> Result<Self, String> {
        let pattern = written.pattern.as_deref().map(EventPattern::parse).transpose();
        let schedule = written.schedule.as_deref().map(Schedule::parse).transpose();
        Ok(Self {
            pattern: pattern.map_err(|error| error.to_string())?,
            schedule: schedule.map_err(|error| error.to_string())?,
            written,
        })
    }
}

impl From<Rule> for WrittenRule {
    fn from(rule: Rule) -> Self {
        rule.written
    }
}

impl Rule {
    pub(super) fn is_enabled(&self) -> bool {
        self.written.state != "DISABLED"
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { buses: [(DEFAULT.to_owned(), Bus::default())].into() }
    }
}

impl Rules {
    /// What a file has; nothing where there is none.
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        let text = match std::fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut rules: Self = serde_json::from_slice(&text)?;
        rules.buses.entry(DEFAULT.to_owned()).or_default();
        Ok(rules)
    }

    /// Writes them aside, and then in the place of those before.
    pub(super) fn write(&self, staging: &Staging, file: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        staging.write(&[Bytes::from(text)])?.move_to(file).map(drop).map_err(|failed| failed.0)
    }

    /// All rules that are enabled, with their bus and name.
    pub(super) fn enabled(&self) -> impl Iterator<Item = (&str, &str, &Rule)> {
        self.buses.iter().flat_map(|(bus, it)| {
            it.rules.iter().filter(|(_, rule)| rule.is_enabled()).map(move |(name, rule)| (&**bus, &**name, rule))
        })
    }

    /// Those of a bus that want an event.
    pub(super) fn wanting<'a>(&'a self, bus: &'a str, event: &'a Value) -> impl Iterator<Item = (&'a str, &'a Rule)> {
        let wants = |rule: &Rule| rule.pattern.as_ref().is_some_and(|pattern| pattern.matches(event));
        self.enabled().filter(move |(of, _, rule)| *of == bus && wants(rule)).map(|(_, name, rule)| (name, rule))
    }
}

/// The ARN of a bus.
pub(super) fn bus_arn(bus: &str) -> String {
    format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}")
}

/// The ARN of a rule.
pub(super) fn rule_arn(bus: &str, name: &str) -> String {
    let path = if bus == DEFAULT { name.to_owned() } else { format!("{bus}/{name}") };
    format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{path}")
}
