//! A path of the definition: where it starts, what it selects, and where it was written.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::jsonata::JsonataLimits;
use crate::jsonpath::{Explanation, JsonPath, Match, PathError, Surprise};
use crate::retry::Random;
use crate::time::Timestamp;
use crate::value::Value;

/// A JSONPath on a state's input (`$…`), on the context object (`$$…`) or on a variable (`$name…`).
#[derive(Clone, Debug)]
pub(crate) struct PathExpr {
    text: Arc<str>,
    root: PathRoot,
    /// `None` is the root itself.
    path: Option<JsonPath>,
    span: Span,
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathRoot {
    /// `$…`: at the input of the state.
    Input,
    /// `$$…`: at the context object.
    Context,
    /// `$name…`: at the object of all variables, where `$name.member` is `$.name.member`.
    Variables,
}

impl PathRoot {
    /// The bytes of the path as it was written, of those of the path on the document.
    fn as_written(self, span: Span) -> Span {
        let place = |at: usize| match self {
            Self::Input => at,
            Self::Context => at + 1,
            Self::Variables => at.saturating_sub(1),
        };
        Span { start: place(span.start), end: place(span.end) }
    }
}

/// What the paths and expressions of a state can start from. The context object is only built when one asks for it.
pub(crate) struct Roots<'a> {
    pub(crate) input: &'a Value,
    /// The input of the execution, and its text as it came in.
    pub(crate) written: Option<(&'a Value, &'a str)>,
    pub(crate) context: &'a dyn Fn() -> Value,
    /// The variables that can be read, as an object.
    pub(crate) variables: &'a Value,
    /// The Frame's random numbers, for the functions that need some.
    pub(crate) random: &'a Random,
    /// What `$now()` gives.
    pub(crate) now: Timestamp,
    /// How much an expression may take.
    pub(crate) limits: JsonataLimits,
    /// `$states.result`, where there is one.
    pub(crate) result: Option<&'a Value>,
    /// `$states.errorOutput`, where there is one.
    pub(crate) error_output: Option<&'a Value>,
    /// `$states`, once somebody has asked for it.
    states: OnceCell<Value>,
}

impl<'a> Roots<'a> {
    /// What paths start from; expressions also see a time, and some a result or an error.
    pub(crate) fn new(
        input: &'a Value,
        context: &'a dyn Fn() -> Value,
        variables: &'a Value,
        random: &'a Random,
    ) -> Self {
        Self {
            input,
            written: None,
            context,
            variables,
            random,
            now: Timestamp::default(),
            limits: JsonataLimits::AWS,
            result: None,
            error_output: None,
            states: OnceCell::new(),
        }
    }

    /// The input as AWS quotes it: the text that the execution was started with, as long as it is its input still.
    pub(crate) fn quoted_input(&self) -> String {
        match self.written {
            Some((value, text)) if value == self.input => text.to_owned(),
            _ => self.input.to_string(),
        }
    }

    /// `$states`
    pub(crate) fn states(&self) -> &Value {
        self.states.get_or_init(|| {
            let parts = [("result", self.result), ("errorOutput", self.error_output)];
            let parts = parts.into_iter().filter_map(|(name, value)| Some((name, value?.clone())));
            [("input", self.input.clone()), ("context", (self.context)())].into_iter().chain(parts).collect()
        })
    }
}

/// The reason of an error without the names of Java's exceptions.
pub(crate) fn in_plain_words(error: &PathError) -> String {
    error.message.rsplit("Exception: ").next().unwrap_or_default().to_owned()
}

impl PathExpr {
    /// `$`: the whole input.
    pub(crate) fn whole_input() -> Self {
        Self { text: "$".into(), root: PathRoot::Input, path: None, span: Span::default() }
    }

    pub(crate) fn parse(text: &Arc<str>, span: Span) -> Result<Self, PathError> {
        let (root, path) = match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => (PathRoot::Context, JsonPath::parse(rest)),
            Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                (PathRoot::Variables, JsonPath::parse(&format!("$.{rest}")))
            }
            _ => (PathRoot::Input, JsonPath::parse(text)),
        };
        let path = path.map_err(|error| PathError { span: error.span.map(|span| root.as_written(span)), ..error })?;
        Ok(Self { text: text.clone(), root, path: (!path.is_root()).then_some(path), span })
    }

    /// Whether it is `$`.
    pub(crate) fn is_whole_input(&self) -> bool {
        self.root == PathRoot::Input && self.path.is_none()
    }

    /// The path as it was written.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The names that a definite path on the input begins with; `None` for any other path.
    pub(crate) fn leading_names(&self) -> Option<Vec<&Arc<str>>> {
        match &self.path {
            _ if self.root != PathRoot::Input => None,
            None => Some(Vec::new()),
            Some(path) => path.is_definite().then(|| path.leading_names()),
        }
    }

    /// What AWS gives for it that RFC 9535 does not.
    pub(crate) fn surprises(&self) -> Vec<Surprise> {
        self.path.as_ref().map(JsonPath::surprises).unwrap_or_default()
    }

    /// The name of the variable that it starts at.
    pub(crate) fn variable(&self) -> Option<&str> {
        let name = self.text.strip_prefix('$').filter(|_| self.root == PathRoot::Variables)?;
        name.split(['.', '[']).next()
    }

    /// Where it was written.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Where the path starts.
    pub(crate) fn root(&self) -> PathRoot {
        self.root
    }

    /// What the path searches, as AWS quotes it when nothing is found.
    pub(crate) fn searched(&self, roots: &Roots<'_>) -> String {
        match self.root {
            PathRoot::Input => roots.quoted_input(),
            PathRoot::Context => (roots.context)().to_string(),
            PathRoot::Variables => roots.variables.to_string(),
        }
    }

    /// Every value that the path finds in the document that it starts at, and where.
    pub(crate) fn matches(&self, document: &Value) -> Result<Vec<Match>, PathError> {
        match &self.path {
            Some(path) => path.matches(document),
            None => Ok(vec![Match { path: "$".to_owned(), value: document.clone() }]),
        }
    }

    /// Evaluates the path on the document that it starts at, and tells how.
    pub(crate) fn explain(&self, document: &Value, examples: usize) -> Explanation {
        let Some(path) = &self.path else { return Explanation::of_root(document) };
        let mut explanation = path.explain(document, examples);
        for step in &mut explanation.steps {
            step.span = self.root.as_written(step.span);
            step.text = self.text.get(step.span.start..step.span.end).unwrap_or_default().to_owned();
        }
        explanation
    }

    /// What the path gives; null for an item beyond the end of a list.
    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, PathError> {
        self.on(roots, JsonPath::evaluate)
    }

    /// What the path gives; an item beyond the end of a list is not found.
    pub(crate) fn find(&self, roots: &Roots<'_>) -> Result<Value, PathError> {
        self.on(roots, JsonPath::find)
    }

    fn on(
        &self,
        roots: &Roots<'_>,
        evaluate: impl FnOnce(&JsonPath, &Value) -> Result<Value, PathError>,
    ) -> Result<Value, PathError> {
        let context;
        let document = match self.root {
            PathRoot::Input => roots.input,
            PathRoot::Variables => roots.variables,
            PathRoot::Context => {
                context = (roots.context)();
                &context
            }
        };
        match &self.path {
            Some(path) => evaluate(path, document),
            None => Ok(document.clone()),
        }
    }
}

impl fmt::Display for PathExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
