//! Makes a test case of the history of an execution: its input, what its tasks answered, and how it ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use asl_engine::model::{Model, ScopeNode, StateId};
use asl_engine::{Program, StateType, Timestamp, Value};
use asl_history::Event;

use crate::duration::shown_duration;
use crate::history::{HistoryLine, to_text};
use crate::mask::{Mask, without};

/// An execution that was recorded.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What it was started with.
    pub input: Value,
    /// Its name or its ARN, which no event has.
    execution: Option<String>,
    /// Its role, where that is told.
    role: Option<String>,
    /// When it started, where that is told.
    start: Option<String>,
    /// What the tasks of states answered, in their order, by the key of their mock.
    answers: BTreeMap<String, Vec<Answer>>,
    /// How long it took, in milliseconds, where that is told.
    millis: Option<i64>,
    /// Whether that was virtual time.
    is_virtual: bool,
    /// What happened.
    pub history: Vec<HistoryLine>,
}

/// One answer of a task.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    fields: Vec<(&'static str, Value)>,
}

/// A history cannot be made a test.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is no list of events.
    #[error("this is no history: a list of events, or an object with 'events', is wanted")]
    NoEvents,
    /// An entry of the list is none.
    #[error("event {0} of the history has no type or no id")]
    NoEvent(usize),
    /// It does not begin with the start of an execution.
    #[error("the history does not begin with ExecutionStarted: it has to be whole, and in the order of the ids")]
    NotFromTheStart,
    /// It does not end with the end of one.
    #[error(
        "the history has no end: the execution was still running, or the history is not whole (--max-items, nextToken)"
    )]
    NotToTheEnd,
    /// It begins with another state: often it is that of a child execution.
    #[error("the history begins with the state '{found}', and the definition with '{start}'{hint}")]
    OtherStart {
        /// The state that it begins with.
        found: String,
        /// The state that the definition begins with.
        start: String,
        /// The definition that it may be of; empty where nothing is known of that.
        hint: String,
    },
    /// It is that of another definition.
    #[error("the history has a state '{0}', and the definition has none of this name")]
    OtherDefinition(String),
}

/// Where an event happened: a state, and the items of the Map states around it.
#[derive(Clone, Debug, Default)]
struct Place {
    state: Option<StateId>,
    items: Vec<(String, usize)>,
}

impl Recording {
    /// Reads the events of an execution of `program`: the answer of GetExecutionHistory, or its list of events.
    pub fn of(history: &Value, program: &Program) -> Result<Self, RecordError> {
        let events = history.get("events").unwrap_or(history);
        let events = events.as_array().filter(|events| !events.is_empty()).ok_or(RecordError::NoEvents)?;
        let (mut lines, mut times) = (Vec::new(), HashMap::new());
        for (at, event) in events.iter().enumerate() {
            let event = Event::of_json(event).ok_or(RecordError::NoEvent(at + 1))?;
            times.extend(event.at.map(|at| (event.id, at.0)));
            lines.push(HistoryLine::from(event));
        }
        let started =
            lines.first().filter(|line| line.kind == "ExecutionStarted").ok_or(RecordError::NotFromTheStart)?;
        let input = started.details["input"].clone();
        let role = started.details["roleArn"].as_str().map(str::to_owned);
        let ends = ["ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"];
        if !lines.last().is_some_and(|line| ends.contains(&&*line.kind)) {
            return Err(RecordError::NotToTheEnd);
        }
        let start = times.get(&lines[0].id).map(|at| Timestamp(*at).to_string());
        let millis = lines.last().and_then(|last| Some(times.get(&last.id)? - times.get(&lines[0].id)?));
        let answers = answers(&lines, &times, program)?;
        begins(&lines, program.model())?;
        Ok(Self { input, execution: None, role, start, answers, millis, is_virtual: false, history: lines })
    }

    /// The same, of an execution with this name or ARN, which states can read and no event has.
    #[must_use]
    pub fn of_execution(self, execution: Option<String>) -> Self {
        Self { execution, ..self }
    }

    /// The same, of an execution on virtual time: what it takes is exact, and it has no role of its own.
    #[must_use]
    pub(crate) fn on_virtual_time(self) -> Self {
        Self { role: None, is_virtual: true, ..self }
    }

    /// The same, with what is at these places of payloads masked, and the same texts wherever else they stand; and the masks at whose
    /// places nothing is.
    #[must_use]
    pub fn masked(mut self, masks: &[Mask]) -> (Self, Vec<&Mask>) {
        let mut secrets = BTreeSet::new();
        let mut unused: Vec<&Mask> = Vec::new();
        for mask in masks {
            let mut found = false;
            self.each_payload(|payload| found |= mask.collect(payload, &mut secrets));
            if !found {
                unused.push(mask);
            }
        }
        self.each_payload(|payload| {
            let masked = masks.iter().fold(payload.clone(), |value, mask| mask.applied(&value));
            *payload = without(&masked, &secrets);
        });
        (self, unused)
    }

    /// Goes through all data of states and tasks, and the causes, which may quote them.
    fn each_payload(&mut self, mut work: impl FnMut(&mut Value)) {
        const FIELDS: [&str; 3] = ["result_as_is", "submitted_as_is", "cause"];
        const MEMBERS: [&str; 5] = ["input", "output", "parameters", "assignedVariables", "cause"];
        work(&mut self.input);
        for (name, value) in self.answers.values_mut().flatten().flat_map(|answer| &mut answer.fields) {
            if FIELDS.contains(name) {
                work(value);
            }
        }
        for line in &mut self.history {
            let Some(details) = line.details.as_object() else { continue };
            let each = details.iter().map(|(name, value)| {
                let mut value = value.clone();
                if MEMBERS.contains(&&**name) {
                    work(&mut value);
                }
                (name.clone(), value)
            });
            line.details = each.collect();
        }
    }

    /// The text of a test file for it, whose definition and history are in these files.
    pub fn test_file(&self, name: &str, definition: &str, history: Option<&str>) -> String {
        let case = self.case(name, history);
        let mut out = format!("definition: {}\ncases:\n", json(definition));
        let mut start = "  - ";
        for (name, value) in case.as_object().into_iter().flat_map(|members| members.iter()) {
            match (&**name, value.as_object()) {
                ("mocks", Some(mocks)) => {
                    let _ = writeln!(out, "{start}mocks:");
                    mocks.iter().for_each(|(key, mock)| mock_lines(key, mock, &mut out));
                }
                ("expect", Some(expected)) => {
                    let _ = writeln!(out, "{start}expect:");
                    for (what, value) in expected.iter() {
                        // A status is a word, which needs no quotes.
                        let word = value.as_str().filter(|_| &**what == "status");
                        let value = word.map_or_else(|| value.to_string(), str::to_owned);
                        let _ = writeln!(out, "      {what}: {value}");
                    }
                }
                _ => {
                    let _ = writeln!(out, "{start}{name}: {value}");
                }
            }
            start = "    ";
        }
        out
    }

    /// The same as JSON, which a test file may be, too.
    pub fn test(&self, name: &str, definition: &str, history: Option<&str>) -> Value {
        let cases = Value::from(vec![self.case(name, history)]);
        Value::from([("definition", definition.into()), ("cases", cases)])
    }

    fn case(&self, name: &str, history: Option<&str>) -> Value {
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let mocks: Value = together(&self.answers).iter().map(|(key, answers)| (&**key, mock(answers))).collect();
        let members = [
            ("name", Some(name.into())),
            ("start", text(&self.start)),
            ("execution", text(&self.execution)),
            ("role", text(&self.role)),
            ("input", Some(self.input.clone())),
            ("mocks", Some(mocks).filter(|mocks| *mocks != Value::empty_object())),
            ("expect", Some(self.expected(history))),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn expected(&self, history: Option<&str>) -> Value {
        let (end, details) = self.history.last().map_or(("", &Value::Null), |line| (&*line.kind, &line.details));
        let (status, names) = match end {
            "ExecutionSucceeded" => ("SUCCEEDED", &["output"][..]),
            "ExecutionFailed" => ("FAILED", &["error", "cause"][..]),
            "ExecutionTimedOut" => ("TIMED_OUT", &["error", "cause"][..]),
            _ => ("ABORTED", &["error", "cause"][..]),
        };
        let exact = |name: &&'static str| Some((*name, Value::from([("exact", details.get(name)?.clone())])));
        let duration = self.millis.filter(|millis| *millis > 0).map(|millis| {
            // AWS takes some milliseconds for each transition, which no wait accounts for.
            let least = millis - millis / 10 - 5000;
            match least > 0 {
                _ if self.is_virtual => shown_duration(millis),
                true => format!("{}..{}", shown_duration(least), shown_duration(millis)),
                false => format!("<= {}", shown_duration(millis)),
            }
        });
        let before = [("status", status.into())].into_iter().chain(names.iter().filter_map(exact));
        let duration = duration.map(|duration| ("duration", duration.into()));
        before.chain(duration).chain(history.map(|history| ("history", history.into()))).collect()
    }

    /// The text of the file with its history.
    pub fn history_file(&self) -> String {
        to_text(&self.history)
    }
}

impl Answer {
    fn value(&self) -> Value {
        self.fields.iter().map(|(name, value)| (*name, value.clone())).collect()
    }
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
}

/// What is said of the answers of one mock.
fn mock(answers: &[Answer]) -> Value {
    match answers {
        [only] => only.value(),
        _ => [("sequence", answers.iter().map(Answer::value).collect())].into(),
    }
}

/// A mock on a line, or each of its answers on one.
pub(crate) fn mock_lines(key: &str, mock: &Value, out: &mut String) {
    match mock.get("sequence").and_then(Value::as_array) {
        None => {
            let _ = writeln!(out, "      {}: {mock}", json(key));
        }
        Some(answers) => {
            let shared = if mock.get("shared").is_some() { "\n        shared: true" } else { "" };
            let _ = writeln!(out, "      {}:{shared}\n        sequence:", json(key));
            for answer in answers.iter() {
                let _ = writeln!(out, "          - {answer}");
            }
        }
    }
}

/// Whether the first state of a history is that of the definition.
fn begins(lines: &[HistoryLine], model: &Model) -> Result<(), RecordError> {
    let entered = lines.iter().find(|line| line.kind.ends_with("StateEntered"));
    let found = entered.and_then(|line| line.details["name"].as_str());
    let start = model.scopes().first().and_then(|scope| model.state(scope.start));
    let (Some(found), Some(start)) = (found, start) else { return Ok(()) };
    if *start.name == *found {
        return Ok(());
    }
    let begins_with_it = |scope: &ScopeNode| model.state(scope.start).is_some_and(|state| *state.name == *found);
    let map = model.scopes().iter().find(|scope| begins_with_it(scope)).and_then(|scope| model.state(scope.parent?));
    let hint = map.map(|map| format!(": what a child execution of '{0}' runs is --definition FILE#{0}", map.name));
    Err(RecordError::OtherStart {
        found: found.to_owned(),
        start: start.name.to_string(),
        hint: hint.unwrap_or_default(),
    })
}

/// How many Map states are around a state.
pub(crate) fn maps_around(model: &Model, state: StateId) -> usize {
    let mut count = 0;
    let mut at = model.state(state).map(|state| state.scope);
    while let Some(parent) = at.and_then(|scope| model.scope(scope)).and_then(|scope| scope.parent) {
        let parent = model.state(parent);
        count += usize::from(parent.is_some_and(|parent| parent.state_type == StateType::Map));
        at = parent.map(|parent| parent.scope);
    }
    count
}

/// Where each event happened.
fn places(lines: &[HistoryLine], program: &Program) -> Result<HashMap<u64, Place>, RecordError> {
    let model = program.model();
    let by_name: HashMap<&str, StateId> = model.states().iter().map(|state| (&*state.name, state.id)).collect();
    let mut places: HashMap<u64, Place> = HashMap::new();
    for line in lines {
        let mut place = places.get(&line.previous).cloned().unwrap_or_default();
        let name = line.details["name"].as_str();
        let is_of_state = line.kind.ends_with("StateEntered") || line.kind.ends_with("StateExited");
        if let Some(name) = name.filter(|_| is_of_state || line.kind.starts_with("MapIteration")) {
            let state = *by_name.get(name).ok_or_else(|| RecordError::OtherDefinition(name.to_owned()))?;
            place.items.truncate(maps_around(model, state));
            if line.kind.starts_with("MapIteration") {
                let index = line.details["index"].as_i64().and_then(|index| usize::try_from(index).ok());
                place.items.push((name.to_owned(), index.unwrap_or_default()));
            }
            place.state = Some(state);
        }
        places.insert(line.id, place);
    }
    Ok(places)
}

/// What the tasks answered, by the key of their mock.
fn answers(
    lines: &[HistoryLine],
    times: &HashMap<u64, i64>,
    program: &Program,
) -> Result<BTreeMap<String, Vec<Answer>>, RecordError> {
    let (places, model) = (places(lines, program)?, program.model());
    let mut answers: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    for scheduled in lines.iter().filter(|line| is_scheduled(&line.kind)) {
        let Some(place) = places.get(&scheduled.id) else { continue };
        let Some(state) = place.state.and_then(|state| model.state(state)) else { continue };
        let around: String = place.items.iter().map(|(map, index)| format!("{map}[{index}]/")).collect();
        let answer = answer(scheduled, lines, times);
        answers.entry(format!("{around}{}", state.name)).or_default().push(answer);
    }
    Ok(answers)
}

fn is_scheduled(kind: &str) -> bool {
    matches!(kind, "TaskScheduled" | "LambdaFunctionScheduled" | "ActivityScheduled")
}

/// What came of what was scheduled.
fn answer(scheduled: &HistoryLine, lines: &[HistoryLine], times: &HashMap<u64, i64>) -> Answer {
    let mut fields: Vec<(&'static str, Value)> = Vec::new();
    let (mut before, mut end) = (Vec::new(), None);
    let mut at = scheduled.id;
    // Each event follows the one before it.
    while let Some(next) = lines.iter().find(|line| line.previous == at && is_of_task(&line.kind)) {
        let is_underway = ["Started", "Submitted"].iter().any(|ending| next.kind.ends_with(ending));
        if !is_underway {
            end = Some(next);
            break;
        }
        before.push(next);
        at = next.id;
    }
    let took = end.and_then(|end| Some(times.get(&end.id)? - times.get(&scheduled.id)?)).filter(|took| *took > 0);
    match end {
        None => fields.push(("no_answer", true.into())),
        Some(end) if end.kind.ends_with("Succeeded") => fields.push(("result_as_is", end.details["output"].clone())),
        Some(end) => {
            let is_late = end.kind.ends_with("TimedOut");
            if is_late {
                fields.push(("timeout", true.into()));
            }
            for (name, field) in [("error", "error"), ("cause", "cause")] {
                let value = end
                    .details
                    .get(name)
                    .map(text)
                    .filter(|value| !(is_late && field == "error" && value.as_str() == Some("States.Timeout")));
                fields.extend(value.map(|value| (field, value)));
            }
            if fields.is_empty() {
                fields.push(("error", Value::Null));
            }
        }
    }
    // A time that runs out does so by itself.
    if let Some(took) = took.filter(|_| !end.is_some_and(|end| end.kind.ends_with("TimedOut"))) {
        fields.push(("after", shown_duration(took).into()));
        let heartbeat = scheduled.details["heartbeatInSeconds"].as_i64();
        if let Some(seconds) = heartbeat.filter(|seconds| seconds.saturating_mul(1000) <= took) {
            fields.push(("heartbeat", seconds.into()));
        }
    }
    for line in before {
        match &*line.kind {
            "TaskSubmitted" => fields.push(("submitted_as_is", line.details["output"].clone())),
            "ActivityStarted" => {
                let worker = line.details.get("workerName").filter(|name| name.as_str().is_some());
                fields.extend(worker.map(|name| ("worker", name.clone())));
            }
            _ => {}
        }
    }
    Answer { fields }
}

/// A text as it was on the wire.
fn text(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.to_string().into(), Value::from)
}

fn is_of_task(kind: &str) -> bool {
    ["Task", "LambdaFunction", "Activity"].iter().any(|start| kind.starts_with(start))
        && !is_scheduled(kind)
        && !kind.contains("State")
}

/// One mock for a state where all items got the same answer.
fn together(answers: &BTreeMap<String, Vec<Answer>>) -> BTreeMap<String, Vec<Answer>> {
    let state_of = |key: &str| key.rsplit_once("]/").map_or(key, |(_, state)| state).to_owned();
    let mut by_state: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for key in answers.keys() {
        by_state.entry(state_of(key)).or_default().push(key);
    }
    let mut out = BTreeMap::new();
    for (state, keys) in by_state {
        let first = &answers[keys[0]];
        let is_same = keys.len() > 1 && first.len() == 1 && keys.iter().all(|key| answers[*key] == *first);
        match is_same {
            true => {
                out.insert(state, first.clone());
            }
            false => out.extend(keys.into_iter().map(|key| (key.clone(), answers[key].clone()))),
        }
    }
    out
}
