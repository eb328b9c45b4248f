//! What AWS refuses before it runs a state. The texts are AWS's where recordings show them.

use super::{Configuration, FieldValidation, Mock, MockCheck, Reason, Refusal, TestState, model};
use crate::definition::STATE_NAME;
use crate::definition::ast::StateType;
use crate::diagnostic::{Diagnostic, UNSUPPORTED, refusal};
use crate::nearest::nearest;
use crate::program::model::ScopeId;
use crate::program::{Kind, Program, ResourceKind, State, StateIndex};
use crate::value::{Object, Value};

/// The state that is tested, in its program.
pub(super) struct Subject {
    pub(super) program: Program,
    pub(super) place: (ScopeId, StateIndex),
}

impl Subject {
    pub(super) fn state(&self) -> &State {
        self.program.state(self.place.0, self.place.1)
    }
}

/// The members of the context object and their kinds.
///
/// AWS developer guide, "Accessing execution data from the Context object".
const CONTEXT: [(&str, &[(&str, &str)]); 4] = [
    (
        "Execution",
        &[
            ("Id", "string"),
            ("Input", "any"),
            ("Name", "string"),
            ("RoleArn", "string"),
            ("StartTime", "string"),
            ("RedriveCount", "number"),
            ("RedriveTime", "string"),
        ],
    ),
    ("State", &[("EnteredTime", "string"), ("Name", "string"), ("RetryCount", "number")]),
    ("StateMachine", &[("Id", "string"), ("Name", "string")]),
    ("Task", &[("Token", "string")]),
];

impl TestState<'_> {
    /// What the request says, whatever the definition is.
    pub(super) fn check_request(&self) -> Result<(), Refusal> {
        if self.variables.as_object().is_none() {
            return Err(Refusal::validation(Reason::Request, "The variables must be a JSON object"));
        }
        match &self.mock {
            Some(
                Mock { result: Some(_), error_output: Some(_), .. } | Mock { result: None, error_output: None, .. },
            ) => Err(Refusal::validation(
                Reason::Request,
                "A test mock should have only one of the following fields: [result, errorOutput].",
            )),
            Some(_) if self.reveal_secrets => {
                let text = "TestState does not support RevealSecrets when a mock is specified.";
                Err(Refusal::validation(Reason::Request, text))
            }
            Some(_) => Ok(()),
            None => self.configuration.first_field().map_or(Ok(()), |field| {
                let text = format!("TestState does not support {field} when a mock is not specified.");
                Err(Refusal::validation(Reason::Request, text))
            }),
        }
    }

    /// The state that the definition and the name speak of.
    pub(super) fn subject(&self) -> Result<Subject, Refusal> {
        let program = match self.state_name {
            Some(_) => Program::parse(self.definition),
            None => Program::parse_state(self.definition),
        };
        let program = program.map_err(invalid_definition)?;
        let program = match self.inputs {
            Some(inputs) => program.with_inputs(inputs),
            None => program,
        };
        let name = self.state_name.unwrap_or(STATE_NAME);
        let Some(place) = program.find(name) else {
            let known: Vec<String> = program.names().map(str::to_owned).collect();
            let similar = nearest(name, program.names()).map(str::to_owned);
            return Err(Refusal::validation(Reason::NoSuchState { similar, known }, "State not found in definition"));
        };
        Ok(Subject { program, place })
    }

    /// Whether the state takes the mock, or does without. Gives how its result was held against a model.
    pub(super) fn check_mock(&self, subject: &Subject) -> Result<MockCheck, Refusal> {
        let state = subject.state();
        let Some(mock) = &self.mock else { return self.check_without_mock(state).map(|()| MockCheck::NotNeeded) };
        let state_type = state.state_type();
        let result = mock.result.as_ref();
        match &state.kind {
            Kind::Task(task) => {
                let service = &task.resource.name.resource_type;
                let (Some(result), ResourceKind::Integration) = (result, task.resource.kind) else {
                    return Ok(MockCheck::NotNeeded);
                };
                if mock.is_no_json {
                    return Err(mock_refused("Mocked result must be valid JSON"));
                }
                if mock.field_validation == FieldValidation::None {
                    return Ok(MockCheck::NotNeeded);
                }
                let table = self.outputs.and_then(|outputs| outputs(&task.resource.arn));
                model::check(table.as_ref(), service, result, mock.field_validation == FieldValidation::Strict)
                    .map_err(|fault| mock_refused(format!("Mock result schema validation error: {fault}")))
            }
            Kind::Map(map) => {
                let Some(result) = result else { return Ok(MockCheck::NotNeeded) };
                let writer = map.distributed.as_ref().and_then(|distributed| distributed.result_writer.as_ref());
                if writer.is_some_and(|writer| writer.destination.is_some()) {
                    // The result says where the results are.
                    return match result.as_object() {
                        Some(_) => Ok(MockCheck::NotNeeded),
                        None => Err(mock_refused("Mocked result must be a JSON object.")),
                    };
                }
                let results = array(result)?;
                let failed = self.configuration.map_iteration_failure_count.unwrap_or(0);
                if failed > results as u64 {
                    let text = "Map iteration failure count must be less than or equal to the number of Map iterations";
                    return Err(mock_refused(text));
                }
                Ok(MockCheck::NotNeeded)
            }
            Kind::Parallel { branches } => match result {
                Some(result) if array(result)? != branches.len() => Err(mock_refused(
                    "Mocked result must contain the same number of items as number of Parallel branches.",
                )),
                _ => Ok(MockCheck::NotNeeded),
            },
            _ => {
                let text = format!("State type '{}' is not supported when a mock is specified", state_type.name());
                Err(mock_refused(text))
            }
        }
    }

    fn check_without_mock(&self, state: &State) -> Result<(), Refusal> {
        match state.state_type() {
            StateType::Map | StateType::Parallel => {
                let supported = "[Task, Wait, Pass, Succeed, Fail, Choice]";
                let text = format!(
                    "TestState API does not support Map or Parallel states. Supported state types include: {supported}"
                );
                Err(Refusal::definition(Reason::NeedsMock, text))
            }
            StateType::Task if waits(state) || is_activity(state) => {
                let text = "TestState API supports Activity tasks and the '.sync' and '.waitForTaskToken' service \
                            integration patterns only when a mock is specified";
                Err(Refusal::definition(Reason::NeedsMock, text))
            }
            StateType::Task if self.role_arn.is_none() => {
                Err(Refusal::validation(Reason::NeedsMock, "RoleArn must be specified when testing a Task state"))
            }
            StateType::Task => {
                let text = format!("The Task state '{}' needs a mock: a test calls nothing real", state.name);
                Err(Refusal { code: UNSUPPORTED, message: text, reason: Reason::NeedsMock })
            }
            _ => Ok(()),
        }
    }

    /// Whether the context object is one that the state can have.
    pub(super) fn check_context(&self, subject: &Subject) -> Result<(), Refusal> {
        let Some(context) = &self.context else { return Ok(()) };
        let refused =
            |text: String| Refusal::validation(Reason::Context, format!("Invalid Context object provided: {text}"));
        let Some(members) = context.as_object() else { return Err(refused("It must be a JSON object".to_owned())) };
        if members.get("Map").is_some() {
            return Err(refused("'Map' field is not supported when mocking a Context object".to_owned()));
        }
        known("", members, &CONTEXT.map(|(name, _)| (name, "object"))).map_err(refused)?;
        for (name, fields) in CONTEXT {
            if let Some(members) = context[name].as_object() {
                known(&format!("{name}."), members, fields).map_err(refused)?;
            }
        }
        if members.get("Task").is_some() && !waits(subject.state()) {
            let text = "Context object contains 'Task' when state is not a Task state with a '.sync' or \
                        '.waitForTaskToken' service integration pattern";
            return Err(refused(text.to_owned()));
        }
        Ok(())
    }
}

impl Configuration {
    /// The first field that is set, as AWS's texts name it.
    fn first_field(&self) -> Option<&'static str> {
        let fields = [
            ("RetrierRetryCount", self.retrier_retry_count.is_some()),
            ("ErrorCausedByState", self.error_caused_by_state.is_some()),
            ("MapIterationFailureCount", self.map_iteration_failure_count.is_some()),
            ("MapItemReaderData", self.map_item_reader_data.is_some()),
        ];
        fields.into_iter().find(|(_, set)| *set).map(|(name, _)| name)
    }
}

/// How many items a mocked result has.
fn array(result: &Value) -> Result<usize, Refusal> {
    let items = result.as_array().ok_or_else(|| mock_refused("Mocked result must be an array."))?;
    Ok(items.len())
}

/// Whether an object, at `path` in the context object, has members of these names and kinds only.
fn known(path: &str, members: &Object, fields: &[(&str, &str)]) -> Result<(), String> {
    members.iter().try_for_each(|(name, value)| match fields.iter().find(|(field, _)| *field == &**name) {
        Some((_, kind)) => model::fits(kind, value).map_err(|wanted| format!("{path}{name} must be {wanted}")),
        None => Err(format!("Field '{name}' is not allowed")),
    })
}

/// Whether the state is a Task that waits for more than the first answer, and has a token.
pub(super) fn waits(state: &State) -> bool {
    let Kind::Task(task) = &state.kind else { return false };
    [".sync", ".sync:2", ".waitForTaskToken"].iter().any(|pattern| task.resource.arn.ends_with(pattern))
}

fn is_activity(state: &State) -> bool {
    matches!(&state.kind, Kind::Task(task) if task.resource.kind == ResourceKind::Activity)
}

fn invalid_definition(diagnostics: Vec<Diagnostic>) -> Refusal {
    match (refusal(&diagnostics), diagnostics.first()) {
        (None, Some(unsupported)) => {
            let message = unsupported.message.clone();
            Refusal { code: UNSUPPORTED, message, reason: Reason::Definition(diagnostics) }
        }
        (text, _) => Refusal::definition(Reason::Definition(diagnostics), text.unwrap_or_default()),
    }
}

fn mock_refused(text: impl Into<String>) -> Refusal {
    Refusal::validation(Reason::Mock, text)
}
