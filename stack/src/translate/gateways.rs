//! What the routes of an API have in common: its kind, its stage, and which pages of other sites may ask it.

use std::collections::BTreeMap;

use asl_project::yaml::Tree;

use crate::addresses::Apis;
use crate::plan::{Api, Cors, Plan};
use crate::resource::{Resource, text};

/// Takes note of the APIs whose routes the triggers are.
pub(super) fn apis(resources: &[Resource<'_>], apis: &Apis, plan: &mut Plan) {
    let mut found: BTreeMap<String, Api> = BTreeMap::new();
    for resource in resources {
        let kind = match resource.kind {
            "AWS::ApiGatewayV2::Api" | "AWS::Serverless::HttpApi" => "HTTP",
            "AWS::ApiGateway::RestApi" | "AWS::Serverless::Api" => "REST",
            _ => continue,
        };
        let (id, cors) = (resource.reference(None), cors(resource, resources));
        found.insert(id, Api { kind, cors, ..Api::default() });
    }
    // What SAM makes where events name none.
    for resource in resources.iter().filter(|it| it.kind.starts_with("AWS::Serverless::")) {
        for (name, section, kind) in [("ServerlessRestApi", "Api", "REST"), ("ServerlessHttpApi", "HttpApi", "HTTP")] {
            let Some(id) = resource.evaluation().reference(name) else { continue };
            let globals = resource.of.template.root().get("Globals").and_then(|globals| globals.get(section));
            let globals = globals.and_then(|globals| resource.evaluation().value(globals));
            let cors =
                globals.as_ref().and_then(|it| configured(it.get("CorsConfiguration").or_else(|| it.get("Cors"))?));
            found.entry(id).or_insert(Api { kind, cors, ..Api::default() });
        }
    }
    for (_, trigger) in &plan.routing.triggers {
        if let Some((id, api)) = trigger.api.as_ref().and_then(|id| found.get_key_value(id)) {
            let stage = apis.stage(id);
            plan.routing.apis.insert(id.clone(), Api { stage, ..api.clone() });
        }
    }
    // A route of an API that is none of the project.
    for (_, trigger) in &mut plan.routing.triggers {
        trigger.api = trigger.api.take().filter(|id| plan.routing.apis.contains_key(id));
    }
}

/// Which pages may ask an API.
fn cors(api: &Resource<'_>, resources: &[Resource<'_>]) -> Option<Cors> {
    let own = api.get("CorsConfiguration").or_else(|| api.get("Cors"));
    own.and_then(configured).or_else(|| {
        // A REST API answers with what stands there.
        let id = api.reference(None);
        let is_own =
            |it: &&Resource<'_>| it.kind == "AWS::ApiGateway::Method" && it.text("RestApiId").as_ref() == Some(&id);
        let mut options =
            resources.iter().filter(is_own).filter(|it| it.text("HttpMethod").as_deref() == Some("OPTIONS"));
        options.find_map(|method| {
            let answers = method.get("Integration.IntegrationResponses")?.items();
            answers.iter().find_map(|answer| answered(answer.get("ResponseParameters")?))
        })
    })
}

/// `CorsConfiguration` of an HTTP API, and what SAM has of it and of `Cors`.
fn configured(tree: &Tree) -> Option<Cors> {
    let every = || vec!["*".to_owned()];
    match text(tree).as_deref() {
        Some("true") => {
            return Some(Cors {
                allow_origins: every(),
                allow_methods: every(),
                allow_headers: every(),
                ..Cors::default()
            });
        }
        Some("false") => return None,
        // `Cors: "'*'"`
        Some(origin) => {
            return Some(Cors { allow_origins: list(origin), allow_methods: every(), ..Cors::default() });
        }
        None => {}
    }
    // A list, or what stands in a header, in quotes.
    let all = |names: [&str; 2]| -> Vec<String> {
        let Some(value) = names.iter().find_map(|name| tree.get(name)) else { return Vec::new() };
        match text(value) {
            Some(text) => list(&text),
            None => value.items().iter().filter_map(text).collect(),
        }
    };
    let one = |name: &str| tree.get(name).and_then(text).map(|text| text.trim_matches('\'').to_owned());
    Some(Cors {
        allow_origins: all(["AllowOrigins", "AllowOrigin"]),
        allow_methods: all(["AllowMethods", "AllowMethods"]),
        allow_headers: all(["AllowHeaders", "AllowHeaders"]),
        expose_headers: all(["ExposeHeaders", "ExposeHeaders"]),
        max_age_seconds: one("MaxAge").and_then(|age| age.parse().ok()),
        allow_credentials: one("AllowCredentials").as_deref() == Some("true"),
    })
}

/// What the answers of a `MOCK` integration to preflight requests say.
fn answered(parameters: &Tree) -> Option<Cors> {
    let header = |name: &str| {
        let name = format!("method.response.header.Access-Control-{name}");
        parameters.get(&name).and_then(text).map(|text| list(&text)).unwrap_or_default()
    };
    let allow_origins = header("Allow-Origin");
    (!allow_origins.is_empty()).then(|| Cors {
        allow_origins,
        allow_methods: header("Allow-Methods"),
        allow_headers: header("Allow-Headers"),
        expose_headers: header("Expose-Headers"),
        max_age_seconds: header("Max-Age").first().and_then(|age| age.parse().ok()),
        allow_credentials: header("Allow-Credentials") == ["true"],
    })
}

/// The parts of `'GET,POST'`.
fn list(text: &str) -> Vec<String> {
    let parts = text.trim_matches('\'').split(',').map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}
