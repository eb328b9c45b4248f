//! `arn:aws:states:::eks:call` and `eks:runJob`: the Kubernetes API of a cluster of EKS.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html>. What that page does not have is as of
//! `apigateway:invoke`: what a successful call gives beside the body, and the error of a call that nobody answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl_aws::web::{self, Caller};
use asl_aws::{Clients, Place, Service};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler, Report};
use asl_settings::{shown, web_url};
use aws_smithy_types::base64;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use url::Url;

use super::answer::headers;
use super::jobs::{LOOKS, MISSES, submitted};
use super::request_parts::{add_query, method, runtime, sent_headers};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The most bytes of an answer: no state can have as many, unless the quotas are lifted.
const BODY_MAX: u64 = 64 << 20;

/// What of a service says that nothing has answered.
const UNANSWERED: &str = "EKS.SdkClientException";

/// Calls a Kubernetes API.
pub(super) struct CallCluster(Clusters);

/// Runs a Kubernetes Job; with `.sync`, waits for its end.
pub(super) struct RunJob(Clusters);

/// How clusters are reached.
#[derive(Clone)]
struct Clusters {
    caller: Caller,
    clients: Arc<Clients>,
    service: &'static Service,
}

/// The Kubernetes API that a state names.
#[derive(Clone)]
struct Cluster {
    client: reqwest::Client,
    /// Where its paths begin.
    url: String,
    /// Who says to the cluster who calls, and the name of the cluster; none where that is not asked.
    identity: Option<(Arc<Clients>, String)>,
}

/// What a Kubernetes API has answered.
struct Answer {
    status: StatusCode,
    headers: Value,
    body: String,
}

impl Clusters {
    /// None where the models of AWS do not have the service.
    fn new(clients: &Arc<Clients>, caller: &Caller) -> Option<Self> {
        let service = Service::find("eks").ok()?;
        Some(Self { caller: caller.clone(), clients: Arc::clone(clients), service })
    }

    /// The cluster of `Endpoint`, or the server that stands in for all of EKS.
    fn cluster(&self, parameters: &Value) -> Result<Cluster, Failure> {
        let elsewhere = match self.clients.places().get(self.service.name) {
            Some(Place::Endpoint { endpoint_url, .. }) => Some(endpoint_url.as_str()),
            _ => None,
        };
        let url = elsewhere.or_else(|| parameters["Endpoint"].as_str()).unwrap_or_default().trim_end_matches('/');
        let is_asked_who_calls = elsewhere.is_none() && url.starts_with("https://");
        let client = match is_asked_who_calls {
            true => web::trusting_client(&certificates(&parameters["CertificateAuthority"])?).map_err(|error| {
                runtime(format!("The value for the field 'CertificateAuthority' is not valid: {error}"))
            })?,
            false => self.caller.client().map_err(|error| runtime(error.to_string()))?.clone(),
        };
        let name = parameters["ClusterName"].as_str().unwrap_or_default().to_owned();
        let identity = is_asked_who_calls.then(|| (Arc::clone(&self.clients), name));
        Ok(Cluster { client, url: url.to_owned(), identity })
    }
}

/// The certificates in PEM that a cluster is known by.
fn certificates(value: &Value) -> Result<Vec<u8>, Failure> {
    let text = value.as_str().unwrap_or_default();
    base64::decode(text.trim()).map_err(|_| {
        runtime(
            "The value for the field 'CertificateAuthority' is not valid: it must be certificates in PEM, in Base64",
        )
    })
}

impl Cluster {
    /// A request for a path of the API, such as `/api/v1/pods`.
    fn request(&self, method: Method, path: &str, query: &Value) -> Result<reqwest::Request, Failure> {
        let url = web_url(&format!("{}/{}", self.url, path.trim_start_matches('/')));
        let mut url: Url =
            url.map_err(|fault| runtime(format!("The value for the field 'Endpoint' is not valid: {fault}")))?;
        add_query(&mut url, query);
        let mut request = reqwest::Request::new(method, url);
        *request.timeout_mut() = Some(LIMIT);
        *request.headers_mut() = sent_headers(&Value::Null)?;
        Ok(request)
    }

    /// What the API answers, whatever it is.
    async fn ask(&self, mut request: reqwest::Request) -> Result<Answer, Failure> {
        if let Some((clients, cluster)) = &self.identity {
            let token = clients.eks_token(cluster).await;
            let token = token.map_err(|error| Failure::new(UNANSWERED, error.to_string()))?;
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| runtime("The value for the field 'ClusterName' cannot be sent"))?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let url = shown(request.url());
        let failed = |error: reqwest::Error| {
            Failure::new(UNANSWERED, format!("Cannot call {url}: {}", web::transport_error(error)))
        };
        let response = self.client.execute(request).await.map_err(failed)?;
        let (status, headers) = (response.status(), headers(response.headers()));
        let body = web::body(response, BODY_MAX).await.map_err(failed)?.ok_or_else(|| {
            Failure::new("States.DataLimitExceeded", format!("The answer of {url} has more than {BODY_MAX} bytes"))
        })?;
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// The same, where the API has done what it was asked.
    async fn done(&self, request: reqwest::Request) -> Result<Answer, Failure> {
        let answer = self.ask(request).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(answer.failure()) }
    }
}

impl Answer {
    fn body(&self) -> Value {
        parsed(&self.body)
    }

    fn members(&self) -> [(&'static str, Value); 3] {
        [
            ("ResponseBody", self.body()),
            ("StatusCode", u32::from(self.status.as_u16()).into()),
            ("StatusText", self.status.canonical_reason().unwrap_or_default().into()),
        ]
    }

    /// The failure of a call that is refused, as the page has it.
    fn failure(&self) -> Failure {
        Failure::new(format!("EKS.{}", self.status.as_u16()), Value::from(self.members()).to_string())
    }

    fn output(self) -> Value {
        let members = self.members();
        std::iter::once(("Headers", self.headers)).chain(members).collect()
    }
}

/// The JSON that a text is; otherwise the text.
fn parsed(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| Value::from(text))
}

/// A body given as JSON or as text.
fn sent(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), str::to_owned)
}

impl CallCluster {
    /// None where the models of AWS do not have the service.
    pub(super) fn new(clients: &Arc<Clients>, caller: &Caller) -> Option<Self> {
        Clusters::new(clients, caller).map(Self)
    }

    async fn run(&self, parameters: &Value) -> Outcome {
        let cluster = self.0.cluster(parameters)?;
        let path = parameters["Path"].as_str().unwrap_or_default();
        let mut request = cluster.request(method(&parameters["Method"])?, path, &parameters["QueryParameters"])?;
        *request.headers_mut() = sent_headers(&parameters["Headers"])?;
        if let Some(body) = parameters.get("RequestBody").filter(|body| **body != Value::Null) {
            if *request.method() == Method::PATCH && parameters["Headers"]["Content-Type"] == Value::Null {
                // Kubernetes takes no patch as application/json: a list is a JSON Patch, an object a merge patch.
                let kind = if body.as_array().is_some() { "json-patch+json" } else { "merge-patch+json" };
                let kind =
                    HeaderValue::from_str(&format!("application/{kind}")).map_err(|_| runtime("no media type"))?;
                request.headers_mut().insert(CONTENT_TYPE, kind);
            }
            *request.body_mut() = Some(sent(body).into());
        }
        Ok(cluster.done(request).await?.output())
    }
}

/// How a Job is, by its conditions.
///
/// <https://kubernetes.io/docs/concepts/workloads/controllers/job/>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    UnderWay,
    Complete,
    Failed,
}

impl State {
    fn of(job: &Value) -> Self {
        let conditions = job["status"]["conditions"].as_array().into_iter().flat_map(|all| all.iter());
        let mut held = conditions.filter(|condition| condition["status"].as_str() == Some("True"));
        held.find_map(|condition| match condition["type"].as_str() {
            Some("Complete") => Some(Self::Complete),
            Some("Failed") => Some(Self::Failed),
            _ => None,
        })
        .unwrap_or(Self::UnderWay)
    }
}

/// A Job of a cluster.
#[derive(Clone)]
struct Job {
    cluster: Cluster,
    namespace: String,
    name: String,
}

impl RunJob {
    /// None where the models of AWS do not have the service.
    pub(super) fn new(clients: &Arc<Clients>, caller: &Caller) -> Option<Self> {
        Clusters::new(clients, caller).map(Self)
    }

    async fn run(&self, call: &Call) -> Outcome {
        let parameters = &call.request.input;
        let cluster = self.0.cluster(parameters)?;
        let path = format!("/apis/batch/v1/namespaces/{}/jobs", namespace(parameters));
        let mut request = cluster.request(Method::POST, &path, &Value::Null)?;
        *request.body_mut() = Some(sent(&parameters["Job"]).into());
        let started = cluster.done(request).await?.output();
        if !call.request.resource.ends_with(".sync") {
            return Ok(started);
        }
        call.report(Report::Submitted(started.clone()));
        self.end(call, &started).await
    }

    /// Looks at a Job until it has ended.
    async fn end(&self, call: &Call, started: &Value) -> Outcome {
        let parameters = &call.request.input;
        let name = started["ResponseBody"]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let job = Job { cluster: self.0.cluster(parameters)?, namespace: namespace(parameters).to_owned(), name };
        let running = Running { clusters: &self.0, job: Mutex::new(Some(job.clone())) };
        let (mut pause, mut misses) = (LOOKS.0, 0);
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOKS.1);
            let described = match job.look().await {
                Ok(answer) if answer.status.is_success() => answer.body(),
                missed => {
                    misses += 1;
                    let failure = missed.map_or_else(|failure| failure, |answer| answer.failure());
                    match misses > MISSES {
                        true => return Err(failure),
                        false => continue,
                    }
                }
            };
            misses = 0;
            let state = State::of(&described);
            if state == State::UnderWay {
                continue;
            }
            running.ended();
            let output = match parameters["LogOptions"]["RetrieveLogs"].as_bool() {
                Some(true) => with_member(&described, "logs", job.logs(&parameters["LogOptions"]).await),
                _ => described,
            };
            return match state {
                State::Complete => Ok(output),
                _ => Err(Failure::new("States.TaskFailed", output.to_string())),
            };
        }
    }
}

fn namespace(parameters: &Value) -> &str {
    parameters["Namespace"].as_str().unwrap_or("default")
}

fn with_member(object: &Value, name: &str, value: Value) -> Value {
    object.as_object().cloned().unwrap_or_default().with(name, value).into()
}

impl Job {
    fn request(&self, method: Method, query: &Value) -> Result<reqwest::Request, Failure> {
        let path = format!("/apis/batch/v1/namespaces/{}/jobs/{}", self.namespace, self.name);
        self.cluster.request(method, &path, query)
    }

    async fn look(&self) -> Result<Answer, Failure> {
        self.cluster.ask(self.request(Method::GET, &Value::Null)?).await
    }

    /// What the containers of its pods have printed; in the place of what cannot be had, `error` and `cause`.
    async fn logs(&self, options: &Value) -> Value {
        let pods = match self.pods().await {
            Ok(pods) => pods,
            Err(failure) => return missed(failure),
        };
        let mut told = Vec::new();
        for pod in pods.as_array().into_iter().flat_map(|pods| pods.iter()) {
            let Some(name) = pod["metadata"]["name"].as_str() else { continue };
            let mut containers = Vec::new();
            for container in pod["spec"]["containers"].as_array().into_iter().flat_map(|all| all.iter()) {
                let Some(container) = container["name"].as_str() else { continue };
                let log = self.log(name, container, options).await.unwrap_or_else(missed);
                containers.push((container.to_owned(), log));
            }
            let containers: Value = containers.into_iter().collect();
            told.push((name.to_owned(), Value::from([("containers", containers)])));
        }
        Value::from([("pods", told.into_iter().collect::<Value>())])
    }

    async fn pods(&self) -> Result<Value, Failure> {
        let path = format!("/api/v1/namespaces/{}/pods", self.namespace);
        let query = Value::from([("labelSelector", format!("job-name={}", self.name).into())]);
        let answer = self.cluster.done(self.cluster.request(Method::GET, &path, &query)?).await?;
        Ok(answer.body()["items"].clone())
    }

    async fn log(&self, pod: &str, container: &str, options: &Value) -> Outcome {
        let path = format!("/api/v1/namespaces/{}/pods/{pod}/log", self.namespace);
        let query = with_member(&options["LogParameters"], "container", container.into());
        let answer = self.cluster.done(self.cluster.request(Method::GET, &path, &query)?).await?;
        let log = match options["RawLogs"].as_bool() {
            Some(true) => answer.body.into(),
            _ => answer.body(),
        };
        Ok(Value::from([("log", log)]))
    }
}

/// What stands in the place of a log that cannot be had.
fn missed(failure: Failure) -> Value {
    let text = |text: Option<Arc<str>>| text.map_or(Value::Null, |text| Value::from(&*text));
    Value::from([("error", text(failure.error)), ("cause", text(failure.cause))])
}

/// A Job that is waited for: when that is given up, it is deleted, as `.sync` does with what it has started.
///
/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync>; how, no page says.
struct Running<'a> {
    clusters: &'a Clusters,
    job: Mutex<Option<Job>>,
}

impl Running<'_> {
    fn ended(&self) -> Option<Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Some(job) = self.ended() else { return };
        self.clusters.clients.stopping().spawn(async move {
            // Its pods go, too. Nobody is left who could be told that it cannot be deleted.
            if let Ok(request) = job.request(Method::DELETE, &Value::from([("propagationPolicy", "Background".into())]))
            {
                let _ = job.cluster.ask(request).await;
            }
        });
    }
}

impl Handler for CallCluster {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.0.clients.reaches_aws(self.0.service)
    }
}

impl Handler for RunJob {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }

    /// A Job that was started before a crash goes on without us: it is looked at again.
    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        match submitted(told) {
            Some(started) => Box::pin(self.end(call, started)),
            None => self.call(call),
        }
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.0.clients.reaches_aws(self.0.service)
    }
}
