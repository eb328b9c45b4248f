//! What the errors of optimized integrations are called.
//!
//! The classes are those of the SDK for Java 1. Prefixes were seen in recordings and in the Retriers of published definitions, but for
//! those of EMR on EKS, EKS, DataBrew and MediaConvert, which follow the others.

use crate::integrations::answer::Names;

/// By the names of services in resources.
static NAMES: [(&str, Names); 17] = [
    ("athena", names("Athena", "AmazonAthena", "AmazonAthenaException")),
    ("batch", names("Batch", "AWSBatch", "AWSBatchException")),
    ("bedrock", names("Bedrock", "AmazonBedrock", "AmazonBedrockException")),
    ("codebuild", names("CodeBuild", "AWSCodeBuild", "AWSCodeBuildException")),
    ("databrew", names("DataBrew", "AWSGlueDataBrew", "AWSGlueDataBrewException")),
    ("dynamodb", names("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException")),
    ("ecs", names("ECS", "AmazonECS", "AmazonECSException")),
    ("eks", names("EKS", "AmazonEKS", "AmazonEKSException")),
    ("elasticmapreduce", names("EMR", "AmazonElasticMapReduce", "AmazonElasticMapReduceException")),
    ("emr-containers", names("EMRContainers", "AmazonEMRContainers", "AmazonEMRContainersException")),
    ("emr-serverless", names("EMRServerless", "AWSEMRServerless", "AWSEMRServerlessException")),
    ("events", names("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException")),
    ("glue", names("Glue", "AWSGlue", "AWSGlueException")),
    ("mediaconvert", names("MediaConvert", "AWSMediaConvert", "AWSMediaConvertException")),
    ("sagemaker", names("SageMaker", "AmazonSageMaker", "AmazonSageMakerException")),
    ("sns", names("SNS", "AmazonSNS", "AmazonSNSException")),
    ("sqs", names("SQS", "AmazonSQS", "AmazonSQSException")),
];

static STEP_FUNCTIONS: Names = names("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException");

const fn names(prefix: &'static str, service: &'static str, other: &'static str) -> Names {
    Names { prefix, service, other }
}

/// The names of the errors of a service.
pub(in crate::integrations) fn of(service: &str) -> &'static Names {
    let found = NAMES.iter().find(|(name, _)| *name == service);
    found.map_or(&STEP_FUNCTIONS, |(_, names)| names)
}
