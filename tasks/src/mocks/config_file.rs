//! The mock configuration file of AWS Step Functions Local.
//!
//! AWS developer guide, "Using mocked service integrations for testing in Step Functions Local".

use std::collections::BTreeMap;
use std::time::Duration;

use asl_engine::{Failure, Object, Value, nearest};

use super::{InvalidMocks, Mock, MockedAnswer, range, without_overlap};

/// The name of the test case, and what the tasks of its states answer.
pub(super) fn read(
    text: &str,
    machine: &str,
    test_case: Option<&str>,
) -> Result<(String, BTreeMap<String, Vec<Mock>>), InvalidMocks> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let config: Value = text.parse()?;
    let config = object(&config, "the file")?;
    known(config, "the file", &["StateMachines", "MockedResponses"])?;
    let machines = object(member(config, "the file", "StateMachines")?, "StateMachines")?;
    let (machine, machine_at) = one_of(machines, "StateMachines", "state machine", Some(machine))?;
    let cases = object(member(object(machine, &machine_at)?, &machine_at, "TestCases")?, &machine_at)?;
    let at = format!("{machine_at}/TestCases");
    if let Some(test_case) = test_case
        && cases.get(test_case).is_none()
    {
        return Err(unknown(cases, &at, "test case", test_case));
    }
    let (case, case_at) = one_of(cases, &at, "test case", test_case)?;
    let no_responses = Value::from(Object::default());
    let responses = object(config.get("MockedResponses").unwrap_or(&no_responses), "MockedResponses")?;
    let mut states = BTreeMap::new();
    for (state, response) in object(case, &case_at)?.iter() {
        let at = format!("{case_at}/{state}");
        let Some(name) = response.as_str() else {
            return Err(InvalidMocks::NotAName { at, found: response.to_string() });
        };
        let Some(response) = responses.get(name) else {
            return Err(unknown(responses, "MockedResponses", "mocked response", name).at(&at));
        };
        states.insert(state.to_string(), mocks(response, &format!("MockedResponses/{name}"))?);
    }
    let name = case_at.rsplit('/').next().unwrap_or_default().to_owned();
    Ok((name, states))
}

/// The member `name`; without one of this name the only member.
fn one_of<'a>(
    members: &'a Object,
    at: &str,
    what: &'static str,
    name: Option<&str>,
) -> Result<(&'a Value, String), InvalidMocks> {
    if let Some(name) = name
        && let Some(found) = members.get(name)
    {
        return Ok((found, format!("{at}/{name}")));
    }
    let mut all = members.iter();
    match (all.next(), all.next(), what) {
        (None, ..) => Err(InvalidMocks::Missing { at: at.to_owned(), name: what.to_owned() }),
        (Some((only, found)), None, _) => Ok((found, format!("{at}/{only}"))),
        (_, _, "test case") => Err(InvalidMocks::SeveralTestCases { at: at.to_owned(), names: names(members) }),
        _ => Err(unknown(members, at, what, name.unwrap_or_default())),
    }
}

fn mocks(response: &Value, at: &str) -> Result<Vec<Mock>, InvalidMocks> {
    let mut mocks = Vec::new();
    for (invocations, response) in object(response, at)?.iter() {
        let invocations_at = format!("{at}/{invocations}");
        let answer = MockedAnswer { outcome: outcome(response, &invocations_at)?, after: Duration::ZERO };
        let invocations = range(invocations).map_err(|error| error.at(at))?;
        mocks.push(Mock { invocations, answer });
    }
    without_overlap(&mocks).map_err(|error| error.at(at))?;
    Ok(mocks)
}

fn outcome(response: &Value, at: &str) -> Result<asl_engine::Outcome, InvalidMocks> {
    let response = object(response, at)?;
    known(response, at, &["Return", "Throw"])?;
    match (response.get("Return"), response.get("Throw")) {
        (Some(result), None) => Ok(Ok(result.clone())),
        (None, Some(failure)) => {
            let at = format!("{at}/Throw");
            let failure = object(failure, &at)?;
            known(failure, &at, &["Error", "Cause"])?;
            let text = |name: &str| match failure.get(name) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => Ok(Some((&**text).into())),
                Some(other) => Err(InvalidMocks::NotText { at: format!("{at}/{name}"), found: other.to_string() }),
            };
            Ok(Err(Failure { error: text("Error")?, cause: text("Cause")?, ..Failure::default() }))
        }
        _ => Err(InvalidMocks::NoOutcome { at: at.to_owned() }),
    }
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Object, InvalidMocks> {
    value.as_object().ok_or_else(|| InvalidMocks::NotAnObject { at: at.to_owned() })
}

fn member<'a>(object: &'a Object, at: &str, name: &str) -> Result<&'a Value, InvalidMocks> {
    object.get(name).ok_or_else(|| InvalidMocks::Missing { at: at.to_owned(), name: name.to_owned() })
}

fn known(object: &Object, at: &str, allowed: &[&str]) -> Result<(), InvalidMocks> {
    match object.iter().find(|(name, _)| !allowed.contains(&&***name)) {
        Some((name, _)) => {
            Err(InvalidMocks::UnknownField { at: at.to_owned(), name: name.to_string(), allowed: allowed.join(", ") })
        }
        None => Ok(()),
    }
}

fn unknown(members: &Object, at: &str, what: &'static str, name: &str) -> InvalidMocks {
    InvalidMocks::UnknownName {
        at: at.to_owned(),
        names: names(members),
        what,
        name: name.to_owned(),
        near: nearest(name, members.iter().map(|(name, _)| &**name)).map(str::to_owned),
    }
}

fn names(members: &Object) -> String {
    members.iter().map(|(name, _)| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSES: &str = r#""MockedResponses":{"R":{"0":{"Return":1},"1-2":{"Throw":{"Error":"E"}}}}"#;

    #[test]
    fn the_machine_and_the_test_case_are_found() {
        let two = format!(
            r#"{{"StateMachines":{{"A":{{"TestCases":{{"T":{{"S":"R"}}}}}},"B":{{"TestCases":{{"U":{{}},"V":{{}}}}}}}},{RESPONSES}}}"#
        );
        let one = format!(r#"{{"StateMachines":{{"A":{{"TestCases":{{"T":{{"S":"R"}}}}}}}},{RESPONSES}}}"#);
        for (text, machine, case, expected) in [
            (&two, "A", Some("T"), Ok("T")),
            (&two, "A", None, Ok("T")),
            (&one, "other", None, Ok("T")),
            (&two, "B", Some("V"), Ok("V")),
            (
                &two,
                "B",
                None,
                Err("StateMachines/B/TestCases has several test cases; add # and the name of one of them: 'U', 'V'"),
            ),
            (&two, "C", None, Err("StateMachines has 'A', 'B', and no state machine 'C'")),
            (&two, "A", Some("U"), Err("StateMachines/A/TestCases has 'T', and no test case 'U'")),
        ] {
            let found = read(text, machine, case).map(|(name, _)| name).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{machine} {case:?}");
        }
        let (_, states) = read(&one, "A", None).unwrap();
        let failure = Failure { error: Some("E".into()), ..Failure::default() };
        let mock = |invocations, outcome| Mock { invocations, answer: MockedAnswer { outcome, after: Duration::ZERO } };
        assert_eq!(states["S"], [mock(0..=0, Ok(Value::from(1))), mock(1..=2, Err(failure))]);
    }

    #[test]
    fn errors_say_where() {
        let case = |responses: &str| {
            format!(r#"{{"StateMachines":{{"A":{{"TestCases":{{"T":{{"S":"R"}}}}}}}},"MockedResponses":{responses}}}"#)
        };
        for (text, expected) in [
            ("{\n  \"a\": }".to_owned(), "this is not JSON: expected a value, found '}' at line 2, column 8"),
            ("[]".to_owned(), "the file: a JSON object is wanted"),
            (
                r#"{"States":{}}"#.to_owned(),
                r#"the file: unknown field "States"; allowed: StateMachines, MockedResponses"#,
            ),
            ("{}".to_owned(), "the file has no StateMachines"),
            (r#"{"StateMachines":{}}"#.to_owned(), "StateMachines has no state machine"),
            (r#"{"StateMachines":{"A":{}}}"#.to_owned(), "StateMachines/A has no TestCases"),
            (r#"{"StateMachines":{"A":{"TestCases":{}}}}"#.to_owned(), "StateMachines/A/TestCases has no test case"),
            (
                r#"{"StateMachines":{"A":{"TestCases":{"T":{"S":{}}}}}}"#.to_owned(),
                "StateMachines/A/TestCases/T/S: the name of a mocked response is wanted, not {}",
            ),
            (
                case(r#"{"R2":{}}"#),
                "StateMachines/A/TestCases/T/S: MockedResponses has 'R2', and no mocked response 'R'",
            ),
            (case(r#"{"R":[]}"#), "MockedResponses/R: a JSON object is wanted"),
            (
                case(r#"{"R":{"x":{"Return":1}}}"#),
                r#"MockedResponses/R: "x" is no number of an invocation such as "0", and no range such as "1-2""#,
            ),
            (
                case(r#"{"R":{"0-2":{"Return":1},"2":{"Return":1}}}"#),
                "MockedResponses/R: the invocations 0-2 and 2 overlap",
            ),
            (case(r#"{"R":{"0":{}}}"#), "MockedResponses/R/0: either Return or Throw is wanted"),
            (case(r#"{"R":{"0":{"Return":1,"Throw":{}}}}"#), "MockedResponses/R/0: either Return or Throw is wanted"),
            (
                case(r#"{"R":{"0":{"Trow":{}}}}"#),
                r#"MockedResponses/R/0: unknown field "Trow"; allowed: Return, Throw"#,
            ),
            (case(r#"{"R":{"0":{"Throw":{"Error":1}}}}"#), "MockedResponses/R/0/Throw/Error: a text is wanted, not 1"),
            (
                case(r#"{"R":{"0":{"Throw":{"Errors":"E"}}}}"#),
                r#"MockedResponses/R/0/Throw: unknown field "Errors"; allowed: Error, Cause"#,
            ),
        ] {
            assert_eq!(read(&text, "A", None).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
