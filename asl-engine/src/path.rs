//! A path of the definition: where it starts, what it selects, and where it was written.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::jsonpath::{JsonPath, PathError};
use crate::value::Value;

/// A JSONPath on a state's input (`$…`) or on the context object (`$$…`).
#[derive(Clone, Debug)]
pub struct PathExpr {
    text: Arc<str>,
    root: Root,
    path: JsonPath,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Input,
    Context,
}

/// What the paths of a state can start from. The context object is only built when a path asks for it.
pub(crate) struct Roots<'a> {
    pub(crate) input: &'a Value,
    pub(crate) context: &'a dyn Fn() -> Value,
}

impl PathExpr {
    /// `$`: the whole input.
    pub(crate) fn whole_input() -> Self {
        // `$` is a path in every dialect.
        let path = JsonPath::root();
        Self { text: "$".into(), root: Root::Input, path, span: Span::default() }
    }

    pub(crate) fn parse(text: &Arc<str>, span: Span) -> Result<Self, PathError> {
        let (root, relative) = match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => (Root::Context, rest),
            _ => (Root::Input, &**text),
        };
        Ok(Self { text: text.clone(), root, path: JsonPath::parse(relative)?, span })
    }

    /// The path as it was written.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Where it was written.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether the path starts at the context object.
    pub fn on_context(&self) -> bool {
        self.root == Root::Context
    }

    /// Whether the path gives one value rather than a list of matches.
    pub fn is_definite(&self) -> bool {
        self.path.is_definite()
    }

    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, PathError> {
        match self.root {
            Root::Input => self.path.evaluate(roots.input),
            Root::Context => self.path.evaluate(&(roots.context)()),
        }
    }
}

impl fmt::Display for PathExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
