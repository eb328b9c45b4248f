//! Hands a notification to a subscriber: by e-mail, over HTTP, into a queue or into a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use asl_aws::web::{self, Caller};
use asl_aws::{CallError, Clients, Service, Style};
use asl_runtime::blocking;
use asl_settings::{Address, hide};
use http::StatusCode;
use http::header::{CONTENT_TYPE, USER_AGENT};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::{Map, Value, json};

use super::super::sqs::Sqs;
use super::notification::{Attribute, Notification};
use super::subscription::{Mail, Security, Subscription, To};
use super::topics::FIFO;

/// How long one attempt may take: as long as SNS waits for an HTTP endpoint.
const LIMIT: Duration = Duration::from_secs(15);

/// The codes of a mail server that asks for a user or does not take the one it is given (RFC 4954).
const NOT_LET_IN: [u16; 4] = [530, 534, 535, 538];

/// Who gets notifications, and what delivering them needs.
pub(super) struct Subscriber {
    pub(super) subscription: Subscription,
    pub(super) means: Arc<Means>,
}

/// What deliveries to the subscriptions of a routing file need.
pub(super) struct Means {
    pub(super) mail: Option<Mail>,
    /// Where relative paths of the routing file start.
    pub(super) folder: PathBuf,
    pub(super) caller: Caller,
    pub(super) sqs: Arc<Sqs>,
    /// What functions are called with, once there is something.
    pub(super) clients: Arc<OnceLock<Weak<Clients>>>,
}

/// Why a notification was not delivered.
#[derive(Debug, PartialEq)]
pub(super) enum DeliveryError {
    /// It may work later.
    Later(String),
    /// The other side refused it, and would again.
    Refused(String),
}

impl Means {
    /// Makes one attempt.
    pub(super) async fn deliver(
        &self,
        notification: &Notification,
        subscription: &Subscription,
    ) -> Result<(), DeliveryError> {
        let attempt = async {
            match &subscription.to {
                To::Email(mailbox) => self.mail(notification, mailbox).await,
                To::Http(address) => self.post(notification, address, subscription.raw).await,
                To::Sqs(queue) => {
                    let sent = self.sqs.send(&message_to(queue, notification, subscription.raw)).await;
                    sent.map(drop).map_err(|error| DeliveryError::Later(error.message))
                }
                To::Lambda(function) => self.invoke(notification, function).await,
                To::File(path) => append(self.folder.join(path), notification.envelope("file")).await,
            }
        };
        let late = || DeliveryError::Later(format!("no answer within {} s", LIMIT.as_secs()));
        tokio::time::timeout(LIMIT, attempt).await.unwrap_or_else(|_| Err(late()))
    }

    async fn invoke(&self, notification: &Notification, function: &str) -> Result<(), DeliveryError> {
        let later = |why: String| DeliveryError::Later(why);
        let clients = self.clients.get().and_then(Weak::upgrade);
        let clients = clients.ok_or_else(|| later("nothing is known of functions".to_owned()))?;
        let service = Service::find("lambda").map_err(|error| later(error.to_string()))?;
        let operation = service.operation("invoke").map_err(|error| later(error.to_string()))?;
        let payload = notification.lambda_event(function).to_string();
        let payload: asl_engine::Value = payload.parse().unwrap_or_default();
        let text = |text: &str| asl_engine::Value::from(text);
        let call = [("FunctionName", text(function)), ("InvocationType", text("Event")), ("Payload", payload)];
        let called = clients.call(service, operation, &call.into(), Style::Optimized).await;
        called.map(drop).map_err(|error| match &error {
            CallError::Service(refused) if !refused.is_passing() => DeliveryError::Refused(error.to_string()),
            _ => later(error.to_string()),
        })
    }

    async fn mail(&self, notification: &Notification, to: &Mailbox) -> Result<(), DeliveryError> {
        let mail = self
            .mail
            .as_ref()
            .ok_or_else(|| DeliveryError::Later("there is no [mail] in the routing file".to_owned()))?;
        let credentials = mail.credentials(&self.folder).map_err(|error| DeliveryError::Later(error.to_string()))?;
        let unfit = |error: lettre::error::Error| DeliveryError::Refused(format!("no mail can be made of it: {error}"));
        let message = message(notification, mail.from.clone(), to.clone()).map_err(unfit)?;
        let server = &mail.server;
        let tls = || TlsParameters::new(server.host.clone()).map_err(|error| DeliveryError::Later(error.to_string()));
        let tls = match server.security {
            Security::Plain => Tls::None,
            Security::StartTls => Tls::Required(tls()?),
            Security::Tls => Tls::Wrapper(tls()?),
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host);
        let mut transport = transport.port(server.port).tls(tls).timeout(Some(LIMIT));
        let mut secrets = Vec::new();
        if let Some((username, password)) = credentials {
            secrets.push(password.clone());
            secrets.extend(mail.is_user_secret().then(|| username.clone()));
            transport = transport.credentials(Credentials::new(username, password));
        }
        transport.build().send(message).await.map(drop).map_err(|error| {
            let text = hide(&web::chain(&error), &secrets);
            // Who does not get in is not refused for good: the password can be set right.
            let not_let_in = error.status().is_some_and(|code| NOT_LET_IN.contains(&u16::from(code)));
            if error.is_permanent() && !not_let_in { DeliveryError::Refused(text) } else { DeliveryError::Later(text) }
        })
    }

    async fn post(&self, notification: &Notification, address: &Address, raw: bool) -> Result<(), DeliveryError> {
        let url = address.read(&self.folder).map_err(|error| DeliveryError::Later(error.to_string()))?;
        let protocol = if url.scheme() == "https" { "https" } else { "http" };
        let body = text(protocol, notification, raw);
        let client = self.caller.client().map_err(|error| DeliveryError::Later(error.to_string()))?;
        let mut request = client
            .post(url)
            .header(CONTENT_TYPE, "text/plain; charset=UTF-8")
            .header(USER_AGENT, "Amazon Simple Notification Service Agent")
            .header("x-amz-sns-message-type", "Notification")
            .header("x-amz-sns-message-id", &notification.message_id);
        if let Some(topic) = notification.topic() {
            request = request.header("x-amz-sns-topic-arn", topic);
        }
        if raw {
            request = request.header("x-amz-sns-rawdelivery", "true");
        }
        let response =
            request.body(body).send().await.map_err(|error| DeliveryError::Later(web::transport_error(error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let text = format!("it answered {status}");
        // As SNS does: what is wrong with the request stays wrong.
        let later =
            status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        Err(if later { DeliveryError::Later(text) } else { DeliveryError::Refused(text) })
    }
}

/// What a protocol hands on: SNS's JSON, or the message alone.
fn text(protocol: &str, notification: &Notification, raw: bool) -> String {
    if raw { notification.message_for(protocol) } else { notification.envelope(protocol) }
}

/// The message for a queue: with raw delivery it has the attributes of the notification.
///
/// AWS developer guide of SNS, "Amazon SNS raw message delivery"
fn message_to(queue: &str, notification: &Notification, raw: bool) -> Value {
    let mut message = json!({ "QueueUrl": queue, "MessageBody": text("sqs", notification, raw) });
    if raw {
        let attribute = |(name, it): (&String, &Attribute)| {
            let member = if it.data_type.starts_with("Binary") { "BinaryValue" } else { "StringValue" };
            (name.clone(), json!({ "DataType": it.data_type, member: it.value }))
        };
        message["MessageAttributes"] =
            notification.message_attributes.iter().map(attribute).collect::<Map<_, _>>().into();
    }
    if let Some(group) = &notification.group {
        message["MessageGroupId"] = group.as_str().into();
    }
    // A standard queue does not take it.
    if let Some(deduplication) = notification.deduplication.as_ref().filter(|_| queue.ends_with(FIFO)) {
        message["MessageDeduplicationId"] = deduplication.as_str().into();
    }
    message
}

/// The mail of a notification. Its id is made of the notification's, so that one that comes twice can be told.
fn message(notification: &Notification, from: Mailbox, to: Mailbox) -> Result<Message, lettre::error::Error> {
    let subject = notification.subject.as_deref().unwrap_or("AWS Notification Message");
    let id = format!("<{}@{}>", notification.message_id, from.email.domain());
    let message = Message::builder().from(from).to(to).subject(subject).message_id(Some(id));
    message.singlepart(SinglePart::plain(notification.message_for("email")))
}

/// Adds a line to a file, whole: other programs may add to it at the same moment. What a program that was killed has left of
/// its last line is taken away: its notification is still pending, and comes again.
async fn append(path: PathBuf, line: String) -> Result<(), DeliveryError> {
    blocking(move || add_line(&path, &line).map_err(|error| DeliveryError::Later(error.to_string()))).await
}

fn add_line(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).create(true).append(true).open(path)?;
    // Where there are no locks, or for a pipe, there is nothing to be mended either.
    let length = if file.lock().is_ok() { file.metadata()?.len() } else { 0 };
    let (start, last) = last_line(&mut file, length)?;
    let mut text = format!("{line}\n");
    if is_torn(&last, line) {
        file.set_len(start)?;
    } else if !last.is_empty() {
        // Somebody else's line.
        text.insert(0, '\n');
    }
    file.write_all(text.as_bytes())
}

/// Where the line begins that has no end yet, and what it has.
fn last_line(file: &mut File, length: u64) -> io::Result<(u64, Vec<u8>)> {
    const PIECE: u64 = 64 * 1024;
    let (mut start, mut last) = (length, Vec::new());
    while start > 0 {
        let from = start.saturating_sub(PIECE);
        let mut piece = vec![0; usize::try_from(start - from).unwrap_or_default()];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        let newline = piece.iter().rposition(|byte| *byte == b'\n');
        let begins = newline.map_or(0, |at| at + 1);
        last.splice(0..0, piece.drain(begins..));
        start = from + begins as u64;
        if newline.is_some() {
            break;
        }
    }
    Ok((start, last))
}

/// Whether `last` is the beginning of a notification, as `line` is a whole one, and no JSON.
fn is_torn(last: &[u8], line: &str) -> bool {
    let same = line.find(':').unwrap_or_default().min(last.len());
    !last.is_empty()
        && last[..same] == line.as_bytes()[..same]
        && serde_json::from_slice::<serde::de::IgnoredAny>(last).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_subject_text_and_id() {
        let notification = Notification {
            message_id: "1-2".to_owned(),
            subject: Some("Grüße".to_owned()),
            message: "Line\n.\nÜnd more".to_owned(),
            ..Notification::default()
        };
        let (from, to) = ("asl@example.com".parse().unwrap(), "Ops <ops@example.com>".parse().unwrap());
        let mail = String::from_utf8(message(&notification, from, to).unwrap().formatted()).unwrap();
        for line in ["From: asl@example.com", "To: Ops <ops@example.com>", "Message-ID: <1-2@example.com>"] {
            assert!(mail.lines().any(|other| other == line), "{line} is not in\n{mail}");
        }
        assert!(mail.contains("Subject: =?utf-8?b?R3LDvMOfZQ==?="), "{mail}");
    }

    #[test]
    fn a_torn_last_line_is_mended_and_other_text_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("told.jsonl");
        let long = format!("{{\"Type\":\"{}", "x".repeat(200_000));
        for (before, after) in [
            ("", ""),
            ("{\"Type\":1}\n", "{\"Type\":1}\n"),
            ("{\"Type\":1}\n{\"Ty", "{\"Type\":1}\n"),
            ("{", ""),
            (&long, ""),
            ("{\"Type\":1}", "{\"Type\":1}\n"),
            ("a note", "a note\n"),
            ("{\"Other\":", "{\"Other\":\n"),
        ] {
            std::fs::write(&path, before).unwrap();
            add_line(&path, "{\"Type\":2}").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{after}{{\"Type\":2}}\n"), "{before:.20}");
        }
    }
}
