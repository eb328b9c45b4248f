//! `arn:aws:states:::aws-sdk:SERVICE:ACTION`: any operation of any service.
//!
//! AWS developer guide, "Learning to use AWS service SDK integrations in Step Functions".

use std::sync::Arc;

use asl_aws::{Operation, Service, Style, UnknownName};
use asl_engine::{Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};

use super::Called;
use super::answer::sdk_outcome;
use super::missing::Lookup;

struct AwsSdk {
    lookup: Lookup,
    service: &'static Service,
    operation: &'static Operation,
}

/// The handler of an action. The error says what is wrong with the names.
pub(super) fn find(lookup: Lookup, service: &str, action: &str) -> Result<(Arc<dyn Handler>, Called), UnknownName> {
    let service = Service::find(service)?;
    let operation = service.operation(action)?;
    Ok((Arc::new(AwsSdk { lookup, service, operation }), (service, operation)))
}

impl Handler for AwsSdk {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Self { lookup, service, operation } = self;
            let called = lookup.clients.call(service, operation, &call.request.input, Style::Sdk).await;
            if let Err(error) = &called
                && let Some(given_up) = lookup.given_up(call, service, operation, error).await
            {
                return Err(given_up);
            }
            sdk_outcome(service, called)
        })
    }

    fn missing<'a>(&'a self, _: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.lookup.missing(self.service, self.operation.name, known))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.lookup.clients.reaches_aws(self.service)
    }
}
