//! `arn:aws:states:::lambda:invoke`: calls a function and gives its result in the envelope of Lambda's API.
//!
//! The function is whatever serves its ARN: its code on this machine, or any other handler; else one of the Lambda that
//! `[services]` names.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use asl_aws::in_process::http_date;
use asl_engine::{Failure, Object, Outcome, TaskRequest, Value};
use asl_runtime::Background;
use asl_runtime::lambda::FunctionArn;
use asl_runtime::{BoxFuture, Call, Handler, PrepareError};
use tracing::Instrument;

use super::remote_function::RemoteFunction;
use crate::dependencies::Dependencies;
use crate::handler_table::HandlerTable;
use crate::inner::call_inner;
use crate::router::{missing_function, no_function};

/// Calls a function. See <https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html>.
pub(crate) struct Invoke {
    table: Weak<HandlerTable>,
    background: Arc<Background>,
    elsewhere: Option<RemoteFunction>,
    /// What the routing file is called.
    routes: Option<PathBuf>,
}

impl Invoke {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        let (table, background) = (Weak::clone(&dependencies.table), Arc::clone(&dependencies.background));
        let (elsewhere, routes) = (RemoteFunction::new(&dependencies.clients), dependencies.routes.clone());
        Self { table, background, elsewhere, routes }
    }

    async fn run(&self, call: &Call) -> Outcome {
        let request = &call.request;
        let parameters = Parameters::read(&request.input)?;
        let id = uuid::Uuid::new_v4().to_string();
        let mut arn = FunctionArn::named(parameters.function_name, &request.execution);
        if let Some(qualifier) = parameters.qualifier {
            arn.qualifier = Some(qualifier.to_owned());
        }
        let found = self.table.upgrade().and_then(|table| table.find_function(&arn));
        if let (None, Some(elsewhere)) = (&found, &self.elsewhere) {
            return elsewhere.call(call).await;
        }
        let function = found.ok_or_else(|| {
            let missing = no_function(&self.table, &arn.unqualified(), &self.routes);
            call.refuse(&format!("the state '{}' has {missing}", request.state))
        })?;
        let payload = parameters.payload(&id)?;
        let resource = match &arn.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", arn.unqualified()),
            None => arn.unqualified(),
        };
        let inner = TaskRequest { resource: resource.into(), input: payload, ..TaskRequest::clone(request) };
        let inner = call.inner(inner).with_client_context(parameters.client_context(&id)?);
        match parameters.invocation_type {
            InvocationType::RequestResponse => {
                let payload = call_inner(&*function, &inner).await.map_err(with_compact_cause)?;
                Ok(answer(200, Some((arn.version(), payload)), &id))
            }
            InvocationType::Event => {
                let called = async move {
                    // Nobody is told: what the function printed is in its log.
                    let _ = call_inner(&*function, &inner).await;
                };
                self.background.spawn(called.in_current_span());
                Ok(answer(202, None, &id))
            }
            InvocationType::DryRun => Ok(answer(204, None, &id)),
        }
    }
}

/// The failure of a function as the integration tells it: the answer of Lambda's API was read and is written again, without the blanks
/// of the runtime for Python, which a function that is called by its ARN keeps. Recorded: StartSyncExecution of `lambda:invoke` with a
/// Catcher, and of a function's ARN.
fn with_compact_cause(failure: Failure) -> Failure {
    let cause = failure.cause.as_ref().and_then(|cause| cause.parse::<Value>().ok());
    match cause.filter(|cause| cause.as_object().is_some()) {
        Some(cause) => Failure { cause: Some(cause.to_string().into()), ..failure },
        None => failure,
    }
}

impl Handler for Invoke {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }

    /// Prepares the function that is called where its name is known before; otherwise all, and what is wrong with one of these
    /// is told when it is called.
    fn prepare<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        Box::pin(async move {
            let Some(table) = self.table.upgrade() else { return Ok(()) };
            if resource.starts_with("arn:aws:states:") {
                let functions = table.functions();
                let prepared = functions.iter().map(async |(pattern, function)| {
                    let _ = function.prepare(&pattern.to_string()).await;
                });
                futures_util::future::join_all(prepared).await;
                return Ok(());
            }
            let arn = FunctionArn::named(resource, "");
            match table.find_function(&arn) {
                Some(function) => function.prepare(&arn.unqualified()).await,
                None => Ok(()),
            }
        })
    }

    fn missing<'a>(&'a self, _: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        let missing = || missing_function(&self.table, &known["FunctionName"], &self.routes);
        Box::pin(std::future::ready(if self.elsewhere.is_some() { None } else { missing() }))
    }

    fn reaches_aws<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let table = self.table.upgrade();
            let mut reached = Vec::new();
            if resource.starts_with("arn:aws:states:") {
                // Any of them may be called.
                for (pattern, function) in table.map_or_else(Vec::new, |table| table.functions()) {
                    reached.extend(function.reaches_aws(&pattern.to_string()).await);
                }
            } else {
                let arn = FunctionArn::named(resource, "");
                if let Some(function) = table.and_then(|table| table.find_function(&arn)) {
                    return function.reaches_aws(&arn.unqualified()).await;
                }
            }
            if let Some(elsewhere) = &self.elsewhere {
                reached.extend(elsewhere.reaches_aws(resource).await);
            }
            reached
        })
    }
}

struct Parameters<'a> {
    function_name: &'a str,
    qualifier: Option<&'a str>,
    payload: Option<&'a Value>,
    invocation_type: InvocationType,
    client_context: Option<&'a str>,
}

enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

impl<'a> Parameters<'a> {
    fn read(input: &'a Value) -> Result<Self, Failure> {
        let text = |name: &'static str| match input.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(&**text)),
            Some(_) => Err(not_startable(input, &format!("The value for the field '{name}' must be a STRING"))),
        };
        if input.as_object().is_none() {
            return Err(Failure::new("States.Runtime", "The parameters of lambda:invoke must be a JSON object"));
        }
        let function_name = text("FunctionName")?
            .ok_or_else(|| not_startable(input, "The field 'FunctionName' is required but was missing"))?;
        let invocation_type = match text("InvocationType")? {
            None | Some("RequestResponse") => InvocationType::RequestResponse,
            Some("Event") => InvocationType::Event,
            Some("DryRun") => InvocationType::DryRun,
            Some(_) => {
                let allowed = "The value for the field 'InvocationType' must be one of Event, RequestResponse, DryRun";
                return Err(not_startable(input, allowed));
            }
        };
        let payload = input.get("Payload").filter(|payload| **payload != Value::Null);
        Ok(Self {
            function_name,
            qualifier: text("Qualifier")?,
            payload,
            invocation_type,
            client_context: text("ClientContext")?,
        })
    }

    /// What the function gets. A text is the payload of Lambda's API as it is: JSON text.
    fn payload(&self, id: &str) -> Result<Value, Failure> {
        match self.payload {
            None => Ok(Value::empty_object()),
            Some(Value::String(text)) => text.parse().map_err(|error: asl_engine::JsonError| {
                let message = format!("Could not parse request body into json: {}", error.message);
                refused("InvalidRequestContentException", 400, &message, id)
            }),
            Some(payload) => Ok(payload.clone()),
        }
    }

    /// The JSON text that stands in `ClientContext` in Base64.
    fn client_context(&self, id: &str) -> Result<Option<Arc<str>>, Failure> {
        let Some(context) = self.client_context else { return Ok(None) };
        let decoded = aws_smithy_types::base64::decode(context).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        // On one line, as it goes into a header.
        let decoded = decoded.and_then(|text| text.parse::<Value>().ok()).map(|context| context.to_string().into());
        let refusal = || {
            refused(
                "InvalidRequestContentException",
                400,
                "Client context must be a valid Base64-encoded JSON object.",
                id,
            )
        };
        decoded.map(Some).ok_or_else(refusal)
    }
}

/// The result of the API with the metadata of its response, in the order in which AWS has it.
fn answer(status: u32, result: Option<(&str, Value)>, id: &str) -> Value {
    let date = http_date();
    let length = result.as_ref().map_or(0, |(_, payload)| payload.json_len()).to_string();
    let trace = uuid::Uuid::new_v4().simple().to_string();
    let trace = format!("Root=1-{}-{};Sampled=0", &trace[..8], &trace[8..]);
    let version = result.as_ref().map(|(version, _)| *version);
    let content_type = result.as_ref().map(|_| "application/json");
    let all = [
        ("X-Amz-Executed-Version", version),
        ("x-amzn-Remapped-Content-Length", Some("0")),
        ("Connection", Some("keep-alive")),
        ("x-amzn-RequestId", Some(id)),
        ("Content-Length", Some(length.as_str())),
        ("Date", Some(date.as_str())),
        ("X-Amzn-Trace-Id", Some(trace.as_str())),
        ("Content-Type", content_type),
    ];
    let last = [
        ("Connection", Some("keep-alive")),
        ("Content-Length", Some(length.as_str())),
        ("Content-Type", content_type),
        ("Date", Some(date.as_str())),
        ("X-Amz-Executed-Version", version),
        ("x-amzn-Remapped-Content-Length", Some("0")),
        ("x-amzn-RequestId", Some(id)),
        ("X-Amzn-Trace-Id", Some(trace.as_str())),
    ];
    let lists = all.into_iter().filter_map(|(name, text)| {
        let list: Value = [Value::from(text?)].into_iter().collect();
        Some((name, list))
    });
    let texts = last.into_iter().filter_map(|(name, text)| Some((name, Value::from(text?))));
    let http = Value::from([
        ("AllHttpHeaders", lists.collect()),
        ("HttpHeaders", texts.collect()),
        ("HttpStatusCode", Value::from(status)),
    ]);
    let (version, payload) = match result {
        Some((version, payload)) => (Some(Value::from(version)), payload),
        None => (None, Value::from("")),
    };
    let members = [
        ("ExecutedVersion", version),
        ("Payload", Some(payload)),
        ("SdkHttpMetadata", Some(http)),
        ("SdkResponseMetadata", Some(Value::from([("RequestId", Value::from(id))]))),
        ("StatusCode", Some(Value::from(status))),
    ];
    let members = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Value::from(members.collect::<Object>())
}

/// A refusal of Lambda's API.
fn refused(code: &str, status: u16, message: &str, id: &str) -> Failure {
    let cause = format!(
        "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: {id}; Proxy: null)"
    );
    Failure::new(format!("Lambda.{code}"), cause)
}

/// Parameters that Step Functions does not make a request of.
fn not_startable(input: &Value, why: &str) -> Failure {
    Failure::new("States.Runtime", format!("The Parameters '{input}' could not be used to start the Task: [{why}]"))
}
