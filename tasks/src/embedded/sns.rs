//! The embedded SNS: every notification is a JSON file in the outbox, a folder that a person can look into.
//!
//! Any topic is accepted. The names of the files sort by the time of the notification.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::files::{Staging, create_folder};
use super::{OpenError, Service, blocking, respond, xml_text};

/// The most bytes of a message.
const MESSAGE_MAX: usize = 256 * 1024;

/// An SNS whose outbox is opened at the first request.
pub(crate) struct Sns {
    outbox: PathBuf,
    opened: OnceCell<Arc<Staging>>,
}

/// One notification, as its file in the outbox shows it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Notification<'a> {
    message_id: String,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Attribute<'a> {
    #[serde(rename = "Type")]
    data_type: &'a str,
    #[serde(rename = "Value")]
    value: &'a str,
}

/// Why a request is not answered with success.
enum Refusal {
    InvalidParameter(String),
    InvalidAction(String),
    Internal(String),
}

impl Sns {
    /// An SNS that writes into the folder `outbox`.
    pub(crate) fn new(outbox: PathBuf) -> Self {
        Self { outbox, opened: OnceCell::new() }
    }

    async fn open(&self) -> Result<Arc<Staging>, OpenError> {
        let outbox = self.outbox.clone();
        blocking(move || {
            create_folder(&outbox)?;
            Staging::open(outbox.join(".unfinished")).map(Arc::new)
        })
        .await
    }

    async fn publish(&self, request: http::Request<SdkBody>) -> Result<String, Refusal> {
        let staging = self.opened.get_or_try_init(|| self.open()).await;
        let staging = Arc::clone(staging.map_err(|error| Refusal::Internal(error.to_string()))?);
        let body = super::whole_body(request.into_body()).await.map_err(Refusal::Internal)?;
        let parameters: BTreeMap<Cow<'_, str>, Cow<'_, str>> = url::form_urlencoded::parse(&body).collect();
        let now = OffsetDateTime::now_utc();
        let notification = notification(&parameters, now)?;
        let file = self.outbox.join(file_name(&notification.message_id, now));
        let mut text =
            serde_json::to_vec_pretty(&notification).map_err(|error| Refusal::Internal(error.to_string()))?;
        text.push(b'\n');
        let written = blocking(move || {
            let written = staging.write(&[Bytes::from(text)])?;
            written.move_to(&file).map_err(|failed| failed.0)
        });
        match written.await {
            Ok(_) => Ok(notification.message_id),
            Err(error) => Err(Refusal::Internal(format!("Cannot write the notification: {error}"))),
        }
    }
}

impl Service for Sns {
    async fn answer(&self, request: http::Request<SdkBody>) -> http::Response<SdkBody> {
        let request_id = Uuid::new_v4().to_string();
        let (status, body) = match self.publish(request).await {
            Ok(message_id) => (
                StatusCode::OK,
                format!(
                    "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                     <MessageId>{message_id}</MessageId></PublishResult><ResponseMetadata>\
                     <RequestId>{request_id}</RequestId></ResponseMetadata></PublishResponse>"
                ),
            ),
            Err(refusal) => {
                let (status, kind, code, message) = match refusal {
                    Refusal::InvalidParameter(message) => (400, "Sender", "InvalidParameter", message),
                    Refusal::InvalidAction(message) => (400, "Sender", "InvalidAction", message),
                    Refusal::Internal(message) => (500, "Receiver", "InternalError", message),
                };
                let message = xml_text(&message);
                let body = format!(
                    "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{kind}</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId>\
                     </ErrorResponse>"
                );
                (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body)
            }
        };
        respond(status, "text/xml", &request_id, body)
    }
}

/// What `parameters` ask to publish. The refusals are those of SNS.
fn notification<'a>(
    parameters: &'a BTreeMap<Cow<'_, str>, Cow<'_, str>>,
    now: OffsetDateTime,
) -> Result<Notification<'a>, Refusal> {
    let get = |name: &str| parameters.get(name).map(Cow::as_ref);
    let invalid = |text: &str| Err(Refusal::InvalidParameter(format!("Invalid parameter: {text}")));
    match get("Action") {
        Some("Publish") => {}
        action => {
            let action = action.unwrap_or_default();
            return Err(Refusal::InvalidAction(format!("{action} is not part of the embedded SNS")));
        }
    }
    let (topic_arn, target_arn, phone_number) = (get("TopicArn"), get("TargetArn"), get("PhoneNumber"));
    if topic_arn.or(target_arn).or(phone_number).is_none_or(str::is_empty) {
        return invalid("TopicArn or TargetArn Reason: no value for required parameter");
    }
    let message = get("Message").unwrap_or_default();
    if message.is_empty() {
        return invalid("Empty message");
    }
    if message.len() > MESSAGE_MAX {
        return invalid("Message too long");
    }
    let subject = get("Subject");
    if subject.is_some_and(|subject| {
        subject.is_empty() || subject.chars().count() > 100 || subject.chars().any(char::is_control)
    }) {
        return invalid("Subject");
    }
    let mut message_attributes = BTreeMap::new();
    for number in 1.. {
        let part = |part: &str| get(&format!("MessageAttributes.entry.{number}.{part}"));
        let Some(name) = part("Name") else { break };
        let value = part("Value.StringValue").or(part("Value.BinaryValue")).unwrap_or_default();
        let data_type = part("Value.DataType").unwrap_or_default();
        if value.is_empty() || data_type.is_empty() {
            return invalid(&format!("The message attribute '{name}' must have a type and a value"));
        }
        message_attributes.insert(name, Attribute { data_type, value });
    }
    const TIMESTAMP: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    Ok(Notification {
        message_id: Uuid::new_v4().to_string(),
        timestamp: now.format(TIMESTAMP).map_err(|error| Refusal::Internal(error.to_string()))?,
        topic_arn,
        target_arn,
        phone_number,
        subject,
        message,
        message_attributes,
    })
}

/// `20261122T153704.123456789Z-<message id>.json`: sorts by time, and has no character that a file system refuses.
fn file_name(message_id: &str, now: OffsetDateTime) -> String {
    const NAME: &[BorrowedFormatItem<'_>] =
        format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:9]Z");
    format!("{}-{message_id}.json", now.format(NAME).unwrap_or_default())
}
