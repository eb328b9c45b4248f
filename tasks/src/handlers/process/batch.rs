//! `batch:submitJob` as commands: what a state asks for, and jobs as Batch describes them.
//!
//! API reference of Batch, `SubmitJob` and `JobDetail`; user guide, "Job environment variables" and "Array jobs".

use std::time::Duration;

use asl_engine::{Object, TaskRequest, Value};
use asl_runtime::now;

use super::container::{self, Ran, Work, arn, name_of, number, object, place, text, texts};

/// The job that a state asks for.
pub(super) struct SubmitJob {
    parameters: Value,
    /// The region and the account.
    place: String,
    id: String,
    created_at: i64,
}

impl SubmitJob {
    pub(super) fn read(request: &TaskRequest) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        Self { parameters: request.input.clone(), place: place(&request.execution), id, created_at: now().0 }
    }

    pub(super) fn work(&self) -> Vec<Work> {
        let given = &self.parameters;
        let overrides = &given["ContainerOverrides"];
        let limit = number(&given["Timeout"]["AttemptDurationSeconds"]);
        let work = Work {
            id: self.id.clone(),
            name: name_of(given["JobName"].as_str().unwrap_or("job")).to_owned(),
            command: container::command(overrides),
            environment: container::environment(overrides),
            attempts: number(&given["RetryStrategy"]["Attempts"]).unwrap_or(1),
            limit: limit.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs),
            parameters: texts(&given["Parameters"]),
        };
        match self.size() {
            None => vec![self.with_job(work, None)],
            Some(size) => (0..size).map(|index| self.with_job(work.clone(), Some(index))).collect(),
        }
    }

    /// What Batch itself puts into the environment.
    fn with_job(&self, mut work: Work, index: Option<usize>) -> Work {
        let queue = name_of(self.parameters["JobQueue"].as_str().unwrap_or_default());
        let id = index.map_or_else(|| self.id.clone(), |index| format!("{}:{index}", self.id));
        work.id.clone_from(&id);
        let mut own = vec![
            ("AWS_BATCH_JOB_ID", id),
            ("AWS_BATCH_JOB_ATTEMPT", "1".to_owned()),
            ("AWS_BATCH_JQ_NAME", queue.to_owned()),
        ];
        own.extend(index.map(|index| ("AWS_BATCH_JOB_ARRAY_INDEX", index.to_string())));
        work.environment.extend(own.into_iter().map(|(name, value)| (name.into(), value.into())));
        work
    }

    /// How many jobs there are of an array job.
    fn size(&self) -> Option<usize> {
        number(&self.parameters["ArrayProperties"]["Size"]).filter(|size| *size > 0)
    }

    pub(super) fn started(&self) -> Object {
        let members =
            [("JobArn", self.arn()), ("JobId", self.id.clone()), ("JobName", text(&self.parameters["JobName"]))];
        members.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
    }

    fn arn(&self) -> String {
        arn("batch", &self.place, "job", &self.id)
    }

    /// The job, and whether it has succeeded.
    pub(super) fn ended(&self, ran: &[Vec<Ran>]) -> (Value, bool) {
        let succeeded = |ran: &&Vec<Ran>| ran.last().is_some_and(Ran::succeeded);
        let good = ran.iter().filter(succeeded).count();
        let is_good = good == ran.len();
        let given = |name: &str| self.parameters.get(name).cloned();
        let own_arn = |name: &str, kind: &str| arn("batch", &self.place, kind, &text(&self.parameters[name]));
        let attempts = if self.size().is_none() { ran.first().map_or(&[] as &[_], Vec::as_slice) } else { &[] };
        let all = || ran.iter().flatten();
        let reason = match self.size() {
            None => attempts.last().map(|last| status_reason(last).to_owned()),
            Some(_) => (!is_good).then(|| "Array Child Job failed".to_owned()),
        };
        let summary = self.size().map(|size| {
            let counts = [("FAILED", ran.len() - good), ("SUCCEEDED", good)];
            let counts: Value = counts.map(|(name, count)| (name, whole(count))).into();
            Value::from([("Size", whole(size)), ("StatusSummary", counts)])
        });
        let job = object([
            ("ArrayProperties", summary),
            ("Attempts", Some(attempts.iter().map(|ran| self.attempt(ran)).collect())),
            ("Container", attempts.last().map(|last| self.container(last))),
            ("CreatedAt", Some(self.created_at.into())),
            ("DependsOn", Some(given("DependsOn").unwrap_or_else(|| Vec::new().into()))),
            ("JobArn", Some(self.arn().into())),
            ("JobDefinition", Some(own_arn("JobDefinition", "job-definition").into())),
            ("JobId", Some(self.id.clone().into())),
            ("JobName", Some(text(&self.parameters["JobName"]).into())),
            ("JobQueue", Some(own_arn("JobQueue", "job-queue").into())),
            ("Parameters", Some(given("Parameters").unwrap_or_else(Value::empty_object))),
            ("RetryStrategy", given("RetryStrategy")),
            ("StartedAt", all().map(|ran| ran.times.0).min().map(Value::from)),
            ("Status", Some(if is_good { "SUCCEEDED" } else { "FAILED" }.into())),
            ("StatusReason", reason.map(Value::from)),
            ("StoppedAt", all().map(|ran| ran.times.1).max().map(Value::from)),
            ("Tags", Some(given("Tags").unwrap_or_else(Value::empty_object))),
            ("Timeout", given("Timeout")),
        ]);
        (job, is_good)
    }

    fn attempt(&self, ran: &Ran) -> Value {
        let container = object([
            ("ExitCode", ran.exit_code.map(Value::from)),
            ("NetworkInterfaces", Some(Value::from(Vec::new()))),
            ("Reason", ran.reason().map(Value::from)),
        ]);
        Value::from([
            ("Container", container),
            ("StartedAt", ran.times.0.into()),
            ("StatusReason", status_reason(ran).into()),
            ("StoppedAt", ran.times.1.into()),
        ])
    }

    fn container(&self, ran: &Ran) -> Value {
        let overrides = &self.parameters["ContainerOverrides"];
        let list = |name: &str| overrides.get(name).cloned().unwrap_or_else(|| Vec::new().into());
        object([
            ("Command", Some(list("Command"))),
            ("Environment", Some(list("Environment"))),
            ("ExitCode", ran.exit_code.map(Value::from)),
            ("NetworkInterfaces", Some(Value::from(Vec::new()))),
            ("Reason", ran.reason().map(Value::from)),
            ("ResourceRequirements", Some(list("ResourceRequirements"))),
        ])
    }
}

fn status_reason(ran: &Ran) -> &'static str {
    match ran {
        Ran { timed_out: true, .. } => "Job attempt duration exceeded timeout",
        Ran { exit_code: None, .. } => "Task failed to start",
        _ => "Essential container in task exited",
    }
}

fn whole(count: usize) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}
