//! What a URL of `asl data` names.

use std::fmt;

use crate::error::Error;

/// A thing that a service keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    S3 { bucket: String, key: String },
    DynamoDb { table: String },
    Sqs { queue: String },
    Sns { topic: String },
    Events { bus: String },
}

impl Place {
    pub(super) fn of(url: &str) -> Result<Self, Error> {
        let wrong = || {
            let known = "s3://BUCKET/KEY, dynamodb://TABLE, sqs://QUEUE, sns://TOPIC, events://BUS";
            Error::Usage(format!("{url} names nothing that is kept: expected one of {known}"))
        };
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

    pub(super) fn missing(&self) -> Error {
        Error::Usage(format!("there is no {self}; `asl data ls` shows what there is"))
    }
}

impl fmt::Display for Place {
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
            assert_eq!(Place::of(url).ok().map(|place| place.to_string()).as_deref(), shown, "{url}");
        }
    }
}
