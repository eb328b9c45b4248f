//! The Step Functions API over the executions of this program: for the code of functions, and for `aws-sdk:sfn:…`.
//!
//! AWS API reference of Step Functions: `StartExecution`, `StartSyncExecution`, `StopExecution`, `DescribeExecution`,
//! `ListExecutions`, `DescribeStateMachine`, `ListStateMachines`. The answers to task tokens and the work of activities are `asl_tasks`'.

use std::sync::{Arc, Weak};

use asl_aws::InProcess;
use asl_aws::in_process::{Missing, json_parameters, refuse, required, respond, target_operation};
use asl_engine::{Failure, Object, Timestamp, Value};
use asl_runtime::BoxFuture;
use aws_smithy_types::body::SdkBody;
use http::{Request, Response, StatusCode};

use crate::execution::{Description, Ended};
use crate::executions::{Executions, LookupError};
use crate::start::{Start, StartError};
use crate::start_execution::StopOnDrop;
use crate::state_machines::StateMachine;

/// What answers the requests. The executions hold it.
pub(crate) struct StepFunctionsApi {
    pub(crate) executions: Weak<Executions>,
    /// What answers all that this does not.
    pub(crate) callbacks: Arc<dyn InProcess>,
}

/// What it has beside the callbacks.
const OPERATIONS: [&str; 7] = [
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "DescribeExecution",
    "ListExecutions",
    "DescribeStateMachine",
    "ListStateMachines",
];

/// The role of machines, which none is taken of here.
const ROLE: &str = "arn:aws:iam::000000000000:role/asl";

/// The most entries that one answer lists.
const LISTED_MAX: usize = 1_000;

/// A refusal: its status, AWS's name for it, and its text.
#[derive(Debug)]
struct Refusal(StatusCode, &'static str, String);

impl Refusal {
    fn new(name: &'static str, message: String) -> Self {
        Self(StatusCode::BAD_REQUEST, name, message)
    }

    /// That it cannot be done here: no Catcher takes it.
    fn fault(message: String) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message)
    }
}

impl From<StartError> for Refusal {
    fn from(error: StartError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<LookupError> for Refusal {
    fn from(error: LookupError) -> Self {
        Self::new("ExecutionDoesNotExist", error.to_string())
    }
}

impl InProcess for StepFunctionsApi {
    fn answer(&self, request: Request<SdkBody>) -> BoxFuture<'_, Response<SdkBody>> {
        Box::pin(async move {
            let operation = target_operation(&request).to_owned();
            let executions = self.executions.upgrade().filter(|_| OPERATIONS.contains(&&*operation));
            let Some(executions) = executions else { return self.callbacks.answer(request).await };
            let answered = match json_parameters(request).await {
                Ok(parameters) => run(&executions, &operation, &parameters).await,
                Err(why) => Err(Refusal::new("SerializationException", why)),
            };
            match answered {
                Ok(answer) => {
                    let request_id = uuid::Uuid::new_v4().to_string();
                    respond(StatusCode::OK, "application/x-amz-json-1.0", &request_id, answer.to_string())
                }
                Err(Refusal(status, name, message)) => refuse(status, name, &message),
            }
        })
    }

    fn has(&self, operation: &str) -> bool {
        OPERATIONS.contains(&operation) || self.callbacks.has(operation)
    }

    fn missing<'a>(&'a self, operation: &'a str, parameters: &'a Value) -> BoxFuture<'a, Option<Missing>> {
        // The SDK for Java 2 calls members so.
        let missing = || {
            let arn = parameters["StateMachineArn"].as_str().filter(|_| operation.starts_with("Start"))?;
            self.executions.upgrade()?.missing_machine(arn)
        };
        Box::pin(std::future::ready(missing()))
    }
}

async fn run(executions: &Arc<Executions>, operation: &str, parameters: &Value) -> Result<Value, Refusal> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let required = |name| required(parameters, name).map_err(|why| Refusal::new("ValidationException", why));
    Ok(match operation {
        "StartExecution" | "StartSyncExecution" => {
            let machine = executions.state_machine(required("stateMachineArn")?)?;
            let start = start(text("name"), text("input"))?;
            if operation == "StartExecution" {
                let started = executions.start(&machine, start)?;
                return Ok(object([
                    ("executionArn", Some(started.execution.arn.clone().into())),
                    ("startDate", Some(seconds(started.execution.start_time))),
                ]));
            }
            let started = executions.start(&machine, Start { is_waited_for: true, ..start })?;
            let execution = &started.execution;
            // Who asks may be given up.
            let _stop = started.is_new.then(|| StopOnDrop::new(executions, &execution.arn));
            let ended = started.ended().await;
            if let Some(given_up) = &ended.given_up {
                return Err(Refusal::fault(given_up.to_string()));
            }
            described(&Description { execution: execution.clone(), ended: Some(ended) })
        }
        "StopExecution" => {
            let arn = required("executionArn")?;
            let failure = Failure {
                error: text("error").map(Into::into),
                cause: text("cause").map(Into::into),
                ..Failure::default()
            };
            executions.stop(arn, failure)?;
            object([("stopDate", Some(seconds(asl_runtime::now())))])
        }
        "DescribeExecution" => described(&executions.describe(required("executionArn")?)?),
        "ListExecutions" => {
            let machine = executions.state_machine(required("stateMachineArn")?)?;
            let all = executions.list();
            // Region and account may be any.
            let name = |arn: &str| arn.rsplit(':').next().map(str::to_owned);
            let all = all.iter().filter(|it| name(&it.execution.state_machine_arn) == name(&machine.arn));
            let wanted = all.filter(|it| text("statusFilter").is_none_or(|status| status == it.status()));
            // The newest first.
            let listed: Vec<Value> = wanted.rev().map(listed).collect();
            page("executions", listed, parameters)?
        }
        "DescribeStateMachine" => {
            let StateMachine { arn, name, program, .. } = executions.state_machine(required("stateMachineArn")?)?;
            object([
                ("creationDate", Some(seconds(asl_runtime::now()))),
                ("definition", Some(program.source().clone().into())),
                ("name", Some(name.into())),
                ("roleArn", Some(ROLE.into())),
                ("stateMachineArn", Some(arn.into())),
                ("status", Some("ACTIVE".into())),
                ("type", Some("STANDARD".into())),
            ])
        }
        _ => {
            let machines = executions.programs().map(|(name, program)| {
                let machine = StateMachine::local(name, Arc::clone(program));
                object([
                    ("creationDate", Some(seconds(asl_runtime::now()))),
                    ("name", Some(machine.name.into())),
                    ("stateMachineArn", Some(machine.arn.into())),
                    ("type", Some("STANDARD".into())),
                ])
            });
            page("stateMachines", machines.collect(), parameters)?
        }
    })
}

/// What a request asks to start.
fn start(name: Option<&str>, input: Option<&str>) -> Result<Start, Refusal> {
    let name = name.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let start = Start { name, input: Object::default().into(), ..Start::default() };
    Ok(match input {
        None => start,
        Some(text) => {
            let input = text.parse().map_err(StartError::InvalidInput)?;
            Start { input, input_text: Some(text.into()), ..start }
        }
    })
}

/// An execution with its data.
fn described(described: &Description) -> Value {
    let Description { execution, ended } = described;
    let text = |value: &Value| Some(Value::from(value.to_string()));
    let included = || Some(object([("included", Some(true.into()))]));
    let outcome = ended.as_ref().map(|ended| &ended.finished.outcome);
    let failure = outcome.and_then(|outcome| outcome.as_ref().err());
    let output = outcome.and_then(|outcome| outcome.as_ref().ok());
    let input = execution.input_text.as_ref().map_or_else(|| text(&execution.input), |text| Some(text.clone().into()));
    let told = |text: Option<&Arc<str>>| text.map(|text| text.clone().into());
    object([
        ("cause", told(failure.and_then(|failure| failure.cause.as_ref()))),
        ("error", told(failure.and_then(|failure| failure.error.as_ref()))),
        ("executionArn", Some(execution.arn.clone().into())),
        ("input", input),
        ("inputDetails", included()),
        ("name", Some(execution.name.clone().into())),
        ("output", output.and_then(text)),
        ("outputDetails", output.and_then(|_| included())),
        ("redriveCount", Some(0.into())),
        ("startDate", Some(seconds(execution.start_time))),
        ("stateMachineArn", Some(execution.state_machine_arn.clone().into())),
        ("status", Some(described.status().into())),
        ("stopDate", ended.as_ref().map(|Ended { at, .. }| seconds(*at))),
    ])
}

/// An execution in a list.
fn listed(described: &Description) -> Value {
    let Description { execution, ended } = described;
    object([
        ("executionArn", Some(execution.arn.clone().into())),
        ("name", Some(execution.name.clone().into())),
        ("redriveCount", Some(0.into())),
        ("startDate", Some(seconds(execution.start_time))),
        ("stateMachineArn", Some(execution.state_machine_arn.clone().into())),
        ("status", Some(described.status().into())),
        ("stopDate", ended.as_ref().map(|Ended { at, .. }| seconds(*at))),
    ])
}

/// A page of a list; the token of the next is where it begins.
fn page(name: &'static str, all: Vec<Value>, parameters: &Value) -> Result<Value, Refusal> {
    let from = match parameters.get("nextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => {
            let from = token.parse::<usize>().ok().filter(|from| *from <= all.len());
            from.ok_or_else(|| Refusal::new("InvalidToken", "Invalid Token: 'Invalid token'".to_owned()))?
        }
    };
    let most = parameters.get("maxResults").and_then(Value::as_i64).and_then(|most| usize::try_from(most).ok());
    // 0 is the default, as on AWS.
    let most = most.filter(|most| *most > 0).unwrap_or(100).min(LISTED_MAX);
    let to = all.len().min(from.saturating_add(most));
    let next = (to < all.len()).then(|| Value::from(to.to_string()));
    Ok(object([(name, Some(all[from..to].iter().cloned().collect())), ("nextToken", next)]))
}

/// Seconds since 1970, as the JSON protocols have times.
fn seconds(at: Timestamp) -> Value {
    format!("{}.{:03}", at.0.div_euclid(1000), at.0.rem_euclid(1000)).parse().unwrap_or_default()
}

fn object<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use asl_aws::{Service, Style};

    use super::*;
    use crate::testing::started_by;

    const CHILD: &str = r#"{"StartAt":"Ok?","States":{
        "Ok?":{"Type":"Choice","Choices":[{"Variable":"$.fail","IsPresent":true,"Next":"No"}],"Default":"Sleep"},
        "Sleep":{"Type":"Wait","Seconds":60,"Next":"Yes"},"Yes":{"Type":"Pass","End":true},
        "No":{"Type":"Fail","Error":"SomeFailure","Cause":"as asked"}}}"#;
    const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:child";
    const RUN: &str = "arn:aws:states:us-east-1:000000000000:execution:child:n";

    /// What `aws-sdk:sfn:…` gives.
    async fn ask(executions: &Executions, action: &str, parameters: &str) -> Result<Value, String> {
        let sfn = Service::find("sfn").expect("it is known");
        let operation = sfn.operation(action).expect("it is known");
        let parameters = parameters.replace("MACHINE", MACHINE).replace("RUN", RUN).parse().expect("JSON");
        let answered = executions.router().clients().call(sfn, operation, &parameters, Style::Sdk).await;
        answered.map(|answer| answer.result.into()).map_err(|error| error.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn executions_are_started_described_listed_and_stopped() {
        let executions = started_by(&[("child", CHILD)], false);
        let start = r#"{"StateMachineArn":"MACHINE","Name":"n","Input":"{\"a\":  1}"}"#;
        let started = ask(&executions, "startExecution", start).await.expect("it starts");
        assert_eq!(started["ExecutionArn"].as_str(), Some(RUN));
        let running = ask(&executions, "describeExecution", r#"{"ExecutionArn":"RUN"}"#).await.expect("it is there");
        assert_eq!((running["Status"].as_str(), running["Input"].as_str()), (Some("RUNNING"), Some("{\"a\":  1}")));
        let stop = r#"{"ExecutionArn":"RUN","Error":"E","Cause":"c"}"#;
        ask(&executions, "stopExecution", stop).await.expect("it is there");
        executions.ended().await;
        let stopped = ask(&executions, "describeExecution", r#"{"ExecutionArn":"RUN"}"#).await.expect("it is there");
        let told = ["Status", "Error", "Cause"].map(|name| stopped[name].as_str().unwrap_or_default());
        assert_eq!(told, ["ABORTED", "E", "c"]);
        assert!(stopped.get("StopDate").is_some() && stopped.get("Output").is_none(), "{stopped}");

        let sync = |input: &str| format!(r#"{{"StateMachineArn":"MACHINE","Input":"{input}"}}"#);
        let ended = ask(&executions, "startSyncExecution", &sync("7")).await.expect("it ends");
        assert_eq!((ended["Status"].as_str(), ended["Output"].as_str()), (Some("SUCCEEDED"), Some("7")));
        let failed = ask(&executions, "startSyncExecution", &sync(r#"{\"fail\":1}"#)).await.expect("it ends");
        assert_eq!((failed["Status"].as_str(), failed["Error"].as_str()), (Some("FAILED"), Some("SomeFailure")));

        let list = |more: &str| format!(r#"{{"StateMachineArn":"MACHINE"{more}}}"#);
        let all = ask(&executions, "listExecutions", &list("")).await.expect("it lists");
        let statuses = |listed: &Value| -> Vec<String> {
            let listed = listed["Executions"].as_array().into_iter().flat_map(|all| all.iter());
            listed.map(|it| it["Status"].as_str().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(statuses(&all), ["FAILED", "SUCCEEDED", "ABORTED"]);
        let first = ask(&executions, "listExecutions", &list(r#","MaxResults":2"#)).await.expect("it lists");
        let token = first["NextToken"].as_str().expect("there is more").to_owned();
        let rest = list(&format!(r#","MaxResults":2,"NextToken":"{token}""#));
        let rest = ask(&executions, "listExecutions", &rest).await.expect("it lists");
        assert_eq!((statuses(&rest), rest.get("NextToken")), (vec!["ABORTED".to_owned()], None));
        let failed = ask(&executions, "listExecutions", &list(r#","StatusFilter":"FAILED""#)).await.expect("it lists");
        assert_eq!(statuses(&failed), ["FAILED"]);

        let machines = ask(&executions, "listStateMachines", "{}").await.expect("it lists");
        assert_eq!(machines["StateMachines"][0]["StateMachineArn"].as_str(), Some(MACHINE));
        let machine = ask(&executions, "describeStateMachine", &list("")).await.expect("it is there");
        assert_eq!((machine["Name"].as_str(), machine["Definition"].as_str()), (Some("child"), Some(CHILD)));
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_those_of_aws() {
        let executions = started_by(&[("child", CHILD)], false);
        for (action, parameters, expected) in [
            ("startExecution", r#"{"StateMachineArn":"MACHINE","Input":"{"}"#, "Invalid State Machine Execution Input"),
            ("startExecution", r#"{"StateMachineArn":"MACHINE","Name":"a b"}"#, "Invalid Name: 'a b'"),
            ("startExecution", r#"{"StateMachineArn":"MACHINEs"}"#, "State Machine Does Not Exist"),
            ("startExecution", r#"{"StateMachineArn":"child"}"#, "Invalid Arn: 'child'"),
            ("describeExecution", r#"{"ExecutionArn":"RUN"}"#, "Execution Does Not Exist"),
            ("listExecutions", r#"{"StateMachineArn":"MACHINE","NextToken":"9"}"#, "Invalid Token"),
            ("sendTaskSuccess", r#"{"TaskToken":"t","Output":"1"}"#, "Invalid Token: 'Invalid token'"),
        ] {
            let refused = ask(&executions, action, parameters).await.expect_err(parameters);
            assert!(refused.contains(expected), "{action} {parameters}: {refused}");
        }
    }
}
