//! The answers of tasks, as they were recorded.

use std::sync::Arc;

use asl_engine::{Failure, Reply, TaskRequest};
use asl_runtime::simulation::Answer;
use serde_json::Value;

use crate::compare::{Bindings, agree, normal};

/// The recorded answers of one execution, each to be given once.
pub(crate) struct Mocks {
    left: Vec<Value>,
    events: Vec<Value>,
    /// What was put into S3 before the start.
    objects: Vec<Value>,
}

impl Mocks {
    pub(crate) fn of(case: &Value) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        Self { left: list(&case["mocks"]), events: list(&case["expected"]["events"]), objects: list(&case["setup"]) }
    }

    /// The answer that was recorded for this state and request; for another request of the state where none was.
    pub(crate) fn answer(&mut self, request: &TaskRequest) -> Answer {
        let input = normal(&serde_json::Value::from(&request.input));
        if &*request.resource == "arn:aws:states:::s3:getObject" {
            return self.object(&input);
        }
        let of_state = |mock: &Value| mock["state"].as_str() == Some(&request.state);
        let exact = |mock: &Value| {
            of_state(mock) && agree(&normal(&mock["request"]), &input, &mut Bindings::default(), "").is_ok()
        };
        let found = self.left.iter().position(exact).or_else(|| self.left.iter().position(of_state));
        let Some(at) = found else {
            let failure = Failure::new("Unrecorded", format!("no answer is recorded for the state {}", request.state));
            return Answer::from(Err(failure));
        };
        let mock = self.left.remove(at);
        let outcome = &mock["outcome"];
        let ended = match outcome["type"].as_str() {
            Some("success") => Some(Ok((&outcome["output"]).into())),
            Some("failure") => Some(Err(Failure {
                error: text(&outcome["error"]),
                cause: text(&outcome["cause"]),
                ..Failure::default()
            })),
            _ => None,
        };
        let before = match (mock["kind"].as_str(), mock.get("submitted")) {
            (Some("activity"), _) => Some(Reply::Started { worker_name: self.worker_name(&mock) }),
            (_, Some(submitted)) => Some(Reply::Submitted(submitted.into())),
            _ => None,
        };
        Answer { before: before.into_iter().collect(), outcome: ended, ..Answer::default() }
    }

    fn object(&self, input: &Value) -> Answer {
        let asked = |call: &&Value| {
            let put = &call["params"];
            call["op"] == "put_object" && put["Bucket"] == input["Bucket"] && put["Key"] == input["Key"]
        };
        let found = self.objects.iter().find(asked).and_then(|call| call["params"]["Body"].as_str());
        Answer::from(found.map(asl_engine::Value::from).ok_or_else(|| Failure::new("S3.NoSuchKeyException", "")))
    }

    /// What the worker of an activity called itself: it stands in the event that follows the scheduled one.
    fn worker_name(&self, mock: &Value) -> Option<Arc<str>> {
        let scheduled = &mock["scheduledEventId"];
        let started = self
            .events
            .iter()
            .find(|event| event["type"] == "ActivityStarted" && &event["previousEventId"] == scheduled);
        text(&started?["activityStartedEventDetails"]["workerName"])
    }
}

/// Whether the owners of the answers were guessed, and one answer was lost.
pub(crate) fn lost(case: &Value) -> bool {
    let mocks = case["mocks"].as_array();
    case["mocksAmbiguous"] == true && mocks.into_iter().flatten().any(|mock| mock["outcome"]["type"] == "none-recorded")
}

/// A text; an object was JSON text on the wire.
fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_str().into()),
        other => Some(other.to_string().into()),
    }
}
