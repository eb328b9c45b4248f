//! The answers to task tokens, kept until the executions that they are for have taken them in.
//!
//! Who has sent an answer is told that it has arrived: from then on it must not get lost. It is kept by itself, since the execution takes
//! it in a moment later, and may be about to go on after a restart.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl_engine::{Failure, Outcome, Value};
use asl_project::FailureTexts;
use asl_runtime::journal::{Commit, Document, Journal, JournalError};
use asl_tasks::{CallbackError, Callbacks};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// The kind of the documents.
const ANSWER: &str = "answer";

/// How long an answer is kept at least. The Batch that takes it in is committed within moments, and before what is committed later.
const KEPT: Duration = Duration::from_secs(60);

/// What answers task tokens.
pub(crate) struct Answers {
    callbacks: Arc<Callbacks>,
    journal: Arc<dyn Journal>,
    /// The tokens that were answered, and when.
    answered: Mutex<VecDeque<(Instant, Arc<str>)>>,
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error(transparent)]
    Callback(#[from] CallbackError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Output(Value),
    Failure(FailureTexts),
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok(output) => Self::Output(output),
            Err(Failure { error, cause, .. }) => Self::Failure(FailureTexts { error, cause }),
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Output(output) => Ok(output),
            Answer::Failure(FailureTexts { error, cause }) => Err(Failure { error, cause, ..Failure::default() }),
        }
    }
}

impl Answers {
    /// Those in the journal are for executions that are about to go on.
    pub(crate) fn open(callbacks: Arc<Callbacks>, journal: Arc<dyn Journal>) -> Result<Self, JournalError> {
        let mut answered = VecDeque::new();
        for (token, text) in journal.documents(ANSWER)? {
            let answer: Answer =
                serde_json::from_str(&text).map_err(|error| JournalError(format!("{token}: {error}")))?;
            // Nobody waits for it yet.
            let _ = callbacks.answer(&token, answer.into());
            answered.push_back((Instant::now(), token.into()));
        }
        Ok(Self { callbacks, journal, answered: Mutex::new(answered) })
    }

    /// Ends the task of a token. The answer is kept when this is done.
    pub(crate) async fn answer(&self, token: &str, outcome: Outcome) -> Result<(), AnswerError> {
        self.callbacks.check(token)?;
        if self.journal.is_durable() {
            let text = serde_json::to_string(&Answer::from(outcome.clone())).unwrap_or_default();
            let name: Arc<str> = token.into();
            let document = Document { kind: ANSWER, name: name.clone(), text: Some(text.into()) };
            self.journal.commit(Commit { documents: vec![document], may_fail: true, ..Commit::default() }).await?;
            self.answered.lock().unwrap_or_else(PoisonError::into_inner).push_back((Instant::now(), name));
        }
        Ok(self.callbacks.answer(token, outcome)?)
    }

    /// Drops what was taken in long ago, again and again.
    pub(crate) async fn drop_old(self: Arc<Self>) {
        loop {
            tokio::time::sleep(KEPT / 4).await;
            let old: Vec<Document> = {
                let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
                let count = answered.partition_point(|(at, _)| at.elapsed() >= KEPT);
                let old = answered.drain(..count);
                old.map(|(_, name)| Document { kind: ANSWER, name, text: None }).collect()
            };
            if !old.is_empty() {
                // What stays is dropped by the next server.
                let _ = self.journal.commit(Commit { documents: old, ..Commit::default() }).await;
            }
        }
    }
}
