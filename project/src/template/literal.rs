//! Texts that stand in a template, with the places of their characters.

use asl_engine::Span;

use crate::places::Places;

/// A text made of pieces of a template.
#[derive(Clone, Debug, Default)]
pub(super) struct Composed {
    pub(super) text: String,
    pub(super) places: Places,
}

impl Composed {
    /// A text that stands for what is at `place`.
    pub(super) fn made(text: &str, place: Span) -> Self {
        let mut composed = Self::default();
        composed.push(text, place);
        composed
    }

    /// A text as the template has it at `place`, in whatever style.
    pub(super) fn literal(text: &str, source: &str, place: Span) -> Self {
        let mut composed = Self::default();
        composed.push_copied(text, &aligned(text, source, place));
        composed
    }

    pub(super) fn push(&mut self, text: &str, place: Span) {
        let start = self.text.len();
        self.text.push_str(text);
        self.places.made(start, self.text.len(), place);
    }

    /// Adds a text, of whose bytes each has its place.
    pub(super) fn push_copied(&mut self, text: &str, bytes: &[usize]) {
        let start = self.text.len();
        self.text.push_str(text);
        for (at, place) in (start..).zip(bytes) {
            self.places.copied(at, at + 1, *place);
        }
    }

    pub(super) fn append(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        self.places.append(start, &other.places);
    }
}

/// Where each byte of a scalar's value stands in the text of its file.
///
/// What a style leaves out of the value is passed over: the quotes, the indentation, the header of a block. A value that is not
/// found any more, which no style of YAML makes, is at the end.
pub(super) fn aligned(value: &str, source: &str, place: Span) -> Vec<usize> {
    let written = source.get(place.start..place.end).unwrap_or_default();
    let has_escapes = written.starts_with('"');
    let mut rest = written.char_indices().peekable();
    let mut places = Vec::with_capacity(value.len());
    for wanted in value.chars() {
        let mut found = None;
        while let Some(&(at, c)) = rest.peek() {
            rest.next();
            let next = rest.peek().map(|(_, next)| *next);
            let stands_for = match (c, next) {
                ('\\', Some(escaped)) if has_escapes => {
                    rest.next();
                    match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        // One escape of four digits, which stands for whatever is wanted.
                        'u' => {
                            rest.nth(3);
                            wanted
                        }
                        other => other,
                    }
                }
                // Folded lines are joined by a space.
                ('\n', _) if wanted == ' ' => ' ',
                _ => c,
            };
            if stands_for == wanted {
                found = Some(at);
                break;
            }
        }
        let at = place.start + found.unwrap_or(written.len());
        places.extend(std::iter::repeat_n(at, wanted.len_utf8()));
        if found.is_some() && wanted.len_utf8() > 1 {
            let first = places.len() - wanted.len_utf8();
            (0..wanted.len_utf8()).for_each(|byte| places[first + byte] = at + byte);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn characters_are_found_in_every_style() {
        for source in [
            "a: one {é:1}",
            "a: 'one ''{\"é\": 1}'",
            "a: \"one {\\\"é\\\":\\n 1}\"",
            "a: |\n    one\n      {\"é\": 1}\n",
            "a: >-\n  one\n  {\"é\": 1}\n",
            "a: |-\r\n  one\r\n  {\"é\": 1}\r\n",
        ] {
            let root = yaml::read(source).unwrap().root.unwrap();
            let tree = root.get("a").unwrap();
            let value = tree.text().unwrap();
            let places = aligned(value, source, tree.span);
            assert_eq!(places.len(), value.len());
            for (at, c) in value.char_indices().filter(|(_, c)| !c.is_whitespace()) {
                assert!(source[places[at]..].trim_start_matches('\\').starts_with(c), "{source:?}: {c} of {value:?}");
            }
        }
    }
}
