//! `ecs:runTask` as commands: what a state asks for, and tasks as ECS describes them.
//!
//! API reference of ECS, `RunTask` and `Task`.

use asl_engine::{Object, TaskRequest, Value};
use asl_runtime::now;

use super::container::{self, Ran, Work, arn, name_of, number, object, place};

/// The tasks that a state asks for.
pub(super) struct RunTask {
    parameters: Value,
    /// The region and the account.
    place: String,
    /// The ids of the tasks.
    ids: Vec<String>,
    created_at: i64,
}

/// How far a task is.
enum Stage<'a> {
    Provisioning,
    Stopped(&'a Ran),
}

impl RunTask {
    pub(super) fn read(request: &TaskRequest) -> Self {
        let count = number(&request.input["Count"]).unwrap_or(1).max(1);
        let ids = (0..count).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
        Self { parameters: request.input.clone(), place: place(&request.execution), ids, created_at: now().0 }
    }

    pub(super) fn work(&self) -> Vec<Work> {
        let overrides = self.overrides();
        let work = Work {
            name: self.family().to_owned(),
            command: container::command(overrides),
            environment: container::environment(overrides),
            attempts: 1,
            ..Work::default()
        };
        self.ids.iter().map(|id| Work { id: id.clone(), ..work.clone() }).collect()
    }

    pub(super) fn started(&self) -> Object {
        let tasks: Value = self.ids.iter().map(|id| self.task(id, &Stage::Provisioning)).collect();
        [("Failures", Value::from(Vec::new())), ("Tasks", tasks)].into_iter().collect()
    }

    /// The first task, and whether all have succeeded.
    pub(super) fn ended(&self, ran: &[Vec<Ran>]) -> (Value, bool) {
        let last = |ran: &[Ran]| ran.last().cloned();
        let stopped = self.ids.iter().zip(ran).filter_map(|(id, ran)| Some((id, last(ran)?)));
        // A state fails with the task that has failed.
        let mut stopped: Vec<_> = stopped.collect();
        stopped.sort_by_key(|(_, ran)| ran.succeeded());
        let succeeded = stopped.iter().all(|(_, ran)| ran.succeeded());
        let task = stopped.first().map(|(id, ran)| self.task(id, &Stage::Stopped(ran)));
        (task.unwrap_or_default(), succeeded)
    }

    /// What the state says of the container; of several, the first.
    fn overrides(&self) -> &Value {
        &self.parameters["Overrides"]["ContainerOverrides"][0]
    }

    /// The task definition without its revision.
    fn family(&self) -> &str {
        let definition = name_of(self.parameters["TaskDefinition"].as_str().unwrap_or("task"));
        definition.split(':').next().unwrap_or(definition)
    }

    fn task(&self, id: &str, stage: &Stage<'_>) -> Value {
        let text = |name: &str| self.parameters[name].as_str();
        let cluster = text("Cluster").unwrap_or("default");
        let definition = name_of(text("TaskDefinition").unwrap_or("task"));
        let revision = if definition.contains(':') { "" } else { ":1" };
        let definition = text("TaskDefinition").filter(|name| name.starts_with("arn:")).map_or_else(
            || arn("ecs", &self.place, "task-definition", &format!("{definition}{revision}")),
            str::to_owned,
        );
        let task_arn = format!("arn:aws:ecs:{}:task/{}/{id}", self.place, name_of(cluster));
        let ran = match stage {
            Stage::Provisioning => None,
            Stage::Stopped(ran) => Some(*ran),
        };
        let status = if ran.is_some() { "STOPPED" } else { "PROVISIONING" };
        let at = |time: Option<i64>| time.map(Value::from);
        let stopped_at = at(ran.map(|ran| ran.times.1));
        let did_start = ran.is_some_and(|ran| ran.exit_code.is_some());
        let (code, reason) = match did_start {
            true => ("EssentialContainerExited", "Essential container in task exited"),
            false => ("TaskFailedToStart", "Task failed to start"),
        };
        object([
            ("Attachments", Some(Value::from(Vec::new()))),
            ("ClusterArn", Some(arn("ecs", &self.place, "cluster", cluster).into())),
            ("Containers", Some(Value::from(vec![self.container(id, &task_arn, ran)]))),
            ("CreatedAt", Some(self.created_at.into())),
            ("DesiredStatus", Some(if ran.is_some() { "STOPPED" } else { "RUNNING" }.into())),
            ("ExecutionStoppedAt", stopped_at.clone().filter(|_| did_start)),
            ("Group", Some(text("Group").map_or_else(|| format!("family:{}", self.family()), str::to_owned).into())),
            ("LastStatus", Some(status.into())),
            ("LaunchType", Some(text("LaunchType").unwrap_or("EC2").into())),
            ("Overrides", Some(self.parameters.get("Overrides").cloned().unwrap_or_else(Value::empty_object))),
            ("StartedAt", at(ran.map(|ran| ran.times.0)).filter(|_| did_start)),
            ("StopCode", ran.map(|_| code.into())),
            ("StoppedAt", stopped_at.clone()),
            ("StoppedReason", ran.map(|_| reason.into())),
            ("StoppingAt", stopped_at),
            ("Tags", Some(self.parameters.get("Tags").cloned().unwrap_or_else(|| Vec::new().into()))),
            ("TaskArn", Some(task_arn.into())),
            ("TaskDefinitionArn", Some(definition.into())),
            ("Version", Some(Value::from(if ran.is_some() { 3 } else { 1 }))),
        ])
    }

    fn container(&self, id: &str, task_arn: &str, ran: Option<&Ran>) -> Value {
        let name = self.overrides()["Name"].as_str().unwrap_or_else(|| self.family());
        let container_arn = task_arn.replacen(":task/", ":container/", 1);
        object([
            ("ContainerArn", Some(format!("{container_arn}/{name}").into())),
            ("ExitCode", ran.and_then(|ran| ran.exit_code).map(Value::from)),
            ("LastStatus", Some(if ran.is_some() { "STOPPED" } else { "PENDING" }.into())),
            ("Name", Some(name.into())),
            ("NetworkInterfaces", Some(Value::from(Vec::new()))),
            ("Reason", ran.and_then(Ran::reason).map(Value::from)),
            ("RuntimeId", Some(id.into())),
            ("TaskArn", Some(task_arn.into())),
        ])
    }
}
