//! The Step Functions API: all its operations over the catalog and the executions.
//!
//! AWS API reference of Step Functions (2016-11-23), protocol JSON 1.0. Recorded answers of AWS hold it (`tests/api`).

mod activities;
mod aliases;
mod arn;
mod definitions;
pub(crate) mod error;
pub(crate) mod executions;
mod history;
mod map_runs;
mod members;
pub(crate) mod request;
mod state_machines;
mod tags;
mod test_state;
mod versions;

use std::sync::{Arc, Weak};

use asl_aws::InProcess;
use asl_aws::in_process::{Missing, json_parameters, respond, target_operation};
use asl_engine::{Timestamp, Value};
use asl_project::{Executions, StateMachine};
use asl_runtime::BoxFuture;
use asl_tasks::{Callbacks, Calls};
use aws_smithy_types::body::SdkBody;
use http::header::AUTHORIZATION;
use http::{Response, StatusCode};
use tokio::sync::Semaphore;

use self::arn::Arn;
use self::error::ApiError;
use self::request::Request;
use crate::answers::Answers;
use crate::catalog::Catalog;

/// What the server says of itself.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account that things are made in.
    pub account: String,
    /// The region of requests that name none.
    pub region: String,
}

impl Identity {
    /// The ARN of a state machine.
    pub(crate) fn machine_arn(&self, name: &str) -> String {
        let Self { account, region } = self;
        format!("arn:aws:states:{region}:{account}:stateMachine:{name}")
    }

    /// The ARN of what a trigger calls.
    pub(crate) fn arn_of(&self, calls: &Calls) -> String {
        let Self { account, region } = self;
        match calls {
            Calls::StateMachine(name) => self.machine_arn(name),
            Calls::Function(name) => format!("arn:aws:lambda:{region}:{account}:function:{name}"),
            Calls::Queue(name) => format!("arn:aws:sqs:{region}:{account}:{name}"),
            Calls::Topic(name) => format!("arn:aws:sns:{region}:{account}:{name}"),
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self { account: "000000000000".to_owned(), region: "us-east-1".to_owned() }
    }
}

/// What answers the requests.
pub(crate) struct Api {
    /// They hold this, as one of the services that tasks call.
    pub(crate) executions: Weak<Executions>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) callbacks: Arc<Callbacks>,
    pub(crate) answers: Arc<Answers>,
    pub(crate) identity: Identity,
    pub(crate) redrives: executions::Redrives,
    /// How many more may wait for the work of an activity.
    pub(crate) polls: Arc<Semaphore>,
}

impl InProcess for Api {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, Response<SdkBody>> {
        Box::pin(async move {
            let operation = target_operation(&request).to_owned();
            let region = region(&request).unwrap_or(&self.identity.region).to_owned();
            let parameters = json_parameters(request).await;
            match self.run(&operation, &region, parameters).await {
                Ok(answer) => {
                    let request_id = uuid::Uuid::new_v4().to_string();
                    respond(StatusCode::OK, "application/x-amz-json-1.0", &request_id, answer.to_string())
                }
                Err(error) => error.response(),
            }
        })
    }

    fn has(&self, operation: &str) -> bool {
        members::operations().any(|known| known == operation)
    }

    fn missing<'a>(&'a self, operation: &'a str, parameters: &'a Value) -> BoxFuture<'a, Option<Missing>> {
        // The SDK for Java 2 calls members so. A machine may also be made later.
        let missing = || {
            let arn = parameters["StateMachineArn"].as_str().filter(|_| operation.starts_with("Start"))?;
            self.executions.upgrade()?.missing_machine(arn)
        };
        Box::pin(std::future::ready(missing()))
    }
}

/// The region that a request is signed for.
fn region<B>(request: &http::Request<B>) -> Option<&str> {
    let authorization = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let region = credential.split([',', ' ']).next()?.rsplit('/').nth(2)?;
    let is_region = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    Some(region).filter(|region| is_region && !region.is_empty())
}

/// An empty answer.
fn nothing() -> Value {
    Value::empty_object()
}

/// A time, as the API has it.
fn date(at: Timestamp) -> Value {
    at.seconds_text().parse().unwrap_or_default()
}

impl Api {
    async fn run(&self, operation: &str, region: &str, parameters: Result<Value, String>) -> Result<Value, ApiError> {
        if !self.has(operation) {
            return Err(ApiError::new("UnknownOperationException", format!("there is no operation {operation}")));
        }
        let parameters = parameters.map_err(|why| ApiError::new("SerializationException", why))?;
        members::check(operation, &parameters)?;
        let executions = self.executions.upgrade().ok_or_else(|| ApiError::unavailable("the server ends"))?;
        let request = &Request { parameters: &parameters, region };
        match operation {
            "CreateStateMachine" => self.create_state_machine(request).await,
            "UpdateStateMachine" => self.update_state_machine(request).await,
            "DescribeStateMachine" => self.describe_state_machine(request),
            "DescribeStateMachineForExecution" => self.describe_state_machine_for_execution(&executions, request),
            "DeleteStateMachine" => self.delete_state_machine(&executions, request).await,
            "ListStateMachines" => self.list_state_machines(request),
            "ValidateStateMachineDefinition" => definitions::validate(request),
            "TestState" => test_state::test_state(&executions, request).await,
            "PublishStateMachineVersion" => self.publish_version(request).await,
            "ListStateMachineVersions" => self.list_versions(request),
            "DeleteStateMachineVersion" => self.delete_version(request).await,
            "CreateStateMachineAlias" => self.create_alias(request).await,
            "UpdateStateMachineAlias" => self.update_alias(request).await,
            "DescribeStateMachineAlias" => self.describe_alias(request),
            "DeleteStateMachineAlias" => self.delete_alias(request).await,
            "ListStateMachineAliases" => self.list_aliases(request),
            "StartExecution" => executions::start(&self.catalog, &executions, request).await,
            "StartSyncExecution" => executions::start_sync(&executions, request).await,
            "StopExecution" => executions::stop(&executions, request).await,
            "DescribeExecution" => self.describe_execution(&executions, request),
            "ListExecutions" => self.list_executions(&executions, request),
            "RedriveExecution" => self.redrive(&executions, request).await,
            "GetExecutionHistory" => history::history(&executions, request),
            "ListMapRuns" => map_runs::list(&executions, request),
            "DescribeMapRun" => map_runs::describe(&executions, request),
            "UpdateMapRun" => map_runs::update(&executions, request),
            "CreateActivity" => self.create_activity(request).await,
            "DescribeActivity" => self.describe_activity(request),
            "DeleteActivity" => self.delete_activity(request).await,
            "ListActivities" => self.list_activities(request),
            "GetActivityTask" => self.activity_task(request).await,
            "SendTaskSuccess" => self.task_success(request).await,
            "SendTaskFailure" => self.task_failure(request).await,
            "SendTaskHeartbeat" => self.task_heartbeat(request),
            "TagResource" => self.tag(request).await,
            "UntagResource" => self.untag(request).await,
            _ => self.list_tags(request),
        }
    }

    /// The ARN of something that is made in the region of a request.
    fn arn(&self, request: &Request<'_>, kind: &str, name: &str) -> Arc<str> {
        let partition = match request.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:states:{}:{}:{kind}:{name}", request.region, self.identity.account).into()
    }
}

/// The state machine that a request starts, and the test case of Step Functions Local that stands behind its ARN:
/// `…:stateMachine:NAME#TestCase`.
fn machine_to_start(
    executions: &Executions,
    request: &Request<'_>,
) -> Result<(StateMachine, Option<Arc<str>>), ApiError> {
    let arn = Arn::state_machine(request.required("stateMachineArn"))?;
    if arn.name.contains('/') {
        let message = "This operation does not support labeled state machine ARNs";
        return Err(ApiError::validation(message).with("reason", "API_DOES_NOT_SUPPORT_LABELED_ARNS"));
    }
    let (text, test_case) = match arn.text.split_once('#') {
        Some((text, test_case)) => (text, Some(test_case.into())),
        None => (arn.text, None),
    };
    Ok((executions.state_machine(text)?, test_case))
}
