//! `[[mocks]]` in a routing file.

use std::collections::BTreeMap;
use std::time::Duration;

use asl_engine::{Failure, Value};
use serde::Deserialize;

use super::{InvalidMocks, Mock, MockedAnswer, range, without_overlap};

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
    /// How long it takes; alone, how long a Wait state takes.
    after_seconds: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Throw {
    error: Option<String>,
    cause: Option<String>,
}

/// How long Wait states take, by name.
pub(crate) type MockedWaits = BTreeMap<String, Duration>;

/// Adds an entry to the mocks of its state.
pub(crate) fn add(
    entry: Entry,
    states: &mut BTreeMap<String, Vec<Mock>>,
    waits: &mut MockedWaits,
) -> Result<(), InvalidMocks> {
    let seconds = entry.after_seconds.unwrap_or_default();
    let after = Duration::try_from_secs_f64(seconds).map_err(|_| InvalidMocks::AfterSeconds(seconds))?;
    let outcome = match (entry.result, entry.return_json, entry.throw) {
        (Some(result), None, None) => {
            Ok(value(&result).map_err(|number| InvalidMocks::NotInJson { state: entry.state.clone(), number })?)
        }
        (None, Some(text), None) => {
            Ok(text.parse().map_err(|source| InvalidMocks::ReturnJson { state: entry.state.clone(), source })?)
        }
        (None, None, Some(Throw { error, cause })) => {
            let text = |text: Option<String>| text.map(Into::into);
            Err(Failure { error: text(error), cause: text(cause), ..Failure::default() })
        }
        (None, None, None) if entry.after_seconds.is_some() && entry.invocations.is_none() => {
            waits.insert(entry.state, after);
            return Ok(());
        }
        _ => return Err(InvalidMocks::NotOneOutcome { state: entry.state }),
    };
    let invocations = entry.invocations.as_deref().map_or(Ok(0..=u64::MAX), range)?;
    let mocks = states.entry(entry.state.clone()).or_default();
    mocks.push(Mock { invocations, answer: MockedAnswer { outcome, after } });
    without_overlap(mocks).map_err(|error| error.at(&format!("the mocks of the state '{}'", entry.state)))
}

/// TOML as JSON. Times, which JSON lacks, are texts; the error is a number that it lacks.
fn value(toml: &toml::Value) -> Result<Value, f64> {
    Ok(match toml {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) if !number.is_finite() => return Err(*number),
        toml::Value::Float(number) => Value::from(&serde_json::Value::from(*number)),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => items.iter().map(value).collect::<Result<_, _>>()?,
        toml::Value::Table(members) => {
            members.iter().map(|(name, member)| Ok((name.as_str(), value(member)?))).collect::<Result<Value, f64>>()?
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use crate::Routes;

    #[test]
    fn entries_are_collected_by_state() {
        let text = "[[mocks]]\nstate = 'S'\ninvocations = '0-1'\nthrow = { error = 'E' }\n\
                    [[mocks]]\nstate = 'S'\ninvocations = '2'\nreturn = { a = [1, 2.5, true, 'x', 2026-11-26] }\n\
                    [[mocks]]\nstate = 'T'\nreturn_json = 'null'\nafter_seconds = 1.5";
        let text = format!("{text}\n[[mocks]]\nstate = 'Sleep'\nafter_seconds = 0.5");
        let routes = Routes::parse(&text, Path::new("r.toml")).unwrap();
        assert_eq!(routes.mocked_waits, [("Sleep".to_owned(), Duration::from_millis(500))].into());
        let mocks = routes.mocks;
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
            (
                "state = 'S'",
                "r.toml:1:1: the mock of the state 'S' needs one of return, return_json and throw; of a Wait state, after_seconds",
            ),
            (
                "state = 'S'\nreturn = 1\nthrow = {}",
                "r.toml:1:1: the mock of the state 'S' needs one of return, return_json and throw; of a Wait state, after_seconds",
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
