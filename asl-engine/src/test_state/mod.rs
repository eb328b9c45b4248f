//! TestState: one state with an input, and what it makes of it.
//!
//! The state is run by the same interpreter as in an execution; what a Task, a Map or a Parallel state would do is mocked.
//! AWS API reference, `TestState`; developer guide, "Testing state machines with TestState API".
//!
//! ```
//! use asl_engine::test_state::{InspectionLevel, Mock, Status, TestState};
//!
//! let definition = r#"{
//!     "Type": "Task",
//!     "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet",
//!     "ResultPath": "$.greeting",
//!     "Catch": [{"ErrorEquals": ["NoName"], "Next": "Stay silent"}],
//!     "Next": "Say it"
//! }"#;
//! let input: asl_engine::Value = r#"{"name": "Ada"}"#.parse().unwrap();
//! let mock = Mock::result("Hello, Ada!".into());
//! let tested = TestState { mock: Some(mock), ..TestState::new(definition, input.clone()) }.run().unwrap();
//! assert_eq!(tested.status, Status::Succeeded);
//! assert_eq!(tested.next_state.as_deref(), Some("Say it"));
//! assert_eq!(
//!     tested.to_json(InspectionLevel::Info).to_string(),
//!     r#"{"output":"{\"name\":\"Ada\",\"greeting\":\"Hello, Ada!\"}","nextState":"Say it","status":"SUCCEEDED"}"#
//! );
//!
//! let mock = Mock::error(asl_engine::Failure::new("NoName", "everybody has a name"));
//! let tested = TestState { mock: Some(mock), ..TestState::new(definition, input) }.run().unwrap();
//! assert_eq!((tested.status, tested.next_state.as_deref()), (Status::CaughtError, Some("Stay silent")));
//! ```

mod check;
mod handlers;
mod limits;
mod model;
mod run;
mod tested;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
pub use crate::frame::Stage;
use crate::task::Failure;
use crate::time::Timestamp;
use crate::value::Value;
pub use handlers::{Handler, HandlerKind, Verdict};
pub use tested::{InspectionLevel, MockCheck, Status, Tested};

/// What is tested, and with what: the request of the API.
#[derive(Clone, Debug)]
pub struct TestState<'a> {
    /// The text of a whole definition, or of one state.
    pub definition: &'a str,
    /// The state of a whole definition, in whichever scope; without it, the definition is that of one state.
    pub state_name: Option<&'a str>,
    /// The raw input of the state.
    pub input: Value,
    /// The context object; without it, that of an execution which was started with `input`.
    pub context: Option<Value>,
    /// The variables that were assigned before, as an object.
    pub variables: Value,
    /// What stands in for the work of a Task, Map or Parallel state, which all need it.
    pub mock: Option<Mock>,
    /// Where in the life of the state the test is.
    pub configuration: Configuration,
    /// The role that the state runs with. A Task state without a mock needs one on AWS.
    pub role_arn: Option<Arc<str>>,
    /// Asks for the secrets of an HTTP Task.
    pub reveal_secrets: bool,
    /// The tables of fields that resources take, as for [`Program::with_inputs`](crate::Program::with_inputs).
    pub inputs: Option<fn(&str) -> Option<Value>>,
    /// What the APIs behind resources answer, which mocked results are held against. A table has the `shape` of the answer and the
    /// `shapes` that this is made of: a kind is `string`, `number`, `boolean` or `#` and the name of a shape, and a shape has its kind as
    /// `type`, the bounds `enum`, `min` and `max`, and `members` with `required`, `items` or `values`.
    pub outputs: Option<fn(&str) -> Option<Value>>,
    /// The time of the test.
    pub at: Timestamp,
}

/// What stands in for the work of a state: a result or an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mock {
    /// `result`: what the work gives.
    pub result: Option<Value>,
    /// Whether `result` was given as a text that is no JSON. It is the text then.
    pub is_no_json: bool,
    /// `errorOutput`: how the work fails.
    pub error_output: Option<Failure>,
    /// `fieldValidationMode`: how the result is held against what the service's API answers.
    pub field_validation: FieldValidation,
}

/// `fieldValidationMode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Fields that are there fit the model of the API, and required fields are there.
    #[default]
    Strict,
    /// Fields that are there fit the model of the API.
    Present,
    /// Anything goes.
    None,
}

/// `stateConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// How often the Retrier that the mocked error is for was used before.
    pub retrier_retry_count: Option<u32>,
    /// The state inside a Map or Parallel state that the mocked error comes from. AWS answers the same with it and
    /// without it.
    pub error_caused_by_state: Option<Arc<str>>,
    /// How many iterations of a Map state failed: whether that is too many is for `ToleratedFailureCount` and
    /// `ToleratedFailurePercentage` to say, and without these it is not.
    pub map_iteration_failure_count: Option<u64>,
    /// What the ItemReader of a Map state reads: a list as JSON text, or the text of an object. Without it, nothing is read.
    pub map_item_reader_data: Option<Arc<str>>,
}

/// Why a test is refused: an error of the API, not of the state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// AWS's name of the error, `ValidationException` or `InvalidDefinition`; `NOT_SUPPORTED_YET` is ours.
    pub code: &'static str,
    /// The text.
    pub message: String,
    /// What is at fault.
    pub reason: Reason,
}

/// What a test is refused for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What is wrong with the definition.
    Definition(Vec<Diagnostic>),
    /// The definition has no state of that name.
    NoSuchState {
        /// The state whose name is nearly the same.
        similar: Option<String>,
        /// The names of the states, in the order of the definition.
        known: Vec<String>,
    },
    /// A Task, Map or Parallel state has no mock.
    NeedsMock,
    /// The state does not take the mock.
    Mock,
    /// The context object.
    Context,
    /// The parts of the request do not go together.
    Request,
}

impl<'a> TestState<'a> {
    /// A test of a definition of one state, at 1970-01-01T00:00:00Z.
    pub fn new(definition: &'a str, input: Value) -> Self {
        Self {
            definition,
            state_name: None,
            input,
            context: None,
            variables: Value::empty_object(),
            mock: None,
            configuration: Configuration::default(),
            role_arn: None,
            reveal_secrets: false,
            inputs: None,
            outputs: None,
            at: Timestamp::default(),
        }
    }

    /// Runs the state. Waits take no time; one of more than five minutes fails, as on AWS. The error is a refusal; how the state fails is part of what was tested.
    pub fn run(&self) -> Result<Tested, Refusal> {
        limits::check(self)?;
        self.check_request()?;
        let subject = self.subject()?;
        let mock_check = self.check_mock(&subject)?;
        self.check_context(&subject)?;
        Ok(Tested { mock_check, ..run::run(self, &subject) })
    }
}

impl Mock {
    /// The work gives this.
    pub fn result(result: Value) -> Self {
        Self { result: Some(result), ..Self::default() }
    }

    /// The work gives what this text says, as the API has it: JSON.
    pub fn text(text: &str) -> Self {
        let result = text.parse();
        Self { is_no_json: result.is_err(), ..Self::result(result.unwrap_or_else(|_| text.into())) }
    }

    /// The work fails with this.
    pub fn error(failure: Failure) -> Self {
        Self { error_output: Some(failure), ..Self::default() }
    }
}

impl Refusal {
    fn validation(reason: Reason, message: impl Into<String>) -> Self {
        Self { code: "ValidationException", message: message.into(), reason }
    }

    fn definition(reason: Reason, message: impl Into<String>) -> Self {
        Self { code: "InvalidDefinition", message: message.into(), reason }
    }
}
