//! The context object: what an execution knows about itself, `$$`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::jsonata::JsonataLimits;
use crate::time::Timestamp;
use crate::value::Value;

/// One execution: who it is and what it was started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// `$$.Execution.Id`
    pub arn: Arc<str>,
    /// `$$.Execution.Name`
    pub name: Arc<str>,
    /// `$$.Execution.RoleArn`
    pub role_arn: Arc<str>,
    /// `$$.Execution.StartTime`
    pub start_time: Timestamp,
    /// `$$.Execution.Input`
    pub input: Value,
    /// The text of the input as it came in. AWS quotes it until a state changes the input.
    #[serde(default)]
    pub input_text: Option<Arc<str>>,
    /// `$$.StateMachine.Id`
    pub state_machine_arn: Arc<str>,
    /// `$$.StateMachine.Name`
    pub state_machine_name: Arc<str>,
    /// Where the random numbers of the execution start.
    pub seed: u64,
    /// What its task tokens are made with, so that nobody can guess them. A host that tells tokens to others sets it to what only
    /// chance knows; without that, it comes from the seed.
    pub token_secret: Arc<str>,
    /// `$$.Execution.RedriveCount`: how often it went on after it had failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redrive_count: u32,
    /// `$$.Execution.RedriveTime`: when it went on last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_time: Option<Timestamp>,
    /// The bounds that it has to keep.
    pub quotas: Quotas,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The service quotas that end an execution or a task. [`Quotas::default`] has AWS's; `None` sets no bound.
///
/// AWS developer guide, "Service quotas".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotas {
    /// How many events a history may have: 25,000. The last one is the failure.
    pub history_events: Option<u64>,
    /// How many bytes the input or output of a state, or a task's result, may have as JSON text: 256 KiB. Where
    /// there is no bound, expressions may take more, too.
    pub payload_bytes: Option<usize>,
    /// How many bytes a variable, and all that one `Assign` assigns, may have as JSON text: 256 KiB.
    pub variable_bytes: Option<usize>,
    /// How many bytes all variables may have together: 10 MiB.
    pub variables_bytes: Option<usize>,
}

impl Quotas {
    /// No bounds.
    pub const NONE: Self =
        Self { history_events: None, payload_bytes: None, variable_bytes: None, variables_bytes: None };

    /// How much an expression may take: more where data may be larger than AWS takes it.
    pub(crate) fn expression_limits(&self) -> JsonataLimits {
        match self.payload_bytes {
            Some(_) => JsonataLimits::AWS,
            None => JsonataLimits::WIDE,
        }
    }
}

impl Default for Quotas {
    fn default() -> Self {
        const KIB: usize = 1024;
        Self {
            history_events: Some(25_000),
            payload_bytes: Some(256 * KIB),
            variable_bytes: Some(256 * KIB),
            variables_bytes: Some(10 * 1024 * KIB),
        }
    }
}

impl Execution {
    /// An execution with ARNs of the account 000000000000 in us-east-1.
    ///
    /// ```
    /// use asl_engine::{Execution, Timestamp, Value};
    ///
    /// let execution = Execution::local("download", "run-1", Value::Null, Timestamp(0), 42);
    /// assert_eq!(&*execution.arn, "arn:aws:states:us-east-1:000000000000:execution:download:run-1");
    /// ```
    pub fn local(state_machine: &str, name: &str, input: Value, start_time: Timestamp, seed: u64) -> Self {
        Self {
            arn: format!("arn:aws:states:us-east-1:000000000000:execution:{state_machine}:{name}").into(),
            name: name.into(),
            role_arn: "arn:aws:iam::000000000000:role/asl".into(),
            start_time,
            input,
            input_text: None,
            state_machine_arn: format!("arn:aws:states:us-east-1:000000000000:stateMachine:{state_machine}").into(),
            state_machine_name: state_machine.into(),
            seed,
            token_secret: format!("{seed:016x}").into(),
            redrive_count: 0,
            redrive_time: None,
            quotas: Quotas::default(),
        }
    }

    /// A context object with all that one can hold: as a Task state in a Map has it that waits for its token.
    ///
    /// ```
    /// use asl_engine::{Execution, Timestamp, Value};
    ///
    /// let execution = Execution::local("download", "run-1", Value::Null, Timestamp(0), 42);
    /// let context = execution.sample_context("Fetch", Value::from(7));
    /// assert_eq!(context["Map"]["Item"]["Value"].as_i64(), Some(7));
    /// ```
    pub fn sample_context(&self, state: &str, item: Value) -> Value {
        let context = Context {
            execution: self,
            state: &state.into(),
            entered_time: self.start_time,
            retry_count: Some(0),
            map_item: Some(&MapItem { value: item, source: Some(STATE_DATA.into()), ..MapItem::default() }),
            token: Some(&"sample-token".into()),
            given: None,
        };
        context.to_value()
    }

    /// The region of the execution's ARN.
    pub(crate) fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }
}

/// `$$.Map.Item.Source` of items of child executions that are not read from S3. AWS developer guide, "Context object".
pub(crate) const STATE_DATA: &str = "STATE_DATA";

/// The item that an iteration of a Map works on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapItem {
    pub(crate) index: usize,
    /// Its name, where the items are the members of an object.
    pub(crate) key: Option<Arc<str>>,
    pub(crate) value: Value,
    /// Where it comes from: `STATE_DATA`, or the URI of the object or bucket. Items of an inline Map have none, which is recorded
    /// (`aws2.jsonl`, Feature.JsonataScopeSource-003).
    pub(crate) source: Option<Arc<str>>,
}

/// The parts of the context object that change from state to state.
pub(crate) struct Context<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) state: &'a Arc<str>,
    pub(crate) entered_time: Timestamp,
    /// Only states that can be retried have one.
    pub(crate) retry_count: Option<u32>,
    pub(crate) map_item: Option<&'a MapItem>,
    /// Only a Task state that waits for its token has one.
    pub(crate) token: Option<&'a Arc<str>>,
    /// What a test of one state puts in the place of everything but the item.
    pub(crate) given: Option<&'a Value>,
}

impl Context<'_> {
    /// The object itself. AWS developer guide, "Context object".
    pub(crate) fn to_value(&self) -> Value {
        let item = self.map_item.map(|item| {
            let index = i64::try_from(item.index).unwrap_or(i64::MAX);
            let key = item.key.clone().map(|key| ("Key", key.into()));
            let source = item.source.clone().map(|source| ("Source", source.into()));
            let parts =
                [("Index", index.into())].into_iter().chain(key).chain([("Value", item.value.clone())]).chain(source);
            Value::from([("Item", parts.collect())])
        });
        if let Some(Value::Object(given)) = self.given {
            return item.map_or_else(|| given.clone(), |item| given.with("Map", item)).into();
        }
        let execution = self.execution;
        let text = |text: &Arc<str>| Value::from(text.clone());
        let mut state = vec![("Name", text(self.state)), ("EnteredTime", self.entered_time.to_string().into())];
        state.extend(self.retry_count.map(|count| ("RetryCount", count.into())));
        let mut about = vec![
            ("Id", text(&execution.arn)),
            ("Input", execution.input.clone()),
            ("StartTime", execution.start_time.to_string().into()),
            ("Name", text(&execution.name)),
            ("RoleArn", text(&execution.role_arn)),
            ("RedriveCount", execution.redrive_count.into()),
        ];
        about.extend(execution.redrive_time.map(|time| ("RedriveTime", time.to_string().into())));
        let mut parts = vec![
            ("Execution", about.into_iter().collect()),
            (
                "StateMachine",
                Value::from([
                    ("Id", text(&execution.state_machine_arn)),
                    ("Name", text(&execution.state_machine_name)),
                ]),
            ),
            ("State", state.into_iter().collect()),
        ];
        parts.extend(item.map(|item| ("Map", item)));
        parts.extend(self.token.map(|token| ("Task", [("Token", text(token))].into())));
        parts.into_iter().collect()
    }
}
