//! The jobs that `.sync` waits for: what tells how each is, and what stops it.
//!
//! AWS developer guide, the page of each service below "Integrating optimized services with Step Functions". What is stopped is what
//! the policies there let Step Functions stop.

use asl_engine::{Object, Value};

use crate::integrations::given::Given::{self, Answer, Only, Parameter, Text};
use crate::integrations::given::{Members, at, made};

/// A job, by the action that starts it.
#[derive(Debug)]
pub(super) struct Job {
    /// The service as the resource names it.
    service: &'static str,
    /// The action as the resource names it, with its ending.
    action: &'static str,
    /// What tells how the job is. `Answer` is what Step Functions gives for the start.
    pub(super) describe: Ask,
    ends: Ends,
    output: Output,
    /// What stops the job when nobody waits for it any more.
    pub(super) stop: Option<Ask>,
}

/// An operation and what it is asked.
#[derive(Debug)]
pub(super) struct Ask(pub(super) &'static str, pub(super) Members);

/// How a description tells that the job has ended.
#[derive(Debug)]
enum Ends {
    /// By a status: where it is, and which say that the job has succeeded or failed. With any other it goes on.
    Status(&'static str, &'static [&'static str], &'static [&'static str]),
    /// The same, and that the service does not know the job any more is its success.
    Gone(&'static str, &'static [&'static str]),
    /// As the tasks of ECS end: all have stopped, and no container with an error.
    Tasks,
}

/// What of a description is the output, and the cause of a failure.
#[derive(Debug)]
enum Output {
    /// This part of it.
    Part(&'static str),
    /// These members; `Answer` is the description.
    Made(Members),
    /// An execution, without what a state does not get of it, and whether its texts are read.
    Execution { parsed: bool },
}

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    UnderWay,
    Succeeded,
    Failed,
    /// The description has nothing about it.
    Unknown,
}

impl Job {
    /// The job of a resource with its ending, such as `submitJob.sync`.
    pub(super) fn find(service: &str, action: &str) -> Option<&'static Self> {
        JOBS.iter().find(|known| (known.service, known.action) == (service, action))
    }

    /// How a described job is.
    pub(super) fn state(&self, described: &Value) -> State {
        let (path, succeeded, failed) = match self.ends {
            Ends::Status(path, succeeded, failed) => (path, succeeded, failed),
            Ends::Gone(path, failed) => (path, &[] as &[_], failed),
            Ends::Tasks => return tasks(described),
        };
        match at(described, path).as_str() {
            None => State::Unknown,
            Some(status) if succeeded.contains(&status) => State::Succeeded,
            Some(status) if failed.contains(&status) => State::Failed,
            Some(_) => State::UnderWay,
        }
    }

    /// Whether the job has succeeded when the service answers that it does not know it.
    pub(super) fn ends_by_vanishing(&self) -> bool {
        matches!(self.ends, Ends::Gone(..))
    }

    /// What the task of a job gives, as its output or as the cause of its failure.
    pub(super) fn output(&self, described: &Value, state: State) -> Value {
        match self.output {
            Output::Part(path) => at(described, path),
            Output::Made(members) => made(members, &Value::Null, described),
            Output::Execution { parsed } => execution(described, parsed && state == State::Succeeded),
        }
    }
}

/// How the tasks of ECS are. A container that never ran has no exit code.
fn tasks(described: &Value) -> State {
    let Some(tasks) = described["Tasks"].as_array().filter(|tasks| !tasks.is_empty()) else {
        return State::Unknown;
    };
    if tasks.iter().any(|task| task["LastStatus"].as_str() != Some("STOPPED")) {
        return State::UnderWay;
    }
    let has_exited = |container: &Value| container["ExitCode"].as_i64() == Some(0);
    let has_succeeded = |task: &Value| {
        let containers = task["Containers"].as_array();
        containers.is_some_and(|all| !all.is_empty() && all.iter().all(has_exited))
    };
    if tasks.iter().all(has_succeeded) { State::Succeeded } else { State::Failed }
}

/// A description of an execution as the result of a state, which has not all of it.
fn execution(described: &Value, parsed: bool) -> Value {
    let members = described.as_object().into_iter().flat_map(Object::iter);
    let members = members.filter(|(name, _)| !matches!(&***name, "TraceHeader" | "MapRunArn"));
    members
        .map(|(name, value)| {
            let text = value.as_str().filter(|_| parsed && matches!(&**name, "Input" | "Output"));
            (name.clone(), text.and_then(|text| text.parse().ok()).unwrap_or_else(|| value.clone()))
        })
        .collect()
}

const REASON: (&str, Given) = ("Reason", Text("The state that waited for it was stopped"));
const APPLICATION: (&str, Given) = ("ApplicationId", Parameter("ApplicationId"));
const CLUSTER_NAME: (&str, Given) = ("ClusterName", Parameter("ClusterName"));
const EXECUTION: Members = &[("ExecutionArn", Answer("ExecutionArn"))];
const EXECUTION_ENDS: Ends = Ends::Status("Status", &["SUCCEEDED"], &["FAILED", "TIMED_OUT", "ABORTED"]);
/// As SageMaker's jobs end.
const COMPLETED: &[&str] = &["Completed"];
const NOT_COMPLETED: &[&str] = &["Failed", "Stopped"];
const BUILD_FAILED: &[&str] = &["FAILED", "FAULT", "TIMED_OUT", "STOPPED"];
const CLUSTER: Output = Output::Made(&[("Cluster", Answer("Cluster")), ("ClusterId", Answer("Cluster.Id"))]);

/// A job of SageMaker: all have the same form.
macro_rules! sagemaker {
    ($kind:literal) => {
        Job {
            service: "sagemaker",
            action: concat!("create", $kind, ".sync"),
            describe: Ask(concat!("Describe", $kind), &[(concat!($kind, "Name"), Parameter(concat!($kind, "Name")))]),
            ends: Ends::Status(concat!($kind, "Status"), COMPLETED, NOT_COMPLETED),
            output: Output::Part(""),
            stop: Some(Ask(concat!("Stop", $kind), &[(concat!($kind, "Name"), Parameter(concat!($kind, "Name")))])),
        }
    };
}

/// A batch of builds, by the action that starts it.
macro_rules! build_batch {
    ($action:literal) => {
        Job {
            service: "codebuild",
            action: $action,
            describe: Ask("BatchGetBuildBatches", &[("Ids", Only(&Answer("BuildBatch.Id")))]),
            ends: Ends::Status("BuildBatches.0.BuildBatchStatus", &["SUCCEEDED"], BUILD_FAILED),
            output: Output::Made(&[("BuildBatch", Answer("BuildBatches.0"))]),
            stop: Some(Ask("StopBuildBatch", &[("Id", Answer("BuildBatch.Id"))])),
        }
    };
}

/// An application of EMR Serverless: it is not stopped, and it is as it is told when it has come to a state.
macro_rules! application {
    ($action:literal, $id:expr, $succeeded:expr, $failed:expr) => {
        Job {
            service: "emr-serverless",
            action: $action,
            describe: Ask("GetApplication", &[("ApplicationId", $id)]),
            ends: Ends::Status("Application.State", $succeeded, $failed),
            output: Output::Part("Application"),
            stop: None,
        }
    };
}

/// What is made or deleted in EKS: it is never stopped.
macro_rules! eks {
    ($action:literal, $describe:literal, $members:expr, $part:literal, $ends:expr) => {
        Job {
            service: "eks",
            action: $action,
            describe: Ask($describe, $members),
            ends: $ends,
            output: Output::Part($part),
            stop: None,
        }
    };
}

static JOBS: [Job; 34] = [
    Job {
        service: "athena",
        action: "startQueryExecution.sync",
        describe: Ask("GetQueryExecution", &[("QueryExecutionId", Answer("QueryExecutionId"))]),
        ends: Ends::Status("QueryExecution.Status.State", &["SUCCEEDED"], &["FAILED", "CANCELLED"]),
        output: Output::Part(""),
        stop: Some(Ask("StopQueryExecution", &[("QueryExecutionId", Answer("QueryExecutionId"))])),
    },
    Job {
        service: "batch",
        action: "submitJob.sync",
        describe: Ask("DescribeJobs", &[("Jobs", Only(&Answer("JobId")))]),
        ends: Ends::Status("Jobs.0.Status", &["SUCCEEDED"], &["FAILED"]),
        output: Output::Part("Jobs.0"),
        stop: Some(Ask("TerminateJob", &[("JobId", Answer("JobId")), REASON])),
    },
    Job {
        service: "bedrock",
        action: "createModelCustomizationJob.sync",
        describe: Ask("GetModelCustomizationJob", &[("JobIdentifier", Answer("JobArn"))]),
        ends: Ends::Status("Status", COMPLETED, NOT_COMPLETED),
        output: Output::Part(""),
        stop: Some(Ask("StopModelCustomizationJob", &[("JobIdentifier", Answer("JobArn"))])),
    },
    Job {
        service: "codebuild",
        action: "startBuild.sync",
        describe: Ask("BatchGetBuilds", &[("Ids", Only(&Answer("Build.Id")))]),
        ends: Ends::Status("Builds.0.BuildStatus", &["SUCCEEDED"], BUILD_FAILED),
        output: Output::Made(&[("Build", Answer("Builds.0"))]),
        stop: Some(Ask("StopBuild", &[("Id", Answer("Build.Id"))])),
    },
    build_batch!("startBuildBatch.sync"),
    build_batch!("retryBuildBatch.sync"),
    Job {
        service: "databrew",
        action: "startJobRun.sync",
        describe: Ask("DescribeJobRun", &[("Name", Parameter("Name")), ("RunId", Answer("RunId"))]),
        ends: Ends::Status("State", &["SUCCEEDED"], &["FAILED", "STOPPED", "TIMEOUT"]),
        output: Output::Part(""),
        stop: Some(Ask("StopJobRun", &[("Name", Parameter("Name")), ("RunId", Answer("RunId"))])),
    },
    Job {
        service: "ecs",
        action: "runTask.sync",
        describe: Ask("DescribeTasks", &[("Cluster", Parameter("Cluster")), ("Tasks", Answer("Tasks.*.TaskArn"))]),
        ends: Ends::Tasks,
        output: Output::Part("Tasks.0"),
        stop: Some(Ask("StopTask", &[("Cluster", Parameter("Cluster")), ("Task", Answer("Tasks.0.TaskArn")), REASON])),
    },
    eks!(
        "createCluster.sync",
        "DescribeCluster",
        &[("Name", Parameter("Name"))],
        "",
        Ends::Status("Cluster.Status", &["ACTIVE"], &["FAILED", "DELETING"])
    ),
    eks!(
        "deleteCluster.sync",
        "DescribeCluster",
        &[("Name", Parameter("Name"))],
        "",
        Ends::Gone("Cluster.Status", &["FAILED"])
    ),
    eks!(
        "createNodegroup.sync",
        "DescribeNodegroup",
        &[CLUSTER_NAME, ("NodegroupName", Parameter("NodegroupName"))],
        "",
        Ends::Status("Nodegroup.Status", &["ACTIVE"], &["CREATE_FAILED", "DEGRADED", "DELETING", "DELETE_FAILED"])
    ),
    eks!(
        "deleteNodegroup.sync",
        "DescribeNodegroup",
        &[CLUSTER_NAME, ("NodegroupName", Parameter("NodegroupName"))],
        "",
        Ends::Gone("Nodegroup.Status", &["DELETE_FAILED"])
    ),
    eks!(
        "createFargateProfile.sync",
        "DescribeFargateProfile",
        &[CLUSTER_NAME, ("FargateProfileName", Parameter("FargateProfileName"))],
        "",
        Ends::Status("FargateProfile.Status", &["ACTIVE"], &["CREATE_FAILED", "DELETING", "DELETE_FAILED"])
    ),
    eks!(
        "deleteFargateProfile.sync",
        "DescribeFargateProfile",
        &[CLUSTER_NAME, ("FargateProfileName", Parameter("FargateProfileName"))],
        "",
        Ends::Gone("FargateProfile.Status", &["DELETE_FAILED"])
    ),
    Job {
        service: "elasticmapreduce",
        action: "addStep.sync",
        describe: Ask("DescribeStep", &[("ClusterId", Parameter("ClusterId")), ("StepId", Answer("StepId"))]),
        ends: Ends::Status("Step.Status.State", &["COMPLETED"], &["CANCELLED", "FAILED", "INTERRUPTED"]),
        output: Output::Made(&[("Step", Answer("Step")), ("StepId", Answer("Step.Id"))]),
        stop: Some(Ask("CancelSteps", &[("ClusterId", Parameter("ClusterId")), ("StepIds", Only(&Answer("StepId")))])),
    },
    Job {
        service: "elasticmapreduce",
        action: "createCluster.sync",
        describe: Ask("DescribeCluster", &[("ClusterId", Answer("ClusterId"))]),
        // One that has no more to do may have ended before anybody sees it wait.
        ends: Ends::Status("Cluster.Status.State", &["WAITING", "TERMINATED"], &["TERMINATED_WITH_ERRORS"]),
        output: CLUSTER,
        stop: Some(Ask("TerminateJobFlows", &[("JobFlowIds", Only(&Answer("ClusterId")))])),
    },
    Job {
        service: "elasticmapreduce",
        action: "terminateCluster.sync",
        describe: Ask("DescribeCluster", &[("ClusterId", Parameter("ClusterId"))]),
        ends: Ends::Status("Cluster.Status.State", &["TERMINATED", "TERMINATED_WITH_ERRORS"], &[]),
        output: CLUSTER,
        stop: None,
    },
    Job {
        service: "emr-containers",
        action: "deleteVirtualCluster.sync",
        describe: Ask("DescribeVirtualCluster", &[("Id", Parameter("Id"))]),
        ends: Ends::Status("VirtualCluster.State", &["TERMINATED"], &["ARRESTED"]),
        output: Output::Part("VirtualCluster"),
        stop: None,
    },
    Job {
        service: "emr-containers",
        action: "startJobRun.sync",
        describe: Ask("DescribeJobRun", &[("Id", Answer("Id")), ("VirtualClusterId", Parameter("VirtualClusterId"))]),
        ends: Ends::Status("JobRun.State", &["COMPLETED"], &["FAILED", "CANCELLED"]),
        output: Output::Part("JobRun"),
        stop: Some(Ask("CancelJobRun", &[("Id", Answer("Id")), ("VirtualClusterId", Parameter("VirtualClusterId"))])),
    },
    Job {
        service: "emr-serverless",
        action: "cancelJobRun.sync",
        describe: Ask("GetJobRun", &[APPLICATION, ("JobRunId", Parameter("JobRunId"))]),
        ends: Ends::Status("JobRun.State", &["CANCELLED"], &["SUCCESS", "FAILED"]),
        output: Output::Part("JobRun"),
        stop: None,
    },
    application!("createApplication.sync", Answer("ApplicationId"), &["CREATED", "STARTED"], &["TERMINATED"]),
    application!("deleteApplication.sync", Parameter("ApplicationId"), &["TERMINATED"], &[]),
    application!("startApplication.sync", Parameter("ApplicationId"), &["STARTED"], &["STOPPED", "TERMINATED"]),
    application!("stopApplication.sync", Parameter("ApplicationId"), &["STOPPED"], &["TERMINATED"]),
    Job {
        service: "emr-serverless",
        action: "startJobRun.sync",
        describe: Ask("GetJobRun", &[APPLICATION, ("JobRunId", Answer("JobRunId"))]),
        ends: Ends::Status("JobRun.State", &["SUCCESS"], &["FAILED", "CANCELLED"]),
        output: Output::Part("JobRun"),
        stop: Some(Ask("CancelJobRun", &[APPLICATION, ("JobRunId", Answer("JobRunId"))])),
    },
    Job {
        service: "glue",
        action: "startJobRun.sync",
        describe: Ask("GetJobRun", &[("JobName", Parameter("JobName")), ("RunId", Answer("JobRunId"))]),
        ends: Ends::Status("JobRun.JobRunState", &["SUCCEEDED"], &["FAILED", "ERROR", "STOPPED", "TIMEOUT", "EXPIRED"]),
        output: Output::Part("JobRun"),
        stop: Some(Ask(
            "BatchStopJobRun",
            &[("JobName", Parameter("JobName")), ("JobRunIds", Only(&Answer("JobRunId")))],
        )),
    },
    Job {
        service: "mediaconvert",
        action: "createJob.sync",
        describe: Ask("GetJob", &[("Id", Answer("Job.Id"))]),
        ends: Ends::Status("Job.Status", &["COMPLETE"], &["CANCELED", "ERROR"]),
        output: Output::Part(""),
        stop: Some(Ask("CancelJob", &[("Id", Answer("Job.Id"))])),
    },
    sagemaker!("HyperParameterTuningJob"),
    sagemaker!("LabelingJob"),
    sagemaker!("ProcessingJob"),
    sagemaker!("TrainingJob"),
    sagemaker!("TransformJob"),
    Job {
        service: "states",
        action: "startExecution.sync",
        describe: Ask("DescribeExecution", EXECUTION),
        ends: EXECUTION_ENDS,
        output: Output::Execution { parsed: false },
        stop: Some(Ask("StopExecution", EXECUTION)),
    },
    Job {
        service: "states",
        action: "startExecution.sync:2",
        describe: Ask("DescribeExecution", EXECUTION),
        ends: EXECUTION_ENDS,
        output: Output::Execution { parsed: true },
        stop: Some(Ask("StopExecution", EXECUTION)),
    },
];

/// All jobs, with the names of their services and actions.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str, &'static Job)> {
    JOBS.iter().map(|job| (job.service, job.action, job))
}
