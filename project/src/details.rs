//! What is known of an execution: what the API tells of it, and what a journal keeps.

use std::sync::Arc;

use asl_engine::{Execution, Failure, Timestamp};
use asl_runtime::journal::{Entry, JournalError, ListedUnder};
use asl_runtime::{Finished, Status};
use serde::{Deserialize, Serialize};

use crate::execution::Ended;
use crate::state_machines::StateMachine;

/// What is known of an execution, beside its history.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Under which ARNs it is listed.
    pub listed_under: ListedUnder,
    /// AWS's word for how it is.
    pub status: Arc<str>,
    /// When it was started.
    pub started: Timestamp,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// All else.
    pub more: More,
}

/// What is known of an execution and never searched for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct More {
    /// Its name.
    pub name: Arc<str>,
    /// The ARN of its state machine; of a child execution of a Map Run with the label of its Map state.
    pub state_machine_arn: Arc<str>,
    /// The text of its input, as it came in.
    pub input: Arc<str>,
    /// What its state machine was when it was started.
    pub revision: Arc<str>,
    /// The text of its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<str>>,
    /// Its error, and the cause of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureTexts>,
    /// How often it was redriven, and when last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redriven: Option<(u32, Timestamp)>,
    /// The ARNs of its Map Runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub map_runs: Vec<Arc<str>>,
    /// Why it was given up, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<Arc<str>>,
    /// The test case that answers its tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_case: Option<Arc<str>>,
    /// What its tracing header was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_header: Option<Arc<str>>,
}

/// What an execution has failed with, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FailureTexts {
    /// The name of the error.
    pub error: Option<Arc<str>>,
    /// Its cause.
    pub cause: Option<Arc<str>>,
}

/// AWS's word for an execution that has not ended.
const RUNNING: &str = "RUNNING";

impl Details {
    /// What is known of an execution that starts.
    pub(crate) fn of_start(execution: &Execution, machine: &StateMachine) -> Self {
        let listed_under = match machine.is_express {
            true => ListedUnder::default(),
            false => ListedUnder {
                state_machine: Some(machine.arn.clone()),
                version: machine.version.clone(),
                alias: machine.alias.clone(),
                map_run: None,
            },
        };
        Self::of(execution, listed_under, machine.revision.clone())
    }

    /// What is known of a child execution that starts.
    pub(crate) fn of_child(execution: &Execution, map_run: Option<Arc<str>>, revision: Arc<str>) -> Self {
        Self::of(execution, ListedUnder { map_run, ..ListedUnder::default() }, revision)
    }

    fn of(execution: &Execution, listed_under: ListedUnder, revision: Arc<str>) -> Self {
        let input = execution.input_text.clone().unwrap_or_else(|| execution.input.to_string().into());
        Self {
            arn: execution.arn.clone(),
            listed_under,
            status: RUNNING.into(),
            started: execution.start_time,
            stopped: None,
            more: More {
                name: execution.name.clone(),
                state_machine_arn: execution.state_machine_arn.clone(),
                input,
                revision,
                output: None,
                failure: None,
                redriven: None,
                map_runs: Vec::new(),
                given_up: None,
                test_case: None,
                trace_header: None,
            },
        }
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.stopped.is_none()
    }

    /// Takes in that it goes on.
    pub(crate) fn redrive(&mut self, at: Timestamp) {
        self.status = RUNNING.into();
        self.stopped = None;
        self.more.output = None;
        self.more.failure = None;
        let count = self.more.redriven.map_or(0, |(count, _)| count);
        self.more.redriven = Some((count + 1, at));
    }

    /// Takes in how it ended.
    pub(crate) fn end(&mut self, finished: &Finished, at: Timestamp) {
        self.status = finished.status.name().into();
        self.stopped = Some(at);
        match &finished.outcome {
            Ok(output) => self.more.output = Some(output.to_string().into()),
            Err(failure) => {
                let (error, cause) = (failure.error.clone(), failure.cause.clone());
                self.more.failure = Some(FailureTexts { error, cause });
            }
        }
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> Option<Ended> {
        let status = match &*self.status {
            "SUCCEEDED" => Status::Succeeded,
            "TIMED_OUT" => Status::TimedOut,
            "ABORTED" => Status::Aborted,
            _ => Status::Failed,
        };
        let outcome = match (&self.more.output, &self.more.failure) {
            (Some(output), _) => Ok(output.parse().unwrap_or_default()),
            (None, failure) => {
                let FailureTexts { error, cause } = failure.clone().unwrap_or_default();
                Err(Failure { error, cause, ..Failure::default() })
            }
        };
        let finished = Finished { status, outcome, failed_in: Vec::new() };
        Some(Ended { finished, at: self.stopped?, events: 0, given_up: None })
    }

    /// As a journal keeps it.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            arn: self.arn.clone(),
            listed_under: self.listed_under.clone(),
            status: self.status.clone(),
            started: self.started,
            stopped: self.stopped,
            // Its keys are names, so it can be written.
            document: serde_json::to_string(&self.more).unwrap_or_default().into(),
        }
    }

    /// What a journal has kept.
    pub fn of_entry(entry: Entry) -> Result<Self, JournalError> {
        let Entry { arn, listed_under, status, started, stopped, document } = entry;
        let more = serde_json::from_str(&document).map_err(|error| JournalError(format!("{arn}: {error}")))?;
        Ok(Self { arn, listed_under, status, started, stopped, more })
    }
}
