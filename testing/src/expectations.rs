//! What a case expects, and what of it has not come.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_engine::{Failure, Object, Program, Span, Value};
use asl_history::Extent;
use asl_project::read_text;
use asl_project::yaml::{Tree, TreeKind};
use asl_runtime::{Finished, Recorded, Status};

use crate::duration::{duration, shown_duration};
use crate::fields::{DURATION, Fields, kind, millis};
use crate::frame_path::{Step, frame_steps};
use crate::history::{self, HistoryDifference, HistoryLine, history_difference};
use crate::matcher::{Matcher, Mismatch};
use crate::mocks::{CallMade, Key};
use crate::problem::{Problem, Problems};
use crate::way::{Visit, Way};

mod calls;

use calls::{Calls, calls};

/// What a case expects of an execution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expectations {
    /// The place of `expect`, or of the case where it has none.
    pub(crate) span: Span,
    status: Option<(Status, Span)>,
    output: Option<(Matcher, Span)>,
    error: Option<(Matcher, Span)>,
    cause: Option<(Matcher, Span)>,
    path: Option<(Vec<Stop>, Span)>,
    visited: Vec<(Key, Span)>,
    never: Vec<(Key, Span)>,
    calls: Vec<(Key, Calls, Span)>,
    variables: Vec<(String, Matcher, Span)>,
    duration: Option<(Bounds, Span)>,
    pub(crate) history: Option<ExpectedHistory>,
}

/// The history in a file.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedHistory {
    pub(crate) file: PathBuf,
    pub(crate) span: Span,
    /// Its events; none where there is no such file yet.
    lines: Option<Vec<HistoryLine>>,
}

/// A state on the expected way, and the ways of its branches where they are given.
#[derive(Clone, Debug)]
struct Stop {
    state: String,
    branches: Option<Vec<Vec<Stop>>>,
}

/// How long an execution may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    least: i64,
    most: i64,
}

/// An expectation that is not met.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet {
    /// What it is about, such as `output` or `calls of 'Charge'`.
    pub what: String,
    /// Where it is in the test file.
    pub span: Span,
    /// What there was instead.
    pub why: Why,
}

/// Why an expectation is not met.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// A value is another one.
    Value(Mismatch),
    /// There is no such value, for this reason.
    Nothing(String),
    /// The execution went another way from a place on.
    Way {
        /// The state whose branch it is and the branch, from the outermost; empty for the execution itself.
        inside: Vec<(String, usize)>,
        /// How many states were as expected.
        agreed: usize,
        /// The states that were expected.
        expected: Vec<String>,
        /// The states that were taken.
        taken: Vec<String>,
    },
    /// The history is another one.
    History(Box<HistoryDifference>),
    /// Another thing, as it is told.
    Told(String),
}

/// What there is to look at after a run.
pub(crate) struct Seen<'a> {
    pub(crate) finished: &'a Finished,
    pub(crate) way: &'a Way,
    pub(crate) calls: &'a [CallMade],
    pub(crate) variables: &'a Value,
    pub(crate) history: &'a [HistoryLine],
    /// The task tokens of the execution, which are others each time on AWS.
    pub(crate) tokens: &'a [Arc<str>],
    /// How long it took, in virtual milliseconds.
    pub(crate) millis: i64,
}

/// How many calls that were sent something else are shown, of those that were all to be sent the same.
const SHOWN: usize = 3;

const STATUSES: [Status; 4] = [Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted];

impl Expectations {
    /// That the execution succeeds, as it is told at this place.
    pub(crate) fn at(span: Span) -> Self {
        Self { span, ..Self::default() }
    }

    /// Reads what is expected.
    pub(crate) fn read(tree: &Tree, program: &Program, folder: &Path, problems: &mut Problems) -> Self {
        let Some(mut fields) = Fields::of(tree, "'expect'", problems) else { return Self::default() };
        let mut out = Self { span: tree.span, ..Self::default() };
        if let Some(text) = fields.text("status", problems) {
            let span = fields.name_span("status");
            match STATUSES.into_iter().find(|status| status.name() == text) {
                Some(status) => out.status = Some((status, span)),
                None => {
                    let span = tree.get("status").map_or(span, |value| value.span);
                    let names = STATUSES.map(Status::name);
                    let problem = Problem::new(span, format!("there is no status '{text}'"));
                    problems.add(problem.help(format!("an execution ends {}", names.join(", "))));
                }
            }
        }
        let mut matcher = |name: &'static str, problems: &mut Problems| {
            let tree = fields.take(name)?;
            Some((Matcher::read(tree, Extent::Exact, problems)?, fields.name_span(name)))
        };
        out.output = matcher("output", problems);
        out.error = matcher("error", problems);
        out.cause = matcher("cause", problems);
        if let Some(tree) = fields.take("path") {
            out.path = stops(tree, program, problems).map(|stops| (stops, fields.name_span("path")));
        }
        out.visited = names(fields.take("visited"), "visited", program, problems);
        out.never = names(fields.take("never"), "never", program, problems);
        if let Some(tree) = fields.take("calls") {
            out.calls = calls(tree, program, problems);
        }
        if let Some(tree) = fields.take("variables") {
            for member in tree.members() {
                let matcher = Matcher::read(&member.value, Extent::Exact, problems);
                out.variables.extend(matcher.map(|matcher| (member.name.to_string(), matcher, member.span)));
            }
            if !matches!(tree.kind, TreeKind::Object(_)) {
                let problem = Problem::new(tree.span, "'variables' is an object with the names of variables");
                problems.add(problem.help("variables: {total: 12}"));
            }
        }
        if let Some(tree) = fields.take("duration") {
            let span = fields.name_span("duration");
            match bounds(tree) {
                Some(bounds) => out.duration = Some((bounds, span)),
                None => {
                    let problem = Problem::new(tree.span, format!("'duration' is a duration, not {}", kind(tree)));
                    problems.add(problem.help(format!("{DURATION}; '<= 30s', '>= 1m' and '1s..5s' are bounds")));
                }
            }
        }
        if let Some(file) = fields.text("history", problems) {
            out.history = ExpectedHistory::read(folder.join(file), fields.name_span("history"), problems);
        }
        fields.end(problems);
        if let (Some((Status::Succeeded, _)), Some((_, span))) =
            (&out.status, out.error.as_ref().or(out.cause.as_ref()))
        {
            problems.add(Problem::new(*span, "an execution that ends SUCCEEDED has no error and no cause"));
        }
        if let (Some((status, _)), Some((_, span))) = (&out.status, &out.output)
            && *status != Status::Succeeded
        {
            problems.add(Problem::new(*span, format!("an execution that ends {} has no output", status.name())));
        }
        out
    }

    /// What is expected here, and of `others` what nothing is said of here.
    pub(crate) fn or(self, others: &Self) -> Self {
        let list = |own: Vec<(Key, Span)>, other: &Vec<(Key, Span)>| if own.is_empty() { other.clone() } else { own };
        let speaks_of_end =
            self.status.is_some() || self.output.is_some() || self.error.is_some() || self.cause.is_some();
        let ends = if speaks_of_end { &Self::default() } else { others };
        Self {
            span: self.span,
            status: self.status.or(ends.status),
            output: self.output.or_else(|| ends.output.clone()),
            error: self.error.or_else(|| ends.error.clone()),
            cause: self.cause.or_else(|| ends.cause.clone()),
            path: self.path.or_else(|| others.path.clone()),
            visited: list(self.visited, &others.visited),
            never: list(self.never, &others.never),
            calls: if self.calls.is_empty() { others.calls.clone() } else { self.calls },
            variables: if self.variables.is_empty() { others.variables.clone() } else { self.variables },
            duration: self.duration.or(others.duration),
            // Each case has a history of its own.
            history: self.history,
        }
    }

    /// What of it has not come.
    pub(crate) fn unmet(&self, seen: &Seen<'_>) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        let mut add = |what: String, span: Span, why: Option<Why>| {
            unmet.extend(why.map(|why| Unmet { what, span, why }));
        };
        let finished = seen.finished;
        let (status, span) = self.expected_status();
        if finished.status != status {
            let told = format!("the execution was to end {}, and ended {}", status.name(), ended(finished));
            add("status".to_owned(), span, Some(Why::Told(told)));
        }
        if let Some((matcher, span)) = &self.output
            && let Ok(output) = &finished.outcome
        {
            add("output".to_owned(), *span, matcher.mismatch(output).map(Why::Value));
        }
        if let Err(failure) = &finished.outcome {
            let texts = [("error", &self.error, &failure.error), ("cause", &self.cause, &failure.cause)];
            for (what, expected, found) in texts {
                let Some((matcher, span)) = expected else { continue };
                let found = found.as_deref().map_or(Value::Null, Value::from);
                add(what.to_owned(), *span, matcher.mismatch(&found).map(Why::Value));
            }
        }
        if let Some((stops, span)) = &self.path {
            add("path".to_owned(), *span, left_way(stops, seen.way, &mut Vec::new()));
        }
        let was = |key: &Key| has_visited(seen.way, key, &mut Vec::new());
        for (key, span) in &self.visited {
            let told = || Why::Told(format!("the state '{}' was to be visited, and was not", key.text));
            add("visited".to_owned(), *span, (!was(key)).then(told));
        }
        for (key, span) in &self.never {
            let told = || Why::Told(format!("the state '{}' was never to be visited, and was", key.text));
            add("never".to_owned(), *span, was(key).then(told));
        }
        for (key, calls, span) in &self.calls {
            let made: Vec<&CallMade> =
                seen.calls.iter().filter(|call| key.fits(&call.state, &frame_steps(&call.frame))).collect();
            for (what, span, why) in calls.unmet(&key.text, &made, *span) {
                add(what, span, Some(why));
            }
        }
        for (name, matcher, span) in &self.variables {
            let why = match seen.variables.get(name) {
                Some(value) => matcher.mismatch(value).map(Why::Value),
                None => Some(Why::Nothing(format!("the variable ${name} was never assigned"))),
            };
            add(format!("variable ${name}"), *span, why);
        }
        if let Some((bounds, span)) = &self.duration {
            let told = || {
                Why::Told(format!(
                    "the execution took {}, and {} was expected",
                    shown_duration(seen.millis),
                    bounds.shown()
                ))
            };
            let is_within = (bounds.least..=bounds.most).contains(&seen.millis);
            add("duration".to_owned(), *span, (!is_within).then(told));
        }
        if let Some(history) = &self.history {
            add("history".to_owned(), history.span, history.differs(seen.history, seen.tokens));
        }
        unmet
    }

    /// The status that is expected: that which is named, or that which goes with what else is expected of the end.
    fn expected_status(&self) -> (Status, Span) {
        match (&self.status, self.error.as_ref().or(self.cause.as_ref())) {
            (Some((status, span)), _) => (*status, *span),
            (None, Some((_, span))) => (Status::Failed, *span),
            (None, None) => (Status::Succeeded, self.output.as_ref().map_or(self.span, |(_, span)| *span)),
        }
    }
}

impl ExpectedHistory {
    fn read(file: PathBuf, span: Span, problems: &mut Problems) -> Option<Self> {
        let text = match read_text(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Self { file, span, lines: None }),
            Err(error) => {
                problems.add(Problem::new(span, format!("cannot read {}: {error}", file.display())));
                return None;
            }
        };
        match history::parse(&text) {
            Ok(lines) => Some(Self { file, span, lines: Some(lines) }),
            Err(line) => {
                let problem = Problem::new(span, format!("line {line} of {} is no event", file.display()));
                problems.add(problem.help("asl test --update writes the file anew"));
                None
            }
        }
    }

    fn differs(&self, found: &[HistoryLine], tokens: &[Arc<str>]) -> Option<Why> {
        let Some(lines) = &self.lines else {
            let told = format!("there is no file {}: asl test --update writes it", self.file.display());
            return Some(Why::Told(told));
        };
        history_difference(lines, found, tokens).map(|difference| Why::History(Box::new(difference)))
    }
}

/// How an execution ended, for a message.
fn ended(finished: &Finished) -> String {
    let status = finished.status.name();
    match &finished.outcome {
        Ok(_) => status.to_owned(),
        Err(failure) => {
            let place = match &finished.failed_in[..] {
                [] => String::new(),
                states => {
                    format!(" in {}", states.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", "))
                }
            };
            format!("{status}{place}: {}", failure_text(failure))
        }
    }
}

fn failure_text(failure: &Failure) -> String {
    match (&failure.error, &failure.cause) {
        (Some(error), Some(cause)) => format!("{error}: {cause}"),
        (Some(text), None) | (None, Some(text)) => text.to_string(),
        (None, None) => "without error and cause".to_owned(),
    }
}

/// The names of states in a list.
fn names(tree: Option<&Tree>, field: &str, program: &Program, problems: &mut Problems) -> Vec<(Key, Span)> {
    let Some(tree) = tree else { return Vec::new() };
    let items = match &tree.kind {
        TreeKind::Text(_) => std::slice::from_ref(tree),
        TreeKind::List(items) => items,
        _ => &[],
    };
    if items.is_empty() {
        let problem = Problem::new(tree.span, format!("'{field}' is a list with names of states"));
        problems.add(problem.help(format!("{field}: [Charge, Ship]")));
    }
    let mut keys = Vec::new();
    for item in items {
        match item.text() {
            Some(text) => keys.extend(Key::read(text, item.span, program, problems).map(|key| (key, item.span))),
            None => problems.add(Problem::new(item.span, format!("a name of a state is a text, not {}", kind(item)))),
        }
    }
    keys
}

/// The states of an expected way.
fn stops(tree: &Tree, program: &Program, problems: &mut Problems) -> Option<Vec<Stop>> {
    let TreeKind::List(items) = &tree.kind else {
        problems.add(
            Problem::new(tree.span, format!("a path is a list of states, not {}", kind(tree)))
                .help("path: [Validate, {Each: [[Charge], [Charge]]}, Done]"),
        );
        return None;
    };
    let mut stops = Vec::new();
    for item in items {
        let (name, span, branches) = match (&item.kind, item.members()) {
            (TreeKind::Text(name), _) => (&**name, item.span, None),
            (_, [member]) => (&*member.name, member.span, Some(&member.value)),
            _ => {
                let message = format!(
                    "a state on a path is its name, or its name with the paths of its branches, not {}",
                    kind(item)
                );
                problems.add(Problem::new(item.span, message));
                continue;
            }
        };
        let Some(key) = Key::read(name, span, program, problems) else { continue };
        let branches = match branches {
            None => None,
            Some(Tree { kind: TreeKind::List(ways), .. }) => {
                Some(ways.iter().map(|way| stops_of(way, program, problems)).collect::<Option<Vec<_>>>()?)
            }
            Some(other) => {
                let problem = Problem::new(other.span, "the paths of branches are a list with a list for each");
                problems.add(problem.help("path: [Validate, {Each: [[Charge], [Charge]]}, Done]"));
                None
            }
        };
        stops.push(Stop { state: key.state, branches });
    }
    Some(stops)
}

fn stops_of(way: &Tree, program: &Program, problems: &mut Problems) -> Option<Vec<Stop>> {
    stops(way, program, problems)
}

/// Whether a way, inside of `around`, visits what a key names.
fn has_visited<'a>(way: &'a Way, key: &Key, around: &mut Vec<Step<'a>>) -> bool {
    way.0.iter().any(|visit| {
        let is_inside = |(index, way): (usize, &'a Way), around: &mut Vec<Step<'a>>| {
            around.push(Step { state: &visit.name, index });
            let has_visited = has_visited(way, key, around);
            around.pop();
            has_visited
        };
        key.fits(&visit.name, around) || visit.branches.iter().enumerate().any(|branch| is_inside(branch, around))
    })
}

/// Where a way is not the expected one.
fn left_way(expected: &[Stop], way: &Way, inside: &mut Vec<(String, usize)>) -> Option<Why> {
    let agrees = |(stop, visit): &(&Stop, &Visit)| *visit.name == *stop.state;
    let agreed = expected.iter().zip(&way.0).take_while(agrees).count();
    // What was taken inside of a state comes before what came after it.
    for (stop, visit) in expected.iter().zip(&way.0).take(agreed) {
        let Some(branches) = &stop.branches else { continue };
        if branches.len() != visit.branches.len() {
            let (count, found) = (branches.len(), visit.branches.len());
            return Some(Why::Told(format!(
                "'{}' was to have {count} branches or iterations, and had {found}",
                stop.state
            )));
        }
        for (index, (branch, taken)) in branches.iter().zip(&visit.branches).enumerate() {
            inside.push((stop.state.clone(), index));
            let left = left_way(branch, taken, inside);
            if left.is_some() {
                return left;
            }
            inside.pop();
        }
    }
    if agreed == expected.len() && agreed == way.0.len() {
        return None;
    }
    let expected = expected.iter().map(|stop| stop.state.clone()).collect();
    Some(Why::Way { inside: inside.clone(), agreed, expected, taken: way.names() })
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `30s`, `<= 30s`, `>= 1m` or `1s..5s`
fn bounds(tree: &Tree) -> Option<Bounds> {
    if let Some(text) = tree.text() {
        let text = text.trim();
        if let Some(most) = text.strip_prefix("<=") {
            return Some(Bounds { least: 0, most: duration(most)? });
        }
        if let Some(least) = text.strip_prefix(">=") {
            return Some(Bounds { least: duration(least)?, most: i64::MAX });
        }
        if let Some((least, most)) = text.split_once("..") {
            return Some(Bounds { least: duration(least)?, most: duration(most)? });
        }
    }
    millis(tree).map(|exact| Bounds { least: exact, most: exact })
}

impl Bounds {
    fn shown(self) -> String {
        let Self { least, most } = self;
        match (least, most) {
            (least, most) if least == most => shown_duration(least),
            (0, most) => format!("at most {}", shown_duration(most)),
            (least, i64::MAX) => format!("at least {}", shown_duration(least)),
            (least, most) => format!("{} to {}", shown_duration(least), shown_duration(most)),
        }
    }
}

/// The variables of the execution itself after all that was recorded, as an object.
pub(crate) fn variables(recorded: &[Recorded]) -> Value {
    let mut all = Object::default();
    for recorded in recorded.iter().filter(|recorded| recorded.frame == 0) {
        if let asl_engine::EventKind::StateExited { assigned_variables: Some(assigned), .. } = &recorded.event.kind {
            for (name, value) in assigned.as_object().into_iter().flat_map(Object::iter) {
                all = all.with(&**name, value.clone());
            }
        }
    }
    all.into()
}
