//! Choice Rules: the conditions of a Choice state, and `Condition` in JSONata.
//!
//! States Language specification, "Choice State".

use std::cmp::Ordering;
use std::sync::Arc;

use crate::nothing_found;
use crate::path::{PathExpr, Roots};
use crate::query::Query;
use crate::task::Failure;
use crate::time::Timestamp;
use crate::value::{Number, Value};

/// A condition.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// `"And": [rules]`
    And(Vec<Rule>),
    /// `"Or": [rules]`
    Or(Vec<Rule>),
    /// `"Not": rule`
    Not(Box<Rule>),
    /// `"Variable": "$.path"` with one operator
    Compare {
        /// `Variable`
        variable: PathExpr,
        /// The operator with its operand.
        test: Test,
    },
    /// `"Condition": true`
    Literal(bool),
    /// `"Condition": "{% … %}"`
    Query(Arc<Query>),
}

/// An operator and what it compares with.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// `IsPresent`, `IsNull`, `IsString`, … and whether it has to hold
    Is(IsTest, bool),
    /// `StringMatches`
    StringMatches(Arc<str>),
    /// `StringEquals`, `NumericLessThan`, … with a literal
    Literal(Domain, Comparison, Value),
    /// `StringEqualsPath`, `NumericLessThanPath`, … with a path
    Path(Domain, Comparison, PathExpr),
}

/// The type tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsTest {
    /// `IsPresent`
    Present,
    /// `IsNull`
    Null,
    /// `IsString`
    String,
    /// `IsNumeric`
    Numeric,
    /// `IsBoolean`
    Boolean,
    /// `IsTimestamp`
    Timestamp,
}

/// What a comparison takes both sides to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// `String…`
    String,
    /// `Numeric…`
    Numeric,
    /// `Boolean…`
    Boolean,
    /// `Timestamp…`
    Timestamp,
}

/// How two sides are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `…Equals`
    Equals,
    /// `…LessThan`
    LessThan,
    /// `…GreaterThan`
    GreaterThan,
    /// `…LessThanEquals`
    LessThanEquals,
    /// `…GreaterThanEquals`
    GreaterThanEquals,
}

/// The names of all operators, in the order in which AWS lists them.
pub(crate) const OPERATORS: [&str; 39] = [
    "StringEquals",
    "IsBoolean",
    "StringLessThan",
    "IsNumeric",
    "BooleanEquals",
    "StringLessThanEqualsPath",
    "NumericLessThan",
    "NumericGreaterThan",
    "NumericLessThanPath",
    "StringMatches",
    "TimestampLessThanEqualsPath",
    "NumericEquals",
    "TimestampGreaterThan",
    "StringGreaterThanEqualsPath",
    "TimestampGreaterThanEqualsPath",
    "TimestampLessThanEquals",
    "NumericLessThanEqualsPath",
    "TimestampEquals",
    "BooleanEqualsPath",
    "IsTimestamp",
    "StringLessThanEquals",
    "NumericLessThanEquals",
    "StringLessThanPath",
    "TimestampGreaterThanPath",
    "StringGreaterThan",
    "StringGreaterThanPath",
    "IsString",
    "StringEqualsPath",
    "TimestampEqualsPath",
    "TimestampLessThan",
    "StringGreaterThanEquals",
    "NumericGreaterThanPath",
    "NumericGreaterThanEquals",
    "NumericEqualsPath",
    "TimestampLessThanPath",
    "IsNull",
    "IsPresent",
    "TimestampGreaterThanEquals",
    "NumericGreaterThanEqualsPath",
];

/// What an operator's name says, before its operand is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Is(IsTest),
    StringMatches,
    Compare(Domain, Comparison, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Literal,
    Path,
}

impl Operator {
    /// Reads an operator's name, such as `NumericLessThanEqualsPath`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let is = match name {
            "IsPresent" => Some(IsTest::Present),
            "IsNull" => Some(IsTest::Null),
            "IsString" => Some(IsTest::String),
            "IsNumeric" => Some(IsTest::Numeric),
            "IsBoolean" => Some(IsTest::Boolean),
            "IsTimestamp" => Some(IsTest::Timestamp),
            "StringMatches" => return Some(Self::StringMatches),
            _ => None,
        };
        if let Some(test) = is {
            return Some(Self::Is(test));
        }
        let (name, operand) = match name.strip_suffix("Path") {
            Some(name) => (name, Operand::Path),
            None => (name, Operand::Literal),
        };
        let domains = [
            ("String", Domain::String),
            ("Numeric", Domain::Numeric),
            ("Boolean", Domain::Boolean),
            ("Timestamp", Domain::Timestamp),
        ];
        let (comparison, domain) =
            domains.into_iter().find_map(|(prefix, domain)| Some((name.strip_prefix(prefix)?, domain)))?;
        let comparison = match comparison {
            "Equals" => Comparison::Equals,
            // Booleans have no order.
            _ if domain == Domain::Boolean => return None,
            "LessThan" => Comparison::LessThan,
            "GreaterThan" => Comparison::GreaterThan,
            "LessThanEquals" => Comparison::LessThanEquals,
            "GreaterThanEquals" => Comparison::GreaterThanEquals,
            _ => return None,
        };
        Some(Self::Compare(domain, comparison, operand))
    }
}

impl Domain {
    /// Whether a literal operand is of this kind.
    pub(crate) fn takes(self, value: &Value) -> bool {
        match self {
            Self::String => value.as_str().is_some(),
            Self::Numeric => value.as_number().is_some(),
            Self::Boolean => value.as_bool().is_some(),
            Self::Timestamp => value.as_str().is_some_and(|text| Timestamp::parse(text).is_some()),
        }
    }

    /// What AWS takes the right side of `…Path` to be: where a number is expected, anything else is 0 (recorded); where a
    /// Boolean is, `false`, as the same Java library has it.
    fn operand(self, found: Value) -> Value {
        match self {
            Self::Numeric if found.as_number().is_none() => 0.into(),
            Self::Boolean if found.as_bool().is_none() => false.into(),
            _ => found,
        }
    }

    /// The order of two values of this kind; `None` where either is of another kind.
    pub(crate) fn order(self, left: &Value, right: &Value) -> Option<Ordering> {
        match self {
            Self::String => Some(utf16_order(left.as_str()?, right.as_str()?)),
            Self::Numeric => number_order(left.as_number()?, right.as_number()?),
            Self::Boolean => Some(left.as_bool()?.cmp(&right.as_bool()?)),
            Self::Timestamp => Some(Timestamp::nanos(left.as_str()?)?.cmp(&Timestamp::nanos(right.as_str()?)?)),
        }
    }
}

impl Comparison {
    /// Whether the left side is what the right side asks for, by their order.
    pub(crate) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::LessThan => order.is_lt(),
            Self::GreaterThan => order.is_gt(),
            Self::LessThanEquals => order.is_le(),
            Self::GreaterThanEquals => order.is_ge(),
        }
    }
}

impl Rule {
    /// The variables that it reads.
    pub(crate) fn variables(&self, found: &mut dyn FnMut(&str)) {
        match self {
            Self::And(rules) | Self::Or(rules) => rules.iter().for_each(|rule| rule.variables(found)),
            Self::Not(rule) => rule.variables(found),
            Self::Compare { variable, test } => {
                let operand = match test {
                    Test::Path(_, _, path) => Some(path),
                    Test::Is(..) | Test::StringMatches(_) | Test::Literal(..) => None,
                };
                [Some(variable), operand].into_iter().flatten().filter_map(PathExpr::variable).for_each(found);
            }
            Self::Literal(_) => {}
            Self::Query(query) => query.variables(found),
        }
    }

    /// The expression that it is, in JSONata.
    pub(crate) fn query(&self) -> Option<&Query> {
        match self {
            Self::Query(query) => Some(query),
            _ => None,
        }
    }

    /// Whether the condition holds. The failure is AWS's for a path that finds nothing, or an expression that gives no
    /// Boolean.
    pub(crate) fn holds(&self, roots: &Roots<'_>) -> Result<bool, Failure> {
        match self {
            Self::And(rules) => {
                for rule in rules {
                    if !rule.holds(roots)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(rules) => {
                for rule in rules {
                    if rule.holds(roots)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(rule) => Ok(!rule.holds(roots)?),
            Self::Literal(holds) => Ok(*holds),
            Self::Query(query) => query.boolean(roots),
            Self::Compare { variable, test } => {
                let found = match (variable.find(roots), test) {
                    (found, Test::Is(IsTest::Present, expected)) => return Ok(found.is_ok() == *expected),
                    (Ok(found), _) => found,
                    (Err(_), _) => return Err(invalid_value(variable, roots)),
                };
                test.holds(&found, roots)
            }
        }
    }
}

impl Test {
    fn holds(&self, found: &Value, roots: &Roots<'_>) -> Result<bool, Failure> {
        let (domain, comparison, operand) = match self {
            Self::Is(test, expected) => return Ok(test.holds(found) == *expected),
            Self::StringMatches(pattern) => return Ok(found.as_str().is_some_and(|text| glob(pattern, text))),
            Self::Literal(domain, comparison, operand) => (domain, comparison, operand.clone()),
            Self::Path(domain, comparison, path) => {
                let operand = path.find(roots).map_err(|_| invalid_value(path, roots))?;
                (domain, comparison, domain.operand(operand))
            }
        };
        Ok(domain.order(found, &operand).is_some_and(|order| comparison.holds(order)))
    }
}

impl IsTest {
    fn holds(self, found: &Value) -> bool {
        match self {
            Self::Present => true,
            Self::Null => *found == Value::Null,
            Self::String => found.as_str().is_some(),
            Self::Numeric => found.as_number().is_some(),
            Self::Boolean => found.as_bool().is_some(),
            Self::Timestamp => Domain::Timestamp.takes(found),
        }
    }
}

fn invalid_value(path: &PathExpr, roots: &Roots<'_>) -> Failure {
    Failure::runtime(format!("Invalid path '{path}': The choice state's condition path references an invalid value."))
        .at(path.span())
        .with_help(nothing_found::by_path(path, roots))
}

/// Strings are ordered by their UTF-16 units, as Java orders them.
fn utf16_order(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

fn number_order(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64().partial_cmp(&right.as_f64()),
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters and `\` takes the next one as it is.
fn glob(pattern: &str, text: &str) -> bool {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => tokens.push(None),
            '\\' => tokens.push(Some(chars.next().unwrap_or('\\'))),
            c => tokens.push(Some(c)),
        }
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut token) = (0, 0);
    // Where to go on after the last star when what follows it did not fit.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match tokens.get(token) {
            Some(None) => {
                retry = Some((token + 1, at));
                token += 1;
            }
            Some(Some(c)) if *c == text[at] => {
                at += 1;
                token += 1;
            }
            _ => {
                let Some((after_star, from)) = retry else { return false };
                retry = Some((after_star, from + 1));
                token = after_star;
                at = from + 1;
            }
        }
    }
    tokens[token..].iter().all(Option::is_none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_run() {
        let cases = [
            ("*.log", "x.log", true),
            ("*.log", "x.log.1", false),
            ("a*b*c", "aXXbYbc", true),
            ("a*b*c", "aXXbYb", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            (r"a\*b", "a*b", true),
            (r"a\*b", "aXb", false),
            (r"a\\*", r"a\rest", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn operators_are_read_from_their_names() {
        assert_eq!(
            Operator::parse("NumericLessThanEqualsPath"),
            Some(Operator::Compare(Domain::Numeric, Comparison::LessThanEquals, Operand::Path))
        );
        assert_eq!(Operator::parse("IsPresent"), Some(Operator::Is(IsTest::Present)));
        for name in ["BooleanLessThan", "StringIs", "NumericEqual", "IsArray", "StringMatchesPath", "Equals"] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }

    #[test]
    fn values_of_different_kinds_never_compare() {
        let order =
            |domain: Domain, left: &str, right: &str| domain.order(&left.parse().unwrap(), &right.parse().unwrap());
        assert_eq!(order(Domain::Numeric, "9007199254740993", "9007199254740992"), Some(Ordering::Greater));
        assert_eq!(order(Domain::Numeric, "1.0", "1"), Some(Ordering::Equal));
        assert_eq!(order(Domain::Numeric, "1", "\"1\""), None);
        assert_eq!(order(Domain::String, "\"a\"", "\"B\""), Some(Ordering::Greater));
        assert_eq!(
            order(Domain::Timestamp, "\"2024-01-01T01:00:00+01:00\"", "\"2024-01-01T00:00:00Z\""),
            Some(Ordering::Equal)
        );
    }
}
