//! The tasks of a project: what serves them, and what is done before the first is called.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use asl_engine::{Called, Program, StateType, nearest};
use asl_runtime::{Handler, PrepareError};
use asl_tasks::{ListenError, Router};
use futures_util::future::try_join_all;

use crate::project::Project;

/// A state that calls something.
pub struct Task<'a> {
    /// The state.
    pub state: &'a str,
    /// The resource; of `lambda:invoke` the function, where its name is known.
    pub resource: Cow<'a, str>,
    /// What serves it.
    pub handler: Arc<dyn Handler>,
}

impl fmt::Debug for Task<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, resource, handler } = self;
        write!(f, "{state}: {resource} by {}", handler.name())
    }
}

/// Nothing serves the task of a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state '{state}'{} {why}", machine.as_ref().map_or(String::new(), |name| format!(" of the state machine {name}")))]
pub struct Unserved {
    /// The state.
    pub state: String,
    /// The state machine that it is of, where that is one of the routing file.
    pub machine: Option<String>,
    /// What is missing, and what to do.
    pub why: String,
}

/// A mock of the routing file that is not used: no Task state has this name, or no Wait state where it is one of those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedMock<'a> {
    /// The type of the states that it can be of.
    pub state_type: StateType,
    /// The name.
    pub state: &'a str,
    /// A state that may have been meant.
    pub nearest: Option<&'a str>,
}

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The embedded services cannot be reached from other processes.
    #[error(transparent)]
    Endpoint(#[from] ListenError),
    /// What a task calls cannot be made ready.
    #[error("the state '{state}' cannot be run: {source}")]
    Task {
        /// The state.
        state: String,
        /// What is wrong.
        source: PrepareError,
    },
}

impl Project {
    /// Each state with a task, of `program` and of the state machines that it can start. All that nothing serves are told at once,
    /// each once.
    pub async fn tasks<'a>(&'a self, program: &'a Program) -> Result<Vec<Task<'a>>, Vec<Unserved>> {
        self.tasks_by(self.router(), program).await
    }

    /// The same, of a state machine whose tasks this router serves.
    pub async fn tasks_by<'a>(&'a self, router: &Router, program: &'a Program) -> Result<Vec<Task<'a>>, Vec<Unserved>> {
        let mut found = Vec::new();
        let mut missing: Vec<Unserved> = Vec::new();
        let others = self.executions().programs().map(|(name, program)| (Some(name), &**program));
        for (machine, program) in std::iter::once((None, program)).chain(others) {
            for called in program.tasks() {
                let Called { state, resource, .. } = called;
                match router.handler_of(state, resource) {
                    Ok(handler) => found.push((machine, called, handler)),
                    Err(error) => {
                        let mock =
                            error.mock(state).map(|mock| format!("\n\nOr a mock answers in its place:\n\n{mock}"));
                        add(machine, state, format!("has {error}{}", mock.unwrap_or_default()), &mut missing);
                    }
                }
            }
        }
        for (_, called, _) in &found {
            router.note_task(called.state, called.resource);
        }
        for (machine, called, handler) in &found {
            if let Some(why) = handler.missing(called.resource, &called.known_parameters()).await {
                add(*machine, called.state, why, &mut missing);
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let task = |(_, called, handler): (_, Called<'a>, _)| Task {
            state: called.state,
            resource: function_of(&called).map_or(called.resource.into(), Cow::Owned),
            handler,
        };
        Ok(found.into_iter().map(task).collect())
    }

    /// The mocks of the routing file that no state uses, whose tasks may be called under their right names.
    pub fn unused_mocks<'a>(&'a self, program: &'a Program, tasks: &[Task<'a>]) -> Vec<UnusedMock<'a>> {
        let of_tasks: Vec<&str> = tasks.iter().map(|task| task.state).collect();
        let programs = std::iter::once(program).chain(self.executions().programs().map(|(_, program)| &**program));
        let states = programs.flat_map(|program| program.model().states());
        let waits = states.filter(|state| state.state_type == StateType::Wait).map(|state| &*state.name);
        let waits: Vec<&str> = waits.collect();
        let mocked = self.router().mocked_states().map(|state| (state, StateType::Task));
        let mocked = mocked.chain(self.router().mocked_waits().keys().map(|state| (&**state, StateType::Wait)));
        let unused = mocked.filter_map(|(state, state_type)| {
            let states = if state_type == StateType::Wait { &waits } else { &of_tasks };
            let nearest = nearest(state, states.iter().copied());
            (!states.contains(&state)).then_some(UnusedMock { state_type, state, nearest })
        });
        unused.collect()
    }

    /// Lets each handler do beforehand what takes long.
    pub async fn prepare(&self, tasks: &[Task<'_>]) -> Result<(), NotReady> {
        self.router().listen().await?;
        let prepared = tasks.iter().map(async |task| {
            let prepared = task.handler.prepare(&task.resource).await;
            prepared.map_err(|source| NotReady::Task { state: task.state.to_owned(), source })
        });
        try_join_all(prepared).await.map(drop)
    }
}

/// Takes note of what is missing, where that is not told already: by its first line, which names it. What to do about it may be a
/// guess, and then another one may be better.
fn add(machine: Option<&str>, state: &str, why: String, missing: &mut Vec<Unserved>) {
    let first = |why: &str| why.lines().next().map(str::to_owned);
    match missing.iter_mut().find(|told| first(&told.why) == first(&why)) {
        Some(told) if told.why.contains("# a guess") => told.why = why,
        Some(_) => {}
        None => missing.push(Unserved { state: state.to_owned(), machine: machine.map(str::to_owned), why }),
    }
}

/// The function that `lambda:invoke` calls, where its name is known.
fn function_of(called: &Called<'_>) -> Option<String> {
    let is_invoke = called.resource.contains(":lambda:invoke");
    let parameters = is_invoke.then(|| called.known_parameters())?;
    parameters["FunctionName"].as_str().map(str::to_owned)
}

/// What of the real AWS the tasks reach, with their states.
pub async fn reached_aws<'a>(tasks: &[Task<'a>]) -> BTreeMap<String, Vec<&'a str>> {
    let mut reached: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for task in tasks {
        for service in task.handler.reaches_aws(&task.resource).await {
            let states = reached.entry(service).or_default();
            // An ItemReader and a ResultWriter may be of one state.
            if !states.contains(&task.state) {
                states.push(task.state);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use asl_tasks::Routes;

    use super::*;
    use crate::testing::machine;
    use crate::{ExecutionOptions, Substitutions};

    fn project(routes: &str) -> Project {
        let routes = Routes::parse(routes, Path::new("routes.toml")).expect("routes");
        Project::new(routes, &Substitutions::default(), Path::new("unused"), ExecutionOptions::default())
            .expect("a project")
    }

    fn calls(resource: &str) -> String {
        let task = |next: &str| format!(r#"{{"Type":"Task","Resource":"{resource}",{next}}}"#);
        let (first, last) = (task(r#""Next":"Last""#), task(r#""End":true"#));
        format!(r#"{{"StartAt":"First","States":{{"First":{first},"Last":{last}}}}}"#)
    }

    #[tokio::test]
    async fn each_resource_that_nothing_serves_is_told_once() {
        let machine = machine("m", &calls("arn:aws:lambda:us-east-1:1:function:f"));
        let missing = project("").tasks(&machine.program).await.expect_err("nothing serves it");
        assert_eq!(missing.len(), 1);
        let told = "the state 'First' has no route for the resource arn:aws:lambda:us-east-1:1:function:f\n";
        assert!(missing[0].to_string().starts_with(told), "{}", missing[0]);
        let of_other = Unserved { machine: Some("n".to_owned()), ..missing[0].clone() };
        assert!(of_other.to_string().starts_with("the state 'First' of the state machine n has no route for "));
    }

    /// What is missing for a task with these parameters.
    async fn missing(routes: &str, resource: &str, parameters: &str) -> String {
        let definition = format!(
            r#"{{"StartAt":"S","States":{{"S":{{"Type":"Task","Resource":"arn:aws:states:::{resource}",
            "Parameters":{parameters},"End":true}}}}}}"#
        );
        let machine = machine("m", &definition);
        let project = project(routes);
        match project.tasks(&machine.program).await {
            Ok(_) => String::new(),
            Err(missing) => missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[tokio::test]
    async fn what_tasks_name_is_looked_up() {
        const PUT: &str = r#"{"TableName":"Orders","Item":{"id":{"S.$":"$.id"}}}"#;
        const ARN: &str = "arn:aws:states:us-east-1:1:stateMachine";
        for (routes, resource, parameters, expected) in [
            (
                "",
                "dynamodb:putItem",
                PUT,
                "the state 'S' needs the table Orders, which is not there\nIt is made by these lines at the end of routes.toml:\n\n[tables.Orders]\nkey = \"id\"  # a guess",
            ),
            ("[tables.Orders]\nkey = 'id'", "dynamodb:putItem", PUT, ""),
            ("[services]\ndynamodb = 'aws'", "dynamodb:putItem", PUT, ""),
            ("[[mocks]]\nstate = 'S'\nreturn = 1", "dynamodb:putItem", PUT, ""),
            ("", "dynamodb:putItem", r#"{"TableName.$":"$.table","Item":{}}"#, ""),
            ("", "aws-sdk:dynamodb:createTable", r#"{"TableName":"Orders"}"#, ""),
            (
                "",
                "aws-sdk:dynamodb:createBackup",
                "{}",
                "The dynamodb of this program has no CreateBackup. Add the first line",
            ),
            (
                "buckets = ['one']",
                "aws-sdk:s3:putObject",
                r#"{"Bucket":"two","Key.$":"$"}"#,
                "at the start of routes.toml:\n\nbuckets = [\"one\",\"two\"]",
            ),
            ("", "aws-sdk:s3:putObject", r#"{"Bucket":"No Bucket"}"#, "the state 'S' names the bucket \"No Bucket\""),
            (
                "",
                "sns:publish",
                r#"{"TopicArn":"alarm","Message":"m"}"#,
                "the state 'S' names the TopicArn alarm, which is no ARN",
            ),
            ("", "sns:publish", r#"{"TopicArn":"arn:aws:sns:us-east-1:1:alarm","Message":"m"}"#, ""),
            ("", "sqs:sendMessage", r#"{"QueueUrl":"not a queue","MessageBody":"m"}"#, "which is no URL of a queue"),
            (
                "",
                "lambda:invoke.waitForTaskToken",
                r#"{"FunctionName":"f"}"#,
                "the state 'S' has no route for the resource arn:aws:lambda:",
            ),
            (
                "",
                "states:startExecution",
                &format!(r#"{{"StateMachineArn":"{ARN}:child"}}"#),
                "[state_machines.child]\ndefinition = \"child.asl.json\"",
            ),
            (
                "",
                "aws-sdk:sfn:startExecution",
                &format!(r#"{{"StateMachineArn":"{ARN}:child"}}"#),
                "[state_machines.child]",
            ),
            ("", "aws-sdk:sfn:stopExecution", r#"{"ExecutionArn.$":"$"}"#, ""),
            ("", "aws-sdk:sfn:createActivity", r#"{"Name":"a"}"#, "The sfn of this program has no CreateActivity"),
        ] {
            let told = missing(routes, resource, parameters).await;
            assert!(
                told.contains(expected) && told.is_empty() == expected.is_empty(),
                "{resource} {parameters}: {told}"
            );
        }
    }

    #[tokio::test]
    async fn tasks_are_told_with_what_they_reach() {
        let machine = machine("m", &calls("arn:aws:states:::aws-sdk:s3:listBuckets"));
        for (routes, reached) in [("", None), ("[services]\ns3 = 'aws'", Some(["First", "Last"]))] {
            let project = project(routes);
            let tasks = project.tasks(&machine.program).await.expect("they are served");
            let states: Vec<_> = reached_aws(&tasks).await.into_values().flatten().collect();
            assert_eq!(states, reached.map(Vec::from).unwrap_or_default(), "{routes}");
        }
    }

    #[tokio::test]
    async fn a_mock_of_no_state_names_the_nearest() {
        let mocks = "[[mocks]]\nstate = 'Frst'\nreturn = 1\n[[mocks]]\nstate = 'Last'\nreturn = 1\n\
            [[mocks]]\nstate = 'Last'\nafter_seconds = 1\n";
        let machine = machine("m", &calls("arn:aws:states:::aws-sdk:s3:listBuckets"));
        let project = project(mocks);
        let tasks = project.tasks(&machine.program).await.expect("they are served");
        let unused = |state_type, state, nearest| UnusedMock { state_type, state, nearest };
        let expected = [unused(StateType::Task, "Frst", Some("First")), unused(StateType::Wait, "Last", None)];
        assert_eq!(project.unused_mocks(&machine.program, &tasks), expected);
    }
}
