//! Answers of tasks that are not called: a test says what each invocation of a state gives.
//!
//! There are two forms: the mock configuration file of AWS Step Functions Local ([`config_file`]), and `[[mocks]]` in a
//! routing file ([`table`]).

mod config_file;
mod error;
pub(crate) mod table;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl_engine::{Outcome, TaskRequest, Value};
use asl_runtime::{BoxFuture, Call, Handler, Report};

pub use self::error::{InvalidMocks, MocksError};

/// What the tasks of some states answer.
///
/// Invocations are counted over all executions and iterations, from 0 for each state; a retry is an invocation.
#[derive(Debug, Default)]
pub struct Mocks {
    states: BTreeMap<String, Vec<Mock>>,
    waits: Arc<BTreeMap<Arc<str>, i64>>,
    seen: Mutex<HashMap<Arc<str>, u64>>,
    /// What errors call them, such as `the test case 'Happy' of mocks.json`.
    from: String,
}

/// The answer of some invocations of a state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mock {
    invocations: RangeInclusive<u64>,
    answer: MockedAnswer,
}

/// What a mocked task answers.
#[derive(Clone, Debug, PartialEq)]
pub struct MockedAnswer {
    /// The result or the failure.
    pub outcome: Outcome,
    /// How long it takes.
    pub after: Duration,
}

/// A task that no mock answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmocked {
    /// The state has no mock at all.
    #[error("the state '{state}' calls {resource}, and {from} has no mock for it")]
    State {
        /// The state.
        state: String,
        /// What it calls.
        resource: String,
        /// What has the mocks.
        from: String,
    },
    /// The state has mocks, but not for this invocation.
    #[error("the state '{state}' calls its task for the {} time, and {from} has mocks for the invocations {mocked} only (counted from 0)", ordinal(*.invocation))]
    Invocation {
        /// The state.
        state: String,
        /// Which invocation it is, from 0.
        invocation: u64,
        /// Those that are mocked, such as `0, 1-3`.
        mocked: String,
        /// What has the mocks.
        from: String,
    },
}

impl Mocks {
    /// Reads the text of a mock configuration file of AWS Step Functions Local, in JSON, or the `[[mocks]]` of a TOML file.
    ///
    /// `machine` is the name of the state machine. It is looked for among the `StateMachines`; where there is only one, that is
    /// taken. `test_case` may be left out where there is only one, and a TOML file has none.
    pub fn read(file: &Path, text: &str, machine: &str, test_case: Option<&str>) -> Result<Self, MocksError> {
        let invalid = |why| MocksError::Invalid { file: file.to_owned(), why: Box::new(why) };
        if Self::is_toml(file, text) {
            if let Some(test_case) = test_case {
                return Err(invalid(InvalidMocks::TestCaseOfToml(test_case.to_owned())));
            }
            let routes = crate::Routes::parse(text, file)?;
            return Ok(Self::new(routes.mocks, routes.mocked_waits, file.display().to_string()));
        }
        let (name, states) = config_file::read(text, machine, test_case).map_err(invalid)?;
        Ok(Self::new(states, table::MockedWaits::new(), format!("the test case '{name}' of {}", file.display())))
    }

    /// Whether the text of a file is TOML: by its ending, or, of one without an ending such as a pipe, by how it begins.
    pub fn is_toml(file: &Path, text: &str) -> bool {
        match file.extension() {
            Some(ending) => ending == "toml",
            None => text.trim_start().starts_with('['),
        }
    }

    pub(crate) fn new(states: BTreeMap<String, Vec<Mock>>, waits: table::MockedWaits, from: String) -> Self {
        let millis = |after: Duration| i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let waits = waits.into_iter().map(|(state, after)| (state.into(), millis(after))).collect();
        Self { states, waits: Arc::new(waits), seen: Mutex::default(), from }
    }

    /// How many milliseconds Wait states take, by name.
    pub fn waits(&self) -> &Arc<BTreeMap<Arc<str>, i64>> {
        &self.waits
    }

    /// The states that have mocks.
    pub fn states(&self) -> impl Iterator<Item = &str> {
        self.states.keys().map(String::as_str)
    }

    /// What answers the tasks of a state, where that has mocks.
    pub fn handler(self: &Arc<Self>, state: &str) -> Option<Arc<dyn Handler>> {
        self.has(state).then(|| Arc::new(Mocked(Arc::clone(self))) as Arc<dyn Handler>)
    }

    /// Whether a state has mocks.
    pub(crate) fn has(&self, state: &str) -> bool {
        self.states.contains_key(state)
    }

    /// The answer to the next invocation of a state.
    pub fn answer(&self, request: &TaskRequest) -> Result<MockedAnswer, Unmocked> {
        let Some(mocks) = self.states.get(&*request.state) else {
            let (state, resource) = (request.state.to_string(), request.resource.to_string());
            return Err(Unmocked::State { state, resource, from: self.from.clone() });
        };
        // A part of a file of results: the invocation is the one that ends the writing.
        if request.input.get("PartNumber").is_some() && request.resource.ends_with(":s3:putObject") {
            return Ok(MockedAnswer { outcome: Ok(Value::empty_object()), after: Duration::ZERO });
        }
        let invocation = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let next = seen.entry(request.state.clone()).or_default();
            std::mem::replace(next, *next + 1)
        };
        match mocks.iter().find(|mock| mock.invocations.contains(&invocation)) {
            Some(mock) => Ok(mock.answer.clone()),
            None => {
                let mocked = mocks.iter().map(|mock| invocations(&mock.invocations)).collect::<Vec<_>>().join(", ");
                let (state, from) = (request.state.to_string(), self.from.clone());
                Err(Unmocked::Invocation { state, invocation, mocked, from })
            }
        }
    }
}

/// `3`, `1-2` or `4-`
fn invocations(range: &RangeInclusive<u64>) -> String {
    match (*range.start(), *range.end()) {
        (first, last) if first == last => first.to_string(),
        (first, u64::MAX) => format!("{first}-"),
        (first, last) => format!("{first}-{last}"),
    }
}

/// The invocations that `"0"` or `"1-2"` stands for.
fn range(text: &str) -> Result<RangeInclusive<u64>, InvalidMocks> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let range = match text.split_once('-') {
        None => number(text).map(|only| only..=only),
        Some((first, last)) => number(first).zip(number(last)).map(|(first, last)| first..=last),
    };
    match range {
        Some(range) if !range.is_empty() => Ok(range),
        _ => Err(InvalidMocks::Invocations(text.to_owned())),
    }
}

/// Refuses an invocation that has two answers.
fn without_overlap(mocks: &[Mock]) -> Result<(), InvalidMocks> {
    for (at, mock) in mocks.iter().enumerate() {
        let twice = mocks[..at].iter().find(|other| {
            other.invocations.start() <= mock.invocations.end() && mock.invocations.start() <= other.invocations.end()
        });
        if let Some(twice) = twice {
            let one = invocations(&twice.invocations);
            let other = invocations(&mock.invocations);
            return Err(InvalidMocks::Overlap { one, other });
        }
    }
    Ok(())
}

/// `first`, `second`, `21st`
fn ordinal(from_zero: u64) -> String {
    const WORDS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    if let Some(word) = usize::try_from(from_zero).ok().and_then(|at| WORDS.get(at)) {
        return (*word).to_owned();
    }
    let number = from_zero.saturating_add(1);
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// Answers for the states that have mocks, on real time.
pub(crate) struct Mocked(pub(crate) Arc<Mocks>);

impl Handler for Mocked {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if call.request.is_activity() {
                call.report(Report::Started { worker_name: None });
            }
            // A test that lacks a mock is wrong: nothing that the definition may catch.
            let answer = self.0.answer(&call.request).map_err(|error| call.refuse(&error.to_string()))?;
            tokio::time::sleep(answer.after).await;
            answer.outcome
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

impl fmt::Debug for Mocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mocked")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_numbers() {
        for (text, expected) in [("0", Some(0..=0)), ("1-2", Some(1..=2)), ("7-7", Some(7..=7))] {
            assert_eq!(range(text).ok(), expected, "{text}");
        }
        for text in ["", "-", "1-", "-1", "2-1", "a", "1-2-3", "+1", " 1", "99999999999999999999"] {
            assert_eq!(range(text), Err(InvalidMocks::Invocations(text.to_owned())));
        }
    }

    #[test]
    fn ordinals_are_words() {
        for (number, expected) in [(0, "first"), (4, "fifth"), (5, "6th"), (10, "11th"), (20, "21st"), (111, "112th")] {
            assert_eq!(ordinal(number), expected);
        }
    }
}
