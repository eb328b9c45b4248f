//! HTTP and REST APIs: routes that start executions or call functions.

use asl_project::yaml::Tree;

use super::{function_of, machine_of, problem};
use crate::plan::{Origin, Plan, Trigger};
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
    let origin = integration.origin();
    integrated(plan, origin, resource.text("ApiId"), key, &integration.properties, &HTTP);
}

/// The names that the properties of an integration have.
struct Names {
    subtype: &'static str,
    kind: &'static str,
    uri: &'static str,
    version: &'static str,
    parameters: &'static str,
    templates: &'static str,
    responses: &'static str,
    response_templates: &'static str,
    /// In which version of the format functions get requests, unless told.
    is_payload_1: bool,
}

/// Those of `AWS::ApiGatewayV2::Integration`.
const HTTP: Names = Names {
    subtype: "IntegrationSubtype",
    kind: "IntegrationType",
    uri: "IntegrationUri",
    version: "PayloadFormatVersion",
    parameters: "RequestParameters",
    templates: "RequestTemplates",
    responses: "IntegrationResponses",
    response_templates: "ResponseTemplates",
    is_payload_1: false,
};

/// Those of `AWS::ApiGateway::Method`.
const REST: Names = Names { subtype: "-", kind: "Type", uri: "Uri", version: "-", is_payload_1: true, ..HTTP };

/// Those of `x-amazon-apigateway-integration` in an OpenAPI document.
const DOCUMENT: Names = Names {
    subtype: "integrationSubtype",
    kind: "type",
    uri: "uri",
    version: "payloadFormatVersion",
    parameters: "requestParameters",
    templates: "requestTemplates",
    responses: "responses",
    response_templates: "responseTemplates",
    is_payload_1: true,
};

/// Adds the trigger of a route: `GET /orders`, `ANY /orders` or `$default`.
fn integrated(plan: &mut Plan, origin: Origin, api: Option<String>, route: String, integration: &Tree, names: &Names) {
    let property = |name: &str| integration.get(name).and_then(text);
    // The answers to what browsers ask before they ask.
    if property(names.kind).is_some_and(|kind| kind.eq_ignore_ascii_case("MOCK")) {
        return;
    }
    let http = Some(route);
    let uri = property(names.uri).unwrap_or_default();
    let trigger = if let Some(subtype) = property(names.subtype) {
        let is_sync = subtype == "StepFunctions-StartSyncExecution";
        if !is_sync && subtype != "StepFunctions-StartExecution" {
            return plan.notes.push((origin, format!("integrations with {subtype} are not here")));
        }
        let parameter = |name: &str| integration.get(names.parameters)?.get(name).and_then(text);
        let input = parameter("Input");
        if input.as_deref() != Some("$request.body") {
            let input = input.as_deref().unwrap_or("nothing");
            let told = format!("the input of its executions is the body of the request, and not {input}");
            plan.notes.push((origin.clone(), told));
        }
        let state_machine = machine_of(&parameter("StateMachineArn").unwrap_or_default());
        Trigger { http, state_machine, sync: is_sync, ..Trigger::default() }
    } else if let Some((_, action)) = uri.rsplit_once(":states:action/") {
        let is_sync = action == "StartSyncExecution";
        if !is_sync && action != "StartExecution" {
            return plan.notes.push((origin, format!("integrations with states:action/{action} are not here")));
        }
        let templates = integration.get(names.templates);
        let template =
            templates.and_then(|it| it.get("application/json").or_else(|| Some(&it.members().first()?.value)));
        let template = template.and_then(text).unwrap_or_default();
        let request = parts(&template);
        let is_body = !request.is_empty() || ["$input.json('$')", "$input.body"].iter().any(|it| template.contains(it));
        if !is_body {
            let told = "its template is not evaluated: the input of an execution is the body of the request";
            plan.notes.push((origin.clone(), told.to_owned()));
        }
        let answer = (is_sync && answers_output(integration, names)).then_some("output");
        Trigger { http, state_machine: machine_in(&template), sync: is_sync, request, answer, ..Trigger::default() }
    } else {
        let is_payload_1 = property(names.version).map_or(names.is_payload_1, |version| version == "1.0");
        Trigger { http, function: function_of(&uri), payload: is_payload_1.then_some("1.0"), ..Trigger::default() }
    };
    if trigger.state_machine.is_none() && trigger.function.is_none() {
        let told = "its integration leads to nothing that is called here: state machines and functions are".to_owned();
        return plan.notes.push((origin, told));
    }
    plan.routing.triggers.push((origin, Trigger { api, ..trigger }));
}

/// A method of a REST API.
pub(super) fn method(resource: &Resource<'_>, resources: &[Resource<'_>], plan: &mut Plan) {
    let method = resource.text("HttpMethod").unwrap_or_default();
    let path = path(&resource.text("ResourceId").unwrap_or_default(), resources, 0);
    if let Some(integration) = resource.get("Integration") {
        integrated(plan, resource.origin(), resource.text("RestApiId"), format!("{method} {path}"), integration, &REST);
    }
}

/// The OpenAPI document of an API, where the template has it.
pub(super) fn document(resource: &Resource<'_>, plan: &mut Plan) {
    for name in ["BodyS3Location", "DefinitionUri"] {
        if resource.get(name).is_some() {
            let told = format!("the document of {name} is not read: only one in the template is");
            plan.notes.push((resource.origin_of(name), told));
        }
    }
    let document = resource.get("Body").or_else(|| resource.get("DefinitionBody"));
    for path in document.and_then(|it| it.get("paths")).into_iter().flat_map(Tree::members) {
        for method in path.value.members() {
            let Some(integration) = method.value.get("x-amazon-apigateway-integration") else { continue };
            let route = match (&*path.name, &*method.name) {
                ("/$default", _) => "$default".to_owned(),
                (path, "x-amazon-apigateway-any-method") => format!("ANY {path}"),
                (path, method) => format!("{} {path}", method.to_uppercase()),
            };
            integrated(plan, resource.origin(), Some(resource.reference(None)), route, integration, &DOCUMENT);
        }
    }
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
fn answers_output(integration: &Tree, names: &Names) -> bool {
    // A list in templates, an object in documents.
    let responses = integration.get(names.responses);
    let listed = responses.map(Tree::items).unwrap_or_default().iter();
    let all = listed.chain(responses.into_iter().flat_map(Tree::members).map(|member| &member.value));
    let templates = all.filter_map(|it| it.get(names.response_templates)).flat_map(Tree::members);
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
