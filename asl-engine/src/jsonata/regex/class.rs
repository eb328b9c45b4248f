use super::escape::{Escaped, range};
use super::translate::{Fault, Translator};

/// A pattern that matches nothing.
pub(super) const NEVER: &str = r"[^\x{0}-\x{10ffff}]";
const MAX: u32 = char::MAX as u32;
const SURROGATES: (u32, u32) = (0xd800, 0xdfff);

pub(super) const DIGITS: &[(u32, u32)] = &[(0x30, 0x39)];
pub(super) const WORDS: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
/// What Java takes for white space.
pub(super) const ASCII_SPACES: &[(u32, u32)] = &[(0x9, 0xd), (0x20, 0x20)];
pub(super) const SPACES: &[(u32, u32)] = &[
    (0x9, 0xd),
    (0x20, 0x20),
    (0xa0, 0xa0),
    (0x1680, 0x1680),
    (0x2000, 0x200a),
    (0x2028, 0x2029),
    (0x202f, 0x202f),
    (0x205f, 0x205f),
    (0x3000, 0x3000),
    (0xfeff, 0xfeff),
];

/// A set of characters, as ranges.
pub(super) struct Set(Vec<(u32, u32)>);

impl Set {
    /// These ranges, which are in order, or all but these.
    pub(super) fn new(ranges: &[(u32, u32)], negated: bool) -> Self {
        if !negated {
            return Self(ranges.to_vec());
        }
        let mut others = Vec::new();
        let mut next = 0;
        for (first, last) in ranges {
            if next < *first {
                others.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= MAX {
            others.push((next, MAX));
        }
        Self(others)
    }

    /// The class for `fancy-regex`.
    pub(super) fn text(&self, negated: bool, ignore_case: bool) -> String {
        let mut ranges = self.0.clone();
        if ignore_case {
            ranges.extend(self.0.iter().flat_map(|range| other_case(*range)));
        }
        let whole: String =
            ranges.iter().flat_map(|range| without_surrogates(*range)).map(|(a, b)| range(a, b)).collect();
        if whole.is_empty() {
            return if negated { "(?s:.)".to_owned() } else { NEVER.to_owned() };
        }
        let text = format!("[{}{whole}]", if negated { "^" } else { "" });
        // Beyond ASCII, cases are left to the crate.
        let folds = ignore_case && self.0.iter().any(|(_, last)| *last >= 0x80);
        if folds { format!("(?i:{text})") } else { text }
    }
}

/// The ASCII letters of a range in the other case.
fn other_case((first, last): (u32, u32)) -> Vec<(u32, u32)> {
    let shift = |from: u32, to: u32, by: i64| {
        let (first, last) = (first.max(from), last.min(to));
        (first <= last).then(|| ((i64::from(first) + by) as u32, (i64::from(last) + by) as u32))
    };
    shift(0x41, 0x5a, 0x20).into_iter().chain(shift(0x61, 0x7a, -0x20)).collect()
}

/// The parts of a range that are characters.
fn without_surrogates((first, last): (u32, u32)) -> Vec<(u32, u32)> {
    let below = (first, last.min(SURROGATES.0 - 1));
    let above = (first.max(SURROGATES.1 + 1), last);
    if last < SURROGATES.0 || first > SURROGATES.1 {
        return vec![(first, last)];
    }
    [below, above].into_iter().filter(|(first, last)| first <= last).collect()
}

impl Translator {
    /// A class, behind its opening bracket.
    pub(super) fn class(&mut self) -> Result<(), Fault> {
        let negated = self.accept('^');
        let mut ranges = Vec::new();
        while let Some(first) = self.member()? {
            if self.rest.peek() != Some(&'-') {
                ranges.extend(first.0);
                continue;
            }
            self.rest.next();
            let Some(last) = self.member()? else {
                // A dash at the end stands for itself.
                ranges.extend(first.0);
                ranges.push(('-'.into(), '-'.into()));
                break;
            };
            match (first.single(), last.single()) {
                (Some(first), Some(last)) if first > last => return Err("Range out of order in character class"),
                (Some(first), Some(last)) => ranges.push((first, last)),
                _ => {
                    ranges.extend(first.0);
                    ranges.extend(last.0);
                    ranges.push(('-'.into(), '-'.into()));
                }
            }
        }
        let text = Set(ranges).text(negated, self.ignore_case);
        self.out.push_str(&text);
        Ok(())
    }

    /// One member of a class; `None` for its end.
    fn member(&mut self) -> Result<Option<Set>, Fault> {
        let single = |c: char| Set(vec![(c.into(), c.into())]);
        Ok(Some(match self.rest.next() {
            None => return Err("Unterminated character class"),
            Some(']') => return Ok(None),
            Some('\\') if self.rest.peek().is_none() => return Err("\\ at end of pattern"),
            Some('\\') => match self.character_escape(true)? {
                Escaped::Char(c) => single(c),
                Escaped::Half => Set(Vec::new()),
                Escaped::Set(set) => set,
            },
            Some(c) => single(c),
        }))
    }
}

impl Set {
    fn single(&self) -> Option<u32> {
        match self.0[..] {
            [(first, last)] if first == last => Some(first),
            _ => None,
        }
    }
}
