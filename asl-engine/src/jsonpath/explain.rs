//! How a path comes to its result: the walk itself, with everything that it tells written down.

use std::borrow::Cow;
use std::sync::Arc;

use super::place::{Place, Step};
use super::sink::{Loss, Sink};
use super::token::Token;
use super::{ErrorClass, JsonPath, Match, PathError, Provider};
use crate::diagnostic::Span;
use crate::value::Value;

/// What each step of a path did to a document, and what came of it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Whether the path is definite: it gives one bare value. Otherwise it gives an array.
    pub definite: bool,
    /// What [`JsonPath::evaluate`] gives.
    pub outcome: Result<Value, PathError>,
    /// How many values the path has found; also those before an error.
    pub found: usize,
    /// The steps behind the leading `$`.
    pub steps: Vec<ExplainedStep>,
    /// Where the error of `outcome` came up; none for one that is about no step.
    pub failed: Option<Failed>,
}

/// Where an error came up.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The step, as a position in the steps of the explanation.
    pub step: usize,
    /// The value that the step found nothing for, and why.
    pub loss: Option<(LossKind, LostValue)>,
}

/// One step of a path, applied to every value that the step before it passed on.
#[derive(Clone, Debug)]
pub struct ExplainedStep {
    /// The step as it was written, such as `.results` or `[?(@.code == 200)]`.
    pub text: String,
    /// Where it stands in the text of the path.
    pub span: Span,
    /// What it does.
    pub kind: StepKind,
    /// How many arrays it was applied to.
    pub arrays: usize,
    /// How many objects it was applied to.
    pub objects: usize,
    /// How many other values it was applied to.
    pub scalars: usize,
    /// How many arrays and objects a scan looked into, itself and everything below.
    pub scanned: usize,
    /// How many arrays behind a scan it was left out for: what follows it was applied to their items instead.
    pub left_out: usize,
    /// Items that arrays do not have, by index ([`LossKind::NoItem`]): it passed on null for them.
    pub beyond: Vec<Lost>,
    /// How many values it passed on, and the first of them.
    pub passed: usize,
    /// The first values that it passed on.
    pub examples: Vec<Match>,
    /// Values that came to nothing here, by reason.
    pub lost: Vec<Lost>,
    /// How many items of arrays a wildcard gave up in the middle: what was still to come of them is left out, too.
    pub given_up: usize,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepKind {
    /// `$` in the middle of a path
    Root,
    /// `..`
    Scan,
    /// `[*]`
    Wildcard,
    /// `.name`
    Name,
    /// `['a', 'b']`
    Names,
    /// `[0]`
    Index,
    /// `[(@.length-1)]`
    FromLength,
    /// `[0,2]`
    Indices,
    /// `[1:3]`
    Slice,
    /// `[?(@.a == 1)]`
    Filter,
    /// `[?]`
    Placeholder,
}

/// Values that came to nothing at a step, for one reason.
#[derive(Clone, Debug)]
pub struct Lost {
    /// The reason.
    pub kind: LossKind,
    /// How many they are.
    pub count: usize,
    /// The first of them.
    pub examples: Vec<LostValue>,
}

/// Why a value came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossKind {
    /// It is an object without this member.
    NoMember(Arc<str>),
    /// It is an array without this item.
    NoItem(i32),
    /// It is no object, and the step asks for a member.
    NotAnObject,
    /// It is no array, and the step asks for items.
    NotAnArray,
    /// It is neither array nor object, and the step asks for what is in it.
    NoChildren,
    /// `['a', 'b']` is not the last step.
    NotLast,
    /// The filter does not hold for it.
    Filtered,
    /// The filter cannot be evaluated for it.
    FilterFailed,
}

/// A value that came to nothing.
#[derive(Clone, Debug)]
pub struct LostValue {
    /// The normalised path of the value.
    pub path: String,
    /// The value.
    pub value: Value,
    /// For [`LossKind::Filtered`]: what does not hold, one criterion for each side of `||`.
    pub criteria: Vec<FailedCriterion>,
}

/// A criterion of a filter that does not hold for a value.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedCriterion {
    /// The criterion as it was written: `@.code == 200`.
    pub text: String,
    /// Each path in it, and what it finds.
    pub operands: Vec<(String, Option<Value>)>,
    /// Whether no operator would hold: nothing orders values of such types.
    pub incomparable: bool,
}

impl JsonPath {
    /// Evaluates the path and tells what each step did, with at most `examples` values of each kind.
    ///
    /// ```
    /// use asl_engine::{JsonPath, Value};
    ///
    /// let document: Value = "[[1, 2], 3, [4]]".parse().unwrap();
    /// let explanation = JsonPath::parse("$[*][*]").unwrap().explain(&document, 10);
    /// let last = &explanation.steps[1];
    /// assert_eq!((last.arrays, last.scalars, last.passed), (2, 1, 3));
    /// assert_eq!(last.lost[0].examples[0].path, "$[1]");
    /// assert_eq!(explanation.outcome.unwrap().to_string(), "[1,2,4]");
    /// ```
    pub fn explain(&self, document: &Value, examples: usize) -> Explanation {
        let steps = &self.compiled.steps;
        let explained = steps.tokens.iter().zip(&steps.spans).map(|(token, span)| ExplainedStep {
            text: self.source().get(span.start..span.end).unwrap_or_default().to_owned(),
            span: *span,
            kind: token.into(),
            arrays: 0,
            objects: 0,
            scalars: 0,
            scanned: 0,
            left_out: 0,
            beyond: Vec::new(),
            passed: 0,
            examples: Vec::new(),
            lost: Vec::new(),
            given_up: 0,
        });
        let mut notes = Notes {
            tokens: &steps.tokens,
            document,
            provider: self.provider,
            most: examples,
            steps: explained.collect(),
            found: Vec::new(),
            last: None,
            lost: None,
        };
        let walked = self.walk(document, &mut notes);
        let Notes { steps, found, last, lost, .. } = notes;
        let count = found.len();
        let outcome = walked.and_then(|()| self.result(found));
        let failed = match &outcome {
            Ok(_) => None,
            Err(error) if error.class != ErrorClass::Limit && lost.is_some() => lost.map(|lost| lost.told()),
            Err(_) => last.map(|step| Failed { step, loss: None }),
        };
        Explanation { definite: self.is_definite(), outcome, found: count, steps, failed }
    }
}

impl Explanation {
    /// Of `$`, which gives the document, whatever that is.
    pub(crate) fn of_root(document: &Value) -> Self {
        Self { definite: true, outcome: Ok(document.clone()), found: 1, steps: Vec::new(), failed: None }
    }
}

/// Writes down what a walk tells.
struct Notes<'a> {
    tokens: &'a [Token],
    document: &'a Value,
    provider: Provider,
    most: usize,
    steps: Vec<ExplainedStep>,
    found: Vec<Value>,
    /// The step that was entered last.
    last: Option<usize>,
    lost: Option<LastLoss<'a>>,
}

/// The last value that came to nothing: it is what an error is about.
struct LastLoss<'a> {
    at: usize,
    place: Vec<Step<'a>>,
    value: &'a Value,
    loss: Loss<'a>,
}

impl LastLoss<'_> {
    fn told(self) -> Failed {
        let path = Place(&self.place).to_string();
        let lost = LostValue { path, value: self.value.clone(), criteria: Vec::new() };
        Failed { step: self.at, loss: Some((self.loss.into(), lost)) }
    }
}

impl<'a> Notes<'a> {
    /// A value goes from the step before `at` to the one at `at`, or to the result.
    fn passes(&mut self, at: usize, place: &[Step<'a>], value: &Value) {
        let Some(step) = at.checked_sub(1).and_then(|at| self.steps.get_mut(at)) else { return };
        step.passed += 1;
        if step.examples.len() < self.most {
            step.examples.push(Match { path: Place(place).to_string(), value: value.clone() });
        }
    }
}

/// So many kinds of losses are told apart at a step: an index out of bounds is one of its own.
const MOST_KINDS: usize = 100;

/// Counts a loss among those of its kind, or among the last where there are many kinds, with `most` examples of each.
fn add(losses: &mut Vec<Lost>, kind: LossKind, most: usize, example: impl FnOnce() -> LostValue) {
    let known = losses.iter().position(|lost| lost.kind == kind);
    let known = known.or_else(|| (losses.len() >= MOST_KINDS).then_some(MOST_KINDS - 1));
    let lost = match known.and_then(|known| losses.get_mut(known)) {
        Some(lost) => lost,
        None => losses.push_mut(Lost { kind, count: 0, examples: Vec::new() }),
    };
    lost.count += 1;
    if lost.examples.len() < most {
        lost.examples.push(example());
    }
}

impl<'a> Sink<'a> for Notes<'a> {
    fn found(&mut self, place: &[Step<'a>], value: Cow<'a, Value>) {
        self.passes(self.tokens.len(), place, &value);
        self.found.push(value.into_owned());
    }

    fn enters(&mut self, at: usize, place: &[Step<'a>], value: &'a Value) {
        self.passes(at, place, value);
        self.last = Some(at);
        let Some(step) = self.steps.get_mut(at) else { return };
        match value {
            Value::Array(_) => step.arrays += 1,
            Value::Object(_) => step.objects += 1,
            _ => step.scalars += 1,
        }
    }

    fn loses(&mut self, at: usize, place: &[Step<'a>], value: &'a Value, loss: Loss<'a>) {
        self.lost = Some(LastLoss { at, place: place.to_vec(), value, loss });
        let Some(step) = self.steps.get_mut(at) else { return };
        add(&mut step.lost, loss.into(), self.most, || {
            let criteria = match loss {
                Loss::Filtered(filter) => filter.failed(value, self.document, self.provider),
                _ => Vec::new(),
            };
            LostValue { path: Place(place).to_string(), value: value.clone(), criteria }
        });
    }

    fn goes_beyond(&mut self, at: usize, place: &[Step<'a>], items: &'a Value, index: i32) {
        if let Some(step) = self.steps.get_mut(at) {
            let example = || LostValue { path: Place(place).to_string(), value: items.clone(), criteria: Vec::new() };
            add(&mut step.beyond, LossKind::NoItem(index), self.most, example);
        }
    }

    fn scans(&mut self, at: usize) {
        if let Some(step) = self.steps.get_mut(at) {
            step.scanned += 1;
        }
    }

    fn leaves_out(&mut self, at: usize) {
        if let Some(step) = self.steps.get_mut(at) {
            step.left_out += 1;
        }
    }

    fn passes_over(&mut self, at: usize) {
        let Some(lost) = self.lost.as_ref().map(|lost| lost.at) else { return };
        // Between the wildcard and the step that found nothing, only a step with many ways leaves something to come.
        let between = self.tokens.get(at + 1..lost).unwrap_or_default();
        let many = between.iter().any(|token| !token.is_definite())
            || matches!(self.tokens.get(lost), Some(Token::Indices(_)));
        if many && let Some(step) = self.steps.get_mut(at) {
            step.given_up += 1;
        }
    }
}

impl From<Loss<'_>> for LossKind {
    fn from(loss: Loss<'_>) -> Self {
        match loss {
            Loss::NoMember(name) => Self::NoMember(name.into()),
            Loss::NoItem(index) => Self::NoItem(index),
            Loss::NotAnObject => Self::NotAnObject,
            Loss::NotAnArray => Self::NotAnArray,
            Loss::NoChildren => Self::NoChildren,
            Loss::NotLast => Self::NotLast,
            Loss::Filtered(_) => Self::Filtered,
            Loss::FilterFailed => Self::FilterFailed,
        }
    }
}

impl From<&Token> for StepKind {
    fn from(token: &Token) -> Self {
        match token {
            Token::Root => Self::Root,
            Token::Scan => Self::Scan,
            Token::Wildcard => Self::Wildcard,
            Token::Name(_) => Self::Name,
            Token::Names(_) => Self::Names,
            Token::Index(_) => Self::Index,
            Token::FromLength(_) => Self::FromLength,
            Token::Indices(_) => Self::Indices,
            Token::SliceFrom(_) | Token::SliceTo(_) | Token::SliceBetween(..) => Self::Slice,
            Token::Filter(_) => Self::Filter,
            Token::Placeholders(_) => Self::Placeholder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every step in a line: what came in and went out, and what was lost.
    fn steps(path: &str, document: &str) -> Vec<String> {
        let explanation = JsonPath::parse(path).unwrap().explain(&document.parse().unwrap(), 10);
        let lines = explanation.steps.iter().enumerate().map(|(at, step)| {
            let entered = step.arrays + step.objects + step.scalars;
            let mut line = format!("{} {entered}>{}", step.text, step.passed);
            for (what, lost) in
                step.lost.iter().map(|lost| ("", lost)).chain(step.beyond.iter().map(|lost| ("null for ", lost)))
            {
                let places: Vec<_> = lost.examples.iter().map(|lost| &*lost.path).collect();
                line += &format!(", {what}{:?} {}: {}", lost.kind, lost.count, places.join(" "));
            }
            for (what, count) in [("scanned", step.scanned), ("left out", step.left_out), ("given up", step.given_up)] {
                if count > 0 {
                    line += &format!(", {what} {count}");
                }
            }
            if explanation.failed.as_ref().is_some_and(|failed| failed.step == at) {
                line += ", failed";
            }
            line
        });
        lines.collect()
    }

    #[test]
    fn every_step_tells_what_it_was_given_and_what_came_of_it() {
        for (path, document, expected) in [
            ("$", "[1]", &[][..]),
            ("$[*][*]", r#"[[1,[2]],{"k":3},4,null]"#, &["[*] 1>4", "[*] 4>3, NoChildren 2: $[2] $[3]"]),
            (
                "$.r[*].c",
                r#"{"r":[{"c":1},{},5]}"#,
                &[".r 1>1", "[*] 1>3", r#".c 3>1, NoMember("c") 1: $['r'][1], NotAnObject 1: $['r'][2]"#],
            ),
            (
                "$.r[?(@.c == 200)]",
                r#"{"r":[{"c":200},{"c":404},{}]}"#,
                &[".r 1>1", "[?(@.c == 200)] 1>1, Filtered 2: $['r'][1] $['r'][2]"],
            ),
            ("$.a.b", r#"{"x":1}"#, &[r#".a 1>0, NoMember("a") 1: $, failed"#, ".b 0>0"]),
            ("$[0,5]", "[1]", &["[0,5] 1>2, null for NoItem(5) 1: $"]),
            ("$[5].a", "[1]", &["[5] 1>1, null for NoItem(5) 1: $", ".a 1>0, NotAnObject 1: $[5], failed"]),
            (
                "$[*][0,1].a",
                r#"[[5,{"a":1}],[{"a":2},{"a":3}]]"#,
                &["[*] 1>2, given up 1", "[0,1] 2>3", ".a 3>2, NotAnObject 1: $[0][0]"],
            ),
            ("$[1:]", r#"{"a":1}"#, &["[1:] 1>0, NotAnArray 1: $, failed"]),
            ("$..a", r#"{"a":{"a":1}}"#, &[".. 1>2, scanned 2", "a 2>2"]),
            ("$..[0].b", r#"[{"b":1},{"b":2}]"#, &[".. 1>0, scanned 3", "[0] 0>2, left out 1", ".b 2>2"]),
            ("$['a','b'].c", r#"{"a":1}"#, &["['a','b'] 1>0, NotLast 1: $, failed", ".c 0>0"]),
            ("$[?(@ == 1)]", r#"["x",1]"#, &["[?(@ == 1)] 1>1, Filtered 1: $[0]"]),
            ("$[?(@ == 'x')]", "[1]", &["[?(@ == 'x')] 1>0, FilterFailed 1: $[0], failed"]),
            (" a.b ", r#"{"a":{"b":1}}"#, &["a 1>1", ".b 1>1"]),
        ] {
            assert_eq!(steps(path, document), expected, "{path}");
        }
    }

    #[test]
    fn a_filter_tells_what_it_has_looked_at() {
        let criteria = |path: &str, item: &str| {
            let document = Value::from(vec![item.parse().unwrap()]);
            let explanation = JsonPath::parse(path).unwrap().explain(&document, 1);
            let lines = explanation.steps[0].lost[0].examples[0].criteria.iter().map(|criterion| {
                let looked_at = criterion.operands.iter().map(|(path, value)| {
                    format!("{path} {}", value.as_ref().map_or("missing".to_owned(), ToString::to_string))
                });
                let rule = if criterion.incomparable { " (incomparable)" } else { "" };
                format!("{}: {}{rule}", criterion.text, looked_at.collect::<Vec<_>>().join(", "))
            });
            lines.collect::<Vec<_>>()
        };
        assert_eq!(criteria("$[?(@.c == 200)]", r#"{"c":404}"#), ["@.c == 200: @.c 404"]);
        assert_eq!(criteria("$[?(@.c != 200)]", "{}"), ["@.c != 200: @.c missing"]);
        assert_eq!(criteria("$[?(@.c)]", r#"{"c":null}"#), ["@.c: @.c null"]);
        assert_eq!(criteria("$[?(!@.c)]", r#"{"c":1}"#), ["!@.c: @.c 1"]);
        assert_eq!(criteria("$[?(@.c == 'x')]", r#"{"c":[1]}"#), ["@.c == 'x': @.c [1] (incomparable)"]);
        assert_eq!(criteria("$[?(@.a == 1 && @.b == 2)]", r#"{"a":1,"b":3}"#), ["@.b == 2: @.b 3"]);
        assert_eq!(
            criteria("$[?(@.a > $[0].b || @.b == 2)]", r#"{"a":1,"b":3}"#),
            ["@.a > $[0].b: @.a 1, $[0].b 3", "@.b == 2: @.b 3"]
        );
    }

    #[test]
    fn examples_are_bounded_and_counts_are_not() {
        let document: Value = (0..1000).map(Value::from).collect();
        let explanation = JsonPath::parse("$[*].x").unwrap().explain(&document, 3);
        let [wildcard, name] = &explanation.steps[..] else { panic!("two steps") };
        assert_eq!((wildcard.passed, wildcard.examples.len()), (1000, 3));
        assert_eq!((name.lost[0].count, name.lost[0].examples.len()), (1000, 3));
    }

    #[test]
    fn a_refused_path_tells_where_reading_it_stopped() {
        for (path, part) in [
            ("$.a[:].b", "[:]"),
            ("$.a[\"b\"]", "[\"b\"]"),
            ("$.a b", " "),
            ("$.a..", ".."),
            ("$a", "$a"),
            ("  $.x.", "."),
            ("a.b[?(@.c ==)].[d]", "[d]"),
            ("@.日[x]", "[x]"),
            ("$[?(@.a[*] == 1)]", "[?(@.a[*] == 1)]"),
        ] {
            let span = JsonPath::parse(path).unwrap_err().span.unwrap();
            assert_eq!(path.get(span.start..span.end), Some(part), "{path}");
        }
    }
}
