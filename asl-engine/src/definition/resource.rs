//! `Resource`: which ARNs AWS knows as something that a Task state can call.
//!
//! AWS developer guide, "Integrating optimized services with Step Functions" and "Task workflow state".

use super::ast::Name;
use super::fields::Fields;
use super::{SCHEMA, error};
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;

/// How the action of an optimized integration may be called, besides asking and going on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Also {
    /// Nothing else.
    Nothing,
    /// `.sync`: until the job is done
    Sync,
    /// `.waitForTaskToken`: until somebody calls back
    Callback,
    /// Both.
    Both,
}

use Also::{Both, Callback, Nothing, Sync};

/// The optimized integrations: service, action and how else it may be called.
const OPTIMIZED: [(&str, &[(&str, Also)]); 21] = [
    ("apigateway", &[("invoke", Callback)]),
    (
        "athena",
        &[
            ("startQueryExecution", Sync),
            ("stopQueryExecution", Nothing),
            ("getQueryExecution", Nothing),
            ("getQueryResults", Nothing),
        ],
    ),
    ("batch", &[("submitJob", Sync)]),
    ("bedrock", &[("invokeModel", Callback), ("createModelCustomizationJob", Sync)]),
    (
        "codebuild",
        &[
            ("startBuild", Sync),
            ("stopBuild", Nothing),
            ("batchDeleteBuilds", Nothing),
            ("batchGetReports", Nothing),
            ("startBuildBatch", Sync),
            ("stopBuildBatch", Nothing),
            ("retryBuildBatch", Sync),
            ("deleteBuildBatch", Nothing),
        ],
    ),
    ("databrew", &[("startJobRun", Sync)]),
    ("dynamodb", &[("getItem", Nothing), ("putItem", Nothing), ("updateItem", Nothing), ("deleteItem", Nothing)]),
    ("ecs", &[("runTask", Both)]),
    (
        "eks",
        &[
            ("call", Callback),
            ("runJob", Both),
            ("createCluster", Sync),
            ("deleteCluster", Sync),
            ("createFargateProfile", Sync),
            ("deleteFargateProfile", Sync),
            ("createNodegroup", Sync),
            ("deleteNodegroup", Sync),
        ],
    ),
    (
        "elasticmapreduce",
        &[
            ("createCluster", Sync),
            ("terminateCluster", Sync),
            ("addStep", Sync),
            ("cancelStep", Nothing),
            ("setClusterTerminationProtection", Nothing),
            ("modifyInstanceFleetByName", Nothing),
            ("modifyInstanceGroupByName", Nothing),
        ],
    ),
    ("emr-containers", &[("createVirtualCluster", Nothing), ("deleteVirtualCluster", Sync), ("startJobRun", Sync)]),
    (
        "emr-serverless",
        &[
            ("createApplication", Sync),
            ("startApplication", Sync),
            ("stopApplication", Sync),
            ("deleteApplication", Sync),
            ("startJobRun", Sync),
            ("cancelJobRun", Sync),
        ],
    ),
    ("events", &[("putEvents", Callback)]),
    ("glue", &[("startJobRun", Sync)]),
    ("http", &[("invoke", Nothing)]),
    ("lambda", &[("invoke", Callback)]),
    ("mediaconvert", &[("createJob", Sync)]),
    (
        "sagemaker",
        &[
            ("createEndpoint", Nothing),
            ("createEndpointConfig", Nothing),
            ("createHyperParameterTuningJob", Sync),
            ("createLabelingJob", Sync),
            ("createModel", Nothing),
            ("createProcessingJob", Sync),
            ("createTrainingJob", Sync),
            ("createTransformJob", Sync),
            ("updateEndpoint", Nothing),
        ],
    ),
    ("sns", &[("publish", Callback)]),
    ("sqs", &[("sendMessage", Callback)]),
    ("states", &[("startExecution", Both)]),
];

/// What a `Resource` calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// A service that answers at once, or a Lambda function.
    Request,
    /// `.sync`
    Sync,
    /// `.waitForTaskToken`
    Callback,
    /// An activity.
    Activity,
}

/// The `Resource` of a Task; what AWS does not know is reported.
pub(super) fn resource(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Name> {
    let resource = fields.string("Resource", out)?;
    if call(&resource.text).is_none() {
        let message = match is_arn(&resource.text) {
            true => not_recognized(&resource.text),
            false => "Value is not a valid resource ARN".to_owned(),
        };
        let help = advice(&resource.text);
        out.push(Diagnostic { help, ..error(SCHEMA, message, &resource.location, resource.span) });
    }
    Some(resource)
}

/// What AWS says of an ARN that calls nothing.
pub(super) fn not_recognized(arn: &str) -> String {
    format!(
        "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not \
         available in this region."
    )
}

/// Whether a text has the parts of an ARN.
fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

/// What an ARN calls; `None` where AWS has nothing of that name.
pub(super) fn call(arn: &str) -> Option<Call> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "lambda", _, _, function] => {
            function.strip_prefix("function:").filter(|name| !name.is_empty()).map(|_| Call::Request)
        }
        ["arn", _, "states", _, _, resource] => match resource.strip_prefix("activity:") {
            Some(name) => (!name.is_empty()).then_some(Call::Activity),
            // A region and an account mean nothing here, and are taken.
            None => integration(resource),
        },
        _ => None,
    }
}

/// What `service:action` calls, or `aws-sdk:service:action`, each with its pattern.
fn integration(text: &str) -> Option<Call> {
    if let Some(sdk) = text.strip_prefix("aws-sdk:") {
        let (service, action) = sdk.split_once(':')?;
        let (action, pattern) = pattern(action);
        let word = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let sound = word(service) && word(action) && action.chars().all(|c| c.is_ascii_alphanumeric());
        return (sound && pattern != Some(Call::Sync)).then_some(pattern?);
    }
    let (service, action) = text.split_once(':')?;
    let (action, pattern) = pattern(action);
    let also = also(service, action)?;
    match pattern? {
        Call::Sync if matches!(also, Sync | Both) && (!text.ends_with(":2") || service == "states") => Some(Call::Sync),
        Call::Callback if matches!(also, Callback | Both) => Some(Call::Callback),
        Call::Request => Some(Call::Request),
        _ => None,
    }
}

/// An action without its pattern, and the pattern; `None` where that is none.
fn pattern(action: &str) -> (&str, Option<Call>) {
    match action.split_once('.') {
        None => (action, Some(Call::Request)),
        Some((action, "sync" | "sync:2")) => (action, Some(Call::Sync)),
        Some((action, "waitForTaskToken")) => (action, Some(Call::Callback)),
        Some((action, _)) => (action, None),
    }
}

fn actions(service: &str) -> Option<&'static [(&'static str, Also)]> {
    OPTIMIZED.iter().find(|(known, _)| *known == service).map(|(_, actions)| *actions)
}

fn also(service: &str, action: &str) -> Option<Also> {
    actions(service)?.iter().find(|(known, _)| *known == action).map(|(_, also)| *also)
}

/// What somebody who wrote this ARN may have meant.
fn advice(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let (partition, rest) = match parts[..] {
        ["arn", partition, "states", _, _, machine] if machine.starts_with("stateMachine:") => {
            let start = format!("arn:{partition}:states:::states:startExecution");
            return Some(format!("to start a state machine, call {start} with its ARN as StateMachineArn"));
        }
        ["arn", partition, "states", _, _, rest] => (partition, rest),
        ["arn", ..] => return None,
        _ => {
            let form = "arn:aws:lambda:REGION:ACCOUNT:function:NAME";
            return Some(format!("a Lambda function is {form}, a service arn:aws:states:::SERVICE:ACTION"));
        }
    };
    let whole = |service: &str, action: &str| format!("arn:{partition}:states:::{service}:{action}");
    let (service, written) = rest.strip_prefix("aws-sdk:").unwrap_or(rest).split_once(':')?;
    let (action, _) = pattern(written);
    if rest.starts_with("aws-sdk:") {
        return Some(
            "an SDK integration is called without '.sync', and its action starts with a small letter".to_owned(),
        );
    }
    let Some(known) = actions(service) else {
        let near = nearest(service, OPTIMIZED.iter().map(|(service, _)| *service));
        return Some(match near {
            Some(near) => format!("did you mean '{}'?", whole(near, written)),
            None => format!("the API of a service is called as {}", whole(&format!("aws-sdk:{service}"), action)),
        });
    };
    Some(match (also(service, action), nearest(action, known.iter().map(|(action, _)| *action))) {
        (Some(Nothing), _) => format!("{service}:{action} is called without '.sync' and '.waitForTaskToken'"),
        (Some(Sync), _) => format!("{service}:{action} is called alone or with '.sync'"),
        (Some(Callback), _) => format!("{service}:{action} is called alone or with '.waitForTaskToken'"),
        (Some(Both), _) => format!("{service}:{action} is called alone, with '.sync' or with '.waitForTaskToken'"),
        (None, Some(near)) => format!("did you mean '{}'?", whole(service, near)),
        (None, None) => {
            format!("the whole API of the service is called as {}", whole(&format!("aws-sdk:{service}"), action))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_known_by_what_they_call() {
        for (arn, expected) in [
            ("arn:aws:lambda:us-east-1:123456789012:function:f", Some(Call::Request)),
            ("arn:aws:lambda:your-region:your-account-id:function:f:$LATEST", Some(Call::Request)),
            ("arn:aws:lambda:us-east-1:123456789012:function:", None),
            ("arn:aws:lambda:us-east-1:123456789012:layer:f", None),
            ("arn:aws:states:us-east-1:123456789012:activity:a", Some(Call::Activity)),
            ("arn:aws:states:us-east-1:123456789012:stateMachine:m", None),
            ("arn:aws-cn:states:::lambda:invoke", Some(Call::Request)),
            // Seen in published definitions that AWS takes.
            ("arn:aws:states:us-east-1:123456789012:aws-sdk:s3:getObject", Some(Call::Request)),
            ("arn:aws:states:us-east-1:123456789012:sns:publish.waitForTaskToken", Some(Call::Callback)),
            ("arn:aws:states:us-east-1:123456789012:sns:publish.sync", None),
            ("arn:aws:states:us-east-1:123456789012:activity:", None),
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", Some(Call::Callback)),
            ("arn:aws:states:::lambda:invoke.sync", None),
            ("arn:aws:states:::states:startExecution.sync:2", Some(Call::Sync)),
            ("arn:aws:states:::batch:submitJob.sync:2", None),
            ("arn:aws:states:::batch:submitJob.async", None),
            ("arn:aws:states:::dynamodb:query", None),
            ("arn:aws:states:::aws-sdk:dynamodb:query", Some(Call::Request)),
            ("arn:aws:states:::aws-sdk:dynamodb:query.waitForTaskToken", Some(Call::Callback)),
            ("arn:aws:states:::aws-sdk:dynamodb:query.sync", None),
            ("arn:aws:states:::aws-sdk:dynamodb:Query", None),
            ("arn:aws:states:::aws-sdk:dynamodb", None),
            ("arn:aws:states:::nothing", None),
            ("arn:aws:swf:us-east-1:123456789012:task:X", None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(call(arn), expected, "{arn}");
        }
    }

    #[test]
    fn mistyped_arns_get_advice() {
        for (arn, expected) in [
            ("arn:aws:states:::dynamodb:putItme", "did you mean 'arn:aws:states:::dynamodb:putItem'?"),
            (
                "arn:aws:states:::xray:putTraceSegments",
                "the API of a service is called as arn:aws:states:::aws-sdk:xray:putTraceSegments",
            ),
            ("arn:aws:states:::dynamdb:putItem", "did you mean 'arn:aws:states:::dynamodb:putItem'?"),
            (
                "arn:aws:states:::dynamodb:query",
                "the whole API of the service is called as arn:aws:states:::aws-sdk:dynamodb:query",
            ),
            ("arn:aws:states:::sns:publish.sync", "sns:publish is called alone or with '.waitForTaskToken'"),
            (
                "greet",
                "a Lambda function is arn:aws:lambda:REGION:ACCOUNT:function:NAME, a service arn:aws:states:::SERVICE:ACTION",
            ),
        ] {
            assert_eq!(advice(arn).as_deref(), Some(expected), "{arn}");
        }
    }
}
