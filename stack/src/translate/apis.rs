//! HTTP and REST APIs: routes that start executions or call functions.

use asl_project::yaml::Tree;

use super::{function_of, machine_of, problem};
use crate::plan::{Plan, Trigger};
use crate::resource::{Resource, text};

/// A route of an HTTP API.
pub(super) fn route(resource: &Resource<'_>, resources: &[Resource<'_>], plan: &mut Plan) {
    let key = resource.text("RouteKey").unwrap_or_default();
    if key.starts_with('$') && key != "$default" || !key.starts_with('$') && !key.contains(" /") {
        return plan.notes.push((resource.origin(), format!("WebSocket APIs are not here: the route {key} is none")));
    }
    let target = resource.text("Target").unwrap_or_default();
    let target = target.strip_prefix("integrations/").unwrap_or(&target);
    let integration =
        resources.iter().find(|it| it.kind == "AWS::ApiGatewayV2::Integration" && it.reference(None) == target);
    let Some(integration) = integration else {
        let help = "an AWS::ApiGatewayV2::Integration of the same template is read";
        return problem(plan, resource.origin(), format!("its target {target:?} is no integration here"), help);
    };
    let http = Some(key);
    let trigger = match integration.text("IntegrationSubtype").as_deref() {
        Some(subtype @ ("StepFunctions-StartExecution" | "StepFunctions-StartSyncExecution")) => {
            let arn = integration.text("RequestParameters.StateMachineArn").unwrap_or_default();
            let input = integration.text("RequestParameters.Input");
            if input.as_deref() != Some("$request.body") {
                let told = format!(
                    "the input of its executions is the body of the request, and not {}",
                    input.as_deref().unwrap_or("nothing")
                );
                plan.notes.push((integration.origin_of("RequestParameters"), told));
            }
            let sync = subtype.ends_with("StartSyncExecution");
            Trigger { http, state_machine: machine_of(&arn), sync, ..Trigger::default() }
        }
        Some(subtype) => {
            return plan.notes.push((integration.origin(), format!("integrations with {subtype} are not here")));
        }
        None => {
            let uri = integration.text("IntegrationUri").unwrap_or_default();
            // Without it, an HTTP API sends the second version.
            let payload = match integration.text("PayloadFormatVersion").as_deref() {
                Some("1.0") => Some("1.0"),
                _ => None,
            };
            Trigger { http, function: function_of(&uri), payload, ..Trigger::default() }
        }
    };
    push(integration, plan, trigger);
}

fn push(resource: &Resource<'_>, plan: &mut Plan, trigger: Trigger) {
    if trigger.state_machine.is_none() && trigger.function.is_none() {
        let told = "its integration leads to nothing that is called here: state machines and functions are".to_owned();
        return plan.notes.push((resource.origin(), told));
    }
    plan.routing.triggers.push((resource.origin(), trigger));
}

/// A method of a REST API.
pub(super) fn method(resource: &Resource<'_>, resources: &[Resource<'_>], plan: &mut Plan) {
    let method = resource.text("HttpMethod").unwrap_or_default();
    let path = path(&resource.text("ResourceId").unwrap_or_default(), resources, 0);
    let kind = resource.text("Integration.Type").unwrap_or_default();
    let uri = resource.text("Integration.Uri").unwrap_or_default();
    let http = Some(format!("{method} {path}"));
    if kind == "MOCK" {
        // The answers to what browsers ask before they ask.
        return;
    }
    let action = uri.rsplit_once(":states:action/").map(|(_, action)| action);
    let trigger = match action {
        Some(action @ ("StartExecution" | "StartSyncExecution")) => {
            let templates = resource.get("Integration.RequestTemplates");
            let template =
                templates.and_then(|it| it.get("application/json").or_else(|| Some(&it.members().first()?.value)));
            let template = template.and_then(text).unwrap_or_default();
            let sync = action == "StartSyncExecution";
            let request = parts(&template);
            let is_body =
                !request.is_empty() || ["$input.json('$')", "$input.body"].iter().any(|it| template.contains(it));
            if !is_body {
                let told = "its template is not evaluated: the input of an execution is the body of the request";
                plan.notes.push((resource.origin_of("Integration"), told.to_owned()));
            }
            let answer = (sync && answers_output(resource)).then_some("output");
            Trigger { http, state_machine: machine_in(&template), sync, request, answer, ..Trigger::default() }
        }
        Some(action) => {
            return plan
                .notes
                .push((resource.origin(), format!("integrations with states:action/{action} are not here")));
        }
        None => Trigger { http, function: function_of(&uri), payload: Some("1.0"), ..Trigger::default() },
    };
    push(resource, plan, trigger);
}

/// The parts of a request that the template of the CDK (`StepFunctionsIntegration`) makes members of the input; none of any other.
fn parts(template: &str) -> Vec<&'static str> {
    if !template.contains("@@body@@") {
        return Vec::new();
    }
    let includes = |name: &str| template.contains(&format!("#set($include{name} = true)"));
    let more = [("Headers", "header"), ("QueryString", "querystring"), ("Path", "path")];
    std::iter::once("body").chain(more.iter().filter(|(name, _)| includes(name)).map(|(_, part)| *part)).collect()
}

/// Whether the answer to a request is the output of its execution.
fn answers_output(resource: &Resource<'_>) -> bool {
    let responses = resource.get("Integration.IntegrationResponses").map(Tree::items).unwrap_or_default();
    let templates = responses.iter().filter_map(|it| it.get("ResponseTemplates")).flat_map(Tree::members);
    templates.filter_map(|it| text(&it.value)).any(|template| template.contains("$input.path('$.output')"))
}

/// The state machine whose ARN stands in a template of a request.
fn machine_in(template: &str) -> Option<String> {
    let (before, _) = template.split_once(":stateMachine:")?;
    let arn = &template[before.rfind("arn:")?..];
    let end = arn.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '<' | '>')).unwrap_or(arn.len());
    machine_of(&arn[..end])
}

/// The path of a resource of a REST API, from the root on.
fn path(id: &str, resources: &[Resource<'_>], depth: usize) -> String {
    let found = resources.iter().find(|it| it.kind == "AWS::ApiGateway::Resource" && it.reference(None) == id);
    let Some(found) = found.filter(|_| depth < 50) else { return "/".to_owned() };
    let above = path(&found.text("ParentId").unwrap_or_default(), resources, depth + 1);
    format!("{}/{}", above.trim_end_matches('/'), found.text("PathPart").unwrap_or_default())
}
