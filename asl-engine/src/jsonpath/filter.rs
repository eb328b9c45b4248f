use std::cmp::Ordering;
use std::sync::Arc;

use super::decimal::{self, Decimal};
use super::error::{ErrorClass, PathError};
use super::eval::{self, Budget, Lookup};
use super::java;
use super::parse::{self, invalid};
use super::pattern::Pattern;
use super::token::Steps;
use crate::value::Value;

/// What stands in `[?(…)]`: groups joined by `||`, each of criteria joined by `&&`.
///
/// Jayway evaluates both from the last to the first; that decides which error comes up.
#[derive(Debug)]
pub(super) struct Filter {
    groups: Vec<Vec<Criterion>>,
}

#[derive(Debug)]
enum Criterion {
    /// `@.a`, and `!@.a` with `expected` false
    Exists { path: Steps, expected: bool },
    /// `@.a == 1`
    Compare { left: Operand, operator: Operator, right: Operand },
}

#[derive(Debug)]
enum Operand {
    /// `@.a`, `$.a`
    Path(Steps),
    /// `'text'`, and anything that is neither a path nor a pattern: `200`, `true`, `null`, `"text"`
    Text(Literal),
    /// `/a.*/i`
    Pattern(Pattern),
}

#[derive(Debug)]
struct Literal {
    text: Arc<str>,
    number: Result<Decimal, String>,
    integer: Option<i64>,
    double: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    GreaterOrEqual,
    LessOrEqual,
    NotEqual,
    Less,
    Greater,
    Matches,
}

/// The first one that occurs anywhere in a criterion is its operator, even inside of quotes.
const OPERATORS: [(&str, Operator); 7] = [
    ("==", Operator::Equal),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=~", Operator::Matches),
];

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

    /// Whether `item` passes.
    pub(super) fn accepts(&self, item: &Value, root: &Value, budget: &mut Budget) -> Result<bool, PathError> {
        for group in &self.groups {
            let mut all = true;
            for criterion in group {
                if !criterion.holds(item, root, budget)? {
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
        match (left, operator) {
            (Operand::Path(path), None) => Ok(Self::Exists { path, expected: !negated }),
            (_, None) => Err("java.lang.UnsupportedOperationException: CriteriaType  can not be parsed".to_owned()),
            (left, Some(operator)) => Ok(Self::Compare { left, operator, right }),
        }
    }

    fn holds(&self, item: &Value, root: &Value, budget: &mut Budget) -> Result<bool, PathError> {
        match self {
            // Even a path that starts with `$` is looked up in the item here.
            Self::Exists { path, expected } => Ok(match eval::lookup(path, item, root, true, budget)? {
                Lookup::Missing => !expected,
                found => found.is_null() != *expected,
            }),
            Self::Compare { left, operator, right } => {
                let Some(actual) = left.resolve(item, root, budget)? else { return Ok(false) };
                let Some(expected) = right.resolve(item, root, budget)? else { return Ok(false) };
                operator.holds(&actual, &expected)
            }
        }
    }
}

impl Operand {
    fn parse(text: &str, nesting: usize) -> Result<Self, String> {
        if text.starts_with(['$', '@']) {
            let path = parse::compile(text, nesting + 1).map_err(invalid)?;
            if !path.is_definite() {
                return Err(invalid(format!("the predicate path: {text} is not definite")));
            }
            return Ok(Self::Path(path));
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
        budget: &mut Budget,
    ) -> Result<Option<Side<'a>>, PathError> {
        Ok(Some(match self {
            Self::Text(literal) => Side::Text(literal),
            Self::Pattern(pattern) => Side::Pattern(pattern),
            Self::Path(path) => {
                let start = if path.at_root { root } else { item };
                match eval::lookup(path, start, root, false, budget)? {
                    Lookup::Missing => return Ok(None),
                    Lookup::Found(value) => Side::Value(value),
                    Lookup::Built(value) => Side::Built(value),
                }
            }
        }))
    }
}

impl Literal {
    fn new(text: &str) -> Self {
        let integer = text.parse().ok();
        Self { text: text.into(), number: Decimal::parse(text), integer, double: text.parse().unwrap_or(f64::NAN) }
    }
}

/// One side of an operator, resolved.
enum Side<'a> {
    Value(&'a Value),
    /// An object that `['a', 'b']` has put together.
    Built(Value),
    Text(&'a Literal),
    Pattern(&'a Pattern),
}

/// Why two values have no order.
enum Incomparable {
    /// No rule compares such values: the criterion does not hold, whatever its operator.
    NoRule,
    /// A text that is compared with a number is none: the whole path fails.
    NoNumber(String),
}

impl Side<'_> {
    fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Built(value) => Some(value),
            Self::Text(_) | Self::Pattern(_) => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self.value(), Some(Value::Null))
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(literal) => Some(&literal.text),
            _ => self.value().and_then(Value::as_str),
        }
    }

    /// The text `null` is as good as null.
    fn is_nullish(&self) -> bool {
        self.is_null() || self.as_text() == Some("null")
    }

    fn to_java_text(&self) -> String {
        match self {
            Self::Text(literal) => literal.text.to_string(),
            Self::Pattern(pattern) => pattern.source().to_owned(),
            Self::Value(value) => java::text_of(value),
            Self::Built(value) => java::text_of(value),
        }
    }

    fn class_name(&self) -> &'static str {
        match self.value() {
            Some(value) => java::class_name(value),
            None => "java.lang.String",
        }
    }
}

impl Operator {
    fn holds(self, actual: &Side<'_>, expected: &Side<'_>) -> Result<bool, PathError> {
        if self == Self::Matches {
            return matches_pattern(actual, expected);
        }
        let ordered = !matches!(self, Self::Equal | Self::NotEqual);
        if ordered && actual.is_null() != expected.is_null() {
            return Ok(false);
        }
        let order = match compare(actual, expected) {
            Ok(order) => order,
            Err(Incomparable::NoRule) => return Ok(false),
            Err(Incomparable::NoNumber(message)) => {
                return Err(PathError::evaluate(ErrorClass::NumberFormat, message));
            }
        };
        Ok(match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Matches => false,
        })
    }
}

fn matches_pattern(actual: &Side<'_>, expected: &Side<'_>) -> Result<bool, PathError> {
    let (pattern, target) = match (actual, expected) {
        (Side::Pattern(pattern), target) => (Some(*pattern), target),
        (target, Side::Pattern(pattern)) => (Some(*pattern), target),
        (target, expected) if expected.is_null() => (None, target),
        (_, other) => {
            let class = other.class_name();
            return Err(PathError::evaluate(
                ErrorClass::ClassCast,
                format!(
                    "class {class} cannot be cast to class java.util.regex.Pattern ({class} and java.util.regex.Pattern \
                     are in module java.base of loader 'bootstrap')"
                ),
            ));
        }
    };
    if target.is_null() {
        return Ok(false);
    }
    match pattern {
        Some(pattern) => match target.as_text() {
            Some(text) => pattern.matches(text),
            None => pattern.matches(&target.to_java_text()),
        },
        None => Err(PathError::evaluate(
            ErrorClass::NullPointer,
            "Cannot invoke \"java.util.regex.Pattern.matcher(java.lang.CharSequence)\" because \"pattern\" is null",
        )),
    }
}

/// How `actual`, the left side, stands to `expected`, the right side. The rules are not symmetric.
fn compare(actual: &Side<'_>, expected: &Side<'_>) -> Result<Ordering, Incomparable> {
    if let (Side::Value(Value::Number(actual)), Side::Text(literal)) = (actual, expected) {
        if let (Some(actual), Some(expected)) = (actual.as_i64(), literal.integer) {
            return Ok(actual.cmp(&expected));
        }
        // Rounding keeps the order, so two different doubles tell how the decimals stand.
        if literal.number.is_ok()
            && let Some(order @ (Ordering::Less | Ordering::Greater)) = actual.as_f64().partial_cmp(&literal.double)
            && actual.as_f64().is_finite()
        {
            return Ok(order);
        }
    }
    if let (Side::Value(actual), Side::Value(expected)) = (actual, expected)
        && std::ptr::eq(*actual, *expected)
    {
        // The very same place in the document equals itself, though two equal objects do not compare.
        return Ok(Ordering::Equal);
    }
    match (actual.is_nullish(), expected.is_nullish()) {
        (true, true) => return Ok(Ordering::Equal),
        (true, false) => return Ok(Ordering::Less),
        (false, true) => return Ok(Ordering::Greater),
        (false, false) => {}
    }
    if let (Some(actual), Some(expected)) = (actual.as_text(), expected.as_text()) {
        return Ok(compare_texts(actual, &expected.replace("\\'", "'")));
    }
    let no_number = Incomparable::NoNumber;
    match (actual.value(), expected.as_text(), expected.value()) {
        (Some(Value::Number(actual)), Some(text), _) => {
            let parsed;
            let expected = match expected {
                Side::Text(literal) => literal.number.as_ref().map_err(Clone::clone),
                _ => {
                    parsed = Decimal::parse(text);
                    parsed.as_ref().map_err(Clone::clone)
                }
            };
            let expected = expected.map_err(no_number)?;
            Ok(Decimal::of(actual).map_err(no_number)?.compare(expected))
        }
        (Some(Value::Bool(actual)), Some(text), _) => Ok(actual.cmp(&text.eq_ignore_ascii_case("true"))),
        (Some(Value::Bool(actual)), _, Some(Value::Bool(expected))) => Ok(actual.cmp(expected)),
        (Some(Value::Number(actual)), _, Some(Value::Number(expected))) => {
            // Of two numbers that are not numbers to Java, the right one is noticed.
            if !expected.is_integer() && expected.as_f64().is_infinite() {
                Decimal::of(expected).map_err(no_number)?;
            }
            decimal::compare_numbers(actual, expected).map_err(no_number)
        }
        _ => Err(Incomparable::NoRule),
    }
}

/// Java compares texts by UTF-16 units.
fn compare_texts(one: &str, other: &str) -> Ordering {
    if one == other { Ordering::Equal } else { one.encode_utf16().cmp(other.encode_utf16()) }
}
