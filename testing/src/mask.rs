//! What is not to be seen in a test: the place of it in payloads.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use asl_engine::Value;

/// What stands in the place of what is masked.
const MASKED: &str = "***";

/// A text that is shorter is no secret: it would be found in many others.
const SHORTEST: usize = 3;

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
pub struct Mask {
    text: String,
    parts: Vec<Part>,
}

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
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl Mask {
    /// A payload in which what is at the place is masked.
    pub fn applied(&self, payload: &Value) -> Value {
        changed(payload, &self.parts, Some(&MASKED.into()))
    }

    /// A payload without what is at the place.
    pub fn removed(&self, payload: &Value) -> Value {
        changed(payload, &self.parts, None)
    }

    /// Adds the texts that are at the place to `secrets`, and tells whether anything is there.
    pub(crate) fn collect(&self, payload: &Value, secrets: &mut BTreeSet<String>) -> bool {
        collect(payload, &self.parts, secrets)
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn collect(value: &Value, parts: &[Part], secrets: &mut BTreeSet<String>) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        secrets.extend(value.as_str().filter(|text| text.len() >= SHORTEST).map(str::to_owned));
        return true;
    };
    let mut found = false;
    match (part, value) {
        (Part::Items, Value::Array(items)) => items.iter().for_each(|item| found |= collect(item, rest, secrets)),
        (Part::Anywhere(_), Value::Array(items)) => {
            items.iter().for_each(|item| found |= collect(item, parts, secrets));
        }
        (Part::Name(wanted), Value::Object(members)) => {
            found = members.get(wanted).is_some_and(|value| collect(value, rest, secrets));
        }
        (Part::Anywhere(wanted), Value::Object(members)) => {
            for (name, value) in members.iter() {
                found |= collect(value, if **name == **wanted { rest } else { parts }, secrets);
            }
        }
        _ => {}
    }
    found
}

/// A value in whose texts the secrets are masked, wherever they stand.
pub(crate) fn without(value: &Value, secrets: &BTreeSet<String>) -> Value {
    match value {
        Value::String(text) => {
            let hidden = secrets.iter().fold(text.to_string(), |text, secret| text.replace(&**secret, MASKED));
            hidden.into()
        }
        Value::Array(items) => items.iter().map(|item| without(item, secrets)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), without(value, secrets))).collect(),
        other => other.clone(),
    }
}

/// A value with something else, or nothing, at the place.
fn changed(value: &Value, parts: &[Part], to: Option<&Value>) -> Value {
    let Some((part, rest)) = parts.split_first() else { return to.cloned().unwrap_or_default() };
    let is_removed = rest.is_empty() && to.is_none();
    match (part, value) {
        (Part::Items, Value::Array(_)) if is_removed => Value::from_iter([] as [Value; 0]),
        (Part::Items, Value::Array(items)) => items.iter().map(|item| changed(item, rest, to)).collect(),
        (Part::Anywhere(_), Value::Array(items)) => items.iter().map(|item| changed(item, parts, to)).collect(),
        (Part::Name(wanted) | Part::Anywhere(wanted), Value::Object(members)) => {
            let is_deep = matches!(part, Part::Anywhere(_));
            let kept = members.iter().filter(|(name, _)| !(is_removed && ***name == **wanted));
            let each = kept.map(|(name, value)| match **name == **wanted {
                true => (name.clone(), changed(value, rest, to)),
                false if is_deep => (name.clone(), changed(value, parts, to)),
                false => (name.clone(), value.clone()),
            });
            each.collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_masked() {
        let payload: Value = r#"{"a":{"b":1,"c":2},"l":[{"b":3},{"c":4}],"b":5}"#.parse().unwrap();
        for (place, masked, removed) in [
            (
                "$.a.b",
                r#"{"a":{"b":"***","c":2},"l":[{"b":3},{"c":4}],"b":5}"#,
                r#"{"a":{"c":2},"l":[{"b":3},{"c":4}],"b":5}"#,
            ),
            (
                "$..b",
                r#"{"a":{"b":"***","c":2},"l":[{"b":"***"},{"c":4}],"b":"***"}"#,
                r#"{"a":{"c":2},"l":[{},{"c":4}]}"#,
            ),
            (
                "$.l[*].b",
                r#"{"a":{"b":1,"c":2},"l":[{"b":"***"},{"c":4}],"b":5}"#,
                r#"{"a":{"b":1,"c":2},"l":[{},{"c":4}],"b":5}"#,
            ),
            ("$.l[*]", r#"{"a":{"b":1,"c":2},"l":["***","***"],"b":5}"#, r#"{"a":{"b":1,"c":2},"l":[],"b":5}"#),
            (
                "$.x",
                r#"{"a":{"b":1,"c":2},"l":[{"b":3},{"c":4}],"b":5}"#,
                r#"{"a":{"b":1,"c":2},"l":[{"b":3},{"c":4}],"b":5}"#,
            ),
        ] {
            let mask: Mask = place.parse().unwrap();
            assert_eq!(mask.applied(&payload).to_string(), masked, "{place}");
            assert_eq!(mask.removed(&payload).to_string(), removed, "{place}");
        }
        for text in ["", "$", "a", "$a", "$.", "$..", "$.a[0]", "$.a.."] {
            assert_eq!(text.parse::<Mask>(), Err(NoMask(text.to_owned())));
        }
    }
}
