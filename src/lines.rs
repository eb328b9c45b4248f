//! Lines and columns of many places in one text.

/// After how many bytes the characters before a place are known.
const STEP: usize = 256;

/// Where the lines of a text start: finding a place costs the same wherever it is, also in a text of one long line.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// How many characters start before each multiple of [`STEP`].
    characters: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut characters = vec![0];
        for piece in text.as_bytes().chunks(STEP) {
            characters.push(characters.last().copied().unwrap_or_default() + starting(piece));
        }
        Self { text, starts, characters }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let at = at.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        (line, self.before(at) - self.before(start) + 1)
    }

    /// How many characters start before a byte.
    fn before(&self, at: usize) -> usize {
        let step = at / STEP;
        self.characters[step] + starting(&self.text.as_bytes()[step * STEP..at])
    }
}

/// How many characters start in these bytes.
fn starting(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use asl_engine::Span;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_those_that_counting_gives(text in r"([a-zé€😀]{0,300}\n?){0,4}") {
            let lines = Lines::new(&text);
            for (at, _) in text.char_indices().chain([(text.len(), ' '), (text.len() + 7, ' ')]) {
                prop_assert_eq!(lines.place(at), Span { start: at, end: at }.line_column(&text), "at {}", at);
            }
        }
    }
}
