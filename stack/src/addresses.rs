//! The addresses of APIs: on AWS each has a host of its own, here the server is all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::Resource;

/// The APIs of a project, by their IDs, with the names of their stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Apis(BTreeMap<String, BTreeSet<String>>);

/// The types of APIs.
const APIS: [&str; 4] =
    ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Serverless::Api", "AWS::Serverless::HttpApi"];

impl Apis {
    pub(crate) fn of(resources: &[Resource<'_>]) -> Self {
        let mut apis: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for resource in resources {
            if APIS.contains(&resource.kind) {
                apis.entry(resource.reference(None)).or_default().extend(resource.text("StageName"));
            }
            let stage = match resource.kind {
                "AWS::ApiGatewayV2::Stage" => resource.text("ApiId").zip(resource.text("StageName")),
                "AWS::ApiGateway::Stage" | "AWS::ApiGateway::Deployment" => {
                    resource.text("RestApiId").zip(resource.text("StageName"))
                }
                _ => None,
            };
            if let Some((api, stage)) = stage {
                apis.entry(api).or_default().insert(stage);
            }
            if resource.kind.starts_with("AWS::Serverless::") {
                for (implicit, stage) in [("ServerlessRestApi", "Prod"), ("ServerlessHttpApi", "$default")] {
                    if let Some(id) = resource.evaluation().reference(implicit) {
                        apis.entry(id).or_default().insert(stage.to_owned());
                    }
                }
            }
        }
        Self(apis)
    }

    /// The stage of an API; none where its name stands in no path.
    pub(crate) fn stage(&self, id: &str) -> Option<String> {
        let stages = self.0.get(id)?;
        if stages.contains("$default") { None } else { stages.first().cloned() }
    }

    /// The text with `base`, such as `http://127.0.0.1:8083`, in the place of `https://API.execute-api.REGION.amazonaws.com/STAGE`.
    pub(crate) fn at(&self, base: &str, text: &str) -> String {
        const SCHEME: &str = "https://";
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(SCHEME) {
            out.push_str(&rest[..at]);
            let address = &rest[at + SCHEME.len()..];
            let end =
                address.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(address.len());
            let (host, behind) = address.split_at(end);
            match host.split_once(".execute-api.").and_then(|(id, _)| self.0.get(id)) {
                Some(stages) => {
                    out.push_str(base);
                    let path = behind.strip_prefix('/').unwrap_or_default();
                    let len = path.find(['/', '?', '"', '\'', ' ']).unwrap_or(path.len());
                    rest = if stages.contains(&path[..len]) { &path[len..] } else { behind };
                }
                None => {
                    out.push_str(SCHEME);
                    rest = address;
                }
            }
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_stands_in_the_place_of_apis() {
        let stages = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let apis = Apis([("rest".to_owned(), stages(&["prod"])), ("http".to_owned(), stages(&["$default"]))].into());
        for (text, expected) in [
            ("https://rest.execute-api.eu-west-1.amazonaws.com/prod/", "BASE/"),
            ("https://rest.execute-api.eu-west-1.amazonaws.com/prod", "BASE"),
            ("https://rest.execute-api.eu-west-1.amazonaws.com/production/a", "BASE/production/a"),
            (
                "a https://http.execute-api.x.amazonaws.com/orders b https://example.com/c",
                "a BASE/orders b https://example.com/c",
            ),
            ("https://http.execute-api.x.amazonaws.com", "BASE"),
            ("https://other.execute-api.x.amazonaws.com/prod", "https://other.execute-api.x.amazonaws.com/prod"),
            ("", ""),
        ] {
            assert_eq!(apis.at("BASE", text), expected, "{text}");
        }
    }
}
