//! JSONPath as AWS Step Functions evaluates it.
//!
//! AWS follows neither RFC 9535 nor today's Jayway: its results and messages are those of Jayway JsonPath 2.0.0 with
//! `JacksonJsonNodeJsonProvider` and default options. This module gives the same result, the same normalised path and the
//! same message for every path and document, oddities included, and for [another provider](Provider), too. The ones that
//! surprise most:
//!
//! - A *definite* path (names, one index, `['a','b']` at the end) gives its value bare and is an error where the
//!   document lacks it. Any other path gives an array, which may be empty.
//! - An index beyond the end of a list gives null, and no further step finds anything there. Choice rules and the
//!   arguments of intrinsic functions do not find it ([`JsonPath::find`]).
//! - `[-1]` is beyond the end, too; `[-1:]` and `[(@.length-1)]` are not. The step of `[1:5:2]` is ignored and `[:]` is refused.
//! - `[*]` passes over what has no children, and over items that lack the next name; on an object it does not.
//! - There are no functions: `$.list.length()` asks for a member called `length()`.
//! - A filter stands in `[?(…)]`, knows `== != < <= > >= =~ && || !`, and takes everything behind an operator that is
//!   not a path, a `/pattern/` or `'quoted'` for bare text. Text and numbers are equal when they read alike, and text
//!   that is no number fails the whole path when it meets one.
//!
//! ```
//! use asl_engine::{JsonPath, Value};
//!
//! let document: Value = r#"{"results": [{"code": 200, "file": "a.gif"}, {"code": 404}]}"#.parse().unwrap();
//!
//! let codes = JsonPath::parse("$.results[*].code").unwrap();
//! assert_eq!(codes.to_string(), "$['results'][*]['code']");
//! assert_eq!(codes.evaluate(&document).unwrap().to_string(), "[200,404]");
//!
//! let stored = JsonPath::parse("$.results[?(@.code == 200)]").unwrap();
//! assert_eq!(stored.matches(&document).unwrap()[0].path, "$['results'][0]");
//!
//! let error = JsonPath::parse("$.nothing").unwrap().evaluate(&document).unwrap_err();
//! assert_eq!(error.to_string(), "No results for path: $['nothing']");
//! ```
//!
//! What is not Jayway's: a path that would visit too many nodes (`$..*..*..*..*` on a deep document) is an error of class
//! [`ErrorClass::Limit`], and one that puts more than 64 filters inside each other does not compile. A pattern of `=~` is translated to
//! Rust's syntax, with which a few rare constructs are refused that Java knows.

mod compare;
mod decimal;
mod dialect;
mod error;
mod eval;
mod explain;
mod fail;
mod filter;
mod java;
mod lookup;
mod parse;
mod pattern;
mod place;
mod provider;
mod sink;
mod token;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub(crate) use dialect::Surprise;
pub use dialect::filter_doubt;
pub use error::{ErrorClass, PathError, Stage};
pub use explain::{ExplainedStep, Explanation, Failed, FailedCriterion, LossKind, Lost, LostValue, StepKind};
pub use provider::Provider;

use crate::diagnostic::Span;
use crate::value::Value;
use fail::Evaluation;
use lookup::{Lookup, follow};
use place::{Place, Step};
use token::{Steps, Token, TokenText};

/// A compiled path. Cloning copies a pointer.
///
/// `Display` writes the normalised text that stands in AWS's messages, such as `$['results'][*]['code']`.
#[derive(Clone)]
pub struct JsonPath {
    compiled: Arc<Compiled>,
    provider: Provider,
}

struct Compiled {
    source: Box<str>,
    steps: Steps,
}

/// A value that a path has found, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The normalised path of the value, such as `$['results'][0]['code']`.
    pub path: String,
    /// The value.
    pub value: Value,
}

impl JsonPath {
    /// Compiles the text of a path. Fails with what Jayway says when it refuses the path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            let message = "json can not be null or empty";
            return Err(PathError::compile(ErrorClass::IllegalArgument, message, Span::default()));
        }
        let steps = parse::compile(text, 0)
            .map_err(|refused| PathError::compile(ErrorClass::InvalidPath, refused.message, refused.span))?;
        for (token, span) in steps.tokens.iter().zip(&steps.spans) {
            if let Token::Placeholders(count @ 6..) = token {
                let message = format!("Index {} out of bounds for length 5", count - 1);
                return Err(PathError::compile(ErrorClass::ArrayIndexOutOfBounds, message, *span));
            }
        }
        Ok(Self { compiled: Arc::new(Compiled { source: text.into(), steps }), provider: Provider::default() })
    }

    /// The same path for Jayway with another provider than the one of AWS.
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider, ..self }
    }

    /// The text that the path was compiled from.
    pub fn source(&self) -> &str {
        &self.compiled.source
    }

    /// Whether the path gives one bare value; otherwise it gives an array.
    pub fn is_definite(&self) -> bool {
        self.compiled.steps.is_definite()
    }

    /// Whether the path is `$` alone, the whole document.
    pub fn is_root(&self) -> bool {
        self.compiled.steps.tokens.is_empty()
    }

    /// The value of a definite path, or the array of all values that an indefinite path finds.
    ///
    /// An index beyond the end of a list gives null, of which no further step finds anything; see [`Self::find`].
    pub fn evaluate(&self, document: &Value) -> Result<Value, PathError> {
        if let Some(Lookup::Found(value)) = follow(&self.compiled.steps.tokens, document, self.provider) {
            return Ok(value.clone());
        }
        let mut found = Values(Vec::new());
        self.walk(document, &mut found)?;
        self.result(found.0)
    }

    /// What [`Self::evaluate`] gives, where an item beyond the end of a list is not found rather than null: Choice rules
    /// and the arguments of intrinsic functions see it so on AWS.
    ///
    /// ```
    /// # use asl_engine::{JsonPath, Value};
    /// let document: Value = r#"{"list": [null]}"#.parse().unwrap();
    /// assert_eq!(JsonPath::parse("$.list[0]").unwrap().find(&document), Ok(Value::Null));
    /// assert!(JsonPath::parse("$.list[1]").unwrap().find(&document).unwrap_err().is_not_found());
    /// assert_eq!(JsonPath::parse("$.list[1]").unwrap().evaluate(&document), Ok(Value::Null));
    /// ```
    pub fn find(&self, document: &Value) -> Result<Value, PathError> {
        let value = self.evaluate(document)?;
        if matches!(value, Value::Null) && self.is_definite() {
            // No step finds anything in the null beyond an end, so where a walk meets one, it is the result.
            let mut last = Last(None);
            self.walk(document, &mut last)?;
            if let Some(place) = last.0 {
                let message = format!("Index out of bounds when evaluating path {place}");
                return Err(PathError::evaluate(ErrorClass::PathNotFound, message));
            }
        }
        Ok(value)
    }

    /// Tells `sink` about every value that the path finds.
    fn walk<'a>(&'a self, document: &'a Value, sink: &mut impl sink::Sink<'a>) -> Result<(), PathError> {
        if self.provider == Provider::Jackson && *document == Value::Null {
            return Err(PathError::evaluate(ErrorClass::IllegalArgument, "root can not be null"));
        }
        eval::walk(&self.compiled.steps, document, sink, &mut Evaluation::new(document, self.provider))
    }

    /// What the values that were found amount to.
    fn result(&self, found: Vec<Value>) -> Result<Value, PathError> {
        match self.is_definite() {
            true => found.into_iter().next().ok_or_else(|| self.no_results()),
            false => Ok(found.into()),
        }
    }

    /// Every value that the path finds, in the order of [`Self::evaluate`], and where it is.
    ///
    /// Fails where `evaluate` fails, so a definite path has exactly one match.
    pub fn matches(&self, document: &Value) -> Result<Vec<Match>, PathError> {
        let mut found = Matches(Vec::new());
        self.walk(document, &mut found)?;
        Ok(found.0)
    }

    fn no_results(&self) -> PathError {
        PathError::evaluate(ErrorClass::PathNotFound, format!("No results for path: {self}"))
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", TokenText(&self.compiled.steps.tokens))
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonPath({})", self.compiled.source)
    }
}

impl std::str::FromStr for JsonPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

struct Values(Vec<Value>);

impl<'a> sink::Sink<'a> for Values {
    fn found(&mut self, _: &[Step<'a>], value: Cow<'a, Value>) {
        self.0.push(value.into_owned());
    }
}

/// The last place beyond the end of a list.
struct Last(Option<String>);

impl<'a> sink::Sink<'a> for Last {
    fn found(&mut self, _: &[Step<'a>], _: Cow<'a, Value>) {}

    fn goes_beyond(&mut self, _: usize, place: &[Step<'a>], _: &'a Value, index: i32) {
        self.0 = Some(format!("{}[{index}]", Place(place)));
    }
}

struct Matches(Vec<Match>);

impl<'a> sink::Sink<'a> for Matches {
    fn found(&mut self, place: &[Step<'a>], value: Cow<'a, Value>) {
        self.0.push(Match { path: Place(place).to_string(), value: value.into_owned() });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn evaluate(path: &str, document: &str) -> Result<String, String> {
        let document: Value = document.parse().unwrap();
        let value = JsonPath::parse(path).and_then(|path| path.evaluate(&document));
        value.map(|value| value.to_string()).map_err(|error| format!("{}: {error}", error.class))
    }

    #[test]
    fn values() {
        for (path, document, value) in [
            ("$", "[1]", "[1]"),
            ("$", "null", "null"),
            ("$.a[1]", r#"{"a":[1]}"#, "null"),
            ("$.a[-1]", r#"{"a":[1]}"#, "null"),
            ("$.a[0,1]", r#"{"a":[1]}"#, "[1,null]"),
            ("$.a[5][*]", r#"{"a":[1]}"#, "[]"),
            ("$[*][0]", "[[1],[]]", "[1,null]"),
            ("$[?(@[1] == null)]", "[[1],[1,2],[1,null]]", "[[1],[1,null]]"),
            ("$[?(@[1])]", "[[1],[1,2],[1,null]]", "[[1,2]]"),
            // Beyond 64 bits, numbers compare with nothing.
            ("$[?(@ > 1)]", "[9223372036854775807,9223372036854775808]", "[9223372036854775807]"),
            ("$[*][*]", r#"[[1,[2]],{"k":3},4,null]"#, "[1,[2],3]"),
            ("$.a[-2:]", r#"{"a":[1,2,3]}"#, "[2,3]"),
            ("$.a[(@.length-1)]", r#"{"a":[1,2,3]}"#, "3"),
            ("$.a[0..1]", r#"{"a":[1,2]}"#, "1"),
            ("$['b','a']", r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2,"a":1}"#),
            ("$.list[?(@.keep)]", r#"{"list":[{"keep":false},{"keep":null},{}]}"#, r#"[{"keep":false}]"#),
            ("$.r[?(!@.c)]", r#"{"r":[{"c":1},{"d":1}]}"#, r#"[{"d":1}]"#),
            ("$[?(@.c == 200)].c", r#"[{"c":200},{"c":"200"},{"c":200.0},{}]"#, r#"[200,"200",200.0]"#),
            ("$[?(@.c != 200)]", r#"[{"c":200},{"c":404},{}]"#, r#"[{"c":404}]"#),
            ("$[?(@ > $[0])]", "[1,2,3]", "[2,3]"),
            ("$[?(@ == 'it\\'s')]", r#"["it's"]"#, r#"["it's"]"#),
            ("$..a", r#"{"a":{"a":1}}"#, r#"[{"a":1},1]"#),
            // The step behind a scan is left out for arrays that it is not the last step for.
            ("$..[0].a", r#"[{"a":1},{"a":2}]"#, "[1,2]"),
            ("$.items[*].x", "{}", "[]"),
        ] {
            assert_eq!(evaluate(path, document), Ok(value.to_owned()), "{path}");
        }
    }

    #[test]
    fn errors() {
        let not_an_array =
            "InvalidPathException: Filter: [1:] can only be applied to arrays. Current context is: {\"a\":1}";
        for (path, document, error) in [
            ("$.a", "{}", "PathNotFoundException: No results for path: $['a']"),
            ("$.a.b", "{}", "PathNotFoundException: Missing property in path $['a']"),
            ("$.a.b", r#"{"a":1}"#, "PathNotFoundException: Property ['b'] not found in path $['a']"),
            ("$[1].a", "[1]", "PathNotFoundException: Property ['a'] not found in path $[1]"),
            ("$.a[1][0]", r#"{"a":[1]}"#, "PathNotFoundException: The path $['a'][1] is null"),
            // Members are out of their nodes, items are not: text has quotes, and null is a node.
            (
                "$.a[0]",
                r#"{"a":"x"}"#,
                "InvalidPathException: Filter: [0] can only be applied to arrays. Current context is: x",
            ),
            (
                "$[0][0]",
                r#"["x"]"#,
                "InvalidPathException: Filter: [0] can only be applied to arrays. Current context is: \"x\"",
            ),
            (
                "$[0][0]",
                "[null]",
                "InvalidPathException: Filter: [0] can only be applied to arrays. Current context is: null",
            ),
            ("$.a[0]", r#"{"a":null}"#, "PathNotFoundException: The path $['a'] is null"),
            ("$[1:]", r#"{"a":1}"#, not_an_array),
            ("$.a", "null", "PathNotFoundException: Property ['a'] not found in path $"),
            ("", "1", "IllegalArgumentException: json can not be null or empty"),
            ("$[:]", "[]", "InvalidPathException: java.lang.NumberFormatException: For input string: \"\""),
            ("$.日.", "[]", "InvalidPathException: java.lang.StringIndexOutOfBoundsException: index 4, length 4"),
            ("$[?(@ == '')]", "[1]", "NumberFormatException: null"),
            (".", "[1]", "IllegalStateException: Current path token is a leaf"),
        ] {
            assert_eq!(evaluate(path, document), Err(error.to_owned()), "{path}");
        }
    }

    #[test]
    fn a_path_is_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>(_: &T) {}
        shared(&JsonPath::parse("$[?(@.a =~ /b/)]").unwrap());
    }

    #[test]
    fn equal_objects_compare_only_where_they_are_one_path_at_the_root() {
        let document = r#"[{"a":{"x":1},"b":{"x":1}}]"#;
        for (filter, passes) in [
            ("@.a == @.a", false),
            ("@.a == @.b", false),
            ("@.a != @.b", false),
            ("$[0].a == $[0].a", true),
            ("$[0].a == $[0]['a']", false),
        ] {
            let found = if passes { document } else { "[]" };
            assert_eq!(evaluate(&format!("$[?({filter})]"), document), Ok(found.to_owned()), "{filter}");
        }
    }

    #[test]
    fn the_other_provider_has_no_items_beyond_the_end() {
        let list = "[1]".parse().unwrap();
        let error = JsonPath::parse("$[1]").unwrap().with_provider(Provider::Jackson).evaluate(&list).unwrap_err();
        assert_eq!(error.to_string(), "Index out of bounds when evaluating path $[1]");
        assert_eq!(JsonPath::parse("$[1]").unwrap().find(&list), Err(error));
    }

    #[test]
    fn infinite_numbers_fail_as_in_java() {
        let error = "NumberFormatException: Character I is neither a decimal digit number, decimal point, nor \"e\" \
                     notation exponential mark.";
        assert_eq!(evaluate("$[?(@ == 1)]", "[1e400]"), Err(error.to_owned()));
        assert_eq!(evaluate("$[?(@ == @)]", "[1e400]"), Err(error.to_owned()));
        assert_eq!(evaluate("$[?($[0] == $[0])]", "[1e400]"), Ok("[1e400]".to_owned()));
    }

    fn nested(depth: usize) -> Value {
        (0..depth).fold(Value::from(1), |inner, level| match level % 2 {
            0 => Value::from(vec![inner]),
            _ => Value::from([("a", inner)]),
        })
    }

    #[test]
    fn deep_documents_and_long_paths_fit_the_stack() {
        let document = nested(crate::json::MAX_DEPTH);
        let everywhere =
            ["..*", "..[*]", "..a", "..[0]", "[*]", "..[?(@.a)]", ".a[0]", "..[?(@.a)]..*", "[?(@.a)][0]$"];
        for steps in everywhere.map(|step| format!("${}", step.repeat(2_000))) {
            let _ = JsonPath::parse(&steps).unwrap().evaluate(&document);
        }
    }

    #[test]
    fn misses_that_are_passed_over_leave_nothing_behind() {
        let document: Value = (0..5_000).map(|_| nested(6)).collect();
        assert_eq!(JsonPath::parse("$[*]..a.b").unwrap().evaluate(&document).unwrap().to_string(), "[]");
    }

    /// Of an item before the start AWS's provider makes a null; of two thousand million of them nobody has the memory.
    #[test]
    fn a_slice_from_far_before_the_start_ends() {
        let document: Value = "[1]".parse().unwrap();
        let path = JsonPath::parse("$[-2147483648:1]").unwrap();
        assert_eq!(path.evaluate(&document).unwrap_err().class, ErrorClass::Limit);
        assert!(path.explain(&document, 1).failed.is_some() || path.explain(&document, 1).outcome.is_err());
        let path = JsonPath::parse("$[-5000:1]").unwrap();
        let explanation = path.explain(&document, 1);
        assert_eq!(explanation.found, 5001);
        assert_eq!(explanation.steps[0].beyond.iter().map(|lost| lost.count).sum::<usize>(), 5000);
        assert!(explanation.steps[0].beyond.len() <= 100);
    }

    #[test]
    fn a_path_that_explodes_ends() {
        let path = JsonPath::parse("$..*..*..*..*..*").unwrap();
        let error = path.evaluate(&nested(crate::json::MAX_DEPTH)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Limit);
    }

    #[test]
    fn filters_inside_filters_are_bounded() {
        let path = format!("${}${}", "[?(@".repeat(10_000), ")]".repeat(10_000));
        assert_eq!(JsonPath::parse(&path).unwrap_err().class, ErrorClass::InvalidPath);
    }

    #[test]
    fn a_pattern_that_explodes_ends() {
        let document: Value = format!("[\"{}\"]", "a".repeat(100)).parse().unwrap();
        for pattern in ["(a*)*b", "(?=(a*)*b).*", "(a|a)*\\1b"] {
            let path = JsonPath::parse(&format!("$[?(@ =~ /{pattern}/)]")).unwrap();
            match path.evaluate(&document) {
                Ok(value) => assert_eq!(value.to_string(), "[]"),
                Err(error) => assert_eq!(error.class, ErrorClass::Limit),
            }
        }
    }

    fn any_document() -> impl Strategy<Value = Value> {
        let text = "[ab$@.'1]{0,3}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((text, inner), 0..4).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_or_an_error(path in any::<String>(), document in any_document()) {
            let _ = JsonPath::parse(&path).and_then(|path| path.evaluate(&document));
        }

        #[test]
        fn any_mixture_of_signs_is_a_path_or_an_error(
            path in r#"\$[\$@.\[\]()'"?*:,\-&|=!<>~/\\ ab01日😀\{\}+^i]{0,30}"#,
            document in any_document(),
        ) {
            let _ = JsonPath::parse(&path).and_then(|path| path.matches(&document));
        }

        #[test]
        fn any_filter_is_a_path_or_an_error(
            filter in r#"[@\$.\[\]()'"?*&|=!<>~/\\ ab01日😀\{\}+^i]{0,20}"#,
            document in any_document(),
        ) {
            let _ = JsonPath::parse(&format!("$[?(@{filter})]")).and_then(|path| path.matches(&document));
        }

        #[test]
        fn the_matches_of_a_path_are_its_value(path in r#"\$(\.a|\.b|\[0\]|\[\*\]|\.\.\*|\[0:2\]|\['a','b'\]){0,4}"#, document in any_document()) {
            let path = JsonPath::parse(&path).unwrap();
            match (path.evaluate(&document), path.matches(&document)) {
                (Ok(value), Ok(matches)) if path.is_definite() => prop_assert_eq!(&value, &matches[0].value),
                (Ok(value), Ok(matches)) => {
                    prop_assert_eq!(value, matches.into_iter().map(|found| found.value).collect::<Value>());
                }
                (value, matches) => prop_assert_eq!(value.unwrap_err(), matches.unwrap_err()),
            }
        }
    }
}
