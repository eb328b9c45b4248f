//! What is not to be seen in a test: the place of it in payloads.

use std::str::FromStr;

use asl_engine::{Object, Value};

/// What stands in the place of what is masked.
const MASKED: &str = "***";

/// A place in payloads: `$.card.number`, `$.items[*].price`, or `$..password` at any depth.
///
/// ```
/// use asl_testing::Mask;
///
/// let mask: Mask = "$..password".parse().unwrap();
/// let payload = r#"{"user":{"name":"ada","password":"s3cret"}}"#.parse().unwrap();
/// assert_eq!(mask.applied(&payload).to_string(), r#"{"user":{"name":"ada","password":"***"}}"#);
/// assert!("password".parse::<Mask>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// A member.
    Name(String),
    /// A member of this name, however deep.
    Anywhere(String),
    /// All items of a list.
    Items,
}

/// A text that names no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no place: $.name.name, with [*] for all items and ..name for any depth")]
pub struct NoMask(String);

impl FromStr for Mask {
    type Err = NoMask;

    fn from_str(text: &str) -> Result<Self, NoMask> {
        let no_mask = || NoMask(text.to_owned());
        let mut rest = text.strip_prefix('$').filter(|rest| !rest.is_empty()).ok_or_else(no_mask)?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix("[*]") {
                parts.push(Part::Items);
                rest = behind;
                continue;
            }
            let (part, behind): (fn(String) -> Part, &str) = match (rest.strip_prefix(".."), rest.strip_prefix('.')) {
                (Some(behind), _) => (Part::Anywhere, behind),
                (None, Some(behind)) => (Part::Name, behind),
                (None, None) => return Err(no_mask()),
            };
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            if end == 0 {
                return Err(no_mask());
            }
            parts.push(part(behind[..end].to_owned()));
            rest = &behind[end..];
        }
        Ok(Self(parts))
    }
}

impl Mask {
    /// A payload in which what is at the place is masked.
    pub fn applied(&self, payload: &Value) -> Value {
        masked(payload, &self.0)
    }
}

fn masked(value: &Value, parts: &[Part]) -> Value {
    let Some((part, rest)) = parts.split_first() else { return MASKED.into() };
    match (part, value) {
        (Part::Items, Value::Array(items)) => items.iter().map(|item| masked(item, rest)).collect(),
        (Part::Name(wanted), Value::Object(members)) => {
            each(members, |name, value| if name == wanted { masked(value, rest) } else { value.clone() })
        }
        (Part::Anywhere(wanted), Value::Object(members)) => {
            each(members, |name, value| if name == wanted { masked(value, rest) } else { masked(value, parts) })
        }
        (Part::Anywhere(_), Value::Array(items)) => items.iter().map(|item| masked(item, parts)).collect(),
        _ => value.clone(),
    }
}

fn each(members: &Object, change: impl Fn(&str, &Value) -> Value) -> Value {
    members.iter().map(|(name, value)| (name.clone(), change(name, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_masked() {
        let payload: Value = r#"{"a":{"b":1,"c":2},"l":[{"b":3},{"c":4}],"b":5}"#.parse().unwrap();
        for (place, expected) in [
            ("$.a.b", r#"{"a":{"b":"***","c":2},"l":[{"b":3},{"c":4}],"b":5}"#),
            ("$..b", r#"{"a":{"b":"***","c":2},"l":[{"b":"***"},{"c":4}],"b":"***"}"#),
            ("$.l[*].b", r#"{"a":{"b":1,"c":2},"l":[{"b":"***"},{"c":4}],"b":5}"#),
            ("$.l[*]", r#"{"a":{"b":1,"c":2},"l":["***","***"],"b":5}"#),
            ("$.x", r#"{"a":{"b":1,"c":2},"l":[{"b":3},{"c":4}],"b":5}"#),
        ] {
            assert_eq!(place.parse::<Mask>().unwrap().applied(&payload).to_string(), expected, "{place}");
        }
        for text in ["", "$", "a", "$a", "$.", "$..", "$.a[0]", "$.a.."] {
            assert_eq!(text.parse::<Mask>(), Err(NoMask(text.to_owned())));
        }
    }
}
