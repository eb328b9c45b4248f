//! What one is told by many, in order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A queue without a bound, small while it is empty: a thousandfold, the channels of tokio have room for what never comes.
#[derive(Debug)]
pub struct Queue<T> {
    waiting: Mutex<VecDeque<T>>,
    came: Notify,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), came: Notify::new() }
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells something.
    pub fn tell(&self, what: T) {
        self.lock().push_back(what);
        self.came.notify_one();
    }

    /// What was told first, if anything was.
    pub(crate) fn try_next(&self) -> Option<T> {
        self.lock().pop_front()
    }

    /// What was told first; waits until there is something. One at a time may wait.
    pub async fn next(&self) -> T {
        loop {
            // What comes between this and the wait leaves a permit behind.
            if let Some(what) = self.try_next() {
                return what;
            }
            self.came.notified().await;
        }
    }
}
