//! Service integrations: what Step Functions calls by itself, with the results and errors that it gives.

mod answer;
mod aws_sdk;
pub(crate) mod http;
mod lambda;
mod optimized;
mod remote_function;
mod s3;
mod step_functions;

use std::sync::Arc;

use asl_engine::Value;

pub use answer::answered_here;

use self::http::Connections;
use self::remote_function::RemoteFunction;
use crate::arn;
use crate::callbacks::WAIT_FOR_TASK_TOKEN;
use crate::pattern::Pattern;
use crate::routes::Place;
use crate::services::Clients;
use crate::services::api::{Operation, Service, Style, input_table};
use crate::world::World;
use asl_runtime::Handler;

/// What serves the resources that say by themselves what they are.
pub(crate) fn all(world: &World, connections: Connections) -> Vec<(Pattern, Arc<dyn Handler>)> {
    let clients = || Arc::clone(&world.clients);
    let http = http::Invoke { clients: clients(), connections };
    let all: [(&str, Arc<dyn Handler>); 5] = [
        ("arn:aws:states:::http:invoke", Arc::new(http)),
        ("arn:aws:states:::lambda:invoke", Arc::new(lambda::Invoke::new(world))),
        // Only an ItemReader or a ResultWriter asks for these.
        ("arn:aws:states:::s3:getObject", Arc::new(s3::GetObject::new(clients()))),
        ("arn:aws:states:::s3:listObjectsV2", Arc::new(s3::ListObjects(clients()))),
        ("arn:aws:states:::s3:putObject", Arc::new(s3::PutObject::new(clients()))),
    ];
    all.into_iter().map(|(resource, handler)| (resource.into(), handler)).collect()
}

/// The fields that the parameters of `arn:aws:states:::aws-sdk:SERVICE:ACTION` may have, for
/// [`Program::with_inputs`](asl_engine::Program::with_inputs).
pub fn parameter_table(resource: &str) -> Option<Value> {
    let (service, operation) = sdk_operation(resource)?;
    input_table(service, operation, Style::Sdk)
}

/// What an integration of the AWS SDK calls. That a name is none is told elsewhere.
fn sdk_operation(resource: &str) -> Option<(&'static Service, &'static Operation)> {
    let named = resource.splitn(6, ':').nth(5)?.strip_prefix("aws-sdk:")?;
    let (service, action) = named.split_once(':')?;
    let service = Service::find(service).ok()?;
    Some((service, service.operation(action.split('.').next()?).ok()?))
}

/// Why nothing calls the service of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotServed {
    /// Nothing is known of it.
    Unknown,
    /// There is no such service or action.
    NoSuch(String),
    /// Nothing says where the service is; its name in `[services]`.
    NoPlace(String),
}

/// What is wrong with the service or the action of `arn:aws:states:::aws-sdk:SERVICE:ACTION`, where AWS has none of that name.
///
/// ```
/// let told = asl_tasks::no_such_action("arn:aws:states:::aws-sdk:kms:encript");
/// assert_eq!(told.as_deref(), Some("the service kms has no action \"encript\", did you mean \"encrypt\"?"));
/// assert_eq!(asl_tasks::no_such_action("arn:aws:states:::aws-sdk:kms:encrypt.waitForTaskToken"), None);
/// assert_eq!(asl_tasks::no_such_action("arn:aws:states:::sqs:sendMessage"), None);
/// ```
pub fn no_such_action(resource: &str) -> Option<String> {
    let plain = arn::integration(resource);
    let named = plain.as_deref().unwrap_or(resource).strip_prefix("arn:aws:states:::aws-sdk:")?;
    let (service, action) = named.split_once(':')?;
    let action = action.strip_suffix(WAIT_FOR_TASK_TOKEN).unwrap_or(action);
    Service::find(service).and_then(|service| service.operation(action)).err()
}

/// What calls the service of `arn:aws:states:::SERVICE:ACTION` or `arn:aws:states:::aws-sdk:SERVICE:ACTION`, or a function of
/// Lambda where it is said where that is.
pub(crate) fn find(world: &World, resource: &str) -> Result<Arc<dyn Handler>, NotServed> {
    let clients = &world.clients;
    if resource.starts_with("arn:aws:lambda:") {
        let elsewhere = RemoteFunction::new(clients).ok_or(NotServed::Unknown)?;
        return Ok(Arc::new(elsewhere));
    }
    let named = resource.strip_prefix("arn:aws:states:::").ok_or(NotServed::Unknown)?;
    let (service, found) = match named.strip_prefix("aws-sdk:") {
        Some(named) => {
            let (service, action) = named.split_once(':').unwrap_or((named, ""));
            (service, aws_sdk::find(clients, service, action).map_err(NotServed::NoSuch)?)
        }
        None => {
            let (service, action) = named.split_once(':').ok_or(NotServed::Unknown)?;
            let found = optimized::find(clients, service, action);
            let found = found.or_else(|| step_functions::find(clients, service, action));
            (service, found.ok_or(NotServed::Unknown)?)
        }
    };
    match Service::of_arn(service).map(|service| clients.places().get(service.name)) {
        Ok(Some(_)) => Ok(found),
        _ => Err(NotServed::NoPlace(service.to_owned())),
    }
}

/// What calls of a service reach of the real AWS.
fn reaches_aws(clients: &Clients, service: &Service) -> Option<String> {
    (clients.places().get(service.name) == Some(&Place::Aws)).then(|| service.prefix.to_owned())
}
