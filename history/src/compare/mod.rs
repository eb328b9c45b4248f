//! How two executions differ: what was taken, sent, answered and handed on.

mod inevitable;
mod stages;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use asl_engine::Value;

use crate::course::{Answer, Course, Frame, FrameAt, FrameKind, Status, VisitAt};
use crate::difference::Difference;
use inevitable::Inevitable;
use stages::Stages;

/// How two executions differ. Of each [`Difference`], what is expected is the first one's and what is found the second one's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Where their ways part, in the order in which the first one came there.
    pub partings: Vec<Parting>,
    /// What differs where both were, in the order of the first one: how an execution began, its states, and how it ended.
    pub told: Vec<Told>,
    /// What only the first one, and only the second one has: paths of visits, iterations and child executions.
    pub only: [Vec<String>; 2],
    /// The visits that both have.
    pub pairs: Vec<(VisitAt, VisitAt)>,
    /// How many differences there have to be between any two runs, and are not told.
    pub left_out: usize,
}

/// Where two ways part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The branch, iteration or child execution that it is in, as [`Course::frame_path`] has it; empty for the execution itself.
    pub frame: String,
    /// The state behind which they part; none where they begin with different states.
    pub after: Option<String>,
    /// Where each goes, or how it ends.
    pub ways: [Taken; 2],
}

/// Where a way leads behind a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// To this state; because a Catcher took an error, where it did.
    Next {
        /// The state.
        state: String,
        /// Whether a Catcher leads there.
        is_caught: bool,
    },
    /// To no other.
    Ends(Status),
}

/// What differs in an execution, or in a visit that both have.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The path: empty for the execution itself, `Each[2]` for a child execution, otherwise as of [`Course::path`].
    pub path: String,
    /// What it is, and where it is in both.
    pub place: Place,
    /// What differs, in the order in which it happens.
    pub happened: Vec<Happened>,
}

/// What differs in both, by its positions in the two courses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The start of an execution.
    Start(FrameAt, FrameAt),
    /// A visit to a state.
    Visit(VisitAt, VisitAt),
    /// The end of an execution.
    End(FrameAt, FrameAt),
}

impl Place {
    /// The visit in both; none where it is an execution.
    pub fn visits(self) -> Option<(VisitAt, VisitAt)> {
        match self {
            Self::Visit(one, other) => Some((one, other)),
            Self::Start(..) | Self::End(..) => None,
        }
    }
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// What it is.
    pub what: What,
    /// The attempt, from 1, where it belongs to one.
    pub attempt: Option<usize>,
    /// How it differs, but for what was handed on.
    pub differences: Vec<Difference>,
    /// Differences that what came before had at the same places.
    pub handed_on: Vec<Difference>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The type of the state: the definitions differ.
    Type,
    /// What it was given.
    Input,
    /// How often it was tried.
    Attempts,
    /// What was sent: the resource, the parameters or the input, timeouts.
    Sent,
    /// What the start of a job, or of a wait for a token, answered.
    Submitted,
    /// What was answered.
    Result,
    /// The error.
    Error,
    /// The cause of the error.
    Cause,
    /// How it ended.
    Status,
    /// The variables that were assigned.
    Variables,
    /// What it handed on.
    Output,
}

/// How two executions are compared.
pub struct CompareOptions<'a> {
    /// Whether also those differences are told that there have to be between any two runs.
    pub is_exact: bool,
    /// What values become before they are compared: to leave something out of both.
    pub prepared: &'a dyn Fn(&Value) -> Value,
}

impl Default for CompareOptions<'_> {
    fn default() -> Self {
        Self { is_exact: false, prepared: &Value::clone }
    }
}

impl Comparison {
    /// Whether nothing differs that is told.
    pub fn is_same(&self) -> bool {
        self.partings.is_empty() && self.told.is_empty() && self.only.iter().all(Vec::is_empty)
    }
}

/// How two executions differ.
///
/// States are compared by their path, by which visit to them it is, and by the attempt. What differs between any two runs is not told:
/// names and ARNs of executions, task tokens, times while they ran, UUIDs that were not in their inputs (as long as the same one stands for
/// the same one), and request ids and headers of answers. Times never count.
pub fn compare(first: &Course, second: &Course, options: &CompareOptions<'_>) -> Comparison {
    let mut comparing = Comparing {
        courses: [first, second],
        options,
        inevitable: Inevitable::of(first, second),
        frames: paired_frames(first, second),
        visits: BTreeMap::new(),
        out: Comparison::default(),
    };
    comparing.visits = comparing.paired_visits();
    comparing.out.pairs = comparing.visits.iter().map(|(a, b)| (*a, *b)).collect();
    comparing.partings();
    comparing.told();
    comparing.only();
    comparing.out
}

struct Comparing<'a> {
    courses: [&'a Course; 2],
    options: &'a CompareOptions<'a>,
    inevitable: Inevitable<'a>,
    /// The Frames of the first one with those of the second one.
    frames: BTreeMap<FrameAt, FrameAt>,
    visits: BTreeMap<VisitAt, VisitAt>,
    out: Comparison,
}

/// What a Frame is found by: its path, and the state that a branch begins with.
fn frame_key(course: &Course, at: FrameAt) -> String {
    let path = course.frame_path(at);
    match &course.frames[at] {
        Frame { kind: FrameKind::Branch, visits, .. } => {
            let first = visits.first().map_or("", |visit| &*course.visits[*visit].name);
            format!("{path}{first}\n")
        }
        _ => path,
    }
}

/// The keys of all Frames, each with how many Frames before have the same: one that a redrive began again.
fn frame_keys(course: &Course) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let keyed = (0..course.frames.len()).map(|at| {
        let key = frame_key(course, at);
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        (key, *count)
    });
    keyed.collect()
}

fn paired_frames(first: &Course, second: &Course) -> BTreeMap<FrameAt, FrameAt> {
    let keys: BTreeMap<_, FrameAt> = frame_keys(second).into_iter().enumerate().map(|(at, key)| (key, at)).collect();
    frame_keys(first).iter().enumerate().filter_map(|(at, key)| Some((at, *keys.get(key)?))).collect()
}

impl<'c> Comparing<'c> {
    fn paired_visits(&self) -> BTreeMap<VisitAt, VisitAt> {
        let [first, second] = self.courses;
        let mut pairs = BTreeMap::new();
        for (one, other) in &self.frames {
            let key =
                |course: &Course, visit: VisitAt| (course.visits[visit].name.clone(), course.visits[visit].number);
            let others: BTreeMap<_, VisitAt> =
                second.frames[*other].visits.iter().map(|visit| (key(second, *visit), *visit)).collect();
            let found = first.frames[*one].visits.iter();
            pairs.extend(found.filter_map(|visit| Some((*visit, *others.get(&key(first, *visit))?))));
        }
        pairs
    }

    fn partings(&mut self) {
        let [first, second] = self.courses;
        for (one, other) in &self.frames {
            let (ours, theirs) = (&first.frames[*one], &second.frames[*other]);
            let name = |course: &Course, frame: &Frame, at: usize| {
                frame.visits.get(at).map(|visit| course.visits[*visit].name.clone())
            };
            let longest = ours.visits.len().max(theirs.visits.len());
            let Some(at) = (0..longest).find(|at| name(first, ours, *at) != name(second, theirs, *at)) else {
                continue;
            };
            let taken = |course: &Course, frame: &Frame| match name(course, frame, at) {
                Some(state) => {
                    let before = at.checked_sub(1).and_then(|before| frame.visits.get(before));
                    let is_caught = before.is_some_and(|before| course.visits[*before].status == Status::Caught);
                    Taken::Next { state: state.to_string(), is_caught }
                }
                None => Taken::Ends(frame.status),
            };
            self.out.partings.push(Parting {
                frame: first.frame_path(*one),
                after: at.checked_sub(1).and_then(|before| name(first, ours, before)).map(|name| name.to_string()),
                ways: [taken(first, ours), taken(second, theirs)],
            });
        }
    }

    fn told(&mut self) {
        let [first, second] = self.courses;
        let mut known: BTreeMap<FrameAt, Vec<Difference>> = BTreeMap::new();
        // The differences of a visit's input are those that its branches are given.
        let mut inputs: BTreeMap<VisitAt, Vec<Difference>> = BTreeMap::new();
        for place in self.in_order() {
            let (path, happened) = match place {
                Place::Start(one, other) => {
                    let (ours, theirs) = (&first.frames[one], &second.frames[other]);
                    let given = match ours.kind {
                        FrameKind::Branch => ours.owner.and_then(|(visit, _)| inputs.get(&visit).cloned()),
                        _ => None,
                    };
                    let mut stages = self.stages(given.unwrap_or_default());
                    stages.optional(What::Input, None, ours.input.as_ref(), theirs.input.as_ref());
                    let begun = stages.done();
                    known.insert(one, stages.handed());
                    (first.frame_path(one), begun)
                }
                Place::Visit(one, other) => {
                    let frame = first.visits[one].frame;
                    let mut stages = self.stages(known.remove(&frame).unwrap_or_default());
                    stages.visit(&first.visits[one], &second.visits[other]);
                    inputs.insert(one, stages.given());
                    let happened = stages.done();
                    known.insert(frame, stages.handed());
                    (first.path(one), happened)
                }
                Place::End(one, other) => {
                    let (ours, theirs) = (&first.frames[one], &second.frames[other]);
                    // What came of the whole is told, although its last state has handed it on.
                    let given = known.remove(&one).filter(|_| one != 0);
                    let mut stages = self.stages(given.unwrap_or_default());
                    stages.status(ours.status, theirs.status);
                    stages.answer(None, ours.answer.as_ref(), theirs.answer.as_ref(), What::Output);
                    (first.frame_path(one), stages.done())
                }
            };
            if !happened.is_empty() {
                self.out.told.push(Told { path: path.trim_end_matches('/').to_owned(), place, happened });
            }
        }
    }

    /// Frames and visits that both have, as they began in the first one. An execution ends before the next one begins, as each is
    /// read by itself; the first one ends as the last.
    fn in_order(&self) -> Vec<Place> {
        let mut all = Vec::new();
        let mut begun = BTreeSet::new();
        let mut open = None;
        let first = self.courses[0];
        let mut begin = |one: FrameAt, all: &mut Vec<Place>| {
            let Some(other) = self.frames.get(&one).copied().filter(|_| begun.insert(one)) else { return };
            if one != 0 && matches!(first.frames[one].kind, FrameKind::Execution | FrameKind::Child(_)) {
                all.extend(open.replace(Place::End(one, other)));
            }
            all.push(Place::Start(one, other));
        };
        // A Frame comes before its first visit.
        for (one, other) in &self.visits {
            begin(first.visits[*one].frame, &mut all);
            all.push(Place::Visit(*one, *other));
        }
        // Some have no visit that both have.
        self.frames.keys().for_each(|one| begin(*one, &mut all));
        all.extend(open);
        all.extend(self.frames.get(&0).map(|other| Place::End(0, *other)));
        all
    }

    fn stages(&mut self, known: Vec<Difference>) -> Stages<'_, 'c> {
        Stages::new(self.options, &mut self.inevitable, &mut self.out.left_out, known)
    }

    /// What one of them has and the other has not, but for what lies in it.
    fn only(&mut self) {
        let [first, second] = self.courses;
        let turned = |pairs: &BTreeMap<usize, usize>| pairs.iter().map(|(one, other)| (*other, *one)).collect();
        let (frames, visits) = (turned(&self.frames), turned(&self.visits));
        self.out.only = [only([first, second], &self.frames, &self.visits), only([second, first], &frames, &visits)];
    }
}

/// What the first one has beside what is paired.
fn only(
    [course, other]: [&Course; 2],
    frames: &BTreeMap<FrameAt, FrameAt>,
    visits: &BTreeMap<VisitAt, VisitAt>,
) -> Vec<String> {
    let has_attempt = |(visit, attempt): (VisitAt, usize)| {
        visits.get(&visit).is_some_and(|pair| attempt < other.visits[*pair].attempts.len())
    };
    let mut out = Vec::new();
    for (at, visit) in course.visits.iter().enumerate() {
        if frames.contains_key(&visit.frame) {
            if !visits.contains_key(&at) {
                out.push(course.path(at));
            }
            continue;
        }
        let frame = &course.frames[visit.frame];
        // What lies in something that is told is not told again.
        if frame.visits.first() == Some(&at) && frame.owner.is_none_or(has_attempt) {
            out.push(match frame.kind {
                FrameKind::Branch => course.path(at),
                _ => course.frame_path(visit.frame).trim_end_matches('/').to_owned(),
            });
        }
    }
    out
}

/// The output of an answer, and its error and cause.
fn parts(answer: Option<&Answer>) -> [Option<Value>; 3] {
    match answer {
        None => [None, None, None],
        Some(Answer::Succeeded(output)) => [output.clone(), None, None],
        Some(Answer::Failed { error, cause }) => [None, error.clone().map(Value::from), cause.clone()],
    }
}
