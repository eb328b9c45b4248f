//! Retriers: which error is tried again, how often and after how long.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Span;
use crate::task::QUERY_EVALUATION_ERROR;

/// One member of `Retry`.
///
/// States Language specification, "Retrying after error".
#[derive(Clone, Debug)]
pub(crate) struct Retrier {
    /// Its place in the definition.
    pub span: Span,
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `IntervalSeconds`: before the first retry.
    pub interval_seconds: i64,
    /// `MaxAttempts`: 0 retries nothing.
    pub max_attempts: i64,
    /// `BackoffRate`: what the interval is multiplied with from retry to retry.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`: the longest interval.
    pub max_delay_seconds: Option<i64>,
    /// `"JitterStrategy": "FULL"`: a random part of the interval is waited.
    pub full_jitter: bool,
}

impl Retrier {
    /// How many milliseconds to wait before retry number `retry` (from 0).
    pub(crate) fn delay_millis(&self, retry: u32, random: &Random) -> i64 {
        let exponent = i32::try_from(retry).unwrap_or(i32::MAX);
        let mut seconds = self.interval_seconds as f64 * self.backoff_rate.powi(exponent);
        if let Some(longest) = self.max_delay_seconds {
            seconds = seconds.min(longest as f64);
        }
        if self.full_jitter {
            seconds *= random.fraction();
        }
        // A float beyond the range becomes the nearest bound.
        (seconds * 1000.0) as i64
    }
}

/// The name that stands for all errors.
pub(crate) const ALL: &str = "States.ALL";
/// The name that stands for most of them.
pub(crate) const TASK_FAILED: &str = "States.TaskFailed";
/// The name that stands for every timeout of a task, a missed heartbeat among them.
pub(crate) const TIMEOUT: &str = "States.Timeout";
/// The name for a missed heartbeat alone. Histories say `States.Timeout`.
pub(crate) const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";

/// Whether `ErrorEquals` names `error`.
///
/// `States.ALL`, `States.TaskFailed` and `States.Timeout` stand for groups; `States.Runtime` ends an execution whatever `ErrorEquals` says.
/// An expression that fails is no failure of a task. `States.DataLimitExceeded` is caught as others are, although AWS's developer guide says that it is not.
/// States Language specification, appendix A.
pub(crate) fn matches(error_equals: &[Arc<str>], error: Option<&str>) -> bool {
    let error = error.unwrap_or_default();
    if error == "States.Runtime" {
        return false;
    }
    error_equals.iter().any(|name| match &**name {
        ALL => true,
        TASK_FAILED => !matches!(error, TIMEOUT | HEARTBEAT_TIMEOUT | QUERY_EVALUATION_ERROR),
        TIMEOUT => matches!(error, TIMEOUT | HEARTBEAT_TIMEOUT),
        name => name == error,
    })
}

/// Random numbers from a seed: the same seed gives the same run.
///
/// A Frame has it, and draws from it while it is looked at by many. Nobody else does: it is an atomic number so that a Frame at
/// rest can be shared between threads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Random(AtomicU64);

impl Clone for Random {
    fn clone(&self) -> Self {
        Self::new(self.0.load(Relaxed))
    }
}

impl PartialEq for Random {
    fn eq(&self, other: &Self) -> bool {
        self.0.load(Relaxed) == other.0.load(Relaxed)
    }
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number of the SplitMix64 sequence.
    pub(crate) fn next(&self) -> u64 {
        let mut z = self.0.load(Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.store(z, Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to 1.
    pub(crate) fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Failure;

    fn retrier() -> Retrier {
        Retrier {
            span: Span::default(),
            error_equals: Vec::new(),
            interval_seconds: 2,
            max_attempts: 3,
            backoff_rate: 2.0,
            max_delay_seconds: None,
            full_jitter: false,
        }
    }

    #[test]
    fn the_interval_grows_up_to_its_cap() {
        let random = Random::new(1);
        let delays = |retrier: &Retrier, random: &Random| [0, 1, 2].map(|n| retrier.delay_millis(n, random));
        assert_eq!(delays(&retrier(), &random), [2000, 4000, 8000]);
        let capped = Retrier { max_delay_seconds: Some(5), ..retrier() };
        assert_eq!(delays(&capped, &random), [2000, 4000, 5000]);
        let endless = Retrier { backoff_rate: 1e300, ..retrier() };
        assert_eq!(endless.delay_millis(u32::MAX, &random), i64::MAX);
    }

    #[test]
    fn jitter_comes_from_the_seed_and_stays_below_the_interval() {
        let jittered = Retrier { full_jitter: true, ..retrier() };
        let run = |seed| {
            let random = Random::new(seed);
            (0..50).map(|_| jittered.delay_millis(0, &random)).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(7).iter().all(|delay| (0..2000).contains(delay)));
    }

    #[test]
    fn groups_leave_out_what_cannot_be_caught() {
        let all = ["States.ALL".into()];
        let failed = ["States.TaskFailed".into()];
        assert!(matches(&all, Some("Custom")) && matches(&all, Some("States.Timeout")) && matches(&all, None));
        assert!(matches(&failed, Some("Custom")) && !matches(&failed, Some("States.Timeout")));
        assert!(matches(&all, Some("States.QueryEvaluationError")));
        assert!(!matches(&failed, Some("States.QueryEvaluationError")));
        assert!(!matches(&all, Some("States.Runtime")) && !matches(&failed, Some("States.Runtime")));
        assert!(matches(&all, Some("States.DataLimitExceeded")));
        assert!(matches(&["Custom".into()], Some("Custom")));
    }

    #[test]
    fn a_missed_heartbeat_is_a_timeout_of_its_own() {
        let missed = Failure::heartbeat_timeout();
        assert_eq!(missed.error.as_deref(), Some("States.Timeout"));
        let taken = |name: &str, failure: &Failure| matches(&[name.into()], failure.error_for_handlers());
        for (name, missed_heartbeat, deadline) in [
            ("States.HeartbeatTimeout", true, false),
            ("States.Timeout", true, true),
            ("States.ALL", true, true),
            ("States.TaskFailed", false, false),
        ] {
            assert_eq!(taken(name, &missed), missed_heartbeat, "{name}");
            assert_eq!(taken(name, &Failure::timeout()), deadline, "{name}");
        }
    }
}
