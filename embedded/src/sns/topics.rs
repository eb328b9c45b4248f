//! Topics and subscriptions: those of the routing file, and those that the API has made, which a file beside the outbox keeps.
//!
//! AWS API reference of SNS: `CreateTopic`, `Subscribe`, `SetSubscriptionAttributes`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use asl_aws::in_process::Missing;
use asl_aws::names::is_topic;
use asl_runtime::Pattern;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::SnsError;
use super::filter::Filter;
use super::subscription::{Subscription, To};
use crate::files::Staging;
use crate::{ACCOUNT, REGION, declared};

/// The ending of the names of FIFO topics.
pub(super) const FIFO: &str = ".fifo";

/// Names to texts.
pub(super) type Texts = BTreeMap<String, String>;

/// The topics that the routing file names.
pub(super) struct Topics {
    /// The list of them; none where every topic is there.
    pub(super) declared: Option<BTreeSet<String>>,
    /// Those of subscriptions.
    pub(super) patterns: Vec<Pattern>,
}

impl Topics {
    /// The names of subscribed topics that are the same for every ARN.
    pub(super) fn subscribed(&self) -> BTreeSet<String> {
        let named = self.patterns.iter().map(ToString::to_string);
        named.filter_map(|pattern| Some(pattern.rsplit_once(':')?.1.to_owned())).filter(|name| is_topic(name)).collect()
    }

    /// Whether the routing file names the topic of an ARN.
    pub(super) fn has(&self, arn: &str) -> bool {
        let name = arn.rsplit(':').next().unwrap_or_default();
        self.patterns.iter().any(|pattern| pattern.matches(arn))
            || self.declared.as_ref().is_some_and(|declared| declared.contains(name))
    }

    /// What is not there of the topic of an ARN.
    pub(super) fn unmade(&self, arn: &str) -> Option<Missing> {
        if self.patterns.iter().any(|pattern| pattern.matches(arn)) {
            return None;
        }
        let name = arn.rsplit(':').next().filter(|name| is_topic(name))?;
        declared::unmade("topic", name, self.declared.as_ref(), &self.subscribed())
    }
}

/// What the API has made, by ARN.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Made {
    #[serde(default)]
    pub(super) topics: BTreeMap<String, Topic>,
    #[serde(default)]
    pub(super) subscriptions: BTreeMap<String, MadeSubscription>,
}

/// A topic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Topic {
    #[serde(default)]
    pub(super) attributes: Texts,
    #[serde(default)]
    pub(super) tags: Texts,
}

/// A subscription, as `Subscribe` had it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MadeSubscription {
    pub(super) topic: String,
    pub(super) protocol: String,
    pub(super) endpoint: String,
    #[serde(default)]
    pub(super) attributes: Texts,
}

impl Made {
    /// What a file has; nothing where there is none.
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        match std::fs::read(file) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it aside, and then in the place of what was before.
    pub(super) fn write(&self, staging: &Staging, file: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        staging.write(&[Bytes::from(text)])?.move_to(file).map(drop).map_err(|failed| failed.0)
    }

    /// The attributes of a topic, where the API has set some.
    pub(super) fn attributes(&self, topic: &str) -> Option<&Texts> {
        self.topics.get(topic).map(|topic| &topic.attributes)
    }
}

impl MadeSubscription {
    /// Where it leads, with what it wants; the error is SNS's.
    pub(super) fn read(&self) -> Result<Subscription, SnsError> {
        let refuse = |text: &str| Err(SnsError::invalid(text));
        let arn_of = |service: &str| {
            let parts: Vec<&str> = self.endpoint.split(':').collect();
            parts.len() >= 6 && parts[0] == "arn" && parts[2] == service
        };
        let http = |scheme: &str| self.endpoint.starts_with(scheme);
        let to = match self.protocol.as_str() {
            "sqs" if arn_of("sqs") => To::Sqs(self.endpoint.clone()),
            "sqs" => return refuse("SQS endpoint ARN"),
            "lambda" if arn_of("lambda") => To::Lambda(self.endpoint.clone()),
            "lambda" => return refuse("Lambda endpoint ARN"),
            "http" if !http("http://") => return refuse("Endpoint must match the specified protocol"),
            "https" if !http("https://") => return refuse("Endpoint must match the specified protocol"),
            "http" | "https" => match self.endpoint.parse() {
                Ok(address) => To::Http(address),
                Err(_) => return refuse("Unreachable Endpoint"),
            },
            "email" => match self.endpoint.parse() {
                Ok(mailbox) => To::Email(mailbox),
                Err(_) => return refuse("Email address"),
            },
            known @ ("email-json" | "sms" | "application" | "firehose") => {
                return Err(SnsError::InvalidParameter(format!("{known} is not part of the embedded SNS")));
            }
            other => return refuse(&format!("Amazon SNS does not support this protocol string: {other}")),
        };
        let is_fifo = self.topic.ends_with(FIFO);
        if is_fifo && !matches!(to, To::Sqs(_)) {
            return refuse(&format!("Invalid protocol type: {}", self.protocol));
        }
        let set = |name: &str| self.attributes.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let raw = match set("RawMessageDelivery") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return refuse("Attributes Reason: RawMessageDelivery: Invalid value."),
        };
        if raw && matches!(to, To::Email(_) | To::Lambda(_)) {
            return refuse(&format!("Delivery protocol [{}] does not support raw message delivery.", self.protocol));
        }
        let filter = Filter::of(set("FilterPolicy"), set("FilterPolicyScope"))?;
        for name in self.attributes.keys() {
            match name.as_str() {
                "RawMessageDelivery" | "FilterPolicy" | "FilterPolicyScope" => {}
                "RedrivePolicy" | "DeliveryPolicy" | "SubscriptionRoleArn" | "ReplayPolicy" => {
                    let message = format!("{name} of a subscription is not part of the embedded SNS");
                    return Err(SnsError::InvalidParameter(message));
                }
                _ => return refuse("AttributeName"),
            }
        }
        Ok(Subscription { topic: self.topic.as_str().into(), to, raw, filter })
    }
}

/// The ARN of the topic of this name.
pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}")
}
