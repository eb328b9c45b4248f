//! Runs a case with data of another shape, in its input and in what its tasks answer, and tells which states cannot process that.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Failure, Span, TaskRequest, Value};

use crate::alteration::{Alteration, Step, alterations, altered, at, places, shown};
use crate::faults::{LONGEST_MILLIS, test_file};
use crate::mocks::Answering;
use crate::run::{Bound, Ran};
use crate::test_file::{Case, TestFile};

/// Data that a state cannot process.
#[derive(Clone, Debug, PartialEq)]
pub struct Unprocessed {
    /// The state machine that has it, where that was started by a task.
    pub machine: Option<String>,
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
    /// The answer to this call of the task of a state, in its Frame; in that execution of a state machine that was started, if it is of one.
    Answer {
        started: Option<(String, Arc<str>)>,
        state: Arc<str>,
        frame: Arc<str>,
        call: usize,
    },
}

/// What of an answer may be another: the rest is AWS's own.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Extent {
    /// All of it: a function, a worker or whoever has the token answers what it likes.
    Whole,
    /// What this member has, which is always there.
    Member(&'static str),
    /// Members may be missing, and lists of another length.
    Response,
    Nothing,
}

impl Extent {
    /// That of the answers of a resource.
    ///
    /// AWS developer guide, "Integrating services with Step Functions": the shapes of their results.
    fn of(resource: &str) -> Self {
        let Some((_, action)) = resource.split_once(":states:::") else { return Self::Whole };
        match action {
            "lambda:invoke" => Self::Member("Payload"),
            "http:invoke" => Self::Member("ResponseBody"),
            "states:startExecution.sync:2" => Self::Member("Output"),
            "states:startExecution" | "states:startExecution.sync" => Self::Nothing,
            callback if callback.ends_with(".waitForTaskToken") => Self::Whole,
            _ => Self::Response,
        }
    }

    fn places(self, value: &Value) -> Vec<Vec<Step>> {
        let all = places(value).into_iter();
        match self {
            Self::Whole => all.collect(),
            Self::Member(name) => {
                all.filter(|place| matches!(&place[..], [Step::Member(of), ..] if **of == *name)).collect()
            }
            Self::Response => all.skip(1).collect(),
            Self::Nothing => Vec::new(),
        }
    }

    /// Whether this may become of the value at a place.
    fn takes(self, place: &[Step], alteration: &Alteration) -> bool {
        match self {
            Self::Whole => true,
            Self::Member(_) => place.len() > 1 || *alteration != Alteration::Removed,
            Self::Response => matches!(alteration, Alteration::Removed | Alteration::Becomes(Value::Array(_))),
            Self::Nothing => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Change {
    datum: Datum,
    extent: Extent,
    place: Vec<Step>,
    alteration: Alteration,
}

/// Data of a run, and what of it may be another.
#[derive(Clone, Debug)]
struct Seen {
    datum: Datum,
    extent: Extent,
    value: Value,
}

/// The answers of tasks in a run, which are taken note of or changed.
#[derive(Default)]
pub(crate) struct Altering {
    changes: Vec<Change>,
    /// How often each state of an execution has got an answer in its Frame.
    calls: BTreeMap<[Arc<str>; 3], usize>,
    /// What was answered.
    seen: Vec<Seen>,
}

impl Altering {
    /// What a task answers in the place of `result`: of the execution itself, or of a state machine that it has started.
    pub(crate) fn answer(&mut self, started: Option<&str>, request: &TaskRequest, result: Value) -> Value {
        let TaskRequest { execution, state, frame, .. } = request;
        let calls = self.calls.entry([execution.clone(), state.clone(), frame.clone()]).or_default();
        *calls += 1;
        let started = started.map(|machine| (machine.to_owned(), execution.clone()));
        let datum = Datum::Answer { started, state: state.clone(), frame: frame.clone(), call: *calls };
        let value = apply(&self.changes, &datum, result);
        self.seen.push(Seen { datum, extent: Extent::of(&request.resource), value: value.clone() });
        value
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
    let (millis, events) = (whole.ran.millis + LONGEST_MILLIS, whole.ran.recorded.len() + MOST_EVENTS);
    fuzzing.bound = Some(Bound { millis, events });
    let own = whole.signature();
    // Each place of one shape is as likely as those of another: of a thousand items, one is changed as often as the list is.
    let mut shapes: BTreeMap<(usize, String), Vec<Vec<Step>>> = BTreeMap::new();
    for (at, seen) in data.iter().enumerate() {
        for place in seen.extent.places(&seen.value) {
            shapes.entry((at, shape(&place))).or_default().push(place);
        }
    }
    let targets: Vec<(usize, Vec<Vec<Step>>)> = shapes.into_iter().map(|((at, _), places)| (at, places)).collect();
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

/// What tells one failure from another: the state machine, the state, the error, and the place in the definition.
type Signature = (Option<String>, Option<Arc<str>>, String, Option<(usize, usize)>);

/// How a run with changes went.
struct Outcome {
    ran: Ran,
    /// The failure of a state over its own data that it ends with, and the started state machine that has it, if one has.
    failure: Option<(Option<String>, Failure)>,
}

impl Outcome {
    fn signature(&self) -> Option<Signature> {
        let (machine, failure) = self.failure.as_ref()?;
        let span = failure.span().map(|span| (span.start, span.end));
        let error = failure.error.as_deref().unwrap_or_default().to_owned();
        Some((machine.clone(), failure.state().cloned(), error, span))
    }
}

struct Fuzzing<'a> {
    file: &'a TestFile,
    case: &'a Case,
    seed: u64,
    bound: Option<Bound>,
}

impl Fuzzing<'_> {
    /// Runs the case with these changes, and gives its data, too.
    fn run(&self, changes: &[Change]) -> (Outcome, Vec<Seen>) {
        let input = apply(changes, &Datum::Input, self.case.input.clone());
        let altering = Altering { changes: changes.to_vec(), ..Altering::default() };
        let mut answering = Answering::new(self.file, self.case, self.seed).altering(altering, self.bound);
        let ran = self.case.execute_with(input.clone(), self.file, &mut answering);
        let ended = ran.ended.as_ref().ok().and_then(|finished| finished.outcome.as_ref().err());
        let failure = ended.and_then(|failure| match is_of_data(failure) {
            true => Some((None, failure.clone())),
            false => answering.started.failed.take().map(|(machine, failure)| (Some(machine.to_owned()), failure)),
        });
        // What a state makes of an answer that was made up says nothing.
        let failure = failure.filter(|(_, failure)| is_of_data(failure) && !answering.made_up);
        let seen = answering.altering.take().map(|altering| altering.seen).unwrap_or_default();
        let input = Seen { datum: Datum::Input, extent: Extent::Whole, value: input };
        (Outcome { ran, failure }, std::iter::once(input).chain(seen).collect())
    }

    fn signature(&self, changes: &[Change]) -> Option<Signature> {
        self.run(changes).0.signature()
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

    /// The same changes with a simpler one at a position: only a part of what is at its place is gone, or all of it is, or is null.
    fn smaller(&self, changes: &[Change], position: usize) -> Vec<Vec<Change>> {
        let change = &changes[position];
        let others = [&changes[..position], &changes[position + 1..]].concat();
        let (_, data) = self.run(&others);
        let Some(seen) = data.iter().find(|seen| seen.datum == change.datum) else { return Vec::new() };
        let Some(inside) = at(&seen.value, &change.place) else { return Vec::new() };
        let deeper = places(inside).into_iter().skip(1).map(|rest| [&change.place[..], &rest].concat());
        let null = Alteration::Becomes(Value::Null);
        let (is_removed, is_null) = (change.alteration == Alteration::Removed, change.alteration == null);
        let here = [(Alteration::Removed, !is_removed && !change.place.is_empty()), (null, !is_removed && !is_null)];
        let here = here
            .into_iter()
            .filter(|(alteration, is_simpler)| *is_simpler && change.extent.takes(&change.place, alteration));
        let here = here.map(|(alteration, _)| (change.place.clone(), alteration));
        let all = deeper.map(|place| (place, Alteration::Removed)).chain(here).map(|(place, alteration)| {
            let mut smaller = changes.to_vec();
            smaller[position] = Change { place, alteration, ..change.clone() };
            smaller
        });
        all.collect()
    }

    fn told(&self, changes: &[Change], data: &[Seen]) -> Option<Unprocessed> {
        let (outcome, _) = self.run(changes);
        let (machine, failure) = outcome.failure?;
        let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
        let name = format!("{} cannot process its data", failure.state().map_or("a state", |state| state));
        Some(Unprocessed {
            machine,
            state: failure.state().cloned(),
            error: text(&failure.error),
            cause: text(&failure.cause),
            span: failure.span(),
            changes: changes.iter().map(|change| change.told(data)).collect(),
            test_file: test_file(self.file, &outcome.ran, &name),
        })
    }
}

/// The places that differ in their indexes only have one shape.
fn shape(place: &[Step]) -> String {
    let any: Vec<Step> =
        place.iter().map(|step| if let Step::Item(_) = step { Step::Item(0) } else { step.clone() }).collect();
    shown(&any)
}

fn apply(changes: &[Change], datum: &Datum, value: Value) -> Value {
    let own = changes.iter().filter(|change| change.datum == *datum);
    own.fold(value, |value, change| altered(&value, &change.place, &change.alteration))
}

/// Whether a state has failed over its own data.
pub(crate) fn is_of_data(failure: &Failure) -> bool {
    matches!(failure.error.as_deref(), Some("States.Runtime" | "States.QueryEvaluationError"))
}

impl Change {
    /// `$.total of the input is gone`
    fn told(&self, data: &[Seen]) -> String {
        let whose = match &self.datum {
            Datum::Input => "the input".to_owned(),
            Datum::Answer { started, state, call, .. } => {
                let of = started.as_ref().map(|(machine, _)| format!(" of {machine}")).unwrap_or_default();
                if *call == 1 {
                    format!("what '{state}'{of} answers")
                } else {
                    format!("answer {call} of '{state}'{of}")
                }
            }
        };
        let place = shown(&self.place);
        match &self.alteration {
            Alteration::Removed => format!("{place} of {whose} is gone"),
            Alteration::Becomes(other) => {
                let was =
                    data.iter().find(|seen| seen.datum == self.datum).and_then(|seen| at(&seen.value, &self.place));
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

    fn change(&mut self, data: &[Seen], targets: &[(usize, Vec<Vec<Step>>)]) -> Option<Change> {
        let (datum, places) = targets.get(self.below(targets.len()))?;
        let place = &places[self.below(places.len())];
        let Seen { datum, extent, value } = &data[*datum];
        let mut all = alterations(at(value, place)?, place);
        all.retain(|alteration| extent.takes(place, alteration));
        let alteration = all.get(self.below(all.len()))?.clone();
        Some(Change { datum: datum.clone(), extent: *extent, place: place.clone(), alteration })
    }
}
