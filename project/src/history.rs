//! What happened in an execution, kept for whoever looks.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use asl_engine::{Execution, HistoryEvent};
use asl_runtime::Recorded;
use tokio::sync::watch;

use crate::execution::Progress;

/// What was recorded of an execution and of the child executions of its Map Runs, from the start.
#[derive(Debug)]
pub struct History {
    recorded: RwLock<Vec<Recorded>>,
    /// How much was recorded.
    length: watch::Sender<usize>,
}

impl Default for History {
    fn default() -> Self {
        Self { recorded: RwLock::default(), length: watch::Sender::new(0) }
    }
}

impl History {
    /// All of it, in order. The execution waits while this is held.
    pub fn recorded(&self) -> impl Deref<Target = Vec<Recorded>> {
        self.recorded.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events of one of its executions.
    pub(crate) fn events_of(&self, arn: &str) -> Vec<HistoryEvent> {
        let recorded = self.recorded();
        recorded.iter().filter(|it| &*it.execution.arn == arn).map(|it| it.event.clone()).collect()
    }

    pub(crate) fn add(&self, happened: &[Recorded]) {
        let mut recorded = self.recorded.write().unwrap_or_else(PoisonError::into_inner);
        recorded.extend_from_slice(happened);
        self.length.send_replace(recorded.len());
    }
}

/// The events of each execution: those of the first one first, then those of its child executions in the order in which they
/// started.
pub fn by_execution(recorded: &[Recorded]) -> Vec<(&Execution, Vec<&HistoryEvent>)> {
    let mut histories: Vec<(&Execution, Vec<&HistoryEvent>)> = Vec::new();
    let mut places = HashMap::new();
    for Recorded { execution, event, .. } in recorded {
        let place = *places.entry(&execution.arn).or_insert_with(|| {
            histories.push((execution, Vec::new()));
            histories.len() - 1
        });
        histories[place].1.push(event);
    }
    histories
}

/// Who listens to an execution: hears all that was recorded, from the start, each thing once and in order.
#[derive(Debug)]
pub struct Subscription {
    history: Arc<History>,
    heard: usize,
    length: watch::Receiver<usize>,
    progress: watch::Receiver<Progress>,
}

impl Subscription {
    pub(crate) fn new(history: Arc<History>, progress: watch::Receiver<Progress>) -> Self {
        let length = history.length.subscribe();
        Self { history, heard: 0, length, progress }
    }

    /// What was recorded since the last call, once there is some; nothing more after the end.
    pub async fn next(&mut self) -> Option<Vec<Recorded>> {
        loop {
            // All is recorded before the end is told.
            let has_ended = self.progress.borrow().ended.is_some();
            let news = self.history.recorded()[self.heard..].to_vec();
            self.heard += news.len();
            if !news.is_empty() {
                return Some(news);
            }
            if has_ended {
                return None;
            }
            let heard = self.heard;
            tokio::select! {
                more = self.length.wait_for(|length| *length > heard) => drop(more),
                ended = self.progress.wait_for(|progress| progress.ended.is_some()) => {
                    // Nothing comes any more where the runtime has dropped the execution.
                    ended.ok()?;
                }
            }
        }
    }
}
