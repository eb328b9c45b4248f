//! What a Task state asks of the world, and what it gets back.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::diagnostic::Span;
use crate::intrinsic::uuid;
use crate::retry::{HEARTBEAT_TIMEOUT, Random, TIMEOUT};
use crate::time::Timestamp;
use crate::value::Value;

/// What a Task state asks its host to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// The ARN of the execution that asks.
    pub execution: Arc<str>,
    /// The Frame of it that asks, as [`Frame::path`](crate::Frame::path) names it.
    pub frame: Arc<str>,
    /// The state that asks.
    pub state: Arc<str>,
    /// How often this visit to the state was tried before.
    pub attempt: u32,
    /// The `Resource` field: an ARN that says what is called.
    pub resource: Arc<str>,
    /// The effective input: what InputPath and Parameters leave.
    pub input: Value,
    /// The role to call it with (`Credentials`).
    pub role_arn: Option<Arc<str>>,
    /// When the task has to be answered (`TimeoutSeconds`).
    pub deadline: Option<Timestamp>,
    /// How many seconds may pass without a heartbeat (`HeartbeatSeconds`). Only what can send one has to: the worker of an
    /// activity, or whoever has the token of `.waitForTaskToken`.
    pub heartbeat_seconds: Option<i64>,
    /// Names this very attempt, also when the task is issued again after a crash. Where it is told to others, as the task token of
    /// an activity, `.waitForTaskToken` or `.sync`, nobody can guess it, and nobody should take it apart. It has at most 1,024
    /// characters.
    pub token: Arc<str>,
}

impl TaskRequest {
    /// A request of no execution, for whoever calls tasks without one.
    ///
    /// ```
    /// let request = asl_engine::TaskRequest::new("arn:aws:states:::sqs:sendMessage", asl_engine::Value::Null);
    /// assert_eq!(&*request.state, "Task");
    /// ```
    pub fn new(resource: impl Into<Arc<str>>, input: Value) -> Self {
        Self {
            execution: "arn:aws:states:us-east-1:000000000000:execution:none:none".into(),
            frame: "".into(),
            state: "Task".into(),
            attempt: 0,
            resource: resource.into(),
            input,
            role_arn: None,
            deadline: None,
            heartbeat_seconds: None,
            token: "".into(),
        }
    }

    /// A UUID for what the task makes, the same whenever it is issued again.
    pub fn uuid(&self) -> String {
        uuid(&Random::new(digest_number(&self.token))).to_string()
    }

    /// Whether the work waits for a worker of an activity.
    pub fn is_activity(&self) -> bool {
        is_activity(&self.resource)
    }

    /// When a task that nothing was heard of since `since` is given up: its deadline, or its next heartbeat.
    /// The heartbeats of an activity count from when a worker has taken it.
    pub fn gives_up(&self, since: Timestamp) -> Option<Timestamp> {
        let heartbeat = self.heartbeat_seconds.map(|seconds| since.plus_seconds(seconds));
        self.deadline.into_iter().chain(heartbeat).min()
    }
}

/// The token of an attempt that is told to others: a digest of what names it and of what nobody else knows.
pub(crate) fn task_token(secret: &str, attempt: &str) -> Arc<str> {
    let digest = Sha256::new().chain_update(secret).chain_update([0]).chain_update(attempt).finalize();
    let token = URL_SAFE_NO_PAD.encode(digest);
    // A text that begins with a hyphen reads as an option on a command line.
    match token.strip_prefix('-') {
        Some(rest) => ["A", rest].concat().into(),
        None => token.into(),
    }
}

fn digest_number(text: &str) -> u64 {
    Sha256::digest(text).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether an ARN is that of an activity: `arn:aws:states:us-east-1:123456789012:activity:name`.
pub fn is_activity(resource: &str) -> bool {
    let mut parts = resource.splitn(6, ':').skip(2);
    parts.next() == Some("states") && parts.nth(2).is_some_and(|rest| rest.starts_with("activity:"))
}

/// The error of states that cannot process their own data.
const RUNTIME_ERROR: &str = "States.Runtime";

/// The error of expressions.
pub(crate) const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";

/// Why a task or an execution failed: what a Retrier or a Catcher can match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error name, such as `States.Timeout`; a Fail state may have none.
    pub error: Option<Arc<str>>,
    /// The text for people.
    pub cause: Option<Arc<str>>,
    /// Where it was raised, and what to tell people about it, where anything is known of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
}

/// Where a failure was raised. It is for people: no event has it, and no Catcher hands it on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The field of the definition that raised it, where one did.
    pub span: Option<Span>,
    /// The same field as AWS names it, such as `Output/total`, where its expression raised it and no event has told of that
    /// yet.
    pub location: Option<Arc<str>>,
    /// The state whose own data or expression raised it. A failed task has none.
    pub state: Option<Arc<str>>,
    /// What is behind it, or what to do, in our words.
    pub hint: Option<Arc<str>>,
    /// The items of the inline Map states that it was raised in, the outermost first; the first item is 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<usize>,
    /// Whether it is a `States.Timeout` for a heartbeat that did not come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heartbeat_missed: bool,
}

impl Failure {
    /// A failure with a name and a text.
    pub fn new(error: impl Into<Arc<str>>, cause: impl Into<Arc<str>>) -> Self {
        Self { error: Some(error.into()), cause: Some(cause.into()), ..Self::default() }
    }

    /// A `States.Runtime` failure: the state cannot process its own data. No Retrier and no Catcher takes it.
    pub(crate) fn runtime(cause: impl Into<Arc<str>>) -> Self {
        Self::new(RUNTIME_ERROR, cause)
    }

    /// A `States.Timeout` failure, of which AWS tells no more.
    pub(crate) fn timeout() -> Self {
        Self { error: Some(TIMEOUT.into()), ..Self::default() }
    }

    /// The `States.Timeout` failure of a heartbeat that did not come.
    pub(crate) fn heartbeat_timeout() -> Self {
        let mut failure = Self::timeout();
        failure.origin_mut().heartbeat_missed = true;
        failure
    }

    /// A `States.QueryEvaluationError` failure: an expression of `field` gave nothing that can be used.
    pub(crate) fn evaluation(cause: impl Into<Arc<str>>, field: &Arc<str>, span: Span) -> Self {
        let mut failure = Self::new(QUERY_EVALUATION_ERROR, cause).at(span);
        failure.origin_mut().location = Some(field.clone());
        failure
    }

    /// This failure with a word for people.
    pub(crate) fn with_hint(mut self, hint: impl Into<Arc<str>>) -> Self {
        self.origin_mut().hint = Some(hint.into());
        self
    }

    /// This failure with a word for people, where there is one.
    pub(crate) fn with_help(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.with_hint(hint),
            None => self,
        }
    }

    /// This failure, raised for an item of an inline Map state.
    pub(crate) fn in_item(mut self, index: usize) -> Self {
        self.origin_mut().items.insert(0, index);
        self
    }

    /// This failure with the field that raised it.
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.origin_mut().span = Some(span);
        self
    }

    /// This failure with the state that raised it.
    pub(crate) fn in_state(mut self, state: &Arc<str>) -> Self {
        self.origin_mut().state = Some(state.clone());
        self
    }

    fn origin_mut(&mut self) -> &mut Origin {
        self.origin.get_or_insert_default()
    }

    /// Takes the field whose failure no event has told of.
    pub(crate) fn take_location(&mut self) -> Option<Arc<str>> {
        self.origin.as_mut()?.location.take()
    }

    /// The field of the definition that raised it, where one did.
    pub fn span(&self) -> Option<Span> {
        self.origin.as_ref()?.span
    }

    /// The state whose own data or expression raised it.
    pub fn state(&self) -> Option<&Arc<str>> {
        self.origin.as_ref()?.state.as_ref()
    }

    /// The items of the inline Map states that it was raised in, the outermost first; the first item is 0.
    pub fn items(&self) -> &[usize] {
        self.origin.as_ref().map_or(&[], |origin| &origin.items)
    }

    /// What is behind it, or what to do, in our words.
    pub fn hint(&self) -> Option<&str> {
        self.origin.as_ref()?.hint.as_deref()
    }

    /// What `ErrorEquals` is asked for: the error, but that a missed heartbeat, which histories call `States.Timeout`, is
    /// known to Retriers and Catchers as `States.HeartbeatTimeout` too.
    ///
    /// AWS Step Functions developer guide, "Handling errors in Step Functions workflows", `States.HeartbeatTimeout` and
    /// `States.Timeout`. No recording has a Catcher that names the first: that it is handed `States.Timeout` is a guess.
    pub(crate) fn error_for_handlers(&self) -> Option<&str> {
        match &self.origin {
            Some(origin) if origin.heartbeat_missed => Some(HEARTBEAT_TIMEOUT),
            _ => self.error.as_deref(),
        }
    }

    /// Whether it ends the execution, whatever Retry and Catch say: AWS records nothing of what it was raised in.
    pub(crate) fn ends_execution(&self) -> bool {
        self.error.as_deref() == Some(RUNTIME_ERROR)
    }

    /// `{"Error": …, "Cause": …}`: what a Catcher hands on, with `null` for what is not there. A timeout has the Cause `""`.
    pub(crate) fn error_output(&self) -> Value {
        let text = |text: &Option<Arc<str>>| text.clone().map_or(Value::Null, Value::from);
        let cause = match self.error.as_deref() {
            Some(TIMEOUT) if self.cause.is_none() => "".into(),
            _ => text(&self.cause),
        };
        [("Error", text(&self.error)), ("Cause", cause)].into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.error, &self.cause) {
            (Some(error), Some(cause)) => write!(f, "{error}: {cause}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => f.write_str("failed without an error name"),
        }
    }
}

/// How a task, a state or an execution ended.
pub type Outcome = Result<Value, Failure>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_reads_as_an_option() {
        let tokens = (0..1_000).map(|attempt: u32| task_token("secret", &attempt.to_string()));
        let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(
            tokens
                .into_iter()
                .all(|token| { token.len() == 43 && !token.starts_with('-') && token.bytes().all(alphabet) })
        );
    }
}
