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

pub use answer::answered_here;
use asl_aws::{Clients, Place, Service};
use asl_runtime::Handler;
use asl_runtime::Pattern;

use self::http::Connections;
use self::remote_function::RemoteFunction;
use crate::world::World;

/// What serves the resources that say by themselves what they are.
pub(crate) fn all(world: &World, connections: Connections) -> Vec<(Pattern, Arc<dyn Handler>)> {
    let clients = || Arc::clone(&world.clients);
    let http = http::Invoke { caller: world.caller.clone(), connections };
    let all: [(&str, Arc<dyn Handler>); 5] = [
        ("arn:aws:states:::http:invoke", Arc::new(http)),
        ("arn:aws:states:::lambda:invoke", Arc::new(lambda::Invoke::new(world))),
        // Only an ItemReader or a ResultWriter asks for these.
        ("arn:aws:states:::s3:getObject", Arc::new(s3::GetObject::new(clients()))),
        ("arn:aws:states:::s3:listObjectsV2", Arc::new(s3::ListObjects(clients()))),
        ("arn:aws:states:::s3:putObject", Arc::new(s3::PutObject::new(clients()))),
    ];
    let no_s3 = Service::find("s3").is_ok_and(|s3| is_left_out(&world.clients, s3));
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
    let name = named.strip_prefix("aws-sdk:").unwrap_or(named).split(':').next().unwrap_or_default();
    if Service::of_arn(name).is_ok_and(|service| is_left_out(clients, service)) {
        return Err(NotServed::LeftOut(name.to_owned()));
    }
    let (service, found) = match named.strip_prefix("aws-sdk:") {
        Some(named) => {
            let (service, action) = named.split_once(':').unwrap_or((named, ""));
            (service, aws_sdk::find(clients, service, action).map_err(|error| NotServed::NoSuch(error.with_hints()))?)
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

/// Whether the service would be embedded, and this build has none.
fn is_left_out(clients: &Clients, service: &Service) -> bool {
    clients.places().get(service.name) == Some(&Place::Embedded) && !clients.embedded().contains_key(service.name)
}
