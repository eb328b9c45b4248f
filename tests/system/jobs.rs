//! Run a Job by the command itself: against services that are not ours, and with a command in the place of a container.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::services::Expected::Has;
use crate::services::{Step, check, definition};
use crate::support::folder::{Ended, Folder};
use crate::support::moto;

/// Jobs of services that moto plays to their end.
fn jobs() -> Vec<Step> {
    let role = "arn:aws:iam::123456789012:role/r";
    let training = json!({
        "TrainingJobName": "training", "RoleArn": role,
        "AlgorithmSpecification": { "TrainingInputMode": "File", "TrainingImage": "image" },
        "OutputDataConfig": { "S3OutputPath": "s3://models/" },
        "ResourceConfig": { "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 60 }
    });
    let project = json!({
        "Name": "project", "ServiceRole": role,
        "Source": { "Type": "S3", "Location": "files/source.zip" }, "Artifacts": { "Type": "NO_ARTIFACTS" },
        "Environment": { "Type": "LINUX_CONTAINER", "Image": "image", "ComputeType": "BUILD_GENERAL1_SMALL" }
    });
    let query = json!({ "QueryString": "SELECT 1", "ResultConfiguration": { "OutputLocation": "s3://results/" } });
    let cluster = json!({
        "Name": "cluster", "ReleaseLabel": "emr-6.2.0", "JobFlowRole": "r", "ServiceRole": "r",
        "Instances": { "KeepJobFlowAliveWhenNoSteps": true, "InstanceCount": 1, "MasterInstanceType": "m5.large" }
    });
    vec![
        (
            "createJob",
            "aws-sdk:glue:createJob",
            json!({ "Name": "job", "Role": role, "Command": { "Name": "glueetl", "ScriptLocation": "s3://a/b" } }),
            Has(json!({ "Name": "job" })),
        ),
        (
            "glue",
            "glue:startJobRun.sync",
            json!({ "JobName": "job", "Arguments": { "--day": "1" } }),
            Has(json!({ "JobName": "job", "JobRunState": "SUCCEEDED" })),
        ),
        (
            "athena",
            "athena:startQueryExecution.sync",
            query,
            Has(json!({ "QueryExecution": { "Query": "SELECT 1", "Status": { "State": "SUCCEEDED" } } })),
        ),
        ("cluster", "elasticmapreduce:createCluster.sync", cluster, Has(json!({ "Cluster": { "Name": "cluster" } }))),
        ("training", "sagemaker:createTrainingJob.sync", training, Has(json!({ "TrainingJobStatus": "Completed" }))),
        ("project", "aws-sdk:codebuild:createProject", project, Has(json!({ "Project": { "Name": "project" } }))),
        (
            "build",
            "codebuild:startBuild.sync",
            json!({ "ProjectName": "project" }),
            Has(json!({ "Build": { "ProjectName": "project", "BuildStatus": "SUCCEEDED" } })),
        ),
    ]
}

#[test]
fn jobs_of_an_independent_server_are_waited_for() {
    let Some(moto) = moto::start() else { return };
    let folder = Folder::new();
    let steps = jobs();
    let mut machine = definition(&steps);
    // What was started tells what is asked next.
    machine["States"]["build"]["Next"] = json!("results");
    machine["States"]["results"] = json!({
        "Type": "Task", "Resource": "arn:aws:states:::athena:getQueryResults", "ResultPath": "$.results",
        "Parameters": { "QueryExecutionId.$": "$.athena.QueryExecution.QueryExecutionId" }, "Next": "terminate"
    });
    machine["States"]["terminate"] = json!({
        "Type": "Task", "Resource": "arn:aws:states:::elasticmapreduce:terminateCluster.sync", "ResultPath": "$.terminate",
        "Parameters": { "ClusterId.$": "$.cluster.ClusterId" }, "Next": "Done"
    });
    folder.write("jobs.json", machine.to_string());
    let services = "glue athena elasticmapreduce sagemaker codebuild";
    let places = services.split(' ').map(|name| format!("{name} = {{ endpoint_url = \"{}\" }}\n", moto.endpoint()));
    folder.write("routes.toml", format!("[services]\n{}", places.collect::<String>()));
    let mut command = folder.command(&["run", "jobs.json"]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let output = Ended::from(command.output().expect("asl starts")).json();
    check(&steps, &output);
    assert!(output["results"]["ResultSet"]["Rows"].is_array(), "{}", output["results"]);
    assert_eq!(output["terminate"]["Cluster"]["Status"]["State"], "TERMINATED");
}

const ROUTES: &str = "[[routes]]\nresource = 'arn:aws:states:::ecs:runTask*'\nhandler = 'process'\n\
                      command = ['sh', 'job.sh']\narguments = ['by itself']\nenvironment = { COLOUR = 'red', SIZE = 'small' }\n\
                      [[routes]]\nresource = 'arn:aws:states:::batch:submitJob*'\nhandler = 'process'\ncommand = ['sh', 'job.sh']\n";

/// A folder with a machine of one task.
fn folder(resource: &str, parameters: &Value, script: &str) -> Folder {
    let folder = Folder::new();
    let task = json!({ "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters, "End": true });
    folder.write("definition.json", json!({ "StartAt": "Run", "States": { "Run": task } }).to_string());
    folder.write("routes.toml", ROUTES);
    folder.write("job.sh", script);
    folder
}

fn ecs(overrides: &Value) -> Value {
    json!({ "Cluster": "main", "TaskDefinition": "resize:3", "LaunchType": "FARGATE",
            "Overrides": { "ContainerOverrides": [overrides] } })
}

#[test]
fn a_command_stands_in_for_a_container_of_ecs() {
    let overrides = json!({ "Name": "app", "Environment": [{ "Name": "SIZE", "Value": "large" }] });
    let folder =
        folder("ecs:runTask.sync", &ecs(&overrides), "echo \"$COLOUR $SIZE $1 ${AWS_ENDPOINT_URL:+services}\" > said");
    let task = folder.asl(&["run", "definition.json"]).json();
    assert_eq!(std::fs::read_to_string(folder.path("said")).expect("it ran"), "red large by itself services\n");
    assert_eq!((&task["LastStatus"], &task["StopCode"]), (&json!("STOPPED"), &json!("EssentialContainerExited")));
    let container = &task["Containers"][0];
    assert_eq!((&container["Name"], &container["ExitCode"]), (&json!("app"), &json!(0)), "{task:#}");
    assert_eq!(task["TaskDefinitionArn"].as_str().and_then(|arn| arn.rsplit(':').next()), Some("3"));

    // The command of the state replaces the arguments of the route.
    let overrides = json!({ "Name": "app", "Command": ["as told"] });
    folder.write(
        "definition.json",
        std::fs::read_to_string(self::folder("ecs:runTask.sync", &ecs(&overrides), "").path("definition.json"))
            .expect("it is there"),
    );
    folder.asl(&["run", "definition.json"]).json();
    assert_eq!(std::fs::read_to_string(folder.path("said")).expect("it ran"), "red small as told services\n");
}

#[test]
fn a_command_that_fails_fails_the_task() {
    let folder = folder("ecs:runTask.sync", &ecs(&json!({ "Name": "app" })), "echo no such image; exit 7");
    let ended = folder.asl(&["run", "definition.json", "--events"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let events: Value = serde_json::from_str(&ended.stdout).expect("a history");
    let events = events["events"].as_array().or(events.as_array()).expect("events").clone();
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    assert_eq!(types[2..6], ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskFailed"]);
    let failed = &events[5]["taskFailedEventDetails"];
    assert_eq!(failed["error"], "States.TaskFailed");
    let task: Value = serde_json::from_str(failed["cause"].as_str().expect("a cause")).expect("JSON");
    let container = &task["Containers"][0];
    assert_eq!((&container["ExitCode"], &container["Reason"]), (&json!(7), &json!("no such image")), "{task:#}");
    let submitted: Value =
        serde_json::from_str(events[4]["taskSubmittedEventDetails"]["output"].as_str().expect("JSON")).expect("JSON");
    assert_eq!(submitted["Tasks"][0]["TaskArn"], task["TaskArn"]);
}

#[test]
fn a_command_stands_in_for_a_job_of_batch() {
    let parameters = json!({
        "JobName": "nightly", "JobQueue": "queue", "JobDefinition": "definition", "Parameters": { "day": "monday" },
        "RetryStrategy": { "Attempts": 3 },
        "ContainerOverrides": { "Command": ["Ref::day"], "Environment": [{ "Name": "A", "Value": "b" }] }
    });
    let folder = folder(
        "batch:submitJob.sync",
        &parameters,
        "echo \"$1 $A $AWS_BATCH_JQ_NAME\" >> said; test $(wc -l < said) = 2",
    );
    let job = folder.asl(&["run", "definition.json"]).json();
    assert_eq!(std::fs::read_to_string(folder.path("said")).expect("it ran"), "monday b queue\nmonday b queue\n");
    assert_eq!((&job["Status"], &job["JobName"]), (&json!("SUCCEEDED"), &json!("nightly")));
    let codes: Vec<_> =
        job["Attempts"].as_array().expect("attempts").iter().map(|one| &one["Container"]["ExitCode"]).collect();
    assert_eq!(codes, [&json!(1), &json!(0)], "{job:#}");
}

#[test]
fn an_array_job_runs_once_for_each_index() {
    let parameters = json!({
        "JobName": "n", "JobQueue": "q", "JobDefinition": "d", "ArrayProperties": { "Size": 3 }
    });
    let script = "touch ran-$AWS_BATCH_JOB_ARRAY_INDEX; test $AWS_BATCH_JOB_ARRAY_INDEX != 1";
    let folder = folder("batch:submitJob.sync", &parameters, script);
    let ended = folder.asl(&["run", "definition.json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("Array Child Job failed"), "{ended:?}");
    for index in 0..3 {
        assert!(folder.path(&format!("ran-{index}")).exists(), "{index}");
    }
}

#[test]
fn a_task_that_is_not_waited_for_goes_on_until_the_program_has_nothing_else_to_do() {
    let folder = folder("ecs:runTask", &ecs(&json!({ "Name": "app" })), "touch ran");
    let started = folder.asl(&["run", "definition.json"]).json();
    assert_eq!((&started["Tasks"][0]["LastStatus"], &started["Failures"]), (&json!("PROVISIONING"), &json!([])));
    assert!(folder.path("ran").exists());
}

/// Starts `asl` with a command that never ends and has a child; both hold the pipe that is given.
fn hanging(more: &Value) -> (Folder, Child, BufReader<File>) {
    let folder = folder(
        "ecs:runTask.sync",
        &ecs(&json!({ "Name": "app" })),
        "exec 3> hold; echo running; sleep 1000 & echo here >&3; wait",
    );
    let text = std::fs::read_to_string(folder.path("definition.json")).expect("it is there");
    let mut machine: Value = serde_json::from_str(&text).expect("JSON");
    let task = machine["States"]["Run"].as_object_mut().expect("a state");
    task.extend(more.as_object().expect("fields").clone());
    folder.write("definition.json", machine.to_string());
    assert!(Command::new("mkfifo").arg(folder.path("hold")).status().expect("mkfifo is there").success());
    let mut command = folder.command(&["run", "definition.json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
    let mut hold = BufReader::new(File::open(folder.path("hold")).expect("the command opens it too"));
    hold.read_line(&mut String::new()).expect("it says that it runs");
    // What it prints is only read once `asl` has taken note of it.
    let has_printed = || folder.files(".asl/logs").values().any(|log| String::from_utf8_lossy(log).contains("running"));
    while !has_printed() {
        std::thread::yield_now();
    }
    (folder, child, hold)
}

#[test]
fn a_command_ends_with_its_children_when_nobody_waits_for_it() {
    // It ends when the last process that holds it ends.
    let ended = |mut hold: BufReader<File>| hold.read_to_end(&mut Vec::new()).expect("the end of the pipe");
    let (_folder, child, hold) = hanging(&json!({ "TimeoutSeconds": 1 }));
    let asl = Ended::from(child.wait_with_output().expect("asl ends"));
    assert!(asl.stderr.contains("States.Timeout"), "{asl:?}");
    ended(hold);
    for (signal, code) in [(Signal::SIGINT, Some(130)), (Signal::SIGKILL, None)] {
        let (_folder, child, hold) = hanging(&json!({}));
        kill(Pid::from_raw(child.id().try_into().expect("a process id")), signal).expect("asl runs");
        assert_eq!(Ended::from(child.wait_with_output().expect("asl ends")).code, code);
        ended(hold);
    }
}

#[test]
fn what_the_handler_cannot_stand_in_for_is_told_before_anything_runs() {
    let folder = folder("glue:startJobRun", &json!({ "JobName": "n" }), "");
    folder.write("routes.toml", ROUTES.replace("ecs:runTask*", "glue:*"));
    let ended = folder.asl(&["run", "definition.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    let told = "the handler \"process\" stands in for ecs:runTask and batch:submitJob, not for arn:aws:states:::glue:startJobRun";
    assert!(ended.stderr.contains(told), "{ended:?}");
}
