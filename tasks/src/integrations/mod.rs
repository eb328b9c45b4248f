//! Service integrations: what Step Functions calls by itself, with the results and errors that it gives.

mod answer;
mod api_gateway;
mod aws_sdk;
mod bedrock;
mod elasticmapreduce;
mod given;
pub(crate) mod http;
mod jobs;
mod kubernetes;
mod lambda;
mod missing;
mod optimized;
mod remote_function;
mod request_parts;
mod s3;

use std::sync::Arc;

pub use answer::answered_here;
use asl_aws::{Clients, Operation, Place, Service};
use asl_runtime::Handler;
use asl_runtime::Pattern;

use self::elasticmapreduce::ModifyByName;
use self::http::Connections;
pub(crate) use self::missing::Lookup;
use self::remote_function::RemoteFunction;
use crate::dependencies::Dependencies;

/// What serves the resources that say by themselves what they are.
pub(crate) fn all(dependencies: &Dependencies, connections: Connections) -> Vec<(Pattern, Arc<dyn Handler>)> {
    let lookup = || Lookup::new(dependencies);
    let http = http::Invoke { caller: dependencies.caller.clone(), connections };
    let all: [(&str, Arc<dyn Handler>); 5] = [
        ("arn:aws:states:::http:invoke", Arc::new(http)),
        ("arn:aws:states:::lambda:invoke", Arc::new(lambda::Invoke::new(dependencies))),
        // Only an ItemReader or a ResultWriter asks for these.
        ("arn:aws:states:::s3:getObject", Arc::new(s3::GetObject::new(lookup()))),
        ("arn:aws:states:::s3:listObjectsV2", Arc::new(s3::ListObjects(lookup()))),
        ("arn:aws:states:::s3:putObject", Arc::new(s3::PutObject::new(lookup()))),
    ];
    let no_s3 = Service::find("s3").is_ok_and(|s3| is_left_out(&dependencies.clients, s3));
    let all = all.into_iter().filter(|(resource, _)| !(no_s3 && resource.contains(":s3:")));
    all.map(|(resource, handler)| (resource.into(), handler)).collect()
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
    /// It would be embedded, but this build has no embedded services; its name in `[services]`.
    LeftOut(String),
    /// The service in this process lacks the operation: its name in `[services]`, and the operation.
    NotEmbedded(String, String),
}

/// What calls the service of `arn:aws:states:::SERVICE:ACTION` or `arn:aws:states:::aws-sdk:SERVICE:ACTION`, or a function of
/// Lambda where it is said where that is.
pub(crate) fn find(dependencies: &Dependencies, resource: &str) -> Result<Arc<dyn Handler>, NotServed> {
    let clients = &dependencies.clients;
    if resource.starts_with("arn:aws:lambda:") {
        let elsewhere = RemoteFunction::new(clients).ok_or(NotServed::Unknown)?;
        return Ok(Arc::new(elsewhere));
    }
    let named = resource.strip_prefix("arn:aws:states:::").ok_or(NotServed::Unknown)?;
    let name = named.strip_prefix("aws-sdk:").unwrap_or(named).split(':').next().unwrap_or_default();
    if Service::of_arn(name).is_ok_and(|service| is_left_out(clients, service)) {
        return Err(NotServed::LeftOut(name.to_owned()));
    }
    let found = match named.strip_prefix("aws-sdk:") {
        Some(named) => {
            let (service, action) = named.split_once(':').unwrap_or((named, ""));
            let found = aws_sdk::find(Lookup::new(dependencies), service, action);
            let (handler, called) = found.map_err(|error| NotServed::NoSuch(error.with_hints()))?;
            Found { service, handler, called: Some(called) }
        }
        None => {
            let (service, action) = named.split_once(':').ok_or(NotServed::Unknown)?;
            optimized_handler(dependencies, service, action).ok_or(NotServed::Unknown)?
        }
    };
    if let Some((service, operation)) = found.called
        && clients.served_here(service.name).is_some_and(|embedded| !embedded.has(operation.name))
    {
        return Err(NotServed::NotEmbedded(name.to_owned(), operation.name.to_owned()));
    }
    match Service::of_arn(found.service).map(|service| clients.places().get(service.name)) {
        Ok(Some(_)) => Ok(found.handler),
        _ => Err(NotServed::NoPlace(found.service.to_owned())),
    }
}

/// What serves an action.
struct Found<'a> {
    /// The service that it calls.
    service: &'a str,
    handler: Arc<dyn Handler>,
    /// The operation that it is, where it is one.
    called: Option<Called>,
}

/// The operation that an action is.
type Called = (&'static Service, &'static Operation);

/// What serves an action of an optimized integration.
fn optimized_handler<'a>(dependencies: &Dependencies, service: &'a str, action: &str) -> Option<Found<'a>> {
    let clients = &dependencies.clients;
    let (service, handler): (_, Arc<dyn Handler>) = match (service, action) {
        ("apigateway", "invoke") => (service, Arc::new(api_gateway::Invoke::new(clients, &dependencies.caller)?)),
        ("eks", "call") => (service, Arc::new(kubernetes::CallCluster::new(clients, &dependencies.caller)?)),
        ("eks", "runJob" | "runJob.sync") => {
            (service, Arc::new(kubernetes::RunJob::new(clients, &dependencies.caller)?))
        }
        ("bedrock", "invokeModel") => (bedrock::SERVICE, Arc::new(bedrock::InvokeModel::new(clients)?)),
        _ => {
            let lookup = Lookup::new(dependencies);
            if service == "elasticmapreduce"
                && let Some(found) = ModifyByName::find(lookup.clone(), action)
            {
                return Some(Found { service, handler: Arc::new(found), called: None });
            }
            if let Some(job) = jobs::find(&lookup, service, action) {
                return Some(Found { service, handler: Arc::new(job), called: None });
            }
            let found = optimized::find(&lookup, service, action)?;
            let called = Some((found.service, found.operation));
            return Some(Found { service, handler: Arc::new(found), called });
        }
    };
    Some(Found { service, handler, called: None })
}

/// Whether the service would be embedded, and this build has none.
fn is_left_out(clients: &Clients, service: &Service) -> bool {
    clients.places().get(service.name) == Some(&Place::Embedded) && clients.embedded(service.name).is_none()
}
