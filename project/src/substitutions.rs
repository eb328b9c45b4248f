//! What is filled into the placeholders of definitions.

use std::collections::BTreeMap;

use asl_engine::{Span, placeholders};
use asl_tasks::Routes;

use crate::places::Places;

/// The values of `${Name}` placeholders, by name.
///
/// They are filled in as CloudFormation fills in the `DefinitionSubstitutions` of a state machine: as text, wherever the
/// placeholder stands, before the definition is read. So `"MaxConcurrency": ${Max}` may become a number, and a value may have
/// placeholders of its own. The pseudo parameters of CloudFormation that say where something runs have values from the
/// start.
///
/// ```
/// use asl_project::Substitutions;
///
/// let substitutions: Substitutions = ["Queue=orders".parse().unwrap()].into_iter().collect();
/// assert_eq!(substitutions.fill_in("${Queue} in ${AWS::Region}, ${Other}"), "orders in us-east-1, ${Other}");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Substitutions(BTreeMap<String, String>);

/// `NAME=VALUE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution {
    name: String,
    value: String,
}

impl Substitution {
    /// What it is for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands there.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// A text is no `NAME=VALUE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has the form NAME=VALUE, where NAME is what stands between the braces of ${{NAME}}")]
pub struct NoSubstitution;

/// Where a placeholder that nothing fills in stands in the text of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// What stands between `${` and `}`.
    pub name: String,
    /// Where it stands in the JSON text.
    pub span: Span,
    /// Where it stands in the text of the file.
    pub place: Span,
}

/// What runs here is said to run there, as the ARNs of state machines say.
const PSEUDO_PARAMETERS: [(&str, &str); 4] = [
    ("AWS::AccountId", "000000000000"),
    ("AWS::Partition", "aws"),
    ("AWS::Region", "us-east-1"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

impl Substitutions {
    /// Those of a routing file.
    pub fn of(routes: &Routes) -> Self {
        Self(routes.substitutions.clone())
    }

    /// Also those of a routing file, where a name has no value yet.
    #[must_use]
    pub fn or(mut self, routes: &Routes) -> Self {
        for (name, value) in &routes.substitutions {
            self.insert_new(name, value);
        }
        self
    }

    /// The value for a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let pseudo = || PSEUDO_PARAMETERS.iter().find(|(pseudo, _)| *pseudo == name).map(|(_, value)| *value);
        self.0.get(name).map(String::as_str).or_else(pseudo)
    }

    /// Sets the value for a name; says whether it had another one.
    pub fn set(&mut self, name: &str, value: String) -> bool {
        let differs = self.0.get(name) != Some(&value);
        self.0.insert(name.to_owned(), value);
        differs
    }

    /// Sets the value for a name that has none.
    pub fn insert_new(&mut self, name: &str, value: &str) {
        self.0.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }

    /// The text with values for the placeholders that have one.
    pub fn fill_in(&self, text: &str) -> String {
        self.filled_in(text).map_or_else(|| text.to_owned(), |(filled_in, _)| filled_in)
    }

    /// As [`Substitutions::fill_in`], with the places where the pieces come from; `None` where nothing is filled in.
    pub(crate) fn filled_in(&self, text: &str) -> Option<(String, Places)> {
        let (mut out, mut places, mut copied) = (String::new(), Places::default(), 0);
        for (span, name) in placeholders(text) {
            let Some(value) = self.value(name, &mut Vec::new()) else { continue };
            let start = out.len();
            out.push_str(&text[copied..span.start]);
            places.copied(start, out.len(), copied);
            let start = out.len();
            out.push_str(&value);
            places.made(start, out.len(), span);
            copied = span.end;
        }
        if copied == 0 {
            return None;
        }
        let start = out.len();
        out.push_str(&text[copied..]);
        places.copied(start, out.len(), copied);
        Some((out, places))
    }

    /// The value for a name, in which the placeholders are filled in, too. One that is within itself stays as it is.
    fn value(&self, name: &str, within: &mut Vec<String>) -> Option<String> {
        let value = self.get(name)?;
        within.push(name.to_owned());
        let (mut out, mut copied) = (String::new(), 0);
        for (span, inner) in placeholders(value) {
            if out.len() > MAX_LEN {
                break;
            }
            if within.iter().any(|outer| outer == inner) {
                continue;
            }
            if let Some(inner) = self.value(inner, within) {
                out.push_str(&value[copied..span.start]);
                out.push_str(&inner);
                copied = span.end;
            }
        }
        within.pop();
        out.push_str(&value[copied..]);
        Some(out)
    }
}

/// How long a value may get by the values in it: few can make much.
const MAX_LEN: usize = 1024 * 1024;

impl FromIterator<Substitution> for Substitutions {
    fn from_iter<I: IntoIterator<Item = Substitution>>(substitutions: I) -> Self {
        Self(substitutions.into_iter().map(|Substitution { name, value }| (name, value)).collect())
    }
}

impl std::str::FromStr for Substitution {
    type Err = NoSubstitution;

    fn from_str(text: &str) -> Result<Self, NoSubstitution> {
        let (name, value) = text.split_once('=').ok_or(NoSubstitution)?;
        // Who writes the placeholder means its name.
        let name = name.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        match placeholders(&format!("${{{name}}}")).next() {
            Some((_, whole)) if whole == name => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err(NoSubstitution),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn substitutions(all: &[&str]) -> Substitutions {
        all.iter().map(|one| one.parse::<Substitution>().expect("NAME=VALUE")).collect()
    }

    #[test]
    fn a_substitution_is_name_and_value() {
        for (text, name, value) in [
            ("A=b", "A", "b"),
            ("${A.B}=", "A.B", ""),
            ("A=b=c", "A", "b=c"),
            ("self:custom.x=1", "self:custom.x", "1"),
        ] {
            assert_eq!(text.parse(), Ok(Substitution { name: name.to_owned(), value: value.to_owned() }), "{text}");
        }
        for text in ["A", "=b", "a b=c", "${A=b", ""] {
            assert_eq!(text.parse::<Substitution>(), Err(NoSubstitution), "{text}");
        }
    }

    #[test]
    fn values_are_filled_in_as_text() {
        let all = substitutions(&["A=1", "B=<${A}${B}>", "C=${D}", "D=${C}x"]);
        for (text, expected) in [
            ("no placeholder", "no placeholder"),
            (r#"{"M": ${A}, "N": "${A}${A}"}"#, r#"{"M": 1, "N": "11"}"#),
            ("${B}", "<1${B}>"),
            ("${C}", "${C}x"),
            ("${Other} ${!A} ${A", "${Other} ${!A} ${A"),
            ("arn:${AWS::Partition}:${AWS::Region}:${AWS::AccountId}", "arn:aws:us-east-1:000000000000"),
        ] {
            assert_eq!(all.fill_in(text), expected, "{text}");
        }
        let mine = substitutions(&["AWS::Region=eu-west-1"]);
        assert_eq!(mine.fill_in("${AWS::Region}"), "eu-west-1");
    }

    #[test]
    fn few_values_cannot_make_endless_text() {
        let many: Vec<String> = (0..20).map(|n| format!("V{n}={}", format!("${{V{}}}", n + 1).repeat(9))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).chain(["V20=x"]).collect();
        assert!(substitutions(&many).fill_in("${V0}").len() < 20 * MAX_LEN);
    }

    proptest! {
        /// What was not filled in has its own place, whatever stands before it.
        #[test]
        fn places_lead_back(text in r"(\$\{[AB]\}|é|x|\n){0,20}", value in "[a-zé]{0,3}") {
            let all = substitutions(&[&format!("A={value}")]);
            if let Some((out, places)) = all.filled_in(&text) {
                for (at, c) in out.char_indices().filter(|(_, c)| *c == 'x' || *c == '\n') {
                    let place = places.place(Span { start: at, end: at + 1 });
                    if !value.contains(c) {
                        prop_assert_eq!(&text[place.start..place.end], c.to_string());
                    }
                }
                for at in 0..=out.len() {
                    let place = places.place(Span { start: at, end: at });
                    prop_assert!(place.end <= text.len());
                }
            }
        }
    }
}
