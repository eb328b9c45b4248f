//! What an execution is started with, and why it is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl_engine::model::StateId;
use asl_engine::{Execution, JsonError, Quotas, Value};
use asl_runtime::journal::JournalError;
use asl_runtime::{Batch, now};
use asl_tasks::{Mocks, is_step_functions_name};

use crate::state_machines::StateMachine;

/// What is started: an execution of a state machine.
#[derive(Default)]
pub struct Start {
    /// Its name, which no other execution of the machine has.
    pub name: String,
    /// The input.
    pub input: Value,
    /// The text of the input as it came in, where it came as text.
    pub input_text: Option<Arc<str>>,
    /// Whether who starts it waits for its end. How others have ended is told at the end of the program.
    pub is_waited_for: bool,
    /// Whether an execution that has ended is taken for the one that is asked for: who asks has started it before.
    pub finds_ended: bool,
    /// Whether the name was made just now, so that no other execution can have it.
    pub has_new_name: bool,
    /// Whether it is lost with the program, though there is a journal: who asks waits for its end.
    pub is_lost_at_the_end: bool,
    /// The test case of the server's mocks that answers its tasks.
    pub test_case: Option<Arc<str>>,
    /// Where it begins, if that is not the first state.
    pub starts_at: Option<StartsAt>,
    /// The states that it pauses before until it is told to go on ([`Executions::end_pause`](crate::Executions::resume)).
    pub breakpoints: Arc<BTreeSet<StateId>>,
    /// Whether it also pauses before its first state.
    pub pauses_first: bool,
    /// What answers its tasks in the place of what serves them.
    pub mocks: Option<Arc<Mocks>>,
    /// What its tracing header is.
    pub trace_header: Option<Arc<str>>,
    /// Is told at once what each Batch does, before anything is called.
    pub watcher: Option<Watcher>,
}

/// A state that an execution begins at, as if all states before had been there: a fork of another execution.
#[derive(Clone, Debug, PartialEq)]
pub struct StartsAt {
    /// The name of a state outside of Map and Parallel states.
    pub state: Arc<str>,
    /// What the state is given.
    pub input: Value,
    /// The variables that it sees, as an object.
    pub variables: Value,
}

impl Start {
    /// Whether a journal keeps the execution.
    pub(crate) fn is_kept(&self) -> bool {
        !self.is_lost_at_the_end
    }

    /// Whether an execution may have this name.
    pub fn check_name(&self) -> Result<(), StartError> {
        match is_step_functions_name(&self.name) {
            true => Ok(()),
            false => Err(StartError::InvalidName(self.name.clone())),
        }
    }

    /// Whether an execution may have this name and this input.
    pub fn check(&self, quotas: Quotas) -> Result<(), StartError> {
        self.check_name()?;
        let bytes = || self.input_text.as_ref().map_or_else(|| self.input.json_len(), |text| text.len());
        match quotas.payload_bytes {
            Some(most) if bytes() > most => Err(StartError::InputTooLong(most)),
            _ => Ok(()),
        }
    }
}

/// Is told what happens in an execution. The execution waits for it.
pub type Watcher = Box<dyn FnMut(&Batch) + Send>;

/// Why an execution is not started. The texts are those of AWS.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The ARN is not that of a state machine.
    #[error("Invalid Arn: '{0}'")]
    InvalidArn(String),
    /// There is no state machine with this ARN.
    #[error("State Machine Does Not Exist: '{0}'")]
    NoSuchMachine(Arc<str>),
    /// The state machine with this ARN goes as soon as its executions have ended.
    #[error("State Machine is being deleted: '{0}'")]
    Deleting(Arc<str>),
    /// Nothing can have this name.
    #[error("Invalid Name: '{0}'")]
    InvalidName(String),
    /// The text of the input is no JSON.
    #[error("Invalid State Machine Execution Input: '{0}'")]
    InvalidInput(#[from] JsonError),
    /// The input has more bytes than this.
    #[error(
        "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or \
         equal to {0}"
    )]
    InputTooLong(usize),
    /// The execution with this ARN has another input, or has ended.
    #[error("Execution Already Exists: '{0}'")]
    AlreadyExists(Arc<str>),
    /// The state machine is of the other type.
    #[error("This operation is not supported by this type of state machine")]
    NotSupported,
    /// There are as many executions as there may be.
    #[error("the limit of {0} executions that run at a time is reached")]
    TooMany(usize),
    /// It cannot begin at this state.
    #[error("the state machine has no state '{0}' outside of Map and Parallel states")]
    NoSuchState(Arc<str>),
    /// Its mocks cannot be had, for this reason.
    #[error("{0}")]
    Mocks(String),
    /// Nothing can be kept of it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl StartError {
    /// AWS's code for it.
    ///
    /// API reference of Step Functions, "StartExecution".
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArn(_) => "InvalidArn",
            Self::NoSuchMachine(_) => "StateMachineDoesNotExist",
            Self::Deleting(_) => "StateMachineDeleting",
            Self::InvalidName(_) => "InvalidName",
            Self::InvalidInput(_) => "InvalidExecutionInput",
            Self::InputTooLong(_) => "ValidationException",
            Self::AlreadyExists(_) => "ExecutionAlreadyExists",
            Self::NotSupported => "StateMachineTypeNotSupported",
            Self::TooMany(_) => "ExecutionLimitExceeded",
            Self::NoSuchState(_) | Self::Mocks(_) => "ValidationException",
            Self::Journal(_) => "ServiceUnavailable",
        }
    }
}

/// An execution of `machine` that starts now.
pub(crate) fn execution(machine: &StateMachine, start: &Start, quotas: Quotas) -> Execution {
    let seed = uuid::Uuid::new_v4().as_u64_pair().0;
    // Those of EXPRESS may have the same name: their ARNs tell them apart.
    let arn = match machine.is_express {
        false => format!("{}:{}", machine.arn.replacen(":stateMachine:", ":execution:", 1), start.name),
        true => {
            let arn = machine.arn.replacen(":stateMachine:", ":express:", 1);
            format!("{arn}:{}:{}", start.name, uuid::Uuid::new_v4())
        }
    };
    Execution {
        arn: arn.into(),
        role_arn: machine.role_arn.clone(),
        state_machine_arn: machine.arn.clone(),
        input_text: start.input_text.clone(),
        quotas,
        token_secret: uuid::Uuid::new_v4().to_string().into(),
        ..Execution::local(&machine.name, &start.name, start.input.clone(), now(), seed)
    }
}
