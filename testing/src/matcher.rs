//! What a value has to be: exactly this, this among other things, a text like this, or what a condition says.

use asl_engine::{Jsonata, JsonataOptions, Object, Value};
use asl_history::{Difference, Extent, differences};
use asl_project::yaml::Tree;
use fancy_regex::Regex;

use crate::problem::{Problem, Problems};

/// What a value has to be.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    /// Equal to this, but for members that nobody asked for where it is partial.
    Like(Value, Extent),
    /// A text that a regular expression finds something in.
    Text(Box<Regex>),
    /// What makes a JSONata expression `true`; `$` is the value.
    Condition(Jsonata, String),
}

/// Why a value is not what it has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// It differs at these places.
    Differs(Vec<Difference>),
    /// It is no text in which the regular expression finds something.
    NoMatch {
        /// The regular expression.
        pattern: String,
        /// The value.
        found: Value,
    },
    /// The condition is not `true` of it.
    NotTrue {
        /// The condition.
        condition: String,
        /// What the condition gives, or why it gives nothing.
        gives: String,
        /// The value.
        found: Value,
    },
}

/// The operators of an object with one member.
const OPERATORS: [&str; 3] = ["exact", "partial", "matches"];

impl Matcher {
    /// Reads what a value has to be. Without an operator it is as `extent` says.
    pub(crate) fn read(tree: &Tree, extent: Extent, problems: &mut Problems) -> Option<Self> {
        if let [member] = tree.members()
            && OPERATORS.contains(&&*member.name)
        {
            return match &*member.name {
                "exact" => Some(Self::Like(member.value.value(), Extent::Exact)),
                "partial" => Some(Self::Like(member.value.value(), Extent::Partial)),
                _ => Self::pattern(&member.value, problems),
            };
        }
        match tree.text().and_then(expression) {
            Some(text) => Self::condition(tree, text, problems),
            None => Some(Self::Like(tree.value(), extent)),
        }
    }

    fn pattern(tree: &Tree, problems: &mut Problems) -> Option<Self> {
        let Some(text) = tree.text() else {
            problems.add(Problem::new(tree.span, "'matches' is a regular expression in quotes"));
            return None;
        };
        match Regex::new(text) {
            Ok(regex) => Some(Self::Text(Box::new(regex))),
            Err(error) => {
                problems.add(Problem::new(tree.span, format!("this is no regular expression: {error}")));
                None
            }
        }
    }

    fn condition(tree: &Tree, text: &str, problems: &mut Problems) -> Option<Self> {
        jsonata(tree, text, problems).map(|condition| Self::Condition(condition, text.to_owned()))
    }

    /// Why `found` is not what it has to be; none where it is.
    pub(crate) fn mismatch(&self, found: &Value) -> Option<Mismatch> {
        match self {
            Self::Like(expected, extent) => {
                let differences = differences(expected, found, *extent);
                (!differences.is_empty()).then_some(Mismatch::Differs(differences))
            }
            Self::Text(regex) => {
                let is_found = found.as_str().is_some_and(|text| regex.is_match(text).unwrap_or(false));
                let no_match = || Mismatch::NoMatch { pattern: regex.as_str().to_owned(), found: found.clone() };
                (!is_found).then(no_match)
            }
            Self::Condition(condition, text) => {
                let gives = match evaluate(condition, found) {
                    Ok(Some(value)) if value.as_bool() == Some(true) => return None,
                    Ok(Some(value)) => value.to_string(),
                    Ok(None) => "nothing".to_owned(),
                    Err(error) => error,
                };
                Some(Mismatch::NotTrue { condition: text.clone(), gives, found: found.clone() })
            }
        }
    }

    /// Whether a value is what it has to be.
    pub(crate) fn matches(&self, found: &Value) -> bool {
        self.mismatch(found).is_none()
    }
}

/// The expression between `{%` and `%}`; none of any other text.
pub(crate) fn expression(text: &str) -> Option<&str> {
    Some(text.trim().strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

/// Reads the expression of a value of the test file.
pub(crate) fn jsonata(tree: &Tree, text: &str, problems: &mut Problems) -> Option<Jsonata> {
    match Jsonata::parse(text) {
        Ok(expression) => Some(expression),
        Err(error) => {
            problems.add(Problem::new(tree.span, format!("this expression cannot be read: {error}")));
            None
        }
    }
}

/// What an expression gives of a value, which is `$`; the error says why it gives nothing.
pub(crate) fn evaluate(expression: &Jsonata, value: &Value) -> Result<Option<Value>, String> {
    let evaluated = expression.evaluate(Some(value), &Object::default(), &JsonataOptions::default());
    evaluated.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use asl_project::yaml;

    use super::*;

    fn read(text: &str) -> Result<Matcher, String> {
        let mut problems = Problems::default();
        let tree = yaml::read(text).unwrap().root.unwrap();
        Matcher::read(&tree, Extent::Exact, &mut problems).ok_or_else(|| problems.0.remove(0).message)
    }

    #[test]
    fn values_are_matched_in_four_ways() {
        for (matcher, found, expected) in [
            ("{a: 1}", r#"{"a":1}"#, true),
            ("{a: 1}", r#"{"a":1,"b":2}"#, false),
            ("{partial: {a: 1}}", r#"{"a":1,"b":2}"#, true),
            ("{exact: {partial: 1}}", r#"{"partial":1}"#, true),
            ("{partial: 1, other: 2}", r#"{"partial":1,"other":2}"#, true),
            ("{matches: '^a.c'}", r#""abcd""#, true),
            ("{matches: '^b'}", r#""abcd""#, false),
            ("{matches: '1'}", "1", false),
            ("'{% total > 2 %}'", r#"{"total":3}"#, true),
            ("'{% total > 2 %}'", r#"{"total":1}"#, false),
            ("'{% total %}'", r#"{"total":1}"#, false),
            ("'{% $count(items) = 2 %}'", r#"{"items":[1,2]}"#, true),
            ("'% x %'", r#""% x %""#, true),
        ] {
            assert_eq!(read(matcher).unwrap().matches(&found.parse().unwrap()), expected, "{matcher} {found}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (matcher, expected) in [
            ("{matches: '('}", "this is no regular expression"),
            ("{matches: 1}", "'matches' is a regular expression in quotes"),
            ("'{% 1 + %}'", "this expression cannot be read: S0207"),
        ] {
            let message = read(matcher).unwrap_err();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
