//! What an execution is started with, and why it is not.

use std::sync::Arc;

use asl_engine::{Execution, JsonError, Program, Quotas, Value};
use asl_runtime::{Batch, now};
use asl_tasks::is_step_functions_name;

/// A state machine that can be started.
#[derive(Clone, Debug)]
pub struct StateMachine {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its name, which its ARN ends with.
    pub name: Arc<str>,
    /// What it does.
    pub program: Arc<Program>,
}

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
    /// Is told at once what each Batch does, before anything is called.
    pub watcher: Option<Watcher>,
}

impl Start {
    /// Whether an execution may have this name and this input.
    pub fn check(&self, quotas: Quotas) -> Result<(), StartError> {
        if !is_step_functions_name(&self.name) {
            return Err(StartError::InvalidName(self.name.clone()));
        }
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
}

impl StartError {
    /// AWS's code for it.
    ///
    /// API reference of Step Functions, "StartExecution".
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArn(_) => "InvalidArn",
            Self::NoSuchMachine(_) => "StateMachineDoesNotExist",
            Self::InvalidName(_) => "InvalidName",
            Self::InvalidInput(_) => "InvalidExecutionInput",
            Self::InputTooLong(_) => "ValidationException",
            Self::AlreadyExists(_) => "ExecutionAlreadyExists",
        }
    }
}

impl StateMachine {
    /// The ARN of a state machine without the version or alias behind it, and its name.
    pub fn arn_and_name(arn: &str) -> Result<(Arc<str>, &str), StartError> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts[..] {
            ["arn", _, "states", _, _, "stateMachine", name] | ["arn", _, "states", _, _, "stateMachine", name, _]
                if is_step_functions_name(name) =>
            {
                Ok((parts[..7].join(":").into(), name))
            }
            _ => Err(StartError::InvalidArn(arn.to_owned())),
        }
    }

    /// The state machine of this name where [`Execution::local`] has it.
    pub fn local(name: &str, program: Arc<Program>) -> Self {
        let arn = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}").into();
        Self { arn, name: name.into(), program }
    }
}

/// An execution of `machine` that starts now.
pub(crate) fn execution(machine: &StateMachine, start: &Start, quotas: Quotas) -> Execution {
    let seed = uuid::Uuid::new_v4().as_u64_pair().0;
    let arn = machine.arn.replacen(":stateMachine:", ":execution:", 1);
    Execution {
        arn: format!("{arn}:{}", start.name).into(),
        state_machine_arn: machine.arn.clone(),
        input_text: start.input_text.clone(),
        quotas,
        token_secret: uuid::Uuid::new_v4().to_string().into(),
        ..Execution::local(&machine.name, &start.name, start.input.clone(), now(), seed)
    }
}
