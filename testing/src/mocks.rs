//! The mocks of a case: which task answers what.

use std::collections::HashMap;
use std::sync::Arc;

use asl_engine::model::StateNode;
use asl_engine::{Failure, Program, Reply, Span, StateType, TaskRequest, Timestamp, Value};
use asl_history::Extent;
use asl_project::yaml::{Tree, TreeKind};
use asl_runtime::simulation::Answer;

use crate::coverage::written;
use crate::fields::{Fields, kind};
use crate::frame_path::{Step, frame_steps};
use crate::fuzz::Altering;
use crate::matcher::Matcher;
use crate::problem::{Problem, Problems};
use crate::response::{Response, Work};
use crate::run::Bound;
use crate::started::Started;
use crate::state_machines::Found;
use crate::test_file::{Case, TestFile};

/// How much is shown of what a task was sent.
const SHOWN: usize = 200;

/// How many states are named where one is wanted.
const NAMED: usize = 10;

/// The mocks of a case, the more special ones first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mocks(pub(crate) Vec<Mock>);

/// What the task of a state answers.
#[derive(Clone, Debug)]
pub(crate) struct Mock {
    pub(crate) key: Key,
    /// The place of its key in the test file.
    pub(crate) span: Span,
    /// Whether the case itself has it, and not only the defaults of all cases.
    pub(crate) is_own: bool,
    answers: Vec<Choice>,
}

/// The state that a mock or an expectation is for: `Charge`, `Each/Charge` or `Each[2]/Charge`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: String,
    /// The Map and Parallel states around it, the outermost first, and which item or branch.
    around: Vec<(String, Option<usize>)>,
    pub(crate) state: String,
}

/// One answer, or one after the other, for what is sent.
#[derive(Clone, Debug)]
struct Choice {
    when: Option<Matcher>,
    sequence: Vec<Response>,
    /// Whether there is more than one answer: otherwise it is the answer to all calls.
    is_sequence: bool,
    /// Whether all calls of the state go through one sequence, and not those of each item through one of their own.
    is_shared: bool,
}

impl Key {
    /// Reads the name of a state of the program, with what is around it.
    pub(crate) fn read(text: &str, span: Span, program: &Program, problems: &mut Problems) -> Option<Self> {
        let states = program.model().states();
        let named = |name: &str| states.iter().find(|state| &*state.name == name);
        let key = |around, state: &str| Self { text: text.to_owned(), around, state: state.to_owned() };
        if named(text).is_some() {
            return Some(key(Vec::new(), text));
        }
        let (before, name) = text.rsplit_once('/').unwrap_or(("", text));
        let mut around = Vec::new();
        let mut wrong = None;
        for part in before.split('/').filter(|part| !part.is_empty()) {
            let (state, index) = indexed(part);
            if named(state).is_none_or(|state| !has_children(state)) {
                wrong = Some(state);
            }
            around.push((state.to_owned(), index));
        }
        match (wrong, named(name)) {
            (None, Some(state)) => {
                if let Some(message) = not_there(&around, state, program) {
                    problems.add(Problem::new(span, message));
                    return None;
                }
                Some(key(around, name))
            }
            (wrong, _) => {
                let name = wrong.unwrap_or(name);
                let what = if wrong.is_some() { "no Map or Parallel state" } else { "no state" };
                let problem = Problem::new(span, format!("the definition has {what} '{name}'"));
                let near = problem.clone().did_you_mean(name, states.iter().map(|state| &*state.name));
                let named = states.iter().filter(|state| wrong.is_none() || has_children(state));
                let mut names: Vec<String> = named.map(|state| format!("'{}'", state.name)).collect();
                if names.len() > NAMED {
                    names.truncate(NAMED);
                    names.push("others".to_owned());
                }
                let are = if names.len() == 1 { "is" } else { "are" };
                let shown = !names.is_empty() && near.help.is_none();
                problems.add(if shown { problem.help(format!("there {are} {}", names.join(", "))) } else { near });
                None
            }
        }
    }

    /// Whether it is for this state in this Frame.
    pub(crate) fn fits(&self, state: &str, frame: &[Step<'_>]) -> bool {
        if self.state != state || self.around.len() > frame.len() {
            return false;
        }
        let inner = &frame[frame.len() - self.around.len()..];
        self.around
            .iter()
            .zip(inner)
            .all(|((name, index), step)| name == step.state && index.is_none_or(|index| index == step.index))
    }

    /// How special it is: what says more comes first.
    fn weight(&self) -> usize {
        self.around.len() + self.around.iter().filter(|(_, index)| index.is_some()).count()
    }
}

/// Why a state is not inside of these, where it is not.
fn not_there(around: &[(String, Option<usize>)], state: &StateNode, program: &Program) -> Option<String> {
    let model = program.model();
    // From the inside: the state that runs the scope, and which of its branches the scope is.
    let mut scope = model.scope(state.scope);
    for (name, index) in around.iter().rev() {
        let Some(parent) = scope.and_then(|scope| scope.parent).and_then(|parent| model.state(parent)) else {
            return Some(format!("'{}' is not inside of '{name}'", state.name));
        };
        if *parent.name != **name {
            return Some(format!("'{}' is inside of '{}', and not of '{name}'", state.name, parent.name));
        }
        let own = scope.map(|scope| scope.id);
        let branches = model.scopes().iter().filter(|other| other.parent == Some(parent.id));
        let branch = branches.map(|other| other.id).position(|id| Some(id) == own);
        if let (Some(index), Some(branch), StateType::Parallel) = (index, branch, parent.state_type)
            && *index != branch
        {
            return Some(format!("'{}' is in the branch {branch} of '{name}' (the first is 0)", state.name));
        }
        scope = model.scope(parent.scope);
    }
    None
}

fn has_children(state: &StateNode) -> bool {
    matches!(state.state_type, StateType::Map | StateType::Parallel)
}

/// `Each[2]` is the state `Each` and 2.
fn indexed(text: &str) -> (&str, Option<usize>) {
    let index = text.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    match index.and_then(|(state, index)| Some((state, index.parse().ok()?))) {
        Some((state, index)) => (state, Some(index)),
        None => (text, None),
    }
}

impl Mock {
    /// A mock whose answers are counted over all calls of its state.
    pub(crate) fn by_invocation(key: Key, span: Span, sequence: Vec<Response>) -> Self {
        let answers = vec![Choice { when: None, sequence, is_sequence: true, is_shared: true }];
        Self { key, span, is_own: false, answers }
    }

    /// Its answers, one after the other, where they are not chosen by what is sent.
    pub(crate) fn sequence(&self) -> &[Response] {
        self.answers.first().map(|choice| &choice.sequence[..]).unwrap_or_default()
    }

    /// Whether it says of a Wait state how long that takes: nobody asks it.
    pub(crate) fn takes_time_only(&self) -> bool {
        matches!(
            self.answers.first().and_then(|choice| choice.sequence.first()),
            Some(Response { work: Work::Takes, .. })
        )
    }
}

impl Mocks {
    /// Reads the mocks of a case or of all cases.
    pub(crate) fn read(tree: &Tree, program: &Program, problems: &mut Problems) -> Self {
        if !matches!(tree.kind, TreeKind::Object(_)) {
            let problem = Problem::new(tree.span, "'mocks' is an object with the names of states");
            problems.add(problem.help("mocks: {Charge: {result: paid}}"));
            return Self::default();
        }
        let mut mocks = Vec::new();
        for member in tree.members() {
            let key = Key::read(&member.name, member.span, program, problems);
            let answers = choices(&member.value, problems);
            let (Some(key), Some(answers)) = (key, answers) else { continue };
            if let Some(problem) = unfit(&key, member.span, &answers, program) {
                problems.add(problem);
                continue;
            }
            mocks.push(Mock { key, span: member.span, is_own: true, answers });
        }
        Self::sorted(mocks)
    }

    fn sorted(mut mocks: Vec<Mock>) -> Self {
        mocks.sort_by_key(|mock| std::cmp::Reverse(mock.key.weight()));
        Self(mocks)
    }

    /// These mocks, and those of `others` that they do not replace.
    pub(crate) fn or(self, others: &Self) -> Self {
        let kept = others.0.iter().filter(|other| !self.0.iter().any(|mock| mock.key == other.key));
        let kept: Vec<Mock> = kept.map(|other| Mock { is_own: false, ..other.clone() }).collect();
        Self::sorted(self.0.into_iter().chain(kept).collect())
    }

    /// How long Wait states take, by name, in milliseconds.
    pub(crate) fn waits(&self) -> std::collections::BTreeMap<Arc<str>, i64> {
        let takes = |mock: &Mock| match mock.answers.first()?.sequence.first()? {
            Response { work: Work::Takes, after, .. } => Some((mock.key.state.as_str().into(), *after)),
            _ => None,
        };
        self.0.iter().filter_map(takes).collect()
    }
}

/// Why a state cannot have such a mock.
fn unfit(key: &Key, span: Span, answers: &[Choice], program: &Program) -> Option<Problem> {
    let state = program.model().states().iter().find(|state| *state.name == *key.state)?;
    let takes_time_only = answers.iter().flat_map(|choice| &choice.sequence).all(|it| matches!(it.work, Work::Takes));
    let some_take_time_only =
        answers.iter().flat_map(|choice| &choice.sequence).any(|it| matches!(it.work, Work::Takes));
    let name = &key.state;
    match state.state_type {
        StateType::Wait
            if takes_time_only && answers.len() == 1 && !answers[0].is_sequence && key.around.is_empty() =>
        {
            None
        }
        StateType::Wait if !key.around.is_empty() => Some(
            Problem::new(span, format!("the mock of the Wait state '{name}' is for all iterations and branches"))
                .help(format!("call it '{name}'")),
        ),
        StateType::Wait => Some(
            Problem::new(span, format!("'{name}' is a Wait state, whose mock says how long it takes and nothing else"))
                .help("after: 5s"),
        ),
        _ if some_take_time_only => Some(
            Problem::new(span, format!("the mock of '{name}' says how long it takes, and not what comes of it"))
                .help("it needs one of result, error, timeout: true and no_answer: true, too"),
        ),
        StateType::Task => None,
        StateType::Map if asks(program, state) => None,
        other => Some(Problem::new(
            span,
            format!(
                "'{name}' is a {} state: only Task and Wait states, and Map states that read or write objects, have mocks",
                other.name()
            ),
        )),
    }
}

/// Whether a state calls something: a Task state does, and a Map state that reads or writes objects.
pub(crate) fn asks(program: &Program, state: &StateNode) -> bool {
    let has = |name: &str| written(program, state.id).get(name).is_some();
    state.state_type == StateType::Task
        || state.state_type == StateType::Map && (has("ItemReader") || has("ResultWriter"))
}

/// The answers of a mock: one, several in turn, or by what is sent.
fn choices(tree: &Tree, problems: &mut Problems) -> Option<Vec<Choice>> {
    if let TreeKind::List(_) = tree.kind {
        let problem = Problem::new(tree.span, "a list does not say what it is");
        problems.add(
            problem.help(
                "answers to one call after the other stand below 'sequence', those by what is sent below 'choose'",
            ),
        );
        return None;
    }
    if let TreeKind::Plain(_) | TreeKind::Text(_) = tree.kind {
        let answer = kind(tree);
        let problem = Problem::new(tree.span, format!("a mock is an object with fields, not {answer}"));
        problems.add(problem.help(format!("to answer with it: {{result: {answer}}}")));
        return None;
    }
    let mut fields = Fields::of(tree, "a mock", problems)?;
    let Some(choose) = fields.take("choose") else {
        let choice = choice(&mut fields, problems);
        fields.end(problems);
        return Some(vec![choice?]);
    };
    fields.end(problems);
    if choose.items().is_empty() {
        let problem = Problem::new(choose.span, "'choose' is a list of answers with 'when'");
        problems.add(problem.help("choose: [{when: {amount: 0}, result: free}, {result: paid}]"));
        return None;
    }
    let mut choices = Vec::new();
    for item in choose.items() {
        let Some(mut fields) = Fields::of(item, "a choice", problems) else { continue };
        let when = fields.take("when").map(|tree| Matcher::read(tree, Extent::Partial, problems));
        let read = choice(&mut fields, problems);
        fields.end(problems);
        if let (Some(read), Some(when)) = (read, when.map_or(Some(None), |when| when.map(Some))) {
            choices.push(Choice { when, ..read });
        }
    }
    if let [before @ .., _] = &choices[..]
        && before.iter().any(|choice| choice.when.is_none())
    {
        let problem =
            Problem::new(choose.span, "a choice without 'when' takes all calls, and only the last one may do that");
        problems.add(problem);
    }
    Some(choices)
}

/// One answer, or `sequence`.
fn choice(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Choice> {
    let is_shared = fields.truth("shared", problems) == Some(true);
    let Some(sequence) = fields.take("sequence") else {
        if fields.take("shared").is_some() {
            let problem = Problem::new(fields.name_span("shared"), "'shared' is for a 'sequence'");
            problems.add(problem.help("it says that all iterations and branches go through one sequence"));
        }
        let response = Response::read(fields, problems)?;
        return Some(Choice { when: None, sequence: vec![response], is_sequence: false, is_shared: false });
    };
    if sequence.items().is_empty() {
        let problem = Problem::new(sequence.span, "'sequence' is a list of answers, one for each call");
        problems.add(problem.help("sequence: [{error: Busy}, {result: paid}]"));
        return None;
    }
    let mut responses = Vec::new();
    for item in sequence.items() {
        let Some(mut fields) = Fields::of(item, "an answer", problems) else { continue };
        responses.extend(Response::read(&mut fields, problems));
        fields.end(problems);
    }
    Some(Choice { when: None, sequence: responses, is_sequence: true, is_shared })
}

/// A call that a case has made.
#[derive(Clone, Debug)]
pub struct CallMade {
    /// The state whose task it was.
    pub state: Arc<str>,
    /// The Frame that made it, as [`asl_engine::Frame::path`] names it.
    pub frame: Arc<str>,
    /// How often this visit to the state was tried before.
    pub attempt: u32,
    /// What the task was sent.
    pub sent: Value,
}

/// A sequence that is gone through: of each item for itself.
#[derive(PartialEq, Eq, Hash)]
struct Position {
    mock: usize,
    choice: usize,
    execution: Arc<str>,
    items: Vec<(String, usize)>,
}

/// Answers the tasks of one run: of its own execution, and of those that this starts.
pub(crate) struct Answering<'a> {
    pub(crate) file: &'a TestFile,
    pub(crate) case: &'a Case,
    pub(crate) seed: u64,
    /// How far sequences are.
    positions: HashMap<Position, usize>,
    /// Which mocks of the case have answered.
    pub(crate) used: Vec<bool>,
    /// What its own execution called.
    pub(crate) calls: Vec<CallMade>,
    /// The tokens that tasks were told to others by.
    pub(crate) tokens: Vec<Arc<str>>,
    /// The state whose task fails whatever its mock says, and how.
    failing: Option<(String, Failure)>,
    /// The state whose task has no answer, so that the run ends.
    pub(crate) refused_in: Option<Arc<str>>,
    /// Whether a task without a mock was answered all the same.
    pub(crate) made_up: bool,
    /// How far an execution may go.
    pub(crate) bound: Option<Bound>,
    /// How answers are changed, where they are.
    pub(crate) altering: Option<Altering>,
    /// What was started.
    pub(crate) started: Started<'a>,
}

impl<'a> Answering<'a> {
    pub(crate) fn new(file: &'a TestFile, case: &'a Case, seed: u64) -> Self {
        Self {
            file,
            case,
            seed,
            positions: HashMap::new(),
            used: case.mocks.0.iter().map(Mock::takes_time_only).collect(),
            calls: Vec::new(),
            tokens: Vec::new(),
            failing: None,
            refused_in: None,
            made_up: false,
            bound: None,
            altering: None,
            started: Started::default(),
        }
    }

    /// The same, in which the task of a state fails whatever its mock says, and tasks without a mock give an empty object: what
    /// comes after the failure has none.
    pub(crate) fn failing(self, state: &str, failure: Failure, bound: Bound) -> Self {
        Self { failing: Some((state.to_owned(), failure)), bound: Some(bound), ..self }
    }

    /// The same, in which answers are changed, and tasks without a mock give an empty object.
    pub(crate) fn altering(self, altering: Altering, bound: Option<Bound>) -> Self {
        Self { altering: Some(altering), bound, ..self }
    }

    /// The answer to a call; one that no mock answers ends the run.
    pub(crate) fn answer(&mut self, request: &TaskRequest, at: Timestamp) -> Answer {
        let is_writing = is_of_writer(request);
        let is_own = self.started.running.is_empty();
        if is_own && !is_writing {
            self.calls.push(CallMade {
                state: request.state.clone(),
                frame: request.frame.clone(),
                attempt: request.attempt,
                sent: request.input.clone(),
            });
        }
        if request.is_activity() || request.resource.ends_with(".waitForTaskToken") {
            self.tokens.push(request.token.clone());
        }
        if let Some((state, failure)) = self.failing.as_ref().filter(|_| is_own)
            && *state == *request.state
        {
            let work = match failure.error.as_deref() {
                Some("States.Timeout" | "States.HeartbeatTimeout") => Work::TimesOut(failure.clone()),
                _ => Work::Fails(failure.clone()),
            };
            return answered(&Response { work, after: 0, heartbeat: None, submitted: None, worker: None }, request);
        }
        let started = self.started.count();
        let mut answer = self.answer_of(request, is_writing, at);
        // What a started state machine gives is its own doing.
        let is_mocked = !is_writing && self.started.count() == started;
        if let (true, Some(altering), Some(Ok(result))) = (is_mocked, &mut self.altering, &mut answer.outcome) {
            *result = altering.answer(self.started.running.last().copied(), request, std::mem::take(result));
        }
        if is_own && answer.refused.is_some() {
            self.refused_in = Some(request.state.clone());
        }
        answer
    }

    fn answer_of(&mut self, request: &TaskRequest, is_writing: bool, at: Timestamp) -> Answer {
        match self.response(request) {
            Ok(Some(response)) => answered(&response, request),
            Ok(None) if let Some((name, found)) = self.machine(request) => match found {
                Found::Machine(_, program) => self.start(name, program, request, at),
                Found::Unusable(why) => refused(format!("the state '{}' starts '{name}': {why}", request.state)),
            },
            // What a ResultWriter writes is written where nobody says otherwise.
            Ok(None) if is_writing => Answer::from(Ok(Value::empty_object())),
            Ok(None) | Err(_) if self.failing.is_some() || self.altering.is_some() => {
                self.made_up = true;
                Answer::from(Ok(Value::empty_object()))
            }
            Ok(None) => refused(self.unmocked(request)),
            Err(told) => refused(told),
        }
    }

    fn response(&mut self, request: &TaskRequest) -> Result<Option<Response>, String> {
        let frame = frame_steps(&request.frame);
        let mocks = self.mocks();
        let fitting = mocks.0.iter().enumerate().filter(|(_, mock)| mock.key.fits(&request.state, &frame));
        let mut sent_otherwise = None;
        for (at, mock) in fitting {
            let chosen = mock
                .answers
                .iter()
                .enumerate()
                .find(|(_, choice)| choice.when.as_ref().is_none_or(|when| when.matches(&request.input)));
            let Some((which, choice)) = chosen else {
                sent_otherwise = Some(mock);
                continue;
            };
            self.use_mock(at);
            if !choice.is_sequence {
                return Ok(choice.sequence.first().cloned());
            }
            // Of a state that is visited again, the sequence goes on.
            let items = match choice.is_shared {
                true => Vec::new(),
                false => frame.iter().map(|step| (step.state.to_owned(), step.index)).collect(),
            };
            let key = Position { mock: at, choice: which, execution: request.execution.clone(), items };
            let position = self.positions.entry(key).or_default();
            let response = choice.sequence.get(*position).cloned();
            *position += 1;
            let (state, count) = (&request.state, choice.sequence.len());
            let answers = if count == 1 { "answer" } else { "answers" };
            let used_up = || format!("call {position} of the state '{state}': its sequence has {count} {answers}");
            return response.map(Some).ok_or_else(used_up);
        }
        match sent_otherwise {
            // Its choices may be for what is read.
            Some(_) if is_of_writer(request) => Ok(None),
            Some(_) => Err(format!(
                "no choice of the mock of '{}' is for what its task is sent: {}",
                request.state,
                request.input.preview(SHOWN)
            )),
            None => Ok(None),
        }
    }
}

/// Whether the `ResultWriter` of a Map state asks: tasks reach S3 through `aws-sdk` only.
fn is_of_writer(request: &TaskRequest) -> bool {
    request.resource.ends_with(":s3:putObject") && !request.resource.ends_with(":aws-sdk:s3:putObject")
}

pub(crate) fn refused(told: String) -> Answer {
    Answer { refused: Some(told), ..Answer::default() }
}

/// What a task answers on virtual time.
fn answered(response: &Response, request: &TaskRequest) -> Answer {
    let started =
        request.is_activity().then(|| Reply::Started { worker_name: response.worker.as_deref().map(Into::into) });
    let submitted = match &response.submitted {
        Some(submitted) => match submitted.value(&request.input) {
            Ok(value) => Some(Reply::Submitted(value)),
            Err(told) => return refused(format!("'submitted' of the mock of '{}': {told}", request.state)),
        },
        None => None,
    };
    let answer = Answer {
        before: started.into_iter().chain(submitted).collect(),
        after_millis: response.after,
        heartbeat_millis: response.heartbeat,
        ..Answer::default()
    };
    let gives_up = request.gives_up(Timestamp(0)).is_some();
    match &response.work {
        Work::Result(result) => match result.value(&request.input) {
            Ok(value) => Answer { outcome: Some(Ok(value)), ..answer },
            Err(told) => refused(format!("'result' of the mock of '{}': {told}", request.state)),
        },
        Work::Fails(failure) => Answer { outcome: Some(Err(failure.clone())), ..answer },
        Work::TimesOut(failure) if gives_up => {
            let plain = Failure { error: Some("States.Timeout".into()), ..Failure::default() };
            Answer { times_out: (*failure != plain).then(|| failure.clone()), ..answer }
        }
        // Without a time of its own, the task ends as if the service had said so.
        Work::TimesOut(failure) => Answer { outcome: Some(Err(failure.clone())), ..answer },
        Work::NeverAnswers | Work::Takes => answer,
    }
}
