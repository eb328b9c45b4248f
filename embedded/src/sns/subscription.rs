//! Who gets what is published: the subscriptions of the routing file, and the mail server.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use asl_runtime::Pattern;
use asl_settings::{Address, Secret, Setting, SettingError};
use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::filter::Filter;
use super::notification::Notification;
use crate::sqs::queue_name;

/// A subscription to the topics that fit a pattern.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "SubscriptionText")]
pub struct Subscription {
    pub(super) topic: Pattern,
    pub(super) to: To,
    /// Whether only the message is handed on, as SNS does with `RawMessageDelivery`.
    pub(super) raw: bool,
    /// Which notifications it wants; all of them without one.
    pub(super) filter: Option<Filter>,
}

/// Where notifications go.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum To {
    /// An e-mail with the subject and the message.
    Email(Mailbox),
    /// A POST of SNS's JSON text.
    Http(Address),
    /// A message in a queue of the embedded SQS: its name, its URL or its ARN.
    Sqs(String),
    /// A call of a function, by its ARN, which is not waited for.
    Lambda(String),
    /// A line of SNS's JSON text at the end of a file; a relative path starts at the folder of the routing file.
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubscriptionText {
    topic: String,
    #[serde(default, deserialize_with = "some_mailbox")]
    email: Option<Mailbox>,
    http: Option<Address>,
    sqs: Option<String>,
    lambda: Option<String>,
    file: Option<PathBuf>,
    #[serde(default)]
    raw_message_delivery: bool,
    filter_policy: Option<serde_json::Value>,
    filter_policy_scope: Option<String>,
}

/// An entry of the routing file is no subscription.
#[derive(Debug, thiserror::Error)]
enum SubscriptionError {
    #[error("a subscription has one of email, http, sqs, lambda and file")]
    NotOneEnd,
    #[error("expected the name, the URL or the ARN of a queue")]
    Queue,
    #[error("lambda is the ARN of a function")]
    Function,
    #[error("raw_message_delivery is for http and sqs")]
    Raw,
    #[error("filter_policy: {0}")]
    Filter(String),
}

impl TryFrom<SubscriptionText> for Subscription {
    type Error = SubscriptionError;

    fn try_from(text: SubscriptionText) -> Result<Self, SubscriptionError> {
        let SubscriptionText { topic, email, http, sqs, lambda, file, raw_message_delivery: raw, .. } = &text;
        let raw = *raw;
        let all = [
            email.clone().map(To::Email),
            http.clone().map(To::Http),
            sqs.clone().map(To::Sqs),
            lambda.clone().map(To::Lambda),
            file.clone().map(To::File),
        ];
        let mut given = all.into_iter().flatten();
        let (Some(to), None) = (given.next(), given.next()) else {
            return Err(SubscriptionError::NotOneEnd);
        };
        if let To::Sqs(queue) = &to
            && queue_name(queue).is_none()
        {
            return Err(SubscriptionError::Queue);
        }
        if let To::Lambda(arn) = &to
            && !(arn.starts_with("arn:") && arn.contains(":function:"))
        {
            return Err(SubscriptionError::Function);
        }
        let policy = text.filter_policy.as_ref().map(ToString::to_string);
        let filter = Filter::of(policy.as_deref(), text.filter_policy_scope.as_deref());
        let filter = filter.map_err(|error| SubscriptionError::Filter(error.told().2))?;
        if raw && !matches!(to, To::Http(_) | To::Sqs(_)) {
            return Err(SubscriptionError::Raw);
        }
        Ok(Self { topic: topic.as_str().into(), to, raw, filter })
    }
}

impl Subscription {
    pub(super) fn protocol(&self) -> &'static str {
        match self.to {
            To::Email(_) => "email",
            To::Http(_) => "http",
            To::Sqs(_) => "sqs",
            To::Lambda(_) => "lambda",
            To::File(_) => "file",
        }
    }

    /// Where it goes, without what may be secret in it.
    pub(super) fn endpoint(&self) -> String {
        match &self.to {
            To::Email(mailbox) => mailbox.to_string(),
            To::Http(address) => address.to_string(),
            To::Sqs(queue) => queue.clone(),
            To::Lambda(arn) => arn.clone(),
            To::File(path) => path.display().to_string(),
        }
    }

    /// Whether it gets a notification.
    pub(super) fn gets(&self, notification: &Notification) -> bool {
        self.topic.matches(notification.topic().unwrap_or_default())
            && self.filter.as_ref().is_none_or(|filter| filter.wants(notification))
    }

    /// The name of the queue that it delivers to.
    pub(super) fn queue(&self) -> Option<&str> {
        match &self.to {
            To::Sqs(queue) => queue_name(queue),
            _ => None,
        }
    }

    /// Whether it needs the mail server.
    pub fn is_email(&self) -> bool {
        matches!(self.to, To::Email(_))
    }

    /// Whether it needs the embedded SQS.
    pub fn is_sqs(&self) -> bool {
        matches!(self.to, To::Sqs(_))
    }
}

/// The mail server, and who its mails are from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "MailText")]
pub struct Mail {
    pub(super) server: Server,
    pub(super) from: Mailbox,
    user: Option<(Setting, Secret)>,
}

/// A mail server, such as `smtp://127.0.0.1:1025`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Server {
    pub(super) security: Security,
    pub(super) host: String,
    pub(super) port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Security {
    /// `smtp://`: none, so that no password is sent except to this machine.
    Plain,
    /// `starttls://`: TLS after the greeting, or no mail.
    StartTls,
    /// `smtps://`: TLS from the start.
    Tls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailText {
    server: String,
    #[serde(deserialize_with = "mailbox")]
    from: Mailbox,
    username: Option<Setting>,
    password: Option<Secret>,
}

/// The `[mail]` of a routing file names no mail server, or would give a password away.
#[derive(Debug, thiserror::Error)]
enum MailError {
    // The text itself is not repeated: somebody may have put a password into it.
    #[error("expected smtp://host, starttls://host or smtps://host, with or without a port")]
    Server,
    #[error("username and password go together")]
    HalfAUser,
    #[error("a password is sent over TLS only: use starttls:// or smtps://")]
    PlainPassword,
}

impl TryFrom<MailText> for Mail {
    type Error = MailError;

    fn try_from(text: MailText) -> Result<Self, MailError> {
        let MailText { server, from, username, password } = text;
        let user = match (username, password) {
            (Some(username), Some(password)) => Some((username, password)),
            (None, None) => None,
            _ => return Err(MailError::HalfAUser),
        };
        let (server, on_this_machine) = self::server(&server)?;
        if user.is_some() && server.security == Security::Plain && !on_this_machine {
            return Err(MailError::PlainPassword);
        }
        Ok(Self { server, from, user })
    }
}

/// The server that a URL names, and whether it is on this machine.
fn server(text: &str) -> Result<(Server, bool), MailError> {
    let url = Url::parse(text).map_err(|_| MailError::Server)?;
    let (security, port) = match url.scheme() {
        "smtp" => (Security::Plain, 25),
        "starttls" => (Security::StartTls, 587),
        "smtps" => (Security::Tls, 465),
        _ => return Err(MailError::Server),
    };
    let more = !matches!(url.path(), "" | "/") || url.query().is_some() || !url.username().is_empty();
    let host = url.host().filter(|_| !more).ok_or(MailError::Server)?;
    // The host of a URL with such a scheme is not looked into: `127.0.0.1` is a name there.
    let host = Host::parse(&host.to_string()).map_err(|_| MailError::Server)?;
    let on_this_machine = match &host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let host = match host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    };
    Ok((Server { security, host, port: url.port().unwrap_or(port) }, on_this_machine))
}

impl Mail {
    /// The user and the password, where the server asks for them; the error says why they are not known.
    pub(super) fn credentials(&self, folder: &Path) -> Result<Option<(String, String)>, SettingError> {
        let Some((username, password)) = &self.user else { return Ok(None) };
        Ok(Some((username.read(folder)?, password.read(folder)?)))
    }

    /// Whether the name of the user is a secret too.
    pub(super) fn is_user_secret(&self) -> bool {
        self.user.as_ref().is_some_and(|(username, _)| username.is_secret())
    }
}

fn mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mailbox, D::Error> {
    let text = String::deserialize(deserializer)?;
    Mailbox::from_str(&text).map_err(|_| serde::de::Error::custom(format!("{text:?} is no e-mail address")))
}

fn some_mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mailbox>, D::Error> {
    mailbox(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(toml: &str) -> Result<T, String> {
        toml::from_str(toml).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn subscriptions_have_one_end() {
        for (toml, protocol, endpoint) in [
            ("email = 'ops@example.com'", "email", "ops@example.com"),
            ("email = 'Ops <ops@example.com>'", "email", "Ops <ops@example.com>"),
            ("http = 'https://u:p@host/hook?key=1'\nraw_message_delivery = true", "http", "https://host/hook"),
            ("http = { env = 'HOOK' }", "http", "the URL in the environment variable HOOK"),
            ("sqs = 'arn:aws:sqs:us-east-1:1:q'\nraw_message_delivery = true", "sqs", "arn:aws:sqs:us-east-1:1:q"),
            ("file = 'told.jsonl'", "file", "told.jsonl"),
            (
                "lambda = 'arn:aws:lambda:us-east-1:1:function:f'\nfilter_policy = { a = ['b'] }",
                "lambda",
                "arn:aws:lambda:us-east-1:1:function:f",
            ),
        ] {
            let subscription: Subscription = read(&format!("topic = 't'\n{toml}")).unwrap();
            assert_eq!((subscription.protocol(), subscription.endpoint()), (protocol, endpoint.to_owned()));
        }
        for (toml, expected) in [
            ("topic = 't'", "a subscription has one of email, http, sqs, lambda and file"),
            ("topic = 't'\nemail = 'a@b.c'\nfile = 'f'", "a subscription has one of email, http, sqs, lambda and file"),
            ("topic = 't'\nemail = 'ops'", "\"ops\" is no e-mail address"),
            ("topic = 't'\nsqs = 'a/b'", "expected the name, the URL or the ARN of a queue"),
            ("topic = 't'\nhttp = 'host'", "expected an http or https URL (relative URL without a base)"),
            ("topic = 't'\nlambda = 'f'", "lambda is the ARN of a function"),
            ("topic = 't'\nfile = 'f'\nraw_message_delivery = true", "raw_message_delivery is for http and sqs"),
        ] {
            assert_eq!(read::<Subscription>(toml).unwrap_err(), expected, "{toml}");
        }
    }

    #[test]
    fn mail_servers_are_urls() {
        for (text, security, host, port) in [
            ("smtp://127.0.0.1:1025", Security::Plain, "127.0.0.1", 1025),
            ("smtp://[::1]", Security::Plain, "::1", 25),
            ("starttls://mail.example.com", Security::StartTls, "mail.example.com", 587),
            ("smtps://mail.example.com/", Security::Tls, "mail.example.com", 465),
        ] {
            let mail: Mail = read(&format!("server = '{text}'\nfrom = 'asl@example.com'")).unwrap();
            assert_eq!(mail.server, Server { security, host: host.to_owned(), port }, "{text}");
        }
        let user = "username = 'u'\npassword = { env = 'P' }";
        let mail = |server: &str, more: &str| read::<Mail>(&format!("server = '{server}'\nfrom = 'a@b.c'\n{more}"));
        assert!(mail("smtp://localhost", user).is_ok() && mail("smtp://127.0.0.2:25", user).is_ok());
        assert!(mail("smtp://[::1]", user).is_ok() && mail("starttls://mail.example.com", user).is_ok());
        let expected = "expected smtp://host, starttls://host or smtps://host, with or without a port";
        for (server, more, message) in [
            ("mail.example.com", "", expected),
            ("http://mail.example.com", "", expected),
            ("smtp://me:secret@mail.example.com", "", expected),
            ("smtp://mail.example.com", user, "a password is sent over TLS only: use starttls:// or smtps://"),
            ("smtps://mail.example.com", "username = 'u'", "username and password go together"),
        ] {
            assert_eq!(mail(server, more).unwrap_err(), message);
        }
    }
}
