//! Changes of objects, and who is told of them: functions, queues and topics, and EventBridge.
//!
//! Amazon S3 user guide, "Event message structure", "Using EventBridge" and "Filtering event notifications using object key names".

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

/// Milliseconds, as records have them.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
/// Seconds, as events of EventBridge have them.
const SECONDS: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Who is told of which changes of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notification {
    /// The bucket.
    pub bucket: String,
    /// The types of changes: `s3:ObjectCreated:*`, `s3:ObjectRemoved:Delete`.
    pub events: Vec<String>,
    /// What keys begin with.
    pub prefix: String,
    /// What keys end with.
    pub suffix: String,
    /// The ARN of a function, a queue or a topic.
    pub target: String,
}

/// All that is told of the changes of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notifications {
    /// Who is told.
    pub all: Vec<Notification>,
    /// The buckets whose changes are events of EventBridge.
    pub event_buckets: BTreeSet<String>,
    /// The account that everything is in.
    pub account: String,
    /// The region.
    pub region: String,
}

/// An object that was written or deleted.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// `ObjectCreated:Put`
    pub(crate) event: &'static str,
    /// Its size and its tag; none of one that is gone.
    pub(crate) written: Option<(u64, String)>,
}

/// Where changes go, once somebody wants them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<OnceLock<UnboundedSender<Change>>>);

impl Changes {
    /// The changes from here on; the first time only.
    pub(crate) fn watch(&self) -> Option<UnboundedReceiver<Change>> {
        let (sender, receiver) = unbounded_channel();
        self.0.set(sender).ok().map(|()| receiver)
    }

    pub(super) fn tell(&self, change: impl FnOnce() -> Change) {
        if let Some(sender) = self.0.get() {
            // Nobody is there any more.
            let _ = sender.send(change());
        }
    }
}

impl Notification {
    fn wants(&self, change: &Change) -> bool {
        let is_event = |pattern: &String| {
            let pattern = pattern.strip_prefix("s3:").unwrap_or(pattern);
            match pattern.strip_suffix('*') {
                Some(start) => change.event.starts_with(start),
                None => change.event == pattern,
            }
        };
        self.bucket == change.bucket
            && self.events.iter().any(is_event)
            && change.key.starts_with(&self.prefix)
            && change.key.ends_with(&self.suffix)
    }
}

impl Notifications {
    /// The ARNs that are told of a change, with what they are told.
    pub(crate) fn records(&self, change: &Change) -> Option<(Vec<&str>, Value)> {
        let wanting = self.all.iter().filter(|it| it.wants(change)).map(|it| it.target.as_str());
        let wanting: Vec<&str> = wanting.collect();
        (!wanting.is_empty()).then(|| (wanting, self.record(change)))
    }

    fn record(&self, change: &Change) -> Value {
        let Change { bucket, key, event, written } = change;
        // The key is encoded as a form is, but for its slashes.
        let encoded: String =
            url::form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>().replace("%2F", "/");
        let mut object = json!({ "key": encoded, "sequencer": sequencer() });
        if let Some((size, tag)) = written {
            object["size"] = (*size).into();
            object["eTag"] = tag.as_str().into();
        }
        let record = json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.region,
            "eventTime": OffsetDateTime::now_utc().format(TIME).unwrap_or_default(),
            "eventName": event,
            "userIdentity": { "principalId": self.account },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": { "x-amz-request-id": Uuid::new_v4().to_string(), "x-amz-id-2": "" },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "asl",
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": { "principalId": self.account },
                    "arn": format!("arn:aws:s3:::{bucket}"),
                },
                "object": object,
            },
        });
        json!({ "Records": [record] })
    }

    /// A change as an event of EventBridge; none where its bucket has none.
    pub(crate) fn event(&self, change: &Change) -> Option<Value> {
        let Change { bucket, key, event, written } = change;
        if !self.event_buckets.contains(bucket) {
            return None;
        }
        let reason = match *event {
            "ObjectCreated:Put" => "PutObject",
            "ObjectCreated:Copy" => "CopyObject",
            "ObjectCreated:CompleteMultipartUpload" => "CompleteMultipartUpload",
            _ => "DeleteObject",
        };
        let mut detail = json!({
            "version": "0",
            "bucket": { "name": bucket },
            "object": { "key": key, "sequencer": sequencer() },
            "request-id": Uuid::new_v4().to_string(),
            "requester": self.account,
            "source-ip-address": "127.0.0.1",
            "reason": reason,
        });
        let kind = match written {
            Some((size, tag)) => {
                detail["object"]["size"] = (*size).into();
                detail["object"]["etag"] = tag.as_str().into();
                "Object Created"
            }
            None => {
                detail["deletion-type"] = "Permanently Deleted".into();
                "Object Deleted"
            }
        };
        Some(json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": kind,
            "source": "aws.s3",
            "account": self.account,
            "time": OffsetDateTime::now_utc().format(SECONDS).unwrap_or_default(),
            "region": self.region,
            "resources": [format!("arn:aws:s3:::{bucket}")],
            "detail": detail,
        }))
    }
}

/// What puts the changes of a key in their order.
fn sequencer() -> String {
    format!("{:018X}", OffsetDateTime::now_utc().unix_timestamp_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_to_those_who_want_it() {
        let change = |event: &'static str, key: &str| Change {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            event,
            written: event.starts_with("ObjectCreated").then(|| (3, "tag".to_owned())),
        };
        let one = |events: &[&str], prefix: &str, suffix: &str| Notifications {
            all: vec![Notification {
                bucket: "b".to_owned(),
                events: events.iter().map(|it| (*it).to_owned()).collect(),
                prefix: prefix.to_owned(),
                suffix: suffix.to_owned(),
                target: "arn".to_owned(),
            }],
            ..Notifications::default()
        };
        for (events, prefix, suffix, event, key, is_told) in [
            (&["s3:ObjectCreated:*"][..], "", "", "ObjectCreated:Put", "a", true),
            (&["s3:ObjectCreated:Copy"], "", "", "ObjectCreated:Put", "a", false),
            (&["s3:ObjectCreated:Copy", "s3:ObjectRemoved:Delete"], "", "", "ObjectRemoved:Delete", "a", true),
            (&["s3:ObjectCreated:*"], "in/", ".jpg", "ObjectCreated:Put", "in/a.jpg", true),
            (&["s3:ObjectCreated:*"], "in/", ".jpg", "ObjectCreated:Put", "out/a.jpg", false),
            (&["s3:ObjectCreated:*"], "in/", ".jpg", "ObjectCreated:Put", "in/a.png", false),
        ] {
            assert_eq!(one(events, prefix, suffix).records(&change(event, key)).is_some(), is_told, "{events:?} {key}");
        }
        let all = one(&["s3:*"], "", "");
        let (_, told) = all.records(&change("ObjectCreated:Put", "in/a b+é.jpg")).expect("it is wanted");
        let object = &told["Records"][0]["s3"]["object"];
        assert_eq!((&object["key"], &object["size"]), (&json!("in/a+b%2B%C3%A9.jpg"), &json!(3)));
        let (_, told) = all.records(&change("ObjectRemoved:Delete", "a")).expect("it is wanted");
        assert_eq!(told["Records"][0]["s3"]["object"].get("eTag"), None);
        let with_events = Notifications { event_buckets: ["b".to_owned()].into(), ..all.clone() };
        let event = with_events.event(&change("ObjectRemoved:Delete", "a b")).expect("an event");
        let detail = &event["detail"];
        assert_eq!((&event["detail-type"], &detail["object"]["key"]), (&json!("Object Deleted"), &json!("a b")));
        assert_eq!((all.event(&change("ObjectCreated:Put", "a")), &detail["reason"]), (None, &json!("DeleteObject")));
    }
}
