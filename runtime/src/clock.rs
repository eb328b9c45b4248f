//! The time of executions that run in real time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asl_engine::Timestamp;
use tokio::time::Instant;

/// The time on the wall.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The time of one execution. It goes on with tokio's clock, and with the clock on the wall where that is ahead: tokio's stands
/// still while a laptop sleeps. It never goes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Timestamp,
    started: Instant,
    on_the_wall: SystemTime,
}

/// How long nobody looks at the clock on the wall.
const LOOKED_AT: Duration = Duration::from_secs(60);

impl Clock {
    pub(crate) fn at(start: Timestamp) -> Self {
        Self { start, started: Instant::now(), on_the_wall: SystemTime::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let on_the_wall = self.on_the_wall.elapsed().unwrap_or_default();
        let passed = self.started.elapsed().max(on_the_wall);
        self.start.plus_millis(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
    }

    /// Completes at this time, or earlier: then the time has to be looked at again.
    pub(crate) async fn sleep_until(&self, at: Option<Timestamp>) {
        let Some(at) = at else { return std::future::pending().await };
        let left = u64::try_from(at.0.saturating_sub(self.now().0)).unwrap_or(0);
        // A timer takes a millisecond at least, which a machine that is busy does not have.
        if left > 0 {
            tokio::time::sleep(Duration::from_millis(left).min(LOOKED_AT)).await;
        }
    }
}
