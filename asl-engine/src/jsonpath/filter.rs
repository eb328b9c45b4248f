use std::cmp::Ordering;

use super::compare::{Literal, OPERATORS, Operator, Rules, Side};
use super::error::PathError;
use super::explain::FailedCriterion;
use super::fail::Evaluation;
use super::java;
use super::lookup::{Lookup, follow, lookup};
use super::parse::{self, invalid};
use super::pattern::Pattern;
use super::provider::Provider;
use super::token::Steps;
use crate::value::Value;

/// What stands in `[?(…)]`: groups joined by `||`, each of criteria joined by `&&`.
///
/// Jayway evaluates both from the last to the first; that decides which error comes up.
#[derive(Debug)]
pub(super) struct Filter {
    groups: Vec<Vec<Criterion>>,
}

/// One condition and its text.
#[derive(Debug)]
struct Criterion {
    text: Box<str>,
    test: Test,
}

#[derive(Debug)]
enum Test {
    /// `@.a`, and `!@.a` with `expected` false
    Exists { path: PathOperand, expected: bool },
    /// `@.a == 1`
    Compare(Box<Comparison>),
}

/// A definite path and its text.
#[derive(Debug)]
struct PathOperand {
    text: Box<str>,
    steps: Steps,
}

#[derive(Debug)]
struct Comparison {
    left: Operand,
    operator: Operator,
    right: Operand,
    /// Whether both sides are one path that starts at the document: Jayway keeps what such a path has found.
    kept: bool,
}

impl Comparison {
    fn new(left: Operand, operator: Operator, right: Operand) -> Self {
        let kept = match (&left, &right) {
            (Operand::Path(left), Operand::Path(right)) => left.steps.at_root && left.text == right.text,
            _ => false,
        };
        Self { left, operator, right, kept }
    }

    /// How the two sides are compared.
    fn rules(&self, provider: Provider) -> Rules {
        // A tree of nodes is copied where a path gives a part of it.
        Rules { provider, by_identity: self.kept || provider == Provider::Jackson }
    }
}

#[derive(Debug)]
enum Operand {
    /// `@.a`, `$.a`
    Path(PathOperand),
    /// `'text'`, and anything that is neither a path nor a pattern: `200`, `true`, `null`, `"text"`
    Text(Literal),
    /// `/a.*/i`
    Pattern(Pattern),
}

impl Filter {
    /// Reads `[?(…)]`, brackets included.
    pub(super) fn parse(fragment: &str, nesting: usize) -> Result<Self, String> {
        let text = java::trim(&fragment[1..fragment.len() - 1]);
        let Some(text) = text.strip_prefix('?').map(java::trim) else {
            return Err(invalid(format!("Filter must start with '[?' and end with ']'. {text}")));
        };
        let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).map(java::trim) else {
            return Err(invalid(format!("Filter must start with '[?(' and end with ')]'. {text}")));
        };
        let mut operators = Vec::new();
        let mut criteria = Vec::new();
        for piece in split(inner).into_iter().map(java::trim) {
            match piece {
                "&&" | "||" => operators.push(piece),
                _ => criteria.push(Criterion::parse(strip(piece)?, nesting)?),
            }
        }
        Self::join(criteria, operators, inner)
    }

    /// Joins criteria and operators from the last to the first, wherever the operators stood.
    fn join(mut criteria: Vec<Criterion>, mut operators: Vec<&str>, text: &str) -> Result<Self, String> {
        let empty = || "java.util.EmptyStackException".to_owned();
        let mut groups = vec![vec![criteria.pop().ok_or_else(empty)?]];
        while let Some(operator) = operators.pop() {
            let criterion = criteria.pop();
            match (operator, groups.last_mut()) {
                ("&&", Some(group)) => group.push(criterion.ok_or_else(empty)?),
                _ => groups.push(vec![criterion.ok_or_else(|| invalid(format!("Invalid operators {text}")))?]),
            }
        }
        if !criteria.is_empty() {
            return Err(invalid(format!("Invalid operators {text}")));
        }
        Ok(Self { groups })
    }

    /// The criteria because of which `item` does not pass: one of each group, or none where the filter cannot be
    /// evaluated.
    pub(super) fn failed(&self, item: &Value, root: &Value, provider: Provider) -> Vec<FailedCriterion> {
        let mut evaluation = Evaluation::new(root, provider);
        let failed = self.groups.iter().rev().filter_map(|group| {
            let criterion = group.iter().find(|criterion| criterion.holds(item, root, &mut evaluation) == Ok(false))?;
            criterion.failed(item, root, &mut evaluation).ok()
        });
        failed.collect()
    }

    /// Whether `item` passes.
    pub(super) fn accepts(&self, item: &Value, root: &Value, evaluation: &mut Evaluation) -> Result<bool, PathError> {
        for group in &self.groups {
            let mut all = true;
            for criterion in group {
                if !criterion.holds(item, root, evaluation)? {
                    all = false;
                    break;
                }
            }
            if all {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Cuts a filter before and after each `&&` and `||`, also inside of quotes. `&&&` holds two of them that overlap.
fn split(text: &str) -> Vec<&str> {
    let is_operator = |at: Option<&str>| matches!(at, Some("&&" | "||"));
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 1..text.len() {
        if is_operator(text.get(at..at + 2)) || at >= 2 && is_operator(text.get(at - 2..at)) {
            pieces.push(&text[start..at]);
            start = at;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Takes parentheses and the like off a criterion, whether or not they match.
fn strip(piece: &str) -> Result<&str, String> {
    let front = piece.trim_start_matches(['[', '?', '(', ' ']);
    if front.is_empty() {
        return Err(java::end_of(piece));
    }
    let begin = piece.len() - front.len();
    let end = piece.trim_end_matches([')', ' ']).len();
    if end == 0 {
        return Err(java::index_out_of_range(piece, -1));
    }
    piece.get(begin..end).ok_or_else(|| java::bad_substring(begin, end, piece.len()))
}

impl Criterion {
    fn parse(text: &str, nesting: usize) -> Result<Self, String> {
        let found = OPERATORS.iter().find_map(|(sign, operator)| Some((text.split_once(sign)?, *operator)));
        let (left, operator, right) = match found {
            Some(((left, right), operator)) => (java::trim(left), Some(operator), java::trim(right)),
            None => (java::trim(text), None, ""),
        };
        let negated = left.starts_with("!@");
        let left = Operand::parse(if negated { &left[1..] } else { left }, nesting)?;
        if right.starts_with("!@") {
            return Err(invalid("Invalid negation! Can only be used for existence check e.g [?(!@.foo)]"));
        }
        let right = Operand::parse(right, nesting)?;
        let test = match (left, operator) {
            (Operand::Path(path), None) => Test::Exists { path, expected: !negated },
            (_, None) => {
                return Err("java.lang.UnsupportedOperationException: CriteriaType  can not be parsed".to_owned());
            }
            (left, Some(operator)) => Test::Compare(Box::new(Comparison::new(left, operator, right))),
        };
        Ok(Self { text: text.into(), test })
    }

    fn holds(&self, item: &Value, root: &Value, evaluation: &mut Evaluation) -> Result<bool, PathError> {
        match &self.test {
            Test::Exists { path, expected } => Ok(match path.tested(item, root, evaluation)? {
                Lookup::Missing => !expected,
                found => found.is_null() != *expected,
            }),
            Test::Compare(comparison) => {
                let Comparison { left, operator, right, .. } = &**comparison;
                if *operator != Operator::Matches
                    && let Some(order) = compare_integer(left, right, item, evaluation.provider)
                {
                    return Ok(operator.accepts(order));
                }
                let Some(actual) = left.resolve(item, root, evaluation)? else { return Ok(false) };
                let Some(expected) = right.resolve(item, root, evaluation)? else { return Ok(false) };
                operator.holds(&actual, &expected, comparison.rules(evaluation.provider))
            }
        }
    }
}

impl Criterion {
    /// What this criterion, which does not hold, has looked at.
    fn failed(&self, item: &Value, root: &Value, evaluation: &mut Evaluation) -> Result<FailedCriterion, PathError> {
        let mut operands = Vec::new();
        let mut incomparable = false;
        match &self.test {
            Test::Exists { path, .. } => operands.push(path.told(&path.tested(item, root, evaluation)?)),
            Test::Compare(comparison) => {
                let Comparison { left, operator, right, .. } = &**comparison;
                // What is missing on the left ends the comparison.
                for operand in [left, right] {
                    let Operand::Path(path) = operand else { continue };
                    let found = path.compared(item, root, evaluation)?;
                    operands.push(path.told(&found));
                    if matches!(found, Lookup::Missing) {
                        break;
                    }
                }
                if operands.iter().all(|(_, value)| value.is_some())
                    && let Some(actual) = left.resolve(item, root, evaluation)?
                    && let Some(expected) = right.resolve(item, root, evaluation)?
                {
                    incomparable = operator.has_no_rule(&actual, &expected, comparison.rules(evaluation.provider));
                }
            }
        }
        Ok(FailedCriterion { text: self.text.to_string(), operands, incomparable })
    }
}

impl Operand {
    fn parse(text: &str, nesting: usize) -> Result<Self, String> {
        if text.starts_with(['$', '@']) {
            let path = parse::compile(text, nesting + 1).map_err(|refused| invalid(refused.message))?;
            if !path.is_definite() {
                return Err(invalid(format!("the predicate path: {text} is not definite")));
            }
            return Ok(Self::Path(PathOperand { text: text.into(), steps: path }));
        }
        if text.starts_with('\'') && text.ends_with('\'') {
            let inner = text.get(1..text.len() - 1).ok_or_else(|| java::bad_substring(1, 0, 1))?;
            return Ok(Self::Text(Literal::new(inner)));
        }
        if text.starts_with('/') && (text.ends_with('/') || text.ends_with("/i")) {
            let end = text.rfind('/').unwrap_or(0);
            let inner = text.get(1..end).ok_or_else(|| java::bad_substring(1, 0, text.len()))?;
            return Pattern::new(inner, text.ends_with('i')).map(Self::Pattern);
        }
        Ok(Self::Text(Literal::new(text)))
    }

    /// What stands on one side of an operator; none where a path finds nothing.
    fn resolve<'a>(
        &'a self,
        item: &'a Value,
        root: &'a Value,
        evaluation: &mut Evaluation,
    ) -> Result<Option<Side<'a>>, PathError> {
        Ok(Some(match self {
            Self::Text(literal) => Side::Text(literal),
            Self::Pattern(pattern) => Side::Pattern(pattern),
            Self::Path(path) => match path.compared(item, root, evaluation)? {
                Lookup::Missing => return Ok(None),
                Lookup::Found(value) => Side::Value(value),
                Lookup::Built(value) => Side::Built(value),
            },
        }))
    }
}

impl PathOperand {
    /// The path and what it has found.
    fn told(&self, found: &Lookup<'_>) -> (String, Option<Value>) {
        let value = match found {
            Lookup::Missing => None,
            Lookup::Found(value) => Some((*value).clone()),
            Lookup::Built(value) => Some(value.clone()),
        };
        (self.text.to_string(), value)
    }

    /// What an existence test looks at. Even a path that starts with `$` is looked up in the item.
    fn tested<'a>(
        &'a self,
        item: &'a Value,
        root: &'a Value,
        evaluation: &mut Evaluation,
    ) -> Result<Lookup<'a>, PathError> {
        lookup(&self.steps, item, root, true, evaluation)
    }

    /// What a comparison looks at.
    fn compared<'a>(
        &'a self,
        item: &'a Value,
        root: &'a Value,
        evaluation: &mut Evaluation,
    ) -> Result<Lookup<'a>, PathError> {
        let start = if self.steps.at_root { root } else { item };
        lookup(&self.steps, start, root, false, evaluation)
    }
}

/// The commonest comparison by itself, for speed: a whole number in the item with a whole number in the path.
fn compare_integer(left: &Operand, right: &Operand, item: &Value, provider: Provider) -> Option<Ordering> {
    let (Operand::Path(path), Operand::Text(Literal { integer: Some(expected), .. })) = (left, right) else {
        return None;
    };
    match follow(&path.steps.tokens, item, provider) {
        Some(Lookup::Found(Value::Number(actual))) if !path.steps.at_root => {
            actual.as_i64().map(|actual| actual.cmp(expected))
        }
        _ => None,
    }
}
