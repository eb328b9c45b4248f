//! A path of the definition: where it starts, what it selects, and where it was written.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::jsonpath::{JsonPath, PathError};
use crate::retry::Random;
use crate::value::Value;

/// A JSONPath on a state's input (`$…`), on the context object (`$$…`) or on a variable (`$name…`).
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
    /// The object of all variables: `$name.member` is `$.name.member` of it.
    Variables,
}

/// What the paths of a state can start from. The context object is only built when a path asks for it.
pub(crate) struct Roots<'a> {
    pub(crate) input: &'a Value,
    pub(crate) context: &'a dyn Fn() -> Value,
    /// The variables that can be read, as an object.
    pub(crate) variables: &'a Value,
    /// The Frame's random numbers, for the functions that need some.
    pub(crate) random: &'a Random,
}

/// The reason of an error without the names of Java's exceptions.
pub(crate) fn in_plain_words(error: &PathError) -> String {
    error.message.rsplit("Exception: ").next().unwrap_or_default().to_owned()
}

impl PathExpr {
    /// `$`: the whole input.
    pub(crate) fn whole_input() -> Self {
        Self { text: "$".into(), root: Root::Input, path: None, span: Span::default() }
    }

    pub(crate) fn parse(text: &Arc<str>, span: Span) -> Result<Self, PathError> {
        let (root, path) = match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => (Root::Context, JsonPath::parse(rest)?),
            Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                (Root::Variables, JsonPath::parse(&format!("$.{rest}"))?)
            }
            _ => (Root::Input, JsonPath::parse(text)?),
        };
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

    /// What the path searches, as AWS quotes it when nothing is found.
    pub(crate) fn searched(&self, roots: &Roots<'_>) -> Value {
        match self.root {
            Root::Input => roots.input.clone(),
            Root::Context => (roots.context)(),
            Root::Variables => roots.variables.clone(),
        }
    }

    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, PathError> {
        match (self.root, &self.path) {
            (Root::Input, None) => Ok(roots.input.clone()),
            (Root::Input, Some(path)) => path.evaluate(roots.input),
            (Root::Context, None) => Ok((roots.context)()),
            (Root::Context, Some(path)) => path.evaluate(&(roots.context)()),
            (Root::Variables, path) => {
                path.as_ref().map_or_else(|| Ok(roots.variables.clone()), |path| path.evaluate(roots.variables))
            }
        }
    }
}

impl fmt::Display for PathExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
