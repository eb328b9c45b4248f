//! The Lambda Extensions API, for what runs inside the process of a function: internal extensions. Such are the graceful
//! shutdown of Rust's `lambda_runtime`, and the agents of several observability tools.
//!
//! AWS Lambda developer guide, "Using the Lambda Extensions API to create extensions". The texts of errors are those of
//! <https://github.com/aws/aws-lambda-runtime-interface-emulator>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::Value;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::mpsc;

use super::runtime_api::{Answer, Invocation, json, refused};

/// What every path starts with.
pub(super) const VERSION: &str = "/2020-01-01/extension/";

/// How many extensions a function may have.
const MOST: usize = 10;

const IDENTIFIER: &str = "lambda-extension-identifier";

/// What an extension is told about its function.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// The name of the function.
    pub(super) name: String,
    /// Its version, `$LATEST`.
    pub(super) version: String,
    /// What Lambda calls its handler.
    pub(super) handler: String,
    /// The account that it belongs to.
    pub(super) account: String,
}

/// The extensions of one process, by their ids.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    about: About,
    registered: Mutex<BTreeMap<String, Extension>>,
}

#[derive(Debug)]
struct Extension {
    name: String,
    /// The way to it, where it wants to be told of invocations; without one it waits for ever.
    invocations: Option<mpsc::UnboundedSender<Value>>,
    events: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Value>>>,
    /// So that one without `invocations` waits, too.
    _open: mpsc::UnboundedSender<Value>,
}

impl Extensions {
    /// No extension yet, of a function that is `about`.
    pub(super) fn new(about: About) -> Self {
        Self { about, registered: Mutex::default() }
    }

    /// `POST register`
    pub(super) fn register(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let name = text("lambda-extension-name");
        if name.is_empty() {
            return forbidden("Extension.InvalidExtensionName", "Empty extension name");
        }
        let events = match events(body) {
            Ok(events) => events,
            Err(refusal) => return refusal.into(),
        };
        let mut registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        if registered.values().any(|extension| extension.name == name) {
            return forbidden("Extension.AlreadyRegistered", "Extension already registered");
        }
        if registered.len() == MOST {
            return forbidden("Extension.TooManyExtensions", &format!("Extension limit ({MOST}) reached"));
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let extension = Extension {
            name: name.to_owned(),
            invocations: events.iter().any(|event| event == "INVOKE").then(|| sender.clone()),
            events: Arc::new(tokio::sync::Mutex::new(receiver)),
            _open: sender,
        };
        let id = uuid::Uuid::new_v4().to_string();
        let About { name, version, handler, account } = &self.about;
        let mut members = vec![("functionName", name), ("functionVersion", version), ("handler", handler)];
        if text("lambda-extension-accept-feature").split(',').any(|feature| feature.trim() == "accountId") {
            members.push(("accountId", account));
        }
        let body: Value = members.into_iter().map(|(name, value)| (name, Value::from(value.as_str()))).collect();
        let mut answer = json(StatusCode::OK, body.to_string());
        if let Ok(value) = HeaderValue::from_str(&id) {
            answer.headers_mut().insert(IDENTIFIER, value);
        }
        registered.insert(id, extension);
        answer
    }

    /// `GET event/next`: waits for what the extension wants to be told.
    pub(super) async fn next(&self, headers: &HeaderMap) -> Answer {
        let events = match self.find(headers, |extension| Arc::clone(&extension.events)) {
            Ok(events) => events,
            Err(refusal) => return refusal.into(),
        };
        let event = events.lock().await.recv().await;
        match event {
            Some(event) => json(StatusCode::OK, event.to_string()),
            // The sender is beside the receiver.
            None => forbidden("Extension.InvalidStateTransition", "No more events"),
        }
    }

    /// `POST init/error` and `POST exit/error`: the extension gives up. The function goes on.
    pub(super) fn failed(&self, headers: &HeaderMap) -> Answer {
        match self.find(headers, |_| ()) {
            Ok(()) => super::runtime_api::accepted(),
            Err(refusal) => refusal.into(),
        }
    }

    /// Tells of an invocation.
    pub(super) fn invoked(&self, invocation: &Invocation, trace: &str) {
        let registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in registered.values().filter_map(|extension| extension.invocations.as_ref()) {
            let tracing = Value::from([("type", Value::from("X-Amzn-Trace-Id")), ("value", Value::from(trace))]);
            let deadline = i64::try_from(invocation.deadline_ms).unwrap_or(i64::MAX);
            // The receiver is beside the sender.
            let _ = sender.send(Value::from([
                ("eventType", Value::from("INVOKE")),
                ("deadlineMs", Value::from(deadline)),
                ("requestId", Value::from(&*invocation.request_id)),
                ("invokedFunctionArn", Value::from(&*invocation.arn)),
                ("tracing", tracing),
            ]));
        }
    }

    fn find<T>(&self, headers: &HeaderMap, of: impl FnOnce(&Extension) -> T) -> Result<T, Refusal> {
        let Some(id) = headers.get(IDENTIFIER) else {
            return Err(Refusal::new(
                "Extension.MissingExtensionIdentifier",
                "Missing Lambda-Extension-Identifier header",
            ));
        };
        let id = id.to_str().unwrap_or_default();
        if uuid::Uuid::parse_str(id).is_err() {
            return Err(Refusal::new("Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"));
        }
        let registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        let extension = registered.get(id);
        let unknown = || Refusal::new("Extension.UnknownExtensionIdentifier", &format!("Unknown extension {id}"));
        extension.map(of).ok_or_else(unknown)
    }
}

/// Why an extension is refused.
struct Refusal {
    error_type: &'static str,
    message: String,
}

impl Refusal {
    fn new(error_type: &'static str, message: &str) -> Self {
        Self { error_type, message: message.to_owned() }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        refused(StatusCode::FORBIDDEN, refusal.error_type, refusal.message)
    }
}

/// What a registration asks for: none where it has no body.
fn events(body: &[u8]) -> Result<Vec<String>, Refusal> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let parsed = std::str::from_utf8(body).ok().and_then(|text| text.parse::<Value>().ok());
    let wrong = || Refusal::new("InvalidRequestFormat", "the body is no JSON with a list of events");
    let parsed = parsed.ok_or_else(wrong)?;
    let mut events = Vec::new();
    for event in parsed.get("events").and_then(Value::as_array).into_iter().flatten() {
        match event.as_str().ok_or_else(wrong)? {
            "INVOKE" => events.push("INVOKE".to_owned()),
            // Only what runs beside the function is told of it.
            "SHUTDOWN" => {
                return Err(Refusal::new(
                    "Extension.InvalidEventType",
                    "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
                ));
            }
            other => {
                return Err(Refusal::new("Extension.InvalidEventType", &format!("{other}: ErrorInvalidEventType")));
            }
        }
    }
    Ok(events)
}

fn forbidden(error_type: &'static str, message: &str) -> Answer {
    Refusal::new(error_type, message).into()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    async fn text(answer: Answer) -> String {
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    fn extensions() -> Extensions {
        let text = str::to_owned;
        Extensions::new(About {
            name: text("f"),
            version: text("$LATEST"),
            handler: text("bootstrap"),
            account: text("123456789012"),
        })
    }

    #[tokio::test]
    async fn an_extension_is_told_of_invocations() {
        let extensions = extensions();
        let named = headers(&[("lambda-extension-name", "a"), ("lambda-extension-accept-feature", "accountId")]);
        let answer = extensions.register(&named, br#"{"events":["INVOKE"]}"#);
        let id = answer.headers()[IDENTIFIER].to_str().unwrap().to_owned();
        assert_eq!(
            text(answer).await,
            r#"{"functionName":"f","functionVersion":"$LATEST","handler":"bootstrap","accountId":"123456789012"}"#
        );
        let invocation = Invocation {
            request_id: "r".into(),
            arn: "arn".into(),
            payload: "{}".into(),
            deadline_ms: 5,
            client_context: None,
        };
        extensions.invoked(&invocation, "Root=1");
        assert_eq!(
            text(extensions.next(&headers(&[(IDENTIFIER, &id)])).await).await,
            r#"{"eventType":"INVOKE","deadlineMs":5,"requestId":"r","invokedFunctionArn":"arn","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"}}"#
        );
        assert_eq!(extensions.failed(&headers(&[(IDENTIFIER, &id)])).status(), StatusCode::ACCEPTED);
    }

    #[tokio::test]
    async fn an_extension_that_asks_for_nothing_is_told_nothing() {
        let extensions = extensions();
        let answer = extensions.register(&headers(&[("lambda-extension-name", "a")]), br#"{"events":[]}"#);
        let id = answer.headers()[IDENTIFIER].to_str().unwrap().to_owned();
        let id = headers(&[(IDENTIFIER, &id)]);
        let waits = extensions.next(&id);
        tokio::select! {
            biased;
            _ = waits => panic!("nothing was to be told"),
            () = tokio::task::yield_now() => {}
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_refused() {
        let extensions = extensions();
        let a = headers(&[("lambda-extension-name", "a")]);
        assert_eq!(extensions.register(&a, b"").status(), StatusCode::OK);
        for (answer, expected) in [
            (extensions.register(&headers(&[]), b""), "Extension.InvalidExtensionName"),
            (extensions.register(&a, b""), "Extension.AlreadyRegistered"),
            (extensions.register(&a, b"{"), "InvalidRequestFormat"),
            (extensions.register(&a, br#"{"events":["SHUTDOWN"]}"#), "Extension.InvalidEventType"),
            (extensions.register(&a, br#"{"events":["OTHER"]}"#), "Extension.InvalidEventType"),
            (extensions.next(&headers(&[])).await, "Extension.MissingExtensionIdentifier"),
            (extensions.next(&headers(&[(IDENTIFIER, "x")])).await, "Extension.InvalidExtensionIdentifier"),
            (
                extensions.failed(&headers(&[(IDENTIFIER, &uuid::Uuid::new_v4().to_string())])),
                "Extension.UnknownExtensionIdentifier",
            ),
        ] {
            assert_eq!(answer.status(), StatusCode::FORBIDDEN);
            let text = text(answer).await;
            assert!(text.starts_with(&format!(r#"{{"errorType":"{expected}""#)), "{text}");
        }
    }
}
