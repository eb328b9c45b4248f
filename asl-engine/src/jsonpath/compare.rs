//! The operators of filters, and how they order two sides.

use std::cmp::Ordering;
use std::sync::Arc;

use super::decimal::{self, Decimal};
use super::error::{ErrorClass, PathError};
use super::pattern::Pattern;
use super::provider::Provider;
use crate::value::Value;

/// A text in a filter, and what it is as a number.
#[derive(Debug)]
pub(super) struct Literal {
    text: Arc<str>,
    number: Result<Decimal, String>,
    pub(super) integer: Option<i64>,
    double: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Equal,
    GreaterOrEqual,
    LessOrEqual,
    NotEqual,
    Less,
    Greater,
    Matches,
}

/// The first one that occurs anywhere in a criterion is its operator, even inside of quotes.
pub(super) const OPERATORS: [(&str, Operator); 7] = [
    ("==", Operator::Equal),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=~", Operator::Matches),
];

impl Literal {
    pub(super) fn new(text: &str) -> Self {
        let integer = text.parse().ok();
        Self { text: text.into(), number: Decimal::parse(text), integer, double: text.parse().unwrap_or(f64::NAN) }
    }
}

/// One side of an operator, resolved.
pub(super) enum Side<'a> {
    Value(&'a Value),
    /// An object that `['a', 'b']` has put together.
    Built(Value),
    Text(&'a Literal),
    Pattern(&'a Pattern),
}

/// By which rules two sides are compared.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) provider: Provider,
    /// Whether one and the same place of the document equals itself, though two equal objects do not compare.
    pub(super) by_identity: bool,
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

    fn to_java_text(&self, provider: Provider) -> String {
        match self {
            Self::Text(literal) => literal.text.to_string(),
            Self::Pattern(pattern) => pattern.source().to_owned(),
            Self::Value(value) => provider.text_of(value, true),
            Self::Built(value) => provider.text_of(value, true),
        }
    }

    fn class_name(&self, provider: Provider) -> &'static str {
        match self.value() {
            Some(value) => provider.class_name(value),
            None => "java.lang.String",
        }
    }
}

impl Operator {
    /// Whether `actual`, on the left, stands so to `expected`, on the right.
    pub(super) fn holds(self, actual: &Side<'_>, expected: &Side<'_>, rules: Rules) -> Result<bool, PathError> {
        if self == Self::Matches {
            return matches_pattern(actual, expected, rules.provider);
        }
        let ordered = !matches!(self, Self::Equal | Self::NotEqual);
        if ordered && actual.is_null() != expected.is_null() {
            return Ok(false);
        }
        let order = match compare(actual, expected, rules) {
            Ok(order) => order,
            Err(Incomparable::NoRule) => return Ok(false),
            Err(Incomparable::NoNumber(message)) => {
                return Err(PathError::evaluate(ErrorClass::NumberFormat, message));
            }
        };
        Ok(self.accepts(order))
    }

    /// Whether the operator cannot hold, as nothing orders such sides.
    pub(super) fn has_no_rule(self, actual: &Side<'_>, expected: &Side<'_>, rules: Rules) -> bool {
        self != Self::Matches && matches!(compare(actual, expected, rules), Err(Incomparable::NoRule))
    }

    /// Whether the operator holds for sides in this order.
    pub(super) fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Matches => false,
        }
    }
}

fn matches_pattern(actual: &Side<'_>, expected: &Side<'_>, provider: Provider) -> Result<bool, PathError> {
    let (pattern, target) = match (actual, expected) {
        (Side::Pattern(pattern), target) => (Some(*pattern), target),
        (target, Side::Pattern(pattern)) => (Some(*pattern), target),
        (target, expected) if expected.is_null() => (None, target),
        (_, other) => {
            let class = other.class_name(provider);
            let pattern = "java.util.regex.Pattern";
            let modules = match class.starts_with("java.") {
                true => format!("{class} and {pattern} are"),
                false => format!("{class} is in unnamed module of loader 'app'; {pattern} is"),
            };
            let message = format!(
                "class {class} cannot be cast to class {pattern} ({modules} in module java.base of loader 'bootstrap')"
            );
            return Err(PathError::evaluate(ErrorClass::ClassCast, message));
        }
    };
    if target.is_null() {
        return Ok(false);
    }
    match pattern {
        Some(pattern) => match target.as_text() {
            Some(text) => pattern.matches(text),
            None => pattern.matches(&target.to_java_text(provider)),
        },
        None => Err(PathError::evaluate(
            ErrorClass::NullPointer,
            "Cannot invoke \"java.util.regex.Pattern.matcher(java.lang.CharSequence)\" because \"pattern\" is null",
        )),
    }
}

/// How `actual`, the left side, stands to `expected`, the right side. The rules are not symmetric.
fn compare<'s>(actual: &'s Side<'_>, expected: &'s Side<'_>, rules: Rules) -> Result<Ordering, Incomparable> {
    let number = |side: &'s Side<'_>| rules.provider.number(side.value());
    if let (Some(actual), Side::Text(literal)) = (number(actual), expected) {
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
        && rules.by_identity
        && std::ptr::eq(*actual, *expected)
    {
        return Ok(Ordering::Equal);
    }
    match (actual.is_nullish(), expected.is_nullish()) {
        (true, true) => return Ok(Ordering::Equal),
        (true, false) => return Ok(Ordering::Less),
        (false, true) => return Ok(Ordering::Greater),
        (false, false) => {}
    }
    if let (Some(actual), Some(expected)) = (actual.as_text(), expected.as_text()) {
        return Ok(match expected.contains("\\'") {
            true => compare_texts(actual, &expected.replace("\\'", "'")),
            false => compare_texts(actual, expected),
        });
    }
    let no_number = Incomparable::NoNumber;
    if let Some(actual) = number(actual) {
        if let Some(text) = expected.as_text() {
            let parsed;
            let expected = match expected {
                Side::Text(literal) => literal.number.as_ref().map_err(Clone::clone),
                _ => {
                    parsed = Decimal::parse(text);
                    parsed.as_ref().map_err(Clone::clone)
                }
            };
            let expected = expected.map_err(no_number)?;
            return Ok(Decimal::of(actual).map_err(no_number)?.compare(expected));
        }
        let expected = number(expected).ok_or(Incomparable::NoRule)?;
        return decimal::compare_numbers(actual, expected).map_err(no_number);
    }
    match (actual.value(), expected.as_text(), expected.value()) {
        (Some(Value::Bool(actual)), Some(text), _) => Ok(actual.cmp(&text.eq_ignore_ascii_case("true"))),
        (Some(Value::Bool(actual)), _, Some(Value::Bool(expected))) => Ok(actual.cmp(expected)),
        _ => Err(Incomparable::NoRule),
    }
}

/// Java compares texts by UTF-16 units.
fn compare_texts(one: &str, other: &str) -> Ordering {
    if one == other { Ordering::Equal } else { one.encode_utf16().cmp(other.encode_utf16()) }
}
