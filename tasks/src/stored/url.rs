//! What the URL of stored data names.

use std::fmt;

use super::StoredError;

/// A thing that an embedded service keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredUrl {
    /// `s3://BUCKET/KEY`: a bucket, an object or all objects whose keys begin so
    S3 {
        /// The bucket.
        bucket: String,
        /// The key, or how keys begin; empty for all of them.
        key: String,
    },
    /// `dynamodb://TABLE`
    DynamoDb {
        /// The table.
        table: String,
    },
    /// `sqs://QUEUE`
    Sqs {
        /// The queue.
        queue: String,
    },
    /// `sns://TOPIC`: the notifications that were published to a topic
    Sns {
        /// The topic.
        topic: String,
    },
    /// `events://BUS`: the events that were put on a bus
    Events {
        /// The event bus.
        bus: String,
    },
}

impl StoredUrl {
    /// What a URL names. The error says which there are.
    pub fn of(url: &str) -> Result<Self, StoredError> {
        let wrong = || StoredError::InvalidUrl(url.to_owned());
        let (service, name) = url.split_once("://").ok_or_else(wrong)?;
        if service == "s3" {
            let (bucket, key) = name.split_once('/').unwrap_or((name, ""));
            let place = Self::S3 { bucket: bucket.to_owned(), key: key.to_owned() };
            return if bucket.is_empty() { Err(wrong()) } else { Ok(place) };
        }
        let name = name.trim_end_matches('/').to_owned();
        if name.is_empty() || name.contains('/') {
            return Err(wrong());
        }
        match service {
            "dynamodb" => Ok(Self::DynamoDb { table: name }),
            "sqs" => Ok(Self::Sqs { queue: name }),
            "sns" => Ok(Self::Sns { topic: name }),
            "events" => Ok(Self::Events { bus: name }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for StoredUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, key } if key.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
            Self::DynamoDb { table } => write!(f, "dynamodb://{table}"),
            Self::Sqs { queue } => write!(f, "sqs://{queue}"),
            Self::Sns { topic } => write!(f, "sns://{topic}"),
            Self::Events { bus } => write!(f, "events://{bus}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_what_a_service_keeps() {
        for (url, shown) in [
            ("s3://b", Some("s3://b")),
            ("s3://b/", Some("s3://b")),
            ("s3://b/a//c/", Some("s3://b/a//c/")),
            ("dynamodb://T", Some("dynamodb://T")),
            ("sqs://q.fifo/", Some("sqs://q.fifo")),
            ("sns://t", Some("sns://t")),
            ("events://default", Some("events://default")),
            ("s3://", None),
            ("dynamodb://a/b", None),
            ("kms://k", None),
            ("b/k", None),
        ] {
            assert_eq!(StoredUrl::of(url).ok().map(|known| known.to_string()).as_deref(), shown, "{url}");
        }
    }
}
