//! A path of the definition: where it starts, what it selects, and where it was written.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::jsonpath::{JsonPath, PathError};
use crate::retry::Random;
use crate::value::Value;

/// A JSONPath on a state's input (`$…`) or on the context object (`$$…`).
#[derive(Clone, Debug)]
pub(crate) struct PathExpr {
    text: Arc<str>,
    root: Root,
    /// `None` is the root itself, which every document has: `null` too, of which Jayway would find nothing.
    path: Option<JsonPath>,
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
    /// The Frame's random numbers, for the functions that need some.
    pub(crate) random: &'a Random,
}

impl PathExpr {
    /// `$`: the whole input.
    pub(crate) fn whole_input() -> Self {
        Self { text: "$".into(), root: Root::Input, path: None, span: Span::default() }
    }

    pub(crate) fn parse(text: &Arc<str>, span: Span) -> Result<Self, PathError> {
        let (root, relative) = match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => (Root::Context, rest),
            _ => (Root::Input, &**text),
        };
        let path = JsonPath::parse(relative)?;
        Ok(Self { text: text.clone(), root, path: (!path.is_root()).then_some(path), span })
    }

    /// The path as it was written.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Where it was written.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Whether the path starts at the context object.
    pub(crate) fn on_context(&self) -> bool {
        self.root == Root::Context
    }

    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, PathError> {
        match (self.root, &self.path) {
            (Root::Input, None) => Ok(roots.input.clone()),
            (Root::Input, Some(path)) => path.evaluate(roots.input),
            (Root::Context, None) => Ok((roots.context)()),
            (Root::Context, Some(path)) => path.evaluate(&(roots.context)()),
        }
    }
}

impl fmt::Display for PathExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
