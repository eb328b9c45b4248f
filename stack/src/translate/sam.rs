//! The events of functions and state machines in SAM templates.
//!
//! SAM developer guide, "EventSource" and "StateMachineEventSource".

use asl_project::yaml::{Member, Tree, TreeKind};

use super::events::{self, When};
use super::messages::{self, Subscribe};
use super::objects;
use super::{function_of, machine_of};
use crate::plan::{Plan, Trigger};
use crate::resource::{Resource, text, toml};

pub(super) fn events(resource: &Resource<'_>, plan: &mut Plan) {
    let arn = resource.reference(Some("Arn"));
    for event in resource.get("Events").into_iter().flat_map(Tree::members) {
        let kind = event.value.get("Type").and_then(text).unwrap_or_default();
        let get = |name: &str| event.value.get("Properties").and_then(|it| it.get(name));
        let property = |name: &str| get(name).and_then(text);
        match kind.as_str() {
            "Api" | "HttpApi" => {
                let method = property("Method").unwrap_or_else(|| "ANY".to_owned()).to_uppercase();
                let method = if method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY".to_owned() } else { method };
                let http = match property("Path") {
                    Some(path) if path != "$default" => format!("{method} {path}"),
                    _ => "$default".to_owned(),
                };
                let payload = match (kind.as_str(), property("PayloadFormatVersion").as_deref()) {
                    ("Api", _) | (_, Some("1.0")) => Some("1.0"),
                    _ => None,
                };
                let (named, implicit) = match kind.as_str() {
                    "Api" => ("RestApiId", "ServerlessRestApi"),
                    _ => ("ApiId", "ServerlessHttpApi"),
                };
                let api = property(named).or_else(|| resource.evaluation().reference(implicit));
                let mut trigger = Trigger { http: Some(http), api, ..Trigger::default() };
                trigger.state_machine = machine_of(&arn);
                trigger.function = function_of(&arn);
                trigger.payload = payload.filter(|_| trigger.function.is_some());
                plan.routing.triggers.push((resource.origin(), trigger));
            }
            "Schedule" | "ScheduleV2" => {
                let is_off =
                    property("Enabled").as_deref() == Some("false") || property("State").as_deref() == Some("DISABLED");
                let expression = property("Schedule").or_else(|| property("ScheduleExpression"));
                events::tell_zone(resource, plan, property("ScheduleExpressionTimezone"));
                if let Some(expression) = expression.filter(|_| !is_off) {
                    let when = When::Schedule { expression, hands_on: kind == "Schedule" };
                    aim(resource, plan, when, &arn, &event.value);
                }
            }
            "EventBridgeRule" | "CloudWatchEvent" => {
                if let Some(pattern) = get("Pattern").and_then(toml) {
                    let when = When::Event { pattern, bus: property("EventBusName") };
                    aim(resource, plan, when, &arn, &event.value);
                }
            }
            "SNS" => messages::subscribe(
                resource,
                plan,
                Subscribe {
                    topic: property("Topic").unwrap_or_default(),
                    protocol: "lambda".to_owned(),
                    endpoint: arn.clone(),
                    is_raw: false,
                    filter: get("FilterPolicy").and_then(toml),
                    scope: property("FilterPolicyScope"),
                },
            ),
            "S3" => {
                let bucket = property("Bucket").unwrap_or_default();
                objects::add(resource, plan, &bucket, &arn, event.value.get("Properties"));
            }
            "SQS" => {
                let function = function_of(&arn).unwrap_or_default();
                let mapping = event.value.get("Properties");
                messages::reads(resource, plan, &property("Queue").unwrap_or_default(), function, mapping);
            }
            kind => {
                let told = format!("its event {} of the type {kind} does not happen here", event.name);
                plan.notes.push((resource.origin_of("Events"), told));
            }
        }
    }
}

/// Adds a target that says what it gets in the properties of an event.
fn aim(resource: &Resource<'_>, plan: &mut Plan, when: When, arn: &str, event: &Tree) {
    let empty = Tree { kind: TreeKind::Object(Vec::new()), ..event.clone() };
    let mut target = event.get("Properties").cloned().unwrap_or(empty);
    if let TreeKind::Object(members) = &mut target.kind {
        let value = Tree { kind: TreeKind::Text(arn.into()), ..event.clone() };
        members.push(Member { name: "Arn".into(), span: event.span, value });
    }
    events::aim(resource.origin(), plan, when, &target);
}
