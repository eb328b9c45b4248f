//! Programs: definitions ready to run. Names are resolved to positions; nothing changes any more.

mod compile;
pub mod model;
mod parameter_place;
mod variables;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use crate::choice::Rule;
use crate::definition::ast::{
    Distributed, FractionField, Io, ItemReader, Items, NumberField, StateMachine, StateType, TextField, Wait,
};
use crate::definition::{self, CheckOptions};
use crate::diagnostic::{Diagnostic, Severity, UNSUPPORTED};
use crate::history::TaskName;
use crate::integration::Parameters;
use crate::item_reader::GET_OBJECT;
use crate::placeholder;
use crate::reference_path::ReferencePath;
use crate::retry::{self, Retrier};
use crate::template::Template;
use crate::value::Value;
use model::{Model, ScopeId, StateId, TransitionId, TransitionKind};

/// A definition ready to run: immutable, to be shared between all its executions.
///
/// ```
/// use asl_engine::Program;
///
/// let program = Program::parse(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#).unwrap();
/// assert_eq!(program.tasks().count(), 0);
///
/// let diagnostics = Program::parse(r#"{"States": {}}"#).unwrap_err();
/// assert_eq!(diagnostics[0].to_string(), "SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /");
/// ```
#[derive(Debug)]
pub struct Program {
    scopes: Vec<Scope>,
    timeout_seconds: Option<i64>,
    model: Model,
    source: Arc<str>,
    fingerprint: OnceLock<Arc<str>>,
}

/// The position of a state in its scope.
pub(crate) type StateIndex = usize;

/// One `States` block.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) start: StateIndex,
    pub(crate) states: Vec<State>,
}

/// One state.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: Arc<str>,
    pub(crate) id: StateId,
    /// The first of its transitions.
    first_transition: TransitionId,
    state_type: StateType,
    pub(crate) kind: Kind,
    pub(crate) io: Io,
    pub(crate) assign: Option<Template>,
    /// `None` ends the scope.
    pub(crate) next: Option<StateIndex>,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
}

/// What a state does.
#[derive(Debug)]
pub(crate) enum Kind {
    Pass { result: Option<Value> },
    Task(Task),
    Choice { choices: Vec<Choice>, default: Option<StateIndex> },
    Wait(Wait),
    Succeed,
    Fail { error: Option<TextField>, cause: Option<TextField> },
    Parallel { branches: Vec<ScopeId> },
    Map(Map),
}

/// Something that a state calls.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The state.
    pub state: &'a str,
    /// The resource, as the state gives it.
    pub resource: &'a str,
    parameters: Option<&'a Template>,
}

impl Called<'_> {
    /// The parameters as far as they are the same in every run; what is computed is null.
    pub fn known_parameters(&self) -> Value {
        self.parameters.map_or(Value::Null, Template::known)
    }
}

#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) rule: Rule,
    pub(crate) assign: Option<Template>,
    pub(crate) output: Option<Template>,
    pub(crate) next: StateIndex,
}

#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) resource: Resource,
    pub(crate) credentials: Option<Template>,
    pub(crate) timeout_seconds: Option<NumberField>,
    pub(crate) heartbeat_seconds: Option<NumberField>,
}

/// The `Resource` of a Task, taken apart as the history shows it.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) arn: Arc<str>,
    pub(crate) kind: ResourceKind,
    /// `arn:aws:states:::dynamodb:putItem` has the type `dynamodb` and the action `putItem`.
    pub(crate) name: Arc<TaskName>,
    /// The fields that it takes, where the host has told them.
    inputs: Option<Arc<Value>>,
    /// What its parameters are held against, from when they are first.
    parameters: OnceLock<Option<Parameters>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceKind {
    /// `arn:aws:lambda:…`: its history events are of their own
    Lambda,
    /// `arn:aws:states:…:activity:…`: so are those of a worker that asks for its work
    Activity,
    /// The API of a service: all others
    Integration,
}

#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) scope: ScopeId,
    pub(crate) items: Option<Items>,
    pub(crate) item_selector: Option<Template>,
    pub(crate) max_concurrency: Option<NumberField>,
    pub(crate) label: Option<Arc<str>>,
    pub(crate) tolerated_failure_count: Option<NumberField>,
    pub(crate) tolerated_failure_percentage: Option<FractionField>,
    pub(crate) distributed: Option<Box<Distributed>>,
}

#[derive(Debug)]
pub(crate) struct Catcher {
    pub(crate) error_equals: Vec<Arc<str>>,
    pub(crate) result_path: Option<ReferencePath>,
    pub(crate) assign: Option<Template>,
    pub(crate) output: Option<Template>,
    pub(crate) next: StateIndex,
}

impl Program {
    /// Reads a definition and makes it ready to run. Every error is reported; warnings do not stop it, but for what cannot be
    /// run yet, which is an error here.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::compile(text, definition::parse(text, CheckOptions::default()))
    }

    /// As [`Program::parse`], where `${Name}` may stand for text that nobody fills in, in the place of a value, too: for a run
    /// in which no task is called. It stays as it is; where it stands for a number, the field is as if it was not there. What
    /// cannot be without its value is told.
    pub fn parse_unfilled(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let (machine, diagnostics, unknown) = definition::parse_unfilled(text);
        Self::compile(text, (machine, diagnostics)).map_err(|found| if found.is_empty() { unknown } else { found })
    }

    /// Reads the definition of one state, as a machine of its own. Whatever it leads to stands in for itself.
    pub(crate) fn parse_state(text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::compile(text, definition::parse_state(text))
    }

    fn compile(
        text: &str,
        (machine, mut diagnostics): (Option<StateMachine>, Vec<Diagnostic>),
    ) -> Result<Self, Vec<Diagnostic>> {
        for found in diagnostics.iter_mut().filter(|found| found.code == UNSUPPORTED) {
            found.severity = Severity::Error;
        }
        if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            return Err(diagnostics);
        }
        machine.and_then(|machine| compile::program(text, machine)).ok_or(diagnostics)
    }

    /// What the states call, in the order of the definition: Task states, and Map states with an ItemReader or a ResultWriter.
    ///
    /// ```
    /// let definition = r#"{"StartAt": "Greet", "States": {"Greet": {"Type": "Task", "End": true,
    ///     "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "greet", "Payload.$": "$"}}}}"#;
    /// let program = asl_engine::Program::parse(definition).unwrap();
    /// let called = program.tasks().next().unwrap();
    /// assert_eq!((called.state, called.resource), ("Greet", "arn:aws:states:::lambda:invoke"));
    /// assert_eq!(called.known_parameters().to_string(), r#"{"FunctionName":"greet","Payload":null}"#);
    /// ```
    pub fn tasks(&self) -> impl Iterator<Item = Called<'_>> {
        let states = self.scopes.iter().flat_map(|scope| &scope.states);
        states.flat_map(|state| {
            let task = match &state.kind {
                Kind::Task(task) => Some((&*task.resource.arn, state.parameters())),
                _ => None,
            };
            let reader = state.item_reader();
            let reads = reader.map(|reader| (&*reader.resource.text, reader.parameters.as_ref()));
            let reads_listed = reader.filter(|reader| reader.flattens);
            let reads_listed = reads_listed.map(|reader| (GET_OBJECT, reader.parameters.as_ref()));
            let all = [task, reads, reads_listed, state.result_destination()];
            all.into_iter().flatten().map(|(resource, parameters)| Called { state: &state.name, resource, parameters })
        })
    }

    /// Lets parameters be held against tables of the fields that resources take, before a task is scheduled, as AWS does it.
    /// What has no table takes anything.
    ///
    /// A table has the `shape` of the parameters and the `shapes` that this is made of. A kind is `STRING`, `INTEGER`, `NUMBER`,
    /// `BOOLEAN`, `ANY`, `LISTS` (an object of lists), `HEADERS` (the same, as headers that a caller may set) or `#` and the name of a
    /// shape. A shape is `{"members": {NAME: KIND}, "required": [NAME]}`, `{"items": KIND}` or `{"values": KIND}`.
    ///
    /// ```
    /// let text = r#"{"StartAt": "T", "States": {"T": {
    ///     "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:kms:listKeys", "End": true}}}"#;
    /// let table = r##"{"shape": "#0", "shapes": {"0": {"members": {"Limit": "ANY"}, "required": []}}}"##;
    /// let program = asl_engine::Program::parse(text).unwrap().with_inputs(|_| table.parse().ok());
    /// ```
    #[must_use]
    pub fn with_inputs(mut self, table: impl Fn(&str) -> Option<Value>) -> Self {
        let mut tables = BTreeMap::new();
        for state in self.scopes.iter_mut().flat_map(|scope| &mut scope.states) {
            if let Kind::Task(task) = &mut state.kind {
                let arn = task.resource.arn.clone();
                let told = tables.entry(arn.clone()).or_insert_with(|| table(&arn).map(Arc::new));
                task.resource.inputs = told.clone();
            }
        }
        self
    }

    /// Its scopes, states and transitions.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The text that it was made of, into which all spans point.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// Tells definitions apart, on every machine and in every release: the SHA-256 digest of the definition's value, in
    /// hexadecimal digits. White space and escapes change nothing; the order of members and the writing of numbers do, for
    /// they show in results.
    ///
    /// ```
    /// use asl_engine::Program;
    ///
    /// let program = |text| Program::parse(text).unwrap();
    /// let wide = program(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#);
    /// let narrow = program(r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#);
    /// assert_eq!(wide.fingerprint(), narrow.fingerprint());
    /// assert_eq!(wide.fingerprint().len(), 64);
    /// ```
    pub fn fingerprint(&self) -> &Arc<str> {
        self.fingerprint.get_or_init(|| {
            // What was read once is read again: there is no other text in a program.
            let text = self.source.parse().map_or_else(|_| self.source.to_string(), |value: Value| value.to_string());
            let digits: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            digits.into()
        })
    }

    /// How often a state is tried at most, where a transition is that of a Retrier.
    pub fn attempts(&self, transition: TransitionId) -> Option<u64> {
        let transition = self.model.transition(transition)?;
        let TransitionKind::Retrier(position) = transition.kind else { return None };
        let mut states = self.scopes.iter().flat_map(|scope| &scope.states);
        let state = states.find(|state| state.id == transition.from)?;
        u64::try_from(state.retry.get(position)?.max_attempts).ok().map(|most| most + 1)
    }

    /// How long an execution may take.
    pub fn timeout_seconds(&self) -> Option<i64> {
        self.timeout_seconds
    }

    /// Where the state of a name is, in whichever scope.
    pub(crate) fn find(&self, name: &str) -> Option<(ScopeId, StateIndex)> {
        self.scopes.iter().enumerate().find_map(|(id, scope)| {
            let state = scope.states.iter().position(|state| &*state.name == name)?;
            Some((ScopeId::new(id), state))
        })
    }

    /// The names of all states, in the order of the definition.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().flat_map(|scope| &scope.states).map(|state| &*state.name)
    }

    /// Whether there is such a state: a Frame of another program may ask for one that is not here.
    pub(crate) fn has(&self, scope: ScopeId, state: StateIndex) -> bool {
        self.scopes.get(scope.index()).is_some_and(|scope| state < scope.states.len())
    }

    pub(crate) fn state(&self, scope: ScopeId, state: StateIndex) -> &State {
        &self.scopes[scope.index()].states[state]
    }

    /// Whether a scope is run by executions of the type `EXPRESS`.
    pub(crate) fn is_express(&self, scope: ScopeId) -> bool {
        let parent = self.model.scope(scope).and_then(|scope| scope.parent);
        let mut states = self.scopes.iter().flat_map(|scope| &scope.states);
        let state = states.find(|state| Some(state.id) == parent);
        matches!(state.map(|state| &state.kind), Some(Kind::Map(Map { distributed: Some(distributed), .. }))
            if distributed.is_express)
    }

    pub(crate) fn start(&self, scope: ScopeId) -> StateIndex {
        self.scopes[scope.index()].start
    }
}

impl State {
    pub(crate) fn item_reader(&self) -> Option<&ItemReader> {
        match &self.kind {
            Kind::Map(map) => map.distributed.as_ref()?.item_reader.as_ref(),
            _ => None,
        }
    }

    /// The `Resource` of a ResultWriter, with its parameters.
    fn result_destination(&self) -> Option<(&str, Option<&Template>)> {
        let Kind::Map(Map { distributed: Some(distributed), .. }) = &self.kind else { return None };
        let (resource, parameters) = distributed.result_writer.as_ref()?.destination.as_ref()?;
        Some((&resource.text, parameters.as_ref()))
    }

    /// `Parameters` or `Arguments`
    fn parameters(&self) -> Option<&Template> {
        match &self.io {
            Io::JsonPath(paths) => paths.parameters.as_ref(),
            Io::Jsonata { arguments, .. } => arguments.as_ref(),
        }
    }

    /// The Retrier that an error is for: the first that names it.
    pub(crate) fn retrier(&self, error: Option<&str>) -> Option<usize> {
        self.retry.iter().position(|retrier| retry::matches(&retrier.error_equals, error))
    }

    /// The Catcher that an error is for: the first that names it.
    pub(crate) fn catcher(&self, error: Option<&str>) -> Option<usize> {
        self.catch.iter().position(|catcher| retry::matches(&catcher.error_equals, error))
    }

    /// `Next` or `End`
    pub(crate) fn next_or_end(&self) -> TransitionKind {
        match self.next {
            Some(_) => TransitionKind::Next,
            None => TransitionKind::End,
        }
    }

    /// The id of one of its transitions: they stand in the order of [`Model::transitions_of`].
    pub(crate) fn transition(&self, kind: TransitionKind) -> TransitionId {
        let at = match (kind, &self.kind) {
            (TransitionKind::Next | TransitionKind::End, _) => 0,
            (TransitionKind::ChoiceRule(at), _) => at,
            (TransitionKind::Default, Kind::Choice { choices, .. }) => choices.len(),
            (TransitionKind::Default, _) => 0,
            // What has Retriers and Catchers has either Next or End.
            (TransitionKind::Retrier(at), _) => 1 + at,
            (TransitionKind::Catcher(at), _) => 1 + self.retry.len() + at,
        };
        TransitionId::new(self.first_transition.index() + at)
    }

    /// The state that one of its transitions leads to; `None` ends the scope, or stays.
    pub(crate) fn target(&self, kind: TransitionKind) -> Option<StateIndex> {
        match (kind, &self.kind) {
            (TransitionKind::Next, _) => self.next,
            (TransitionKind::ChoiceRule(at), Kind::Choice { choices, .. }) => choices.get(at).map(|choice| choice.next),
            (TransitionKind::Default, Kind::Choice { default, .. }) => *default,
            (TransitionKind::Catcher(at), _) => self.catch.get(at).map(|catcher| catcher.next),
            (TransitionKind::ChoiceRule(_) | TransitionKind::Default, _) => None,
            (TransitionKind::End | TransitionKind::Retrier(_), _) => None,
        }
    }

    pub(crate) fn state_type(&self) -> StateType {
        self.state_type
    }
}

impl Resource {
    pub(crate) fn new(arn: Arc<str>) -> Self {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let (kind, resource_type, resource) = match parts[..] {
            [_, _, "states", _, _, rest] if rest.starts_with("activity:") => {
                (ResourceKind::Activity, "activity", &*arn)
            }
            [_, _, "states", _, _, rest] => {
                // `aws-sdk:` belongs to the service that it reaches; `.sync:2` belongs to the action.
                let prefix = if rest.starts_with("aws-sdk:") { "aws-sdk:".len() } else { 0 };
                let colon = rest[prefix..].find(':').map(|at| prefix + at);
                let (service, action) = colon.map_or(("", rest), |at| (&rest[..at], &rest[at + 1..]));
                (ResourceKind::Integration, service, action)
            }
            [_, _, "lambda", ..] => (ResourceKind::Lambda, "lambda", &*arn),
            [_, _, service, _, _, rest] => (ResourceKind::Integration, service, rest),
            // What is filled in as a whole is the ARN of a function more often than not.
            _ if placeholder::is_in(&arn) => (ResourceKind::Lambda, "lambda", &*arn),
            _ => (ResourceKind::Integration, "", &*arn),
        };
        let name = TaskName { resource_type: resource_type.into(), resource: resource.into() };
        Self { name: Arc::new(name), arn, kind, inputs: None, parameters: OnceLock::new() }
    }

    /// What its parameters are held against.
    pub(crate) fn parameters(&self) -> Option<&Parameters> {
        self.parameters.get_or_init(|| self.inputs.as_deref().map(Parameters::of)).as_ref()
    }
}
