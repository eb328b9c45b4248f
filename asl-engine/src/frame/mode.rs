//! Whether a Frame belongs to an execution or to a test of one state.

use std::sync::Arc;

use crate::history::EventId;
use crate::task::Failure;
use crate::value::Value;

/// What a Frame is run for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Mode {
    /// An execution.
    #[default]
    Execution,
    /// A test of one state: see [`test_state`](crate::test_state).
    Test {
        /// The context object that the state sees.
        context: Box<Value>,
    },
}

impl Mode {
    /// What stands in the place of the execution's own context object.
    pub(super) fn given_context(&self) -> Option<&Value> {
        match self {
            Self::Execution => None,
            Self::Test { context } => Some(context),
        }
    }

    /// Adds to a failure of the state's own data what AWS says before it. A test has no history whose event it could name.
    pub(super) fn located(&self, state: &Arc<str>, entered_event: EventId, failure: Failure) -> Failure {
        match self {
            Self::Test { .. } => failure,
            Self::Execution => {
                let cause = failure.cause.as_deref().unwrap_or_default();
                let cause = format!(
                    "An error occurred while executing the state '{state}' (entered at the event id #{entered_event}). {cause}"
                );
                Failure { cause: Some(cause.into()), ..failure }.in_state(state)
            }
        }
    }
}
