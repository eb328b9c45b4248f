//! Attempts to receive messages of a FIFO queue, which are made again when the answer gets lost.
//!
//! AWS API reference of SQS, `ReceiveMessage`: `ReceiveRequestAttemptId`.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// For how long an attempt is known.
const KNOWN: Duration = Duration::from_secs(5 * 60);

/// What was received, by the queue and the id of the attempt.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<(String, String), (Instant, Vec<i64>)>);

impl Attempts {
    /// Notes the numbers of the messages that an attempt has received.
    pub(super) fn note(&mut self, attempt: (String, String), received: Vec<i64>) {
        let now = Instant::now();
        self.0.retain(|_, (at, _)| now.duration_since(*at) < KNOWN);
        self.0.insert(attempt, (now, received));
    }

    /// What the same attempt has received.
    pub(super) fn find(&self, attempt: &(String, String)) -> Option<Vec<i64>> {
        let (at, received) = self.0.get(attempt)?;
        (at.elapsed() < KNOWN).then(|| received.clone())
    }
}
