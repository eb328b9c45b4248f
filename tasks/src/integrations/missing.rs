//! What a service in this process lacks: told before a run where that is known by then, and ends the run where it is not. A Catcher
//! never sees it, since it is no failure that AWS would give: there, the table was made beside the state machine.

use std::path::PathBuf;
use std::sync::Arc;

use asl_aws::in_process::Missing;
use asl_aws::{CallError, Clients, Operation, Service};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::Call;

use crate::dependencies::Dependencies;

/// Looks for what tasks name.
#[derive(Clone)]
pub(crate) struct Lookup {
    pub(super) clients: Arc<Clients>,
    /// The routing file, which the advice speaks of.
    pub(super) routes: Option<PathBuf>,
}

impl Lookup {
    pub(super) fn new(dependencies: &Dependencies) -> Self {
        Self { clients: Arc::clone(&dependencies.clients), routes: dependencies.routes.clone() }
    }

    /// What is not there of what the parameters of an operation name; goes on after "the state 'S' ".
    pub(super) async fn missing(&self, service: &Service, operation: &str, known: &Value) -> Option<String> {
        let missing = self.clients.missing(service, operation, known).await?;
        Some(missing.told(self.routes.as_deref()))
    }

    /// As [`Lookup::missing`], of an ItemReader or a ResultWriter.
    pub(super) async fn missing_bucket(&self, operation: &str, known: &Value) -> Option<String> {
        self.missing(Service::find("s3").ok()?, operation, known).await
    }

    /// Ends the run where a service in this process has failed because it lacks something, or is broken; otherwise the failure is
    /// the task's.
    pub(super) async fn given_up(
        &self,
        call: &Call,
        service: &Service,
        operation: &Operation,
        error: &CallError,
    ) -> Option<Failure> {
        let CallError::Service(refused) = error else { return None };
        self.clients.served_here(service.name)?;
        if refused.status >= 500 {
            let state = &call.request.state;
            let why = refused.message.as_deref().or(refused.code.as_deref()).unwrap_or("no reason is given");
            return Some(
                call.refuse(&format!("the embedded {} cannot serve the state '{state}': {why}", service.prefix)),
            );
        }
        if refused.is_not_found() { self.not_made(call, service, operation.name).await } else { None }
    }

    /// Ends the run where a thing is missing that the routing file makes. What can never be is the service's to tell.
    async fn not_made(&self, call: &Call, service: &Service, operation: &str) -> Option<Failure> {
        let missing = self.clients.missing(service, operation, &call.request.input).await?;
        if let Missing::Impossible(_) = missing {
            return None;
        }
        let told = missing.told(self.routes.as_deref());
        Some(call.refuse(&format!("the state '{}' {told}", call.request.state)))
    }

    /// `outcome`, or the end of the run where it failed for want of a bucket.
    pub(super) async fn or_missing_bucket(&self, call: &Call, operation: &str, outcome: Outcome) -> Outcome {
        if outcome.is_err()
            && let Ok(s3) = Service::find("s3")
            && let Some(failure) = self.not_made(call, s3, operation).await
        {
            return Err(failure);
        }
        outcome
    }
}
