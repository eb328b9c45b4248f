//! Run a Job against services played by a server that answers from a list: what is asked, what comes of it, what is stopped.

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use asl_engine::{Outcome, TaskRequest, Value};
use asl_runtime::{Call, Report};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use support::{Fixture, serve};

/// What the server answers in turn, and what it was asked.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Scripted>>);

#[derive(Default)]
struct Scripted {
    answers: VecDeque<(u16, String)>,
    asked: Vec<String>,
}

async fn answer(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()?.rsplit('.').next());
    let asked = target.map_or_else(|| format!("{method} {uri}"), str::to_owned);
    let body = String::from_utf8(body.to_vec()).unwrap();
    let mut script = script.0.lock().unwrap();
    script.asked.push(format!("{asked} {body}").trim_end().to_owned());
    let (status, body) = script.answers.pop_front().unwrap_or((200, "{}".to_owned()));
    (StatusCode::from_u16(status).unwrap(), body)
}

struct Played {
    fixture: Fixture,
    script: Script,
}

impl Played {
    /// A server in the place of `service`.
    async fn new(service: &str, answers: &[(u16, &str)]) -> Self {
        let script = Script::default();
        script.0.lock().unwrap().answers.extend(answers.iter().map(|(status, body)| (*status, (*body).to_owned())));
        let url = serve(axum::Router::new().fallback(answer).with_state(script.clone())).await;
        let fixture = Fixture::new(&format!("[services]\n{service} = {{ endpoint_url = '{url}' }}"));
        Self { fixture, script }
    }

    fn asked(&self) -> Vec<String> {
        self.script.0.lock().unwrap().asked.clone()
    }

    fn request(&self, resource: &str, parameters: &str) -> TaskRequest {
        let resource = format!("arn:aws:states:::{resource}");
        let input = parameters.parse().unwrap();
        TaskRequest { state: "S".into(), token: "t".into(), ..TaskRequest::new(resource.as_str(), input) }
    }

    /// The outcome, and what was reported before it.
    async fn call(&self, resource: &str, parameters: &str) -> (Outcome, Vec<Report>) {
        let request = self.request(resource, parameters);
        let reports = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&reports);
        let handler = self.fixture.router.handler(&request.resource).unwrap();
        let call = Call::with_reports(request, move |report| kept.lock().unwrap().push(report));
        let outcome = handler.call(&call).await;
        let reports = reports.lock().unwrap().clone();
        (outcome, reports)
    }
}

/// A job: where the service is to be named, the resource, the parameters, the answer to its start, the request for its description
/// and the answer to that, and its output.
struct Job {
    service: &'static str,
    resource: &'static str,
    parameters: &'static str,
    start: (&'static str, &'static str),
    describe: (&'static str, &'static str),
    output: &'static str,
}

const JOBS: &[Job] = &[
    Job {
        service: "athena",
        resource: "athena:startQueryExecution",
        parameters: r#"{"QueryString":"SELECT 1","ClientRequestToken":"c"}"#,
        start: (
            r#"StartQueryExecution {"QueryString":"SELECT 1","ClientRequestToken":"c"}"#,
            r#"{"QueryExecutionId":"q"}"#,
        ),
        describe: (
            r#"GetQueryExecution {"QueryExecutionId":"q"}"#,
            r#"{"QueryExecution":{"QueryExecutionId":"q","Status":{"State":"SUCCEEDED","SubmissionDateTime":1.5}}}"#,
        ),
        output: r#"{"QueryExecution":{"QueryExecutionId":"q","Status":{"State":"SUCCEEDED","SubmissionDateTime":1500}}}"#,
    },
    Job {
        service: "batch",
        resource: "batch:submitJob",
        parameters: r#"{"JobName":"n","JobQueue":"q","JobDefinition":"d","Parameters":{"inputFile":"f"}}"#,
        start: (
            r#"POST /v1/submitjob {"jobName":"n","jobQueue":"q","jobDefinition":"d","parameters":{"inputFile":"f"}}"#,
            r#"{"jobArn":"a","jobId":"j","jobName":"n"}"#,
        ),
        describe: (
            r#"POST /v1/describejobs {"jobs":["j"]}"#,
            r#"{"jobs":[{"jobId":"j","status":"SUCCEEDED","createdAt":1,"container":{"exitCode":0,"environment":[{"name":"A","value":"b"}]},"parameters":{"inputFile":"f"}}]}"#,
        ),
        output: r#"{"JobId":"j","Status":"SUCCEEDED","CreatedAt":1,"Container":{"ExitCode":0,"Environment":[{"Name":"A","Value":"b"}]},"Parameters":{"inputFile":"f"}}"#,
    },
    Job {
        service: "ecs",
        resource: "ecs:runTask",
        parameters: r#"{"Cluster":"c","TaskDefinition":"d","ClientToken":"t"}"#,
        start: (
            r#"RunTask {"cluster":"c","taskDefinition":"d","clientToken":"t"}"#,
            r#"{"tasks":[{"taskArn":"t1","lastStatus":"PROVISIONING"}],"failures":[]}"#,
        ),
        describe: (
            r#"DescribeTasks {"cluster":"c","tasks":["t1"]}"#,
            r#"{"tasks":[{"taskArn":"t1","lastStatus":"STOPPED","containers":[{"name":"a","exitCode":0}]}],"failures":[]}"#,
        ),
        output: r#"{"TaskArn":"t1","LastStatus":"STOPPED","Containers":[{"Name":"a","ExitCode":0}]}"#,
    },
    Job {
        service: "glue",
        resource: "glue:startJobRun",
        parameters: r#"{"JobName":"n","Arguments":{"--a":"b"}}"#,
        start: (r#"StartJobRun {"JobName":"n","Arguments":{"--a":"b"}}"#, r#"{"JobRunId":"r"}"#),
        describe: (r#"GetJobRun {"JobName":"n","RunId":"r"}"#, r#"{"JobRun":{"Id":"r","JobRunState":"SUCCEEDED"}}"#),
        output: r#"{"Id":"r","JobRunState":"SUCCEEDED"}"#,
    },
    Job {
        service: "sagemaker",
        resource: "sagemaker:createTrainingJob",
        parameters: r#"{"TrainingJobName":"n"}"#,
        start: (r#"CreateTrainingJob {"TrainingJobName":"n"}"#, r#"{"TrainingJobArn":"a"}"#),
        describe: (
            r#"DescribeTrainingJob {"TrainingJobName":"n"}"#,
            r#"{"TrainingJobName":"n","TrainingJobStatus":"Completed","ModelArtifacts":{"S3ModelArtifacts":"s3://b/m"}}"#,
        ),
        output: r#"{"TrainingJobName":"n","TrainingJobStatus":"Completed","ModelArtifacts":{"S3ModelArtifacts":"s3://b/m"}}"#,
    },
    Job {
        service: "codebuild",
        resource: "codebuild:startBuild",
        parameters: r#"{"ProjectName":"p"}"#,
        start: (r#"StartBuild {"projectName":"p"}"#, r#"{"build":{"id":"p:1","buildStatus":"IN_PROGRESS"}}"#),
        describe: (
            r#"BatchGetBuilds {"ids":["p:1"]}"#,
            r#"{"builds":[{"id":"p:1","arn":"a","buildStatus":"SUCCEEDED"}]}"#,
        ),
        output: r#"{"Build":{"Id":"p:1","Arn":"a","BuildStatus":"SUCCEEDED"}}"#,
    },
    Job {
        service: "elasticmapreduce",
        resource: "elasticmapreduce:createCluster",
        parameters: r#"{"Name":"n","Instances":{}}"#,
        start: (r#"RunJobFlow {"Name":"n","Instances":{}}"#, r#"{"JobFlowId":"j-1"}"#),
        describe: (
            r#"DescribeCluster {"ClusterId":"j-1"}"#,
            r#"{"Cluster":{"Id":"j-1","Status":{"State":"WAITING"}}}"#,
        ),
        output: r#"{"Cluster":{"Id":"j-1","Status":{"State":"WAITING"}},"ClusterId":"j-1"}"#,
    },
    Job {
        service: "elasticmapreduce",
        resource: "elasticmapreduce:addStep",
        parameters: r#"{"ClusterId":"j-1","Step":{"Name":"s","HadoopJarStep":{"Jar":"r"}}}"#,
        start: (
            r#"AddJobFlowSteps {"JobFlowId":"j-1","Steps":[{"Name":"s","HadoopJarStep":{"Jar":"r"}}]}"#,
            r#"{"StepIds":["s-1"]}"#,
        ),
        describe: (
            r#"DescribeStep {"ClusterId":"j-1","StepId":"s-1"}"#,
            r#"{"Step":{"Id":"s-1","Status":{"State":"COMPLETED"}}}"#,
        ),
        output: r#"{"Step":{"Id":"s-1","Status":{"State":"COMPLETED"}},"StepId":"s-1"}"#,
    },
    Job {
        service: "elasticmapreduce",
        resource: "elasticmapreduce:terminateCluster",
        parameters: r#"{"ClusterId":"j-1"}"#,
        start: (r#"TerminateJobFlows {"JobFlowIds":["j-1"]}"#, ""),
        describe: (
            r#"DescribeCluster {"ClusterId":"j-1"}"#,
            r#"{"Cluster":{"Id":"j-1","Status":{"State":"TERMINATED"}}}"#,
        ),
        output: r#"{"Cluster":{"Id":"j-1","Status":{"State":"TERMINATED"}},"ClusterId":"j-1"}"#,
    },
    Job {
        service: "emr-serverless",
        resource: "emr-serverless:startJobRun",
        parameters: r#"{"ApplicationId":"a","ExecutionRoleArn":"r","ClientToken":"c"}"#,
        start: (
            r#"POST /applications/a/jobruns {"executionRoleArn":"r","clientToken":"c"}"#,
            r#"{"applicationId":"a","jobRunId":"j","arn":"x"}"#,
        ),
        describe: (
            "GET /applications/a/jobruns/j",
            r#"{"jobRun":{"applicationId":"a","jobRunId":"j","state":"SUCCESS"}}"#,
        ),
        output: r#"{"ApplicationId":"a","JobRunId":"j","State":"SUCCESS"}"#,
    },
    Job {
        service: "emr-serverless",
        resource: "emr-serverless:startApplication",
        parameters: r#"{"ApplicationId":"a"}"#,
        start: ("POST /applications/a/start", "{}"),
        describe: ("GET /applications/a", r#"{"application":{"applicationId":"a","state":"STARTED"}}"#),
        output: r#"{"ApplicationId":"a","State":"STARTED"}"#,
    },
    Job {
        service: "emr-containers",
        resource: "emr-containers:startJobRun",
        parameters: r#"{"VirtualClusterId":"v","ClientToken":"c"}"#,
        start: (r#"POST /virtualclusters/v/jobruns {"clientToken":"c"}"#, r#"{"id":"j","virtualClusterId":"v"}"#),
        describe: ("GET /virtualclusters/v/jobruns/j", r#"{"jobRun":{"id":"j","state":"COMPLETED"}}"#),
        output: r#"{"Id":"j","State":"COMPLETED"}"#,
    },
    Job {
        service: "mediaconvert",
        resource: "mediaconvert:createJob",
        parameters: r#"{"Role":"r","Settings":{},"ClientRequestToken":"c"}"#,
        start: (
            r#"POST /2017-08-29/jobs {"role":"r","settings":{},"clientRequestToken":"c"}"#,
            r#"{"job":{"id":"j","status":"SUBMITTED"}}"#,
        ),
        describe: ("GET /2017-08-29/jobs/j", r#"{"job":{"id":"j","status":"COMPLETE"}}"#),
        output: r#"{"Job":{"Id":"j","Status":"COMPLETE"}}"#,
    },
    Job {
        service: "databrew",
        resource: "databrew:startJobRun",
        parameters: r#"{"Name":"n"}"#,
        start: ("POST /jobs/n/startJobRun", r#"{"RunId":"r"}"#),
        describe: ("GET /jobs/n/jobRun/r", r#"{"JobName":"n","RunId":"r","State":"SUCCEEDED"}"#),
        output: r#"{"JobName":"n","RunId":"r","State":"SUCCEEDED"}"#,
    },
    Job {
        service: "eks",
        resource: "eks:createNodegroup",
        parameters: r#"{"ClusterName":"c","NodegroupName":"g","ClientRequestToken":"t"}"#,
        start: (
            r#"POST /clusters/c/node-groups {"nodegroupName":"g","clientRequestToken":"t"}"#,
            r#"{"nodegroup":{"nodegroupName":"g","status":"CREATING"}}"#,
        ),
        describe: ("GET /clusters/c/node-groups/g", r#"{"nodegroup":{"nodegroupName":"g","status":"ACTIVE"}}"#),
        output: r#"{"Nodegroup":{"NodegroupName":"g","Status":"ACTIVE"}}"#,
    },
];

async fn check(job: &Job) {
    // It is under way at the first look that shows nothing.
    let played = Played::new(job.service, &[(200, job.start.1), (200, "{}"), (200, job.describe.1)]).await;
    let (outcome, reports) = played.call(&format!("{}.sync", job.resource), job.parameters).await;
    assert_eq!(outcome, Ok(job.output.parse::<Value>().unwrap()), "{}", job.resource);
    assert_eq!(played.asked(), [job.start.0, job.describe.0, job.describe.0], "{}", job.resource);
    let [Report::Submitted(submitted)] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(submitted["SdkHttpMetadata"]["HttpStatusCode"].as_i64(), Some(200), "{}", job.resource);

    // Without `.sync`, it is not looked at.
    let played = Played::new(job.service, &[(200, job.start.1)]).await;
    let (outcome, reports) = played.call(job.resource, job.parameters).await;
    assert!(outcome.is_ok() && reports.is_empty(), "{outcome:?} {reports:?}");
    assert_eq!(played.asked(), [job.start.0]);

    // After a crash, it is looked at, and not started again.
    let played = Played::new(job.service, &[(200, job.describe.1)]).await;
    let request = played.request(&format!("{}.sync", job.resource), job.parameters);
    let handler = played.fixture.router.handler(&request.resource).unwrap();
    let outcome = handler.resume(&Call::new(request), &[Report::Submitted(submitted.clone())]).await;
    assert_eq!(outcome, Ok(job.output.parse::<Value>().unwrap()), "{}", job.resource);
    assert_eq!(played.asked(), [job.describe.0]);
}

#[tokio::test]
async fn jobs_are_started_and_looked_at_until_they_have_ended() {
    futures_util::future::join_all(JOBS.iter().map(check)).await;
}

#[tokio::test]
async fn a_job_that_fails_fails_the_task_with_its_description() {
    for (service, resource, parameters, start, described, cause) in [
        (
            "batch",
            "batch:submitJob.sync",
            "{}",
            r#"{"jobId":"j"}"#,
            r#"{"jobs":[{"jobId":"j","status":"FAILED","statusReason":"r"}]}"#,
            r#"{"JobId":"j","Status":"FAILED","StatusReason":"r"}"#,
        ),
        (
            "glue",
            "glue:startJobRun.sync",
            r#"{"JobName":"n"}"#,
            r#"{"JobRunId":"r"}"#,
            r#"{"JobRun":{"Id":"r","JobRunState":"TIMEOUT"}}"#,
            r#"{"Id":"r","JobRunState":"TIMEOUT"}"#,
        ),
        (
            "ecs",
            "ecs:runTask.sync",
            "{}",
            r#"{"tasks":[{"taskArn":"t"}]}"#,
            r#"{"tasks":[{"taskArn":"t","lastStatus":"STOPPED","containers":[{"exitCode":2}]}]}"#,
            r#"{"TaskArn":"t","LastStatus":"STOPPED","Containers":[{"ExitCode":2}]}"#,
        ),
    ] {
        let played = Played::new(service, &[(200, start), (200, described)]).await;
        let failure = played.call(resource, parameters).await.0.unwrap_err();
        assert_eq!((failure.error.as_deref(), failure.cause.as_deref()), (Some("States.TaskFailed"), Some(cause)));
    }
}

#[tokio::test]
async fn a_start_that_is_refused_has_the_names_of_the_service() {
    let refused = r#"{"__type":"ConcurrentRunsExceededException","Message":"too many"}"#;
    let played = Played::new("glue", &[(400, refused)]).await;
    let (outcome, reports) = played.call("glue:startJobRun.sync", r#"{"JobName":"n"}"#).await;
    let failure = outcome.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("Glue.ConcurrentRunsExceededException"));
    assert_eq!(
        failure.cause.as_deref(),
        Some(
            "too many (Service: AWSGlue; Status Code: 400; Error Code: ConcurrentRunsExceededException; \
             Request ID: null; Proxy: null)"
        )
    );
    assert!(reports.is_empty());
}

#[tokio::test]
async fn what_is_deleted_has_ended_when_nobody_knows_it_any_more() {
    let deleting = r#"{"cluster":{"name":"c","status":"DELETING"}}"#;
    let gone = r#"{"__type":"ResourceNotFoundException","message":"No cluster found for name: c."}"#;
    let played = Played::new("eks", &[(200, deleting), (200, deleting), (404, gone)]).await;
    let (outcome, _) = played.call("eks:deleteCluster.sync", r#"{"Name":"c"}"#).await;
    assert_eq!(outcome, Ok(r#"{"Cluster":{"Name":"c","Status":"DELETING"}}"#.parse().unwrap()));
    assert_eq!(played.asked(), ["DELETE /clusters/c", "GET /clusters/c", "GET /clusters/c"]);
}

#[tokio::test]
async fn giving_the_task_up_stops_the_job() {
    for (service, resource, parameters, start, stop) in [
        (
            "batch",
            "batch:submitJob.sync",
            "{}",
            r#"{"jobId":"j"}"#,
            r#"POST /v1/terminatejob {"jobId":"j","reason":"The state that waited for it was stopped"}"#,
        ),
        (
            "ecs",
            "ecs:runTask.sync",
            r#"{"Cluster":"c"}"#,
            r#"{"tasks":[{"taskArn":"t"}]}"#,
            r#"StopTask {"cluster":"c","task":"t","reason":"The state that waited for it was stopped"}"#,
        ),
        (
            "glue",
            "glue:startJobRun.sync",
            r#"{"JobName":"n"}"#,
            r#"{"JobRunId":"r"}"#,
            r#"BatchStopJobRun {"JobName":"n","JobRunIds":["r"]}"#,
        ),
        (
            "athena",
            "athena:startQueryExecution.sync",
            r#"{"QueryString":"q"}"#,
            r#"{"QueryExecutionId":"q"}"#,
            r#"StopQueryExecution {"QueryExecutionId":"q"}"#,
        ),
    ] {
        let played = Played::new(service, &[(200, start)]).await;
        {
            let waiting = played.call(resource, parameters);
            let mut waiting = std::pin::pin!(waiting);
            // Until it is looked at.
            while played.asked().len() < 2 {
                tokio::select! {
                    ended = &mut waiting => panic!("it has not ended: {ended:?}"),
                    () = tokio::task::yield_now() => {}
                }
            }
        }
        played.fixture.router.stopped().await;
        assert_eq!(played.asked().last().map(String::as_str), Some(stop), "{resource}");
    }
}

#[tokio::test]
async fn a_model_is_asked_in_json() {
    let played = Played::new("bedrockruntime", &[(200, r#"{"results":[{"outputText":"five"}]}"#)]).await;
    let parameters = r#"{"ModelId":"amazon.titan","Body":{"inputText":"Name five"}}"#;
    let (outcome, _) = played.call("bedrock:invokeModel", parameters).await;
    let output = outcome.unwrap();
    assert_eq!(output["Body"], r#"{"results":[{"outputText":"five"}]}"#.parse().unwrap());
    assert_eq!(played.asked(), [r#"POST /model/amazon.titan/invoke {"inputText":"Name five"}"#]);
    let busy = r#"{"__type":"ModelTimeoutException","message":"late"}"#;
    let played = Played::new("bedrockruntime", &[(408, busy)]).await;
    let failure = played.call("bedrock:invokeModel", parameters).await.0.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("Bedrock.ModelTimeoutException"));
}

#[tokio::test]
async fn an_api_of_api_gateway_is_called() {
    let played = Played::new("apigateway", &[(200, r#"{"bills":[]}"#)]).await;
    let parameters = r#"{"ApiEndpoint":"x.execute-api.us-east-1.amazonaws.com","Method":"POST","Stage":"prod","Path":"/bills/add",
        "QueryParameters":{"id":["1 2","3"]},"Headers":{"key":["a","b"]},"RequestBody":{"a":1,"b":null},"AuthType":"NO_AUTH"}"#;
    let output = played.call("apigateway:invoke", parameters).await.0.unwrap();
    assert_eq!(output["ResponseBody"], r#"{"bills":[]}"#.parse().unwrap());
    assert_eq!((output["StatusCode"].as_i64(), output["StatusText"].as_str()), (Some(200), Some("OK")));
    assert_eq!(output["Headers"]["Content-Length"].to_string(), r#"["12"]"#);
    assert_eq!(played.asked(), [r#"POST /prod/bills/add?id=1+2&id=3 {"a":1}"#]);
    let played = Played::new("apigateway", &[(403, r#"{"message":"Missing Authentication Token"}"#)]).await;
    let failure = played.call("apigateway:invoke", parameters).await.0.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("ApiGateway.403"));
    assert_eq!(failure.cause.as_deref(), Some(r#"{"message":"Missing Authentication Token"}"#));
}

#[tokio::test]
async fn a_fleet_of_emr_is_found_by_its_name() {
    let fleets = r#"{"InstanceFleets":[{"Id":"if-1","Name":"core"},{"Id":"if-2","Name":"task"}]}"#;
    let parameters = r#"{"ClusterId":"j","InstanceFleetName":"task","InstanceFleet":{"TargetOnDemandCapacity":8}}"#;
    let played = Played::new("emr", &[(200, fleets), (200, "{}")]).await;
    let output = played.call("elasticmapreduce:modifyInstanceFleetByName", parameters).await.0.unwrap();
    assert_eq!(output["SdkHttpMetadata"]["HttpStatusCode"].as_i64(), Some(200));
    assert_eq!(
        played.asked(),
        [
            r#"ListInstanceFleets {"ClusterId":"j"}"#,
            r#"ModifyInstanceFleet {"ClusterId":"j","InstanceFleet":{"TargetOnDemandCapacity":8,"InstanceFleetId":"if-2"}}"#
        ]
    );
    let groups = r#"{"InstanceGroups":[{"Id":"ig-1","Name":"task"}]}"#;
    let parameters = r#"{"ClusterId":"j","InstanceGroupName":"task","InstanceGroup":{"InstanceCount":8}}"#;
    let played = Played::new("emr", &[(200, groups), (200, "{}"), (200, groups)]).await;
    played.call("elasticmapreduce:modifyInstanceGroupByName", parameters).await.0.unwrap();
    let modified =
        r#"ModifyInstanceGroups {"ClusterId":"j","InstanceGroups":[{"InstanceCount":8,"InstanceGroupId":"ig-1"}]}"#;
    assert_eq!(played.asked()[1], modified);
    let unknown = parameters.replace("task", "other");
    let failure = played.call("elasticmapreduce:modifyInstanceGroupByName", &unknown).await.0.unwrap_err();
    assert_eq!(failure.to_string(), r#"States.TaskFailed: The cluster "j" has none InstanceGroup named "other""#);
}

const CLUSTER: &str = r#""ClusterName":"c","CertificateAuthority":"QQ==","Endpoint":"https://c.eks.amazonaws.com""#;

#[tokio::test]
async fn a_kubernetes_api_is_called() {
    let played = Played::new("eks", &[(200, r#"{"items":[]}"#)]).await;
    let call = |rest: &str| format!("{{{CLUSTER},{rest}}}");
    let pods =
        r#""Method":"GET","Path":"/api/v1/namespaces/default/pods","QueryParameters":{"labelSelector":["job-name=j"]}"#;
    let output = played.call("eks:call", &call(pods)).await.0.unwrap();
    assert_eq!(output["ResponseBody"], r#"{"items":[]}"#.parse().unwrap());
    assert_eq!(output["StatusCode"].as_i64(), Some(200));
    assert_eq!(played.asked(), ["GET /api/v1/namespaces/default/pods?labelSelector=job-name%3Dj"]);

    let refused = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    let played = Played::new("eks", &[(401, refused)]).await;
    let post = r#""Method":"POST","Path":"/api/v1/namespaces/n/configmaps","RequestBody":{"kind":"ConfigMap"}"#;
    let failure = played.call("eks:call", &call(post)).await.0.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("EKS.401"));
    // As AWS's page has it.
    let cause = format!(r#"{{"ResponseBody":{refused},"StatusCode":401,"StatusText":"Unauthorized"}}"#);
    assert_eq!(failure.cause.as_deref(), Some(cause.as_str()));
    assert_eq!(played.asked(), [r#"POST /api/v1/namespaces/n/configmaps {"kind":"ConfigMap"}"#]);
}

fn job_of(condition: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"j"}},"status":{{"conditions":[{{"type":"Suspended","status":"False"}},{{"type":"{condition}","status":"True"}}]}}}}"#
    )
}

#[tokio::test(start_paused = true)]
async fn a_kubernetes_job_is_run_to_its_end_and_its_logs_are_read() {
    let pods = r#"{"items":[{"metadata":{"name":"p"},"spec":{"containers":[{"name":"pi"},{"name":"side"}]}}]}"#;
    let (complete, under_way) = (job_of("Complete"), r#"{"metadata":{"name":"j"},"status":{"active":1}}"#);
    let answers = [
        (201, r#"{"metadata":{"name":"j"}}"#),
        (200, under_way),
        (503, "busy"),
        (200, complete.as_str()),
        (200, pods),
        (200, r#"{ "pi": 3.14 }"#),
        (404, r#"{"code":404}"#),
    ];
    let played = Played::new("eks", &answers).await;
    let parameters = format!(
        r#"{{{CLUSTER},"Namespace":"n","LogOptions":{{"RetrieveLogs":true,"LogParameters":{{"tailLines":["6"]}}}},"Job":{{"kind":"Job"}}}}"#
    );
    let (outcome, reports) = played.call("eks:runJob.sync", &parameters).await;
    let output = outcome.unwrap();
    assert_eq!(output["status"], complete.parse::<Value>().unwrap()["status"]);
    let containers = &output["logs"]["pods"]["p"]["containers"];
    assert_eq!(containers["pi"], r#"{"log":{"pi":3.14}}"#.parse().unwrap());
    assert_eq!(containers["side"]["error"], "EKS.404".into());
    let [Report::Submitted(started)] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(started["StatusCode"].as_i64(), Some(201));
    let job = "GET /apis/batch/v1/namespaces/n/jobs/j";
    let log = "GET /api/v1/namespaces/n/pods/p/log?tailLines=6&container=";
    assert_eq!(
        played.asked(),
        [
            r#"POST /apis/batch/v1/namespaces/n/jobs {"kind":"Job"}"#.to_owned(),
            job.to_owned(),
            job.to_owned(),
            job.to_owned(),
            "GET /api/v1/namespaces/n/pods?labelSelector=job-name%3Dj".to_owned(),
            format!("{log}pi"),
            format!("{log}side"),
        ]
    );

    let failed = job_of("Failed");
    let played = Played::new("eks", &[(201, r#"{"metadata":{"name":"j"}}"#), (200, &failed)]).await;
    let parameters = format!(r#"{{{CLUSTER},"Job":"{{}}"}}"#);
    let failure = played.call("eks:runJob.sync", &parameters).await.0.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("States.TaskFailed"));
    assert_eq!(failure.cause.unwrap().parse::<Value>().unwrap(), failed.parse().unwrap());
    assert_eq!(played.asked()[0], "POST /apis/batch/v1/namespaces/default/jobs {}");
}
