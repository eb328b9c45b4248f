//! The mock configuration file of AWS Step Functions Local: its test cases as cases, and what their states answer.
//!
//! AWS developer guide, "Using mocked service integrations for testing in Step Functions Local".

use std::fmt::Write;

use asl_engine::{Failure, Program, Span, Value};
use asl_project::yaml::{Member, Tree};

use crate::fields::{Fields, kind};
use crate::mocks::{Key, Mock, Mocks};
use crate::problem::{Problem, Problems};
use crate::record::{maps_around, mock_lines};
use crate::response::{Response, Template, Work};

/// The most invocations that one mocked response is for.
const MOST: usize = 10_000;

/// So many equal answers are meant for all calls.
const ALL: usize = 100;

/// A test case of a state machine.
pub(crate) struct ConfiguredCase {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) mocks: Mocks,
}

/// Whether a file is a mock configuration file.
pub(crate) fn is_mock_config(root: &Tree) -> bool {
    root.get("StateMachines").is_some()
}

/// The state machines that a mock configuration file has test cases for.
pub(crate) fn machines(root: &Tree) -> &[Member] {
    root.get("StateMachines").map(Tree::members).unwrap_or_default()
}

/// The test cases of a state machine.
pub(crate) fn cases(root: &Tree, machine: &Member, program: &Program, problems: &mut Problems) -> Vec<ConfiguredCase> {
    let responses = root.get("MockedResponses").map(Tree::members).unwrap_or_default();
    let Some(cases) = machine.value.get("TestCases") else {
        problems.add(Problem::new(machine.span, format!("'{}' has no TestCases", machine.name)));
        return Vec::new();
    };
    let case = |member: &Member, problems: &mut Problems| {
        let states = member.value.members().iter();
        let mocks = states.filter_map(|state| mock(state, responses, program, problems)).collect();
        ConfiguredCase { name: member.name.to_string(), span: member.span, mocks: Mocks(mocks) }
    };
    cases.members().iter().map(|member| case(member, problems)).collect()
}

/// What a state answers: a name among the mocked responses.
fn mock(state: &Member, responses: &[Member], program: &Program, problems: &mut Problems) -> Option<Mock> {
    let key = Key::read(&state.name, state.span, program, problems)?;
    let Some(name) = state.value.text() else {
        let message = format!("the name of a mocked response is wanted, not {}", kind(&state.value));
        problems.add(Problem::new(state.value.span, message));
        return None;
    };
    let Some(response) = responses.iter().find(|member| &*member.name == name) else {
        let problem = Problem::new(state.value.span, format!("MockedResponses has no '{name}'"));
        problems.add(problem.did_you_mean(name, responses.iter().map(|member| &*member.name)));
        return None;
    };
    let mut answers: Vec<Option<Response>> = Vec::new();
    for member in response.value.members() {
        let Some((first, last)) = invocations(&member.name) else {
            let message = format!("\"{}\" is no number of an invocation, and no range of them", member.name);
            problems.add(Problem::new(member.span, message).help("\"0\" or \"1-2\""));
            continue;
        };
        let Some(answer) = answer(&member.value, problems) else { continue };
        answers.resize(answers.len().max(last + 1), None);
        for invocation in &mut answers[first..=last] {
            if invocation.replace(answer.clone()).is_some() {
                problems.add(Problem::new(member.span, "an invocation has two answers"));
            }
        }
    }
    if let Some(missing) = answers.iter().position(Option::is_none) {
        problems.add(Problem::new(response.span, format!("'{name}' has no answer for the invocation {missing}")));
        return None;
    }
    Some(Mock::by_invocation(key, state.span, answers.into_iter().flatten().collect()))
}

/// `0` or `1-2`
fn invocations(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last < MOST).then_some((first, last))
}

fn answer(tree: &Tree, problems: &mut Problems) -> Option<Response> {
    let mut fields = Fields::of(tree, "a mocked response", problems)?;
    let (result, failure) = (fields.take("Return"), fields.take("Throw"));
    fields.end(problems);
    let work = match (result, failure) {
        (Some(result), None) => Work::Result(Template::Value(result.value())),
        (None, Some(failure)) => {
            let mut fields = Fields::of(failure, "'Throw'", problems)?;
            let (error, cause) = (fields.text("Error", problems), fields.text("Cause", problems));
            fields.end(problems);
            let failure = Failure { error: error.map(Into::into), cause: cause.map(Into::into), ..Failure::default() };
            match failure.error.as_deref() {
                Some("States.Timeout") => Work::TimesOut(failure),
                _ => Work::Fails(failure),
            }
        }
        _ => {
            problems.add(Problem::new(tree.span, "a mocked response has either 'Return' or 'Throw'"));
            return None;
        }
    };
    Some(Response { work, after: 0, heartbeat: None, submitted: None, worker: None })
}

/// The text of the test file with these cases.
pub(crate) fn test_file<'a>(cases: impl IntoIterator<Item = (&'a str, &'a Mocks)>, program: &Program) -> String {
    let mut out = "cases:\n".to_owned();
    for (name, mocks) in cases {
        let _ = writeln!(out, "  - name: {}", Value::from(name));
        if !mocks.0.is_empty() {
            out.push_str("    mocks:\n");
        }
        for mock in &mocks.0 {
            let answers: Vec<Value> = mock.sequence().iter().map(written).collect();
            if answers.is_empty() {
                continue;
            }
            let model = program.model();
            let state = model.states().iter().find(|state| *state.name == *mock.key.state);
            // Iterations share the invocations of a mock configuration file.
            let shared =
                state.is_some_and(|state| maps_around(model, state.id) > 0).then(|| ("shared", Value::from(true)));
            let is_for_all = answers.len() >= ALL && answers.iter().all(|answer| *answer == answers[0]);
            let written = match is_for_all {
                true => answers[0].clone(),
                false => shared.into_iter().chain([("sequence", answers.into())]).collect(),
            };
            mock_lines(&mock.key.text, &written, &mut out);
        }
    }
    out
}

/// An answer as a test file has it.
fn written(answer: &Response) -> Value {
    match &answer.work {
        Work::Result(Template::Value(result)) => {
            let has_expressions = result.to_string().contains("{%");
            Value::from([(if has_expressions { "result_as_is" } else { "result" }, result.clone())])
        }
        Work::Fails(failure) | Work::TimesOut(failure) => {
            let error = failure.error.clone().map_or(Value::Null, Value::from);
            let cause = failure.cause.clone().map(|cause| ("cause", Value::from(cause)));
            std::iter::once(("error", error)).chain(cause).collect()
        }
        // A mock configuration file has no others.
        _ => Value::empty_object(),
    }
}
