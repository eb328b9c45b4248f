//! A definition as its author wrote it: names not yet resolved, paths and templates parsed, each with its place.

use std::sync::Arc;

use crate::choice::Rule;
use crate::diagnostic::Span;
use crate::intrinsic::Call;
use crate::item_reader::{InputType, ManifestType};
use crate::path::PathExpr;
use crate::query::Query;
use crate::reference_path::ReferencePath;
use crate::result_writer::WriterConfig;
use crate::retry::Retrier;
use crate::template::Template;
use crate::value::Value;

/// A whole definition.
#[derive(Clone, Debug)]
pub(crate) struct StateMachine {
    /// `TimeoutSeconds`: how long an execution may take.
    pub timeout_seconds: Option<i64>,
    /// `StartAt` and `States`
    pub body: Body,
}

/// A text of the definition and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// The text.
    pub text: Arc<str>,
    /// Its place.
    pub span: Span,
    /// Its path in the definition, as AWS writes it.
    pub location: Arc<str>,
}

/// One `StartAt` with its `States`: the machine's own, a branch or an item processor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// Its path in the definition, as AWS writes it; empty for the machine's own.
    pub location: Arc<str>,
    /// `StartAt`
    pub start_at: Option<Name>,
    /// `States`
    pub states: Vec<State>,
}

/// The eight values of `Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum StateType {
    /// `"Type": "Pass"`
    Pass,
    /// `"Type": "Task"`
    Task,
    /// `"Type": "Choice"`
    Choice,
    /// `"Type": "Wait"`
    Wait,
    /// `"Type": "Succeed"`
    Succeed,
    /// `"Type": "Fail"`
    Fail,
    /// `"Type": "Parallel"`
    Parallel,
    /// `"Type": "Map"`
    Map,
}

impl StateType {
    /// All of them, in the order of the specification.
    pub const ALL: [Self; 8] =
        [Self::Pass, Self::Task, Self::Choice, Self::Wait, Self::Succeed, Self::Fail, Self::Parallel, Self::Map];

    /// The word of the definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Task => "Task",
            Self::Choice => "Choice",
            Self::Wait => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail => "Fail",
            Self::Parallel => "Parallel",
            Self::Map => "Map",
        }
    }
}

/// One member of `States`.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Its key in `States`.
    pub name: Name,
    /// The place of its key and its value.
    pub span: Span,
    /// What its type brings.
    pub kind: Kind,
    /// How input becomes output.
    pub io: Io,
    /// `Assign`
    pub assign: Option<Assign>,
    /// `Next` or `End`
    pub transition: Transition,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
}

impl State {
    /// The location of a field, which is empty where only the state is known.
    pub(crate) fn location(&self, field: &str) -> String {
        match field {
            "" => self.name.location.to_string(),
            field => format!("{}/{field}", self.name.location),
        }
    }
}

/// `Assign`: variables and their values.
#[derive(Clone, Debug)]
pub(crate) struct Assign {
    /// The values, as one object.
    pub template: Template,
    /// The variables.
    pub names: Vec<Name>,
}

/// What follows a state.
#[derive(Clone, Debug)]
pub(crate) enum Transition {
    /// `"Next": "State"`
    Next(Name),
    /// `"End": true`, or a state type that ends by itself; the place of the value that says so.
    End(Span),
}

/// The fields that shape a state's input and output, by its query language.
#[derive(Clone, Debug)]
pub(crate) enum Io {
    /// `"QueryLanguage": "JSONPath"`
    JsonPath(Paths),
    /// `"QueryLanguage": "JSONata"`
    Jsonata {
        /// `Arguments`
        arguments: Option<Template>,
        /// `Output`
        output: Option<Template>,
    },
}

impl Io {
    /// `Output`, which only JSONata has.
    pub(crate) fn output(&self) -> Option<&Template> {
        match self {
            Self::JsonPath(_) => None,
            Self::Jsonata { output, .. } => output.as_ref(),
        }
    }

    /// The input becomes the output as it is.
    pub(crate) fn plain() -> Self {
        let whole = || Some(PathExpr::whole_input());
        Self::JsonPath(Paths {
            input_path: whole(),
            parameters: None,
            result_selector: None,
            result_path: Some(ReferencePath::root()),
            output_path: whole(),
        })
    }
}

/// The fields that shape a state's input and output in JSONPath.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// `InputPath`; `None` is `null`
    pub input_path: Option<PathExpr>,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`; `None` is `null`
    pub result_path: Option<ReferencePath>,
    /// `OutputPath`; `None` is `null`
    pub output_path: Option<PathExpr>,
}

/// What a state does, by its type.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Passes its input on, or `Result`.
    Pass {
        /// `Result`
        result: Option<Value>,
    },
    /// Calls `Resource`.
    Task(Task),
    /// Takes the first rule that holds.
    Choice {
        /// `Choices`
        choices: Vec<Choice>,
        /// `Default`
        default: Option<Name>,
    },
    /// Waits.
    Wait(Wait),
    /// Ends this scope with success.
    Succeed,
    /// Ends the execution with a failure.
    Fail {
        /// `Error` or `ErrorPath`
        error: Option<TextField>,
        /// `Cause` or `CausePath`
        cause: Option<TextField>,
    },
    /// Runs all `Branches` at once.
    Parallel {
        /// `Branches`
        branches: Vec<Body>,
    },
    /// Runs one scope for each item.
    Map(Box<Map>),
}

impl Kind {
    /// The scopes inside of it: its branches, or its item processor.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &Body> {
        let (branches, processor) = match self {
            Self::Parallel { branches } => (&branches[..], None),
            Self::Map(map) => (&[][..], Some(&map.body)),
            _ => (&[][..], None),
        };
        branches.iter().chain(processor)
    }

    pub(crate) fn state_type(&self) -> StateType {
        match self {
            Self::Pass { .. } => StateType::Pass,
            Self::Task(_) => StateType::Task,
            Self::Choice { .. } => StateType::Choice,
            Self::Wait(_) => StateType::Wait,
            Self::Succeed => StateType::Succeed,
            Self::Fail { .. } => StateType::Fail,
            Self::Parallel { .. } => StateType::Parallel,
            Self::Map(_) => StateType::Map,
        }
    }
}

impl Body {
    /// Calls `found` for each state of the scope and of those inside of it.
    pub(crate) fn each_state(&self, found: &mut dyn FnMut(&State)) {
        for state in &self.states {
            found(state);
            state.kind.scopes().for_each(|scope| scope.each_state(found));
        }
    }
}

/// One member of `Choices`.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// Its place.
    pub span: Span,
    /// The condition.
    pub rule: Rule,
    /// `Assign`
    pub assign: Option<Assign>,
    /// `Output`, in JSONata
    pub output: Option<Template>,
    /// `Next`
    pub next: Name,
}

/// The fields of a Task state.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// `Resource`
    pub resource: Name,
    /// `Credentials`
    pub credentials: Option<Template>,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`
    pub timeout_seconds: Option<NumberField>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`
    pub heartbeat_seconds: Option<NumberField>,
}

/// The fields of a Map state.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    /// `ItemProcessor` or `Iterator`
    pub body: Body,
    /// `ItemsPath` or `Items`
    pub items: Option<Items>,
    /// `ItemSelector`, or the older `Parameters`
    pub item_selector: Option<Template>,
    /// `MaxConcurrency` or `MaxConcurrencyPath`
    pub max_concurrency: Option<NumberField>,
    /// `Label`
    pub label: Option<Name>,
    /// `ToleratedFailureCount` or `ToleratedFailureCountPath`
    pub tolerated_failure_count: Option<NumberField>,
    /// `ToleratedFailurePercentage` or `ToleratedFailurePercentagePath`
    pub tolerated_failure_percentage: Option<FractionField>,
    /// `Mode`
    pub mode: Option<Name>,
    /// What the mode `DISTRIBUTED` adds; `None` is `INLINE`.
    pub distributed: Option<Box<Distributed>>,
}

/// Where the items of a Map state come from.
#[derive(Clone, Debug)]
pub(crate) enum Items {
    /// `ItemsPath`
    Path(PathExpr),
    /// `"Items": "{% … %}"`
    Query(Arc<Query>),
    /// `"Items": […]`
    Template(Template),
}

/// The fields of a Map state that runs each item as an execution of its own.
///
/// AWS developer guide, "Distributed mode".
#[derive(Clone, Debug)]
pub(crate) struct Distributed {
    /// `"ExecutionType": "EXPRESS"`
    pub is_express: bool,
    /// `ItemReader`
    pub item_reader: Option<ItemReader>,
    /// `ItemBatcher`
    pub item_batcher: Option<ItemBatcher>,
    /// `ResultWriter`
    pub result_writer: Option<ResultWriter>,
}

/// `ItemReader`: where the items come from, when not from the input.
#[derive(Clone, Debug)]
pub(crate) struct ItemReader {
    /// `Resource`
    pub resource: Name,
    /// `Parameters` or `Arguments`
    pub parameters: Option<Template>,
    /// `InputType`; `None` where the items are the objects of a list or an inventory.
    pub input_type: Option<InputType>,
    /// `ManifestType`: the object names others, which hold the items.
    pub manifest: Option<ManifestType>,
    /// `"Transformation": "LOAD_AND_FLATTEN"`: the objects of the list hold the items.
    pub flattens: bool,
    /// `MaxItems` or `MaxItemsPath`
    pub max_items: Option<NumberField>,
}

impl ItemReader {
    /// Whether it lists objects.
    pub(crate) fn lists(&self) -> bool {
        self.resource.text.ends_with(":s3:listObjectsV2")
    }
}

/// `ResultWriter`: where the results go, and in which form.
#[derive(Clone, Debug)]
pub(crate) struct ResultWriter {
    /// `Resource` with `Parameters` or `Arguments`; `None` leaves the results in the state's output.
    pub destination: Option<(Name, Option<Template>)>,
    /// `WriterConfig`; `None` where it says nothing.
    pub config: Option<WriterConfig>,
}

/// `ItemBatcher`: how many items one child execution gets at once.
#[derive(Clone, Debug)]
pub(crate) struct ItemBatcher {
    /// `MaxItemsPerBatch` or `MaxItemsPerBatchPath`
    pub max_items: Option<NumberField>,
    /// `MaxInputBytesPerBatch` or `MaxInputBytesPerBatchPath`
    pub max_input_bytes: Option<NumberField>,
    /// `BatchInput`
    pub batch_input: Option<Template>,
}

/// The forms of a Wait state.
#[derive(Clone, Debug)]
pub(crate) enum Wait {
    /// `Seconds`
    Seconds(i64),
    /// `SecondsPath`
    SecondsPath(PathExpr),
    /// `Timestamp`
    Timestamp(crate::time::Timestamp),
    /// `TimestampPath`
    TimestampPath(PathExpr),
    /// `"Seconds": "{% … %}"`, and its bounds
    SecondsQuery(Arc<Query>, (i64, i64)),
    /// `"Timestamp": "{% … %}"`
    TimestampQuery(Arc<Query>),
}

/// A number, or the path or the expression that gives it.
#[derive(Clone, Debug)]
pub(crate) enum NumberField {
    /// The number itself.
    Literal(i64),
    /// `…Path`
    Path(PathExpr),
    /// `{% … %}`, and its bounds
    Query(Arc<Query>, (i64, i64)),
}

/// A number with a fraction, or the path or the expression that gives it.
#[derive(Clone, Debug)]
pub(crate) enum FractionField {
    /// The number itself.
    Literal(f64),
    /// `…Path`
    Path(PathExpr),
    /// `{% … %}`, and its bounds
    Query(Arc<Query>, (f64, f64)),
}

/// A text, or the path, the call or the expression that gives it.
#[derive(Clone, Debug)]
pub(crate) enum TextField {
    /// The text itself.
    Literal(Arc<str>),
    /// `…Path`
    Path(PathExpr),
    /// `…Path` with a call to an intrinsic function
    Call(Call),
    /// `{% … %}`
    Query(Arc<Query>),
}

/// One member of `Catch`.
#[derive(Clone, Debug)]
pub(crate) struct Catcher {
    /// Its place.
    pub span: Span,
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `ResultPath`; `None` is `null`
    pub result_path: Option<ReferencePath>,
    /// `Assign`
    pub assign: Option<Assign>,
    /// `Output`, in JSONata
    pub output: Option<Template>,
    /// `Next`
    pub next: Name,
}
