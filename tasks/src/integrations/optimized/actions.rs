//! The actions of optimized integrations that are one call of a service.
//!
//! AWS developer guide, "Integrating optimized services with Step Functions" and the page of each service below it.

use crate::integrations::given::Given::{self, Answer, Only, Parameter};
use crate::integrations::given::Members;

/// An action of an optimized integration.
#[derive(Debug)]
pub(super) struct Action {
    /// The service as the resource names it.
    pub(super) service: &'static str,
    /// The action as the resource names it.
    pub(super) action: &'static str,
    /// The operation of the service.
    pub(super) operation: &'static str,
    /// What is sent where it is not the parameters as they are.
    pub(super) sends: Members,
    /// What the result has where it is not the answer as it is.
    pub(super) gives: Members,
    /// The parameter by which the service knows a request that comes twice.
    pub(super) token: Option<&'static str>,
}

impl Action {
    const fn of(service: &'static str, action: &'static str, operation: &'static str) -> Self {
        Self { service, action, operation, sends: &[], gives: &[], token: None }
    }

    const fn sends(self, sends: Members) -> Self {
        Self { sends, ..self }
    }

    const fn gives(self, gives: Members) -> Self {
        Self { gives, ..self }
    }

    const fn token(self, token: &'static str) -> Self {
        Self { token: Some(token), ..self }
    }
}

/// The action of a resource.
pub(super) fn find(service: &str, action: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|known| (known.service, known.action) == (service, action))
}

const CLUSTER: (&str, Given) = ("ClusterId", Parameter("ClusterId"));
const JOB_FLOWS: (&str, Given) = ("JobFlowIds", Only(&Parameter("ClusterId")));

static ACTIONS: [Action; 55] = [
    Action::of("athena", "getQueryExecution", "GetQueryExecution"),
    Action::of("athena", "getQueryResults", "GetQueryResults"),
    Action::of("athena", "startQueryExecution", "StartQueryExecution").token("ClientRequestToken"),
    Action::of("athena", "stopQueryExecution", "StopQueryExecution"),
    Action::of("batch", "submitJob", "SubmitJob"),
    Action::of("bedrock", "createModelCustomizationJob", "CreateModelCustomizationJob").token("ClientRequestToken"),
    Action::of("codebuild", "batchDeleteBuilds", "BatchDeleteBuilds"),
    Action::of("codebuild", "batchGetReports", "BatchGetReports"),
    Action::of("codebuild", "deleteBuildBatch", "DeleteBuildBatch"),
    Action::of("codebuild", "retryBuildBatch", "RetryBuildBatch"),
    Action::of("codebuild", "startBuild", "StartBuild"),
    Action::of("codebuild", "startBuildBatch", "StartBuildBatch"),
    Action::of("codebuild", "stopBuild", "StopBuild"),
    Action::of("codebuild", "stopBuildBatch", "StopBuildBatch"),
    Action::of("databrew", "startJobRun", "StartJobRun"),
    Action::of("dynamodb", "deleteItem", "DeleteItem"),
    Action::of("dynamodb", "getItem", "GetItem"),
    Action::of("dynamodb", "putItem", "PutItem"),
    Action::of("dynamodb", "updateItem", "UpdateItem"),
    Action::of("ecs", "runTask", "RunTask").token("ClientToken"),
    Action::of("eks", "createCluster", "CreateCluster").token("ClientRequestToken"),
    Action::of("eks", "createFargateProfile", "CreateFargateProfile").token("ClientRequestToken"),
    Action::of("eks", "createNodegroup", "CreateNodegroup").token("ClientRequestToken"),
    Action::of("eks", "deleteCluster", "DeleteCluster"),
    Action::of("eks", "deleteFargateProfile", "DeleteFargateProfile"),
    Action::of("eks", "deleteNodegroup", "DeleteNodegroup"),
    Action::of("elasticmapreduce", "addStep", "AddJobFlowSteps")
        .sends(&[
            ("JobFlowId", Parameter("ClusterId")),
            ("Steps", Only(&Parameter("Step"))),
            ("ExecutionRoleArn", Parameter("ExecutionRoleArn")),
        ])
        .gives(&[("StepId", Answer("StepIds.0"))]),
    Action::of("elasticmapreduce", "cancelStep", "CancelSteps")
        .sends(&[CLUSTER, ("StepIds", Only(&Parameter("StepId")))])
        .gives(&[("CancelStepsInfo", Answer("CancelStepsInfoList.0"))]),
    Action::of("elasticmapreduce", "createCluster", "RunJobFlow").gives(&[("ClusterId", Answer("JobFlowId"))]),
    Action::of("elasticmapreduce", "setClusterTerminationProtection", "SetTerminationProtection")
        .sends(&[JOB_FLOWS, ("TerminationProtected", Parameter("TerminationProtected"))]),
    Action::of("elasticmapreduce", "terminateCluster", "TerminateJobFlows").sends(&[JOB_FLOWS]),
    Action::of("emr-containers", "createVirtualCluster", "CreateVirtualCluster").token("ClientToken"),
    Action::of("emr-containers", "deleteVirtualCluster", "DeleteVirtualCluster"),
    Action::of("emr-containers", "startJobRun", "StartJobRun").token("ClientToken"),
    Action::of("emr-serverless", "cancelJobRun", "CancelJobRun"),
    Action::of("emr-serverless", "createApplication", "CreateApplication").token("ClientToken"),
    // The service answers nothing to these three; Step Functions gives the application.
    Action::of("emr-serverless", "deleteApplication", "DeleteApplication").gives(APPLICATION),
    Action::of("emr-serverless", "startApplication", "StartApplication").gives(APPLICATION),
    Action::of("emr-serverless", "startJobRun", "StartJobRun").token("ClientToken"),
    Action::of("emr-serverless", "stopApplication", "StopApplication").gives(APPLICATION),
    Action::of("events", "putEvents", "PutEvents"),
    Action::of("glue", "startJobRun", "StartJobRun"),
    Action::of("mediaconvert", "createJob", "CreateJob").token("ClientRequestToken"),
    Action::of("sagemaker", "createEndpoint", "CreateEndpoint"),
    Action::of("sagemaker", "createEndpointConfig", "CreateEndpointConfig"),
    Action::of("sagemaker", "createHyperParameterTuningJob", "CreateHyperParameterTuningJob"),
    Action::of("sagemaker", "createLabelingJob", "CreateLabelingJob"),
    Action::of("sagemaker", "createModel", "CreateModel"),
    Action::of("sagemaker", "createProcessingJob", "CreateProcessingJob"),
    Action::of("sagemaker", "createTrainingJob", "CreateTrainingJob"),
    Action::of("sagemaker", "createTransformJob", "CreateTransformJob"),
    Action::of("sagemaker", "updateEndpoint", "UpdateEndpoint"),
    Action::of("sns", "publish", "Publish"),
    Action::of("sqs", "sendMessage", "SendMessage"),
    Action::of("states", "startExecution", "StartExecution"),
];

const APPLICATION: Members = &[("ApplicationId", Parameter("ApplicationId"))];

/// All actions.
#[cfg(test)]
pub(super) fn all() -> &'static [Action] {
    &ACTIONS
}
