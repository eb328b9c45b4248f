//! What a test gives.

use std::sync::Arc;

use super::{Handler, HandlerKind, Stage, Verdict};
use crate::definition::ast::StateType;
use crate::task::Failure;
use crate::value::Value;

/// How a test went.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// What became of the state.
    pub status: Status,
    /// The output, where the state succeeded or its error was caught.
    pub output: Option<Value>,
    /// The error, where one was raised.
    pub failure: Option<Failure>,
    /// The state that follows.
    pub next_state: Option<Arc<str>>,
    /// The name of the state in its definition.
    pub state_name: Arc<str>,
    /// Its type.
    pub state_type: StateType,
    /// The data at each stage that was reached, in the order of the work.
    pub stages: Vec<(Stage, Value)>,
    /// All variables after the state, as an object.
    pub variables: Value,
    /// What each Retrier and Catcher of the state says to the error; empty where none was raised.
    pub handlers: Vec<Handler>,
    /// After how many seconds the state would be tried again.
    pub retry_backoff_seconds: Option<i64>,
    /// How the mocked result was held against what the API of a service answers.
    pub mock_check: MockCheck,
}

/// How a mocked result was held against what the API of a service answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MockCheck {
    /// It was not: there is no result, it is not that of an API, or it was not to be.
    #[default]
    NotNeeded,
    /// It was not, for there is no model of the action here.
    NoModel,
    /// It fits.
    Fits,
}

/// `status`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The state gave an output.
    Succeeded,
    /// It failed, and nothing takes the error.
    Failed,
    /// A Retrier takes the error.
    Retriable,
    /// A Catcher takes the error.
    CaughtError,
}

/// `inspectionLevel`: how much of what happened is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InspectionLevel {
    /// The outcome.
    #[default]
    Info,
    /// The outcome and the data at each stage.
    Debug,
    /// The same; AWS adds the request and the response of an HTTP Task, which is mocked here.
    Trace,
}

impl Status {
    /// The word of the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Retriable => "RETRIABLE",
            Self::CaughtError => "CAUGHT_ERROR",
        }
    }
}

impl Stage {
    /// The member of `inspectionData`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::AfterInputPath => "afterInputPath",
            Self::AfterParameters => "afterParameters",
            Self::AfterArguments => "afterArguments",
            Self::AfterItemsPath => "afterItemsPath",
            Self::AfterItemsPointer => "afterItemsPointer",
            Self::AfterItemSelector => "afterItemSelector",
            Self::AfterItemBatcher => "afterItemBatcher",
            Self::MaxConcurrency => "maxConcurrency",
            Self::ToleratedFailureCount => "toleratedFailureCount",
            Self::ToleratedFailurePercentage => "toleratedFailurePercentage",
            Self::Result => "result",
            Self::AfterResultSelector => "afterResultSelector",
            Self::AfterResultPath => "afterResultPath",
        }
    }

    /// Whether AWS shows the stage for states of this type.
    fn shown_for(self, state_type: StateType) -> bool {
        match state_type {
            StateType::Parallel => {
                !matches!(self, Self::AfterInputPath | Self::AfterParameters | Self::AfterArguments | Self::Result)
            }
            StateType::Map => self != Self::Result,
            _ => true,
        }
    }

    /// Whether it is a number that the state goes by, rather than data on its way.
    pub fn is_number(self) -> bool {
        matches!(self, Self::MaxConcurrency | Self::ToleratedFailureCount | Self::ToleratedFailurePercentage)
    }
}

impl Tested {
    /// The response of the API: `output` and the data at the stages are JSON text.
    pub fn to_json(&self, level: InspectionLevel) -> Value {
        let text = |text: &Arc<str>| Value::from(text.clone());
        let failure = self.failure.as_ref();
        let members = [
            ("output", self.output.as_ref().map(|output| output.to_string().into())),
            ("error", failure.and_then(|failure| failure.error.as_ref()).map(text)),
            ("cause", failure.and_then(|failure| failure.cause.as_ref()).map(text)),
            ("inspectionData", (level != InspectionLevel::Info).then(|| self.inspection_data())),
            ("nextState", self.next_state.as_ref().map(text)),
            ("status", Some(self.status.name().into())),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn inspection_data(&self) -> Value {
        let shown = self.stages.iter().filter(|(stage, _)| stage.shown_for(self.state_type));
        let text = |(stage, value): &(Stage, Value)| {
            (stage.name(), if stage.is_number() { value.clone() } else { value.to_string().into() })
        };
        let variables = Some(&self.variables).filter(|variables| **variables != Value::empty_object());
        let variables = variables.map(|variables| ("variables", variables.to_string().into()));
        let details = self.error_details().map(|details| ("errorDetails", details));
        shown.map(text).chain(variables).chain(details).collect()
    }

    fn error_details(&self) -> Option<Value> {
        let index = |kind| {
            let asked = |handler: &&Handler| {
                handler.kind == kind && matches!(handler.verdict, Verdict::Takes | Verdict::UsedUp { .. })
            };
            self.handlers.iter().find(asked).map(|handler| i64::try_from(handler.index).unwrap_or(i64::MAX).into())
        };
        let members = [
            ("retryIndex", index(HandlerKind::Retrier)),
            ("retryBackoffIntervalSeconds", self.retry_backoff_seconds.map(Value::from)),
            ("catchIndex", index(HandlerKind::Catcher)),
        ];
        let details: Value = members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        (details != Value::empty_object()).then_some(details)
    }
}
