//! `arn:aws:states:::bedrock:invokeModel`: asks a model; its input and its answer are JSON, or objects of S3.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html>

use std::sync::Arc;

use asl_aws::Clients;
use asl_aws::{Operation, Service, Style};
use asl_engine::{Failure, Object, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};

use super::answer::Names;

const NAMES: Names =
    Names { prefix: "Bedrock", service: "AmazonBedrockRuntime", other: "AmazonBedrockRuntimeException" };
const S3: Names = Names { prefix: "S3", service: "Amazon S3", other: "AmazonS3Exception" };

/// The service that runs models has a name of its own.
pub(super) const SERVICE: &str = "bedrockruntime";

/// What models take and give where nothing else is said.
const JSON: &str = "application/json";

/// Asks a model.
pub(super) struct InvokeModel {
    clients: Arc<Clients>,
    service: &'static Service,
    invoke: &'static Operation,
}

impl InvokeModel {
    /// None where the models of AWS do not have it.
    pub(super) fn new(clients: &Arc<Clients>) -> Option<Self> {
        let service = Service::find(SERVICE).ok()?;
        let invoke = service.known_operation("InvokeModel")?;
        Some(Self { clients: Arc::clone(clients), service, invoke })
    }

    async fn run(&self, parameters: &Value) -> Outcome {
        let given = parameters.as_object().cloned().unwrap_or_default();
        let sent = self.sent(&given).await?;
        let answer = self.clients.call(self.service, self.invoke, &sent, Style::Optimized).await;
        let answer = answer.map_err(|error| NAMES.failure(error))?.result;
        let body = answer.get("Body").cloned().unwrap_or_default();
        let body = match location(&given, "Output")? {
            None => parsed(body),
            Some((uri, bucket, key)) => {
                self.put(bucket, key, parsed(body)).await?;
                uri.into()
            }
        };
        Ok(answer.with("Body", body).into())
    }

    /// The parameters as the service takes them.
    async fn sent(&self, given: &Object) -> Outcome {
        let own = |name: &str| matches!(name, "Input" | "Output");
        let sent = given.iter().filter(|(name, _)| !own(name)).map(|(name, value)| (name.clone(), value.clone()));
        let mut sent: Object = sent.collect();
        if let Some((_, bucket, key)) = location(given, "Input")? {
            let object = self.get(bucket, key).await?;
            let kind = object.get("ContentType").filter(|_| given.get("ContentType").is_none());
            sent = kind.map_or(sent.clone(), |kind| sent.with("ContentType", kind.clone()));
            sent = sent.with("Body", object.get("Body").cloned().unwrap_or_default());
        }
        let body = sent.get("Body").cloned().ok_or_else(|| runtime("Either Body or Input must be specified"))?;
        sent = sent.with("Body", parsed(body));
        for name in ["Accept", "ContentType"] {
            if sent.get(name).is_none() {
                sent = sent.with(name, JSON.into());
            }
        }
        Ok(sent.into())
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Object, Failure> {
        self.s3("GetObject", Value::from([("Bucket", Value::from(bucket)), ("Key", key.into())])).await
    }

    async fn put(&self, bucket: &str, key: &str, body: Value) -> Result<(), Failure> {
        let object = [("Bucket", bucket.into()), ("Key", key.into()), ("ContentType", JSON.into()), ("Body", body)];
        self.s3("PutObject", Value::from(object)).await.map(drop)
    }

    async fn s3(&self, operation: &str, parameters: Value) -> Result<Object, Failure> {
        let s3 = Service::find("s3").map_err(|error| runtime(&error.to_string()))?;
        let operation = s3.known_operation(operation).ok_or_else(|| runtime("S3 has no such operation"))?;
        let answer = self.clients.call(s3, operation, &parameters, Style::Optimized).await;
        Ok(answer.map_err(|error| S3.failure(error))?.result)
    }
}

/// The object that `Input` or `Output` names: its URI, bucket and key.
fn location<'a>(given: &'a Object, name: &str) -> Result<Option<(&'a str, &'a str, &'a str)>, Failure> {
    let Some(uri) = given.get(name).map(|place| place["S3Uri"].as_str().unwrap_or_default()) else { return Ok(None) };
    let found = uri.strip_prefix("s3://").and_then(|path| path.split_once('/'));
    let (bucket, key) =
        found.ok_or_else(|| runtime(&format!("The S3Uri of {name} is no URI of an object: {uri:?}")))?;
    Ok(Some((uri, bucket, key)))
}

/// The JSON that a text says; anything else as it is.
fn parsed(body: Value) -> Value {
    body.as_str().and_then(|text| text.parse().ok()).unwrap_or(body)
}

fn runtime(cause: &str) -> Failure {
    Failure::new("States.Runtime", cause)
}

impl Handler for InvokeModel {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.clients.reaches_aws(self.service)
    }
}
