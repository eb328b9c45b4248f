//! `--compare`: what RFC 9535 gives, as the crate `jsonpath-rust` evaluates it, beside what AWS gives.

use std::fmt::Write;

use asl_engine::jsonpath::{ErrorClass, Explanation, Match};
use asl_engine::{ExpressionError, PathRoot, Value};
use jsonpath_rust::JsonPath;
use jsonpath_rust::parser::errors::JsonPathError;

use super::rules::{self, Rule};
use super::{Answer, EXAMPLES, definiteness};
use crate::preview;

/// What both give, and why they differ.
pub(super) struct Comparison {
    pub(super) rfc: Rfc,
    pub(super) verdict: Verdict,
    /// The rules by which they differ, as far as they are known.
    pub(super) why: Vec<Rule>,
}

/// What RFC 9535 gives.
pub(super) enum Rfc {
    /// A list of values, each with its place.
    Found(Vec<Match>),
    /// It refuses the path: where, in bytes, when that is known.
    Refused(Option<usize>),
    /// It was not asked, as evaluating the path may never end.
    NotAsked,
}

/// How the two stand.
pub(super) enum Verdict {
    /// The same values in the same order.
    Same,
    /// The same, but AWS gives the one value bare.
    SameBare,
    /// Both refuse the path, or AWS raises an error and RFC 9535 refuses the path.
    Neither,
    /// Only AWS gives something.
    OnlyAws,
    /// Only RFC 9535 gives something.
    OnlyRfc,
    /// Other values, by their places, or another order.
    Different { only_aws: Vec<Match>, only_rfc: Vec<Match> },
}

impl Verdict {
    /// The name in `--json`.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::SameBare => "same-but-bare",
            Self::Neither => "neither",
            Self::OnlyAws => "only-aws",
            Self::OnlyRfc => "only-rfc9535",
            Self::Different { .. } => "different",
        }
    }
}

impl Comparison {
    /// For a path that AWS refuses.
    pub(super) fn of_refused(text: &str, error: &ExpressionError, document: &Value) -> Self {
        let rfc = query(text, PathRoot::Input, document);
        let verdict = match &rfc {
            Rfc::Found(_) => Verdict::OnlyRfc,
            Rfc::Refused(_) | Rfc::NotAsked => Verdict::Neither,
        };
        let why = match rfc {
            Rfc::Found(_) => rules::of_refusal(text, error),
            _ => Vec::new(),
        };
        Self { rfc, verdict, why }
    }

    /// For a path that AWS takes. `found` is what it gives; none where it raises an error.
    pub(super) fn of_explained(
        text: &str,
        explanation: &Explanation,
        found: Option<&[Match]>,
        root: PathRoot,
        document: &Value,
    ) -> Self {
        let endless = explanation.outcome.as_ref().is_err_and(|error| error.class == ErrorClass::Limit);
        let rfc = if endless { Rfc::NotAsked } else { query(text, root, document) };
        let verdict = verdict(explanation, found, &rfc);
        let why = match (&rfc, &verdict) {
            (_, Verdict::Same | Verdict::SameBare) | (Rfc::NotAsked, _) => Vec::new(),
            (Rfc::Refused(at), _) => rules::of_rfc_refusal(text, explanation, *at),
            (_, Verdict::Different { only_aws, only_rfc }) => rules::of_difference(explanation, only_aws, only_rfc),
            (Rfc::Found(_), _) => rules::of_failure(explanation),
        };
        Self { rfc, verdict, why }
    }

    /// The text for a person.
    pub(super) fn report(&self, answer: &Answer<'_>) -> String {
        let mut out = String::new();
        let aws = match &answer.outcome {
            Err(_) => "refuses the path".to_owned(),
            Ok(asl_engine::ExplainedExpression::Path(explanation)) => match &explanation.outcome {
                Err(_) => "raises an error".to_owned(),
                Ok(_) => definiteness(explanation),
            },
            Ok(_) => String::new(),
        };
        let rfc = match &self.rfc {
            Rfc::Found(found) if found.len() == 1 => "a list of 1 value".to_owned(),
            Rfc::Found(found) => format!("a list of {} values", found.len()),
            Rfc::Refused(None) => "refuses the path".to_owned(),
            Rfc::Refused(Some(at)) => match answer.text.get(*at..).filter(|rest| !rest.is_empty()) {
                Some(rest) => format!("refuses the path at '{}'", preview::cut(rest, 40)),
                None => "refuses the path at its end".to_owned(),
            },
            Rfc::NotAsked => "not asked, as the path visits too much".to_owned(),
        };
        let _ = writeln!(out, "AWS       {aws}");
        if let (Some(found), Verdict::Same | Verdict::SameBare | Verdict::OnlyAws) = (&answer.matches, &self.verdict) {
            list(found, &mut out);
        }
        if let Verdict::Different { only_aws, .. } = &self.verdict {
            only(only_aws, &mut out);
        }
        let _ = writeln!(out, "RFC 9535  {rfc}");
        match (&self.verdict, &self.rfc) {
            (Verdict::OnlyRfc, Rfc::Found(found)) => list(found, &mut out),
            (Verdict::Different { only_rfc, .. }, _) => only(only_rfc, &mut out),
            _ => {}
        }
        let verdict = match &self.verdict {
            Verdict::Same => "the same".to_owned(),
            Verdict::SameBare => "the same value; a definite path gives it bare on AWS".to_owned(),
            Verdict::Neither => "neither gives a value".to_owned(),
            Verdict::Different { only_aws, only_rfc } if only_aws.is_empty() && only_rfc.is_empty() => {
                "the same values in another order, or not as often".to_owned()
            }
            Verdict::OnlyAws | Verdict::OnlyRfc | Verdict::Different { .. } => "they differ".to_owned(),
        };
        let _ = writeln!(out, "\n{verdict}");
        for rule in &self.why {
            let _ = writeln!(out, "  AWS       {}\n  RFC 9535  {}", rule.aws, rule.rfc);
        }
        out
    }
}

fn list(found: &[Match], out: &mut String) {
    for found in found.iter().take(EXAMPLES) {
        *out += &preview::line(&format!("    {} = ", found.path), &found.value);
    }
    if found.len() > EXAMPLES {
        let _ = writeln!(out, "    … {} more", found.len() - EXAMPLES);
    }
}

fn only(found: &[Match], out: &mut String) {
    if !found.is_empty() {
        out.push_str("  only here:\n");
        list(found, out);
    }
}

/// Asks RFC 9535, which starts at one `$` whatever the document is.
fn query(text: &str, root: PathRoot, document: &Value) -> Rfc {
    let (path, back) = match root {
        PathRoot::Input => (text.to_owned(), 0),
        PathRoot::Context => (text.replacen("$$", "$", 1), 1),
        PathRoot::Variables => (text.replacen('$', "$.", 1), -1),
    };
    let document = serde_json::Value::from(document);
    match document.query_with_path(&path) {
        Ok(found) => Rfc::Found(
            found.into_iter().map(|found| Match { path: as_aws(&found.path), value: Value::from(found.val) }).collect(),
        ),
        Err(JsonPathError::PestError(error)) => {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
            };
            Rfc::Refused(Some(at.saturating_add_signed(back)))
        }
        Err(_) => Rfc::Refused(None),
    }
}

/// A normalised path as AWS writes it: quotes in names are not escaped.
fn as_aws(path: &str) -> String {
    path.replace("\\'", "'").replace("\\\\", "\\")
}

fn verdict(explanation: &Explanation, found: Option<&[Match]>, rfc: &Rfc) -> Verdict {
    match (found, rfc) {
        (None, Rfc::Found(_)) => Verdict::OnlyRfc,
        (None, _) => Verdict::Neither,
        (Some(_), Rfc::Refused(_) | Rfc::NotAsked) => Verdict::OnlyAws,
        (Some(aws), Rfc::Found(rfc)) => {
            if aws.len() == rfc.len() && aws.iter().zip(rfc).all(|(aws, rfc)| aws.path == rfc.path) {
                return if explanation.definite { Verdict::SameBare } else { Verdict::Same };
            }
            let without = |one: &[Match], other: &[Match]| {
                let places: std::collections::BTreeSet<&str> = other.iter().map(|found| &*found.path).collect();
                one.iter().filter(|found| !places.contains(&*found.path)).cloned().collect()
            };
            Verdict::Different { only_aws: without(aws, rfc), only_rfc: without(rfc, aws) }
        }
    }
}

#[cfg(test)]
mod tests {
    use asl_engine::{Documents, ExplainedExpression, Expression};

    use super::*;

    /// How the two stand for a path, and the names of the rules that tell why.
    fn compare(path: &str, document: &str) -> (&'static str, Vec<&'static str>) {
        let documents = Documents { input: document.parse().unwrap(), ..Documents::default() };
        let compared = match Expression::parse(path) {
            Err(error) => Comparison::of_refused(path, &error, &documents.input),
            Ok(expression) => {
                let ExplainedExpression::Path(explanation) = expression.explain(&documents, 0, 100) else {
                    panic!("{path} is a path");
                };
                let found = expression.matches(&documents).and_then(Result::ok);
                Comparison::of_explained(path, &explanation, found.as_deref(), PathRoot::Input, &documents.input)
            }
        };
        (compared.verdict.name(), compared.why.iter().map(|rule| rule.id).collect())
    }

    #[test]
    fn a_difference_has_a_rule() {
        for (path, document, verdict, rules) in [
            ("$.a", r#"{"a":1}"#, "same-but-bare", &[][..]),
            ("$.a[*]", r#"{"a":[1]}"#, "same", &[]),
            ("$[", "[]", "neither", &[]),
            ("$.a", "{}", "only-rfc9535", &["definite-miss"]),
            ("$.a", "null", "only-rfc9535", &["definite-miss"]),
            ("$[?(@.a)].b", r#"[{"a":1}]"#, "only-rfc9535", &["leaf-miss"]),
            ("$[*].b", r#"{"x":1}"#, "only-rfc9535", &["object-wildcard"]),
            ("$[*][0]", r#"[[1],{}]"#, "only-rfc9535", &["not-a-container"]),
            ("$[1:]", r#"{"a":1}"#, "only-rfc9535", &["not-a-container"]),
            ("$[-1]", "[1]", "different", &["negative-index"]),
            ("$[0,5]", "[1]", "different", &["out-of-range"]),
            ("$[*][0,5,1]", "[[1,2]]", "different", &["out-of-range"]),
            ("$[-2:-1]", "[1,2]", "different", &["negative-range"]),
            ("$[0:4:2]", "[1,2,3,4]", "different", &["slice-step"]),
            ("$[:]", "[1]", "only-rfc9535", &["empty-slice"]),
            ("$['a','b']", r#"{"a":1,"b":2}"#, "different", &["names"]),
            ("$[*,1]", "[1,2]", "different", &["mixed-selectors"]),
            (r#"$["a"]"#, r#"{"a":1}"#, "only-rfc9535", &["double-quotes"]),
            (r#"$[?(@ == "a")]"#, r#"["a"]"#, "different", &["double-quotes"]),
            ("$.a.length()", r#"{"a":[1]}"#, "neither", &["functions"]),
            ("$[?length(@.a) == 1]", r#"[{"a":"x"}]"#, "only-rfc9535", &["functions"]),
            ("$[?@.a]", r#"[{"a":1}]"#, "only-rfc9535", &["filter-parentheses"]),
            ("$[?(@.a[*])]", r#"[{"a":[1]}]"#, "only-rfc9535", &["filter-paths"]),
            ("$[?(@.a == 1)]", r#"{"a":1}"#, "different", &["filter-object"]),
            ("$[?(@.a)]", "1", "only-rfc9535", &["filter-scalar"]),
            ("$[?(@.a)]", r#"[{"a":null}]"#, "different", &["filter-null"]),
            ("$[?(@.a != 1)]", "[{}]", "different", &["filter-absent"]),
            ("$[?(@.a == 1)]", r#"[{"a":"1"}]"#, "different", &["filter-coercion"]),
            ("$[?(@ == 'x')]", "[1]", "only-rfc9535", &["filter-number"]),
            ("$[?(@.a == @.b)]", r#"[{"a":[1],"b":[1]}]"#, "different", &["filter-deep"]),
            ("$[?(@.a == x)]", r#"[{"a":"x"}]"#, "only-aws", &["filter-text"]),
            ("$[?(@ =~ /a.*/)]", r#"["ab"]"#, "only-aws", &["pattern"]),
            ("$[(@.length-1)]", "[1]", "only-aws", &["from-length"]),
            ("$..[0].a", r#"[{"a":1},{"a":2}]"#, "different", &["scan-leaves-out"]),
            ("$[01]", "[1,2]", "only-aws", &["loose-number"]),
            ("$.a-b", r#"{"a-b":1}"#, "only-aws", &["loose-name"]),
            ("$.x.['y']", r#"{"x":{"y":1}}"#, "only-aws", &["loose-dot"]),
            ("$ .a", r#"{"a":1}"#, "only-rfc9535", &["spaces"]),
        ] {
            assert_eq!(compare(path, document), (verdict, rules.to_vec()), "{path} on {document}");
        }
    }

    #[test]
    fn a_name_with_a_quote_is_the_same_place() {
        assert_eq!(compare("$..*", r#"{"it's": 1}"#).0, "same");
    }
}
