//! Runs a case with data of another shape, in its input and in what its tasks answer, and tells which states cannot process that.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Failure, Span, TaskRequest, Value};
use asl_runtime::simulation::Stuck;

use crate::alteration::{Alteration, Step, alterations, altered, at, places, shown};
use crate::faults::{LONGEST_MILLIS, test_file};
use crate::mocks::Answering;
use crate::run::{Bound, Ran};
use crate::test_file::{Case, TestFile};

/// Data that a state cannot process.
#[derive(Clone, Debug, PartialEq)]
pub struct Unprocessed {
    /// The state that fails, where one does.
    pub state: Option<Arc<str>>,
    /// Its error: `States.Runtime` or `States.QueryEvaluationError`.
    pub error: String,
    /// Its cause.
    pub cause: String,
    /// The place in the definition that failed.
    pub span: Option<Span>,
    /// What is different: `$.total of the input is gone`.
    pub changes: Vec<String>,
    /// The test case that shows it, as a test file of its own.
    pub test_file: String,
}

/// How many events an execution may have more than the case itself.
const MOST_EVENTS: usize = 5_000;

/// How many changes are made at once, at most: fewer are left of what is told.
const MOST_CHANGES: usize = 3;

/// Data of a run that can be changed: the input, or an answer of a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Datum {
    Input,
    /// The answer to this call of the task of a state, in its Frame.
    Answer {
        state: Arc<str>,
        frame: Arc<str>,
        call: usize,
    },
}

#[derive(Clone, Debug, PartialEq)]
struct Change {
    datum: Datum,
    place: Vec<Step>,
    alteration: Alteration,
}

/// The answers of tasks in a run, which are taken note of or changed.
#[derive(Default)]
pub(crate) struct Altering {
    changes: Vec<Change>,
    /// How often each state has got an answer in its Frame.
    calls: BTreeMap<(Arc<str>, Arc<str>), usize>,
    /// What was answered.
    seen: Vec<(Datum, Value)>,
}

impl Altering {
    /// What a task answers in the place of `result`.
    pub(crate) fn answer(&mut self, request: &TaskRequest, result: Value) -> Value {
        let calls = self.calls.entry((request.state.clone(), request.frame.clone())).or_default();
        *calls += 1;
        let datum = Datum::Answer { state: request.state.clone(), frame: request.frame.clone(), call: *calls };
        let result = apply(&self.changes, &datum, result);
        self.seen.push((datum, result.clone()));
        result
    }
}

/// Runs a case that passes this many times with changed data, and tells each failure of a state over its own data once, with as few
/// changes as show it. The same seed makes the same changes.
pub fn fuzz(file: &TestFile, case: &Case, seed: u64, runs: usize) -> Vec<Unprocessed> {
    if case.state.is_some() {
        return Vec::new();
    }
    let mut fuzzing = Fuzzing { file, case, seed: case.seed.unwrap_or(seed), bound: None };
    let (whole, data) = fuzzing.run(&[]);
    fuzzing.bound = Some(Bound { millis: whole.millis + LONGEST_MILLIS, events: whole.recorded.len() + MOST_EVENTS });
    let own = unprocessed(&whole);
    let targets: Vec<(usize, Vec<Step>)> = data
        .iter()
        .enumerate()
        .flat_map(|(at, (_, value))| places(value).into_iter().map(move |place| (at, place)))
        .collect();
    let mut random = Random(seed ^ 0x5DEE_CE66_D5EE_D000);
    let mut found: Vec<(Signature, Unprocessed)> = Vec::new();
    for _ in 0..runs {
        let count = 1 + random.below(MOST_CHANGES);
        let changes: Vec<Change> = (0..count).filter_map(|_| random.change(&data, &targets)).collect();
        let Some(signature) = fuzzing.signature(&changes) else { continue };
        let is_known = own.as_ref() == Some(&signature) || found.iter().any(|(known, _)| *known == signature);
        if !is_known {
            let told = fuzzing.told(&fuzzing.shrunk(changes, &signature), &data);
            found.extend(told.map(|told| (signature, told)));
        }
    }
    found.into_iter().map(|(_, told)| told).collect()
}

/// What tells one failure from another: the state, the error, and the place in the definition.
type Signature = (Option<Arc<str>>, String, Option<(usize, usize)>);

struct Fuzzing<'a> {
    file: &'a TestFile,
    case: &'a Case,
    seed: u64,
    bound: Option<Bound>,
}

impl Fuzzing<'_> {
    /// Runs the case with these changes, and gives its data, too.
    fn run(&self, changes: &[Change]) -> (Ran, Vec<(Datum, Value)>) {
        let input = apply(changes, &Datum::Input, self.case.input.clone());
        let case = Case { input: input.clone(), ..self.case.clone() };
        let altering = Altering { changes: changes.to_vec(), ..Altering::default() };
        let mut answering = Answering::new(self.file, &case, self.seed).altering(altering, self.bound);
        let mut ran = case.execute(self.file, &mut answering);
        // What a state makes of an answer that was made up says nothing.
        if answering.made_up {
            ran.ended = Err(Stuck::Forever);
        }
        let seen = answering.altering.take().map(|altering| altering.seen).unwrap_or_default();
        (ran, std::iter::once((Datum::Input, input)).chain(seen).collect())
    }

    fn signature(&self, changes: &[Change]) -> Option<Signature> {
        unprocessed(&self.run(changes).0)
    }

    /// Fewer and smaller changes with the same failure.
    fn shrunk(&self, mut changes: Vec<Change>, signature: &Signature) -> Vec<Change> {
        let shows = |changes: &[Change]| self.signature(changes).as_ref() == Some(signature);
        let mut at = 0;
        while changes.len() > 1 && at < changes.len() {
            let fewer = [&changes[..at], &changes[at + 1..]].concat();
            if shows(&fewer) {
                changes = fewer;
            } else {
                at += 1;
            }
        }
        for at in 0..changes.len() {
            while let Some(smaller) = self.smaller(&changes, at).into_iter().find(|smaller| shows(smaller)) {
                changes = smaller;
            }
        }
        changes
    }

    /// The same changes with a smaller one at a position: only a part of what is at its place is gone, or all of it is.
    fn smaller(&self, changes: &[Change], position: usize) -> Vec<Vec<Change>> {
        let change = &changes[position];
        let others = [&changes[..position], &changes[position + 1..]].concat();
        let (_, data) = self.run(&others);
        let Some((_, value)) = data.iter().find(|(datum, _)| *datum == change.datum) else { return Vec::new() };
        let Some(inside) = at(value, &change.place) else { return Vec::new() };
        let deeper = places(inside).into_iter().skip(1).map(|rest| [&change.place[..], &rest].concat());
        let is_removed = change.alteration == Alteration::Removed;
        let here = (!is_removed && !change.place.is_empty()).then(|| change.place.clone());
        let all = deeper.chain(here).map(|place| {
            let mut smaller = changes.to_vec();
            smaller[position] = Change { place, alteration: Alteration::Removed, ..change.clone() };
            smaller
        });
        all.collect()
    }

    fn told(&self, changes: &[Change], data: &[(Datum, Value)]) -> Option<Unprocessed> {
        let (ran, _) = self.run(changes);
        let failure = failure(&ran)?;
        let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
        let name = format!("{} cannot process its data", failure.state().map_or("a state", |state| state));
        Some(Unprocessed {
            state: failure.state().cloned(),
            error: text(&failure.error),
            cause: text(&failure.cause),
            span: failure.span(),
            changes: changes.iter().map(|change| change.told(data)).collect(),
            test_file: test_file(self.file, &ran, &name),
        })
    }
}

fn apply(changes: &[Change], datum: &Datum, value: Value) -> Value {
    let own = changes.iter().filter(|change| change.datum == *datum);
    own.fold(value, |value, change| altered(&value, &change.place, &change.alteration))
}

/// The failure of a state over its own data that a run ends with.
fn failure(ran: &Ran) -> Option<&Failure> {
    let failure = ran.ended.as_ref().ok()?.outcome.as_ref().err()?;
    let is_of_data = matches!(failure.error.as_deref(), Some("States.Runtime" | "States.QueryEvaluationError"));
    is_of_data.then_some(failure)
}

fn unprocessed(ran: &Ran) -> Option<Signature> {
    let failure = failure(ran)?;
    let span = failure.span().map(|span| (span.start, span.end));
    Some((failure.state().cloned(), failure.error.as_deref().unwrap_or_default().to_owned(), span))
}

impl Change {
    /// `$.total of the input is gone`
    fn told(&self, data: &[(Datum, Value)]) -> String {
        let whose = match &self.datum {
            Datum::Input => "the input".to_owned(),
            Datum::Answer { state, call: 1, .. } => format!("what '{state}' answers"),
            Datum::Answer { state, call, .. } => format!("answer {call} of '{state}'"),
        };
        let place = shown(&self.place);
        match &self.alteration {
            Alteration::Removed => format!("{place} of {whose} is gone"),
            Alteration::Becomes(other) => {
                let was =
                    data.iter().find(|(datum, _)| *datum == self.datum).and_then(|(_, value)| at(value, &self.place));
                let was = was.map(|was| format!(", not {}", was.preview(40))).unwrap_or_default();
                format!("{place} of {whose} is {}{was}", other.preview(40))
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014): the same changes for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound.max(1) as u64).unwrap_or(0)
    }

    fn change(&mut self, data: &[(Datum, Value)], targets: &[(usize, Vec<Step>)]) -> Option<Change> {
        let (datum, place) = &targets[self.below(targets.len())];
        let (datum, value) = &data[*datum];
        let all = alterations(at(value, place)?, place);
        let alteration = all.get(self.below(all.len()))?.clone();
        Some(Change { datum: datum.clone(), place: place.clone(), alteration })
    }
}
