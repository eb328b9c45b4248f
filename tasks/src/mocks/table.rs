//! `[[mocks]]` in a routing file.

use std::collections::BTreeMap;
use std::time::Duration;

use asl_engine::{Failure, Value};
use serde::Deserialize;

use super::{Mock, MockedAnswer, range, without_overlap};

/// One entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The state whose task is mocked.
    state: String,
    /// `"0"` or `"1-2"`; without it, all.
    invocations: Option<String>,
    /// The result, as TOML.
    #[serde(rename = "return")]
    result: Option<toml::Value>,
    /// The result, as JSON text.
    return_json: Option<String>,
    throw: Option<Throw>,
    /// How long it takes.
    #[serde(default)]
    after_seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Throw {
    error: Option<String>,
    cause: Option<String>,
}

/// Adds an entry to the mocks of its state.
pub(crate) fn add(entry: Entry, states: &mut BTreeMap<String, Vec<Mock>>) -> Result<(), String> {
    let outcome = match (entry.result, entry.return_json, entry.throw) {
        (Some(result), None, None) => {
            Ok(value(&result).map_err(|why| format!("the mock of the state '{}': {why}", entry.state))?)
        }
        (None, Some(text), None) => Ok(text
            .parse()
            .map_err(|error| format!("return_json of the state '{}' is not JSON: {error}", entry.state))?),
        (None, None, Some(Throw { error, cause })) => {
            let text = |text: Option<String>| text.map(Into::into);
            Err(Failure { error: text(error), cause: text(cause), ..Failure::default() })
        }
        _ => {
            return Err(format!("the mock of the state '{}' needs one of return, return_json and throw", entry.state));
        }
    };
    let after = Duration::try_from_secs_f64(entry.after_seconds)
        .map_err(|_| format!("after_seconds must be a number of seconds, not {}", entry.after_seconds))?;
    let invocations = entry.invocations.as_deref().map_or(Ok(0..=u64::MAX), range)?;
    let mocks = states.entry(entry.state.clone()).or_default();
    mocks.push(Mock { invocations, answer: MockedAnswer { outcome, after } });
    without_overlap(mocks).map_err(|error| format!("the mocks of the state '{}': {error}", entry.state))
}

/// TOML as JSON. Times, which JSON lacks, are texts.
fn value(toml: &toml::Value) -> Result<Value, String> {
    Ok(match toml {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) if !number.is_finite() => return Err(format!("JSON has no {number}")),
        toml::Value::Float(number) => Value::from(&serde_json::Value::from(*number)),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => items.iter().map(value).collect::<Result<_, _>>()?,
        toml::Value::Table(members) => members
            .iter()
            .map(|(name, member)| Ok((name.as_str(), value(member)?)))
            .collect::<Result<Value, String>>()?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::Routes;

    #[test]
    fn entries_are_collected_by_state() {
        let text = "[[mocks]]\nstate = 'S'\ninvocations = '0-1'\nthrow = { error = 'E' }\n\
                    [[mocks]]\nstate = 'S'\ninvocations = '2'\nreturn = { a = [1, 2.5, true, 'x', 2026-11-26] }\n\
                    [[mocks]]\nstate = 'T'\nreturn_json = 'null'\nafter_seconds = 1.5";
        let mocks = Routes::parse(text, Path::new("r.toml")).unwrap().mocks;
        let shown: Vec<String> = mocks["S"]
            .iter()
            .chain(&mocks["T"])
            .map(|mock| match &mock.answer.outcome {
                Ok(value) => format!("{:?} {value} {:?}", mock.invocations, mock.answer.after),
                Err(failure) => format!("{:?} {failure} {:?}", mock.invocations, mock.answer.after),
            })
            .collect();
        assert_eq!(
            shown,
            ["0..=1 E 0ns", r#"2..=2 {"a":[1,2.5,true,"x","2026-11-26"]} 0ns"#, "0..=18446744073709551615 null 1.5s"]
        );
    }

    #[test]
    fn errors_name_the_state() {
        for (entry, expected) in [
            ("state = 'S'", "r.toml:1:1: the mock of the state 'S' needs one of return, return_json and throw"),
            (
                "state = 'S'\nreturn = 1\nthrow = {}",
                "r.toml:1:1: the mock of the state 'S' needs one of return, return_json and throw",
            ),
            ("state = 'S'\nreturn = [nan]", "r.toml:1:1: the mock of the state 'S': JSON has no NaN"),
            (
                "state = 'S'\nreturn_json = '{'",
                "r.toml:1:1: return_json of the state 'S' is not JSON: expected a name in double quotes, found the end of the text at line 1, column 2",
            ),
            (
                "state = 'S'\nreturn = 1\nafter_seconds = -1.0",
                "r.toml:1:1: after_seconds must be a number of seconds, not -1",
            ),
            (
                "state = 'S'\nreturn = 1\ninvocations = '2-1'",
                "r.toml:1:1: \"2-1\" is no number of an invocation such as \"0\", and no range such as \"1-2\"",
            ),
            (
                "state = 'S'\nreturn = 1\n[[mocks]]\nstate = 'S'\nreturn = 2",
                "r.toml:4:1: the mocks of the state 'S': the invocations 0- and 0- overlap",
            ),
            (
                "state = 'S'\nretrun = 1",
                "r.toml:3:1: unknown field \"retrun\", expected one of \"state\", \"invocations\", \"return\", \"return_json\", \"throw\", \"after_seconds\"",
            ),
        ] {
            let text = format!("[[mocks]]\n{entry}");
            assert_eq!(Routes::parse(&text, Path::new("r.toml")).unwrap_err().to_string(), expected, "{entry}");
        }
    }
}
