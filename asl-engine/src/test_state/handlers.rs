//! What Retriers and Catchers say to an error.

use std::sync::Arc;

use super::Status;
use crate::program::State;
use crate::retry;

/// A Retrier or a Catcher of the tested state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Which of the two.
    pub kind: HandlerKind,
    /// Its place in `Retry` or `Catch`, from 0.
    pub index: usize,
    /// The errors that it names.
    pub error_equals: Vec<Arc<str>>,
    /// What it says.
    pub verdict: Verdict,
}

/// `Retry` or `Catch`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandlerKind {
    /// A member of `Retry`.
    Retrier,
    /// A member of `Catch`.
    Catcher,
}

/// Whether a Retrier or a Catcher takes an error, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It takes the error.
    Takes,
    /// It names the error, but has tried as often as it may.
    UsedUp {
        /// `MaxAttempts`
        max_attempts: i64,
    },
    /// It names other errors.
    NamesOthers,
    /// It would take the error, but another is asked first.
    ComesLater,
    /// Nothing takes this error: `States.Runtime` everything, `States.DataLimitExceeded` what stands for all errors.
    CannotBeTaken,
}

/// What each Retrier and each Catcher of a state says to an error.
pub(super) fn verdicts(state: &State, error: Option<&str>, status: Status) -> Vec<Handler> {
    let verdict = |names: &[Arc<str>], chosen: bool, open: bool| match retry::matches(names, error) {
        true if chosen && open => Verdict::Takes,
        true => Verdict::ComesLater,
        false if names.iter().any(|name| stands_for(name, error)) => Verdict::CannotBeTaken,
        false => Verdict::NamesOthers,
    };
    let chosen = state.retrier(error);
    let retriers = state.retry.iter().enumerate().map(|(index, retrier)| {
        let chosen = chosen == Some(index);
        let verdict = match verdict(&retrier.error_equals, chosen, true) {
            Verdict::Takes if status != Status::Retriable => Verdict::UsedUp { max_attempts: retrier.max_attempts },
            other => other,
        };
        Handler { kind: HandlerKind::Retrier, index, error_equals: retrier.error_equals.clone(), verdict }
    });
    let caught = state.catcher(error);
    let catchers = state.catch.iter().enumerate().map(|(index, catcher)| {
        let open = status != Status::Retriable;
        let verdict = verdict(&catcher.error_equals, caught == Some(index), open);
        Handler { kind: HandlerKind::Catcher, index, error_equals: catcher.error_equals.clone(), verdict }
    });
    retriers.chain(catchers).collect()
}

/// Whether a name of `ErrorEquals` seems to stand for an error.
fn stands_for(name: &str, error: Option<&str>) -> bool {
    name == "States.ALL" || Some(name) == error
}
