//! The tree of an expression as its text has it, before paths are made of it.

use std::sync::Arc;

use super::regex::Regex;
use super::signature::Signature;
use crate::diagnostic::Span;
use crate::value::Value;

/// One node.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) kind: SyntaxKind,
    pub(super) position: usize,
    /// All of its text.
    pub(super) span: Span,
    /// `[]` stands behind it.
    pub(super) keep_array: bool,
    /// How many levels there are below it, with its own.
    pub(super) depth: usize,
}

#[derive(Debug)]
pub(super) enum SyntaxKind {
    /// A token that does not begin an expression: the end of the text.
    End,
    Name(Arc<str>),
    Variable(Arc<str>),
    String(Arc<str>),
    Number(f64),
    Value(Value),
    Regex(Arc<Regex>),
    /// `and`, `or` and `in` in the place of a name
    Keyword(&'static str),
    Wildcard,
    Descendant,
    Parent,
    Negate(Box<Syntax>),
    Binary(&'static str, Box<Syntax>, Box<Syntax>),
    /// `a[b]`
    Filter(Box<Syntax>, Box<Syntax>),
    /// `a^(b)`: whether descending, and by what
    Sort(Box<Syntax>, Vec<(bool, Syntax)>),
    /// `a{b: c}`
    Group(Box<Syntax>, Vec<(Syntax, Syntax)>),
    /// `$a := b`
    Bind(Arc<str>, Box<Syntax>),
    /// `a@$b`
    Focus(Box<Syntax>, Arc<str>),
    /// `a#$b`
    Index(Box<Syntax>, Arc<str>),
    Array(Vec<Syntax>),
    Object(Vec<(Syntax, Syntax)>),
    Block(Vec<Syntax>),
    Condition(Box<Syntax>, Box<Syntax>, Option<Box<Syntax>>),
    Call(Box<Syntax>, Vec<Syntax>),
    /// A call with gaps, which are `None`
    Partial(Box<Syntax>, Vec<Option<Syntax>>),
    Lambda(Vec<Arc<str>>, Option<Arc<Signature>>, Box<Syntax>),
    /// Pattern, update and delete
    Transform(Box<Syntax>, Box<Syntax>, Option<Box<Syntax>>),
}

impl Syntax {
    pub(super) fn new(kind: SyntaxKind, position: usize) -> Self {
        let depth = 1 + kind.children_depth();
        Self { kind, position, span: Span { start: position, end: position }, keep_array: false, depth }
    }
}

impl SyntaxKind {
    fn children_depth(&self) -> usize {
        fn list<'a>(items: impl IntoIterator<Item = &'a Syntax>) -> usize {
            items.into_iter().map(|item| item.depth).max().unwrap_or(0)
        }
        fn pairs(pairs: &[(Syntax, Syntax)]) -> usize {
            list(pairs.iter().flat_map(|(key, value)| [key, value]))
        }
        match self {
            Self::End
            | Self::Name(_)
            | Self::Variable(_)
            | Self::String(_)
            | Self::Number(_)
            | Self::Value(_)
            | Self::Regex(_)
            | Self::Keyword(_)
            | Self::Wildcard
            | Self::Descendant
            | Self::Parent => 0,
            Self::Negate(inner) | Self::Bind(_, inner) | Self::Focus(inner, _) | Self::Index(inner, _) => inner.depth,
            Self::Lambda(_, _, body) => body.depth,
            Self::Binary(_, left, right) | Self::Filter(left, right) => left.depth.max(right.depth),
            Self::Sort(left, terms) => left.depth.max(list(terms.iter().map(|(_, term)| term))),
            Self::Group(left, members) => left.depth.max(pairs(members)),
            Self::Array(items) | Self::Block(items) => list(items),
            Self::Object(members) => pairs(members),
            Self::Condition(condition, then, otherwise) => {
                list([&**condition, then].into_iter().chain(otherwise.as_deref()))
            }
            Self::Call(procedure, arguments) => procedure.depth.max(list(arguments)),
            Self::Partial(procedure, arguments) => procedure.depth.max(list(arguments.iter().flatten())),
            Self::Transform(pattern, update, delete) => list([&**pattern, update].into_iter().chain(delete.as_deref())),
        }
    }
}
