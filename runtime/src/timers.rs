use std::collections::BTreeMap;

use asl_engine::{Reply, Timestamp};

use crate::ledger::{FrameId, WaitId};

/// The replies that are due at some time, the earliest first; equal times in the order of their setting.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeMap<(Timestamp, u64), (WaitId, Reply)>,
    of_frame: BTreeMap<FrameId, (Timestamp, u64)>,
    set: u64,
}

impl Timers {
    /// A Frame has one timer at most: it waits for one thing at a time.
    pub(crate) fn set(&mut self, wait: WaitId, at: Timestamp, reply: Reply) {
        self.cancel(wait);
        let key = (at, self.set);
        self.set += 1;
        self.due.insert(key, (wait, reply));
        self.of_frame.insert(wait.frame, key);
    }

    pub(crate) fn cancel(&mut self, wait: WaitId) {
        if let Some(key) = self.of_frame.remove(&wait.frame) {
            self.due.remove(&key);
        }
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the earliest reply that is due by `now`.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(WaitId, Reply)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let (wait, reply) = entry.remove();
        self.of_frame.remove(&wait.frame);
        Some((wait, reply))
    }
}
