//! What each resource of the stacks comes to.

mod apis;
mod events;
mod functions;
mod gateways;
mod machines;
mod messages;
mod objects;
mod sam;
mod storage;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use asl_project::name_property;
use asl_project::yaml::Tree;

use crate::addresses::Apis;
use crate::plan::{Origin, Plan, Problem, StackOutputs};
use crate::references::References;
use crate::resource::Resource;
use crate::stacks::{Choices, NESTED, Resolved, is_made, outputs_of};

/// What has no meaning on one machine: who may do what, keys, alarms, deployments.
///
/// A type, or the start of several.
const WITHOUT_MEANING: [&str; 31] = [
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGatewayV2::Deployment",
    "AWS::ApiGatewayV2::Stage",
    "AWS::ApplicationAutoScaling::",
    "AWS::ApplicationInsights::",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudWatch::",
    "AWS::CodeDeploy::",
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::ResourceGroups::",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Serverless::Connector",
    "AWS::XRay::",
    "Custom::LogRetention",
    "Custom::S3AutoDeleteObjects",
];

/// What is part of another resource, and looked up from there.
const PARTS: [&str; 11] = [
    "AWS::ApiGateway::Resource",
    "AWS::ApiGatewayV2::Integration",
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Version",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::LayerVersion",
    "AWS::StepFunctions::Activity",
    "AWS::StepFunctions::StateMachineAlias",
    "AWS::StepFunctions::StateMachineVersion",
];

/// The resources at hand, and what they have come to so far.
pub(crate) struct Translation<'a> {
    pub(crate) resources: Vec<Resource<'a>>,
    pub(crate) plan: Plan,
}

/// What the stacks come to.
pub(crate) fn translated(stacks: &[Resolved<'_>], choices: &Choices) -> Plan {
    let base_url = &choices.base_url;
    let mut resources = Vec::new();
    for of in stacks {
        let all = of.template.root().get("Resources").into_iter().flat_map(Tree::members);
        for member in all.filter(|member| is_made(&of.evaluation(), &member.value)) {
            if let Some(kind) = member.value.get("Type").and_then(Tree::text) {
                resources.push(Resource::new(of, &member.name, kind, &member.value, member.span.start));
            }
        }
    }
    let references = References::of(&resources, &choices.parameters);
    let mut plan = Plan::default();
    for resource in &mut resources {
        told::tell(resource, &references, &mut plan);
        resource.properties = references.fill_in(&resource.properties, &mut Vec::new());
    }
    let mut translation = Translation { resources, plan };
    translation.all();
    told::tell_references(&mut translation.plan);
    tell_hidden_routes(&mut translation.plan);
    let apis = Apis::of(&translation.resources);
    gateways::apis(&translation.resources, &apis, &mut translation.plan);
    let mut plan = translation.plan;
    for value in plan.routing.functions.iter_mut().flat_map(|(_, function)| function.environment.values_mut()) {
        *value = apis.at(base_url, value);
    }
    for of in stacks.iter().filter(|of| !of.is_nested) {
        let mut outputs = outputs_of(&of.evaluation(), |_, _| {});
        outputs.iter_mut().for_each(|output| output.value = apis.at(base_url, &output.value));
        told::tell_outputs(of, &outputs, &mut plan);
        plan.stacks.push(StackOutputs { name: of.stack.name.clone(), outputs });
    }
    plan
}

impl Translation<'_> {
    fn all(&mut self) {
        let Self { resources, plan } = self;
        let resources: &[Resource<'_>] = resources;
        // What makes resources of its own kind while a stack is made, and nothing else calls: nothing is made by it here.
        let makers: BTreeSet<String> = resources.iter().filter_map(|it| it.text("ServiceToken")).collect();
        let is_maker = |arn: &str| makers.contains(arn) && !resources.iter().any(|it| calls(it, arn));
        for resource in resources {
            tell_unknown_name(resource, plan);
            match resource.kind {
                "AWS::Lambda::Function" if is_maker(&resource.reference(Some("Arn"))) => {}
                "AWS::StepFunctions::StateMachine" => machines::machine(resource, plan),
                "AWS::Serverless::StateMachine" => {
                    machines::machine(resource, plan);
                    sam::events(resource, plan);
                }
                "AWS::Lambda::Function" => functions::function(resource, resources, plan),
                "AWS::Serverless::Function" => {
                    functions::function(resource, resources, plan);
                    sam::events(resource, plan);
                }
                "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => storage::table(resource, plan),
                "AWS::Serverless::SimpleTable" => storage::simple_table(resource, plan),
                "AWS::S3::Bucket" => {
                    storage::bucket(resource, plan);
                    objects::bucket(resource, plan);
                }
                "Custom::S3BucketNotifications" => objects::custom(resource, plan),
                "AWS::SNS::Topic" => messages::topic(resource, plan),
                "AWS::SNS::Subscription" => messages::subscription(resource, plan),
                "AWS::SQS::Queue" => messages::queue(resource, resources, plan),
                "AWS::Lambda::EventSourceMapping" => messages::event_source(resource, plan),
                "AWS::Events::Rule" => events::rule(resource, plan),
                "AWS::Events::EventBus" => {}
                "AWS::Scheduler::Schedule" => events::schedule(resource, plan),
                "AWS::ApiGatewayV2::Route" => apis::route(resource, resources, plan),
                "AWS::ApiGateway::Method" => apis::method(resource, resources, plan),
                "AWS::ApiGateway::RestApi"
                | "AWS::ApiGatewayV2::Api"
                | "AWS::Serverless::Api"
                | "AWS::Serverless::HttpApi" => {
                    apis::document(resource, plan);
                }
                kind if NESTED.contains(&kind) => nested(resource, resources, plan),
                kind if PARTS.contains(&kind) => {}
                kind => pass_over(resource, plan, !has_no_meaning(kind)),
            }
        }
    }
}

/// Whether a resource calls a function, other than to make a resource.
fn calls(resource: &Resource<'_>, arn: &str) -> bool {
    let named = ["FunctionName", "Endpoint", "Targets", "Target", "Uri", "IntegrationUri"];
    let is_named = |name: &&str| resource.get(name).is_some_and(|it| it.value().to_string().contains(arn));
    let function = arn.rsplit(':').next().unwrap_or_default();
    named.iter().any(is_named) || resource.text("FunctionName").as_deref() == Some(function)
}

/// A name that cannot be told is not made up.
fn tell_unknown_name(resource: &Resource<'_>, plan: &mut Plan) {
    let Some(name) = name_property(resource.kind).filter(|_| !has_no_meaning(resource.kind)) else { return };
    let Some(given) = resource.get(name) else { return };
    let is_known = crate::resource::text(given).is_some_and(|it| asl_engine::placeholders(&it).next().is_none());
    if !is_known {
        let what = format!("nothing here knows its {name}");
        problem(plan, resource.origin_of(name), what, "a function of CloudFormation in it gives nothing here");
    }
}

fn has_no_meaning(kind: &str) -> bool {
    WITHOUT_MEANING.iter().any(|it| *it == kind || it.ends_with("::") && kind.starts_with(it))
}

/// Tells of routes that hide others: all APIs are at one address.
fn tell_hidden_routes(plan: &mut Plan) {
    let mut routes: BTreeMap<String, Origin> = BTreeMap::new();
    let mut hidden = Vec::new();
    for (origin, trigger) in &plan.routing.triggers {
        let Some(route) = &trigger.http else { continue };
        match routes.get(route) {
            Some(first) => {
                hidden.push((origin.clone(), format!("its route {route} is hidden by that of {}", first.id)))
            }
            None => _ = routes.insert(route.clone(), origin.clone()),
        }
    }
    plan.notes.extend(hidden);
}

/// A stack in another one is translated by itself, where its template is here.
fn nested(resource: &Resource<'_>, resources: &[Resource<'_>], plan: &mut Plan) {
    let name = resource.of.stack.physical_name(resource.id, NESTED[0]);
    if !resources.iter().any(|other| other.of.stack.name == name) {
        problem(plan, resource.origin(), "its template is no file here", "`cdk synth` or `sam build` writes it");
    }
}

pub(crate) fn pass_over(resource: &Resource<'_>, plan: &mut Plan, is_missed: bool) {
    let passed = plan.passed_over.entry(resource.kind.to_owned()).or_default();
    passed.ids.push(resource.id.to_owned());
    passed.is_missed |= is_missed;
}

pub(crate) fn problem(plan: &mut Plan, origin: Origin, what: impl Into<String>, help: impl Into<String>) {
    plan.problems.push(Problem { origin, what: what.into(), help: help.into(), function: None });
}

/// The name of the function of an ARN, which may stand in the address of an API's integration.
pub(crate) fn function_of(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(":function:")?;
    let name = rest.split(['/', ':']).next()?;
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

/// The name of the state machine of an ARN.
pub(crate) fn machine_of(arn: &str) -> Option<String> {
    let (_, rest) = arn.split_once(":stateMachine:")?;
    rest.split(':').next().map(str::to_owned).filter(|name| !name.is_empty())
}

/// The texts of an object.
pub(crate) fn texts(tree: Option<&Tree>) -> BTreeMap<String, String> {
    let members = tree.into_iter().flat_map(Tree::members);
    members.filter_map(|it| Some((it.name.to_string(), crate::resource::text(&it.value)?))).collect()
}

#[cfg(test)]
mod tests;
