//! What stands behind a member such as `"name.$"`: a path or a call, by itself.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::intrinsic::Call;
use crate::jsonpath::{Explanation, Match, PathError};
use crate::path::{PathExpr, PathRoot, Roots};
use crate::retry::Random;
use crate::task::Failure;
use crate::value::Value;

/// A JSONPath on the input (`$…`), the context object (`$$…`) or a variable (`$name…`), or an intrinsic function call.
///
/// ```
/// use asl_engine::{Documents, ExplainedExpression, Expression};
///
/// let expression = Expression::parse("States.Format('{} files', States.ArrayLength($.files))").unwrap();
/// let input = r#"{"files": ["a.gif", "b.gif"]}"#.parse().unwrap();
/// let documents = Documents { input, ..Documents::default() };
/// let ExplainedExpression::Call(call) = expression.explain(&documents, 0, 10) else { unreachable!() };
/// assert_eq!(call.outcome.unwrap().to_string(), r#""2 files""#);
/// assert_eq!(&*call.arguments[1].text, "$.files");
/// ```
#[derive(Clone, Debug)]
pub struct Expression(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Path(PathExpr),
    Call(Call),
}

/// What the paths of an expression look in.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// `$`
    pub input: Value,
    /// `$$`
    pub context: Value,
    /// The object whose members are the variables.
    pub variables: Value,
}

impl Documents {
    /// The document that a path looks in.
    pub fn at(&self, root: PathRoot) -> &Value {
        match root {
            PathRoot::Input => &self.input,
            PathRoot::Context => &self.context,
            PathRoot::Variables => &self.variables,
        }
    }
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong: Jayway's message for a path.
    pub message: String,
    /// The bytes of the text where reading it stopped.
    pub span: Span,
}

/// How an expression comes to its result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ExplainedExpression {
    /// The steps of a path.
    Path(Explanation),
    /// The arguments of a call.
    Call(ExplainedCall),
}

/// How a call comes to its result.
#[derive(Clone, Debug)]
pub struct ExplainedCall {
    /// The call as it was written.
    pub text: Arc<str>,
    /// Every argument in the order of evaluation: those of a call inside a call come before that call.
    pub arguments: Vec<ExplainedArgument>,
    /// What the call gives.
    pub outcome: Result<Value, Failure>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct ExplainedArgument {
    /// How many calls it stands in.
    pub depth: usize,
    /// The argument as it was written.
    pub text: Arc<str>,
    /// Where it stands in the text of the outermost call.
    pub span: Span,
    /// What it gives.
    pub outcome: Result<Value, Failure>,
    /// The steps of a path.
    pub path: Option<Explanation>,
}

impl Expression {
    /// Reads a path or a call.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let (text, span): (&Arc<str>, _) = (&text.into(), Span { start: 0, end: text.len() });
        if text.starts_with("States.") {
            let call = Call::parse(text, span)
                .map_err(|error| ExpressionError { message: error.message, span: error.place })?;
            return Ok(Self(Kind::Call(call)));
        }
        if !text.starts_with('$') {
            let message = "a path starts with '$', a call with 'States.'".to_owned();
            return Err(ExpressionError { message, span });
        }
        match PathExpr::parse(text, span) {
            Ok(path) => Ok(Self(Kind::Path(path))),
            Err(error) => Err(ExpressionError { message: error.message, span: error.span.unwrap_or(span) }),
        }
    }

    /// Where a path starts; none for a call.
    pub fn root(&self) -> Option<PathRoot> {
        match &self.0 {
            Kind::Path(path) => Some(path.root()),
            Kind::Call(_) => None,
        }
    }

    /// Whether anything in it is looked up in the input.
    pub fn reads_input(&self) -> bool {
        match &self.0 {
            Kind::Path(path) => path.root() == PathRoot::Input,
            Kind::Call(call) => call.reads_input(),
        }
    }

    /// Every value that a path finds and where it is; none for a call.
    pub fn matches(&self, documents: &Documents) -> Option<Result<Vec<Match>, PathError>> {
        match &self.0 {
            Kind::Path(path) => Some(path.matches(documents.at(path.root()))),
            Kind::Call(_) => None,
        }
    }

    /// Evaluates the expression and tells how, with at most `examples` values of each kind.
    ///
    /// `seed` is where the random numbers of `States.MathRandom` and `States.UUID` start.
    pub fn explain(&self, documents: &Documents, seed: u64, examples: usize) -> ExplainedExpression {
        let explain = |path: &PathExpr| path.explain(documents.at(path.root()), examples);
        match &self.0 {
            Kind::Path(path) => ExplainedExpression::Path(explain(path)),
            Kind::Call(call) => {
                let (context, random) = (|| documents.context.clone(), Random::new(seed));
                let roots = Roots::new(&documents.input, &context, &documents.variables, &random);
                let mut arguments = Vec::new();
                let outcome = call.explained(&roots, &mut |argument| {
                    arguments.push(ExplainedArgument {
                        depth: argument.depth,
                        text: argument.text.clone(),
                        span: argument.place,
                        outcome: argument.outcome.clone(),
                        path: argument.path.map(explain),
                    });
                });
                ExplainedExpression::Call(ExplainedCall { text: call.text().clone(), arguments, outcome })
            }
        }
    }
}
