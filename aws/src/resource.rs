//! What the resources of Task states name: the service, and the operation that is called.

use asl_engine::UnknownCall;

use crate::error::UnknownName;
use crate::model::{Operation, Service};

/// `arn:aws:states:::SERVICE:ACTION` of an integration that is written with a region and an account, or in another partition:
/// they mean nothing there. `None` where it is written so already, or is no integration.
pub fn plain_resource(resource: &str) -> Option<String> {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    match parts[..] {
        ["arn", "aws", "states", "", "", _] => None,
        ["arn", _, "states", _, _, rest] if !rest.starts_with("activity:") => Some(format!("arn:aws:states:::{rest}")),
        _ => None,
    }
}

/// What an integration of the AWS SDK calls. That a name is none is told by [`no_such_action`].
pub(crate) fn sdk_operation(named: &str) -> Option<(&'static Service, &'static Operation)> {
    let (service, action) = named.strip_prefix("aws-sdk:")?.split_once(':')?;
    let service = Service::find(service).ok()?;
    Some((service, service.operation(action.split('.').next()?).ok()?))
}

/// What is wrong with the service or the action of `arn:aws:states:::aws-sdk:SERVICE:ACTION`, where AWS has none of that name.
///
/// ```
/// let told = asl_aws::no_such_action("arn:aws:states:::aws-sdk:kms:encript");
/// let expected = "the service kms has no action \"encript\", did you mean \"encrypt\"?";
/// assert_eq!(told, Some(asl_engine::UnknownCall::Refused(expected.to_owned())));
/// assert_eq!(asl_aws::no_such_action("arn:aws:states:::aws-sdk:kms:encrypt.waitForTaskToken"), None);
/// assert_eq!(asl_aws::no_such_action("arn:aws:states:::sqs:sendMessage"), None);
/// ```
pub fn no_such_action(resource: &str) -> Option<UnknownCall> {
    let plain = plain_resource(resource);
    let named = plain.as_deref().unwrap_or(resource).strip_prefix("arn:aws:states:::aws-sdk:")?;
    let (service, action) = named.split_once(':')?;
    let action = action.strip_suffix(".waitForTaskToken").unwrap_or(action);
    let unknown = Service::find(service).and_then(|service| service.operation(action)).err()?;
    Some(match &unknown {
        // Services come and go; one that is nearly one that is known was mistyped.
        UnknownName::Service { near: None, .. } => UnknownCall::Unheard(unknown.to_string()),
        _ => UnknownCall::Refused(unknown.with_hints()),
    })
}
