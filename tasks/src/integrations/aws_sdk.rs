//! `arn:aws:states:::aws-sdk:SERVICE:ACTION`: any operation of any service.
//!
//! AWS developer guide, "Learning to use AWS service SDK integrations in Step Functions".

use std::sync::Arc;

use asl_aws::Clients;
use asl_aws::{Operation, Service, Style, UnknownName};
use asl_engine::Outcome;
use asl_runtime::{BoxFuture, Call, Handler};

use super::answer::sdk_outcome;

struct AwsSdk {
    clients: Arc<Clients>,
    service: &'static Service,
    operation: &'static Operation,
}

/// The handler of an action. The error says what is wrong with the names.
pub(super) fn find(clients: &Arc<Clients>, service: &str, action: &str) -> Result<Arc<dyn Handler>, UnknownName> {
    let service = Service::find(service)?;
    let operation = service.operation(action)?;
    Ok(Arc::new(AwsSdk { clients: Arc::clone(clients), service, operation }))
}

impl Handler for AwsSdk {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let called = self.clients.call(self.service, self.operation, &call.request.input, Style::Sdk).await;
            sdk_outcome(self.service, called)
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.clients.reaches_aws(self.service)
    }
}
