//! State machines that can be started, and where they come from.

use std::sync::Arc;

use asl_engine::{Execution, Program};
use asl_tasks::{Mocks, Router, is_step_functions_name};

use crate::start::{StartError, Watcher};

/// A state machine that can be started.
#[derive(Clone, Debug)]
pub struct StateMachine {
    /// Its ARN, without a version or an alias.
    pub arn: Arc<str>,
    /// Its name, which its ARN ends with.
    pub name: Arc<str>,
    /// What it does.
    pub program: Arc<Program>,
    /// The role that its executions have: `$$.Execution.RoleArn`.
    pub role_arn: Arc<str>,
    /// Whether its executions are EXPRESS.
    pub is_express: bool,
    /// The ARN of the version that is started, where one was named or an alias has led to it.
    pub version: Option<Arc<str>>,
    /// The ARN of the alias that was named.
    pub alias: Option<Arc<str>>,
    /// Names what it is now among all that it has been: an execution goes on with that after a restart.
    pub revision: Arc<str>,
}

/// State machines by their ARNs: of those that a server has.
pub trait StateMachines: Send + Sync {
    /// The state machine with this ARN, which may be that of a version or an alias, in any region.
    fn find(&self, arn: &str) -> Result<StateMachine, StartError>;

    /// What it was in this revision.
    fn revision(&self, revision: &str) -> Option<StateMachine>;

    /// What a test case answers in the place of a machine's tasks; the error says why nothing does.
    fn mocks(&self, machine: &StateMachine, test_case: &str) -> Result<Arc<Mocks>, String>;

    /// What serves the tasks of the machine with this ARN, where that is not what serves all others.
    fn router(&self, arn: &str) -> Option<Arc<Router>> {
        let _ = arn;
        None
    }

    /// Who is told what happens in an execution of it.
    fn watcher(&self, machine: &StateMachine, execution: &Arc<Execution>) -> Option<Watcher>;
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
        Self::with_arn(arn, name, program)
    }

    /// A state machine with this ARN, of which nothing else is known.
    pub fn with_arn(arn: Arc<str>, name: &str, program: Arc<Program>) -> Self {
        Self {
            arn,
            name: name.into(),
            program,
            role_arn: "arn:aws:iam::000000000000:role/asl".into(),
            is_express: false,
            version: None,
            alias: None,
            revision: "".into(),
        }
    }
}
