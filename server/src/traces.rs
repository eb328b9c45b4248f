//! Traces of executions for OpenTelemetry: sent when they have ended, as OTLP over HTTP in JSON.
//!
//! OpenTelemetry specification, "OTLP/HTTP" and "OpenTelemetry Protocol Exporter": the address is a base, behind which `/v1/traces` stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use asl_aws::web::{Caller, transport_error};
use asl_engine::{Execution, Value};
use asl_history::Course;
use asl_project::Watcher;
use asl_runtime::Batch;
use asl_runtime::journal::{Events, Journal};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::warn;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether the end of an execution is kept.
const KEPT: Duration = Duration::from_millis(10);

/// How many traces are sent at a time, and how many wait for that. Beyond them, traces get lost.
const AT_ONCE: usize = 16;
const WAITING: usize = 10_000;

/// Notes executions that have ended.
#[derive(Clone, Debug)]
pub(crate) struct Traces(Sender<Arc<str>>);

impl Traces {
    /// Traces that are sent to this address until nobody notes any more.
    pub(crate) fn to(address: &str, journal: Arc<dyn Journal>) -> Self {
        let (sender, ended) = channel(WAITING);
        let url = format!("{}/v1/traces", address.trim_end_matches('/'));
        tokio::spawn(send_all(url, journal, ended));
        Self(sender)
    }

    /// Who notes the end of an execution.
    pub(crate) fn watcher(&self, execution: &Arc<Execution>) -> Watcher {
        let (sender, arn) = (self.0.clone(), execution.arn.clone());
        Box::new(move |batch: &Batch| {
            if batch.finished.is_some() {
                // Where too many wait, or the server ends, it is lost.
                let _ = sender.try_send(arn.clone());
            }
        })
    }
}

async fn send_all(url: String, journal: Arc<dyn Journal>, mut ended: Receiver<Arc<str>>) {
    let (caller, is_told) = (Caller::default(), Arc::new(AtomicBool::new(false)));
    let mut sending = JoinSet::new();
    while let Some(arn) = ended.recv().await {
        while sending.len() >= AT_ONCE {
            sending.join_next().await;
        }
        while sending.try_join_next().is_some() {}
        let (caller, url, journal, is_told) = (caller.clone(), url.clone(), Arc::clone(&journal), Arc::clone(&is_told));
        sending.spawn(async move {
            if let Err(reason) = send(&caller, &url, &*journal, &arn).await
                && !is_told.swap(true, Ordering::Relaxed)
            {
                warn!(%reason, %url, "traces get lost");
            }
        });
    }
}

/// Waits until the end of an execution is kept.
async fn kept(journal: &dyn Journal, arn: &str) -> Result<(), String> {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        let entry = journal.entry(arn).map_err(|error| error.to_string())?;
        if entry.is_some_and(|entry| entry.stopped.is_some()) {
            return Ok(());
        }
        tokio::time::sleep(KEPT).await;
    }
    Err(format!("{arn} is not kept"))
}

async fn send(caller: &Caller, url: &str, journal: &dyn Journal, arn: &str) -> Result<(), String> {
    kept(journal, arn).await?;
    let all = Events { from: None, is_reversed: false, most: usize::MAX };
    let texts = journal.events(arn, all).map_err(|error| error.to_string())?;
    let events: Option<Value> = texts.iter().map(|text| text.parse::<Value>().ok()).collect();
    let history = Value::from([("events", events.unwrap_or_default())]);
    let course = Course::of(&history, Some(arn)).map_err(|error| error.to_string())?;
    let Some(trace) = course.trace(env!("CARGO_PKG_VERSION")) else { return Ok(()) };
    let client = caller.client().map_err(|error| error.to_string())?;
    let request = client.post(url).timeout(PATIENCE).header("content-type", "application/json");
    let response = request.body(trace.to_string()).send().await.map_err(transport_error)?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the collector answers {status}")),
    }
}

/// Two who are told the same.
pub(crate) fn both(first: Option<Watcher>, second: Option<Watcher>) -> Option<Watcher> {
    match (first, second) {
        (Some(mut first), Some(mut second)) => Some(Box::new(move |batch: &Batch| {
            first(batch);
            second(batch);
        })),
        (first, second) => first.or(second),
    }
}
