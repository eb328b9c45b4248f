use super::{Journal, JournalError};
use crate::ledger::{Recorded, Saved, Write};

/// A journal in memory, which counts what is written.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    saved: Saved,
    recorded: Vec<Recorded>,
    /// How many commits there were.
    pub commits: usize,
    /// How many bytes of keys and pieces these have written.
    pub bytes: usize,
}

impl Memory {
    /// All that was recorded.
    pub fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }
}

impl Journal for Memory {
    fn commit(&mut self, writes: Vec<Write>, recorded: &[Recorded]) -> Result<(), JournalError> {
        self.commits += 1;
        self.bytes +=
            writes.iter().map(|write| if let Write::Put(_, text) = write { text.len() } else { 0 }).sum::<usize>();
        self.saved.apply(writes);
        self.recorded.extend_from_slice(recorded);
        Ok(())
    }

    fn saved(&self) -> Result<Saved, JournalError> {
        Ok(self.saved.clone())
    }
}
