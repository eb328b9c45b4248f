//! What tasks do, by a rule from their request alone.

use std::hash::{DefaultHasher, Hash, Hasher};

use asl_engine::{Failure, Outcome, Reply, TaskRequest, Value};
use asl_runtime::simulation::Answer;

/// A task fails as its input tells it, always or the first time, never answers when it has a deadline, or answers with
/// its input.
pub(crate) fn outcome(request: &TaskRequest) -> Option<Outcome> {
    let told = |name: &str| request.input.get(name).and_then(Value::as_str);
    let flaky = told("flaky").filter(|_| request.attempt == 0);
    match told("fail").or(flaky) {
        Some(error) => Some(Err(Failure::new(error, "as told"))),
        None if request.input.get("never").is_some() && request.deadline.is_some() => None,
        None => Some(Ok(request.input.clone())),
    }
}

/// The same on virtual time. Each `order` makes every attempt take a time of its own, below each timeout.
pub(crate) fn answer(request: &TaskRequest, order: u64) -> Answer {
    let before = if request.resource.contains(":activity:") {
        Some(Reply::Started { worker_name: None })
    } else if request.resource.contains(".sync") || request.resource.ends_with(".waitForTaskToken") {
        Some(Reply::Submitted(Value::from("submitted")))
    } else {
        None
    };
    let mut hasher = DefaultHasher::new();
    (order, &request.token).hash(&mut hasher);
    let after_millis = i64::try_from(hasher.finish() % 900).expect("below 900");
    Answer { before: before.into_iter().collect(), outcome: outcome(request), after_millis, ..Answer::default() }
}
