//! `arn:aws:states:::states:startExecution`, also with `.sync` and `.sync:2`: starts a state machine of another Step Functions.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl_aws::Clients;
use asl_aws::{Operation, Service, Style};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler, Report};

use super::answer::{Names, with_metadata};

const NAMES: Names = Names { prefix: "StepFunctions", service: "AWSStepFunctions", other: "AWSStepFunctionsException" };

/// How often an execution is looked at at first, and how often in the end.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What a state waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// The start.
    Started,
    /// The end; the output is text.
    Ended,
    /// The end; the output is what the text says.
    EndedParsed,
}

struct StartExecution {
    clients: Arc<Clients>,
    service: &'static Service,
    start: &'static Operation,
    describe: &'static Operation,
    stop: &'static Operation,
    until: Until,
}

/// The handler of `arn:aws:states:::states:startExecution` with what is behind it.
pub(super) fn find(clients: &Arc<Clients>, service: &str, action: &str) -> Option<Arc<dyn Handler>> {
    let until = match (service, action) {
        ("states", "startExecution") => Until::Started,
        ("states", "startExecution.sync") => Until::Ended,
        ("states", "startExecution.sync:2") => Until::EndedParsed,
        _ => return None,
    };
    let service = Service::of_arn(service).ok()?;
    let operation = |name| service.known_operation(name);
    let (start, describe) = (operation("StartExecution")?, operation("DescribeExecution")?);
    let (stop, clients) = (operation("StopExecution")?, Arc::clone(clients));
    Some(Arc::new(StartExecution { clients, service, start, describe, stop, until }))
}

impl StartExecution {
    async fn run(&self, call: &Call) -> Outcome {
        let started = self.clients.call(self.service, self.start, &call.request.input, Style::Optimized).await;
        let started = started.map_err(|fault| NAMES.failure(fault))?;
        let arn = started.result.get("ExecutionArn").cloned().unwrap_or_default();
        let started = with_metadata(started);
        if self.until == Until::Started {
            return Ok(started);
        }
        let running = Running { of: self, arn: Mutex::new(Some(arn.clone())) };
        call.report(Report::Submitted(started));
        let ended = self.end(&arn).await;
        running.ended();
        ended
    }

    /// Looks at an execution until it has ended.
    async fn end(&self, arn: &Value) -> Outcome {
        let parameters = Value::from([("ExecutionArn", arn.clone())]);
        let mut pause = LOOKS.0;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOKS.1);
            let described = self.clients.call(self.service, self.describe, &parameters, Style::Optimized).await;
            let described = Value::from(described.map_err(|fault| NAMES.failure(fault))?.result);
            match described["Status"].as_str() {
                Some("RUNNING" | "PENDING_REDRIVE") => {}
                Some("SUCCEEDED") => return Ok(shown(&described, self.until)),
                _ => return Err(Failure::new("States.TaskFailed", shown(&described, Until::Ended).to_string())),
            }
        }
    }
}

/// A description as the result of a state, which has not all of it.
fn shown(described: &Value, until: Until) -> Value {
    let members = described.as_object().into_iter().flat_map(|members| members.iter());
    let members = members.filter(|(name, _)| !matches!(&***name, "TraceHeader" | "MapRunArn"));
    members
        .map(|(name, value)| {
            let parsed =
                value.as_str().filter(|_| until == Until::EndedParsed && matches!(&**name, "Input" | "Output"));
            (name.clone(), parsed.and_then(|text| text.parse().ok()).unwrap_or_else(|| value.clone()))
        })
        .collect()
}

/// An execution that is waited for: when that is given up, it is stopped.
struct Running<'a> {
    of: &'a StartExecution,
    arn: Mutex<Option<Value>>,
}

impl Running<'_> {
    fn ended(&self) {
        self.take();
    }

    fn take(&self) -> Option<Value> {
        self.arn.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Some(arn) = self.take() else { return };
        let (clients, service, stop) = (Arc::clone(&self.of.clients), self.of.service, self.of.stop);
        self.of.clients.stopping().spawn(async move {
            let parameters = Value::from([("ExecutionArn", arn)]);
            // Nobody is left who could be told that it cannot be stopped.
            let _ = clients.call(service, stop, &parameters, Style::Optimized).await;
        });
    }
}

impl Handler for StartExecution {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.clients.reaches_aws(self.service)
    }
}
