//! What goes on after the task that started it is answered.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

/// Work that nobody waits for but the end of the program. Dropping it ends the work.
#[derive(Debug, Default)]
pub struct Background(Mutex<JoinSet<()>>);

impl Background {
    /// Starts work.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut all = self.lock();
        while all.try_join_next().is_some() {}
        all.spawn(work);
    }

    /// Waits until all work has ended, also what is started meanwhile.
    pub async fn ended(&self) {
        loop {
            let mut all = std::mem::take(&mut *self.lock());
            if all.is_empty() {
                return;
            }
            while all.join_next().await.is_some() {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_what_was_started() {
        let (background, done) = (Arc::new(Background::default()), Arc::new(AtomicBool::new(false)));
        let (again, set) = (Arc::clone(&background), Arc::clone(&done));
        background.spawn(async move {
            again.spawn(async move { set.store(true, Ordering::Relaxed) });
        });
        background.ended().await;
        assert!(done.load(Ordering::Relaxed));
    }
}
