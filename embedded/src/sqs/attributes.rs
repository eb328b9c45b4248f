//! The attributes of a queue: which there are, what they may be, and what they are where nobody has set them.
//!
//! AWS API reference of SQS: `CreateQueue`, `SetQueueAttributes`, `GetQueueAttributes`.

use std::collections::BTreeMap;

use asl_aws::names::is_queue;
use serde_json::Value;

use super::error::SqsError;
use super::parameters::queue_name;

/// What was set, by name.
pub(super) type Attributes = BTreeMap<String, String>;

/// The ending of the names of FIFO queues.
pub(super) const FIFO: &str = ".fifo";

/// What an attribute may be.
enum Kind {
    /// A whole number from and to.
    Number(i64, i64),
    Flag,
    OneOf(&'static [&'static str]),
    Json,
    Text,
}

/// An attribute that can be set.
struct Attribute {
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    is_of_fifo: bool,
}

const fn attribute(name: &'static str, kind: Kind, default: Option<&'static str>) -> Attribute {
    Attribute { name, kind, default, is_of_fifo: false }
}

const fn of_fifo(name: &'static str, kind: Kind, default: Option<&'static str>) -> Attribute {
    Attribute { name, kind, default, is_of_fifo: true }
}

/// Those that can be set.
const SETTABLE: [Attribute; 15] = [
    attribute("DelaySeconds", Kind::Number(0, 900), Some("0")),
    attribute("MaximumMessageSize", Kind::Number(1_024, 1_048_576), Some("1048576")),
    attribute("MessageRetentionPeriod", Kind::Number(60, 1_209_600), Some("345600")),
    attribute("Policy", Kind::Json, None),
    attribute("ReceiveMessageWaitTimeSeconds", Kind::Number(0, 20), Some("0")),
    attribute("VisibilityTimeout", Kind::Number(0, 43_200), Some("30")),
    attribute(REDRIVE_POLICY, Kind::Json, None),
    attribute("RedriveAllowPolicy", Kind::Json, None),
    attribute("KmsMasterKeyId", Kind::Text, None),
    attribute("KmsDataKeyReusePeriodSeconds", Kind::Number(60, 86_400), None),
    attribute("SqsManagedSseEnabled", Kind::Flag, Some("true")),
    of_fifo("FifoQueue", Kind::Flag, Some("true")),
    of_fifo(CONTENT_BASED, Kind::Flag, Some("false")),
    of_fifo("DeduplicationScope", Kind::OneOf(&["queue", "messageGroup"]), Some("queue")),
    of_fifo("FifoThroughputLimit", Kind::OneOf(&["perQueue", "perMessageGroupId"]), Some("perQueue")),
];

/// Where messages go that were received too often.
const REDRIVE_POLICY: &str = "RedrivePolicy";

/// Whether a message of a FIFO queue is known again by its body.
pub(super) const CONTENT_BASED: &str = "ContentBasedDeduplication";

/// Those that the queue itself knows.
const COMPUTED: [&str; 7] = [
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

fn unknown(name: &str) -> SqsError {
    SqsError::refuse("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

/// Refuses names of attributes that there are not.
pub(super) fn check_names(wanted: &[&str]) -> Result<(), SqsError> {
    let is_known = |name: &str| COMPUTED.contains(&name) || SETTABLE.iter().any(|attribute| attribute.name == name);
    wanted.iter().find(|name| !is_known(name)).map_or(Ok(()), |name| Err(unknown(name)))
}

/// Refuses what is no name of a new queue with these attributes.
pub(super) fn check_new_name(name: &str, attributes: &Attributes) -> Result<(), SqsError> {
    let is_fifo = attributes.get("FifoQueue").is_some_and(|value| value == "true");
    let rule = match is_fifo {
        true => {
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo \
             suffix and be 1 to 80 in length"
        }
        false => "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    };
    match is_queue(name) && name.ends_with(FIFO) == is_fifo {
        true => Ok(()),
        false => Err(SqsError::refuse("InvalidParameterValue", rule)),
    }
}

/// What may be set of a queue, as it is kept. An empty value takes an attribute away from a queue that is there.
pub(super) fn checked(queue: &str, attributes: Attributes, is_new: bool) -> Result<Attributes, SqsError> {
    let is_fifo = queue.ends_with(FIFO);
    for (name, value) in &attributes {
        let attribute = SETTABLE.iter().find(|attribute| attribute.name == name).ok_or_else(|| unknown(name))?;
        // What a queue is, it stays.
        if attribute.is_of_fifo && !is_fifo || name == "FifoQueue" && !is_new {
            return Err(unknown(name));
        }
        let fits = match &attribute.kind {
            _ if value.is_empty() && !is_new => true,
            Kind::Number(from, to) => value.parse().is_ok_and(|value: i64| (*from..=*to).contains(&value)),
            Kind::Flag => matches!(value.as_str(), "true" | "false"),
            Kind::OneOf(values) => values.contains(&value.as_str()),
            Kind::Json => serde_json::from_str::<Value>(value).is_ok_and(|value| value.is_object()),
            Kind::Text => true,
        };
        if !fits {
            let message = format!("Invalid value for the parameter {name}.");
            return Err(SqsError::refuse("InvalidAttributeValue", message));
        }
    }
    if let Some(policy) = attributes.get(REDRIVE_POLICY).filter(|policy| !policy.is_empty()) {
        RedrivePolicy::parse(policy).map_err(|reason| SqsError::invalid(policy, REDRIVE_POLICY, reason))?;
    }
    Ok(attributes)
}

/// Everything that can be set, with what holds where nobody has.
pub(super) fn with_defaults(queue: &str, set: &Attributes) -> Attributes {
    let is_fifo = queue.ends_with(FIFO);
    let of_queue = SETTABLE.iter().filter(|attribute| is_fifo || !attribute.is_of_fifo);
    let defaults =
        of_queue.filter_map(|Attribute { name, default, .. }| Some(((*name).to_owned(), (*default)?.to_owned())));
    let mut all: Attributes = defaults.collect();
    all.extend(set.iter().map(|(name, value)| (name.clone(), value.clone())));
    all
}

/// An attribute that is different in what is asked for and what is there.
pub(super) fn different<'a>(queue: &str, set: &Attributes, asked: &'a Attributes) -> Option<&'a str> {
    let known = with_defaults(queue, set);
    asked.iter().find(|(name, value)| known.get(*name) != Some(value)).map(|(name, _)| name.as_str())
}

/// A number that holds for a queue.
pub(super) fn number(set: &Attributes, name: &str) -> i64 {
    let default = || SETTABLE.iter().find(|attribute| attribute.name == name)?.default;
    let text = set.get(name).map(String::as_str).filter(|value| !value.is_empty()).or_else(default);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RedrivePolicy {
    /// The name of the dead-letter queue.
    pub(super) target: String,
    /// How often a message is received before it goes there.
    pub(super) most_receives: i64,
}

impl RedrivePolicy {
    /// That of a queue.
    pub(super) fn of(set: &Attributes) -> Option<Self> {
        Self::parse(set.get(REDRIVE_POLICY)?).ok()
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let policy: Value = serde_json::from_str(text).map_err(|_| "Redrive policy is not a valid JSON map.")?;
        let target = policy
            .get("deadLetterTargetArn")
            .ok_or("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")?;
        let target = target.as_str().filter(|arn| arn.starts_with("arn:")).and_then(queue_name);
        let target = target.ok_or("Dead letter target is not a valid Amazon SQS queue ARN.")?;
        let most = policy
            .get("maxReceiveCount")
            .ok_or("Redrive policy does not contain mandatory attribute: maxReceiveCount.")?;
        // Consoles and templates write it as a text as well.
        let most = most.as_i64().or_else(|| most.as_str()?.parse().ok()).filter(|most| (1..=1_000).contains(most));
        let most_receives =
            most.ok_or("Invalid value for maxReceiveCount: valid values are from 1 to 1000 both inclusive.")?;
        Ok(Self { target: target.to_owned(), most_receives })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> Attributes {
        [(name.to_owned(), value.to_owned())].into()
    }

    #[test]
    fn attributes_are_those_of_sqs() {
        for (queue, name, value, refused) in [
            ("q", "VisibilityTimeout", "0", ""),
            (
                "q",
                "VisibilityTimeout",
                "43201",
                "InvalidAttributeValue Invalid value for the parameter VisibilityTimeout.",
            ),
            (
                "q",
                "MessageRetentionPeriod",
                "59",
                "InvalidAttributeValue Invalid value for the parameter MessageRetentionPeriod.",
            ),
            ("q", "DelaySeconds", "soon", "InvalidAttributeValue Invalid value for the parameter DelaySeconds."),
            ("q", "Colour", "red", "InvalidAttributeName Unknown Attribute Colour."),
            ("q", "FifoQueue", "true", "InvalidAttributeName Unknown Attribute FifoQueue."),
            ("q.fifo", "FifoQueue", "true", ""),
            ("q.fifo", "DeduplicationScope", "messageGroup", ""),
            (
                "q.fifo",
                "DeduplicationScope",
                "all",
                "InvalidAttributeValue Invalid value for the parameter DeduplicationScope.",
            ),
            ("q", CONTENT_BASED, "true", "InvalidAttributeName Unknown Attribute ContentBasedDeduplication."),
            (
                "q",
                REDRIVE_POLICY,
                "{}",
                "InvalidParameterValue Value {} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain \
                 mandatory attribute: deadLetterTargetArn.",
            ),
        ] {
            let checked = checked(queue, set(name, value), true).err();
            let told = checked.map_or(String::new(), |error| format!("{} {}", error.name, error.message));
            assert_eq!(told, refused, "{queue} {name} {value}");
        }
    }

    #[test]
    fn a_redrive_policy_has_a_queue_and_a_count() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"3"}"#;
        let read = RedrivePolicy::of(&set(REDRIVE_POLICY, policy));
        assert_eq!(read, Some(RedrivePolicy { target: "dead".to_owned(), most_receives: 3 }));
        for (policy, part) in [
            (policy.replace("\"3\"", "0"), "from 1 to 1000"),
            (policy.replace("arn:aws:sqs", "arn:aws:sns"), "not a valid Amazon SQS queue ARN"),
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}"#.to_owned(),
                "attribute: maxReceiveCount",
            ),
        ] {
            assert!(RedrivePolicy::parse(&policy).unwrap_err().contains(part), "{policy}");
        }
    }

    #[test]
    fn names_fit_the_kind_of_the_queue() {
        let fifo = set("FifoQueue", "true");
        for (name, attributes, fits) in [
            ("q", Attributes::new(), true),
            ("q.fifo", Attributes::new(), false),
            ("q.fifo", fifo.clone(), true),
            ("q", fifo, false),
            ("a b", Attributes::new(), false),
        ] {
            assert_eq!(check_new_name(name, &attributes).is_ok(), fits, "{name}");
        }
    }

    #[test]
    fn what_nobody_has_set_has_its_default() {
        assert_eq!(different("q", &Attributes::new(), &set("VisibilityTimeout", "30")), None);
        assert_eq!(different("q", &Attributes::new(), &set("VisibilityTimeout", "31")), Some("VisibilityTimeout"));
        assert_eq!(number(&Attributes::new(), "MessageRetentionPeriod"), 345_600);
        let names: Vec<String> = with_defaults("q.fifo", &Attributes::new()).into_keys().collect();
        assert!(names.contains(&"FifoQueue".to_owned()) && names.contains(&"FifoThroughputLimit".to_owned()));
    }
}
