//! The events that AWS publishes on the default bus of EventBridge when a STANDARD execution starts or ends.
//!
//! AWS developer guide, "Automating Step Functions event delivery with EventBridge"; recorded for the members. They are published where
//! somebody wants them, when what they tell is kept; what a crash leaves untold comes no more, as AWS promises no more than its best.

use std::sync::{Arc, Weak};
use std::time::Duration;

use asl_engine::{EventKind, Execution, Outcome, Timestamp};
use asl_project::{Executions, StateMachine, Watcher};
use asl_runtime::{Batch, NotRedrivable, RedriveStatus, Status};
use asl_tasks::Events;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// The most bytes of an event with the input and the output. Developer guide: over 248 KiB they are left out.
const EVENT_MAX: usize = 248 * 1024;

/// A status change that is to be published.
pub(crate) struct Change {
    event: Value,
    /// The execution, where it has ended.
    ended: Option<Arc<str>>,
}

/// Takes note of status changes.
pub(crate) struct StatusChanges {
    events: Arc<Events>,
    tell: UnboundedSender<Change>,
    /// How many are not published yet.
    pending: watch::Sender<usize>,
}

/// The execution of a watcher.
struct Watched {
    version: Option<Arc<str>>,
    alias: Option<Arc<str>>,
    /// As it was last seen: a redrive changes it.
    execution: Arc<Execution>,
}

impl StatusChanges {
    /// Takes note for `events`; the other end is for [`publish`].
    pub(crate) fn new(events: Arc<Events>) -> (Arc<Self>, UnboundedReceiver<Change>) {
        let (tell, told) = unbounded_channel();
        (Arc::new(Self { events, tell, pending: watch::Sender::new(0) }), told)
    }

    /// Who takes note of what happens in an execution.
    pub(crate) fn watcher(self: &Arc<Self>, machine: &StateMachine, execution: &Arc<Execution>) -> Option<Watcher> {
        if machine.is_express {
            return None;
        }
        let (version, alias) = (machine.version.clone(), machine.alias.clone());
        let mut watched = Watched { version, alias, execution: Arc::clone(execution) };
        let changes = Arc::clone(self);
        Some(Box::new(move |batch: &Batch| {
            for (event, ended) in watched.changes(batch, || changes.events.is_listened_to()) {
                changes.pending.send_modify(|pending| *pending += 1);
                // Where nobody takes it, the server ends.
                let _ = changes.tell.send(Change { event, ended });
            }
        }))
    }

    /// Waits until all are published, for this time at most.
    pub(crate) async fn published(&self, longest: Duration) {
        let mut pending = self.pending.subscribe();
        let _ = tokio::time::timeout(longest, pending.wait_for(|pending| *pending == 0)).await;
    }
}

/// Publishes status changes in their order, until it is dropped.
pub(crate) async fn publish(
    changes: Arc<StatusChanges>,
    executions: Weak<Executions>,
    mut told: UnboundedReceiver<Change>,
) {
    while let Some(Change { event, ended }) = told.recv().await {
        // Whoever gets the event may ask at once what became of the execution.
        if let (Some(arn), Some(executions)) = (&ended, executions.upgrade()) {
            executions.ended_of(arn).await;
        }
        changes.events.publish(&event).await;
        changes.pending.send_modify(|pending| *pending = pending.saturating_sub(1));
    }
}

impl Watched {
    /// The events of a batch, and of an end the execution that has ended.
    fn changes(&mut self, batch: &Batch, is_wanted: impl FnOnce() -> bool) -> Vec<(Value, Option<Arc<str>>)> {
        let own = batch.recorded.iter().filter(|recorded| recorded.execution.arn == self.execution.arn);
        let (mut last, mut begun) = (None, None);
        for recorded in own {
            let is_start =
                matches!(recorded.event.kind, EventKind::ExecutionStarted { .. } | EventKind::ExecutionRedriven { .. });
            begun = if is_start { Some(recorded) } else { begun };
            last = Some(recorded);
        }
        if let Some(last) = last.filter(|last| !Arc::ptr_eq(&last.execution, &self.execution)) {
            self.execution = Arc::clone(&last.execution);
        }
        if (begun.is_none() && batch.finished.is_none()) || !is_wanted() {
            return Vec::new();
        }
        let mut changes = Vec::new();
        if let Some(begun) = begun {
            changes.push((self.event(begun.event.timestamp, None), None));
        }
        if let Some(finished) = &batch.finished {
            let at = last.map_or_else(asl_runtime::now, |last| last.event.timestamp);
            let event = self.event(at, Some((finished.status, &finished.outcome)));
            changes.push((event, Some(self.execution.arn.clone())));
        }
        changes
    }

    /// The event of a change at this time: a start, or an end.
    fn event(&self, at: Timestamp, ended: Option<(Status, &Outcome)>) -> Value {
        let execution = &self.execution;
        let output = ended.and_then(|(_, outcome)| outcome.as_ref().ok()).map(ToString::to_string);
        // What has timed out has its error in its history alone, as `DescribeExecution` has it.
        let failure = ended.filter(|(status, _)| *status != Status::TimedOut);
        let failure = failure.and_then(|(_, outcome)| outcome.as_ref().err());
        let (status, redrive) = match ended.map(|(status, _)| status) {
            None => ("RUNNING", RedriveStatus::NotRedrivable(NotRedrivable::Running)),
            Some(status @ Status::Succeeded) => (status.name(), RedriveStatus::NotRedrivable(NotRedrivable::Succeeded)),
            Some(status) => (status.name(), RedriveStatus::Redrivable),
        };
        let input = execution.input_text.as_ref().map_or_else(|| execution.input.to_string(), |text| text.to_string());
        let included = || json!({ "included": true });
        let mut parts = execution.arn.split(':').skip(3);
        let (region, account) = (parts.next(), parts.next());
        let mut event = json!({
            "version": "0",
            "id": uuid::Uuid::new_v4().to_string(),
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "account": account,
            // Without milliseconds.
            "time": format!("{}Z", at.to_string().split('.').next().unwrap_or_default()),
            "region": region,
            "resources": [&*execution.arn],
            "detail": {
                "executionArn": &*execution.arn,
                "stateMachineArn": &*execution.state_machine_arn,
                "name": &*execution.name,
                "status": status,
                "startDate": execution.start_time.0,
                "stopDate": ended.map(|_| at.0),
                "input": input,
                "output": output,
                "stateMachineVersionArn": self.version.as_deref(),
                "stateMachineAliasArn": self.alias.as_deref(),
                "redriveCount": execution.redrive_count,
                "redriveDate": execution.redrive_time.map(|at| at.0),
                "redriveStatus": redrive.name(),
                "redriveStatusReason": redrive.reason().map(|reason| reason.to_string()),
                "inputDetails": included(),
                "outputDetails": output.as_ref().map(|_| included()),
                "error": failure.and_then(|failure| failure.error.as_deref()),
                "cause": failure.and_then(|failure| failure.cause.as_deref()),
            },
        });
        for (name, details) in [("input", "inputDetails"), ("output", "outputDetails")] {
            if event.to_string().len() > EVENT_MAX && !event["detail"][name].is_null() {
                event["detail"][name] = Value::Null;
                event["detail"][details]["included"] = false.into();
            }
        }
        event
    }
}
