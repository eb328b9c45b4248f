use super::{Journal, JournalError};
use crate::ledger::{Recorded, Saved, Write};

/// A journal in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    saved: Saved,
    recorded: Vec<Recorded>,
}

impl Memory {
    /// All that was recorded.
    pub fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }
}

impl Journal for Memory {
    fn commit(&mut self, writes: Vec<Write>, mut recorded: Vec<Recorded>) -> Result<(), JournalError> {
        self.saved.apply(writes);
        self.recorded.append(&mut recorded);
        Ok(())
    }

    fn saved(&self) -> Result<Saved, JournalError> {
        Ok(self.saved.clone())
    }
}
