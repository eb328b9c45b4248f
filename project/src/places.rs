//! Where the pieces of a text that was made come from, in the text of a file.

use asl_engine::Span;

/// The places of the pieces of a text, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Vec<Piece>);

#[derive(Clone, Copy, Debug)]
struct Piece {
    start: usize,
    end: usize,
    from: Span,
    /// Whether each of its bytes has a place of its own.
    is_copied: bool,
}

impl Places {
    /// The bytes from `start` to `end` are those at `from`.
    pub(crate) fn copied(&mut self, start: usize, end: usize, from: usize) {
        self.add(Piece { start, end, from: Span { start: from, end: from + (end - start) }, is_copied: true });
    }

    /// The bytes from `start` to `end` stand for what is at `from`.
    pub(crate) fn made(&mut self, start: usize, end: usize, from: Span) {
        self.add(Piece { start, end, from, is_copied: false });
    }

    /// The bytes from `start` on have the places of another text.
    pub(crate) fn append(&mut self, start: usize, other: &Self) {
        for piece in &other.0 {
            self.add(Piece { start: start + piece.start, end: start + piece.end, ..*piece });
        }
    }

    fn add(&mut self, piece: Piece) {
        // What follows in both texts is one piece: a text of a thousand lines is walked through for each finding.
        if let Some(last) = self.0.last_mut()
            && last.is_copied
            && piece.is_copied
            && (last.end, last.from.end) == (piece.start, piece.from.start)
        {
            (last.end, last.from.end) = (piece.end, piece.from.end);
        } else if piece.start < piece.end {
            self.0.push(piece);
        }
    }

    /// The place that a place of the text comes from.
    pub(crate) fn place(&self, span: Span) -> Span {
        let first = self.0.partition_point(|piece| piece.end <= span.start);
        let Some(piece) = self.0.get(first).or(self.0.last()) else { return Span::default() };
        let start = match piece.is_copied {
            true => piece.from.start + span.start.clamp(piece.start, piece.end) - piece.start,
            false => piece.from.start,
        };
        // The piece that the last byte is in; of a span without one, the piece that it stands before.
        let last = self.0.partition_point(|piece| piece.start < span.end.max(span.start + 1));
        let Some(piece) = last.checked_sub(1).and_then(|last| self.0.get(last)) else {
            return Span { start, end: start };
        };
        let end = match piece.is_copied {
            true => piece.from.start + span.end.clamp(piece.start, piece.end) - piece.start,
            false if span.end > span.start => piece.from.end,
            false => start,
        };
        Span { start, end: end.max(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    #[test]
    fn copied_bytes_have_their_places_and_made_ones_that_of_the_whole() {
        // `ab${X}cd` with `12345` for the placeholder.
        let mut places = Places::default();
        places.copied(0, 2, 0);
        places.made(2, 7, span(2, 6));
        places.copied(7, 9, 6);
        for (of, from) in [
            (span(0, 1), span(0, 1)),
            (span(1, 2), span(1, 2)),
            (span(1, 1), span(1, 1)),
            (span(3, 4), span(2, 6)),
            (span(1, 8), span(1, 7)),
            (span(8, 9), span(7, 8)),
            (span(9, 9), span(8, 8)),
            (span(20, 30), span(8, 8)),
        ] {
            assert_eq!(places.place(of), from, "{of:?}");
        }
        assert_eq!(Places::default().place(span(1, 2)), span(0, 0));
    }

    #[test]
    fn what_follows_in_both_texts_is_one_piece() {
        let mut places = Places::default();
        places.copied(0, 2, 10);
        places.copied(2, 2, 50);
        places.copied(2, 4, 12);
        assert_eq!(places.0.len(), 1);
        assert_eq!(places.place(span(1, 4)), span(11, 14));
    }
}
