//! The answers of tasks, as they were recorded.

use asl_engine::{Failure, TaskRequest};
use asl_runtime::virtual_time::Answer;
use serde_json::Value;

use crate::compare::{Bindings, agree, normal};

/// The recorded answers of one execution, each to be given once.
pub(crate) struct Mocks {
    left: Vec<Value>,
}

impl Mocks {
    pub(crate) fn of(case: &Value) -> Self {
        Self { left: case["mocks"].as_array().cloned().unwrap_or_default() }
    }

    /// The answer that was recorded for this state and request; for another request of the state where none was.
    pub(crate) fn answer(&mut self, request: &TaskRequest) -> Answer {
        let input = normal(&serde_json::Value::from(&request.input));
        let of_state = |mock: &Value| mock["state"].as_str() == Some(&request.state);
        let exact = |mock: &Value| {
            of_state(mock) && agree(&normal(&mock["request"]), &input, &mut Bindings::default(), "").is_ok()
        };
        let found = self.left.iter().position(exact).or_else(|| self.left.iter().position(of_state));
        let Some(at) = found else {
            let failure = Failure::new("Unrecorded", format!("no answer is recorded for the state {}", request.state));
            return Answer::from(Err(failure));
        };
        let outcome = self.left.remove(at)["outcome"].take();
        match outcome["type"].as_str() {
            Some("success") => Answer::from(Ok((&outcome["output"]).into())),
            Some("failure") => Answer::from(Err(Failure {
                error: text(&outcome["error"]),
                cause: text(&outcome["cause"]),
                span: None,
            })),
            _ => Answer { outcome: None, after_millis: 0 },
        }
    }
}

/// A text; an object was JSON text on the wire.
fn text(value: &Value) -> Option<std::sync::Arc<str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_str().into()),
        other => Some(other.to_string().into()),
    }
}
