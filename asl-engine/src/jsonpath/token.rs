use std::fmt;
use std::sync::Arc;

use super::filter::Filter;
use crate::diagnostic::Span;

/// One step of a compiled path. The leading `$` has none.
#[derive(Debug)]
pub(super) enum Token {
    /// `$` in the middle of a path, as in `$.a[0]$`: the value stays, its path starts anew.
    Root,
    /// `..`
    Scan,
    /// `.*` and `[*]`
    Wildcard,
    /// `.name` and `['name']`
    Name(Arc<str>),
    /// `['a', 'b']`; the list is never of length one, and empty for `["it's"]`
    Names(Box<[Arc<str>]>),
    /// `[0]`
    Index(i32),
    /// `[(@.length-1)]`: an offset, never positive, from the length
    FromLength(i32),
    /// `[0,2]`
    Indices(Box<[i32]>),
    /// `[1:]` and `[-1:]`
    SliceFrom(i32),
    /// `[:2]` and `[:-1]`
    SliceTo(i32),
    /// `[1:3]`
    SliceBetween(i32, i32),
    /// `[?(@.a == 1)]`
    Filter(Filter),
    /// `[?]` and `[?,?]`: Jayway would take as many filters from the calling program, which AWS never hands in
    Placeholders(usize),
}

impl Token {
    /// Whether the step gives exactly one value.
    pub(super) fn is_definite(&self) -> bool {
        matches!(self, Self::Root | Self::Name(_) | Self::Names(_) | Self::Index(_) | Self::FromLength(_))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Scan => f.write_str(".."),
            Self::Wildcard => f.write_str("[*]"),
            Self::Name(name) => write!(f, "['{name}']"),
            Self::Names(names) => {
                f.write_str("[")?;
                for (i, name) in names.iter().enumerate() {
                    write!(f, "{}'{name}'", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Index(index) => write!(f, "[{index}]"),
            Self::FromLength(offset) => write!(f, "[@.size(){offset}]"),
            Self::Indices(indices) => {
                for (i, index) in indices.iter().enumerate() {
                    write!(f, "{}{index}", if i > 0 { "," } else { "[" })?;
                }
                f.write_str("]")
            }
            Self::SliceFrom(from) => write!(f, "[{from}:]"),
            Self::SliceTo(to) => write!(f, "[:{to}]"),
            Self::SliceBetween(from, to) => write!(f, "[{from}:{to}]"),
            Self::Filter(_) => f.write_str("[?]"),
            Self::Placeholders(count) => {
                f.write_str("[?")?;
                for _ in 1..*count {
                    f.write_str(",?")?;
                }
                f.write_str("]")
            }
        }
    }
}

/// The steps of a path and what is known about them.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) tokens: Box<[Token]>,
    /// Where each step stands in the text of the path.
    pub(super) spans: Box<[Span]>,
    /// Whether the text began with `$`: inside a filter such a path starts at the document, not at the item.
    pub(super) at_root: bool,
    /// From this step on, all are definite.
    pub(super) definite_from: usize,
}

impl Steps {
    pub(super) fn new(steps: Vec<(Token, Span)>, at_root: bool) -> Self {
        let definite_from = steps.iter().rposition(|(token, _)| !token.is_definite()).map_or(0, |last| last + 1);
        let (tokens, spans): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        Self { tokens: tokens.into(), spans: spans.into(), at_root, definite_from }
    }

    pub(super) fn is_definite(&self) -> bool {
        self.definite_from == 0
    }

    /// Whether Jayway takes the step at `at` for one "below definite steps". It looks one step back, and at all that
    /// follow, not at those before.
    pub(super) fn is_upstream_definite(&self, at: usize) -> bool {
        at >= self.definite_from && (at == 0 || self.tokens[at - 1].is_definite())
    }
}

/// The text of steps, without the leading `$`.
pub(super) struct TokenText<'a>(pub(super) &'a [Token]);

impl fmt::Display for TokenText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| token.fmt(f))
    }
}
