//! How two JSON values differ, by their structure.

use asl_engine::{Number, Value};

/// One place at which a value is not as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where: `$.items[1].price`, with `$` for the whole.
    pub at: String,
    /// What was expected there; none of what was not expected at all.
    pub expected: Option<Value>,
    /// What was there; none where nothing was.
    pub found: Option<Value>,
}

/// How much of a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Exact,
    /// Objects may have other members, too.
    Partial,
}

/// The places at which `found` differs from `expected`, in the order of what is expected. Numbers are compared by their value.
pub fn differences(expected: &Value, found: &Value, extent: Extent) -> Vec<Difference> {
    let mut out = Vec::new();
    compare(expected, found, extent, "$", &mut out);
    out
}

fn compare(expected: &Value, found: &Value, extent: Extent, at: &str, out: &mut Vec<Difference>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected.iter() {
                let at = member(at, name);
                match found.get(name) {
                    Some(found) => compare(value, found, extent, &at, out),
                    None => out.push(Difference { at, expected: Some(value.clone()), found: None }),
                }
            }
            if extent == Extent::Exact {
                let others = found.iter().filter(|(name, _)| expected.get(name).is_none());
                out.extend(others.map(|(name, value)| Difference {
                    at: member(at, name),
                    expected: None,
                    found: Some(value.clone()),
                }));
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            let (expected, found): (&[Value], &[Value]) = (expected, found);
            for index in 0..expected.len().max(found.len()) {
                let at = format!("{at}[{index}]");
                match (expected.get(index), found.get(index)) {
                    (Some(expected), Some(found)) => compare(expected, found, extent, &at, out),
                    (expected, found) => {
                        out.push(Difference { at, expected: expected.cloned(), found: found.cloned() });
                    }
                }
            }
        }
        (Value::Number(one), Value::Number(other)) if is_same_number(one, other) => {}
        _ if expected == found => {}
        _ => out.push(Difference { at: at.to_owned(), expected: Some(expected.clone()), found: Some(found.clone()) }),
    }
}

/// Whether two numbers have the same value, however they are written. Whole ones are compared digit by digit.
fn is_same_number(one: &Number, other: &Number) -> bool {
    let (one_value, other_value) = (Value::Number(one.clone()), Value::Number(other.clone()));
    match (one_value.as_i64(), other_value.as_i64()) {
        (Some(one), Some(other)) => one == other,
        // Equal digits are equal numbers; those of a fraction may be written differently.
        #[expect(clippy::float_cmp)]
        _ => one.as_f64() == other.as_f64(),
    }
}

/// `$.name`, or `$["a name"]` where that is no plain word.
pub fn member(at: &str, name: &str) -> String {
    let is_word = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word { format!("{at}.{name}") } else { format!("{at}[{}]", Value::from(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &str, found: &str, extent: Extent) -> Vec<String> {
        let text = |value: Option<Value>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        differences(&expected.parse().unwrap(), &found.parse().unwrap(), extent)
            .into_iter()
            .map(|difference| format!("{} {} {}", difference.at, text(difference.expected), text(difference.found)))
            .collect()
    }

    #[test]
    fn each_place_is_told() {
        for (expected, found, extent, differences) in [
            ("1", "1.0", Extent::Exact, &[][..]),
            ("1.50", "1.5", Extent::Exact, &[]),
            ("9007199254740993", "9007199254740992", Extent::Exact, &["$ 9007199254740993 9007199254740992"]),
            ("1", "2", Extent::Exact, &["$ 1 2"]),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, Extent::Partial, &[]),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, Extent::Exact, &["$.b - 2"]),
            (r#"{"a":1,"c d":null}"#, r#"{"a":1}"#, Extent::Partial, &[r#"$["c d"] null -"#]),
            (r#"{"l":[{"p":1},2]}"#, r#"{"l":[{"p":3,"q":0}]}"#, Extent::Partial, &["$.l[0].p 1 3", "$.l[1] 2 -"]),
            ("[1]", "[1,2]", Extent::Partial, &["$[1] - 2"]),
            (r#"{"a":1}"#, "[]", Extent::Exact, &[r#"$ {"a":1} []"#]),
        ] {
            assert_eq!(shown(expected, found, extent), differences, "{expected} {found}");
        }
    }
}
