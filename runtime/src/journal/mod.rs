//! Where ledgers are kept: what a host commits before it performs the effects of a Batch.

mod memory;

pub use memory::Memory;

use crate::ledger::{Recorded, Saved, Write};

/// Keeps the ledger and the history of one execution.
///
/// A commit is all or nothing: after a crash, either all of a Batch is there, or none of it.
pub trait Journal: Send {
    /// Keeps what a Batch has changed and recorded. The error is a text for a person; the host then gives the execution up
    /// without performing the effects of the Batch.
    fn commit(&mut self, writes: Vec<Write>, recorded: Vec<Recorded>) -> Result<(), JournalError>;

    /// The ledger as it was committed last; empty where none was.
    fn saved(&self) -> Result<Saved, JournalError>;
}

/// A journal cannot keep or give what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal of the execution: {0}")]
pub struct JournalError(pub String);
