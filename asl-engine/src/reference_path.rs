//! Reference Paths: the paths that name one place, which `ResultPath` writes to.

use std::fmt;
use std::sync::Arc;

use crate::json::MAX_DEPTH;
use crate::value::Value;

/// A path of names and indexes, such as `$.a['b'][0]`.
///
/// States Language specification, "Reference Paths".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferencePath {
    text: Arc<str>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(Arc<str>),
    Index(usize),
}

impl ReferencePath {
    /// `$`: the whole document.
    pub(crate) fn root() -> Self {
        Self { text: "$".into(), steps: Vec::new() }
    }

    /// Reads a reference path. The error is the reason in AWS's words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // Blanks at the end mean nothing to AWS, as in other paths.
        let mut rest = text
            .trim_end()
            .strip_prefix('$')
            .ok_or("Value is not a Reference Path: Reference path didn't start with '$'")?;
        let mut steps = Vec::new();
        while let Some(first) = rest.chars().next() {
            match first {
                '.' => {
                    let name = &rest[1..];
                    let end = name.find(['.', '[']).unwrap_or(name.len());
                    let (name, tail) = name.split_at(end);
                    if name.is_empty() || name.contains(['*', '@', '(', ')', ',', ':', '?', '\'', '"', ']', ' ']) {
                        return Err(format!("Value is not a Reference Path: '{name}' is not a field name"));
                    }
                    steps.push(Step::Name(name.into()));
                    rest = tail;
                }
                '[' => {
                    let (step, tail) = bracket(&rest[1..])?;
                    steps.push(step);
                    rest = tail;
                }
                other => return Err(format!("Value is not a Reference Path: '{other}' is not expected here")),
            }
        }
        if steps.len() > MAX_DEPTH {
            return Err(format!("Value is not a Reference Path: it has more than {MAX_DEPTH} steps"));
        }
        Ok(Self { text: text.into(), steps })
    }

    /// Its steps, where all of them are names.
    pub(crate) fn names(&self) -> Option<Vec<&Arc<str>>> {
        let names = self.steps.iter().map(|step| match step {
            Step::Name(name) => Some(name),
            Step::Index(_) => None,
        });
        names.collect()
    }

    /// `document` with `value` at this place; missing objects are created on the way.
    ///
    /// The error says which step did not apply to what.
    pub(crate) fn insert(&self, document: &Value, value: Value) -> Result<Value, String> {
        insert(&self.steps, document, value).map_err(|(step, found)| {
            format!("Unable to apply step {step} of the reference path {} to {found}", self.text)
        })
    }
}

impl fmt::Display for ReferencePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "\"{name}\""),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn bracket(rest: &str) -> Result<(Step, &str), String> {
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let name = &rest[1..];
        let end = name.find(quote).ok_or("Value is not a Reference Path: the quote has no end")?;
        let tail = name[end + 1..].strip_prefix(']').ok_or("Value is not a Reference Path: ']' is missing")?;
        return Ok((Step::Name(name[..end].into()), tail));
    }
    let end = rest.find(']').ok_or("Value is not a Reference Path: ']' is missing")?;
    let index = rest[..end]
        .parse()
        .map_err(|_| "Value is not a Reference Path: '[' must be followed by ' or '['".to_owned())?;
    Ok((Step::Index(index), &rest[end + 1..]))
}

fn insert(steps: &[Step], document: &Value, value: Value) -> Result<Value, (Step, Value)> {
    let Some((step, rest)) = steps.split_first() else { return Ok(value) };
    match (step, document) {
        (Step::Name(name), Value::Object(members)) => {
            let inserted = match members.get(name) {
                _ if rest.is_empty() => value,
                Some(child) => insert(rest, child, value)?,
                None => insert(rest, &Value::empty_object(), value)?,
            };
            Ok(Value::Object(members.with(name.clone(), inserted)))
        }
        (Step::Index(index), Value::Array(items)) if *index < items.len() => {
            let mut changed = items.to_vec();
            changed[*index] = insert(rest, &items[*index], value)?;
            Ok(changed.into())
        }
        _ => Err((step.clone(), document.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &str, document: &str) -> Result<String, String> {
        let document = document.parse().unwrap();
        ReferencePath::parse(path)?.insert(&document, Value::from(1)).map(|value| value.to_string())
    }

    #[test]
    fn values_are_put_where_the_path_says() {
        let cases = [
            ("$", r#"{"a":0}"#, "1"),
            ("$.a", r#"{"a":0,"b":2}"#, r#"{"a":1,"b":2}"#),
            ("$.x.y.z", r#"{"a":0}"#, r#"{"a":0,"x":{"y":{"z":1}}}"#),
            ("$['x y']['z.']", "{}", r#"{"x y":{"z.":1}}"#),
            ("$.a[1].b", r#"{"a":[0,{}]}"#, r#"{"a":[0,{"b":1}]}"#),
            ("$.foo-result", "{}", r#"{"foo-result":1}"#),
        ];
        for (path, document, expected) in cases {
            assert_eq!(put(path, document).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn what_cannot_hold_the_value_is_named() {
        assert_eq!(
            put("$.a.b", r#"{"a":5}"#).unwrap_err(),
            r#"Unable to apply step "b" of the reference path $.a.b to 5"#
        );
        assert_eq!(put("$[2]", "[1]").unwrap_err(), "Unable to apply step [2] of the reference path $[2] to [1]");
    }

    #[test]
    fn other_paths_are_refused() {
        for path in
            ["", "a", "$.", "$..a", "$.*", "$[*]", "$[1:2]", "$[-1]", "$['a','b']", "$.a[?(@.b)]", "$['a", "$[0"]
        {
            assert!(ReferencePath::parse(path).is_err(), "{path}");
        }
        assert!(ReferencePath::parse(&format!("${}", ".a".repeat(100_000))).is_err());
    }
}
